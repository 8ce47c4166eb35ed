package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/collect/firmware"
	imagepage "assay/internal/report/image"
	"assay/internal/sandbox"
	"assay/internal/sbom"
)

func (a *app) firmwareCommand() *cobra.Command {
	files, markers := false, ""
	c := a.command("firmware IMAGE", "firmware", cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.firmware(c.Context(), args[0], files, markers)
	})
	a.offers(c, "text", "json", "html", "cyclonedx", "spdx", "sarif")
	c.Flags().BoolVar(&files, "files", false, a.t("flag.files"))
	c.Flags().StringVar(&markers, "markers", "", a.t("flag.markers"))
	c.AddCommand(a.firmwareLs(), a.firmwareCat(), a.firmwareExtract(), a.firmwareDiff())
	return c
}

// quickGuesses is what `assay firmware` spends on password hashes: the
// likeliest passwords, about a tenth of a second. `assay run` tries them all.
const quickGuesses = 400_000

// firmware reads one image by itself.
func (a *app) firmware(ctx context.Context, path string, files bool, markers string) error {
	if err := a.formats("text", "json", "html", "cyclonedx", "spdx", "sarif"); err != nil {
		return err
	}
	if files && a.format != "json" && a.format != "html" {
		return &exitError{code: exitUse, err: errors.New(a.t("ui.files-needs", "format", a.format)), next: a.t("ui.next.files", "image", path)}
	}
	opt := firmware.Options{Now: a.now(), Guess: quickGuesses, Files: files || a.format == "html"}
	if a.format == "html" {
		opt.Keep = imagepage.MostNames
	}
	if markers != "" {
		list, err := a.readMarkers(markers)
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
		return nil, nil, a.unusable(err, path)
	}
	defer f.Close() // read-only
	p := a.progress()
	defer p.done()
	// Its sum is taken while it is read.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o, err := open(f)
	if err != nil {
		return nil, nil, a.unusable(err, path)
	}
	sum, size := hashing(ctx, f), o.size
	p.show("progress.image-scan", "image", filepath.Base(path), "size", sized(0), "all", sized(size))
	begun := time.Now()
	r, res, failed, err := firmware.Read(ctx, runner(), f, opt, func(x firmware.Progress) {
		name := x.Path[strings.LastIndexByte(x.Path, 0)+1:]
		if x.Files == 0 || name == "" {
			p.show("progress.image-scan", "image", filepath.Base(path), "size", sized(min(x.Read, size)), "all", sized(size))
			return
		}
		rate := float64(x.Bytes) / max(time.Since(begun).Seconds(), 0.001)
		p.show("progress.image-rate", "image", filepath.Base(path), "files", fmt.Sprint(x.Files), "path", name,
			"size", sized(x.Bytes), "rate", sized(int64(rate)))
	})
	if err != nil {
		return nil, nil, a.interrupted(err, "ui.interrupted-nothing")
	}
	read, hash, err := sum.wait(func(read int64) {
		p.show("progress.image-hash", "image", filepath.Base(path), "size", sized(read), "all", sized(size))
	})
	if err != nil && ctx.Err() != nil {
		return nil, nil, a.interrupted(ctx.Err(), "ui.interrupted-nothing")
	}
	if err != nil {
		return nil, nil, a.unusable(err, path)
	}
	changed := read != size || o.changed()
	if changed {
		hash = "" // of one state, and what was found may be of another
	}
	d := &firmwareDoc{Schema: "assay/firmware@1", Image: firmwareImage{Path: path, Size: read, SHA256: hash},
		Systems: []firmwareSystem{}, Parts: []firmwarePart{}, Volumes: []firmwareVolume{}, Components: []firmwareComponent{}, Unattributed: []firmwareUnknown{}, Secrets: []firmwareSecret{},
		Hosts: []firmwareHost{}, Mentioned: []firmwareHost{}, Certificates: []firmwareCert{}, Binaries: []firmwareBinary{}, Weaknesses: []firmwareWeakness{},
		Startup: []firmwareStart{}, Updates: []firmwareUpdate{}, Apps: []firmwareApp{}, Markers: []firmwareMarker{}, Sought: []firmwareSought{}, Incomplete: []firmwareGap{}, Errors: []jsonError{}}
	d.fill(r, key)
	d.sought(opt.Markers)
	if changed {
		d.Incomplete = append(d.Incomplete, changedGap)
		d.Errors = append(d.Errors, a.changedError(path))
	}
	a.keyed(d.Incomplete)
	if failed != nil {
		d.Errors = append(d.Errors, a.ended(failed, path))
	}
	d.Stats = stats(res, read, a.now().Sub(start).Seconds())
	return d, r, nil
}

// changedGap is the gap of an image that changed while it was read.
var changedGap = firmwareGap{Why: "changed", Detail: firmware.Changed}

func (a *app) changedError(path string) jsonError {
	return jsonError{Code: codeChanged, Exit: exitUndecided, Message: a.t("ui.file.changed", "path", path), Where: path}
}

// ended says that the confined reader was stopped before its end.
func (a *app) ended(failed *sandbox.Error, path string) jsonError {
	return jsonError{Code: codeParser, Exit: exitUndecided, Message: a.t("ui.fw.gap", "why", a.t("ui.gap.parser-killed"), "detail", a.said(failed.Error())), Where: path}
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
