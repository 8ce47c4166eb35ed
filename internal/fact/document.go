package fact

import "time"

// Page is a document that was looked for.
type Page struct {
	Document string `json:"document"` // id in the model, or its kind where there is none
	Type     string `json:"type"`     // kind of document: disclosure-policy, setup-guide …
	Source   string `json:"source"`   // file or URL
	Present  bool   `json:"present"`
	Why      string `json:"why,omitempty"`    // why not
	Public   string `json:"public,omitempty"` // declared: yes, no, or empty where nothing is said
	Size     int64  `json:"size,omitempty"`
	Title    string `json:"title,omitempty"`
	Model    bool   `json:"model"`           // names the product's model or name
	Other    string `json:"other,omitempty"` // names another model in the model's place
}

func (Page) Kind() Kind { return "doc.page@1" }

// Quote is a place in a document that speaks to a topic.
type Quote struct {
	Document string `json:"document"`
	Type     string `json:"type"`
	Topic    string `json:"topic"` // contact, timeline, remedy, disclosure, passwords, updates …
	Text     string `json:"text"`
	Line     int    `json:"line"`
}

func (Quote) Kind() Kind { return "doc.quote@1" }

// SecurityTxt is a parsed security.txt (RFC 9116).
type SecurityTxt struct {
	Document string    `json:"document"`
	Contacts []string  `json:"contacts"`
	Policy   []string  `json:"policy,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	Signed   bool      `json:"signed"`
	Problems []Problem `json:"problems,omitempty"`
}

// Problem is a breach of a format's rule, with its place.
type Problem struct {
	Key  string `json:"key"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text,omitempty"`
}

func (SecurityTxt) Kind() Kind { return "doc.security-txt@1" }

// SupportEnd is an end of support that a document states.
type SupportEnd struct {
	Document string `json:"document"`
	Until    string `json:"until"` // YYYY-MM-DD
	Text     string `json:"text"`
	Line     int    `json:"line"`
}

func (SupportEnd) Kind() Kind { return "doc.support-end@1" }
