package inspect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/collect/firmware/format/carve"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/testdata"
)

// truth is what was put into an image on purpose.
type truth struct {
	Planted []planted `json:"planted"`
	Decoys  []struct {
		Path, Value, Why string
	} `json:"decoys"`
	Hosts []struct {
		Host  string   `json:"host"`
		Port  int      `json:"port"`
		Paths []string `json:"paths"`
	} `json:"hosts"`
}

type planted struct {
	ID, Kind, Path, Value, User, Scheme, Password, Algorithm string
	Offset                                                   *int64
	Line                                                     int
	Bits                                                     int
	SPKI                                                     string `json:"spki_sha256"`
	CertSHA256                                               string `json:"cert_sha256"`
}

// report is everything that the inspectors say about one tree.
type report struct {
	secrets []secret.Hit
	hosts   []host.Use
	items   []startup.Item
	perms   map[string][]perm.Kind
	certs   []cert.Certificate
	broken  []cert.Broken
	bytes   int64
	took    time.Duration // of the inspectors alone
}

// now is the day that certificates are judged at.
var now = time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)

// inspectImage finds the file system in an image and inspects its files.
func inspectImage(t testing.TB, path string) (report, truth) {
	t.Helper()
	img, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tr truth
	b, err := os.ReadFile(path[:strings.LastIndexByte(path, '.')] + ".truth.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	found, err := carve.Scan(context.Background(), bytes.NewReader(img), int64(len(img)), carve.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := report{perms: map[string][]perm.Kind{}}
	trees := 0
	for _, p := range found.Parts {
		if !p.Read {
			continue
		}
		trees++
		fs, err := squashfs.Open(io.NewSectionReader(bytes.NewReader(img), p.Offset, p.Size), p.Size, squashfs.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := fs.Walk(context.Background(), r.entry); err != nil {
			t.Fatal(err)
		}
	}
	if trees != 1 {
		t.Fatalf("%d file systems in %s", trees, path)
	}
	return r, tr
}

func (r *report) entry(e squashfs.Entry, content io.Reader) error {
	key := false
	if content != nil {
		f, err := inspect.Load(e.Path, e.Mode, content, 0, nil)
		if err != nil {
			return err
		}
		r.bytes += int64(len(f.Data))
		begin := time.Now()
		hits := secret.Scan(f)
		r.secrets = append(r.secrets, hits...)
		r.hosts = append(r.hosts, host.Scan(f)...)
		r.items = append(r.items, startup.Scan(f)...)
		c, b := cert.Scan(f, now)
		r.certs, r.broken = append(r.certs, c...), append(r.broken, b...)
		r.took += time.Since(begin)
		for _, h := range hits {
			key = key || h.Kind == secret.PrivateKey
		}
	}
	if k := perm.Of(perm.Entry{Path: e.Path, Type: string(e.Type), Mode: e.Mode, UID: e.UID, GID: e.GID, Key: key}); k != nil {
		r.perms[e.Path] = k
	}
	return nil
}

// group is what a planted item counts as; "" is no task of these packages.
func group(p planted) string {
	if strings.Contains(p.Path, ":") {
		return "" // outside of the squashfs: boot loader environment, jffs2
	}
	switch p.Kind {
	case "private-key":
		return "keys"
	case "password-hash":
		return "hashes"
	case "url-credentials":
		return "url-credentials"
	case "elf-not-hardened", "unsafe-functions", "elf-debug-symbols", "build-trace":
		return ""
	case "undeclared-host", "hard-coded-resolver":
		return "hosts"
	}
	return "others"
}

// holds says whether the report has the planted item: kind, place and value.
func (r *report) holds(p planted) bool {
	switch p.Kind {
	case "file-permission", "key-world-readable":
		return slices.Contains(r.perms[p.Path], perm.SecretReadable)
	case "world-writable":
		return slices.Contains(r.perms[p.Path], perm.WorldWritable)
	case "setuid-root":
		return slices.Contains(r.perms[p.Path], perm.SetUIDRoot)
	case "debug-tool":
		return slices.Contains(r.perms[p.Path], perm.DebugTool)
	case "cert-expired":
		return r.cert(p, cert.Expired) && slices.ContainsFunc(r.certs, func(c cert.Certificate) bool { return c.SHA256 == p.CertSHA256 && c.SelfSigned })
	case "cert-weak-signature":
		return r.cert(p, cert.WeakSignature)
	case "cert-weak-key":
		return r.cert(p, cert.WeakKey)
	case "undeclared-host", "hard-coded-resolver":
		return slices.ContainsFunc(r.hosts, func(u host.Use) bool {
			return u.Class.Contacted() && u.Path == p.Path && u.Host == p.Value && near(p, u.Offset, u.Line)
		})
	}
	if kinds := itemKinds[p.Kind]; kinds != "" {
		return slices.ContainsFunc(r.items, func(i startup.Item) bool {
			return i.Kind == kinds && i.Path == p.Path && near(p, i.Offset, i.Line)
		})
	}
	return slices.ContainsFunc(r.secrets, func(h secret.Hit) bool {
		if h.Path != p.Path || !slices.Contains(secretKinds[p.Kind], h.Kind) || !near(p, h.Offset, h.Line) {
			return false
		}
		if p.User != "" && h.User != p.User || p.SPKI != "" && h.SPKI != p.SPKI || p.Bits != 0 && h.Bits != p.Bits {
			return false
		}
		if h.Kind == secret.PrivateKey {
			return h.Algorithm == p.Algorithm && !h.Encrypted
		}
		return p.Value == "" || strings.Contains(h.Value, p.Value) || strings.Contains(p.Value, h.Value)
	})
}

func (r *report) cert(p planted, want cert.Problem) bool {
	return slices.ContainsFunc(r.certs, func(c cert.Certificate) bool {
		return c.Path == p.Path && slices.Contains(c.Problems, want)
	})
}

// near says that a hit stands where the item was planted; a few bytes off where
// the one counts from the key and the other from its value.
func near(p planted, off int64, line int) bool {
	if p.Line != 0 && line != p.Line {
		return false
	}
	return p.Offset == nil || p.Line != 0 || off == *p.Offset
}

var itemKinds = map[string]startup.Kind{
	"uart-shell-no-login": startup.SerialShell, "telnet-enabled": startup.Telnet, "service-enabled": startup.Service,
	"upnp-port-forward": startup.PortForward, "cleartext-transport": startup.CleartextTransport, "http-cleartext-ui": startup.CleartextTransport,
	"update-over-http": startup.UpdateOverHTTP, "tls-verify-disabled": startup.TLSVerifyDisabled, "update-without-signature": startup.UpdateUnsigned,
	"weak-cipher": startup.WeakCipher, "command-injection": startup.CommandInjection, "login-over-get": startup.LoginOverGet,
	"weak-tls-config": startup.WeakTLS, "directory-listing": startup.DirectoryListing,
}

var secretKinds = map[string][]secret.Kind{
	"password-hash": {secret.PasswordHash}, "uid0-account": {secret.UID0Account}, "empty-password": {secret.EmptyPassword},
	"wifi-psk": {secret.WiFiPSK}, "mqtt-credentials": {secret.Password, secret.EmbeddedLogin}, "aws-access-key-id": {secret.CloudKeyID},
	"aws-secret-key": {secret.CloudSecret}, "hmac-secret": {secret.SymmetricKey}, "smtp-credentials": {secret.Password},
	"url-credentials": {secret.URLCredential}, "webhook": {secret.Webhook}, "symmetric-key": {secret.SymmetricKey}, "api-key": {secret.APIKey},
	"default-credentials": {secret.Password}, "shell-history": {secret.Password}, "backdoor-credentials": {secret.EmbeddedLogin},
	"hard-coded-password": {secret.EmbeddedLogin}, "private-key": {secret.PrivateKey}, "ssh-authorized-key": {secret.AuthorizedKey},
}

func TestAccuracyOnInsecureCameras(t *testing.T) {
	t.Parallel()
	for _, image := range []string{"camera-insecure/camera-insecure.bin", "camera-small-flash/camera-small-flash.bin"} {
		t.Run(strings.Split(image, "/")[0], func(t *testing.T) {
			t.Parallel()
			r, tr := inspectImage(t, testdata.Dir(t, "firmware/built", image))
			found, all := map[string]int{}, map[string]int{}
			for _, p := range tr.Planted {
				g := group(p)
				if g == "" {
					continue
				}
				all[g]++
				if r.holds(p) {
					found[g]++
				} else {
					t.Logf("missed: %s %s %s %q", p.ID, p.Kind, p.Path, p.Value)
				}
			}
			for _, h := range tr.Hosts {
				for _, p := range h.Paths {
					all["hosts"]++
					if r.contacts(h.Host, h.Port, p) {
						found["hosts"]++
					} else {
						t.Logf("missed: host %s:%d in %s", h.Host, h.Port, p)
					}
				}
			}
			for _, g := range slices.Sorted(maps.Keys(all)) {
				rate := float64(found[g]) / float64(all[g])
				t.Logf("%s: %d of %d", g, found[g], all[g])
				if rate < 0.9 {
					t.Errorf("%s: %.0f %% found, want 90 %%", g, 100*rate)
				}
			}
			r.noDecoys(t, tr)
			r.noOthers(t, tr)
			t.Logf("inspected %d bytes at %.0f MB/s", r.bytes, float64(r.bytes)/1e6/r.took.Seconds())
		})
	}
}

func (r *report) contacts(name string, port int, path string) bool {
	return slices.ContainsFunc(r.hosts, func(u host.Use) bool {
		return u.Class.Contacted() && u.Host == name && u.Path == path && (u.Port == port || u.Port == 0)
	})
}

// noDecoys fails for what was put there to be mistaken.
func (r *report) noDecoys(t *testing.T, tr truth) {
	t.Helper()
	for _, d := range tr.Decoys {
		for _, h := range r.secrets {
			if h.Path == d.Path && (strings.Contains(d.Value, h.Value) || strings.Contains(h.Value, d.Value)) {
				t.Errorf("decoy reported: %+v (%s)", h, d.Why)
			}
		}
		for _, u := range r.hosts {
			if u.Path == d.Path && u.Class.Contacted() {
				t.Errorf("decoy reported: %+v (%s)", u, d.Why)
			}
		}
	}
	for _, b := range r.broken {
		t.Errorf("sound certificate does not parse: %+v", b)
	}
}

// noOthers fails for secrets and hosts that nobody put there.
func (r *report) noOthers(t *testing.T, tr truth) {
	t.Helper()
	for _, h := range r.secrets {
		if !slices.ContainsFunc(tr.Planted, func(p planted) bool {
			same := p.Path == h.Path && (p.Value == "" || strings.Contains(h.Value, p.Value) || strings.Contains(p.Value, h.Value) || strings.Contains(h.User, p.Value))
			return same || h.Value == p.Value || h.Kind == secret.UID0Account && p.User == h.User
		}) {
			t.Errorf("nobody planted: %+v", h)
		}
	}
	for _, u := range r.hosts {
		known := false
		for _, h := range tr.Hosts {
			known = known || h.Host == u.Host
		}
		if u.Class.Contacted() && !known {
			t.Errorf("nobody planted: %+v", u)
		}
	}
}

func TestNothingOnHardenedCamera(t *testing.T) {
	t.Parallel()
	r, tr := inspectImage(t, testdata.Dir(t, "firmware/built/camera-hardened/camera-hardened.swu"))
	for _, h := range r.secrets {
		t.Errorf("secret: %+v", h)
	}
	for _, i := range r.items {
		if i.Kind != startup.Service && i.Kind != startup.Process {
			t.Errorf("item: %+v", i)
		}
	}
	for p, k := range r.perms {
		t.Errorf("permission: %s %v", p, k)
	}
	for _, c := range r.certs {
		if !c.TrustStore && len(c.Problems) > 0 {
			t.Errorf("certificate: %+v", c)
		}
	}
	for _, h := range tr.Hosts {
		for _, p := range h.Paths {
			if !r.contacts(h.Host, h.Port, p) {
				t.Errorf("missed: host %s:%d in %s", h.Host, h.Port, p)
			}
		}
	}
	r.noDecoys(t, tr)
	r.noOthers(t, tr)
	if r.bytes < 20<<20 || len(r.certs) < 100 {
		t.Errorf("only %d bytes and %d certificates were inspected", r.bytes, len(r.certs))
	}
}

// BenchmarkInspect runs all inspectors over the tree of a camera in memory.
func BenchmarkInspect(b *testing.B) {
	img, err := os.ReadFile(testdata.Dir(b, "firmware/built/camera-insecure/camera-insecure.bin"))
	if err != nil {
		b.Fatal(err)
	}
	type file struct {
		path string
		mode uint32
		data []byte
	}
	var files []file
	var total int64
	const offset = 5505024 // of the file system in this image
	fs, err := squashfs.Open(bytes.NewReader(img[offset:]), int64(len(img)-offset), squashfs.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	err = fs.Walk(context.Background(), func(e squashfs.Entry, content io.Reader) error {
		if content == nil {
			return nil
		}
		d, err := io.ReadAll(content)
		files = append(files, file{e.Path, e.Mode, d})
		total += int64(len(d))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, run := range []struct {
		name string
		fn   func(f *inspect.File)
	}{
		{"secret", func(f *inspect.File) { secret.Scan(f) }},
		{"host", func(f *inspect.File) { host.Scan(f) }},
		{"startup", func(f *inspect.File) { startup.Scan(f) }},
		{"cert", func(f *inspect.File) { cert.Scan(f, now) }},
		{"all", func(f *inspect.File) { secret.Scan(f); host.Scan(f); startup.Scan(f); cert.Scan(f, now) }},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.SetBytes(total)
			for b.Loop() {
				for _, f := range files {
					run.fn(inspect.New(f.path, f.mode, f.data))
				}
			}
		})
	}
}

func ExampleFile_Line() {
	f := inspect.New("/etc/motd", 0o644, []byte("one\ntwo\n"))
	fmt.Println(f.Line(0), f.Line(3), f.Line(4))
	// Output: 1 1 2
}
