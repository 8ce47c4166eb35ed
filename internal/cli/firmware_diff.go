package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/pattern"
)

// diffDoc is the `firmware-diff` document.
type diffDoc struct {
	Schema     string        `json:"schema"`
	A          firmwareImage `json:"a"`
	B          firmwareImage `json:"b"`
	Files      []diffItem    `json:"files"`
	Components []diffItem    `json:"components"`
	Secrets    []diffItem    `json:"secrets"`
	// SharedKeys are secrets that stand in both images: in two units' flash they
	// should differ.
	SharedKeys []firmwareSecret `json:"shared_secrets"`
	Hosts      []diffItem       `json:"hosts"`
	Weaknesses []diffItem       `json:"weaknesses"`
	Incomplete []firmwareGap    `json:"incomplete"` // of either: what differs there isn't known
	Errors     []jsonError      `json:"errors"`
}

// diffItem is one difference.
type diffItem struct {
	What   string `json:"what"`   // a path, a name, a kind with its place
	Change string `json:"change"` // added, removed, changed
	A      string `json:"a,omitempty"`
	B      string `json:"b,omitempty"`
}

func (a *app) firmwareDiff() *cobra.Command {
	all := false
	c := a.command("diff A B", "firmware-diff", cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		for _, path := range args { // before half a minute is spent on the first
			f, err := firmware.Local(path)
			if err != nil {
				return a.unusable(err, path)
			}
			if err := f.Close(); err != nil {
				return a.unusable(err, path)
			}
		}
		opt := firmware.Options{Now: a.now(), Files: true}
		key, err := newKey() // one for both: the same secret has the same fingerprint
		if err != nil {
			return err
		}
		x, _, err := a.analysed(c.Context(), args[0], opt, key)
		if err != nil {
			return err
		}
		y, _, err := a.analysed(c.Context(), args[1], opt, key)
		if err != nil {
			return err
		}
		d := diffOf(x, y)
		if d.count() > 0 || !x.Image.unsettled(y.Image) && x.Image.SHA256 != y.Image.SHA256 {
			a.code = exitFailed
		} else if len(d.Incomplete) > 0 {
			a.code = exitUndecided
		}
		if a.format == "json" {
			a.json(d)
		} else {
			a.diffText(d, x, y, all)
		}
		return nil
	})
	a.offers(c, "text", "json")
	c.Flags().BoolVar(&all, "all", false, a.t("flag.all"))
	return c
}

// diffOf compares two images. A secret that stands in both is shared, wherever
// it stands: no difference.
func diffOf(x, y *firmwareDoc) diffDoc {
	d := diffDoc{Schema: "assay/firmware-diff@1", A: x.Image, B: y.Image, SharedKeys: []firmwareSecret{}, Incomplete: filled(slices.Concat(x.Incomplete, y.Incomplete)),
		Errors: filled(slices.Concat(x.Errors, y.Errors))}
	if !x.Image.Analysable || !y.Image.Analysable {
		// What one of them lacks may stand where it couldn't be read.
		d.Files, d.Components, d.Secrets, d.Hosts, d.Weaknesses = []diffItem{}, []diffItem{}, []diffItem{}, []diffItem{}, []diffItem{}
		return d
	}
	d.Files = differ(x.Entries, y.Entries, func(e firmware.Entry) (string, string) {
		return e.Path, fmt.Sprintf("%s %04o %d:%d %d %s%s", e.Type, e.Mode, e.UID, e.GID, e.Size, e.SHA256, e.Target)
	})
	d.Components = differ(x.Components, y.Components, func(c firmwareComponent) (string, string) { return c.Name, c.Version })
	inX, inY := fingerprints(x.Secrets), fingerprints(y.Secrets)
	told := make(map[string]bool)
	for _, s := range y.Secrets {
		if key := s.print(); inX[key] && !told[key] {
			told[key] = true
			d.SharedKeys = append(d.SharedKeys, s)
		}
	}
	d.Secrets = differ(without(x.Secrets, inY), without(y.Secrets, inX), func(s firmwareSecret) (string, string) {
		return s.name(), s.Fingerprint
	})
	d.Hosts = differ(x.Hosts, y.Hosts, func(h firmwareHost) (string, string) { return h.Value, "" })
	d.Weaknesses = differ(x.Weaknesses, y.Weaknesses, func(w firmwareWeakness) (string, string) { return w.name(), w.Detail })
	return d
}

// unsettled says that one of two images changed while it was read: nothing is
// known of the bytes then.
func (x firmwareImage) unsettled(y firmwareImage) bool { return x.SHA256 == "" || y.SHA256 == "" }

func (x firmwareImage) same(y firmwareImage) bool {
	return !x.unsettled(y) && x.SHA256 == y.SHA256
}

// print tells equal secrets: the same value, used for the same.
func (s firmwareSecret) print() string { return s.Kind + " " + s.Fingerprint }

func fingerprints(list []firmwareSecret) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s.print()] = true
	}
	return out
}

func without(list []firmwareSecret, other map[string]bool) []firmwareSecret {
	return slices.DeleteFunc(slices.Clone(list), func(s firmwareSecret) bool { return other[s.print()] })
}

// differ compares two lists by a name and what stands behind it.
func differ[T any](x, y []T, key func(T) (name, value string)) []diffItem {
	out := []diffItem{}
	old := make(map[string][]string)
	for _, v := range x {
		n, s := key(v)
		old[n] = append(old[n], s)
	}
	now := make(map[string][]string)
	for _, v := range y {
		n, s := key(v)
		now[n] = append(now[n], s)
	}
	for n, a := range old {
		b, ok := now[n]
		slices.Sort(a)
		slices.Sort(b)
		switch {
		case !ok:
			out = append(out, diffItem{What: n, Change: "removed", A: strings.Join(a, ", ")})
		case !slices.Equal(a, b):
			out = append(out, diffItem{What: n, Change: "changed", A: strings.Join(a, ", "), B: strings.Join(b, ", ")})
		}
	}
	for n, b := range now {
		if _, ok := old[n]; !ok {
			slices.Sort(b)
			out = append(out, diffItem{What: n, Change: "added", B: strings.Join(b, ", ")})
		}
	}
	slices.SortFunc(out, func(a, b diffItem) int { return strings.Compare(a.What, b.What) })
	return out
}

func (a *app) diffText(d diffDoc, x, y *firmwareDoc, all bool) {
	most := mostDiffer
	if all {
		most = math.MaxInt
	}
	for i, doc := range []*firmwareDoc{x, y} {
		fmt.Fprintf(a.Out, "%s  %s\n", "AB"[i:i+1], a.sizedHead(doc))
		a.hanging("", a.about(doc)+a.t("ui.fw.semicolon")+a.readOf(doc), 1)
	}
	switch {
	case x.Image.same(y.Image):
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.identical"))
	case !x.Image.Analysable || !y.Image.Analysable:
		// Of what can't be read everything would look removed, or added.
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.unreadable", "which", which(x.Image.Analysable, y.Image.Analysable)))
		return
	}
	a.heading("ui.fw.secrets", len(d.Secrets))
	a.differText(a.secretsDiffer(d.Secrets, x, y), most)
	a.heading("ui.fw.weaknesses", len(d.Weaknesses))
	a.differText(a.weaknessesDiffer(d.Weaknesses), most)
	for _, l := range []struct {
		key   string
		items []diffItem
	}{{"ui.fw.hosts", d.Hosts}, {"ui.fw.components", d.Components}, {"ui.diff.files", d.Files}} {
		a.heading(l.key, len(l.items))
		t := grid{cut: true}
		shown := upTo(most, len(l.items))
		for _, i := range l.items[:shown] {
			t.row(signs[i.Change], safe(i.What), change(safe(short(i.A)), safe(short(i.B))))
		}
		t.write(a)
		a.differMore(len(l.items) - shown)
	}
	a.heading("ui.diff.shared", len(d.SharedKeys))
	var shared []differing
	for _, s := range d.SharedKeys {
		shared = append(shared, differing{sign: "=", kind: s.Kind, severity: s.severity(), title: a.t("secret." + s.Kind), place: place(s.Path, s.Offset, s.Line), text: a.shown(s)})
	}
	a.differText(worstFirst(shared), most)
	if d.count() == 0 && !x.Image.unsettled(y.Image) && x.Image.SHA256 != y.Image.SHA256 {
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.bytes-only"))
	}
	switch {
	case a.places(x)+a.places(y) > 0:
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.incomplete", "count", fmt.Sprint(a.places(x)+a.places(y))))
	case len(d.Incomplete) > 0:
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.not-read", "which", which(x.Image.Analysable, y.Image.Analysable)))
	case a.code == exitOK:
		fmt.Fprintln(a.Out, "\n"+a.t("ui.diff.same"))
	}
}

// which names the images of which something is false.
func which(a, b bool) string {
	switch {
	case a:
		return "B"
	case b:
		return "A"
	}
	return "A, B"
}

// differMore says that a list of differences goes on.
func (a *app) differMore(n int) {
	if n > 0 {
		fmt.Fprintln(a.Out, "  "+a.t("ui.diff.more", "count", fmt.Sprint(n)))
	}
}

// count is how many differences there are.
func (d diffDoc) count() int {
	return len(d.Files) + len(d.Components) + len(d.Secrets) + len(d.Hosts) + len(d.Weaknesses)
}

// mostDiffer bounds what a person is shown of each kind of difference.
const mostDiffer = 60

var longHash = pattern.New(`[0-9a-f]{64}`)

// short cuts hashes: a person sees that they differ.
func short(s string) string {
	return longHash.ReplaceAllStringFunc(s, func(h string) string { return h[:12] + "…" })
}
