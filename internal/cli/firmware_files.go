package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/sandbox"
	"assay/internal/untrusted"
)

// filesDoc is the `files` document: `assay firmware ls` and `extract`.
type filesDoc struct {
	Schema     string        `json:"schema"`
	Image      string        `json:"image"` // path, as it was given
	Entries    []fileEntry   `json:"entries"`
	Incomplete []firmwareGap `json:"incomplete"` // what was not read
	Errors     []jsonError   `json:"errors"`
}

// fileEntry is one name of an image.
type fileEntry struct {
	firmware.Entry
	// Extracted is where `extract` wrote it, relative to its folder; empty
	// where it wrote nothing.
	Extracted string `json:"extracted,omitempty"`
	// NotExtracted says why not: device, link-outside, name (too long, or taken
	// by something else).
	NotExtracted string `json:"not_extracted,omitempty"`
	// Cut says why the content that `extract` wrote isn't whole, in technical
	// English.
	Cut string `json:"cut,omitempty"`
}

func (a *app) firmwareLs() *cobra.Command {
	return a.offers(a.command("ls IMAGE [PATH]...", "firmware-ls", cobra.MinimumNArgs(1), func(c *cobra.Command, args []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		d := filesDoc{Schema: "assay/files@1", Image: args[0], Entries: []fileEntry{}, Incomplete: []firmwareGap{}, Errors: []jsonError{}}
		l, err := a.listing(c.Context(), args[0])
		if err != nil {
			return err
		}
		d.Incomplete, d.Errors = l.gaps, filled(l.errors)
		list, err := a.named(l, args[0], args[1:])
		if err != nil {
			return err
		}
		if a.format == "json" {
			for _, e := range list {
				d.Entries = append(d.Entries, fileEntry{Entry: e.Entry})
			}
			a.json(d)
		} else {
			for _, e := range list {
				fmt.Fprintln(a.Out, line(e.Entry))
			}
		}
		a.incomplete(l)
		return nil
	}), "text", "json")
}

// line is an entry as ls(1) would write it.
func line(e firmware.Entry) string {
	name := untrusted.From(e.Path, 4096).Terminal()
	if e.Target != "" {
		name += " -> " + untrusted.From(e.Target, 4096).Terminal()
	}
	return fmt.Sprintf("%s %5d %5d %10d %s", modeString(e), e.UID, e.GID, e.Size, name)
}

func modeString(e firmware.Entry) string {
	kind := map[string]string{"dir": "d", "symlink": "l", "block": "b", "char": "c", "fifo": "p", "socket": "s"}[e.Type]
	if kind == "" {
		kind = "-"
	}
	b := []byte("rwxrwxrwx")
	for i := range b {
		if e.Mode&(1<<(8-i)) == 0 {
			b[i] = '-'
		}
	}
	for _, s := range []struct {
		bit  uint32
		at   int
		x, n byte
	}{{0o4000, 2, 's', 'S'}, {0o2000, 5, 's', 'S'}, {0o1000, 8, 't', 'T'}} {
		if e.Mode&s.bit != 0 {
			if b[s.at] == 'x' {
				b[s.at] = s.x
			} else {
				b[s.at] = s.n
			}
		}
	}
	return kind + string(b)
}

// outermost lists the full paths of entries, but for those that stand below
// another one of them.
func (l *listing) outermost(list []listed) []string {
	var out []string
	taken := make(map[string]bool)
	for _, e := range list {
		covered, path := false, l.full(e)
		for i := len(path) - 1; i >= 0 && !covered; i-- {
			covered = path[i] == '/' && taken[path[:i]]
		}
		if full := strings.TrimSuffix(path, "/"); !covered && !taken[full] {
			taken[full] = true
			out = append(out, path)
		}
	}
	return out
}

func (a *app) incomplete(l *listing) {
	if len(l.gaps) > 0 {
		a.code = exitUndecided
		fmt.Fprintln(a.Err, a.t("ui.files-incomplete", "count", fmt.Sprint(len(l.gaps)), "first", untrusted.From(strings.TrimSpace(l.gaps[0].Path+" "+a.said(l.gaps[0].Detail)), 200).Terminal()))
	}
}

// mostExtracted bounds what the child gives out: contents as base64. What is
// unpacked has its own bound.
const mostExtracted = 8 << 30

// filesOf has the confined child read an image's files.
func (a *app) filesOf(ctx context.Context, path string, opt firmware.FilesOptions, take func(firmware.FileRecord) error) (*sandbox.Error, error) {
	f, err := firmware.Local(path)
	if err != nil {
		return nil, a.unusable(err, path)
	}
	defer f.Close() // read-only
	args, err := json.Marshal(opt)
	if err != nil {
		return nil, err
	}
	p := a.progress()
	o, err := open(f)
	if err != nil {
		return nil, a.unusable(err, path)
	}
	size := o.size
	if size == 0 {
		return nil, &exitError{code: exitUse, err: errors.New(a.t("ui.file.no-bytes", "path", path)), where: path, next: a.t("ui.next.no-bytes")}
	}
	name := filepath.Base(path)
	p.show("progress.image-scan", "image", name, "size", sized(0), "all", sized(size))
	defer p.done()
	job := sandbox.Job{Parser: firmware.FilesParser, Input: f, Args: args}
	job.Limits.MaxOutput = mostExtracted
	files, shown := 0, time.Now()
	_, err = runner()(ctx, job, func(raw json.RawMessage) error {
		var r firmware.FileRecord
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		if r.Progress != nil {
			if files == 0 {
				p.show("progress.image-scan", "image", name, "size", sized(min(r.Progress.Read, size)), "all", sized(size))
			}
			return nil
		}
		if r.Entry != nil {
			if files++; time.Since(shown) > time.Second/5 {
				shown = time.Now()
				p.show("progress.image-file", "image", name, "files", fmt.Sprint(files), "path", r.Entry.Path[strings.LastIndexByte(r.Entry.Path, 0)+1:])
			}
		}
		return take(r)
	})
	if ctx.Err() != nil {
		return nil, a.interrupted(ctx.Err(), "ui.interrupted-nothing")
	}
	if o.changed() && err == nil {
		err = take(firmware.FileRecord{Gap: &firmware.Gap{Why: changedGap.Why, Detail: changedGap.Detail}})
	}
	var failed *sandbox.Error
	if errors.As(err, &failed) && failed.Reason != sandbox.ReasonSink {
		return failed, nil
	}
	return nil, err
}

func (a *app) listing(ctx context.Context, path string) (*listing, error) {
	l := &listing{gaps: []firmwareGap{}}
	analysable, reason := false, ""
	failed, err := a.filesOf(ctx, path, firmware.FilesOptions{Pieces: true}, func(r firmware.FileRecord) error {
		switch {
		case r.Image != nil:
			analysable, reason = r.Image.Status == unpack.Readable, r.Image.Reason
		case r.Part != nil:
			l.parts = append(l.parts, *r.Part)
		case r.Volume != nil:
			l.names.Add(*r.Volume)
		case r.Entry != nil && r.Entry.Type == firmware.Piece:
			l.pieces = append(l.pieces, listed{Entry: *r.Entry})
		case r.Entry != nil:
			l.entries = append(l.entries, listed{Entry: *r.Entry})
		case r.Gap != nil:
			if r.Gap.Why == changedGap.Why {
				l.errors = append(l.errors, a.changedError(path))
			}
			l.gaps = append(l.gaps, firmwareGap{Path: r.Gap.Path, Offset: r.Gap.Offset, Why: r.Gap.Why, Detail: r.Gap.Detail})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if failed != nil {
		l.gaps = append(l.gaps, firmwareGap{Why: "parser-killed", Detail: failed.Error()})
		l.errors = append(l.errors, a.ended(failed, path))
	}
	if !analysable && len(l.gaps) == 0 {
		l.gaps = append(l.gaps, firmwareGap{Why: "not-analysable", Detail: reason})
	}
	a.keyed(l.gaps)
	l.resolve()
	l.analysable = analysable
	if len(l.entries)+len(l.pieces) == 0 {
		return nil, a.noFiles(l, path)
	}
	return l, nil
}

// noFiles says that nothing could be read in an image.
func (a *app) noFiles(l *listing, path string) error {
	why := a.t("ui.no-files", "image", plain(path))
	if len(l.gaps) > 0 {
		why += " " + plain(a.gapText(l.gaps[0].Why, l.gaps[0].Detail))
	}
	return &exitError{code: exitUse, err: errors.New(why), where: path, next: a.t("ui.next.firmware", "image", path)}
}

func (a *app) firmwareCat() *cobra.Command {
	return a.offers(a.command("cat IMAGE PATH...", "firmware-cat", cobra.MinimumNArgs(2), func(c *cobra.Command, args []string) error {
		if err := a.formats("text"); err != nil {
			return err
		}
		l, err := a.listing(c.Context(), args[0])
		if err != nil {
			return err
		}
		for _, p := range args[1:] {
			e, opt, err := a.one(l, args[0], p)
			if err != nil {
				return err
			}
			if err := a.cat(c.Context(), args[0], e, opt); err != nil {
				return err
			}
		}
		return nil
	}), "text")
}

// cat writes one file's bytes as they are: to a terminal they are neutralised.
func (a *app) cat(ctx context.Context, image string, e listed, opt firmware.FilesOptions) error {
	safe := terminal(a.Out)
	seen := 0
	failed, err := a.filesOf(ctx, image, opt, func(r firmware.FileRecord) error {
		if r.Entry != nil {
			seen++
		}
		if seen > 1 && r.Gap == nil {
			return nil // of two things of one name the first is shown
		}
		why := r.Cut
		if r.Gap != nil && (r.Gap.Path == e.marked || r.Gap.Why == changedGap.Why) {
			why = r.Gap.Detail
		}
		if why != "" {
			a.code = exitUndecided
			fmt.Fprintln(a.Err, a.t("ui.cat-cut", "path", plain(e.Path), "why", plain(a.said(why))))
		}
		if len(r.Data) == 0 {
			return nil
		}
		b := r.Data
		if safe {
			b = []byte(plain(string(b)))
		}
		_, err := a.Out.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return &exitError{code: exitUse, kind: codeParser, err: errors.New(a.ended(failed, image).Message), where: image, next: a.t("ui.next.firmware", "image", image)}
	}
	if seen == 0 {
		return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(a.t("ui.no-such-file", "path", plain(e.Path))), where: image, next: a.t("ui.next.firmware", "image", image)}
	}
	return nil
}

// dangling says that a link leads to nothing in its tree, and to no other link
// on the way there.
func (l *listing) dangling(e firmware.Entry) bool {
	tree, name, ok := cutLast(e.Path, ":/")
	if !ok {
		tree, name = "", strings.TrimPrefix(e.Path, "/")
	} else {
		tree += ":"
	}
	to := e.Target
	if !strings.HasPrefix(to, "/") {
		to = path.Join("/", path.Dir(name), to)
	}
	to = tree + path.Clean(to)
	return !slices.ContainsFunc(l.entries, func(x listed) bool {
		return x.Path == to || strings.HasPrefix(x.Path, to+"/") || x.Type == "symlink" && strings.HasPrefix(to, x.Path+"/")
	})
}

// notAFile says what a path is instead of a file, and what to do.
func (a *app) notAFile(l *listing, image string, e firmware.Entry) error {
	out := &exitError{code: exitUse, err: errors.New(a.t("ui.not-a-file", "path", plain(e.Path), "type", a.t("ui.type."+e.Type))), where: image}
	switch e.Type {
	case "symlink":
		out.err = errors.New(a.t("ui.is-a-link", "path", plain(e.Path), "target", plain(e.Target)))
		out.next = a.t("ui.next.cat-target", "image", image)
		if l.dangling(e) {
			out.err = errors.New(a.t("ui.is-a-dangling-link", "path", plain(e.Path), "target", plain(e.Target)))
			out.next = a.t("ui.next.ls", "image", image)
		}
	case "dir":
		out.next = a.t("ui.next.cat-dir", "image", image, "path", plain(e.Path))
	default:
		out.next = a.t("ui.next.ls", "image", image)
	}
	return out
}
