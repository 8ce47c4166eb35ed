// Package testdata finds the collection of real firmware images, captures and
// records that some tests read in place. Nothing of it is part of this
// repository. In: the environment variable ASSAY_TESTDATA, or the folder
// ../shared/data beside the repository. Out: an absolute path, or a skipped
// test that says why.
package testdata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the folder of the collection, joined with elem. The test is
// skipped, with the reason, where the collection is not there.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("ASSAY_TESTDATA")
	if root == "" {
		_, file, _, ok := runtime.Caller(0)
		if !ok {
			t.Skip("test data: the source folder is unknown; set ASSAY_TESTDATA")
		}
		root = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data")
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("test data not found at %s: set ASSAY_TESTDATA to the folder that holds it", p)
	}
	return p
}
