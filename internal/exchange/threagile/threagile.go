// Package threagile reads a Threagile model (threagile.io): the fields of
// support/schema.json of version 1.0 and those that later versions added in
// pkg/input. YAML or JSON in; a Model with the place of each field, and what is
// wrong with it, out. The order of the file is kept.
//
// Files that a model names under `includes` are not opened.
package threagile

import (
	"strings"

	"assay/internal/yamltree"

	"go.yaml.in/yaml/v3"
)

// Model is one threagile.yaml.
type Model struct {
	Version                  string         `yaml:"threagile_version" is:"required"`
	Includes                 []string       `yaml:"includes"`
	Title                    string         `yaml:"title" is:"required"`
	Date                     string         `yaml:"date"`
	Author                   Author         `yaml:"author"`
	Contributors             []Author       `yaml:"contributors"`
	ManagementSummaryComment string         `yaml:"management_summary_comment"`
	BusinessCriticality      string         `yaml:"business_criticality" is:"enum=archive|operational|important|critical|mission-critical"`
	ApplicationDescription   Overview       `yaml:"application_description"`
	BusinessOverview         Overview       `yaml:"business_overview"`
	TechnicalOverview        Overview       `yaml:"technical_overview"`
	Questions                []Entry        `yaml:"questions"`
	AbuseCases               []Entry        `yaml:"abuse_cases"`
	SecurityRequirements     []Entry        `yaml:"security_requirements"`
	TagsAvailable            []string       `yaml:"tags_available"`
	DataAssets               []DataAsset    `yaml:"data_assets"`
	TechnicalAssets          []Asset        `yaml:"technical_assets"`
	TrustBoundaries          []Boundary     `yaml:"trust_boundaries"`
	SharedRuntimes           []Runtime      `yaml:"shared_runtimes"`
	IndividualRiskCategories []RiskCategory `yaml:"individual_risk_categories"`
	CustomRiskCategories     []Risk         `yaml:"custom_risk_categories"`
	RiskTracking             []RiskTracking `yaml:"risk_tracking"`

	DiagramSuppressEdgeLabels bool     `yaml:"diagram_tweak_suppress_edge_labels"`
	DiagramLeftToRight        bool     `yaml:"diagram_tweak_layout_left_to_right"`
	DiagramEdgeLayout         string   `yaml:"diagram_tweak_edge_layout"`
	DiagramNodesep            Number   `yaml:"diagram_tweak_nodesep"`
	DiagramRanksep            Number   `yaml:"diagram_tweak_ranksep"`
	DiagramInvisible          []string `yaml:"diagram_tweak_invisible_connections_between_assets"`
	DiagramSameRank           []string `yaml:"diagram_tweak_same_rank_assets"`
}

// Number is a number as it was written.
type Number = yamltree.Number

// Author is who wrote the model.
type Author struct {
	Name     string `yaml:"name"`
	Contact  string `yaml:"contact"`
	Homepage string `yaml:"homepage"`
}

// Overview is text and pictures for the report.
type Overview struct {
	Description string           `yaml:"description"`
	Images      []map[string]any `yaml:"images"`
}

// Entry is a text under a heading.
type Entry struct {
	Key   string `yaml:",key"`
	Value string `yaml:",value"`
}

// DataAsset is information that is worth protecting.
type DataAsset struct {
	Title           string   `yaml:",key"`
	ID              string   `yaml:"id" is:"required"`
	Description     string   `yaml:"description"`
	Usage           string   `yaml:"usage" is:"enum=business|devops"`
	Tags            []string `yaml:"tags"`
	Origin          string   `yaml:"origin"`
	Owner           string   `yaml:"owner"`
	Quantity        string   `yaml:"quantity" is:"enum=very-few|few|many|very-many"`
	Confidentiality string   `yaml:"confidentiality" is:"enum=public|internal|restricted|confidential|strictly-confidential"`
	Integrity       string   `yaml:"integrity" is:"enum=archive|operational|important|critical|mission-critical"`
	Availability    string   `yaml:"availability" is:"enum=archive|operational|important|critical|mission-critical"`
	Justification   string   `yaml:"justification_cia_rating"`
}

// Asset is a technical asset: something that processes or stores data.
type Asset struct {
	Title             string   `yaml:",key"`
	ID                string   `yaml:"id" is:"required"`
	Description       string   `yaml:"description"`
	Type              string   `yaml:"type" is:"enum=external-entity|process|datastore"`
	Usage             string   `yaml:"usage" is:"enum=business|devops"`
	UsedByHuman       bool     `yaml:"used_as_client_by_human"`
	OutOfScope        bool     `yaml:"out_of_scope"`
	WhyOutOfScope     string   `yaml:"justification_out_of_scope"`
	Size              string   `yaml:"size" is:"enum=system|service|application|component"`
	Technology        string   `yaml:"technology"`
	Technologies      []string `yaml:"technologies"`
	Tags              []string `yaml:"tags"`
	Internet          bool     `yaml:"internet"`
	Machine           string   `yaml:"machine" is:"enum=physical|virtual|container|serverless"`
	Encryption        string   `yaml:"encryption" is:"enum=none|transparent|data-with-symmetric-shared-key|data-with-asymmetric-shared-key|data-with-enduser-individual-key"`
	Owner             string   `yaml:"owner"`
	Confidentiality   string   `yaml:"confidentiality" is:"enum=public|internal|restricted|confidential|strictly-confidential"`
	Integrity         string   `yaml:"integrity" is:"enum=archive|operational|important|critical|mission-critical"`
	Availability      string   `yaml:"availability" is:"enum=archive|operational|important|critical|mission-critical"`
	Justification     string   `yaml:"justification_cia_rating"`
	MultiTenant       bool     `yaml:"multi_tenant"`
	Redundant         bool     `yaml:"redundant"`
	CustomDeveloped   bool     `yaml:"custom_developed_parts"`
	Processed         []string `yaml:"data_assets_processed"`
	Stored            []string `yaml:"data_assets_stored"`
	FormatsAccepted   []string `yaml:"data_formats_accepted" is:"enum=json|xml|serialization|file|csv|yaml"`
	RAA               Number   `yaml:"raa"`
	DiagramTweakOrder Number   `yaml:"diagram_tweak_order"`
	Links             []Link   `yaml:"communication_links"`
}

// Link is a communication link from the asset that it stands in.
type Link struct {
	Title             string   `yaml:",key"`
	Target            string   `yaml:"target" is:"required"`
	Description       string   `yaml:"description"`
	Protocol          string   `yaml:"protocol"`
	Authentication    string   `yaml:"authentication" is:"enum=none|credentials|session-id|token|client-certificate|two-factor|externalized"`
	Authorization     string   `yaml:"authorization" is:"enum=none|technical-user|enduser-identity-propagation"`
	Tags              []string `yaml:"tags"`
	VPN               bool     `yaml:"vpn"`
	IPFiltered        bool     `yaml:"ip_filtered"`
	Readonly          bool     `yaml:"readonly"`
	Usage             string   `yaml:"usage" is:"enum=business|devops"`
	Sent              []string `yaml:"data_assets_sent"`
	Received          []string `yaml:"data_assets_received"`
	DiagramWeight     Number   `yaml:"diagram_tweak_weight"`
	DiagramConstraint bool     `yaml:"diagram_tweak_constraint"`
}

// Boundary is a trust boundary.
type Boundary struct {
	Title       string   `yaml:",key"`
	ID          string   `yaml:"id" is:"required"`
	Description string   `yaml:"description"`
	Type        string   `yaml:"type" is:"enum=network-on-prem|network-dedicated-hoster|network-virtual-lan|network-cloud-provider|network-cloud-security-group|network-policy-namespace-isolation|execution-environment"`
	Tags        []string `yaml:"tags"`
	Inside      []string `yaml:"technical_assets_inside"`
	Nested      []string `yaml:"trust_boundaries_nested"`
}

// Runtime is what several assets run on.
type Runtime struct {
	Title       string   `yaml:",key"`
	ID          string   `yaml:"id" is:"required"`
	Description string   `yaml:"description"`
	Tags        []string `yaml:"tags"`
	Running     []string `yaml:"technical_assets_running"`
}

// RiskCategory is a kind of risk that the modeller added, with the risks that
// were identified.
type RiskCategory struct {
	Title string `yaml:",key"`
	Risk  Risk   `yaml:",value"`
}

// Risk is the description of a kind of risk.
type Risk struct {
	Title          string           `yaml:"title"` // in the list that later versions write
	ID             string           `yaml:"id"`
	Description    string           `yaml:"description"`
	Impact         string           `yaml:"impact"`
	ASVS           string           `yaml:"asvs"`
	CheatSheet     string           `yaml:"cheat_sheet"`
	Action         string           `yaml:"action"`
	Mitigation     string           `yaml:"mitigation"`
	Check          string           `yaml:"check"`
	Function       string           `yaml:"function" is:"enum=business-side|architecture|development|operations"`
	Stride         string           `yaml:"stride" is:"enum=spoofing|tampering|repudiation|information-disclosure|denial-of-service|elevation-of-privilege"`
	DetectionLogic string           `yaml:"detection_logic"`
	Assessment     string           `yaml:"risk_assessment"`
	FalsePositives string           `yaml:"false_positives"`
	ModelFailure   bool             `yaml:"model_failure_possible_reason"`
	CWE            Number           `yaml:"cwe"`
	Identified     []IdentifiedRisk `yaml:"risks_identified"`
}

// IdentifiedRisk is one risk of a category.
type IdentifiedRisk struct {
	Title                string   `yaml:",key"`
	Severity             string   `yaml:"severity" is:"enum=low|medium|elevated|high|critical"`
	Likelihood           string   `yaml:"exploitation_likelihood" is:"enum=unlikely|likely|very-likely|frequent"`
	Impact               string   `yaml:"exploitation_impact" is:"enum=low|medium|high|very-high"`
	BreachProbability    string   `yaml:"data_breach_probability" is:"enum=improbable|possible|probable"`
	BreachAssets         []string `yaml:"data_breach_technical_assets"`
	MostRelevantData     string   `yaml:"most_relevant_data_asset"`
	MostRelevantAsset    string   `yaml:"most_relevant_technical_asset"`
	MostRelevantLink     string   `yaml:"most_relevant_communication_link"`
	MostRelevantBoundary string   `yaml:"most_relevant_trust_boundary"`
	MostRelevantRuntime  string   `yaml:"most_relevant_shared_runtime"`
}

// RiskTracking is what was decided about a risk.
type RiskTracking struct {
	Risk          string `yaml:",key"`
	Status        string `yaml:"status" is:"enum=unchecked|in-discussion|accepted|in-progress|mitigated|false-positive"`
	Justification string `yaml:"justification"`
	Ticket        string `yaml:"ticket"`
	Date          string `yaml:"date"`
	CheckedBy     string `yaml:"checked_by"`
}

// Read reads a model. Without one there is a fault in the result; with one, the
// faults say which fields could not be read.
func Read(name string, data []byte, lim yamltree.Limits) (*Model, *yamltree.Result) {
	var root *yaml.Node
	var faults []yamltree.Fault
	if strings.HasSuffix(strings.ToLower(name), ".json") {
		root, faults = yamltree.ParseJSON(data, lim)
	} else {
		root, faults = yamltree.Parse(data, lim)
	}
	if root == nil {
		return nil, &yamltree.Result{Faults: faults}
	}
	m := &Model{}
	return m, yamltree.Decode(root, m, lim)
}
