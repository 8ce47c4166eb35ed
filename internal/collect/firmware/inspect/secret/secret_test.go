package secret_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect/secret"
)

// found is what a row expects of a hit.
type found struct {
	Kind  secret.Kind
	Line  int
	User  string
	Value string
}

func scan(path, text string) []found {
	var out []found
	for _, h := range hitsOf(path, []byte(text)) {
		out = append(out, found{h.Kind, h.Line, h.User, h.Value})
	}
	return out
}

const (
	md5Hash    = "$1$abcdefgh$0123456789abcdefghij./"
	bcryptHash = "$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
)

var sha512Hash = "$6$saltsalt$" + strings.Repeat("aB3./", 17) + "z"

func TestScan(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"shadow", "/etc/shadow", "root:" + md5Hash + ":17000::::::\nd:" + sha512Hash + ":1::::::\nx:*:1::::::\ny:!" + md5Hash + ":1::::::\nz:!!:1::::::\n", []found{
			{secret.PasswordHash, 1, "root", md5Hash}, {secret.PasswordHash, 2, "d", sha512Hash}}},
		{"shadow-empty", "/etc/shadow", "root::17000:0:99999:7:::\n", []found{{secret.EmptyPassword, 1, "root", "root::17000:0:99999:7:::"}}},
		{"passwd-des", "/etc/passwd", "root:ab0123456789.:0:0:r:/:/bin/sh\n", []found{{secret.PasswordHash, 1, "root", "ab0123456789."}}},
		{"passwd-sound", "/etc/passwd", "root:x:0:0:r:/:/bin/sh\nsync::4:65534:s:/:/bin/sync\n", nil},
		{"passwd-second-root", "/etc/passwd", "adm:x:0:0:r:/:/bin/sh\n", []found{{secret.UID0Account, 1, "adm", "adm:x:0:0:r:/:/bin/sh"}}},
		{"htpasswd", "/www/.htpasswd", "admin:" + bcryptHash + "\n", []found{{secret.PasswordHash, 1, "admin", bcryptHash}}},
		{"hash-elsewhere", "/etc/x.conf", "login_hash=root:" + md5Hash + "\n", []found{{secret.PasswordHash, 1, "root", md5Hash}}},
		{"hash-too-short", "/etc/x.conf", "h=$1$abc$tooshort\n", nil},
		{"url", "/etc/x.conf", "url=ftp://bob:Tr0ub4dor@203.0.113.5/x\n", []found{{secret.URLCredential, 1, "bob", "Tr0ub4dor"}}},
		{"url-sample", "/etc/x.conf", "url=ftp://user:password@host/x\nu=http://<user>:<pw>@h\nv=http://%s:%s@%s/\nw=http://${U}:${P}@h/\n", nil},
		{"url-plain", "/etc/x.conf", "url=http://203.0.113.5:8080/@x\n", nil},
		{"ini", "/etc/x.ini", "[smtp]\nuser=al\npass=Zx81kkQp\n", []found{{secret.Password, 3, "al", "Zx81kkQp"}}},
		{"ini-other-section", "/etc/x.ini", "[a]\nuser=al\n[b]\npass=Zx81kkQp\n", []found{{secret.Password, 4, "", "Zx81kkQp"}}},
		{"json", "/opt/x.json", `{"username": "u1", "password": "hunter22"}`, []found{{secret.Password, 1, "u1", "hunter22"}}},
		{"xml", "/opt/x.xml", "<user>u1</user>\n<password>hunter22</password>\n", []found{{secret.Password, 2, "u1", "hunter22"}}},
		{"uci", "/etc/config/wireless", "config wifi-iface\n\toption ssid 'home'\n\toption key 'x'\n\toption wpa_psk 'hunter22x'\n", []found{{secret.WiFiPSK, 4, "home", "hunter22x"}}},
		{"shell", "/etc/x.sh", "#!/bin/sh\nPASSWORD=hunter22\nPASS=$1\nPWD=`pwd`\n", []found{{secret.Password, 2, "", "hunter22"}}},
		{"javascript", "/www/x.js", "var c={password:'hunter22'};f(password,p);x={password:'Password',pwd:pw};", []found{{secret.Password, 1, "", "hunter22"}}},
		{"placeholders", "/etc/x.conf", "password=<your password>\npassword=${PW}\npassword=********\npassword=changethis\npassword=\npassword_file=/etc/pw\npasswd = /etc/passwd/x\nbypass = yesyes\nkey_mgmt=WPA-PSK\n", nil},
		{"comment-sample", "/etc/x.conf", "# password = hunter22\n;pass=hunter22\n", nil},
		{"key-in-comment", "/etc/x.sh", "# KEY=5b1f9ac27734e08dd21c4490ab6e3f07\n", []found{{secret.SymmetricKey, 1, "", "5b1f9ac27734e08dd21c4490ab6e3f07"}}},
		{"sentence", "/etc/x.conf", "Password: please enter your password\n", nil},
		{"documentation", "/usr/share/doc/x", "password=hunter22\nftp://bob:Tr0ub4dor@h/\n", nil},
		{"aws", "/opt/x.json", "{\"id\":\"AKIAQQQ7ZZZZ3WVUX5YY\",\n\"aws_secret_access_key\":\"abcD3fghIjkl0mnoPqrs7uvwXyz1234567890ABC\"}", []found{
			{secret.CloudKeyID, 1, "", "AKIAQQQ7ZZZZ3WVUX5YY"}, {secret.CloudSecret, 2, "", "abcD3fghIjkl0mnoPqrs7uvwXyz1234567890ABC"}}},
		{"aws-documented", "/opt/x.json", `{"id":"AKIAIOSFODNN7EXAMPLE","secretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}`, nil},
		{"google", "/www/x.js", "k='AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q'", []found{{secret.APIKey, 1, "", "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"}}},
		{"webhook", "/etc/x.conf", "u=https://hooks.slack.com/services/T0/B0/q7Rz0pWk3mXc9vLd2sYf8hJn\n", []found{{secret.Webhook, 1, "", "https://hooks.slack.com/services/T0/B0/q7Rz0pWk3mXc9vLd2sYf8hJn"}}},
		{"history", "/root/.ash_history", "mosquitto_pub -h h.example.net -u bob -P s3cretPw -t x\ncurl -u bob:s3cretPw http://h/\n", []found{
			{secret.Password, 1, "bob", "s3cretPw"}, {secret.Password, 2, "bob", "s3cretPw"}}},
		{"chpasswd", "/etc/init.d/S1", "#!/bin/sh\necho \"root:s3cretPw\" | chpasswd\n", []found{{secret.Password, 2, "root", "s3cretPw"}}},
		{"openssl", "/usr/sbin/x.sh", "openssl enc -d -aes-128-cbc -K 5b1f9ac27734e08dd21c4490ab6e3f07 -in $1\nopenssl enc -k \"$KEY\"\n", []found{
			{secret.SymmetricKey, 1, "", "5b1f9ac27734e08dd21c4490ab6e3f07"}}},
		{"environment", "/data/env", "bootdelay=3\x00passwd=quartz99\x00x=\x01\x00", []found{{secret.Password, 0, "", "quartz99"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

func spki(t *testing.T, pub any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func sshString(b ...[]byte) []byte {
	var out []byte
	for _, s := range b {
		out = binary.BigEndian.AppendUint32(out, uint32(len(s)))
		out = append(out, s...)
	}
	return out
}

func number(n *big.Int) []byte { return append([]byte{0}, n.Bytes()...) }

func TestPrivateKeys(t *testing.T) {
	t.Parallel()
	rk, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ek, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPub, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(k any) []byte {
		b, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sec1, err := x509.MarshalECPrivateKey(ek)
	if err != nil {
		t.Fatal(err)
	}
	openssh, err := ssh.MarshalPrivateKey(ed, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(ed, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	point, err := ek.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := ek.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	block := func(typ string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: b}) }
	for _, row := range []struct {
		name      string
		data      []byte
		algorithm string
		bits      int
		format    string
		spki      string
		encrypted bool
	}{
		{"pkcs1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rk)), "RSA", 2048, "PKCS#1 PEM", spki(t, &rk.PublicKey), false},
		{"pkcs8", block("PRIVATE KEY", pkcs8(rk)), "RSA", 2048, "PKCS#8 PEM", spki(t, &rk.PublicKey), false},
		{"pkcs8-after-certificate", append(block("CERTIFICATE", []byte("xx")), block("PRIVATE KEY", pkcs8(ed))...), "Ed25519", 256, "PKCS#8 PEM", spki(t, edPub), false},
		{"sec1", block("EC PRIVATE KEY", sec1), "EC", 256, "SEC1 PEM", spki(t, &ek.PublicKey), false},
		{"openssh", pem.EncodeToMemory(openssh), "Ed25519", 256, "OpenSSH PEM", spki(t, edPub), false},
		{"openssh-encrypted", pem.EncodeToMemory(locked), "Ed25519", 256, "OpenSSH PEM", spki(t, edPub), true},
		{"pkcs8-encrypted", block("ENCRYPTED PRIVATE KEY", pkcs8(rk)), "", 0, "PKCS#8 PEM", "", true},
		{"pkcs1-encrypted", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: make([]byte, 64)}), "RSA", 0, "PKCS#1 PEM", "", true},
		{"in-a-script", []byte("#!/bin/sh\ncat <<E\n" + string(block("PRIVATE KEY", pkcs8(rk))) + "E\n"), "RSA", 2048, "PKCS#8 PEM", spki(t, &rk.PublicKey), false},
		{"in-json", []byte(`{"k":"` + strings.ReplaceAll(string(block("PRIVATE KEY", pkcs8(ek))), "\n", `\n`) + `"}`), "EC", 256, "PKCS#8 PEM", spki(t, &ek.PublicKey), false},
		{"in-a-program", append([]byte("\x00\x01"), append(block("PRIVATE KEY", pkcs8(rk)), 0)...), "RSA", 2048, "PKCS#8 PEM", spki(t, &rk.PublicKey), false},
		{"der-pkcs1", x509.MarshalPKCS1PrivateKey(rk), "RSA", 2048, "PKCS#1 DER", spki(t, &rk.PublicKey), false},
		{"der-pkcs8", pkcs8(rk), "RSA", 2048, "PKCS#8 DER", spki(t, &rk.PublicKey), false},
		{"der-sec1", sec1, "EC", 256, "SEC1 DER", spki(t, &ek.PublicKey), false},
		{"dropbear-rsa", sshString([]byte("ssh-rsa"), number(big.NewInt(int64(rk.E))), number(rk.N), number(rk.D), number(rk.Primes[0]), number(rk.Primes[1])), "RSA", 2048, "dropbear host key", spki(t, &rk.PublicKey), false},
		{"dropbear-ecdsa", sshString([]byte("ecdsa-sha2-nistp256"), []byte("nistp256"), point, scalar), "EC", 256, "dropbear host key", spki(t, &ek.PublicKey), false},
		{"dropbear-ed25519", sshString([]byte("ssh-ed25519"), ed), "Ed25519", 256, "dropbear host key", spki(t, edPub), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			hits := hitsOf("/etc/k", row.data)
			if len(hits) != 1 {
				t.Fatalf("%d hits: %+v", len(hits), hits)
			}
			h := hits[0]
			got := []any{h.Kind, h.Algorithm, h.Bits, h.Format, h.SPKI, h.Encrypted}
			if d := cmp.Diff([]any{secret.PrivateKey, row.algorithm, row.bits, row.format, row.spki, row.encrypted}, got); d != "" {
				t.Errorf("%s\n%+v", d, h)
			}
		})
	}
	for name, b := range map[string][]byte{
		"public":          block("PUBLIC KEY", []byte("0123456789012345678901234567890123456789")),
		"public-dropbear": sshString([]byte("ssh-rsa"), number(big.NewInt(65537)), number(rk.N)),
		"marks-only":      []byte("\x00-----BEGIN RSA PRIVATE KEY-----\x00-----END RSA PRIVATE KEY-----\x00"),
	} {
		if hits := hitsOf("/etc/k", b); len(hits) != 0 {
			t.Errorf("%s: %+v", name, hits)
		}
	}
}

func TestAuthorizedKey(t *testing.T) {
	t.Parallel()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) + " bob@build"
	hits := hitsOf("/root/.ssh/authorized_keys", []byte("# c\n"+line+"\n"))
	if len(hits) != 1 || hits[0].Kind != secret.AuthorizedKey || hits[0].User != "bob@build" || hits[0].Line != 2 || hits[0].SPKI != spki(t, pub) {
		t.Errorf("%+v", hits)
	}
}

// TestHostileTexts holds the time of texts that are made of beginnings.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const size = 128 << 10
	for _, row := range []struct{ name, path, unit string }{
		{"password", "/etc/x.conf", "pass "},
		{"password-lines", "/etc/x.conf", "#pass=abcd\n"},
		{"settings", "/etc/x.conf", "pass=abcd9\n"},
		{"keys", "/etc/x.conf", "key=abcd\n"},
		{"jwt", "/etc/x.conf", "eyJ."},
		{"url", "/etc/x.conf", "a://"},
		{"userinfo", "/etc/x.conf", "a://b:c@"},
		{"curl", "/etc/x.sh", "curl "},
		{"openssl", "/root/.ash_history", "openssl -k a "},
		{"pem", "/etc/x.conf", "-----BEGIN PRIVATE KEY-----\n"},
		{"pem-lines", "/etc/x.conf", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END X-----\n"},
		{"hash", "/etc/x.conf", "$1$a"},
		{"quotes", "/www/x.js", "pass:'"},
		{"xml", "/etc/x.xml", "<pass>"},
		{"options", "/etc/x.sh", "a --password b9cdef "},
		{"continued", "/etc/x.sh", "curl \\\n"},
		{"users", "/etc/x.conf", "users={'a':"},
		{"sections", "/etc/x.conf", "[users]\n"},
		{"insert", "/x.sql", "insert into users (a,b) values ('a',"},
		{"identified", "/x.sql", "identified by '"},
		{"comparison", "/www/x.js", "u == 'admin' && p == 'a1b2c3'"},
		{"base64-json", "/etc/x.conf", "eyJhIjoi "},
		{"base64-login", "/etc/x.conf", "YWRtaW46YQ== "},
		{"heredoc", "/etc/x.sh", "passwd root <<E\n"},
		{"lists", "/etc/x.conf", "key: [1, 2, "},
		{"web-key", "/etc/x.json", "{\"kty\":"},
		{"words", "/etc/zh.conf", "密码："},
		{"utf16", "/bin/x", "p\x00a\x00s\x00s\x00=\x00a\x001\x00b\x002\x00"},
		{"strings", "/bin/x", "\x7fELF\x00admin\x00a1b2c3d4\x00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := bytes.Repeat([]byte(row.unit), size/len(row.unit))
			begin := time.Now()
			if hits := hitsOf(row.path, b); len(hits) > 1100 {
				t.Errorf("%d hits", len(hits))
			}
			t.Logf("%v", time.Since(begin))
		})
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
	want := []found{{secret.WiFiPSK, 0, "CellNet", "cellPw42"}, {secret.Password, 0, "", "cellPw41"}}
	if d := cmp.Diff(want, scan("/data/cells.db", string(b))); d != "" {
		t.Error(d)
	}
	for _, h := range hitsOf("/data/cells.db", b) {
		if !bytes.HasPrefix(b[h.Offset:], []byte(h.Value)) {
			t.Errorf("%q does not stand at %d", h.Value, h.Offset)
		}
	}
}

// TestWideStrings: strings in UTF-16 among those of a program.
func TestWideStrings(t *testing.T) {
	t.Parallel()
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	text := "\x7fELF\x00\x00" + wide("super_pwd=Wide#P4ss") + "\x00\x00" + wide("Password: ") + "\x00\x00" + wide("password=%s") + "\x00\x00"
	want := []found{{secret.Password, 0, "", "Wide#P4ss"}}
	if d := cmp.Diff(want, scan("/usr/bin/x", text)); d != "" {
		t.Error(d)
	}
}

func TestCutIsSaid(t *testing.T) {
	t.Parallel()
	hits := hitsOf("/etc/x.conf", bytes.Repeat([]byte("pass=abcd9\n"), 5000))
	if n := len(hits); n < 1000 || hits[n-1].Kind != secret.Cut {
		t.Errorf("%d hits, the last %+v", n, hits[n-1])
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"root:" + md5Hash + ":1::::::\nx::0:0::/:/bin/sh", "a=ftp://u:p4ssw0rd@h/", "pass = 'a\\'b'", "<password>x1y2</password>",
		"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "\x7fELF\x01\x01login\x00Xk3jP0qa9\x00", "\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x01\x03",
		"echo a:b1c2 | chpasswd", "openssl enc -K \"a b", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.abcdefghijklmnop", "option psk 'abcdefgh'", "30\x82\x01",
		"a --password b1c2 -u d", "users={\"al\":\"b1c2d3\"}", "[users]\nal=b1c2d3", "insert into users (a,password) values (1,'b1c2')", "x' identified by 'b1c2", "key=[1,2,3", "pass: |\n b1c2",
		"u == 'admin' && p == 'b1c2d3'", "a=eyJwYXNzIjoiYjFjMmQzIn0=", "b=YWRtaW46YjFjMg==", "WIFI:S:a;P:b1c2d3;", "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAA\"}", "untrusted comment: x\nRWRCSw==", "密码：b1c2",
		"passwd a <<E\nb1c2\nE", "echo b1c2 > /x.passwd", "curl \\\n -u a:b1c2", "${PW:-b1c2}", "p\x00a\x00s\x00s\x00=\x00b\x001\x00", "\xff\xfep\x00=\x00", "-----BEGIN EC PRIVATE KEY-----\\n\"\n\"AA", "pass(\"b1c2\")", "auth=(\"a\", \"b1c2\")",
	} {
		for _, p := range []string{"/etc/passwd", "/etc/x.conf", "/x.sh", "/www/x.js", "/root/.ash_history", "/root/.ssh/authorized_keys", "/nvs", "/x.h", "/x.csv", "/etc/httpd.conf", "/etc/wifi.pw", "/etc/web.users"} {
			f.Add(p, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		for _, h := range hitsOf(path, b) {
			if h.Offset < 0 || h.Offset > int64(len(b)) || h.Kind == "" || h.Path != path {
				t.Errorf("%+v in %d bytes", h, len(b))
			}
		}
	})
}
