package secret

import (
	"testing"

	"assay/internal/collect/firmware/inspect/shell"
)

// TestFlagsAreOptions: each option that is given a secret has a value in the
// table that command lines are read by.
func TestFlagsAreOptions(t *testing.T) {
	t.Parallel()
	for _, f := range flags {
		program := f.program
		if program == "mosquitto_" {
			program = "mosquitto_pub"
		}
		for _, fl := range append(f.flags, f.user...) {
			if fl[0] == '-' && !shell.Takes(program, fl) && f.cut != second && f.cut != third {
				t.Errorf("%s %s", f.program, fl)
			}
		}
	}
}
