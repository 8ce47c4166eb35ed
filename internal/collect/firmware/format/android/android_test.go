package android

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

func pad(b []byte, n int) []byte { return append(b, make([]byte, (n-len(b)%n)%n)...) }

// boot2 makes an image of version 2 as mkbootimg does.
func boot2(parts ...string) []byte {
	b := make([]byte, 2048)
	copy(b, bootMagic)
	at := []int{8, 16, 24, 1632, 1648}
	h := sha1.New()
	for i, p := range parts {
		le.PutUint32(b[at[i]:], uint32(len(p)))
		io.WriteString(h, p)
		h.Write(le.AppendUint32(nil, uint32(len(p))))
	}
	le.PutUint32(b[36:], 2048)
	le.PutUint32(b[40:], 2)
	le.PutUint32(b[44:], 12<<25|23<<4|5)
	copy(b[48:], "panel")
	copy(b[64:], "console=ttyS0")
	copy(b[576:], h.Sum(nil))
	for _, p := range parts {
		b = pad(append(b, p...), 2048)
	}
	return b
}

func boot4(kernel, ramdisk string) []byte {
	b := make([]byte, 4096)
	copy(b, bootMagic)
	le.PutUint32(b[8:], uint32(len(kernel)))
	le.PutUint32(b[12:], uint32(len(ramdisk)))
	le.PutUint32(b[16:], 13<<25)
	le.PutUint32(b[20:], 1584)
	le.PutUint32(b[40:], 4)
	return pad(append(pad(append(b, kernel...), 4096), ramdisk...), 4096)
}

func vendorBoot(ramdisk, dtb string) []byte {
	b := make([]byte, 4096)
	copy(b, vendorMagic)
	le.PutUint32(b[8:], 4)
	le.PutUint32(b[12:], 4096)
	le.PutUint32(b[24:], uint32(len(ramdisk)))
	copy(b[28:], "loglevel=4")
	copy(b[2080:], "panel")
	le.PutUint32(b[2096:], 2128)
	le.PutUint32(b[2100:], uint32(len(dtb)))
	return pad(append(pad(append(b, ramdisk...), 4096), dtb...), 4096)
}

func TestBoot(t *testing.T) {
	t.Parallel()
	img := boot2("a kernel", "a ramdisk", "", "an overlay", "a tree")
	flip := bytes.Clone(img)
	flip[2048] ^= 1
	old := boot2("a kernel", "a ramdisk")
	le.PutUint32(old[40:], 6)
	old = pad(append(old, "qcdt.."...), 2048)
	for _, row := range []struct {
		name     string
		img      []byte
		regions  []string
		guards   []string
		systems  string
		cmdline  string
		problems string
	}{
		{"version 2", img, []string{"kernel", "ramdisk", "recovery_dtbo", "dtb"}, []string{"checksum sha1 good"}, "12.0.0", "console=ttyS0", ""},
		{"another id", flip, []string{"kernel", "ramdisk", "recovery_dtbo", "dtb"}, []string{"checksum sha1 present"}, "12.0.0", "console=ttyS0", ""},
		{"version 0 with trees", old, []string{"kernel", "ramdisk", "dt"}, []string{"checksum sha1 present"}, "12.0.0", "console=ttyS0", ""},
		{"cut", img[:4100], []string{"kernel", "ramdisk"}, nil, "12.0.0", "console=ttyS0", format.Truncated + " " + format.Truncated + " " + format.Truncated},
		{"the last page cut", boot2("a kernel", "a ramdisk", "", "", "")[:4106], []string{"kernel", "ramdisk"}, []string{"checksum sha1 good"}, "12.0.0", "console=ttyS0", ""},
		{"version 4", boot4("a kernel", "a ramdisk"), []string{"kernel", "ramdisk"}, nil, "13.0.0", "", ""},
		{"vendor", vendorBoot("a ramdisk", "a tree"), []string{"vendor_ramdisk", "dtb"}, nil, "", "loglevel=4", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), append([]byte("pad."), row.img...), 4)
			if p == nil {
				t.Fatal("not found")
			}
			var systems, cmdline string
			for _, s := range p.Systems {
				systems = s.Version
			}
			for _, v := range p.Vars {
				if v.Name == "cmdline" {
					cmdline = v.Value
				}
			}
			for _, d := range []string{cmp.Diff(row.regions, looktest.Regions(p)), cmp.Diff(row.guards, looktest.Guards(p)), cmp.Diff(row.systems, systems), cmp.Diff(row.cmdline, cmdline)} {
				if d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			if p.Size != int64(len(row.img)) || looktest.Kinds(p) != row.problems {
				t.Errorf("%d bytes of %d, problems %v", p.Size, len(row.img), p.Problems)
			}
		})
	}
}

// chunk is one of a sparse image; size in blocks.
func chunk(typ uint16, size uint32, data string) []byte {
	b := le.AppendUint16(le.AppendUint16(nil, typ), 0)
	return append(le.AppendUint32(le.AppendUint32(b, size), uint32(chunkHead+len(data))), data...)
}

func sparse(blocks uint32, chunks ...[]byte) []byte {
	b := le.AppendUint16(le.AppendUint16([]byte(sparseMagic), 1), 0)
	b = le.AppendUint16(le.AppendUint16(b, sparseHead), chunkHead)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint32(b, 8), blocks), uint32(len(chunks)))
	return append(le.AppendUint32(b, 0), bytes.Join(chunks, nil)...)
}

func content(t *testing.T, p *format.Part) string {
	t.Helper()
	c, err := p.Contents(t.Context(), format.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range c {
		// Pieces of five bytes end within extents.
		var b []byte
		for off := int64(0); off < c.Source.Size(); off += 5 {
			b = append(b, format.Head(c.Source, off, 5)...)
		}
		out = append(out, c.Name+":"+string(b))
	}
	return strings.Join(out, "|")
}

func TestSparse(t *testing.T) {
	t.Parallel()
	plain := "raw data" + "more raw" + "fillfill" + "\x00\x00\x00\x00\x00\x00\x00\x00"
	sum := le.AppendUint32(nil, crc32.ChecksumIEEE([]byte(plain)))
	img := sparse(4, chunk(chunkRaw, 1, "raw data"), chunk(chunkRaw, 1, "more raw"), chunk(chunkFill, 1, "fill"), chunk(chunkSkip, 1, ""), chunk(chunkCRC, 0, string(sum)))
	bad := bytes.Clone(img)
	bad[len(bad)-1] ^= 1
	for _, row := range []struct {
		name     string
		img      []byte
		want     string
		problems string
	}{
		{"whole", img, plain, ""},
		{"bad sum", bad, plain, format.BadChecksum},
		{"cut", img[:sparseHead+chunkHead+8+chunkHead+3], "raw data", format.Truncated},
		{"miscounted", sparse(9, chunk(chunkRaw, 1, "raw data")), "raw data", format.Mismatch},
		{"strange chunk", sparse(2, chunk(chunkRaw, 1, "raw data"), chunk(0xcac9, 1, "")), "raw data", format.Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), append([]byte("pad."), row.img...), 4)
			if p == nil {
				t.Fatal("not found")
			}
			if got := content(t, p); got != ":"+row.want || looktest.Kinds(p) != row.problems {
				t.Errorf("%q, want %q; problems %v", got, row.want, p.Problems)
			}
		})
	}
	big := looktest.At(t, Formats(), sparse(1<<31, chunk(chunkSkip, 1<<31, "")), 0)
	if big == nil {
		t.Fatal("a large one is not found")
	}
	if c, err := big.Contents(t.Context(), format.Limits{Total: 100}); !errors.Is(err, format.ErrLimit) || len(c) != 1 || c[0].Source.Size() != 100 {
		t.Errorf("%d contents, %v", len(c), err)
	}
}

// TestTool reads what img2simg made of invented text, zeros and a fill.
func TestTool(t *testing.T) {
	t.Parallel()
	img, err := os.ReadFile("testdata/tool.simg")
	if err != nil {
		t.Fatal(err)
	}
	p := looktest.At(t, Formats(), img, 0)
	if p == nil || p.Size != int64(len(img)) || p.Problems != nil {
		t.Fatalf("%+v", p)
	}
	want := ":" + strings.Repeat("invented text of a file system. ", 128) + strings.Repeat("\x00", 8192) + strings.Repeat("\xa5", 4096)
	if got := content(t, p); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// signed makes metadata with a signature, as avbtool does.
func signed(t testing.TB) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	blob := append(be.AppendUint32(nil, 2048), 0, 0, 0, 0)
	blob = append(append(blob, key.N.Bytes()...), make([]byte, 256)...)
	property := be.AppendUint64(be.AppendUint64(nil, 3), 5)
	property = append(property, "key\x00value\x00"...)
	property = pad(property, 8)
	tree := make([]byte, 164)
	be.PutUint32(tree[88:], 6)
	tree = pad(append(tree, "system"...), 8)
	descs := append(be.AppendUint64(be.AppendUint64(nil, tagProperty), uint64(len(property))), property...)
	descs = append(append(be.AppendUint64(be.AppendUint64(descs, tagTree), uint64(len(tree))), tree...), make([]byte, 4)...)
	aux := pad(append(bytes.Clone(descs), blob...), 64)
	h := make([]byte, vbmetaHead)
	copy(h, vbmetaMagic)
	be.PutUint32(h[4:], 1)
	for at, v := range map[int]uint64{12: 320, 20: uint64(len(aux)), 40: 32, 48: 32, 56: 256, 64: uint64(len(descs)), 72: uint64(len(blob)), 104: uint64(len(descs))} {
		be.PutUint64(h[at:], v)
	}
	be.PutUint32(h[28:], 1)
	copy(h[128:], "avbtool 1.2.0")
	sum := sha256.Sum256(append(bytes.Clone(h), aux...))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(append(h, pad(append(sum[:], sig...), 64)...), aux...)
}

func TestVerifiedBoot(t *testing.T) {
	t.Parallel()
	img := signed(t)
	none := bytes.Clone(img)
	be.PutUint32(none[28:], 0)
	be.PutUint32(none[120:], 2)
	flip, sig := bytes.Clone(img), bytes.Clone(img)
	flip[113] ^= 1
	sig[vbmetaHead+40] ^= 1
	for _, row := range []struct {
		name   string
		img    []byte
		guards []string
		note   string
	}{
		{"signed", img, []string{"signature rsa2048-sha256 good"}, "avbtool 1.2.0"},
		{"changed", flip, []string{"signature rsa2048-sha256 bad"}, ""},
		{"another signature", sig, []string{"signature rsa2048-sha256 bad"}, ""},
		{"none", none, nil, "verification is switched off; not signed"},
	} {
		p := looktest.At(t, Formats(), append([]byte("pad."), row.img...), 4)
		if p == nil {
			t.Errorf("%s: not found", row.name)
			continue
		}
		if d := cmp.Diff(row.guards, looktest.Guards(p)); d != "" || !strings.Contains(p.Note, row.note) {
			t.Errorf("%s: note %q, guards (-want +got):\n%s", row.name, p.Note, d)
		}
		if len(p.Vars) != 2 || p.Vars[0].Name != "key" || p.Vars[0].Value != "value" || p.Vars[1].Name != "avb.system" || p.Size != int64(len(img)) {
			t.Errorf("%s: %d bytes, %+v", row.name, p.Size, p.Vars)
		}
	}
}

func footer() []byte {
	b := make([]byte, 4096)
	f := b[len(b)-footerSize:]
	copy(f, footerMagic)
	be.PutUint32(f[4:], 1)
	be.PutUint64(f[12:], 1000)
	be.PutUint64(f[20:], 1024)
	be.PutUint64(f[28:], 320)
	return b
}

func TestFooter(t *testing.T) {
	t.Parallel()
	img := footer()
	p := looktest.At(t, Formats(), img, int64(len(img))-footerSize)
	if p == nil || p.Size != footerSize || p.Note != "an image of 1000 bytes, its metadata at offset 1024" {
		t.Errorf("%+v", p)
	}
}

// super makes the metadata of two partitions.
func super() []byte {
	seal := func(b []byte, at int) []byte {
		sum := sha256.Sum256(b)
		copy(b[at:], sum[:])
		return b
	}
	g := make([]byte, 52)
	copy(g, geometryMagic)
	le.PutUint32(g[4:], 52)
	b := pad(append(make([]byte, geometryAt), seal(g, 8)...), metadataAt)
	partition := func(name string, first, n uint32) []byte {
		p := append([]byte(name), make([]byte, 36-len(name))...)
		return append(le.AppendUint32(le.AppendUint32(append(p, 0, 0, 0, 0), first), n), 0, 0, 0, 0)
	}
	ext := func(sectors uint64, typ uint32, data uint64) []byte {
		return append(le.AppendUint64(le.AppendUint32(le.AppendUint64(nil, sectors), typ), data), 0, 0, 0, 0)
	}
	tables := append(partition("system_a", 0, 2), partition("vendor_a", 2, 1)...)
	tables = append(append(append(tables, ext(1, 0, 33)...), ext(1, 1, 0)...), ext(1, 0, 32)...)
	device := make([]byte, 64)
	le.PutUint64(device[16:], 1<<20)
	tables = append(tables, device...)
	h := make([]byte, 128)
	copy(h, metadataMagic)
	le.PutUint16(h[4:], 10)
	le.PutUint32(h[8:], 128)
	le.PutUint32(h[44:], uint32(len(tables)))
	sum := sha256.Sum256(tables)
	copy(h[48:], sum[:])
	for i, d := range [][3]uint32{{0, 2, 52}, {104, 3, 24}, {0, 0, 0}, {176, 1, 64}} {
		for j, v := range d {
			le.PutUint32(h[80+12*i+4*j:], v)
		}
	}
	b = append(append(b, seal(h, 12)...), tables...)
	b = append(b, make([]byte, 32*512-len(b))...)
	return append(b, strings.Repeat("V", 512)+strings.Repeat("S", 512)...)
}

func TestSuper(t *testing.T) {
	t.Parallel()
	img := super()
	p := looktest.At(t, Formats(), img, 0)
	if p == nil {
		t.Fatal("not found")
	}
	want := "system_a:" + strings.Repeat("S", 512) + strings.Repeat("\x00", 512) + "|vendor_a:" + strings.Repeat("V", 512)
	if got := content(t, p); got != want || p.Problems != nil || p.Size != int64(len(img)) {
		t.Errorf("%q, problems %v", got, p.Problems)
	}
	p = looktest.At(t, Formats(), img[:33*512+100], 0)
	if p == nil || looktest.Kinds(p) != format.Truncated {
		t.Errorf("cut: %+v", p)
	}
	img[metadataAt+130] ^= 1
	if p := looktest.At(t, Formats(), img, 0); p != nil {
		t.Errorf("a table with a wrong checksum: %+v", p)
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, Formats(), img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(boot2("a kernel", "a ramdisk", "", "an overlay", "a tree"))
	f.Add(boot4("a kernel", "a ramdisk"))
	f.Add(vendorBoot("a ramdisk", "a tree"))
	f.Add(sparse(3, chunk(chunkRaw, 1, "raw data"), chunk(chunkFill, 1, "fill"), chunk(chunkSkip, 1, ""), chunk(chunkCRC, 0, "sum.")))
	f.Add(signed(f))
	f.Add(super())
	f.Add(footer()[4096-footerSize:])
	f.Fuzz(func(t *testing.T, b []byte) {
		p := looktest.At(t, Formats(), b, 0)
		if p == nil || p.Contents == nil {
			return
		}
		list, err := p.Contents(context.Background(), format.Limits{Total: 1 << 16})
		if err != nil && !errors.Is(err, format.ErrLimit) {
			t.Fatal(err)
		}
		for _, c := range list {
			if n, err := io.Copy(io.Discard, io.NewSectionReader(c.Source, 0, c.Source.Size())); err != nil || n != c.Source.Size() {
				t.Errorf("%d bytes of %d, %v", n, c.Source.Size(), err)
			}
		}
	})
}
