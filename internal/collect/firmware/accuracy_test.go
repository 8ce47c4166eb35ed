package firmware

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/testdata"
)

// later are kinds of planted items that this version has no inspector for:
// they are printed as such, and never counted as found.
var later = map[string]bool{
	"elf-not-hardened": true, "unsafe-functions": true, "elf-debug-symbols": true, "build-trace": true,
}

// measured are the kinds that the figure of at least 90 % is about.
var measured = map[string]string{
	"private-key": "keys", "password-hash": "hashes", "url-credentials": "URL credentials",
	"undeclared-host": "hosts", "hard-coded-resolver": "hosts",
}

type plantedItem struct {
	ID, Kind, Path, Value string
	Offset                int64
	Line                  int
}

type plantedTruth struct {
	Planted []plantedItem
	Decoys  []struct{ Path, Value, Why string }
	Hosts   []struct {
		Host  string
		Paths []string
	}
}

// analysed collects the records of an image of the collection.
func analysed(t *testing.T, image string) []Record {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var out []Record
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if err := Analyse(context.Background(), f, info.Size(), Options{Now: at}, func(r Record) error { out = append(out, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// found says whether some record points at a planted item.
func found(records []Record, p plantedItem) bool {
	at := func(path string, offset int64, line int) bool {
		if path != p.Path {
			return false
		}
		if p.Line > 0 && line == p.Line {
			return true
		}
		return p.Line == 0 && (p.Offset == 0 || offset >= p.Offset-64 && offset <= p.Offset+int64(len(p.Value))+64)
	}
	for _, r := range records {
		switch {
		case strings.HasPrefix(p.Kind, "cert-"):
			if r.Cert != nil && r.Cert.Path == p.Path && len(r.Cert.Problems) > 0 {
				return true
			}
		case p.Kind == "file-permission" || p.Kind == "world-writable" || p.Kind == "setuid-root" || p.Kind == "key-world-readable" || p.Kind == "debug-tool":
			if r.Mode != nil && r.Mode.Path == p.Path {
				return true
			}
		case p.Kind == "undeclared-host" || p.Kind == "hard-coded-resolver":
			if r.Host != nil && r.Host.Class.Contacted() && r.Host.Path == p.Path && r.Host.Host == p.Value {
				return true
			}
		case r.Secret != nil && at(r.Secret.Path, r.Secret.Offset, r.Secret.Line),
			r.Start != nil && at(r.Start.Path, r.Start.Offset, r.Start.Line):
			return true
		}
	}
	return false
}

// TestAccuracy prints, for every item that was planted in the reference
// images, whether it was found; `make accuracy` shows it. Decoys and anything
// in the hardened image count as false positives.
func TestAccuracy(t *testing.T) {
	dir := testdata.Dir(t, "firmware", "built")
	truth := func(name string) plantedTruth {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name, name+".truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		var x plantedTruth
		if err := json.Unmarshal(b, &x); err != nil {
			t.Fatal(err)
		}
		return x
	}
	t.Run("camera-insecure", func(t *testing.T) {
		x := truth("camera-insecure")
		records := analysed(t, filepath.Join(dir, "camera-insecure", "camera-insecure.bin"))
		hit, all := map[string]int{}, map[string]int{}
		missed := 0
		for _, p := range x.Planted {
			state := "found"
			ok := found(records, p)
			switch {
			case later[p.Kind]:
				state = "kind not inspected in this version"
			case !ok:
				state = "MISSED"
				missed++
			}
			t.Logf("%s %-26s %-34s %s", p.ID, p.Kind, p.Path, state)
			if g := measured[p.Kind]; g != "" {
				all[g]++
				if ok {
					hit[g]++
				}
			}
		}
		for _, h := range x.Hosts {
			for _, path := range h.Paths {
				all["hosts"]++
				if found(records, plantedItem{Kind: "undeclared-host", Path: path, Value: h.Host}) {
					hit["hosts"]++
				}
			}
		}
		for g, n := range all {
			t.Logf("%s: %d of %d", g, hit[g], n)
			if hit[g]*10 < n*9 {
				t.Errorf("%s: %d of %d found, want at least 90 %%", g, hit[g], n)
			}
		}
		t.Logf("planted: %d, missed among the inspected kinds: %d", len(x.Planted), missed)
		noDecoys(t, records, x)
	})
	t.Run("camera-hardened", func(t *testing.T) {
		x := truth("camera-hardened")
		records := analysed(t, filepath.Join(dir, "camera-hardened", "camera-hardened.swu"))
		noDecoys(t, records, x)
		read := false
		for _, r := range records {
			switch {
			case r.Secret != nil:
				t.Errorf("false positive: %s at %s:%d", r.Secret.Kind, r.Secret.Path, r.Secret.Line)
			case r.Mode != nil:
				t.Errorf("false positive: %s at %s", r.Mode.Kind, r.Mode.Path)
			case r.Part != nil:
				t.Logf("part %-10s %-18s read=%v", r.Part.Format, r.Part.Path, r.Part.Read)
				read = read || r.Part.Format == "squashfs" && r.Part.Read
			case r.Done != nil:
				t.Logf("%d paths of the 490 of the tree, %d files, plus the root folder", r.Done.Names-1, r.Done.Files)
				if r.Done.Names != 491 {
					t.Errorf("read %d names, want 490 and the root folder", r.Done.Names)
				}
			case r.Gap != nil:
				t.Logf("named as not read: %s %s", r.Gap.Path, r.Gap.Detail)
			}
		}
		if !read {
			t.Error("the squashfs of the hardened image wasn't read")
		}
	})
	t.Run("camera-encrypted", func(t *testing.T) {
		for _, r := range analysed(t, filepath.Join(dir, "camera-hardened", "camera-hardened.enc.bin")) {
			if r.Image != nil {
				t.Logf("status %s: %s", r.Image.Status, r.Image.Reason)
				if r.Image.Status == "readable" {
					t.Error("the encrypted image counts as readable")
				}
			}
		}
	})
}

// noDecoys fails where a decoy is reported.
func noDecoys(t *testing.T, records []Record, x plantedTruth) {
	t.Helper()
	for _, d := range x.Decoys {
		for _, r := range records {
			switch {
			case r.Secret != nil && r.Secret.Path == d.Path && strings.Contains(r.Secret.Value, d.Value),
				r.Host != nil && r.Host.Class.Contacted() && r.Host.Path == d.Path:
				t.Errorf("decoy reported: %s in %s (%s)", d.Value, d.Path, d.Why)
			}
		}
	}
	t.Logf("decoys: %d, none may be reported", len(x.Decoys))
}
