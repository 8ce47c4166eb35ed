package refcam

import (
	"crypto/tls"
	"fmt"
	"slices"
	"sync"
	"time"
)

// What the invented product is called, everywhere.
const (
	Maker   = "Lumi Devices Ltd."
	Product = "Lumi Cam 2"
	Model   = "LC-200"
	Release = "2.4.1"
)

// Hostile behaviour for tests of robustness; no weakness in a standard's sense.
const (
	// RedirectElsewhere makes the web answer every request with a redirect
	// to an address that is no unit.
	RedirectElsewhere = "redirect-elsewhere"
	// EndlessBanner opens a port that never stops sending.
	EndlessBanner = "endless-banner"
	// AnsiAndBidiTitle puts terminal control sequences and bidirectional
	// overrides into titles, headers and the model name.
	AnsiAndBidiTitle = "ansi-and-bidi-title"
)

// Options says which camera to build. The zero value is the hardened camera.
type Options struct {
	Weak    []string // names of Weaknesses; none: hardened
	Hostile []string // RedirectElsewhere, EndlessBanner, AnsiAndBidiTitle
	Serial  string   // of unit 0: letters and dashes, then digits; default LC2-000017. Unit 1 has the next one.
	Seed    uint64   // the same seed gives the same image, identities, EC keys and passwords
	// Factory leaves the units as they come out of the box: the passwords
	// on the label, to be changed at the first login. Otherwise an owner
	// has set them up with passwords of their own.
	Factory bool
	// Lock is how long an account stays locked after five wrong passwords;
	// default 10 minutes.
	Lock time.Duration
	// Refill is how soon a source that guessed too much may try once more;
	// default 30 seconds.
	Refill time.Duration
	// Now dates certificates and documents; default time.Now. The running
	// services always use time.Now, so that they follow a synctest bubble.
	Now func() time.Time
}

// Camera is a line of cameras: two units of the same model.
type Camera struct {
	opt   Options
	weak  map[string]bool
	now   time.Time
	units []*unit
	image func() ([]byte, error)
}

// Unit is what stands on the label of one unit.
type Unit struct {
	ID     string // "unit-a", as in assay.yaml
	Serial string
	MAC    string
}

// Credential is one account of one unit, for the tester's credential file. It
// is never written into the workspace.
type Credential struct {
	Unit     string // Unit.ID
	User     string
	Role     string
	Password string
}

// unit is one specimen: identity, keys and the state of its device.
type unit struct {
	Unit
	label   map[string]string // preset password by account, as printed on the label
	current map[string]string // password in use when the camera was built
	cert    tls.Certificate
	dev     *device
}

// New builds a camera. The error names an unknown switch, or two that
// contradict each other.
func New(o Options) (*Camera, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lock <= 0 {
		o.Lock = 10 * time.Minute
	}
	if o.Refill <= 0 {
		o.Refill = sourceRefill
	}
	if o.Serial == "" {
		o.Serial = "LC2-000017"
	}
	c := &Camera{opt: o, weak: map[string]bool{}, now: o.Now().UTC()}
	if err := c.check(); err != nil {
		return nil, err
	}
	serials, err := c.serials()
	if err != nil {
		return nil, err
	}
	// The image holds the update key and, with a weakness, a TLS key; it is
	// built once and only if somebody asks for it.
	c.image = sync.OnceValues(c.buildImage)
	for i, id := range []string{"unit-a", "unit-b"} {
		u, err := c.newUnit(i, Unit{ID: id, Serial: serials[i], MAC: c.mac(i)})
		if err != nil {
			return nil, fmt.Errorf("reference camera, %s: %w", id, err)
		}
		c.units = append(c.units, u)
	}
	return c, nil
}

func (c *Camera) check() error {
	for _, name := range c.opt.Weak {
		if !known(name) {
			return fmt.Errorf("reference camera: no weakness is called %q", name)
		}
		c.weak[name] = true
	}
	for _, w := range weaknesses {
		for _, other := range w.Excludes {
			if c.weak[w.Name] && c.weak[other] {
				return fmt.Errorf("reference camera: %s and %s contradict each other; choose one", w.Name, other)
			}
		}
	}
	for _, name := range c.opt.Hostile {
		if !slices.Contains([]string{RedirectElsewhere, EndlessBanner, AnsiAndBidiTitle}, name) {
			return fmt.Errorf("reference camera: no hostile behaviour is called %q", name)
		}
	}
	return nil
}

func (c *Camera) hostile(name string) bool { return slices.Contains(c.opt.Hostile, name) }

// Units returns what stands on the labels.
func (c *Camera) Units() []Unit {
	var us []Unit
	for _, u := range c.units {
		us = append(us, u.Unit)
	}
	return us
}

// Credentials returns the accounts that a tester is given.
func (c *Camera) Credentials() []Credential {
	var cs []Credential
	for _, u := range c.units {
		for _, a := range c.accounts() {
			cs = append(cs, Credential{Unit: u.ID, User: a.name, Role: a.role, Password: u.current[a.name]})
		}
	}
	return cs
}

// Image returns the firmware image, as the maker distributes it. The same
// seed and weaknesses give the same bytes, except KeyInImage together with a
// weakness that takes an RSA key: those keys don't come from the seed.
func (c *Camera) Image() ([]byte, error) {
	b, err := c.image()
	if err != nil {
		return nil, fmt.Errorf("reference camera, firmware image: %w", err)
	}
	return slices.Clone(b), nil
}

// ImageName returns the file name of the image.
func (c *Camera) ImageName() string { return Model + "_" + Release + ".bin" }
