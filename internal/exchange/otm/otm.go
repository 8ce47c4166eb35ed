// Package otm reads and writes the Open Threat Model format, version 0.2.0
// (github.com/iriusrisk/OpenThreatModel, otm_schema.json and README): JSON or
// YAML in, a Document with the place of each field and what is wrong with it
// out; a Document in, JSON out.
//
// Nothing of a document is lost between reading and writing but what says
// nothing: null, empty lists, and the order of keys and of attributes. Fields
// that the format doesn't have are kept in Extra.
package otm

import "assay/internal/yamltree"

// Version is the version of the format that this package writes.
const Version = "0.2.0"

// Number is a number as it was written.
type Number = yamltree.Number

// Attributes is a free map of further facts about an object.
type Attributes = map[string]any

// Document is one threat model.
type Document struct {
	OTMVersion      string           `yaml:"otmVersion" is:"required"`
	Project         Project          `yaml:"project" is:"required"`
	Representations []Representation `yaml:"representations"`
	Assets          []Asset          `yaml:"assets"`
	TrustZones      []TrustZone      `yaml:"trustZones"`
	Components      []Component      `yaml:"components"`
	Dataflows       []Dataflow       `yaml:"dataflows"`
	Threats         []Threat         `yaml:"threats"`
	Mitigations     []Mitigation     `yaml:"mitigations"`
	Extra           map[string]any   `yaml:",extra"`
}

// Project is what is modelled.
type Project struct {
	Name         string         `yaml:"name" is:"required"`
	ID           string         `yaml:"id" is:"required"`
	Description  string         `yaml:"description"`
	Owner        string         `yaml:"owner"`
	OwnerContact string         `yaml:"ownerContact"`
	Tags         []string       `yaml:"tags"`
	Attributes   Attributes     `yaml:"attributes"`
	Extra        map[string]any `yaml:",extra"`
}

// Representation is a diagram or a body of code that shows the project.
type Representation struct {
	Name        string         `yaml:"name" is:"required"`
	ID          string         `yaml:"id" is:"required"`
	Type        string         `yaml:"type" is:"required"`
	Description string         `yaml:"description"`
	Size        *Size          `yaml:"size"`
	Repository  *Repository    `yaml:"repository"`
	Attributes  Attributes     `yaml:"attributes"`
	Extra       map[string]any `yaml:",extra"`
}

// Repository is where code lies.
type Repository struct {
	URL   string         `yaml:"url"`
	Extra map[string]any `yaml:",extra"`
}

// Size is that of a diagram or of a shape in one.
type Size struct {
	Width  Number         `yaml:"width" is:"required"`
	Height Number         `yaml:"height" is:"required"`
	Extra  map[string]any `yaml:",extra"`
}

// Position is that of a shape in a diagram.
type Position struct {
	X     Number         `yaml:"x" is:"required"`
	Y     Number         `yaml:"y" is:"required"`
	Extra map[string]any `yaml:",extra"`
}

// Element is how a zone or a component appears in a representation.
type Element struct {
	Representation string         `yaml:"representation" is:"required"`
	Name           string         `yaml:"name"`
	ID             string         `yaml:"id" is:"required"`
	Position       *Position      `yaml:"position"`
	Size           *Size          `yaml:"size"`
	File           string         `yaml:"file"`
	Package        string         `yaml:"package"`
	Line           Number         `yaml:"line"`
	CodeSnippet    string         `yaml:"codeSnippet"`
	Attributes     Attributes     `yaml:"attributes"`
	Extra          map[string]any `yaml:",extra"`
}

// Asset is information that is worth protecting.
type Asset struct {
	Name        string         `yaml:"name" is:"required"`
	ID          string         `yaml:"id" is:"required"`
	Description string         `yaml:"description"`
	Risk        AssetRisk      `yaml:"risk" is:"required"`
	Attributes  Attributes     `yaml:"attributes"`
	Extra       map[string]any `yaml:",extra"`
}

// AssetRisk is how bad a loss would be, each from 0 to 100.
type AssetRisk struct {
	Confidentiality Number         `yaml:"confidentiality" is:"required"`
	Integrity       Number         `yaml:"integrity" is:"required"`
	Availability    Number         `yaml:"availability" is:"required"`
	Comment         string         `yaml:"comment"`
	Extra           map[string]any `yaml:",extra"`
}

// TrustZone is an area in which components lie.
type TrustZone struct {
	ID              string         `yaml:"id" is:"required"`
	Name            string         `yaml:"name" is:"required"`
	Type            string         `yaml:"type"`
	Description     string         `yaml:"description"`
	Risk            ZoneRisk       `yaml:"risk" is:"required"`
	Parent          *Parent        `yaml:"parent"`
	Representations []Element      `yaml:"representations"`
	Attributes      Attributes     `yaml:"attributes"`
	Extra           map[string]any `yaml:",extra"`
}

// ZoneRisk is how far a zone is trusted, from 0 to 100.
type ZoneRisk struct {
	TrustRating Number         `yaml:"trustRating" is:"required"`
	Extra       map[string]any `yaml:",extra"`
}

// Parent is the zone or the component around something: one of them.
type Parent struct {
	TrustZone string         `yaml:"trustZone"`
	Component string         `yaml:"component"`
	Extra     map[string]any `yaml:",extra"`
}

// Component is a part of the project.
type Component struct {
	ID              string         `yaml:"id" is:"required"`
	Name            string         `yaml:"name" is:"required"`
	Type            string         `yaml:"type" is:"required"`
	Description     string         `yaml:"description"`
	Parent          *Parent        `yaml:"parent" is:"required"`
	Representations []Element      `yaml:"representations"`
	Assets          *AssetUse      `yaml:"assets"`
	Threats         []Instance     `yaml:"threats"`
	Tags            []string       `yaml:"tags"`
	Attributes      Attributes     `yaml:"attributes"`
	Extra           map[string]any `yaml:",extra"`
}

// AssetUse is which assets a component processes and stores.
type AssetUse struct {
	Processed []string       `yaml:"processed"`
	Stored    []string       `yaml:"stored"`
	Extra     map[string]any `yaml:",extra"`
}

// Dataflow is information that moves between two components.
type Dataflow struct {
	ID            string         `yaml:"id" is:"required"`
	Name          string         `yaml:"name" is:"required"`
	Description   string         `yaml:"description"`
	Bidirectional *bool          `yaml:"bidirectional"`
	Source        string         `yaml:"source" is:"required"`
	Destination   string         `yaml:"destination" is:"required"`
	Assets        []string       `yaml:"assets"`
	Threats       []Instance     `yaml:"threats"`
	Tags          []string       `yaml:"tags"`
	Attributes    Attributes     `yaml:"attributes"`
	Extra         map[string]any `yaml:",extra"`
}

// Instance is a threat to one component or flow, and its state there.
type Instance struct {
	Threat      string          `yaml:"threat" is:"required"`
	State       string          `yaml:"state" is:"required"`
	Mitigations []MitigationUse `yaml:"mitigations"`
	Extra       map[string]any  `yaml:",extra"`
}

// MitigationUse is a mitigation of an instance, and its state.
type MitigationUse struct {
	Mitigation string         `yaml:"mitigation" is:"required"`
	State      string         `yaml:"state" is:"required"`
	Extra      map[string]any `yaml:",extra"`
}

// Threat is an outcome that is not wanted.
type Threat struct {
	ID          string         `yaml:"id" is:"required"`
	Name        string         `yaml:"name" is:"required"`
	Description string         `yaml:"description"`
	Categories  []string       `yaml:"categories"`
	CWEs        []string       `yaml:"cwes"`
	Risk        ThreatRisk     `yaml:"risk" is:"required"`
	Tags        []string       `yaml:"tags"`
	Attributes  Attributes     `yaml:"attributes"`
	Extra       map[string]any `yaml:",extra"`
}

// ThreatRisk is how likely and how bad a threat is, each from 0 to 100. The
// schema lets the likelihood be null.
type ThreatRisk struct {
	Likelihood        Number         `yaml:"likelihood" is:"nullable"`
	LikelihoodComment string         `yaml:"likelihoodComment"`
	Impact            Number         `yaml:"impact" is:"required"`
	ImpactComment     string         `yaml:"impactComment"`
	Extra             map[string]any `yaml:",extra"`
}

// Mitigation is what can be done against threats.
type Mitigation struct {
	ID            string         `yaml:"id" is:"required"`
	Name          string         `yaml:"name" is:"required"`
	Description   string         `yaml:"description"`
	RiskReduction Number         `yaml:"riskReduction" is:"required"`
	Attributes    Attributes     `yaml:"attributes"`
	Extra         map[string]any `yaml:",extra"`
}
