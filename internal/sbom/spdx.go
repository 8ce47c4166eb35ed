package sbom

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// none is what SPDX 2.3 wants where nothing is known.
const none = "NOASSERTION"

// SPDX writes b as SPDX 2.3 in JSON (ISO/IEC 5962).
func SPDX(w io.Writer, b BOM) error {
	created := b.Created.UTC().Format(time.RFC3339)
	tool := common.Creator{CreatorType: "Tool", Creator: b.Tool + "-" + b.ToolVer}
	doc := &v2_3.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: text(b.Name),
		DocumentNamespace: "urn:uuid:" + identifier(b),
		DocumentComment:   strings.Join(gaps(b), "\n"),
		CreationInfo:      &v2_3.CreationInfo{Created: created, Creators: []common.Creator{tool}},
	}
	subject := &v2_3.Package{PackageName: text(b.Name), PackageSPDXIdentifier: "Subject", PackageVersion: text(b.Version),
		PackageDownloadLocation: none, PackageLicenseConcluded: none, PackageLicenseDeclared: none, PackageCopyrightText: none,
		PrimaryPackagePurpose: "FIRMWARE", FilesAnalyzed: false, IsFilesAnalyzedTagPresent: true}
	if b.SHA256 != "" {
		subject.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: b.SHA256}}
	}
	doc.Packages = append(doc.Packages, subject)
	doc.Relationships = append(doc.Relationships, relation("DOCUMENT", "DESCRIBES", "Subject"))
	for i, c := range b.Components {
		p := spdxPackage(fmt.Sprintf("Component-%d", i+1), c)
		for _, e := range c.Evidence {
			p.Annotations = append(p.Annotations, v2_3.Annotation{
				Annotator:         common.Annotator{AnnotatorType: "Tool", Annotator: b.Tool + "-" + b.ToolVer},
				AnnotationDate:    created,
				AnnotationType:    "OTHER",
				AnnotationComment: strings.TrimSpace(fmt.Sprintf("found in %s at offset %d by %s: %s", text(e.Path), e.Offset, text(e.Rule), text(e.Text))),
			})
		}
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships, relation("Subject", "CONTAINS", string(p.PackageSPDXIdentifier)))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("spdx: %w", err)
	}
	return nil
}

func gaps(b BOM) []string {
	var out []string
	for _, g := range b.Gaps {
		out = append(out, "incomplete: "+text(g))
	}
	return out
}

func spdxPackage(id string, c Component) *v2_3.Package {
	p := &v2_3.Package{PackageName: text(c.Name), PackageSPDXIdentifier: common.ElementID(id), PackageVersion: text(c.Version),
		PackageDownloadLocation: none, PackageLicenseConcluded: none, PackageLicenseDeclared: none, PackageCopyrightText: none,
		PrimaryPackagePurpose: purpose(c.Type), FilesAnalyzed: false, IsFilesAnalyzedTagPresent: true}
	switch {
	case c.Licence == "":
	case expression(c.Licence):
		p.PackageLicenseDeclared = c.Licence
	default:
		p.PackageLicenseComments = "declared as: " + text(c.Licence)
	}
	if c.Supplier != "" {
		p.PackageSupplier = &common.Supplier{SupplierType: "Organization", Supplier: text(c.Supplier)}
	}
	if matching(cpeRe(), c.CPE) != "" {
		p.PackageExternalReferences = append(p.PackageExternalReferences, &v2_3.PackageExternalReference{Category: "SECURITY", RefType: "cpe23Type", Locator: c.CPE})
	}
	if matching(purlRe(), c.PURL) != "" {
		p.PackageExternalReferences = append(p.PackageExternalReferences, &v2_3.PackageExternalReference{Category: "PACKAGE-MANAGER", RefType: "purl", Locator: c.PURL})
	}
	return p
}

// purpose is the word of SPDX 2.3, 7.24, as its JSON schema spells it: the text
// has OPERATING-SYSTEM.
func purpose(t string) string {
	switch t {
	case "application":
		return "APPLICATION"
	case "operating-system":
		return "OPERATING_SYSTEM"
	case "firmware":
		return "FIRMWARE"
	case "framework":
		return "FRAMEWORK"
	case "file":
		return "FILE"
	case "data":
		return "OTHER"
	}
	return "LIBRARY"
}

func relation(from, kind, to string) *v2_3.Relationship {
	return &v2_3.Relationship{RefA: common.MakeDocElementID("", from), Relationship: kind, RefB: common.MakeDocElementID("", to)}
}
