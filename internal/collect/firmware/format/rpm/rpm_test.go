package rpm_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
	"assay/internal/collect/firmware/format/rpm"
)

var formats = []format.Format{rpm.New()}

// sample is a package with one file, made by rpmbuild.
func sample(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/lumen-ipc.rpm")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func states(p *format.Part) map[string]string {
	out := map[string]string{}
	for _, g := range p.Guards {
		out[g.Scheme+" "+g.Note] = g.State
	}
	return out
}

func TestPackage(t *testing.T) {
	t.Parallel()
	img := sample(t)
	p := archivetest.Look(t, formats, append(append([]byte("before "), img...), "behind"...), 7)
	if p == nil || p.Size != int64(len(img)) || p.Note != "package lumen-ipc 1.2-3" || len(p.Problems) > 0 {
		t.Fatalf("%+v", p)
	}
	want := map[string]string{"sha256 header": "good", "sha1 header": "good", "sha256 payload": "good", "md5 header and payload": "good"}
	if d := cmp.Diff(want, states(p)); d != "" {
		t.Errorf("guards (-want +got):\n%s", d)
	}
	vars := map[string]string{}
	for _, v := range p.Vars {
		vars[v.Name] = v.Value
	}
	if d := cmp.Diff(map[string]string{"name": "lumen-ipc", "version": "1.2", "release": "3", "arch": "noarch", "license": "none", "sourcerpm": "lumen-ipc-1.2-3.src.rpm"}, vars); d != "" {
		t.Errorf("vars (-want +got):\n%s", d)
	}
	r := p.Regions[0]
	z, err := gzip.NewReader(bytes.NewReader(img[r.Offset-7 : r.Offset-7+r.Size]))
	if err != nil || r.Try[0] != "gzip" {
		t.Fatalf("%+v, %v", r, err)
	}
	inner, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if l := archivetest.Tree(t, archivetest.Open(t, cpio.Formats(), inner))["/etc/lumen"]; l.SHA256 != archivetest.Sum("lumen\n") {
		t.Errorf("the file: %+v", l)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	img := sample(t)
	p := archivetest.Look(t, formats, img[:len(img)-10], 0)
	if d := cmp.Diff([]string{format.Truncated, format.BadChecksum}, archivetest.Kinds(p.Problems)); d != "" {
		t.Errorf("cut off (-want +got):\n%s", d)
	}
	flipped := bytes.Clone(img)
	flipped[bytes.Index(flipped, []byte("lumen-ipc\x001.2"))] ^= 0x20
	if s := states(archivetest.Look(t, formats, flipped, 0)); s["sha256 header"] != format.Bad || s["sha256 payload"] != format.Good {
		t.Errorf("a flipped byte in the header: %v", s)
	}
	for _, n := range []int{0, 4, 95, 100, 200} {
		if p := archivetest.Look(t, formats, img[:n], 0); p != nil {
			t.Errorf("the first %d bytes are taken for %s", n, p.Note)
		}
	}
}

func FuzzRPM(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, data []byte) { archivetest.Fuzz(t, formats, data) })
}
