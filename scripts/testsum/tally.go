package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of go test -json (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

// test is one test or subtest in the package that holds it.
type test struct{ pkg, name string }

func (t test) String() string { return t.pkg + " " + t.name }

type timed struct {
	test
	seconds float64
}

// tally counts what several stages did. A test that one stage skipped and
// another ran is not a skip.
type tally struct {
	installed func(command string) bool

	passed, failed map[test]bool
	skipped        map[test]string // with the reason
	times          []timed
	output         map[test][]string
	running        map[test]bool
	broken         []string // packages that don't build, stages that didn't run
}

func newTally(installed func(string) bool) *tally {
	return &tally{installed: installed, passed: map[test]bool{}, failed: map[test]bool{},
		skipped: map[test]string{}, output: map[test][]string{}, running: map[test]bool{}}
}

func (a *tally) counted() int  { return len(a.passed) + len(a.failed) + len(a.skipped) + len(a.broken) }
func (a *tally) failures() int { return len(a.failed) + len(a.broken) }

// line takes one line of a stage's stream. What isn't an event is passed on.
func (a *tally) line(stage string, line []byte, out io.Writer) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		fmt.Fprintf(out, "%s", line)
		return
	}
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "run":
		a.running[t] = true
	case "output":
		a.output[t] = append(a.output[t], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			a.pkg(stage, e, t, out)
			return
		}
		a.ended(e, t, out)
	}
}

// ended takes the end of one test.
func (a *tally) ended(e event, t test, out io.Writer) {
	switch e.Action {
	case "pass":
		a.passed[t] = true
		delete(a.skipped, t)
	case "fail":
		a.failed[t] = true
		delete(a.passed, t)
		delete(a.skipped, t)
		fmt.Fprint(out, strings.Join(a.output[t], ""))
	case "skip":
		if !a.passed[t] && !a.failed[t] {
			a.skipped[t] = reason(a.output[t])
		}
	}
	// A subtest's time is in its parent's.
	if !strings.Contains(e.Test, "/") {
		a.times = append(a.times, timed{t, e.Elapsed})
	}
	delete(a.output, t)
	delete(a.running, t)
}

// pkg takes the end of a package. Tests that never ended (a crash, a time-out)
// failed, and so did a package that failed although none of its tests did.
func (a *tally) pkg(stage string, e event, t test, out io.Writer) {
	if e.Action == "pass" {
		fmt.Fprintf(out, "ok    %s (%.1f s)\n", e.Package, e.Elapsed)
	}
	if e.Action == "fail" {
		for _, r := range sorted(a.running) {
			if r.pkg == e.Package {
				fmt.Fprint(out, strings.Join(a.output[r], ""))
				a.broken = append(a.broken, fmt.Sprintf("%s: %s didn't end", stage, r))
				delete(a.output, r)
				delete(a.running, r)
			}
		}
		fmt.Fprint(out, strings.Join(a.output[t], ""))
		why := " failed outside of a test"
		if e.FailedBuild != "" {
			why = " doesn't build"
		}
		if !a.blamed(e.Package) {
			a.broken = append(a.broken, stage+": "+e.Package+why)
		}
		fmt.Fprintf(out, "FAIL  %s (%.1f s)\n", e.Package, e.Elapsed)
	}
	delete(a.output, t)
}

// blamed says whether a failure of a package's tests is known.
func (a *tally) blamed(pkg string) bool {
	for f := range a.failed {
		if f.pkg == pkg {
			return true
		}
	}
	return slices.ContainsFunc(a.broken, func(s string) bool { return strings.Contains(s, ": "+pkg+" ") })
}

// reason is what a skipped test said last before it was skipped.
func reason(output []string) string {
	var said []string
	for _, l := range output {
		l = strings.TrimSpace(l)
		if l != "" && !strings.HasPrefix(l, "===") && !strings.HasPrefix(l, "--- SKIP") {
			said = append(said, l)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// lacks finds the command that a reason for a skip says is missing: "nginx is
// not installed", "no openssl here", "no Chromium found".
var lacks = regexp.MustCompile(`\b([A-Za-z][\w.-]*) is(?: not|n't) installed\b|\bno ([A-Za-z][\w.-]*) (?:found|here)\b`)

// wrong says why a skip is not acceptable here, "" where it is.
func (a *tally) wrong(reason string) string {
	for _, m := range lacks.FindAllStringSubmatch(reason, -1) {
		if command := strings.ToLower(m[1] + m[2]); a.installed(command) {
			return command + " is installed"
		}
	}
	if reason == "no reason given" {
		return "a skip needs a reason"
	}
	return ""
}

// print writes the closing lines and returns the exit code.
func (a *tally) print(out io.Writer) int {
	slices.SortStableFunc(a.times, func(x, y timed) int { return cmp.Compare(y.seconds, x.seconds) })
	fmt.Fprintln(out, "\nSlowest:")
	for _, t := range a.times[:min(10, len(a.times))] {
		fmt.Fprintf(out, "%7.2f s  %s\n", t.seconds, t.test)
	}
	if len(a.skipped) > 0 {
		fmt.Fprintln(out, "\nSkipped:")
	}
	var unjust []string
	for _, t := range sorted(a.skipped) {
		fmt.Fprintf(out, "  %s: %s\n", t, a.skipped[t])
		if w := a.wrong(a.skipped[t]); w != "" {
			unjust = append(unjust, fmt.Sprintf("%s was skipped, but %s", t, w))
		}
	}
	if n := len(a.failed) + len(a.broken) + len(unjust); n > 0 {
		fmt.Fprintln(out, "\nFailed:")
		for _, t := range sorted(a.failed) {
			fmt.Fprintf(out, "  %s\n", t)
		}
		for _, s := range slices.Concat(a.broken, unjust) {
			fmt.Fprintf(out, "  %s\n", s)
		}
	}
	failed := len(a.failed) + len(a.broken) + len(unjust)
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", len(a.passed), failed, len(a.skipped)-len(unjust))
	if failed > 0 {
		return 1
	}
	return 0
}

func sorted[V any](m map[test]V) []test {
	var ts []test
	for t := range m {
		ts = append(ts, t)
	}
	slices.SortFunc(ts, func(x, y test) int { return cmp.Or(cmp.Compare(x.pkg, y.pkg), cmp.Compare(x.name, y.name)) })
	return ts
}
