package fact

// Answer is where the answer to a question of IR 8259 stands in the maker's
// record.
type Answer struct {
	Question string `json:"question"` // 1.C.1
	// State is answered, open, partly, filler, stale or not-applicable.
	State string `json:"state"`
	// Prose: a person has to read it; a structured answer is complete where
	// State is answered.
	Prose bool   `json:"prose"`
	Gaps  int    `json:"gaps,omitempty"`
	Why   string `json:"why,omitempty"` // of not-applicable
	By    string `json:"by,omitempty"`
	// Contradicts are checks of the record's consistency that found something
	// about this answer.
	Contradicts []string `json:"contradicts,omitempty"`
}

func (Answer) Kind() Kind { return "record.answer@1" }

// Check is what a check over the maker's record found.
type Check struct {
	Check string `json:"check"` // AI-SCOPE-1, LC-PRE-01, CC-07
	// Applies: the product has what the check is about.
	Applies bool `json:"applies"`
	Gaps    int  `json:"gaps,omitempty"`
	// Contradicts: one of the gaps means that two answers can't both be right,
	// not that something is missing.
	Contradicts bool `json:"contradicts,omitempty"`
}

func (Check) Kind() Kind { return "record.check@1" }
