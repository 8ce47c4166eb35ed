package fdt

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// blob makes trees that no tool makes.
type blob struct {
	structs []byte
	names   []byte
}

func (b *blob) word(v ...uint32) *blob {
	for _, w := range v {
		b.structs = binary.BigEndian.AppendUint32(b.structs, w)
	}
	return b
}

func (b *blob) text(s string) *blob {
	b.structs = append(b.structs, s...)
	b.structs = append(b.structs, 0)
	for len(b.structs)%4 != 0 {
		b.structs = append(b.structs, 0)
	}
	return b
}

func (b *blob) node(name string) *blob { return b.word(beginNode).text(name) }

func (b *blob) prop(name, value string) *blob {
	b.word(propToken, uint32(len(value)), uint32(len(b.names)))
	b.names = append(append(b.names, name...), 0)
	b.structs = append(b.structs, value...)
	for len(b.structs)%4 != 0 {
		b.structs = append(b.structs, 0)
	}
	return b
}

func (b *blob) bytes() []byte {
	out := make([]byte, 56)
	copy(out, magic)
	be := binary.BigEndian
	be.PutUint32(out[4:], uint32(56+len(b.structs)+len(b.names)))
	be.PutUint32(out[8:], 56)
	be.PutUint32(out[12:], uint32(56+len(b.structs)))
	be.PutUint32(out[16:], 40)
	be.PutUint32(out[20:], 17)
	be.PutUint32(out[24:], 16)
	be.PutUint32(out[32:], uint32(len(b.names)))
	be.PutUint32(out[36:], uint32(len(b.structs)))
	return append(append(out, b.structs...), b.names...)
}

func cell(v uint32) string { return string(binary.BigEndian.AppendUint32(nil, v)) }

func TestTree(t *testing.T) {
	t.Parallel()
	img := fixture(t, "small.dtb")
	p := looktest.At(t, formats, append([]byte("zImage.."), img...), 8)
	if p == nil {
		t.Fatal("not found")
	}
	want := map[string]string{
		"model": "Invented Camera 7", "compatible": "invented,cam7, invented,soc", "bootargs": "console=ttyS0,115200 init=/bin/sh",
		"stdout-path": "serial0", "partition:boot": "0x0+0x40000", "partition:config": "0x40000+0x10000",
	}
	got := map[string]string{}
	for _, v := range p.Vars {
		got[v.Name] = v.Value
		if text, _, _ := strings.Cut(v.Value, ", "); !strings.HasPrefix(v.Name, "partition") && !bytes.HasPrefix(img[v.Offset-8:], []byte(text)) {
			t.Errorf("%s does not stand at offset %d", v.Name, v.Offset)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("vars (-want +got):\n%s", d)
	}
	if p.Format != "fdt" || p.Size != int64(len(img)) || !p.Code || p.Name != "Invented Camera 7" {
		t.Errorf("%+v", p)
	}
	if len(p.Guards) != 1 || p.Guards[0].Scheme != "sha256,rsa2048" || p.Guards[0].Note != `public key "dev" in a device tree, required for conf` {
		t.Errorf("guards %+v", p.Guards)
	}
}

func TestFIT(t *testing.T) {
	t.Parallel()
	kernel, dtb := []byte("\x1f\x8b\x08"), []byte(magic)
	all := "checksum crc32 good,checksum sha256 good,checksum md5 good,checksum sha1 good,checksum sha512 good,checksum sha256 good,checksum sha384 good"
	for _, row := range []struct {
		image, regions, guards, opaque string
	}{
		{"plain.itb", "kernel-1 gzip,fdt-1,ramdisk-1", all, ""},
		{"external.itb", "kernel-1 gzip,fdt-1,ramdisk-1", all, ""},
		{"position.itb", "kernel-1 gzip,fdt-1,ramdisk-1", all, ""},
		{"signed.itb", "kernel-1 gzip,fdt-1,ramdisk-1", all + ",signature sha256,rsa2048 present", ""},
		{"cipher.itb", "", "encryption aes-128-cbc present,checksum sha256 good", "encrypted: every image of the FIT has a cipher node"},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			img := append([]byte("pad."), fixture(t, row.image)...)
			p := looktest.At(t, formats, img, 4)
			if p == nil {
				t.Fatal("not found")
			}
			if got := strings.Join(looktest.Regions(p), ","); got != row.regions {
				t.Errorf("regions %s, want %s", got, row.regions)
			}
			if got := strings.Join(looktest.Guards(p), ","); got != row.guards || p.Opaque != row.opaque {
				t.Errorf("guards %s, want %s; opaque %q", got, row.guards, p.Opaque)
			}
			if p.Format != "fit" || p.Size != int64(len(img)-4) || looktest.Kinds(p) != "" {
				t.Errorf("%s of %d bytes, problems %v", p.Format, p.Size, p.Problems)
			}
			if row.regions == "" {
				return
			}
			for i, want := range [][]byte{kernel, dtb, []byte("invented ramdisk")} {
				if r := p.Regions[i]; !bytes.HasPrefix(img[r.Offset:], want) {
					t.Errorf("%s at offset %d begins with %x", r.Name, r.Offset, img[r.Offset:][:4])
				}
			}
			if len(p.Systems) != 1 || p.Systems[0].Version != "5.10.61" {
				t.Errorf("systems %+v", p.Systems)
			}
		})
	}
}

func TestSignatureNotes(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, formats, fixture(t, "signed.itb"), 0)
	if g := p.Guards[len(p.Guards)-1]; g.Note != `configuration conf-1, key "dev"` {
		t.Errorf("note %q", g.Note)
	}
	p = looktest.At(t, formats, fixture(t, "cipher.itb"), 0)
	if g := p.Guards[0]; g.Note != `image kernel-1, key "aes"` {
		t.Errorf("note %q", g.Note)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	flip := fixture(t, "plain.itb")
	flip[bytes.Index(flip, []byte("invented ramdisk"))] ^= 1
	cut := fixture(t, "external.itb")
	deep := new(blob).node("")
	for range 70 {
		deep.node("n")
	}
	for range 71 {
		deep.word(endNode)
	}
	image := func(name, where string, at, size uint32) func(*blob) *blob {
		return func(b *blob) *blob {
			return b.node(name).prop("data-size", cell(size)).prop(where, cell(at)).word(endNode)
		}
	}
	fit := func(images ...func(*blob) *blob) []byte {
		b := new(blob).node("").node("images")
		for _, i := range images {
			i(b)
		}
		return append(b.word(endNode, endNode, end).bytes(), "twenty bytes of data"...)
	}
	for _, row := range []struct {
		name, problems string
		img            []byte
		regions        int
	}{
		{"flipped data", format.BadChecksum, flip, 3},
		{"cut in the ramdisk", format.Truncated, cut[:len(cut)-3], 3},
		{"cut in the tree", format.Truncated + " " + format.Damaged, cut[:200], 0},
		{"deep", format.TooDeep, deep.word(end).bytes(), 0},
		{"without end", format.Damaged, new(blob).node("").bytes(), 0},
		{"ends in a node", format.Damaged, new(blob).node("").word(end).bytes(), 0},
		{"unknown token", format.Damaged, new(blob).node("").word(7).bytes(), 0},
		{"two roots", format.Damaged, new(blob).node("").word(endNode).node("").word(end).bytes(), 0},
		{"node ends too often", format.Damaged, new(blob).node("").word(endNode, endNode).bytes(), 0},
		{"long property", format.Damaged, new(blob).node("").word(propToken, 1<<31, 0).bytes(), 0},
		{"name without end", format.Damaged, new(blob).node("").word(beginNode, 0x61616161).bytes(), 0},
		{"data beyond the end", format.Truncated, fit(image("a", "data-offset", 1<<30, 5)), 0},
		{"data that overlaps", format.Overlap, fit(image("a", "data-offset", 0, 9), image("b", "data-offset", 4, 9)), 1},
		{"data in the header", "", fit(image("a", "data-position", 4, 9)), 0},
		{"data nowhere", format.Damaged, fit(func(b *blob) *blob { return b.node("a").prop("data-size", cell(4)).word(endNode) }), 0},
	} {
		p := looktest.At(t, formats, row.img, 0)
		if p == nil {
			t.Errorf("%s: not found", row.name)
		} else if looktest.Kinds(p) != row.problems || len(p.Regions) != row.regions {
			t.Errorf("%s: problems %v, %d regions", row.name, p.Problems, len(p.Regions))
		}
	}
}

func TestManyHashes(t *testing.T) {
	t.Parallel()
	b := new(blob).node("").node("images").node("a").prop("data", strings.Repeat("d", 1000))
	for range 10_000 {
		b.node("hash").prop("algo", "sha256\x00").prop("value", "wrong").word(endNode)
	}
	p := looktest.At(t, formats, b.word(endNode, endNode, endNode, end).bytes(), 0)
	if p == nil || len(p.Guards) != maxImages {
		t.Fatalf("%+v", p)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image                  string
		at, size               int64
		format, name, problems string
		regions, guards        string
	}{
		{"built/formats/device-tree.dtb", 0, 22731, "fdt", "", "", "", ""},
		{"real/fact-device_tree.dtb", 0, 32889, "fdt", "", "", "", ""},
		{"real/debian-armada-370-netgear-rn102.dtb", 0, 14994, "fdt", "NETGEAR ReadyNAS 102", "", "", ""},
		{"real/debian-armada-385-linksys-cobra.dtb", 0, 20015, "fdt", "Linksys WRT1900ACv2", "", "", ""},
		{"real/fact-broken.dtb", 0, 160, "fdt", "FooBar 1.0", format.Damaged, "", ""},
		{"built/hostile/dtb-deep-50000.dtb.gz", 0, 600060, "fdt", "", format.TooDeep, "", ""},
		{"built/hostile/dtb-huge.dtb", 0, 0, "", "", "", "", ""},
		{"built/formats/fit-unsigned.itb", 0, 735976, "fit", "", "", "kernel-1 gzip,fdt-1,ramdisk-1", ""},
		{"built/formats/fit-signed.itb", 0, 314130, "fit", "", "", "", ""},
		{"built/camera-hardened/camera-hardened.swu", 1032, 2658146, "fit", "", "", "", ""},
	} {
		t.Run(row.image, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, looktest.Read(t, row.image), row.at)
			if p == nil {
				if row.format != "" {
					t.Error("not found")
				}
				return
			}
			if p.Format != row.format || p.Size != row.size || looktest.Kinds(p) != row.problems || row.name != "" && p.Name != row.name {
				t.Errorf("%s %q, size %d, problems %v", p.Format, p.Name, p.Size, p.Problems)
			}
		})
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, name := range []string{"plain.itb", "external.itb", "signed.itb", "cipher.itb", "small.dtb", "keys-conf.dtb", "sealed-conf.itb", "sealed-image.itb"} {
		f.Add(fixture(f, name))
	}
	f.Add(new(blob).node("").word(propToken, 1<<31, 0).bytes())
	f.Add(new(blob).node("").node("images").node("a").prop("data-offset", cell(0)).prop("data-size", cell(9)).word(endNode, endNode, endNode, end).structs)
	f.Fuzz(func(t *testing.T, img []byte) {
		looktest.At(t, formats, img, 0)
		// The same bytes as a structure block, behind a sound header.
		b := &blob{structs: append(bytes.Clone(img), make([]byte, -len(img)&3)...), names: []byte("data\x00data-size\x00data-offset\x00algo\x00value\x00")}
		looktest.At(t, formats, b.bytes(), 0)
	})
}

func BenchmarkTree(b *testing.B) {
	img := looktest.Read(b, "real/fact-device_tree.dtb")
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if p := looktest.At(b, formats, img, 0); p == nil {
			b.Fatal("not found")
		}
	}
}
