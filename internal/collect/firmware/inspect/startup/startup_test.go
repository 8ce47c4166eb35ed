package startup_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/startup"
)

type item struct {
	Kind startup.Kind
	Line int
	Name string
	By   string
	Port int
}

func scan(path, text string) []item {
	var out []item
	for _, i := range startup.Scan(inspect.New(path, 0, []byte(text))) {
		out = append(out, item{i.Kind, i.Line, i.Name, i.By, i.Port})
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []item
	}{
		{"inittab", "/etc/inittab", "# telnetd\n::sysinit:/etc/init.d/rcS\nttyS0::askfirst:-/bin/sh\n::respawn:/usr/sbin/telnetd -F -p 2323\nttyS1::respawn:/sbin/getty -L ttyS1 115200 vt100\ntty3::off:/bin/sh\n::respawn:/bin/app\n", []item{
			{startup.SerialShell, 3, "ttyS0", "inittab", 0}, {startup.Telnet, 4, "telnetd", "inittab", 2323}, {startup.SerialLogin, 5, "ttyS1", "inittab", 0}, {startup.Process, 7, "app", "inittab", 0}}},
		{"getty-shell", "/etc/inittab", "x::respawn:/sbin/getty -n -l /bin/sh ttyS0 115200\n", []item{{startup.SerialShell, 1, "ttyS0", "inittab", 0}}},
		{"init-script", "/etc/init.d/S50", "#!/bin/sh\n# telnetd\nstart-stop-daemon -S -x /usr/sbin/dropbear -- -p 2200\n[ -x /bin/a ] && busybox telnetd -l /bin/sh &\nhttpd -h /www\nkillall telnetd\necho telnetd\nstart-stop-daemon -K -x /usr/sbin/sshd\n", []item{
			{startup.Service, 3, "dropbear", "init.d", 2200}, {startup.Telnet, 4, "telnetd", "init.d", 0}, {startup.Service, 5, "httpd", "init.d", 0}}},
		{"inetd", "/etc/inetd.conf", "#telnet stream tcp nowait root /usr/sbin/telnetd telnetd\nftp stream tcp nowait root /usr/sbin/vsftpd vsftpd\ntelnet stream tcp nowait root /usr/sbin/telnetd telnetd\n", []item{{startup.Service, 2, "vsftpd", "inetd", 0}, {startup.Telnet, 3, "telnetd", "inetd", 0}}},
		{"xinetd-on", "/etc/xinetd.d/telnet", "service telnet\n{\n disable = no\n server = /usr/sbin/in.telnetd\n}\n", []item{{startup.Telnet, 1, "telnetd", "xinetd", 0}}},
		{"xinetd-off", "/etc/xinetd.d/telnet", "service telnet\n{\n disable = yes\n}\n", nil},
		{"systemd", "/lib/systemd/system/a.service", "[Service]\nExecStart=-/usr/sbin/dropbear -F -p 22\n", []item{{startup.Service, 2, "dropbear", "systemd", 22}}},
		{"systemd-socket", "/lib/systemd/system/telnet.socket", "[Socket]\nListenStream=23\n", []item{{startup.Telnet, 2, "telnetd", "systemd", 23}}},
		{"systemd-autologin", "/etc/systemd/system/serial-getty@ttyS0.service.d/a.conf", "[Service]\nExecStart=-/sbin/agetty --autologin root ttyS0\n", []item{{startup.SerialShell, 2, "ttyS0", "systemd", 0}}},
		{"update", "/usr/sbin/up.sh", "#!/bin/sh\nwget http://u.vendor-cloud.net/fw/x.bin\ncurl -sk https://u/x\nwget --no-check-certificate https://u/y\nflashcp /tmp/x /dev/mtd3\n", []item{
			{startup.UpdateOverHTTP, 2, "", "script", 0}, {startup.TLSVerifyDisabled, 3, "", "script", 0}, {startup.TLSVerifyDisabled, 4, "", "script", 0}, {startup.UpdateUnsigned, 5, "", "script", 0}}},
		{"update-checked", "/usr/sbin/up.sh", "#!/bin/sh\ncurl --tlsv1.2 -fsS https://u/x.bin\nopenssl dgst -sha256 -verify p.pem -signature s x\nflashcp x /dev/mtd3\n", nil},
		{"cipher", "/usr/sbin/up.sh", "#!/bin/sh\nopenssl enc -d -aes-128-ecb -K 0\nopenssl enc -d -aes-256-cbc -K 0\n", []item{{startup.WeakCipher, 2, "aes-128-ecb", "script", 0}}},
		{"tls", "/etc/lighttpd.conf", "ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.1\", \"CipherString\" => \"HIGH:!RC4\")\n", []item{{startup.WeakTLS, 1, "TLSv1.1", "config", 0}}},
		{"tls-sound", "/etc/lighttpd.conf", "x = (\"MinProtocol\" => \"TLSv1.2\", \"CipherString\" => \"ECDHE+AESGCM:!RC4:-DES\")\n", nil},
		{"nginx", "/etc/nginx.conf", "ssl_protocols TLSv1 TLSv1.2;\nssl_ciphers RC4:HIGH;\nautoindex on;\n", []item{{startup.WeakTLS, 1, "", "config", 0}, {startup.WeakTLS, 2, "RC4", "config", 0}, {startup.DirectoryListing, 3, "", "config", 0}}},
		{"nginx-sound", "/etc/nginx.conf", "ssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers HIGH:!aNULL;\n", nil},
		{"ports", "/etc/a.conf", "port = 1883\nserver.port = 443\n#port = 80\n", []item{{startup.CleartextTransport, 1, "mqtt", "config", 1883}}},
		{"cgi", "/www/cgi-bin/a.cgi", "#!/bin/sh\neval \"$QUERY_STRING\"\nupnpc -a 1 2 3 tcp\n", []item{{startup.CommandInjection, 2, "", "script", 0}, {startup.PortForward, 3, "", "script", 0}}},
		{"form-get", "/www/a.html", "<form action=/l method=GET>\n<input type=password></form>\n<form method=post><input type=password></form><form action=/s method=get><input name=q></form>", []item{{startup.LoginOverGet, 1, "", "config", 0}}},
		{"documentation", "/usr/share/doc/a", "telnetd\nwget http://u/fw/x.bin\n", nil},
		{"program", "/usr/sbin/d", "\x00\x00wget http://u.vendor-cloud.net/fw/x.bin -O /tmp\x00see http://x.org/fw/a.html\x00", nil},
		{"elf", "/usr/sbin/d", "\x7fELF\x00\x00wget http://u.vendor-cloud.net/fw/x.bin -O /tmp\x00see http://x.org/fw/a.html\x00", []item{{startup.UpdateOverHTTP, 0, "", "program", 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const size = 128 << 10
	for _, row := range []struct{ path, unit string }{
		{"/a.sh", "curl "}, {"/a.sh", "curl -x\n"}, {"/a.conf", "ssl_protocols "}, {"/www/a.html", "<form>"}, {"/www/a.html", "<form><form></form>"},
		{"/etc/inittab", "::respawn:x\n"}, {"/etc/xinetd.d/a", "service a {"}, {"/a.sh", "flashcp x /dev/mtd\n"}, {"/bin/x", "\x00http://a/fw/b "}, {"/a.sh", "telnetd;"},
	} {
		begin := time.Now()
		items := startup.Scan(inspect.New(row.path, 0, bytes.Repeat([]byte(row.unit), size/len(row.unit))))
		if d := time.Since(begin); d > 30*time.Second || len(items) > 1100 {
			t.Errorf("%q: %v, %d items", row.unit, d, len(items))
		}
		t.Logf("%q: %v", row.unit, time.Since(begin))
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"a::respawn:-/bin/sh", "x stream tcp nowait root /telnetd", "service a {\n}", "ExecStart=/sbin/agetty", "wget http://a/fw/b.bin", "curl -k", "(\"MinProtocol\" => \"TLSv1\"", "<form action=a method=get><input type=password></form>", "port=80", "busybox telnetd -p 1"} {
		for _, p := range []string{"/etc/inittab", "/etc/inetd.conf", "/etc/xinetd.d/a", "/lib/systemd/system/a.service", "/a.sh", "/a.conf", "/a.html"} {
			f.Add(p, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		for _, i := range startup.Scan(inspect.New(path, 0, b)) {
			if i.Offset < 0 || i.Offset > int64(len(b)) || i.Kind == "" {
				t.Errorf("%+v in %d bytes", i, len(b))
			}
		}
	})
}
