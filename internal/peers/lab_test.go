//go:build peers

package peers

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"assay/internal/assess"
	"assay/internal/cli"
	"assay/internal/sandbox"
)

// TestMain lets the test binary be the program itself.
func TestMain(m *testing.M) {
	if handled, code := sandbox.Main(assess.Parsers(), os.Args); handled {
		os.Exit(code)
	}
	if filepath.Base(os.Args[0]) == "assay" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Main(ctx, cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}, os.Args[1:])
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// lab is a place where servers of others run: a network namespace of its own,
// or the machine's loopback where none may be made.
type lab struct {
	t     *testing.T
	dir   string
	host  string
	space string // empty: loopback
	base  int    // loopback: the first of the ports that were free
	next  int
}

var labs atomic.Int32

// newLab makes a namespace `assay-peers-PID-N`, in which nothing but its own
// loopback exists, and takes it away when the test ends. The servers and the
// program run inside, so that all 65535 ports of the unit are the lab's.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, dir: t.TempDir(), host: "127.0.0.1"}
	name := fmt.Sprintf("assay-peers-%d-%d", os.Getpid(), labs.Add(1))
	if err := l.makeSpace(name); err != nil {
		t.Logf("no network namespace (%v): the servers run on loopback, with a declared range of ports", err)
		l.base = freeRange(t, 16)
	}
	return l
}

func (l *lab) makeSpace(name string) error {
	if os.Getuid() != 0 {
		return errors.New("root is needed")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return err
	}
	if err := run("ip", "netns", "add", name); err != nil {
		return err
	}
	l.t.Cleanup(func() {
		if err := run("ip", "netns", "del", name); err != nil {
			l.t.Errorf("left behind: %v", err)
		}
	})
	if err := run("ip", "-n", name, "link", "set", "lo", "up"); err != nil {
		return err
	}
	l.space = name
	return nil
}

// inside puts a command into the lab's namespace.
func (l *lab) inside(argv ...string) []string {
	if l.space == "" {
		return argv
	}
	return append([]string{"ip", "netns", "exec", l.space}, argv...)
}

func run(args ...string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// freeRange finds ports in a row that were free a moment ago.
func freeRange(t *testing.T, n int) int {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		base := l.Addr().(*net.TCPAddr).Port
		held := []net.Listener{l}
		for p := base + 1; p < base+n && p < 65536; p++ {
			if l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p)); err != nil {
				break
			}
			held = append(held, l)
		}
		for _, l := range held {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if len(held) == n {
			return base
		}
	}
	t.Skipf("no %d free loopback ports in a row", n)
	return 0
}

// port is where a service listens: its usual port in a namespace.
func (l *lab) port(usual int) int {
	if l.space != "" {
		return usual
	}
	l.next++
	return l.base + l.next - 1
}

// reach is the rest of the unit in the model: in a namespace it is a unit
// like any other, on loopback its ports are a range.
func (l *lab) reach() string {
	if l.space != "" {
		return ""
	}
	return fmt.Sprintf(", simulated: true, ports: %d-%d", l.base, l.base+15)
}

// start runs a server until the test ends, and waits for its ports.
func (l *lab) start(ports []int, name string, args ...string) {
	l.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			l.t.Skipf("%s isn't installed: make deps", name)
		}
	}
	argv := l.inside(append([]string{path}, args...)...)
	cmd := exec.Command(argv[0], argv[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &out, l.dir
	// The group, so that workers go with their master.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	l.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // it may have ended
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if l.t.Failed() {
			l.t.Logf("%s said: %.2000s", name, out.String())
		}
	})
	for _, p := range ports {
		end := time.Now().Add(10 * time.Second)
		for !listens(cmd.Process.Pid, p) {
			if time.Now().After(end) {
				l.t.Fatalf("%s doesn't listen on port %d", name, p)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// listens reads from /proc whether a TCP port is open where a process lives,
// without connecting: some servers count their clients.
func listens(pid, port int) bool {
	for _, name := range []string{"tcp", "tcp6"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		if err != nil {
			continue // no IPv6, or the process has ended: the deadline tells
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 3 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return true
			}
		}
	}
	return false
}

func (l *lab) write(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// certificate writes a key and a certificate of its own for the lab's host.
func (l *lab) certificate(useRSA bool) (cert, key string) {
	l.t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "peer", SerialNumber: "PEER-1"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IPAddresses: []net.IP{net.ParseIP(l.host)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}
	var pub, priv any
	if useRSA {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			l.t.Fatal(err)
		}
		pub, priv = &k.PublicKey, k
	} else {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			l.t.Fatal(err)
		}
		pub, priv = &k.PublicKey, k
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, pub, priv)
	if err != nil {
		l.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		l.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
}

// nginx runs nginx with the given server blocks.
func (l *lab) nginx(ports []int, servers string) {
	l.t.Helper()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n"
	}
	conf := l.write("nginx.conf", user+"daemon off;\npid "+l.dir+"/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+
		"client_body_temp_path "+l.dir+"/b;\nproxy_temp_path "+l.dir+"/p;\nfastcgi_temp_path "+l.dir+"/f;\nuwsgi_temp_path "+l.dir+"/u;\nscgi_temp_path "+l.dir+"/s;\n"+servers+"\n}\n")
	l.start(ports, "nginx", "-c", conf, "-p", l.dir)
}

// run is what the tests read of a run's JSON.
type runDoc struct {
	Verdicts []struct {
		Standard, Requirement, Profile, Verdict string
		Cases                                   []caseDoc
	}
	Findings []struct{ Title string }
}

type caseDoc struct {
	ID, Verdict string
	Results     []struct {
		Subject, Verdict string
		Reasons          []struct{ Key, Text string }
		Facts            []string
		Evidence         []struct{ SHA256, Excerpt string }
	}
}

// assess declares the lab's services in a workspace, runs the whole job on
// them and returns the document.
func (l *lab) assess(interfaces string, more ...string) runDoc {
	l.t.Helper()
	ws := filepath.Join(l.dir, "ws")
	if err := os.MkdirAll(ws, 0o700); err != nil {
		l.t.Fatal(err)
	}
	model := fmt.Sprintf(`schema: assay/product@1
product: { name: Peer, model: P-1, release: "1", category: other, maker: { name: Others } }
standards: [iot-1005-1, etsi-en-303-645]
components:
  - { id: device, kind: device }
interfaces:
%s
units:
  - { id: unit-a, of: device, serial: PEER-1, address: %s%s }
`, interfaces, l.host, l.reach())
	if err := os.WriteFile(filepath.Join(ws, "assay.yaml"), []byte(model), 0o600); err != nil {
		l.t.Fatal(err)
	}
	code, out := l.assay(append([]string{"-C", ws, "run", "--format", "json"}, more...)...)
	if code > 3 || code == 2 {
		l.t.Fatalf("run: exit code %d\n%s", code, out)
	}
	var d runDoc
	if err := json.Unmarshal(out, &d); err != nil {
		l.t.Fatalf("%v\n%.500s", err, out)
	}
	return d
}

func (l *lab) assay(args ...string) (int, []byte) {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), 3*time.Minute)
	defer cancel()
	// `ip netns exec` can't give a program another name: a link has it.
	link := filepath.Join(l.dir, "assay")
	if err := os.Symlink(self, link); err != nil && !errors.Is(err, os.ErrExist) {
		l.t.Fatal(err)
	}
	argv := l.inside(append([]string{link}, args...)...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"HOME=" + l.dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatalf("assay %v: %v\n%s", args, err, errs.Bytes())
	}
	if errs.Len() > 0 {
		l.t.Logf("%s", errs.Bytes())
	}
	return cmd.ProcessState.ExitCode(), out.Bytes()
}

// find returns a case of a requirement.
func (d runDoc) find(t *testing.T, std, req, id string) caseDoc {
	t.Helper()
	for _, v := range d.Verdicts {
		if v.Standard != std || v.Requirement != req {
			continue
		}
		for _, c := range v.Cases {
			if c.ID == id {
				return c
			}
		}
	}
	t.Fatalf("%s %s has no case %s", std, req, id)
	return caseDoc{}
}

func (d runDoc) requirement(t *testing.T, std, req string) string {
	t.Helper()
	for _, v := range d.Verdicts {
		if v.Standard == std && v.Requirement == req {
			return v.Verdict
		}
	}
	t.Fatalf("no %s %s", std, req)
	return ""
}

// on returns the verdict and reasons of a case on a subject.
func (c caseDoc) on(subject string) (verdict, reasons string) {
	for _, r := range c.Results {
		if r.Subject == subject {
			for _, x := range r.Reasons {
				reasons += x.Key + ": " + x.Text + "\n"
			}
			return r.Verdict, reasons
		}
	}
	return "", fmt.Sprintf("no result on %s, only %+v", subject, c.Results)
}
