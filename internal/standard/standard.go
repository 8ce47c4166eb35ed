package standard

import "fmt"

// Schema is the first line of every catalog.yaml and requirements file.
const Schema = "assay/standard@1"

// OriginAssay marks texts, readings and procedures as written by this project:
// they are never a standard's own words.
const OriginAssay = "assay"

// Status of a requirement: mandatory or recommended.
const (
	Mandatory   = "M"
	Recommended = "R"
)

// Interpretation profiles: literal takes the words as they stand, strict takes
// what a careful maker would want.
const (
	Literal = "literal"
	Strict  = "strict"
)

// Languages of every text, as BCP 47 tags.
const (
	English = "en"
	Chinese = "zh-Hant"
)

// ID names a standard, for example "iot-1005-1".
type ID string

// RequirementID names a requirement inside a standard as that standard numbers
// it, for example "5.1.3.1" or "5.3-16".
type RequirementID string

// Text is one text in both languages.
type Text struct {
	En string `yaml:"en" json:"en"`
	Zh string `yaml:"zh-Hant" json:"zh-Hant"`
}

// In returns the text in a language ("en", "zh-Hant" or any other tag that
// begins with "zh"); English where the language is unknown.
func (t Text) In(lang string) string {
	if len(lang) >= 2 && lang[:2] == "zh" {
		return t.Zh
	}
	return t.En
}

// IsZero reports whether the text is absent in both languages.
func (t Text) IsZero() bool { return t.En == "" && t.Zh == "" }

// Standard is one edition of one standard.
type Standard struct {
	Schema       string `yaml:"schema" json:"schema"`
	ID           ID     `yaml:"id" json:"id"`
	Version      string `yaml:"version" json:"version"`
	Origin       string `yaml:"origin" json:"origin"` // always "assay": whose words the texts are
	Title        Text   `yaml:"title" json:"title"`
	Jurisdiction string `yaml:"jurisdiction" json:"jurisdiction"` // ISO 3166 alpha-2, EU, or INT where no country stands behind it
	// Rule says in words when a product conforms as a whole.
	Rule Text `yaml:"rule" json:"rule"`
	// NeverNotApplicable: no requirement may end as NOT APPLICABLE; see
	// Requirement.FulfilledByAbsence.
	NeverNotApplicable bool `yaml:"never_not_applicable" json:"never_not_applicable"`
	// PerComponent: a requirement on the product is judged for each component
	// and then rolled up: the worst counts (IR 8425 section 2.2).
	PerComponent bool     `yaml:"per_component" json:"per_component,omitempty"`
	Source       []string `yaml:"source" json:"source"` // documents that the ids, statuses and mappings come from
	// Verified: ids, statuses, conditions and mappings were compared with the
	// standard itself. What was not is named in Unverified, also where the
	// rest is verified (a title, say).
	Verified   bool   `yaml:"verified" json:"verified"`
	Unverified []Text `yaml:"unverified" json:"unverified,omitempty"`

	Aspects     []Aspect     `yaml:"aspects" json:"aspects"`
	Conditions  []Condition  `yaml:"conditions" json:"conditions,omitempty"`
	Definitions []Definition `yaml:"definitions" json:"definitions,omitempty"`
	Mappings    []Mapping    `yaml:"mappings" json:"mappings,omitempty"`
	Annexes     []Annex      `yaml:"annexes" json:"annexes,omitempty"`
	Remarks     []Remark     `yaml:"remarks" json:"remarks,omitempty"`
	Assets      []Asset      `yaml:"assets" json:"assets,omitempty"`
	Threats     []Threat     `yaml:"threats" json:"threats,omitempty"`
	Mitigations []Mitigation `yaml:"mitigations" json:"mitigations,omitempty"`

	// Requirements come from requirements/*.yaml, in the order of file names.
	Requirements []Requirement `yaml:"-" json:"requirements"`

	File string `yaml:"-" json:"-"` // the catalog.yaml it was read from
}

// Requirement finds a requirement by its id or by one of its aliases.
func (s *Standard) Requirement(id RequirementID) (*Requirement, bool) {
	for i := range s.Requirements {
		r := &s.Requirements[i]
		if r.ID == id {
			return r, true
		}
		for _, a := range r.Aliases {
			if a == id {
				return r, true
			}
		}
	}
	return nil, false
}

// Condition finds a condition by its id.
func (s *Standard) Condition(id string) (*Condition, bool) {
	for i := range s.Conditions {
		if s.Conditions[i].ID == id {
			return &s.Conditions[i], true
		}
	}
	return nil, false
}

// RemarksOn lists the known inconsistencies that concern a requirement.
func (s *Standard) RemarksOn(id RequirementID) []Remark {
	var out []Remark
	for _, m := range s.Remarks {
		for _, r := range m.Requirements {
			if r == id {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// Aspect is the first level of a standard: a clause or a security aspect.
type Aspect struct {
	ID     string  `yaml:"id" json:"id"`
	Title  Text    `yaml:"title" json:"title"`
	Aim    Text    `yaml:"aim" json:"aim"`
	Groups []Group `yaml:"groups" json:"groups,omitempty"`
}

// Group is the second level, where a standard has one.
type Group struct {
	ID    string `yaml:"id" json:"id"`
	Title Text   `yaml:"title" json:"title"`
}

// Condition makes requirements apply. Several conditions on a requirement must
// all hold.
type Condition struct {
	ID   string `yaml:"id" json:"id"` // the standard's own number or letter
	Text Text   `yaml:"text" json:"text"`
	// When is a CEL expression over `product` (the JSON form of the product
	// model) and `facts`. It is false only where the model declares it false:
	// what is not declared counts as applicable.
	When string `yaml:"when" json:"when"`
	// Confirm names the observations that must agree before a declared false
	// is believed; without them the requirement is INCONCLUSIVE.
	Confirm []string `yaml:"confirm" json:"confirm"`
	// Proof says the same to a reader: what shows that the condition is false.
	Proof    Text `yaml:"proof" json:"proof"`
	Note     Text `yaml:"note" json:"note,omitzero"`
	Verified bool `yaml:"verified" json:"verified"`
}

// Definition is a term of the standard.
type Definition struct {
	ID     string `yaml:"id" json:"id"`
	Clause string `yaml:"clause" json:"clause"`
	Term   Text   `yaml:"term" json:"term"`
	Text   Text   `yaml:"text" json:"text"`
}

// Mapping says where the references from this standard to another come from.
type Mapping struct {
	To       ID   `yaml:"to" json:"to"`
	Source   Text `yaml:"source" json:"source"`
	Official bool `yaml:"official" json:"official"` // printed in a standard, else ours
}

// Annex is what an annex of the standard asks for, where programs need it.
type Annex struct {
	ID           string          `yaml:"id" json:"id"`
	Normative    bool            `yaml:"normative" json:"normative"`
	Title        Text            `yaml:"title" json:"title"`
	Text         Text            `yaml:"text" json:"text"`
	MinTLS       string          `yaml:"min_tls" json:"min_tls,omitempty"`
	Forbidden    []string        `yaml:"forbidden" json:"forbidden,omitempty"`
	Requirements []RequirementID `yaml:"requirements" json:"requirements,omitempty"`
}

// Remark is a known inconsistency or gap in the standard itself.
type Remark struct {
	ID           string          `yaml:"id" json:"id"`
	Requirements []RequirementID `yaml:"requirements" json:"requirements,omitempty"`
	Text         Text            `yaml:"text" json:"text"`
}

// Threat is a threat that the standard's own risk analysis names.
type Threat struct {
	ID    string `yaml:"id" json:"id"`
	Title Text   `yaml:"title" json:"title"`
	Risk  string `yaml:"risk" json:"risk"` // Minor | Major | Critical
	// Rows are the threat's rows in the standard's table of threats.
	Rows []ThreatRow `yaml:"rows" json:"rows,omitempty"`
}

// ThreatRow is one row of the standard's table of threats: which weakness the
// threat uses, and what follows. Its id is that of the threat, a slash, and
// its number from 1.
type ThreatRow struct {
	Weakness    Text   `yaml:"weakness" json:"weakness"`
	Consequence Text   `yaml:"consequence" json:"consequence"`
	Risk        string `yaml:"risk" json:"risk"` // Minor | Major | Critical
	// Assets are ids of Standard.Assets: our reading of what the row is about.
	Assets []string `yaml:"assets" json:"assets,omitempty"`
}

// Asset is an asset that the standard's own risk analysis names.
type Asset struct {
	ID    string `yaml:"id" json:"id"`
	Title Text   `yaml:"title" json:"title"`
	Text  Text   `yaml:"text" json:"text"`
}

// Mitigation is a row of the standard's table of countermeasures.
type Mitigation struct {
	Row          int             `yaml:"row" json:"row"`
	Threat       string          `yaml:"threat" json:"threat"`
	Requirements []RequirementID `yaml:"requirements" json:"requirements"`
	Before       string          `yaml:"before" json:"before"`
	After        string          `yaml:"after" json:"after"`
}

// Confidence says how sure the collected facts are: high, medium or low.
type Confidence struct {
	Status     string `yaml:"status" json:"status"`         // id, M or R, meaning
	Conditions string `yaml:"conditions" json:"conditions"` // which conditions, or that there is none
}

// Requirement is one provision, item or capability of a standard.
type Requirement struct {
	ID         RequirementID   `yaml:"id" json:"id"`
	Aliases    []RequirementID `yaml:"aliases" json:"aliases,omitempty"`
	Aspect     string          `yaml:"-" json:"aspect"` // the file's aspect
	Group      string          `yaml:"group" json:"group,omitempty"`
	Status     string          `yaml:"status" json:"status"` // M | R
	Conditions []string        `yaml:"conditions" json:"conditions,omitempty"`
	Subject    string          `yaml:"subject" json:"subject"` // product | device | manufacturer | product_and_manufacturer
	Confidence Confidence      `yaml:"confidence" json:"confidence"`
	Verified   bool            `yaml:"verified" json:"verified"` // true only where all confidence is high
	Origin     string          `yaml:"-" json:"origin"`          // the file's origin

	Title Text `yaml:"title" json:"title"`
	Text  Text `yaml:"text" json:"text"` // our paraphrase of what is asked
	// Remedy says what a maker does about a failure.
	Remedy Text `yaml:"remedy" json:"remedy"`
	Note   Text `yaml:"note" json:"note,omitzero"`
	// Interpretation is our reading where the words leave room.
	Interpretation Text `yaml:"interpretation" json:"interpretation,omitzero"`

	// Cases decides the requirement; nil means "no procedure yet".
	Cases *Expr `yaml:"cases" json:"cases,omitempty"`
	// FulfilledByAbsence: where the feature that the requirement protects is
	// proved absent, the requirement is met, with that proof as reason.
	FulfilledByAbsence bool     `yaml:"fulfilled_by_absence" json:"fulfilled_by_absence,omitempty"`
	MapsTo             []Ref    `yaml:"maps_to" json:"maps_to,omitempty"`
	Threats            []string `yaml:"threats" json:"threats,omitempty"`
	// IXIT names the TS 103 701 tables whose answers a tester needs.
	IXIT []string `yaml:"ixit" json:"ixit,omitempty"`
	// Successors are the ids of the same provision in the next edition.
	Successors []RequirementID `yaml:"successors" json:"successors,omitempty"`

	File string `yaml:"-" json:"-"`
	Line int    `yaml:"-" json:"-"`
}

// Pos is the place of the requirement as "file:line".
func (r *Requirement) Pos() string { return fmt.Sprintf("%s:%d", r.File, r.Line) }
