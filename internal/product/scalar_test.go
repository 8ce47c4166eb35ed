package product

import (
	"encoding/json"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func TestParseScalars(t *testing.T) {
	t.Parallel()
	port := func(s string) (string, error) { p, err := ParsePort(s); return p.String(), err }
	ports := func(s string) (string, error) { p, err := ParsePortRange(s); return p.String(), err }
	date := func(s string) (string, error) { d, err := ParseDate(s); return d.String(), err }
	duration := func(s string) (string, error) { d, err := ParseDuration(s); return d.String(), err }
	for _, c := range []struct {
		name     string
		parse    func(string) (string, error)
		in, want string // want "": an error
	}{
		{"port", port, "443", "443/tcp"},
		{"port-tcp", port, "443/tcp", "443/tcp"},
		{"port-udp", port, "5353/udp", "5353/udp"},
		{"port-zero", port, "0", ""},
		{"port-large", port, "65536", ""},
		{"port-last", port, "65535", "65535/tcp"},
		{"port-octal", port, "0443", ""},
		{"port-hex", port, "0x1bb", ""},
		{"port-sign", port, "+443", ""},
		{"port-sctp", port, "443/sctp", ""},
		{"port-empty", port, "", ""},
		{"range", ports, "41000-41031", "41000-41031"},
		{"range-blanks", ports, "41000 - 41031", "41000-41031"},
		{"range-one", ports, "41000", "41000"},
		{"range-backwards", ports, "2-1", ""},
		{"range-open", ports, "1-", ""},
		{"date", date, "2031-02-28", "2031-02-28"},
		{"date-leap", date, "2028-02-29", "2028-02-29"},
		{"date-no-leap", date, "2031-02-29", ""},
		{"date-slashes", date, "2031/02/28", ""},
		{"date-short", date, "2031-2-28", ""},
		{"date-early", date, "0203-02-28", ""},
		{"date-time", date, "2031-02-28T00:00:00Z", ""},
		{"duration", duration, "30m", "30m"},
		{"duration-day", duration, "1d", "24h"},
		{"duration-hours", duration, "24h", "24h"},
		{"duration-week", duration, "1w", "7d"},
		{"duration-sum", duration, "1h30m", "1h30m"},
		{"duration-order", duration, "30m1h", ""},
		{"duration-twice", duration, "1h1h", ""},
		{"duration-zero", duration, "0h", ""},
		{"duration-bare", duration, "24", ""},
		{"duration-fraction", duration, "1.5h", ""},
		{"duration-long", duration, "999999d", ""},
		{"duration-overflow", duration, "99999999999999999999d", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.parse(c.in)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%q: got %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestPortRange(t *testing.T) {
	t.Parallel()
	r := PortRange{41000, 41031}
	if !r.Contains(41000) || !r.Contains(41031) || r.Contains(41032) || r.Len() != 32 {
		t.Errorf("%v: Contains or Len", r)
	}
	if all := (PortRange{1, 65535}); all.Len() != 65535 {
		t.Errorf("%v: Len %d", all, all.Len())
	}
	if none := (PortRange{}); none.Contains(0) || none.Len() != 0 || !none.IsZero() {
		t.Error("the zero range holds something")
	}
}

// values is one of each, as they stand in the model.
type values struct {
	Date     Date      `yaml:"date,omitempty" json:"date,omitzero"`
	Port     Port      `yaml:"port,omitempty" json:"port,omitzero"`
	Ports    PortRange `yaml:"ports,omitempty" json:"ports,omitzero"`
	Duration Duration  `yaml:"duration,omitempty" json:"duration,omitzero"`
}

func TestScalarsSurvive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Uint16Range(1, 65535).Draw(t, "from")
		in := values{
			Date:     NewDate(1970, time.January, 1+rapid.IntRange(0, 80000).Draw(t, "day")),
			Port:     Port{rapid.Uint16Range(1, 65535).Draw(t, "port"), rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "transport")},
			Ports:    PortRange{from, rapid.Uint16Range(from, 65535).Draw(t, "to")},
			Duration: Duration(rapid.Int64Range(1, 3_000_000_000).Draw(t, "seconds")) * Duration(time.Second),
		}
		if rapid.Bool().Draw(t, "zero") {
			in = values{}
		}
		y, err := yaml.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var fromYAML values
		if err := yaml.Unmarshal(y, &fromYAML); err != nil || fromYAML != in {
			t.Fatalf("YAML: %v, got %+v, want %+v\n%s", err, fromYAML, in, y)
		}
		j, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON values
		if err := json.Unmarshal(j, &fromJSON); err != nil || fromJSON != in {
			t.Fatalf("JSON: %v, got %+v, want %+v\n%s", err, fromJSON, in, j)
		}
	})
}

func TestScalarsAsWritten(t *testing.T) {
	t.Parallel()
	v := values{NewDate(2031, time.February, 28), Port{443, "tcp"}, PortRange{1, 2}, Duration(24 * time.Hour)}
	y, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(y), "date: 2031-02-28\nport: 443\nports: 1-2\nduration: 24h\n"; got != want {
		t.Errorf("YAML: %s, want %s", got, want)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(j), `{"date":"2031-02-28","port":"443/tcp","ports":"1-2","duration":"24h"}`; got != want {
		t.Errorf("JSON: %s, want %s", got, want)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	p := mustLoad(t, goodFiles(t)["full"])
	if c, ok := p.Component("base"); !ok || c.Kind != "gateway" {
		t.Errorf("Component(base) = %+v, %v", c, ok)
	}
	if _, ok := p.Component("x"); ok {
		t.Error("Component(x) exists")
	}
	web, _ := p.Interface("web")
	c, _ := p.Unit("c")
	a, _ := p.Unit("a")
	if got := p.PortOf(c, web); got != (Port{41003, "tcp"}) {
		t.Errorf("PortOf(c, web) = %v", got)
	}
	if got := p.PortOf(a, web); got != (Port{443, "tcp"}) {
		t.Errorf("PortOf(a, web) = %v", got)
	}
	if got := p.ComponentOf(Unit{ID: "n"}); got != "camera" {
		t.Errorf("ComponentOf without of = %q", got)
	}
	if got := len(p.UnitsOf("camera")); got != 3 {
		t.Errorf("UnitsOf(camera) = %d", got)
	}
	if got := p.PortOf(Unit{Of: "base"}, web); !got.IsZero() {
		t.Errorf("PortOf of another component = %v", got)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	fields := []string{"protocol", "port", "receives", "security_contact", "id", "on"}
	for written, want := range map[string]string{
		"recieves": "receives", "Port": "port", "securityContact": "security_contact", "security-contact": "security_contact",
		"prot": "protocol", "portt": "port", "ID": "id", "xx": "", "colour": "", "": "",
	} {
		if got := suggest(written, fields); got != want {
			t.Errorf("suggest(%q) = %q, want %q", written, got, want)
		}
	}
}
