package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

// ParserName is the name under which the child process knows Parse.
const ParserName = "firmware"

// Parse is Analyse as a sandbox.Parser; its arguments are Options.
func Parse(ctx context.Context, in *os.File, raw json.RawMessage, emit func(any) error) error {
	var opt Options
	if err := json.Unmarshal(raw, &opt); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return Analyse(ctx, in, info.Size(), opt, func(r Record) error { return emit(r) })
}

// Collector reads the firmware images that a workspace declares.
type Collector struct {
	Product *product.Product
	Dir     string         // the workspace
	Run     sandbox.Runner // how hostile bytes are parsed
	Options Options
	// Passwords tells the clear value of a password hash, where it is a
	// well-known one.
	Passwords func(hash string) (string, bool)
}

var _ fact.Collector = (*Collector)(nil)

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "firmware", Version: "1", Writes: []fact.Kind{
		fact.Firmware{}.Kind(), fact.Part{}.Kind(), fact.ImageSecret{}.Kind(), fact.ImageHost{}.Kind(),
		fact.ImageStart{}.Kind(), fact.ImageWeakness{}.Kind(), fact.ImageCheck{}.Kind(),
	}}
}

// Collect implements fact.Collector.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	for _, k := range c.Product.Components {
		if k.Firmware == nil || k.Firmware.File == "" {
			continue
		}
		err := sink.Unit(ctx, fact.Unit{Name: "image " + k.Firmware.File}, func(ctx context.Context, r fact.Recorder) error {
			sink.Progress("progress.image", "image", k.Firmware.File)
			return c.image(ctx, r, k)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Collector) image(ctx context.Context, r fact.Recorder, k product.Component) error {
	name := k.Firmware.File
	o := r.Observe(fact.Observation{Vantage: fact.Image, Method: fact.Examine})
	ref, err := r.File(name, "firmware")
	if err != nil {
		return c.missing(r, o, name, err)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer root.Close()                                                               // read-only
	f, err := root.OpenFile(filepath.Clean(name), os.O_RDONLY|syscall.O_NONBLOCK, 0) // r.File has refused pipes; it may have changed since
	if err != nil {
		return c.missing(r, o, name, err)
	}
	defer f.Close() // read-only
	args, err := json.Marshal(c.Options)
	if err != nil {
		return err
	}
	w := &writer{c: c, r: r, o: o, ref: ref, image: name}
	w.fact = fact.Firmware{Image: name, Component: k.ID, SHA256: ref.SHA256}
	res, err := c.Run(ctx, sandbox.Job{Parser: ParserName, Input: f, Args: args}, w.take)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed *sandbox.Error
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	if w.err != nil {
		return w.err
	}
	return w.finish(res, failed)
}

// missing notes an image that isn't there: the run goes on.
func (c *Collector) missing(r fact.Recorder, o fact.Observation, name string, cause error) error {
	return r.Record(o, name, fact.Scope{What: fact.ScopeImageFiles, Of: name, Cut: "cut.missing-file", Note: cause.Error()})
}

// writer turns the records of one image into facts.
type writer struct {
	c     *Collector
	r     fact.Recorder
	o     fact.Observation
	ref   fact.Ref
	image string
	fact  fact.Firmware
	parts []fact.Part
	cut   string // key of the first reason why it isn't the whole
	note  []string
	done  bool
	err   error
	kept  map[string]int // facts by kind, to bound what one image writes
}

// most bounds the facts of one kind that one image may write; what is beyond
// is counted, and the search is cut.
const most = 5000

func (w *writer) take(raw json.RawMessage) error {
	var rec Record
	if err := json.Unmarshal(raw, &rec); err != nil {
		return fmt.Errorf("record of the parser: %w", err)
	}
	w.err = w.record(rec)
	return w.err
}

func (w *writer) record(rec Record) error {
	switch {
	case rec.Image != nil:
		w.fact.Size, w.fact.Entropy = rec.Image.Size, rec.Image.Entropy
		w.fact.Analysable = rec.Image.Status == "readable"
		if !w.fact.Analysable {
			w.fact.Why = "cut.not-analysable"
			w.gap("cut.not-analysable", rec.Image.Reason)
		}
	case rec.Part != nil:
		p := rec.Part
		return w.put("part", p.Path, fact.Part{Image: w.image, Path: p.Path, Offset: p.Offset, Size: p.Size, Format: p.Format,
			Read: p.Read, Entropy: p.Entropy, Note: clip(p.Note)}, "offset "+strconv.FormatInt(p.Offset, 10), p.Format+" "+p.Note)
	case rec.Secret != nil:
		return w.secret(*rec.Secret)
	case rec.Host != nil:
		h := rec.Host
		if h.Class == "local" {
			return nil
		}
		return w.put("host", h.Path, fact.ImageHost{Found: w.at(h.Path, h.Offset, h.Line), Host: clip(h.Host), Scheme: h.Scheme,
			Port: uint16(h.Port), Usage: usage(string(h.Class)), Text: clip(h.Text)}, place(h.Path, h.Offset, h.Line), h.Text)
	case rec.Start != nil:
		return w.start(*rec.Start)
	case rec.Mode != nil:
		return w.put("mode", rec.Mode.Path, fact.ImageWeakness{Found: w.at(rec.Mode.Path, 0, 0), Type: rec.Mode.Kind,
			Detail: fmt.Sprintf("%04o", rec.Mode.Mode)}, rec.Mode.Path, fmt.Sprintf("mode %04o", rec.Mode.Mode))
	case rec.Cert != nil:
		for _, p := range rec.Cert.Problems {
			err := w.put("cert", rec.Cert.Path, fact.ImageWeakness{Found: w.at(rec.Cert.Path, rec.Cert.Offset, rec.Cert.Line), Type: "certificate-" + string(p),
				Detail: clip(rec.Cert.Subject)}, place(rec.Cert.Path, rec.Cert.Offset, rec.Cert.Line), rec.Cert.Subject)
			if err != nil {
				return err
			}
		}
	case rec.Version != nil:
		if w.fact.Version == "" {
			w.fact.Version = clip(rec.Version.Value)
		}
	case rec.Gap != nil:
		w.gap("cut."+rec.Gap.Why, strings.TrimSpace(rec.Gap.Path+" "+fmt.Sprintf("offset %d: %s", rec.Gap.Offset, rec.Gap.Detail)))
	case rec.Done != nil:
		w.done, w.fact.Files = true, rec.Done.Files
	}
	return nil
}

func (w *writer) gap(key, note string) {
	if w.cut == "" {
		w.cut = key
	}
	if len(w.note) < 8 {
		w.note = append(w.note, clip(note))
	}
}

func (w *writer) at(path string, offset int64, line int) fact.Found {
	return fact.Found{Image: w.image, Path: clip(path), Offset: offset, Line: line}
}

func place(path string, offset int64, line int) string {
	if line > 0 {
		return fmt.Sprintf("%s line %d", path, line)
	}
	return fmt.Sprintf("%s offset %d", path, offset)
}

// put records a fact of the image with its place as locator.
func (w *writer) put(kind, path string, p fact.Payload, locator, excerpt string) error {
	if w.kept == nil {
		w.kept = make(map[string]int)
	}
	w.kept[kind]++
	if w.kept[kind] > most {
		w.gap("cut.limit", fmt.Sprintf("more than %d of kind %s", most, kind))
		return nil
	}
	return w.r.Record(w.o, w.image, p, fact.Ref{SHA256: w.ref.SHA256, Locator: clip(w.image + ":" + locator), Excerpt: clip(excerpt)})
}

func (w *writer) secret(h secret.Hit) error {
	switch h.Kind {
	case secret.UID0Account, secret.EmptyPassword, secret.AuthorizedKey:
		return w.put("weakness", h.Path, fact.ImageWeakness{Found: w.at(h.Path, h.Offset, h.Line), Type: string(h.Kind), Detail: clip(h.User)},
			place(h.Path, h.Offset, h.Line), h.User)
	}
	kind := string(h.Kind)
	if h.Kind == secret.PrivateKey && h.Encrypted {
		kind += "-encrypted"
	}
	value, recovered := h.Value, false
	if h.Kind == secret.PasswordHash && w.c.Passwords != nil {
		if clear, ok := w.c.Passwords(h.Value); ok {
			value, recovered = clear, true
		}
	}
	redacted, hmac, handle, err := w.r.Seal(kind, []byte(value))
	if err != nil {
		return err
	}
	return w.put("secret", h.Path, fact.ImageSecret{Found: w.at(h.Path, h.Offset, h.Line), Type: kind, User: clip(h.User), Scheme: h.Scheme,
		Redacted: redacted, HMAC: hmac, Handle: handle, SPKI: h.SPKI, Recovered: recovered},
		place(h.Path, h.Offset, h.Line), kind+" "+h.User+" "+redacted)
}

func (w *writer) start(s startup.Item) error {
	found, locator := w.at(s.Path, s.Offset, s.Line), place(s.Path, s.Offset, s.Line)
	switch s.Kind {
	case startup.Telnet:
		return w.put("start", s.Path, fact.ImageStart{Found: found, Type: "telnetd", Text: clip(s.Text)}, locator, s.Text)
	case startup.SerialShell:
		return w.put("start", s.Path, fact.ImageStart{Found: found, Type: "shell-without-login", Text: clip(s.Text)}, locator, s.Text)
	case startup.Service, startup.SerialLogin, startup.Process:
		kind := "service"
		if s.Name == "ftpd" || s.Name == "vsftpd" || s.Name == "tftpd" || s.Name == "adbd" || s.Name == "gdbserver" {
			kind = strings.TrimPrefix(s.Name, "vs")
		}
		return w.put("start", s.Path, fact.ImageStart{Found: found, Type: kind, Text: clip(s.Text)}, locator, s.Text)
	}
	kind := string(s.Kind)
	if s.Kind == startup.UpdateUnsigned {
		kind = "update-without-signature"
	}
	return w.put("weakness", s.Path, fact.ImageWeakness{Found: found, Type: kind, Detail: clip(s.Text)}, locator, s.Text)
}

// usage folds the classes of a use into the words of the facts.
func usage(class string) string {
	switch class {
	case "config":
		return "config"
	case "web":
		return "web" // a page may link to what the product never contacts
	case "script":
		return "script"
	case "binary":
		return "program"
	case "history":
		return "program" // somebody typed it once: no proof that the product contacts it
	}
	return "document"
}

// finish records the image as a whole, and what was searched of it.
func (w *writer) finish(res sandbox.Result, failed *sandbox.Error) error {
	if failed != nil {
		w.gap("cut.parser-killed", failed.Error())
	}
	if failed == nil && !w.done {
		w.gap("cut.parser-killed", "the parser ended early")
	}
	if failed != nil && w.fact.Size == 0 {
		w.fact.Why = "cut.parser-killed"
	}
	whole := w.ref
	whole.Excerpt = fmt.Sprintf("%d bytes, %d files, entropy %.2f", w.fact.Size, w.fact.Files, w.fact.Entropy)
	if err := w.r.Record(w.o, w.image, w.fact, whole); err != nil {
		return err
	}
	return w.r.Record(w.o, w.image, fact.Scope{What: fact.ScopeImageFiles, Of: w.image, Count: w.fact.Files, Whole: w.cut == "",
		Cut: w.cut, Note: strings.Join(w.note, "; "), Detail: strings.Join(res.Confinement, ", ")}, w.ref)
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// Local is a sandbox.Runner's input for images that aren't part of a
// workspace: it opens one by path.
func Local(path string) (*os.File, error) {
	// A pipe without a writer must not hang the program: it is opened without
	// waiting, and then refused.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s: give a file", path, kindOfFile(info.Mode()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func kindOfFile(m os.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "device or pipe"
}
