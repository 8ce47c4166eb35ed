package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"assay/internal/product"
	"assay/internal/store"
)

// mayWrite refuses --out where it would destroy something: an input of the
// command, the product file, evidence, the store. An answer goes into a
// folder that exists.
func (a *app) mayWrite(path string, inputs ...string) error {
	no := func(why string) error {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.out-refused", "path", path, "why", a.t("ui.out."+why))), where: path}
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return no("no-folder")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return a.mayWriteIn(path, no)
	case err != nil:
		return use(fmt.Errorf("--out: %w", err))
	case info.IsDir():
		return no("folder")
	case !info.Mode().IsRegular():
		return nil // a device or a pipe takes what it is given
	}
	for _, in := range append(inputs, filepath.Join(a.dir, product.FileName)) {
		if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
			return no("input")
		}
	}
	return a.mayWriteIn(path, no)
}

// mayWriteIn keeps answers out of the workspace's evidence and store.
func (a *app) mayWriteIn(path string, no func(string) error) error {
	real, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return use(fmt.Errorf("--out: %w", err))
	}
	for _, name := range []string{"evidence", store.Folder} {
		kept, err := filepath.EvalSymlinks(filepath.Join(a.dir, name))
		if err != nil {
			continue // not there
		}
		if kept, err = filepath.Abs(kept); err != nil {
			continue
		}
		if abs, err := filepath.Abs(real); err == nil {
			if rel, err := filepath.Rel(kept, abs); err == nil && filepath.IsLocal(rel) {
				return no("kept")
			}
		}
	}
	return nil
}
