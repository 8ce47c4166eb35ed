package uf2_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
	"assay/internal/collect/firmware/format/uf2"
)

var formats = []format.Format{uf2.New()}

// blocks packs a program for an address as tools do: 256 bytes a block.
func blocks(addr, flags, family uint32, program []byte) (out []byte) {
	le := binary.LittleEndian
	n := (len(program) + 255) / 256
	for i := range n {
		b := make([]byte, 512)
		copy(b, "UF2\n\x57\x51\x5d\x9e")
		for at, v := range map[int]uint32{8: flags, 12: addr + uint32(256*i), 16: 256, 20: uint32(i), 24: uint32(n), 28: family, 508: 0x0ab16f30} {
			le.PutUint32(b[at:], v)
		}
		copy(b[32:288], program[256*i:])
		out = append(out, b...)
	}
	return out
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	one, two := bytes.Repeat([]byte("one "), 1000), bytes.Repeat([]byte("two "), 128)
	img := append(blocks(0x10000000, 0x2000, 0xe48bff56, one), blocks(0x10000000, 0x2000, 0xe48bff59, two)...)
	p := looktest.At(t, formats, append(img, "what follows"...), 0)
	if p == nil || p.Size != int64(len(img)) {
		t.Fatalf("%+v", p)
	}
	list, err := p.Contents(t.Context(), format.Limits{})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d contents, %v", len(list), err)
	}
	for i, want := range [][]byte{one, two} {
		got, err := io.ReadAll(format.Section(list[i].Source, 0, list[i].Source.Size()))
		if err != nil || !bytes.Equal(got[:len(want)], want) || list[i].Name != "0x10000000" {
			t.Errorf("%d: %q, %d bytes, %v", i, list[i].Name, len(got), err)
		}
	}
	broken := bytes.Clone(img)
	broken[508] ^= 1
	if p := looktest.At(t, formats, broken, 0); p != nil {
		t.Errorf("without the last magic number: %+v", p)
	}
	if p := looktest.At(t, formats, blocks(0, 1, 0, two), 0); p == nil || p.Opaque == "" {
		t.Errorf("nothing for flash: %+v", p)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(blocks(0x1000, 0, 0, []byte("a program")))
	f.Add(append(blocks(0x1000, 0x2000, 7, make([]byte, 600)), blocks(0xffffff00, 0, 0, make([]byte, 600))...))
	f.Fuzz(func(t *testing.T, img []byte) {
		p := looktest.At(t, formats, img, 0)
		if p == nil || p.Contents == nil {
			return
		}
		list, err := p.Contents(t.Context(), format.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if _, err := io.Copy(io.Discard, format.Section(c.Source, 0, c.Source.Size())); err != nil {
				t.Fatal(err)
			}
		}
	})
}
