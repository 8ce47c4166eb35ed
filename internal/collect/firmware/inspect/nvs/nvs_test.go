package nvs_test

import (
	"encoding/binary"
	"hash/crc32"
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
			n := len(p.Text)
			if p.Bytes {
				n /= 2
			}
			if p.Off < 0 || p.Off+n > len(b) {
				t.Errorf("%+v in %d bytes", p, len(b))
			}
		}
	})
}

// TestBytes: what is as long as a key and no text is given in hexadecimal.
func TestBytes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		data string
		want string
	}{
		{"\x3a\x91\xc7\x0e\x55\xb2\x68\xdf\x14\x8c\xe3\x27\x79\xa0\x4d\xf6", "3a91c70e55b268df148ce32779a04df6"},
		{"\x3a\x91\xc7\x0e\x55", ""},
		{"hunter-gatherer\x00", "hunter-gatherer"},
	} {
		b := append([]byte(nil), partition(t)...)
		entry := b[64+32:] // behind the name of the first space
		binary.LittleEndian.PutUint32(entry, 0xff024201)
		copy(entry[8:24], "dev_key\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		binary.LittleEndian.PutUint16(entry[24:], uint16(len(row.data)))
		copy(entry[32:64], row.data)
		sum := func(parts ...[]byte) uint32 {
			c := uint32(0xffffffff)
			for _, p := range parts {
				c = crc32.Update(c, crc32.IEEETable, p)
			}
			return c
		}
		binary.LittleEndian.PutUint32(entry[28:], sum([]byte(row.data)))
		binary.LittleEndian.PutUint32(entry[4:], sum(entry[:4], entry[8:32]))
		got := ""
		for _, p := range nvs.Pairs(b) {
			if p.Key == "dev_key" {
				got = p.Text
			}
		}
		if got != row.want {
			t.Errorf("%x: %q, want %q", row.data, got, row.want)
		}
	}
}
