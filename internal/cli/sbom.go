package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/inspect/component"
	"assay/internal/sbom"
	"assay/internal/untrusted"
)

func (a *app) sbomCommand() *cobra.Command {
	compare := ""
	c := a.command("sbom IMAGE", "sbom", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if !c.Flags().Changed("format") && compare == "" {
			a.format = "cyclonedx"
		}
		if compare != "" {
			return a.sbomCompare(c, args[0], compare)
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
	c.Flags().StringVar(&compare, "compare", "", a.t("flag.compare"))
	return c
}

// undecided says on stderr what a list of components may lack.
func (a *app) undecided(d *firmwareDoc) {
	if n := len(d.Incomplete) + len(d.Unattributed); n > 0 || !d.Image.Analysable {
		a.code = exitUndecided
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
	for _, g := range d.Incomplete {
		b.Gaps = append(b.Gaps, strings.TrimSpace(fmt.Sprintf("%s offset %d: %s: %s", g.Path, g.Offset, g.Why, g.Detail)))
	}
	for _, u := range d.Unattributed {
		b.Gaps = append(b.Gaps, u.Path+": belongs to no known component")
	}
	return b
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
	Schema   string        `json:"schema"`
	Image    string        `json:"image"`
	Declared string        `json:"declared"` // the declared bill, as it was given
	Same     []sbomPair    `json:"same"`     // in both, with the same version
	Versions []sbomPair    `json:"versions"` // in both, with different versions
	Unsure   []sbomPair    `json:"unsure"`   // in both, one doesn't say its version
	Missing  []sbomItem    `json:"missing"`  // declared, not found
	Extra    []sbomItem    `json:"extra"`    // found, not declared
	Gaps     []firmwareGap `json:"incomplete"`
	Errors   []jsonError   `json:"errors"`
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
	f, err := os.Open(declared)
	if err != nil {
		return &exitError{code: exitUse, err: err, where: declared}
	}
	defer f.Close() // read-only
	want, err := sbom.Read(f)
	if err != nil {
		return &exitError{code: exitUse, err: err, where: declared}
	}
	if len(want.Components) == 0 {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.sbom-empty")), where: declared}
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	d, r, err := a.analysed(c.Context(), image, firmware.Options{Now: a.now()}, key)
	if err != nil {
		return err
	}
	got := sbom.Compare(want, bill(d, r, a.now()))
	doc := sbomDoc{Schema: "assay/sbom-compare@1", Image: image, Declared: declared, Same: pairs(got.Same), Versions: pairs(got.Versions), Unsure: pairs(got.Unsure),
		Missing: items(got.Missing), Extra: items(got.Extra), Gaps: d.Incomplete, Errors: d.Errors}
	switch {
	case len(doc.Versions)+len(doc.Missing)+len(doc.Extra) > 0:
		a.code = exitFailed
	case len(doc.Unsure)+len(doc.Gaps) > 0:
		a.code = exitUndecided
	}
	if a.format == "json" {
		a.json(doc)
		return nil
	}
	a.billsText(doc)
	return nil
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
	safe := func(s string) string { return untrusted.From(s, 120).Terminal() }
	first := func(p []string) string {
		if len(p) == 0 {
			return ""
		}
		return safe(p[0])
	}
	a.heading("ui.sbom.versions", len(d.Versions))
	for _, p := range d.Versions {
		fmt.Fprintf(a.Out, "  %-28s %s ≠ %s  %s\n", safe(p.Name), safe(p.Declared), safe(p.Found), first(p.Paths))
	}
	a.heading("ui.sbom.missing", len(d.Missing))
	for _, c := range d.Missing {
		fmt.Fprintf(a.Out, "  %-28s %s\n", safe(c.Name), safe(c.Version))
	}
	a.heading("ui.sbom.extra", len(d.Extra))
	for _, c := range d.Extra {
		fmt.Fprintf(a.Out, "  %-28s %-18s %s\n", safe(c.Name), safe(c.Version), first(c.Paths))
	}
	a.heading("ui.sbom.unsure", len(d.Unsure))
	for _, p := range d.Unsure {
		fmt.Fprintf(a.Out, "  %-28s %s ? %s\n", safe(p.Name), safe(p.Declared), safe(p.Found))
	}
	fmt.Fprintln(a.Out, a.t("ui.sbom.summary", "same", fmt.Sprint(len(d.Same)), "versions", fmt.Sprint(len(d.Versions)), "missing", fmt.Sprint(len(d.Missing)),
		"extra", fmt.Sprint(len(d.Extra)), "gaps", fmt.Sprint(len(d.Gaps))))
}
