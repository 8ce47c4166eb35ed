package tlsprobe

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl starts an OpenSSL server on a free loopback port.
func openssl(t *testing.T, args ...string) Dial {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here: Go's own server is the only other side of these tests")
	}
	cert := rsaCert()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "both.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"s_server", "-accept", "127.0.0.1:0", "-www", "-cert", file, "-key", file}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: the error says so
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if addr, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
			return func(ctx context.Context) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "tcp", addr)
			}
		}
	}
	t.Skip("this openssl doesn't take the options, or doesn't tell its port")
	return nil
}

func TestOpenSSL(t *testing.T) {
	t.Parallel()
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		r := Probe(t.Context(), openssl(t, "-cipher", "ALL:eNULL:@SECLEVEL=0", "-serverpref"), Config{MaxOffers: 120})
		v12, _ := r.Version(TLS12)
		if !r.Whole || len(v12.Suites) < 20 || !v12.SuitesWhole || v12.Preference != PreferenceServer || v12.DHBits < 1024 {
			t.Errorf("whole %v (%v), %d suites (whole %v, end %+v), preference %s, %d bits", r.Whole, r.Err, len(v12.Suites), v12.SuitesWhole, v12.SuitesEnd, v12.Preference, v12.DHBits)
		}
		levels := map[Level]bool{}
		for _, s := range v12.Suites {
			levels[s.Level] = true
		}
		if !levels[Preferred] || !levels[Forbidden] || !levels[NoFS] || r.StaticRSA.Outcome != Accepted || r.NoForwardSecrecy.Outcome != Accepted {
			t.Errorf("levels %v, static RSA %s", levels, r.StaticRSA.Outcome)
		}
		for _, v := range []Version{SSL3, SSL2} {
			if yes, known := r.Offered(v); yes || !known {
				t.Errorf("%s: offered %v, known %v", v, yes, known)
			}
		}
	})
	t.Run("only_11", func(t *testing.T) {
		t.Parallel()
		r := Probe(t.Context(), openssl(t, "-cipher", "DEFAULT:@SECLEVEL=0", "-tls1_1"), Config{})
		for _, v := range AllVersions() {
			if yes, known := r.Offered(v); yes != (v == TLS11) || !known {
				t.Errorf("%s: offered %v, known %v", v, yes, known)
			}
		}
		if v12, _ := r.Version(TLS12); v12.First.Outcome != OtherVersion || v12.First.Version != TLS11 {
			t.Errorf("TLS 1.2: %+v, want the answer of an older version", v12.First)
		}
		if len(r.Chain) != 1 || r.Chain[0].KeyBits != 2048 {
			t.Errorf("chain %+v", r.Chain)
		}
	})
	t.Run("only_13", func(t *testing.T) {
		t.Parallel()
		r := Probe(t.Context(), openssl(t, "-tls1_3", "-groups", "P-384"), Config{})
		v13, _ := r.Version(TLS13)
		if v13.First.Outcome != Accepted || !v13.First.HelloRetry || v13.First.Group != 0x0018 || len(r.Chain) != 1 {
			t.Errorf("TLS 1.3: %+v, chain %v", v13.First, r.ChainErr)
		}
	})
}
