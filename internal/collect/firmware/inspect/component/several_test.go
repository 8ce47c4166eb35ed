package component

import (
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

// TestSeveralReleases: what a published script says is that of more than one of
// its releases.
func TestSeveralReleases(t *testing.T) {
	t.Parallel()
	const head = "root.CryptoJS = factory();\n/**\n * CryptoJS core components.\n */\n"
	for _, row := range []struct{ name, text, want string }{
		{"3.1.9-1, which 3.3.0 goes back to", head + "/* Local polyfil of Object.create */\nif (this._mode && this._mode.__creator == modeCreator) {", "crypto-js: 3.1.9-1 or 3.3.0"},
		{"4.1", head + "var cryptoSecureRandomInt = function () {\nif (typeof globalThis !== 'undefined' && globalThis.crypto) {", "crypto-js: 4.1.0 or 4.1.1 or 4.2.0"},
		{"no mark", head, "crypto-js: "},
		{"a page of another library", "/* Local polyfil of Object.create */", ""},
	} {
		f := inspect.New("/www/js/crypto-js.js", 0o644, []byte(row.text))
		v := NewInventory()
		v.Add(scan(rules(), f, inspecttest.Finder(rules().words)(f.Data), nil))
		got := ""
		for _, c := range v.Result().Unknown {
			got = c.Name + ": " + c.Range
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
