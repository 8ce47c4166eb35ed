package component

import (
	"path"
	"slices"
	"strings"
)

// Bounds of what an image may say.
const (
	maxProducts = 100_000
	maxVersions = 64 // of one product
	maxVague    = 1024
	maxPlaces   = 32 // evidence kept for a component
	maxBinaries = 200_000
	maxOwned    = 1 << 20 // files that databases list
	maxNotes    = 256
)

// Inventory joins what the files of an image say. Add is for one goroutine at a
// time; what it keeps is bounded, not by the size of the image.
type Inventory struct {
	rs       *RuleSet
	products map[string]*product
	packages []Package
	lists    map[string][]string // files of a package whose entry is elsewhere
	owned    int
	binaries []binaryOf
	releases map[string]string // of kernels: release name to version
	systems  []System
	problems []string
	cut      bool
}

// product is one name with all versions that were seen.
type product struct {
	key, name string
	rule      *Rule
	exact     []*Component
	vague     []vague // no version, or a range
}

type vague struct {
	Claim
	path string
}

type binaryOf struct {
	Binary
	claimed bool
	like    string   // the product that has a program of its name
	folder  *product // the product that its folder is called by
	own     *product // the product that has a program of its name
}

// NewInventory makes an empty one.
func NewInventory() *Inventory {
	return &Inventory{rs: rules(), products: map[string]*product{}, lists: map[string][]string{}, releases: map[string]string{}}
}

// Add takes what one file says.
func (v *Inventory) Add(f Findings) {
	claimed, like := false, ""
	var folder, own *product
	for _, c := range f.Claims {
		// A vermagic alone says for which kernel a module is, not what it is.
		claimed = claimed || c.Rule != "linux-vermagic" && !c.Guess && !v.linked(f, c)
		switch {
		case c.Rule == folderRule:
			folder = v.product(c)
		case c.Guess:
			like, own = c.Name, v.product(c)
		}
		v.claim(f.Path, c)
	}
	for _, p := range f.Packages {
		v.addPackage(p)
		claimed = claimed || p.Database == FromNote
	}
	if f.Binary != nil {
		if len(v.binaries) < maxBinaries {
			v.binaries = append(v.binaries, binaryOf{*f.Binary, claimed, like, folder, own})
		} else {
			v.cut = true
		}
	}
	if f.System != nil && len(v.systems) < 8 {
		v.systems = append(v.systems, *f.System)
	}
	for _, p := range f.Problems {
		if len(v.problems) < maxNotes {
			v.problems = append(v.problems, f.Path+": "+p)
		}
	}
}

// linked says that a claim is of a library that stands in a program of somebody
// else: the program is more than that.
func (v *Inventory) linked(f Findings, c Claim) bool {
	r := v.rs.byID[c.Rule]
	if f.Binary == nil || r == nil || r.Type != Library || c.Source != FromText || f.Binary.Soname != "" || f.Binary.Module || f.Binary.Bare {
		return false
	}
	base := path.Base(f.Path)
	own := slices.ContainsFunc(r.Programs, func(p string) bool { ok, err := path.Match(p, base); return ok && err == nil })
	return !strings.Contains(base, ".so") && base != r.ID && base != r.Name && !own
}

func (v *Inventory) addPackage(p Package) {
	if v.owned+len(p.Files) > maxOwned {
		p.Files, v.cut = nil, true
	}
	v.owned += len(p.Files)
	if p.Version == "" {
		v.lists[string(p.Database)+" "+p.Name] = p.Files
		return
	}
	if len(v.packages) < maxProducts {
		v.packages = append(v.packages, p)
	} else {
		v.cut = true
	}
}

// key is what products are told apart by: type and name of the package URL.
func (v *Inventory) product(c Claim) *product {
	var r *Rule
	if c.PURL == "" { // a manifest's rule is its kind: "python" is no interpreter there
		r = v.rs.byID[c.Rule]
	}
	if r == nil && (c.Rule == "libraries" || c.Rule == "builds" || c.Rule == "programs" || c.Rule == "greeting" || c.Rule == "build-path") {
		r = v.rs.bySource(c.Name)
	}
	if r == nil && c.Rule == folderRule {
		if r = v.rs.bySource(c.Name); r == nil {
			r = v.rs.byID[c.Name]
		}
	}
	if r == nil && c.Source == FromKernel && c.Name == linux {
		r = v.rs.byID[linux]
	}
	if r == nil && c.Source == FromGo && c.Name == "go" {
		r = v.rs.byID["go"]
	}
	key, name := productKey("generic/"+c.Name), c.Name
	if r != nil {
		key, name = productKey(r.PURL), r.Name
	} else if c.PURL != "" {
		key, _, _ = strings.Cut(strings.TrimPrefix(c.PURL, "pkg:"), "@")
	}
	return v.named(key, name, r)
}

func (v *Inventory) named(key, name string, r *Rule) *product {
	p := v.products[key]
	if p == nil {
		if len(v.products) == maxProducts {
			v.cut = true
			return nil
		}
		p = &product{key: key, name: name, rule: r}
		v.products[key] = p
	}
	if p.rule == nil {
		p.rule = r
	}
	return p
}

func (v *Inventory) claim(path string, c Claim) {
	p := v.product(c)
	if p == nil {
		return
	}
	if c.Release != "" && c.Rule == "linux-banner" {
		v.releases[c.Release] = c.Version
	}
	if c.Version == "" || c.Soft > 0 || c.Release != "" && c.Rule != "linux-banner" {
		if len(p.vague) < maxVague {
			p.vague = append(p.vague, vague{c, path})
		}
		return
	}
	x := p.version(c.Version)
	if x == nil {
		v.cut = true
		return
	}
	x.add(path, c)
}

// version gives the component of one version, or makes it; nil beyond the bound.
func (p *product) version(version string) *Component {
	for _, x := range p.exact {
		if same(x.Version, version) {
			if len(clean(version)) > len(x.Version) {
				x.Version = clean(version)
			}
			return x
		}
	}
	if len(p.exact) == maxVersions {
		return nil
	}
	x := &Component{Name: p.name, Version: clean(version)}
	p.exact = append(p.exact, x)
	return x
}

func (x *Component) add(path string, c Claim) {
	x.Confidence = max(x.Confidence, c.Confidence)
	if !slices.Contains(x.Sources, c.Source) {
		x.Sources = append(x.Sources, c.Source)
	}
	if x.PURL == "" {
		x.PURL = c.PURL
	}
	if x.Licence == "" {
		x.Licence = c.Licence
	}
	if len(x.Evidence) == maxPlaces {
		x.More++
		return
	}
	x.Evidence = append(x.Evidence, Evidence{Path: path, Offset: c.Offset, Text: c.Text, Rule: c.Rule, Source: c.Source, Confidence: c.Confidence})
}
