package threat

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/pattern"
	"assay/internal/product"
	"assay/internal/standard"
	"assay/internal/verdict"
	"assay/internal/yamltree"
)

// maxOwn bounds the rules, and the weaknesses, that a workspace adds;
// maxError the text of an error, in bytes.
const (
	maxOwn   = 500
	maxError = 300
)

// ReadDir reads the bytes of a workspace's threats.yaml; nil where there is
// none, which is no problem: nothing was decided. A file that can't be read is
// one problem, and the product is modelled without it.
func ReadDir(dir string, lim limit.YAML) ([]byte, []Problem) {
	data, err := readFile(dir, lim.Size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, []Problem{{File: DecisionsFile, Reason: verdict.Because("threat.problem.unreadable", "error", err.Error())}}
	}
	return data, nil
}

func readFile(dir string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() // opened for reading only
	info, err := root.Stat(DecisionsFile)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file") // a pipe would block the open itself
	}
	f, err := root.Open(DecisionsFile)
	if err != nil {
		return nil, err
	}
	defer f.Close() // opened for reading only
	return io.ReadAll(io.LimitReader(f, most+1))
}

// Load reads the bytes of a threats.yaml: decisions, factors set by hand, and
// rules and weaknesses of the workspace's own, which come into a copy of the
// library.
func Load(name string, data []byte, l *Library, lim limit.YAML) (*Library, *Decisions, []Problem) {
	r := &reader{file: name, library: l.clone(), decisions: &Decisions{}}
	root, faults := yamltree.Parse(data, yamltree.Limits(lim))
	r.faults("problem.", faults)
	if root == nil {
		return r.library, r.decisions, r.problems
	}
	weaknesses, rules := cut(root, "weaknesses"), cut(root, "rules")
	res := yamltree.Decode(root, r.decisions, yamltree.Limits(lim))
	r.faults("yaml.", res.Faults)
	if s := r.decisions.Schema; s != DecisionsSchema && s != "" {
		r.problem(1, "threat.problem.schema", "schema", s, "want", DecisionsSchema)
	}
	r.check(res.Places)
	r.own("weaknesses", weaknesses, func(n *yaml.Node) error {
		var w WeaknessKind
		if err := decodeNode(n, &w); err != nil {
			return err
		}
		return r.library.ownWeakness(name, w)
	})
	r.own("rules", rules, func(n *yaml.Node) error {
		var x Rule
		if err := decodeNode(n, &x); err != nil {
			return err
		}
		return r.library.ownRule(name, x)
	})
	return r.library, r.decisions, r.problems
}

type reader struct {
	file      string
	library   *Library
	decisions *Decisions
	problems  []Problem
}

func (r *reader) problem(line int, key string, args ...string) {
	r.problems = append(r.problems, Problem{r.file, line, verdict.Because(key, args...)})
}

// faults takes over what is wrong with the file as YAML; the texts for a file
// that gives no tree are those of assay.yaml.
func (r *reader) faults(prefix string, all []yamltree.Fault) {
	for _, f := range all {
		args := []string{"path", f.Path}
		for _, k := range slices.Sorted(maps.Keys(f.Args)) {
			args = append(args, k, f.Args[k])
		}
		if f.Reason == yamltree.Empty {
			r.problem(f.Line, "threat.problem.empty", "schema", DecisionsSchema)
			continue
		}
		r.problem(f.Line, prefix+string(f.Reason), args...)
	}
}

// cut takes a list out of a mapping and returns its entries.
func cut(root *yaml.Node, key string) *yaml.Node {
	if root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key {
			n := root.Content[i+1]
			root.Content = slices.Delete(slices.Clone(root.Content), i, i+2)
			return n
		}
	}
	return nil
}

// own reads the entries of a list one by one: a broken one is left out, the
// rest is used.
func (r *reader) own(name string, list *yaml.Node, use func(*yaml.Node) error) {
	if list == nil || yamltree.IsNull(list) {
		return
	}
	if list.Kind != yaml.SequenceNode {
		r.problem(list.Line, "yaml."+string(yamltree.WantList), "field", name, "found", list.Value, "path", name)
		return
	}
	for i, n := range list.Content {
		if i == maxOwn {
			r.problem(n.Line, "threat.problem.too-many", "limit", fmt.Sprint(maxOwn))
			return
		}
		if err := use(n); err != nil {
			r.problem(n.Line, "threat.problem.own", "error", oneLine(err, fmt.Sprintf("%s:%d: ", r.file, n.Line)))
		}
	}
}

// oneLine writes an error as one line without the place that stands before it
// anyway: the condition language draws pictures.
func oneLine(err error, place string) string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), place, "")), " ")
	if len(s) > maxError {
		s = strings.ToValidUTF8(s[:maxError], "") + "…"
	}
	return s
}

// decodeNode guards against the panics of the YAML package on trees that it
// believes impossible.
func decodeNode(n *yaml.Node, to any) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("not readable: %v", x)
		}
	}()
	return n.Decode(to)
}

// check says what decisions lack: an acceptance needs who, why and until
// when, a transfer to whom. What lacks it doesn't count.
func (r *reader) check(places map[string]yamltree.Place) {
	keep := r.decisions.Decisions[:0]
	first := map[string]int{}
	for i, d := range r.decisions.Decisions {
		d.Line = places[yamltree.ItemPath("decisions", i)].Line
		ok := d.Threat != "" && slices.Contains([]string{Mitigate, Transfer, Avoid, Accept}, d.Decide)
		lacks := func(field, value string) {
			if value == "" {
				ok = false
				r.problem(d.Line, "threat.problem.lacks", "decision", d.Decide, "threat", d.Threat, "field", field)
			}
		}
		switch d.Decide {
		case Accept:
			lacks("by", d.By)
			lacks("why", d.Why)
			lacks("until", d.Until)
		case Transfer:
			lacks("to", d.To)
		}
		if d.Until != "" {
			end, err := product.ParseDate(d.Until)
			if err != nil {
				ok = false
				r.problem(d.Line, "threat.problem.date", "value", d.Until)
			}
			d.End = end
		}
		if line, twice := first[d.Threat]; ok && twice {
			ok = false
			r.problem(d.Line, "threat.problem.twice", "threat", d.Threat, "first", fmt.Sprint(line))
		}
		if ok {
			first[d.Threat] = d.Line
			keep = append(keep, d)
		}
	}
	r.decisions.Decisions = keep
	profile := r.library.Profiles
	kept := r.decisions.Factors[:0]
	for i, o := range r.decisions.Factors {
		o.Line = places[yamltree.ItemPath("factors", i)].Line
		ok := o.Threat != "" && len(o.Set.byFactor()) > 0 && o.Why != ""
		for f, level := range o.Set.byFactor() {
			known := slices.ContainsFunc(profile, func(p Profile) bool { return p.index(f, level) >= 0 })
			if !known {
				ok = false
				r.problem(o.Line, "threat.problem.level", "factor", string(f), "level", level, "allowed", levelNames(profile, f))
			}
		}
		if ok {
			kept = append(kept, o)
		}
	}
	r.decisions.Factors = kept
}

func levelNames(profiles []Profile, f Factor) string {
	var out []string
	for _, p := range profiles {
		for _, l := range p.Factors[f] {
			if !slices.Contains(out, l.ID) {
				out = append(out, l.ID)
			}
		}
	}
	return strings.Join(out, ", ")
}

// clone copies a library so that a workspace's rules don't reach another's.
func (l *Library) clone() *Library {
	c := *l
	c.Rules, c.Weaknesses, c.Problems = slices.Clone(l.Rules), slices.Clone(l.Weaknesses), slices.Clone(l.Problems)
	c.when, c.evident = maps.Clone(l.when), maps.Clone(l.evident)
	return &c
}

var ownID = pattern.New(`^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$`)

func (l *Library) ownWeakness(file string, w WeaknessKind) error {
	if !ownID.MatchString(w.ID) {
		return fmt.Errorf("weakness id %q: use small letters, digits, . and -", w.ID)
	}
	if err := errors.Join(short("title", &w.Title, maxTitle), references("cwe", w.CWE, cweID)); err != nil {
		return fmt.Errorf("weakness %s: %w", w.ID, err)
	}
	for _, c := range w.Countermeasures {
		for _, ref := range c {
			s, err := standard.Get(ref.Standard)
			if err != nil {
				return fmt.Errorf("weakness %s: %w", w.ID, err)
			}
			if _, ok := s.Requirement(ref.Requirement); !ok {
				return fmt.Errorf("weakness %s: %s has no requirement %s", w.ID, ref.Standard, ref.Requirement)
			}
		}
	}
	trial := l.clone()
	if err := trial.add(file, &RuleFile{Weaknesses: []WeaknessKind{w}}); err != nil {
		return err
	}
	if err := trial.check(); err != nil {
		return err
	}
	*l = *trial
	return nil
}

func (l *Library) ownRule(file string, r Rule) error {
	if !ownID.MatchString(r.ID) {
		return fmt.Errorf("rule id %q: use small letters, digits, . and -", r.ID)
	}
	err := errors.Join(short("title", &r.Title, maxTitle), short("scenario", &r.Scenario, maxText), short("because", &r.Because, maxText),
		references("capec", r.CAPEC, capecID), references("etsi", r.ETSI, provisionID), references("annex", r.Annex, annexID))
	if err != nil {
		return fmt.Errorf("rule %s: %w", r.ID, err)
	}
	r.Own = true
	trial := l.clone()
	if err := trial.add(file, &RuleFile{Rules: []Rule{r}}); err != nil {
		return err
	}
	if err := trial.check(); err != nil {
		return err
	}
	*l = *trial
	return nil
}

// Bounds of a workspace's own texts, in bytes.
const (
	maxTitle = 200
	maxText  = 2000
)

var (
	cweID       = pattern.New(`^CWE-[1-9][0-9]{0,3}$`)
	capecID     = pattern.New(`^CAPEC-[1-9][0-9]{0,2}$`)
	provisionID = pattern.New(`^[0-9]{1,2}(\.[0-9]{1,2})?-[0-9]{1,2}$`)
	annexID     = pattern.New(`^T-[A-Z]{3}/[0-9]{1,2}$`)
)

// short asks for a text of bounded length, in one language at least, and
// shows the only one that was written in either.
func short(field string, t *Text, most int) error {
	if t.En == "" {
		t.En = t.Zh
	}
	if t.Zh == "" {
		t.Zh = t.En
	}
	switch {
	case t.En == "":
		return fmt.Errorf("it has no %s", field)
	case len(t.En) > most || len(t.Zh) > most:
		return fmt.Errorf("its %s is longer than %d bytes", field, most)
	}
	return nil
}

func references(field string, ids []string, form *pattern.Pattern) error {
	for _, id := range ids {
		if !form.MatchString(id) {
			return fmt.Errorf("%s: %q is not of the form %s", field, id, form)
		}
	}
	return nil
}
