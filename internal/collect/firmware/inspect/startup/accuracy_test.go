package startup_test

import (
	"slices"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/startup"
)

// TestAccuracy looks for what was planted, by kind, and whether it runs at boot.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	kinds := map[string]startup.Kind{"uart-shell-no-login": startup.SerialShell, "telnet-enabled": startup.Telnet, "service-enabled": startup.Service}
	for _, img := range inspecttest.Images() {
		entries, truth := inspecttest.Tree(t, img)
		var starts []startup.Start
		var boot startup.Boot
		for _, e := range entries {
			boot.Entry(e.Path, e.Type, e.Mode, e.Target)
			if e.Type == "file" {
				got, calls := startup.Scan(inspect.New(e.Path, e.Mode, e.Data), inspecttest.Find(startup.Words(), e.Data))
				starts = append(starts, got...)
				boot.File(calls)
			}
		}
		starts = boot.Resolve(starts)
		inspecttest.Table(t, img, truth, func(p inspecttest.Planted) (mine, found bool) {
			return kinds[p.Kind] != "", slices.ContainsFunc(starts, func(s startup.Start) bool {
				return s.Kind == kinds[p.Kind] && s.Path == p.Path && s.Line == p.Line && s.Boot == startup.Yes
			})
		})
		for _, s := range starts {
			t.Logf("%s %s (%s:%d) at boot: %q", s.Kind, s.Name, s.Path, s.Line, s.Boot)
			if img.Hardened() && s.Kind != startup.Service && s.Kind != startup.Process {
				t.Errorf("%s: %+v", img.Name, s)
			}
		}
		if by, ok := boot.Reached("/usr/sbin/ipcamd"); !ok {
			t.Errorf("%s: the camera's program is started by %q", img.Name, by)
		}
	}
}
