package product

import (
	"encoding"
	"net/netip"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// world is the other end of a flow that leaves the product.
const world = "world"

// special reads a date, port, port range or duration.
func (d *decoder) special(v reflect.Value, n *yaml.Node, path string) bool {
	key := map[reflect.Type]string{
		reflect.TypeFor[Date]():      "problem.bad-date",
		reflect.TypeFor[Port]():      "problem.bad-port",
		reflect.TypeFor[PortRange](): "problem.bad-port-range",
		reflect.TypeFor[Duration]():  "problem.bad-duration",
	}[v.Type()]
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)) == nil {
			return true
		}
	}
	d.error(n, path, key, repair(v.Type(), n.Value), "found", kindOf(n))
	return false
}

// repair guesses what was meant by a value that one of our types refused.
func repair(t reflect.Type, s string) string {
	var tries []string
	lower := strings.ToLower(strings.TrimSpace(s))
	switch t {
	case reflect.TypeFor[Date]():
		parts := strings.FieldsFunc(lower, func(r rune) bool { return r == '-' || r == '/' || r == '.' || r == 't' })
		if len(parts) < 3 {
			return ""
		}
		pad := func(s string) string { return strings.Repeat("0", max(0, 2-len(s))) + s }
		// Day and month can't be told apart in 01/02/2026, so only a year in
		// front is repaired.
		tries = []string{parts[0] + "-" + pad(parts[1]) + "-" + pad(parts[2])}
	case reflect.TypeFor[Port]():
		a, b, _ := strings.Cut(lower, "/")
		tries = []string{b + "/" + a, strings.ReplaceAll(lower, " ", ""), strings.ReplaceAll(lower, ":", "/"), strings.TrimSpace(a)}
	case reflect.TypeFor[PortRange]():
		tries = []string{strings.NewReplacer(" ", "", "–", "-", "..", "-", ":", "-").Replace(lower)}
	case reflect.TypeFor[Duration]():
		tight := strings.ReplaceAll(lower, " ", "")
		for _, u := range [][2]string{
			{"seconds", "s"}, {"second", "s"}, {"sec", "s"}, {"minutes", "m"}, {"minute", "m"}, {"min", "m"},
			{"hours", "h"}, {"hour", "h"}, {"days", "d"}, {"day", "d"}, {"weeks", "w"}, {"week", "w"},
		} {
			if number, ok := strings.CutSuffix(tight, u[0]); ok {
				tries = append(tries, number+u[1])
			}
		}
	}
	for _, try := range tries {
		v := reflect.New(t)
		if try != "" && v.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(try)) == nil {
			return try
		}
	}
	return ""
}

// scalar reads a text, a switch or a number.
func (d *decoder) scalar(v reflect.Value, n *yaml.Node, path string, r rule) bool {
	switch v.Kind() {
	case reflect.Bool:
		return d.boolean(v, n, path)
	case reflect.Int, reflect.Uint16:
		return d.number(v, n, path)
	}
	if n.Kind != yaml.ScalarNode {
		d.error(n, path, "problem.want-text", "", "found", kindOf(n))
		return false
	}
	s := n.Value
	if strings.TrimSpace(s) == "" {
		if r.required {
			d.error(n, path, "problem.empty", "")
		} else {
			d.empty(n, path, r)
		}
		return false
	}
	if i := hiddenRune(s); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		d.error(n, path, "problem.hidden-character", "", "character", "U+"+strings.ToUpper(strconv.FormatInt(int64(c), 16)))
		return false
	}
	// 2.40 is a number to YAML and to every editor: some will make it 2.4.
	if n.Style == 0 && n.Tag != "!!str" && n.Tag != "!!timestamp" {
		d.problem(placeOf(n), path, "problem.unquoted", SeverityWarning, `"`+s+`"`, "found", s)
	}
	v.SetString(s)
	d.check(s, n, path, r)
	return true
}

func (d *decoder) boolean(v reflect.Value, n *yaml.Node, path string) bool {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "true":
			v.SetBool(true)
			return true
		case "false":
			v.SetBool(false)
			return true
		}
	}
	suggestion := map[string]string{
		"yes": "true", "on": "true", "y": "true", "1": "true", "true": "true",
		"no": "false", "off": "false", "n": "false", "0": "false", "false": "false",
	}[strings.ToLower(n.Value)]
	d.error(n, path, "problem.want-bool", suggestion, "found", kindOf(n))
	return false
}

func (d *decoder) number(v reflect.Value, n *yaml.Node, path string) bool {
	if v.Kind() == reflect.Uint16 { // ports are the only ones
		if port, err := parsePortNumber(n.Value); err == nil && n.Kind == yaml.ScalarNode {
			v.SetUint(uint64(port))
			return true
		}
		d.error(n, path, "problem.bad-port", "", "found", kindOf(n))
		return false
	}
	const most = 1_000_000 // days and years; more is a slip
	i, err := strconv.ParseUint(n.Value, 10, 32)
	if err != nil || n.Kind != yaml.ScalarNode || i > most {
		d.error(n, path, "problem.want-number", "", "found", kindOf(n))
		return false
	}
	v.SetInt(int64(i))
	return true
}

// check applies the rule of a text field.
func (d *decoder) check(s string, n *yaml.Node, path string, r rule) {
	at := placeOf(n)
	if len(r.enum) > 0 && !slices.Contains(r.enum, s) {
		allowed := strings.Join(r.enum, ", ")
		if meant := suggest(s, r.enum); meant != "" {
			d.error(n, path, "problem.bad-value", meant, "value", s, "allowed", allowed)
		} else {
			d.error(n, path, "problem.bad-value-here", "", "value", s, "allowed", allowed)
		}
	}
	switch {
	case r.defines != "":
		d.define(at, path, r.defines, s, true, true)
	case r.named != "":
		d.define(at, path, r.named, s, true, false)
	case r.def != "":
		d.define(at, path, r.def, s, false, false)
	case r.ref != "":
		d.refs = append(d.refs, reference{kind: r.ref, value: s, path: path, also: r.also, soft: r.soft, at: at})
	}
	d.form(s, n, path, r.form)
}

// form checks texts that have a shape.
func (d *decoder) form(s string, n *yaml.Node, path, form string) {
	switch form {
	case "place":
		if strings.Contains(s, "://") {
			d.form(s, n, path, "url")
		} else {
			d.form(s, n, path, "file")
		}
	case "file":
		if clean, ok := insidePath(s); !ok {
			d.error(n, path, "problem.outside-path", clean, "value", s)
		}
	case "url":
		if suggestion, ok := publicURL(s); !ok {
			d.error(n, path, "problem.bad-url", suggestion, "value", s)
		}
	case "urlpath":
		if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, " \t\n\\#") {
			d.error(n, path, "problem.bad-url-path", "", "value", s)
		}
	case "host":
		if suggestion, ok := validHost(s); !ok {
			d.error(n, path, "problem.bad-host", suggestion, "value", s)
		}
	case "address":
		d.address(s, n, path)
	case "marker":
		if len(s) < shortestMarker || len(s) > longestMarker {
			d.error(n, path, "problem.bad-marker", "")
		}
	case "market":
		if len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			suggestion := ""
			if len(s) == 2 && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
				suggestion = strings.ToUpper(s)
			}
			d.error(n, path, "problem.bad-market", suggestion, "value", s)
		}
	}
}

// A shorter marker would be found by chance; a longer one is cut by what it is
// put into.
const (
	shortestMarker = 6
	longestMarker  = 256
)

// address checks where a unit stands. A public address is only a warning
// here: whether it may be touched is decided at the door to the network.
func (d *decoder) address(s string, n *yaml.Node, path string) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		suggestion, ok := validHost(s)
		if !ok || strings.HasPrefix(s, "*") {
			d.error(n, path, "problem.bad-address", suggestion, "value", s)
		}
		return
	}
	ip = ip.Unmap()
	switch {
	case ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		d.error(n, path, "problem.bad-address", "", "value", s)
	case !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast():
		d.problem(placeOf(n), path, "problem.public-address", SeverityWarning, "", "value", s)
	}
}

// insidePath reports whether s is a plain relative path that stays in the
// workspace on every system, and otherwise the path that was probably meant.
// Symbolic links are judged where the file is opened.
func insidePath(s string) (meant string, ok bool) {
	slashed := strings.ReplaceAll(s, `\`, "/")
	drive := len(slashed) > 1 && slashed[1] == ':'
	if path.IsAbs(slashed) || drive || strings.HasPrefix(slashed, "~") {
		return "", false
	}
	clean := path.Clean(slashed)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", false
	}
	if slices.Contains(strings.Split(slashed, "/"), "..") || slashed != s || clean == "." {
		return strings.TrimPrefix(clean, "."), false
	}
	return "", true
}

// publicURL reports whether s is an https URL without credentials in it.
func publicURL(s string) (meant string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return "", false
	}
	if u.Scheme == "http" {
		return "https" + strings.TrimPrefix(s, u.Scheme), false
	}
	return "", u.Scheme == "https"
}

// validHost reports whether s is a host name or an IP address, without
// scheme, port and path; and otherwise the host in it, if there is one.
func validHost(s string) (meant string, ok bool) {
	if _, err := netip.ParseAddr(s); err == nil || validName(strings.TrimPrefix(s, "*.")) {
		return "", true
	}
	whole := s
	if !strings.Contains(whole, "://") {
		whole = "x://" + whole
	}
	if u, err := url.Parse(whole); err == nil && u.User == nil {
		if _, err := netip.ParseAddr(u.Hostname()); err == nil || validName(u.Hostname()) {
			return u.Hostname(), false
		}
	}
	return "", false
}

// validName follows RFC 1123 clause 2.1, with the underscore that service
// names use; names in other scripts are written in their xn-- form.
func validName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

const maxID = 64

// validID keeps ids usable in field paths, on a command line and in file
// names: letters, digits, '.', '_' and '-', beginning with a letter or digit.
func validID(s string) bool { return s != "" && s == cleanID(s) }

func cleanID(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '.', r == '_', r == '-':
			return r
		case r == ' ' || r == '/' || r == ':':
			return '-'
		}
		return -1
	}, s)
	clean = strings.TrimLeft(clean, "._-")
	return clean[:min(len(clean), maxID)]
}

// hiddenRune returns the offset of the first control character (but for line
// breaks and tabs) or direction override, -1 if there is none. Such text
// shows something else than it says (Unicode TR 36).
func hiddenRune(s string) int {
	return strings.IndexFunc(s, func(r rune) bool {
		switch {
		case r == '\n' || r == '\t':
			return false
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == utf8.RuneError:
			return true
		}
		return unicode.IsControl(r)
	})
}
