package report

import (
	"strings"
	"testing"

	"assay/internal/fact"
	"assay/internal/i18n"
)

// TestSaidOfImages: what readers of images say is read in the reader's
// language, and what an image or another witness says stays as it is.
func TestSaidOfImages(t *testing.T) {
	t.Parallel()
	v := &view{voice: voice{i18n.Must(), i18n.Zh}}
	for _, tt := range []struct {
		kind fact.Kind
		data string
		want string
	}{
		{fact.ImageUnattributed{}.Kind(), `{"why":"no text, name or symbol in it is known"}`, "why 其中沒有已知的文字、名稱或符號"},
		{fact.ImageUnattributed{}.Kind(), `{"why":"no product of its name is known; in it stands \"venc 2.1\""}`, `why 沒有以此為名的已知產品；其中寫有 "venc 2.1"`},
		{fact.Part{}.Kind(), `{"format":"text","note":"erased or padding: 512 equal bytes"}`, "format text, note 已抹除或填充：512 個相同的位元組"},
		{fact.ImageGuard{}.Kind(), `{"note":"the key is not in this image"}`, "note 此韌體映像檔中沒有該金鑰"},
		{fact.Firmware{}.Kind(), `{"why":"cut.not-analysable"}`, "why " + i18n.Must().S(i18n.Zh, "cut.not-analysable")},
		{fact.Scope{}.Kind(), `{"what":"image-files","cut":"cut.limit","note":"cpio: the name is absolute"}`,
			"what image-files, cut " + i18n.Must().S(i18n.Zh, "cut.limit") + ", note cpio：名稱為絕對路徑"},
		{fact.Scope{}.Kind(), `{"what":"documents","note":"the name is absolute"}`, "what documents, note the name is absolute"},
		{fact.ImageStart{}.Kind(), `{"text":"the name is absolute"}`, "text the name is absolute"},
		{fact.PersonResult{}.Kind(), `{"note":"the name is absolute"}`, "note the name is absolute"},
	} {
		var got []string
		for _, p := range v.worded(tt.kind, values([]byte(tt.data))) {
			got = append(got, p.Name.raw()+" "+p.Value.raw())
		}
		if out := strings.Join(got, ", "); out != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.kind, tt.data, out, tt.want)
		}
	}
}

// TestSpokenExcerpts: an excerpt that a reader wrote is one of its sentences; in
// English they stay.
func TestSpokenExcerpts(t *testing.T) {
	t.Parallel()
	o := fact.Observation{ID: "o", Vantage: fact.Image, Method: fact.Examine, By: "assay", Start: sampleTime}
	const said = "no text, name or symbol in it is known"
	f, err := fact.New(o, "cam.bin", fact.ImageUnattributed{Image: "cam.bin", Path: "/bin/x", Why: said})
	if err != nil {
		t.Fatal(err)
	}
	set, err := fact.NewSet([]fact.Fact{f}, []fact.Observation{o})
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range i18n.Langs() {
		v := &view{voice: voice{i18n.Must(), lang}}
		v.excerpts = v.spoken(set)
		got := v.refs([]fact.Ref{{Excerpt: said}, {Excerpt: "the name is absolute"}})
		want := said
		if lang == i18n.Zh {
			want = "其中沒有已知的文字、名稱或符號"
		}
		if out := got[0].Lines[0].raw(); out != want {
			t.Errorf("%s: %q, want %q", lang, out, want)
		}
		if out := got[1].Lines[0].raw(); out != "the name is absolute" {
			t.Errorf("%s: content of an image became %q", lang, out)
		}
	}
}
