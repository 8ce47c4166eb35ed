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
}

func (ImageSecret) Kind() Kind { return "image.secret@1" }

// ImageHost is a host that an image names where a program would use it.
type ImageHost struct {
	Found
	Host   string `json:"host"`
	Scheme string `json:"scheme,omitempty"`
	Port   uint16 `json:"port,omitempty"`
	Usage  string `json:"usage"` // config, script, web, program, document
	Text   string `json:"text,omitempty"`
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
