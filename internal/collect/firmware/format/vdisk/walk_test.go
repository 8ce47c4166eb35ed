package vdisk_test

import (
	"bytes"
	"strings"
	"testing"

	"assay/internal/collect/firmware/unpack"
	"assay/internal/collect/firmware/unpack/walktest"
)

// All formats together read the disks: those that only name them don't come first.
func TestDisksAreRead(t *testing.T) {
	t.Parallel()
	for name, img := range samples(t) {
		got := walktest.Walk(t, img)
		if !got.Holds("the end the end") || len(got.Gaps) > 0 || !strings.HasPrefix(got.Formats(), strings.Fields(name)[0]) || got.Image.Status != unpack.Readable {
			t.Errorf("%s: %s, parts %s\n%s", name, got.Image.Status, got.Formats(), got.Lost())
		}
	}
}

// A fixed VHD is the disk as it is, and a footer.
func TestFixed(t *testing.T) {
	t.Parallel()
	foot := vhd()[:512]
	be.PutUint64(foot[16:], 1<<64-1)
	foot[63] = 2
	be.PutUint32(foot[64:], 0)
	sum(foot, 64)
	got := walktest.Walk(t, append(padded(disk(), 512), foot...))
	if !got.Holds("the end the end") || len(got.Gaps) > 0 || !strings.Contains(got.Formats(), "vhd") {
		t.Errorf("parts %s\n%s", got.Formats(), got.Lost())
	}
}

// A disk that isn't all there is never looked at as if it were.
func TestDisksInParts(t *testing.T) {
	t.Parallel()
	apart := vhd()
	apart[63] = 4
	be.PutUint32(apart[64:], 0)
	sum(apart[:512], 64)
	large := qcow2(t, "")
	be.PutUint64(large[24:], 1<<30) // the first table names half of it
	for name, row := range map[string]struct {
		img  []byte
		want string
	}{
		"a backing file":     {change(qcow2(t, ""), 15, 1), unpack.NotRead + ": qcow2: what it doesn't hold stands in a backing file"},
		"a data file":        {change(qcow2(t, ""), 79, 4), unpack.NotRead + ": qcow2: its content stands in a data file"},
		"encrypted":          {change(qcow2(t, ""), 35, 2), unpack.IsEncrypted + ": qcow2: encrypted"},
		"a differencing VDI": {change(vdi(), 76, 4), unpack.NotRead + ": vdi: a differencing image"},
		"a differencing VHD": {apart, unpack.NotRead + ": vhd: a differencing disk"},
		"a VMDK with a parent": {bytes.Replace(vmdk(t, false), []byte("parentCID=ffffffff"), []byte("parentCID=0badcafe"), 1),
			unpack.NotRead + ": vmdk: what it doesn't hold stands in its parent"},
		"a VMDK of several files": {change(vmdk(t, true), 28, 0), unpack.NotRead + ": vmdk: an extent of a disk"},
		"snapshots":               {change(qcow2(t, ""), 63, 2), "unsupported: qcow2: 2 snapshots"},
		"corrupt":                 {change(qcow2(t, ""), 79, 2), "damaged: qcow2: it says"},
		"dirty":                   {change(qcow2(t, ""), 79, 1), "damaged: qcow2: it was not closed"},
		"a short table":           {large, "truncated: qcow2: its first table names the first 536870912 of 1073741824 bytes"},
		"cut":                     {qcow2(t, "")[:3<<16+100], "damaged: read"},
	} {
		got := walktest.Walk(t, row.img)
		shut := strings.Contains(row.want, unpack.NotRead) || strings.Contains(row.want, unpack.IsEncrypted)
		if !strings.Contains(got.Lost(), row.want) || shut && (got.Holds("the end") || got.Image.Status == unpack.Readable) {
			t.Errorf("%s: %s, parts %s\n%s", name, got.Image.Status, got.Formats(), got.Lost())
		}
		if want := unpack.Encrypted; name == "encrypted" && got.Image.Status != want {
			t.Errorf("%s: %s, want %s", name, got.Image.Status, want)
		}
	}
}
