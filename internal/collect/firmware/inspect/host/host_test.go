package host_test

import (
	"bytes"
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

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const size = 128 << 10
	for _, row := range []struct{ path, unit string }{
		{"/etc/a.conf", "a.com "}, {"/etc/a.conf", "http://a.com "}, {"/etc/a.conf", "a.b"}, {"/etc/a.conf", "1.1.1.1,"},
		{"/etc/a.conf", "://"}, {"/etc/a.conf", "a.com\n"}, {"/a.sh", "wget a.cn "}, {"/bin/x", "\x00http://a.com"}, {"/bin/x", "\x00://a"}, {"/a.js", "'a.b.cn'"},
	} {
		begin := time.Now()
		uses := usesOf(row.path, bytes.Repeat([]byte(row.unit), size/len(row.unit)))
		if d := time.Since(begin); d > 20*time.Second || len(uses) > 2001 {
			t.Errorf("%q: %v, %d uses", row.unit, d, len(uses))
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
