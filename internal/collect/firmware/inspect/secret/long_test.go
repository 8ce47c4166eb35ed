package secret

import (
	"math"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
)

// TestLongLine holds the work on a line without an end against its length: it
// must not grow with the number of settings on it.
func TestLongLine(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{
		"keys":     `btoa("a:b")+{key:"`,
		"accounts": `user:"a1",password:"Zx81kkQp",`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat(unit, 40_000/len(unit))
			s := &scanner{f: inspect.New("/www/x.js", 0o644, []byte(text))}
			found, _ := own().Scan(s.f.Data, math.MaxInt, nil)
			for _, k := range found[0] {
				looks[k.Word](s, k.At, k.End)
			}
			if s.fieldWork == 0 || s.fieldWork > 8*len(text) {
				t.Errorf("%d bytes were parted into settings for a text of %d", s.fieldWork, len(text))
			}
		})
	}
}
