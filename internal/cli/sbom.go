package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/sbom"
)

func (a *app) sbomCommand() *cobra.Command {
	compare := ""
	c := a.command("sbom IMAGE", "sbom", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("compare") {
			return a.sbomCompare(c, args[0], compare)
		}
		if !c.Flags().Changed("format") {
			a.format = "cyclonedx"
		}
		if err := a.formats("cyclonedx", "spdx"); err != nil {
			return err
		}
		key, err := newKey()
		if err != nil {
			return err
		}
		d, r, err := a.analysed(c.Context(), args[0], firmware.Options{Now: a.now()}, key)
		if err != nil {
			return err
		}
		a.undecided(d)
		return a.bill(bill(d, r, a.now()))
	})
	a.offers(c, "cyclonedx", "spdx", a.t("flag.format-compared"))
	c.Flags().StringVar(&compare, "compare", "", a.t("flag.compare"))
	return c
}

// undecided says on stderr what a list of components may lack.
func (a *app) undecided(d *firmwareDoc) {
	if n := len(d.Incomplete) + len(d.Unattributed); n > 0 || !d.Image.Analysable {
		a.code = exitUndecided
		if !d.Image.Analysable {
			fmt.Fprintln(a.Err, a.t("ui.sbom-unread", "about", a.about(d)))
			return
		}
		fmt.Fprintln(a.Err, a.t("ui.sbom-incomplete", "gaps", fmt.Sprint(len(d.Incomplete)), "unattributed", fmt.Sprint(len(d.Unattributed))))
	}
}

// bill is the bill of materials of an image.
func bill(d *firmwareDoc, r *firmware.Result, now time.Time) sbom.BOM {
	b := sbom.BOM{Name: filepath.Base(d.Image.Path), Version: d.Version, SHA256: d.Image.SHA256, Created: now, Tool: "assay", ToolVer: version()}
	for _, c := range slices.Concat(r.Software.Components, r.Software.Unknown) {
		k := sbom.Component{Name: c.Name, Version: cmp.Or(c.Full, c.Version), Type: string(c.Type), PURL: c.PURL, CPE: c.CPE, Supplier: c.Supplier, Licence: c.Licence,
			Confidence: []float64{0, 0.5, 0.8, 0.95}[c.Confidence], Method: method(c.Sources)}
		for _, e := range c.Evidence {
			k.Evidence = append(k.Evidence, sbom.Evidence{Path: e.Path, Offset: e.Offset, Text: e.Text, Rule: cmp.Or(e.Rule, string(e.Source))})
		}
		b.Components = append(b.Components, k)
	}
	for _, s := range d.Systems { // what names itself and no rule knows: apps, firmware of microcontrollers
		if !slices.ContainsFunc(b.Components, func(k sbom.Component) bool { return strings.EqualFold(k.Name, s.Name) }) {
			b.Components = append(b.Components, s.component())
		}
	}
	for _, g := range d.Incomplete {
		b.Gaps = append(b.Gaps, strings.TrimSpace(fmt.Sprintf("%s offset %d: %s: %s", g.Path, g.Offset, g.Why, g.Detail)))
	}
	for _, u := range d.Unattributed {
		b.Gaps = append(b.Gaps, u.Path+": belongs to no known component")
	}
	return b
}

// component is a system as a bill lists it.
func (s firmwareSystem) component() sbom.Component {
	k := sbom.Component{Name: s.Name, Version: s.Version, Type: s.Type, PURL: "pkg:generic/" + url.PathEscape(s.Name), Confidence: 0.95, Method: "manifest",
		Evidence: []sbom.Evidence{{Path: s.Path, Offset: s.Offset, Text: strings.TrimSpace(s.Name + " " + s.Version), Rule: "header"}}}
	if s.Version != "" {
		k.PURL += "@" + url.PathEscape(s.Version)
	}
	return k
}

// method is how a component was recognised, by its strongest source.
func method(sources []component.Source) string {
	has := func(list ...component.Source) bool {
		return slices.ContainsFunc(sources, func(s component.Source) bool { return slices.Contains(list, s) })
	}
	switch {
	case has(component.FromDpkg, component.FromOpkg, component.FromApk, component.FromRPM, component.FromNode, component.FromPython, component.FromLua, component.FromPHP, component.FromJava, component.FromPkgconf):
		return "manifest"
	case has(component.FromText, component.FromNote, component.FromBuildID, component.FromSymbols, component.FromKernel, component.FromGo, component.FromRust):
		return "binary"
	case has(component.FromFile):
		return "filename"
	}
	return "other"
}

// sbomDoc is the `sbom-compare` document.
type sbomDoc struct {
	Schema   string     `json:"schema"`
	Image    string     `json:"image"`
	Declared string     `json:"declared"` // the declared bill, as it was given
	Same     []sbomPair `json:"same"`     // in both, with the same version
	Versions []sbomPair `json:"versions"` // in both, with different versions
	Unsure   []sbomPair `json:"unsure"`   // in both, one doesn't say its version
	Missing  []sbomItem `json:"missing"`  // declared, not found
	Extra    []sbomItem `json:"extra"`    // found, not declared
	// Unattributed are programs of no known component: what they hold may be
	// missing on either side.
	Unattributed []firmwareUnknown `json:"unattributed"`
	Analysable   bool              `json:"analysable"` // false: the image could not be read, so that nothing was found
	Gaps         []firmwareGap     `json:"incomplete"`
	Errors       []jsonError       `json:"errors"`
}

type sbomPair struct {
	Name     string   `json:"name"`
	Declared string   `json:"declared"`
	Found    string   `json:"found"`
	Paths    []string `json:"paths"` // files that show the found version
}

type sbomItem struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	PURL    string   `json:"purl,omitempty"`
	Paths   []string `json:"paths"`
}

func (a *app) sbomCompare(c *cobra.Command, image, declared string) error {
	if err := a.formats("text", "json"); err != nil {
		return err
	}
	f, err := firmware.Local(declared) // a pipe without a writer would never end
	if err != nil {
		return a.unusable(err, declared)
	}
	defer f.Close() // read-only
	want, err := sbom.Read(f)
	if err != nil {
		return &exitError{code: exitUse, err: errors.New(a.brokenBill(err, declared)), where: declared, next: a.t("ui.next.declared")}
	}
	if len(want.Components) == 0 {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.sbom-empty", "path", declared)), where: declared, next: a.t("ui.next.declared")}
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	d, r, err := a.analysed(c.Context(), image, firmware.Options{Now: a.now()}, key)
	if err != nil {
		return err
	}
	got := sbom.Compare(want, bill(d, r, a.now()), func(c sbom.Component) []string { return component.Products(c.Name) })
	doc := sbomDoc{Schema: "assay/sbom-compare@1", Image: image, Declared: declared, Same: pairs(got.Same), Versions: pairs(got.Versions), Unsure: pairs(got.Unsure),
		Missing: items(got.Missing), Extra: items(got.Extra), Unattributed: d.Unattributed, Analysable: d.Image.Analysable, Gaps: d.Incomplete, Errors: d.Errors}
	switch {
	case !doc.Analysable:
		a.code = exitUndecided // that nothing was found says nothing on the list
	case len(doc.Versions)+len(doc.Missing)+len(doc.Extra) > 0:
		a.code = exitFailed
	case len(doc.Unsure)+len(doc.Gaps)+len(doc.Unattributed) > 0:
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(doc)
		return nil
	}
	if !doc.Analysable {
		fmt.Fprintln(a.Out, a.t("ui.firmware-not-analysable", "about", a.about(d)))
	}
	a.billsText(doc)
	return nil
}

// brokenBill says why a declared bill of materials can't be read.
func (a *app) brokenBill(err error, path string) string {
	var kind *sbom.KindError
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return a.t("ui.sbom-kind", "path", path, "kind", plain(kind.Kind))
	case errors.As(err, &syntax):
		return a.t("ui.sbom-syntax", "path", path, "offset", fmt.Sprint(syntax.Offset))
	case errors.As(err, &wrong):
		return a.t("ui.sbom-type", "path", path, "field", plain(wrong.Field), "value", plain(wrong.Value), "offset", fmt.Sprint(wrong.Offset))
	case err == sbom.ErrFormat:
		return a.t("ui.sbom-none", "path", path)
	}
	return a.t("ui.sbom-broken", "path", path, "why", strings.TrimPrefix(err.Error(), sbom.ErrFormat.Error()+": "))
}

func pairs(list []sbom.Pair) []sbomPair {
	out := []sbomPair{}
	for _, p := range list {
		out = append(out, sbomPair{Name: p.Declared.Name, Declared: p.Declared.Version, Found: p.Found.Version, Paths: paths(p.Found)})
	}
	return out
}

func items(list []sbom.Component) []sbomItem {
	out := []sbomItem{}
	for _, c := range list {
		out = append(out, sbomItem{Name: c.Name, Version: c.Version, PURL: c.PURL, Paths: paths(c)})
	}
	return out
}

func paths(c sbom.Component) []string {
	out := []string{}
	for _, e := range c.Evidence {
		if !slices.Contains(out, e.Path) {
			out = append(out, e.Path)
		}
	}
	return out
}

func (a *app) billsText(d sbomDoc) {
	first := func(p []string) string {
		if len(p) == 0 {
			return ""
		}
		return safe(p[0])
	}
	or := func(version string) string { return cmp.Or(safe(version), a.t("ui.fw.version-unknown")) }
	section := func(key string, t grid) {
		n := len(t.rows)
		a.heading(key, n)
		t.rows = t.rows[:min(mostSoftware, n)]
		t.write(a)
		a.more("  ", n-mostSoftware)
	}
	var versions, missing, extra, unsure grid
	for _, p := range d.Versions {
		versions.row(safe(p.Name), or(p.Declared), "≠", or(p.Found), first(p.Paths))
	}
	for _, c := range d.Missing {
		missing.row(safe(c.Name), or(c.Version))
	}
	for _, c := range d.Extra {
		extra.row(safe(c.Name), or(c.Version), first(c.Paths))
	}
	for _, p := range d.Unsure {
		unsure.row(safe(p.Name), or(p.Declared), "?", or(p.Found), first(p.Paths))
	}
	section("ui.sbom.versions", versions)
	section("ui.sbom.missing", missing)
	section("ui.sbom.extra", extra)
	section("ui.sbom.unsure", unsure)
	var unknown grid
	for _, u := range d.Unattributed {
		unknown.row(safe(u.Path))
	}
	section("ui.fw.unattributed", unknown)
	fmt.Fprintln(a.Out, a.t("ui.sbom.summary", "same", fmt.Sprint(len(d.Same)), "versions", fmt.Sprint(len(d.Versions)), "missing", fmt.Sprint(len(d.Missing)),
		"extra", fmt.Sprint(len(d.Extra)), "gaps", fmt.Sprint(len(d.Gaps))))
}
