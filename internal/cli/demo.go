package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"assay/internal/collect/device"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/refcam"
	"assay/internal/standard"
	"assay/internal/store"
)

// portsPerUnit is how many loopback ports a simulated unit is given: those
// it needs, and some that stay closed.
const portsPerUnit = 16

// demoRefill is how soon a simulated camera lets a source try again: short,
// so that a demonstration doesn't wait for half-minutes.
const demoRefill = 40 * time.Millisecond

func (a *app) demoCommand() *cobra.Command {
	var f struct {
		hardened, serve bool
		weak            list
	}
	c := a.command("demo", "demo", cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		return a.demo(c.Context(), f.hardened, f.serve, f.weak)
	})
	c.Flags().BoolVar(&f.hardened, "hardened", false, a.t("flag.hardened"))
	c.Flags().BoolVar(&f.serve, "serve", false, a.t("flag.serve"))
	c.Flags().Var(&f.weak, "weakness", a.t("flag.weakness"))
	return c
}

func (a *app) demo(ctx context.Context, hardened, serve bool, weak []string) (err error) {
	if err := a.formats("text", "json", "md", "html"); err != nil {
		return err
	}
	if hardened && len(weak) > 0 {
		return usef("--hardened and --weakness exclude each other")
	}
	if !hardened && len(weak) == 0 {
		weak = refcam.Typical()
	}
	dir, err := a.demoDir()
	if err != nil {
		return err
	}
	a.out = "" // --out was the folder
	cam, err := refcam.New(refcam.Options{Weak: weak, Lock: time.Minute, Refill: demoRefill, Now: a.now})
	if err != nil {
		return &exitError{code: exitUse, err: err, next: "assay refcam --list"}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	bench, err := power(ctx, cam)
	if err != nil {
		return err
	}
	defer func() { stop(); err = errors.Join(err, bench.wait()) }()
	if err := cam.Workspace(dir, bench.address); err != nil {
		return err
	}
	a.dir = dir
	w, err := a.open()
	if err != nil {
		return err
	}
	chosen, err := a.standards(nil, w.product)
	if err != nil {
		return err
	}
	door, err := a.openNetwork(ctx, w.product, nil, "")
	if err != nil {
		return err
	}
	s, err := a.openStore(dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := a.samples(s, dir, w); err != nil {
		return err
	}
	cfg := a.config(w, chosen, s)
	cfg.Network, cfg.Credentials, cfg.Intrusive = door, accounts(cam), true
	cfg.LockWait, cfg.By, cfg.Command = 200*time.Millisecond, tester(""), "assay demo"
	if cfg.ID, err = newID(a.now()); err != nil {
		return err
	}
	if err := a.assess(ctx, cfg, false); err != nil {
		return err
	}
	if a.format == "text" && !a.quiet {
		fmt.Fprintln(a.Out, a.t("ui.demo-where", "dir", dir, "ports", bench.ports()))
	}
	if serve {
		fmt.Fprintln(a.Err, a.t("ui.serving", "ports", bench.ports()))
		<-ctx.Done()
	}
	return nil
}

// demoDir is --out, or a fresh temporary folder. A folder with a product of
// somebody's is left alone.
func (a *app) demoDir() (string, error) {
	if a.out == "" {
		return os.MkdirTemp("", "assay-demo-")
	}
	dir, err := filepath.Abs(a.out)
	if err != nil {
		return "", use(err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", usef("%s isn't empty: name a folder that the demonstration may fill", dir)
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// accounts are the accounts of a reference camera, as the tester's own.
func accounts(cam *refcam.Camera) []device.Credential {
	var out []device.Credential
	for _, c := range cam.Credentials() {
		out = append(out, device.Credential{Unit: c.Unit, Role: c.Role, User: c.User, Password: c.Password})
	}
	return out
}

// samples records the made-up results of guided tests, marked as samples,
// and a sample review of every declared purpose.
func (a *app) samples(s *store.Store, dir string, w *workspace) error {
	record := func(id, subject, note string, observe map[string]string, attach bool) error {
		var files []string
		if attach {
			name := filepath.Join("evidence", "samples", id+".txt")
			if err := os.MkdirAll(filepath.Join(dir, "evidence", "samples"), 0o755); err != nil {
				return err
			}
			text := "SAMPLE attachment of the demonstration for " + id + "\n" + note + "\n"
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				return err
			}
			files = append(files, name)
		}
		_, err := s.Record(fact.PersonResult{Case: id, Subject: subject, Verdict: "PASS", Observations: observe,
			By: "Sample Tester", Role: "tester", Note: note, At: a.now().UTC(), Sample: true,
			Model: w.product.Identity.Model, Release: w.product.Identity.Release}, files)
		return err
	}
	for _, i := range w.product.Interfaces {
		if !i.Physical && i.Purpose != "" {
			if err := record("service.necessary", i.ID, "sample review", map[string]string{"purpose": "accepted"}, false); err != nil {
				return err
			}
		}
	}
	for _, x := range refcam.Samples() {
		for _, subject := range sampleSubjects(w.product, x.On) {
			if err := record(x.Case, subject, x.Note, x.Observe, x.Attach); err != nil {
				return err
			}
		}
	}
	return nil
}

// sampleSubjects are the subjects that a sample is about.
func sampleSubjects(p *product.Product, on string) []string {
	var out []string
	switch on {
	case "image":
		for _, k := range p.Components {
			if k.Firmware != nil {
				out = append(out, k.Firmware.File)
			}
		}
	case "app":
		for _, k := range p.Components {
			if k.Kind == "app" {
				out = append(out, k.ID)
			}
		}
	case "personal":
		for _, d := range p.Data {
			if d.Category == "sensitive-personal" {
				out = append(out, "data/"+d.ID)
			}
		}
	case "login":
		for _, u := range p.Units {
			for _, i := range p.Interfaces {
				if i.Login != nil && i.On == p.ComponentOf(u) {
					out = append(out, u.ID+"/"+i.ID)
				}
			}
		}
	case "secret":
		for _, k := range p.Secrets {
			out = append(out, "secret/"+k.ID)
		}
	default:
		out = append(out, "product")
	}
	return out
}

// bench is two simulated units on loopback ports.
type bench struct {
	base []uint16 // first port of each unit
	maps []map[string]uint16
	wg   sync.WaitGroup
	mu   sync.Mutex
	err  error
}

const benchHost = "127.0.0.1"

// power starts every unit of a camera on free ports.
func power(ctx context.Context, cam *refcam.Camera) (*bench, error) {
	b := &bench{}
	for i := range cam.Units() {
		held, base, err := freePorts(portsPerUnit)
		if err != nil {
			return nil, err
		}
		ports := make(map[string]uint16)
		taken := make(map[string]net.Listener)
		for k, svc := range cam.Services() {
			ports[svc.Name] = base + uint16(k)
			taken[svc.Name] = held[k]
		}
		for _, l := range held[len(ports):] {
			if err := l.Close(); err != nil {
				return nil, err
			}
		}
		declared := make(map[string]uint16)
		for _, svc := range cam.Services() {
			if svc.Declared {
				declared[svc.Name] = ports[svc.Name]
			}
		}
		b.base, b.maps = append(b.base, base), append(b.maps, declared)
		ready := make(chan struct{})
		var once sync.Once
		left := len(taken)
		b.wg.Go(func() {
			err := cam.Serve(ctx, i, func(name string, _ uint16) (net.Listener, error) {
				if left--; left == 0 {
					once.Do(func() { close(ready) })
				}
				return taken[name], nil
			})
			once.Do(func() { close(ready) })
			b.mu.Lock()
			b.err = errors.Join(b.err, err)
			b.mu.Unlock()
		})
		<-ready
	}
	return b, nil
}

// freePorts finds n loopback ports in a row and keeps them open.
func freePorts(n int) ([]net.Listener, uint16, error) {
	for range 50 {
		probe, err := net.Listen("tcp", benchHost+":0")
		if err != nil {
			return nil, 0, fmt.Errorf("no free loopback port: %w", err)
		}
		base := probe.Addr().(*net.TCPAddr).Port
		if err := probe.Close(); err != nil {
			return nil, 0, err
		}
		if base+n > 65535 {
			continue
		}
		var held []net.Listener
		for p := base; p < base+n; p++ {
			l, err := net.Listen("tcp", benchHost+":"+strconv.Itoa(p))
			if err != nil {
				break
			}
			held = append(held, l)
		}
		if len(held) == n {
			return held, uint16(base), nil
		}
		for _, l := range held {
			if err := l.Close(); err != nil {
				return nil, 0, err
			}
		}
	}
	return nil, 0, fmt.Errorf("no %d free loopback ports in a row", n)
}

func (b *bench) address(unit int) refcam.Address {
	return refcam.Address{Host: benchHost, Ports: fmt.Sprintf("%d-%d", b.base[unit], b.base[unit]+portsPerUnit-1), Map: b.maps[unit]}
}

func (b *bench) ports() string {
	var out []string
	for _, p := range b.base {
		out = append(out, fmt.Sprintf("%s:%d-%d", benchHost, p, p+portsPerUnit-1))
	}
	return strings.Join(out, ", ")
}

func (b *bench) wait() error {
	b.wg.Wait()
	return b.err
}

// refcamDoc is the `refcam` document of a camera that runs.
type refcamDoc struct {
	Schema      string `json:"schema"`
	Workspace   string `json:"workspace"`   // folder that declares the camera
	Credentials string `json:"credentials"` // file with the tester's accounts, for --cred-file
	Ports       string `json:"ports"`       // of each unit, as HOST:FIRST-LAST, between commas
}

// weaknessesDoc is the `refcam` document of --list.
type weaknessesDoc struct {
	Schema     string     `json:"schema"`
	Weaknesses []weakness `json:"weaknesses"`
}

// weakness is one switch of the camera.
type weakness struct {
	Name           string        `json:"name"` // for --weakness
	Title          standard.Text `json:"title"`
	Where          string        `json:"where"`           // where it can be seen: device, firmware, document, model
	Clause         string        `json:"clause"`          // requirement that it breaks first, as "standard requirement"
	Violates       []string      `json:"violates"`        // test cases that must fail by it
	ViolatesStrict []string      `json:"violates_strict"` // that fail by it in the strict reading only
	MayViolate     []string      `json:"may_violate"`     // that fail or stay undecided by it
	Excludes       []string      `json:"excludes"`        // switches that can't be on at the same time
}

func weaknessesDocument(all []refcam.Weakness) weaknessesDoc {
	d := weaknessesDoc{Schema: "assay/refcam@1", Weaknesses: []weakness{}}
	for _, w := range all {
		d.Weaknesses = append(d.Weaknesses, weakness{Name: w.Name, Title: standard.Text{En: w.Title, Zh: w.TitleZh}, Where: w.Where, Clause: w.Clause,
			Violates: filled(w.Violates), ViolatesStrict: filled(w.ViolatesStrict), MayViolate: filled(w.MayViolate), Excludes: filled(w.Excludes)})
	}
	return d
}

func (a *app) refcamCommand() *cobra.Command {
	var f struct {
		hardened, list bool
		weak           list
		hostile        list
	}
	c := a.command("refcam", "refcam", cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		if f.list {
			return a.listWeaknesses()
		}
		return a.refcam(c.Context(), f.hardened, f.weak, f.hostile)
	})
	c.Flags().BoolVar(&f.hardened, "hardened", false, a.t("flag.hardened"))
	c.Flags().BoolVar(&f.list, "list", false, a.t("flag.list"))
	c.Flags().Var(&f.weak, "weakness", a.t("flag.weakness"))
	c.Flags().Var(&f.hostile, "hostile", a.t("flag.hostile"))
	return c
}

func (a *app) listWeaknesses() error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	all := refcam.Weaknesses()
	if a.format == "json" {
		a.json(weaknessesDocument(all))
		return nil
	}
	for _, w := range all {
		title := w.Title
		if a.lang == "zh-Hant" {
			title = w.TitleZh
		}
		fmt.Fprintf(a.Out, "%-32s %-9s %s\n%-32s %s: %s\n", w.Name, w.Where, title, "", w.Clause, strings.Join(slices.Concat(w.Violates, w.ViolatesStrict), ", "))
	}
	return nil
}

// refcam runs the reference camera until it is stopped.
func (a *app) refcam(ctx context.Context, hardened bool, weak, hostile []string) (err error) {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	if hardened && len(weak) > 0 {
		return usef("--hardened and --weakness exclude each other")
	}
	if !hardened && len(weak) == 0 && len(hostile) == 0 {
		weak = refcam.Typical()
	}
	dir, err := a.demoDir()
	if err != nil {
		return err
	}
	cam, err := refcam.New(refcam.Options{Weak: weak, Hostile: hostile, Lock: time.Minute, Refill: demoRefill, Now: a.now})
	if err != nil {
		return &exitError{code: exitUse, err: err, next: "assay refcam --list"}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b, err := power(ctx, cam)
	if err != nil {
		return err
	}
	defer func() { stop(); err = errors.Join(err, b.wait()) }()
	if err := cam.Workspace(dir, b.address); err != nil {
		return err
	}
	creds := dir + "-credentials.yaml"
	if err := writeCredentials(creds, accounts(cam)); err != nil {
		return err
	}
	if a.format == "json" {
		a.json(refcamDoc{Schema: "assay/refcam@1", Workspace: dir, Credentials: creds, Ports: b.ports()})
	} else {
		fmt.Fprintln(a.Out, a.t("ui.refcam-running", "dir", dir, "credentials", creds, "ports", b.ports()))
	}
	<-ctx.Done()
	return nil
}

// writeCredentials writes the tester's credential file, private to its user.
func writeCredentials(path string, all []device.Credential) error {
	b, err := yaml.Marshal(map[string]any{"credentials": all})
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
