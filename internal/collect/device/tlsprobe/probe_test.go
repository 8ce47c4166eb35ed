package tlsprobe

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/collect/device/peertest"

	"github.com/google/go-cmp/cmp"
)

// issue makes a self-signed certificate for a key.
func issue(key crypto.Signer) tls.Certificate {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x1005),
		Subject:      pkix.Name{CommonName: "camera", Organization: []string{"Lumi"}},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:     []string{"camera.local"},
		IPAddresses:  []net.IP{net.IPv4(192, 168, 1, 5)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err) // the template above is fixed
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

var rsaCert = sync.OnceValue(func() tls.Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return issue(key)
})

var ecCert = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return issue(key)
})

func serve(conf *tls.Config) peertest.Serve {
	return func(c net.Conn) {
		s := tls.Server(c, conf)
		_ = s.Handshake() // the probe hangs up in the middle
	}
}

func names(suites []Suite) []string {
	var n []string
	for _, s := range suites {
		n = append(n, strings.TrimPrefix(s.Name, "TLS_"))
	}
	slices.Sort(n)
	return n
}

func groupNames(groups []Group) []string {
	var n []string
	for _, g := range groups {
		n = append(n, g.Name)
	}
	slices.Sort(n)
	return n
}

func TestVersionsAndSuites(t *testing.T) {
	t.Parallel()
	gcm := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
	tests := map[string]struct {
		conf     *tls.Config
		accepted []Version
		suites12 []string
		static   Outcome
		nonFS    Outcome
	}{
		"modern": {
			conf:     &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: gcm, Certificates: []tls.Certificate{rsaCert()}},
			accepted: []Version{TLS13, TLS12},
			suites12: []string{"ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
			static:   Refused, nonFS: Refused,
		},
		"only_13": {
			conf:     &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{ecCert()}},
			accepted: []Version{TLS13}, static: Refused, nonFS: Refused,
		},
		"old_and_static_rsa": {
			conf: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{rsaCert()},
				CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}},
			accepted: []Version{TLS12, TLS11, TLS10},
			suites12: []string{"ECDHE_RSA_WITH_AES_128_CBC_SHA", "RSA_WITH_3DES_EDE_CBC_SHA", "RSA_WITH_AES_128_CBC_SHA"},
			static:   Accepted, nonFS: Accepted,
		},
		"only_10": {
			conf: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, Certificates: []tls.Certificate{ecCert()},
				CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}},
			accepted: []Version{TLS10}, static: Refused, nonFS: Refused,
		},
		"chacha_ecdsa": {
			conf: &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ecCert()},
				CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}},
			accepted: []Version{TLS12},
			suites12: []string{"ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}, static: Refused, nonFS: Refused,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Probe(t.Context(), peertest.Pipe(t, serve(tt.conf)), Config{ServerName: "camera.local"})
			var accepted []Version
			for _, v := range AllVersions() {
				yes, known := r.Offered(v)
				if !known {
					vr, _ := r.Version(v)
					t.Errorf("%s: not known: %+v", v, vr.First)
				}
				if yes {
					accepted = append(accepted, v)
				}
			}
			if diff := cmp.Diff(tt.accepted, accepted); diff != "" {
				t.Errorf("accepted versions (-want +got):\n%s", diff)
			}
			if v12, _ := r.Version(TLS12); tt.suites12 != nil {
				if diff := cmp.Diff(tt.suites12, names(v12.Suites)); diff != "" || !v12.SuitesWhole {
					t.Errorf("suites of TLS 1.2, whole %v (-want +got):\n%s\n%+v", v12.SuitesWhole, diff, v12.SuitesEnd)
				}
			}
			notThere := func(want Outcome, o Offer) bool { return o.Outcome == want || want == Refused && o.NotOffered() }
			if !notThere(tt.static, r.StaticRSA) || !notThere(tt.nonFS, r.NoForwardSecrecy) {
				t.Errorf("static RSA %+v, no forward secrecy %+v; want %s, %s", r.StaticRSA, r.NoForwardSecrecy, tt.static, tt.nonFS)
			}
			if len(r.Chain) != 1 || r.ChainErr != nil {
				t.Fatalf("chain %v, %v", r.Chain, r.ChainErr)
			}
			if c := r.Chain[0]; c.Subject != "CN=camera,O=Lumi" || !c.SelfSigned || c.Serial != "1005" || c.ParseError != "" ||
				!slices.Equal(c.SANs, []string{"camera.local", "192.168.1.5"}) {
				t.Errorf("leaf %+v", c)
			}
			if !r.TLS || !r.Whole || r.Err != nil || r.Control.Outcome != Accepted {
				t.Errorf("whole %v, %v, control %+v", r.Whole, r.Err, r.Control)
			}
			t.Logf("%d connections", r.Connections)
		})
	}
}

func TestGroupsAndPreference(t *testing.T) {
	t.Parallel()
	conf := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ecCert()},
		CurvePreferences: []tls.CurveID{tls.CurveP256, tls.CurveP384},
		CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}}
	r := Probe(t.Context(), peertest.Pipe(t, serve(conf)), Config{})
	for _, v := range []Version{TLS13, TLS12} {
		vr, _ := r.Version(v)
		if diff := cmp.Diff([]string{"secp256r1", "secp384r1"}, groupNames(vr.Groups)); diff != "" || !vr.GroupsWhole {
			t.Errorf("%s: groups, whole %v (-want +got):\n%s", v, vr.GroupsWhole, diff)
		}
	}
	if vr, _ := r.Version(TLS12); vr.Preference != PreferenceServer {
		t.Errorf("preference %s, want server", vr.Preference)
	}
	if vr, _ := r.Version(TLS13); vr.First.Group != 0x0017 || len(vr.Suites) != 3 {
		t.Errorf("TLS 1.3: first %+v, suites %v", vr.First, names(vr.Suites))
	}
}

func TestHelloRetry(t *testing.T) {
	t.Parallel()
	conf := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{ecCert()}, CurvePreferences: []tls.CurveID{tls.CurveP521}}
	r := Probe(t.Context(), peertest.Pipe(t, serve(conf)), Config{Versions: []Version{TLS13}})
	vr, _ := r.Version(TLS13)
	if vr.First.Outcome != Accepted || !vr.First.HelloRetry || vr.First.Group != 0x0019 {
		t.Errorf("first %+v, want a retry for secp521r1", vr.First)
	}
	if len(r.Chain) != 1 {
		t.Errorf("no certificate: %v", r.ChainErr)
	}
}

// answering sends fixed bytes as the answer to any hello.
func answering(text string) peertest.Serve {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 8192))
		_, _ = io.WriteString(c, text)
	}
}

// TestAnswers holds single answers against the closed set of outcomes.
func TestAnswers(t *testing.T) {
	t.Parallel()
	hello := func(version, suite string, rest string) string {
		body := version + strings.Repeat("R", 32) + "\x00" + suite + rest
		msg := "\x02\x00\x00" + string(rune(len(body))) + body
		return "\x16\x03\x01\x00" + string(rune(len(msg))) + msg
	}
	tests := map[string]struct {
		text       string
		want       Outcome
		cause      Cause
		notOffered bool
	}{
		"protocol_version":  {"\x15\x03\x03\x00\x02\x02\x46", Refused, "", true},
		"handshake_failure": {"\x15\x03\x01\x00\x02\x02\x28", Refused, "", true},
		"internal_error":    {"\x15\x03\x03\x00\x02\x02\x50", Refused, "", false},
		"unknown_alert":     {"\x15\x03\x03\x00\x02\x02\xfe", Refused, "", false},
		"close_notify":      {"\x15\x03\x03\x00\x02\x01\x00", Refused, "", false},
		"warning_then_end":  {"\x15\x03\x03\x00\x02\x01\x70", Refused, "", false},
		"older_version":     {hello("\x03\x01", "\x00\x2f", "\x00"), OtherVersion, "", true},
		"accepted":          {hello("\x03\x03", "\xc0\x2f", "\x00"), Accepted, "", false},
		"after_a_warning":   {"\x15\x03\x03\x00\x02\x01\x70" + hello("\x03\x03", "\xc0\x2f", "\x00"), Accepted, "", false},
		"newer_version":     {hello("\x03\x04", "\x13\x01", "\x00"), BadAnswer, "", false},
		"suite_not_offered": {hello("\x03\x03", "\x13\x01", "\x00"), BadAnswer, "", false},
		"compression":       {hello("\x03\x03", "\xc0\x2f", "\x01"), BadAnswer, "", false},
		"bad_extensions":    {hello("\x03\x03", "\xc0\x2f", "\x00\x00\x09ab"), BadAnswer, "", false},
		"application_data":  {"\x17\x03\x03\x00\x01x", BadAnswer, "", false},
		"huge_record":       {"\x16\x03\x03\xff\xffx", BadAnswer, "", false},
		"empty_record":      {"\x16\x03\x03\x00\x00", BadAnswer, "", false},
		"huge_message":      {"\x16\x03\x03\x00\x04\x02\xff\xff\xff", BadAnswer, "", false},
		"finished_first":    {"\x16\x03\x03\x00\x04\x14\x00\x00\x00", BadAnswer, "", false},
		"half_record":       {"\x16\x03\x03\x00\x50\x02", BadAnswer, "", false},
		"http":              {"HTTP/1.1 400 Bad Request\r\n\r\n", NotTLS, "", false},
		"ssh":               {"SSH-2.0-dropbear\r\n", NotTLS, "", false},
		"odd_record":        {"\x16\x09\x09\x00\x01x", NotTLS, "", false},
		"closed":            {"", NoAnswer, CauseClosed, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &prober{dial: Dial(peertest.Pipe(t, answering(tt.text))), cfg: Config{}.withDefaults()}
			o := p.offer(t.Context(), p.hello(TLS12, offers(TLS12)[0]))
			if o.Outcome != tt.want || o.Cause != tt.cause || o.NotOffered() != tt.notOffered {
				t.Errorf("got %s %s (not offered: %v) %s, want %s %s (%v)", o.Outcome, o.Cause, o.NotOffered(), o.Detail, tt.want, tt.cause, tt.notOffered)
			}
			if tt.text != "" && len(o.Raw) == 0 {
				t.Error("nothing of the answer was kept")
			}
		})
	}
}

func TestSSL2(t *testing.T) {
	t.Parallel()
	cert := ecCert().Certificate[0]
	body := "\x04\x00\x01\x00\x02" + string([]byte{byte(len(cert) >> 8), byte(len(cert))}) + "\x00\x03\x00\x10" + string(cert) + "\x01\x00\x80" + strings.Repeat("c", 16)
	text := string([]byte{0x80 | byte(len(body)>>8), byte(len(body))}) + body
	p := &prober{dial: Dial(peertest.Pipe(t, answering(text))), cfg: Config{}.withDefaults()}
	o := p.offer(t.Context(), p.hello(SSL2, nil))
	if o.Outcome != Accepted || o.Version != SSL2 || len(o.chain) != 1 {
		t.Errorf("offer %+v", o)
	}
	p.dial = Dial(peertest.Pipe(t, answering("\x80\x03\x00\x00\x01")))
	if o := p.offer(t.Context(), p.hello(SSL2, nil)); o.Outcome != Refused || !o.NotOffered() {
		t.Errorf("error message: %+v", o)
	}
}

// TestHangsUp: a server that closes instead of sending alerts.
func TestHangsUp(t *testing.T) {
	t.Parallel()
	conf := &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{rsaCert()},
		CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	dial := peertest.Pipe(t, func(c net.Conn) { _ = tls.Server(mute{c}, conf).Handshake() })
	r := Probe(t.Context(), dial, Config{})
	for _, v := range []Version{TLS13, TLS11, TLS10, SSL3} {
		vr, _ := r.Version(v)
		if vr.First.Outcome != NoAnswer || vr.First.Cause != CauseClosed {
			t.Errorf("%s: %+v, want no answer, closed", v, vr.First)
		}
		if yes, known := r.Offered(v); yes || !known {
			t.Errorf("%s: offered %v, known %v; the control shows that the server was there", v, yes, known)
		}
	}
	if vr, _ := r.Version(TLS12); !vr.SuitesWhole || len(vr.Suites) != 1 {
		t.Errorf("TLS 1.2: %v, whole %v", names(vr.Suites), vr.SuitesWhole)
	}
}

// mute drops alerts.
type mute struct{ net.Conn }

func (m mute) Write(b []byte) (int, error) {
	if len(b) > 0 && b[0] == 21 {
		return len(b), nil
	}
	return m.Conn.Write(b)
}

func TestBrokenCertificate(t *testing.T) {
	t.Parallel()
	der := append([]byte(nil), ecCert().Certificate[0]...)
	der = der[:len(der)/2]
	conf := &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: ecCert().PrivateKey}}}
	r := Probe(t.Context(), peertest.Pipe(t, serve(conf)), Config{Versions: []Version{TLS12}})
	if len(r.Chain) != 1 || r.Chain[0].ParseError == "" || !cmp.Equal(r.Chain[0].DER, der) || r.Chain[0].SHA256 == "" {
		t.Errorf("chain %+v, %v", r.Chain, r.ChainErr)
	}
}

func TestBadPeers(t *testing.T) {
	peertest.Run(t, func(ctx context.Context, t *testing.T, dial peertest.Dial) {
		r := Probe(ctx, dial, Config{})
		for _, vr := range r.Versions {
			if vr.First.Outcome == Accepted {
				t.Errorf("%s accepted by such a peer: %+v", vr.Version, vr.First)
			}
			if yes, known := r.Offered(vr.Version); yes || known && !vr.First.NotOffered() {
				t.Errorf("%s: offered %v, known %v from %+v", vr.Version, yes, known, vr.First)
			}
		}
		if ctx.Err() != nil && r.Whole {
			t.Error("a cancelled probe says it is whole")
		}
	})
}

func TestSuiteTable(t *testing.T) {
	t.Parallel()
	seen := map[uint16]string{}
	for _, s := range listedSuites {
		seen[s.Code] = s.Name
	}
	for _, s := range otherSuites {
		if have, ok := seen[s.code]; ok {
			t.Errorf("0x%04X stands twice: %s, %s", s.code, have, s.name)
		}
		seen[s.code] = s.name
	}
	// Go's own names are an independent source for some of them.
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if got := SuiteOf(s.ID).Name; got != s.Name {
			t.Errorf("0x%04X: %s, Go says %s", s.ID, got, s.Name)
		}
	}
	for _, v := range []Version{TLS13, TLS12, TLS11, TLS10, SSL3} {
		for i, chunk := range offers(v) {
			if len(chunk) == 0 || len(chunk) > maxChunk {
				t.Errorf("%s: chunk %d has %d suites", v, i, len(chunk))
			}
		}
	}
}

func TestDerive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   uint16
		kx     string
		cipher string
		fs     bool
		level  Level
	}{
		{0x0001, "RSA", "NULL", false, Forbidden},
		{0x0018, "DH_anon", "RC4-128", false, Forbidden},
		{0x0009, "RSA", "DES-CBC", false, Forbidden},
		{0x0041, "RSA", "CAMELLIA-128-CBC", false, NotApproved},
		{0xC050, "RSA", "ARIA-128-GCM", false, NotApproved},
		{0x00A2, "DHE", "AES-128-GCM", true, AskExpert},
		{0xC02D, "ECDH", "AES-128-GCM", false, AskExpert},
		{0xC0A4, "PSK", "AES-128-CCM", false, AskExpert},
		{0xC037, "ECDHE_PSK", "AES-128-CBC", true, AskExpert},
		{0xC02F, "ECDHE", "AES-128-GCM", true, Preferred},
		{0xCCA8, "ECDHE", "ChaCha20-Poly1305", true, StrongNotNIST},
		{0xFEFE, "", "", false, AskExpert},
	}
	for _, tt := range tests {
		s := SuiteOf(tt.code)
		if s.KX != tt.kx || s.Cipher != tt.cipher || s.ForwardSecrecy != tt.fs || s.Level != tt.level || s.NIST && !s.Listed {
			t.Errorf("0x%04X: %+v, want %+v", tt.code, s, tt)
		}
	}
}
