// Package threat models threats: it derives them from the product model by
// rules that are data, rates them by TVRA (ETSI TS 102 165-1), and takes the
// verdicts of a run to say which risk is left.
//
// In: a product, the standards' data, a library of rules (the embedded one
// and the workspace's own), what people decided, and the verdicts of a run or
// none. Out: a Model: threats with reasons, risks before and after
// countermeasures, attack paths, findings, and the thread from any of them to
// the requirement and the test case. It tests nothing and judges nothing.
//
// The points of TVRA and everything that picks them are data that say
// `verified: false`: a calculated risk is this project's, never a standard's.
package threat

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/standard"
	"assay/internal/verdict"
)

// Text is a text in both languages.
type Text = standard.Text

// Ref names a requirement of a standard, such as iot-1005-1/5.4.2.1.
type Ref struct {
	Standard    standard.ID
	Requirement standard.RequirementID
}

func (r Ref) String() string { return string(r.Standard) + "/" + string(r.Requirement) }

// ParseRef reads STANDARD/REQUIREMENT.
func ParseRef(s string) (Ref, bool) {
	std, req, ok := strings.Cut(s, "/")
	if !ok || std == "" || req == "" {
		return Ref{}, false
	}
	return Ref{standard.ID(std), standard.RequirementID(req)}, true
}

// Verdicts are those of a run, by requirement. A requirement that isn't in it
// was not part of the run. Nil: there is no run.
type Verdicts map[Ref]verdict.Verdict

// Stride is one of the six classes of threats.
type Stride string

// The classes, in the order of the word.
const (
	Spoofing              Stride = "spoofing"
	Tampering             Stride = "tampering"
	Repudiation           Stride = "repudiation"
	InformationDisclosure Stride = "information-disclosure"
	DenialOfService       Stride = "denial-of-service"
	ElevationOfPrivilege  Stride = "elevation-of-privilege"
)

// Strides lists the classes in the order of the word.
func Strides() []Stride {
	return []Stride{Spoofing, Tampering, Repudiation, InformationDisclosure, DenialOfService, ElevationOfPrivilege}
}

// Entry is where an attack begins.
type Entry string

// The entry points. Peer is a foothold: the other end of a flow is already in
// the attacker's hand; no path begins there.
const (
	Remote   Entry = "remote"   // from the Internet
	Local    Entry = "local"    // on the network that the product stands in
	Nearby   Entry = "nearby"   // within reach of its radio
	Physical Entry = "physical" // a unit in the hand
	Supply   Entry = "supply"   // before it is delivered, or through a supplier
	Peer     Entry = "peer"
)

// Entries lists the entry points, the farthest first.
func Entries() []Entry { return []Entry{Remote, Local, Nearby, Physical, Supply, Peer} }

// Gain is what a threat that comes true gives to the attacker.
type Gain string

// The gains.
const (
	Control Gain = "control" // of the component: its functions, or code on it
	Read    Gain = "read"    // the element's data
	Change  Gain = "change"  // the element's data or messages
	Deny    Gain = "deny"    // the element's function is gone
	Evade   Gain = "evade"   // nothing by itself, but it goes unseen or unanswered
)

// Gains lists the gains.
func Gains() []Gain { return []Gain{Control, Read, Change, Deny, Evade} }

// Agent is who makes a threat come true.
type Agent string

// The agents. Attack paths are made of what attackers and users do.
const (
	Attacker Agent = "attacker"
	User     Agent = "user"   // somebody who was let in: a guest, a former owner
	Maker    Agent = "maker"  // the maker or a partner, by what the product is made to do
	Chance   Agent = "chance" // nobody: it happens
)

// Agents lists the agents.
func Agents() []Agent { return []Agent{Attacker, User, Maker, Chance} }

// Model is everything that is known about a product's threats.
type Model struct {
	Profile  Profile
	Context  string // it, iot, ot, iiot: as declared, or the default
	Assumed  bool   // the context is the default
	Elements []Element
	Threats  []Threat // by id
	Run      string   // id of the run whose verdicts count; "" for none
	Problems []Problem

	decisions *Decisions // a copy that notes what was used
}

// Problem is something of the input that was left out, and why. The rest is
// modelled.
type Problem struct {
	File   string
	Line   int
	Reason verdict.Reason
}

// Threat is one rule that fired on one element.
type Threat struct {
	ID      string // rule@element
	Rule    *Rule
	Element *Element
	// Because says what in the model made the rule fire.
	Because Text
	// Entries are where the attack can begin, with what it costs from there.
	Vectors    []Vector
	Weaknesses []Weakness
	// Before, Residual and After are the worst over the weaknesses: without
	// countermeasures, with those that count, with all of them.
	Before, Residual, After Risk
	Decision                *Decision
}

// Vector is the attack from one entry point.
type Vector struct {
	Entry   Entry
	Factors Factors // without countermeasures
}

// Weakness is a weakness behind a threat, and what closes it.
type Weakness struct {
	*WeaknessKind
	// Evident: the model itself says that the weakness is there.
	Evident         bool
	Countermeasures []Countermeasure
	// Closed: every countermeasure counts.
	Closed                  bool
	Before, Residual, After Risk

	measure *Measure
}

// Countermeasure is one thing that has to be in place: one requirement, or
// the same one in several standards.
type Countermeasure struct {
	Requirements []Judged
	// Counts: at least one of the requirements is PASS, and none FAIL.
	Counts bool
	// Failed: one of the requirements is FAIL.
	Failed bool
}

// Judged is a requirement with its verdict in the run; "" where it is not
// part of it.
type Judged struct {
	Ref
	Verdict verdict.Verdict
}

// Threat finds a threat by its id.
func (m *Model) Threat(id string) (*Threat, bool) {
	i, ok := slices.BinarySearchFunc(m.Threats, id, func(t Threat, id string) int { return cmp.Compare(t.ID, id) })
	if !ok {
		return nil, false
	}
	return &m.Threats[i], true
}

// Element finds an element by its reference.
func (m *Model) Element(ref string) (*Element, bool) {
	i := slices.IndexFunc(m.Elements, func(e Element) bool { return e.Ref == ref })
	if i < 0 {
		return nil, false
	}
	return &m.Elements[i], true
}
