package startup_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/startup"
)

// TestDropIns: a drop-in takes back what one setting of its unit started, no
// more, and only where no other of its name stands for it.
func TestDropIns(t *testing.T) {
	t.Parallel()
	const (
		wanted = "/etc/systemd/system/multi-user.target.wants/tel.service"
		file   = "/lib/systemd/system/tel.service"
		lib    = "/usr/lib/systemd/system/tel.service.d/10.conf"
		etc    = "/etc/systemd/system/tel.service.d/10.conf"
		unit   = "[Service]\nExecStart=/usr/sbin/telnetd -l /bin/sh\n"
		reset  = "[Service]\nExecStart=\nExecStart=/usr/sbin/vsftpd\n"
		calls  = "[Service]\nExecStart=/opt/run.sh\n"
	)
	for _, row := range []struct {
		name  string
		files map[string]string // a text "-> x" is a link
		want  map[string]string // of the servers, by place where there are two
	}{
		{"taken-back", map[string]string{file: unit, lib: reset}, map[string]string{"telnetd": startup.No, "vsftpd": startup.Yes}},
		{"only-that-setting", map[string]string{file: "[Service]\nExecStartPre=/usr/sbin/telnetd -l /bin/sh\nExecStart=/usr/bin/nginx\n", etc: reset}, map[string]string{"telnetd": startup.Yes, "nginx": startup.No, "vsftpd": startup.Yes}},
		{"the-other-setting", map[string]string{file: "[Service]\nExecStartPre=/usr/sbin/telnetd\nExecStart=/usr/bin/nginx\n", etc: "[Service]\nExecStartPre=\n"}, map[string]string{"telnetd": startup.No, "nginx": startup.Yes}},
		{"replaced", map[string]string{file: unit, lib: reset, etc: "[Service]\nNice=1\n"}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.No}},
		{"replaced-by-null", map[string]string{file: unit, lib: reset, etc: "-> /dev/null"}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.No}},
		{"replaced-by-nothing", map[string]string{file: unit, lib: reset, etc: ""}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.No}},
		{"replaced-by-run", map[string]string{file: unit, lib: reset, "/run/systemd/system/tel.service.d/10.conf": "[Service]\nNice=1\n"}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.No}},
		{"not-replaced-from-below", map[string]string{file: unit, lib: "[Service]\nNice=1\n", etc: reset}, map[string]string{"telnetd": startup.No, "vsftpd": startup.Yes}},
		{"another-name", map[string]string{file: unit, lib: reset, "/etc/systemd/system/tel.service.d/20.conf": "[Service]\nNice=1\n"}, map[string]string{"telnetd": startup.No, "vsftpd": startup.Yes}},
		{"later-drop-in", map[string]string{file: unit, "/etc/systemd/system/tel.service.d/05.conf": "[Service]\nExecStart=/usr/bin/nginx\n", etc: reset}, map[string]string{"telnetd": startup.No, "nginx": startup.No, "vsftpd": startup.Yes}},
		{"earlier-drop-in", map[string]string{file: unit, "/etc/systemd/system/tel.service.d/20.conf": "[Service]\nExecStart=/usr/bin/nginx\n", etc: reset}, map[string]string{"telnetd": startup.No, "nginx": startup.Yes, "vsftpd": startup.Yes}},
		{"in-the-same-file", map[string]string{file: "[Service]\nExecStart=/usr/bin/nginx\nExecStart=\nExecStart=/usr/sbin/telnetd\n"}, map[string]string{"nginx": startup.No, "telnetd": startup.Yes}},
		{"of-users", map[string]string{file: unit, "/etc/systemd/user/tel.service.d/10.conf": reset}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.Yes}},
		{"of-another-slot", map[string]string{file: unit, "b:" + file: unit, "b:" + etc: reset}, map[string]string{"telnetd": startup.Yes, "b:telnetd": startup.No, "b:vsftpd": startup.Yes}},
		{"unit-of-another-slot", map[string]string{file: unit, "b:/etc/systemd/system/tel.service": "[Service]\nExecStart=/usr/bin/nginx\n"}, map[string]string{"telnetd": startup.Yes, "b:nginx": startup.Yes}},
		{"script", map[string]string{file: calls, lib: reset, "/opt/run.sh": "#!/bin/sh\ntelnetd\n"}, map[string]string{"telnetd": startup.Unknown, "vsftpd": startup.Yes}},
		{"script-of-both", map[string]string{file: calls + "ExecStartPost=/opt/run.sh\n", lib: reset, "/opt/run.sh": "#!/bin/sh\ntelnetd\n"}, map[string]string{"telnetd": startup.Yes, "vsftpd": startup.Yes}},
		{"script-taken-again", map[string]string{file: calls, lib: "[Service]\nExecStart=\nExecStart=/opt/run.sh -x\n", "/opt/run.sh": "#!/bin/sh\ntelnetd\n"}, map[string]string{"telnetd": startup.Yes}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var b startup.Boot
			b.Entry(wanted, "symlink", 0o777, file)
			var all []startup.Start
			for p, text := range row.files {
				if len(text) > 3 && text[:3] == "-> " {
					b.Entry(p, "symlink", 0o777, text[3:])
					continue
				}
				b.Entry(p, "file", 0o755, "")
				in := p
				if p[0] == 'b' {
					in = p[2:]
				}
				starts, calls := startup.Scan(inspect.New(in, 0o755, []byte(text)), nil)
				for _, s := range starts {
					s.Path = p
					all = append(all, s)
				}
				if calls != nil {
					calls.Path = p
					b.File(calls)
				}
			}
			got := map[string]string{}
			for _, s := range b.Resolve(all) {
				name := s.Name
				if s.Path[0] == 'b' {
					name = "b:" + name
				}
				switch s.Kind {
				case startup.Service, startup.Telnet:
					got[name] = s.Boot
				case startup.Anonymous:
					if s.Boot == startup.No {
						t.Errorf("what isn't started is open: %+v", s)
					}
				}
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
