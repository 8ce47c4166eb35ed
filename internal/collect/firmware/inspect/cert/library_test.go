package cert_test

import (
	"testing"

	"assay/internal/collect/firmware/inspect/cert"
)

// A certificate of a library's tests is no identity of the program that was
// linked with it; the same one in a file of its own is.
func TestInLibrary(t *testing.T) {
	t.Parallel()
	const tests = "Mbed TLS (PolarSSL) library/certs.c, test_cli_crt"
	for _, row := range []struct {
		c     cert.Certificate
		whose string
		want  bool
	}{
		{cert.Certificate{Program: true}, tests, true},
		{cert.Certificate{}, tests, false},
		{cert.Certificate{Program: true}, "firmware of a router", false},
	} {
		if got := row.c.InLibrary(row.whose); got != row.want {
			t.Errorf("%v %q: %v", row.c.Program, row.whose, got)
		}
	}
}
