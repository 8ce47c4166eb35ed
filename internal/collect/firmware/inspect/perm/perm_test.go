package perm_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/perm"
)

// TestAccuracy looks for what was planted, by kind; the hardened camera has
// nothing of it.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	kinds := map[string]perm.Kind{"file-permission": perm.SecretReadable, "key-world-readable": perm.SecretReadable, "world-writable": perm.WorldWritable, "setuid-root": perm.SetUIDRoot, "debug-tool": perm.DebugTool}
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		got := map[string][]perm.Kind{}
		for _, e := range entries {
			key := bytes.Contains(e.Data[:min(len(e.Data), 256)], []byte("PRIVATE KEY-----"))
			if k := perm.Of(perm.Entry{Path: e.Path, Type: e.Type, Mode: e.Mode, UID: e.UID, GID: e.GID, Secret: key, Program: bytes.HasPrefix(e.Data, []byte("\x7fELF"))}); k != nil {
				got[e.Path] = k
			}
		}
		inspecttest.Table(t, img, truth, func(p inspecttest.Planted) (mine, found bool) {
			return kinds[p.Kind] != "" && !strings.Contains(p.Path, ":"), slices.Contains(got[p.Path], kinds[p.Kind])
		})
		for p, k := range got {
			if img.Hardened() {
				t.Errorf("%s: %s %v", img.Name, p, k)
			}
			t.Logf("%s: %v", p, k)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		in   perm.Entry
		want []perm.Kind
	}{
		{"shadow-readable", perm.Entry{Path: "/etc/shadow", Type: "file", Mode: 0o644}, []perm.Kind{perm.SecretReadable}},
		{"shadow-private", perm.Entry{Path: "/etc/shadow", Type: "file", Mode: 0o640}, nil},
		{"key-readable", perm.Entry{Path: "/opt/k.pem", Type: "file", Mode: 0o604, Secret: true}, []perm.Kind{perm.SecretReadable}},
		{"key-private", perm.Entry{Path: "/opt/k.pem", Type: "file", Mode: 0o600, Secret: true}, nil},
		{"script-writable", perm.Entry{Path: "/etc/init.d/S1", Type: "file", Mode: 0o777}, []perm.Kind{perm.WorldWritable}},
		{"tmp", perm.Entry{Path: "/tmp", Type: "dir", Mode: 0o1777}, nil},
		{"open-folder", perm.Entry{Path: "/srv", Type: "dir", Mode: 0o777}, []perm.Kind{perm.WorldWritable}},
		{"link", perm.Entry{Path: "/bin/sh", Type: "symlink", Mode: 0o777}, nil},
		{"null", perm.Entry{Path: "/dev/null", Type: "char", Mode: 0o666}, nil},
		{"flash", perm.Entry{Path: "/dev/mtdblock0", Type: "block", Mode: 0o666}, []perm.Kind{perm.WorldWritable, perm.OpenDevice}},
		{"flash-private", perm.Entry{Path: "/dev/mtdblock0", Type: "block", Mode: 0o640}, nil},
		{"memory", perm.Entry{Path: "/dev/mem", Type: "char", Mode: 0o644}, []perm.Kind{perm.OpenDevice}},
		{"memory-writable", perm.Entry{Path: "/dev/mem", Type: "char", Mode: 0o666}, []perm.Kind{perm.WorldWritable, perm.OpenDevice}},
		{"device-hidden", perm.Entry{Path: "/var/tmp/x", Type: "block", Mode: 0o600}, []perm.Kind{perm.OddDevice}},
		{"device-in-chroot", perm.Entry{Path: "/srv/jail/dev/null", Type: "char", Mode: 0o666}, nil},
		{"su", perm.Entry{Path: "/bin/su", Type: "file", Mode: 0o4755}, nil},
		{"capture", perm.Entry{Path: "/opt/bin/tcpdump", Type: "file", Mode: 0o755, Program: true}, []perm.Kind{perm.DebugTool}},
		{"sniffer", perm.Entry{Path: "/usr/bin/sngrep", Type: "file", Mode: 0o755, Program: true}, []perm.Kind{perm.DebugTool}},
		{"search-of-text", perm.Entry{Path: "/usr/bin/zgrep", Type: "file", Mode: 0o755, Program: true}, nil},
		{"setuid", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o4755}, []perm.Kind{perm.SetUIDRoot}},
		{"setuid-of-another", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o4755, UID: 1000}, nil},
		{"setgid", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o2755}, []perm.Kind{perm.SetGIDRoot}},
		{"debugger", perm.Entry{Path: "/usr/bin/gdbserver", Type: "file", Mode: 0o755, Program: true}, []perm.Kind{perm.DebugTool}},
		{"script-of-a-debugger", perm.Entry{Path: "/etc/init.d/gdb", Type: "file", Mode: 0o755}, nil},
		{"debugger-without-modes", perm.Entry{Path: "/bin/strace", Type: "file", Mode: 0o644, Program: true, NoModes: true}, []perm.Kind{perm.DebugTool}},
		{"writable-without-modes", perm.Entry{Path: "/a", Type: "file", Mode: 0o777, NoModes: true}, nil},
		{"folder-without-modes", perm.Entry{Path: "/a", Type: "dir", Mode: 0o777, NoModes: true}, nil},
		{"key-without-modes", perm.Entry{Path: "/k.pem", Type: "file", Mode: 0o644, Secret: true, NoModes: true}, nil},
		{"socket", perm.Entry{Path: "/run/a", Type: "socket", Mode: 0o777}, nil},
		{"disk", perm.Entry{Path: "/dev/sda", Type: "block", Mode: 0o644}, []perm.Kind{perm.OpenDevice}},
		{"debugger-not-runnable", perm.Entry{Path: "/usr/share/gdb", Type: "file", Mode: 0o644}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, perm.Of(row.in)); d != "" {
				t.Error(d)
			}
		})
	}
}
