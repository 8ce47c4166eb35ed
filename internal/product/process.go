package product

// What the maker has set up, and by which means the customers' needs are met
// (IR 8259 activities 0 and 3).

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
