package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/product"
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
	return a.command("ls IMAGE [PATH]...", "firmware-ls", cobra.MinimumNArgs(1), func(c *cobra.Command, args []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		d := filesDoc{Schema: "assay/files@1", Image: args[0], Entries: []fileEntry{}, Incomplete: []firmwareGap{}, Errors: []jsonError{}}
		l, err := a.listing(c.Context(), args[0])
		if err != nil {
			return err
		}
		d.Incomplete, d.Errors = l.gaps, filled(l.errors)
		for _, e := range l.entries {
			if len(args) == 1 || slices.ContainsFunc(args[1:], func(p string) bool { return below(e.Path, p) }) {
				d.Entries = append(d.Entries, fileEntry{Entry: e.Entry})
			}
		}
		for _, p := range args[1:] {
			if !slices.ContainsFunc(d.Entries, func(e fileEntry) bool { return below(e.Path, p) }) {
				return a.noSuchFile(l, args[0], p)
			}
		}
		if a.format == "json" {
			a.json(d)
		} else {
			for _, e := range d.Entries {
				fmt.Fprintln(a.Out, line(e.Entry))
			}
		}
		a.incomplete(l)
		return nil
	})
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

// below says that a path is p or stands below it.
func below(path, p string) bool {
	p = strings.TrimSuffix(p, "/")
	rest, ok := strings.CutPrefix(path, p)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(p, ":"))
}

// below lists the full paths of what is p or stands below it, but for those that
// stand below another one of them.
func (l *listing) below(p string) []string {
	var out []string
	taken := make(map[string]bool)
	for _, e := range l.entries {
		if !below(e.Path, p) {
			continue
		}
		covered := false
		for i := len(e.full) - 1; i >= 0 && !covered; i-- {
			covered = e.full[i] == '/' && taken[e.full[:i]]
		}
		if full := strings.TrimSuffix(e.full, "/"); !covered && !taken[full] {
			taken[full] = true
			out = append(out, e.full)
		}
	}
	return out
}

// noSuchFile says that an image has no such path, and which are near.
func (a *app) noSuchFile(l *listing, image, path string) error {
	text := a.t("ui.no-such-file", "path", plain(path))
	if near := l.near(path); len(near) > 0 {
		text += a.t("ui.near", "list", plain(strings.Join(near, a.t("ui.fw.comma"))))
	}
	return &exitError{code: exitUse, kind: codeNotFound, err: errors.New(text), where: image, next: a.t("ui.next.ls", "image", image)}
}

// listing is the names of an image.
type listing struct {
	entries []listed
	gaps    []firmwareGap
	errors  []jsonError
}

// listed is an entry with its path as people read it, and the full one.
type listed struct {
	firmware.Entry
	full string
}

// near are paths that somebody may have meant: of the same name elsewhere, else
// of the name that comes nearest.
func (l *listing) near(path string) []string {
	const most, looked = 3, 100_000
	base := func(p string) string {
		p = strings.TrimSuffix(p, "/")
		return strings.ToLower(p[strings.LastIndexAny(p, "/:")+1:])
	}
	paths := make(map[string][]string)
	var names []string
	for _, e := range l.entries[:min(looked, len(l.entries))] {
		name := base(e.Path)
		if name == "" {
			continue
		}
		if paths[name] == nil {
			names = append(names, name)
		}
		paths[name] = append(paths[name], e.Path)
	}
	want := base(path)
	if paths[want] == nil {
		want = product.Nearest(want, names)
	}
	return paths[want][:min(most, len(paths[want]))]
}

func (a *app) incomplete(l *listing) {
	if len(l.gaps) > 0 {
		a.code = exitUndecided
		fmt.Fprintln(a.Err, a.t("ui.files-incomplete", "count", fmt.Sprint(len(l.gaps)), "first", untrusted.From(l.gaps[0].Path+" "+l.gaps[0].Detail, 200).Terminal()))
	}
}

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
	p.show("progress.image", "image", path)
	defer p.done()
	job := sandbox.Job{Parser: firmware.FilesParser, Input: f, Args: args}
	job.Limits.MaxOutput = 8 << 30 // contents as base64; what is unpacked has its own bound
	files, shown := 0, time.Now()
	_, err = runner()(ctx, job, func(raw json.RawMessage) error {
		var r firmware.FileRecord
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		if r.Entry != nil {
			if files++; time.Since(shown) > time.Second/5 {
				shown = time.Now()
				p.show("progress.image-file", "image", filepath.Base(path), "files", fmt.Sprint(files), "path", r.Entry.Path[strings.LastIndexByte(r.Entry.Path, 0)+1:])
			}
		}
		return take(r)
	})
	var failed *sandbox.Error
	if errors.As(err, &failed) && failed.Reason != sandbox.ReasonSink {
		return failed, nil
	}
	return nil, err
}

func (a *app) listing(ctx context.Context, path string) (*listing, error) {
	l := &listing{gaps: []firmwareGap{}}
	var names firmware.Names
	failed, err := a.filesOf(ctx, path, firmware.FilesOptions{}, func(r firmware.FileRecord) error {
		switch {
		case r.Volume != nil:
			names.Add(*r.Volume)
		case r.Entry != nil:
			l.entries = append(l.entries, listed{Entry: *r.Entry})
		case r.Gap != nil:
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
	for i := range l.entries {
		l.entries[i].full = names.Full(l.entries[i].Path)
		l.entries[i].Path = names.Resolve(l.entries[i].Path)
	}
	for i := range l.gaps {
		l.gaps[i].Path = names.Resolve(l.gaps[i].Path)
	}
	slices.SortStableFunc(l.entries, func(x, y listed) int { return strings.Compare(x.Path, y.Path) })
	if len(l.entries) == 0 {
		why := a.t("ui.no-files", "image", plain(path))
		if len(l.gaps) > 0 {
			why += " " + a.t("ui.fw.gap", "why", a.t("ui.gap."+l.gaps[0].Why), "detail", plain(l.gaps[0].Detail))
		}
		return nil, &exitError{code: exitUse, err: errors.New(why), where: path, next: a.t("ui.next.firmware", "image", path)}
	}
	return l, nil
}

func (a *app) firmwareCat() *cobra.Command {
	return a.command("cat IMAGE PATH...", "firmware-cat", cobra.MinimumNArgs(2), func(c *cobra.Command, args []string) error {
		if err := a.formats("text"); err != nil {
			return err
		}
		l, err := a.listing(c.Context(), args[0])
		if err != nil {
			return err
		}
		for _, p := range args[1:] {
			i := slices.IndexFunc(l.entries, func(e listed) bool { return e.Path == p })
			if i < 0 {
				return a.noSuchFile(l, args[0], p)
			}
			if e := l.entries[i]; e.Type != "file" {
				return a.notAFile(args[0], e.Entry)
			}
			if err := a.cat(c.Context(), args[0], l.entries[i].full); err != nil {
				return err
			}
		}
		return nil
	})
}

// cat writes one file's bytes as they are: to a terminal they are neutralised.
func (a *app) cat(ctx context.Context, image, full string) error {
	safe := terminal(a.Out)
	failed, err := a.filesOf(ctx, image, firmware.FilesOptions{Content: true, Only: []string{full}}, func(r firmware.FileRecord) error {
		if r.Cut != "" {
			a.code = exitUndecided
			fmt.Fprintln(a.Err, a.t("ui.cat-cut", "path", plain(full), "why", plain(r.Cut)))
		}
		if r.Gap != nil || len(r.Data) == 0 {
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
	return nil
}

// notAFile says what a path is instead of a file, and what to do.
func (a *app) notAFile(image string, e firmware.Entry) error {
	out := &exitError{code: exitUse, err: errors.New(a.t("ui.not-a-file", "path", plain(e.Path), "type", a.t("ui.type."+e.Type))), where: image}
	switch e.Type {
	case "symlink":
		out.err = errors.New(a.t("ui.is-a-link", "path", plain(e.Path), "target", plain(e.Target)))
		out.next = a.t("ui.next.cat-target", "image", image)
	case "dir":
		out.next = a.t("ui.next.cat-dir", "image", image, "path", plain(e.Path))
	default:
		out.next = a.t("ui.next.ls", "image", image)
	}
	return out
}
