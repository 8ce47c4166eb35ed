package esp

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var wear = []format.Format{{Name: "esp-wear-levelling", Head: true, Look: lookWear}}

// wearImage writes a volume of ESP-IDF's wear levelling, whose spare sector
// wandered to dummy after it went round moved times.
func wearImage(plain []byte, moved, dummy int) []byte {
	le := binary.LittleEndian
	blocks := len(plain) / wlSector
	size := (blocks + 1 + 3) * wlSector
	b := bytes.Repeat([]byte{0xff}, size)
	for i := range blocks {
		n := (blocks - moved + i) % blocks
		if n >= dummy {
			n++
		}
		copy(b[n*wlSector:], plain[i*wlSector:][:wlSector])
	}
	sum := func(b []byte, n int) {
		le.PutUint32(b[n:], crc32.Update(0xffffffff, crc32.IEEETable, b[:n]))
	}
	for _, at := range []int{(blocks + 1) * wlSector, (blocks + 2) * wlSector} {
		state := b[at:]
		clear(state[:wlState])
		for off, v := range map[int]uint32{4: uint32(blocks + 1), 8: uint32(moved), 16: 16, 20: wlSector, 24: 2, 28: 0x12345678} {
			le.PutUint32(state[off:], v)
		}
		sum(state, wlState-4)
		for i := range dummy {
			copy(state[wlState+16*i:], "a record of 16 b")
		}
	}
	config := b[(blocks+3)*wlSector:]
	clear(config[:wlConfig])
	for i, v := range []uint32{0, uint32(size), wlSector, wlSector, 16, 16, 2, 32} {
		le.PutUint32(config[4*i:], v)
	}
	sum(config, 32)
	return b
}

func TestWear(t *testing.T) {
	t.Parallel()
	plain := make([]byte, 20*wlSector)
	for i := range plain {
		plain[i] = byte(i / wlSector)
	}
	for _, row := range [][2]int{{0, 0}, {0, 5}, {3, 0}, {7, 20}, {20, 4}} {
		img := wearImage(plain, row[0], row[1])
		p := looktest.At(t, wear, img, 0)
		if p == nil {
			t.Fatalf("%v: not found", row)
		}
		list, err := p.Contents(t.Context(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(format.Section(list[0].Source, 0, list[0].Source.Size()))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%v: another content, %v", row, err)
		}
	}
	img := wearImage(plain, 3, 5)
	// The second copy of the state is as good as the first.
	img[21*wlSector] ^= 1
	if looktest.At(t, wear, img, 0) == nil {
		t.Error("with one copy of the state: not found")
	}
	img[22*wlSector] ^= 1
	if p := looktest.At(t, wear, img, 0); p != nil {
		t.Errorf("without a state: %+v", p)
	}
	img = wearImage(plain, 0, 0)
	if p := looktest.At(t, wear, img[:len(img)-wlSector], 0); p != nil {
		t.Errorf("without a configuration: %+v", p)
	}
}

func FuzzWear(f *testing.F) {
	f.Add(wearImage(make([]byte, 5*wlSector), 2, 1))
	f.Fuzz(func(t *testing.T, img []byte) {
		if p := looktest.At(t, wear, img, 0); p != nil {
			list, _ := p.Contents(t.Context(), format.Limits{})
			if _, err := io.Copy(io.Discard, format.Section(list[0].Source, 0, list[0].Source.Size())); err != nil {
				t.Fatal(err)
			}
		}
	})
}
