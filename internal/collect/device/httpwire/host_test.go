package httpwire

import "testing"

func TestHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ addr, usual, want string }{
		{"192.168.1.20:80", "80", "192.168.1.20"},
		{"192.168.1.20:8080", "80", "192.168.1.20:8080"},
		{"[fe80::1%eth0]:443", "443", "[fe80::1]"},
		{"[fd00::1]:8443", "443", "[fd00::1]:8443"},
		{"cam.local:80", "80", "cam.local"},
		{"pipe", "80", ""},
		{":80", "80", ""},
		{"a\r\nb:80", "80", ""},
	} {
		if got := Host(tt.addr, tt.usual); got != tt.want {
			t.Errorf("Host(%q, %s) = %q, want %q", tt.addr, tt.usual, got, tt.want)
		}
	}
}
