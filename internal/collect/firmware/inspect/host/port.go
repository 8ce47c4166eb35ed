package host

import (
	"bytes"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// portBeside looks for the port of a host that stands without one: the argument
// behind it, or a setting on its line or on those beside it, in the same section.
func (s *scanner) portBeside(line []byte, start, off, n int) int {
	// "telnet 203.0.113.1 23", "remote vpn.example.net 1194".
	behind := line[min(len(line), off-start+n):min(len(line), off-start+n+reach)]
	if len(behind) > 1 && (behind[0] == '"' || behind[0] == '\'') && behind[1] == ',' { // ("host", 8000)
		v := bytes.TrimLeft(behind[2:], " ")
		if k := bytes.IndexAny(v, "),]} \n"); k > 0 {
			if p := portNumber(string(v[:k])); p > 0 {
				return p
			}
		}
	}
	if len(behind) > 0 && (behind[0] == ' ' || behind[0] == '\t') {
		if f := bytes.Fields(behind); len(f) > 0 {
			if p := portNumber(string(f[0])); p > 0 {
				return p
			}
		}
	}
	if s.f.Role == inspect.History || s.f.Role == inspect.Web || s.f.Kind != inspect.Text {
		return 0
	}
	prefix := portPrefix(s.key)
	best, cost := 0, 1<<30
	look := func(l []byte, dist int) {
		for _, f := range setting.Fields(l) {
			name := setting.Normal(f.Name)
			p := portNumber(f.Value)
			c, ok := portName(name, prefix)
			if p == 0 || !ok {
				continue
			}
			if dist == 0 {
				if d := f.At - (off - start); d < 0 {
					c += 3
				} else {
					c += min(d/64, 20)
				}
			}
			if c += dist * 2; c < cost {
				best, cost = p, c
			}
		}
	}
	look(line, 0)
	if bytes.ContainsAny(line, "{}") {
		return best // an object on one line: those beside it are of others
	}
	for i, l := range s.around(start, 4) {
		look(l, i/2+1)
	}
	return best
}

func portNumber(v string) int {
	v = strings.Trim(v, " \t\"',;\r)")
	if len(v) > 5 {
		return 0
	}
	if p, err := strconv.Atoi(v); err == nil && p > 0 && p < 65536 {
		return p
	}
	return 0
}

// portPrefix is what a host's key has before the part that says host.
func portPrefix(key string) string {
	n := setting.Normal(key)
	for _, w := range []string{"serverip", "serveraddr", "serverhost", "server", "hostname", "host", "address", "addr", "endpoint", "domain", "broker", "url", "ip"} {
		if i := strings.Index(n, w); i >= 0 {
			return n[:i] + n[i+len(w):]
		}
	}
	return n
}

// portName says whether a setting is a port, and how well it belongs to a host
// whose key has a prefix: "smtpport" to "smtpserver", "port0" to "server0".
func portName(name, prefix string) (cost int, ok bool) {
	i := strings.LastIndex(name, "port")
	if i < 0 || strings.HasSuffix(name, "report") || strings.HasSuffix(name, "support") || strings.HasSuffix(name, "transport") || strings.HasSuffix(name, "export") || strings.HasSuffix(name, "import") {
		return 0, false
	}
	own := name[:i] + name[i+4:]
	own = strings.TrimSuffix(strings.TrimSuffix(own, "server"), "host")
	switch {
	case own == prefix:
		return 0, true
	case own == "":
		return 1, true
	case prefix == "", strings.HasPrefix(own, "server"), strings.HasPrefix(own, "remote"), strings.HasPrefix(own, "dest"):
		if strings.HasPrefix(own, "local") || strings.HasPrefix(own, "listen") || strings.HasPrefix(own, "src") {
			return 0, false
		}
		return 4, true
	}
	return 0, false
}

// around returns up to n lines behind and before the one at start, nearest
// first, not beyond a section's border or an empty line.
func (s *scanner) around(start, n int) [][]byte {
	d := s.f.Data
	var behind, before [][]byte
	at := start
	for range n {
		i := bytes.IndexByte(d[at:], '\n')
		if i < 0 || at+i+1 >= len(d) {
			break
		}
		at += i + 1
		l, _, _ := bytes.Cut(d[at:min(len(d), at+reach)], []byte("\n"))
		if ends(l) {
			break
		}
		behind = append(behind, l)
	}
	at = start
	for range n {
		if at == 0 {
			break
		}
		end := at - 1
		at = bytes.LastIndexByte(d[max(0, end-reach):end], '\n') + 1 + max(0, end-reach)
		l := d[at:end]
		if ends(l) {
			break
		}
		before = append(before, l)
	}
	var out [][]byte
	for i := range n {
		if i < len(behind) {
			out = append(out, behind[i])
		}
		if i < len(before) {
			out = append(out, before[i])
		}
	}
	return out
}

func ends(l []byte) bool {
	t := bytes.TrimSpace(l)
	return len(t) == 0 || t[0] == '[' && t[len(t)-1] == ']' || len(t) <= 2 && t[0] == '}' || bytes.HasPrefix(t, []byte("config "))
}
