package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/internal/collect/firmware"
)

// The bounds of a file of markers. A shorter value would be found everywhere.
const (
	mostMarkers    = 200
	shortestMarker = 6
	longestMarker  = 512
)

// readMarkers reads a file of markers: "name value" lines, "#" begins a
// comment. The values are the tester's own, put into a unit for this test.
func (a *app) readMarkers(path string) ([]firmware.Marker, error) {
	f, err := firmware.Local(path)
	if err != nil {
		return nil, &exitError{code: exitUse, err: err, where: path}
	}
	defer f.Close() // read-only
	var out []firmware.Marker
	sc := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		bad := func(key string) error {
			return &exitError{code: exitUse, err: errors.New(a.t(key, "line", fmt.Sprint(n), "least", fmt.Sprint(shortestMarker), "most", fmt.Sprint(longestMarker), "count", fmt.Sprint(mostMarkers))),
				where: fmt.Sprintf("%s:%d", path, n)}
		}
		name, value, _ := strings.Cut(line, " ")
		value = strings.TrimSpace(value)
		switch {
		case len(value) < shortestMarker || len(value) > longestMarker:
			return nil, bad("ui.marker-line")
		case len(out) == mostMarkers:
			return nil, bad("ui.markers-many")
		}
		out = append(out, firmware.Marker{Name: name, Value: value})
	}
	if err := sc.Err(); err != nil {
		return nil, &exitError{code: exitUse, err: err, where: path}
	}
	if len(out) == 0 {
		return nil, &exitError{code: exitUse, err: errors.New(a.t("ui.markers-none")), where: path}
	}
	return out, nil
}
