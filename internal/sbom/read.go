package sbom

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	cdx "github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/tagvalue"
)

// maxSize bounds a file; the largest published ones have some 50 MiB.
const maxSize = 128 << 20

// ErrFormat says that a file is no bill of materials that is read.
var ErrFormat = errors.New("not a bill of materials: give CycloneDX (JSON or XML, 1.2 to 1.6) or SPDX 2.2 or 2.3 (JSON or tag-value)")

// KindError says that a file is a bill of materials of a kind that is not read.
type KindError struct{ Kind string }

func (e *KindError) Error() string { return e.Kind + ": " + ErrFormat.Error() }
func (e *KindError) Unwrap() error { return ErrFormat }

// Read reads CycloneDX or SPDX. Components inside of components are listed
// beside them. Errors name the format, and the offset where it is known.
func Read(r io.Reader) (BOM, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return BOM{}, err
	}
	if len(b) > maxSize {
		return BOM{}, fmt.Errorf("%w: more than %d bytes", ErrFormat, maxSize)
	}
	b = utf8Of(b)
	switch t := bytes.TrimSpace(b); {
	case len(t) == 0:
		return BOM{}, fmt.Errorf("%w: the file is empty", ErrFormat)
	case t[0] == '{':
		return readJSON(t)
	case t[0] == '<':
		return readCycloneDX(t, cdx.BOMFileFormatXML)
	case bytes.Contains(t[:min(len(t), 4096)], []byte("SPDXVersion:")):
		doc, err := tagvalue.Read(bytes.NewReader(t))
		if err != nil {
			return BOM{}, fmt.Errorf("spdx tag-value: %w", err)
		}
		return fromSPDX(doc), nil
	}
	return BOM{}, ErrFormat
}

// utf8Of takes the mark of the encoding from the beginning, and turns UTF-16
// into UTF-8: tools of Windows write it.
func utf8Of(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return b
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return []byte(string(utf16.Decode(units)))
}

func readJSON(b []byte) (BOM, error) {
	if err := depth(b, 64); err != nil {
		return BOM{}, err
	}
	var head struct {
		BOMFormat   string `json:"bomFormat"`
		SPDXVersion string `json:"spdxVersion"`
		Context     any    `json:"@context"`
		Artifacts   []any  `json:"artifacts"`
		Descriptor  struct {
			Name string `json:"name"`
		} `json:"descriptor"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		var at *json.SyntaxError
		if errors.As(err, &at) {
			return BOM{}, fmt.Errorf("JSON at offset %d: %w", at.Offset, err)
		}
		return BOM{}, fmt.Errorf("JSON: %w", err)
	}
	switch {
	case head.BOMFormat == "CycloneDX":
		return readCycloneDX(b, cdx.BOMFileFormatJSON)
	case strings.HasPrefix(head.SPDXVersion, "SPDX-2."):
		doc, err := spdxjson.Read(bytes.NewReader(b))
		if err != nil {
			return BOM{}, fmt.Errorf("spdx: %w", err)
		}
		return fromSPDX(doc), nil
	case strings.HasPrefix(head.SPDXVersion, "SPDX-"):
		return BOM{}, &KindError{head.SPDXVersion}
	case strings.Contains(fmt.Sprint(head.Context), "spdx.org/rdf/3"):
		return BOM{}, &KindError{"SPDX 3"}
	case head.Artifacts != nil && head.Descriptor.Name == "syft":
		return BOM{}, &KindError{"Syft JSON"}
	case head.Artifacts != nil:
		return BOM{}, &KindError{"JSON with artifacts"}
	}
	return BOM{}, ErrFormat
}

// depth refuses JSON that is nested deeper than any bill of materials.
func depth(b []byte, most int) error {
	level, inside := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			if level++; level > most {
				return fmt.Errorf("%w: nested more than %d deep at offset %d", ErrFormat, most, i)
			}
		case c == '}' || c == ']':
			level--
		}
	}
	return nil
}

func readCycloneDX(b []byte, f cdx.BOMFileFormat) (BOM, error) {
	var doc cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(b), f).Decode(&doc); err != nil {
		return BOM{}, fmt.Errorf("cyclonedx: %w", err)
	}
	if f == cdx.BOMFileFormatXML && !strings.Contains(doc.XMLNS, "cyclonedx.org") {
		return BOM{}, &KindError{"XML that is not CycloneDX"}
	}
	out := BOM{}
	if m := doc.Metadata; m != nil {
		out.Created, _ = time.Parse(time.RFC3339, m.Timestamp) // without it: not known
		if m.Component != nil {
			out.Name, out.Version = m.Component.Name, m.Component.Version
			out.Components = append(out.Components, nested(m.Component.Components, 0)...)
		}
	}
	out.Components = append(out.Components, nested(doc.Components, 0)...)
	return out, nil
}

func nested(list *[]cdx.Component, level int) []Component {
	if list == nil || level > 16 {
		return nil
	}
	var out []Component
	for _, c := range *list {
		if c.Type != cdx.ComponentTypeFile {
			k := Component{Name: c.Name, Version: c.Version, Type: string(c.Type), PURL: c.PackageURL, CPE: c.CPE}
			if c.Group != "" {
				k.Name = c.Group + "/" + c.Name
			}
			if c.Supplier != nil {
				k.Supplier = c.Supplier.Name
			}
			if c.Evidence != nil && c.Evidence.Occurrences != nil {
				for _, o := range *c.Evidence.Occurrences {
					k.Evidence = append(k.Evidence, Evidence{Path: o.Location, Text: o.AdditionalContext})
				}
			}
			out = append(out, k)
		}
		out = append(out, nested(c.Components, level+1)...)
	}
	return out
}

func fromSPDX(doc *spdx.Document) BOM {
	out := BOM{Name: doc.DocumentName}
	if doc.CreationInfo != nil {
		out.Created, _ = time.Parse(time.RFC3339, doc.CreationInfo.Created) // without it: not known
	}
	described := make(map[string]bool)
	for _, r := range doc.Relationships {
		if r.Relationship == "DESCRIBES" && r.RefA.ElementRefID == "DOCUMENT" {
			described[string(r.RefB.ElementRefID)] = true
		}
	}
	for _, p := range doc.Packages {
		// The subject itself is no part of it, unless it is all there is.
		if described[string(p.PackageSPDXIdentifier)] && len(doc.Packages) > 1 && len(described) == 1 {
			out.Name, out.Version = p.PackageName, p.PackageVersion
			continue
		}
		c := Component{Name: p.PackageName, Version: p.PackageVersion, Type: strings.ReplaceAll(strings.ToLower(p.PrimaryPackagePurpose), "_", "-")}
		for _, r := range p.PackageExternalReferences {
			switch r.RefType {
			case "purl":
				c.PURL = r.Locator
			case "cpe23Type":
				c.CPE = r.Locator
			}
		}
		out.Components = append(out.Components, c)
	}
	return out
}
