package cli

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/evidence"
	"assay/internal/sandbox"
	"assay/internal/untrusted"
)

func (a *app) firmwareCommand() *cobra.Command {
	files := false
	c := a.command("firmware IMAGE", "firmware", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.firmware(c.Context(), args[0], files)
	})
	c.Flags().BoolVar(&files, "files", false, a.t("flag.files"))
	return c
}

// firmwareDoc is the `firmware` document.
type firmwareDoc struct {
	Schema       string             `json:"schema"`
	Image        firmwareImage      `json:"image"`
	Parts        []firmware.Part    `json:"parts"`             // what stands where in the image
	Files        int                `json:"files"`             // regular files in all file systems that were read
	Entries      []firmware.Entry   `json:"entries,omitempty"` // with --files only
	Version      string             `json:"version,omitempty"` // of the firmware, as read from the image
	Secrets      []firmwareSecret   `json:"secrets"`
	Hosts        []firmwareHost     `json:"hosts"` // that a program of the image would contact
	Certificates []firmwareCert     `json:"certificates"`
	Weaknesses   []firmwareWeakness `json:"weaknesses"`
	Startup      []firmwareStart    `json:"startup"`    // what runs at boot and is no weakness by itself
	Incomplete   []firmwareGap      `json:"incomplete"` // what was not read
	// NotCollected names lists that this version doesn't fill. They are
	// absent, and their absence says nothing about the image.
	NotCollected []string      `json:"not_collected"`
	Stats        firmwareStats `json:"stats"`
	Errors       []jsonError   `json:"errors"`
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

// firmwareSecret is one secret; its value stays in the image.
type firmwareSecret struct {
	Kind        string `json:"kind"`
	Path        string `json:"path"`   // absolute in its file system
	Offset      int64  `json:"offset"` // in that file
	Line        int    `json:"line,omitempty"`
	User        string `json:"user,omitempty"`   // whose it is
	Scheme      string `json:"scheme,omitempty"` // how a password is hashed
	Verified    bool   `json:"verified"`         // a hash whose clear value was found, or a key that parses
	Redacted    string `json:"redacted"`
	Fingerprint string `json:"fingerprint"` // of a key: SHA-256 of its public half; else an HMAC under a key of this call
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
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Line   int    `json:"line,omitempty"`
	Usage  string `json:"usage"`            // config, script, program
	Scheme string `json:"scheme,omitempty"` // of the URL
	Port   int    `json:"port,omitempty"`
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
	Kind string `json:"kind"` // service, serial-login, process
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text"` // the line
}

// firmwareGap is a piece that was not read.
type firmwareGap struct {
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Why    string `json:"why"` // parts-not-read, limit, broken, parser-killed
	Detail string `json:"detail,omitempty"`
}

// firmwareStats is what the reading cost.
type firmwareStats struct {
	Seconds   float64  `json:"seconds"`
	PeakBytes int64    `json:"peak_bytes"` // memory of the confined reader
	BytesRead int64    `json:"bytes_read"`
	Confined  []string `json:"confined"` // how the reader was confined
}

// firmware reads one image by itself.
func (a *app) firmware(ctx context.Context, path string, files bool) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	start := a.now()
	f, err := firmware.Local(path)
	if err != nil {
		return &exitError{code: exitUse, err: err, where: path}
	}
	defer f.Close() // read-only
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return use(err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	d := &firmwareDoc{Schema: "assay/firmware@1", Image: firmwareImage{Path: path, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))},
		Parts: []firmware.Part{}, Secrets: []firmwareSecret{}, Hosts: []firmwareHost{}, Certificates: []firmwareCert{},
		Weaknesses: []firmwareWeakness{}, Startup: []firmwareStart{}, Incomplete: []firmwareGap{}, NotCollected: []string{"components", "binaries"}, Errors: []jsonError{}}
	args, err := json.Marshal(firmware.Options{Now: a.now(), Files: files})
	if err != nil {
		return err
	}
	p := a.progress()
	p.show("progress.image", "image", path)
	hosts := make(map[string]int)
	res, err := runner()(ctx, sandbox.Job{Parser: firmware.ParserName, Input: f, Args: args}, func(raw json.RawMessage) error {
		var r firmware.Record
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		d.take(r, key, hosts)
		return nil
	})
	p.done()
	var failed *sandbox.Error
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	if failed != nil {
		d.Incomplete = append(d.Incomplete, firmwareGap{Why: "parser-killed", Detail: failed.Error()})
		d.Errors = append(d.Errors, jsonError{Code: codeParser, Exit: exitUndecided, Message: failed.Error(), Where: path})
	}
	d.Stats = firmwareStats{Seconds: a.now().Sub(start).Seconds(), PeakBytes: res.PeakBytes, BytesRead: size, Confined: filled(res.Confinement)}
	switch {
	case len(d.Secrets)+len(d.Weaknesses) > 0:
		a.code = exitFailed
	case len(d.Incomplete) > 0 || !d.Image.Analysable:
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(d)
		return nil
	}
	a.firmwareText(d)
	return nil
}

func (d *firmwareDoc) take(r firmware.Record, key []byte, hosts map[string]int) {
	switch {
	case r.Image != nil:
		d.Image.Status, d.Image.Reason, d.Image.Entropy = r.Image.Status, r.Image.Reason, r.Image.Entropy
		d.Image.Analysable = r.Image.Status == "readable"
	case r.Part != nil:
		d.Parts = append(d.Parts, *r.Part)
	case r.Entry != nil:
		d.Entries = append(d.Entries, *r.Entry)
	case r.Version != nil && d.Version == "":
		d.Version = r.Version.Value
	case r.Secret != nil:
		h := r.Secret
		s := firmwareSecret{Kind: string(h.Kind), Path: h.Path, Offset: h.Offset, Line: h.Line, User: h.User, Scheme: h.Scheme,
			Redacted: evidence.Redact([]byte(h.Value)), Fingerprint: h.SPKI, Detail: h.Note, Verified: h.SPKI != ""}
		if s.Fingerprint == "" {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(h.Value))
			s.Fingerprint = hex.EncodeToString(m.Sum(nil)[:16])
		}
		if h.Kind == "password-hash" {
			_, s.Verified = firmware.WellKnownPassword(h.Value)
		}
		if h.Kind == "uid0-account" || h.Kind == "empty-password" || h.Kind == "ssh-authorized-key" {
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: s.Kind, Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: h.User})
			return
		}
		d.Secrets = append(d.Secrets, s)
	case r.Host != nil:
		h := r.Host
		if !h.Class.Contacted() {
			return
		}
		i, ok := hosts[h.Host]
		if !ok {
			kind := "dns"
			if h.IP {
				kind = "ip"
			}
			i = len(d.Hosts)
			hosts[h.Host] = i
			d.Hosts = append(d.Hosts, firmwareHost{Value: h.Host, Kind: kind})
		}
		d.Hosts[i].Where = append(d.Hosts[i].Where, firmwareWhere{Path: h.Path, Offset: h.Offset, Line: h.Line, Usage: string(h.Class), Scheme: h.Scheme, Port: h.Port})
	case r.Cert != nil:
		c := firmwareCert{Path: r.Cert.Path, Subject: r.Cert.Subject, NotAfter: r.Cert.NotAfter, Key: fmt.Sprintf("%s %d", r.Cert.Algorithm, r.Cert.Bits),
			Signature: r.Cert.Signature, Problems: []string{}}
		for _, p := range r.Cert.Problems {
			c.Problems = append(c.Problems, string(p))
		}
		d.Certificates = append(d.Certificates, c)
	case r.Start != nil:
		s := r.Start
		switch s.Kind {
		case "service", "serial-login", "process":
			d.Startup = append(d.Startup, firmwareStart{Kind: string(s.Kind), Path: s.Path, Line: s.Line, Text: s.Text})
		default:
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: string(s.Kind), Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: s.Text})
		}
	case r.Mode != nil:
		d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: r.Mode.Kind, Path: r.Mode.Path, Detail: fmt.Sprintf("%04o", r.Mode.Mode)})
	case r.Gap != nil:
		d.Incomplete = append(d.Incomplete, firmwareGap{Path: r.Gap.Path, Offset: r.Gap.Offset, Why: r.Gap.Why, Detail: r.Gap.Detail})
	case r.Done != nil:
		d.Files = r.Done.Files
	}
}

func (a *app) firmwareText(d *firmwareDoc) {
	safe := func(s string) string { return untrusted.From(s, 200).Terminal() }
	fmt.Fprintln(a.Out, a.t("ui.firmware-image", "path", safe(d.Image.Path), "size", fmt.Sprint(d.Image.Size), "sha256", d.Image.SHA256, "entropy", fmt.Sprintf("%.2f", d.Image.Entropy)))
	if !d.Image.Analysable {
		fmt.Fprintln(a.Out, a.t("ui.firmware-not-analysable", "reason", safe(d.Image.Reason)))
	}
	for _, p := range d.Parts {
		read := a.t("ui.not-read")
		if p.Read {
			read = a.t("ui.read")
		}
		fmt.Fprintf(a.Out, "  %10d %10d %-14s %s  %s %s\n", p.Offset, p.Size, safe(p.Format), read, safe(p.Path), safe(p.Note))
	}
	fmt.Fprintln(a.Out, a.t("ui.firmware-counts", "files", fmt.Sprint(d.Files), "secrets", fmt.Sprint(len(d.Secrets)), "hosts", fmt.Sprint(len(d.Hosts)), "weaknesses", fmt.Sprint(len(d.Weaknesses))))
	for _, s := range d.Secrets {
		fmt.Fprintf(a.Out, "  %-22s %s  %s %s\n", a.t("secret."+s.Kind), place(safe(s.Path), s.Offset, s.Line), safe(s.User), s.Redacted)
	}
	for _, w := range d.Weaknesses {
		fmt.Fprintf(a.Out, "  %-22s %s  %s\n", w.Kind, place(safe(w.Path), w.Offset, w.Line), safe(w.Detail))
	}
	for _, h := range d.Hosts {
		fmt.Fprintf(a.Out, "  %-40s %s (+%d)\n", safe(h.Value), place(safe(h.Where[0].Path), h.Where[0].Offset, h.Where[0].Line), len(h.Where)-1)
	}
	for _, g := range d.Incomplete {
		fmt.Fprintln(a.Out, a.t("ui.firmware-gap", "why", a.t("cut."+g.Why), "where", place(safe(g.Path), g.Offset, 0), "detail", safe(g.Detail)))
	}
}

func place(path string, offset int64, line int) string {
	if line > 0 {
		return fmt.Sprintf("%s:%d", path, line)
	}
	return fmt.Sprintf("%s@%d", path, offset)
}
