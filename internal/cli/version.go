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

func (a *app) versionCommand() *cobra.Command {
	return a.command("version", "version", cobra.NoArgs, func(*cobra.Command, []string) error {
		if err := a.formats("text", "json"); err != nil {
			return err
		}
		if a.format == "json" {
			a.json(map[string]any{"schema": "assay/version@1", "version": version(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
			return nil
		}
		fmt.Fprintf(a.Out, "assay %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	})
}
