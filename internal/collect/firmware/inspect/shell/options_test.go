package shell_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/shell"
)

// TestOptions shows options as name=value, and behind "|" what is none.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, line, want string }{
		{"separate", "ttyd -p 7681 -c admin:pw bash", "-p=7681 -c=admin:pw | bash"},
		{"attached", "ttyd -cadmin:pw -p7681 login", "-c=admin:pw -p=7681 | login"},
		{"long", "ttyd --port 7681 --credential=a:b --once", "--port=7681 --credential=a:b --once |"},
		{"clustered", "telnetd -Fp2323 -Sl /bin/sh", "-F -p=2323 -S -l=/bin/sh |"},
		{"loopback", "ttyd -i lo bash", "-i=lo | bash"},
		{"end", "dropbear -F -- -p 22", "-F | -p 22"},
		{"first-argument-ends", "sshpass -ppw ssh -p 22 h", "-p=pw | ssh -p 22 h"},
		{"server-of-another", "tcpsvd -vE -c 4 0 21 ftpd -w /", "-v -E -c=4 | 0 21 ftpd -w /"},
		{"only-attached", "mysql -psecret -u root db", "-p=secret -u=root | db"},
		{"asked-for", "mysql -p -u root db", "-p -u=root | db"},
		{"only-with-equals", "mysql --password db", "--password | db"},
		{"one-dash", "x11vnc -rfbport 5900 -passwd pw -shared", "-rfbport=5900 -passwd=pw -shared |"},
		{"one-dash-is-no-cluster", "openssl enc -k pw -keyform", "-k=pw -keyform | enc"},
		{"value-like-an-option", "wget -qO - u", "-q -O=- | u"},
		{"value-missing", "wget -O", "-O |"},
		{"unknown-program", "camd -p 80 --port=80 --x y", "-p=80 --port=80 --x | y"},
		{"dash-alone", "cat - x", "| - x"},
		{"quotes-inside", `wget --password="pw" u`, "--password=pw | u"},
		{"equals-of-a-letter", "dockerd -H=tcp://0.0.0.0:2375 -H tcp://a", "-H=tcp://0.0.0.0:2375 -H=tcp://a |"},
		{"equals-of-getopt", "mysql -p=secret db", "-p==secret | db"},
		{"equals-of-nothing", "x11vnc -=b --=c", "-=b --=c |"},
		{"letters-together", "docker run -dp 80:80 x", "-d -p=80:80 | run x"},
		{"switch", "vncserver -SecurityTypes None -localhost no :1", "-SecurityTypes=None -localhost=no | :1"},
		{"switch-alone", "vncserver -localhost :1", "-localhost | :1"},
		{"switch-equals", "xvnc -localhost=0", "-localhost=0 |"},
		{"setting", "vsftpd -oanonymous_enable=YES /etc/v", "-o=anonymous_enable=YES | /etc/v"},
		{"none", "telnetd", "|"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := strings.Fields(row.line)
			l := shell.Options(f[0], shell.Words(f[1:]))
			var got []string
			for _, o := range l.Options {
				if o.Has {
					o.Name += "=" + o.Value.Text
				}
				got = append(got, o.Name)
			}
			got = append(got, "|")
			for _, w := range l.Rest {
				got = append(got, w.Text)
			}
			if d := cmp.Diff(row.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestProgram: what is run behind wrappers.
func TestProgram(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"nice -n 5 ionice -c3 boa -d": "boa -d", "start-stop-daemon -S -b -p /r -x /bin/a -- -q": "/bin/a -q", "start-stop-daemon -K -x /bin/a": "", "env A=b timeout -k 5 60 a": "a", "sshpass -f /x nohup ssh -R 1 h": "ssh -R 1 h",
		"busybox": "busybox", "busybox-armv7l telnetd": "telnetd", "command -v a": "", "su - www": "", "flock -n /l a b": "a b", "chpst -u www -- a": "a", "a -x b": "a -x b",
		"nice -n 5 doas -u www sh": "sh", "flock /l -c telnetd": "", "flock -w 5 /l a -c b": "a -c b", "tcpd in.rshd": "in.rshd", "tcpd": "tcpd", "setpriv --reuid 5 --no-new-privs a": "a", "dumb-init -- a b": "a b",
		"toybox nc -l": "nc -l", "envdir /e a": "a", "unshare -n a": "a",
	} {
		var got []string
		for _, w := range shell.Program(shell.Words(strings.Fields(line))) {
			got = append(got, w.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestLayers: each wrapper with what it runs; what ends one is a layer of its own.
func TestLayers(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"nice -n 5 sshpass -f /x ssh h": "nice -n 5 sshpass -f /x ssh h|sshpass -f /x ssh h|ssh h",
		"ssh h":                         "ssh h", "sudo su -c a": "sudo su -c a|su -c a", "": "",
	} {
		var got []string
		for _, words := range shell.Layers(shell.Words(strings.Fields(line))) {
			var texts []string
			for _, w := range words {
				texts = append(texts, w.Text)
			}
			got = append(got, strings.Join(texts, " "))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestOn: a switch that its own value turns off is off, and the last one counts.
func TestOn(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"--tlsverify": true, "--tlsverify=true": true, "--tlsverify=false": false, "--tlsverify=0": false, "": false, "--tlsverify=false --tlsverify": true, "--tls": false,
	} {
		if got := shell.Options("dockerd", shell.Words(strings.Fields(line))).On("--tlsverify"); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// TestOptionPlaces: the place of a value is its own, also behind a quote.
func TestOptionPlaces(t *testing.T) {
	t.Parallel()
	src := `ttyd -cadmin:pw --port="80" -i lo`
	c := shell.Commands([]byte(src))[0]
	for name, want := range map[string]string{"-c": "admin:pw", "-i": "lo"} {
		o, _ := shell.Options("ttyd", c.Words[1:]).Find(name)
		if at := o.Value.Off; !strings.HasPrefix(src[at:], want) {
			t.Errorf("%s: %q", name, src[at:])
		}
	}
	if !shell.Takes("ttyd", "-c") || shell.Takes("ttyd", "-W") || !shell.Takes("wget", "--user") || shell.Takes("camd", "-p") {
		t.Error("which options have a value")
	}
}

func FuzzOptions(f *testing.F) {
	for _, s := range []string{"ttyd -cadmin:pw --port=80 -- x", "mysql -p --password", "x11vnc -passwd a", "sshpass -p a ssh -p 1", "nc -lp 1 -e sh", "a -=b --=c -", "dockerd -H=", "vncserver -localhost no", "flock x -c y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		w := strings.Fields(line)
		if len(w) == 0 {
			return
		}
		l := shell.Options(w[0], shell.Words(w[1:]))
		for _, o := range l.Options {
			if o.At < 0 || o.At >= len(w)-1 || len(o.Name) < 2 {
				t.Errorf("%+v of %q", o, line)
			}
		}
		if layers := shell.Layers(shell.Words(w)); len(layers) == 0 || len(layers) > 10 {
			t.Errorf("%q: %d layers", line, len(layers))
		}
		if len(l.Rest) > len(w) {
			t.Errorf("%q: %d arguments", line, len(l.Rest))
		}
	})
}
