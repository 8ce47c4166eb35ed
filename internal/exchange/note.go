package exchange

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/product"
	"assay/internal/untrusted"
	"assay/internal/yamltree"
)

// Note is one thing of the foreign model that was not translated, or only in
// part, or that was guessed.
type Note struct {
	File string `json:"file"`
	// Line and Column count from 1; both are 0 where a note concerns the model
	// as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Field is the path in the foreign model, such as technical_assets.web.raa.
	Field string `json:"field,omitempty"`
	// Why is a message key (exchange.* or problem.*), Args are its arguments,
	// harmless for a terminal. The argument `what` is a message key itself.
	Why  string            `json:"why"`
	Args map[string]string `json:"args,omitempty"`
}

// Where is file:line:column, as editors and terminals open it.
func (n Note) Where() string {
	if n.Line == 0 {
		return n.File
	}
	return fmt.Sprintf("%s:%d:%d", n.File, n.Line, n.Column)
}

// Text is the note in English, without its place.
func (n Note) Text() string {
	text, ok := english[n.Why]
	if !ok {
		return product.Problem{Key: n.Why, Args: n.Args}.Text()
	}
	args := make([]string, 0, 2*len(n.Args))
	for name, value := range n.Args {
		if word, ok := english[value]; ok {
			value = word
		}
		args = append(args, "{"+name+"}", value)
	}
	return strings.NewReplacer(args...).Replace(text)
}

// String is place, field and English text.
func (n Note) String() string {
	if n.Field == "" {
		return n.Where() + ": " + n.Text()
	}
	return n.Where() + ": [" + n.Field + "] " + n.Text()
}

// Unreadable says why a file gives no product: at least one note.
type Unreadable struct{ Notes []Note }

func (e *Unreadable) Error() string {
	if len(e.Notes) == 1 {
		return e.Notes[0].String()
	}
	return fmt.Sprintf("%s (and %d more)", e.Notes[0], len(e.Notes)-1)
}

func unreadable(file string, faults []yamltree.Fault) *Unreadable {
	n := newNotes(file, &yamltree.Result{Faults: faults}, struct{}{})
	n.faults()
	return &Unreadable{Notes: n.all()}
}

func broken(file string, bad []product.Problem) *Unreadable {
	n := newNotes(file, &yamltree.Result{}, struct{}{})
	for _, b := range bad {
		n.whole("exchange.unusable", "path", b.Path, "problem", b.Text())
	}
	return &Unreadable{Notes: n.all()}
}

// mostAlike is how many notes of one kind on fields of one shape are listed;
// the rest is a number.
const mostAlike = 5

// notes collects what is to be said about one file.
type notes struct {
	file  string
	res   *yamltree.Result
	root  any // of the type that was decoded
	list  []Note
	alike map[string]int
	rest  map[string]int // index in list of the note that counts the rest
}

func newNotes(file string, res *yamltree.Result, root any) *notes {
	return &notes{file: file, res: res, root: root, alike: map[string]int{}, rest: map[string]int{}}
}

// branch is a collector of the same file whose notes nobody reads.
func (n *notes) branch() *notes { return newNotes(n.file, n.res, n.root) }

func formatInt[T int | int64](i T) string { return strconv.FormatInt(int64(i), 10) }

// args pairs names and values and makes the values harmless.
func (n *notes) args(pairs ...string) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = untrusted.From(pairs[i+1], 300).Terminal()
	}
	return m
}

// add notes something about a field.
func (n *notes) add(path, why string, pairs ...string) {
	at, ok := n.res.Places[path]
	for p := path; !ok && p != ""; {
		p = yamltree.ParentPath(p)
		at, ok = n.res.Places[p]
	}
	n.at(at, path, why, pairs...)
}

// whole notes something about the model as a whole.
func (n *notes) whole(why string, pairs ...string) {
	n.list = append(n.list, Note{File: n.file, Why: why, Args: n.args(pairs...)})
}

func (n *notes) at(at yamltree.Place, path, why string, pairs ...string) {
	shape := yamltree.Shape(n.root, path)
	key := why + " " + shape
	if n.alike[key]++; n.alike[key] > mostAlike {
		i, ok := n.rest[key]
		if !ok {
			i = len(n.list)
			n.rest[key] = i
			n.list = append(n.list, Note{File: n.file, Line: at.Line, Column: at.Column, Field: shape, Why: "exchange.more", Args: n.args("what", why)})
		}
		n.list[i].Args["count"] = strconv.Itoa(n.alike[key] - mostAlike)
		return
	}
	field := untrusted.From(path, 200).Terminal()
	n.list = append(n.list, Note{File: n.file, Line: at.Line, Column: at.Column, Field: field, Why: why, Args: n.args(pairs...)})
}

// faults notes what the reader of the format found.
func (n *notes) faults() {
	for _, f := range n.res.Faults {
		var pairs []string
		for name, value := range f.Args {
			pairs = append(pairs, name, value)
		}
		n.at(f.Place, f.Path, faultKeys[f.Reason], pairs...)
	}
	if n.res.Dropped > 0 {
		n.whole("exchange.dropped", "count", strconv.Itoa(n.res.Dropped))
	}
}

// all is the notes in the order of the file; what concerns it as a whole comes
// last.
func (n *notes) all() []Note {
	slices.SortStableFunc(n.list, func(a, b Note) int {
		return cmp.Or(cmp.Compare(min(a.Line, 1), min(b.Line, 1))*-1, cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Field, b.Field))
	})
	return n.list
}
