package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/assess"
	"assay/internal/collect/device"
	"assay/internal/fact"
	"assay/internal/product"
	"assay/internal/untrusted"
)

func (a *app) deviceCommand() *cobra.Command {
	var f struct {
		ports, credFile, credEnv string
		only                     list
	}
	c := a.command("device HOST", "device", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		creds, err := a.credentials(f.credFile, f.credEnv, "")
		if err != nil {
			return err
		}
		asks, err := deviceAsks(f.only)
		if err != nil {
			return err
		}
		return a.device(c.Context(), args[0], f.ports, asks, creds)
	})
	c.Flags().StringVar(&f.ports, "ports", "all", a.t("flag.ports"))
	c.Flags().Var(&f.only, "only", a.t("flag.device-only"))
	c.Flags().StringVar(&f.credFile, "cred-file", "", a.t("flag.cred-file"))
	c.Flags().StringVar(&f.credEnv, "cred-env", "", a.t("flag.cred-env"))
	return c
}

// deviceDoc is the `device` document.
type deviceDoc struct {
	Schema   string          `json:"schema"`
	Target   string          `json:"target"` // the address as it was given
	Ports    devicePorts     `json:"ports"`
	Services []deviceService `json:"services"`
	Tests    []deviceTest    `json:"tests"`
	NotTried []deviceSkipped `json:"not_tried"`
}

// devicePorts says which ports were looked at.
type devicePorts struct {
	Detail string `json:"detail"`
	Count  int    `json:"count"`         // ports that were looked at
	Whole  bool   `json:"whole"`         // every port of the search gave an answer
	Cut    string `json:"cut,omitempty"` // why not the whole, as a key of the texts
}

// deviceService is what answers on a port.
type deviceService struct {
	Transport string      `json:"transport"` // tcp
	Port      uint16      `json:"port"`
	State     string      `json:"state"`             // open
	Protocol  string      `json:"protocol"`          // http, https, rtsp, rtsps, ssh, telnet, ftp, mqtt, mqtts, tls, unknown
	Product   string      `json:"product,omitempty"` // as the service names itself
	Version   string      `json:"version,omitempty"` // of that product
	Banner    string      `json:"banner,omitempty"`  // what it said first
	TLS       *deviceTLS  `json:"tls,omitempty"`
	Auth      *deviceAuth `json:"auth,omitempty"`
	Declared  *bool       `json:"declared"` // null: a device alone comes without a model that could declare it
}

// deviceTLS is how a service sets up its secure channel.
type deviceTLS struct {
	Versions    []fact.TLSVersion `json:"versions"` // every version that was offered
	Suites      []fact.TLSSuite   `json:"suites"`   // every cipher suite that was accepted
	Certificate *fact.Certificate `json:"certificate,omitempty"`
}

// deviceAuth is how a service asks who is there.
type deviceAuth struct {
	Required bool     `json:"required"` // it asked
	Schemes  []string `json:"schemes"`  // basic, digest-md5, digest-sha256, form, json, prompt
}

// deviceTest is one thing that was tried.
type deviceTest struct {
	ID       string     `json:"id"`      // such as tls-1.0/443
	Outcome  string     `json:"outcome"` // accepted, refused, no-answer, bad-answer
	Detail   string     `json:"detail"`
	Evidence []fact.Ref `json:"evidence"`
}

// deviceSkipped is a test that was not made.
type deviceSkipped struct {
	Test   string       `json:"test"`
	Why    string       `json:"why"`    // a sentence
	Reason deviceReason `json:"reason"` // the same in every language
}

// deviceReason is why, for programs.
type deviceReason struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args"`
	Text string            `json:"text"`
}

// device looks at one device by itself: naming it declares it. Nothing is
// kept: the facts live in a temporary store.
func (a *app) device(ctx context.Context, host, ports string, asks []string, creds []device.Credential) (err error) {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "assay-device-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p := &product.Product{Schema: product.Schema, Identity: product.Identity{Name: host, Model: host},
		Components: []product.Component{{ID: "device", Kind: "device"}},
		Units:      []product.Unit{{ID: "device", Of: "device", Address: host}}}
	if ports != "all" {
		r, perr := portList(ports)
		if perr != nil {
			return perr
		}
		p.Units[0].Ports, p.Units[0].Simulated = r, true
	}
	door, err := a.openNetwork(ctx, p, nil, "")
	if err != nil {
		return err
	}
	s, err := a.openStore(dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	id, err := newID(a.now())
	if err != nil {
		return err
	}
	pr := a.progress()
	set, err := assess.Look(ctx, assess.Config{Dir: dir, Product: p, Source: []byte("schema: " + product.Schema + "\n"), Store: s, Network: door,
		Credentials: creds, Asks: asks, Quick: loopback(host), ID: id, Now: a.now, Program: "assay " + version(), Progress: pr.show})
	pr.done()
	if err != nil {
		return err
	}
	d := deviceDocument(host, set, func(key string, args map[string]string) string { return a.texts.T(a.lang, key, args) })
	if !d.Ports.Whole {
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(d)
		return nil
	}
	a.deviceText(d)
	return nil
}

// deviceAsks reads --only tls,http,rtsp,prompt.
func deviceAsks(given []string) ([]string, error) {
	var out []string
	for _, s := range given {
		for part := range strings.SplitSeq(s, ",") {
			switch part {
			case "tls", "http", "rtsp", "prompt":
				out = append(out, part)
			default:
				return nil, usef("--only %s: use tls, http, rtsp or prompt", part)
			}
		}
	}
	return out, nil
}

// portList reads "443" or "1-1024": one range, because the declared range is
// what the search counts as the whole.
func portList(s string) (product.PortRange, error) {
	if n, err := strconv.ParseUint(s, 10, 16); err == nil && n > 0 {
		return product.PortRange{From: uint16(n), To: uint16(n)}, nil
	}
	r, err := product.ParsePortRange(s)
	if err != nil {
		return r, usef("--ports %s: write all, a port or a range such as 1-1024", s)
	}
	return r, nil
}

// deviceDocument gathers what the facts say; say writes a key of the texts in
// the reader's language.
func deviceDocument(host string, set *fact.Set, say func(key string, args map[string]string) string) *deviceDoc {
	d := &deviceDoc{Schema: "assay/device@1", Target: host, Services: []deviceService{}, Tests: []deviceTest{}, NotTried: []deviceSkipped{}}
	for _, s := range fact.Where(set, func(s fact.Scope) bool { return s.What == fact.ScopePorts }) {
		d.Ports = devicePorts{s.Value.Detail, s.Value.Count, s.Value.Whole, s.Value.Cut}
	}
	for _, s := range fact.Of[fact.Service](set) {
		svc := deviceService{Transport: s.Value.Transport, Port: s.Value.Port, State: "open", Protocol: s.Value.Protocol,
			Product: s.Value.Product, Version: s.Value.Version, Banner: s.Value.Banner}
		for _, t := range fact.Where(set, func(t fact.TLS) bool { return t.Port == s.Value.Port }) {
			svc.TLS = &deviceTLS{Versions: filled(t.Value.Versions), Suites: filled(t.Value.Suites)}
			for _, v := range t.Value.Versions {
				d.Tests = append(d.Tests, deviceTest{fmt.Sprintf("tls-%s/%d", v.Version, s.Value.Port), v.Outcome, v.Detail, filled(t.Evidence)})
			}
		}
		for _, c := range fact.Where(set, func(c fact.Certificate) bool { return c.Port == s.Value.Port }) {
			if svc.TLS != nil {
				svc.TLS.Certificate = &c.Value
			}
		}
		for _, c := range fact.Where(set, func(c fact.LoginChannel) bool { return c.Port == s.Value.Port }) {
			if svc.Auth == nil {
				svc.Auth = &deviceAuth{Required: true}
			}
			svc.Auth.Schemes = append(svc.Auth.Schemes, c.Value.Scheme)
		}
		d.Services = append(d.Services, svc)
	}
	for _, n := range fact.Of[fact.NotTried](set) {
		why := deviceReason{Key: n.Value.Why, Args: n.Value.Args, Text: say(n.Value.Why, n.Value.Args)}
		if why.Args == nil {
			why.Args = map[string]string{}
		}
		d.NotTried = append(d.NotTried, deviceSkipped{n.Value.Test, why.Text, why})
	}
	return d
}

func (a *app) deviceText(d *deviceDoc) {
	fmt.Fprintln(a.Out, a.t("ui.device-ports", "host", d.Target, "count", fmt.Sprint(d.Ports.Count), "open", fmt.Sprint(len(d.Services)), "detail", d.Ports.Detail))
	if d.Ports.Cut != "" {
		fmt.Fprintln(a.Out, "  "+a.t(d.Ports.Cut))
	}
	for _, s := range d.Services {
		line := strings.TrimSpace(s.Product + " " + s.Version)
		fmt.Fprintf(a.Out, "  %5d/%s %-8s %s\n", s.Port, s.Transport, s.Protocol, untrusted.From(line, 100).Terminal())
		if s.TLS == nil {
			continue
		}
		for _, v := range s.TLS.Versions {
			n := 0
			for _, x := range s.TLS.Suites {
				if x.Version == v.Version {
					n++
				}
			}
			fmt.Fprintf(a.Out, "            TLS %-8s %s", v.Version, a.t("tls."+v.Outcome))
			if n > 0 {
				fmt.Fprintf(a.Out, " (%s)", a.t("ui.suites", "count", fmt.Sprint(n)))
			}
			fmt.Fprintln(a.Out)
		}
		if c := s.TLS.Certificate; c != nil {
			fmt.Fprintf(a.Out, "            %s, %s %d, %s\n", untrusted.From(c.Subject, 120).Terminal(), c.Key, c.Bits, c.NotAfter.UTC().Format("2006-01-02"))
		}
	}
}
