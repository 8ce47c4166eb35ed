package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/collect/firmware"
	"assay/internal/i18n"
	"assay/internal/refcam"
	"assay/internal/testdata"
)

// TestFirmwareSaid: nothing that the readers of images say stays English for
// readers of Chinese: of images that are whole, cut, damaged, erased.
func TestFirmwareSaid(t *testing.T) {
	t.Parallel()
	for _, path := range crafted(t) {
		saidOf(t, path, make(map[string]bool))
	}
}

// TestFirmwareSaidCollection: the same of a broad collection, encrypted and
// hostile images among it.
func TestFirmwareSaidCollection(t *testing.T) {
	t.Parallel()
	dir := testdata.Dir(t, "firmware")
	seen, n := make(map[string]bool), 0
	for _, glob := range []string{"built/formats/*", "built/hostile/*", "built/camera-hardened/*.bin", "built/camera-small-flash/*.bin", "real/*"} {
		found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(glob)))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".jsonl") && !strings.Contains(path, "bomb") {
				saidOf(t, path, seen)
				n++
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d images were read", n)
	}
}

// saidOf reads an image, and finds what no text is for. What the image itself
// says (banners) is no sentence of ours.
func saidOf(t *testing.T, path string, seen map[string]bool) {
	t.Helper()
	texts := i18n.Must()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var g firmware.Gather
	err = firmware.Analyse(t.Context(), bytes.NewReader(b), firmware.Options{}, func(r firmware.Record) error {
		mu.Lock()
		defer mu.Unlock()
		g.Add(r)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	d := g.Finish(time.Unix(0, 0), 0)
	said := []string{d.Image.Reason}
	for _, p := range d.Parts {
		if len(p.Systems) == 0 {
			said = append(said, p.Note)
		}
		for _, g := range p.Guards {
			said = append(said, g.Note)
		}
	}
	for _, g := range d.Gaps {
		said = append(said, g.Detail)
	}
	for _, text := range said {
		if got := texts.Said(i18n.Zh, text); strings.Contains(got, "原文「") && !seen[got] {
			seen[got] = true
			t.Errorf("%s: no text of internal/i18n/texts/said.yaml is for %q: %s", filepath.Base(path), text, got)
		}
	}
}

// crafted are images that need no data of others.
func crafted(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	whole := image(t, refcam.Typical()...)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(whole); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	for i := len(damaged) / 2; i < len(damaged)/2+64; i++ {
		damaged[i] ^= 0x5a
	}
	var out []string
	for name, b := range map[string][]byte{"whole": whole, "cut": whole[:len(whole)*3/4], "damaged": damaged, "packed": packed.Bytes(),
		"packed-cut": packed.Bytes()[:packed.Len()/2], "empty": nil, "erased": bytes.Repeat([]byte{0xff}, 1<<16), "env": environment("bootdelay=5", "bootcmd=bootm")} {
		out = append(out, writeFile(t, filepath.Join(dir, name+".bin"), b))
	}
	return out
}

// environment is that of a U-Boot by itself.
func environment(vars ...string) []byte {
	b := make([]byte, 64<<10)
	copy(b[4:], strings.Join(vars, "\x00")+"\x00\x00")
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return b
}
