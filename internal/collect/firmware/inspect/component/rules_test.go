package component

import (
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

// exampleFile makes a file of an example: text files of their text, programs of
// an ELF header and their strings, each between NUL bytes.
func exampleFile(e Example) (*inspect.File, *elf.Program) {
	path := e.Path
	if path == "" {
		path = "/usr/bin/x"
	}
	if webName(path) || strings.HasSuffix(path, ".zi") {
		return inspect.New(path, 0o644, []byte("\n"+strings.Join(e.Text, "\n")+"\n")), nil
	}
	data := append([]byte("\x7fELF\x01\x01\x01"), make([]byte, 57)...)
	for _, t := range e.Text {
		data = append(append(data, t...), 0)
	}
	p := &elf.Program{Type: "shared", Soname: e.Soname, Needed: e.Needed, Exports: e.Exports, VerDefs: e.VerDefs, Comment: e.Comment}
	if e.Soname == "" {
		p.Interp = "/lib/ld.so"
	}
	return inspect.New(path, 0o755, data), p
}

func (e Example) empty() bool { return len(e.Text) == 0 && e.Path == "" }

// TestExamples holds each rule against its two examples.
func TestExamples(t *testing.T) {
	t.Parallel()
	rs, err := newRuleSet(fromYAML(t))
	if err != nil {
		t.Fatal(err)
	}
	// The rules alone, without the lists that stand beside them.
	rs.libraries = func() map[string]library { return nil }
	rs.programs = func() map[string]string { return nil }
	find := inspecttest.Finder(rs.words)
	for _, r := range rs.Rules {
		if r.DataOnly && len(r.Text) == 0 || r.Type == Firmware && len(r.Text) == 0 || r.ID == "go" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			if r.Yes.empty() || r.No.empty() {
				t.Fatal("a rule needs an example that it recognises and one that it doesn't")
			}
			yes := r.Yes
			if i := slices.IndexFunc(r.Programs, func(p string) bool { return !strings.ContainsAny(p, "*?") }); i >= 0 && yes.Path == "" {
				yes.Path = "/usr/bin/" + r.Programs[i] // a program is taken for what it says if it is called so
			}
			f, p := exampleFile(yes)
			got := scan(rs, f, find(f.Data), p)
			known, version := false, ""
			for _, c := range got.Claims {
				if c.Name != r.Name {
					if c.Confidence > Low {
						t.Errorf("recognised as %s %q, too", c.Rule, c.Version)
					}
					continue
				}
				known = true
				if c.Version != "" {
					if version != "" && c.Version != version {
						t.Errorf("two versions: %q, %q", version, c.Version)
					}
					version = c.Version
				}
			}
			if !known || version != r.Yes.Version {
				t.Errorf("recognised: %v, version %q, want %q; claims %+v", known, version, r.Yes.Version, got.Claims)
			}
			f, p = exampleFile(r.No)
			for _, c := range scan(rs, f, find(f.Data), p).Claims {
				if c.Name == r.Name && (c.Version != "" || c.Confidence > Low) {
					t.Errorf("near-miss %q is recognised as %q: %+v", r.No.Text, c.Version, c)
				}
			}
		})
	}
}
