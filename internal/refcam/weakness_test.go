package refcam

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func workspace(t testing.TB, c *Camera) string {
	t.Helper()
	dir := t.TempDir()
	if err := c.Workspace(dir, func(int) Address { return Address{Host: "127.0.0.1"} }); err != nil {
		t.Fatal(err)
	}
	return dir
}

func text(t testing.TB, b *bench, name string) string {
	t.Helper()
	x, err := os.ReadFile(filepath.Join(workspace(t, b.Camera), name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(x)
}

// file returns a file of the root file system.
func file(t testing.TB, b *bench, path string) string {
	t.Helper()
	es, err := b.tree()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if e.Path == path {
			return string(e.Data) + e.Target
		}
	}
	return ""
}

func mode(t testing.TB, b *bench, path string) uint16 {
	t.Helper()
	es, err := b.tree()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if e.Path == path {
			return e.Mode
		}
	}
	return 0
}

func accepts(b *bench, config *tls.Config) *tls.ConnectionState {
	c, err := b.open(0, "web", config)
	if err != nil {
		return nil
	}
	defer c.Close()
	s := c.(*tls.Conn).ConnectionState()
	return &s
}

func leaf(b *bench, unit int) *x509.Certificate {
	c := b.mustOpen(unit, "web").(*tls.Conn)
	return c.ConnectionState().PeerCertificates[0]
}

const describe = "DESCRIBE rtsp://camera.test/live RTSP/1.0\r\nCSeq: 2\r\n\r\n"

// shown reports whether the fault of each weakness can be seen from outside.
var shown = map[string]func(t *testing.T, b *bench) bool{
	SharedSerial: func(t *testing.T, b *bench) bool {
		first := `"serial":"LC2-000017"`
		return strings.Contains(b.as(0, "viewer").do("GET", "/api/device", "").body, first) &&
			strings.Contains(b.as(1, "viewer").do("GET", "/api/device", "").body, first)
	},
	SharedTLSKey: func(t *testing.T, b *bench) bool {
		return bytes.Equal(leaf(b, 0).RawSubjectPublicKeyInfo, leaf(b, 1).RawSubjectPublicKeyInfo)
	},
	KeyInImage: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/etc/ssl/private/device.key"), "PRIVATE KEY") &&
			bytes.Equal(leaf(b, 0).RawSubjectPublicKeyInfo, leaf(b, 1).RawSubjectPublicKeyInfo)
	},
	SettingsWithoutLogin: func(t *testing.T, b *bench) bool {
		w := b.browser(0, "web")
		// What a session is refused stays refused.
		if a := b.as(0, "viewer").do("PUT", "/api/settings", defaultSettings); a.status != 403 {
			t.Errorf("viewer changes settings: %d", a.status)
		}
		return w.do("GET", "/api/settings", "").status == 200 && w.do("PUT", "/api/settings", defaultSettings).status == 200
	},
	RTSPWithoutLogin: func(t *testing.T, b *bench) bool {
		return strings.Contains(talk(t, b.mustOpen(0, "rtsp"), describe, "\r\n\r\n"), " 200 ")
	},
	LogoutKeepsSession: func(t *testing.T, b *bench) bool {
		w := b.as(0, "admin")
		u := mustURL(t, w.base)
		cookies := w.http.Jar.Cookies(u)
		if a := w.do("POST", "/api/logout", ""); a.status != 204 {
			t.Fatalf("logout: %d", a.status)
		}
		w.http.Jar.SetCookies(u, cookies)
		return w.do("GET", "/api/device", "").status == 200
	},
	ViewerMayConfigure: func(t *testing.T, b *bench) bool {
		return b.as(0, "viewer").do("PUT", "/api/settings", defaultSettings).status == 200
	},
	SingleRole: func(t *testing.T, b *bench) bool {
		return !strings.Contains(text(t, b, "assay.yaml"), "viewer") && len(b.Credentials()) == 2 &&
			!strings.Contains(text(t, b, "evidence/roles.md"), "viewer")
	},
	NoLoginLimit: func(t *testing.T, b *bench) bool {
		w := b.browser(0, "web")
		for range 7 {
			if w.login("admin", "wrong password").status != 401 {
				return false
			}
		}
		return w.login("admin", b.password(0, "admin")).status == 200
	},
	LockPerConnection: func(t *testing.T, b *bench) bool {
		w := b.browser(0, "web")
		for range maxFailures {
			w.login("admin", "wrong password")
		}
		if a := w.login("admin", "wrong password"); a.status != 429 {
			t.Errorf("after %d failures on one connection: %d", maxFailures, a.status)
		}
		w.fresh()
		return w.login("admin", b.password(0, "admin")).status == 200
	},
	CommonDefaultPassword: func(t *testing.T, b *bench) bool {
		for unit := range 2 {
			w := b.browser(unit, "web")
			if w.login("admin", "admin").status != 200 || w.do("GET", "/api/settings", "").status != 200 {
				return false
			}
		}
		return true
	},
	BackdoorAccount: func(t *testing.T, b *bench) bool {
		conf := file(t, b, "/opt/cam/maint.conf")
		m := regexp.MustCompile(`(?s)user=(\S+)\npassword=(\S+)`).FindStringSubmatch(conf)
		if m == nil {
			return false
		}
		w := b.browser(1, "web")
		return w.login(m[1], m[2]).status == 200 && w.do("GET", "/api/settings", "").status == 200 &&
			!strings.Contains(w.do("GET", "/api/users", "").body, m[1])
	},
	TelnetOpen: func(t *testing.T, b *bench) bool {
		c, err := b.dial(0, "telnet")
		if err != nil {
			return false
		}
		defer c.Close()
		out := talk(t, c, "", "login: ")
		out += talk(t, c, "admin\r\n", "Password: ")
		out += talk(t, c, b.password(0, "admin")+"\r\n", "# ")
		out += talk(t, c, "uname -a\r\n", "# ")
		return strings.HasPrefix(out, "\xff\xfd") && strings.Contains(out, "Linux "+Model)
	},
	UndeclaredDebugHTTP: func(t *testing.T, b *bench) bool {
		if c, err := b.dial(0, "debug"); err != nil {
			return false
		} else {
			c.Close()
		}
		return strings.Contains(b.browser(0, "debug").do("GET", "/", "").body, "stream main") && !strings.Contains(text(t, b, "assay.yaml"), "8081")
	},
	TelnetdAtBoot: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/etc/init.d/S50telnet"), "telnetd") && file(t, b, "/usr/sbin/telnetd") != ""
	},
	PlainHTTP: func(t *testing.T, b *bench) bool {
		if c, err := b.dial(0, "web-plain"); err != nil {
			return false
		} else {
			c.Close()
		}
		w := b.browser(0, "web-plain")
		return strings.Contains(w.do("GET", "/", "").body, "<form") && w.login("admin", b.password(0, "admin")).status == 200 &&
			w.do("GET", "/api/settings", "").status == 200
	},
	PlainRTSP: func(t *testing.T, b *bench) bool {
		c, err := b.dial(0, "rtsp-plain")
		if err != nil {
			return false
		}
		defer c.Close()
		out := talk(t, c, describe, "\r\n\r\n")
		return strings.Contains(out, "401") && strings.Contains(out, "Basic realm")
	},
	TLS10Accepted: func(t *testing.T, b *bench) bool {
		for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
			if s := accepts(b, &tls.Config{MinVersion: v, MaxVersion: v}); s == nil || s.Version != v {
				return false
			}
		}
		return true
	},
	StaticRSAOnly: func(t *testing.T, b *bench) bool {
		return accepts(b, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: staticSuites}) != nil && accepts(b, nil) == nil
	},
	StaticRSAAccepted: func(t *testing.T, b *bench) bool {
		s := accepts(b, nil)
		return accepts(b, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: staticSuites}) != nil && s != nil && s.Version == tls.VersionTLS13
	},
	ChaChaPreferred: func(t *testing.T, b *bench) bool {
		s := accepts(b, nil)
		return s != nil && slices.Contains(chachaSuites, s.CipherSuite)
	},
	ExpiredCertificate: func(t *testing.T, b *bench) bool { return time.Now().After(leaf(b, 0).NotAfter) },
	WeakCertificateKey: func(t *testing.T, b *bench) bool {
		k, ok := leaf(b, 0).PublicKey.(*rsa.PublicKey)
		return ok && k.N.BitLen() == 1024
	},
	URLCredentialsInImage: func(t *testing.T, b *bench) bool {
		return regexp.MustCompile(`https://\w+:\w{12}@api\.lumi-cloud-lc200\.net/`).MatchString(file(t, b, "/opt/cam/backup.conf"))
	},
	UndeclaredHostInImage: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/opt/cam/cloud.conf"), trackHost) && !strings.Contains(text(t, b, "assay.yaml"), trackHost)
	},
	WiFiPSKInClear: func(t *testing.T, b *bench) bool {
		return regexp.MustCompile(`psk="\w{12}"`).MatchString(file(t, b, "/etc/wpa_supplicant.conf"))
	},
	MD5CryptRootPassword: func(t *testing.T, b *bench) bool {
		return strings.HasPrefix(file(t, b, "/etc/shadow"), "root:$1$")
	},
	SerialShell: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/etc/inittab"), "ttyS0::respawn:-/bin/sh")
	},
	UpdateOverHTTP: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/usr/sbin/ota_update.sh"), "=http://") && strings.Contains(text(t, b, "assay.yaml"), "  protocol: http\n")
	},
	NoSignatureCheck: func(t *testing.T, b *bench) bool {
		if strings.Contains(file(t, b, "/usr/sbin/ota_update.sh"), "-verify") {
			return false
		}
		img, err := b.Image()
		if err != nil {
			t.Fatal(err)
		}
		img[signedHead]++ // the signature is no longer right
		return b.as(0, "admin").do("POST", "/api/update/upload", string(img)).status == 202
	},
	NoUpdateMechanism: func(t *testing.T, b *bench) bool {
		return file(t, b, "/usr/sbin/ota_update.sh") == "" && strings.Contains(text(t, b, "assay.yaml"), "mechanism: none") &&
			b.as(0, "admin").do("GET", "/api/update/status", "").status == 404
	},
	NoUpdateCheck: func(t *testing.T, b *bench) bool {
		return !strings.Contains(file(t, b, "/etc/crontabs/root"), "ota_update") && !strings.Contains(text(t, b, "assay.yaml"), "check:") &&
			!strings.Contains(b.as(0, "admin").do("GET", "/api/update/status", "").body, "next_check")
	},
	NoDisclosurePolicy: func(t *testing.T, b *bench) bool {
		return text(t, b, "evidence/disclosure-policy.html") == "" && !strings.Contains(text(t, b, "assay.yaml"), "disclosure")
	},
	DisclosureContactMissing: func(t *testing.T, b *bench) bool {
		policy := text(t, b, "evidence/disclosure-policy.html")
		return policy != "" && !strings.Contains(policy, "@") && expires(t, b).Before(time.Now())
	},
	NoSetupGuide: func(t *testing.T, b *bench) bool { return text(t, b, "evidence/setup-guide.md") == "" },
	GuideOfOtherModel: func(t *testing.T, b *bench) bool {
		guide := text(t, b, "evidence/setup-guide.md")
		return strings.Contains(guide, "LD-100") && !strings.Contains(guide, Model) && !strings.Contains(guide, Product)
	},
	NoSecureDevelopmentDocument: func(t *testing.T, b *bench) bool { return text(t, b, "evidence/secure-development.md") == "" },
	SupportPeriodMissing:        func(t *testing.T, b *bench) bool { return text(t, b, "evidence/support-period.html") == "" },
	SupportPeriodContradicts: func(t *testing.T, b *bench) bool {
		until := regexp.MustCompile(`until: (\S+),`).FindStringSubmatch(text(t, b, "assay.yaml"))
		published := regexp.MustCompile(`datetime="(\S+)"`).FindStringSubmatch(text(t, b, "evidence/support-period.html"))
		return len(until) == 2 && len(published) == 2 && until[1] != published[1]
	},
	DataWithoutDeletion: func(t *testing.T, b *bench) bool {
		return strings.Count(text(t, b, "assay.yaml"), "    deleted_by: [web, cloud, factory-reset]") < 2
	},
	PersonalDataWithoutPurpose: func(t *testing.T, b *bench) bool {
		return regexp.MustCompile(`id: faces\n    category: sensitive-personal\n    stored_on`).MatchString(text(t, b, "assay.yaml"))
	},
	TelemetryWithoutConsent: func(t *testing.T, b *bench) bool { return !strings.Contains(text(t, b, "assay.yaml"), "consent:") },
	FirmwarePublic: func(t *testing.T, b *bench) bool {
		return strings.Contains(text(t, b, "assay.yaml"), "public: true }\n    constrained")
	},
	AccountWithoutPassword: func(t *testing.T, b *bench) bool { return strings.HasPrefix(file(t, b, "/etc/shadow"), "root::") },
	UnverifiedClient: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/usr/sbin/report.sh"), "--insecure") && strings.Contains(file(t, b, "/etc/crontabs/root"), "report.sh")
	},
	WritableProgram: func(t *testing.T, b *bench) bool { return mode(t, b, mainProgram) == 0o777 },
	DebuggerInImage: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/usr/bin/gdbserver"), "GNU gdbserver")
	},
	UnhardenedProgram: func(t *testing.T, b *bench) bool {
		return strings.HasPrefix(file(t, b, mainProgram), "\x7fELF") && !strings.Contains(file(t, b, mainProgram), "stack smashing")
	},
	MemoryCardAutorun: func(t *testing.T, b *bench) bool {
		return strings.Contains(file(t, b, "/etc/init.d/rcS"), "sh /mnt/sd/factory.sh")
	},
	AppCleartext: func(t *testing.T, b *bench) bool {
		return strings.Contains(inApp(t, b, "res/xml/network_security_config.xml"), "\x04\x04true\x00")
	},
	AppUserCAs: func(t *testing.T, b *bench) bool {
		return strings.Contains(inApp(t, b, "res/xml/network_security_config.xml"), "\x04\x04user\x00")
	},
	AppDebuggable: func(t *testing.T, b *bench) bool {
		return strings.Contains(inApp(t, b, "AndroidManifest.xml"), "debuggable") && truths(t, b) == 2
	},
	AppDebugSigned: func(t *testing.T, b *bench) bool {
		raw, err := b.App()
		return err == nil && bytes.Contains(raw, []byte("Android Debug"))
	},
	AppOldSignature: func(t *testing.T, b *bench) bool {
		raw, err := b.App()
		return err == nil && inApp(t, b, "META-INF/CERT.SF") != "" && !bytes.Contains(raw, []byte("APK Sig Block 42"))
	},
	AppSecret: func(t *testing.T, b *bench) bool {
		return strings.Contains(inApp(t, b, "resources.arsc"), "mqtt_password")
	},
	// Which attribute it is that became true, TestReferenceApp of package apk looks at.
	AppOpenProvider: func(t *testing.T, b *bench) bool { return truths(t, b) == 2 },
	AppOpenPart:     func(t *testing.T, b *bench) bool { return truths(t, b) == 2 },
	AppBackup:       func(t *testing.T, b *bench) bool { return truths(t, b) == 2 },
	NoPrivacyNotice: func(t *testing.T, b *bench) bool {
		return text(t, b, "evidence/privacy-notice.md") == "" && !strings.Contains(text(t, b, "assay.yaml"), "privacy-notice")
	},
}

func expires(t *testing.T, b *bench) time.Time {
	m := regexp.MustCompile(`Expires: (\S+)`).FindStringSubmatch(text(t, b, "evidence/security.txt"))
	if m == nil {
		t.Fatal("security.txt has no Expires")
	}
	at, err := time.Parse(time.RFC3339, m[1])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestWeaknesses: each fault is there with its switch and not without it.
func TestWeaknesses(t *testing.T) {
	t.Parallel()
	for _, w := range Weaknesses() {
		look := shown[w.Name]
		if look == nil {
			t.Errorf("%s: nobody looks whether it does anything", w.Name)
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			if !look(t, onLoopback(t, Options{Weak: []string{w.Name}})) {
				t.Error("switched on, and nothing is to be seen")
			}
			if look(t, onLoopback(t, Options{})) {
				t.Error("the hardened camera shows it")
			}
		})
	}
}

// TestTypical: the faults of the demonstration don't hide each other.
func TestTypical(t *testing.T) {
	t.Parallel()
	for _, name := range Typical() {
		if !shown[name](t, onLoopback(t, Options{Weak: Typical()})) {
			t.Errorf("%s is hidden by the others", name)
		}
	}
}

func TestWeaknessTable(t *testing.T) {
	t.Parallel()
	ws := Weaknesses()
	if len(ws) < 26 {
		t.Errorf("%d weaknesses", len(ws))
	}
	seen := map[string]bool{}
	id := regexp.MustCompile(`^[a-z]+\.[a-z-]+$`)
	for _, w := range ws {
		if seen[w.Name] {
			t.Errorf("%s stands twice", w.Name)
		}
		seen[w.Name] = true
		if w.Title == "" || w.TitleZh == "" || !regexp.MustCompile(`^[a-z0-9-]+ (\d(\.\d+)+(-\d+)?|6-\d+|[A-Z]+(\.[0-9a-z]+)+)$`).MatchString(w.Clause) {
			t.Errorf("%s: title or clause %q", w.Name, w.Clause)
		}
		if !slices.Contains([]string{"device", "firmware", "app", "document", "model"}, w.Where) {
			t.Errorf("%s: where %q", w.Name, w.Where)
		}
		if len(w.Violates)+len(w.ViolatesStrict) == 0 {
			t.Errorf("%s violates nothing", w.Name)
		}
		all := slices.Concat(w.Violates, w.ViolatesStrict, w.MayViolate)
		for i, c := range all {
			if !id.MatchString(c) || slices.Contains(all[:i], c) {
				t.Errorf("%s: case %q", w.Name, c)
			}
		}
		for _, x := range w.Excludes {
			if _, err := New(Options{Weak: []string{w.Name, x}}); err == nil {
				t.Errorf("%s with %s: no error", w.Name, x)
			}
		}
	}
	if _, err := New(Options{Weak: []string{"no-such"}}); err == nil {
		t.Error("an unknown weakness: no error")
	}
	if _, err := New(Options{Hostile: []string{"no-such"}}); err == nil {
		t.Error("an unknown hostile behaviour: no error")
	}
}
