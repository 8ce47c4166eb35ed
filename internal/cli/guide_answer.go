package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"assay/internal/activity"
	"assay/internal/assess"
	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/threat"
)

// changed is what answers changed, beside themselves.
type changed struct {
	Files     []string      `json:"files"`     // that were written
	Questions []stateChange `json:"questions"` // whose state is another now
	Threats   threatChange  `json:"threats"`
	Checks    checkChange   `json:"checks"`
	// Requirements of the chosen standards, and documents, that rest on the
	// answers that were given.
	Requirements []string `json:"requirements"`
	Documents    []string `json:"documents"`

	given []string // questions that were answered
}

type stateChange struct {
	ID     string         `json:"id"`
	Before activity.State `json:"before"`
	After  activity.State `json:"after"`
}

type threatChange struct {
	New   []string      `json:"new"`
	Gone  []string      `json:"gone"`
	Level []levelChange `json:"level"`
}

type levelChange struct {
	ID     string `json:"id"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type checkChange struct {
	Found   []string `json:"found"`   // checks that find more than before
	Cleared []string `json:"cleared"` // checks that find nothing any more
}

// errMoved says that a file was changed by somebody else meanwhile.
var errMoved = errors.New("the file was changed meanwhile")

// maxTries bounds how often answers are put into files that others change.
const maxTries = 5

// applyAll puts the answers of the command line into the files, all or none,
// and says what that changes. Where somebody else changed a file meanwhile,
// the answers are put into what they wrote.
func (a *app) applyAll(ctx context.Context, g *guided, f guideFlags) (*changed, error) {
	before := g.now
	for try := range maxTries {
		files, ids, err := a.edit(g, f)
		if err != nil {
			return nil, err
		}
		now, err := a.recorded(ctx, g, files)
		if err != nil {
			return nil, err
		}
		stamped, err := a.stamp(g, now, files, ids)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(stamped.Answers, files.Answers) {
			next := *g
			next.now, next.files = now, files
			if now, err = a.recorded(ctx, &next, stamped); err != nil {
				return nil, err
			}
		}
		files = stamped
		written, err := a.save(g, files)
		if errors.Is(err, errMoved) && try < maxTries-1 {
			if err := a.reread(g); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, &exitError{code: exitUse, err: fmt.Errorf("%s: %w", a.t("ui.guide-not-saved"), err), where: g.w.dir}
		}
		g.files, g.now, g.w.source, g.w.product = files, now, files.Model, now.Input.Product
		_, g.w.problems = product.Load(product.FileName, files.Model, limit.Default().YAML)
		g.faults = faults(g.w.problems)
		g.uses, g.stale = a.uses(g), nil
		if !a.quiet || a.format != "text" {
			if err := a.withDocuments(ctx, g); err != nil {
				return nil, err
			}
		}
		c := a.compareRecords(g, before, now)
		c.Files, c.given = written, ids
		for _, id := range ids {
			for _, u := range g.uses[id] {
				switch {
				case u.Kind == "document" && !slices.Contains(c.Documents, u.ID):
					c.Documents = append(c.Documents, u.ID)
				case u.Kind == "requirement" && !slices.Contains(c.Requirements, u.ID):
					c.Requirements = append(c.Requirements, u.ID)
				}
			}
		}
		return c, nil
	}
	return nil, errMoved
}

// edit applies the flags to the files as they are, and gives the questions
// that were answered.
func (a *app) edit(g *guided, f guideFlags) (activity.Files, []string, error) {
	files, was, err := g.process.Final(g.files, limit.Default().YAML)
	if err != nil {
		return files, nil, use(err)
	}
	if was != "" {
		kept := strings.TrimSuffix(activity.AnswersFile, ".yaml") + "." + was + ".yaml"
		if err := replace(filepath.Join(g.w.dir, kept), g.files.Answers); err != nil {
			return files, nil, use(err)
		}
		fmt.Fprintln(a.Err, a.t("ui.guide-converted", "edition", was, "file", kept))
	}
	var ids []string
	bad := func(err error) (activity.Files, []string, error) {
		next := a.t("ui.next.guide-answer")
		return files, nil, &exitError{code: exitUse, err: err, next: next}
	}
	split := func(flag, s string) (id, value string, err error) {
		id, value, ok := strings.Cut(s, "=")
		if !ok || id == "" {
			return "", "", fmt.Errorf("--%s %q must be ID=VALUE", flag, s)
		}
		if path, file := strings.CutPrefix(value, "@"); file {
			b, err := readFile(path, limit.Default().YAML.Size)
			return id, string(b), err
		}
		return id, value, nil
	}
	// A number of another edition means one question, or it is refused.
	final := func(id string) (string, error) {
		switch all := g.process.Translate(f.edition, id); len(all) {
		case 1:
			return all[0], nil
		case 0:
			return "", errors.New(a.t("ui.guide-unknown", "id", id))
		default:
			return "", errors.New(a.t("ui.guide-ambiguous", "id", id, "edition", f.edition, "ids", strings.Join(all, ", ")))
		}
	}
	for _, s := range f.answers {
		id, value, err := split("answer", s)
		if err != nil {
			return bad(err)
		}
		if id, err = final(id); err != nil {
			return bad(err)
		}
		if files, err = g.process.Apply(files, id, value, f.by, a.now()); err != nil {
			return bad(err)
		}
		ids = append(ids, id)
	}
	for _, s := range f.sets {
		path, value, err := split("set", s)
		if err != nil {
			return bad(err)
		}
		if files, err = files.Set(path, value); err != nil {
			return bad(err)
		}
	}
	for _, s := range f.waive {
		id, why, err := split("not-applicable", s)
		if err != nil {
			return bad(err)
		}
		if id, err = final(id); err != nil {
			return bad(err)
		}
		if files, err = g.process.Waive(files, id, why, f.by, a.now()); err != nil {
			return bad(err)
		}
	}
	for _, id := range f.confirm {
		id, err := final(id)
		if err != nil {
			return bad(err)
		}
		ids = append(ids, id)
	}
	return files, ids, nil
}

// stamp notes with each answer what it was given from.
func (a *app) stamp(g *guided, now *assess.Recorded, files activity.Files, ids []string) (activity.Files, error) {
	for _, id := range ids {
		s, ok := g.process.StampFor(now.Record, id, a.now())
		if !ok {
			continue
		}
		var err error
		if files, err = files.Stamp(s); err != nil {
			return files, use(err)
		}
	}
	return files, nil
}

// reread takes what stands in the files now.
func (a *app) reread(g *guided) error {
	source, err := readFile(filepath.Join(g.w.dir, product.FileName), limit.Default().YAML.Size)
	if err != nil {
		return use(err)
	}
	answers, err := activity.ReadAnswers(g.w.dir, limit.Default().YAML)
	if err != nil {
		return use(err)
	}
	g.w.source, g.files = source, activity.Files{Model: source, Answers: answers}
	return nil
}

// save writes the files that changed, each in one step, and only over what
// was read before.
func (a *app) save(g *guided, files activity.Files) ([]string, error) {
	dir, err := os.Open(g.w.dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // opened for its lock only
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", g.w.dir, err)
	}
	type change struct {
		name     string
		old, new []byte
	}
	all := []change{{product.FileName, g.files.Model, files.Model}, {activity.AnswersFile, g.files.Answers, files.Answers}}
	for _, c := range all {
		now, err := os.ReadFile(filepath.Join(g.w.dir, c.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if !bytes.Equal(now, c.old) {
			return nil, fmt.Errorf("%s: %w", c.name, errMoved)
		}
	}
	written := []string{}
	for _, c := range all {
		if bytes.Equal(c.old, c.new) {
			continue
		}
		if err := replace(filepath.Join(g.w.dir, c.name), c.new); err != nil {
			return written, err
		}
		written = append(written, c.name)
	}
	return written, nil
}

// replace writes a file beside the old one and puts it in its place.
func replace(path string, data []byte) error {
	mode := fs.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".assay-*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // there only where something failed
	if _, err := t.Write(data); err != nil {
		return errors.Join(err, t.Close())
	}
	if err := errors.Join(t.Chmod(mode), t.Sync(), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}

// compareRecords says what is another now.
func (a *app) compareRecords(g *guided, before, now *assess.Recorded) *changed {
	c := &changed{Questions: []stateChange{}, Requirements: []string{}, Documents: []string{},
		Threats: threatChange{New: []string{}, Gone: []string{}, Level: []levelChange{}}, Checks: checkChange{Found: []string{}, Cleared: []string{}}}
	for i := range now.Activities {
		for j, q := range now.Activities[i].Questions {
			if was := before.Activities[i].Questions[j].State; was != q.State {
				c.Questions = append(c.Questions, stateChange{q.Question.ID, was, q.State})
			}
		}
		for j, x := range now.Activities[i].Checks {
			was := len(before.Activities[i].Checks[j].Gaps)
			switch {
			case len(x.Gaps) > was:
				c.Checks.Found = append(c.Checks.Found, x.Check.ID)
			case len(x.Gaps) == 0 && was > 0:
				c.Checks.Cleared = append(c.Checks.Cleared, x.Check.ID)
			}
		}
	}
	old := map[string]*threat.Threat{}
	for i := range before.Input.Threats.Threats {
		old[before.Input.Threats.Threats[i].ID] = &before.Input.Threats.Threats[i]
	}
	for i := range now.Input.Threats.Threats {
		t := &now.Input.Threats.Threats[i]
		switch was, ok := old[t.ID]; {
		case !ok:
			c.Threats.New = append(c.Threats.New, t.ID)
		case was.Residual.Level != t.Residual.Level:
			c.Threats.Level = append(c.Threats.Level, levelChange{t.ID, string(was.Residual.Level), string(t.Residual.Level)})
		}
		delete(old, t.ID)
	}
	for id := range old {
		c.Threats.Gone = append(c.Threats.Gone, id)
	}
	slices.Sort(c.Threats.Gone)
	return c
}

// showChanged says at the terminal what answers changed.
func (a *app) showChanged(g *guided, c *changed) {
	w := a.Out
	if len(c.Files) == 0 {
		fmt.Fprintf(w, "%s\n\n", a.t("ui.guide-nothing-changed"))
		return
	}
	fmt.Fprintf(w, "%s\n", a.t("ui.guide-saved", "files", strings.Join(c.Files, ", ")))
	line := func(key string, ids []string) {
		if len(ids) > 0 {
			a.wrapped(w, "  ", a.t(key, "count", fmt.Sprint(len(ids)), "ids", some(ids)))
		}
	}
	var states, levels []string
	for _, q := range c.Questions {
		states = append(states, fmt.Sprintf("%s (%s → %s)", q.ID, a.t("guide.state."+string(q.Before)), a.t("guide.state."+string(q.After))))
	}
	for _, t := range c.Threats.Level {
		levels = append(levels, fmt.Sprintf("%s (%s → %s)", t.ID, a.t("threat.level."+t.Before), a.t("threat.level."+t.After)))
	}
	line("ui.guide-changed-questions", states)
	line("ui.guide-changed-cleared", c.Checks.Cleared)
	line("ui.guide-changed-found", c.Checks.Found)
	line("ui.guide-changed-new", c.Threats.New)
	line("ui.guide-changed-gone", c.Threats.Gone)
	line("ui.guide-changed-level", levels)
	line("ui.guide-changed-requirements", c.Requirements)
	line("ui.guide-changed-documents", c.Documents)
	for _, id := range c.given {
		if q, ok := g.now.Question(id); ok && len(q.Gaps) > 0 {
			fmt.Fprintf(w, "  %s  [%s]\n", id, a.t("guide.state."+string(q.State)))
			a.showGaps(g, q.Gaps)
		}
	}
	fmt.Fprintln(w)
}

// some names a few ids.
func some(ids []string) string {
	const most = 8
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:most], ", ") + ", …"
}
