package firmware

import (
	"bytes"
	"strings"
	"testing"
)

// TestMaybeProgram: pictures, fonts, device trees and zeros are no programs of an
// unknown component; what may be code is one.
func TestMaybeProgram(t *testing.T) {
	t.Parallel()
	code := bytes.Repeat([]byte("\x04\xe0\x2d\xe5\x00\x30\xa0\xe3\x1e\xff\x2f\xe1"), 100)
	for name, tt := range map[string]struct {
		data string
		want bool
	}{
		"code": {string(code), true}, "code in much filling": {string(code) + strings.Repeat("\xff", 4000), true},
		"zeros": {strings.Repeat("\x00", 5_900_000), false}, "nearly zeros": {strings.Repeat("\x00", 100_000) + "end", false},
		"JPEG": {"\xff\xd8\xff\xe0" + string(code), false}, "device tree": {"\xd0\x0d\xfe\xed" + string(code), false},
		"font": {"\x00\x01\x00\x00\x00\x0c" + string(code), false}, "ICC profile": {strings.Repeat("x", 36) + "acsp" + string(code), false},
		"nothing": {"", false},
	} {
		if got := maybeProgram([]byte(tt.data)); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
