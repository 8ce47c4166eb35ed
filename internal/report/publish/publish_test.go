package publish

import "testing"

func TestDocumentsLoad(t *testing.T) {
	t.Parallel()
	ts, err := Documents()
	if err != nil {
		t.Fatal(err)
	}
	if len(ts) == 0 {
		t.Fatal("there are no documents")
	}
}
