package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/formats"
	"assay/internal/collect/firmware/unpack"
)

// FilesParser is the name under which the child process knows ParseFiles.
const FilesParser = "firmware-files"

// FilesOptions says what ParseFiles gives out.
type FilesOptions struct {
	Content bool     `json:"content,omitempty"` // files with their bytes, else names only
	Only    []string `json:"only,omitempty"`    // full paths, and what is below them; empty: all
	Pieces  bool     `json:"pieces,omitempty"`  // pieces too: what stands in no tree of files, and what parts there are
	Parts   bool     `json:"parts,omitempty"`   // Only names parts: give out their bytes as they stand
}

// Piece is the type of an Entry for bytes that stand in no tree: a program, a
// region of text, a variable of a boot loader.
const Piece = "piece"

// FileRecord is one thing of an image's trees: exactly one field is set, but
// Data, which follows its Entry.
type FileRecord struct {
	Image  *unpack.Image  `json:"image,omitempty"`
	Part   *unpack.Part   `json:"part,omitempty"`
	Volume *unpack.Volume `json:"volume,omitempty"`
	Entry  *Entry         `json:"entry,omitempty"`
	Data   []byte         `json:"data,omitempty"` // a piece of the file of Path
	Path   string         `json:"path,omitempty"`
	End    bool           `json:"end,omitempty"` // no piece of it follows
	Cut    string         `json:"cut,omitempty"` // of an entry with content: why it isn't whole, in technical English
	Gap    *Gap           `json:"gap,omitempty"`
	// Progress says how far the reading is.
	Progress *Progress `json:"progress,omitempty"`
}

// chunk is how many bytes of a file one record holds; as base64 it stays below
// the limit of a record.
const chunk = 256 << 10

// ParseFiles lists the files of an image, or gives them out; a sandbox.Parser
// whose arguments are FilesOptions.
func ParseFiles(ctx context.Context, in *os.File, raw json.RawMessage, emit func(any) error) error {
	var opt FilesOptions
	if err := json.Unmarshal(raw, &opt); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	info, err := in.Stat()
	if err != nil {
		return err
	}
	l := &lister{opt: opt, emit: func(r FileRecord) error { return emit(r) }}
	var v unpack.Visitor = l
	var lim unpack.Limits
	if opt.Content {
		// Where an archive has a name twice, the first is written.
		lim.Workers = 1
	}
	if len(opt.Only) > 0 {
		p := &picker{lister: l, wish: newWish(opt.Only), carved: make(map[string]bool)}
		p.wish.placed = p.wish.placed || opt.Pieces
		v = p
	}
	s := &watched{Source: format.FromFile(in, info.Size()), ticker: new(ticker), tell: func(read int64) error {
		return emit(FileRecord{Progress: &Progress{Read: read}})
	}}
	img, err := unpack.NewFormats(formats.All()).Walk(ctx, s, lim, v)
	if err == unpack.ErrEmpty {
		return nil
	}
	if err == nil && opt.Pieces {
		err = emit(FileRecord{Image: &img})
	}
	return err
}

// lister gives out names and contents.
type lister struct {
	opt FilesOptions

	mu    sync.Mutex // File is called by several goroutines
	names Names
	emit  func(FileRecord) error
}

func (l *lister) Part(p unpack.Part) error {
	if !l.opt.Pieces {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.Path, p.Guards, p.Systems = mark(p.Volume, p.Path), nil, nil
	return l.emit(FileRecord{Part: &p})
}

func (l *lister) Volume(v unpack.Volume) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names.Add(v)
	return l.emit(FileRecord{Volume: &v})
}

func (l *lister) File(v int, e format.Entry, data []byte, _ bool, damage error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	marked := mark(v, e.Path)
	rec := entryOf(marked, e)
	if !l.opt.Content || e.Type != format.File {
		return l.emit(FileRecord{Entry: &rec})
	}
	first := FileRecord{Entry: &rec}
	if damage != nil {
		first.Cut = damage.Error()
	}
	if err := l.emit(first); err != nil {
		return err
	}
	return l.content(marked, data)
}

// content gives out bytes in pieces.
func (l *lister) content(marked string, data []byte) error {
	for {
		n := min(len(data), chunk)
		if err := l.emit(FileRecord{Path: marked, Data: data[:n], End: n == len(data)}); err != nil {
			return err
		}
		if data = data[n:]; len(data) == 0 {
			return nil
		}
	}
}

// piece tells of bytes without a tree.
func (l *lister) piece(v int, path string, data []byte) error {
	marked := mark(v, path)
	if err := l.emit(FileRecord{Entry: &Entry{Path: marked, Type: Piece, Size: int64(len(data))}}); err != nil || !l.opt.Content {
		return err
	}
	return l.content(marked, data)
}

// Raw tells of bytes without a tree, and of each of their variables.
func (l *lister) Raw(r unpack.Raw) error {
	if !l.opt.Pieces {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.piece(r.Volume, r.Path, r.Data); err != nil {
		return err
	}
	for i, x := range r.Vars {
		if i == MostKept {
			gap := Gap{Path: mark(r.Volume, r.Path), Offset: r.Offset, Why: "limit", Detail: "more variables than are listed"}
			return l.emit(FileRecord{Gap: &gap})
		}
		if err := l.piece(r.Volume, r.Path+":"+x.Name, []byte(x.Value)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) Gap(g unpack.Gap) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := gapOf(g)
	return l.emit(FileRecord{Gap: &rec})
}

// picker is a lister of some paths: nothing else is gone into.
type picker struct {
	*lister
	wish   wish
	carved map[string]bool // parts that were given out
}

func (p *picker) full(v int, path string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return text(p.names.Full(mark(v, path)))
}

// Enters is unpack.Selector's.
func (p *picker) Enters(v int, path string) bool {
	full := p.full(v, path)
	// The second of a name is called by its place, which follows from what stands
	// before it: that has to be gone into as it was when the names were listed.
	return p.wish.way[full] || p.wish.has(full) || p.wish.placed && (v < 0 || p.wish.along(full))
}

// Wants is unpack.Selector's.
func (p *picker) Wants(v int, e format.Entry) bool {
	full := p.full(v, e.Path)
	return p.wish.way[full] || p.wish.has(full)
}

func (p *picker) File(v int, e format.Entry, data []byte, nested bool, damage error) error {
	if p.opt.Parts || !p.wish.has(p.full(v, e.Path)) {
		return nil
	}
	return p.lister.File(v, e, data, nested, damage)
}

// wish is full paths, and with them all that stands below.
type wish struct {
	paths map[string]bool
	way   map[string]bool // what has to be gone into on the way to them
	// placed says that a name may depend on where something stands.
	placed bool
}

// along says that a path begins with something on the way.
func (w wish) along(full string) bool {
	for i := range len(full) {
		if full[i] == ':' && w.way[full[:i]] {
			return true
		}
	}
	return false
}

// Raw gives out bytes without a tree, or some of their variables.
func (p *picker) Raw(r unpack.Raw) error {
	if !p.opt.Pieces || p.opt.Parts {
		return nil
	}
	full := p.full(r.Volume, r.Path)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wish.has(full) {
		return p.piece(r.Volume, r.Path, r.Data)
	}
	for _, x := range r.Vars {
		if name := ":" + x.Name; p.wish.has(full + text(name)) {
			if err := p.piece(r.Volume, r.Path+name, []byte(x.Value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Carve gives out the bytes of a part as they stand, the outermost of its name.
func (p *picker) Carve(v int, path string, s format.Source, off, size int64) error {
	full := p.full(v, path)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.opt.Parts || !p.wish.paths[full] || p.carved[full] {
		return nil
	}
	p.carved[full] = true
	if size <= 0 || size > s.Size()-off {
		size = s.Size() - off
	}
	marked := mark(v, path)
	if err := p.emit(FileRecord{Entry: &Entry{Path: marked, Type: Piece, Size: size}}); err != nil {
		return err
	}
	b := make([]byte, min(size, chunk))
	for n := int64(0); n < size; n += int64(len(b)) {
		b = b[:min(size-n, int64(len(b)))]
		if err := format.ReadAt(s, b, off+n); err != nil {
			gap := Gap{Path: marked, Offset: off + n, Why: "broken", Detail: err.Error()}
			return p.emit(FileRecord{Gap: &gap})
		}
		if err := p.emit(FileRecord{Path: marked, Data: b, End: n+int64(len(b)) == size}); err != nil {
			return err
		}
	}
	return nil
}

// text is s as JSON keeps it: a byte that isn't UTF-8 becomes a replacement
// character. Paths come back from outside of the child in this form.
func text(s string) string { return string([]rune(s)) }

func newWish(only []string) wish {
	w := wish{paths: make(map[string]bool), way: make(map[string]bool)}
	for _, o := range only {
		w.placed = w.placed || strings.Contains(o, "@")
		if len(o) > 1 {
			o = strings.TrimSuffix(o, "/") // a root is asked for as "squashfs:/"
		}
		w.paths[o] = true
		for i := range len(o) {
			if o[i] == ':' {
				w.way[o[:i]] = true
			}
		}
	}
	return w
}

func (w wish) has(full string) bool {
	if w.paths[full] {
		return true
	}
	for i := len(full) - 1; i >= 0; i-- {
		if full[i] == '/' && w.paths[full[:i]] {
			return true
		}
	}
	return false
}
