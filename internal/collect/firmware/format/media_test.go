package format

import "testing"

func TestMedium(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		b    string
		also []string
		want bool
	}{
		{"\x89PNG\r\n\x1a\n", nil, true},
		{"\x00\x00\x00\x18ftypmp42", nil, true},
		{"\x7fELF\x01\x01", nil, false},
		{"", nil, false},
		{"ftyp", nil, false},
		{"%!PS-Adobe", nil, false},
		{"%!PS-Adobe", []string{"%!PS"}, true},
	} {
		if got := Medium([]byte(row.b), row.also...); got != row.want {
			t.Errorf("%q, also %q: %v", row.b, row.also, got)
		}
	}
}
