package fact

import "time"

// PersonResult is what a person recorded for a test case.
type PersonResult struct {
	Case         string            `json:"case"`
	Subject      string            `json:"subject"`
	Verdict      string            `json:"verdict"`
	Observations map[string]string `json:"observations,omitempty"`
	Attachments  []Ref             `json:"attachments,omitempty"`
	By           string            `json:"by"`
	Role         string            `json:"role,omitempty"` // tester or reviewer
	Note         string            `json:"note,omitempty"`
	At           time.Time         `json:"at"`
	// Model and Release are what the person had before them: a record speaks
	// for no other release. Empty in records that don't say.
	Model   string `json:"model,omitempty"`
	Release string `json:"release,omitempty"`
	// Sample marks results that come with the demonstration: shown as such.
	Sample bool `json:"sample,omitempty"`
}

func (PersonResult) Kind() Kind { return "person.result@1" }
