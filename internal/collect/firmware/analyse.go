// Package firmware reads firmware images: it finds the file systems in an
// image, walks them in one pass, and has every file inspected for secrets,
// hosts, what is started at boot, permissions and certificates.
//
// In: an open image, hostile until read; Analyse runs in the child process
// of package sandbox. Out: records as they are found, in the order of the
// image, and at the end a summary that says what was read and what wasn't.
// Collector turns the records of the images that a workspace declares into
// facts.
package firmware

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"assay/internal/collect/firmware/format/carve"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
)

// Options says what to do with an image.
type Options struct {
	Now   time.Time `json:"now"`             // certificates are looked at as of then
	Files bool      `json:"files,omitempty"` // emit an Entry per file, with its hash
	Limit int64     `json:"limit,omitempty"` // bytes of one file that are inspected; 0: inspect.DefaultLimit
}

// Record is one thing found: exactly one field is set.
type Record struct {
	Image   *Image            `json:"image,omitempty"`
	Part    *Part             `json:"part,omitempty"`
	Entry   *Entry            `json:"entry,omitempty"`
	Secret  *secret.Hit       `json:"secret,omitempty"`
	Host    *host.Use         `json:"host,omitempty"`
	Start   *startup.Item     `json:"start,omitempty"`
	Mode    *Mode             `json:"mode,omitempty"`
	Cert    *cert.Certificate `json:"cert,omitempty"`
	Version *Version          `json:"version,omitempty"`
	Gap     *Gap              `json:"gap,omitempty"`
	Done    *Done             `json:"done,omitempty"`
}

// Image is what the image is as a whole.
type Image struct {
	Size    int64   `json:"size"`
	Status  string  `json:"status"` // readable, unread, encrypted, unknown, erased
	Reason  string  `json:"reason,omitempty"`
	Entropy float64 `json:"entropy"`
	High    float64 `json:"high"`
}

// Part is what stands at an offset.
type Part struct {
	Offset  int64   `json:"offset"`
	Size    int64   `json:"size"`
	Format  string  `json:"format"`
	Path    string  `json:"path,omitempty"`
	Entropy float64 `json:"entropy"`
	Note    string  `json:"note,omitempty"`
	Read    bool    `json:"read"`
}

// Entry is one name in a file system. Path is absolute.
type Entry struct {
	Path   string `json:"path"`
	Type   string `json:"type"`
	Mode   uint32 `json:"mode"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Target string `json:"target,omitempty"`
}

// Mode is a permission that matters.
type Mode struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	Mode uint32 `json:"mode"`
}

// Version is a version of the whole image, as a file of it says.
type Version struct {
	Value string `json:"value"`
	inspect.Where
}

// Gap is something that wasn't read, and why.
type Gap struct {
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Why    string `json:"why"`    // a key: parts-not-read, limit, broken
	Detail string `json:"detail"` // technical English
}

// Done ends the records of an image that was read to its end.
type Done struct {
	Files int   `json:"files"` // regular files
	Names int   `json:"names"` // all entries
	Bytes int64 `json:"bytes"` // unpacked
}

// rawLimit bounds a part without a file system that is inspected as one
// file.
const rawLimit = 32 << 20

// rawEntropy is the entropy above which bytes are packed or encrypted, so
// that looking for text in them shows nothing.
const rawEntropy = 7.2

// Analyse reads an image of size bytes and emits what it finds. It returns
// an error only where ctx ended, emit failed or the input can't be read; all
// else is in the records.
func Analyse(ctx context.Context, r io.ReaderAt, size int64, opt Options, emit func(Record) error) error {
	img, err := carve.Scan(ctx, r, size, carve.Limits{})
	if errors.Is(err, carve.ErrEmpty) {
		if err := emit(Record{Image: &Image{Status: "unknown", Reason: "the image is empty"}}); err != nil {
			return err
		}
		return emit(Record{Gap: &Gap{Why: "broken", Detail: "the image is empty"}})
	}
	if err != nil {
		return fmt.Errorf("image: %w", err)
	}
	a := &analysis{ctx: ctx, opt: opt, emit: emit}
	if a.opt.Limit == 0 {
		a.opt.Limit = inspect.DefaultLimit
	}
	if err := emit(Record{Image: &Image{Size: img.Size, Status: string(img.Status), Reason: img.Reason, Entropy: img.Entropy, High: img.High}}); err != nil {
		return err
	}
	if img.Cut {
		if err := a.gap(Gap{Why: "limit", Detail: "more parts than are kept"}); err != nil {
			return err
		}
	}
	for _, p := range img.Problems {
		if err := a.gap(Gap{Offset: p.Offset, Why: "broken", Detail: p.Kind + ": " + p.Detail}); err != nil {
			return err
		}
	}
	for i, p := range img.Parts {
		if err := a.part(r, p, img.Parts, i); err != nil {
			return err
		}
	}
	return emit(Record{Done: &a.done})
}

type analysis struct {
	ctx  context.Context
	opt  Options
	emit func(Record) error
	done Done
	buf  []byte
}

func (a *analysis) gap(g Gap) error { return a.emit(Record{Gap: &g}) }

// part reads one part: a file system by its reader, bytes that may hold text
// as one file; the rest is named as not read. A container isn't read itself
// where its members are.
func (a *analysis) part(r io.ReaderAt, p carve.Part, all []carve.Part, index int) error {
	rec := Part{Offset: p.Offset, Size: p.Size, Format: p.Format, Path: p.Path, Entropy: p.Entropy, Note: p.Note, Read: p.Read}
	holds := false
	for _, q := range all {
		holds = holds || q.Within == index && container(p.Format)
	}
	if p.Size > 0 && p.Size <= smallPart {
		rec.Entropy = entropy(r, p.Offset, p.Size) // carving knows whole blocks only
	}
	switch {
	case p.Format == "squashfs" && p.Read:
		if err := a.emit(Record{Part: &rec}); err != nil {
			return err
		}
		return a.squashfs(io.NewSectionReader(r, p.Offset, p.Size), p)
	case p.Format == "erased" || p.Format == "padding" || holds:
		rec.Read = true
		return a.emit(Record{Part: &rec})
	case p.Size > 0 && p.Size <= rawLimit && rec.Entropy < rawEntropy && plain(p.Format):
		rec.Read = true
		if err := a.emit(Record{Part: &rec}); err != nil {
			return err
		}
		return a.raw(io.NewSectionReader(r, p.Offset, p.Size), p)
	}
	rec.Read = false
	if err := a.emit(Record{Part: &rec}); err != nil {
		return err
	}
	detail := p.Format
	if p.Note != "" {
		detail += ": " + p.Note
	}
	return a.gap(Gap{Path: p.Path, Offset: p.Offset, Why: "parts-not-read", Detail: detail})
}

// container says that a format is nothing but its members.
func container(format string) bool { return format == "cpio" || format == "tar" || format == "zip" }

// smallPart bounds the parts whose entropy is computed byte by byte.
const smallPart = 1 << 20

// entropy is Shannon's, in bits a byte; 8 where the bytes can't be read.
func entropy(r io.ReaderAt, offset, size int64) float64 {
	b := make([]byte, size)
	if _, err := r.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return 8
	}
	var count [256]int
	for _, c := range b {
		count[c]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(size)
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// plain says that a format's bytes may be looked at as they stand: nothing
// in them is packed by the format itself.
func plain(format string) bool {
	switch format {
	case "gzip", "xz", "lzma", "zip", "bzip2", "zstd", "lz4", "lzop", "7z", "rar", "ubi", "ubifs", "jffs2", "cramfs", "squashfs", "high-entropy":
		return false
	}
	return true
}

// raw inspects bytes without a file system as one file that is named after
// the part.
func (a *analysis) raw(r io.Reader, p carve.Part) error {
	name := fmt.Sprintf("%s@%d", p.Format, p.Offset)
	if p.Path != "" {
		name = p.Path + ":"
	}
	f, err := inspect.Load(name, 0, r, rawLimit, a.buf)
	if err != nil {
		return a.gap(Gap{Path: name, Offset: p.Offset, Why: "broken", Detail: err.Error()})
	}
	a.buf = f.Data
	_, err = a.file(f)
	return err
}

func (a *analysis) squashfs(r *io.SectionReader, p carve.Part) error {
	fs, err := squashfs.Open(r, r.Size(), squashfs.Limits{})
	if err != nil {
		return a.gap(Gap{Path: p.Path, Offset: p.Offset, Why: "broken", Detail: err.Error()})
	}
	err = fs.Walk(a.ctx, func(e squashfs.Entry, content io.Reader) error { return a.entry(e, content) })
	if err != nil {
		if a.ctx.Err() != nil {
			return a.ctx.Err()
		}
		var failed emitError
		if errors.As(err, &failed) {
			return err
		}
		if err := a.gap(Gap{Path: p.Path, Offset: p.Offset, Why: "broken", Detail: err.Error()}); err != nil {
			return err
		}
	}
	kept, dropped := fs.Problems()
	for _, q := range kept {
		why := "broken"
		if q.Kind == squashfs.TooMany || q.Kind == squashfs.TooBig || q.Kind == squashfs.TooDeep {
			why = "limit"
		}
		if err := a.gap(Gap{Path: q.Path, Offset: p.Offset + max(q.Offset, 0), Why: why, Detail: q.Kind + ": " + q.Detail}); err != nil {
			return err
		}
	}
	if dropped > 0 {
		return a.gap(Gap{Offset: p.Offset, Why: "broken", Detail: fmt.Sprintf("%d more problems", dropped)})
	}
	return nil
}

// emitError marks an error of the receiver, which ends a walk.
type emitError struct{ error }

func (e emitError) Unwrap() error { return e.error }

func (a *analysis) send(r Record) error {
	if err := a.emit(r); err != nil {
		return emitError{err}
	}
	return nil
}

func (a *analysis) entry(e squashfs.Entry, content io.Reader) error {
	a.done.Names++
	rec := Entry{Path: e.Path, Type: kindOf(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Size: e.Size, Target: e.Target}
	key := false
	if e.Type == squashfs.File {
		a.done.Files++
		a.done.Bytes += e.Size
		h := sha256.New()
		src := io.Reader(content)
		if a.opt.Files {
			src = io.TeeReader(content, h)
		}
		f, err := inspect.Load(e.Path, e.Mode, src, a.opt.Limit, a.buf)
		if f != nil {
			a.buf = f.Data
			f.UID, f.GID = e.UID, e.GID
			found, ierr := a.file(f)
			if ierr != nil {
				return ierr
			}
			key = found
			if f.Cut {
				if err := a.sendGap(Gap{Path: e.Path, Why: "limit", Detail: fmt.Sprintf("only the first %d bytes were inspected", a.opt.Limit)}); err != nil {
					return err
				}
			}
		}
		if err != nil {
			if err := a.sendGap(Gap{Path: e.Path, Why: "broken", Detail: err.Error()}); err != nil {
				return err
			}
		} else if a.opt.Files {
			if _, err := io.Copy(h, content); err == nil {
				rec.SHA256 = hex.EncodeToString(h.Sum(nil))
			}
		}
	}
	for _, k := range perm.Of(perm.Entry{Path: e.Path, Type: string(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Key: key}) {
		if err := a.send(Record{Mode: &Mode{Path: e.Path, Kind: string(k), Mode: e.Mode}}); err != nil {
			return err
		}
	}
	if a.opt.Files {
		return a.send(Record{Entry: &rec})
	}
	return nil
}

func (a *analysis) sendGap(g Gap) error { return a.send(Record{Gap: &g}) }

func kindOf(t squashfs.Type) string {
	switch t {
	case squashfs.Block:
		return "block"
	case squashfs.Char:
		return "char"
	}
	return string(t)
}

// file has one file inspected; key says that it holds a private key.
func (a *analysis) file(f *inspect.File) (key bool, err error) {
	var values []string // secrets of this file, which other records must not repeat
	for _, h := range secret.Scan(f) {
		if h.Kind == secret.Cut {
			if err := a.sendGap(Gap{Path: h.Path, Offset: h.Offset, Why: "limit", Detail: "more secrets than are kept of one file"}); err != nil {
				return key, err
			}
			continue
		}
		key = key || h.Kind == secret.PrivateKey
		if h.Kind != secret.UID0Account && h.Kind != secret.AuthorizedKey && len(h.Value) >= 4 {
			values = append(values, h.Value)
		}
		if err := a.send(Record{Secret: &h}); err != nil {
			return key, err
		}
	}
	for _, u := range host.Scan(f) {
		if u.Class == host.Cut {
			if err := a.sendGap(Gap{Path: u.Path, Offset: u.Offset, Why: "limit", Detail: "more hosts than are kept of one file"}); err != nil {
				return key, err
			}
			continue
		}
		u.Text = mask(u.Text, values)
		if err := a.send(Record{Host: &u}); err != nil {
			return key, err
		}
	}
	for _, s := range startup.Scan(f) {
		if s.Kind == startup.Cut {
			if err := a.sendGap(Gap{Path: s.Path, Offset: s.Offset, Why: "limit", Detail: "more start-up lines than are kept of one file"}); err != nil {
				return key, err
			}
			continue
		}
		s.Text = mask(s.Text, values)
		if err := a.send(Record{Start: &s}); err != nil {
			return key, err
		}
	}
	certs, _ := cert.Scan(f, a.opt.Now)
	for _, c := range certs {
		if err := a.send(Record{Cert: &c}); err != nil {
			return key, err
		}
	}
	if v, ok := version(f); ok {
		if err := a.send(Record{Version: &v}); err != nil {
			return key, err
		}
	}
	return key, nil
}

// mask takes the secrets of a file out of a text that is shown.
func mask(text string, values []string) string {
	for _, v := range values {
		text = strings.ReplaceAll(text, v, "[redacted]")
	}
	return text
}

// version reads the image's own version where a well-known file states it:
// VERSION_ID of os-release(5), or the only line of a version file.
func version(f *inspect.File) (Version, bool) {
	switch f.Path {
	case "/etc/os-release", "/usr/lib/os-release":
		off := 0
		for line := range strings.Lines(string(f.Data)) {
			if v, ok := strings.CutPrefix(line, "VERSION_ID="); ok {
				return Version{strings.Trim(strings.TrimSpace(v), `"'`), f.At(off)}, true
			}
			off += len(line)
		}
	case "/etc/version", "/etc/firmware_version", "/etc/fw_version", "/VERSION":
		if s := strings.TrimSpace(string(f.Data)); s != "" && len(s) <= 64 && !strings.Contains(s, "\n") {
			return Version{s, f.At(0)}, true
		}
	}
	return Version{}, false
}
