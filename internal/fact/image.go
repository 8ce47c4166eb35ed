package fact

// Firmware is one image as a whole.
type Firmware struct {
	Image      string  `json:"image"` // path in the workspace
	Component  string  `json:"component,omitempty"`
	Size       int64   `json:"size"`
	SHA256     string  `json:"sha256"`
	Version    string  `json:"version,omitempty"` // as read from the image
	Analysable bool    `json:"analysable"`
	Why        string  `json:"why,omitempty"` // why not: a key of the texts
	Entropy    float64 `json:"entropy"`       // bits a byte over the whole image
	Files      int     `json:"files"`
	// NoInit: nothing in it says what is started: a program without an operating
	// system, an application, a partition of data.
	NoInit bool `json:"no_init,omitempty"`
}

func (Firmware) Kind() Kind { return "image@1" }

// Part is what stands at an offset of an image.
type Part struct {
	Image   string  `json:"image"`
	Path    string  `json:"path,omitempty"` // name inside an archive
	Offset  int64   `json:"offset"`
	Size    int64   `json:"size"`
	Format  string  `json:"format"`
	Read    bool    `json:"read"`
	Entropy float64 `json:"entropy"`
	Note    string  `json:"note,omitempty"`
}

func (Part) Kind() Kind { return "image.part@1" }

// Found is a place inside an image: absolute path in its file system, offset
// and line in that file (lines from 1; 0 in a binary).
type Found struct {
	Image  string `json:"image"`
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Line   int    `json:"line,omitempty"`
}

// ImageSecret is a secret found in an image. Its value is sealed.
type ImageSecret struct {
	Found
	Type     string `json:"type"` // private-key, password-hash, url-credentials …
	User     string `json:"user,omitempty"`
	Scheme   string `json:"scheme,omitempty"`
	Redacted string `json:"redacted"`
	HMAC     string `json:"hmac"`
	Handle   string `json:"handle,omitempty"`
	SPKI     string `json:"spki_sha256,omitempty"` // of the public half of a private key
	// Recovered: the clear value of a hash was found with the embedded list
	// of well-known passwords.
	Recovered bool `json:"recovered,omitempty"`
	// Known names what a publicly known key or a library's test key is.
	Known string `json:"known,omitempty"`
	// Used is a file of the image that holds the public half of a private key,
	// or names the file that the key stands in.
	Used string `json:"used,omitempty"`
}

func (ImageSecret) Kind() Kind { return "image.secret@1" }

// ImageHost is a host that an image names where a program would use it.
type ImageHost struct {
	Found
	Host   string `json:"host"`
	Scheme string `json:"scheme,omitempty"`
	Port   uint16 `json:"port,omitempty"`
	Usage  string `json:"usage"` // config, script, web, program, document
	// Evidence is what shows that the product contacts the host, in technical
	// English: the key of a configuration, the script that is started at boot.
	// Empty: the name stands there, nothing more is known.
	Evidence string `json:"evidence,omitempty"`
	Text     string `json:"text,omitempty"`
}

func (ImageHost) Kind() Kind { return "image.host@1" }

// ImageStart is something that the image starts at boot.
type ImageStart struct {
	Found
	Type string `json:"type"` // telnetd, shell-without-login, service …
	Text string `json:"text"`
}

func (ImageStart) Kind() Kind { return "image.start@1" }

// ImageWeakness is a plain observation on a file that a test case may weigh:
// a mode, an update command, a certificate.
type ImageWeakness struct {
	Found
	Type   string `json:"type"`
	Detail string `json:"detail,omitempty"`
}

func (ImageWeakness) Kind() Kind { return "image.weakness@1" }

// ImageCheck is an update script that checks a signature before it writes.
type ImageCheck struct {
	Found
	Type string `json:"type"` // signature-check
	Text string `json:"text"`
}

func (ImageCheck) Kind() Kind { return "image.check@1" }

// ImageComponent is a piece of software that an image holds.
type ImageComponent struct {
	Image      string `json:"image"`
	Name       string `json:"name"`
	Version    string `json:"version,omitempty"`  // empty: seen, version unknown
	Upstream   string `json:"upstream,omitempty"` // version without a distribution's additions
	Type       string `json:"type"`               // library, application, operating-system, firmware, data
	PURL       string `json:"purl,omitempty"`
	CPE        string `json:"cpe,omitempty"`
	Confidence string `json:"confidence"` // high, medium, low
	How        string `json:"how"`        // the rule or the database that named it
	Path       string `json:"path"`       // of the first place
	Offset     int64  `json:"offset"`
	Text       string `json:"text,omitempty"`
	Places     int    `json:"places"` // how many places name it
}

func (ImageComponent) Kind() Kind { return "image.component@1" }

// ImageUnattributed is a program or library of an image that no rule and no
// database names.
type ImageUnattributed struct {
	Image string `json:"image"`
	Path  string `json:"path"`
	Why   string `json:"why,omitempty"`
}

func (ImageUnattributed) Kind() Kind { return "image.unattributed@1" }

// ImageBinary is how a program or library was built.
type ImageBinary struct {
	Found
	Arch     string `json:"arch"`
	NX       bool   `json:"nx"`
	PIE      bool   `json:"pie"`
	RELRO    string `json:"relro"` // none, partial, full
	Canary   bool   `json:"canary"`
	Fortify  bool   `json:"fortify"`
	Stripped bool   `json:"stripped"`
	SetUID   bool   `json:"setuid"`
	// Own says that no known component brings it: the maker built it.
	Own bool `json:"own"`
}

func (ImageBinary) Kind() Kind { return "image.binary@1" }

// ImageGuard is what protects an image or a part of it: a signature,
// encryption, a checksum.
type ImageGuard struct {
	Found
	Type   string `json:"type"` // signature, encryption, checksum
	Scheme string `json:"scheme,omitempty"`
	State  string `json:"state"` // good, bad, present
	Note   string `json:"note,omitempty"`
}

func (ImageGuard) Kind() Kind { return "image.guard@1" }

// ImageUpdate is an update mechanism that an image holds.
type ImageUpdate struct {
	Found
	Mechanism string `json:"mechanism"`          // swupdate, rauc, mender, opkg, script …
	Scheme    string `json:"scheme,omitempty"`   // of the address that it fetches from
	Signature string `json:"signature"`          // checked, disabled, not-seen
	Rollback  string `json:"rollback,omitempty"` // checked, not-seen
	Text      string `json:"text,omitempty"`
}

func (ImageUpdate) Kind() Kind { return "image.update@1" }

// ImageMarker is a value that was put into a unit before its flash was read
// out, and that stands in the dump.
type ImageMarker struct {
	Found
	Name     string `json:"name"`     // of the marker, as the tester called it
	Encoding string `json:"encoding"` // plain, base64, hex, utf-16
}

func (ImageMarker) Kind() Kind { return "image.marker@1" }

// CompanionApp is a mobile application's package.
type CompanionApp struct {
	Image       string   `json:"image"`
	Component   string   `json:"component,omitempty"`
	Package     string   `json:"package"`
	Version     string   `json:"version,omitempty"`
	MinSDK      int      `json:"min_sdk,omitempty"`
	TargetSDK   int      `json:"target_sdk,omitempty"`
	Debuggable  bool     `json:"debuggable,omitempty"`
	Backup      bool     `json:"backup,omitempty"`
	Cleartext   bool     `json:"cleartext,omitempty"`   // cleartext traffic is allowed, for every host
	ClearHosts  []string `json:"clear_hosts,omitempty"` // or for these
	UserCAs     bool     `json:"user_cas,omitempty"`    // certificates that the user added are trusted, for every host
	UserHosts   []string `json:"user_hosts,omitempty"`  // or for these
	Unsettled   bool     `json:"unsettled,omitempty"`   // its network security configuration was not found
	Signature   string   `json:"signature,omitempty"`   // the schemes: v1, v2, v3
	Signer      string   `json:"signer,omitempty"`      // subject of the first certificate
	DebugSigned bool     `json:"debug_signed,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	Exported    []string `json:"exported,omitempty"`  // parts that others may call without a permission
	Providers   []string `json:"providers,omitempty"` // those of them that give data out
	Links       []string `json:"links,omitempty"`     // addresses that open it
	WebView     []string `json:"web_view,omitempty"`  // methods of web views that its code names
}

func (CompanionApp) Kind() Kind { return "app@1" }
