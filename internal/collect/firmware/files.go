package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
}

// FileRecord is one thing of an image's trees: exactly one field is set, but
// Data, which follows its Entry.
type FileRecord struct {
	Volume *unpack.Volume `json:"volume,omitempty"`
	Entry  *Entry         `json:"entry,omitempty"`
	Data   []byte         `json:"data,omitempty"` // a piece of the file of Path
	Path   string         `json:"path,omitempty"`
	End    bool           `json:"end,omitempty"` // no piece of it follows
	Cut    string         `json:"cut,omitempty"` // of an entry with content: why it isn't whole, in technical English
	Gap    *Gap           `json:"gap,omitempty"`
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
		v = &picker{lister: l, wish: newWish(opt.Only)}
	}
	_, err = unpack.NewFormats(formats.All()).Walk(ctx, io.NewSectionReader(in, 0, info.Size()), lim, v)
	if err == unpack.ErrEmpty {
		return nil
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

func (l *lister) Part(unpack.Part) error { return nil }

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
	for {
		n := min(len(data), chunk)
		if err := l.emit(FileRecord{Path: marked, Data: data[:n], End: n == len(data)}); err != nil {
			return err
		}
		if data = data[n:]; len(data) == 0 {
			break
		}
	}
	return nil
}

func (l *lister) Raw(unpack.Raw) error { return nil }

func (l *lister) Gap(g unpack.Gap) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := gapOf(g)
	return l.emit(FileRecord{Gap: &rec})
}

// picker is a lister of some paths: nothing else is gone into.
type picker struct {
	*lister
	wish wish
}

func (p *picker) full(v int, path string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names.Full(mark(v, path))
}

// Enters is unpack.Selector's.
func (p *picker) Enters(v int, path string) bool {
	full := p.full(v, path)
	return p.wish.way[full] || p.wish.has(full)
}

// Wants is unpack.Selector's.
func (p *picker) Wants(v int, e format.Entry) bool { return p.Enters(v, e.Path) }

func (p *picker) File(v int, e format.Entry, data []byte, nested bool, damage error) error {
	if !p.wish.has(p.full(v, e.Path)) {
		return nil
	}
	return p.lister.File(v, e, data, nested, damage)
}

// wish is full paths, and with them all that stands below.
type wish struct {
	paths map[string]bool
	way   map[string]bool // what has to be gone into on the way to them
}

func newWish(only []string) wish {
	w := wish{make(map[string]bool), make(map[string]bool)}
	for _, o := range only {
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
