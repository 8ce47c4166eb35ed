package esp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

type seg struct {
	addr uint32
	data string
}

// build makes an image as elf2image does; short is the header of ESP8266.
func build(short bool, segs ...seg) []byte {
	b := make([]byte, extended)
	if short {
		b = b[:header]
	} else {
		b[8], b[12], b[23] = 0xee, 9, 1
	}
	b[0], b[1], b[2] = magicImage, byte(len(segs)), 2
	le.PutUint32(b[4:], 0x40081234)
	f := fold(seed)
	for _, s := range segs {
		b = le.AppendUint32(le.AppendUint32(b, s.addr), uint32(len(s.data)))
		b = append(b, s.data...)
		f.Write([]byte(s.data))
	}
	b = append(b, make([]byte, 16-len(b)%16)...)
	b[len(b)-1] = byte(f)
	if short {
		return b
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// app is a description of a program.
func app() string {
	b := make([]byte, 256)
	copy(b, appMagic)
	copy(b[16:], "1.4.2")
	copy(b[48:], "door-lock")
	copy(b[80:], "10:11:12")
	copy(b[96:], "Mar  4 2026")
	copy(b[112:], "v5.1.2-dirty")
	return string(b)
}

func loader() string {
	b := make([]byte, 80)
	b[0] = loadMagic
	copy(b[8:], "v5.3")
	copy(b[40:], "Mar  4 2026 10:11:12")
	return string(b)
}

func pad(b []byte, n int) []byte {
	return append(b, bytes.Repeat([]byte{0xff}, n-len(b))...)
}

// signRSA appends a block of Secure Boot V2.
func signRSA(t *testing.T, img []byte) []byte {
	t.Helper()
	img = pad(bytes.Clone(img), (len(img)+sector-1)/sector*sector)
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(img)
	sig, err := rsa.SignPSS(rand.Reader, key, 5, sum[:], &rsa.PSSOptions{SaltLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, blockSize)
	b[0], b[1] = 0xe7, 2
	copy(b[4:], sum[:])
	n := key.N.Bytes()
	slices.Reverse(n)
	slices.Reverse(sig)
	copy(b[36:], n)
	le.PutUint32(b[420:], uint32(key.E))
	copy(b[812:], sig)
	le.PutUint32(b[1196:], crc32.ChecksumIEEE(b[:1196]))
	return append(img, pad(b, sector)...)
}

// signECDSA appends one with the curve P-256, as espsecure lays it out.
func signECDSA(t *testing.T, img []byte) []byte {
	t.Helper()
	img = pad(bytes.Clone(img), (len(img)+sector-1)/sector*sector)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(img)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, blockSize)
	b[0], b[1], b[36] = 0xe7, 3, curveP256
	copy(b[4:], sum[:])
	for i, n := range [][]byte{point[1:33], point[33:], r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))} {
		copy(b[37+32*i:], reversed(n))
	}
	le.PutUint32(b[1196:], crc32.ChecksumIEEE(b[:1196]))
	return append(img, pad(b, sector)...)
}

func systems(p *format.Part) (out []string) {
	for _, s := range p.Systems {
		out = append(out, s.Name+" "+s.Version)
	}
	return out
}

func TestImage(t *testing.T) {
	t.Parallel()
	img := build(false, seg{0x3c000020, app()}, seg{0x40374000, "code that runs from memory"}, seg{0, strings.Repeat("\x00", 40)})
	p := looktest.At(t, Formats(), append([]byte("pad."), img...), 4)
	if p == nil {
		t.Fatal("not found")
	}
	want := &format.Part{
		Format: "esp-image", Offset: 4, Size: int64(len(img)), Name: "door-lock",
		Note:    "ESP32-S3, 3 segments, entry 0x40081234; built Mar  4 2026 10:11:12",
		Code:    true,
		Systems: []format.System{{Name: "door-lock", Version: "1.4.2", Text: "door-lock 1.4.2", Offset: 52}, {Name: "esp-idf", Version: "5.1.2-dirty", Text: "v5.1.2-dirty", Offset: 148}},
		Guards: []format.Guard{{Kind: format.Checksum, Scheme: "xor8", State: format.Good, Note: "segments", Offset: int64(len(img)) + 3 - 32},
			{Kind: format.Checksum, Scheme: "sha256", State: format.Good, Note: "image", Offset: int64(len(img)) + 4 - 32}},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("part (-want +got):\n%s", d)
	}
}

func TestVariants(t *testing.T) {
	t.Parallel()
	img := build(false, seg{0x3c000020, loader()})
	short := build(true, seg{0x40100000, "code in memory"}, seg{0x3ffe8000, "data"})
	second := append(le.AppendUint32([]byte("\xea\x04\x00\x00\x00\x00\x10\x40\x00\x00\x00\x00"), 12), "flashed code"...)
	hash := bytes.Clone(img)
	hash[len(hash)-1] ^= 1
	signed, curve := signRSA(t, img), signECDSA(t, img)
	bad := bytes.Clone(signed)
	bad[8] ^= 1 // a pin, in what is signed and hashed
	var sig [64]byte
	for i := range sig {
		sig[i] = byte(i * 7)
	}
	first := append(append(bytes.Clone(img), 0, 0, 0, 0), sig[:]...)
	for _, row := range []struct {
		name     string
		img      []byte
		size     int
		guards   []string
		problems string
		systems  []string
	}{
		{"boot loader", img, len(img), nil, "", []string{"esp-idf 5.3"}},
		{"ESP8266", short, len(short), []string{"checksum xor8 good"}, "", nil},
		{"ESP8266, second form", append(second, short...), len(second) + len(short), []string{"checksum xor8 good"}, "", nil},
		{"wrong hash", hash, len(img), []string{"checksum xor8 good", "checksum sha256 bad"}, format.BadChecksum, []string{"esp-idf 5.3"}},
		{"Secure Boot V2", signed, len(signed), []string{"checksum xor8 good", "checksum sha256 good", "signature rsa3072-pss-sha256 good"}, "", []string{"esp-idf 5.3"}},
		{"Secure Boot V2, changed", bad, len(signed), []string{"checksum xor8 good", "checksum sha256 bad", "signature rsa3072-pss-sha256 bad"}, format.BadChecksum, []string{"esp-idf 5.3"}},
		{"Secure Boot V2, a curve", curve, len(curve), []string{"checksum xor8 good", "checksum sha256 good", "signature ecdsa-p256-sha256 good"}, "", []string{"esp-idf 5.3"}},
		{"Secure Boot V1", first, len(first), []string{"checksum xor8 good", "checksum sha256 good", "signature ecdsa-p256-sha256 present"}, "", []string{"esp-idf 5.3"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, Formats(), append(bytes.Clone(row.img), "what follows"...), 0)
			if p == nil {
				t.Fatal("not found")
			}
			if row.guards == nil {
				row.guards = []string{"checksum xor8 good", "checksum sha256 good"}
			}
			if d := cmp.Diff(row.guards, looktest.Guards(p)); d != "" {
				t.Errorf("guards (-want +got):\n%s", d)
			}
			if d := cmp.Diff(row.systems, systems(p)); d != "" {
				t.Errorf("systems (-want +got):\n%s", d)
			}
			if p.Size != int64(row.size) || looktest.Kinds(p) != row.problems {
				t.Errorf("%d bytes, want %d; problems %v", p.Size, row.size, p.Problems)
			}
		})
	}
	flip := bytes.Clone(img)
	flip[60] ^= 1
	for name, b := range map[string][]byte{"checksum": flip, "cut": img[:100], "magic in noise": []byte("\xe9\x03" + strings.Repeat("\xa5\x01", 40))} {
		if p := looktest.At(t, Formats(), b, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// entry makes one line of a table.
func entry(typ, sub byte, offset, size uint32, label string, flags uint32) []byte {
	b := make([]byte, entrySize)
	copy(b, entryMagic)
	b[2], b[3] = typ, sub
	le.PutUint32(b[4:], offset)
	le.PutUint32(b[8:], size)
	copy(b[12:28], label)
	le.PutUint32(b[28:], flags)
	return b
}

// partitions is a table with its sum.
func partitions(entries ...[]byte) []byte {
	b := slices.Concat(entries...)
	sum := md5.Sum(b)
	b = append(pad(append(b, sumMagic...), len(b)+16), sum[:]...)
	return pad(b, tableSize)
}

func TestTable(t *testing.T) {
	t.Parallel()
	b := partitions(entry(1, 2, 0x9000, 0x1000, "nvs", 0), entry(0, 0, 0x10000, 0x20000, "factory", 1), entry(0x40, 7, 0x30000, 0x1000, "ours", 0))
	p := looktest.At(t, Formats(), b, 0)
	if p == nil {
		t.Fatal("not found")
	}
	want := []format.Var{{Name: "nvs", Value: "data nvs, 0x9000, 4096 bytes"}, {Name: "factory", Value: "app factory, 0x10000, 131072 bytes, encrypted", Offset: 32},
		{Name: "ours", Value: "type 0x40 subtype 0x07, 0x30000, 4096 bytes", Offset: 64}}
	if d := cmp.Diff(want, p.Vars); d != "" {
		t.Errorf("variables (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"encryption esp-flash-encryption present", "checksum md5 good"}, looktest.Guards(p)); d != "" {
		t.Errorf("guards (-want +got):\n%s", d)
	}
	if p.Size != 4*entrySize {
		t.Errorf("%d bytes", p.Size)
	}
	for name, b := range map[string][]byte{
		"overlap": append(entry(1, 2, 0x9000, 0x4000, "nvs", 0), entry(0, 0, 0xa000, 0x1000, "factory", 0)...),
		"one":     entry(1, 2, 0x9000, 0x4000, "nvs", 0),
		"label":   append(entry(1, 2, 0x9000, 0x1000, "n\x01s", 0), entry(0, 0, 0xa000, 0x1000, "factory", 0)...),
		"tail":    append(append(entry(1, 2, 0x9000, 0x1000, "nvs", 0), entry(0, 0, 0xa000, 0x1000, "factory", 0)...), "and something else that follows it"...),
	} {
		if p := looktest.At(t, Formats(), b, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestFlash(t *testing.T) {
	t.Parallel()
	flash := pad(pad(nil, 0x1000), 0x1000)
	flash = pad(append(flash, build(false, seg{0x3ff00018, loader()})...), tableAt)
	flash = pad(append(flash, partitions(entry(1, 2, 0x9000, 0x4000, "nvs", 0), entry(0, 0, 0x10000, 0x20000, "factory", 0), entry(0, 0x10, 0x30000, 0x20000, "ota", 0))...), 0x9000)
	flash = pad(append(flash, store(false)...), 0x10000)
	flash = pad(append(flash, build(false, seg{0x3f400020, app()})...), 0x20000)
	p := looktest.At(t, Formats(), flash, 0)
	if p == nil {
		t.Fatal("not found")
	}
	if d := cmp.Diff([]string{"bootloader esp-image", "nvs nvs", "factory esp-image"}, looktest.Regions(p)); d != "" {
		t.Errorf("regions (-want +got):\n%s", d)
	}
	if p.Size != int64(len(flash)) || looktest.Kinds(p) != format.Truncated+" "+format.Truncated {
		t.Errorf("%d bytes, problems %v", p.Size, p.Problems)
	}
}

// store makes a partition of keys and values: one page with a string, one erased.
func store(encrypted bool) []byte {
	b := pad(nil, nvsPage)
	le.PutUint32(b, 0xfffffffe)
	le.PutUint32(b[4:], 0)
	b[8] = 0xfe
	le.PutUint32(b[28:], crc32.Update(0xffffffff, crc32.IEEETable, b[4:28]))
	put := func(i int, space, typ, span byte, key string, value []byte) {
		e := b[nvsFirst+i*nvsEntry:][:nvsEntry]
		e[0], e[1], e[2], e[3] = space, typ, span, 0xff
		clear(e[8:24])
		copy(e[8:24], key)
		copy(e[24:], value)
		sum := crc32.Update(crc32.Update(0xffffffff, crc32.IEEETable, e[:4]), crc32.IEEETable, e[8:])
		le.PutUint32(e[4:], sum)
		for n := range int(span) {
			j := i + n
			b[32+j/4] &^= 1 << (2 * (j % 4))
		}
	}
	text := "hunter-gatherer\x00"
	put(0, 0, 1, 1, "wifi", []byte{1})
	put(1, 1, 0x21, 2, "pass", binary.LittleEndian.AppendUint32([]byte{byte(len(text)), 0, 0xff, 0xff}, crc32.Update(0xffffffff, crc32.IEEETable, []byte(text))))
	copy(b[nvsFirst+2*nvsEntry:], text)
	if encrypted {
		for i := range 3 * nvsEntry {
			b[nvsFirst+i] ^= byte(i*13 + 5)
		}
	}
	return pad(b, 2*nvsPage)
}

func TestNVS(t *testing.T) {
	t.Parallel()
	p := looktest.At(t, Formats(), store(false), 0)
	if p == nil {
		t.Fatal("not found")
	}
	if d := cmp.Diff([]format.Var{{Name: "wifi.pass", Value: "hunter-gatherer", Offset: 128}}, p.Vars); d != "" || p.Opaque != "" {
		t.Errorf("variables (-want +got), %q:\n%s", p.Opaque, d)
	}
	p = looktest.At(t, Formats(), store(true), 0)
	if p == nil {
		t.Fatal("encrypted: not found")
	}
	if p.Opaque == "" || len(p.Vars) != 0 || len(p.Guards) != 1 || p.Size != nvsPage {
		t.Errorf("encrypted: %+v", p)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file    string
		at      int64
		format  string
		size    int64
		note    string
		guards  string
		systems string
	}{
		{"esp-bootloader_esp32.bin", 0, "esp-image", 7888, "ESP32, 4 segments", "xor8 good", ""},
		{"esp-bootloader_esp8266.bin", 0, "esp-image", 2752, "ESP8266, 3 segments", "xor8 good", ""},
		{"esp-bootloader_signed_v2_rsa.bin", 0, "esp-image", 36864, "ESP32, 4 segments", "xor8 good, sha256 good, rsa3072-pss-sha256 good", ""},
		{"esp-bootloader_unsigned_v2.bin", 0, "esp-image", 0x7710, "ESP32, 4 segments", "xor8 good, sha256 good", ""},
		{"esp-esp8266_deepsleep.bin", 0, "esp-image", 0x580, "ESP8266, 1 segments", "xor8 good", ""},
		{"esp-esp_idf_blink_esp32s2.bin", 0, "esp-image", 182368, "ESP32-S2, 6 segments", "xor8 good, sha256 good", "blink qa-test-v5.0-20220830-4-g4532e6, esp-idf 5.0-beta1-427-g4532e6e0b2-dirt"},
		{"esp-hello-world-signed.bin", 0, "esp-image", 196596, "ESP32, 7 segments", "xor8 good, sha256 good, ecdsa-p256-sha256 present", "hello-world v3.3-beta3-21-g0706bd0d1-dirty, esp-idf 3.3-beta3-21-g0706bd0d1-dirty"},
		{"ruuvi-esp32-bootloader.bin", 0, "esp-image", 25648, "ESP32, 4 segments", "xor8 good, sha256 good", ""},
		{"tuya-convert-tasmota.bin", 0, "esp-image", 0xe20, "ESP8266, 1 segments", "xor8 good", ""},
		{"tuya-convert-tasmota.bin", 0x1000, "esp-image", 0, "", "xor8 good", ""},
		{"esp-esp8266_deepsleep.bin", 0x1000, "esp-image", 0, "", "xor8 good", ""},
		{"esp-partitions_singleapp.bin", 0, "esp-partitions", 96, "3 partitions", "", ""},
		{"ruuvi-esp32-partition-table.bin", 0, "esp-partitions", 0, "partitions", "md5 good", ""},
		{"esp-nvs-encrypted.bin", 0, "nvs", 8192, "2 pages", "aes-256-xts present", ""},
	} {
		p := looktest.At(t, Formats(), looktest.Read(t, "real", row.file), row.at)
		if p == nil {
			t.Errorf("%s: not found at %d", row.file, row.at)
			continue
		}
		var guards, names []string
		for _, g := range p.Guards {
			guards = append(guards, g.Scheme+" "+g.State)
		}
		names = systems(p)
		if p.Format != row.format || row.size > 0 && p.Size != row.size || !strings.Contains(p.Note, row.note) || p.Problems != nil ||
			strings.Join(guards, ", ") != row.guards || strings.Join(names, ", ") != row.systems {
			t.Errorf("%s: %s, %d bytes, %q, %q, %q, %v", row.file, p.Format, p.Size, p.Note, guards, names, p.Problems)
		}
	}
	for _, name := range []string{"esp-bootloader-encrypted.bin", "esp-hello-world-signed-encrypted-aes-xts.bin"} {
		if got := looktest.Every(t, Formats(), looktest.Read(t, "real", name)); got != nil {
			t.Errorf("%s: %v", name, got)
		}
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
	f.Add(build(false, seg{0x3c000020, app()}))
	f.Add(build(true, seg{0x40100000, "code"}, seg{0x3ffe8000, "data"}))
	f.Add(partitions(entry(1, 2, 0x9000, 0x1000, "nvs", 0), entry(0, 0, 0x10000, 0x20000, "factory", 1))[:160])
	f.Add(store(false))
	f.Add(append(make([]byte, tableAt), partitions(entry(1, 2, 0x9000, 0x1000, "nvs", 0), entry(0, 0, 0xa000, 0x2000, "factory", 1))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p := looktest.At(t, Formats(), b, 0); p != nil && p.Format == "" {
			t.Errorf("%+v", p)
		}
	})
}
