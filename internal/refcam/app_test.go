package refcam

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// appOf is the package of the companion app.
func appOf(t testing.TB, o Options) []byte {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.App()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inApp is a file of the camera's app.
func inApp(t testing.TB, b *bench, name string) string {
	t.Helper()
	raw, err := b.App()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close() // read-only
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// truths counts the attributes of the manifest that are true: typed values of
// 8 bytes, kind 0x12, all bits set.
func truths(t testing.TB, b *bench) int {
	t.Helper()
	return strings.Count(inApp(t, b, "AndroidManifest.xml"), "\x08\x00\x00\x12\xff\xff\xff\xff")
}

// TestAppSame: the package depends on seed and weaknesses, not on clock or
// chance, and each weakness changes it.
func TestAppSame(t *testing.T) {
	t.Parallel()
	good := appOf(t, Options{Seed: 7})
	if !bytes.Equal(good, appOf(t, Options{Seed: 7, Serial: "XX-1", Now: func() time.Time { return time.Unix(0, 0) }})) {
		t.Error("two packages of one seed differ")
	}
	if bytes.Equal(good, appOf(t, Options{Seed: 8})) {
		t.Error("two seeds give one package")
	}
	n := 0
	for _, w := range Weaknesses() {
		same := bytes.Equal(good, appOf(t, Options{Seed: 7, Weak: []string{w.Name}}))
		if (w.Where == "app") == same {
			t.Errorf("%s, of %s: the same package: %v", w.Name, w.Where, same)
		}
		if w.Where == "app" {
			n++
		}
	}
	if n < 9 {
		t.Errorf("%d weaknesses of the app", n)
	}
}
