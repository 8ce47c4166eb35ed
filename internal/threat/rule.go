package threat

// RulesSchema is the first line of a file of rules.
const RulesSchema = "assay/threat-rules@1"

// RuleFile is a file of the library, or what a workspace adds to it.
type RuleFile struct {
	Schema     string         `yaml:"schema"`
	Weaknesses []WeaknessKind `yaml:"weaknesses"`
	Rules      []Rule         `yaml:"rules"`
}

// WeaknessKind is a weakness by which threats come true. Several rules may
// name it.
type WeaknessKind struct {
	ID    string `yaml:"id"`
	Title Text   `yaml:"title"`
	// CWE holds ids of the Common Weakness Enumeration, such as CWE-319.
	CWE []string `yaml:"cwe"`
	// Measure names what closes the weakness, and so how much dearer the
	// attack becomes.
	Measure string `yaml:"measure"`
	// Countermeasures must all be in place. Each is one requirement, or the
	// same one as several standards number it.
	Countermeasures []Requirements `yaml:"countermeasures"`
	// Evident is a condition on the element: the model itself says that the
	// weakness is there.
	Evident string `yaml:"evident"`

	File string `yaml:"-"`
	Line int    `yaml:"-"`
}

// Rule says which threat an element of the model has, and when.
type Rule struct {
	ID     string `yaml:"id"`
	On     Kind   `yaml:"on"`
	Stride Stride `yaml:"stride"`
	// When is the condition, over element, product and claims.
	When     string `yaml:"when"`
	Title    Text   `yaml:"title"`
	Scenario Text   `yaml:"scenario"`
	// Because says to the reader what in the model made the rule fire;
	// {field} stands for a field of the element.
	Because Text `yaml:"because"`
	// Technique names what the attacker does; it gives time, expertise,
	// knowledge and equipment.
	Technique string `yaml:"technique"`
	// Agent says who does it; empty: an attacker.
	Agent Agent `yaml:"agent"`
	// Entry limits where the attack begins; empty: wherever the element can
	// be reached.
	Entry []Entry `yaml:"entry"`
	Gives Gain    `yaml:"gives"`
	// Weaknesses are ids of weaknesses, at least one.
	Weaknesses []string `yaml:"weaknesses"`
	// CAPEC, ETSI and Annex are references: attack patterns (CAPEC-157),
	// provisions of EN 303 645 (5.5-1), rows of IoT-1005-1 table C.2
	// (T-AFL/1).
	CAPEC []string `yaml:"capec"`
	ETSI  []string `yaml:"etsi"`
	Annex []string `yaml:"annex"`

	// Own: the rule comes from the workspace.
	Own  bool   `yaml:"-"`
	File string `yaml:"-"`
	Line int    `yaml:"-"`
}

// Requirements are one requirement in one or several standards. In YAML a
// single id or a list: iot-1005-1/5.4.2.1 or
// [iot-1005-1/5.4.2.1, etsi-en-303-645/5.5-1].
type Requirements []Ref
