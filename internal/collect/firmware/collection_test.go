package firmware

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/collect/firmware/unpack"
	"assay/internal/testdata"
)

// at is the clock of the tests.
var at = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// read analyses an image in process.
func read(t testing.TB, path string, opt Options) *Result {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	opt.Now = at
	var mu sync.Mutex
	var g Gather
	err = Analyse(ctx, io.NewSectionReader(f, 0, info.Size()), opt, func(r Record) error {
		mu.Lock()
		defer mu.Unlock()
		g.Add(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return g.Finish(at, opt.Guess)
}

// listed is a line of a manifest.
type listed struct {
	Path   string
	Type   string
	Mode   string
	UID    uint32
	GID    uint32
	Size   int64
	SHA256 string
	Target string
}

func manifest(t *testing.T, path string) map[string]listed {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]listed)
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		var l listed
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out[l.Path] = l
	}
	if len(out) == 0 {
		t.Fatalf("%s: empty", path)
	}
	return out
}

// loses are what a format doesn't keep, by its README, and what an image of the
// collection holds only a part of.
var loses = map[string][]string{
	// mkfs.jffs2 was told to squash permissions: 06022 is gone from the inodes.
	"jffs2-le-zlib.img": {"squashed"}, "jffs2-be-zlib.img": {"squashed"}, "jffs2-le-lzo.img": {"squashed"}, "jffs2-le-rtime.img": {"squashed"},
	"jffs2-le-cleanmarkers.img": {"squashed"}, "jffs2-le-summary.img": {"squashed"},
	"romfs.img.gz":    {"mode", "owner"},
	"hex.hex.gz":      {"part"}, // the first 200,000 bytes of a file system
	"srec.s19.gz":     {"part"},
	"uimage-gzip.img": {"no tree"}, // kernels, device trees
	"uimage-lzma.img": {"no tree"},
	"uimage-none.img": {"no tree"},
	"fit-signed.itb":  {"no tree"},
	"device-tree.dtb": {"no tree"},
	"rootfs.tar.gz":   {"root"}, // archives of what stands below the root
	"rootfs.tar.xz":   {"root"},
	"rootfs.tar.bz2":  {"root"},
}

// TestCollectionManifests: each entry of each readable image equals the
// manifest in type, mode, owner, target, size and content.
func TestCollectionManifests(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware", "built")
	var index struct {
		Images []struct{ File, Format, Truth string }
	}
	decode(t, filepath.Join(dir, "formats", "index.json"), &index)
	if len(index.Images) < 50 {
		t.Fatalf("%d images", len(index.Images))
	}
	type row struct{ image, manifest, prefix string }
	rows := []row{
		{"camera-insecure/camera-insecure.bin", "camera-insecure/camera-insecure.manifest.jsonl", ""},
		{"camera-hardened/camera-hardened.swu", "camera-hardened/camera-hardened.manifest.jsonl", ""},
		{"camera-small-flash/camera-small-flash.bin", "camera-small-flash/camera-small-flash.manifest.jsonl", ""},
		{"camera-small-flash/camera-small-flash.bin", "camera-small-flash/camera-small-flash.config.manifest.jsonl", "jffs2:"},
	}
	for _, i := range index.Images {
		m := "formats/tree.manifest.jsonl"
		if i.Truth != "" {
			m = "formats/" + strings.TrimSuffix(i.Truth, ".truth.json") + ".manifest.jsonl"
		}
		rows = append(rows, row{"formats/" + i.File, m, ""})
	}
	var mu sync.Mutex
	table := make(map[string]string)
	t.Run("images", func(t *testing.T) {
		for _, r := range rows {
			t.Run(filepath.Base(r.image)+r.prefix, func(t *testing.T) {
				t.Parallel()
				lost := loses[filepath.Base(r.image)]
				if r.prefix == "jffs2:" {
					lost = []string{"squashed"}
				}
				got := read(t, filepath.Join(dir, r.image), Options{Files: true})
				if slices.Contains(lost, "no tree") {
					if len(got.Entries) > 0 || got.Image.Status == unpack.Unknown {
						t.Errorf("%s, %d entries", got.Image.Status, len(got.Entries))
					}
					return
				}
				have := make(map[string]Entry)
				for _, e := range got.Entries {
					if r.prefix == "" && !strings.Contains(e.Path, ":/") {
						have[e.Path] = e
					} else if p, ok := strings.CutPrefix(e.Path, r.prefix); ok && r.prefix != "" {
						have[p] = e
					}
				}
				n := compare(t, manifest(t, filepath.Join(dir, r.manifest)), have, lost)
				mu.Lock()
				table[r.image+r.prefix] = fmt.Sprintf("%4d of %4d entries", n, len(manifest(t, filepath.Join(dir, r.manifest))))
				mu.Unlock()
			})
		}
	})
	for _, k := range sorted(table) {
		t.Logf("%-48s %s", k, table[k])
	}
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func decode(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// compare holds entries against a manifest; it returns how many agree.
func compare(t *testing.T, want map[string]listed, have map[string]Entry, lost []string) int {
	t.Helper()
	n := 0
	for _, p := range sorted(want) {
		w := want[p]
		h, ok := have[p]
		if !ok {
			if p == "/" && slices.Contains(lost, "root") {
				n++
			} else if !slices.Contains(lost, "part") {
				t.Errorf("%s isn't there", p)
			}
			continue
		}
		var odd []string
		if w.Type = strings.TrimSuffix(w.Type, "dev"); h.Type != w.Type {
			odd = append(odd, fmt.Sprintf("type %s, want %s", h.Type, w.Type))
		}
		mode, err := strconv.ParseUint(w.Mode, 8, 32)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(lost, "squashed") && w.Type != "symlink" {
			mode &^= 0o6022
		}
		if uint64(h.Mode) != mode && !slices.Contains(lost, "mode") {
			odd = append(odd, fmt.Sprintf("mode %04o, want %04o", h.Mode, mode))
		}
		if (h.UID != w.UID || h.GID != w.GID) && !slices.Contains(lost, "owner") {
			odd = append(odd, fmt.Sprintf("owner %d:%d, want %d:%d", h.UID, h.GID, w.UID, w.GID))
		}
		if w.Type == "file" && (h.Size != w.Size || h.SHA256 != w.SHA256) && !slices.Contains(lost, "part") {
			odd = append(odd, fmt.Sprintf("%d bytes %s, want %d %s", h.Size, h.SHA256, w.Size, w.SHA256))
		}
		if h.Target != w.Target {
			odd = append(odd, fmt.Sprintf("target %q, want %q", h.Target, w.Target))
		}
		if len(odd) == 0 {
			n++
		} else {
			t.Errorf("%s: %s", p, strings.Join(odd, "; "))
		}
	}
	for _, p := range sorted(have) {
		if _, ok := want[p]; !ok && p != "/" && p != "/lost+found" {
			t.Errorf("%s is there and isn't in the manifest", p)
		}
	}
	return n
}

// TestCollectionHostile: every hostile image ends, in time and memory, and says
// what it left out.
func TestCollectionHostile(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware", "built", "hostile")
	var truth struct {
		Images []struct{ File, Attack, Expect string }
	}
	decode(t, filepath.Join(dir, "truth.json"), &truth)
	if len(truth.Images) < 50 {
		t.Fatalf("%d images", len(truth.Images))
	}
	// What ends well without a word: nothing was lost.
	fine := map[string]bool{"magics-everywhere.bin": true, "all-ff-64k.bin": true, "one-byte.bin": true, "magic-only-squashfs.bin": true,
		"cpio-symlink-loop.cpio": true, "cpio-devnodes.cpio": true, "cpio-type-confusion.cpio": true, "cpio-odd-names.cpio": true, "cpio-20000-files.cpio.gz": true}
	for _, i := range truth.Images {
		t.Run(i.File, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			r := read(t, filepath.Join(dir, i.File), Options{Files: true})
			status := unpack.Status("none")
			if r.Image != nil {
				status = r.Image.Status
			}
			var why []string
			for _, g := range r.Gaps {
				why = append(why, g.Why+": "+g.Detail)
			}
			for _, w := range r.Weaknesses {
				why = append(why, w.Kind+": "+w.Text)
			}
			t.Logf("%-10s %4d ms %5d entries  (%s) %s", status, time.Since(start).Milliseconds(), len(r.Entries), i.Expect, strings.Join(why[:min(3, len(why))], " | "))
			if len(why) == 0 && !fine[i.File] && status == unpack.Readable {
				t.Errorf("nothing is said: %s; want: %s", i.Attack, i.Expect)
			}
			for _, e := range r.Entries {
				if strings.Contains(e.Path, "/../") || strings.HasSuffix(e.Path, "/..") || strings.ContainsRune(e.Path, 0) {
					t.Errorf("entry %q", e.Path)
				}
			}
		})
	}
}

// TestCollectionReal: images of others are recognised as their index says.
func TestCollectionReal(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware", "real")
	var index []struct {
		File, What string
		Truth      struct{ Type, Component, Version string }
	}
	decode(t, filepath.Join(dir, "index.json"), &index)
	if len(index) < 35 {
		t.Fatalf("%d images", len(index))
	}
	for _, i := range index {
		t.Run(i.File, func(t *testing.T) {
			t.Parallel()
			r := read(t, filepath.Join(dir, i.File), Options{Files: true})
			var parts, soft []string
			for _, p := range r.Parts {
				parts = append(parts, p.Format)
			}
			for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
				soft = append(soft, c.Name+" "+c.Version)
			}
			t.Logf("%-10s %s; %d entries; %s   (%s)", r.Image.Status, strings.Join(parts, ", "), len(r.Entries), strings.Join(soft, ", "), i.What)
			if want, ok := recognised[i.File]; !ok {
				t.Errorf("no expectation for %s (%s)", i.File, i.What)
			} else if !slices.Contains(parts, want) {
				t.Errorf("parts %q, want %s (%s)", parts, want, i.What)
			}
			if i.Truth.Component != "" && !slices.ContainsFunc(soft, func(s string) bool { return strings.EqualFold(s, i.Truth.Component+" "+i.Truth.Version) }) {
				t.Errorf("components %q, want %s %s", soft, i.Truth.Component, i.Truth.Version)
			}
		})
	}
}

// recognised is the format that each of the real images must be called.
var recognised = map[string]string{
	"binwalk-arcadyan.bin": "arcadyan", "binwalk-arj.bin": "arj", "binwalk-bzip2.bin": "bzip2", "binwalk-cramfs.bin": "cramfs", "binwalk-gzip.bin": "gzip",
	"binwalk-matter_ota.bin": "matter-ota", "binwalk-qcow.bin": "qcow", "binwalk-squashfs.bin": "squashfs", "binwalk-squashfs_v2.bin": "squashfs", "binwalk-zip.bin": "zip",
	"debian-armada-370-netgear-rn102.dtb": "fdt", "debian-armada-385-linksys-cobra.dtb": "fdt", "debian-u-boot-CHIP.bin": "u-boot", "debian-u-boot-dockstar.kwb": "u-boot",
	"debian-u-boot-nanopi_neo.bin": "u-boot", "debian-vmlinuz-6.1.0-50-marvell": "zimage",
	"esp-bootloader-encrypted.bin": "high-entropy", "esp-bootloader_esp32.bin": "esp-image", "esp-bootloader_esp8266.bin": "esp-image",
	"esp-bootloader_signed_v2_rsa.bin": "esp-image", "esp-bootloader_unsigned_v2.bin": "esp-image", "esp-esp8266_deepsleep.bin": "esp-image",
	"esp-esp_idf_blink_esp32s2.bin": "esp-image", "esp-hello-world-signed-encrypted-aes-xts.bin": "high-entropy", "esp-hello-world-signed.bin": "esp-image",
	"esp-nvs-encrypted.bin": "nvs", "esp-nvs-input-blob.bin": "unknown", "esp-partitions_singleapp.bin": "esp-partitions",
	"fact-CONFIG.gz": "gzip", "fact-broken.dtb": "fdt", "fact-configs.ko": "elf", "fact-device_tree.dtb": "fdt", "fact-netusb_vulnerable.elf": "elf",
	"fact-squashfs.img": "squashfs", "fact-test_data.ko": "elf", "ruuvi-esp32-bootloader.bin": "esp-image", "ruuvi-esp32-partition-table.bin": "esp-partitions",
	"ruuvi-nrf52-v2.0.0-full.hex": "intel-hex", "tuya-convert-tasmota.bin": "esp-image", "wyze-hacks-0.4.04.zip": "zip",
}
