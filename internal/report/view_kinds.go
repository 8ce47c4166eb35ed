package report

import (
	"assay/internal/testcase"
	"assay/internal/verdict"
)

// view is a run as people read it: sentences in one language, sorted and
// bounded, foreign parts still marked. Every readable format is made of it.
type view struct {
	voice
	in Input

	Standards []standardView
	Findings  []findingView
	Needs     []needView
	Different []differenceView
	NotTried  []notTriedView
	Overruled []overruledView
	Threats   *threatView // nil: not shown

	excerpts map[string]string // what readers of images wrote as one, in the reader's language
	spent    int               // bytes of foreign text laid out so far

	Simulated []phrase // units that are programs
	Samples   int      // person's results that come with the demonstration
}

type standardView struct {
	ID, Anchor           string
	Title, Version       string
	Profile              string
	Verdict              verdict.Verdict
	Rule                 string
	Summary              verdict.Summary
	Aspects              []aspectView
	Unverified, Mappings []string
	Verified             bool
}

type aspectView struct {
	ID, Title, Aim string
	Anchor         string
	Summary        verdict.Summary
	Requirements   []requirementView
}

type requirementView struct {
	ID, Anchor                        string
	Title, Text, Remedy, Note, Interp string
	Status, Claim                     string
	ClaimWhy                          phrase
	Profile, OtherProfile             string
	Verdict, Other                    verdict.Verdict
	Conditions                        []string
	Reasons                           []phrase
	Lead                              phrase // the reason in the closed line
	Tree                              *node
	Components                        []componentView
	Maps                              []mapView
	Verified                          bool
}

// componentView is the verdict for one component.
type componentView struct {
	Name    phrase
	Verdict verdict.Verdict
	Reasons []phrase
}

type mapView struct {
	Name, Anchor string // Anchor is empty where the standard isn't in the report
	Verdict      verdict.Verdict
	Official     bool
}

// node is a group of an expression, or a case.
type node struct {
	Any     bool
	Verdict verdict.Verdict
	Members []*node
	Case    *caseView
}

type caseView struct {
	ID, Title, Kind, Method string
	Params                  string
	Shows, Limits           phrase
	Verdict                 verdict.Verdict
	Results                 []resultView
	More                    int
}

type resultView struct {
	Subject            phrase
	Verdict, Automatic verdict.Verdict
	Reasons, Findings  []phrase
	Provide            []phrase
	Person             *personView
	Facts              []factView
	More               int
}

type personView struct {
	By, Role, Note phrase
	At             string
	Verdict        verdict.Verdict
	Sample         bool
	Observed       []pair
	Attachments    []refView
}

type factView struct {
	ID, Kind string
	Subject  phrase
	Seen     phrase // by what, from where, when
	Values   []pair
	Evidence []refView
	More     int
}

type pair struct{ Name, Value phrase }

type refView struct {
	Locator phrase
	Lines   []phrase // of the excerpt
	SHA256  string   // short
}

type findingView struct {
	ID, Anchor     string
	Severity       testcase.Severity
	Advisory       bool
	Title, Subject phrase
	Case           string
	CaseTitle      string
	Remedy         phrase
	Requirements   []linkView
	Evidence       []refView
}

type linkView struct{ Standard, ID, Anchor string }

type differenceView struct{ What, Declared, Observed phrase }

type notTriedView struct {
	Test    string
	Subject phrase
	Why     phrase
}

type overruledView struct {
	Requirements []linkView
	Case         string
	Subject      phrase
	Automatic    bool // else another person
	Failed       phrase
	By           *personView
	Verdict      verdict.Verdict
}
