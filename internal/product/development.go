package product

// How the product is made: suppliers, platform, modelling, pipeline, cryptography
// (IR 8259 activities 3 and 4).

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
