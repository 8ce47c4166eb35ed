package banner

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/internal/collect/device/peertest"
)

var conf = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

// greets sends text at once; answers waits for a request that begins with
// prefix and stays silent on others.
func greets(text string) peertest.Serve {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

func answers(prefix, text string) peertest.Serve {
	return func(c net.Conn) {
		b := make([]byte, 4096)
		n, err := c.Read(b)
		if err == nil && strings.HasPrefix(string(b[:n]), prefix) {
			_, _ = io.WriteString(c, text)
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

func secure(s peertest.Serve) peertest.Serve {
	return func(c net.Conn) {
		t := tls.Server(c, conf())
		if t.Handshake() == nil {
			s(t)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	const web = "HTTP/1.1 200 OK\r\nServer: lighttpd/1.4.35\r\nContent-Length: 0\r\n\r\n"
	const media = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\nPublic: DESCRIBE\r\n\r\n"
	const connack = "\x20\x02\x00\x05"
	tests := map[string]struct {
		serve            peertest.Serve
		port             uint16
		want             Service
		product, version string
		how              string
		tls, silent      bool
	}{
		"ssh":            {greets("SSH-2.0-dropbear_2019.78\r\n"), 22, SSH, "dropbear", "2019.78", "passive", false, false},
		"openssh":        {greets("SSH-2.0-OpenSSH_8.2p1 Ubuntu-4\r\n"), 2222, SSH, "OpenSSH", "8.2p1", "passive", false, false},
		"telnet":         {greets("\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\nBusyBox v1.20 on cam\r\ncam login: "), 23, Telnet, "BusyBox v1.20 on cam", "", "passive", false, false},
		"telnet_odd":     {greets("\r\ncam login: "), 9999, Telnet, "cam", "", "passive", false, false},
		"ftp":            {greets("220 (vsFTPd 3.0.3)\r\n"), 21, FTP, "vsFTPd", "3.0.3", "passive", false, false},
		"ftp_bare":       {greets("220 Welcome\r\n"), 21, FTP, "", "", "passive", false, false},
		"smtp":           {greets("220 mail ESMTP\r\n"), 25, SMTP, "", "", "passive", false, false},
		"http":           {answers("GET ", web), 80, HTTP, "lighttpd", "1.4.35", "http", false, false},
		"http_odd_port":  {answers("GET ", web), 554, HTTP, "lighttpd", "1.4.35", "http", false, false},
		"rtsp":           {answers("OPTIONS ", media), 554, RTSP, "GStreamer RTSP server", "", "rtsp", false, false},
		"rtsp_odd_port":  {answers("OPTIONS ", media), 7000, RTSP, "GStreamer RTSP server", "", "rtsp", false, false},
		"mqtt":           {answers("\x10", connack), 1883, MQTT, "", "", "mqtt", false, false},
		"mqtt_odd_port":  {answers("\x10", connack), 7000, MQTT, "", "", "mqtt", false, false},
		"https":          {secure(answers("GET ", web)), 443, HTTPS, "lighttpd", "1.4.35", "http", true, false},
		"https_odd_port": {secure(answers("GET ", web)), 7000, HTTPS, "lighttpd", "1.4.35", "http", true, false},
		"rtsps":          {secure(answers("OPTIONS ", media)), 322, RTSPS, "GStreamer RTSP server", "", "rtsp", true, false},
		"mqtts":          {secure(answers("\x10", connack)), 8883, MQTTS, "", "", "mqtt", true, false},
		"tls_unknown":    {secure(answers("\x00", "")), 7000, TLS, "", "", "tls", true, false},
		"unknown":        {greets("hello there\r\n"), 7000, Unknown, "", "", "passive", false, false},
		"silent":         {answers("\x00", ""), 7000, Unknown, "", "", "", false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf() // made outside of the bubble
			synctest.Test(t, func(t *testing.T) {
				r := Identify(t.Context(), Dial(peertest.Pipe(t, tt.serve)), Config{Port: tt.port})
				if r.Service != tt.want || r.Product != tt.product || r.Version != tt.version || r.How != tt.how || r.TLS != tt.tls || r.Silent != tt.silent || r.Err != nil {
					t.Errorf("%+v, want %+v", r, tt)
				}
				if len(r.Raw) > MaxRaw || len(r.Raw) == 0 && !tt.silent {
					t.Errorf("raw %q", r.Raw)
				}
			})
		})
	}
}

// TestPlainComplaint: a TLS port that answers plain HTTP with a hint, as Go
// and nginx do.
func TestPlainComplaint(t *testing.T) {
	t.Parallel()
	conf()
	synctest.Test(t, func(t *testing.T) {
		inner := secure(answers("GET ", "HTTP/1.1 200 OK\r\n\r\n"))
		r := Identify(t.Context(), Dial(peertest.Pipe(t, func(c net.Conn) {
			b := make([]byte, 1)
			if _, err := io.ReadFull(c, b); err != nil {
				return
			}
			if b[0] != 22 {
				_, _ = c.Read(make([]byte, 4096))
				_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
				return
			}
			inner(&prefixed{c, b})
		})), Config{Port: 9000})
		if r.Service != HTTPS {
			t.Errorf("%+v", r)
		}
	})
}

type prefixed struct {
	net.Conn
	first []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// TestSendsNoCredentials looks at everything that is ever sent.
func TestSendsNoCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent strings.Builder
		_ = Identify(t.Context(), Dial(peertest.Pipe(t, func(c net.Conn) {
			b, _ := io.ReadAll(c)
			mu.Lock()
			defer mu.Unlock()
			sent.Write(b)
		})), Config{})
		mu.Lock()
		defer mu.Unlock()
		if low := strings.ToLower(sent.String()); low == "" || strings.Contains(low, "authorization") || strings.Contains(low, "pass") {
			t.Errorf("sent %q", low)
		}
	})
}

func TestBadPeers(t *testing.T) {
	peertest.Run(t, func(ctx context.Context, t *testing.T, dial peertest.Dial) {
		r := Identify(ctx, Dial(dial), Config{})
		if len(r.Raw) > MaxRaw || r.Service == "" {
			t.Errorf("%+v", r)
		}
		if ctx.Err() != nil && r.Err == nil {
			t.Error("cancelled, and no error")
		}
	})
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"SSH-2.0-x_1", "SSH-", "220", "220-ftp\r\n", "HTTP/1.1 200\r\nServer: a/1\r\n\r\n", "\x20\x02\x00\x00", "\xff\xfa\x18", "\xff\xfd\x01login: "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := classify(b)
		if r.Service == "" || len(r.Raw) > MaxRaw || len(r.Product) > 3*maxText || len(r.Version) > 3*maxText {
			t.Errorf("%+v", r)
		}
	})
}
