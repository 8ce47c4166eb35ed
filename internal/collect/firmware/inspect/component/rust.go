package component

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"io"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// maxAudit bounds the unpacked list of cargo-auditable; real ones have some KiB.
const maxAudit = 8 << 20

// rustAudit reads what cargo-auditable put into the section .dep-v0: JSON under
// zlib (github.com/rust-secure-code/cargo-auditable, PARSING.md).
func (s *scanner) rustAudit(b []byte) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		s.problem("the section .dep-v0 is no zlib stream")
		return
	}
	text, err := io.ReadAll(io.LimitReader(z, maxAudit))
	if err != nil {
		s.problem("the section .dep-v0 is damaged")
		return
	}
	var list struct {
		Packages []struct {
			Name, Version, Source, Kind string
		}
	}
	if json.Unmarshal(text, &list) != nil {
		s.problem("the section .dep-v0 holds no list of packages")
		return
	}
	for _, p := range list.Packages {
		if p.Kind == "build" || p.Name == "" {
			continue
		}
		s.claim(crateClaim(p.Name, p.Version, High, 0))
	}
}

func crateClaim(name, version string, c Confidence, off int64) Claim {
	return Claim{Name: name, Rule: "rust-crate", Version: version, Confidence: c, Source: FromRust, Offset: off, Text: name + "-" + version, PURL: purl("cargo", "", name, version)}
}

// cratePattern: a panic message names its source file, and cargo keeps that of
// a registry's crate in a folder with name and version.
var cratePattern = pattern.New(`/registry/src/[^/ ]{1,80}/([a-zA-Z][a-zA-Z0-9_-]*?)-(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)/`)

func (s *scanner) crate(h keyword.Hit) {
	if s.f.Kind == inspect.Text {
		return
	}
	d := s.f.Data[h.At:min(len(s.f.Data), h.At+256)]
	m := cratePattern.FindSubmatchIndex(d)
	if m == nil || m[0] != 0 {
		return
	}
	c := crateClaim(string(d[m[2]:m[3]]), string(d[m[4]:m[5]]), Medium, int64(h.At))
	c.Text = string(d[:min(m[1], maxEvidence)])
	if s.crates[c.PURL] || len(s.crates) == maxClaims {
		return
	}
	if s.crates == nil {
		s.crates = map[string]bool{}
	}
	s.crates[c.PURL] = true
	s.claim(c)
}
