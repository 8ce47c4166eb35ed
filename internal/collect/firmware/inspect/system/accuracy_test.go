package system_test

import (
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/system"
)

// TestAccuracy looks for what was planted, by kind; on the hardened camera
// nothing may be found.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{
		"upnp-port-forward": system.PortForward, "cleartext-transport": system.CleartextTransport, "http-cleartext-ui": system.CleartextTransport, "update-over-http": system.UpdateOverHTTP,
		"tls-verify-disabled": system.TLSVerifyDisabled, "update-without-signature": system.UpdateUnsigned, "weak-cipher": system.WeakCipher, "command-injection": system.CommandInjection,
		"login-over-get": system.LoginOverGet, "weak-tls-config": system.WeakTLS, "directory-listing": system.DirectoryListing,
	}
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		var got []inspect.Weakness
		var updates []system.Update
		for _, e := range entries {
			if e.Type == "file" {
				r := system.Scan(inspect.New(e.Path, e.Mode, e.Data), inspecttest.Find(system.Words(), e.Data))
				got, updates = append(got, r.Weaknesses...), append(updates, r.Updates...)
			}
		}
		inspecttest.Table(t, img, truth, func(p inspecttest.Planted) (mine, found bool) {
			kind := kinds[p.Kind]
			return kind != "", slices.ContainsFunc(got, func(w inspect.Weakness) bool {
				return w.Kind == kind && w.Path == p.Path && w.Line == p.Line && (p.Line > 0 || p.Offset == nil || w.Offset == *p.Offset)
			})
		})
		for _, w := range got {
			if img.Hardened() {
				t.Errorf("%s: %+v", img.Name, w)
			} else if !slices.ContainsFunc(truth.Planted, func(p inspecttest.Planted) bool { return kinds[p.Kind] == w.Kind && p.Path == w.Path }) {
				t.Logf("beside: %s %s %s:%d %q", w.Kind, w.Name, w.Path, w.Line, w.Text)
			}
		}
		// What the images renew themselves with: a script, and in the weak ones
		// a program.
		want := system.NotSeen
		if img.Hardened() {
			want = system.Checked
		}
		if len(updates) == 0 || slices.ContainsFunc(updates, func(u system.Update) bool { return u.Signature != want || (u.Scheme == "https") != img.Hardened() }) {
			t.Errorf("%s: %+v", img.Name, updates)
		}
		if strings.Contains(img.Name, "insecure") && len(updates) != 2 {
			t.Errorf("%+v", updates)
		}
	}
}
