package firmware

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/sandbox"
)

// Collector reads the firmware images that a workspace declares.
type Collector struct {
	Product *product.Product
	Dir     string         // the workspace
	Run     sandbox.Runner // how hostile bytes are parsed
	Options Options
}

var _ fact.Collector = (*Collector)(nil)

// Spec implements fact.Collector.
func (c *Collector) Spec() fact.Spec {
	return fact.Spec{Name: "firmware", Version: "2", Writes: []fact.Kind{
		fact.Firmware{}.Kind(), fact.Part{}.Kind(), fact.ImageSecret{}.Kind(), fact.ImageHost{}.Kind(),
		fact.ImageStart{}.Kind(), fact.ImageWeakness{}.Kind(), fact.ImageCheck{}.Kind(), fact.ImageComponent{}.Kind(), fact.ImageUnattributed{}.Kind(),
		fact.ImageBinary{}.Kind(), fact.ImageGuard{}.Kind(), fact.ImageUpdate{}.Kind(), fact.ImageMarker{}.Kind(), fact.CompanionApp{}.Kind(),
	}}
}

// input is one file that is read: a component's firmware or application, or
// the flash of a unit.
type input struct {
	file, component, unit string
	firmware              bool // it is what a component runs
}

// inputs lists the files that the workspace declares, each once.
func (c *Collector) inputs() []input {
	var out []input
	add := func(in input) {
		if in.file != "" && !slices.ContainsFunc(out, func(o input) bool { return o.file == in.file && o.unit == in.unit }) {
			out = append(out, in)
		}
	}
	for _, k := range c.Product.Components {
		if k.Firmware != nil {
			add(input{file: k.Firmware.File, component: k.ID, firmware: true})
		}
		add(input{file: k.Package, component: k.ID})
	}
	for _, u := range c.Product.Units {
		add(input{file: u.Dump, unit: u.ID})
	}
	return out
}

// Collect implements fact.Collector.
func (c *Collector) Collect(ctx context.Context, sink fact.Sink) error {
	for _, in := range c.inputs() {
		err := sink.Unit(ctx, fact.Unit{Name: "image " + in.file}, func(ctx context.Context, r fact.Recorder) error {
			sink.Progress("progress.image", "image", in.file)
			return c.image(ctx, sink, r, in)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Read has an image analysed in the child, and joins what it found; progress
// is called now and then. The error is of the caller's context or sink, or of
// what the child needs to be started; a child that ended early is a gap.
func Read(ctx context.Context, run sandbox.Runner, in *os.File, opt Options, progress func(Progress)) (*Result, sandbox.Result, *sandbox.Error, error) {
	args, err := json.Marshal(opt)
	if err != nil {
		return nil, sandbox.Result{}, nil, err
	}
	g := Gather{Keep: opt.Keep}
	go component.Words() // the rules are read while the child starts
	res, err := run(ctx, sandbox.Job{Parser: ParserName, Input: in, Args: args}, func(raw json.RawMessage) error {
		var rec Record
		if err := json.Unmarshal(raw, &rec); err != nil {
			return fmt.Errorf("record of the parser: %w", err)
		}
		if rec.Progress != nil {
			progress(*rec.Progress)
		} else {
			g.Add(rec)
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil, res, nil, ctx.Err()
	}
	var failed *sandbox.Error
	if err != nil && !errors.As(err, &failed) {
		return nil, res, nil, err
	}
	switch {
	case failed != nil:
		g.Lost(failed.Error())
	case g.r.Done == nil:
		g.Lost("the parser ended early")
	}
	return g.Finish(opt.Now, opt.Guess), res, failed, nil
}

func (c *Collector) image(ctx context.Context, sink fact.Sink, r fact.Recorder, in input) error {
	name := in.file
	o := r.Observe(fact.Observation{Unit: in.unit, Vantage: fact.Image, Method: fact.Examine})
	before := c.state(name)
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
	opt := c.Options
	if in.unit != "" { // markers were put into units, not into what is distributed
		for _, m := range c.Product.Markers {
			opt.Markers = append(slices.Clone(opt.Markers), Marker{Name: m.Name, Value: m.Value})
		}
	}
	got, res, _, err := Read(ctx, c.Run, f, opt, func(p Progress) {
		if p.Files == 0 {
			return // "progress.image" stands there
		}
		sink.Progress("progress.image-file", "image", name, "files", strconv.Itoa(p.Files), "path", p.Path)
	})
	if err != nil {
		return err
	}
	w := &writer{r: r, o: o, ref: ref, image: name, in: in}
	w.fact = fact.Firmware{Image: name, Component: in.component, SHA256: ref.SHA256}
	if after, err := StateOf(f); err != nil || after != before {
		w.gap("cut.changed", Changed)
	}
	if err := w.result(got); err != nil {
		return err
	}
	return w.finish(got, res)
}

// state is that of an image before its hash is taken; the zero one where it
// can't be opened, which is told later.
func (c *Collector) state(name string) State {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return State{}
	}
	defer root.Close() // read-only
	f, err := root.OpenFile(filepath.Clean(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return State{}
	}
	defer f.Close() // read-only
	s, err := StateOf(f)
	if err != nil {
		return State{}
	}
	return s
}

// missing notes an image that isn't there: the run goes on.
func (c *Collector) missing(r fact.Recorder, o fact.Observation, name string, cause error) error {
	return r.Record(o, name, fact.Scope{What: fact.ScopeImageFiles, Of: name, Cut: "cut.missing-file", Note: cause.Error()})
}

// writer turns the result of one image into facts.
type writer struct {
	in    input
	r     fact.Recorder
	o     fact.Observation
	ref   fact.Ref
	image string
	fact  fact.Firmware
	cut   string // key of the first reason why it isn't the whole
	note  []string
	kept  map[string]int // facts by kind, to bound what one image writes
}

// mostFacts bounds the facts of one kind that one image may write; what is
// beyond is counted, and the search is cut.
const mostFacts = 5000

func (w *writer) result(r *Result) error {
	for _, write := range []func(*Result) error{w.parts, w.secrets, w.hosts, w.starts, w.weaknesses, w.updates, w.software, w.binaries, w.apps, w.markers} {
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) parts(r *Result) error {
	for _, p := range r.Parts {
		err := w.put("part", fact.Part{Image: w.image, Path: clip(p.Path), Offset: p.Offset, Size: p.Size, Format: p.Format,
			Read: p.Read, Entropy: p.Entropy, Note: clip(p.Note)}, "offset "+strconv.FormatInt(p.Offset, 10), p.Format+" "+p.Note)
		if err != nil {
			return err
		}
		for _, g := range p.Guards {
			at := fact.Found{Image: w.image, Path: clip(p.Path), Offset: g.Offset}
			if p.Volume < 0 && !p.Decoded && !strings.Contains(p.Path, ":") {
				at.Path = "" // of the image itself
			}
			err := w.put("guard", fact.ImageGuard{Found: at, Type: g.Kind, Scheme: clip(g.Scheme), State: g.State, Note: clip(g.Note)},
				"offset "+strconv.FormatInt(g.Offset, 10), g.Kind+" "+g.Scheme)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) secrets(r *Result) error {
	for _, h := range r.Secrets {
		if !h.Kind.Secret() {
			continue
		}
		if err := w.secret(h); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) secret(h Secret) error {
	found, locator := w.at(h.Path, h.Offset, h.Line), place(h.Path, h.Offset, h.Line)
	switch h.Kind {
	case secret.UID0Account, secret.EmptyPassword, secret.AuthorizedKey:
		return w.put("weakness", fact.ImageWeakness{Found: found, Type: string(h.Kind), Detail: clip(h.User)}, locator, h.User)
	}
	kind := string(h.Kind)
	if h.Kind == secret.PrivateKey && h.Encrypted {
		kind += "-encrypted"
	}
	value := h.Value
	if h.Recovered {
		value = h.Clear
	}
	redacted, hmac, handle, err := w.r.Seal(kind, []byte(value))
	if err != nil {
		return err
	}
	return w.put("secret", fact.ImageSecret{Found: found, Type: kind, User: clip(h.User), Scheme: h.Scheme, Redacted: redacted, HMAC: hmac,
		Handle: handle, SPKI: h.SPKI, Recovered: h.Recovered, Known: clip(h.Known), Used: clip(h.Used)}, locator, kind+" "+h.User+" "+redacted)
}

func (w *writer) hosts(r *Result) error {
	for _, h := range r.Hosts {
		if h.Class == "local" {
			continue
		}
		err := w.put("host", fact.ImageHost{Found: w.at(h.Path, h.Offset, h.Line), Host: clip(h.Host), Scheme: h.Scheme, Port: uint16(h.Port),
			Usage: usage(string(h.Class)), Evidence: clip(string(h.Evidence)), Text: clip(h.Text)}, place(h.Path, h.Offset, h.Line), h.Text)
		if err != nil {
			return err
		}
	}
	return nil
}

// usage folds the classes of a use into the words of the facts.
func usage(class string) string {
	switch class {
	case "config", "script", "web":
		return class // a page may link to what the product never contacts
	case "binary", "history":
		return "program" // somebody typed it once: no proof that the product contacts it
	}
	return "document"
}

func (w *writer) starts(r *Result) error {
	for _, s := range r.Starts {
		if s.Kind == startup.Console || s.Boot == startup.No {
			continue // where the kernel writes to is no way in; what nothing starts doesn't run
		}
		found, locator := w.at(s.Path, s.Offset, s.Line), place(s.Path, s.Offset, s.Line)
		var err error
		switch s.Kind {
		case startup.Telnet:
			err = w.put("start", fact.ImageStart{Found: found, Type: "telnetd", Text: clip(s.Text)}, locator, s.Text)
		case startup.SerialShell:
			err = w.put("start", fact.ImageStart{Found: found, Type: "shell-without-login", Text: clip(s.Text)}, locator, s.Text)
		case startup.Service, startup.SerialLogin, startup.Process:
			kind := "service"
			switch s.Name {
			case "ftpd", "vsftpd", "tftpd", "in.tftpd", "in.ftpd", "adbd", "gdbserver":
				kind = strings.TrimPrefix(strings.TrimPrefix(s.Name, "vs"), "in.")
			}
			err = w.put("start", fact.ImageStart{Found: found, Type: kind, Text: clip(s.Text)}, locator, s.Text)
		default:
			err = w.put("weakness", fact.ImageWeakness{Found: found, Type: string(s.Kind), Detail: clip(s.Text)}, locator, s.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) weaknesses(r *Result) error {
	for _, x := range r.Weaknesses {
		err := w.put("weakness", fact.ImageWeakness{Found: w.at(x.Path, x.Offset, x.Line), Type: x.Kind, Detail: clip(cmp.Or(x.Text, x.Name))},
			place(x.Path, x.Offset, x.Line), cmp.Or(x.Text, x.Name))
		if err != nil {
			return err
		}
	}
	for _, m := range r.Modes {
		err := w.put("mode", fact.ImageWeakness{Found: w.at(m.Path, 0, 0), Type: m.Kind, Detail: fmt.Sprintf("%04o", m.Mode)}, m.Path, fmt.Sprintf("mode %04o", m.Mode))
		if err != nil {
			return err
		}
	}
	for _, c := range r.Certs {
		for _, p := range c.Problems {
			err := w.put("cert", fact.ImageWeakness{Found: w.at(c.Path, c.Offset, c.Line), Type: "certificate-" + string(p), Detail: clip(c.Subject)},
				place(c.Path, c.Offset, c.Line), c.Subject)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) updates(r *Result) error {
	for _, u := range r.Updates {
		found, locator := w.at(u.Path, u.Offset, u.Line), place(u.Path, u.Offset, u.Line)
		err := w.put("update", fact.ImageUpdate{Found: found, Mechanism: u.Mechanism, Scheme: u.Scheme, Signature: u.Signature, Rollback: u.Rollback, Text: clip(u.Text)}, locator, u.Text)
		if err != nil {
			return err
		}
		if u.Signature == system.Checked {
			if err := w.put("check", fact.ImageCheck{Found: found, Type: "signature-check", Text: clip(u.Text)}, locator, u.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

var confidence = map[component.Confidence]string{component.Low: "low", component.Medium: "medium", component.High: "high"}

func (w *writer) software(r *Result) error {
	for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
		f := fact.ImageComponent{Image: w.image, Name: clip(c.Name), Version: clip(cmp.Or(c.Full, c.Version)), Upstream: clip(c.Version), Type: string(c.Type), PURL: clip(c.PURL),
			CPE: clip(c.CPE), Confidence: confidence[c.Confidence], Places: len(c.Evidence) + c.More}
		locator := ""
		if len(c.Evidence) > 0 {
			e := c.Evidence[0]
			f.How, f.Path, f.Offset, f.Text = cmp.Or(e.Rule, string(e.Source)), clip(e.Path), e.Offset, clip(e.Text)
			locator = place(e.Path, e.Offset, 0)
		}
		if err := w.put("component", f, locator, f.Text); err != nil {
			return err
		}
	}
	for _, u := range r.Software.Unattributed {
		if err := w.put("unattributed", fact.ImageUnattributed{Image: w.image, Path: clip(u.Path), Why: clip(u.Why)}, u.Path, u.Why); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) binaries(r *Result) error {
	for _, b := range r.Binaries {
		err := w.put("binary", fact.ImageBinary{Found: w.at(b.Path, 0, 0), Arch: b.Arch, NX: b.NX, PIE: b.PIE, RELRO: b.RELRO, Canary: b.Canary,
			Fortify: b.Fortify, Stripped: b.Stripped, SetUID: b.SetUID, Own: b.Own}, b.Path, "")
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) apps(r *Result) error {
	for _, a := range r.Apps {
		f := fact.CompanionApp{Image: w.image, Component: w.in.component, Package: clip(a.Package), Version: clip(a.Version), MinSDK: a.MinSDK, TargetSDK: a.TargetSDK,
			Debuggable: a.Debuggable || a.TestOnly, DebugSigned: a.DebugSigned, Backup: a.BacksUp(), Cleartext: a.ClearToAll(), Signature: strings.Join(a.Schemes, ", "), UserCAs: a.TrustsAdded(), Unsettled: a.Unsettled}
		if n := a.Network; n != nil {
			for _, h := range n.UserHosts {
				f.UserHosts = append(f.UserHosts, clip(h))
			}
			for _, h := range n.Cleartext {
				if h != "*" {
					f.ClearHosts = append(f.ClearHosts, clip(h))
				}
			}
		}
		if len(a.Signers) > 0 {
			f.Signer = clip(a.Signers[0].Subject)
		}
		for _, p := range a.Exported {
			if p.Permission != "" {
				continue
			}
			f.Exported = append(f.Exported, clip(p.Name))
			if p.Kind == "provider" {
				f.Providers = append(f.Providers, clip(p.Name))
			}
		}
		for _, p := range a.Permissions {
			f.Permissions = append(f.Permissions, clip(p))
		}
		for _, l := range a.Links {
			f.Links = append(f.Links, clip(l))
		}
		f.WebView = a.WebView
		if err := w.put("app", f, cmp.Or(a.Manifest, a.Path), a.Package); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) markers(r *Result) error {
	for _, m := range r.Markers {
		err := w.put("marker", fact.ImageMarker{Found: w.at(m.Path, m.Offset, m.Line), Name: clip(m.Name), Encoding: m.Encoding}, place(m.Path, m.Offset, m.Line), m.Encoding)
		if err != nil {
			return err
		}
	}
	return nil
}

// finish records the image as a whole, and what was searched of it.
func (w *writer) finish(r *Result, res sandbox.Result) error {
	for _, g := range r.Gaps {
		w.gap("cut."+g.Why, strings.TrimSpace(g.Path+" "+fmt.Sprintf("offset %d: %s", g.Offset, g.Detail)))
	}
	whole := w.ref
	w.fact.NoInit = r.NoInit
	if img := r.Image; img != nil {
		w.fact.Size, w.fact.Entropy = img.Size, img.Entropy
		w.fact.Analysable = img.Status == unpack.Readable
		if !w.fact.Analysable {
			w.fact.Why = "cut.not-analysable"
		}
	} else {
		w.fact.Why = "cut.parser-killed"
	}
	if r.Version != nil {
		w.fact.Version = clip(r.Version.Value)
	}
	if r.Done != nil {
		w.fact.Files = r.Done.Files
	}
	whole.Excerpt = fmt.Sprintf("%d bytes, %d files, entropy %.2f", w.fact.Size, w.fact.Files, w.fact.Entropy)
	if w.in.firmware {
		if err := w.r.Record(w.o, w.image, w.fact, whole); err != nil {
			return err
		}
	}
	return w.r.Record(w.o, w.image, fact.Scope{What: fact.ScopeImageFiles, Of: w.image, Count: w.fact.Files, Whole: w.cut == "",
		Cut: w.cut, Note: strings.Join(w.note, "; "), Detail: strings.Join(res.Confinement, ", ")}, w.ref)
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
func (w *writer) put(kind string, p fact.Payload, locator, excerpt string) error {
	if w.kept == nil {
		w.kept = make(map[string]int)
	}
	w.kept[kind]++
	if w.kept[kind] > mostFacts {
		w.gap("cut.limit", fmt.Sprintf("more than %d of kind %s", mostFacts, kind))
		return nil
	}
	return w.r.Record(w.o, w.image, p, fact.Ref{SHA256: w.ref.SHA256, Locator: clip(w.image + ":" + locator), Excerpt: clip(excerpt)})
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
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s: %w", path, ErrFolder)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// What is given as an image and is none.
var (
	ErrFolder = errors.New("a folder, not a file")
	ErrNoFile = errors.New("a device or a pipe, not a file")
)
