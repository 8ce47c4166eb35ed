package firmware

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// member is a file of an archive.
type member struct {
	name string
	data []byte
}

func tarOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(string(m.data), "-> "); ok {
			h.Typeflag, h.Linkname, h.Size, m.data = tar.TypeLink, target, 0, nil
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tangle is an image with all that goroutines could do in another order: trees
// beside each other and in each other, twins of one name, names that look like
// those of parts, hard links, damage.
func tangle(t *testing.T) []byte {
	t.Helper()
	conf := func(i int) []byte {
		return fmt.Appendf(nil, "mqtt_password=blue-lighthouse-%d\nserver=mqtt%d.acme-cameras.com\n", i, i%3)
	}
	var inner []member
	for i := range 25 {
		inner = append(inner, member{fmt.Sprintf("etc/app%d.conf", i), conf(i)})
	}
	box := zipOf(t, inner...)
	twin := zipOf(t, inner[3:20]...)
	broken := slices.Clone(twin)
	broken[100] ^= 0xff
	members := []member{{"etc/passwd", []byte("root:$1$abcdefgh$ijklmnopqrstuvwxyzABC0:0:0::/:/bin/sh\n")}, {"bin/sh", []byte("#!")}, {"usr/lib/x", nil}}
	for i := range 8 {
		members = append(members, member{fmt.Sprintf("opt/box%d.zip", i), box}, member{"opt/same.zip", [][]byte{box, twin, broken}[i%3]},
			member{fmt.Sprintf("opt/pack%d.bin", i), slices.Concat(gzipOf(t, box), make([]byte, 4096), gzipOf(t, twin), broken)},
			member{"opt/pack1.bin:gzip", box}, member{fmt.Sprintf("etc/conf%d", i), conf(i)}, member{fmt.Sprintf("etc/link%d", i), []byte("-> etc/conf1")})
	}
	root := tarOf(t, members...)
	pad := bytes.Repeat([]byte{0xff}, 5000)
	return slices.Concat(root, pad, gzipOf(t, root), pad, twin, pad, root, gzipOf(t, broken), pad, broken)
}

// analysed is a result as bytes, all of it.
func analysed(t *testing.T, image []byte, keep int) string {
	t.Helper()
	var mu sync.Mutex
	g := Gather{Keep: keep}
	err := Analyse(context.Background(), bytes.NewReader(image), Options{Now: at, Files: true}, func(r Record) error {
		mu.Lock()
		defer mu.Unlock()
		g.Add(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(g.Finish(at, 0), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSameResult: a result follows from the image alone, however many cores read
// it and whoever of them was first.
func TestSameResult(t *testing.T) {
	image := tangle(t)
	want := ""
	for _, cores := range []int{1, 4} {
		old := runtime.GOMAXPROCS(cores)
		for range 3 {
			got := analysed(t, image, 0)
			if want == "" {
				want = got
			}
			if got != want {
				t.Fatalf("on %d cores (-want +got):\n%s", cores, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
			}
		}
		runtime.GOMAXPROCS(old)
	}
	var r Result
	if err := json.Unmarshal([]byte(want), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Volumes) < 50 || len(r.Secrets) < 200 {
		t.Errorf("%d trees, %d secrets: the image is too plain to show anything", len(r.Volumes), len(r.Secrets))
	}
}

// TestSameNames: also where there are more names than the page of a result shows
// (see MostNames of package image).
func TestSameNames(t *testing.T) {
	var members []member
	for i := range 45_000 {
		members = append(members, member{fmt.Sprintf("opt/%d/f%05d", i%7, i), nil})
	}
	image := tarOf(t, members...)
	want := ""
	for _, cores := range []int{1, 4} {
		old := runtime.GOMAXPROCS(cores)
		got := analysed(t, image, 20_000)
		runtime.GOMAXPROCS(old)
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("on %d cores other names are kept", cores)
		}
	}
	var r Result
	if err := json.Unmarshal([]byte(want), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Entries) != 20_000 || r.More < 25_000 {
		t.Errorf("%d names and %d more", len(r.Entries), r.More)
	}
}
