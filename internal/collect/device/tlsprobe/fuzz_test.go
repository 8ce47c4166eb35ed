package tlsprobe

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"

	"assay/internal/network"
)

// record returns what a real server answers to one hello.
func record(f *testing.F, conf *tls.Config, h *hello) []byte {
	f.Helper()
	msg, err := h.marshal()
	if err != nil {
		f.Fatal(err)
	}
	client, server := network.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = tls.Server(server, conf).Handshake()
		_ = server.Close()
	}()
	if _, err := client.Write(msg); err != nil {
		f.Fatal(err)
	}
	var got bytes.Buffer
	_ = readFlight(readerFunc(func(b []byte) (int, error) {
		n, err := client.Read(b)
		got.Write(b[:n])
		return n, err
	}), h)
	_ = client.Close()
	<-done
	return got.Bytes()
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func FuzzReadFlight(f *testing.F) {
	p := &prober{cfg: Config{}.withDefaults()}
	conf := &tls.Config{MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{ecCert()}}
	for _, v := range []Version{TLS10, TLS12, TLS13} {
		f.Add(uint16(v), record(f, conf, p.hello(v, offers(v)[0])))
	}
	f.Add(uint16(SSL2), []byte("\x80\x03\x00\x00\x01"))
	f.Add(uint16(SSL3), []byte("\x15\x03\x00\x00\x02\x02\x28"))
	f.Add(uint16(TLS12), []byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Fuzz(func(t *testing.T, version uint16, b []byte) {
		v := Version(version)
		if v != SSL2 && (v < SSL3 || v > TLS13) {
			v = TLS12
		}
		var suites []uint16
		if v != SSL2 {
			suites = offers(v)[0]
		}
		o := readFlight(bytes.NewReader(b), p.hello(v, suites))
		switch o.Outcome {
		case Accepted:
			if o.Version != v {
				t.Errorf("accepted %s for an offer of %s", o.Version, v)
			}
		case Refused:
			if o.Alert == nil {
				t.Error("refused without an alert")
			}
		case OtherVersion, NotTLS, BadAnswer, NoAnswer:
		default:
			t.Errorf("outcome %q", o.Outcome)
		}
		if len(o.Raw) > maxRaw || len(o.chain) > maxChain {
			t.Errorf("kept %d bytes, %d certificates", len(o.Raw), len(o.chain))
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(ecCert().Certificate[0])
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x01})
	f.Fuzz(func(t *testing.T, der []byte) {
		c := ParseCertificate(der)
		if len(c.SHA256) != 64 || c.ParseError == "" && c.SPKISHA256 == "" {
			t.Errorf("certificate %+v", c)
		}
	})
}

// TestHelloIsReadable: Go's own parser takes every hello.
func TestHelloIsReadable(t *testing.T) {
	t.Parallel()
	p := &prober{cfg: Config{ServerName: "camera.local"}.withDefaults()}
	for _, v := range []Version{TLS10, TLS11, TLS12, TLS13} {
		for _, chunk := range offers(v) {
			h := p.hello(v, chunk)
			msg, err := h.marshal()
			if err != nil {
				t.Fatal(err)
			}
			client, server := network.Pipe()
			var info *tls.ClientHelloInfo
			conf := &tls.Config{MinVersion: tls.VersionTLS10, GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
				info = i
				return nil, net.ErrClosed
			}}
			if _, err := client.Write(msg); err != nil {
				t.Fatal(err)
			}
			_ = tls.Server(server, conf).Handshake()
			_ = client.Close()
			if info == nil || info.ServerName != "camera.local" {
				t.Fatalf("%s: the hello was not understood", v)
			}
		}
	}
}
