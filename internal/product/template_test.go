package product

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteTemplate(t *testing.T) {
	t.Parallel()
	for _, name := range Templates() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "new", "cam")
			written, err := WriteTemplate(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					rel, _ := filepath.Rel(dir, p) // both are absolute
					found = append(found, filepath.ToSlash(rel))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(written)
			slices.Sort(found)
			if want := []string{SchemaFileName, FileName, "evidence/README.md"}; !slices.Equal(found, sorted(want)) || !slices.Equal(written, found) {
				t.Errorf("WriteTemplate: wrote %v, found %v, want %v", written, found, want)
			}
			p, problems, err := LoadDir(dir, lim)
			if err != nil || len(problems) > 0 {
				t.Errorf("LoadDir: %v, %v", problems, err)
			}
			if len(Check(p)) == 0 {
				t.Error("Check: no open point; a template is no finished product")
			}
			data := template(t, name)
			if first, _, _ := bytes.Cut(data, []byte("\n")); string(first) != "# yaml-language-server: $schema="+SchemaFileName {
				t.Errorf("first line: %s", first)
			}
			if _, err := WriteTemplate(dir, name); !errors.Is(err, fs.ErrExist) {
				t.Errorf("WriteTemplate again: %v", err)
			}
		})
	}
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

func TestWriteTemplateKeepsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "evidence", "README.md")
	if err := os.MkdirAll(filepath.Dir(mine), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteTemplate(dir, "camera"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("WriteTemplate: %v", err)
	}
	if got, err := os.ReadFile(mine); err != nil || string(got) != "mine" {
		t.Errorf("my file: %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, FileName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestWriteTemplateIntoReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	probe := filepath.Join(dir, "probe")
	if os.WriteFile(probe, nil, 0o600) == nil {
		t.Skip("this user may write everywhere")
	}
	if _, err := WriteTemplate(dir, "camera"); err == nil {
		t.Error("WriteTemplate: no error")
	}
}

func TestTemplateNames(t *testing.T) {
	t.Parallel()
	if _, err := Template("camra"); err == nil || !strings.Contains(err.Error(), "did you mean camera?") {
		t.Errorf("Template(camra): %v", err)
	}
	if _, err := Template("../camera"); err == nil {
		t.Error("Template(../camera): no error")
	}
}
