package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/sandbox"
)

// manifestName is the list of everything that stood in the image, also of what
// was not written.
const manifestName = "assay-files.json"

func (a *app) firmwareExtract() *cobra.Command {
	return a.offers(a.command("extract IMAGE [PATH]... --out DIR", "firmware-extract", cobra.MinimumNArgs(1), func(c *cobra.Command, args []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		if a.out == "" {
			return &exitError{code: exitUse, err: errors.New(a.t("ui.extract-needs-out")), next: a.t("ui.next.extract", "image", args[0])}
		}
		l, err := a.listing(c.Context(), args[0])
		if err != nil {
			return err
		}
		list, err := a.named(l, args[0], args[1:])
		if err != nil {
			return err
		}
		jobs := l.wanted(list, len(args) == 1)
		root, err := a.emptyFolder(a.out)
		if err != nil {
			return err
		}
		defer root.Close() // its files are closed one by one
		x := &extraction{root: root, doc: filesDoc{Schema: "assay/files@1", Image: args[0], Entries: []fileEntry{}, Incomplete: l.gaps, Errors: filled(l.errors)}}
		var failed *sandbox.Error
		for _, opt := range jobs {
			if failed, err = a.filesOf(c.Context(), args[0], opt, x.take); failed != nil || err != nil {
				break
			}
		}
		if c.Context().Err() != nil {
			return a.interrupted(c.Context().Err(), "ui.interrupted-extract", "count", fmt.Sprint(x.dropped()), "dir", a.out)
		}
		if err = errors.Join(err, x.finish()); err != nil {
			return a.extractError(err)
		}
		if failed != nil {
			x.doc.Errors = append(x.doc.Errors, a.ended(failed, args[0]))
			l.gaps = append(l.gaps, firmwareGap{Why: "parser-killed", Detail: failed.Error()})
			x.doc.Incomplete = l.gaps
		}
		if x.changed && !slices.ContainsFunc(l.gaps, func(g firmwareGap) bool { return g.Why == changedGap.Why }) {
			l.gaps = append(l.gaps, changedGap)
			a.keyed(l.gaps)
			x.doc.Incomplete, x.doc.Errors = l.gaps, append(x.doc.Errors, a.changedError(args[0]))
		}
		if err := x.manifest(); err != nil {
			return a.extractError(err)
		}
		if a.format == "json" {
			a.json(x.doc)
		} else {
			fmt.Fprintln(a.Out, a.t("ui.extracted", "files", fmt.Sprint(x.written), "dir", a.out, "left", fmt.Sprint(x.left), "manifest", manifestName))
		}
		a.incomplete(l)
		return nil
	}), "text", "json")
}

// extractError tells of a file that could not be written.
func (a *app) extractError(err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) {
		return err
	}
	return a.unwritable(err, path.Join(a.out, at.Path))
}

// emptyFolder makes a folder, or takes one that is empty.
func (a *app) emptyFolder(dir string) (*os.Root, error) {
	if err := a.mayFillNew(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, a.unwritable(err, dir)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, a.unwritable(err, dir)
	}
	if len(list) > 0 {
		return nil, a.notEmpty(dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, a.unwritable(err, dir)
	}
	return root, nil
}

// mayFillNew refuses a file where the folder should be.
func (a *app) mayFillNew(dir string) error {
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		return a.notEmpty(dir)
	}
	return nil
}

func (a *app) notEmpty(dir string) error {
	other := strings.TrimRight(dir, "/") + "-2"
	if base := path.Base(path.Clean(dir)); base == "." || base == ".." || base == "/" {
		other = path.Join(dir, "files")
	}
	return &exitError{code: exitUse, err: errors.New(a.t("ui.folder-not-empty", "dir", dir)), where: dir, next: a.t("ui.next.new-folder", "dir", other)}
}

// extraction writes the files of an image below a folder. Folders and files get
// plain modes (no set-uid, nobody's ownership), devices aren't made, links
// only where they stay in their tree, and after all files.
type extraction struct {
	root    *os.Root
	names   firmware.Names
	doc     filesDoc
	file    *os.File
	path    string // marked, of the file that is being written
	at      string // on the disk
	links   []link
	written int
	left    int
	changed bool // the image, while it was read
}

type link struct {
	entry  int
	at     string // on the disk
	tree   string // folder of its tree
	target string
}

func (x *extraction) take(r firmware.FileRecord) error {
	switch {
	case r.Volume != nil:
		x.names.Add(*r.Volume)
	case r.Gap != nil && r.Gap.Why == changedGap.Why:
		x.changed = true
	case r.Entry != nil:
		return x.entry(*r.Entry, r.Cut)
	case r.Path != "" && r.Path == x.path && x.file != nil:
		if _, err := x.file.Write(r.Data); err != nil {
			return use(err)
		}
		if r.End {
			return x.close()
		}
	}
	return nil
}

func (x *extraction) close() error {
	if x.file == nil {
		return nil
	}
	err := x.file.Close()
	x.file, x.path = nil, ""
	return err
}

// dropped removes the file that isn't whole, and counts what was made.
func (x *extraction) dropped() int {
	if x.file == nil {
		return x.written
	}
	if x.close() != nil || x.root.Remove(x.at) != nil {
		return x.written
	}
	return x.written - 1
}

func (x *extraction) entry(e firmware.Entry, cut string) error {
	if err := x.close(); err != nil {
		return err
	}
	tree, at := diskPath(x.names.Trees(e.Path))
	rec := fileEntry{Entry: e, Cut: cut}
	n := len(x.doc.Entries)
	var err error
	switch e.Type {
	case "dir":
		err = x.root.MkdirAll(at, 0o755)
	case "file", firmware.Piece:
		if err = x.root.MkdirAll(path.Dir(at), 0o755); err == nil {
			mode := fs.FileMode(0o644) | fs.FileMode(e.Mode&0o100)
			x.file, err = x.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
			x.path, x.at = e.Path, at
		}
	case "symlink":
		x.links = append(x.links, link{n, at, tree, e.Target})
		x.doc.Entries = append(x.doc.Entries, rec)
		return nil
	default:
		rec.NotExtracted = "device"
	}
	switch {
	case rec.NotExtracted != "":
		x.left++
	case err != nil:
		if errors.Is(err, fs.ErrPermission) || e.Path == "" {
			return use(err)
		}
		rec.NotExtracted = "name" // too long, or taken by something else
		x.left++
	default:
		rec.Extracted = at
		x.written++
	}
	x.doc.Entries = append(x.doc.Entries, rec)
	return nil
}

// finish makes the links. A link is made only if nothing on the way to it or to
// its target is a link: then the target stands where its name says, inside of
// the link's tree.
func (x *extraction) finish() error {
	if err := x.close(); err != nil {
		return err
	}
	isLink := make(map[string]bool)
	for _, l := range x.links {
		isLink[l.at] = true
	}
	for _, l := range x.links {
		rec := &x.doc.Entries[l.entry]
		to, ok := l.within(isLink)
		if ok {
			err := x.root.MkdirAll(path.Dir(l.at), 0o755)
			if err == nil {
				err = x.root.Symlink(to, l.at)
			}
			if err == nil {
				rec.Extracted = l.at
				x.written++
				continue
			}
			rec.NotExtracted = "name"
		} else {
			rec.NotExtracted = "link-outside"
		}
		x.left++
	}
	for i := range x.doc.Entries {
		e := &x.doc.Entries[i]
		e.Path = x.names.Resolve(e.Path) // only now it is known which tree is the root
	}
	slices.SortStableFunc(x.doc.Entries, func(p, q fileEntry) int { return strings.Compare(p.Path, q.Path) })
	return nil
}

// within is the target of the link relative to its folder; an absolute one is
// one of the link's tree. ok says that it stays there.
func (l link) within(isLink map[string]bool) (target string, ok bool) {
	if l.target == "" || strings.ContainsRune(l.target, 0) {
		return "", false
	}
	for dir := path.Dir(l.at); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if isLink[dir] {
			return "", false
		}
	}
	cur := strings.Split(path.Dir(l.at), "/") // below the folder of the extraction
	tree := len(strings.Split(l.tree, "/"))
	if path.IsAbs(l.target) {
		cur = cur[:tree]
	}
	for _, p := range strings.Split(l.target, "/") {
		switch p {
		case "", ".":
			continue
		case "..":
			if len(cur) <= tree {
				return "", false
			}
			cur = cur[:len(cur)-1]
			continue
		}
		if isLink[strings.Join(cur, "/")] {
			return "", false // the way leads through a link
		}
		cur = append(slices.Clone(cur), escaped(p))
	}
	from := strings.Split(path.Dir(l.at), "/")
	n := 0
	for n < len(from) && n < len(cur) && from[n] == cur[n] {
		n++
	}
	out := strings.Repeat("../", len(from)-n) + strings.Join(cur[n:], "/")
	if out = strings.TrimSuffix(out, "/"); out == "" {
		out = "."
	}
	return out, true
}

// diskPath is where an entry stands below the folder, and the folder of its
// tree: the names of the trees, each a folder, then the path. What no file
// system of a person should have to bear is written as %XX.
func diskPath(trees []string, full string) (tree, at string) {
	parts := make([]string, len(trees))
	for i, p := range trees {
		parts[i] = escaped(strings.ReplaceAll(strings.Trim(p, "/"), "/", "_"))
	}
	if tree = path.Join(parts...); tree == "" {
		tree = "files"
	}
	if tree == manifestName || strings.HasPrefix(tree, manifestName+"/") {
		tree = "%61" + tree[1:] // the list of what was extracted has this name
	}
	if full = strings.Trim(full, "/"); full == "" {
		return tree, tree // the top of the tree
	}
	names := strings.Split(full, "/")
	for j := range names {
		names[j] = escaped(names[j])
	}
	return tree, path.Join(append([]string{tree}, names...)...)
}

func escaped(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c < 0x20 || c == 0x7f || c == '%' || c == '\\' || c == ':' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	if s := b.String(); s != "" && s != "." && s != ".." {
		return s
	}
	return "%2E"
}

func (x *extraction) manifest() error {
	b, err := json.MarshalIndent(x.doc, "", "  ")
	if err != nil {
		return err
	}
	f, err := x.root.OpenFile(manifestName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return use(err)
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}
