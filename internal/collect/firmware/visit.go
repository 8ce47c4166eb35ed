package firmware

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/formats"
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/collect/firmware/unpack"
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
	return Analyse(ctx, format.FromFile(in, info.Size()), opt, func(r Record) error { return emit(r) })
}

// Analyse reads an image and emits what it finds; emit is called by several
// goroutines. It returns an error only where ctx ended, emit failed or the
// input can't be read; all else is in the records.
func Analyse(ctx context.Context, s format.Source, opt Options, emit func(Record) error) error {
	v := newVisitor(opt, emit)
	go v.words() // while the first headers are read
	s = &watched{Source: s, ticker: &v.ticker, tell: func(int64) error { return v.tell("") }}
	img, err := unpack.NewFormats(formats.All()).Walk(ctx, s, unpack.Limits{}, v)
	if errors.Is(err, unpack.ErrEmpty) {
		err = nil // the image says so
	}
	if err != nil {
		return fmt.Errorf("image: %w", err)
	}
	if err := emit(Record{Image: &img}); err != nil {
		return err
	}
	if string(format.Head(s, 0, 4)) == "PK\x03\x04" { // the image may be the package of an app
		if a, ok := apk.Signing(s, s.Size()); ok {
			a.Path, a.Whole = "/", true
			if err := emit(Record{App: &a}); err != nil {
				return err
			}
		}
	}
	return emit(Record{Done: &Done{Files: int(v.files.Load()), Names: int(v.names.Load()), Bytes: v.bytes.Load()}})
}

// The owners of words in the one search.
const (
	ofSecret = iota
	ofHost
	ofStartup
	ofSystem
	ofComponent
	ofBinary
	ofMarker
	owners
)

// maxWords bounds the places of words of one file.
const maxWords = 1 << 20

// keptHits bounds what is kept for the next file.
const keptHits = 1 << 17

// visitor inspects what a walk shows it.
type visitor struct {
	opt         Options
	emit        func(Record) error
	words       func() *keyword.Table
	markers     []Seen // by word
	markerWords []string
	scratch     sync.Pool
	made        sync.Map // ids of trees whose permissions are made up

	linked              linked // files with several names
	files, names, bytes atomic.Int64
	ticker              ticker
}

func newVisitor(opt Options, emit func(Record) error) *visitor {
	v := &visitor{opt: opt, emit: emit}
	v.markerWords, v.markers = markerWords(opt.Markers)
	v.words = sync.OnceValue(func() *keyword.Table {
		lists := make([][]string, owners)
		lists[ofSecret], lists[ofHost], lists[ofStartup], lists[ofSystem] = secret.Words(), host.Words(), startup.Words(), system.Words()
		lists[ofComponent], lists[ofBinary], lists[ofMarker] = component.Words(), binary.Words(), v.markerWords
		return keyword.NewTable(lists...)
	})
	v.scratch.New = func() any { return new([][]keyword.Hit) }
	return v
}

var (
	_ unpack.Visitor   = (*visitor)(nil)
	_ unpack.Namer     = (*visitor)(nil)
	_ unpack.Restarter = (*visitor)(nil)
)

func (v *visitor) Part(p unpack.Part) error {
	p.Path = mark(p.Volume, p.Path)
	return v.emit(Record{Part: &p})
}

func (v *visitor) Volume(t unpack.Volume) error {
	switch t.Format {
	case "fat", "exfat", "zip", "romfs", "littlefs", "spiffs":
		v.made.Store(t.ID, true)
	}
	return v.emit(Record{Volume: &t})
}

// modeless says that the format of a tree keeps no permissions: those of its
// entries are made up.
func (v *visitor) modeless(tree int) bool {
	_, ok := v.made.Load(tree)
	return ok
}

func (v *visitor) Gap(g unpack.Gap) error {
	rec := gapOf(g)
	return v.emit(Record{Gap: &rec})
}

func (v *visitor) File(tree int, e format.Entry, data []byte, nested bool, cut error) error {
	v.names.Add(1)
	marked := mark(tree, e.Path)
	rec := entryOf(marked, e)
	holds := holding{program: bytes.HasPrefix(data, []byte("\x7fELF"))}
	if e.Type == format.File {
		v.files.Add(1)
		v.bytes.Add(int64(len(data)))
		if err := v.progress(marked); err != nil {
			return err
		}
		if v.opt.Files && cut == nil {
			sum := sha256.Sum256(data)
			rec.SHA256 = hex.EncodeToString(sum[:])
		}
		if nested {
			if err := v.app(inspect.New(e.Path, e.Mode, data), marked); err != nil {
				return err
			}
		} else if len(data) > 0 {
			f := inspect.New(e.Path, e.Mode, data)
			f.UID, f.GID = e.UID, e.GID
			err := v.app(f, marked)
			if err != nil {
				return err
			}
			got := &emitter{v: v, f: f, place: func(w *inspect.Where) { w.Path = marked }}
			if err := got.inspect(); err != nil {
				return err
			}
			holds.secret = got.key
		}
	}
	if e.Type == format.File && e.Links > 1 {
		v.linked.add(marked, rec.SHA256, holds)
	}
	return v.entry(tree, e, rec, holds)
}

// holding is what the rights of a file are judged by.
type holding struct {
	secret  bool // that not every process may read
	program bool
}

// entry tells what an entry says by its name and mode.
func (v *visitor) entry(tree int, e format.Entry, rec Entry, holds holding) error {
	for _, k := range perm.Of(perm.Entry{Path: e.Path, Type: string(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Secret: holds.secret, Program: holds.program, NoModes: v.modeless(tree)}) {
		if err := v.emit(Record{Mode: &Mode{Path: rec.Path, Kind: string(k), Mode: e.Mode}}); err != nil {
			return err
		}
	}
	if boots(e) {
		if err := v.emit(Record{Link: &rec}); err != nil {
			return err
		}
	}
	if v.opt.Files {
		return v.emit(Record{Entry: &rec})
	}
	return nil
}

// app tells what a file says of a mobile application. The strings of its
// compiled files are inspected as a file of their own.
func (v *visitor) app(f *inspect.File, marked string) error {
	if a := apk.Scan(f); a != nil {
		a.Path = marked
		if err := v.emit(Record{App: a}); err != nil {
			return err
		}
	}
	t := apk.Strings(f)
	if t == nil {
		return nil
	}
	e := &emitter{v: v, f: t.File, place: func(w *inspect.Where) {
		t.Place(w)
		w.Path = marked
	}}
	return e.inspect()
}

// boots says that an entry's name or target may decide what runs at boot.
func boots(e format.Entry) bool {
	dir := path.Dir(e.Path)
	base := path.Base(dir)
	return e.Type == format.Symlink || e.Type == format.File && (base == "bin" || base == "sbin") && e.Mode&0o111 != 0 ||
		e.Path == "/etc/machine-id" || path.Base(e.Path) == "down" || strings.HasPrefix(base, "rc") || base == "init.d" || strings.HasSuffix(base, ".wants") || strings.HasSuffix(base, ".requires") || strings.Contains(dir, "/runlevels/") || startup.DropIn(e.Path)
}

// Raw is a program or bytes without a tree. Of variables the name of the one
// that a finding stands in belongs to its path.
func (v *visitor) Raw(r unpack.Raw) error {
	f := inspect.New(r.Path, 0, r.Data)
	if r.Format == "u-boot-env" || r.Format == "fdt" && len(r.Vars) > 0 { // a tree holds the kernel's command line as a variable, too
		f.Path = "u-boot-env"
	}
	path := mark(r.Volume, r.Path)
	place := func(w *inspect.Where) { w.Path = path }
	if len(r.Vars) > 0 {
		place = variables(r, path)
	}
	v.bytes.Add(int64(len(r.Data)))
	if err := v.progress(path); err != nil {
		return err
	}
	e := &emitter{v: v, f: f, place: place, whole: r.Volume < 0 && len(r.Vars) == 0 && len(r.Data) >= bareProgram}
	return e.inspect()
}

// bareProgram is from what size on a range without a file system may be all the
// software of a device.
const bareProgram = 32 << 10

// variables places what was found in lines made of variables. Those of a boot
// loader stand as "name=value"; of all others the offset is that of the value.
func variables(r unpack.Raw, path string) func(*inspect.Where) {
	var ends []int64
	n := int64(0)
	for _, x := range r.Vars {
		n += int64(len(x.Name) + len(x.Value) + 2)
		ends = append(ends, n)
	}
	named := strings.HasPrefix(r.Format, "u-boot")
	return func(w *inspect.Where) {
		w.Path = path
		i, _ := slices.BinarySearch(ends, w.Offset+1)
		if i == len(r.Vars) {
			return
		}
		x := r.Vars[i]
		in := w.Offset - (ends[i] - int64(len(x.Name)+len(x.Value)+2))
		if !named {
			in = max(0, in-int64(len(x.Name)+1))
		}
		w.Path, w.Offset, w.Line = path+":"+x.Name, x.Offset+in, 0
	}
}

// progress tells where the reading is, a few times a second.
func (v *visitor) progress(at string) error {
	if !v.ticker.due() {
		return nil
	}
	return v.tell(at)
}

func (v *visitor) tell(at string) error {
	return v.emit(Record{Progress: &Progress{Path: at, Files: int(v.files.Load()), Bytes: v.bytes.Load(), Read: v.ticker.read.Load()}})
}

// emitter tells what one file holds; place sets the path of what was found. The
// first error stays.
type emitter struct {
	v      *visitor
	f      *inspect.File
	place  func(*inspect.Where)
	values []string     // secrets of this file, which other records must not repeat
	known  *values      // made of them
	lines  map[int]bool // where they stand
	key    bool         // it holds a private key
	whole  bool         // a range that may be all the software there is
	err    error
}

// inspect has one file inspected.
func (e *emitter) inspect() error {
	v := e.v
	out := v.scratch.Get().(*[][]keyword.Hit)
	hits, cut := v.words().Scan(e.f.Data, maxWords, *out)
	*out = hits
	defer func() {
		n := 0
		for _, h := range hits {
			n += cap(h)
		}
		if n <= keptHits { // what a flood of words took is given back
			v.scratch.Put(out)
		}
	}()
	if cut {
		e.gap("more words than are looked at")
	}
	e.secrets(hits[ofSecret])
	e.clues(hits[ofSecret])
	e.hosts(hits[ofHost])
	e.starts(hits[ofStartup])
	e.system(hits[ofSystem])
	e.software(hits[ofComponent])
	e.binary(hits[ofBinary])
	e.certs()
	e.marked(hits[ofMarker])
	e.version()
	return e.err
}

func (e *emitter) send(r Record) {
	if e.err == nil {
		e.err = e.v.emit(r)
	}
}

func (e *emitter) gap(detail string) {
	w := e.f.At(0)
	e.place(&w)
	e.send(Record{Gap: &Gap{Path: w.Path, Why: "limit", Detail: detail}})
}

func (e *emitter) secrets(hits []keyword.Hit) {
	for _, h := range secret.Scan(e.f, hits) {
		if h.Kind == secret.Cut {
			e.gap("more secrets than are kept of one file")
			continue
		}
		e.key = e.key || e.guarded(h.Kind)
		if h.Kind.Secret() && h.Line > 0 {
			if e.lines == nil {
				e.lines = make(map[int]bool)
			}
			e.lines[h.Line] = true
		}
		if h.Kind != secret.UID0Account && h.Kind != secret.AuthorizedKey {
			e.values = append(e.values, h.Value)
		}
		e.place(&h.Where)
		e.send(Record{Secret: &h})
	}
}

// guarded says that a secret belongs into a file that not every process may
// read. Programs, scripts and pages can't be closed to those who use them: there
// the secret itself is the fault.
func (e *emitter) guarded(k secret.Kind) bool {
	switch e.f.Role {
	case inspect.Program, inspect.Script, inspect.Web:
		return k == secret.PrivateKey
	}
	switch k {
	case secret.UID0Account, secret.EmptyPassword, secret.AuthorizedKey, secret.CloudKeyID, secret.TestKey:
		return false
	}
	return true
}

// clues are what private keys of other files may belong to.
func (e *emitter) clues(hits []keyword.Hit) {
	for _, c := range secret.Clues(e.f, hits) {
		e.place(&c.Where)
		e.send(Record{Clue: &c})
	}
}

// mask takes the secrets of the file out of a text that is shown.
func (e *emitter) mask(text string) string {
	if len(e.values) == 0 {
		return text
	}
	if e.known == nil {
		v := valuesOf(e.values)
		e.known = &v
	}
	return e.known.mask(text)
}

func (e *emitter) hosts(hits []keyword.Hit) {
	for _, u := range host.Scan(e.f, hits) {
		if u.Class == host.Cut {
			e.gap("more hosts than are kept of one file")
			continue
		}
		u.Text = e.mask(u.Text)
		e.place(&u.Where)
		e.send(Record{Host: &u})
	}
}

func (e *emitter) starts(hits []keyword.Hit) {
	starts, calls := startup.Scan(e.f, hits)
	for _, s := range starts {
		if s.Kind == startup.Cut {
			e.gap("more start-up lines than are kept of one file")
			continue
		}
		s.Text = e.mask(s.Text)
		for i := range s.Args {
			s.Args[i] = e.mask(s.Args[i])
		}
		e.place(&s.Where)
		e.send(Record{Start: &s})
	}
	if calls != nil {
		w := e.f.At(0)
		e.place(&w)
		calls.Path = w.Path
		const most = 4000
		if len(calls.Programs) > most {
			calls.Programs = calls.Programs[:most]
			e.gap("more programs are called than are kept of one file")
		}
		e.send(Record{Calls: calls})
	}
}

func (e *emitter) system(hits []keyword.Hit) {
	got := system.Scan(e.f, hits)
	for _, w := range got.Weaknesses {
		if w.Kind == system.HardCodedKey && e.lines[w.Line] {
			continue // the key is among the secrets
		}
		if w.Kind == system.Cut {
			e.gap("more weak settings than are kept of one file")
			continue
		}
		w.Text = e.mask(w.Text)
		e.place(&w.Where)
		e.send(Record{Weakness: &w})
	}
	for _, u := range got.Updates {
		u.Text, u.URL = e.mask(u.Text), e.mask(u.URL)
		e.place(&u.Where)
		e.send(Record{Update: &u})
	}
}

func (e *emitter) software(hits []keyword.Hit) {
	got := component.Scan(e.f, hits)
	w := e.f.At(0)
	e.place(&w)
	got.Path = w.Path
	if e.whole && got.Binary == nil && e.f.Kind != inspect.Text && maybeProgram(e.f.Data) {
		got.Binary = &component.Binary{Path: w.Path, Bare: true}
	}
	// A package database of a whole distribution is more than one record may
	// hold.
	packages := got.Packages
	got.Packages = nil
	if len(got.Claims) > 0 || got.Binary != nil || got.System != nil || len(got.Problems) > 0 {
		e.send(Record{Software: &got})
	}
	for len(packages) > 0 {
		n, size := 0, 0
		for n < len(packages) && (n == 0 || size < recordSize) {
			size += 256
			for _, f := range packages[n].Files {
				size += len(f) + 4
			}
			n++
		}
		part := component.Findings{Path: w.Path, Packages: packages[:n]}
		if n == 1 && size > 3*recordSize {
			part.Packages[0].Files = nil
			e.gap("a package lists more files than are kept")
		}
		e.send(Record{Software: &part})
		packages = packages[n:]
	}
}

// recordSize is about how many bytes a record with a list is allowed to have;
// the sandbox ends a parser that writes more than 1 MiB at once.
const recordSize = 200 << 10

func (e *emitter) binary(hits []keyword.Hit) {
	r := binary.Scan(e.f, hits)
	if r == nil {
		return
	}
	e.place(&r.Where)
	for i := range r.Traces {
		e.place(&r.Traces[i].Where)
	}
	for i := range r.Keys {
		e.place(&r.Keys[i].Where)
	}
	e.send(Record{Binary: r})
}

func (e *emitter) certs() {
	certs, broken := cert.Scan(e.f, e.v.opt.Now)
	for _, c := range certs {
		e.place(&c.Where)
		e.send(Record{Cert: &c})
	}
	for _, b := range broken {
		e.place(&b.Where)
		e.send(Record{Gap: &Gap{Path: b.Path, Offset: b.Offset, Why: "broken", Detail: "certificate: " + b.Err.Error()}})
	}
}

// version reads the image's own version where a well-known file states it:
// VERSION_ID of os-release(5), or the only line of a version file.
func (e *emitter) version() {
	f := e.f
	switch f.Path {
	case "/etc/os-release", "/usr/lib/os-release":
		off := 0
		for line := range strings.Lines(string(f.Data)) {
			if s, ok := strings.CutPrefix(line, "VERSION_ID="); ok {
				v := Version{strings.Trim(strings.TrimSpace(s), `"'`), f.At(off)}
				e.place(&v.Where)
				e.send(Record{Version: &v})
				return
			}
			off += len(line)
		}
	case "/etc/version", "/etc/firmware_version", "/etc/fw_version", "/VERSION":
		if s := strings.TrimSpace(string(f.Data)); s != "" && len(s) <= 64 && !strings.Contains(s, "\n") {
			v := Version{s, f.At(0)}
			e.place(&v.Where)
			e.send(Record{Version: &v})
		}
	}
}
