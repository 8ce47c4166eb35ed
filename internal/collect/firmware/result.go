package firmware

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/apk"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/cert"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/host"
	"assay/internal/collect/firmware/inspect/perm"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/secret/guess"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/collect/firmware/unpack"
)

// Result is all that is known of an image. Paths are those that people read;
// lists are in the order of path and offset, so that the same image gives the
// same result.
type Result struct {
	Image      *unpack.Image // nil: the reader ended before it could say
	Parts      []unpack.Part
	Volumes    []unpack.Volume
	Entries    []Entry // where they were asked for
	More       int     // entries beyond those that were to be kept
	Version    *Version
	Secrets    []Secret
	Hosts      []host.Use
	Starts     []startup.Start
	NoInit     bool // nothing says what is started: no starts is no answer
	Weaknesses []inspect.Weakness
	Updates    []system.Update
	Modes      []Mode
	Certs      []cert.Certificate
	Stores     []cert.Store // of trust anchors
	Software   component.Result
	Binaries   []Binary
	Apps       []apk.App
	Markers    []Seen
	Gaps       []Gap
	Done       *Done // nil: it wasn't read to its end
}

// Secret is a hit, and where else the image shows that it is used.
type Secret struct {
	secret.Hit
	Used string // of a private key: a certificate or public key of the image that it belongs to, or a file that names it
	// Recovered: the password of a hash is a well-known one, or stands elsewhere
	// in the image; Clear holds it.
	Recovered bool
}

// Binary is how an ELF file was built.
type Binary struct {
	binary.Record
	Own bool // no component that others publish brings it
}

// Gather joins the records of one image. Its zero value is ready.
type Gather struct {
	Keep     int // entries of files that are kept; 0: all
	r        Result
	names    Names
	volumes  map[int]unpack.Volume
	links    []Entry
	calls    []startup.Calls
	soft     []component.Findings
	bins     []binary.Record
	clues    []secret.Clue
	texts    []secret.Clue // small files that may be credentials
	apps     []apk.App
	versions []Version // that files of the image state; see version
	dropped  tally
}

// Add takes a record.
func (g *Gather) Add(r Record) {
	switch {
	case r.Image != nil:
		g.r.Image = r.Image
	case r.Part != nil:
		keep(g, "parts", &g.r.Parts, *r.Part)
	case r.Volume != nil:
		g.names.Add(*r.Volume)
		if g.volumes == nil {
			g.volumes = make(map[int]unpack.Volume)
		}
		g.volumes[r.Volume.ID] = *r.Volume
	case r.Entry != nil:
		g.keepEntry(*r.Entry) // they are asked for, and bounded by the walk
	case r.Link != nil:
		keep(g, "links", &g.links, *r.Link)
	case r.Secret != nil:
		keep(g, "secrets", &g.r.Secrets, Secret{Hit: *r.Secret})
	case r.Clue != nil && r.Clue.Text != "":
		g.keepText(*r.Clue)
	case r.Clue != nil:
		keep(g, "clues", &g.clues, *r.Clue)
	case r.Host != nil:
		keep(g, "hosts", &g.r.Hosts, *r.Host)
	case r.Start != nil:
		keep(g, "starts", &g.r.Starts, *r.Start)
	case r.Calls != nil:
		keep(g, "calls", &g.calls, *r.Calls)
	case r.Weakness != nil:
		keep(g, "weaknesses", &g.r.Weaknesses, *r.Weakness)
	case r.Update != nil:
		keep(g, "updates", &g.r.Updates, *r.Update)
	case r.Mode != nil:
		keep(g, "modes", &g.r.Modes, *r.Mode)
	case r.Cert != nil:
		keep(g, "certificates", &g.r.Certs, *r.Cert)
	case r.Software != nil:
		keep(g, "software", &g.soft, *r.Software)
	case r.Binary != nil:
		keep(g, "binaries", &g.bins, *r.Binary)
	case r.App != nil:
		keep(g, "apps", &g.apps, *r.App)
	case r.Seen != nil:
		keep(g, "markers", &g.r.Markers, *r.Seen)
	case r.Version != nil:
		keep(g, "versions", &g.versions, *r.Version)
	case r.Gap != nil:
		keep(g, "gaps", &g.r.Gaps, *r.Gap)
	case r.Done != nil:
		g.r.Done = r.Done
	case r.Restart:
		*g = Gather{Keep: g.Keep}
	}
}

// Lost notes that the reader was ended: what it had told stays.
func (g *Gather) Lost(why string) {
	g.r.Gaps = append(g.r.Gaps, Gap{Why: "parser-killed", Detail: why})
}

// Finish joins what was added; now is the time as of which certificates are
// looked at, guesses bounds the rounds that are spent on password hashes. The
// Gather may not be added to afterwards.
func (g *Gather) Finish(now time.Time, guesses int) *Result {
	r := &g.r
	g.prune()
	r.Version = g.version()
	g.resolve()
	g.order()
	g.excerpts()
	if img := r.Image; img != nil && img.Status != unpack.Readable {
		r.Gaps = append(r.Gaps, Gap{Why: "not-analysable", Detail: img.Reason})
	}
	for kind, n := range g.dropped {
		r.Gaps = append(r.Gaps, Gap{Why: "limit", Detail: fmt.Sprintf("%d more %s than the %d that are kept of an image", n, kind, most)})
	}
	g.software()
	g.boot()
	g.packages()
	g.keys()
	g.stores(now)
	g.guess(guesses)
	g.mask() // what was guessed is known now
	g.sort()
	return r
}

// version is the image's own: what a file of the root file system says comes
// before what others say, of equals the first path.
func (g *Gather) version() *Version {
	root := g.names.Root()
	order := func(a, b Version) int {
		v, p := unmark(a.Path)
		w, q := unmark(b.Path)
		return cmp.Or(cmp.Compare(flag(v != root), flag(w != root)), strings.Compare(g.names.prefix(v)+p, g.names.prefix(w)+q), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Value, b.Value), strings.Compare(a.Path, b.Path))
	}
	if len(g.versions) == 0 {
		return nil
	}
	v := slices.MinFunc(g.versions, order)
	v.Path = g.names.Resolve(v.Path)
	return &v
}

// resolve gives everything the path that people read.
func (g *Gather) resolve() {
	r := &g.r
	to := func(p *string) { *p = g.names.Resolve(*p) }
	for i := range r.Parts {
		to(&r.Parts[i].Path)
	}
	for _, v := range g.volumes {
		v.Within = strings.TrimSuffix(g.names.prefix(v.ID), ":")
		r.Volumes = append(r.Volumes, v)
	}
	for i := range r.Entries {
		to(&r.Entries[i].Path)
	}
	for i := range g.links {
		to(&g.links[i].Path)
	}
	for i := range r.Secrets {
		to(&r.Secrets[i].Path)
	}
	for i := range r.Hosts {
		to(&r.Hosts[i].Path)
	}
	for i := range r.Starts {
		to(&r.Starts[i].Path)
	}
	for i := range g.calls {
		to(&g.calls[i].Path)
	}
	for i := range g.clues {
		to(&g.clues[i].Path)
	}
	for i := range g.texts {
		to(&g.texts[i].Path)
	}
	for i := range g.apps {
		g.apps[i].Archive = g.names.Archive(g.apps[i].Path)
		to(&g.apps[i].Path)
	}
	for i := range r.Weaknesses {
		to(&r.Weaknesses[i].Path)
	}
	for i := range r.Updates {
		to(&r.Updates[i].Path)
	}
	r.Modes = slices.DeleteFunc(r.Modes, func(m Mode) bool { return m.Kind == string(perm.WorldWritable) && g.names.packed(m.Path) })
	for i := range r.Modes {
		to(&r.Modes[i].Path)
	}
	for i := range r.Certs {
		to(&r.Certs[i].Path)
	}
	for i := range r.Markers {
		to(&r.Markers[i].Path)
	}
	for i := range r.Gaps {
		to(&r.Gaps[i].Path)
	}
	g.resolveSoftware(to)
}

func (g *Gather) resolveSoftware(to func(*string)) {
	for i := range g.soft {
		f := &g.soft[i]
		to(&f.Path)
		if f.Binary != nil {
			f.Binary.Path = f.Path
		}
		if f.System != nil {
			f.System.Path = f.Path
		}
		for j := range f.Packages {
			f.Packages[j].Path = f.Path
		}
	}
	for i := range g.bins {
		b := &g.bins[i]
		to(&b.Path)
		for j := range b.Traces {
			to(&b.Traces[j].Path)
		}
		for j := range b.Keys {
			to(&b.Keys[j].Path)
		}
	}
}

// software joins what the files say of components; only then it is known which
// programs are the maker's own.
func (g *Gather) software() {
	r := &g.r
	inv := component.NewInventory()
	for _, f := range g.soft {
		inv.Add(f)
	}
	for _, p := range r.Parts {
		for _, sys := range p.Systems {
			inv.Add(component.Stated(p.Path, sys.Name, sys.Version, sys.Text, sys.Offset))
		}
	}
	r.Software = inv.Result()
	if r.Software.Cut {
		r.Gaps = append(r.Gaps, Gap{Why: "limit", Detail: "more components than are kept of an image"})
	}
	own := make(map[string]bool)
	for _, u := range r.Software.Unattributed {
		own[u.Path] = true
	}
	for _, b := range g.bins {
		mine := own[b.Path] || b.Arch == ""
		r.Weaknesses = append(r.Weaknesses, b.Weaknesses(!mine)...)
		if b.Arch != "" {
			r.Binaries = append(r.Binaries, Binary{b, mine})
		}
	}
}

// boot finds out which starts happen at boot.
func (g *Gather) boot() {
	var b startup.Boot
	for _, e := range g.links {
		b.Entry(e.Path, e.Type, e.Mode, e.Target)
	}
	for i := range g.calls {
		b.File(&g.calls[i])
	}
	g.r.Starts = b.Resolve(g.r.Starts)
	g.r.NoInit = !b.Seen()
	// The options of a server say nothing where it isn't started.
	g.r.Weaknesses = slices.DeleteFunc(g.r.Weaknesses, func(w inspect.Weakness) bool {
		switch w.Kind {
		case system.SSHEmptyPassword, system.SSHRootPassword, system.ReverseTunnel, system.PortForward, system.ADBEnabled:
			return b.Off(w.Path)
		}
		return false
	})
	// A script that runs at boot does what stands in it.
	for i := range g.r.Hosts {
		u := &g.r.Hosts[i]
		if u.Class != host.InScript || u.Key != "" {
			continue
		}
		if by, ok := b.Reached(u.Path); ok {
			u.Key = strings.TrimSuffix("boot:"+by, ":") // what runs it, where that is known
		}
	}
}

// stores says which trust stores weren't renewed for long.
func (g *Gather) stores(now time.Time) {
	g.r.Stores = cert.Stores(g.r.Certs, now)
	for _, s := range g.r.Stores {
		if s.Outdated(now) {
			g.r.Weaknesses = append(g.r.Weaknesses, inspect.Weakness{Kind: "ca-store-outdated", Where: inspect.Where{Path: s.Path},
				Text: fmt.Sprintf("anchors=%d expired=%d newest=%s", s.Count, s.Expired, s.Newest.Format("2006-01-02"))})
		}
		if len(s.Distrusted) > 0 {
			g.r.Weaknesses = append(g.r.Weaknesses, inspect.Weakness{Kind: "ca-store-distrusted", Where: inspect.Where{Path: s.Path}, Text: strings.Join(s.Distrusted, ", ")})
		}
	}
}

// packages puts together what the files of mobile applications' packages say.
func (g *Gather) packages() {
	by(g.apps, func(a apk.App) (string, int64, string) { return a.Path, 0, "" })
	g.r.Apps = apk.Join(g.apps)
	for _, a := range g.r.Apps {
		g.r.Weaknesses = append(g.r.Weaknesses, a.Weaknesses()...)
	}
}

// hits are secrets as their inspector told of them.
func hits(all []Secret) []secret.Hit {
	out := make([]secret.Hit, len(all))
	for i, s := range all {
		out[i] = s.Hit
	}
	return out
}

// keys joins private keys with the certificates, the public keys and the names
// of files in the image; a certificate may also be of a key that is published.
func (g *Gather) keys() {
	r := &g.r
	var k secret.Keys
	k.Add(nil, g.clues)
	for _, h := range secret.Named(slices.Concat(g.clues, g.texts), hits(r.Secrets)) {
		r.Secrets = append(r.Secrets, Secret{Hit: h})
	}
	for _, c := range r.Certs {
		if c.SPKI == "" {
			continue
		}
		k.Certificate(c.Where, c.SPKI)
		if where := secret.Published(c.SPKI); where != "" && !c.TrustStore && !c.InLibrary(where) {
			r.Weaknesses = append(r.Weaknesses, inspect.Weakness{Kind: "certificate-of-published-key", Where: c.Where, Text: c.Subject + ": " + where})
		}
	}
	type place struct {
		inspect.Where
		key string
	}
	at := make(map[place][]int) // a file may hold a key in two encodings at one place
	for i, s := range r.Secrets {
		at[place{s.Where, s.SPKI}] = append(at[place{s.Where, s.SPKI}], i)
		k.Add([]secret.Hit{s.Hit}, nil)
	}
	g.selfSigned()
	for _, p := range k.Pairs() {
		for _, i := range at[place{p.Key.Where, p.Key.SPKI}] {
			if p.Used() {
				r.Secrets[i].Used = slices.Concat(p.Public, p.Named)[0].Path
			}
		}
	}
}

// selfSigned notes certificates that vouch for themselves and whose private key
// stands in the image: all units show the same one, and nobody can tell them
// from whoever has read it out. Without its key such a certificate is an anchor.
func (g *Gather) selfSigned() {
	r := &g.r
	keys := make(map[string]bool)
	for _, s := range r.Secrets {
		if s.Kind == secret.PrivateKey && s.SPKI != "" {
			keys[s.SPKI] = true
		}
	}
	for _, c := range r.Certs {
		if c.SelfSigned && !c.TrustStore && keys[c.SPKI] {
			r.Weaknesses = append(r.Weaknesses, inspect.Weakness{Kind: "certificate-self-signed", Where: c.Where, Text: c.Subject})
		}
	}
}

// guess tries well-known passwords, and those that stand in the image, on the
// password hashes.
func (g *Gather) guess(rounds int) {
	r := &g.r
	var known []string
	for _, s := range r.Secrets {
		if k := s.Kind; (k == secret.Password || k == secret.EmbeddedLogin || k == secret.URLCredential) && len(s.Value) <= 64 && !slices.Contains(known, s.Value) {
			known = append(known, s.Value)
		}
	}
	known = known[:min(len(known), 100)]
	var hashes []*Secret
	var values, users []string
	for i := range r.Secrets {
		if s := &r.Secrets[i]; s.Kind == secret.PasswordHash {
			user := s.User
			if s.Scheme == "htdigest" {
				user += ":" + s.Note
			}
			hashes, values, users = append(hashes, s), append(values, s.Value), append(users, user)
		}
	}
	for i, try := range guess.Share(rounds, values, users) {
		tryPasswords(hashes[i], try, users[i], known)
	}
}

// tryPasswords notes the password of a hash, or how far it was tried.
func tryPasswords(s *Secret, try *guess.Guesser, user string, known []string) {
	var tried guess.Tried
	s.Clear, tried, s.Recovered = try.Password(s.Value, user, known...)
	switch {
	case s.Recovered || s.Scheme == "htdigest": // there the note is the realm
	case tried == guess.None:
		s.Note = strings.TrimLeft(s.Note+"; no password was tried on this kind of hash", "; ")
	case tried == guess.Some:
		s.Note = strings.TrimLeft(s.Note+"; not all of the well-known passwords were tried: each try costs much", "; ")
	}
}

func (g *Gather) sort() {
	r := &g.r
	by(r.Secrets, func(s Secret) (string, int64, string) { return s.Path, s.Offset, string(s.Kind) })
	by(r.Hosts, func(u host.Use) (string, int64, string) { return u.Path, u.Offset, u.Host })
	by(r.Starts, func(s startup.Start) (string, int64, string) { return s.Path, s.Offset, string(s.Kind) })
	by(r.Weaknesses, func(w inspect.Weakness) (string, int64, string) { return w.Path, w.Offset, w.Kind })
	by(r.Updates, func(u system.Update) (string, int64, string) { return u.Path, u.Offset, u.Mechanism })
	by(r.Modes, func(m Mode) (string, int64, string) { return m.Path, 0, m.Kind })
	by(r.Certs, func(c cert.Certificate) (string, int64, string) { return c.Path, c.Offset, c.SHA256 })
	by(r.Binaries, func(b Binary) (string, int64, string) { return b.Path, b.Offset, "" })
	by(r.Markers, func(s Seen) (string, int64, string) { return s.Path, s.Offset, s.Name + s.Encoding })
	by(r.Gaps, func(x Gap) (string, int64, string) { return x.Path, x.Offset, x.Why + x.Detail })
	by(r.Entries, func(e Entry) (string, int64, string) { return e.Path, 0, e.Type })
	slices.SortStableFunc(r.Parts, func(a, b unpack.Part) int {
		// What stands in the image itself by its offset, then what is decoded.
		return cmp.Or(cmp.Compare(flag(a.Decoded), flag(b.Decoded)), cmp.Compare(flag(a.Volume >= 0), flag(b.Volume >= 0)), strings.Compare(within(a), within(b)),
			cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Size, a.Size), strings.Compare(a.Path, b.Path))
	})
	slices.SortFunc(r.Volumes, func(a, b unpack.Volume) int {
		return cmp.Or(strings.Compare(a.Within, b.Within), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Files, b.Files), cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.ID, b.ID))
	})
}

// within is the file that a part stands in, if it stands in one.
func within(p unpack.Part) string {
	if p.Volume < 0 {
		return ""
	}
	return p.Path
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// by sorts a list by path, offset and a word.
func by[T any](list []T, key func(T) (string, int64, string)) {
	slices.SortStableFunc(list, func(a, b T) int {
		p, o, w := key(a)
		q, u, x := key(b)
		return cmp.Or(strings.Compare(p, q), cmp.Compare(o, u), strings.Compare(w, x))
	})
}
