package cli

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	"assay/internal/sandbox"
	"assay/internal/sbom"
	"assay/internal/untrusted"
)

func (a *app) firmwareCommand() *cobra.Command {
	files, markers := false, ""
	c := a.command("firmware IMAGE", "firmware", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.firmware(c.Context(), args[0], files, markers)
	})
	c.Flags().BoolVar(&files, "files", false, a.t("flag.files"))
	c.Flags().StringVar(&markers, "markers", "", a.t("flag.markers"))
	c.AddCommand(a.firmwareLs(), a.firmwareCat(), a.firmwareExtract(), a.firmwareDiff())
	return c
}

// firmware reads one image by itself.
func (a *app) firmware(ctx context.Context, path string, files bool, markers string) error {
	if err := a.formats("text", "json", "html", "cyclonedx", "spdx", "sarif"); err != nil {
		return err
	}
	opt := firmware.Options{Now: a.now(), Files: files || a.format == "html"}
	if markers != "" {
		list, err := readMarkers(markers)
		if err != nil {
			return err
		}
		opt.Markers = list
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	d, r, err := a.analysed(ctx, path, opt, key)
	if err != nil {
		return err
	}
	switch {
	case len(d.Secrets)+len(d.Weaknesses)+len(d.Markers) > 0:
		a.code = exitFailed
	case len(d.Incomplete) > 0 || !d.Image.Analysable:
		a.code = exitUndecided
	}
	switch a.format {
	case "json":
		a.json(d)
	case "html":
		return a.firmwareHTML(d)
	case "sarif":
		return a.firmwareSARIF(d)
	case "cyclonedx", "spdx":
		return a.bill(bill(d, r, a.now()))
	default:
		a.firmwareText(d)
	}
	return nil
}

// newKey makes the key of a call's fingerprints.
func newKey() ([]byte, error) {
	key := make([]byte, 32)
	_, err := rand.Read(key)
	return key, err
}

// analysed reads an image in the confined child; key is for fingerprints.
func (a *app) analysed(ctx context.Context, path string, opt firmware.Options, key []byte) (*firmwareDoc, *firmware.Result, error) {
	start := a.now()
	f, err := firmware.Local(path)
	if err != nil {
		return nil, nil, &exitError{code: exitUse, err: err, where: path}
	}
	defer f.Close() // read-only
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return nil, nil, use(err)
	}
	p := a.progress()
	p.show("progress.image", "image", path)
	r, res, failed, err := firmware.Read(ctx, runner(), f, opt, func(x firmware.Progress) {
		p.show("progress.image-file", "image", filepath.Base(path), "files", fmt.Sprint(x.Files), "path", strings.ReplaceAll(x.Path, "\x00", " "))
	})
	p.done()
	if err != nil {
		return nil, nil, err
	}
	d := &firmwareDoc{Schema: "assay/firmware@1", Image: firmwareImage{Path: path, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))},
		Parts: []firmwarePart{}, Volumes: []firmwareVolume{}, Components: []firmwareComponent{}, Unattributed: []firmwareUnknown{}, Secrets: []firmwareSecret{},
		Hosts: []firmwareHost{}, Mentioned: []firmwareHost{}, Certificates: []firmwareCert{}, Binaries: []firmwareBinary{}, Weaknesses: []firmwareWeakness{},
		Startup: []firmwareStart{}, Updates: []firmwareUpdate{}, Apps: []firmwareApp{}, Markers: []firmwareMarker{}, Incomplete: []firmwareGap{}, Errors: []jsonError{}}
	d.fill(r, key)
	if failed != nil {
		d.Errors = append(d.Errors, jsonError{Code: codeParser, Exit: exitUndecided, Message: failed.Error(), Where: path})
	}
	d.Stats = stats(res, size, a.now().Sub(start).Seconds())
	return d, r, nil
}

func stats(res sandbox.Result, size int64, seconds float64) firmwareStats {
	return firmwareStats{Seconds: seconds, PeakBytes: res.PeakBytes, BytesRead: size, Confined: filled(res.Confinement)}
}

// bill writes a bill of materials in the format that --format names.
func (a *app) bill(b sbom.BOM) error {
	if a.format == "spdx" {
		return sbom.SPDX(a.Out, b)
	}
	return sbom.CycloneDX(a.Out, b)
}

func (a *app) firmwareText(d *firmwareDoc) {
	safe := func(s string) string { return untrusted.From(s, 200).Terminal() }
	fmt.Fprintln(a.Out, a.t("ui.firmware-image", "path", safe(d.Image.Path), "size", fmt.Sprint(d.Image.Size), "sha256", d.Image.SHA256, "entropy", fmt.Sprintf("%.2f", d.Image.Entropy)))
	if !d.Image.Analysable {
		fmt.Fprintln(a.Out, a.t("ui.firmware-not-analysable", "reason", safe(d.Image.Reason)))
	}
	a.heading("ui.fw.parts", len(d.Parts))
	for _, p := range d.Parts {
		read := a.t("ui.not-read")
		if p.Read {
			read = a.t("ui.read")
		}
		fmt.Fprintf(a.Out, "  %10d %10d %-14s %s  %s %s\n", p.Offset, p.Size, safe(p.Format), read, safe(p.Path), safe(p.Note))
		for _, g := range p.Guards {
			fmt.Fprintf(a.Out, "  %21s %s %s: %s %s\n", "", a.t("guard."+g.Kind), safe(g.Scheme), a.t("guard."+g.State), safe(g.Note))
		}
	}
	a.heading("ui.fw.volumes", len(d.Volumes))
	for _, v := range d.Volumes {
		fmt.Fprintln(a.Out, a.t("ui.fw.volume", "name", safe(orSlash(v.Name)), "format", safe(v.Format), "files", fmt.Sprint(v.Files), "names", fmt.Sprint(v.Names), "bytes", fmt.Sprint(v.Bytes)))
	}
	a.heading("ui.fw.components", len(d.Components))
	for _, c := range d.Components {
		version, first := c.Version, ""
		if version == "" {
			version = a.t("ui.fw.version-unknown") + " " + c.Range
		}
		if len(c.Evidence) > 0 {
			first = c.Evidence[0].Path
		}
		fmt.Fprintf(a.Out, "  %-28s %-18s %s  %s\n", safe(c.Name), safe(version), a.t("confidence."+c.Confidence), safe(first))
	}
	a.heading("ui.fw.unattributed", len(d.Unattributed))
	for _, u := range d.Unattributed {
		fmt.Fprintf(a.Out, "  %s\n", safe(u.Path))
	}
	a.heading("ui.fw.secrets", len(d.Secrets))
	for _, s := range d.Secrets {
		fmt.Fprintf(a.Out, "  %-22s %s  %s %s %s\n", a.t("secret."+s.Kind), place(safe(s.Path), s.Offset, s.Line), safe(s.User), s.Redacted, safe(s.Known))
	}
	a.heading("ui.fw.weaknesses", len(d.Weaknesses))
	for _, w := range d.Weaknesses {
		fmt.Fprintf(a.Out, "  %-26s %s  %s\n", a.weakness(w.Kind), place(safe(w.Path), w.Offset, w.Line), safe(w.Detail))
	}
	a.heading("ui.fw.hosts", len(d.Hosts))
	for _, h := range d.Hosts {
		fmt.Fprintf(a.Out, "  %-40s %s (+%d) %s\n", safe(h.Value), place(safe(h.Where[0].Path), h.Where[0].Offset, h.Where[0].Line), len(h.Where)-1, safe(h.Where[0].Evidence))
	}
	a.heading("ui.fw.startup", len(d.Startup))
	for _, s := range d.Startup {
		port := ""
		if s.Port > 0 {
			port = fmt.Sprint(":", s.Port)
		}
		fmt.Fprintf(a.Out, "  %-14s %s  %s %s\n", a.t("start."+s.Kind), place(safe(s.Path), 0, s.Line), safe(s.Text), port)
	}
	a.heading("ui.fw.updates", len(d.Updates))
	for _, u := range d.Updates {
		fmt.Fprintf(a.Out, "  %-14s %s  %s %s\n", safe(u.Mechanism), place(safe(u.Path), 0, u.Line), a.t("ui.fw.signature."+u.Signature), safe(u.Text))
	}
	a.appsText(d, safe)
	for _, m := range d.Markers {
		fmt.Fprintln(a.Out, a.t("ui.fw.marker", "name", safe(m.Name), "where", place(safe(m.Path), m.Offset, m.Line), "encoding", m.Encoding))
	}
	for _, g := range d.Incomplete {
		fmt.Fprintln(a.Out, a.t("ui.firmware-gap", "why", a.t("cut."+g.Why), "where", place(safe(g.Path), g.Offset, 0), "detail", safe(g.Detail)))
	}
	fmt.Fprintln(a.Out, a.t("ui.firmware-counts", "files", fmt.Sprint(d.Files), "components", fmt.Sprint(len(d.Components)), "secrets", fmt.Sprint(len(d.Secrets)), "hosts", fmt.Sprint(len(d.Hosts)), "weaknesses", fmt.Sprint(len(d.Weaknesses))))
}

// weakness is what a kind of weakness is called.
func (a *app) weakness(kind string) string {
	if a.texts.Has("weakness." + kind) {
		return a.t("weakness." + kind)
	}
	return kind
}

func orSlash(s string) string {
	if s == "" {
		return "/"
	}
	return s + ":"
}

// heading begins a section that isn't empty.
func (a *app) heading(key string, n int) {
	if n > 0 {
		fmt.Fprintf(a.Out, "\n%s (%d)\n", a.t(key), n)
	}
}

func place(path string, offset int64, line int) string {
	if line > 0 {
		return fmt.Sprintf("%s:%d", path, line)
	}
	return fmt.Sprintf("%s@%d", path, offset)
}
