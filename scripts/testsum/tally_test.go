package main

import (
	"bytes"
	"strings"
	"testing"
)

const stream = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"pass","Package":"p","Test":"TestGood","Elapsed":0.5}
{"Action":"run","Package":"p","Test":"TestTool"}
{"Action":"output","Package":"p","Test":"TestTool","Output":"    p_test.go:7: no Chromium found: install one\n"}
{"Action":"skip","Package":"p","Test":"TestTool","Elapsed":0}
{"Action":"pass","Package":"p","Elapsed":0.6}
`

func TestTally(t *testing.T) {
	t.Parallel()
	ran := strings.Replace(stream, `"skip"`, `"pass"`, 1)
	bad := strings.Replace(stream, `"Action":"pass","Package":"p","Test":"TestGood"`, `"Action":"fail","Package":"p","Test":"TestGood"`, 1)
	crash := `{"Action":"run","Package":"q","Test":"TestX"}
{"Action":"output","Package":"q","Test":"TestX","Output":"panic: boom\n"}
{"Action":"fail","Package":"q","Elapsed":1}
`
	build := `{"Action":"build-output","ImportPath":"q","Output":"q.go:1: no\n"}
{"Action":"fail","Package":"q","FailedBuild":"q"}
`
	tests := []struct {
		name      string
		streams   []string
		installed bool
		code      int
		says      string
		last      string
	}{
		{"tool-absent", []string{stream}, false, 0, "no Chromium found", "1 passed, 0 failed, 1 skipped"},
		{"tool-present", []string{stream}, true, 1, "chromium is installed", "1 passed, 1 failed, 0 skipped"},
		{"ran-in-a-later-stage", []string{stream, ran}, true, 0, "0.50 s  p TestGood", "2 passed, 0 failed, 0 skipped"},
		{"ran-in-an-earlier-stage", []string{ran, stream}, true, 0, "Slowest", "2 passed, 0 failed, 0 skipped"},
		{"failed", []string{bad}, false, 1, "p TestGood", "0 passed, 1 failed, 1 skipped"},
		{"crashed", []string{stream, crash}, false, 1, "q TestX didn't end", "1 passed, 1 failed, 1 skipped"},
		{"no-build", []string{build}, false, 1, "q doesn't build", "0 passed, 1 failed, 0 skipped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newTally(func(string) bool { return tt.installed })
			var out bytes.Buffer
			for _, s := range tt.streams {
				for line := range strings.Lines(s) {
					a.line("stage", []byte(line), &out)
				}
			}
			if got := a.print(&out); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("output lacks %q:\n%s", tt.says, out.String())
			}
			if !strings.HasSuffix(out.String(), "\n"+tt.last+"\n") {
				t.Errorf("last line is not %q:\n%s", tt.last, out.String())
			}
		})
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		stage []string
		code  int
		says  string
	}{
		{"no-stage", nil, 2, "no stage given"},
		{"no-command", []string{"fast:"}, 2, "is not"},
		{"nothing-ran", []string{"fast: true"}, 1, "fast: no test ran"},
		{"no-such-command", []string{"fast: ./no-such-command"}, 1, "no-such-command"},
		{"fails-silently", []string{"fast: false"}, 1, "and no test failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if got := run(tt.stage, &out, &out); got != tt.code {
				t.Errorf("exit code %d, want %d", got, tt.code)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("output lacks %q:\n%s", tt.says, out.String())
			}
		})
	}
}
