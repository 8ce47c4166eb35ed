package setting_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/setting"
)

func TestFields(t *testing.T) {
	t.Parallel()
	type f = setting.Field
	for _, row := range []struct {
		line string
		want []f
	}{
		{"host = a.example ", []f{{"host", "a.example", 7}}},
		{"\toption ssid 'my net'", []f{{"ssid", "my net", 14}}},
		{"user bob", []f{{"user", "bob", 5}}},
		{`{"a": "x", 'b':2, c: true}`, []f{{"a", "x", 7}, {"b", "2", 15}, {"c", "true", 21}}},
		{"<u:Name>al</u:Name><Port>80</Port>", []f{{"Name", "al", 8}, {"Port", "80", 25}}},
		{"# nothing here", nil},
		{"a=\"never ends", nil},
	} {
		if d := cmp.Diff(row.want, setting.Fields([]byte(row.line))); d != "" {
			t.Errorf("%q: %s", row.line, d)
		}
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Users[0].Pass_Word": "password", "tt:Password": "password", "wifi-key": "wifikey", "a.b.": "b", "": ""} {
		if got := setting.Normal(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzFields(f *testing.F) {
	for _, s := range []string{"a=b", `"a":"b`, "<a>b</a>", "option a 'b'", "=:>", "a=>", "a b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, x := range setting.Fields(b) {
			if x.At < 0 || x.At > len(b) || x.Name == "" {
				t.Errorf("%+v of %q", x, b)
			}
		}
		for _, w := range setting.Words(b, 7) {
			if w.Off < 7 || w.Off-7+len(w.Text) > len(b) {
				t.Errorf("%+v of %q", w, b)
			}
		}
	})
}
