package component

import (
	"path"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
)

// commonNames are what makers call programs of their own.
var commonNames = strings.Fields(`
access account agent alarm analytics api app application audio audit auth backup ble boot broker button
camera capture cgi client cloud cmd collector common comm config connect control controller core daemon
dashboard database debug detect device devicemanager diag diagnostics discovery display doorbell download
dvr encoder engine event factory filter firmware fota frontend gateway gps guard gui hal hardware health
heartbeat helper home hub init input installer io iot ipc ipcam key keypad launcher led light live lock log
logger login main manager media meter modem monitor motion mqtt net netmon network notify nvr ota packet
panel player plugin poll portal power probe process provision proxy publish push query reader recorder
recovery register relay remote report reset router rpc rtsp rule runner sam scan scanner schedule script
secure sender sensor server service session setup shell signal snapshot socket speaker start status stream
streamer supervisor sync sysinfo system task telemetry test thermostat time timer token tracker transfer
tunnel tuner ui unlock update updater upgrade upload user util vendor version video viewer voice vpn
watch watchdog web webapp webserver wifi wireless worker zigbee
cameraserver camerad ipcd logd netd updated webd wifid sensord streamd`)

// alone is resultOf for many files.
func alone(find func([]byte) []keyword.Hit, f *inspect.File, p *elf.Program) Result {
	v := NewInventory()
	v.Add(scan(rules(), f, find(f.Data), p))
	return v.Result()
}

// TestOwnPrograms: a maker's program under a common name, with a version of its
// own, is no published program and stays unattributed, so that it is judged.
func TestOwnPrograms(t *testing.T) {
	t.Parallel()
	find := inspecttest.Finder(Words())
	for _, name := range commonNames {
		for _, says := range [][]string{
			{"usage: %s [-c file]", "version 2.4.1"},
			{"%s version %s", "2.4.1", name},
			{name, "2.4.1", "--version"},
			{name + " version 2.4.1", "usage: " + name + " [-v]"},
			{name + "/2.4.1", "v2.4.1"},
		} {
			f, p := program("/usr/bin/"+name, "", says...)
			if r := alone(find, f, p); len(r.Components)+len(r.Unknown) > 0 || len(r.Unattributed) != 1 {
				t.Errorf("%s with %q: %v %v, unattributed %d", name, says, summary(r), r.Unknown, len(r.Unattributed))
			}
		}
	}
}

// TestOwnLibraries: the same of libraries, which makers rarely number.
func TestOwnLibraries(t *testing.T) {
	t.Parallel()
	find := inspecttest.Finder(Words())
	for _, name := range commonNames {
		f, p := program("/usr/lib/lib"+name+".so", "lib"+name+".so", "version 2.4.1", "2.4.1")
		if r := alone(find, f, p); len(r.Components) > 0 {
			t.Errorf("lib%s.so: %v", name, summary(r))
		}
	}
}

// TestOwnFolders: a folder of the maker's isn't the product of its name, but a
// plug-in beside the product is of it.
func TestOwnFolders(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"/usr/lib/9base/ctl", "/usr/lib/audit/reader", "/usr/lib/file/store", "/usr/libexec/libreswan/x", "/usr/lib/linuxcnc/motion.so", "/usr/lib/perl5/auto/re/re.so", "/usr/lib/tini/main"} {
		f, p := program(file, "", "start")
		if strings.HasSuffix(file, ".so") {
			p.Soname = path.Base(file)
		}
		if r := resultOf(t, f, p); len(r.Components)+len(r.Unknown) > 0 || len(r.Unattributed) != 1 {
			t.Errorf("%s: %v %+v, unattributed %d", file, summary(r), r.Unknown, len(r.Unattributed))
		}
	}
	v := NewInventory()
	for _, x := range []struct{ path, text string }{{"/usr/bin/tini", "tini version 0.19.0"}, {"/usr/lib/tini/helper", "start"}} {
		f, p := program(x.path, "", x.text)
		v.Add(scan(rules(), f, nil, p))
	}
	if r := v.Result(); len(r.Components) != 1 || len(r.Unattributed) != 0 {
		t.Errorf("beside the product: %v, unattributed %+v", summary(r), r.Unattributed)
	}
}

// entries are the lines of a list that hold data; every line has a form, they are
// sorted, and what is before them says where they are from.
func entries(t *testing.T, name, list string) (out [][]string) {
	t.Helper()
	head, last := "", ""
	for n, l := range strings.Split(strings.TrimSuffix(list, "\n"), "\n") {
		if strings.HasPrefix(l, "# ") {
			if head += l; out != nil {
				t.Errorf("%s:%d: a comment between the entries", name, n+1)
			}
			continue
		}
		f := strings.Split(l, " ")
		if slices.Contains(f, "") {
			t.Errorf("%s:%d: an empty word in %q", name, n+1, l)
			continue
		}
		key := f[0]
		if name == "builds.txt" {
			key += " "
		} else if key == last {
			t.Errorf("%s:%d: %s stands twice", name, n+1, key)
		}
		if key < last {
			t.Errorf("%s:%d: %s stands behind %s", name, n+1, key, last)
		}
		last = key
		out = append(out, f)
	}
	for _, want := range []string{"Debian", "2026", "To renew it"} {
		if !strings.Contains(head, want) {
			t.Errorf("%s: its head doesn't say %q", name, want)
		}
	}
	return out
}

// claims tells of what two entries say that it is theirs: the last would win.
func claims(t *testing.T, name string) func(what, owner string) {
	owners := map[string]string{}
	return func(what, owner string) {
		if o, ok := owners[what]; ok {
			t.Errorf("%s: %s is of %s and of %s", name, what, o, owner)
		}
		owners[what] = owner
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	claim := claims(t, "programs.txt")
	for _, f := range entries(t, "programs.txt", programList) {
		programs := f[1:]
		if len(programs) == 0 {
			programs = f
		}
		for _, p := range programs {
			if p == "=" {
				p = f[0]
			}
			claim(p, f[0])
			if len(p) < 4 || slices.Contains(commonNames, strings.ToLower(p)) || strings.Contains(p, "/") {
				t.Errorf("programs.txt: %s of %s is no name that tells a program from others", p, f[0])
			}
		}
	}
	claim = claims(t, "libraries.txt")
	for _, f := range entries(t, "libraries.txt", libraryList) {
		if len(f) < 2 {
			t.Errorf("libraries.txt: %s has no library", f[0])
		}
		for _, x := range f[1:] {
			stem, means := x, ""
			if i := strings.IndexAny(x, "=:"); i > 0 {
				stem, means = x[:i], x[i:]
			}
			claim(stem, f[0])
			if !strings.HasPrefix(stem, "lib") || strings.HasSuffix(stem, ".so") || !meaning(means) {
				t.Errorf("libraries.txt: %s of %s", x, f[0])
			}
		}
	}
	claim = claims(t, "builds.txt")
	for _, f := range entries(t, "builds.txt", buildList) {
		if len(f) < 3 || f[1][0] < '0' || f[1][0] > '9' {
			t.Errorf("builds.txt: %q", f)
			continue
		}
		for _, id := range f[2:] {
			claim(id, f[0]+" "+f[1])
			if len(id) != 2*len(buildKey{}) || strings.Trim(id, "0123456789abcdef") != "" {
				t.Errorf("builds.txt: %s of %s is no start of a build id", id, f[0])
			}
		}
	}
}

// meaning says that what stands behind a library has a form that release reads.
func meaning(s string) bool {
	switch {
	case s == "" || s == "=":
		return true
	case s[0] == '=':
		return strings.Trim(s[1:], "0123456789") == ""
	}
	for pair := range strings.SplitSeq(s[1:], ",") {
		number, versions, ok := strings.Cut(pair, "=")
		if !ok || number == "" || slices.Contains(strings.Split(versions, "|"), "") {
			return false
		}
	}
	return true
}
