package product

// Who reaches the product, through what, with which secret.

// Interface is everything that listens or can be plugged in.
type Interface struct {
	// Short name that other entries refer to.
	ID string `yaml:"id" json:"id" is:"required,id=interface"`
	// Component that has it.
	On string `yaml:"on" json:"on" is:"required,ref=component,aka=component"`
	// Protocol spoken there.
	Protocol string `yaml:"protocol,omitempty" json:"protocol,omitempty" is:"known=http|https|rtsp|rtsps|ssh|mdns|onvif|mqtt|mqtts|bluetooth-le|uart|usb"`
	// 443 (tcp) or 5353/udp; none for radio and physical ones.
	Port Port `yaml:"port,omitempty" json:"port,omitzero"`
	// Why the product needs it; a reviewer accepts it or not.
	Purpose string `yaml:"purpose,omitempty" json:"purpose,omitempty"`
	// How a user or program is authenticated; none where it is not.
	Auth string `yaml:"auth,omitempty" json:"auth,omitempty" is:"known=none|password|basic|digest-md5|digest-sha256|certificate|token,aka=authentication"`
	// Roles that may use it.
	Roles []string `yaml:"roles,omitempty" json:"roles,omitempty" is:"ref=role"`
	// Can be reached only by hand: a connector, a pad, a card slot.
	Physical bool `yaml:"physical,omitempty" json:"physical,omitempty"`
	// Made for development and repair.
	Debug bool `yaml:"debug,omitempty" json:"debug,omitempty"`
	// Can it be reached from outside of the place where the product stands?
	Remote *bool `yaml:"remote,omitempty" json:"remote,omitempty"`
	// How surely whoever asks must be known.
	Assurance string `yaml:"assurance,omitempty" json:"assurance,omitempty" is:"enum=none|basic|substantial|high"`
	// How input that arrives there is checked.
	Validates string `yaml:"validates,omitempty" json:"validates,omitempty"`
	// State of a debug interface in delivered units.
	Access string `yaml:"access,omitempty" json:"access,omitempty" is:"enum=disabled|authenticated|open"`
	// How to log in, for the tests: over HTTP, or to a stream over RTSP.
	Login *Login `yaml:"login,omitempty" json:"login,omitempty"`
}

// Login says how a tester's program logs in to an interface and which
// functions lie behind the login; of an RTSP interface it says only the form
// and the path (TS 103 701 IXIT 1-AuthMech, 2-UserInfo).
type Login struct {
	// How credentials are sent.
	Form string `yaml:"form" json:"form" is:"required,enum=json|form|basic|digest,aka=kind|type"`
	// Path that takes the credentials (POST); of RTSP: path of the stream.
	Path string `yaml:"path,omitempty" json:"path,omitempty" is:"urlpath"`
	// Field of the name in the body; default username.
	UserField string `yaml:"user_field,omitempty" json:"user_field,omitempty"`
	// Field of the password in the body; default password.
	PassField string `yaml:"pass_field,omitempty" json:"pass_field,omitempty"`
	// Path that ends the session (POST).
	Logout string `yaml:"logout,omitempty" json:"logout,omitempty" is:"urlpath"`
	// Path that answers JSON with model, serial and firmware version.
	Identity string `yaml:"identity,omitempty" json:"identity,omitempty" is:"urlpath"`
	// Functions that lie behind the login.
	Functions []Function `yaml:"functions,omitempty" json:"functions,omitempty"`
}

// Function is one function behind a login, and the rights it needs.
type Function struct {
	// HTTP method; default GET.
	Method string `yaml:"method,omitempty" json:"method,omitempty" is:"enum=GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"`
	// Path of the function.
	Path string `yaml:"path" json:"path" is:"required,urlpath"`
	// Right that it needs: one of roles.*.may.
	Right string `yaml:"right,omitempty" json:"right,omitempty" is:"ref=right"`
	// May a test call it? Default: only GET. What sounds destructive is called on simulated units alone.
	Safe *bool `yaml:"safe,omitempty" json:"safe,omitempty"`
	// Harmless body of a test call.
	Body string `yaml:"body,omitempty" json:"body,omitempty"`
	// Roles that may call it, where roles.*.may does not say it.
	Roles []string `yaml:"roles,omitempty" json:"roles,omitempty" is:"ref=role"`
}

// Roles maps a role's name to its rights.
type Roles map[string]Role

// Role is what a kind of user may do.
type Role struct {
	// Rights of the role, in words of your own.
	May []string `yaml:"may" json:"may" is:"required,def=right,aka=rights|permissions"`
}

// User is a preset account.
type User struct {
	// Name of the account.
	Name string `yaml:"name" json:"name" is:"required,name=user"`
	// Role of the account.
	Role string `yaml:"role" json:"role" is:"required,ref=role"`
	// Exists from the factory.
	Preset bool `yaml:"preset,omitempty" json:"preset,omitempty"`
}

// Passwords says how preset passwords come about (EN 303 645 5.1-1, 5.1-2;
// TS 103 701 IXIT 1-AuthMech).
type Passwords struct {
	// Does the product use passwords at all?
	Used *bool `yaml:"used,omitempty" json:"used,omitempty"`
	// Passwords as delivered: none, one per unit, or the same for all.
	Preset string `yaml:"preset,omitempty" json:"preset,omitempty" is:"enum=none|per-unit|common,aka=default"`
	// How values per unit are made.
	Rule string `yaml:"rule,omitempty" json:"rule,omitempty"`
	// Changing a preset password before first use.
	Change string `yaml:"change,omitempty" json:"change,omitempty" is:"enum=forced|possible|impossible"`
}

// Secret is a security parameter that the product holds (IXIT 10-SecParam).
type Secret struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=secret"`
	// What it is.
	Kind string `yaml:"kind" json:"kind" is:"required,known=tls-key|ssh-host-key|wifi-key|storage-key|update-key|api-token,aka=type"`
	// Component that holds it.
	On string `yaml:"on" json:"on" is:"required,ref=component,aka=component|stored_on"`
	// What makes it differ from unit to unit.
	UniqueBy string `yaml:"unique_by,omitempty" json:"unique_by,omitempty"`
	// What keeps it from being read or replaced.
	ProtectedBy string `yaml:"protected_by,omitempty" json:"protected_by,omitempty"`
}
