package host_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/host"
)

type use struct {
	Host   string
	Port   int
	Scheme string
	Class  host.Class
	Line   int
}

func scan(path, text string) []use {
	var out []use
	for _, u := range usesOf(path, []byte(text)) {
		if u.Class == host.Number || u.Class == host.Mail || u.Class == host.FileName {
			continue // TestNoise
		}
		out = append(out, use{u.Host, u.Port, u.Scheme, u.Class, u.Line})
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []use
	}{
		{"url", "/etc/a.conf", "u = https://Api.Example-Cloud.com/v2\n", []use{{"api.example-cloud.com", 443, "https", host.InConfig, 1}}},
		{"url-port", "/etc/a.conf", "\nu=mqtts://b.example-cloud.com:9999\n", []use{{"b.example-cloud.com", 9999, "mqtts", host.InConfig, 2}}},
		{"url-ipv6", "/etc/a.conf", "u=http://[2001:db8::1]:81/\n", []use{{"2001:db8::1", 81, "http", host.InConfig, 1}}},
		{"url-credentials", "/etc/a.conf", "u=ftp://a:b@203.0.113.9/\n", []use{{"203.0.113.9", 21, "ftp", host.InConfig, 1}}},
		{"documentation-addresses", "/etc/a.conf", "server = 192.0.2.7\nport = 7000\n", []use{{"192.0.2.7", 7000, "", host.InConfig, 1}}},
		{"escaped-url", "/etc/a.properties", "csms.url=wss\\://c.vendor-cloud.net/ocpp\nnote=x\\//c.vendor-cloud.net\n", []use{{"c.vendor-cloud.net", 443, "wss", host.InConfig, 1}}},
		{"redirection", "/bin/w", "#!/bin/bash\nexec 3<>/dev/tcp/198.51.100.61/9\nexec 3<>/dev/tcp/$H/9\ncat /dev/tcp.log\n", []use{{"198.51.100.61", 9, "tcp", host.InScript, 2}}},
		{"exim-client", "/etc/exim4/passwd.client", "# host:user:password\nmx.vendor-cloud.net:pbx@t.example:x\n", []use{{"mx.vendor-cloud.net", 25, "smtp", host.InConfig, 2}}},
		{"example-page", "/etc/a.conf", "manufacturer_url = \"http://www.example.com/\"\n", []use{{"www.example.com", 80, "http", host.Documentation, 1}}},
		{"client-id", "/etc/a.json", `{"client_id":"1-a.apps.googleusercontent.com"}`, []use{{"1-a.apps.googleusercontent.com", 0, "", host.Namespace, 1}}},
		{"resolver", "/etc/resolv.conf", "nameserver 1.1.1.1\nnameserver 2606:4700::1111\nsearch lan\n", []use{{"1.1.1.1", 53, "dns", host.InConfig, 1}, {"2606:4700::1111", 53, "dns", host.InConfig, 2}}},
		{"ntp", "/etc/ntp.conf", "# x\nserver 0.pool.ntp.org iburst\n", []use{{"0.pool.ntp.org", 123, "ntp", host.InConfig, 2}}},
		{"section", "/etc/a.ini", "[smtp]\nserver=mx.vendor-cloud.net\nport=587\n[b]\nport=1\n", []use{{"mx.vendor-cloud.net", 587, "smtp", host.InConfig, 2}}},
		{"mqtts", "/opt/mqtt.conf", "host = m.vendor-cloud.net\nport = 8883\n", []use{{"m.vendor-cloud.net", 8883, "mqtts", host.InConfig, 1}}},
		{"json-list", "/opt/a.json", "{\"p2p\": [\n\"p1.vendor-relay.cn:32100\"]}\n", []use{{"p1.vendor-relay.cn", 32100, "", host.InConfig, 2}}},
		{"command", "/etc/init.d/S1", "#!/bin/sh\nsyslogd -R 203.0.113.4:514\nping -c 1 up.vendor-cloud.net && echo ok\n", []use{{"203.0.113.4", 514, "syslog", host.InScript, 2}, {"up.vendor-cloud.net", 0, "", host.InScript, 3}}},
		{"history", "/root/.ash_history", "telnet 203.0.113.4 2323\n", []use{{"203.0.113.4", 2323, "telnet", host.InHistory, 1}}},
		{"crontab", "/etc/crontabs/root", "0 3 * * * wget -q http://log.vendor-cloud.net/hb\n", []use{{"log.vendor-cloud.net", 80, "http", host.InConfig, 1}}},
		{"javascript", "/www/a.js", "fetch('https://api.vendor-cloud.net/x');this.host.name;a.b.c()", []use{{"api.vendor-cloud.net", 443, "https", host.InWeb, 1}}},
		{"link", "/www/a.html", `<a href="http://help.vendor-cloud.net/">x</a>`, []use{{"help.vendor-cloud.net", 80, "http", host.Documentation, 1}}},
		{"namespace", "/etc/a.xml", `<d xmlns="http://www.w3.org/2001/XMLSchema" xmlns:v="http://vendor-cloud.net/x"/>`, []use{{"www.w3.org", 80, "http", host.Namespace, 1}, {"vendor-cloud.net", 80, "http", host.Namespace, 1}}},
		{"comment", "/etc/a.conf", "# see http://wiki.vendor-cloud.net/\n", []use{{"wiki.vendor-cloud.net", 80, "http", host.Comment, 1}}},
		{"manual", "/usr/share/doc/a.txt", "http://vendor-cloud.net/\n", []use{{"vendor-cloud.net", 80, "http", host.Documentation, 1}}},
		{"local", "/etc/a.conf", "server=127.0.0.1\nip=0.0.0.0\nipaddr=255.255.255.0\naddr=239.1.2.3\nserver=http://localhost/.\n", []use{
			{"127.0.0.1", 0, "", host.Local, 1}, {"0.0.0.0", 0, "", host.Local, 2}, {"255.255.255.0", 0, "", host.Local, 3}, {"239.1.2.3", 0, "", host.Local, 4}, {"localhost", 80, "http", host.Local, 5}}},
		{"private", "/etc/a.conf", "server=192.168.7.9\n", []use{{"192.168.7.9", 0, "", host.Private, 1}}},
		{"versions", "/etc/a.conf", "SDK version 4.15.2.43, build 10.2.0.1\nver=1.2.3.4\nfw_v1.2.3.4\noid = 1.3.6.1\nlong 1.2.3.4.5\nx-8.8.8.8-rc1\n", nil},
		{"files", "/etc/a.conf", "run=/usr/lib/libfoo.so\nscript = start.sh\nx = org.freedesktop.dbus\nmail = a@vendor-cloud.net\nload a.b.c\n", nil},
		{"program", "/usr/sbin/d", "\x00\x00\x7f\x00pool.ntp.org\x00https://api.vendor-cloud.net/v2/%s\x00203.0.113.9\x00log.vendor-track.com\x00", []use{
			{"pool.ntp.org", 123, "ntp", host.InBinary, 0}, {"api.vendor-cloud.net", 443, "https", host.InBinary, 0}, {"203.0.113.9", 0, "", host.InBinary, 0}, {"log.vendor-track.com", 0, "", host.InBinary, 0}}},
		{"program-help", "/usr/sbin/d", "\x00\x00Report bugs to https://tracker.vendor-cloud.net/new\x00https://www.openssl.org/\x002.5.29.15\x00192.168.0.20\x00org.freedesktop.DBus.Peer\x00http://www.style=x\x00mail.example.com\x00", []use{
			{"tracker.vendor-cloud.net", 443, "https", host.Documentation, 0}, {"www.openssl.org", 443, "https", host.Documentation, 0}, {"192.168.0.20", 0, "", host.Private, 0}, {"mail.example.com", 0, "", host.Documentation, 0}}},
		{"driver-version", "/usr/sbin/d", "\x00\x005.100.138.4\x00wl_version\x00os_version\x0011.10.27.14\x00log_addr\x00203.0.113.9\x00", []use{{"203.0.113.9", 0, "", host.InBinary, 0}}},
		{"header", "/usr/sbin/d", "\x00\x00GET /v1 HTTP/1.1\r\nHost: claim.vendor-cloud.net\r\nX-A: b\r\n\x00Host: %s\r\n\x00", []use{{"claim.vendor-cloud.net", 0, "", host.InBinary, 0}}},
		{"database", "/etc/a.conf", "output influx://flux.vendor-cloud.net:8086/w\n", []use{{"flux.vendor-cloud.net", 8086, "influx", host.InConfig, 1}}},
		{"filled-in", "/usr/sbin/d", "\x00\x00https://%s.iot.vendor-cloud.net/v1\x00mqtts://dev-%d.vendor-cloud.net:9001\x00http://%s.com/\x00", []use{
			{"iot.vendor-cloud.net", 443, "https", host.InBinary, 0}, {"vendor-cloud.net", 9001, "mqtts", host.InBinary, 0}}},
		{"filled-in-script", "/opt/a.py", "#!/usr/bin/python3\nu = f\"https://{region}.vendor-cloud.net/x\"\nv = \"http://{}/x\".format(h)\n", []use{{"vendor-cloud.net", 443, "https", host.InScript, 2}}},
		{"filled-in-shell", "/usr/sbin/a.sh", "#!/bin/sh\ncurl https://$SUB.vendor-cloud.net/x\ncurl https://$HOST/x https://$A.$B/x\n", []use{{"vendor-cloud.net", 443, "https", host.InScript, 2}}},
		{"grpc", "/etc/a.json", `{"grpc": "dns:///g.vendor-cloud.net:443"}`, []use{{"g.vendor-cloud.net", 443, "dns", host.InConfig, 1}}},
		{"syslog", "/etc/syslog.conf", "*.* @log.vendor-cloud.net\nmail.err root@vendor-cloud.net\n", []use{{"log.vendor-cloud.net", 514, "syslog", host.InConfig, 1}}},
		{"upstream", "/etc/nginx/nginx.conf", "upstream u { server a.vendor-cloud.net:8443; }\n", []use{{"a.vendor-cloud.net", 8443, "", host.InConfig, 1}}},
		{"six", "/etc/a.json", "{\"ipv6\": \"2a00:1450:4001:81d::200e\"}\n", []use{{"2a00:1450:4001:81d::200e", 0, "", host.InConfig, 1}}},
		{"six-command", "/usr/sbin/a.sh", "#!/bin/sh\nping6 -c 1 2a00:1450:4001:81d::200e\nA=std::string::npos\n", []use{{"2a00:1450:4001:81d::200e", 0, "", host.InScript, 2}}},
		{"formats", "/usr/sbin/d", "\x00\x00http://%s:%d/x\x00rtsp://%s%s\x00http://\x00://\x00", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTextHidesSecrets(t *testing.T) {
	t.Parallel()
	text := "a=ftp://bob:s3cretPw@203.0.113.9/x\nb=https://hooks.slack.com/services/T0/B0/zz\nc=https://a.vendor-cloud.net/?api_key=s3cretPw\n"
	uses := usesOf("/etc/a.conf", []byte(text))
	if len(uses) != 3 {
		t.Fatalf("%+v", uses)
	}
	for _, u := range uses {
		if strings.Contains(u.Text, "s3cretPw") || strings.Contains(u.Text, "T0") || !strings.Contains(u.Text, "***") {
			t.Errorf("%q", u.Text)
		}
	}
}

// TestNoise: what isn't contacted is given with the reason.
func TestNoise(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text, host string
		want             host.Class
	}{
		{"/etc/a.conf", "SDK version 4.15.2.43\n", "4.15.2.43", host.Number},
		{"/etc/a.conf", "oid = 1.3.6.1\n", "1.3.6.1", host.Number},
		{"/etc/a.conf", "mail = a@vendor-cloud.net\n", "vendor-cloud.net", host.Mail},
		{"/etc/a.conf", "server = start.sh\n", "start.sh", host.FileName},
		{"/etc/a.conf", "ipaddr = 192.168.1.10\nserverip=10.0.0.9\n", "10.0.0.9", host.Private},
		{"/etc/a.conf", "crl = http://crl.vendor-ca.net/root.crl\n", "crl.vendor-ca.net", host.Certificate},
		{"/usr/bin/d", "\x00\x01\x86\x1ehttp://pki.vendor-ca.net/r.cer0", "pki.vendor-ca.net", host.Certificate},
		{"/var/log/x.log", "connected to 203.0.113.4\n", "203.0.113.4", host.Documentation},
		{"/opt/package.json", `{"homepage": "https://x.vendor-lib.net/"}`, "x.vendor-lib.net", host.Documentation},
	} {
		found := false
		for _, u := range usesOf(row.path, []byte(row.text)) {
			found = found || u.Host == row.host && u.Class == row.want
			if u.Class.Contacted() {
				t.Errorf("%q: %+v", row.text, u)
			}
		}
		if !found {
			t.Errorf("%q: no %s of class %s", row.text, row.host, row.want)
		}
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text string
		want       host.Evidence
	}{
		{"/etc/a.conf", "server = a.vendor-cloud.net\n", host.Configured},
		{"/etc/crontabs/root", "0 1 * * * wget -q http://a.vendor-cloud.net/\n", host.Scripted},
		{"/usr/sbin/x.sh", "#!/bin/sh\ncurl https://a.vendor-cloud.net/\n", host.Scripted},
		{"/www/a.js", "fetch('https://a.vendor-cloud.net/x')", host.Scripted},
		{"/www/a.js", "// \nvar t = 'https://a.vendor-cloud.net/x'", host.Mentioned},
		{"/root/.ash_history", "ping a.vendor-cloud.net\n", host.Mentioned},
		{"/usr/bin/d", "\x01\x00a.vendor-cloud.net\x00", host.Mentioned},
		{"/usr/bin/d", "\x01\x00a.vendor-cloud.net\x00getaddrinfo\x00", host.Programmed},
	} {
		uses := usesOf(row.path, []byte(row.text))
		if len(uses) != 1 || uses[0].Evidence != row.want {
			t.Errorf("%s %q: %+v, want %s", row.path, row.text, uses, row.want)
		}
	}
}

// TestOtherEncodings: URLs in UTF-16 and in base64 are found where they stand.
func TestOtherEncodings(t *testing.T) {
	t.Parallel()
	wide := "\x01\x02"
	for _, c := range "https://a.vendor-cloud.net/x" {
		wide += string(c) + "\x00"
	}
	for _, row := range []struct {
		path, text string
		offset     int64
	}{
		{"/opt/r.bin", wide + "\x01\x00", 2 + 2*8},
		{"/etc/a.conf", "u = aHR0cHM6Ly9hLnZlbmRvci1jbG91ZC5uZXQveA==\n", 4},
		{"/etc/a.conf", "u = 68747470733a2f2f612e76656e646f722d636c6f75642e6e65742f78\n", 20},
	} {
		uses := usesOf(row.path, []byte(row.text))
		if len(uses) != 1 || uses[0].Host != "a.vendor-cloud.net" || uses[0].Port != 443 || uses[0].Offset != row.offset {
			t.Errorf("%q: %+v", row.text, uses)
		}
	}
}

// TestCells: a cell of a database has the name that stands beside it, and may be
// a text of its own.
func TestCells(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../testdata/cells/cells.db")
	if err != nil {
		t.Fatal(err)
	}
	want := []use{{"10.2.3.4", 0, "", host.Private, 0}, {"cell.larkcam.com", 0, "", host.InConfig, 0}, {"api.larkcam.com", 443, "https", host.InConfig, 0}}
	if d := cmp.Diff(want, scan("/data/cells.db", string(b))); d != "" {
		t.Error(d)
	}
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const size = 128 << 10
	for _, row := range []struct{ path, unit string }{
		{"/etc/a.conf", "a.com "}, {"/etc/a.conf", "http://a.com "}, {"/etc/a.conf", "a.b"}, {"/etc/a.conf", "1.1.1.1,"},
		{"/etc/a.conf", "://"}, {"/etc/a.conf", "a.com\n"}, {"/a.sh", "wget a.cn "}, {"/bin/x", "\x00http://a.com"}, {"/bin/x", "\x00://a"}, {"/a.js", "'a.b.cn'"},
	} {
		begin := time.Now()
		uses := usesOf(row.path, bytes.Repeat([]byte(row.unit), size/len(row.unit)))
		if len(uses) > 2501 {
			t.Errorf("%q: %d uses", row.unit, len(uses))
		}
		t.Logf("%q: %v", row.unit, time.Since(begin))
		if n := len(uses); n == 2001 && uses[n-1].Class != host.Cut {
			t.Errorf("%q: the cut is not said", row.unit)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"u=http://a:b@[2001:db8::1]:99/x?key=y", "nameserver 1.1.1.1", "[mqtt]\nhost=a.b.cn\nport=1", "\x00a.b.cn:99\x00http://x.com/", "<a href='http://a.cn'>", "ping -c 1 1.2.3.4;", "://", "a.com:99999"} {
		for _, p := range []string{"/etc/a.conf", "/etc/resolv.conf", "/a.sh", "/a.js", "/bin/x"} {
			f.Add(p, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		for _, u := range usesOf(path, b) {
			if u.Offset < 0 || u.Offset > int64(len(b)) || u.Class == "" || u.Port < 0 || u.Port > 65535 || u.Host == "" && u.Class != host.Cut {
				t.Errorf("%+v in %d bytes", u, len(b))
			}
		}
	})
}

// TestLists: a program that names more hosts than one contacts knows them; one
// with fewer speaks to them.
func TestLists(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]host.Evidence{40: host.Programmed, 41: host.Mentioned} {
		text := "\x01\x00getaddrinfo\x00"
		for i := range n {
			text += fmt.Sprintf("a%d.vendor-cloud.net\x00", i)
		}
		uses := usesOf("/usr/lib/libclassify.so", []byte(text))
		if len(uses) != n || uses[0].Evidence != want {
			t.Errorf("%d hosts: %d, the first %+v, want %s", n, len(uses), uses[0], want)
		}
	}
}
