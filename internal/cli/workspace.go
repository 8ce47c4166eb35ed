package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"assay/internal/assess"
	"assay/internal/collect/device"
	"assay/internal/limit"
	"assay/internal/network"
	"assay/internal/product"
	"assay/internal/sandbox"
	"assay/internal/standard"
	"assay/internal/store"
	"assay/internal/testcase"
)

// workspace is an opened workspace folder.
type workspace struct {
	dir      string
	product  *product.Product
	source   []byte
	problems []product.Problem
}

// open loads the workspace. Errors of the model are printed one by one and
// end the command with exit code 2.
func (a *app) open() (*workspace, error) {
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return nil, use(err)
	}
	path := filepath.Join(dir, product.FileName)
	p, problems, err := product.LoadDir(dir, limit.Default().YAML)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &exitError{code: exitUse, kind: codeNotFound, err: fmt.Errorf("%s: there is no %s here", dir, product.FileName), where: path, next: a.t("ui.next.init")}
	}
	if err != nil {
		return nil, &exitError{code: exitUse, err: err, where: path}
	}
	source, err := readFile(path, limit.Default().YAML.Size)
	if err != nil {
		return nil, use(err)
	}
	w := &workspace{dir: dir, product: p, source: source, problems: problems}
	if product.HasErrors(problems) {
		return w, a.modelErrors(w)
	}
	return w, nil
}

// modelErrors prints the mistakes of a model.
func (a *app) modelErrors(w *workspace) error {
	n := 0
	first := ""
	for _, p := range w.problems {
		if p.Severity != product.SeverityError {
			continue
		}
		if n == 0 {
			first = p.Where()
		}
		n++
		fmt.Fprintf(a.Err, "%s: %s\n", p.Where(), plain(a.texts.T(a.lang, p.Key, p.Args)))
	}
	return &exitError{code: exitUse, kind: codeModel, err: errors.New(a.t("ui.model-errors", "count", fmt.Sprint(n))), where: first, next: a.t("ui.next.model")}
}

func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read-only
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return b, err
}

// standards picks the named standards, or those of the workspace.
func (a *app) standards(names []string, p *product.Product) ([]*standard.Standard, error) {
	if len(names) == 0 && p != nil {
		for _, s := range p.Standards {
			names = append(names, s.ID)
		}
	}
	if len(names) == 0 {
		return nil, &exitError{code: exitUse, err: errors.New(a.t("ui.no-standard")), next: a.t("ui.next.standard")}
	}
	var out []*standard.Standard
	for _, n := range names {
		s, err := standard.Get(standard.ID(n))
		if err != nil {
			return nil, use(err)
		}
		out = append(out, s)
	}
	return out, nil
}

// cases reads --only.
func cases(names []string) ([]testcase.ID, error) {
	var out []testcase.ID
	for _, n := range names {
		for part := range strings.SplitSeq(n, ",") {
			c, err := testcase.Find(testcase.ID(strings.TrimSpace(part)))
			if err != nil {
				return nil, &exitError{code: exitUse, kind: codeNotFound, err: err, next: "assay standards list --cases"}
			}
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// credentials reads the tester's accounts of the units, from a file outside
// of the workspace or from an environment variable.
func (a *app) credentials(file, env, dir string) ([]device.Credential, error) {
	var b []byte
	var err error
	switch {
	case file != "" && env != "":
		return nil, usef("--cred-file and --cred-env exclude each other")
	case file != "":
		if within(dir, file) {
			return nil, usef("%s lies in the workspace: keep credentials outside of it, so that they are never shared with it", file)
		}
		b, err = readFile(file, 1<<20)
	case env != "":
		v := a.Getenv(env)
		if v == "" {
			return nil, usef("the environment variable %s is empty", env)
		}
		b = []byte(v)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, use(err)
	}
	var doc struct {
		Credentials []device.Credential `yaml:"credentials"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil {
		// The parser's message may quote a line with a password: only its
		// place is shown.
		return nil, &exitError{code: exitUse, err: fmt.Errorf("credentials: not readable%s", placeOf(err)), next: a.t("ui.next.credentials")}
	}
	if len(doc.Credentials) == 0 {
		return nil, &exitError{code: exitUse, err: errors.New("credentials: none in it"), next: a.t("ui.next.credentials")}
	}
	return doc.Credentials, nil
}

// within says whether a file lies in a folder, by its name or by where its
// links lead.
func within(dir, file string) bool {
	local := func(dir, file string) bool {
		dir, derr := filepath.Abs(dir)
		file, ferr := filepath.Abs(file)
		rel, rerr := filepath.Rel(dir, file)
		return derr == nil && ferr == nil && rerr == nil && filepath.IsLocal(rel)
	}
	if dir == "" {
		return false
	}
	if local(dir, file) {
		return true
	}
	// What can't be followed (a pipe of /dev/fd, a file that isn't there)
	// isn't a file of the workspace.
	realDir, derr := filepath.EvalSymlinks(dir)
	realFile, ferr := filepath.EvalSymlinks(file)
	return derr == nil && ferr == nil && local(realDir, realFile)
}

// placeOf keeps the line number of a YAML error and nothing else.
func placeOf(err error) string {
	s := err.Error()
	i := strings.Index(s, "line ")
	if i < 0 {
		return ""
	}
	end := i + len("line ")
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return " (" + s[i:end] + ")"
}

// checkCredentials refuses accounts of units and roles that the model doesn't
// have: they would never be used, and nobody would know.
func (a *app) checkCredentials(all []device.Credential, p *product.Product) error {
	for _, k := range all {
		if _, ok := p.Unit(k.Unit); k.Unit != "" && !ok {
			return usef("credentials: unit %q isn't among the units of assay.yaml", k.Unit)
		}
		if _, ok := p.Roles[k.Role]; k.Role != "" && !ok {
			return usef("credentials: role %q isn't among the roles of assay.yaml", k.Role)
		}
	}
	return nil
}

// openStore opens the workspace's store.
func (a *app) openStore(dir string, readOnly bool) (*store.Store, error) {
	return store.Open(dir, store.Options{ReadOnly: readOnly, Now: a.now})
}

// openNetwork opens the door to the declared units. Public addresses need an
// authorisation from the command line.
func (a *app) openNetwork(ctx context.Context, p *product.Product, public []string, by string) (*network.Net, error) {
	auth, err := a.authorisations(public, by)
	if err != nil {
		return nil, err
	}
	var targets []network.Target
	for _, u := range p.Units {
		if u.Address == "" {
			continue
		}
		t := network.Target{Unit: u.ID, Host: u.Address, Public: auth[u.Address]}
		if u.Simulated && loopback(u.Address) && !u.Ports.IsZero() {
			t.Ports = network.PortRange{First: u.Ports.From, Last: u.Ports.To}
		}
		targets = append(targets, t)
	}
	n, err := network.Open(ctx, network.Config{Targets: targets, Now: a.now})
	switch {
	case errors.Is(err, network.ErrPublic):
		return nil, &exitError{code: exitUse, err: err, next: a.t("ui.next.public")}
	case err != nil:
		return nil, &exitError{code: exitUse, err: err, next: a.t("ui.next.address")}
	}
	return n, nil
}

// authorisations reads --public HOST[,until=DATE]; --by says who allowed it.
func (a *app) authorisations(public []string, by string) (map[string]*network.Authorisation, error) {
	out := make(map[string]*network.Authorisation)
	for _, s := range public {
		host, rest, _ := strings.Cut(s, ",")
		auth := &network.Authorisation{By: by, Until: a.now().Add(24 * time.Hour)}
		if v, ok := strings.CutPrefix(rest, "until="); ok {
			t, err := time.Parse("2006-01-02", v)
			if err != nil {
				return nil, usef("--public %s: until is a date such as 2026-12-31", s)
			}
			auth.Until = t
		} else if rest != "" {
			return nil, usef("--public %s: write HOST or HOST,until=DATE", s)
		}
		if by == "" {
			return nil, &exitError{code: exitUse, err: fmt.Errorf("--public %s needs --by NAME", host), next: a.t("ui.next.public")}
		}
		out[host] = auth
	}
	return out, nil
}

// newID makes the id of a run: its time to a part of a second, so that ids
// stand in the order of runs, and some chance.
func newID(now time.Time) (string, error) {
	b := make([]byte, 3)
	if _, err := rand.Read(b[2:]); err != nil {
		return "", err
	}
	binary.BigEndian.PutUint16(b, uint16(int64(now.Nanosecond())<<16/int64(time.Second)))
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b), nil
}

// simulated says whether every unit is simulated: waits for slow chips are
// left out then.
func simulated(p *product.Product) bool {
	for _, u := range p.Units {
		if !u.Simulated {
			return false
		}
	}
	return len(p.Units) > 0
}

func loopback(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.IsLoopback()
}

// runner is the confined child.
func runner() sandbox.Runner { return sandbox.Run }

// config is what every assessing command shares.
func (a *app) config(w *workspace, standards []*standard.Standard, s *store.Store) assess.Config {
	return assess.Config{Dir: w.dir, Product: w.product, Source: w.source, Standards: standards, Profiles: assess.Profiles(w.product),
		Store: s, Run: runner(), Now: a.now, Program: "assay " + version(), Quick: simulated(w.product)}
}
