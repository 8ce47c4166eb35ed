package product

// What is there to look at: documents, where the product stands, units to test.

// Document is a file in evidence/ (or an https URL, read only with --public)
// that the maker publishes or supplies.
type Document struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=document"`
	// What the document is for.
	Kind string `yaml:"kind" json:"kind" is:"required,enum=security-txt|disclosure-policy|setup-guide|support-period|secure-development|privacy-notice|roles|user-manual,aka=type"`
	// File in the workspace.
	File string `yaml:"file,omitempty" json:"file,omitempty" is:"file,aka=path"`
	// Page (https), read only with --public.
	URL string `yaml:"url,omitempty" json:"url,omitempty" is:"url"`
	// Published without login.
	Public *bool `yaml:"public,omitempty" json:"public,omitempty"`
}

// Environment is where the product is expected to stand.
type Environment struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=environment"`
	// What matters there.
	Note string `yaml:"note,omitempty" json:"note,omitempty"`
	// The place: indoor or outdoor, fixed or mobile, public or private.
	Physical []string `yaml:"physical,omitempty" json:"physical,omitempty" is:"known=indoor|outdoor|fixed|mobile|public|private"`
	// The network there.
	Network string `yaml:"network,omitempty" json:"network,omitempty" is:"enum=unmanaged-home|managed-enterprise|industrial|public-cellular|isolated"`
}

// Unit is a specimen on the bench: the DUT.
type Unit struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=unit"`
	// Component; default: the only device.
	Of string `yaml:"of,omitempty" json:"of,omitempty" is:"ref=component,aka=component"`
	// Serial number, in quotes.
	Serial string `yaml:"serial,omitempty" json:"serial,omitempty"`
	// Private, link-local or loopback address; a public one also needs --public.
	Address string `yaml:"address,omitempty" json:"address,omitempty" is:"address,aka=ip|host"`
	// State on the bench.
	State string `yaml:"state,omitempty" json:"state,omitempty" is:"enum=factory|onboarding|initialised|after-reset|after-update"`
	// May be locked out, reset or broken by a test.
	Expendable bool `yaml:"expendable,omitempty" json:"expendable,omitempty"`
	// A program, not hardware.
	Simulated bool `yaml:"simulated,omitempty" json:"simulated,omitempty"`
	// Whole port range of a simulated unit (41000-41031); that of a real one is always 1-65535.
	Ports PortRange `yaml:"ports,omitempty" json:"ports,omitzero"`
	// Port of a simulated unit at which an interface answers.
	PortMap map[string]uint16 `yaml:"port_map,omitempty" json:"port_map,omitempty" is:"keyref=interface"`
	// What was read out of its flash: a file in the workspace; of two units they show whether keys differ.
	Dump string `yaml:"dump,omitempty" json:"dump,omitempty" is:"file,aka=flash|flash_dump"`
}

// Marker is a value that a tester put into the units before their flash was
// read: whether it stands there in the clear is looked for (IoT-1005-1
// 5.4.1.2). It is made up for the test and protects nothing.
type Marker struct {
	// What it was used as: password, Wi-Fi key, text of a clip.
	Name string `yaml:"name" json:"name" is:"required,name=marker"`
	// The value, made up for the test.
	Value string `yaml:"value" json:"value" is:"required,marker"`
}
