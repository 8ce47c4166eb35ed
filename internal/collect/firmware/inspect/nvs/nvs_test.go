package nvs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/nvs"
)

func partition(t testing.TB) []byte {
	t.Helper()
	for _, l := range inspecttest.Set(t, "heldout-a") {
		if l.Path == "/nvs" {
			return l.Data
		}
	}
	t.Fatal("the set has no partition")
	return nil
}

func TestPairs(t *testing.T) {
	t.Parallel()
	b := partition(t)
	if !nvs.Looks(b) {
		t.Fatal("not recognised")
	}
	var got []string
	for _, p := range nvs.Pairs(b) {
		if string(b[p.Off:p.Off+len(p.Text)]) != p.Text {
			t.Errorf("%s: %q does not stand at %d", p.Key, p.Text, p.Off)
		}
		got = append(got, p.Space+" "+p.Key)
	}
	if d := cmp.Diff([]string{"nvs.net80211 sta.ssid", "nvs.net80211 sta.pswd", "app mqtt_host", "app mqtt_pass", "app lang"}, got); d != "" {
		t.Error(d)
	}
}

func TestOtherBytes(t *testing.T) {
	t.Parallel()
	b := append([]byte(nil), partition(t)...)
	b[260] ^= 1 // a text whose checksum fails is left out
	if n := len(nvs.Pairs(b)); n != 4 {
		t.Errorf("%d pairs", n)
	}
	b[5] ^= 1 // a page whose header is damaged, too
	if nvs.Looks(b) || len(nvs.Pairs(b)) != 0 {
		t.Error("a damaged header is taken for a page")
	}
	if nvs.Looks(nil) || nvs.Looks(make([]byte, 4096)) || len(nvs.Pairs(b[:100])) != 0 {
		t.Error("nothing is taken for a page")
	}
}

func FuzzPairs(f *testing.F) {
	b := partition(f)
	f.Add(b[:4096])
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range nvs.Pairs(b) {
			if p.Off < 0 || p.Off+len(p.Text) > len(b) {
				t.Errorf("%+v in %d bytes", p, len(b))
			}
		}
	})
}
