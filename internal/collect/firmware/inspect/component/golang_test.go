package component

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoWords: what a Go program without C code says of C libraries makes none
// of it.
func TestGoWords(t *testing.T) {
	t.Parallel()
	mark := strings.Repeat("x", 16)
	words := "\x00SSH-2.0-dropbear_2019.78\x00mbed TLS 2.28.3\x00OpenSSL 1.0.2k  26 Jan 2017\x00OPENSSLDIR: \x00"
	for setting, want := range map[string][]string{
		"build\tCGO_ENABLED=0\n": {"go 1.22.3"},
		"build\tCGO_ENABLED=1\n": {"go 1.22.3", "mbedtls 2.28.3", "openssl 1.0.2k"},
	} {
		got := scanOf("/usr/bin/cam", goProgram("go1.22.3", mark+"path\tx\n"+setting+mark)+words)
		var list []string
		for _, c := range got.Claims {
			list = append(list, c.Name+" "+c.Version)
		}
		slices.Sort(list)
		if d := cmp.Diff(want, list); d != "" {
			t.Errorf("%q: %s", setting, d)
		}
	}
}

func TestGoProgram(t *testing.T) {
	t.Parallel()
	mark := strings.Repeat("x", 16)
	mod := mark + "path\texample.com/cam\nmod\texample.com/cam\t(devel)\t\ndep\tgithub.com/gorilla/mux\tv1.8.0\th1:x\n" +
		"dep\tgolang.org/x/net\tv0.1.0\th1:y\n=>\texample.com/net\tv0.2.0\th1:z\n" + mark
	got := scanOf("/usr/bin/cam", goProgram("go1.22.3", mod))
	var list []string
	for _, c := range got.Claims {
		list = append(list, c.Name+" "+c.Version)
	}
	want := []string{"go 1.22.3", "example.com/cam ", "github.com/gorilla/mux 1.8.0", "example.com/net 0.2.0"}
	if d := cmp.Diff(want, list); d != "" {
		t.Error(d)
	}
}

// TestGoOwnModule: the maker's own module has no release and no place that it is
// published at; what it needs is a component all the same.
func TestGoOwnModule(t *testing.T) {
	t.Parallel()
	mark := strings.Repeat("x", 16)
	for module, want := range map[string]int{"kestrel.local/uplinkd": 2, "hearth/bridge": 2, "github.com/AdguardTeam/AdGuardHome": 3} {
		got := scanOf("/usr/bin/cam", goProgram("go1.22.3", mark+"path\tx\nmod\t"+module+"\t(devel)\t\ndep\tgithub.com/gorilla/mux\tv1.8.0\th1:x\n"+mark))
		if len(got.Claims) != want {
			t.Errorf("%s: %+v", module, got.Claims)
		}
	}
}

func TestGoProgramWithPointers(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	b := make([]byte, 512)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint64(b[32:], 64)     // program headers
	le.PutUint16(b[54:], 56)     // size of one
	le.PutUint16(b[56:], 1)      // count
	le.PutUint32(b[64:], 1)      // load
	le.PutUint64(b[80:], 0x1000) // address of byte 0
	le.PutUint64(b[96:], 512)
	at := 128
	copy(b[at:], goMagic)
	b[at+14] = 8
	le.PutUint64(b[at+16:], 0x1000+200)
	le.PutUint64(b[at+24:], 0x1000+216)
	le.PutUint64(b[200:], 0x1000+240)
	le.PutUint64(b[208:], uint64(copy(b[240:], "go1.16.5")))
	got := scanOf("/usr/bin/cam", string(b))
	if len(got.Claims) != 1 || got.Claims[0].Version != "1.16.5" {
		t.Errorf("%+v", got.Claims)
	}
}

// goProgram puts build information into a file, in the form since Go 1.18.
func goProgram(vers, mod string) string {
	head := make([]byte, 32)
	copy(head, goMagic)
	head[14], head[15] = 8, 2
	out := make([]byte, 64)
	copy(out, "\x7fELF\x01\x01\x01")
	out = append(out, head...)
	for _, s := range []string{vers, mod} {
		out = append(binary.AppendUvarint(out, uint64(len(s))), s...)
	}
	return string(out)
}
