// Package sbom holds software bills of materials: what a product or an image
// is made of, with versions, identifiers and the evidence of each. In: what an
// analysis found, or a file in CycloneDX or SPDX, hostile. Out: the same in
// CycloneDX 1.6 and SPDX 2.3, and the comparison of two. It knows no images and
// no facts.
package sbom

import "time"

// BOM is what one subject is made of.
type BOM struct {
	Name       string // of the subject: a product, an image's file
	Version    string
	SHA256     string // of the image; empty where there is none
	Created    time.Time
	Tool       string // that made it, and its version
	ToolVer    string
	Components []Component
	// Gaps say what may be missing, in technical English; empty says that all of
	// the subject was looked at.
	Gaps []string
}

// Component is a piece of software in the subject.
type Component struct {
	Name       string
	Version    string // empty: not known
	Type       string // library, application, operating-system, firmware, file, data, framework
	PURL       string
	CPE        string // CPE 2.3 formatted string
	Supplier   string
	Licence    string  // an SPDX expression; empty: not known
	Confidence float64 // 0 to 1; 0: not said
	Method     string  // how it was recognised: manifest, binary, filename, other
	Evidence   []Evidence
}

// Evidence is a place that names a component.
type Evidence struct {
	Path   string
	Offset int64
	Text   string
	Rule   string
}
