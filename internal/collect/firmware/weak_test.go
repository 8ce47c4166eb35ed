package firmware

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/startup"
)

// The files of testdata/weak hold small trees and what a person would note of
// them:
//
//	=== name of a tree
//	--- /path [mode] [owner:group] [elf|core|char M m|block M m
//	--- /path -> target
//	a line of the file
//	^^ kind            expected of the line above; "secret": it is among the secrets
//	^^^ kind           expected of the file as a whole
//	^^ start KIND NAME [port=] [addr=] [login=] [boot=]   started by the line above
//
// All that is reported of a tree must be expected, but starts, of which only
// those that are named are looked at.
type weakTree struct {
	name    string
	entries []tar.Header
	data    map[string][]byte
	want    []string // "kind path:line"
	starts  []wantedStart
}

type wantedStart struct {
	kind, name, path string
	line             int
	options          map[string]string
}

func weakTrees(t testing.TB, file string) []weakTree {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("inspect/testdata/weak", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []weakTree
	var cur *weakTree
	var entry *tar.Header
	var kind string
	line := 0
	for l := range strings.Lines(string(b)) {
		l = strings.TrimSuffix(l, "\n")
		switch f := strings.Fields(l); {
		case strings.HasPrefix(l, "=== "):
			out = append(out, weakTree{name: l[4:], data: map[string][]byte{}})
			cur, entry = &out[len(out)-1], nil
		case cur == nil:
		case strings.HasPrefix(l, "--- "):
			cur.entries = append(cur.entries, weakHeader(t, f[1:]))
			entry, kind, line = &cur.entries[len(cur.entries)-1], f[len(f)-1], 0
			cur.data[entry.Name] = weakContent(kind, nil, nil)
		case strings.HasPrefix(l, "^^^ "):
			cur.want = append(cur.want, f[1]+" /"+strings.TrimSuffix(entry.Name, "/")+":0")
		case strings.HasPrefix(l, "^^ start "):
			cur.starts = append(cur.starts, wantedStart{f[2], f[3], "/" + entry.Name, line, wantedOptions(f[4:])})
		case strings.HasPrefix(l, "^^ "):
			n := line
			if kind == "elf" {
				n = 0
			}
			cur.want = append(cur.want, fmt.Sprintf("%s /%s:%d", f[1], entry.Name, n))
			if len(f) > 2 {
				cur.starts = append(cur.starts, wantedStart{f[1], "", "/" + entry.Name, n, wantedOptions(f[2:])})
			}
		case entry != nil:
			cur.data[entry.Name] = weakContent(kind, cur.data[entry.Name], []byte(l+"\n"))
			line++
		}
	}
	return out
}

func wantedOptions(words []string) map[string]string {
	out := map[string]string{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		out[k] = v
	}
	return out
}

// weakContent appends a line to what a file of that kind holds.
func weakContent(kind string, b, line []byte) []byte {
	switch {
	case kind == "elf" && b == nil:
		return inspecttest.ELF{Imports: []string{"__stack_chk_fail"}, Data: "\x00"}.Bytes()
	case kind == "elf":
		return append(append(b, bytes.TrimSuffix(line, []byte("\n"))...), 0)
	case kind == "core" && b == nil:
		b = inspecttest.ELF{}.Bytes()
		b[16] = 4
		return b
	}
	return append(b, line...)
}

func weakHeader(t testing.TB, f []string) tar.Header {
	h := tar.Header{Name: strings.TrimPrefix(f[0], "/"), Mode: 0o644, Typeflag: tar.TypeReg}
	if strings.HasSuffix(h.Name, "/") {
		h.Typeflag, h.Mode = tar.TypeDir, 0o755
	}
	for i, w := range f[1:] {
		switch {
		case w == "->":
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f[i+2], 0o777
			return h
		case w == "char", w == "block":
			h.Typeflag = map[string]byte{"char": tar.TypeChar, "block": tar.TypeBlock}[w]
			h.Devmajor, _ = strconv.ParseInt(f[i+2], 10, 64)
			h.Devminor, _ = strconv.ParseInt(f[i+3], 10, 64)
			return h
		case w == "elf" || w == "core":
		default:
			mode, err := strconv.ParseInt(w, 8, 64)
			if err != nil {
				t.Fatalf("%q: %v", f, err)
			}
			h.Mode = mode
		}
	}
	return h
}

// image is the tree as an archive, with the folders of a root file system.
func (w *weakTree) image(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	write := func(h tar.Header, data []byte) {
		h.Size, h.Format = int64(len(data)), tar.FormatGNU
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"bin/", "etc/", "lib/", "proc/", "sbin/", "usr/"} {
		write(tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	write(tar.Header{Name: "etc/hostname", Typeflag: tar.TypeReg, Mode: 0o644}, []byte("cam\n"))
	for _, h := range w.entries {
		data := w.data[h.Name]
		if h.Typeflag != tar.TypeReg {
			data = nil
		}
		write(h, data)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// weakFound lists what a result says as a person would, and its starts.
func weakFound(r *Result) []string {
	set := map[string]bool{}
	for _, w := range r.Weaknesses {
		set[fmt.Sprintf("%s %s:%d", w.Kind, w.Path, w.Line)] = true
	}
	for _, s := range r.Starts {
		switch s.Kind {
		case startup.Service, startup.Process, startup.SerialLogin, startup.Console:
		default:
			set[fmt.Sprintf("%s %s:%d", s.Kind, s.Path, s.Line)] = true
		}
	}
	for _, m := range r.Modes {
		set[m.Kind+" "+m.Path+":0"] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestWeak(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("inspect/testdata/weak/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(path.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			hit, all, extra := 0, 0, 0
			for _, w := range weakTrees(t, path.Base(file)) {
				r := gathered(t, w.image(t), Options{})
				got := weakFound(r)
				for _, x := range r.Secrets { // of these only the ones that are named are looked at
					if s := fmt.Sprintf("secret %s:%d", x.Path, x.Line); slices.Contains(w.want, s) {
						got = append(got, s)
					}
				}
				all += len(w.want)
				for _, s := range w.want {
					if slices.Contains(got, s) {
						hit++
					} else {
						t.Errorf("%s: missed %s", w.name, s)
					}
				}
				for _, s := range got {
					if !slices.Contains(w.want, s) {
						extra++
						t.Errorf("%s: nobody expects %s", w.name, s)
					}
				}
				for _, s := range w.starts {
					if why := s.in(r.Starts); why != "" {
						t.Errorf("%s: %+v: %s", w.name, s, why)
					}
				}
			}
			t.Logf("%d of %d, %d too many", hit, all, extra)
		})
	}
}

// in says what is wrong; empty: nothing.
func (s wantedStart) in(starts []startup.Start) string {
	why := "not started"
	for _, x := range starts {
		if x.Path != s.path || x.Line != s.line || string(x.Kind) != s.kind || s.name != "" && x.Name != s.name {
			continue
		}
		got := map[string]string{"boot": x.Boot, "port": fmt.Sprint(x.Port), "addr": x.Address, "login": x.Login}
		why = ""
		for k, v := range s.options {
			if got[k] != v {
				why += fmt.Sprintf("%s is %q ", k, got[k])
			}
		}
		if why == "" {
			return ""
		}
	}
	return why
}
