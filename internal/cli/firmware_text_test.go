package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/i18n"
)

// TestStarted: what is known of a start stands behind its line, and nothing where
// nothing is.
func TestStarted(t *testing.T) {
	t.Parallel()
	a := &app{texts: i18n.Must(), lang: i18n.En}
	for _, tt := range []struct {
		in   firmwareStart
		want string
	}{
		{firmwareStart{Kind: "process", Text: " ipcamd & ", Boot: "yes"}, "ipcamd &"},
		{firmwareStart{Kind: "service", Text: "dropbear -p 127.0.0.1:22", Port: 22, Address: "127.0.0.1", Login: "yes", Boot: "yes"},
			"dropbear -p 127.0.0.1:22 (port 22, at 127.0.0.1, asks for a login)"},
		{firmwareStart{Kind: "service", Text: "tftpd", Login: "no", Boot: "no"}, "tftpd (asks for no login, not started at boot)"},
		{firmwareStart{Kind: "serial-login", Text: "getty ttyS0", Login: "yes"}, "getty ttyS0"},
	} {
		if got := a.started(tt.in); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestNoInit: where nothing says what is started, that is said, and not that
// nothing is.
func TestNoInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name  string
		image []byte
		says  bool
	}{{"files", oddTar(t), true}, {"camera", image(t), false}, {"empty", nil, false}} {
		path := writeFile(t, filepath.Join(dir, tt.name+".bin"), tt.image)
		for _, format := range []string{"text", "html"} {
			stdout, _, _ := call(t.Context(), "firmware", path, "--format", format)
			if got := strings.Contains(stdout, "says what is started at boot"); got != tt.says {
				t.Errorf("%s as %s: %t, want %t", tt.name, format, got, tt.says)
			}
		}
	}
}

// TestWholeFiles: findings that say the same of whole files stand in one
// paragraph; of few, or with lines, each has its own.
func TestWholeFiles(t *testing.T) {
	t.Parallel()
	found := func(n, line int, text string) []finding {
		var out []finding
		for i := range n {
			f := finding{}
			f.Path, f.Line, f.Text = "/etc/"+strings.Repeat("x", i+1), line, text
			out = append(out, f)
		}
		return out
	}
	for _, tt := range []struct {
		list []finding
		want int
	}{{found(4, 0, "0644"), 4}, {found(3, 0, "0644"), 0}, {found(5, 7, "0644"), 0}, {append(found(4, 0, "0644"), found(1, 0, "0666")...), 0}} {
		rest, text, paths := whole(tt.list)
		if len(paths) != tt.want || len(rest)+len(paths) != len(tt.list) || tt.want > 0 && text != "0644" {
			t.Errorf("%d findings: %d paths of %q, %d left", len(tt.list), len(paths), text, len(rest))
		}
	}
}
