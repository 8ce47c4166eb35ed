package cli

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/startup"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/evidence"
)

// fill takes everything of a result; key is for fingerprints of secrets.
func (d *firmwareDoc) fill(r *firmware.Result, key []byte) {
	if img := r.Image; img != nil {
		d.Image.Status, d.Image.Reason, d.Image.Entropy = string(img.Status), img.Reason, img.Entropy
		d.Image.Analysable = img.Status == unpack.Readable
	}
	if r.Version != nil {
		d.Version = r.Version.Value
	}
	if r.Done != nil {
		d.Files = r.Done.Files
	}
	d.Entries, d.more = r.Entries, r.More
	for _, p := range r.Parts {
		d.Parts = append(d.Parts, partOf(p))
	}
	for _, v := range r.Volumes {
		d.Volumes = append(d.Volumes, firmwareVolume{Name: v.Within, Format: v.Format, Offset: v.Offset, Files: v.Files, Names: v.Names, Bytes: v.Bytes, Note: v.Note})
	}
	for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
		d.Components = append(d.Components, componentOf(c))
	}
	for _, u := range r.Software.Unattributed {
		d.Unattributed = append(d.Unattributed, firmwareUnknown{Path: u.Path, Why: u.Why})
	}
	d.secrets(r, key)
	d.hosts(r)
	for _, c := range r.Certs {
		x := firmwareCert{Path: c.Path, Subject: c.Subject, NotAfter: c.NotAfter, Key: fmt.Sprintf("%s %d", c.Algorithm, c.Bits), Signature: c.Signature, Problems: []string{}}
		for _, p := range c.Problems {
			x.Problems = append(x.Problems, string(p))
		}
		d.Certificates = append(d.Certificates, x)
	}
	for _, b := range r.Binaries {
		d.Binaries = append(d.Binaries, firmwareBinary{Path: b.Path, Arch: b.Arch, Type: b.Type, NX: b.NX, PIE: b.PIE, RELRO: b.RELRO, Canary: b.Canary,
			Fortify: b.Fortify, Stripped: b.Stripped, SetUID: b.SetUID, RPath: b.RPath, Own: b.Own})
	}
	d.weaknesses(r)
	d.apps(r)
	d.systems(r)
	d.NoInit = r.NoInit
	for _, u := range r.Updates {
		d.Updates = append(d.Updates, firmwareUpdate{Mechanism: u.Mechanism, Path: u.Path, Line: u.Line, Scheme: u.Scheme, Signature: u.Signature, Rollback: cmp.Or(u.Rollback, "not-seen"), Text: u.Text})
	}
	for _, m := range r.Markers {
		d.Markers = append(d.Markers, firmwareMarker{Name: m.Name, Encoding: m.Encoding, Path: m.Path, Offset: m.Offset, Line: m.Line})
	}
	for _, g := range r.Gaps {
		d.Incomplete = append(d.Incomplete, firmwareGap{Path: g.Path, Offset: g.Offset, Why: g.Why, Detail: g.Detail})
	}
}

// basic are programs that tell what a system is, beside its operating system.
var basic = []string{"busybox", "toybox", "openwrt", "buildroot", "android", "zephyr", "freertos", "esp-idf", "u-boot"}

// systems lists what the image says that it is: the operating systems, boot
// loaders and firmware among the components, then what headers name, then apps.
func (d *firmwareDoc) systems(r *firmware.Result) {
	seen := make(map[string]bool)
	add := func(s firmwareSystem) {
		if key := strings.ToLower(s.Name); s.Name != "" && !seen[key] && len(d.Systems) < 100 {
			seen[key] = true
			d.Systems = append(d.Systems, s)
		}
	}
	apps := func(whole bool) {
		for _, a := range d.Apps {
			if whole == (a.Path == "/") {
				add(firmwareSystem{Name: a.Package, Version: a.Version, Type: "application", Path: a.Path})
			}
		}
	}
	apps(true)
	software := func(is func(component.Component) bool) {
		for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
			if !is(c) {
				continue
			}
			s := firmwareSystem{Name: c.Name, Version: c.Version, Type: string(c.Type)}
			if len(c.Evidence) > 0 {
				s.Path, s.Offset = c.Evidence[0].Path, c.Evidence[0].Offset
			}
			add(s)
		}
	}
	software(func(c component.Component) bool { return c.Type == component.OS || c.Type == component.Firmware })
	software(func(c component.Component) bool { return slices.Contains(basic, c.Name) })
	for _, p := range r.Parts {
		for _, s := range p.Systems {
			add(firmwareSystem{Name: s.Name, Version: s.Version, Type: "firmware", Path: p.Path, Offset: s.Offset})
		}
	}
	apps(false)
}

// keyOf is the algorithm and the bits of a key.
func keyOf(h secret.Hit) string {
	switch {
	case h.Bits > 0 && h.Algorithm != "":
		return fmt.Sprintf("%s %d", h.Algorithm, h.Bits)
	case h.Bits > 0:
		return fmt.Sprintf("%d bits", h.Bits)
	}
	return h.Algorithm
}

func partOf(p unpack.Part) firmwarePart {
	out := firmwarePart{Offset: p.Offset, Size: p.Size, Format: p.Format, Path: p.Path, Decoded: p.Decoded, Name: p.Name, Note: machined(p.Note), Entropy: p.Entropy,
		Read: p.Read, Guards: []firmwareGuard{}, Systems: []firmwareSystem{}}
	for _, g := range p.Guards {
		out.Guards = append(out.Guards, firmwareGuard{Kind: g.Kind, Scheme: g.Scheme, State: g.State, Note: g.Note})
	}
	for _, s := range p.Systems {
		out.Systems = append(out.Systems, firmwareSystem{Name: s.Name, Version: s.Version})
	}
	return out
}

var sure = map[component.Confidence]string{component.Low: "low", component.Medium: "medium", component.High: "high"}

func componentOf(c component.Component) firmwareComponent {
	out := firmwareComponent{Name: c.Name, Version: c.Version, Range: c.Range, Full: c.Full, Type: string(c.Type), PURL: c.PURL, CPE: c.CPE, Licence: c.Licence,
		Confidence: sure[c.Confidence], DataOnly: c.DataOnly, Conflict: c.Conflict, Evidence: []firmwareEvidence{}, More: c.More}
	for _, e := range c.Evidence {
		out.Evidence = append(out.Evidence, firmwareEvidence{Path: e.Path, Offset: e.Offset, Text: e.Text, Rule: e.Rule, Source: string(e.Source)})
	}
	return out
}

func (d *firmwareDoc) secrets(r *firmware.Result, key []byte) {
	for _, h := range r.Secrets {
		s := firmwareSecret{Kind: string(h.Kind), Path: h.Path, Offset: h.Offset, Line: h.Line, User: h.User, Scheme: h.Scheme,
			Redacted: evidence.Redact([]byte(h.Value)), Fingerprint: h.SPKI, Known: h.Known, Used: h.Used, Detail: h.Note, Verified: h.SPKI != "", Key: keyOf(h.Hit)}
		if s.Fingerprint == "" {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(h.Value))
			s.Fingerprint = hex.EncodeToString(m.Sum(nil)[:16])
		}
		s.Verified = s.Verified || h.Recovered
		switch h.Kind {
		case secret.UID0Account, secret.EmptyPassword, secret.AuthorizedKey:
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: s.Kind, Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: h.User})
		default:
			if h.Kind.Secret() {
				d.Secrets = append(d.Secrets, s)
			}
		}
	}
}

func (d *firmwareDoc) hosts(r *firmware.Result) {
	contacted, mentioned := make(map[string]int), make(map[string]int)
	for _, h := range r.Hosts {
		list, at := &d.Hosts, contacted
		if !h.Class.Contacted() {
			if h.Class == "local" {
				continue
			}
			list, at = &d.Mentioned, mentioned
		}
		i, ok := at[h.Host]
		if !ok {
			kind := "dns"
			if h.IP {
				kind = "ip"
			}
			i = len(*list)
			at[h.Host] = i
			*list = append(*list, firmwareHost{Value: h.Host, Kind: kind})
		}
		(*list)[i].Where = append((*list)[i].Where, firmwareWhere{Path: h.Path, Offset: h.Offset, Line: h.Line, Usage: string(h.Class), Evidence: string(h.Evidence), Scheme: h.Scheme, Port: h.Port})
	}
	for _, l := range [][]firmwareHost{d.Hosts, d.Mentioned} {
		slices.SortFunc(l, func(a, b firmwareHost) int { return strings.Compare(a.Value, b.Value) })
	}
}

func (d *firmwareDoc) weaknesses(r *firmware.Result) {
	for _, s := range r.Starts {
		switch s.Kind {
		case startup.Service, startup.SerialLogin, startup.Process, startup.Console:
			d.Startup = append(d.Startup, firmwareStart{Kind: string(s.Kind), Path: s.Path, Line: s.Line, Text: s.Text, Program: s.Program, Args: filled(s.Args),
				By: s.By, Listens: s.Listens, Port: s.Port, Address: s.Address, Login: s.Login, Boot: s.Boot})
		default:
			d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: string(s.Kind), Path: s.Path, Offset: s.Offset, Line: s.Line, Detail: s.Text})
		}
	}
	for _, w := range r.Weaknesses {
		d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: w.Kind, Path: w.Path, Offset: w.Offset, Line: w.Line, Detail: cmp.Or(w.Text, w.Name)})
	}
	for _, m := range r.Modes {
		d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: m.Kind, Path: m.Path, Detail: fmt.Sprintf("%04o", m.Mode)})
	}
	for _, p := range r.Parts {
		for _, g := range p.Guards {
			if g.State == format.Bad {
				d.Weaknesses = append(d.Weaknesses, firmwareWeakness{Kind: "bad-" + g.Kind, Path: p.Path, Offset: p.Offset, Detail: g.Scheme})
			}
		}
	}
	slices.SortStableFunc(d.Weaknesses, func(a, b firmwareWeakness) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Kind, b.Kind))
	})
}
