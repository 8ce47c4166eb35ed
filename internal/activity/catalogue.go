package activity

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/record"
)

//go:embed data
var data embed.FS

// Schema is the first line of every file under data.
const Schema = "assay/activity@1"

// Edition is one edition of IR 8259.
type Edition struct {
	ID       string      `yaml:"id"` // e2020, ws2025, ipd2025, pd2_2025, final2026
	Document string      `yaml:"document"`
	Date     string      `yaml:"date"`
	Status   record.Text `yaml:"status"`
	Count    int         `yaml:"count"`   // activities
	Numbers  string      `yaml:"numbers"` // 1-6, 0-8
	Change   record.Text `yaml:"change"`  // against the one before; empty for the first
	Basis    string      `yaml:"basis"`
	Verified bool        `yaml:"verified"`
}

// Final is the edition whose numbers Assay uses.
const Final = "final2026"

// Activity is one activity with its questions.
type Activity struct {
	ID      string            `yaml:"id"`     // A0 to A8
	Numbers map[string]string `yaml:"number"` // its number in each edition that has it
	Phase   string            `yaml:"phase"`  // pre_market | post_market
	Section string            `yaml:"section"`
	// Title is NIST's title in English and ours in Chinese.
	Title      record.Text `yaml:"title"`
	TitleBasis string      `yaml:"title_basis"`
	Purpose    record.Text `yaml:"purpose"`
	Note       record.Text `yaml:"note"` // what isn't certain about this activity
	// CSF are the functions of the CSF 2.0 that it touches: our reading.
	CSF       []string   `yaml:"csf"`
	Groups    []Group    `yaml:"groups"`
	Questions []Question `yaml:"questions"`
}

// Group is a group of questions inside of an activity, such as 1.U.
type Group struct {
	ID      string      `yaml:"id"`
	Title   record.Text `yaml:"title"`
	Section string      `yaml:"section"`
}

// Where an answer is kept.
const (
	InModel  = "model"  // in assay.yaml: structured
	InProse  = "prose"  // in answers.yaml
	Combined = "mixed"  // in assay.yaml, and prose beside it is welcome
	Derived  = "derive" // follows from the answers to other questions
)

// Question is one question.
type Question struct {
	ID         string            `yaml:"id"` // 1.C.1; ours, built on the final numbers
	Group      string            `yaml:"group"`
	Editions   map[string]string `yaml:"editions"` // its number in each edition, or how it got there
	Basis      string            `yaml:"basis"`    // primary | secondary | derived | recalled | ours
	Confidence string            `yaml:"confidence"`
	Title      record.Text       `yaml:"title"` // a few words
	Text       record.Text       `yaml:"text"`  // the question, in plain words of ours
	Why        record.Text       `yaml:"why"`   // what the answer is good for
	Note       record.Text       `yaml:"note"`
	Kind       string            `yaml:"kind"` // model | prose | mixed | derive
	// Place is the path in assay.yaml that an answer is written to.
	Place string `yaml:"place"`
	// Touches are further paths that the answer consists of.
	Touches []string `yaml:"touches"`
	// Ask are the fields that are asked one after another at a terminal, for
	// each entry of a list or once.
	Ask []Field `yaml:"ask"`
	// Example is an answer for a camera: the YAML of Place, or prose.
	Example     string      `yaml:"example"`
	ExampleText record.Text `yaml:"example_text"`
	// Feeds are questions, activities and checks that use the answer; From are
	// questions whose answers it is made of.
	Feeds []string `yaml:"feeds"`
	From  []string `yaml:"from"`
	// Artefact is the record that it belongs to; artefacts are ours.
	Artefact string `yaml:"artefact"`
	// Open says when nothing is answered, Gaps what is missing in an answer.
	Open []record.Rule `yaml:"open"`
	Gaps []Finding     `yaml:"gaps"`
}

// Field is one thing that is asked for.
type Field struct {
	Name string      `yaml:"name"` // in the entry, or under Place
	Ask  record.Text `yaml:"ask"`
}

// Finding is a rule with what it says where it holds.
type Finding struct {
	record.Rule `yaml:",inline"`
	Says        record.Text `yaml:"says"`
	// Contradiction: two answers can't both be right; nothing is missing.
	Contradiction bool `yaml:"contradiction"`
}

// Prompt is a question that NIST put to a workshop, not to makers.
type Prompt struct {
	ID       string      `yaml:"id"`
	Activity string      `yaml:"activity"` // A0 to A8: where it is shown
	Workshop int         `yaml:"workshop"` // number of the activity at the workshop of March 2025
	Text     record.Text `yaml:"text"`
	TakenUp  []string    `yaml:"taken_up_by"`
}

// Kinds of checks.
const (
	Lifecycle   = "lifecycle"   // LC-…
	Consistency = "consistency" // CC-01 to CC-17
	Model       = "ai"          // AI-…
)

// Check is a check over the whole record.
type Check struct {
	ID         string      `yaml:"id"`
	Kind       string      `yaml:"kind"`
	Phase      string      `yaml:"phase"`    // pre_market | post_market | cross_cutting
	Activity   string      `yaml:"activity"` // that owns it
	Title      record.Text `yaml:"title"`
	Text       record.Text `yaml:"text"` // what must be so
	Why        record.Text `yaml:"why"`
	Do         record.Text `yaml:"do"` // what to do where it isn't
	Basis      string      `yaml:"basis"`
	Confidence string      `yaml:"confidence"`
	Sources    []string    `yaml:"sources"`
	Links      []string    `yaml:"links"`   // questions and items of catalogues
	AIRMF      []string    `yaml:"ai_rmf"`  // functions of the AI RMF
	Applies    string      `yaml:"applies"` // expression; absent: always
	// Contradiction: every gap means that two answers can't both be right,
	// not that something is missing. A single gap can say so, too.
	Contradiction bool      `yaml:"contradiction"`
	Gaps          []Finding `yaml:"gaps"` // each says what is wrong
}

// Catalogue is everything under data.
type Catalogue struct {
	Editions   []Edition
	Activities []Activity
	Prompts    []Prompt
	Checks     []Check
	// Markets are the laws and standards that Assay knows of, by market.
	Markets map[string][]string
}

// file is the form of a file under data.
type file struct {
	Schema   string    `yaml:"schema"`
	Origin   string    `yaml:"origin"` // assay: the texts are ours
	Editions []Edition `yaml:"editions"`
	Activity *Activity `yaml:"activity"`
	Prompts  []Prompt  `yaml:"prompts"`
	Checks   []Check   `yaml:"checks"`

	Markets map[string][]string `yaml:"markets"`
}

// Load reads the catalogue that comes with the program. Each call returns
// values of its own.
func Load() (*Catalogue, error) { return load(data) }

func load(fsys fs.FS) (*Catalogue, error) {
	c := &Catalogue{}
	var errs []error
	err := fs.WalkDir(fsys, "data", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		var f file
		dec := yaml.NewDecoder(bytes.NewReader(raw))
		dec.KnownFields(true)
		if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			return nil
		}
		if f.Schema != Schema || f.Origin != "assay" {
			errs = append(errs, fmt.Errorf("%s: must begin with schema: %s and origin: assay", name, Schema))
		}
		c.Editions = append(c.Editions, f.Editions...)
		if f.Activity != nil {
			c.Activities = append(c.Activities, *f.Activity)
		}
		c.Prompts = append(c.Prompts, f.Prompts...)
		c.Checks = append(c.Checks, f.Checks...)
		if f.Markets != nil {
			c.Markets = f.Markets
		}
		return nil
	})
	slices.SortFunc(c.Activities, func(a, b Activity) int { return strings.Compare(a.ID, b.ID) })
	return c, errors.Join(append(errs, err)...)
}

// Question finds a question by its id.
func (c *Catalogue) Question(id string) (*Question, *Activity, bool) {
	for i := range c.Activities {
		a := &c.Activities[i]
		for j := range a.Questions {
			if a.Questions[j].ID == id {
				return &a.Questions[j], a, true
			}
		}
	}
	return nil, nil, false
}

// Check finds a check by its id.
func (c *Catalogue) Check(id string) (*Check, bool) {
	for i := range c.Checks {
		if c.Checks[i].ID == id {
			return &c.Checks[i], true
		}
	}
	return nil, false
}

// Variables are those that questions and checks can use beside the ones of
// internal/record; State gives them their values.
//
//	threats    [{id, rule, element, stride, level, residual, decision, by, why,
//	           until, overdue}]: what `assay threats` finds; decision is "" where
//	           nobody decided
//	verdicts   {"standard/requirement": "PASS"}: of the run that counts; empty
//	           where there is none
//	components [{requirement, component, verdict}]: per component, of the same
//	answers    {"1.U.10": {text, by, on, state}}: prose of answers.yaml
//	texts      [{id, kind, file, level}]: declared documents that could be read;
//	           level is plain or technical
//	markets    {"EU": ["eu-cra", …]}: laws that Assay knows, by market, as ids
//	           of standards
//	ids        {"threat": [ids and rules], "misuse": […], "case": [test cases],
//	           "requirement": ["standard/id"…]}: what other records can refer to;
//	           "release" of the run that counts, "export" formats of Assay, and
//	           for checks the questions that are "open" or answered "partly"
func Variables() []string {
	return []string{"threats", "verdicts", "components", "answers", "texts", "markets", "ids"}
}
