package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// CycloneDX writes b as CycloneDX 1.6 in JSON (ECMA-424). The same BOM gives
// the same bytes: its serial number follows from its content.
func CycloneDX(w io.Writer, b BOM) error {
	doc := cdx.NewBOM()
	subject := cdx.Component{BOMRef: "subject", Type: cdx.ComponentTypeFirmware, Name: text(b.Name), Version: text(b.Version)}
	if b.SHA256 != "" {
		subject.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: b.SHA256}}
	}
	tools := []cdx.Component{{Type: cdx.ComponentTypeApplication, Name: b.Tool, Version: b.ToolVer}}
	doc.Metadata = &cdx.Metadata{Timestamp: b.Created.UTC().Format(time.RFC3339), Component: &subject, Tools: &cdx.ToolsChoice{Components: &tools}}
	if len(b.Gaps) > 0 {
		var props []cdx.Property
		for _, g := range b.Gaps {
			props = append(props, cdx.Property{Name: "assay:incomplete", Value: text(g)})
		}
		doc.Metadata.Properties = &props
	}
	var all []cdx.Component
	var refs []cdx.BOMReference
	var names []string
	for i, c := range b.Components {
		ref := fmt.Sprintf("component-%d", i+1)
		all = append(all, component(ref, c))
		refs, names = append(refs, cdx.BOMReference(ref)), append(names, ref)
	}
	doc.Components = &all
	doc.Dependencies = &[]cdx.Dependency{{Ref: "subject", Dependencies: &names}}
	aggregate := cdx.CompositionAggregateUnknown // what an analysis finds is never proved to be all
	if len(b.Gaps) > 0 {
		aggregate = cdx.CompositionAggregateIncomplete
	}
	assemblies := append([]cdx.BOMReference{"subject"}, refs...)
	doc.Compositions = &[]cdx.Composition{{Aggregate: aggregate, Assemblies: &assemblies}}
	doc.SerialNumber = "urn:uuid:" + identifier(b)
	e := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON)
	e.SetPretty(true)
	e.SetEscapeHTML(false)
	if err := e.EncodeVersion(doc, cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	return nil
}

func component(ref string, c Component) cdx.Component {
	out := cdx.Component{BOMRef: ref, Type: componentType(c.Type), Name: text(c.Name), Version: text(c.Version), PackageURL: matching(purlRe(), c.PURL), CPE: matching(cpeRe(), c.CPE)}
	if c.Supplier != "" {
		out.Supplier = &cdx.OrganizationalEntity{Name: text(c.Supplier)}
	}
	switch {
	case c.Licence == "":
	case expression(c.Licence):
		out.Licenses = &cdx.Licenses{{Expression: c.Licence}}
	default:
		out.Licenses = &cdx.Licenses{{License: &cdx.License{Name: text(c.Licence)}}}
	}
	if len(c.Evidence) == 0 {
		return out
	}
	ev := &cdx.Evidence{}
	if c.Confidence > 0 {
		sure := float32(math.Round(c.Confidence*100) / 100)
		methods := []cdx.EvidenceIdentityMethod{{Technique: technique(c.Method), Confidence: &sure, Value: text(c.Evidence[0].Rule)}}
		ids := []cdx.EvidenceIdentity{{Field: cdx.EvidenceIdentityFieldTypeName, Confidence: &sure, Methods: &methods}}
		ev.Identity = &cdx.EvidenceIdentityChoice{Identities: &ids}
	}
	var occ []cdx.EvidenceOccurrence
	for i, e := range c.Evidence {
		o := cdx.EvidenceOccurrence{BOMRef: fmt.Sprintf("%s-%d", ref, i+1), Location: text(e.Path), AdditionalContext: text(e.Text)}
		if e.Offset > 0 {
			at := int(e.Offset)
			o.Offset = &at
		}
		occ = append(occ, o)
	}
	ev.Occurrences = &occ
	out.Evidence = ev
	return out
}

// matching gives what has the form that a format asks for, and nothing else.
func matching(re *regexp.Regexp, s string) string {
	if re.MatchString(s) {
		return s
	}
	return ""
}

func technique(method string) cdx.EvidenceIdentityTechnique {
	switch method {
	case "manifest":
		return cdx.EvidenceIdentityTechniqueManifestAnalysis
	case "binary":
		return cdx.EvidenceIdentityTechniqueBinaryAnalysis
	case "filename":
		return cdx.EvidenceIdentityTechniqueFilename
	}
	return cdx.EvidenceIdentityTechniqueOther
}

func componentType(t string) cdx.ComponentType {
	switch t {
	case "application":
		return cdx.ComponentTypeApplication
	case "operating-system":
		return cdx.ComponentTypeOS
	case "firmware":
		return cdx.ComponentTypeFirmware
	case "framework":
		return cdx.ComponentTypeFramework
	case "data":
		return cdx.ComponentTypeData
	case "file":
		return cdx.ComponentTypeFile
	}
	return cdx.ComponentTypeLibrary
}

// identifier is a UUID (RFC 9562, version 8) made of the content.
func identifier(b BOM) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d\n", b.Name, b.Version, b.SHA256, b.Created.Unix())
	for _, c := range b.Components {
		fmt.Fprintf(h, "%q\n", []string{c.Name, c.Version, c.PURL, c.CPE})
	}
	for _, g := range b.Gaps {
		fmt.Fprintf(h, "%q\n", g)
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	s := hex.EncodeToString(u)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// text keeps what a document of another tool can hold: valid UTF-8 without
// control characters of either kind, marks that turn the direction of text and
// breaks of lines, at most 1000 bytes.
func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return '\uFFFD'
		}
		return r
	}, s)
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}
