package threat

import "testing"

func TestSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		word string
		want bool
	}{
		{"wall clock", "lock", false},
		{"door lock", "lock", true},
		{"Locks the door", "lock", true},
		{"ceramic heater", "mic", false},
		{"login", "log", false},
		{"security logs", "log", true},
		{"provisioned in the factory", "provision*", true},
		{"provisioned in the factory", "provision", false},
		{"found by the app during set-up", "set-up", true},
		{"an SD card slot", "sd card", true},
		{"indoors", "outdoor*", false},
		{"門鎖 lock", "lock", true},
		{"", "lock", false},
	} {
		if got := says(c.text, c.word); got != c.want {
			t.Errorf("says(%q, %q) = %v", c.text, c.word, got)
		}
	}
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[string]string{"https": yes, "rtsp": no, "mqtts": yes, "mqtt": no, "ours": unknown, "": unknown, "bluetooth-le": unknown} {
		if got := encrypted(protocol); got != want {
			t.Errorf("encrypted(%q) = %s, want %s", protocol, got, want)
		}
	}
}

func TestWeakest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		auths []string
		want  string
	}{
		{[]string{"token"}, "token"},
		{[]string{"none", "mutual-tls"}, "none"},
		{[]string{"mutual-tls", "none"}, "none"},
		{[]string{"mutual-tls", ""}, unknown},
		{[]string{""}, unknown},
	} {
		if got := weakest(c.auths); got != c.want {
			t.Errorf("weakest(%q) = %q, want %q", c.auths, got, c.want)
		}
	}
}
