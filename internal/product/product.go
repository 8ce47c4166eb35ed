// Package product holds the product model: what a maker states once about a
// connected product (identity, components, interfaces, users, data, flows,
// updates, support, units on the bench) together with its claims (ICS) and
// extra information (IXIT) in the sense of ETSI TS 103 701.
//
// In: the bytes of an assay.yaml, hostile until read. Out: a Product whose
// references resolve, or every mistake of the file at once, each with file,
// line, column and what to do. It also gives the JSON Schema of the file and
// the templates that `assay init` writes.
package product

// Schema is the version line that every assay.yaml begins with.
const Schema = "assay/product@1"

// Product is one assay.yaml.
type Product struct {
	// The version of this file format; the first line of the file.
	Schema string `yaml:"schema" json:"schema" is:"required"`
	// Which product this is, of whom, for which markets and how long.
	Identity Identity `yaml:"product" json:"product" is:"required"`
	// The standards to judge by, as an id or as {id, profile}.
	Standards []Standard `yaml:"standards,omitempty" json:"standards,omitempty"`
	// The parts of the product: at least one device, and what it needs beyond basic operation.
	Components []Component `yaml:"components,omitempty" json:"components,omitempty"`
	// Everything that listens or can be plugged in; what is found and not listed here is undeclared.
	Interfaces []Interface `yaml:"interfaces,omitempty" json:"interfaces,omitempty"`
	// Kinds of users by name, each with its rights.
	Roles Roles `yaml:"roles,omitempty" json:"roles,omitempty" is:"keys=role"`
	// Accounts that exist from the factory or that the tests use; never their passwords.
	Users []User `yaml:"users,omitempty" json:"users,omitempty"`
	// What the product holds or sends.
	Data []Data `yaml:"data,omitempty" json:"data,omitempty"`
	// Who talks to whom; a host that is in no flow is undeclared.
	Flows []Flow `yaml:"flows,omitempty" json:"flows,omitempty"`
	// How software is renewed.
	Update *Update `yaml:"update,omitempty" json:"update,omitempty"`
	// How a unit gets its owner.
	Onboarding *Onboarding `yaml:"onboarding,omitempty" json:"onboarding,omitempty"`
	// How preset passwords come about.
	Passwords *Passwords `yaml:"passwords,omitempty" json:"passwords,omitempty"`
	// Security parameters that the product holds; never their values.
	Secrets []Secret `yaml:"secrets,omitempty" json:"secrets,omitempty"`
	// How each unit gets an identifier of its own.
	Identifier *Identifier `yaml:"identifier,omitempty" json:"identifier,omitempty"`
	// Files and pages that the maker publishes or supplies.
	Documents []Document `yaml:"documents,omitempty" json:"documents,omitempty"`
	// Where the product is expected to stand.
	Environments []Environment `yaml:"environments,omitempty" json:"environments,omitempty"`
	// What the product needs from outside of it.
	Dependencies []Dependency `yaml:"dependencies,omitempty" json:"dependencies,omitempty"`
	// Functions that a learned model decides.
	AIFeatures []AIFeature `yaml:"ai_features,omitempty" json:"ai_features,omitempty"`
	// What the maker has set up before any product (IR 8259 activity 0).
	Organisation *Organisation `yaml:"organisation,omitempty" json:"organisation,omitempty" is:"aka=organization|company"`
	// Who buys, runs, uses or is touched by the product.
	Customers []Customer `yaml:"customers,omitempty" json:"customers,omitempty"`
	// How the product is used, and how it isn't meant to be.
	UseCases []UseCase `yaml:"use_cases,omitempty" json:"use_cases,omitempty"`
	// How somebody may abuse the product.
	Misuse []Misuse `yaml:"misuse,omitempty" json:"misuse,omitempty"`
	// Laws, rules, contracts and guidance that the maker follows.
	Laws []Law `yaml:"laws,omitempty" json:"laws,omitempty"`
	// What the parts sense or do in the physical world.
	Physical []Physical `yaml:"physical,omitempty" json:"physical,omitempty"`
	// What gets in the way of security.
	Constraints []Constraint `yaml:"constraints,omitempty" json:"constraints,omitempty"`
	// What the product has to get along with.
	Interactions []Interaction `yaml:"interactions,omitempty" json:"interactions,omitempty"`
	// What customers need of the product's security.
	Needs []Need `yaml:"needs,omitempty" json:"needs,omitempty"`
	// By which means the needs are met, and who provides them.
	Means []Means `yaml:"means,omitempty" json:"means,omitempty"`
	// Cybersecurity capabilities, and the baselines that they meet or don't.
	Capabilities []Capability `yaml:"capabilities,omitempty" json:"capabilities,omitempty"`
	// What the product can do, wanted or not.
	Features []Feature `yaml:"features,omitempty" json:"features,omitempty" is:"aka=functions"`
	// Settings with an effect on security.
	Settings []Setting `yaml:"settings,omitempty" json:"settings,omitempty"`
	// Known weaknesses and failure modes.
	Failures []Failure `yaml:"failures,omitempty" json:"failures,omitempty"`
	// Who delivers parts and services.
	Suppliers []Supplier `yaml:"suppliers,omitempty" json:"suppliers,omitempty"`
	// How the product is made.
	Development *Development `yaml:"development,omitempty" json:"development,omitempty"`
	// Who has to do what.
	Responsibilities []Responsibility `yaml:"responsibilities,omitempty" json:"responsibilities,omitempty"`
	// Support after the sale, until the end of life.
	Aftercare *Aftercare `yaml:"aftercare,omitempty" json:"aftercare,omitempty"`
	// How the maker speaks with customers.
	Communication *Communication `yaml:"communication,omitempty" json:"communication,omitempty"`
	// Rules for everything that a learned model decides.
	AI *AI `yaml:"ai,omitempty" json:"ai,omitempty"`
	// Specimens on the bench: the devices under test.
	Units []Unit `yaml:"units,omitempty" json:"units,omitempty"`
	// Values that a tester put into the units before their flash was read; never secrets in use.
	Markers []Marker `yaml:"markers,omitempty" json:"markers,omitempty"`
	// The ICS: standard, requirement, claim; only what differs from "supported".
	Claims Claims `yaml:"claims,omitempty" json:"claims,omitempty" is:"softkeyref=standard"`
	// Further answers of TS 103 701's IXIT tables that have no field of their own yet: table id to entries.
	IXIT map[string][]map[string]string `yaml:"ixit,omitempty" json:"ixit,omitempty"`

	src *source // places in the file; nil where a program made the product
}

// Identity says which product, of whom, for which markets and how long.
type Identity struct {
	// Name on the box.
	Name string `yaml:"name" json:"name" is:"required"`
	// Model designation, as on the label.
	Model string `yaml:"model" json:"model" is:"required"`
	// Software release that is assessed, in quotes.
	Release string `yaml:"release" json:"release" is:"required,aka=version|firmware_version"`
	// Decides template questions and default threats.
	Category string `yaml:"category,omitempty" json:"category,omitempty" is:"enum=consumer-ip-camera|doorbell|gateway|sensor|other,aka=type|kind"`
	// Field of use; default iot.
	Context string `yaml:"context,omitempty" json:"context,omitempty" is:"enum=iot|it|ot|iiot"`
	// The legal person that places the product on the market.
	Maker Maker `yaml:"maker" json:"maker" is:"required,aka=manufacturer|vendor|brand"`
	// Countries as two letters (ISO 3166; UK too), and EU; they bring known laws into view.
	Markets []string `yaml:"markets,omitempty" json:"markets,omitempty" is:"market,aka=regions|countries"`
	// Period in which security updates are provided.
	Support *Support `yaml:"support,omitempty" json:"support,omitempty"`
	// How long the product is expected to be in use.
	Lifetime *Lifetime `yaml:"lifetime,omitempty" json:"lifetime,omitempty"`
	// Where customers read about the product.
	Website string `yaml:"website,omitempty" json:"website,omitempty" is:"url"`
	// Batches or serial numbers that the statements are about.
	Batch string `yaml:"batch,omitempty" json:"batch,omitempty"`
}

// Lifetime is how long a product is expected to be in use, in years.
type Lifetime struct {
	// Shortest.
	MinYears int `yaml:"min_years,omitempty" json:"min_years,omitempty"`
	// Usual.
	TypicalYears int `yaml:"typical_years,omitempty" json:"typical_years,omitempty"`
	// Longest.
	MaxYears int `yaml:"max_years,omitempty" json:"max_years,omitempty"`
	// Years that the electronics and software can be supported.
	ITYears int `yaml:"it_years,omitempty" json:"it_years,omitempty"`
}

// Maker is the legal person that places the product on the market.
type Maker struct {
	// Name of the legal person.
	Name string `yaml:"name" json:"name" is:"required"`
	// Postal address.
	Address string `yaml:"address,omitempty" json:"address,omitempty"`
	// Where to report a vulnerability: e-mail, telephone or page.
	SecurityContact string `yaml:"security_contact,omitempty" json:"security_contact,omitempty" is:"aka=contact|email"`
	// Vulnerability disclosure policy: a file in evidence/ or an https URL.
	DisclosurePolicy string `yaml:"disclosure_policy,omitempty" json:"disclosure_policy,omitempty" is:"place,aka=vdp"`
	// Address for everything else: e-mail, telephone or page.
	Contact string `yaml:"contact_customers,omitempty" json:"contact_customers,omitempty"`
	// Who represents the maker in a market: name and address.
	Representative string `yaml:"representative,omitempty" json:"representative,omitempty"`
}

// Support is the defined support period (EN 303 645 5.3-13).
type Support struct {
	// First day of support.
	From Date `yaml:"from,omitempty" json:"from,omitzero"`
	// Last day of support.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
	// How long the hardware is built to last.
	MechanicalLifeYears int `yaml:"mechanical_life_years,omitempty" json:"mechanical_life_years,omitempty"`
	// Why so long: what the period was chosen by.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
}

// Standard is a chosen standard with its interpretation profile. In YAML
// either the id alone or {id, profile}.
type Standard struct {
	// Id of the standard, as `assay standards list` prints it.
	ID string `yaml:"id" json:"id" is:"required,id=standard"`
	// Reading of the words that allow two: literal (default) or strict.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty" is:"enum=literal|strict"`
}

// Component is a part of the product.
type Component struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=component"`
	// What it is: the device itself, an app, a gateway, a backend.
	Kind string `yaml:"kind" json:"kind" is:"required,enum=device|app|gateway|backend,aka=type"`
	// Name for people.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// What senses or acts: image sensor, microphone, motor.
	Transducers []string `yaml:"transducers,omitempty" json:"transducers,omitempty" is:"aka=sensors"`
	// Network interfaces of the hardware, radio and wired.
	Network []string `yaml:"network,omitempty" json:"network,omitempty" is:"known=ethernet|wifi-2.4GHz|wifi-5GHz|bluetooth-le|zigbee|thread|cellular"`
	// Operating systems that an app runs on.
	Platforms []string `yaml:"platforms,omitempty" json:"platforms,omitempty" is:"aka=os"`
	// Installation package of an app: a file in the workspace.
	Package string `yaml:"package,omitempty" json:"package,omitempty" is:"file"`
	// The image that the component runs.
	Firmware *Firmware `yaml:"firmware,omitempty" json:"firmware,omitempty" is:"aka=image"`
	// Constrained device in the sense of EN 303 645 clause 3.1.
	Constrained *bool `yaml:"constrained,omitempty" json:"constrained,omitempty"`
	// SoC, memory and storage in the maker's words.
	Computing string `yaml:"computing,omitempty" json:"computing,omitempty"`
	// Who runs it.
	OperatedBy string `yaml:"operated_by,omitempty" json:"operated_by,omitempty" is:"enum=customer|maker|third-party"`
	// Trust boundary that it lies in, where it isn't the one that its kind and operator give.
	Zone string `yaml:"zone,omitempty" json:"zone,omitempty" is:"aka=trust_zone|boundary"`
	// Who provides its updates.
	UpdatedBy string `yaml:"updated_by,omitempty" json:"updated_by,omitempty" is:"enum=customer|maker|third-party|nobody"`
	// Is it managed by the customer, or from elsewhere?
	Managed string `yaml:"managed,omitempty" json:"managed,omitempty" is:"enum=locally|remotely"`
	// Does the product work without it?
	Necessary *bool `yaml:"necessary,omitempty" json:"necessary,omitempty"`
	// Last day of support, where it differs from that of the product.
	SupportUntil Date `yaml:"support_until,omitempty" json:"support_until,omitzero"`
	// Bill of materials: a file in the workspace or an https URL.
	SBOM string `yaml:"sbom,omitempty" json:"sbom,omitempty" is:"place"`
	// Release that the bill of materials belongs to, in quotes.
	SBOMRelease string `yaml:"sbom_release,omitempty" json:"sbom_release,omitempty"`
	// How its software is renewed, where there is more to say than in update.
	Renewal *Renewal `yaml:"renewal,omitempty" json:"renewal,omitempty"`
	// How customers check that hardware and software are genuine.
	Verify string `yaml:"verify,omitempty" json:"verify,omitempty"`
	// How data leaves it when the product changes hands or is thrown away.
	Erase *Erase `yaml:"erase,omitempty" json:"erase,omitempty"`
	// Does a learned model decide something in it?
	AI *bool `yaml:"ai,omitempty" json:"ai,omitempty"`
	// Does it show or sense a virtual or mixed world?
	Immersive *bool `yaml:"immersive,omitempty" json:"immersive,omitempty"`
}

// Renewal is how the software of one component is renewed.
type Renewal struct {
	// Does it happen by itself as delivered?
	Automatic *bool `yaml:"automatic,omitempty" json:"automatic,omitempty"`
	// Why not, where it doesn't.
	ManualWhy string `yaml:"manual_why,omitempty" json:"manual_why,omitempty"`
	// May the customer choose?
	Choice *bool `yaml:"choice,omitempty" json:"choice,omitempty"`
	// How the customer changes that choice.
	ChoiceSteps string `yaml:"choice_steps,omitempty" json:"choice_steps,omitempty"`
	// How it is rolled out in stages.
	Staged string `yaml:"staged,omitempty" json:"staged,omitempty"`
	// What stops the roll-out.
	Stop string `yaml:"stop,omitempty" json:"stop,omitempty"`
	// Can a customer go back to an earlier release?
	Rollback string `yaml:"rollback,omitempty" json:"rollback,omitempty" is:"enum=refused|allowed|limited"`
	// Which releases may be gone back to, where some are refused.
	RollbackRule string `yaml:"rollback_rule,omitempty" json:"rollback_rule,omitempty"`
	// How customers are told.
	Told string `yaml:"told,omitempty" json:"told,omitempty"`
	// How customers check that an update is genuine.
	Verify string `yaml:"verify,omitempty" json:"verify,omitempty"`
	// How the customer installs one.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
}

// Erase is how data leaves a component when the product changes hands or is
// thrown away.
type Erase struct {
	// What the customer does.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
	// How the customer sees that it worked.
	Check string `yaml:"check,omitempty" json:"check,omitempty"`
	// When it was tested last.
	Tested Date `yaml:"tested,omitempty" json:"tested,omitzero"`
	// How it is made unusable for good, or why that isn't offered.
	Unusable string `yaml:"unusable,omitempty" json:"unusable,omitempty"`
}

// Firmware is the image that a component runs.
type Firmware struct {
	// Image as it is distributed: a file in the workspace.
	File string `yaml:"file" json:"file" is:"required,file,aka=path|image"`
	// Version of the image; default: the release of the product.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	// Is the image encrypted as distributed?
	Encrypted *bool `yaml:"encrypted,omitempty" json:"encrypted,omitempty"`
	// Can anyone download it?
	Public *bool `yaml:"public,omitempty" json:"public,omitempty"`
	// Algorithm and mode of the encryption.
	Encryption string `yaml:"encryption,omitempty" json:"encryption,omitempty"`
}

// Identifier says how units get their own identifier (IoT-1005-1 5.1.1.1).
type Identifier struct {
	// What the identifier is.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"known=serial|mac|uuid"`
	// Who assigns it, and what stops a second use.
	Rule string `yaml:"rule,omitempty" json:"rule,omitempty"`
}

// Data is an item that the product holds or sends.
type Data struct {
	// Short name that flows refer to.
	ID string `yaml:"id" json:"id" is:"required,id=data"`
	// Decides which requirements look at it.
	Category string `yaml:"category" json:"category" is:"required,enum=security-sensitive|sensitive-personal|telemetry|public,aka=kind|type"`
	// What it is used for.
	Purpose string `yaml:"purpose,omitempty" json:"purpose,omitempty"`
	// Where it comes from: a sensor, the user, another component.
	Source string `yaml:"source,omitempty" json:"source,omitempty"`
	// What matters about it.
	Protect []string `yaml:"protect,omitempty" json:"protect,omitempty" is:"known=confidentiality|integrity|availability"`
	// How strong the protection must be.
	Strength string `yaml:"strength,omitempty" json:"strength,omitempty" is:"enum=basic|enhanced|high"`
	// What protects it on its way.
	InTransit string `yaml:"in_transit,omitempty" json:"in_transit,omitempty"`
	// Who can read it; [] says nobody but the user.
	Readers Names `yaml:"readers,omitempty" json:"readers,omitzero"`
	// Components that store it.
	StoredOn []string `yaml:"stored_on,omitempty" json:"stored_on,omitempty" is:"ref=component"`
	// Algorithm or mechanism that protects it where stored.
	ProtectedBy string `yaml:"protected_by,omitempty" json:"protected_by,omitempty"`
	// How long it is kept.
	RetentionDays int `yaml:"retention_days,omitempty" json:"retention_days,omitempty" is:"aka=retention"`
	// How a user deletes it: in a component, by factory reset.
	DeletedBy []string `yaml:"deleted_by,omitempty" json:"deleted_by,omitempty"`
	// How consent is asked for and withdrawn.
	Consent string `yaml:"consent,omitempty" json:"consent,omitempty"`
	// Why the maker needs it.
	Necessary string `yaml:"necessary,omitempty" json:"necessary,omitempty"`
	// Who else gets it; [] says nobody.
	SharedWith Names `yaml:"shared_with,omitempty" json:"shared_with,omitzero"`
}

// Flow is who talks to whom; a host that is in no flow is undeclared.
type Flow struct {
	// Short name; needed only where something else refers to the flow.
	ID string `yaml:"id,omitempty" json:"id,omitempty" is:"id=flow"`
	// Component that opens the connection.
	From string `yaml:"from" json:"from" is:"required,ref=component"`
	// Component that answers, or world.
	To string `yaml:"to" json:"to" is:"required,ref=component,also=world"`
	// Host name or address that is contacted; *. in front for all below a name.
	Host string `yaml:"host,omitempty" json:"host,omitempty" is:"host"`
	// 443 (tcp) or 123/udp; default: that of the protocol.
	Port Port `yaml:"port,omitempty" json:"port,omitzero"`
	// Protocol, with its security: tls, mqtts, https.
	Protocol string `yaml:"protocol,omitempty" json:"protocol,omitempty"`
	// How the ends prove who they are, where no interface says it: mutual certificates, token.
	Auth string `yaml:"auth,omitempty" json:"auth,omitempty" is:"known=none|certificate|mutual-tls|token|password|signature"`
	// Interface that takes it, for flows inside the product.
	Interface string `yaml:"interface,omitempty" json:"interface,omitempty" is:"ref=interface"`
	// Ids of the data that flow.
	Data []string `yaml:"data,omitempty" json:"data,omitempty" is:"softref=data"`
	// What it is for.
	Why string `yaml:"why,omitempty" json:"why,omitempty" is:"aka=purpose|reason"`
}

// Update describes how software is renewed (IXIT 7-UpdMech).
type Update struct {
	// How updates arrive.
	Mechanism string `yaml:"mechanism,omitempty" json:"mechanism,omitempty" is:"known=over-the-air|local|none"`
	// Host that serves them.
	Host string `yaml:"host,omitempty" json:"host,omitempty" is:"host"`
	// Protocol of the transfer.
	Protocol string `yaml:"protocol,omitempty" json:"protocol,omitempty"`
	// Signature algorithm; none where they are not signed.
	Signed string `yaml:"signed,omitempty" json:"signed,omitempty"`
	// The periodic look for an update.
	Check *UpdateCheck `yaml:"check,omitempty" json:"check,omitempty"`
	// Installed without the user's doing.
	Automatic *bool `yaml:"automatic,omitempty" json:"automatic,omitempty"`
	// What happens to an older version.
	Rollback string `yaml:"rollback,omitempty" json:"rollback,omitempty"`
	// What starts after an interrupted update.
	AfterFailure string `yaml:"after_failure,omitempty" json:"after_failure,omitempty"`
}

// UpdateCheck is the periodic look for an update.
type UpdateCheck struct {
	// Interval, such as 24h or 7d.
	Every Duration `yaml:"every,omitempty" json:"every,omitzero" is:"aka=interval|period"`
	// Where the user sees the state.
	ShownIn []string `yaml:"shown_in,omitempty" json:"shown_in,omitempty"`
}

// Onboarding is how a unit gets its owner.
type Onboarding struct {
	// What the user does.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
	// What proves that the user holds the unit, such as a code on the label.
	Secret string `yaml:"secret,omitempty" json:"secret,omitempty"`
}

// Dependency is something outside of the product that it needs.
type Dependency struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=dependency"`
	// What it is: network, service, library.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty"`
	// What needs it.
	Why string `yaml:"why,omitempty" json:"why,omitempty"`
	// What still works without it.
	Without string `yaml:"without,omitempty" json:"without,omitempty"`
	// Who provides it.
	Provider string `yaml:"provider,omitempty" json:"provider,omitempty"`
	// Last day of its support, where it has one.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
	// What is done when it ends.
	Action string `yaml:"action,omitempty" json:"action,omitempty"`
	// Does the product stop without it?
	Critical *bool `yaml:"critical,omitempty" json:"critical,omitempty"`
	// Second source, stock or offline mode.
	Fallback string `yaml:"fallback,omitempty" json:"fallback,omitempty"`
	// Who accepted the risk, where there is no fallback.
	Accepted string `yaml:"accepted,omitempty" json:"accepted,omitempty"`
	// Do others manage the product through it?
	Manages *bool `yaml:"manages,omitempty" json:"manages,omitempty"`
}

// Names is a list whose emptiness is a statement: [] says "none", an absent
// list says nothing.
type Names []string

// IsZero reports whether nothing is stated.
func (n Names) IsZero() bool { return n == nil }

// Claims is the ICS: standard id → requirement id → claim; only what differs
// from "supported".
type Claims map[string]map[string]Claim

// Claim is one row of the ICS.
type Claim struct {
	// yes, no or n/a.
	Support string `yaml:"support" json:"support" is:"required,enum=yes|no|n/a"`
	// Justification; needed for no and n/a.
	Why string `yaml:"why,omitempty" json:"why,omitempty" is:"aka=justification|reason"`
}
