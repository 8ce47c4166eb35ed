//go:build peers

package peers

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const iot, en = "iot-1005-1", "etsi-en-303-645"

func web(port int, protocol string) string {
	return fmt.Sprintf("  - { id: web, on: device, protocol: %s, port: %d, purpose: administration, auth: none }", protocol, port)
}

// want insists on a verdict, and that a PASS or FAIL rests on evidence.
func want(t *testing.T, c caseDoc, subject, verdict string, reason ...string) {
	t.Helper()
	got, why := c.on(subject)
	if got != verdict {
		t.Errorf("%s on %s: %s, want %s\n%s", c.ID, subject, got, verdict, why)
	}
	for _, key := range reason {
		if !strings.Contains(why, key) {
			t.Errorf("%s on %s: no reason holds %q:\n%s", c.ID, subject, key, why)
		}
	}
	for _, r := range c.Results {
		if r.Subject == subject && (verdict == "PASS" || verdict == "FAIL") && (len(r.Facts) == 0 || len(r.Evidence) == 0) {
			t.Errorf("%s on %s: %s without facts or evidence", c.ID, subject, verdict)
		}
	}
}

// TestTLS10: a server that accepts TLS 1.0 fails 5.4.2.1 (acceptance 4).
func TestTLS10(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	port := l.port(443)
	cert, key := l.certificate(true)
	l.nginx([]int{port}, fmt.Sprintf("server { listen %d ssl; ssl_certificate %s; ssl_certificate_key %s;\nssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers DEFAULT@SECLEVEL=0; location / { return 200 hello; } }", port, cert, key))
	d := l.assess(web(port, "https"))
	want(t, d.find(t, iot, "5.4.2.1", "tls.version"), "unit-a/web", "FAIL", "1.0")
	if got := d.requirement(t, iot, "5.4.2.1"); got != "FAIL" {
		t.Errorf("5.4.2.1: %s, want FAIL", got)
	}
}

// TestForwardSecrecyOnly: TLS 1.2 and 1.3 with ECDHE pass both cases, and the
// requirement stays open: what the unit sends by itself wasn't seen.
func TestForwardSecrecyOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	port := l.port(443)
	cert, key := l.certificate(false)
	l.nginx([]int{port}, fmt.Sprintf("server { listen %d ssl; ssl_certificate %s; ssl_certificate_key %s;\nssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384; location / { return 200 hello; } }", port, cert, key))
	d := l.assess(web(port, "https"))
	want(t, d.find(t, iot, "5.4.2.1", "tls.version"), "unit-a/web", "PASS")
	want(t, d.find(t, iot, "5.4.2.1", "tls.forward-secrecy"), "unit-a/web", "PASS")
	if c := d.find(t, iot, "5.4.2.1", "traffic.outbound-secure"); c.Verdict != "INCONCLUSIVE" {
		t.Errorf("traffic.outbound-secure: %s, want INCONCLUSIVE", c.Verdict)
	}
	if got := d.requirement(t, iot, "5.4.2.1"); got != "INCONCLUSIVE" {
		t.Errorf("5.4.2.1: %s, want INCONCLUSIVE", got)
	}
}

// TestBothReadings: ECDHE preferred, static RSA accepted: supported passes,
// enforced fails, and the report shows both.
func TestBothReadings(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	port := l.port(443)
	cert, key := l.certificate(true)
	l.nginx([]int{port}, fmt.Sprintf("server { listen %d ssl; ssl_certificate %s; ssl_certificate_key %s;\nssl_protocols TLSv1.2; ssl_prefer_server_ciphers on; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256; location / { return 200 hello; } }", port, cert, key))
	d := l.assess(web(port, "https"))
	want(t, d.find(t, iot, "5.4.2.1", "tls.forward-secrecy"), "unit-a/web", "PASS")
	if !slices.ContainsFunc(d.Findings, func(f struct{ Title string }) bool {
		return strings.Contains(strings.ToLower(f.Title), "forward secrecy")
	}) {
		t.Errorf("no finding on forward secrecy in %+v", d.Findings)
	}
	_, out := l.assay("-C", l.dir+"/ws", "report", "--format", "md")
	if !strings.Contains(string(out), "strict") || !strings.Contains(string(out), "literal") {
		t.Error("the report doesn't show both readings")
	}
	model := strings.Replace(string(must(exec.Command("cat", l.dir+"/ws/assay.yaml").Output())), "standards: [iot-1005-1, etsi-en-303-645]", "standards: [{ id: iot-1005-1, profile: strict }]", 1)
	l.write("ws/assay.yaml", model)
	_, out = l.assay("-C", l.dir+"/ws", "run", "--format", "json")
	var strict runDoc
	if err := json.Unmarshal(out, &strict); err != nil {
		t.Fatalf("%v\n%.300s", err, out)
	}
	want(t, strict.find(t, iot, "5.4.2.1", "tls.forward-secrecy"), "unit-a/web", "FAIL")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestClearHTTP: plain HTTP and a password over it.
func TestClearHTTP(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	port := l.port(80)
	l.write("users", "admin:{PLAIN}secret\n")
	l.nginx([]int{port}, fmt.Sprintf("server { listen %d; location / { auth_basic camera; auth_basic_user_file %s/users; return 200 hello; } }", port, l.dir))
	d := l.assess(web(port, "http"))
	want(t, d.find(t, iot, "5.4.2.1", "transport.clear"), "unit-a/web", "FAIL", "http")

}

// TestBasicAuth: nginx asks for a password over clear HTTP and over TLS; the
// first crosses the network unprotected, the second doesn't.
func TestBasicAuth(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	plain, secure := l.port(80), l.port(443)
	cert, key := l.certificate(false)
	l.write("users", "admin:{PLAIN}secret\n")
	// `return` would answer before the access phase: a file is served.
	l.write("index.html", "<html><title>peer</title></html>")
	body := fmt.Sprintf("root %s; location / { auth_basic camera; auth_basic_user_file %s/users; }", l.dir, l.dir)
	l.nginx([]int{plain, secure}, fmt.Sprintf("server { listen %d; %s }\nserver { listen %d ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3; %s }", plain, body, secure, cert, key, body))
	d := l.assess(fmt.Sprintf("  - { id: plain, on: device, protocol: http, port: %d, purpose: administration, auth: password }\n  - { id: secure, on: device, protocol: https, port: %d, purpose: administration, auth: password }", plain, secure))
	c := d.find(t, iot, "5.4.2.2", "auth.transport")
	want(t, c, "unit-a/plain", "FAIL", "basic")
	if got, why := c.on("unit-a/secure"); got == "FAIL" {
		t.Errorf("auth.transport over TLS: FAIL\n%s", why)
	}
}

// TestOpenSSL: s_server with one version and one suite at a time.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, version, suites string
		wantVersion, wantFS   string
	}{
		{"tls12-static-rsa", "-tls1_2", "AES128-GCM-SHA256", "PASS", "FAIL"},
		{"tls12-dhe", "-tls1_2", "DHE-RSA-AES128-GCM-SHA256", "PASS", "PASS"},
		{"tls13", "-tls1_3", "", "PASS", "PASS"},
		{"tls11", "-tls1_1", "DEFAULT@SECLEVEL=0", "FAIL", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			port := l.port(443)
			cert, key := l.certificate(true)
			args := []string{"s_server", "-quiet", "-www", "-accept", fmt.Sprint(port), "-cert", cert, "-key", key, row.version}
			if row.suites != "" {
				args = append(args, "-cipher", row.suites)
			}
			l.start([]int{port}, "openssl", args...)
			d := l.assess(web(port, "https"))
			want(t, d.find(t, iot, "5.4.2.1", "tls.version"), "unit-a/web", row.wantVersion)
			if row.wantFS != "" {
				want(t, d.find(t, iot, "5.4.2.1", "tls.forward-secrecy"), "unit-a/web", row.wantFS)
			}
		})
	}
}

// TestRecognised: servers of others are named by what they speak, and what
// isn't declared fails.
func TestRecognised(t *testing.T) {
	t.Parallel()
	t.Run("dropbear", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		port := l.port(22)
		keygen, err := exec.LookPath("dropbearkey")
		if err != nil {
			t.Skip("dropbear isn't installed: no ssh server to recognise")
		}
		if err := run(keygen, "-t", "ed25519", "-f", l.dir+"/hostkey"); err != nil {
			t.Fatal(err)
		}
		l.start([]int{port}, "dropbear", "-F", "-E", "-s", "-r", l.dir+"/hostkey", "-P", l.dir+"/pid", "-p", fmt.Sprint(port))
		l.recognised(port, "ssh")
	})
	t.Run("mosquitto", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		port := l.port(1883)
		conf := l.write("mosquitto.conf", fmt.Sprintf("listener %d\nallow_anonymous true\nuser root\n", port))
		l.start([]int{port}, "mosquitto", "-c", conf)
		l.recognised(port, "mqtt")
	})
	t.Run("lighttpd", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		port := l.port(80)
		conf := l.write("lighttpd.conf", fmt.Sprintf("server.document-root = %q\nserver.port = %d\nserver.errorlog = %q\n", l.dir, port, l.dir+"/error.log"))
		l.start([]int{port}, "lighttpd", "-D", "-f", conf)
		l.recognised(port, "http")
	})
}

// recognised looks at one port without declaring it.
func (l *lab) recognised(port int, protocol string) {
	l.t.Helper()
	code, out := l.assay("device", l.host, "--ports", fmt.Sprint(port), "--format", "json")
	var d struct {
		Services []struct {
			Port     int
			Protocol string
			Product  string
			Declared bool
		}
	}
	if err := json.Unmarshal(out, &d); err != nil {
		l.t.Fatalf("exit code %d: %v\n%.300s", code, err, out)
	}
	if len(d.Services) != 1 || d.Services[0].Protocol != protocol || d.Services[0].Port != port {
		l.t.Errorf("seen: %+v, want %s on %d", d.Services, protocol, port)
	}
	run := l.assess("  []")
	c := run.find(l.t, en, "5.6-1", "service.necessary")
	want(l.t, c, fmt.Sprintf("unit-a/tcp-%d", port), "FAIL", protocol)
}
