package elfimage

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

// build makes an ELF file with one segment and one section.
func build(wide, big bool, typ uint16, entry uint64, code string) []byte {
	var o interface {
		binary.ByteOrder
		binary.AppendByteOrder
	} = binary.LittleEndian
	b := append([]byte(magic), 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	if big {
		o, b[5] = binary.BigEndian, 2
	}
	word, head, seg := o.AppendUint32, uint16(52), uint16(32)
	long := func(b []byte, v uint64) []byte { return word(b, uint32(v)) }
	if wide {
		b[4], head, seg, long = 2, 64, 56, o.AppendUint64
	}
	half := o.AppendUint16
	b = word(half(half(b, typ), 8), 1)
	b = word(long(long(long(b, entry), uint64(head)), 0), 0)
	b = half(half(half(half(half(half(b, head), seg), 1), 40), 0), 0)
	size := uint64(len(code))
	b = word(b, load)
	if wide {
		b = word(b, 5)
	}
	at := uint64(head) + uint64(seg)
	b = long(long(long(long(long(b, at), entry), entry), size), size)
	if wide {
		b = long(b, 4096)
	} else {
		b = word(word(b, 5), 4096)
	}
	return append(b, code...)
}

func TestImages(t *testing.T) {
	t.Parallel()
	program := build(false, false, executable, 0x10000, "code of a program")
	kernel := build(true, true, executable, 0xffffffff80100000, "code of a kernel")
	module := append(build(false, true, 1, 0, "code of a module"), "pkcs"+"\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x04"+modMagic...)
	for _, row := range []struct {
		name     string
		img      []byte
		size     int
		code     bool
		regions  []string
		guards   []string
		problems string
	}{
		{"program", append(bytes.Clone(program), "and an archive behind it"...), len(program), true, nil, nil, ""},
		{"kernel", kernel, len(kernel), false, []string{"0xffffffff80100000"}, nil, ""},
		{"boot loader", build(false, true, executable, 0x80800000, "code"), 88, false, []string{"0x80800000"}, nil, ""},
		{"signed module", module, len(module), true, nil, []string{"signature pkcs7 present"}, ""},
		{"cut", program[:90], 90, true, nil, nil, format.Truncated},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, row.img, 0)
			if p == nil {
				t.Fatal("not found")
			}
			for _, d := range []string{cmp.Diff(row.regions, looktest.Regions(p)), cmp.Diff(row.guards, looktest.Guards(p))} {
				if d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			if p.Size != int64(row.size) || p.Code != row.code || looktest.Kinds(p) != row.problems {
				t.Errorf("%d bytes, want %d; code %v, problems %v", p.Size, row.size, p.Code, p.Problems)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	size := build(false, false, executable, 0x10000, "code")
	size[42] = 7 // bytes of an entry
	for name, b := range map[string][]byte{"sizes": size, "text": []byte(magic + strings.Repeat("text", 20)), "short": []byte(magic)} {
		if p := looktest.At(t, formats, b, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
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
	for _, name := range []string{"fact-configs.ko", "fact-test_data.ko", "fact-netusb_vulnerable.elf"} {
		img := looktest.Read(t, "real", name)
		p := looktest.At(t, formats, img, 0)
		if p == nil || !p.Code || p.Size != int64(len(img)) || p.Problems != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build(false, false, executable, 0x10000, "code of a program"))
	f.Add(build(true, true, executable, 0xffffffff80100000, "code of a kernel"))
	f.Add(append(build(false, true, 1, 0, "module"), "pkcs"+"\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x04"+modMagic...))
	f.Fuzz(func(t *testing.T, b []byte) { looktest.Every(t, formats, b) })
}
