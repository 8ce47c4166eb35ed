package secret

import (
	"bytes"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/setting"
)

// longLine is where a line is no longer one that a person wrote: of a longer one,
// only what stands near a place belongs to it.
const longLine = 2048

// piece is the part of a long line around at, an offset in the file. Places near
// each other have the same one.
func piece(line []byte, start, at int) ([]byte, int) {
	const step = longLine / 4
	if len(line) <= longLine {
		return line, start
	}
	at = start + (min(max(at-start, 0), len(line)))
	from := max(0, (at/step-1)*step-start)
	to := min(len(line), (at/step+2)*step-start)
	return line[from:to], start + from
}

// fieldsOf returns the settings of a line that stands at start, with their names
// as fits wants them. The last one is kept: a line is asked about many times.
func (s *scanner) fieldsOf(line []byte, start int) []setting.Field {
	if s.fields.end == start+len(line) && s.fields.start == start && len(line) > 0 {
		return s.fields.all
	}
	all := setting.Pairs(setting.Fields(line))
	for i := range all {
		all[i].Name = setting.Normal(all[i].Name)
	}
	s.fieldWork += len(line)
	s.fields.start, s.fields.end, s.fields.all = start, start+len(line), all
	return all
}

// neighbour returns the value of a setting with one of the names that stands
// beside a, in the same section: on the same line, or a few lines away.
func (s *scanner) neighbour(a assignment, names []string) string {
	const lines = 6
	prefix := prefixOf(setting.Normal(a.key))
	best, cost := "", 1<<30
	own, _ := s.f.LineAround(a.from)
	for dist := 0; dist <= lines && dist*3 < cost; dist++ {
		if dist > 0 && len(own) > longLine {
			break // what stands before and behind a minified script says nothing of it
		}
		for _, dir := range []int{-1, 1} {
			if dist == 0 && dir > 0 {
				continue
			}
			line, start, ok := s.lineAt(a.from, dir*dist)
			if !ok || s.pairs && spaceOf(line) != spaceOf(s.f.Data[a.from:]) {
				continue
			}
			if dist > 0 && (len(line) > longLine || a.near && indent(line) > indent(own)) {
				continue
			}
			line, start = piece(line, start, a.at)
			for _, f := range s.fieldsOf(line, start) {
				c, ok := fits(f.Name, prefix, names, dist)
				if !ok || f.Value == "" || len(f.Value) > 127 {
					continue
				}
				if dist == 0 {
					away := a.at - start - f.At
					if away < 0 {
						away = 8 - away
					}
					c += min(away/8, 200)
					if a.form != pair && apart(line, f.At, a.at-start) {
						if a.near {
							continue
						}
						c += 400
					}
				} else {
					c += dist*3 + (1+dir)/2 + 30
				}
				if c < cost {
					best, cost = f.Value, c
				}
			}
		}
	}
	return best
}

// indent counts the blanks that a line begins with.
func indent(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " \t")) }

// wordBefore returns the word behind one of the names on the line that off
// stands in: user "al" password "x", --user al --password x.
func (s *scanner) wordBefore(off int, names []string, prefix string) string {
	line, start := s.f.LineAround(off)
	words := split(line[:min(len(line), 1024)], start)
	found := ""
	for k := range len(words) - 1 {
		if words[k].Off >= off && found != "" {
			break
		}
		if _, ok := fits(setting.Normal(strings.Trim(words[k].Text, "\"';")), prefix, names, 0); ok && !strings.HasSuffix(words[k].Text, "=") {
			found = strings.Trim(s.resolve(words[k+1]).Text, "\"';,")
		}
	}
	return found
}

// spaceOf is the name space that a name in a key-value store begins with.
func spaceOf(line []byte) string {
	name, _, _ := bytes.Cut(line[:min(len(line), 64)], []byte("="))
	return string(name[:max(0, bytes.IndexByte(name, '.'))])
}

// fits says whether a name is one of names, and how well its beginning agrees
// with that of the secret's name: "ftpuser" belongs to "ftppass".
func fits(key, prefix string, names []string, dist int) (cost int, ok bool) {
	if slices.Contains(names, key) {
		switch key {
		case "name", "uid", "clientid", "account", "login":
			if dist > 2 {
				return 0, false
			}
			cost = 20
		}
		if prefix != "" {
			cost++
		}
		return cost, true
	}
	key = strings.TrimRight(key, "0123456789")
	if own, ok := strings.CutSuffix(key, "name"); ok && own != "" && own == prefix && slices.Contains(names, "name") {
		return 0, true
	}
	for _, n := range names {
		if len(n) < 4 || n == "name" || n == "login" || n == "account" || !strings.HasSuffix(key, n) {
			continue
		}
		switch own := strings.TrimSuffix(key, n); {
		case own == prefix:
			return 0, true
		case prefix == "":
			return 9, true
		case strings.HasPrefix(own, prefix) || strings.HasPrefix(prefix, own):
			return 1, true
		}
		return 0, false
	}
	return 0, false
}

// prefixOf is what a name has before the part that makes it a secret.
func prefixOf(n string) string {
	n = strings.TrimRight(n, "0123456789")
	for l := len(n); l >= 3; l-- {
		if _, ok := endings[n[len(n)-l:]]; ok {
			if rest := n[:len(n)-l]; rest != "" {
				return rest
			}
			// "authpass" is a name of its own: take the shortest ending.
		}
	}
	for _, e := range []string{"password", "passwd", "passphrase", "pass", "pwd", "secret", "psk", "key", "pw", "pin"} {
		if strings.HasSuffix(n, e) {
			return strings.TrimSuffix(n, e)
		}
	}
	return ""
}

// apart says that an object's or an element's border stands between two places
// of a line.
func apart(line []byte, i, j int) bool {
	if i > j {
		i, j = j, i
	}
	i, j = max(i, 0), min(j, len(line))
	if i >= j {
		return false
	}
	between := line[i:j]
	return bytes.ContainsAny(between, "{}") || bytes.Contains(between, []byte("/>")) || bytes.Contains(between, []byte("<User "))
}

// lineAt returns the line n lines from the one that holds off; not beyond a
// section's border. In a binary a line is a printable run.
func (s *scanner) lineAt(off, n int) (line []byte, start int, ok bool) {
	line, start = s.f.LineAround(off)
	for ; n < 0; n++ {
		if head(line) {
			return nil, 0, false
		}
		if line, start, ok = s.lineBefore(start); !ok {
			return nil, 0, false
		}
	}
	for ; n > 0; n-- {
		if line, start, ok = s.lineBehind(start + len(line)); !ok || head(line) {
			return nil, 0, false
		}
	}
	return line, start, true
}

func (s *scanner) lineBefore(start int) (line []byte, at int, ok bool) {
	if start == 0 {
		return nil, 0, false
	}
	at = start - 1
	if s.f.Kind != inspect.Text {
		for at > 0 && start-at < 8 && s.f.Data[at] < 0x20 {
			at--
		}
	}
	line, at = s.f.LineAround(at)
	return line, at, true
}

func (s *scanner) lineBehind(end int) (line []byte, at int, ok bool) {
	d := s.f.Data
	if s.f.Kind != inspect.Text {
		for at = end; at < len(d) && at-end < 8 && d[at] < 0x20; at++ {
		}
	} else {
		i := bytes.IndexByte(d[end:], '\n')
		if i < 0 {
			return nil, 0, false
		}
		at = end + i + 1
	}
	if at >= len(d) {
		return nil, 0, false
	}
	line, at = s.f.LineAround(at)
	return line, at, true
}

// head says that a section begins or ends at this line.
func head(line []byte) bool {
	t := bytes.TrimSpace(line)
	switch {
	case len(t) > 2 && t[0] == '[' && t[len(t)-1] == ']':
		return true
	case len(t) > 0 && t[len(t)-1] == '{' && bytes.IndexByte(t, '"') < 0:
		return true
	case len(t) <= 2 && len(t) > 0 && t[0] == '}':
		return true
	case bytes.HasPrefix(t, []byte("- ")): // the first line of an item
		return true
	}
	return bytes.HasPrefix(t, []byte("config ")) || bytes.HasPrefix(t, []byte("account "))
}
