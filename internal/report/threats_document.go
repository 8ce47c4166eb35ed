package report

import "assay/internal/threat"

// The types of the assay/threats@1 document.

type jsonThreats struct {
	Schema   string        `json:"schema"`
	Lang     string        `json:"lang"`
	Product  jsonProduct   `json:"product"`
	Profile  jsonTVRA      `json:"profile"`
	Context  jsonContext   `json:"context"`
	Run      string        `json:"run"`
	Changed  bool          `json:"changed"`
	Open     int           `json:"open"`
	Met      []string      `json:"met"`
	Summary  jsonRisks     `json:"summary"`
	Threats  []jsonThreat  `json:"threats"`
	Paths    []jsonPath    `json:"paths"`
	Changes  jsonChanges   `json:"changes"`
	Annexes  []jsonAnnex   `json:"annexes"`
	Findings []jsonOpen    `json:"findings"`
	Against  *jsonAgainst  `json:"against,omitempty"`
	Problems []jsonLeftOut `json:"problems"`
	Errors   []Error       `json:"errors"`
}

type jsonTVRA struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Verified bool   `json:"verified"`
	Note     string `json:"note"`
}

type jsonContext struct {
	Value   string `json:"value"`
	Assumed bool   `json:"assumed"`
}

// jsonRisks counts threats by level; Failed counts countermeasures.
type jsonRisks struct {
	Threats  int        `json:"threats"`
	Before   jsonLevels `json:"before"`
	Residual jsonLevels `json:"residual"`
	After    jsonLevels `json:"after"`
	Failed   int        `json:"failed"`
}

type jsonLevels struct {
	Critical int `json:"critical"`
	Major    int `json:"major"`
	Minor    int `json:"minor"`
}

type jsonThreat struct {
	ID              string         `json:"id"`
	Rule            string         `json:"rule"`
	Own             bool           `json:"own"`
	Element         string         `json:"element"`
	Stride          string         `json:"stride"`
	Gives           string         `json:"gives"`
	Title           string         `json:"title"`
	Scenario        string         `json:"scenario"`
	Because         string         `json:"because"`
	Entries         []string       `json:"entries"`
	Weakness        string         `json:"weakness"`
	Weaknesses      []jsonWeakness `json:"weaknesses"`
	Risk            jsonRisk       `json:"risk"`
	Residual        jsonRisk       `json:"residual"`
	After           jsonRisk       `json:"after"`
	Countermeasures []jsonJudged   `json:"countermeasures"`
	CWE             []string       `json:"cwe"`
	CAPEC           []string       `json:"capec"`
	ETSI            []string       `json:"etsi"`
	Annex           []string       `json:"annex"`
	Decision        *jsonDecision  `json:"decision,omitempty"`
}

type jsonWeakness struct {
	ID              string        `json:"id"`
	Title           string        `json:"title"`
	CWE             []string      `json:"cwe"`
	Evident         bool          `json:"evident"`
	Closed          bool          `json:"closed"`
	Countermeasures []jsonMeasure `json:"countermeasures"`
	Before          jsonRisk      `json:"before"`
	Residual        jsonRisk      `json:"residual"`
	After           jsonRisk      `json:"after"`
}

// jsonMeasure is one countermeasure: a requirement, or the same one in
// several standards.
type jsonMeasure struct {
	Requirements []jsonJudged `json:"requirements"`
	Counts       bool         `json:"counts"`
	Failed       bool         `json:"failed"`
}

type jsonJudged struct {
	Requirement string `json:"requirement"`
	Verdict     string `json:"verdict"`
}

type jsonRisk struct {
	Likelihood int                   `json:"likelihood"`
	Impact     int                   `json:"impact"`
	Product    int                   `json:"product"`
	Level      threat.Level          `json:"level"`
	Potential  int                   `json:"potential"`
	Rating     string                `json:"rating"`
	Never      bool                  `json:"never"`
	Factors    map[string]jsonFactor `json:"factors,omitempty"`
}

type jsonFactor struct {
	Level  string `json:"level"`
	Points int    `json:"points"`
	Why    string `json:"why"`
	Own    bool   `json:"own"`
	By     string `json:"by,omitempty"`
}

type jsonDecision struct {
	Decide string `json:"decide"`
	To     string `json:"to,omitempty"`
	By     string `json:"by,omitempty"`
	Why    string `json:"why,omitempty"`
	Until  string `json:"until,omitempty"`
	Line   int    `json:"line"`
}

type jsonPath struct {
	From            string           `json:"from"`
	To              string           `json:"to"`
	Potential       int              `json:"potential"`
	Unprotected     *int             `json:"unprotected"` // null: no such path
	Protected       *int             `json:"protected"`
	Steps           []jsonStep       `json:"steps"`
	Countermeasures []jsonLengthened `json:"countermeasures,omitempty"` // of the cheapest that differ
}

type jsonStep struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Points   int    `json:"points"`
	Threat   string `json:"threat"`
	Weakness string `json:"weakness"`
}

type jsonLengthened struct {
	Requirements []jsonJudged `json:"requirements"`
	Then         *int         `json:"then"`
}

type jsonChanges struct {
	Countermeasures []jsonMeasure `json:"countermeasures"`
	Cheapest        *int          `json:"cheapest"`
	Then            *int          `json:"then"`
	Sum             int           `json:"sum"`
	SumThen         int           `json:"sum_then"`
	Closes          int           `json:"closes"`
	Cut             bool          `json:"cut"`
}

type jsonAnnex struct {
	Standard string             `json:"standard"`
	Threats  []jsonAnnexThreat  `json:"threats"`
	Measures []jsonAnnexMeasure `json:"measures"`
}

type jsonAnnexThreat struct {
	ID          string       `json:"id"`
	Threat      string       `json:"threat"`
	Title       string       `json:"title"`
	Weakness    string       `json:"weakness"`
	Consequence string       `json:"consequence"`
	Printed     threat.Level `json:"printed"`
	Calculated  threat.Level `json:"calculated"`
	Differs     bool         `json:"differs"`
	Threats     []string     `json:"threats"`
}

type jsonAnnexMeasure struct {
	Row              int          `json:"row"`
	Threat           string       `json:"threat"`
	Requirements     []string     `json:"requirements"`
	PrintedBefore    threat.Level `json:"printed_before"`
	PrintedAfter     threat.Level `json:"printed_after"`
	CalculatedBefore threat.Level `json:"calculated_before"`
	CalculatedAfter  threat.Level `json:"calculated_after"`
	Residual         threat.Level `json:"residual"`
	Differs          bool         `json:"differs"`
	Threats          []string     `json:"threats"`
}

type jsonOpen struct {
	Kind   string `json:"kind"`
	Threat string `json:"threat"`
	Line   int    `json:"line"`
	Text   string `json:"text"`
}

type jsonLeftOut struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
}

type jsonAgainst struct {
	Run     string        `json:"run"`
	Threats []jsonChanged `json:"threats"`
}

// jsonChanged is a threat whose residual risk differs; a risk is null where
// the model lacks the threat.
type jsonChanged struct {
	ID     string    `json:"id"`
	Before *jsonRisk `json:"before"`
	Now    *jsonRisk `json:"now"`
}
