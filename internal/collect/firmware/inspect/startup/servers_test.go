package startup_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/startup"
)

// TestOpenServers: what a command line of a script opens; "" of one that asks, or
// listens to the device alone.
func TestOpenServers(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"vncserver -SecurityTypes None -localhost no": "vnc", "vncserver -SecurityTypes None -localhost=0": "vnc", "vncserver -SecurityTypes None -localhost false :1": "vnc", "vncserver -SecurityTypes None": "vnc",
		"vncserver -SecurityTypes None -localhost": "", "vncserver -SecurityTypes None -localhost yes": "", "vncserver -SecurityTypes None -localhost :1": "", "vncserver -SecurityTypes VncAuth -localhost no": "", "x0vncserver -SecurityTypes None -localhost=1": "",

		"dockerd -H=tcp://0.0.0.0:2375": "docker", "dockerd -Htcp://0.0.0.0:2375": "docker", "dockerd --host=tcp://0.0.0.0:2375 --tlsverify=false": "docker", "dockerd -H 0.0.0.0:2375": "docker",
		"dockerd -H=tcp://127.0.0.1:2375": "", "dockerd -H=unix:///run/d.sock": "", "dockerd --tlsverify=true -H=tcp://0.0.0.0:2376": "", "dockerd -H=/run/d.sock": "", "docker -H=tcp://10.0.0.1:2375 ps": "",

		"vsftpd -oanonymous_enable=YES": "ftp", "vsftpd -oanonymous_enable=NO": "", "vsftpd -oanonymous_enable=YES -oanonymous_enable=NO": "", "vsftpd /etc/anonymous_enable=YES": "",

		"mongod --bind_ip 0.0.0.0": "mongodb", "mongod --bind_ip=127.0.0.1,::": "mongodb", "mongod --bind_ip_all": "mongodb",
		"mongod --bind_ip 127.0.0.1,localhost": "", "mongod --bind_ip 0.0.0.0 --auth": "", "mongod --bind_ip 0.0.0.0 --keyFile /etc/k": "", "mongod": "", "mongod --bind_ip /tmp/m.sock": "",

		`flock /l -c "telnetd -l /bin/sh"`: "shell", "flock -n /l telnetd -l /bin/sh": "shell", "flock /l -c 'grep telnetd /x'": "", "time -p telnetd -l /bin/sh": "shell", "time -p grep telnetd": "",
		"tcpsvd 0 23 nice -n 5 telnetd -i -l /bin/sh": "shell", "tcpsvd 0 23 sudo -u www /bin/sh": "shell", "tcpsvd 0 23 nice -n 5 /bin/cat": "", "nc -l -p 1 -e 'env -i /bin/sh'": "shell", "nc -l -p 1 -e 'env sh=1 /bin/cat'": "",
	} {
		got := ""
		for _, s := range scan("/etc/init.d/S99x", "#!/bin/sh\n"+line+"\n") {
			if s.Kind == startup.Anonymous {
				got += s.Name
			}
		}
		if got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}

// TestWrappedServers: also tables name what runs a server.
func TestWrappedServers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, text, want string }{
		{"/etc/inetd.conf", "shell stream tcp nowait root /usr/sbin/tcpd in.rshd -L\n", "in.rshd"},
		{"/etc/inetd.conf", "x stream tcp nowait root /bin/busybox busybox telnetd -l /bin/sh\n", "telnetd"},
		{"/etc/inetd.conf", "x stream tcp nowait root /usr/bin/nice nice -n 5 /usr/sbin/vsftpd\n", "vsftpd"},
		{"/etc/inetd.conf", "x stream tcp nowait root /usr/sbin/cat telnetd\n", "cat"},
		{"/etc/xinetd.d/a", "service a\n{\n server = /usr/sbin/tcpd\n server_args = /usr/sbin/telnetd -l /bin/sh\n}\n", "telnetd"},
		{"/etc/init.d/a", "#!/bin/sh /etc/rc.common\nprocd_set_param command /usr/bin/nice -n 5 /usr/sbin/vsftpd\n", "vsftpd"},
	} {
		var got []string
		for _, s := range scan(row.path, row.text) {
			if s.Kind == startup.Service || s.Kind == startup.Telnet {
				got = append(got, s.Name)
			}
		}
		if d := cmp.Diff([]string{row.want}, slices.Compact(got)); d != "" {
			t.Errorf("%s: %s", row.text, d)
		}
	}
}
