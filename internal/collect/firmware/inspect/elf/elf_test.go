package elf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/testdata"
)

// build is a program that needs libz.so.1, is bound at load, and position-independent.
func build(order binary.AppendByteOrder, wide bool, machine uint16) []byte {
	return inspecttest.ELF{Order: order, Wide: wide, Machine: machine, Needed: []string{"libz.so.1"}, RunPath: "/opt/lib",
		Imports: []string{"strcpy", "__stack_chk_fail", "__sprintf_chk"}, Exports: []string{"run"}}.Bytes()
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		arch    string
		order   binary.AppendByteOrder
		wide    bool
		machine uint16
	}{
		{"arm", binary.LittleEndian, false, 40}, {"mips", binary.BigEndian, false, 8}, {"mipsel", binary.LittleEndian, false, 8},
		{"aarch64", binary.LittleEndian, true, 183}, {"mips64", binary.BigEndian, true, 8}, {"riscv64", binary.LittleEndian, true, 243},
		{"ppc", binary.BigEndian, false, 20}, {"arc", binary.LittleEndian, false, 195}, {"machine-9999", binary.BigEndian, false, 9999},
	} {
		t.Run(row.arch, func(t *testing.T) {
			t.Parallel()
			b := build(row.order, row.wide, row.machine)
			got, err := elf.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			want := &elf.Program{
				Bits: 32, Big: row.order.String() == "BigEndian", Machine: row.machine, Arch: row.arch, Type: "shared",
				Interp: "/lib/ld.so.1", Needed: []string{"libz.so.1"}, RunPath: "/opt/lib", BuildID: "deadbeef",
				Stripped: true, NX: true, PIE: true, RELRO: "full", Canary: true, Fortify: true,
				Imports: []string{"strcpy", "__stack_chk_fail", "__sprintf_chk"}, Exports: []string{"run"},
			}
			if row.wide {
				want.Bits = 64
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	whole := build(binary.LittleEndian, false, 40)
	patch := func(at int, with ...byte) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], with)
		return b
	}
	for _, row := range []struct {
		name string
		data []byte
		want string // a problem, or the error
	}{
		{"not-elf", []byte("#!/bin/sh\nexit 0\nexit 0\n"), "no ELF header"},
		{"class", patch(4, 9), "class 9"},
		{"order", patch(5, 9), "byte order 9"},
		{"short", whole[:40], "cut after 40 bytes"},
		{"program-headers", patch(28, 0, 0, 0, 0x40), "beyond the file"},
		{"program-header-size", patch(42, 1), "program headers of 1 bytes"},
		{"section-headers", patch(32, 0, 0, 0, 0x40, 0, 0, 0, 0, 52, 0, 32, 0, 5, 0, 40, 0, 9, 0), "section header 0 of 9"},
		{"cut", whole[:len(whole)-70], "segment 0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p, err := elf.Parse(row.data)
			if err != nil {
				if !errors.Is(err, elf.ErrFormat) || !strings.Contains(err.Error(), row.want) {
					t.Error(err)
				}
				return
			}
			if !strings.Contains(fmt.Sprint(p.Problems), row.want) {
				t.Errorf("%q", p.Problems)
			}
		})
	}
}

// TestRealFiles reads files that others made.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file, arch, kind, relro string
		info                    map[string]string
	}{
		{"fact-test_data.ko", "x86-64", "shared", "full", map[string]string{"foo": "bar", "key": "value"}},
		{"fact-configs.ko", "x86-64", "object", "", nil},
		{"fact-netusb_vulnerable.elf", "x86-64", "shared", "full", nil},
	} {
		b, err := os.ReadFile(testdata.Dir(t, "firmware/real", row.file))
		if err != nil {
			t.Fatal(err)
		}
		p, err := elf.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s %s %q %v %v", row.file, p.Arch, p.Type, p.RELRO, p.ModInfo, p.Problems)
		if p.Arch != row.arch || p.Type != row.kind || p.RELRO != row.relro || len(p.Problems) > 0 {
			t.Errorf("%s: %s %s %q %v", row.file, p.Arch, p.Type, p.RELRO, p.Problems)
		}
		if d := cmp.Diff(row.info, p.ModInfo); d != "" && row.info != nil {
			t.Error(d)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(build(binary.LittleEndian, false, 40))
	f.Add(build(binary.BigEndian, true, 8))
	f.Add([]byte("\x7fELF\x01\x01\x01" + strings.Repeat("\xff", 60)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := elf.Parse(b)
		if err != nil {
			if !errors.Is(err, elf.ErrFormat) {
				t.Error(err)
			}
			return
		}
		if p.Arch == "" || p.Type == "" || len(p.Problems) > 32 {
			t.Errorf("%+v", p)
		}
		for _, s := range p.Sections {
			if s.Off < 0 || s.Size < 0 || s.Off > len(b) || s.Size > len(b) {
				t.Errorf("%+v", s)
			}
		}
	})
}
