package component

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Result is what an image is made of.
type Result struct {
	Components   []Component // version known; those that hold only data are marked
	Unknown      []Component // seen, version unknown
	Unattributed []Unattributed
	Systems      []System
	Problems     []string // technical English: what could not be read
	Cut          bool     // a bound was hit: the list isn't whole
}

// Unattributed is an ELF file that belongs to no component that is known.
type Unattributed struct {
	Path, Soname string
	Needed       []string
	Why          string // technical English
}

// Result joins what was added. The inventory may not be added to afterwards.
func (v *Inventory) Result() Result {
	owners := v.databases()
	r := Result{Systems: v.systems, Problems: v.problems}
	for _, key := range sortedKeys(v.products) {
		p := v.products[key]
		unknown := v.settle(p, owners)
		for _, x := range p.exact {
			v.describe(p, x)
			r.Components = append(r.Components, *x)
		}
		if unknown != nil && !p.guessed() {
			v.describe(p, unknown)
			r.Unknown = append(r.Unknown, *unknown)
		}
	}
	bare := len(r.Components)+len(r.Unknown) == 0 && !slices.ContainsFunc(v.binaries, func(b binaryOf) bool { return !b.Bare })
	for _, b := range v.binaries {
		if b.Bare && !bare {
			continue // what lies loose beside programs is of them
		}
		if _, ok := owners[b.Path]; b.claimed || ok || b.folder != nil && len(b.folder.exact) > 0 || b.beside() {
			continue
		}
		why := "no text, name or symbol in it is known"
		switch {
		case b.like != "":
			why = "it has the name of a program of " + b.like + ", and nothing in it says that it is that"
		case b.Bare:
			why = "nothing in it says what software it is"
		case b.Packed:
			why = "it is packed: what is in it can't be seen"
		case b.Says != "":
			why = fmt.Sprintf("no product of its name is known; in it stands %q", b.Says)
		case b.Module:
			why = "a kernel module that is not of the kernel's own tree and names no version"
		}
		r.Unattributed = append(r.Unattributed, Unattributed{b.Path, b.Soname, b.Needed, why})
	}
	slices.SortFunc(r.Unattributed, func(a, b Unattributed) int { return strings.Compare(a.Path, b.Path) })
	byName := func(a, b Component) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compare(a.Version, b.Version), strings.Compare(a.PURL, b.PURL))
	}
	slices.SortFunc(r.Components, byName)
	slices.SortFunc(r.Unknown, byName)
	slices.Sort(r.Problems)
	r.Cut = v.cut
	return r
}

// beside says that a program has the name of one of a product that other files of
// the image are of, and a name that makers don't give to their own: dropbearkey
// beside dropbear.
func (b *binaryOf) beside() bool {
	return b.own != nil && len(b.own.exact) > 0 && !commonWord(path.Base(b.Path)) && slices.ContainsFunc(b.own.exact, func(x *Component) bool {
		return slices.ContainsFunc(x.Evidence, func(e Evidence) bool { return e.Path != b.Path })
	})
}

// guessed says that nothing but the name of a folder speaks for a product, or
// that of a program for one that no rule is for or where the name is a common
// word: makers call their own by such names, too.
func (p *product) guessed() bool {
	return !slices.ContainsFunc(p.vague, func(c vague) bool { return !c.Guess || p.rule != nil && c.Rule != folderRule && !commonWord(c.Text) })
}

func sortedKeys(m map[string]*product) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// databases turns entries of package databases into components and says which
// product each file of theirs is of.
func (v *Inventory) databases() map[string]*product {
	owners := map[string]*product{}
	for _, e := range v.packages {
		rule := v.rs.bySource(cmp.Or(e.Origin, e.Name))
		if rule == nil && (e.Origin == "" || e.Database != FromDpkg && e.Database != FromNote) {
			rule = v.rs.byPackage(e.Name) // sources of Debian are known by their own names
		}
		name := cmp.Or(e.Origin, e.Name)
		key := productKey("generic/" + name)
		if rule != nil {
			key, name = productKey(rule.PURL), rule.Name
		}
		p := v.named(key, name, rule)
		if p == nil {
			continue
		}
		x := p.version(Upstream(e.Version))
		if x == nil {
			v.cut = true
			continue
		}
		x.add(e.Path, Claim{Rule: string(e.Database), Source: e.Database, Confidence: High, Offset: e.Offset, Text: e.Name + " " + e.Version, Licence: e.Licence})
		if x.Full == "" {
			x.Full = e.Version
		}
		x.DataOnly = x.DataOnly || dataPackage(e.Name)
		files := e.Files
		if files == nil {
			files = v.lists[string(e.Database)+" "+e.Name]
		}
		for _, f := range files {
			owners[f] = p
		}
		e.Files = nil
		if len(x.Packages) < maxVague {
			x.Packages = append(x.Packages, e)
		}
	}
	return owners
}

// settle decides about what has no version, and about versions that contradict
// the database. It gives the component whose version stays unknown, if any.
func (v *Inventory) settle(p *product, owners map[string]*product) *Component {
	p.weigh()
	v.conflicts(p, owners)
	var rest []vague
	for _, c := range p.vague {
		if c.Release != "" {
			if version, ok := v.releases[c.Release]; ok {
				c.Version = version
			}
			if c.Version != "" {
				if x := p.version(c.Version); x != nil {
					x.add(c.path, c.Claim)
				}
				continue
			}
		}
		rest = append(rest, c)
	}
	if len(rest) == 0 {
		return nil
	}
	if len(p.exact) == 0 {
		return p.narrow(rest)
	}
	var odd []vague
	for _, c := range rest {
		if x := p.home(c); x != nil {
			x.add(c.path, c.Claim)
		} else if c.AtLeast != "" || c.Versions != nil {
			odd = append(odd, c)
		}
	}
	if len(odd) == 0 {
		return nil
	}
	return p.narrow(odd)
}

// weigh decides between the versions that files of a product say of themselves,
// where nothing surer speaks: a source may hold tools that number themselves.
// What is outvoted stays as a name.
func (p *product) weigh() {
	p.headers()
	votes := map[string]int{}
	var order []string
	vote := func(version string, n int) {
		for _, o := range order {
			if same(o, version) {
				votes[o] += n
				return
			}
		}
		order = append(order, version)
		votes[version] += n
	}
	for _, c := range p.vague {
		if c.Soft > 0 && c.Version != "" && p.inRange(c.Version) {
			vote(c.Version, c.Soft)
		}
	}
	best, tie := "", false
	if len(p.exact) == 0 {
		for _, o := range order {
			switch {
			case best == "" || votes[o] > votes[best]:
				best, tie = o, false
			case votes[o] == votes[best]:
				tie = true
			}
		}
	}
	p.vague = slices.DeleteFunc(p.vague, func(c vague) bool {
		if c.Soft == 0 || c.Version == "" {
			return false
		}
		for _, x := range p.exact {
			if same(x.Version, c.Version) || strings.HasPrefix(x.Version, c.Version+".") {
				x.add(c.path, c.Claim)
				return true
			}
		}
		if best == "" || tie || !same(best, c.Version) {
			return false
		}
		if x := p.version(c.Version); x != nil {
			x.add(c.path, c.Claim)
			return true
		}
		return false
	})
	for i := range p.vague {
		if c := &p.vague[i]; c.Soft > 0 {
			c.Confidence, c.Version, c.Soft = Low, "", 0
		}
	}
}

// headers takes what headers of images state where no code says more: each is of
// its own image, so two of an update scheme with two slots may differ.
func (p *product) headers() {
	if len(p.exact) > 0 || slices.ContainsFunc(p.vague, func(c vague) bool { return c.Soft > 0 && c.Source != FromHeader }) {
		return
	}
	p.vague = slices.DeleteFunc(p.vague, func(c vague) bool {
		if c.Source != FromHeader || c.Version == "" || !p.inRange(c.Version) {
			return false
		}
		x := p.version(c.Version)
		if x != nil {
			x.add(c.path, c.Claim)
		}
		return x != nil
	})
}

// inRange says that no symbol of the product's files denies a version.
func (p *product) inRange(version string) bool {
	for _, c := range p.vague {
		if c.Soft == 0 && c.Source == FromSymbols && !c.fits(version) {
			return false
		}
	}
	return true
}

// fits says whether a version is in the range of a claim.
func (c Claim) fits(version string) bool {
	if c.Versions != nil && !slices.ContainsFunc(c.Versions, func(v string) bool { return same(v, version) }) {
		return false
	}
	return (c.AtLeast == "" || compare(version, c.AtLeast) >= 0) && (c.Below == "" || compare(version, c.Below) < 0)
}

// home finds the version that a claim without one belongs to: the only one that
// fits, or that of the same folder.
func (p *product) home(c vague) *Component {
	var fit []*Component
	for _, x := range p.exact {
		// Candidates are those that are known; a release that isn't listed may
		// have the same number.
		loose := c.Claim
		loose.Versions = nil
		if loose.fits(x.Version) {
			fit = append(fit, x)
		}
	}
	if len(fit) == 1 {
		return fit[0]
	}
	for _, x := range fit {
		for _, e := range x.Evidence {
			if path.Dir(e.Path) == path.Dir(c.path) {
				return x
			}
		}
	}
	if len(fit) > 0 && c.AtLeast == "" && c.Versions == nil {
		return fit[len(fit)-1]
	}
	return nil
}

// narrow joins the ranges of several files of one product. Where one release is
// left it is that.
func (p *product) narrow(list []vague) *Component {
	x := &Component{Name: p.name}
	var all Claim
	for _, c := range list {
		x.add(c.path, c.Claim)
		if c.AtLeast != "" && (all.AtLeast == "" || compare(c.AtLeast, all.AtLeast) > 0) {
			all.AtLeast = c.AtLeast
		}
		if c.Below != "" && (all.Below == "" || compare(c.Below, all.Below) < 0) {
			all.Below = c.Below
		}
		switch {
		case c.Versions == nil:
		case all.Versions == nil:
			all.Versions = slices.Clone(c.Versions)
		default:
			all.Versions = slices.DeleteFunc(all.Versions, func(v string) bool { return !slices.Contains(c.Versions, v) })
			if len(all.Versions) == 0 {
				x.Range = "several versions"
				return x
			}
		}
	}
	known := all.Versions
	if known == nil && p.rule != nil && all.AtLeast != "" && all.Below != "" {
		known = p.rule.Releases
	}
	fit := slices.DeleteFunc(slices.Clone(known), func(v string) bool { return !all.fits(v) })
	switch {
	case len(fit) == 1:
		x.Version, x.Confidence = fit[0], Medium
		p.exact = append(p.exact, x)
		return nil
	case len(fit) > 1:
		x.Range = strings.Join(fit, " or ")
	case all.AtLeast != "" && all.Below != "":
		x.Range = ">= " + all.AtLeast + ", < " + all.Below
	case all.AtLeast != "":
		x.Range = ">= " + all.AtLeast
	}
	return x
}

// conflicts looks for versions that files show and a package database denies.
// Text of the code stands as a component of its own: somebody replaced the file.
// The number in a file's name doesn't outweigh the database.
func (v *Inventory) conflicts(p *product, owners map[string]*product) {
	var db *Component
	n := 0
	for _, x := range p.exact {
		if x.Full != "" {
			db, n = x, n+1
		}
	}
	if n != 1 || len(p.exact) == 1 {
		return
	}
	p.exact = slices.DeleteFunc(p.exact, func(x *Component) bool {
		if x == db {
			return false
		}
		first := x.Evidence[0]
		if x.Confidence < High && (owners[first.Path] == p || len(owners) == 0) {
			for _, e := range x.Evidence {
				db.add(e.Path, Claim{Rule: e.Rule, Source: e.Source, Offset: e.Offset, Text: e.Text})
			}
			return true
		}
		x.Conflict = "the package database says " + db.Full + "; " + first.Path + " says " + x.Version
		if owners[first.Path] == p {
			db.Conflict = x.Conflict
		}
		return false
	})
}
