package refcam

import (
	"bytes"
	"crypto/ed25519"
	"debug/elf"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/refcam/squash"
)

func imageOf(t testing.TB, o Options) []byte {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Image()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestImageSame: an image depends on seed and weaknesses, not on clock,
// serial number or chance.
func TestImageSame(t *testing.T) {
	t.Parallel()
	for _, weak := range [][]string{nil, {KeyInImage}, Typical()} {
		a := imageOf(t, Options{Weak: weak, Seed: 7})
		b := imageOf(t, Options{Weak: weak, Seed: 7, Serial: "XX-1", Now: func() time.Time { return time.Unix(0, 0) }})
		if !bytes.Equal(a, b) {
			t.Errorf("%v: two images of one seed differ", weak)
		}
		if bytes.Equal(a, imageOf(t, Options{Weak: weak, Seed: 8})) {
			t.Errorf("%v: two seeds give one image", weak)
		}
	}
}

func TestImageLayout(t *testing.T) {
	t.Parallel()
	b := imageOf(t, Options{})
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := checkUpdate(b, c.updateKey().Public().(ed25519.PublicKey), Release, true); err != nil || v != Release {
		t.Errorf("as an update: %q %v", v, err)
	}
	u := b[flashUnit:]
	if binary.BigEndian.Uint32(u) != 0x27051956 {
		t.Fatalf("no uImage at %d", flashUnit)
	}
	size := binary.BigEndian.Uint32(u[12:])
	if got, want := binary.BigEndian.Uint32(u[24:]), crc32.ChecksumIEEE(u[64:64+size]); got != want {
		t.Errorf("uImage data CRC %#x, want %#x", got, want)
	}
	head := bytes.Clone(u[:64])
	copy(head[4:], make([]byte, 4))
	if got, want := binary.BigEndian.Uint32(u[4:]), crc32.ChecksumIEEE(head); got != want {
		t.Errorf("uImage header CRC %#x, want %#x", got, want)
	}
	if n := bytes.Count(b, []byte("hsqs")); n != 1 {
		t.Errorf("%d squashfs magics", n)
	}
	if at := bytes.Index(b, []byte("hsqs")); at%flashUnit != 0 {
		t.Errorf("squashfs at %d", at)
	}
}

// TestUnsquash: the file system is what squashfs-tools read.
func TestUnsquash(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("unsquashfs")
	if err != nil {
		t.Skip("unsquashfs is not installed (Debian: squashfs-tools)")
	}
	c, err := New(Options{Weak: []string{TelnetdAtBoot, KeyInImage}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.tree()
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Image()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "root.squashfs"), filepath.Join(dir, "root")
	if err := os.WriteFile(from, b[bytes.Index(b, []byte("hsqs")):], 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := exec.Command(tool, "-lln", "-no-progress", from).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, list)
	}
	for _, line := range []string{"crw------- 0/0", "drwxrwxrwt 0/0", "-rw------- 0/0", "drwxr-xr-x 200/200", "-> ../../bin/busybox", built.Format("2006-01-02")} {
		if !strings.Contains(string(list), line) {
			t.Errorf("the list lacks %q:\n%s", line, list)
		}
	}
	// Devices need root to be made; what matters are the files.
	if out, err := exec.Command(tool, "-no-progress", "-ignore-errors", "-d", to, from).CombinedOutput(); err != nil && !strings.Contains(string(out), "could not create") {
		t.Fatalf("%v: %s", err, out)
	}
	files := 0
	for _, e := range want {
		p := filepath.Join(to, e.Path)
		switch e.Type {
		case squash.File:
			got, err := os.ReadFile(p)
			if err != nil || !bytes.Equal(got, e.Data) {
				t.Errorf("%s: %d bytes, want %d (%v)", e.Path, len(got), len(e.Data), err)
			}
			files++
		case squash.Symlink:
			if got, err := os.Readlink(p); err != nil || got != e.Target {
				t.Errorf("%s -> %q, want %q (%v)", e.Path, got, e.Target, err)
			}
		}
	}
	if files < 20 {
		t.Errorf("%d files compared", files)
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	es, err := c.programs()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(es[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	ro, err := f.Section(".rodata").Data()
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != elf.EM_ARM || !bytes.Contains(ro, []byte("https://"+apiHost+"/v1/device\x00")) || f.Section(".text").Size == 0 {
		t.Errorf("%v, .rodata %q", f.Machine, ro)
	}
}

// TestNoSecrets: the hardened image holds nothing that belongs to one unit or
// opens a door.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	c, err := New(Options{Factory: true})
	if err != nil {
		t.Fatal(err)
	}
	es, err := c.tree()
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"PRIVATE KEY", c.backdoorPassword(), c.password("wifi"), c.password("url"), "$1$", "$6$", "telnetd", "http://"}
	for _, cred := range c.Credentials() {
		secrets = append(secrets, cred.Password)
	}
	for _, e := range es {
		for _, s := range secrets {
			if strings.Contains(string(e.Data), s) {
				t.Errorf("%s holds %q", e.Path, s)
			}
		}
	}
}

func FuzzUpdate(f *testing.F) {
	c, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	pub := c.updateKey().Public().(ed25519.PublicKey)
	f.Add(c.packAs(Model, "2.4.1", []byte("payload")))
	f.Add(c.packAs(Model, "2.4", nil))
	f.Add([]byte(headerMagic))
	good := c.packAs(Model, "2.5.0", []byte("payload"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := checkUpdate(b, pub, Release, true); err == nil && v != "2.4.1" && !bytes.Equal(b, good) {
			t.Errorf("accepted version %q of %x", v, b)
		}
		// Without the check of the signature the rest must still hold.
		if v, err := checkUpdate(b, pub, Release, false); err == nil && v == "" {
			t.Errorf("no version in %x", b)
		}
	})
}
