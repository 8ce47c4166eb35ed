package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, text := range [][]byte{nil, {1, 2, 3, 4}, bytes.Repeat([]byte{7}, 1000)} {
		b, err := Write(text, []string{"first", "", "second"}, false)
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		ro, err := f.Section(".rodata").Data()
		if err != nil || string(ro) != "first\x00\x00second\x00" {
			t.Errorf(".rodata %q (%v)", ro, err)
		}
		if got, err := f.Section(".text").Data(); err != nil || !bytes.Equal(got, text) {
			t.Errorf(".text %x (%v)", got, err)
		}
		if f.Entry != f.Section(".text").Addr {
			t.Errorf("entry %#x", f.Entry)
		}
	}
	if _, err := Write(make([]byte, 17<<20), nil, false); err == nil {
		t.Error("17 MiB of code: no error")
	}
}

func TestWriteHardened(t *testing.T) {
	t.Parallel()
	b, err := Write([]byte{1, 2, 3, 4}, []string{"first"}, true)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	segments := map[elf.ProgType]*elf.Prog{}
	for _, p := range f.Progs {
		segments[p.Type] = p
	}
	if f.Type != elf.ET_DYN || segments[elf.PT_GNU_RELRO] == nil || segments[elf.PT_DYNAMIC] == nil || segments[elf.PT_GNU_STACK].Flags&elf.PF_X != 0 {
		t.Errorf("%v, segments %v", f.Type, segments)
	}
	dynamic := make([]elf.Dyn32, 3)
	if err := binary.Read(segments[elf.PT_DYNAMIC].Open(), binary.LittleEndian, dynamic); err != nil {
		t.Fatal(err)
	}
	if dynamic[0].Val != uint32(elf.DF_BIND_NOW) || dynamic[1].Val != uint32(elf.DF_1_NOW|elf.DF_1_PIE) || dynamic[2].Tag != int32(elf.DT_NULL) {
		t.Errorf("dynamic section %v", dynamic)
	}
	if ro, err := f.Section(".rodata").Data(); err != nil || string(ro) != "first\x00"+smashed+"\x00" {
		t.Errorf(".rodata %q (%v)", ro, err)
	}
}
