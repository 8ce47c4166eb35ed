package product

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is a file of the workspace that the product names.
type File struct {
	Name string // slash-separated, relative to the workspace
	Path string // field path that names it, such as documents[0].file
}

// Files returns every file that the product names, in the order of the model.
func (p *Product) Files() []File {
	var out []File
	add := func(name, path string) {
		if name != "" && !strings.Contains(name, "://") {
			out = append(out, File{Name: name, Path: path})
		}
	}
	add(p.Identity.Maker.DisclosurePolicy, "product.maker.disclosure_policy")
	for i, c := range p.Components {
		path := ItemPath("components", i)
		add(c.Package, path+".package")
		if c.Firmware != nil {
			add(c.Firmware.File, path+".firmware.file")
		}
	}
	for i, d := range p.Documents {
		add(d.File, ItemPath("documents", i)+".file")
	}
	for i, u := range p.Units {
		add(u.Dump, ItemPath("units", i)+".dump")
	}
	p.recordFiles(add)
	return out
}

// recordFiles names the files that the record of IR 8259 points to.
func (p *Product) recordFiles(add func(name, path string)) {
	practices := func(all []Practice, list string) {
		for i, x := range all {
			add(x.Evidence, ItemPath(list, i)+".evidence")
		}
	}
	for i, c := range p.Components {
		add(c.SBOM, ItemPath("components", i)+".sbom")
	}
	for i, s := range p.Suppliers {
		add(s.SBOM, ItemPath("suppliers", i)+".sbom")
	}
	if o := p.Organisation; o != nil {
		practices(o.Posture, "organisation.posture")
	}
	if d := p.Development; d != nil {
		practices(d.Practices, "development.practices")
		if d.Modelling != nil {
			add(d.Modelling.Procedure, "development.modelling.procedure")
		}
	}
	if a := p.Aftercare; a != nil {
		for i, r := range a.Releases {
			add(r.Published, ItemPath("aftercare.releases", i)+".published")
		}
	}
	if c := p.Communication; c != nil {
		add(c.MUD, "communication.mud")
	}
	if p.AI != nil {
		add(p.AI.Process, "ai.process")
	}
}

// CheckFiles reports which named files are not in the workspace (open points)
// and which lead out of it or are no files (errors). The error is one of
// opening the workspace itself.
func CheckFiles(dir string, p *Product) ([]Problem, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("product: open workspace: %w", err)
	}
	defer root.Close() // only looked at
	var problems []Problem
	for _, f := range p.Files() {
		line, column := p.Position(f.Path)
		problem := Problem{
			File: p.File(), Line: line, Column: column, Path: f.Path,
			Args: args("file", f.Name, "field", lastStep(f.Path)), Severity: SeverityError,
		}
		info, err := root.Stat(filepath.FromSlash(f.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problem.Key, problem.Severity = "open.no-file", SeverityOpen
		case err != nil:
			// os.Root has no error value of its own for a link that leaves.
			problem.Key = "problem.unreadable-file"
			problem.Args["cause"] = show(reason(err))
		case !info.Mode().IsRegular():
			problem.Key = "problem.no-regular-file"
		default:
			continue
		}
		problems = append(problems, problem)
	}
	return arrange(p.File(), problems), nil
}

// reason is the cause without operation and path, which the message has.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
