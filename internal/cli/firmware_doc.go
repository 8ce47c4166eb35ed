package cli

import (
	"time"

	"assay/internal/collect/firmware"
)

// firmwareDoc is the `firmware` document.
type firmwareDoc struct {
	Schema       string              `json:"schema"`
	Image        firmwareImage       `json:"image"`
	Parts        []firmwarePart      `json:"parts"`             // what stands where in the image
	Volumes      []firmwareVolume    `json:"volumes"`           // the trees of files in it
	Files        int                 `json:"files"`             // regular files in all trees that were read
	Entries      []firmware.Entry    `json:"entries,omitempty"` // with --files only
	more         int                 // names that Entries lacks
	Version      string              `json:"version,omitempty"` // of the firmware, as read from the image
	Systems      []firmwareSystem    `json:"systems"`           // what it is: operating systems, boot loaders, firmware and apps that name themselves
	Components   []firmwareComponent `json:"components"`        // software, also of unknown version
	Unattributed []firmwareUnknown   `json:"unattributed"`      // programs and libraries that belong to no known component
	Secrets      []firmwareSecret    `json:"secrets"`
	Hosts        []firmwareHost      `json:"hosts"`     // that a program of the image would contact
	Mentioned    []firmwareHost      `json:"mentioned"` // hosts that only stand there: name spaces, manuals, certificates
	Certificates []firmwareCert      `json:"certificates"`
	Binaries     []firmwareBinary    `json:"binaries"`
	Weaknesses   []firmwareWeakness  `json:"weaknesses"`
	Startup      []firmwareStart     `json:"startup"`    // what runs at boot and is no weakness by itself
	NoInit       bool                `json:"no_init"`    // nothing in it says what is started: an empty startup is no answer
	Updates      []firmwareUpdate    `json:"updates"`    // how the device is renewed
	Apps         []firmwareApp       `json:"apps"`       // packages of mobile applications
	Markers      []firmwareMarker    `json:"markers"`    // of --markers, found in clear
	Sought       []firmwareSought    `json:"sought"`     // the markers of --markers by name, also those that weren't found
	Incomplete   []firmwareGap       `json:"incomplete"` // what was not read
	Stats        firmwareStats       `json:"stats"`
	Errors       []jsonError         `json:"errors"`
}

// firmwareImage is the image as a whole.
type firmwareImage struct {
	Path       string  `json:"path"`             // as it was given
	Size       int64   `json:"size"`             // bytes
	SHA256     string  `json:"sha256,omitempty"` // absent where the file changed while it was read
	Status     string  `json:"status"`           // readable, unread, encrypted, unknown, erased; empty where the reader ended early
	Reason     string  `json:"reason,omitempty"` // of the status
	Analysable bool    `json:"analysable"`       // something in it could be read
	Entropy    float64 `json:"entropy"`          // bits a byte, 0 to 8, over the whole image
}

// firmwarePart is a range of the image, or of what is decoded in it.
type firmwarePart struct {
	Offset  int64            `json:"offset"`
	Size    int64            `json:"size"` // 0: the format doesn't say
	Format  string           `json:"format"`
	Path    string           `json:"path,omitempty"` // its name: of a file, or a chain of names with ":"
	Decoded bool             `json:"decoded"`        // the offset counts in a decoded layer, not in the image
	Name    string           `json:"name,omitempty"` // that a header gives it
	Note    string           `json:"note,omitempty"`
	Entropy float64          `json:"entropy"`
	Read    bool             `json:"read"`
	Guards  []firmwareGuard  `json:"guards"`
	Systems []firmwareSystem `json:"systems"`
}

// firmwareGuard is a signature, encryption or a checksum of a part.
type firmwareGuard struct {
	Kind   string `json:"kind"`             // signature, encryption, checksum
	Scheme string `json:"scheme,omitempty"` // the algorithm
	State  string `json:"state"`            // good, bad, present
	Note   string `json:"note,omitempty"`
}

// firmwareSystem is a name and a version that a header or banner states.
type firmwareSystem struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Type    string `json:"type,omitempty"` // in the words of CycloneDX; not of a part
	Path    string `json:"path,omitempty"` // that names it; not of a part
	Offset  int64  `json:"offset,omitempty"`
}

// firmwareVolume is a tree of files.
type firmwareVolume struct {
	Name   string `json:"name"` // what stands before its paths; empty for the root file system
	Format string `json:"format"`
	Offset int64  `json:"offset"`
	Files  int    `json:"files"`
	Names  int    `json:"names"`
	Bytes  int64  `json:"bytes"`
	Note   string `json:"note,omitempty"` // what is odd in it and loses nothing: symbolic links in a circle
}

// firmwareComponent is a piece of software.
type firmwareComponent struct {
	Name       string             `json:"name"`
	Version    string             `json:"version"`         // empty: seen, version unknown
	Range      string             `json:"range,omitempty"` // what is known where the version isn't
	Full       string             `json:"full,omitempty"`  // as a package database has it
	Type       string             `json:"type"`            // in the words of CycloneDX
	PURL       string             `json:"purl"`
	CPE        string             `json:"cpe"`
	Licence    string             `json:"licence,omitempty"`
	Confidence string             `json:"confidence"`         // high, medium, low
	DataOnly   bool               `json:"data_only"`          // holds no code
	Conflict   string             `json:"conflict,omitempty"` // what speaks against the version
	Evidence   []firmwareEvidence `json:"evidence"`
	More       int                `json:"more,omitempty"` // places beyond those that are listed
}

// firmwareEvidence is a place that names a component.
type firmwareEvidence struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Text   string `json:"text"`
	Rule   string `json:"rule"`
	Source string `json:"source"` // text, file-name, symbols, dpkg …
}

// firmwareUnknown is an ELF file that belongs to no known component.
type firmwareUnknown struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// firmwareSecret is one secret; its value stays in the image.
type firmwareSecret struct {
	Kind        string `json:"kind"`
	Path        string `json:"path"`   // absolute in its file system
	Offset      int64  `json:"offset"` // in that file
	Line        int    `json:"line,omitempty"`
	User        string `json:"user,omitempty"`   // whose it is
	Scheme      string `json:"scheme,omitempty"` // how a password is hashed, what a password opens
	Key         string `json:"key,omitempty"`    // algorithm and bits of a key
	Verified    bool   `json:"verified"`         // a hash whose clear value was found, or a key that parses
	Redacted    string `json:"redacted"`
	Fingerprint string `json:"fingerprint"`     // of a key: SHA-256 of its public half; else an HMAC under a key of this call
	Known       string `json:"known,omitempty"` // where this very key or token is published
	Used        string `json:"used,omitempty"`  // a certificate or public key of the image that a private key belongs to
	Detail      string `json:"detail,omitempty"`
}

// firmwareHost is one host and the places that name it.
type firmwareHost struct {
	Value    string          `json:"value"`
	Kind     string          `json:"kind"`     // dns, ip
	Declared *bool           `json:"declared"` // null: an image alone comes without a model that could declare it
	Where    []firmwareWhere `json:"where"`
}

// firmwareWhere is one place that names a host.
type firmwareWhere struct {
	Path     string `json:"path"`
	Offset   int64  `json:"offset"`
	Line     int    `json:"line,omitempty"`
	Usage    string `json:"usage"`              // config, script, web, binary, history; of mentioned ones documentation, namespace, comment, certificate
	Evidence string `json:"evidence,omitempty"` // what shows that it is contacted
	Scheme   string `json:"scheme,omitempty"`   // of the URL
	Port     int    `json:"port,omitempty"`
}

// firmwareCert is one certificate.
type firmwareCert struct {
	Path      string    `json:"path"`
	Subject   string    `json:"subject"`
	NotAfter  time.Time `json:"not_after"`
	Key       string    `json:"key"` // algorithm and bits
	Signature string    `json:"signature"`
	Problems  []string  `json:"problems"`
}

// firmwareBinary is how an ELF file was built.
type firmwareBinary struct {
	Path     string `json:"path"`
	Arch     string `json:"arch"`
	Type     string `json:"type"` // executable, shared, object
	NX       bool   `json:"nx"`
	PIE      bool   `json:"pie"`
	RELRO    string `json:"relro"` // none, partial, full; empty for objects
	Canary   bool   `json:"canary"`
	Fortify  bool   `json:"fortify"`
	Stripped bool   `json:"stripped"`
	SetUID   bool   `json:"setuid"`
	RPath    string `json:"rpath,omitempty"`
	Own      bool   `json:"own"` // it belongs to no component that others publish
}

// firmwareWeakness is something that should not be in an image and is no
// secret.
type firmwareWeakness struct {
	Kind   string `json:"kind"`
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Line   int    `json:"line,omitempty"`
	Detail string `json:"detail,omitempty"` // a user, a line, a mode in octal
}

// firmwareStart is something that runs at boot.
type firmwareStart struct {
	Kind    string   `json:"kind"` // service, serial-login, process
	Path    string   `json:"path"`
	Line    int      `json:"line,omitempty"`
	Text    string   `json:"text"` // the line
	Program string   `json:"program,omitempty"`
	Args    []string `json:"args"`
	By      string   `json:"by,omitempty"` // inittab, init.d, systemd …
	Listens bool     `json:"listens"`
	Port    int      `json:"port,omitempty"`
	Address string   `json:"address,omitempty"` // that it listens at, where the line names one
	Login   string   `json:"login,omitempty"`   // of a service, whether it asks for an account: yes, no; empty: not known
	Boot    string   `json:"boot,omitempty"`    // yes, no; empty: not known
}

// firmwareUpdate is how the device is renewed.
type firmwareUpdate struct {
	Mechanism string `json:"mechanism"`
	Path      string `json:"path"`
	Line      int    `json:"line,omitempty"`
	Scheme    string `json:"scheme,omitempty"`
	Signature string `json:"signature"` // checked, not-seen, disabled
	Rollback  string `json:"rollback"`  // checked, not-seen
	Text      string `json:"text,omitempty"`
}

// firmwareMarker is a marker that stands in the image.
type firmwareMarker struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding"` // plain, base64, hex, utf-16
	Path     string `json:"path"`
	Offset   int64  `json:"offset"`
	Line     int    `json:"line,omitempty"`
}

// firmwareSought is a marker that was looked for; its value stands nowhere.
type firmwareSought struct {
	Name  string `json:"name"`
	Found bool   `json:"found"` // it stands in clear somewhere; false shows nothing by itself
}

// firmwareGap is a piece that was not read.
type firmwareGap struct {
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Why    string `json:"why"` // parts-not-read, not-analysable, limit, broken, changed, parser-killed
	Detail string `json:"detail,omitempty"`
	// Key names the sentence of detail, where it is one of those that are known:
	// said.loop, said.unexpected-eof.
	Key string `json:"key,omitempty"`
}

// firmwareStats is what the reading cost.
type firmwareStats struct {
	Seconds   float64  `json:"seconds"`
	PeakBytes int64    `json:"peak_bytes"` // memory of the confined reader
	BytesRead int64    `json:"bytes_read"`
	Confined  []string `json:"confined"` // how the reader was confined
}
