package perm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/perm"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		in   perm.Entry
		want []perm.Kind
	}{
		{"shadow-readable", perm.Entry{Path: "/etc/shadow", Type: "file", Mode: 0o644}, []perm.Kind{perm.SecretReadable}},
		{"shadow-private", perm.Entry{Path: "/etc/shadow", Type: "file", Mode: 0o640}, nil},
		{"key-readable", perm.Entry{Path: "/opt/k.pem", Type: "file", Mode: 0o604, Key: true}, []perm.Kind{perm.SecretReadable}},
		{"key-private", perm.Entry{Path: "/opt/k.pem", Type: "file", Mode: 0o600, Key: true}, nil},
		{"script-writable", perm.Entry{Path: "/etc/init.d/S1", Type: "file", Mode: 0o777}, []perm.Kind{perm.WorldWritable}},
		{"tmp", perm.Entry{Path: "/tmp", Type: "dir", Mode: 0o1777}, nil},
		{"open-folder", perm.Entry{Path: "/srv", Type: "dir", Mode: 0o777}, []perm.Kind{perm.WorldWritable}},
		{"link", perm.Entry{Path: "/bin/sh", Type: "symlink", Mode: 0o777}, nil},
		{"null", perm.Entry{Path: "/dev/null", Type: "chardev", Mode: 0o666}, nil},
		{"flash", perm.Entry{Path: "/dev/mtdblock0", Type: "blockdev", Mode: 0o666}, []perm.Kind{perm.WorldWritable}},
		{"setuid", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o4755}, []perm.Kind{perm.SetUIDRoot}},
		{"setuid-of-another", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o4755, UID: 1000}, nil},
		{"setgid", perm.Entry{Path: "/usr/bin/x", Type: "file", Mode: 0o2755}, []perm.Kind{perm.SetGIDRoot}},
		{"debugger", perm.Entry{Path: "/usr/bin/gdbserver", Type: "file", Mode: 0o755}, []perm.Kind{perm.DebugTool}},
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
