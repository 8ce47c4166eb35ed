package xor

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New(nil)}

// noise is content that shows nothing.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// uImage is a kernel with a name, of packed content.
func uImage(name string) []byte {
	data := noise(5000)
	b := make([]byte, 64, 64+len(data))
	be := binary.BigEndian
	be.PutUint32(b, 0x27051956)
	be.PutUint32(b[8:], 1_700_000_000)
	be.PutUint32(b[12:], uint32(len(data)))
	be.PutUint32(b[24:], crc32.ChecksumIEEE(data))
	b[28], b[29], b[30], b[31] = 5, 2, 2, 3
	copy(b[32:], name)
	be.PutUint32(b[4:], crc32.ChecksumIEEE(b))
	return append(b, data...)
}

func hide(key, plain []byte) []byte {
	b := bytes.Clone(plain)
	decode(b, key, 0)
	return b
}

// content reads what a part hides.
func content(t *testing.T, p *format.Part) []byte {
	t.Helper()
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil || len(c) != 1 {
		t.Fatalf("%d contents, %v", len(c), err)
	}
	b, err := io.ReadAll(format.Section(c[0].Source, 0, c[0].Source.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeyLengths(t *testing.T) {
	t.Parallel()
	plain := append(uImage("Linux-5.10.61"), make([]byte, 512)...)
	for n := 1; n <= maxKey; n++ {
		key := []byte("\xa5The key that a maker thought of, no?")[:n]
		p := looktest.At(t, formats, hide(key, plain), 0)
		if p == nil {
			t.Errorf("a key of %d bytes is not found", n)
			continue
		}
		if got := content(t, p); !bytes.Equal(got, plain) {
			t.Errorf("a key of %d bytes: the content is another one; %s", n, p.Note)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	key := []byte("\x5a\xc3\x19\x77")
	kernel := uImage("Linux-5.10.61")
	ones := bytes.Repeat([]byte{0xff}, 4096)
	long := []byte("0123456789abcdefghijklmnopqrstu\x99")
	for _, row := range []struct {
		name string
		img  []byte
		size int
		note string
	}{
		{"at the start", hide(key, kernel), len(kernel), "5ac31977, uimage at offset 0"},
		{"behind a header", append([]byte("A header in clear text of a maker, 64 bytes long with a version!"), hide(key, kernel)...), 64 + len(kernel), "5ac31977, uimage at offset 64"},
		{"ones show the complement", hide(long, append(bytes.Clone(ones), kernel...)), 4096 + len(kernel), "uimage at offset 4096"},
		{"plain bytes follow", append(hide(key, append(kernel, make([]byte, 8192-len(kernel))...)), ones...), 8192, "5ac31977, uimage at offset 0"},
		{"another image follows", append(hide(key, append(kernel, make([]byte, 8192-len(kernel))...)), kernel...), 8192, "5ac31977, uimage at offset 0"},
		{"complement", hide([]byte{0xff}, kernel), len(kernel), "the 1 bytes ff, uimage"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, row.img, 0)
			if p == nil {
				t.Fatal("not found")
			}
			if p.Size != int64(row.size) || !strings.Contains(p.Note, row.note) {
				t.Errorf("%d bytes, want %d; note %q, want %q", p.Size, row.size, p.Note, row.note)
			}
			if g := looktest.Guards(p); len(g) != 1 || g[0] != "encryption xor present" {
				t.Errorf("guards %v", g)
			}
		})
	}
}

// TestManyNumbers: what looks like a format under one key, thousands of times,
// takes nothing from the key that another part is hidden by.
func TestManyNumbers(t *testing.T) {
	t.Parallel()
	const cut = 3000 * grid
	sure := format.Format{Name: "sure", Magics: []format.Magic{{Bytes: "SURE"}}, Look: func(_ context.Context, s format.Source, at int64) (*format.Part, error) {
		if string(format.Head(s, at, 10)) != "SURE, true" {
			return nil, nil
		}
		return &format.Part{Format: "sure", Offset: at, Size: 10}, nil
	}}
	numbers, image := make([]byte, cut), make([]byte, cut+1<<20)
	for at := 0; at < cut; at += grid {
		copy(numbers[at:], "SURE, not")
	}
	copy(image[cut+1<<19:], "SURE, true")
	img := append(hide([]byte("\x5a\xc3\x19\x77"), numbers), hide([]byte("\x17\x29\x3b\x4d"), image)[cut:]...)
	if p := looktest.At(t, []format.Format{New([]format.Format{sure})}, img, 0); p == nil || !strings.Contains(p.Note, "17293b4d, sure") {
		t.Errorf("%+v", p)
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"plain":  uImage("Linux-5.10.61"),
		"noise":  noise(1 << 18),
		"runs":   bytes.Repeat([]byte("0123456789"), 5000),
		"a text": []byte(strings.Repeat("A text has most of all blanks and e. ", 2000)),
	} {
		if p := looktest.At(t, formats, b, 0); p != nil {
			t.Errorf("%s: %s", name, p.Note)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	img := looktest.Read(t, "built/formats/xor4.bin")
	p := looktest.At(t, formats, img, 0)
	if p == nil || p.Size != int64(len(img)) || !strings.Contains(p.Note, "5ac31977, squashfs at offset 0") {
		t.Fatalf("%+v", p)
	}
	if !bytes.Equal(content(t, p), looktest.Read(t, "built/formats/squashfs-xz.img")) {
		t.Error("the content is not the file system")
	}
	// Packed and plain content is not taken for hidden content.
	for _, name := range []string{"real/esp-bootloader-encrypted.bin", "real/esp-hello-world-signed-encrypted-aes-xts.bin", "real/binwalk-arcadyan.bin", "real/debian-u-boot-CHIP.bin", "real/tuya-convert-tasmota.bin",
		"built/formats/jffs2-le-cleanmarkers.img", "built/formats/jffs2-le-zlib.img", "built/hostile/squashfs-truncated-96.img", "built/hostile/zip-slip.zip", "real/fact-broken.dtb"} {
		img := looktest.Read(t, name)
		for at := int64(0); at < int64(len(img)); at += 64 << 10 {
			if p := looktest.At(t, formats, img, at); p != nil {
				t.Errorf("%s at %d: %s", name, at, p.Note)
			}
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(hide([]byte("\x5a\xc3\x19\x77"), uImage("Linux-5.10.61")[:300]))
	f.Add(append(make([]byte, 64), hide([]byte("key"), []byte("\x7fELF\x01\x01\x01"+zeros+zeros))...))
	f.Add([]byte(strings.Repeat("abc", 60)))
	f.Add(hide([]byte("x"), []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"+zeros[:12]+"\x06\x00\x00\x00\x06\x00\x00\x00name.x"+zeros)))
	f.Fuzz(func(t *testing.T, b []byte) {
		looktest.Every(t, formats, b)
	})
}

func BenchmarkNothing(b *testing.B) {
	img := bytes.NewReader(noise(4 << 20))
	for b.Loop() {
		if p, err := New(nil).Look(b.Context(), img, 0); p != nil || err != nil {
			b.Fatal(p, err)
		}
	}
}
