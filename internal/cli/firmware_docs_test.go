package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware"
	"assay/internal/collect/firmware/unpack"
	"assay/internal/limit"
	imagepage "assay/internal/report/image"
)

// block is a piece of a page that is written by this test: what stands between
// the two comments.
var block = regexp.MustCompile(`(?s)(<!-- ([a-z -]+) -->\n)(.*?)(<!-- end -->)`)

// TestFirmwareDocs: the examples of output, and the table of limits, are what
// the program says. -update writes them.
func TestFirmwareDocs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "LC-200_2.4.1.bin"), image(t, "wifi-psk-in-clear", "serial-shell", "md5crypt-root-password", "key-in-image"))
	bom := writeFile(t, filepath.Join(dir, "supplier.cdx.json"), []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [
  {"type": "application", "name": "busybox", "version": "1.36.1"}, {"type": "operating-system", "name": "linux", "version": "6.12.48"}]}`))
	marks := writeFile(t, filepath.Join(dir, "markers.txt"), []byte("wifi  "+wifiOf(t, path)+"\nclip  frames-of-unit-a\n"))
	output := func(args ...string) string {
		stdout, stderr, code := call(t.Context(), args...)
		if code != exitFailed {
			t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
		}
		return strings.ReplaceAll(stdout, dir+"/", "")
	}
	made := map[string]string{
		"limits":         limitsTable(),
		"output text":    fenced("assay firmware LC-200_2.4.1.bin", abridged(output("firmware", path), 9)),
		"output short":   fenced("assay firmware LC-200_2.4.1.bin", abridged(sections(output("firmware", path), 0, 1, 2, 3, 6), 6)+"…\n"),
		"output sbom":    fenced("assay sbom LC-200_2.4.1.bin --compare supplier.cdx.json", output("sbom", path, "--compare", bom)),
		"output markers": fenced("assay firmware LC-200_2.4.1.bin --markers markers.txt", head5(output("firmware", path, "--markers", marks))),
		"output ls":      fenced("assay firmware ls LC-200_2.4.1.bin /etc/ssl", ok(t, "firmware", "ls", path, "/etc/ssl")),
	}
	used := make(map[string]bool)
	for _, page := range []string{"README.md", "docs/firmware.md"} {
		page = filepath.Join("..", "..", page)
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		want := block.ReplaceAllStringFunc(string(b), func(s string) string {
			m := block.FindStringSubmatch(s)
			text, ok := made[m[2]]
			if !ok {
				t.Errorf("%s: nothing makes the block %q", page, m[2])
				return s
			}
			used[m[2]] = true
			return m[1] + text + m[4]
		})
		if want == string(b) {
			continue
		}
		if *update {
			writeFile(t, page, []byte(want))
			continue
		}
		t.Errorf("%s isn't what the program says: run go test ./internal/cli -run TestFirmwareDocs -update", page)
	}
	for name := range made {
		if !used[name] {
			t.Errorf("no page has the block %q", name)
		}
	}
}

// ok is the output of a command that ends well.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := call(t.Context(), args...)
	if code != exitOK {
		t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
	}
	return stdout
}

// wifiOf is a value that the example's markers look for: what an owner would
// have put into the unit.
func wifiOf(t *testing.T, path string) string {
	t.Helper()
	for line := range strings.Lines(ok(t, "firmware", "cat", path, "/etc/wpa_supplicant.conf")) {
		if v, found := strings.CutPrefix(strings.TrimSpace(line), "psk="); found {
			return strings.Trim(v, `"`)
		}
	}
	t.Fatal("the camera has no Wi-Fi key")
	return ""
}

func fenced(command, out string) string { return "```\n$ " + command + "\n" + out + "```\n" }

// head5 is the head of a report, up to what was found.
func head5(out string) string {
	top, _, _ := strings.Cut(out, "\n\n")
	_, rest, _ := strings.Cut(out, "\n\n")
	summary, _, _ := strings.Cut(rest, "\n\n")
	return top + "\n\n" + summary + "\n…\n"
}

// sections keeps some sections of a report.
func sections(out string, numbers ...int) string {
	var keep []string
	for i, s := range strings.Split(strings.TrimRight(out, "\n"), "\n\n") {
		if slices.Contains(numbers, i) {
			keep = append(keep, s)
		}
	}
	return strings.Join(keep, "\n\n") + "\n"
}

// abridged keeps the first lines of each section.
func abridged(out string, most int) string {
	var b strings.Builder
	for i, section := range strings.Split(strings.TrimRight(out, "\n"), "\n\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		lines := strings.Split(section, "\n")
		for j, l := range lines {
			if j == most {
				b.WriteString("  …\n")
				break
			}
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

func limitsTable() string {
	d, parse := unpack.Defaults(), limit.Default().Parse
	var b strings.Builder
	b.WriteString("| what | at most |\n| --- | --- |\n")
	for _, r := range [][2]string{
		{"containers in each other", fmt.Sprint(d.Depth)},
		{"parts of one layer", thousands(d.Parts)},
		{"decoded bytes of an image", round(d.Total)},
		{"one file, or one decoded layer", round(d.File)},
		{"decoded layers in each other, in memory at a time", round(unpack.MostInMemory())},
		{"one range that no format explains", round(unpack.RawLimit)},
		{"names", thousands(d.Entries)},
		{"things of one kind that are kept (secrets, hosts, weaknesses …)", thousands(firmware.MostKept)},
		{"gaps that are listed", thousands(d.Gaps)},
		{"names on the page (`--format html`)", thousands(imagepage.MostNames)},
		{"markers", fmt.Sprintf("%d, of %d to %d bytes each", mostMarkers, shortestMarker, longestMarker)},
		{"memory of the child that reads", round(parse.Memory)},
		{"time of the child that reads", fmt.Sprintf("%.0f minutes", parse.Deadline.Minutes())},
		{"what `extract` writes", round(mostExtracted*3/4) + " in all"},
	} {
		b.WriteString("| " + r[0] + " | " + r[1] + " |\n")
	}
	return b.String()
}

// round says a limit as people do.
func round(n int64) string { return strings.Replace(sized(n), ".0 ", " ", 1) }

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
