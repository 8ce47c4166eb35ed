package threat

// Three answers of a view: what the model doesn't say is unknown, never no.
const (
	yes     = "yes"
	no      = "no"
	unknown = "unknown"
)

// The views are what conditions see as `element` and what texts may name in
// braces. Every field is always there.

// common stands in every view.
type common struct {
	// Id in assay.yaml.
	ID string `json:"id"`
	// Context of the product: it, iot, ot or iiot.
	Context string `json:"context"`
	// Category of the product, such as consumer-ip-camera; "" where none is stated.
	Category string `json:"category"`
	// Where an attack on it can begin: remote, local, nearby, physical, supply, peer.
	Entries []string `json:"entries"`
	// Categories of the data that it holds or carries: security-sensitive, sensitive-personal, telemetry, public.
	Carries []string `json:"carries"`
	// Ids of these data.
	Data []string `json:"data"`
}

// productView is the product as a whole.
type productView struct {
	common
	// Markets, such as TW or EU.
	Markets []string `json:"markets"`
	// Kinds of components that it has: device, app, gateway, backend.
	Types []string `json:"types"`
	// Does it have radio interfaces?
	Radio bool `json:"radio"`
	// Is anything of it run or reached over the Internet?
	Remote bool `json:"remote"`
	// Does it take pictures: image, depth, thermal?
	Sees bool `json:"sees"`
	// Does it hear?
	Hears bool `json:"hears"`
	// Does it act on the world: lock, motor, relay, heater?
	Acts bool `json:"acts"`
	// Does it hold sensitive personal data?
	Personal bool `json:"personal"`
	// Does anybody log in: passwords, roles or accounts are stated, or an interface has authentication?
	Accounts bool `json:"accounts"`
	// Are passwords used: yes, no, unknown?
	Passwords string `json:"passwords"`
	// Preset passwords: none, per-unit, common, unknown.
	Preset string `json:"preset"`
	// Changing a preset password: forced, possible, impossible, unknown.
	Change string `json:"change"`
	// Names of the roles.
	Roles []string `json:"roles"`
	// Is it said how a unit gets its owner?
	Onboarding bool `json:"onboarding"`
	// What proves at onboarding that the user holds the unit; "" where none is stated.
	OnboardingSecret string `json:"onboarding_secret"`
	// Is it said how units get an identifier of their own?
	Identifier bool `json:"identifier"`
	// Can data be removed, by a factory reset or a component: some data say how?
	Removal bool `json:"removal"`
	// Is a period of support stated?
	Support bool `json:"support"`
	// Years between the end of support and the end of the hardware's life, 0 where none or not known.
	Unsupported int `json:"unsupported"`
	// Is an update mechanism stated (none counts as stated)?
	Update bool `json:"update"`
	// Kinds of documents that are declared.
	Documents []string `json:"documents"`
	// Are suppliers declared, or parts of theirs (dependencies of kind library, sdk, module, component, firmware)?
	Suppliers bool `json:"suppliers"`
	// Does it stand where strangers pass: a doorbell, or by the environments?
	Exposed bool `json:"exposed"`
	// Do people have accounts at a service: does an app call a backend?
	CloudAccounts bool `json:"cloud_accounts"`
	// Is a contact for vulnerability reports stated?
	Contact bool `json:"contact"`
}

// componentView is one component.
type componentView struct {
	common
	// What it is: device, app, gateway, backend.
	Type string `json:"type"`
	// Trust boundary that it lies in.
	Zone string `json:"zone"`
	// Who runs it: customer, maker, third-party, unknown.
	OperatedBy string `json:"operated_by"`
	// Who updates it: customer, maker, third-party, nobody, unknown.
	UpdatedBy string `json:"updated_by"`
	// What it senses or acts with.
	Transducers []string `json:"transducers"`
	// Does it take pictures?
	Sees bool `json:"sees"`
	// Does it hear?
	Hears bool `json:"hears"`
	// Does it act on the world?
	Acts bool `json:"acts"`
	// Network interfaces of the hardware.
	Network []string `json:"network"`
	// The radios among them.
	Radios []string `json:"radios"`
	// Constrained in the sense of EN 303 645: yes, no, unknown.
	Constrained string `json:"constrained"`
	// Is a firmware image declared?
	Firmware bool `json:"firmware"`
	// Is the image encrypted as distributed: yes, no, unknown?
	Encrypted string `json:"encrypted"`
	// Can anyone download the image: yes, no, unknown?
	Public string `json:"public"`
	// Ids of its interfaces.
	Interfaces []string `json:"interfaces"`
	// Ids of those that listen on an IP network.
	Listens []string `json:"listens"`
	// Ids of those that are reached by hand.
	Ports []string `json:"ports"`
	// Ids of those made for debugging.
	Debug []string `json:"debug"`
	// Does the model speak of its battery: in computing, or in data that it sends?
	Battery bool `json:"battery"`
	// Kinds of the secrets that it holds.
	Secrets []string `json:"secrets"`
	// Components that it opens connections to; world is the Internet.
	TalksTo []string `json:"talks_to"`
	// Components that open connections to it.
	CalledBy []string `json:"called_by"`
	// Kinds of those components (device, app, gateway, backend, world), both ways.
	Neighbours []string `json:"neighbours"`
	// Operating systems that an app runs on.
	Platforms []string `json:"platforms"`
}

// interfaceView is one interface.
type interfaceView struct {
	common
	// Component that has it.
	On string `json:"on"`
	// What that component is: device, app, gateway, backend.
	Type string `json:"type"`
	// Protocol in lower case; "" where none is stated.
	Protocol string `json:"protocol"`
	// Number of the port; 0 where none is stated.
	Port int `json:"port"`
	// Why the product needs it, as stated.
	Purpose string `json:"purpose"`
	// Authentication as stated, in lower case; unknown where nothing is. none says that there is none.
	Auth string `json:"auth"`
	// Is the content encrypted by the protocol: yes, no, unknown?
	Encrypted string `json:"encrypted"`
	// Roles that may use it.
	Roles []string `json:"roles"`
	// Is it reached by hand?
	Physical bool `json:"physical"`
	// Was it made for debugging?
	Debug bool `json:"debug"`
	// Access of a debug interface: disabled, authenticated, open, unknown.
	Access string `json:"access"`
	// Does it listen on an IP network?
	Listens bool `json:"listens"`
	// Is its protocol one of the air?
	Radio bool `json:"radio"`
	// Does it serve pages or an API over HTTP?
	Web bool `json:"web"`
	// Does it stream image or sound?
	Media bool `json:"media"`
	// Does it open a shell?
	Shell bool `json:"shell"`
	// Does it answer who looks for devices?
	Discovery bool `json:"discovery"`
	// Is it a message broker or the like?
	Messaging bool `json:"messaging"`
	// Does it speak a protocol of plants and buildings?
	Fieldbus bool `json:"fieldbus"`
	// Does a unit get its owner through it, by its purpose?
	Onboarding bool `json:"onboarding"`
	// A place for storage: card slot, USB.
	Storage bool `json:"storage"`
	// Does the device stand where strangers pass: a doorbell, or by the environments?
	Exposed bool `json:"exposed"`
}

// flowView is the flows between two components over one protocol.
type flowView struct {
	common
	// Component that opens the connection.
	From string `json:"from"`
	// Component that answers, or world.
	To string `json:"to"`
	// What the first is: device, app, gateway, backend.
	FromType string `json:"from_type"`
	// What the second is; also world.
	ToType string `json:"to_type"`
	// Protocol in lower case, of the flow or its interface.
	Protocol string `json:"protocol"`
	// Names that are contacted.
	Hosts []string `json:"hosts"`
	// Encrypted by the protocol: yes, no, unknown.
	Encrypted string `json:"encrypted"`
	// How the ends prove who they are: as the flow or its interface states; unknown where neither does.
	Auth string `json:"auth"`
	// Interface that takes it; "" where none is named.
	Interface string `json:"interface"`
	// What it is for, as stated.
	Why string `json:"why"`
	// Does it cross a trust boundary?
	Crosses bool `json:"crosses"`
	// Does it leave for the Internet, or for what is run there?
	Remote bool `json:"remote"`
	// Does it go by radio near the product (an interface that is radio, or a radio protocol)?
	Radio bool `json:"radio"`
	// Does it carry image or sound?
	Media bool `json:"media"`
	// Does it go peer to peer or over a relay?
	Relay bool `json:"relay"`
	// Does it carry commands or settings?
	Control bool `json:"control"`
	// Does it carry updates?
	Update bool `json:"update"`
	// Does it set the clock?
	Clock bool `json:"clock"`
	// Does it look up names?
	Names bool `json:"names"`
	// How many flows it stands for.
	Count int `json:"count"`
}

// dataView is one item of data.
type dataView struct {
	common
	// Its category: security-sensitive, sensitive-personal, telemetry, public.
	Kind string `json:"kind"`
	// What it is used for.
	Purpose string `json:"purpose"`
	// Components that store it.
	StoredOn []string `json:"stored_on"`
	// What these are: device, app, gateway, backend.
	StoredTypes []string `json:"stored_types"`
	// Is it protected where stored: yes, no, unknown?
	Protected string `json:"protected"`
	// By what, as stated.
	ProtectedBy string `json:"protected_by"`
	// Days that it is kept; 0 where not stated.
	Retention int `json:"retention"`
	// How a user deletes it.
	DeletedBy []string `json:"deleted_by"`
	// How consent is asked for; "" where not stated.
	Consent string `json:"consent"`
	// Why the maker needs it; "" where not stated.
	Necessary string `json:"necessary"`
	// Is it shared with others: yes, no, unknown?
	Shared string `json:"shared"`
	// With whom.
	SharedWith []string `json:"shared_with"`
	// Does it leave the premises?
	Leaves bool `json:"leaves"`
	// Does it show people or let them be heard?
	Media bool `json:"media"`
	// Is it a credential or key, by its category and name?
	Credential bool `json:"credential"`
	// Is it a log, by its name?
	Log bool `json:"log"`
}

// secretView is one security parameter.
type secretView struct {
	common
	// Component that holds it.
	On string `json:"on"`
	// What that is: device, app, gateway, backend.
	Type string `json:"type"`
	// What it is, as stated.
	Kind string `json:"kind"`
	// What makes it differ from unit to unit; "" where not stated.
	UniqueBy string `json:"unique_by"`
	// What protects it; "" where not stated.
	ProtectedBy string `json:"protected_by"`
	// Is it set in production, by what unique_by says?
	Production bool `json:"production"`
}

// updateView is the update mechanism.
type updateView struct {
	common
	// How updates arrive, in lower case; unknown where not stated.
	Mechanism string `json:"mechanism"`
	// Host that serves them.
	Host string `json:"host"`
	// Protocol of the transfer, in lower case.
	Protocol string `json:"protocol"`
	// Encrypted by the protocol: yes, no, unknown.
	Encrypted string `json:"encrypted"`
	// Signed: yes, no, unknown.
	Signed string `json:"signed"`
	// Installed without the user's doing: yes, no, unknown.
	Automatic string `json:"automatic"`
	// Does the device look for updates?
	Checks bool `json:"checks"`
	// What happens to an older version: refused, allowed, unknown or the maker's words.
	Rollback string `json:"rollback"`
	// What starts after an interrupted update, as stated.
	AfterFailure string `json:"after_failure"`
	// Is it stated that there is none?
	None bool `json:"none"`
}

// aiView is one AI feature.
type aiView struct {
	common
	// What the model decides, as stated.
	Decides string `json:"decides"`
	// Where it is known to be wrong, as stated.
	Limits string `json:"limits"`
	// What happens without it, as stated.
	Fallback string `json:"fallback"`
	// How a person overrules it, as stated.
	Override string `json:"override"`
	// Does the product see or hear: can its input be shown to it by a stranger?
	Senses bool `json:"senses"`
	// Is it said to learn from what it meets (learn, train, tuned, adapt), or are its models trained on customers' data?
	Learns bool `json:"learns"`
	// Are further models trained on customers' data: yes, no, unknown?
	Retrains string `json:"retrains"`
	// Component that runs it; "" where none is stated.
	On string `json:"on"`
	// What that component is: device, app, gateway, backend.
	Type string `json:"type"`
	// Where its model comes from, as stated.
	Origin string `json:"origin"`
	// What it may set in motion, as stated.
	Actuates []string `json:"actuates"`
	// Is it a language model, by the words used of it or by the attacks that are listed?
	Language bool `json:"language"`
}

// dependencyView is something outside that the product needs.
type dependencyView struct {
	common
	// What it is, in lower case.
	Kind string `json:"kind"`
	// What needs it, as stated.
	Why string `json:"why"`
	// What still works without it, as stated.
	Without string `json:"without"`
	// Is it a network or power?
	Outage bool `json:"outage"`
	// Is it somebody's service?
	Service bool `json:"service"`
	// Is it somebody's code or part?
	Code bool `json:"code"`
}

// accountView is a preset account.
type accountView struct {
	common
	// Name of the account.
	Name string `json:"name"`
	// Role of the account.
	Role string `json:"role"`
	// Does it exist from the factory?
	Preset bool `json:"preset"`
	// Rights of the role.
	May []string `json:"may"`
}
