package product

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Date is a calendar day without a time of day, kept as midnight UTC. The
// zero value means "not stated". In YAML and JSON it is YYYY-MM-DD.
type Date struct{ time.Time }

// NewDate returns the given day.
func NewDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// ParseDate reads YYYY-MM-DD. Years before 1970 and after 2199 are refused:
// they are slips of the keyboard in a file about connected products.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q is not a day written YYYY-MM-DD", s)
	}
	if t.Year() < 1970 || t.Year() > 2199 {
		return Date{}, fmt.Errorf("date %q lies outside 1970-2199", s)
	}
	return Date{t}, nil
}

// String returns YYYY-MM-DD, and "" for the zero value.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// Equal reports whether both are the same day.
func (d Date) Equal(e Date) bool { return d.Time.Equal(e.Time) }

// MarshalText writes YYYY-MM-DD, "" for the zero value.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; "" is the zero value.
func (d *Date) UnmarshalText(b []byte) error { return unmarshalText(d, b, ParseDate) }

// MarshalJSON hides time.Time's own encoding.
func (d Date) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON hides time.Time's own decoding.
func (d *Date) UnmarshalJSON(b []byte) error { return unmarshalJSON(d, b) }

// MarshalYAML writes an unquoted date.
func (d Date) MarshalYAML() (any, error) {
	if d.IsZero() {
		return nil, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: d.String()}, nil
}

// UnmarshalYAML reads a scalar.
func (d *Date) UnmarshalYAML(n *yaml.Node) error { return unmarshalYAML(d, n) }

// Port is a transport port. The zero value means "not stated". In YAML it is
// 443 (tcp) or 5353/udp, in JSON always "443/tcp".
type Port struct {
	Number    uint16
	Transport string // tcp | udp
}

// ParsePort reads "443", "443/tcp" or "5353/udp"; 1 to 65535.
func ParsePort(s string) (Port, error) {
	number, transport, found := strings.Cut(s, "/")
	if !found {
		transport = "tcp"
	}
	if transport != "tcp" && transport != "udp" {
		return Port{}, fmt.Errorf("port %q: transport is tcp or udp", s)
	}
	n, err := parsePortNumber(number)
	if err != nil {
		return Port{}, fmt.Errorf("port %q: %w", s, err)
	}
	return Port{Number: n, Transport: transport}, nil
}

var errPortRange = errors.New("a port is a number from 1 to 65535")

// parsePortNumber takes plain decimal only: 0x1bb and 0443 in a file that a
// person wrote are read differently by different programs.
func parsePortNumber(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] < '1' || s[0] > '9' {
		return 0, errPortRange
	}
	return uint16(n), nil
}

// IsZero reports whether no port is stated.
func (p Port) IsZero() bool { return p.Number == 0 }

// String returns "443/tcp", and "" for the zero value.
func (p Port) String() string {
	if p.IsZero() {
		return ""
	}
	return strconv.Itoa(int(p.Number)) + "/" + p.Transport
}

// MarshalText writes "443/tcp".
func (p Port) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePort reads; "" is the zero value.
func (p *Port) UnmarshalText(b []byte) error { return unmarshalText(p, b, ParsePort) }

// UnmarshalJSON also takes a bare number.
func (p *Port) UnmarshalJSON(b []byte) error { return unmarshalJSON(p, b) }

// MarshalYAML writes 443 for tcp, 5353/udp otherwise.
func (p Port) MarshalYAML() (any, error) {
	switch {
	case p.IsZero():
		return nil, nil
	case p.Transport == "tcp":
		return int(p.Number), nil
	}
	return p.String(), nil
}

// UnmarshalYAML reads a scalar.
func (p *Port) UnmarshalYAML(n *yaml.Node) error { return unmarshalYAML(p, n) }

// PortRange is a range of ports, both ends included. The zero value means
// "not stated". In YAML and JSON it is "41000-41031", or one port.
type PortRange struct{ From, To uint16 }

// ParsePortRange reads "41000-41031" or "41000".
func ParsePortRange(s string) (PortRange, error) {
	first, last, found := strings.Cut(s, "-")
	if !found {
		last = first
	}
	from, err := parsePortNumber(strings.TrimSpace(first))
	if err != nil {
		return PortRange{}, fmt.Errorf("port range %q: %w", s, err)
	}
	to, err := parsePortNumber(strings.TrimSpace(last))
	if err != nil {
		return PortRange{}, fmt.Errorf("port range %q: %w", s, err)
	}
	if to < from {
		return PortRange{}, fmt.Errorf("port range %q ends before it begins", s)
	}
	return PortRange{From: from, To: to}, nil
}

// IsZero reports whether no range is stated.
func (r PortRange) IsZero() bool { return r == PortRange{} }

// Contains reports whether port lies in the range; nothing lies in the zero
// value.
func (r PortRange) Contains(port uint16) bool {
	return !r.IsZero() && r.From <= port && port <= r.To
}

// Len is the number of ports.
func (r PortRange) Len() int {
	if r.IsZero() {
		return 0
	}
	return int(r.To) - int(r.From) + 1
}

// String returns "41000-41031", one port as "41000", the zero value as "".
func (r PortRange) String() string {
	switch {
	case r.IsZero():
		return ""
	case r.From == r.To:
		return strconv.Itoa(int(r.From))
	}
	return strconv.Itoa(int(r.From)) + "-" + strconv.Itoa(int(r.To))
}

// MarshalText writes what String returns.
func (r PortRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParsePortRange reads; "" is the zero value.
func (r *PortRange) UnmarshalText(b []byte) error { return unmarshalText(r, b, ParsePortRange) }

// UnmarshalJSON also takes a bare number.
func (r *PortRange) UnmarshalJSON(b []byte) error { return unmarshalJSON(r, b) }

// UnmarshalYAML reads a scalar.
func (r *PortRange) UnmarshalYAML(n *yaml.Node) error { return unmarshalYAML(r, n) }

// Duration is a length of time as people write it: 30m, 24h, 7d, 2w, 1h30m.
// In JSON it is such a text.
type Duration time.Duration

const maxDuration = 100 * 365 * 24 * time.Hour

// durationUnits from the longest to the shortest; a text names each at most
// once and in this order.
var durationUnits = []struct {
	letter byte
	length time.Duration
}{
	{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second},
}

// ParseDuration reads whole numbers with the units w, d, h, m, s, each at
// most once and the longest first; more than nothing, at most 100 years.
func ParseDuration(s string) (Duration, error) {
	bad := fmt.Errorf("duration %q is not a number with a unit such as 30m, 24h or 7d", s)
	var total time.Duration
	rest, next := s, 0
	for rest != "" {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil || digits == len(rest) {
			return 0, bad
		}
		for next < len(durationUnits) && durationUnits[next].letter != rest[digits] {
			next++
		}
		if next == len(durationUnits) {
			return 0, bad
		}
		unit := durationUnits[next].length
		if n > int64(maxDuration/unit) {
			return 0, fmt.Errorf("duration %q is longer than 100 years", s)
		}
		total += time.Duration(n) * unit
		rest, next = rest[digits+1:], next+1
	}
	switch {
	case total <= 0:
		return 0, bad
	case total > maxDuration:
		return 0, fmt.Errorf("duration %q is longer than 100 years", s)
	}
	return Duration(total), nil
}

// String returns the shortest text that ParseDuration reads back, with 24h
// rather than 1d; "" for zero.
func (d Duration) String() string {
	if time.Duration(d) == 24*time.Hour {
		return "24h"
	}
	var b strings.Builder
	rest := time.Duration(d)
	for _, u := range durationUnits {
		if u.letter == 'w' { // a week is 7d to most people
			continue
		}
		if n := rest / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.letter)
			rest -= n * u.length
		}
	}
	return b.String()
}

// MarshalText writes what String returns.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDuration reads; "" is zero.
func (d *Duration) UnmarshalText(b []byte) error { return unmarshalText(d, b, ParseDuration) }

// UnmarshalYAML reads a scalar.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error { return unmarshalYAML(d, n) }

// MarshalYAML writes the id alone where no profile is chosen.
func (s Standard) MarshalYAML() (any, error) {
	if s.Profile == "" {
		return s.ID, nil
	}
	type plain Standard // without this method
	return plain(s), nil
}

// UnmarshalYAML reads an id alone or {id, profile}.
func (s *Standard) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = Standard{ID: n.Value}
		return nil
	}
	type plain Standard
	return n.Decode((*plain)(s))
}

func unmarshalText[T any](into *T, b []byte, parse func(string) (T, error)) error {
	var v T
	if len(b) > 0 {
		var err error
		if v, err = parse(string(b)); err != nil {
			return err
		}
	}
	*into = v
	return nil
}

type textUnmarshaler interface{ UnmarshalText([]byte) error }

func unmarshalJSON(into textUnmarshaler, b []byte) error {
	var n json.Number
	if len(b) > 0 && b[0] != '"' && json.Unmarshal(b, &n) == nil {
		return into.UnmarshalText([]byte(n.String()))
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	return into.UnmarshalText([]byte(s))
}

func unmarshalYAML(into textUnmarshaler, n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: expected one value", n.Line)
	}
	if n.Tag == "!!null" {
		return into.UnmarshalText(nil)
	}
	return into.UnmarshalText([]byte(n.Value))
}
