package fact_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"assay/internal/fact"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func observation(change ...func(*fact.Observation)) fact.Observation {
	o := fact.Observation{ID: "o-1", Collector: "device@1", Unit: "unit-a", Serial: "A1", State: "initialised", Vantage: fact.LAN, Method: fact.Test, By: "assay 1", Start: start, End: start.Add(time.Second)}
	for _, c := range change {
		c(&o)
	}
	return o
}

func make1(t testing.TB, o fact.Observation, subject string, p fact.Payload, refs ...fact.Ref) fact.Fact {
	t.Helper()
	f, err := fact.New(o, subject, p, refs...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var telnet = fact.Service{Unit: "unit-a", Port: 23, Transport: "tcp", Protocol: "telnet", Banner: "<login> & more"}

// TestIDs: an id says what was seen, on what, in which state and from where;
// not when, by whom, in which run, nor with which evidence.
func TestIDs(t *testing.T) {
	t.Parallel()
	base := make1(t, observation(), "unit-a/tcp-23", telnet).ID
	rows := []struct {
		name    string
		f       fact.Fact
		differs bool
	}{
		{"again", make1(t, observation(), "unit-a/tcp-23", telnet), false},
		{"later", make1(t, observation(func(o *fact.Observation) { o.Start, o.End = start.AddDate(1, 0, 0), start.AddDate(1, 0, 0) }), "unit-a/tcp-23", telnet), false},
		{"other-run-and-person", make1(t, observation(func(o *fact.Observation) { o.ID, o.By, o.Collector, o.Equipment = "o-9", "Chen", "device@2", "probe" }), "unit-a/tcp-23", telnet), false},
		{"other-evidence", make1(t, observation(), "unit-a/tcp-23", telnet, fact.Ref{SHA256: "ff"}), false},
		{"other-unit", make1(t, observation(func(o *fact.Observation) { o.Unit = "unit-b" }), "unit-a/tcp-23", telnet), true},
		{"other-serial", make1(t, observation(func(o *fact.Observation) { o.Serial = "B2" }), "unit-a/tcp-23", telnet), true},
		{"other-state", make1(t, observation(func(o *fact.Observation) { o.State = "factory" }), "unit-a/tcp-23", telnet), true},
		{"other-vantage", make1(t, observation(func(o *fact.Observation) { o.Vantage = fact.Physical }), "unit-a/tcp-23", telnet), true},
		{"other-subject", make1(t, observation(), "unit-a/tcp-24", telnet), true},
		{"other-data", make1(t, observation(), "unit-a/tcp-23", fact.Service{Unit: "unit-a", Port: 23}), true},
		{"other-kind", make1(t, observation(), "unit-a/tcp-23", fact.Unreachable{Unit: "unit-a"}), true},
	}
	for _, r := range rows {
		if (r.f.ID != base) != r.differs {
			t.Errorf("%s: id %s beside %s", r.name, r.f.ID, base)
		}
	}
	// Parts that run into each other don't make one id.
	a := make1(t, observation(func(o *fact.Observation) { o.Unit, o.Serial = "ab", "c" }), "s", telnet)
	b := make1(t, observation(func(o *fact.Observation) { o.Unit, o.Serial = "a", "bc" }), "s", telnet)
	if a.ID == b.ID {
		t.Error("unit ab, serial c has the id of unit a, serial bc")
	}
	if len(base) != len("f-")+32 || !strings.HasPrefix(string(base), "f-") {
		t.Errorf("id %q", base)
	}
}

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	f := make1(t, observation(), "x", fact.NotTried{Test: "a", Why: "b", Args: map[string]string{"z": "1", "a": "2", "m": "<&>"}})
	if want := `{"test":"a","why":"b","args":{"a":"2","m":"<&>","z":"1"}}`; string(f.Data) != want {
		t.Errorf("%s, want %s", f.Data, want)
	}
	if want := `{"unit":"unit-a","port":23,"transport":"tcp","protocol":"telnet","tls":false,"banner":"<login> & more"}`; string(make1(t, observation(), "x", telnet).Data) != want {
		t.Error("fields come in the order of the struct, without HTML escapes")
	}
}

type unmarshalable struct{ F func() }

func (unmarshalable) Kind() fact.Kind { return "bad@1" }

func TestNewSaysWhatFailed(t *testing.T) {
	t.Parallel()
	if _, err := fact.New(observation(), "unit-a", unmarshalable{}); err == nil || !strings.Contains(err.Error(), "bad@1 on unit-a") {
		t.Errorf("%v", err)
	}
}

// TestSet: sorted by kind, subject and id whatever the order, repeats folded.
func TestSet(t *testing.T) {
	t.Parallel()
	var facts []fact.Fact
	for n := range 20 {
		facts = append(facts, make1(t, observation(), fmt.Sprintf("unit-a/tcp-%d", n%7), fact.Service{Unit: "unit-a", Port: uint16(n)}),
			make1(t, observation(), "unit-a", fact.Scope{What: fact.ScopePorts, Of: "unit-a", Count: n}))
	}
	want := ids(t, facts)
	if !slices.IsSortedFunc(want, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) }) || len(want) != 40 {
		t.Fatalf("%v", want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		some := rapid.Permutation(facts).Draw(rt, "order")
		again := append(slices.Clone(some), rapid.SliceOf(rapid.SampledFrom(facts)).Draw(rt, "repeats")...)
		if diff := cmp.Diff(want, ids(t, again)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func ids(t testing.TB, facts []fact.Fact) [][3]string {
	t.Helper()
	set, err := fact.NewSet(facts, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out [][3]string
	for _, f := range set.All() {
		out = append(out, [3]string{string(f.Kind), f.Subject, string(f.ID)})
		if got, ok := set.Get(f.ID); !ok || got.ID != f.ID {
			t.Fatalf("%s isn't found by its id", f.ID)
		}
	}
	return out
}

func TestSetReading(t *testing.T) {
	t.Parallel()
	o := observation()
	known := make1(t, o, "unit-a/tcp-23", telnet)
	newer := fact.Fact{ID: "f-new", Kind: "net.service@99", Observation: o.ID, Subject: "x", Data: json.RawMessage(`{"what":"knows nobody"}`)}
	set, err := fact.NewSet([]fact.Fact{newer, known, newer}, []fact.Observation{o})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[fact.Kind]int{"net.service@99": 1}, set.Unknown()); diff != "" {
		t.Errorf("unknown kinds: %s", diff)
	}
	if got := fact.Of[fact.Service](set); len(got) != 1 || got[0].Value.Port != 23 || got[0].ID != known.ID {
		t.Errorf("%+v", got)
	}
	if got := fact.Where(set, func(s fact.Service) bool { return s.Port == 24 }); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := set.Observation(known); got.ID != o.ID || set.Observations() != 1 {
		t.Errorf("%+v", got)
	}
	if _, ok := set.Get("f-none"); ok {
		t.Error("found what isn't there")
	}
	bad := known
	bad.ID, bad.Data = "f-bad", json.RawMessage(`{"port":"twenty-three"}`)
	if _, err := fact.NewSet([]fact.Fact{bad}, nil); err == nil || !strings.Contains(err.Error(), "f-bad of kind net.service@1") {
		t.Errorf("data that doesn't decode: %v", err)
	}
}

// TestSetIsSafe: collectors that read run at the same time.
func TestSetIsSafe(t *testing.T) {
	t.Parallel()
	set, err := fact.NewSet([]fact.Fact{make1(t, observation(), "unit-a/tcp-23", telnet)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	for range 8 {
		go func() { done <- len(fact.Of[fact.Service](set)) + len(fact.Of[fact.Scope](set)) }()
	}
	for range 8 {
		if n := <-done; n != 1 {
			t.Errorf("%d facts", n)
		}
	}
}

// TestRecordedFacts: facts that version 1 wrote, one of each kind with every
// field set. They decode for ever, and into the same bytes and the same id.
// The file is never written anew: a kind that changes gets a new version and
// a function that upgrades the old one.
func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/facts-v1.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[fact.Kind]bool)
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var rec struct {
			Observation fact.Observation
			Fact        fact.Fact
		}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&rec); err != nil {
			t.Fatal(err)
		}
		seen[rec.Fact.Kind] = true
		read, ok := readers()[rec.Fact.Kind]
		if !ok {
			t.Errorf("%s was written by version 1 and can't be read", rec.Fact.Kind)
			continue
		}
		set, err := fact.NewSet([]fact.Fact{rec.Fact}, []fact.Observation{rec.Observation})
		if err != nil {
			t.Error(err)
			continue
		}
		p := read(set)
		if p == nil {
			t.Errorf("%s: not found in its set", rec.Fact.Kind)
			continue
		}
		again := make1(t, rec.Observation, rec.Fact.Subject, p, rec.Fact.Evidence...)
		if diff := cmp.Diff(rec.Fact, again); diff != "" {
			t.Errorf("%s (-recorded +now):\n%s", rec.Fact.Kind, diff)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, k := range fact.Kinds() {
		if strings.HasSuffix(string(k), "@1") && !seen[k] {
			t.Errorf("no recorded fact of %s", k)
		}
	}
	for k := range readers() {
		if !slices.Contains(fact.Kinds(), k) {
			t.Errorf("%s isn't among the kinds", k)
		}
	}
}

// readers read the one fact of a kind out of a set.
func readers() map[fact.Kind]func(*fact.Set) fact.Payload {
	out := make(map[fact.Kind]func(*fact.Set) fact.Payload)
	add(out, first[fact.Scope], first[fact.Declared], first[fact.NotTried])
	add(out, first[fact.Identity], first[fact.Service], first[fact.Unreachable], first[fact.TLS], first[fact.Certificate], first[fact.LoginChannel],
		first[fact.Access], first[fact.Logout], first[fact.RoleAccess], first[fact.Throttle], first[fact.Credential], first[fact.Redirect])
	add(out, first[fact.Firmware], first[fact.Part], first[fact.ImageSecret], first[fact.ImageHost], first[fact.ImageStart], first[fact.ImageWeakness], first[fact.ImageCheck],
		first[fact.ImageComponent], first[fact.ImageUnattributed], first[fact.ImageBinary], first[fact.ImageGuard], first[fact.ImageUpdate], first[fact.ImageMarker], first[fact.CompanionApp])
	add(out, first[fact.Page], first[fact.Quote], first[fact.SecurityTxt], first[fact.SupportEnd], first[fact.PersonResult], first[fact.Answer], first[fact.Check])
	return out
}

func add(out map[fact.Kind]func(*fact.Set) fact.Payload, fs ...func(*fact.Set) (fact.Kind, fact.Payload)) {
	empty, err := fact.NewSet(nil, nil)
	if err != nil {
		panic(err) // an empty set holds nothing that could fail
	}
	for _, f := range fs {
		kind, _ := f(empty)
		out[kind] = func(s *fact.Set) fact.Payload { _, p := f(s); return p }
	}
}

func first[T fact.Payload](s *fact.Set) (fact.Kind, fact.Payload) {
	var zero T
	for _, f := range fact.Of[T](s) {
		return zero.Kind(), f.Value
	}
	return zero.Kind(), nil
}

func TestKindsAreNamedWithTheirVersion(t *testing.T) {
	t.Parallel()
	all := fact.Kinds()
	if len(all) == 0 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("%v", all)
	}
	for _, k := range all {
		name, version, ok := strings.Cut(string(k), "@")
		if !ok || name == "" || version == "" {
			t.Errorf("kind %q isn't name@version", k)
		}
	}
}

func BenchmarkNewSet(b *testing.B) {
	var facts []fact.Fact
	for n := range 20000 {
		facts = append(facts, make1(b, observation(), fmt.Sprint("unit-a/", n), fact.Service{Unit: "unit-a", Port: uint16(n)}))
	}
	for b.Loop() {
		if _, err := fact.NewSet(facts, nil); err != nil {
			b.Fatal(err)
		}
	}
}
