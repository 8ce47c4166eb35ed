package carve_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"assay/internal/collect/firmware/format/carve"
	"assay/internal/testdata"
)

func scanFile(t testing.TB, path string) carve.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	img, err := carve.Scan(ctx, f, st.Size(), carve.Limits{})
	if err != nil && !errors.Is(err, carve.ErrEmpty) {
		t.Fatalf("%s: %v", path, err)
	}
	return img
}

// place is what a layout says of a part.
type place struct {
	Format string
	Offset int64
	Size   int64
	Path   string
	Read   bool
}

func TestCameraLayouts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		image  string
		status carve.Status
		want   []place
	}{
		{"camera-insecure/camera-insecure.bin", carve.Readable, []place{
			{Format: "vendor-header", Offset: 0, Size: 256},
			{Format: "uimage", Offset: 256, Size: 5448256},
			{Format: "squashfs", Offset: 5505024, Size: 17899520, Read: true},
			{Format: "trailer", Offset: 23461888, Size: 16},
		}},
		{"camera-hardened/camera-hardened.swu", carve.Readable, []place{
			{Format: "cpio", Offset: 0, Size: 12575848},
			{Format: "member", Offset: 128, Size: 393, Path: "sw-description"},
			{Format: "member", Offset: 656, Size: 256, Path: "sw-description.sig"},
			{Format: "fit", Offset: 1032, Size: 2658146, Path: "fit.itb"},
			{Format: "squashfs", Offset: 2659308, Size: 9916416, Path: "rootfs.squashfs", Read: true},
		}},
		{"camera-hardened/camera-hardened.enc.bin", carve.Encrypted, []place{
			{Format: "high-entropy", Offset: 0, Size: 2389808},
		}},
		{"camera-small-flash/camera-small-flash.bin", carve.Readable, []place{
			{Format: "uimage", Offset: 589824, Size: 2643368},
			{Format: "squashfs", Offset: 3407872, Size: 2158592, Read: true},
			{Format: "jffs2", Offset: 6815744},
		}},
	} {
		t.Run(filepath.Base(row.image), func(t *testing.T) {
			t.Parallel()
			img := scanFile(t, testdata.Dir(t, "firmware/built", row.image))
			if img.Status != row.status {
				t.Errorf("status %s (%s), want %s", img.Status, img.Reason, row.status)
			}
			for _, w := range row.want {
				found := false
				for _, p := range img.Parts {
					found = found || w == place{p.Format, p.Offset, p.Size, p.Path, p.Read}
				}
				if !found {
					t.Errorf("no part %+v in %+v", w, img.Parts)
				}
			}
			for _, p := range img.Problems {
				t.Errorf("problem in a sound image: %+v", p)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file   string
		status carve.Status
		format string // of some part
	}{
		{"squashfs-gzip.img", carve.Readable, "squashfs"},
		{"squashfs-lzo.img", carve.Unread, "squashfs"},
		{"padded-head.bin", carve.Readable, "squashfs"},
		{"ota.zip", carve.Readable, "zip"},
		{"netgear.chk", carve.Readable, "trx"},
		{"rootfs.tar.gz", carve.Unread, "gzip"},
		{"rootfs.tar.xz", carve.Unread, "xz"},
		{"rootfs.tar.bz2", carve.Unread, "bzip2"},
		{"initramfs-lzma.cpio.lzma", carve.Unread, "lzma"},
		{"initramfs-zstd.cpio.zst", carve.Unread, "zstd"},
		{"initramfs-lz4.cpio.lz4", carve.Unread, "lz4"},
		{"initramfs-lzop.cpio.lzo", carve.Unread, "lzop"},
		{"jffs2-be-zlib.img", carve.Unread, "jffs2"},
		{"ubi-2vol.img", carve.Unread, "ubi"},
		{"ubifs-zlib.img", carve.Unread, "ubifs"},
		{"cramfs-be.img", carve.Unread, "cramfs"},
		{"erofs-lz4.img", carve.Unread, "erofs"},
		{"device-tree.dtb", carve.Unread, "device-tree"},
		{"fit-signed.itb", carve.Unread, "fit"},
		{"uimage-multi.img", carve.Unread, "uimage"},
	} {
		t.Run(strings.ReplaceAll(row.file, ".", "-"), func(t *testing.T) {
			t.Parallel()
			img := scanFile(t, testdata.Dir(t, "firmware/built/formats", row.file))
			if img.Status != row.status {
				t.Errorf("status %s (%s), want %s", img.Status, img.Reason, row.status)
			}
			for _, p := range img.Parts {
				if p.Format == row.format {
					return
				}
			}
			t.Errorf("no part of format %s: %+v", row.format, img.Parts)
		})
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware/built/hostile")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	problem := map[string]string{
		"uimage-size-lie.img":       carve.Truncated,
		"uimage-bad-crc.img":        carve.Checksum,
		"uimage-nested-1000.img":    carve.TooDeep,
		"cpio-huge-size.cpio":       carve.Truncated,
		"cpio-traversal.cpio":       carve.BadName,
		"cpio-hardlinks.cpio":       carve.BadName,
		"tar-traversal.tar":         carve.BadName,
		"tar-huge-size.tar":         carve.Truncated,
		"zip-slip.zip":              carve.BadName,
		"zip-overlap-16g.zip":       carve.Overlap,
		"squashfs-truncated-50.img": carve.Truncated,
	}
	status := map[string]carve.Status{
		"all-ff-64k.bin":          carve.Erased,
		"random-64k.bin":          carve.Encrypted,
		"magics-everywhere.bin":   carve.Unknown,
		"magic-only-squashfs.bin": carve.Unknown,
	}
	for _, f := range files {
		base := filepath.Base(f)
		img := scanFile(t, f)
		check(t, img)
		if want, ok := status[base]; ok && img.Status != want {
			t.Errorf("%s: status %s, want %s", base, img.Status, want)
		}
		if want := problem[base]; want != "" {
			found := false
			for _, p := range img.Problems {
				found = found || p.Kind == want
			}
			if !found {
				t.Errorf("%s: no problem %q in %+v", base, want, img.Problems)
			}
		}
	}
}

// check holds for any bytes.
func check(t testing.TB, img carve.Image) {
	t.Helper()
	if len(img.Parts) > 4096*3 {
		t.Errorf("%d parts", len(img.Parts))
	}
	for i, p := range img.Parts {
		if p.Offset < 0 || p.Size < 0 || p.Offset > img.Size || p.Size > img.Size-p.Offset {
			t.Errorf("part outside of %d bytes: %+v", img.Size, p)
		}
		if p.Within >= i {
			t.Errorf("part %d within %d", i, p.Within)
		}
		if p.Entropy < 0 || p.Entropy > 8 {
			t.Errorf("entropy %f", p.Entropy)
		}
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	if _, err := carve.Scan(context.Background(), bytes.NewReader(nil), 0, carve.Limits{}); !errors.Is(err, carve.ErrEmpty) {
		t.Errorf("error %v", err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := make([]byte, 4<<20)
	img, err := carve.Scan(ctx, bytes.NewReader(b), int64(len(b)), carve.Limits{})
	if !errors.Is(err, context.Canceled) || !img.Cut {
		t.Errorf("error %v, cut %v", err, img.Cut)
	}
}

func TestMembersInsideOfCPIO(t *testing.T) {
	t.Parallel()
	member := func(name, data string) string {
		h := "070701" + strings.Repeat("00000000", 1) + "000081a4"
		h += strings.Repeat("00000000", 4)
		h += hex8(len(data)) + strings.Repeat("00000000", 4) + hex8(len(name)+1) + "00000000"
		s := h + name + "\x00"
		s += strings.Repeat("\x00", (4-len(s)%4)%4) + data
		return s + strings.Repeat("\x00", (4-len(s)%4)%4)
	}
	archive := "JUNK" + member("a.txt", "hello") + member("b/../c", "x") + member("TRAILER!!!", "")
	img, err := carve.Scan(context.Background(), strings.NewReader(archive), int64(len(archive)), carve.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []place
	for _, p := range img.Parts {
		got = append(got, place{p.Format, p.Offset, p.Size, p.Path, p.Read})
	}
	want := []place{
		{Format: "vendor-header", Size: 4},
		{Format: "cpio", Offset: 4, Size: int64(len(archive) - 4)},
		{Format: "member", Offset: 4 + 116, Size: 5, Path: "a.txt"},
		{Format: "member", Offset: 4 + 124 + 120, Size: 1, Path: "b/../c"},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if len(img.Problems) != 1 || img.Problems[0].Kind != carve.BadName {
		t.Errorf("problems %+v", img.Problems)
	}
}

func hex8(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[7-i] = digits[n>>(4*i)&15]
	}
	return string(b)
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"hsqs", "\x27\x05\x19\x56" + strings.Repeat("\x00", 64), "070701" + strings.Repeat("0", 104),
		"PK\x03\x04" + strings.Repeat("\x00", 40), "\x1f\x8b\x08\x00" + strings.Repeat("\x00", 20),
		"\xd0\x0d\xfe\xed\x00\x00\x00\x48" + strings.Repeat("\x00", 40), "HDR0" + strings.Repeat("\x01\x00", 14),
		"\x85\x19\x03\x20\x0c\x00\x00\x00\xb1\xb0\x1e\xe4", strings.Repeat("\x00", 257) + "ustar" + strings.Repeat("\x00", 300),
		"\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00a" + strings.Repeat("\x00", 16),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := carve.Scan(context.Background(), bytes.NewReader(b), int64(len(b)), carve.Limits{Parts: 100})
		if err != nil && !errors.Is(err, carve.ErrEmpty) {
			t.Errorf("error on bytes in memory: %v", err)
		}
		check(t, img)
	})
}

func BenchmarkScan(b *testing.B) {
	img, err := os.ReadFile(testdata.Dir(b, "firmware/built/camera-insecure/camera-insecure.bin"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		if _, err := carve.Scan(context.Background(), bytes.NewReader(img), int64(len(img)), carve.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
