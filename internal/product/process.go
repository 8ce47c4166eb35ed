package product

// The records of IR 8259 activities 0 to 5: who the customers are, what they
// need, by which means, and how the product is made.

// Organisation is what the maker has set up before any product: owners,
// frameworks, resources, sources of news (IR 8259 activity 0).
type Organisation struct {
	// Who decides on the security of the product.
	Owners []Owner `yaml:"owners,omitempty" json:"owners,omitempty"`
	// Frameworks or profiles that the maker works by.
	Frameworks []Framework `yaml:"frameworks,omitempty" json:"frameworks,omitempty"`
	// People, money and skills, committed from when until when.
	Resources []Resource `yaml:"resources,omitempty" json:"resources,omitempty"`
	// Where news of threats and vulnerabilities comes from.
	Intelligence []Intelligence `yaml:"intelligence,omitempty" json:"intelligence,omitempty"`
	// How the development and operating environment is kept secure.
	Posture []Practice `yaml:"posture,omitempty" json:"posture,omitempty"`
}

// Owner is a person or team with the right to decide.
type Owner struct {
	// What the decision is about.
	Role string `yaml:"role" json:"role" is:"key,required"`
	// Person or team.
	Who string `yaml:"who" json:"who" is:"required"`
	// What they may decide.
	Decides string `yaml:"decides,omitempty" json:"decides,omitempty"`
	// May they stop a release?
	StopsRelease *bool `yaml:"stops_release,omitempty" json:"stops_release,omitempty"`
}

// Framework is a framework or profile that the maker works by.
type Framework struct {
	// Short name, such as csf-2.0 or ssdf.
	ID string `yaml:"id" json:"id" is:"required,id=framework"`
	// Edition, in quotes.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	// Where the maker's profile of it stands.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty"`
	// Parts of it that the records here are tied to: functions or practices.
	Functions []string `yaml:"functions,omitempty" json:"functions,omitempty"`
	// When it was looked at last.
	Reviewed Date `yaml:"reviewed,omitempty" json:"reviewed,omitzero"`
}

// Resource is people, money or skills that are committed.
type Resource struct {
	// What is committed.
	What string `yaml:"what" json:"what" is:"required"`
	// People, budget or skills.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"enum=people|budget|skills"`
	// Who answers for it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// First day.
	From Date `yaml:"from,omitempty" json:"from,omitzero"`
	// Last day.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
}

// Intelligence is a source of news of threats and vulnerabilities.
type Intelligence struct {
	// Name of the source.
	Source string `yaml:"source" json:"source" is:"required"`
	// How often it is read, such as 24h or 7d.
	Every Duration `yaml:"every,omitempty" json:"every,omitzero"`
	// Who reads it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// When it was read last.
	Read Date `yaml:"read,omitempty" json:"read,omitzero"`
	// Whom it reaches: the team, the activity.
	To string `yaml:"to,omitempty" json:"to,omitempty"`
}

// Practice is something that the maker does, and what shows it.
type Practice struct {
	// What is done.
	Practice string `yaml:"practice" json:"practice" is:"required"`
	// Practices of the SSDF that it follows, such as PS.1.
	SSDF []string `yaml:"ssdf,omitempty" json:"ssdf,omitempty"`
	// What shows it: a file in the workspace or an https URL.
	Evidence string `yaml:"evidence,omitempty" json:"evidence,omitempty" is:"place"`
	// When it was looked at last.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
}

// Customer is a kind of person or organisation that buys, runs, uses or is touched by the product.
type Customer struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=customer"`
	// Who that is, in plain words.
	Who string `yaml:"who" json:"who" is:"required"`
	// A person or an organisation.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"enum=person|organisation"`
	// What they are to the product.
	Role string `yaml:"role,omitempty" json:"role,omitempty" is:"enum=buyer|administrator|user|bystander|integrator|deployer"`
	// How much they know of security.
	Skill string `yaml:"skill,omitempty" json:"skill,omitempty" is:"enum=none|some|expert"`
	// Languages that they read, such as en or zh-Hant.
	Languages []string `yaml:"languages,omitempty" json:"languages,omitempty"`
	// Of an organisation: its sector.
	Sector string `yaml:"sector,omitempty" json:"sector,omitempty"`
	// Of an organisation: how large it is.
	Size string `yaml:"size,omitempty" json:"size,omitempty"`
	// Of an organisation: is it under rules of its own?
	Regulated *bool `yaml:"regulated,omitempty" json:"regulated,omitempty"`
}

// UseCase is a way in which the product is used.
type UseCase struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=use-case"`
	// What is done with the product.
	Use string `yaml:"use" json:"use" is:"required"`
	// Who uses it so.
	By []string `yaml:"by,omitempty" json:"by,omitempty" is:"ref=customer"`
	// What for.
	Goal string `yaml:"goal,omitempty" json:"goal,omitempty"`
	// Is it a use that the product is made for? Default: yes.
	Expected *bool `yaml:"expected,omitempty" json:"expected,omitempty"`
	// Of an unexpected use: what follows for security.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// Of an unexpected use: what customers are told.
	Message string `yaml:"message,omitempty" json:"message,omitempty"`
	// Where it happens.
	Where []string `yaml:"where,omitempty" json:"where,omitempty" is:"ref=environment"`
	// Field of use; default: that of the product.
	Context string `yaml:"context,omitempty" json:"context,omitempty" is:"enum=iot|it|ot|iiot"`
	// In OT and IIoT: what could hurt people or plant.
	Safety string `yaml:"safety,omitempty" json:"safety,omitempty"`
	// In OT and IIoT: how long it may stand still.
	Availability string `yaml:"availability,omitempty" json:"availability,omitempty"`
	// In OT and IIoT: when updates may be installed.
	PatchWindow string `yaml:"patch_window,omitempty" json:"patch_window,omitempty"`
	// In OT and IIoT: how it is looked at without touching it.
	PassiveScan string `yaml:"passive_scan,omitempty" json:"passive_scan,omitempty"`
	// How far customers must be able to trust the product here.
	Trust string `yaml:"trust,omitempty" json:"trust,omitempty" is:"enum=low|medium|high"`
	// Why that much.
	TrustWhy string `yaml:"trust_why,omitempty" json:"trust_why,omitempty"`
	// Threats that matter here: ids or rules as `assay threats` prints them, or ids of misuse.
	Risks []string `yaml:"risks,omitempty" json:"risks,omitempty"`
	// How the use case was checked with people while the product was made.
	Validated *Validation `yaml:"validated,omitempty" json:"validated,omitempty"`
	// How a use outside of the assumptions is noticed, or why it can't be.
	Departure string `yaml:"departure,omitempty" json:"departure,omitempty"`
}

// Validation is how something was checked, when, and what came out.
type Validation struct {
	// Method.
	How string `yaml:"how,omitempty" json:"how,omitempty"`
	// Day.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
	// What came out.
	Result string `yaml:"result,omitempty" json:"result,omitempty"`
	// Why it was not done.
	WhyNot string `yaml:"why_not,omitempty" json:"why_not,omitempty"`
}

// Misuse is a way in which somebody abuses the product.
type Misuse struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=misuse"`
	// Who does it.
	By string `yaml:"by,omitempty" json:"by,omitempty"`
	// Where they come in: an interface, an account, a person.
	Entry string `yaml:"entry,omitempty" json:"entry,omitempty"`
	// Where it happens.
	Where []string `yaml:"where,omitempty" json:"where,omitempty" is:"ref=environment"`
	// What follows.
	Effect string `yaml:"effect" json:"effect" is:"required"`
	// The threat that it is, as `assay threats` prints it: an id or a rule.
	Threat string `yaml:"threat,omitempty" json:"threat,omitempty"`
}

// Law is a law, rule, contract or voluntary guidance that the maker follows.
type Law struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=law"`
	// Name of it.
	Law string `yaml:"law" json:"law" is:"required"`
	// Market that it belongs to, as in product.markets.
	Market string `yaml:"market,omitempty" json:"market,omitempty" is:"market"`
	// Part that counts.
	Clause string `yaml:"clause,omitempty" json:"clause,omitempty"`
	// Is it binding?
	Binding *bool `yaml:"binding,omitempty" json:"binding,omitempty"`
	// Who watches it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// When it was looked at last.
	Reviewed Date `yaml:"reviewed,omitempty" json:"reviewed,omitzero"`
	// What it asks for, in short.
	Duties []string `yaml:"duties,omitempty" json:"duties,omitempty"`
	// Hours within which an incident is reported to an authority, where it says so.
	ReportHours int `yaml:"report_hours,omitempty" json:"report_hours,omitempty"`
}

// Physical is what a part of the product senses or does in the physical world.
type Physical struct {
	// Component.
	Component string `yaml:"component" json:"component" is:"required,ref=component"`
	// Sensor or actuator, as in components.transducers.
	Transducer string `yaml:"transducer" json:"transducer" is:"required"`
	// What it senses or does.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// The worst that can follow.
	Worst string `yaml:"worst,omitempty" json:"worst,omitempty"`
}

// Constraint is something about the device or its place that gets in the way of security.
type Constraint struct {
	// What it is.
	Cause string `yaml:"cause" json:"cause" is:"required"`
	// Which capability it hits.
	Hits string `yaml:"hits,omitempty" json:"hits,omitempty"`
	// What is done about it.
	Mitigation string `yaml:"mitigation,omitempty" json:"mitigation,omitempty"`
}

// Interaction is something outside that the product has to get along with.
type Interaction struct {
	// The counterpart.
	With string `yaml:"with" json:"with" is:"required"`
	// Who speaks first.
	Direction string `yaml:"direction,omitempty" json:"direction,omitempty" is:"enum=in|out|both"`
	// What makes it difficult.
	Note string `yaml:"note,omitempty" json:"note,omitempty"`
}

// Need is what a customer needs or wants of the product's security (a need or goal in IR 8259).
type Need struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=need"`
	// What is needed, in the customer's words.
	Need string `yaml:"need" json:"need" is:"required"`
	// Need or goal.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"enum=need|goal"`
	// Whose it is.
	Of []string `yaml:"of,omitempty" json:"of,omitempty" is:"ref=customer"`
	// Use cases that it comes from.
	In []string `yaml:"in,omitempty" json:"in,omitempty" is:"ref=use-case"`
	// Threats behind it: ids or rules as `assay threats` prints them, or ids of misuse.
	Risks []string `yaml:"risks,omitempty" json:"risks,omitempty"`
	// Laws behind it.
	Laws []string `yaml:"laws,omitempty" json:"laws,omitempty" is:"ref=law"`
}

// Means is a way to meet needs, with the one who provides it (IR 8259 activity 3).
type Means struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=means"`
	// What it is.
	Means string `yaml:"means" json:"means" is:"required"`
	// Technical or not.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"enum=technical|non-technical"`
	// Who provides it: the device, another component, the maker or one who acts for it, the customer.
	Provider string `yaml:"provider,omitempty" json:"provider,omitempty" is:"enum=device|component|maker|customer"`
	// Which component, where one provides it.
	Component string `yaml:"component,omitempty" json:"component,omitempty" is:"ref=component"`
	// Who acts for the maker, where somebody does.
	Entity string `yaml:"entity,omitempty" json:"entity,omitempty"`
	// Needs that it meets.
	For []string `yaml:"for,omitempty" json:"for,omitempty" is:"ref=need"`
	// Why this one.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
	// Of technical means: made in hardware, software or both.
	Built string `yaml:"built,omitempty" json:"built,omitempty" is:"enum=hardware|software|both"`
	// Hardware that it rests on.
	Element string `yaml:"element,omitempty" json:"element,omitempty"`
	// How hard it must be to get around.
	Robustness string `yaml:"robustness,omitempty" json:"robustness,omitempty" is:"enum=basic|enhanced|high"`
	// Why that hard.
	RobustnessWhy string `yaml:"robustness_why,omitempty" json:"robustness_why,omitempty"`
	// Of the customer's means: what the customer must know to carry it out.
	Skill string `yaml:"skill,omitempty" json:"skill,omitempty" is:"enum=none|some|expert"`
	// Of the customer's means: must it be done, or should it?
	Must *bool `yaml:"must,omitempty" json:"must,omitempty"`
	// Of the customer's means: what the customer does.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
}

// Capability is a cybersecurity capability of the product (IR 8259 activity 4).
type Capability struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=capability"`
	// What it is.
	Capability string `yaml:"capability" json:"capability" is:"required"`
	// Means that make it up.
	Means []string `yaml:"means,omitempty" json:"means,omitempty" is:"ref=means"`
	// Components that carry it; empty for what people do.
	Components []string `yaml:"components,omitempty" json:"components,omitempty" is:"ref=component"`
	// Items of baselines that it meets, or doesn't, and why.
	Meets []Criterion `yaml:"meets,omitempty" json:"meets,omitempty"`
	// Threats that it answers: ids or rules as `assay threats` prints them, or ids of misuse.
	Threats []string `yaml:"threats,omitempty" json:"threats,omitempty"`
	// Laws that ask for it.
	Laws []string `yaml:"laws,omitempty" json:"laws,omitempty" is:"ref=law"`
	// How it changes the risk.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// How it is tested: a test case, a standard's requirement, or words.
	Test string `yaml:"test,omitempty" json:"test,omitempty"`
	// Why it is not tested, where it isn't.
	Untested string `yaml:"untested,omitempty" json:"untested,omitempty"`
	// Where other components protect less than the device, and what is done about it.
	Gap string `yaml:"gap,omitempty" json:"gap,omitempty"`
}

// Criterion is one item of a baseline for one component.
type Criterion struct {
	// Item as standard/id, such as nist-ir-8425/DP.1.
	Item string `yaml:"item" json:"item" is:"key,required"`
	// Component; default: the product as a whole.
	Component string `yaml:"component,omitempty" json:"component,omitempty" is:"key,ref=component"`
	// Met?
	Met string `yaml:"met" json:"met" is:"required,enum=yes|partly|no|n/a"`
	// Why not, where it isn't.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
	// The risk that is left where it isn't.
	Residual string `yaml:"residual,omitempty" json:"residual,omitempty"`
	// Who decided it.
	By string `yaml:"by,omitempty" json:"by,omitempty"`
	// When it is looked at again.
	Review Date `yaml:"review,omitempty" json:"review,omitzero"`
}

// Feature is a function of the product, wanted or not.
type Feature struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=feature"`
	// What it does.
	Feature string `yaml:"feature" json:"feature" is:"required"`
	// Does the product need it?
	Needed *bool `yaml:"needed,omitempty" json:"needed,omitempty"`
	// State as delivered.
	Default string `yaml:"default,omitempty" json:"default,omitempty" is:"enum=on|off"`
	// How it is switched off, or why it can't be.
	Off string `yaml:"off,omitempty" json:"off,omitempty"`
	// What shows that it is off where it is not needed.
	Evidence string `yaml:"evidence,omitempty" json:"evidence,omitempty"`
}

// Setting is a setting with an effect on security.
type Setting struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=setting"`
	// What it sets.
	Setting string `yaml:"setting" json:"setting" is:"required"`
	// Value as delivered.
	Default string `yaml:"default" json:"default" is:"required"`
	// The strictest value.
	Strictest string `yaml:"strictest,omitempty" json:"strictest,omitempty"`
	// What happens to the product at the strictest value.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// How the customer changes it.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
	// Was the default judged to be secure?
	Secure *bool `yaml:"secure,omitempty" json:"secure,omitempty"`
	// Must whoever installs it change it?
	Deployer *bool `yaml:"deployer,omitempty" json:"deployer,omitempty"`
	// Training text or script for those who must.
	Material string `yaml:"material,omitempty" json:"material,omitempty"`
	// Release that the material belongs to, in quotes.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
}

// Failure is a known weakness or failure mode.
type Failure struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=failure"`
	// What goes wrong.
	Failure string `yaml:"failure" json:"failure" is:"required"`
	// What follows.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// What is done about it.
	Treatment string `yaml:"treatment,omitempty" json:"treatment,omitempty"`
	// Is it told to customers?
	Told *bool `yaml:"told,omitempty" json:"told,omitempty"`
}

// Supplier is somebody who delivers a part or a service of the product.
type Supplier struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=supplier"`
	// Name.
	Name string `yaml:"name" json:"name" is:"required"`
	// What they deliver.
	Provides string `yaml:"provides" json:"provides" is:"required"`
	// Component that it is in.
	Component string `yaml:"component,omitempty" json:"component,omitempty" is:"ref=component"`
	// Where they sit.
	Country string `yaml:"country,omitempty" json:"country,omitempty"`
	// Version that is used, in quotes.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	// What was checked.
	Checked string `yaml:"checked,omitempty" json:"checked,omitempty"`
	// What came out.
	Result string `yaml:"result,omitempty" json:"result,omitempty" is:"enum=passed|conditions|failed"`
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
	// Documents that they gave, for this version.
	Documents string `yaml:"documents,omitempty" json:"documents,omitempty"`
	// Their bill of materials, or where it is merged.
	SBOM string `yaml:"sbom,omitempty" json:"sbom,omitempty" is:"place"`
	// Last day of their support.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
	// What is done when it ends.
	Action string `yaml:"action,omitempty" json:"action,omitempty"`
	// Does the product stop without them?
	Critical *bool `yaml:"critical,omitempty" json:"critical,omitempty"`
	// Second source, stock or offline mode.
	Fallback string `yaml:"fallback,omitempty" json:"fallback,omitempty"`
	// Who accepted the risk, where there is no fallback.
	Accepted string `yaml:"accepted,omitempty" json:"accepted,omitempty"`
	// How origin and integrity of a delivery are checked.
	Verified string `yaml:"verified,omitempty" json:"verified,omitempty"`
	// What is done when they are compromised.
	Compromise string `yaml:"compromise,omitempty" json:"compromise,omitempty"`
}

// Development is how the product is made (IR 8259 activity 5).
type Development struct {
	// Days by which other days are measured.
	Milestones *Milestones `yaml:"milestones,omitempty" json:"milestones,omitempty"`
	// An established IoT platform, or why none.
	Platform *Platform `yaml:"platform,omitempty" json:"platform,omitempty"`
	// Secure development practices.
	Practices []Practice `yaml:"practices,omitempty" json:"practices,omitempty"`
	// What is kept free for the years to come.
	Headroom []Headroom `yaml:"headroom,omitempty" json:"headroom,omitempty"`
	// How threats are modelled.
	Modelling *Modelling `yaml:"modelling,omitempty" json:"modelling,omitempty"`
	// What threat modelling changed.
	Decisions []DesignDecision `yaml:"decisions,omitempty" json:"decisions,omitempty"`
	// What runs by itself in the build.
	Pipeline *Pipeline `yaml:"pipeline,omitempty" json:"pipeline,omitempty"`
	// Algorithms in use, and how they are replaced.
	Cryptography []Cryptography `yaml:"cryptography,omitempty" json:"cryptography,omitempty"`
	// How vulnerabilities are rated and put in order.
	Rating *Rating `yaml:"rating,omitempty" json:"rating,omitempty"`
	// Steps that are hard for users, and what helps them.
	Usability []Burden `yaml:"usability,omitempty" json:"usability,omitempty"`
	// How the product behaves in a network that trusts nobody by place.
	ZeroTrust *ZeroTrust `yaml:"zero_trust,omitempty" json:"zero_trust,omitempty"`
}

// Milestones is days by which other days are measured.
type Milestones struct {
	// The initial risk assessment was done.
	RiskAssessed Date `yaml:"risk_assessed,omitempty" json:"risk_assessed,omitzero"`
	// The design was settled.
	DesignFreeze Date `yaml:"design_freeze,omitempty" json:"design_freeze,omitzero"`
	// The threats were modelled.
	ThreatsModelled Date `yaml:"threats_modelled,omitempty" json:"threats_modelled,omitzero"`
	// The release went, or goes, to customers.
	Release Date `yaml:"release,omitempty" json:"release,omitzero"`
}

// Platform is the decision on an established IoT platform.
type Platform struct {
	// Is one used?
	Used *bool `yaml:"used,omitempty" json:"used,omitempty"`
	// Which.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Why, or why not.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
}

// Headroom is a resource that is kept free for later.
type Headroom struct {
	// Memory, storage, processor, key length.
	Resource string `yaml:"resource" json:"resource" is:"required"`
	// How much is free.
	Spare string `yaml:"spare,omitempty" json:"spare,omitempty"`
	// Year up to which it must do.
	Until int `yaml:"until,omitempty" json:"until,omitempty"`
}

// Modelling is how threats are modelled.
type Modelling struct {
	// Method: STRIDE, TVRA, own.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// The written procedure: a file in the workspace or an https URL.
	Procedure string `yaml:"procedure,omitempty" json:"procedure,omitempty" is:"place"`
	// Who answers for it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Tool.
	Tool string `yaml:"tool,omitempty" json:"tool,omitempty"`
	// Who was trained, and when.
	Trained []Training `yaml:"trained,omitempty" json:"trained,omitempty"`
	// Components that it covers; `assay threats` covers all.
	Covers []string `yaml:"covers,omitempty" json:"covers,omitempty" is:"ref=component"`
}

// Training is who was trained in what, and when.
type Training struct {
	// Person or team.
	Who string `yaml:"who" json:"who" is:"key,required"`
	// In what.
	What string `yaml:"what,omitempty" json:"what,omitempty" is:"key"`
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
}

// DesignDecision is what a threat changed in the design, or that nothing was changed.
type DesignDecision struct {
	// Threat, as `assay threats` prints it: an id or a rule; or an id of misuse.
	Threat string `yaml:"threat" json:"threat" is:"required"`
	// As it was.
	Before string `yaml:"before,omitempty" json:"before,omitempty"`
	// As it is.
	After string `yaml:"after,omitempty" json:"after,omitempty"`
	// Why nothing was changed.
	Unchanged string `yaml:"unchanged,omitempty" json:"unchanged,omitempty"`
	// Who decided.
	By string `yaml:"by,omitempty" json:"by,omitempty"`
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
}

// Pipeline is the checks that run by themselves in the build.
type Pipeline struct {
	// What runs: tests, threat model, conformity.
	Checks []string `yaml:"checks,omitempty" json:"checks,omitempty"`
	// Release of the last run, in quotes.
	Release string `yaml:"release,omitempty" json:"release,omitempty"`
	// Day of the last run.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
	// Does a failure stop the release?
	Blocks *bool `yaml:"blocks,omitempty" json:"blocks,omitempty"`
	// Who let it through, and why, where it doesn't.
	Waiver string `yaml:"waiver,omitempty" json:"waiver,omitempty"`
}

// Cryptography is an algorithm in use.
type Cryptography struct {
	// Component.
	Component string `yaml:"component" json:"component" is:"required,ref=component"`
	// Algorithm with its size.
	Algorithm string `yaml:"algorithm" json:"algorithm" is:"required"`
	// What it protects.
	For string `yaml:"for,omitempty" json:"for,omitempty"`
	// Can it be replaced by an update?
	Agile *bool `yaml:"agile,omitempty" json:"agile,omitempty"`
	// What happens when quantum computers break it: the plan, or why none is needed.
	Quantum string `yaml:"quantum,omitempty" json:"quantum,omitempty"`
}

// Rating is how vulnerabilities are rated and put in order.
type Rating struct {
	// Method, such as CVSS 3.1.
	Method string `yaml:"method,omitempty" json:"method,omitempty"`
	// How the order follows from it.
	Rule string `yaml:"rule,omitempty" json:"rule,omitempty"`
}

// Burden is a step that is hard for users.
type Burden struct {
	// The step.
	Step string `yaml:"step" json:"step" is:"required"`
	// What helps them.
	Support string `yaml:"support,omitempty" json:"support,omitempty"`
}

// ZeroTrust is how the product behaves in a network that trusts nobody by place.
type ZeroTrust struct {
	// How each device proves who it is.
	Identity string `yaml:"identity,omitempty" json:"identity,omitempty"`
	// How each access is authenticated and authorised.
	Access string `yaml:"access,omitempty" json:"access,omitempty"`
	// What it can't do.
	Gaps string `yaml:"gaps,omitempty" json:"gaps,omitempty"`
}

// Responsibility is one task, and what each party has to do with it:
// accountable, responsible, consulted, informed, none.
type Responsibility struct {
	// The task.
	Task string `yaml:"task" json:"task" is:"required"`
	// The maker.
	Maker string `yaml:"maker,omitempty" json:"maker,omitempty" is:"enum=accountable|responsible|consulted|informed|none"`
	// Whoever builds it into something.
	Integrator string `yaml:"integrator,omitempty" json:"integrator,omitempty" is:"enum=accountable|responsible|consulted|informed|none"`
	// Whoever installs and runs it.
	Deployer string `yaml:"deployer,omitempty" json:"deployer,omitempty" is:"enum=accountable|responsible|consulted|informed|none"`
	// Whoever uses it.
	User string `yaml:"user,omitempty" json:"user,omitempty" is:"enum=accountable|responsible|consulted|informed|none"`
	// Others, such as a cloud provider.
	ThirdParty string `yaml:"third_party,omitempty" json:"third_party,omitempty" is:"enum=accountable|responsible|consulted|informed|none"`
	// Dependency that the task is about.
	Dependency string `yaml:"dependency,omitempty" json:"dependency,omitempty" is:"ref=dependency"`
	// Is it about a function that a learned model decides?
	AI *bool `yaml:"ai,omitempty" json:"ai,omitempty"`
}
