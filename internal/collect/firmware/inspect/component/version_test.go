package component

import "testing"

func TestUpstream(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1:1.2.13.dfsg-1":         "1.2.13",
		"3.0.14-1~deb12u2":        "3.0.14",
		"2:6.2.1+dfsg1-1.1":       "6.2.1",
		"1.36.1-r15":              "1.36.1",
		"2022.82-5":               "2022.82",
		"2.4.7+1.4-1really1.3-2":  "1.3",
		"252.39-1~deb12u2":        "252.39",
		"4.0.33-1+really4.0.32-1": "4.0.32",
		"5.1.9-0+deb12u1":         "5.1.9",
		"1.5.4+dfsg2-5":           "1.5.4",
		"2.10-12+deb12u3":         "2.10",
		"20230311+deb12u1":        "20230311",
		"9.2p1":                   "9.2p1",
		"30~pre9-14":              "30~pre9",
	} {
		if got := Upstream(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	inOrder := []string{"0.9.8zh", "1.0.0", "1.0.2k", "1.0.2u", "1.1.1", "1.1.1w", "1.2", "1.10", "2.0-rc1", "2.0", "2.0.1", "10.0"}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got := compare(a, b); got != sign(i-j) {
				t.Errorf("compare(%s, %s) = %d", a, b, got)
			}
		}
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1.2.13", "1.2.13.dfsg", true},
		{"2.36", "2.36.0", true},
		{"2.74.6", "2.74", false},
		{"1.0", "1.0.1", false},
		{"2.4+20151223.gitfa8646d.1", "2.4", true},
		{"1.1.1", "1.1.1w", false},
		{"2.0", "2.0~rc1", false},
		{"2.1.0-beta3", "2.1.0~beta3+git1", true},
		{"", "1", false},
	} {
		if same(test.a, test.b) != test.want || same(test.b, test.a) != test.want {
			t.Errorf("same(%q, %q) isn't %v", test.a, test.b, test.want)
		}
	}
}
