package binary_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/binary"
	"assay/internal/collect/firmware/inspect/inspecttest"
)

func scan(path string, mode uint32, data string) *binary.Record {
	return binary.Scan(inspect.New(path, mode, []byte(data)), inspecttest.Find(binary.Words(), []byte(data)))
}

// silent takes the header PT_GNU_STACK out of a program.
func silent(elf string) string {
	return strings.Replace(elf, "\x51\xe5\x74\x64", "\x00\x00\x00\x00", 1)
}

func TestWeaknesses(t *testing.T) {
	t.Parallel()
	sound := inspecttest.ELF{Imports: []string{"__stack_chk_fail"}}
	with := func(fn func(e *inspecttest.ELF)) string {
		e := sound
		fn(&e)
		return string(e.Bytes())
	}
	for _, row := range []struct {
		name, data string
		known      bool
		want       []string // kind and text
	}{
		{"sound", with(func(*inspecttest.ELF) {}), false, nil},
		{"no-canary", with(func(e *inspecttest.ELF) { e.Imports = nil }), false, nil},
		{"fixed", with(func(e *inspecttest.ELF) { e.Imports, e.Fixed = nil, true }), false, []string{"elf-not-hardened PIE, canary"}},
		{"fixed-of-others", with(func(e *inspecttest.ELF) { e.Imports, e.Fixed = nil, true }), true, nil},
		{"executable-stack-of-others", with(func(e *inspecttest.ELF) { e.ExecStack = true }), true, []string{"elf-not-hardened NX"}},
		{"executable-stack-of-mips", with(func(e *inspecttest.ELF) { e.ExecStack, e.Machine = true, 8 }), true, nil},
		{"executable-stack-of-aarch64", with(func(e *inspecttest.ELF) { e.ExecStack, e.Wide, e.Machine = true, true, 183 }), true, []string{"elf-not-hardened NX"}},
		{"no-stack-header-arm", silent(with(func(e *inspecttest.ELF) { e.Imports, e.Machine = nil, 40 })), false, []string{"elf-not-hardened NX, canary"}},
		{"no-stack-header-aarch64", silent(with(func(e *inspecttest.ELF) { e.Imports, e.Wide, e.Machine = nil, true, 183 })), false, nil},
		{"no-stack-header-mips", silent(with(func(e *inspecttest.ELF) { e.Imports, e.Machine = nil, 8 })), false, nil},
		{"copies-and-runs", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "strcpy", "doSystemCmd") }), false, []string{"unsafe-functions strcpy, doSystemCmd"}},
		{"copies-only", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "strcpy") }), false, nil},
		{"copies-and-runs-fortified", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "strcpy", "system", "__sprintf_chk") }), false, nil},
		{"copies-and-runs-of-others", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "strcpy", "system") }), true, nil},
		{"gets", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "gets") }), false, []string{"unsafe-functions gets"}},
		{"scanf", with(func(e *inspecttest.ELF) { e.Imports = append(e.Imports, "__isoc99_sscanf", "popen") }), false, []string{"unsafe-functions sscanf, popen"}},
		{"rpath", with(func(e *inspecttest.ELF) { e.RunPath = "/usr/lib:/tmp/build/lib" }), false, []string{"rpath-writable /usr/lib:/tmp/build/lib"}},
		{"rpath-origin", with(func(e *inspecttest.ELF) { e.RunPath = "$ORIGIN/../lib:/usr/lib" }), false, nil},
		{"broken", "\x7fELF\x01\x01", false, []string{"elf-broken elf: not a sound ELF file: no ELF header"}},
		{"home", with(func(e *inspecttest.ELF) { e.Data = "\x00/home/lin/cam/src/main.c\x00/home/lin/cam/src/net.c\x00" }), false, []string{"build-trace /home/lin/cam/src/main.c"}},
		{"windows", with(func(e *inspecttest.ELF) { e.Data = "\x00C:\\Users\\Wei Lin\\fw\\main.c\x00" }), false, []string{"build-trace C:\\Users\\Wei Lin\\fw\\main.c"}},
		{"jenkins", with(func(e *inspecttest.ELF) { e.Data = "\x00/var/lib/jenkins/workspace/cam/x.c\x00" }), true, []string{"build-trace /var/lib/jenkins/workspace/cam/x.c"}},
		{"user-and-host", with(func(e *inspecttest.ELF) { e.Data = "\x00built by builder@ci-node3 (gcc)\x00" }), false, []string{"build-trace builder@ci-node3"}},
		{"own-home", with(func(e *inspecttest.ELF) {
			e.Data = "\x00/home/app/www/cam/conf/a.ini\x00/home/camera/x.ini\x00/home/%s/src/a.c\x00"
		}), false, nil},
		{"mail", with(func(e *inspecttest.ELF) { e.Data = "\x00root@example.org build@openssh.com user@host [user@]host\x00" }), false, nil},
		{"key", with(func(e *inspecttest.ELF) {
			e.Imports, e.Data = append(e.Imports, "AES_set_decrypt_key"), "\x00k7Jp2xQ9vB4mZ8tL\x000123456789abcdef\x00pthread_mutex_in\x00"
		}), false, []string{"hard-coded-key k7… (16 characters)"}},
		{"key-without-cipher", with(func(e *inspecttest.ELF) { e.Data = "\x00k7Jp2xQ9vB4mZ8tL\x00" }), false, nil},
		{"key-and-table", with(func(e *inspecttest.ELF) {
			e.Data = "\x009f86d081884c7d659a2feaa0c55ad015\x00\x63\x7c\x77\x7b\xf2\x6b\x6f\xc5"
		}), false, []string{"hard-coded-key 9f… (32 characters)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range scan("/usr/bin/x", 0o755, row.data).Weaknesses(row.known) {
				got = append(got, w.Kind+" "+w.Text)
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	if r := scan("/a.txt", 0, "/home/lin/cam/src/main.c"); r != nil {
		t.Errorf("text: %+v", r)
	}
	if r := scan("/boot/blob", 0, "\x00nothing"); r != nil {
		t.Errorf("blob: %+v", r)
	}
	if r := scan("kernel", 0, "\x00Linux version 5.10.0 (lin@ubuntu-vm) (arm-gcc 9.3) #1\x00"); r != nil {
		t.Errorf("the banner of a kernel, which always names its builder: %+v", r)
	}
	r := scan("/bin/x", 0o4755, string(inspecttest.ELF{Data: "\x98\x2f\x8a\x42\x91\x44\x37\x71 expand 32-byte k EXPAND 32-BYTE K"}.Bytes()))
	if len(r.Crypto) != 2 || r.Crypto[0].Name != "sha256" || r.Crypto[1].Name != "chacha20" || !r.SetUID {
		t.Errorf("%+v", r)
	}
	r = scan("/bin/x", 0o755, string(inspecttest.ELF{Data: strings.Repeat("\x00/home/lin/cam/src/main.c", 100)}.Bytes()))
	if len(r.Traces) != 1 {
		t.Errorf("%d traces", len(r.Traces))
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"/home/a/src/b.c", "C:\\Users\\a\\b.c", "jenkins@build01", "Linux version 5 (a@b)", "root@", "\\users\\", "\x63\x7c\x77\x7b\xf2\x6b\x6f\xc5"} {
		f.Add([]byte("\x00" + s))
		f.Add(inspecttest.ELF{Imports: []string{"strcpy", "system"}, Data: "\x00" + s + "\x00"}.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := binary.Scan(inspect.New("/bin/x", 0o755, b), inspecttest.Find(binary.Words(), b))
		if r == nil {
			return
		}
		for _, w := range append(r.Weaknesses(false), r.Weaknesses(true)...) {
			if w.Offset < 0 || w.Offset > int64(len(b)) || w.Kind == "" {
				t.Errorf("%+v", w)
			}
		}
	})
}
