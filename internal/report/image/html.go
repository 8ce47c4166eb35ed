package image

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"path"
	"slices"
	"strings"
)

//go:embed html/page.tmpl
var pageTemplate string

//go:embed html/style.css
var style string

// MostNames bounds the names that the page's tree shows.
const MostNames = 20_000

// page is what the template shows.
type page struct {
	Doc
	Lang, Policy string
	Style        template.CSS
	Bars         []bar
	Tree         *node
	Left         int // names beyond the bound
	Groups       []group
	Cut          map[string]int // rows beyond the bound, by section
}

// MostRows bounds the rows of each table.
const MostRows = 5_000

// group is findings of one title and severity, which stand beside each other.
type group struct {
	Finding     // the first
	Count   int // how many there are
	Rest    []Finding
	Many    bool // too many to stand one by one
}

// grouped joins findings of one kind.
func grouped(list []Finding) []group {
	const few = 3
	var out []group
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Title == list[0].Title && list[n].Severity == list[0].Severity {
			n++
		}
		if n > few {
			out = append(out, group{Finding: list[0], Count: n, Rest: list[:n], Many: true})
		} else {
			for _, f := range list[:n] {
				out = append(out, group{Finding: f, Count: 1})
			}
		}
		list = list[n:]
	}
	return out
}

// bounded cuts the lists of a document to what a page may show.
func bounded(d Doc) (Doc, map[string]int) {
	over := make(map[string]int)
	d.Parts = first(over, "parts", d.Parts)
	d.Findings = first(over, "findings", d.Findings)
	d.Components = first(over, "components", d.Components)
	d.Hosts = first(over, "hosts", d.Hosts)
	d.Unattributed = first(over, "unattributed", d.Unattributed)
	d.Starts = first(over, "starts", d.Starts)
	d.Updates = first(over, "updates", d.Updates)
	return d, over
}

func first[T any](over map[string]int, section string, list []T) []T {
	if n := len(list) - MostRows; n > 0 {
		over[section] = n
		return list[:MostRows]
	}
	return list
}

// bar is a range on the picture of the image, of 1000 units.
type bar struct {
	X, W  float64
	Class string
	Label string
}

// node is a folder or file of the tree.
type node struct {
	Name     string
	Entry    *Entry
	Children []*node
	Findings []Finding
	Count    int // findings in it and below
	byName   map[string]*node
}

// HTML writes one page; text gives the words of its language (tag lang).
func HTML(w io.Writer, d Doc, lang string, text func(key string, args ...string) string) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"t": text, "clean": clean, "place": func(p string, off int64, line int) string {
			switch {
			case line > 0:
				return fmt.Sprintf("%s:%d", clean(p), line)
			case off == 0 && p != "":
				return clean(p) // the file as a whole
			}
			return fmt.Sprintf("%s@%d", clean(p), off)
		},
		"mode": func(m uint32) string { return fmt.Sprintf("%04o", m) },
		"str":  func(v any) string { return fmt.Sprint(v) },
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("image: HTML template: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	d, over := bounded(d)
	p := page{Doc: d, Groups: grouped(d.Findings), Cut: over, Lang: lang, Style: template.CSS(style), Bars: bars(d),
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"}
	p.Tree, p.Left = tree(d)
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("image: HTML: %w", err)
	}
	return nil
}

func bars(d Doc) []bar {
	var out []bar
	for _, p := range d.Parts {
		if p.Decoded || d.Size <= 0 || strings.Contains(p.Path, ":/") {
			continue
		}
		class := "unread"
		switch {
		case p.Format == "padding":
			class = "padding"
		case p.Read:
			class = "read"
		}
		size := p.Size
		if size <= 0 {
			size = d.Size - p.Offset
		}
		out = append(out, bar{X: 1000 * float64(p.Offset) / float64(d.Size), W: max(1, 1000*float64(size)/float64(d.Size)), Class: class,
			Label: fmt.Sprintf("%s, %d + %d", clean(cmp.Or(p.Path, p.Format)), p.Offset, size)})
	}
	// Containers first, so that what they hold lies on top of them.
	slices.SortStableFunc(out, func(a, b bar) int { return cmp.Compare(b.W, a.W) })
	return out
}

// tree makes folders of paths; findings hang at their files.
func tree(d Doc) (*node, int) {
	root := &node{byName: map[string]*node{}}
	n := 0
	at := func(p string) *node {
		cur := root
		for _, name := range strings.Split(strings.Trim(p, "/"), "/") {
			if name == "" {
				continue
			}
			next := cur.byName[name]
			if next == nil {
				if n >= MostNames {
					return nil
				}
				n++
				next = &node{Name: clean(name), byName: map[string]*node{}}
				cur.byName[name] = next
				cur.Children = append(cur.Children, next)
			}
			cur = next
		}
		return cur
	}
	left := d.More
	for i := range d.Entries {
		if x := at(path.Clean(d.Entries[i].Path)); x != nil {
			x.Entry = &d.Entries[i]
		} else {
			left++
		}
	}
	for _, f := range d.Findings {
		if x := at(f.Path); x != nil {
			x.Findings = append(x.Findings, f)
		}
	}
	root.finish()
	return root, left
}

func (x *node) finish() int {
	x.Count = len(x.Findings)
	for _, c := range x.Children {
		x.Count += c.finish()
	}
	slices.SortFunc(x.Children, func(a, b *node) int {
		return cmp.Or(cmp.Compare(leaf(a), leaf(b)), strings.Compare(a.Name, b.Name))
	})
	return x.Count
}

func leaf(x *node) int {
	if len(x.Children) > 0 {
		return 0
	}
	return 1
}
