package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of the source; the build information adds the
// commit where the program was built from one.
const release = "0.1.0"

// version names the program in reports and facts.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return release + "+" + s.Value[:12]
			}
		}
	}
	return release
}

// versionDoc is the `version` document.
type versionDoc struct {
	Schema  string `json:"schema"`
	Version string `json:"version"` // behind +, the commit that it was built from, where known
	Go      string `json:"go"`      // the Go release that it was built with
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func (a *app) versionCommand() *cobra.Command {
	return a.command("version", "version", cobra.NoArgs, func(*cobra.Command, []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		if a.format == "json" {
			a.json(versionDoc{Schema: "assay/version@1", Version: version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH})
			return nil
		}
		fmt.Fprintf(a.Out, "assay %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	})
}
