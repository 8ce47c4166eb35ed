package activity

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"assay/internal/limit"
	"assay/internal/product"
)

// TestQuestionsNoticeWhatIsTakenAway: without the place that an answer is
// written to, the question isn't answered.
func TestQuestionsNoticeWhatIsTakenAway(t *testing.T) {
	t.Parallel()
	in, at := workspace(t, "camera"), map[string][]string{}
	for _, q := range process(t).questions() {
		if q.Kind != Derived {
			at[q.Place] = append(at[q.Place], q.ID)
		}
	}
	for place, ids := range at {
		less, restore := in, func() {}
		if place == "" {
			less.Answers = nil
		} else {
			restore = takeAway(reflect.ValueOf(in.Product).Elem(), place)
		}
		r, err := process(t).Assess(t.Context(), less)
		restore()
		if err != nil {
			t.Fatalf("without %s: %v", place, err)
		}
		for _, id := range ids {
			if s, _ := r.Question(id); s.State == Answered {
				t.Errorf("%s is answered without %q", id, place)
			}
		}
	}
}

// amiss are mistakes in the complete record that are more than one field left
// out, for the gaps that they leave.
var amiss = map[string]func(in *Input){
	"nobody stops a release": func(in *Input) { each(in.Product.Organisation.Owners, func(o *product.Owner) { o.StopsRelease = nil }) },
	"money alone": func(in *Input) {
		each(in.Product.Organisation.Resources, func(r *product.Resource) { r.Kind = "budget" })
	},
	"money ends with the launch": func(in *Input) {
		each(in.Product.Organisation.Resources, func(r *product.Resource) { r.Until = r.From })
	},
	"everybody buys":              func(in *Input) { each(in.Product.Customers, func(c *product.Customer) { c.Role = "buyer" }) },
	"only the climate":            func(in *Input) { in.Product.Environments[0].Physical = []string{"dry"} },
	"the shortest is the longest": func(in *Input) { in.Product.Identity.Lifetime.MinYears = 99 },
	"others may manage it":        func(in *Input) { each(in.Product.Dependencies, func(d *product.Dependency) { d.Manages = nil }) },
	"another market":              func(in *Input) { in.Product.Identity.Markets = []string{"AQ"} },
	"data that is nowhere": func(in *Input) {
		in.Product.Flows = nil
		each(in.Product.Data, func(d *product.Data) { d.StoredOn = nil })
	},
	"a need of nothing":            func(in *Input) { in.Product.Needs[0].Risks, in.Product.Needs[0].Laws = nil, nil },
	"a capability against nothing": func(in *Input) { in.Product.Capabilities[0].Threats, in.Product.Capabilities[0].Laws = nil, nil },
	"no capability for threats":    func(in *Input) { each(in.Product.Capabilities, func(c *product.Capability) { c.Threats = nil }) },
	"no capability for many": func(in *Input) {
		many := *in.Threats
		many.Threats = slices.Repeat(many.Threats, 4)
		in.Threats, in.Product.Capabilities = &many, nil
	},
	"room for a year":           func(in *Input) { each(in.Product.Development.Headroom, func(h *product.Headroom) { h.Until = 2026 }) },
	"a platform without a name": func(in *Input) { yes := true; in.Product.Development.Platform = &product.Platform{Used: &yes} },
	"fixes of unknown speed":    func(in *Input) { each(in.Product.Aftercare.Fixes, func(f *product.Fix) { f.AchievedDays = 0 }) },
	"no words":                  func(in *Input) { in.Answers = nil },
	"nobody but the maker": func(in *Input) {
		each(in.Product.Responsibilities, func(r *product.Responsibility) { r.User, r.Deployer = "", "" })
	},
	"needless functions alone": func(in *Input) { no := false; each(in.Product.Features, func(f *product.Feature) { f.Needed = &no }) },
	"readers unknown":          func(in *Input) { each(in.Product.Data, func(d *product.Data) { d.Readers = nil }) },
	"no reason for doing it by hand": func(in *Input) {
		no := false
		each(in.Product.Components, func(c *product.Component) { c.Renewal = &product.Renewal{Automatic: &no} })
	},
}

func each[T any](list []T, do func(*T)) {
	for i := range list {
		do(&list[i])
	}
}

// TestEachGapIsFound: for everything that a question can find missing there is
// a field of the complete record, or a mistake above, that it is found at.
func TestEachGapIsFound(t *testing.T) {
	t.Parallel()
	p, left := process(t), map[string]finding{}
	source := map[string]string{} // gap → its expressions
	for _, q := range p.questions() {
		for i, g := range q.Gaps {
			gap := fmt.Sprintf("%s: %s", q.ID, g.Says.En)
			left[gap], source[gap] = p.gaps[q.ID][i], g.Each+" "+g.When
		}
	}
	look := func(in Input, name string) {
		in.IDs = nil
		v := p.View(in)
		for gap, f := range left {
			if !about(source[gap], name) {
				continue
			}
			hits, err := f.rule.Hits(t.Context(), v)
			if err != nil {
				t.Fatalf("%s: %v", gap, err)
			}
			if len(hits) > 0 {
				delete(left, gap)
			}
		}
	}
	in, tries := workspace(t, "camera"), map[string]int{}
	for _, change := range amiss {
		wrong := in
		wrong.Product, _, _ = product.LoadDir(filepath.Join("testdata", "camera"), limit.Default().YAML)
		change(&wrong)
		look(wrong, "")
	}
	everyField(reflect.ValueOf(in.Product).Elem(), "", func(path string, v reflect.Value) {
		name := path[strings.LastIndex(path, ".")+1:]
		wanted := slices.ContainsFunc(slices.Collect(maps.Keys(left)), func(gap string) bool { return about(source[gap], name) })
		if name == "id" || v.IsZero() || !wanted || tries[path] >= maxTries {
			return
		}
		tries[path]++
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		v.SetZero()
		look(in, name)
		v.Set(was)
	})
	for _, gap := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("never found: %s", gap)
	}
}

// about says whether a rule's expressions name a field.
func about(source, name string) bool {
	_, after, found := strings.Cut(source+" ", "."+name)
	return name == "" || strings.Contains(source, `["`+name+`"]`) || found && (after[0] < 'a' || after[0] > 'z' || about(after, name))
}

// maxTries bounds how many entries of a list a gap is looked for at.
const maxTries = 40

// everyField visits the fields of a model with their paths without indices,
// those of groups first.
func everyField(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			everyField(v.Elem(), path, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			everyField(v.Index(i), path, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); name != "" {
				everyField(v.Field(i), path+"."+name, visit)
				visit(path+"."+name, v.Field(i))
			}
		}
	}
}

// takeAway removes what stands at a path, and gives the way back.
func takeAway(v reflect.Value, path string) (restore func()) {
	for name := range strings.SplitSeq(path, ".") {
		for v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		v = v.FieldByIndex(slices.DeleteFunc(reflect.VisibleFields(v.Type()), func(f reflect.StructField) bool {
			tag, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			return tag != name
		})[0].Index)
	}
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	v.SetZero()
	return func() { v.Set(was) }
}

// TestRulesBearLargeProducts: no rule costs more than the limit where a
// product is twenty times as large as the camera, or has every threat that
// `assay threats` gives room for.
func TestRulesBearLargeProducts(t *testing.T) {
	t.Parallel()
	in, p := workspace(t, "camera"), process(t)
	model := reflect.ValueOf(in.Product).Elem()
	for i := range model.NumField() {
		if f := model.Field(i); f.Kind() == reflect.Slice && f.CanSet() {
			all := f
			for range 19 {
				all = reflect.AppendSlice(all, f)
			}
			f.Set(all)
		}
	}
	many := *in.Threats
	many.Threats = slices.Repeat(many.Threats, 20)
	in.Threats = &many
	v := p.View(in)
	for _, q := range p.questions() {
		if _, err := holds(t.Context(), p.open[q.ID], v); err != nil {
			t.Error(err)
		}
		if _, err := p.hits(t.Context(), q.ID, v); err != nil {
			t.Errorf("%.200s", err)
		}
	}
}
