package uf2_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/unpack/walktest"
)

func TestMissingBlocks(t *testing.T) {
	t.Parallel()
	const chip = 0xe48bff56
	text := bytes.Repeat([]byte("a line of the program\n"), 300)
	whole := blocks(0x10000000, 0x2000, chip, text)
	n := len(whole) / 512
	block := func(i int) []byte { return whole[512*i : 512*(i+1)] }
	other := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(other[512*3+24:], uint32(n+5))
	moved := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(moved[512*(n-1)+12:], 0x10000000+128)
	mark := blocks(0x10ffff00, 0x2000, 0xe48bff57, bytes.Repeat([]byte{0xef}, 256))
	binary.LittleEndian.PutUint32(mark[24:], 2)
	two := blocks(0x10000000, 0x2000, 0xe48bff59, text)
	back := bytes.Clone(whole)
	copy(back[512:], block(2))
	copy(back[1024:], block(1))
	for name, row := range map[string]struct {
		img  []byte
		want string // "": nothing
	}{
		"whole":            {whole, ""},
		"two families":     {slices.Concat(whole, two), ""},
		"with a mark":      {slices.Concat(mark, whole), ""},
		"another order":    {back, ""},
		"one is missing":   {slices.Concat(whole[:512*4], whole[512*5:]), "truncated: uf2: family e48bff56: 1 of 26 blocks are missing, number 4 first"},
		"the end":          {whole[:512*9], "truncated: uf2: family e48bff56: 17 of 26 blocks are missing, number 9 first"},
		"of the second":    {slices.Concat(whole, two[512:]), "truncated: uf2: family e48bff59: 1 of 26 blocks are missing, number 0 first"},
		"one twice":        {slices.Concat(whole, block(7)), "mismatch: uf2: family e48bff56: 1 blocks stand there again"},
		"another total":    {other, "mismatch: uf2: family e48bff56: 1 blocks say another number"},
		"the same address": {moved, "overlap: uf2: family e48bff56: several blocks are for address"},
	} {
		got := walktest.Walk(t, row.img)
		if row.want == "" && len(got.Gaps) > 0 || !strings.Contains(got.Lost(), row.want) || !got.Holds("a line of the program") {
			t.Errorf("%s: parts %s\n%s", name, got.Formats(), got.Lost())
		}
	}
}
