package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"assay/internal/activity"
	"assay/internal/product"
	"assay/internal/report/publish"
	"assay/internal/store"
	"assay/internal/threat"
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
	for _, in := range append(inputs, filepath.Join(a.dir, product.FileName), filepath.Join(a.dir, threat.DecisionsFile),
		filepath.Join(a.dir, activity.AnswersFile), filepath.Join(a.dir, publish.WordsFile)) {
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

// answer is the file of --out. What stood there is replaced when the command
// has written an answer, and is kept when it wrote nothing or failed.
type answer struct {
	*os.File
	path    string // "" for a device or a pipe, which is written to directly
	written bool
}

func newAnswer(path string) (*answer, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &answer{File: f}, err
	}
	real, err := filepath.EvalSymlinks(path) // a link stays a link
	if err != nil {
		real = path
	}
	f, err := os.CreateTemp(filepath.Dir(real), ".answer-*")
	return &answer{File: f, path: real}, err
}

func (a *answer) Write(b []byte) (int, error) {
	a.written = a.written || len(b) > 0
	return a.File.Write(b)
}

// drop gives up the answer of a command that failed: what stood at --out stays,
// and the error goes to stdout.
func (a *app) drop() {
	if a.answer == nil {
		return
	}
	a.answer.written = false
	if err := a.answer.Close(); err != nil {
		fmt.Fprintln(a.Err, "assay:", plain(err.Error()))
	}
	a.Out, a.answer = a.stdout, nil
}

// Close puts the answer in its place.
func (a *answer) Close() error {
	if a.path == "" {
		return a.File.Close()
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(a.path); err == nil {
		mode = info.Mode().Perm()
	}
	err := errors.Join(a.File.Chmod(mode), a.File.Close())
	if err != nil || !a.written {
		return errors.Join(err, os.Remove(a.File.Name()))
	}
	if err := os.Rename(a.File.Name(), a.path); err != nil {
		return errors.Join(fmt.Errorf("--out: %w", err), os.Remove(a.File.Name()))
	}
	return nil
}
