package document

import "testing"

func TestModelSpellings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		model      bool
		other      string
	}{
		{"without-hyphen", "# Guide of the LC200", true, ""},
		{"with-space", "# Guide of the LC 200", true, ""},
		{"with-underscore", "# Guide of the lc_200", true, ""},
		{"other-hyphen", "# Guide of the LC\u2011200", true, ""},
		{"full-width", "適用型號：ＬＣ－２００", true, ""},
		{"beside-chinese", "本說明書適用LC-200攝影機", true, ""},
		{"over-two-lines", "this guide is for the LC-\n200 camera", true, ""},
		{"inside-markup", "<html><p>Model: <b>LC</b>-200</p>", true, ""},
		{"name-without-spaces", "# LumiCam2", true, ""},
		{"both-models", "# Guide\nModel: LC-200 and LC-300", true, ""},
		{"other-in-the-title", "# LC-300 user guide", false, "LC-300"},
		{"other-by-its-word", "# Guide\n\nModel No.: XC-100", false, "XC-100"},
		{"other-by-its-word-chinese", "# 說明書\n\n產品型號：XC-100", false, "XC-100"},
		{"other-with-space", "# Guide\nModel XC 100", false, "XC 100"},
		{"other-in-the-next-cell", "<html><title>Guide</title><table><tr><td>Model</td>\n<td>XC-100</td></tr></table>", false, "XC-100"},
		{"other-in-the-first-heading", "<html><title>Guide</title><h1>LD-100</h1>", false, "LD-100"},
		{"other-but-the-name-is-there", "# Guide of Lumi Cam 2\nModel: LD-100", true, ""},
		{"other-later-only", "# Guide\n\nThe app also shows an XC-100.", false, ""},
		{"other-before-the-word", "# Guide\nIt replaces XC-100, an older model.", false, ""},
		{"variant-of-its-own", "# LC-200W guide", false, ""},
		{"year-in-capitals", "USER MANUAL 2026", false, ""},
		{"year-after-a-word", "# Guide, model of JUNE 2026", false, ""},
		{"short-word-and-number", "INSTALL IT IN 30 MINUTES", false, ""},
		{"release", "# Model 2026, RELEASE 100", false, ""},
		{"standard", "# Model tested by EN 303 645, IP67, H264, AES-256 and WPA2", false, ""},
		{"iso", "# ISO 9001 GUIDE", false, ""},
		{"other-shape", "# Guide\nModel: ABCDEF-1", false, ""},
		{"nothing-there", "", false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, _, _ := read(t, row.text, Args{Type: "setup-guide", Model: "LC-200", Name: "Lumi Cam 2"})
			if got.Model != row.model || got.Other != row.other {
				t.Errorf("model %t, other %q", got.Model, got.Other)
			}
		})
	}
	for _, row := range []struct {
		name, model, text string
		found             bool
	}{
		{"short-with-a-hyphen", "A-1", "the A1 camera", true},
		{"short-isn't-prose", "A-1", "a 1 m cable", false},
		{"no-model", "", "anything", false},
		{"chinese", "小白攝影機", "歡迎使用小白攝影機", true},
	} {
		if got := newName(row.model).in(row.text); got != row.found {
			t.Errorf("%s: %t", row.name, got)
		}
	}
}
