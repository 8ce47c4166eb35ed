package fdt

import (
	"bytes"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

// sealed are FIT images that mkimage 2023.01 signed: `mkimage -f conf.its -k
// keys -K conf.dtb -r sealed-conf.itb`; the key is in keys-conf.dtb. "pss" has
// that padding, "image" signs images instead of configurations, the data of
// "ext" stands outside of the tree (-E).
var sealed = []string{"sealed-conf.itb", "sealed-ext.itb", "sealed-image.itb", "sealed-pss.itb"}

// publics are the keys of a boot loader's tree.
func publics(t testing.TB, name string) []format.Key {
	t.Helper()
	p := looktest.At(t, formats, fixture(t, name), 0)
	if p == nil || len(p.Keys) != 1 {
		t.Fatalf("%s: %+v", name, p)
	}
	return p.Keys
}

func TestSeals(t *testing.T) {
	t.Parallel()
	key, other := publics(t, "keys-conf.dtb")[0], publics(t, "keys-other.dtb")[0]
	if key.Name != "dev" || other.Name != "other" {
		t.Errorf("keys %q and %q", key.Name, other.Name)
	}
	for _, name := range sealed {
		img := fixture(t, name)
		p := looktest.At(t, formats, append([]byte("pad."), img...), 4)
		if p == nil || len(p.Seals) != 1 || p.Seals[0].Name != "dev" || p.Guards[p.Seals[0].Guard].Kind != format.Signature {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		if good, known := p.Seals[0].Check(key.Public); !good || !known {
			t.Errorf("%s: the signature doesn't fit its key", name)
		}
		if good, _ := p.Seals[0].Check(other.Public); good {
			t.Errorf("%s: the signature fits another key", name)
		}
		// What is signed counts, what isn't doesn't: the description of the whole
		// is, of images only the configuration's own hashes.
		what := []byte("signed update")
		if name == "sealed-image.itb" {
			what = []byte("an invented kernel")
		}
		img = bytes.Replace(img, what, bytes.ToUpper(what), 1)
		p = looktest.At(t, formats, img, 0)
		if good, known := p.Seals[0].Check(key.Public); good || !known {
			t.Errorf("%s, changed: %t %t", name, good, known)
		}
	}
}
