package product

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var templates embed.FS

// SchemaFileName is the JSON Schema beside assay.yaml, so that editors
// complete and check without a network.
const SchemaFileName = "assay.schema.json"

// Templates returns the names of the templates, the fullest first.
func Templates() []string { return []string{"camera", "doorbell", "gateway", "generic"} }

// Template returns the files of a workspace template.
func Template(name string) (fs.FS, error) {
	if !slices.Contains(Templates(), name) {
		hint := ""
		if meant := suggest(name, Templates()); meant != "" {
			hint = fmt.Sprintf(" (did you mean %s?)", meant)
		}
		return nil, fmt.Errorf("product: no template %q%s: choose one of %s", name, hint, strings.Join(Templates(), ", "))
	}
	return fs.Sub(templates, path.Join("templates", name))
}

// WriteTemplate writes a template and the JSON Schema into dir, which is made
// if needed, and returns the names of the files. It never replaces a file:
// if one exists, the error wraps fs.ErrExist and nothing is written. Each
// file appears whole or not at all.
func WriteTemplate(dir, name string) ([]string, error) {
	files, err := templateFiles(name)
	if err != nil {
		return nil, err
	}
	return writeWorkspace(dir, files)
}

// Extra is a further file of a new workspace; its name is a path inside.
type Extra struct {
	Name string
	Data []byte
}

// WriteWorkspace writes the bytes of an assay.yaml, the JSON Schema and
// further files into dir, under the promises of WriteTemplate.
func WriteWorkspace(dir string, data []byte, more ...Extra) ([]string, error) {
	files := []templateFile{{SchemaFileName, SchemaJSON()}}
	for _, x := range more {
		if !fs.ValidPath(x.Name) {
			return nil, fmt.Errorf("product: %q is no name of a file in a workspace", x.Name)
		}
		files = append(files, templateFile{x.Name, x.Data})
	}
	return writeWorkspace(dir, append(files, templateFile{FileName, data}))
}

func writeWorkspace(dir string, files []templateFile) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("product: make workspace: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("product: open workspace: %w", err)
	}
	defer root.Close() // every file was synced and closed before
	for _, f := range files {
		if _, err := root.Lstat(f.name); err == nil {
			return nil, fmt.Errorf("product: %s in %s: %w: choose another folder, or move it away", f.name, dir, fs.ErrExist)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("product: look into %s: %w", dir, err)
		}
	}
	var written []string
	for _, f := range files {
		if err := writeNew(root, f.name, f.data); err != nil {
			for _, w := range written {
				// Best effort: the first error is what the user must hear about.
				_ = root.Remove(w)
			}
			return nil, fmt.Errorf("product: write %s in %s: %w", f.name, dir, err)
		}
		written = append(written, f.name)
	}
	return written, nil
}

type templateFile struct {
	name string
	data []byte
}

// templateFiles is the product file last: a workspace that has one is whole.
func templateFiles(name string) ([]templateFile, error) {
	t, err := Template(name)
	if err != nil {
		return nil, err
	}
	files := []templateFile{{SchemaFileName, SchemaJSON()}}
	err = fs.WalkDir(t, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || p == FileName {
			return err
		}
		data, err := fs.ReadFile(t, p)
		files = append(files, templateFile{p, data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("product: template %s: %w", name, err)
	}
	data, err := fs.ReadFile(t, FileName)
	if err != nil {
		return nil, fmt.Errorf("product: template %s: %w", name, err)
	}
	return append(files, templateFile{FileName, data}), nil
}

// writeNew writes beside and then links into place: a link, unlike a rename,
// never replaces what somebody else made in between.
func writeNew(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	temp := name + ".new"
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = root.Link(temp, name)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// File systems without hard links: the look before was the check.
			if renameErr := root.Rename(temp, name); renameErr != nil {
				return errors.Join(err, renameErr, root.Remove(temp))
			}
			return nil
		}
	}
	return errors.Join(err, root.Remove(temp))
}
