package elf

import (
	"bytes"
	"debug/elf"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, text := range [][]byte{nil, {1, 2, 3, 4}, bytes.Repeat([]byte{7}, 1000)} {
		b, err := Write(text, []string{"first", "", "second"})
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
	if _, err := Write(make([]byte, 17<<20), nil); err == nil {
		t.Error("17 MiB of code: no error")
	}
}
