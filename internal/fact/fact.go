// Package fact is the narrow waist between looking and judging: the types
// that collectors write and test cases read, and the contract of a collector.
//
// In: what a collector, a document or a person saw, with references into the
// evidence. Out: facts with stable ids, gathered in a Set that judging reads.
// A fact says what was seen and never whether it is good or bad.
package fact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// ID is the hash of a fact's content: what was seen, on what, in which state
// and from where. Time is not part of it, so seeing the same again is
// harmless.
type ID string

// Kind names the shape of a fact's data, as name@version.
type Kind string

// Payload is the data of a fact. Implementations are plain structs whose
// JSON is canonical: fixed field order, no maps that matter for order.
type Payload interface{ Kind() Kind }

// Ref points into the evidence.
type Ref struct {
	SHA256  string `json:"sha256,omitempty"`
	Locator string `json:"locator,omitempty"` // "offset 1234", "line 7", "/etc/shadow line 1", "packet 12"
	Excerpt string `json:"excerpt,omitempty"` // redacted, at most a few lines
}

// Method is how something was seen (NIST SP 800-53A, OSCAL).
type Method string

const (
	Examine   Method = "EXAMINE"
	Interview Method = "INTERVIEW"
	Test      Method = "TEST"
)

// Vantage is from where something was seen.
type Vantage string

const (
	LAN      Vantage = "lan"
	Physical Vantage = "physical"
	Image    Vantage = "image"
	Paper    Vantage = "document"
)

// Observation is the envelope that facts share: which unit in which state,
// from where, by whom, with what, when.
type Observation struct {
	ID        string    `json:"id"`
	Collector string    `json:"collector"` // name@version
	Unit      string    `json:"unit,omitempty"`
	Serial    string    `json:"serial,omitempty"`
	Firmware  string    `json:"firmware,omitempty"` // version as read from the unit itself
	State     string    `json:"state,omitempty"`
	Simulated bool      `json:"simulated,omitempty"`
	Vantage   Vantage   `json:"vantage"`
	Method    Method    `json:"method"`
	By        string    `json:"by"` // program and version, or a person
	Equipment string    `json:"equipment,omitempty"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Evidence  []Ref     `json:"evidence,omitempty"`
}

// Fact is one thing seen.
type Fact struct {
	ID          ID              `json:"id"`
	Kind        Kind            `json:"kind"`
	Observation string          `json:"observation"`
	Subject     string          `json:"subject"`
	Data        json.RawMessage `json:"data"`
	Evidence    []Ref           `json:"evidence,omitempty"`
}

// New makes a fact of p, seen in o on subject.
func New(o Observation, subject string, p Payload, refs ...Ref) (Fact, error) {
	data, err := marshal(p)
	if err != nil {
		return Fact{}, fmt.Errorf("fact %s on %s: %w", p.Kind(), subject, err)
	}
	f := Fact{Kind: p.Kind(), Observation: o.ID, Subject: subject, Data: data, Evidence: refs}
	f.ID = identify(o, f)
	return f, nil
}

func identify(o Observation, f Fact) ID {
	h := sha256.New()
	for _, s := range []string{string(f.Kind), o.Unit, o.Serial, o.State, string(o.Vantage), f.Subject} {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	h.Write(f.Data)
	return ID("f-" + hex.EncodeToString(h.Sum(nil)[:16]))
}

// marshal writes JSON without HTML escapes, so that data reads as it was.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// Scope says what was searched, how much of it, and whether all of it: the
// fact that makes an absence a fact. A limit that was hit is a cut.
type Scope struct {
	What   string `json:"what"` // one of the Scope… constants
	Of     string `json:"of"`   // unit, image or document
	Detail string `json:"detail,omitempty"`
	Count  int    `json:"count"`
	Whole  bool   `json:"whole"`
	Cut    string `json:"cut,omitempty"` // why not the whole, as a key of the texts
	Note   string `json:"note,omitempty"`
}

func (Scope) Kind() Kind { return "scope@1" }

// What a scope can be about.
const (
	ScopePorts       = "tcp-ports"
	ScopeUDP         = "udp-ports"
	ScopeIPv6        = "ipv6"
	ScopeServices    = "services"
	ScopeImageFiles  = "image-files"
	ScopeCredentials = "credentials"
	ScopeFunctions   = "functions"
	ScopeDocuments   = "documents"
	ScopeTLS         = "tls"
	ScopeModel       = "model"
)

// Declared says that the product model declares (or lacks) something: the
// material of conceptual test cases. The locator of its evidence is the line
// in assay.yaml.
type Declared struct {
	What  string            `json:"what"` // update, support, data, role, interface, flow, identifier, passwords …
	ID    string            `json:"id,omitempty"`
	Is    bool              `json:"is"` // false: the model says nothing of it
	Value map[string]string `json:"value,omitempty"`
}

func (Declared) Kind() Kind { return "declared@1" }

// NotTried says which test was not made, and why.
type NotTried struct {
	Test string            `json:"test"`
	Why  string            `json:"why"` // a key of the texts
	Args map[string]string `json:"args,omitempty"`
}

func (NotTried) Kind() Kind { return "not-tried@1" }
