package uboot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

const vars = "bootcmd=sf probe 0; bootm\x00bootdelay=3\x00passwd=invented\x00serverip=192.0.2.1\x00\x00"

// env makes an environment as mkenvimage does; flag is negative for the layout
// without a second copy.
func env(order binary.ByteOrder, size, flag int, text string) []byte {
	b := bytes.Repeat([]byte{0xff}, size)
	start := 4
	if flag >= 0 {
		b[4], start = byte(flag), 5
	}
	copy(b[start:], text)
	order.PutUint32(b, crc32.ChecksumIEEE(b[start:]))
	return b
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	for _, row := range []struct {
		name, note, problems string
		img                  []byte
		size                 int64
	}{
		{"4 KiB", "environment of U-Boot, 4 variables, 4096 bytes", "", env(le, 4096, -1, vars), 4096},
		{"64 KiB, big endian", "environment of U-Boot, 4 variables, 65536 bytes", "", env(binary.BigEndian, 65536, -1, vars), 65536},
		{"124 KiB, one of two", "environment of U-Boot, 4 variables, 126976 bytes, one of two copies, flag 0x01", "", env(le, 124<<10, 1, vars), 124 << 10},
		{"256 KiB, serial that is a letter", "environment of U-Boot, 4 variables, 262144 bytes, one of two copies, flag 0x61", "", env(le, 256<<10, 'a', vars), 256 << 10},
		{"odd size", "environment of U-Boot, 4 variables, 1000 bytes", "", env(le, 1000, -1, vars), 1000},
		{"full", "environment of U-Boot, 1 variables, 512 bytes", "", env(le, 512, -1, "a="+strings.Repeat("b", 505)+"\x00"), 512},
		{"bad checksum", "environment of U-Boot, 4 variables, 4096 bytes", format.BadChecksum, append([]byte("\x00\x00\x00\x01"), env(le, 8192, -1, vars)[4:]...), 4096},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			img := append(bytes.Repeat([]byte{0xff}, 4096), row.img...)
			if row.name != "odd size" && row.name != "full" {
				img = append(img, "what follows in flash"...)
			}
			p := looktest.At(t, Formats(), img, 4096)
			if p == nil {
				t.Fatal("not found")
			}
			if p.Format != "u-boot-env" || p.Size != row.size || p.Note != row.note || looktest.Kinds(p) != row.problems {
				t.Errorf("%s, %d bytes, %q, problems %v", p.Format, p.Size, p.Note, p.Problems)
			}
			for _, v := range p.Vars {
				if want := v.Name + "=" + v.Value + "\x00"; !bytes.HasPrefix(img[v.Offset:], []byte(want)) {
					t.Errorf("%q does not stand at offset %d", want, v.Offset)
				}
			}
		})
	}
	text := []byte("\x00\x00\x00\x00PATH=/bin\x00HOME=/\x00\x00")
	if p := looktest.At(t, Formats(), append(text, make([]byte, 5000)...), 0); p != nil {
		t.Errorf("any strings are taken for an environment: %+v", p)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	img := append([]byte("\x7fELF code\x00arch=arm\x00"), "bootcmd=bootm\x00bootdelay=-2\x00baudrate=115200\x00\x00code"...)
	p := looktest.At(t, Formats(), img, int64(bytes.Index(img, []byte("bootcmd"))))
	if p == nil || p.Format != "u-boot-default-env" || len(p.Vars) != 4 || p.Vars[0].Name != "arch" || string(img[p.Offset+p.Size:]) != "code" {
		t.Errorf("%+v", p)
	}
	if p := looktest.At(t, Formats(), img, int64(bytes.Index(img, []byte("baudrate")))); p != nil {
		t.Errorf("a second time: %+v", p)
	}
	// The strings of a stored environment are no compiled-in one.
	for _, text := range []string{vars, "arch=arm\x00" + vars} {
		img = env(binary.LittleEndian, 4096, -1, text)
		for at := int64(1); at < 200; at++ {
			if p, _ := lookDefaults(t.Context(), bytes.NewReader(img), at); p != nil {
				t.Errorf("at %d: %+v", at, p)
			}
		}
	}
}

// TestAnywhere: an environment is found behind a maker's header, at a place that
// is no border; each of two copies by itself.
func TestAnywhere(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		at   int
		flag int
	}{{"behind 16 bytes", 16, -1}, {"at an odd offset", 4096 + 1233, -1}, {"one of two", 77, 1}, {"one of two, big", 8192 + 99, 0}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			const size = 0x2000
			one := env(binary.LittleEndian, size, row.flag, vars)
			img := slices.Concat(bytes.Repeat([]byte("HEAD"), row.at/4+1)[:row.at], one, one, []byte("what follows"))
			found := func() (out []int64) {
				for at := range int64(len(img)) {
					if !bytes.HasPrefix(img[at:], []byte("bootcmd=")) {
						continue
					}
					p, err := lookDefaults(t.Context(), bytes.NewReader(img), at)
					if err != nil {
						t.Fatal(err)
					}
					if p != nil && p.Format == "u-boot-env" && p.Size == size && p.Guards[0].State == format.Good {
						looktest.Sound(t, img, p)
						out = append(out, p.Offset)
					}
				}
				return out
			}
			if got, want := found(), []int64{int64(row.at), int64(row.at + size)}; !slices.Equal(got, want) {
				t.Errorf("found at %d, want %d", got, want)
			}
			// Without the checksum the strings are those that a boot loader brings.
			img[row.at] ^= 1
			if got, want := found(), []int64{int64(row.at + size)}; !slices.Equal(got, want) {
				t.Errorf("with a wrong checksum: found at %d, want %d", got, want)
			}
		})
	}
}

func TestCameraEnvironment(t *testing.T) {
	t.Parallel()
	var truth struct {
		Env map[string]string `json:"u_boot_env"`
	}
	if err := json.Unmarshal(looktest.Read(t, "built/camera-small-flash/camera-small-flash.truth.json"), &truth); err != nil {
		t.Fatal(err)
	}
	img := looktest.Read(t, "built/camera-small-flash/camera-small-flash.bin")
	got := map[string]string{}
	for at := int64(0); at < int64(len(img)); at += envAlign {
		p, err := lookEnvironment(t.Context(), bytes.NewReader(img), at)
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			continue
		}
		if p.Offset != 524288 || p.Size != 65536 || p.Guards[0].State != format.Good {
			t.Errorf("%+v", p)
		}
		for _, v := range p.Vars {
			got[v.Name] = v.Value
		}
	}
	if d := cmp.Diff(truth.Env, got); d != "" {
		t.Errorf("variables (-truth +got):\n%s", d)
	}
}

func FuzzEnvironment(f *testing.F) {
	f.Add(env(binary.LittleEndian, 1024, -1, vars))
	f.Add(env(binary.BigEndian, 4096, 1, vars))
	f.Add([]byte("\x00\x00\x00\x00bootcmd=x\x00bootargs=y\x00a=1\x00b=2\x00\x00"))
	f.Fuzz(func(t *testing.T, img []byte) {
		for _, f := range Formats() {
			if f.Name != "u-boot-env" && f.Name != "u-boot-default-env" {
				continue
			}
			for _, at := range []int64{0, 1, 4, 5, 20} {
				if p, _ := f.Look(t.Context(), bytes.NewReader(img), at); p != nil {
					looktest.Sound(t, img, p)
				}
			}
		}
		if len(img) > 5 {
			looktest.At(t, Formats(), env(binary.LittleEndian, len(img)+5, 1, string(img)), 0)
		}
	})
}

func BenchmarkEnvironmentNoise(b *testing.B) {
	img := bytes.Repeat([]byte("some text that is no environment; "), 1<<20/34)
	s := bytes.NewReader(img)
	b.SetBytes(int64(len(img)))
	for b.Loop() {
		for at := int64(0); at < int64(len(img)); at += envAlign {
			if p, _ := lookEnvironment(b.Context(), s, at); p != nil {
				b.Fatal(p)
			}
		}
	}
}
