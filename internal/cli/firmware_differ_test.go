package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/internal/i18n"
)

// TestDiffText: what differs stands in columns, the worst first; a secret has a
// line of its own, and says what may be shown of it.
func TestDiffText(t *testing.T) {
	t.Parallel()
	x := &firmwareDoc{Image: firmwareImage{Path: "a.bin", SHA256: "1", Analysable: true},
		Secrets:    []firmwareSecret{{Kind: "private-key", Path: "/etc/old.key", Key: "EC 256", Fingerprint: "k1"}, {Kind: "password-hash", Path: "/etc/shadow", Line: 1, User: "root", Redacted: "$….(32)", Fingerprint: "k2"}},
		Weaknesses: []firmwareWeakness{{Kind: "setuid-root", Path: "/bin/x", Detail: "4755"}, {Kind: "world-writable", Path: "/etc/a", Detail: "0666"}}}
	y := &firmwareDoc{Image: firmwareImage{Path: "b.bin", SHA256: "2", Analysable: true},
		Secrets: []firmwareSecret{{Kind: "library-test-key", Path: "/a/test.pem", Key: "RSA 512", Fingerprint: "k3"},
			{Kind: "password-hash", Path: "/etc/shadow", Line: 2, User: "root", Redacted: "$….(34)", Fingerprint: "k4", Verified: true}},
		Weaknesses: []firmwareWeakness{{Kind: "debug-tool", Path: "/bin/gdb"}, {Kind: "telnet-enabled", Path: "/etc/init.d/rcS", Detail: "telnetd -l /bin/sh " + strings.Repeat("-p 23 ", 20)},
			{Kind: "world-writable", Path: "/etc/a", Detail: "0777"}}}
	for _, tt := range []struct {
		lang i18n.Lang
		want []string
	}{
		{i18n.En, []string{"~  high  password hash", "-  high  private key", "+  low ", "+  high ", "      telnetd -l /bin/sh", "~  medium  ", "+  low     debugger", "-  low     "}},
		{i18n.Zh, []string{"~  高  ", "-  高  ", "+  低  ", "+  高  ", "      telnetd", "~  中  ", "+  低  ", "-  低  "}},
	} {
		var out bytes.Buffer
		a := &app{texts: i18n.Must(), lang: tt.lang, IO: IO{Out: &out}}
		a.diffText(diffOf(x, y), x, y, false)
		_, text, _ := strings.Cut(out.String(), "\n\n")
		at := 0
		for _, want := range tt.want {
			i := strings.Index(text[at:], want)
			if i < 0 {
				t.Fatalf("%s: %q doesn't come next in\n%s", tt.lang, want, text)
			}
			at += i + len(want)
		}
		for _, want := range []string{"/etc/shadow:2", "$….(32)", " → ", "$….(34)", "0666 → 0777", "/a/test.pem", "RSA 512"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", tt.lang, want, text)
			}
		}
	}
}

// TestUpTo: no list is cut for the sake of three rows.
func TestUpTo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ most, n, want int }{{30, 0, 0}, {30, 30, 30}, {30, 31, 31}, {30, 33, 33}, {30, 34, 30}, {1, 3, 3}, {0, 4, 0}} {
		if got := upTo(tt.most, tt.n); got != tt.want {
			t.Errorf("%d of %d: %d shown, want %d", tt.most, tt.n, got, tt.want)
		}
	}
}

// TestShownParts: filling inside of parts is left out where there is much of it.
func TestShownParts(t *testing.T) {
	t.Parallel()
	outer := firmwarePart{Format: "zip", Size: 9999, Path: "zip", Read: true}
	filling := firmwarePart{Format: "padding", Size: 512, Path: "zip:x", Read: true}
	unread := firmwarePart{Format: "unknown", Size: 512, Path: "zip:x"}
	many := func(n int) []firmwarePart {
		list := []firmwarePart{outer}
		for range n {
			list = append(list, filling)
		}
		return append(list, unread)
	}
	for _, tt := range []struct{ filling, want int }{{0, 2}, {2, 4}, {3, 5}, {4, 2}} {
		if got := shownParts(many(tt.filling)); len(got) != tt.want || got[len(got)-1].Read {
			t.Errorf("%d of filling: %d rows, want %d", tt.filling, len(got), tt.want)
		}
	}
	if got := shownParts(nil); len(got) != 0 {
		t.Errorf("%d parts of nothing", len(got))
	}
}

// TestOneCount: the head of the text and the page count alike; a certificate with
// two problems is one finding there, and two for SARIF, which has a rule for each.
func TestOneCount(t *testing.T) {
	t.Parallel()
	d := &firmwareDoc{Image: firmwareImage{Path: "a.bin", Analysable: true},
		Secrets:      []firmwareSecret{{Kind: "private-key", Path: "/k"}},
		Certificates: []firmwareCert{{Path: "/c", Subject: "CN=x", Problems: []string{"expired", "self-signed"}}, {Path: "/d"}}}
	a := &app{texts: i18n.Must(), lang: i18n.En, now: func() time.Time { return time.Unix(0, 0) }}
	if n := len(a.picture(d, false).Findings); n != 2 || !strings.HasPrefix(a.foundOf(d), "1 of high severity, 1 low") {
		t.Errorf("the page counts %d, the text says %q", n, a.foundOf(d))
	}
	if n := len(a.picture(d, true).Findings); n != 3 {
		t.Errorf("%d results for SARIF, want 3", n)
	}
	var page bytes.Buffer
	a.Out = &page
	if err := a.firmwareHTML(d); err != nil || !strings.Contains(page.String(), fmt.Sprintf("(%d)</a>", 2)) {
		t.Errorf("the page's link doesn't count 2 findings: %v", err)
	}
}
