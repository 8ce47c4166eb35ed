package product

// Who the customers are and what they need: IR 8259 activities 1 and 2.

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
