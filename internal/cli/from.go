package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"assay/internal/exchange"
	"assay/internal/exchange/otm"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/report"
	"assay/internal/standard"
	"assay/internal/threat"
)

// remainderFile keeps, in a workspace that was made of an Open Threat Model,
// what the product model has no place for.
const remainderFile = exchange.RemainderFile

// maxOTM bounds an Open Threat Model that is written, in bytes.
const maxOTM = 64 << 20

// shownNotes is how many notes on a foreign model stand on a terminal.
const shownNotes = 40

// initDone says which files were written.
func (a *app) initDone(dir, next string, files []string) {
	if a.quiet {
		return
	}
	for _, f := range files {
		fmt.Fprintln(a.Out, filepath.Join(dir, filepath.FromSlash(f)))
	}
	fmt.Fprintln(a.Out, a.t(next, "dir", dir))
}

// initFrom makes a workspace of a foreign threat model and says what of it
// was not translated.
func (a *app) initFrom(dir, file string) error {
	lim := limit.Default().YAML
	data, err := readFile(file, lim.Size)
	if err != nil {
		return use(err)
	}
	format, err := exchange.Detect(file, data)
	if err != nil {
		return a.unreadable(err)
	}
	var p *product.Product
	var rest *exchange.Remainder
	var notes []exchange.Note
	if format == exchange.OTM {
		p, rest, notes, err = exchange.FromOTM(file, data, lim)
	} else {
		p, notes, err = exchange.FromThreagile(file, data, lim)
	}
	if err != nil {
		return a.unreadable(err)
	}
	model, err := exchange.MarshalYAML(p)
	if err != nil {
		return use(err)
	}
	var more []product.Extra
	if rest != nil {
		kept, err := rest.Marshal(lim)
		if err != nil {
			return use(err)
		}
		more = append(more, product.Extra{Name: remainderFile, Data: kept})
	}
	files, err := product.WriteWorkspace(dir, model, more...)
	if err != nil {
		return use(err)
	}
	a.notes(notes, filepath.Join(dir, product.FileName))
	a.initDone(dir, "ui.from-next", files)
	return nil
}

// notes lists on stderr what was not translated.
func (a *app) notes(all []exchange.Note, file string) {
	for i, n := range all {
		if i == shownNotes && !a.verbose {
			fmt.Fprintln(a.Err, a.t("ui.from-more", "count", fmt.Sprint(len(all)-i)))
			break
		}
		field := ""
		if n.Field != "" {
			field = "[" + n.Field + "] "
		}
		fmt.Fprintf(a.Err, "%s: %s%s\n", plain(n.Where()), plain(field), plain(a.texts.T(a.lang, n.Why, n.Args)))
	}
	if len(all) > 0 {
		fmt.Fprintln(a.Err, a.t("ui.from-notes", "count", fmt.Sprint(len(all)), "file", file))
	}
}

// unreadable prints every reason why a foreign model can't be read.
func (a *app) unreadable(err error) error {
	var u *exchange.Unreadable
	if !errors.As(err, &u) || len(u.Notes) == 0 {
		return use(err)
	}
	first := u.Notes[0]
	for _, n := range u.Notes[1:] {
		fmt.Fprintf(a.Err, "%s: %s\n", plain(n.Where()), plain(a.texts.T(a.lang, n.Why, n.Args)))
	}
	return &exitError{code: exitUse, err: errors.New(first.Where() + ": " + a.texts.T(a.lang, first.Why, first.Args)), where: first.Where()}
}

// remainder reads what an imported model left behind; nil where the
// workspace wasn't made of one.
func (a *app) remainder(dir string) (*exchange.Remainder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, use(err)
	}
	defer root.Close() // opened for reading only
	info, err := root.Stat(remainderFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	lim := limit.Default().YAML
	switch {
	case err != nil:
		return nil, use(err)
	case !info.Mode().IsRegular() || info.Size() > lim.Size:
		return nil, usef("%s is no regular file of at most %d bytes: remove it, or put the one back that was written", remainderFile, lim.Size)
	}
	data, err := root.ReadFile(remainderFile)
	if err != nil {
		return nil, use(err)
	}
	rest, err := exchange.UnmarshalRemainder(remainderFile, data, lim)
	if err != nil {
		return nil, a.unreadable(err)
	}
	return rest, nil
}

// threatsOTM writes the model as an Open Threat Model.
func (a *app) threatsOTM(dir string, x *threat.Analysis, standards []*standard.Standard) error {
	threats, mitigations := report.OTM(x, standards, a.lang)
	rest, err := a.remainder(dir)
	if err != nil {
		return err
	}
	doc, err := exchange.ToOTM(x.Product, threats, mitigations, rest)
	if err != nil {
		return use(err)
	}
	b, err := otm.Write(doc, maxOTM)
	if err != nil {
		return use(err)
	}
	if _, err := (visible{a.Out}).Write(b); err != nil {
		return err
	}
	return a.threatProblems(x)
}
