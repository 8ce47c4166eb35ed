package blockmap_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/blockmap"
)

func TestView(t *testing.T) {
	t.Parallel()
	places := []blockmap.Place{{Off: 8}, {Off: -1}, {Off: -1}, {Off: 0}, {Off: -1, Fill: 0xff}, {Data: []byte("dd")}, {Off: 4}}
	v := &blockmap.View{Source: bytes.NewReader([]byte("aaaabbbbcccc")), Block: 4, Bytes: 27, At: func(i int64) (blockmap.Place, error) { return places[i], nil }}
	want := []byte("cccc\x00\x00\x00\x00\x00\x00\x00\x00aaaa\xff\xff\xff\xffdd\x00\x00bbb")
	if err := iotest.TestReader(io.NewSectionReader(v, 0, v.Size()), want); err != nil {
		t.Error(err)
	}
	for _, row := range [][2]int64{{0, 0}, {4, 12}, {7, 12}, {12, 12}, {17, 17}, {26, 26}} {
		if got := format.Hole(v, row[0]); got != row[1] {
			t.Errorf("the hole at %d ends at %d, want %d", row[0], got, row[1])
		}
	}
	broken := errors.New("no such block")
	v.At = func(int64) (blockmap.Place, error) { return blockmap.Place{}, broken }
	if _, err := v.ReadAt(make([]byte, 1), 0); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// Places come from hostile tables: they may stand anywhere.
func FuzzView(f *testing.F) {
	f.Add([]byte("aaaabbbbcccc"), int64(4), int64(8), int64(-1), int64(3))
	f.Add([]byte("a"), int64(1), int64(1<<62), int64(5), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, one, two, three, at int64) {
		places := []int64{one, two, three}
		v := &blockmap.View{Source: bytes.NewReader(b), Block: 4, Bytes: 11, At: func(i int64) (blockmap.Place, error) {
			return blockmap.Place{Off: places[i]}, nil
		}}
		if end := format.Hole(v, at); end < at {
			t.Errorf("the hole at %d ends at %d", at, end)
		}
		p := make([]byte, 5)
		if n, err := v.ReadAt(p, at); n < len(p) && err == nil {
			t.Errorf("%d bytes without an error", n)
		}
	})
}
