package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"assay/internal/collect/firmware"
)

// The bounds of a file of markers. A shorter value would be found everywhere.
const (
	mostMarkers    = 200
	shortestMarker = 6
	longestMarker  = 512
)

// readMarkers reads a file of markers: lines of a name, white space and a value;
// "#" begins a comment. The values are the tester's own, put into a unit for this
// test.
func (a *app) readMarkers(path string) ([]firmware.Marker, error) {
	f, err := firmware.Local(path)
	if err != nil {
		return nil, a.unusable(err, path)
	}
	defer f.Close() // read-only
	bad := func(line int, key string) error {
		e := &exitError{code: exitUse, where: path, next: a.t("ui.next.markers"),
			err: errors.New(path + ": " + a.t(key, "line", fmt.Sprint(line), "least", fmt.Sprint(shortestMarker), "most", fmt.Sprint(longestMarker), "count", fmt.Sprint(mostMarkers)))}
		if line > 0 {
			e.where = fmt.Sprintf("%s:%d", path, line)
		}
		return e
	}
	var out []firmware.Marker
	lines := make(map[string]int) // of the names
	sc := bufio.NewScanner(io.LimitReader(f, 1<<20))
	n := 1
	for ; sc.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		i := max(0, strings.IndexFunc(line, unicode.IsSpace))
		name, value := line[:i], strings.TrimSpace(line[i:])
		switch {
		case name == "" || len(value) < shortestMarker || len(value) > longestMarker:
			return nil, bad(n, "ui.marker-line")
		case lines[name] > 0:
			e := bad(n, "ui.marker-double").(*exitError)
			e.err = errors.New(path + ": " + a.t("ui.marker-double", "line", fmt.Sprint(n), "name", plain(name), "first", fmt.Sprint(lines[name])))
			return nil, e
		case len(out) == mostMarkers:
			return nil, bad(n, "ui.markers-many")
		}
		lines[name] = n
		out = append(out, firmware.Marker{Name: name, Value: value})
	}
	switch err := sc.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, bad(n, "ui.marker-line")
	case err != nil:
		return nil, a.unusable(err, path)
	case len(out) == 0:
		return nil, bad(0, "ui.markers-none")
	}
	return out, nil
}

// sought notes which of the markers were found: by name, each once.
func (d *firmwareDoc) sought(markers []firmware.Marker) {
	for _, m := range markers {
		if slices.ContainsFunc(d.Sought, func(s firmwareSought) bool { return s.Name == m.Name }) {
			continue
		}
		found := slices.ContainsFunc(d.Markers, func(s firmwareMarker) bool { return s.Name == m.Name })
		d.Sought = append(d.Sought, firmwareSought{Name: m.Name, Found: found})
	}
}

// markersOf says how many of the markers were found, and which were not.
func (a *app) markersOf(d *firmwareDoc) string {
	var missing []string
	for _, s := range d.Sought {
		if !s.Found {
			missing = append(missing, safe(s.Name))
		}
	}
	out := a.t("ui.fw.markers", "found", fmt.Sprint(len(d.Sought)-len(missing)), "all", fmt.Sprint(len(d.Sought)))
	if len(missing) == 0 {
		return out
	}
	const most = 20
	if n := len(missing) - most; n > 0 {
		missing = append(missing[:most], a.t("ui.fw.and-more", "count", fmt.Sprint(n)))
	}
	key := "ui.fw.markers-missing"
	if len(d.Incomplete) > 0 || !d.Image.Analysable {
		key = "ui.fw.markers-unread"
	}
	return out + a.t("ui.fw.semicolon") + a.t(key, "list", strings.Join(missing, a.t("ui.fw.comma")))
}
