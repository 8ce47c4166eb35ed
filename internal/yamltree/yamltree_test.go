package yamltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var lim = Limits{Size: 10_000, Depth: 12, Nodes: 500, Aliases: 20, Scalar: 2000}

// tree writes nodes as kind, value and place.
func tree(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return fmt.Sprintf("%s@%d:%d", n.Value, n.Line, n.Column)
	}
	var parts []string
	for _, c := range n.Content {
		parts = append(parts, tree(c))
	}
	return fmt.Sprintf("(%s)@%d:%d", strings.Join(parts, " "), n.Line, n.Column)
}

// TestJSONPlaces: places in JSON are those that an editor shows.
func TestJSONPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, want string }{
		{"one-line", `{"a": [1, "é", true]}`, "(a@1:2 (1@1:8 é@1:11 true@1:16)@1:7)@1:1"},
		{"lines", "{\n\t\"a\" :\r\n  null ,\n\"b\": {}\n}", "(a@2:2 null@3:3 b@4:1 ()@4:6)@1:1"},
		{"surrogates", `["\ud83d\ude00", 1]`, "(😀@1:2 1@1:18)@1:1"},
		{"mark", "\xef\xbb\xbf[]", "()@1:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root, faults := ParseJSON([]byte(c.data), lim)
			if root == nil {
				t.Fatal(faults)
			}
			if got := tree(root); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

type pet struct {
	Name   string         `yaml:"name" is:"required"`
	Kind   string         `yaml:"kind" is:"enum=cat|dog"`
	Age    Number         `yaml:"age"`
	Tame   *bool          `yaml:"tame"`
	Toys   []string       `yaml:"toys"`
	Owners []owner        `yaml:"owners"`
	Notes  []line         `yaml:"notes"`
	Free   map[string]any `yaml:"free"`
	Extra  map[string]any `yaml:",extra"`
}

type owner struct {
	Key  string `yaml:",key"`
	City string `yaml:"city"`
}

type line struct {
	Key  string `yaml:",key"`
	Text string `yaml:",value"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	yes := true
	for _, c := range []struct {
		name, data string
		want       pet
		faults     []string
	}{
		{"all", "{name: Tom, kind: cat, age: 3, tame: true, toys: [a, b], owners: {Ann: {city: Oslo}, Bo: {}}, notes: {x: y}, free: {k: [1]}, z: 1}",
			pet{Name: "Tom", Kind: "cat", Age: "3", Tame: &yes, Toys: []string{"a", "b"}, Owners: []owner{{"Ann", "Oslo"}, {"Bo", ""}}, Notes: []line{{"x", "y"}},
				Free: map[string]any{"k": []any{Number("1")}}, Extra: map[string]any{"z": Number("1")}},
			[]string{"1:126 unknown-field z"}},
		{"nothing", "{name: null, kind: , z: ~}", pet{}, []string{"1:1 missing-field name"}},
		{"enum-keeps-the-value", "{name: x, kind: cow}", pet{Name: "x", Kind: "cow"}, []string{"1:17 unknown-value kind"}},
		{"wrong", "{name: [x], age: old, tame: 1, toys: {}, owners: [], notes: {x: [y]}, free: 2}", pet{Notes: []line{{"x", ""}}},
			[]string{"1:8 want-text name", "1:18 want-number age", "1:29 want-bool tame", "1:38 want-list toys", "1:50 want-fields owners", "1:65 want-text notes.x", "1:77 want-fields free"}},
		{"twice", "{name: a, name: b, owners: {A: {}, A: {}}}", pet{Name: "a", Owners: []owner{{"A", ""}}}, []string{"1:11 duplicate-key name", "1:36 duplicate-key owners.A"}},
		{"merge", "{free: &f {a: 1, b: 2}, <<: {name: m, age: 1}, age: 2, z: {<<: [*f, {c: 3, a: 9}], b: 0}}",
			pet{Name: "m", Age: "2", Free: map[string]any{"a": Number("1"), "b": Number("2")},
				Extra: map[string]any{"z": map[string]any{"a": Number("1"), "b": Number("0"), "c": Number("3")}}}, []string{"1:56 unknown-field z"}},
		{"merge-of-text", "{name: a, <<: b}", pet{Name: "a"}, []string{"1:15 want-fields "}},
		{"tag", "{name: !!binary aGk=, kind: !cat cat}", pet{}, []string{"1:8 bad-tag name", "1:29 bad-tag kind"}},
		{"key", "{name: a, [b]: c}", pet{Name: "a"}, []string{"1:11 bad-key "}},
		{"numbers", "{name: a, age: -1.5e3, free: {hex: 0x1F, point: .5, inf: .inf, many: 99999999999999999999, text: \"1\"}}",
			pet{Name: "a", Age: "-1.5e3", Free: map[string]any{"hex": Number("31"), "point": Number("0.5"), "inf": ".inf", "many": Number("99999999999999999999"), "text": "1"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root, faults := Parse([]byte(c.data), lim)
			if root == nil {
				t.Fatal(faults)
			}
			var got pet
			res := Decode(root, &got, lim)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var list []string
			for _, f := range res.Faults {
				list = append(list, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Reason, f.Path))
			}
			if diff := cmp.Diff(c.faults, list); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDecodeIsBounded: what few bytes can unfold to is cut, and said.
func TestDecodeIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, data string
		want       Reason
	}{
		{"values", "free: {a: &a [" + strings.Repeat("1,", 40) + "], b: [" + strings.Repeat("*a,", 15) + "]}", TooManyValues},
		{"aliases", "free: {a: &a 1, b: [" + strings.Repeat("*a,", 25) + "]}", TooManyAliases},
		{"bytes", "free: {a: &a " + strings.Repeat("x", 1900) + ", b: [" + strings.Repeat("*a,", 10) + "]}", TooLarge},
		{"ring", "free: &a {b: *a}", TooDeep},
		{"ring-of-merges", "free: &a {<<: *a}", TooDeep},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root, faults := Parse([]byte(c.data), lim)
			if root == nil {
				t.Fatal(faults)
			}
			var p pet
			res := Decode(root, &p, lim)
			if !res.Cut || len(res.Faults) == 0 || res.Faults[0].Reason != c.want {
				t.Errorf("cut %v: %v", res.Cut, res.Faults)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, parent, shape string }{
		{"name", "", "name"},
		{"toys[3]", "toys", "toys[]"},
		{`owners["A. B"].city`, `owners["A. B"]`, "owners.*.city"},
		{`owners["a]\"[b"]`, "owners", "owners.*"},
		{"owners.Ann.nose", "owners.Ann", "owners.*.?"},
		{"notes.x", "notes", "notes.*"},
		{"nothing.at.all", "nothing.at", "?"},
		{"free.k", "free", "free.*"},
	} {
		if got := ParentPath(c.path); got != c.parent {
			t.Errorf("ParentPath(%s) = %s, want %s", c.path, got, c.parent)
		}
		if got := Shape(pet{}, c.path); got != c.shape {
			t.Errorf("Shape(%s) = %s, want %s", c.path, got, c.shape)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a: b\n", "{\"a\": [1, {}]}", "a:\n\tb", "&a [*a]", "a: &x {b: *x}", "\ufeffa: 1", "--- a\n--- b\n", "a: 'b", "? a\n: b",
		"{free: &a {<<: [*a, *a]}, name: !x y}", "[\"\\ud800\", 1e999]", "%YAML 9.9\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, parse := range map[string]func([]byte, Limits) (*yaml.Node, []Fault){"yaml": Parse, "json": ParseJSON} {
			root, faults := parse(data, lim)
			if (root == nil) != (len(faults) > 0) {
				t.Fatalf("%s: root %v and faults %v", name, root, faults)
			}
			if root == nil {
				continue
			}
			var p pet
			res := Decode(root, &p, lim)
			if len(res.Faults)+len(res.Order) > 20*lim.Nodes {
				t.Errorf("%s: %d faults and %d places", name, len(res.Faults), len(res.Order))
			}
		}
	})
}
