package diagram

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	down := path()
	down.Direction = Down
	for name, g := range map[string]*Graph{"camera.svg": camera(), "path.svg": path(), "path-down.svg": down} {
		d, err := Layout(g)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, svg(t, d))
	}
	var m, txt bytes.Buffer
	if err := matrix().SVG(&m); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, m.Bytes())
	golden(t, "matrix.svg", m.Bytes())
	if err := Text(&txt, camera(), 100); err != nil {
		t.Fatal(err)
	}
	golden(t, "camera.txt", txt.Bytes())
}

// TestStyleIsWhole: every class that a picture holds has a rule, or is there
// for others to find.
func TestStyleIsWhole(t *testing.T) {
	t.Parallel()
	bare := map[string]bool{"d-group": true, "d-node": true, "d-edge": true, "d-caption": true, "d-process": true, "d-asset": true,
		"d-key": true, "d-level-none": true}
	g := camera()
	g.Nodes[0].Kind, g.Nodes[1].Kind = Asset, Collapsed
	g.Nodes[2].Class = "muted"
	d, err := Layout(g)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.NewBuffer(svg(t, d))
	if err := matrix().SVG(b); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, m := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(b.String(), -1) {
		for _, c := range strings.Fields(m[1]) {
			seen++
			if !bare[c] && !regexp.MustCompile(`\.`+c+`\b`).MatchString(Style) {
				t.Errorf("Style has no rule for %s", c)
			}
		}
	}
	if seen < 100 {
		t.Errorf("the picture has %d classes only", seen)
	}
	for _, m := range regexp.MustCompile(`font-size: (\d+)px`).FindAllStringSubmatch(Style, -1) {
		if len(m[1]) < 2 || m[1] < "11" {
			t.Errorf("text of %s px is too small", m[1])
		}
	}
}

func TestIDsHavePrefix(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{"": "d", "map-1": "map-1", "1st": "d1st", `"><b>`: "b", "資料": "d"} {
		g := camera()
		g.Prefix = prefix
		d, err := Layout(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(string(svg(t, d)), -1) {
			if m[1] != want && !strings.HasPrefix(m[1], want+"-") {
				t.Errorf("prefix %q gives the id %q, want it to begin with %q", prefix, m[1], want)
			}
		}
	}
}

func TestRole(t *testing.T) {
	t.Parallel()
	g := chain(2, "")
	for _, href := range []string{"", "#x"} {
		g.Nodes[0].Href = href
		d, err := Layout(g)
		if err != nil {
			t.Fatal(err)
		}
		want := `role="img"`
		if href != "" {
			want = `role="group"`
		}
		if !bytes.Contains(svg(t, d), []byte(want)) {
			t.Errorf("with the link %q the picture has not %s", href, want)
		}
	}
}

func TestMatrixFill(t *testing.T) {
	t.Parallel()
	m := Matrix{Likelihoods: [3]string{strings.Repeat("very ", 100), `"><script>`, ""}, Levels: [3]string{"a", strings.Repeat("b", 300), "c"}}
	m.Cells[2][0] = Cell{Before: 12345, After: 3, Class: "critical"}
	for _, treated := range []bool{false, true} {
		m.Treated = treated
		var b bytes.Buffer
		if err := m.SVG(&b); err != nil {
			t.Fatal(err)
		}
		checkMarkup(t, b.Bytes())
		want := ">12345</text>"
		if treated {
			want = ">3</text>"
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("treated %v: no %s", treated, want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteFails(t *testing.T) {
	t.Parallel()
	d, err := Layout(camera())
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"drawing": d.SVG(full{}), "matrix": matrix().SVG(full{}), "text": Text(full{}, camera(), 80)} {
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextWidth(t *testing.T) {
	t.Parallel()
	g := camera()
	g.Edges[0].Label = strings.Repeat("設定與金鑰 and ", 20)
	g.Nodes[0].Label = strings.Repeat("x", 300)
	for _, width := range []int{0, 40, 61, 120} {
		var b bytes.Buffer
		if err := Text(&b, g, width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > max(width, 40) {
				t.Errorf("width %d: a line of %d cells: %q", width, w, line)
			}
		}
	}
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
	}{
		{"Camera", []string{"Camera"}},
		{"", nil},
		{"   ", nil},
		{"Recordings on the SD card", []string{"Recordings on", "the SD card"}},
		{"Camera firmware 攝影機韌體", []string{"Camera firmware", "攝影機韌體"}},
		{"使用者的行動裝置上的應用程式", []string{"使用者的行動裝", "置上的應用程式"}},
		{"/usr/lib/systemd/system/telnetd.service", []string{"/usr/lib/systemd/", "system/telnetd.", "service"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, wrapped(tt.in, labelSize, 152, 3)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

// FuzzLabels: whatever texts say, pictures stay well formed, hold no markup of
// theirs and nothing that acts on a terminal or on the direction of text.
func FuzzLabels(f *testing.F) {
	for _, s := range []string{"", "Camera", "攝影機韌體", `"><script>alert(1)</script>`, "\x1b[31mred\x07", "a\u202egpj.exe", "]]>&#0;&lt;", "\xff\xfe",
		"a\u200bb\ufeff", "\ufffe", strings.Repeat("w", 3000), strings.Repeat("漢", 1000), "\n\r\t", "👩\u200d👧", "e\u0301", "\u032c", "a" + strings.Repeat("\u032c", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := &Graph{
			Prefix: s, Title: s, Desc: s,
			Groups: []Group{{ID: "g", Label: s, Class: s}},
			Nodes: []Node{{ID: "a", Label: s, Note: s, Group: "g", Class: s, Title: s, Kind: Asset}, {ID: "b", Label: "x" + s, Kind: Store},
				{ID: "c" + s, Note: s, Group: "g"}},
			Edges: []Edge{{From: "a", To: "b", Label: s, Class: s, Title: s}, {From: "a", To: "a", Label: s}, {From: "b", To: "c" + s, Label: s, Class: "critical " + s}},
		}
		for _, dir := range []Direction{Right, Down} {
			g.Direction = dir
			d, err := Layout(g)
			if err != nil {
				t.Fatal(err)
			}
			checkDrawing(t, d)
			checkText(t, svg(t, d))
		}
		m := Matrix{Prefix: s, Title: s, Desc: s, Likelihood: s, Impact: s, Likelihoods: [3]string{s, s, s}, Impacts: [3]string{s}, Treated: true,
			Before: s, After: s, Levels: [3]string{s, s, s}, Cells: [3][3]Cell{{{1, 2, s}}}}
		var b bytes.Buffer
		if err := m.SVG(&b); err != nil {
			t.Fatal(err)
		}
		checkMarkup(t, b.Bytes())
		checkText(t, b.Bytes())
		b.Reset()
		if err := Text(&b, g, len(s)); err != nil {
			t.Fatal(err)
		}
		checkText(t, b.Bytes())
	})
}

func checkText(t *testing.T, b []byte) {
	t.Helper()
	for _, r := range string(b) {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			t.Errorf("%s is in the output", fmt.Sprintf("%U", r))
		}
	}
}
