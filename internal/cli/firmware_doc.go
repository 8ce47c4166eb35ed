package cli

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/evidence"
)

// firmwareDoc is the `firmware` document.
type firmwareDoc struct {
	Schema       string              `json:"schema"`
	Image        firmwareImage       `json:"image"`
	Parts        []firmwarePart      `json:"parts"`             // what stands where in the image
	Volumes      []firmwareVolume    `json:"volumes"`           // the trees of files in it
	Files        int                 `json:"files"`             // regular files in all trees that were read
	Entries      []firmware.Entry    `json:"entries,omitempty"` // with --files only
	Version      string              `json:"version,omitempty"` // of the firmware, as read from the image
	Components   []firmwareComponent `json:"components"`        // software, also of unknown version
	Unattributed []firmwareUnknown   `json:"unattributed"`      // programs and libraries that belong to no known component
	Secrets      []firmwareSecret    `json:"secrets"`
	Hosts        []firmwareHost      `json:"hosts"`     // that a program of the image would contact
	Mentioned    []firmwareHost      `json:"mentioned"` // hosts that only stand there: name spaces, manuals, certificates
	Certificates []firmwareCert      `json:"certificates"`
	Binaries     []firmwareBinary    `json:"binaries"`
	Weaknesses   []firmwareWeakness  `json:"weaknesses"`
	Startup      []firmwareStart     `json:"startup"`    // what runs at boot and is no weakness by itself
	Updates      []firmwareUpdate    `json:"updates"`    // how the device is renewed
	Apps         []firmwareApp       `json:"apps"`       // packages of mobile applications
	Markers      []firmwareMarker    `json:"markers"`    // of --markers, found in clear
	Incomplete   []firmwareGap       `json:"incomplete"` // what was not read
	Stats        firmwareStats       `json:"stats"`
	Errors       []jsonError         `json:"errors"`
}

// firmwareImage is the image as a whole.
type firmwareImage struct {
	Path       string  `json:"path"` // as it was given
	Size       int64   `json:"size"` // bytes
	SHA256     string  `json:"sha256"`
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
}

// firmwareVolume is a tree of files.
type firmwareVolume struct {
	Name   string `json:"name"` // what stands before its paths; empty for the root file system
	Format string `json:"format"`
	Offset int64  `json:"offset"`
	Files  int    `json:"files"`
	Names  int    `json:"names"`
	Bytes  int64  `json:"bytes"`
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
	Boot    string   `json:"boot,omitempty"` // yes, no; empty: not known
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

// firmwareGap is a piece that was not read.
type firmwareGap struct {
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Why    string `json:"why"` // parts-not-read, not-analysable, limit, broken, parser-killed
	Detail string `json:"detail,omitempty"`
}

// firmwareStats is what the reading cost.
type firmwareStats struct {
	Seconds   float64  `json:"seconds"`
	PeakBytes int64    `json:"peak_bytes"` // memory of the confined reader
	BytesRead int64    `json:"bytes_read"`
	Confined  []string `json:"confined"` // how the reader was confined
}

// fill takes everything of a result; key is for fingerprints of secrets.
func (d *firmwareDoc) fill(r *firmware.Result, key []byte) {
	if img := r.Image; img != nil {
		d.Image.Status, d.Image.Reason, d.Image.Entropy = string(img.Status), img.Reason, img.Entropy
		d.Image.Analysable = img.Status == unpack.Readable
	}
	if r.Version != nil {
		d.Version = r.Version.Value
	}
	if r.Done != nil {
		d.Files = r.Done.Files
	}
	d.Entries = r.Entries
	for _, p := range r.Parts {
		d.Parts = append(d.Parts, partOf(p))
	}
	for _, v := range r.Volumes {
		d.Volumes = append(d.Volumes, firmwareVolume{Name: v.Within, Format: v.Format, Offset: v.Offset, Files: v.Files, Names: v.Names, Bytes: v.Bytes})
	}
	for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
		d.Components = append(d.Components, componentOf(c))
	}
	for _, u := range r.Software.Unattributed {
		d.Unattributed = append(d.Unattributed, firmwareUnknown{Path: u.Path, Why: u.Why})
	}
	d.secrets(r, key)
	d.hosts(r)
	for _, c := range r.Certs {
		x := firmwareCert{Path: c.Path, Subject: c.Subject, NotAfter: c.NotAfter, Key: fmt.Sprintf("%s %d", c.Algorithm, c.Bits), Signature: c.Signature, Problems: []string{}}
		for _, p := range c.Problems {
			x.Problems = append(x.Problems, string(p))
		}
		d.Certificates = append(d.Certificates, x)
	}
	for _, b := range r.Binaries {
		d.Binaries = append(d.Binaries, firmwareBinary{Path: b.Path, Arch: b.Arch, Type: b.Type, NX: b.NX, PIE: b.PIE, RELRO: b.RELRO, Canary: b.Canary,
			Fortify: b.Fortify, Stripped: b.Stripped, SetUID: b.SetUID, RPath: b.RPath, Own: b.Own})
	}
	d.weaknesses(r)
	d.apps(r)
	for _, u := range r.Updates {
		d.Updates = append(d.Updates, firmwareUpdate{Mechanism: u.Mechanism, Path: u.Path, Line: u.Line, Scheme: u.Scheme, Signature: u.Signature, Rollback: cmp.Or(u.Rollback, "not-seen"), Text: u.Text})
	}
	for _, m := range r.Markers {
		d.Markers = append(d.Markers, firmwareMarker{Name: m.Name, Encoding: m.Encoding, Path: m.Path, Offset: m.Offset, Line: m.Line})
	}
	for _, g := range r.Gaps {
		d.Incomplete = append(d.Incomplete, firmwareGap{Path: g.Path, Offset: g.Offset, Why: g.Why, Detail: g.Detail})
	}
}

func partOf(p unpack.Part) firmwarePart {
	out := firmwarePart{Offset: p.Offset, Size: p.Size, Format: p.Format, Path: p.Path, Decoded: p.Decoded, Name: p.Name, Note: p.Note, Entropy: p.Entropy,
		Read: p.Read, Guards: []firmwareGuard{}, Systems: []firmwareSystem{}}
	for _, g := range p.Guards {
		out.Guards = append(out.Guards, firmwareGuard{Kind: g.Kind, Scheme: g.Scheme, State: g.State, Note: g.Note})
	}
	for _, s := range p.Systems {
		out.Systems = append(out.Systems, firmwareSystem{Name: s.Name, Version: s.Version})
	}
	return out
}

var sure = map[component.Confidence]string{component.Low: "low", component.Medium: "medium", component.High: "high"}

func componentOf(c component.Component) firmwareComponent {
	out := firmwareComponent{Name: c.Name, Version: c.Version, Range: c.Range, Full: c.Full, Type: string(c.Type), PURL: c.PURL, CPE: c.CPE, Licence: c.Licence,
		Confidence: sure[c.Confidence], DataOnly: c.DataOnly, Conflict: c.Conflict, Evidence: []firmwareEvidence{}, More: c.More}
	for _, e := range c.Evidence {
		out.Evidence = append(out.Evidence, firmwareEvidence{Path: e.Path, Offset: e.Offset, Text: e.Text, Rule: e.Rule, Source: string(e.Source)})
	}
	return out
}

func (d *firmwareDoc) secrets(r *firmware.Result, key []byte) {
	for _, h := range r.Secrets {
		s := firmwareSecret{Kind: string(h.Kind), Path: h.Path, Offset: h.Offset, Line: h.Line, User: h.User, Scheme: h.Scheme,
			Redacted: evidence.Redact([]byte(h.Value)), Fingerprint: h.SPKI, Known: h.Known, Used: h.Used, Detail: h.Note, Verified: h.SPKI != ""}
		if s.Fingerprint == "" {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(h.Value))
			s.Fingerprint = hex.EncodeToString(m.Sum(nil)[:16])
		}
		s.Verified = s.Verified || h.Recovered
		switch h.Kind {
		case secret.UID0Account, secret.EmptyPassword, secret.AuthorizedKey:
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: s.Kind, Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: h.User})
		default:
			if h.Kind.Secret() {
				d.Secrets = append(d.Secrets, s)
			}
		}
	}
}

func (d *firmwareDoc) hosts(r *firmware.Result) {
	contacted, mentioned := make(map[string]int), make(map[string]int)
	for _, h := range r.Hosts {
		list, at := &d.Hosts, contacted
		if !h.Class.Contacted() {
			if h.Class == "local" {
				continue
			}
			list, at = &d.Mentioned, mentioned
		}
		i, ok := at[h.Host]
		if !ok {
			kind := "dns"
			if h.IP {
				kind = "ip"
			}
			i = len(*list)
			at[h.Host] = i
			*list = append(*list, firmwareHost{Value: h.Host, Kind: kind})
		}
		(*list)[i].Where = append((*list)[i].Where, firmwareWhere{Path: h.Path, Offset: h.Offset, Line: h.Line, Usage: string(h.Class), Evidence: string(h.Evidence), Scheme: h.Scheme, Port: h.Port})
	}
	for _, l := range [][]firmwareHost{d.Hosts, d.Mentioned} {
		slices.SortFunc(l, func(a, b firmwareHost) int { return strings.Compare(a.Value, b.Value) })
	}
}

func (d *firmwareDoc) weaknesses(r *firmware.Result) {
	for _, s := range r.Starts {
		switch s.Kind {
		case startup.Service, startup.SerialLogin, startup.Process, startup.Console:
			d.Startup = append(d.Startup, firmwareStart{Kind: string(s.Kind), Path: s.Path, Line: s.Line, Text: s.Text, Program: s.Program, Args: filled(s.Args),
				By: s.By, Listens: s.Listens, Port: s.Port, Boot: s.Boot})
		default:
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: string(s.Kind), Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: s.Text})
		}
	}
	for _, w := range r.Weaknesses {
		d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: w.Kind, Path: w.Path, Offset: w.Offset, Line: w.Line, Detail: cmp.Or(w.Text, w.Name)})
	}
	for _, m := range r.Modes {
		d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: m.Kind, Path: m.Path, Detail: fmt.Sprintf("%04o", m.Mode)})
	}
	for _, p := range r.Parts {
		for _, g := range p.Guards {
			if g.State == format.Bad {
				d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: "bad-" + g.Kind, Path: p.Path, Offset: p.Offset, Detail: g.Scheme})
			}
		}
	}
	slices.SortStableFunc(d.Weaknesses, func(a, b firmwareWeakness) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Kind, b.Kind))
	})
}
