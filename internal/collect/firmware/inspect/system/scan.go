package system

import (
	"bytes"
	"cmp"
	"iter"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// Bounds of one file.
const (
	maxItems  = 1000
	maxLine   = 2048
	maxConfig = 1 << 20 // bytes of a configuration that are read line by line
	maxHits   = 20_000  // places of words that are looked at
	maxText   = 300
)

type scanner struct {
	f     *inspect.File
	rep   Report
	up    *Update // of the file as a whole
	full  bool
	taint map[string]bool // variables that hold what a request sent
}

// Scan looks at one file.
func Scan(f *inspect.File, hits []keyword.Hit) Report {
	s := &scanner{f: f}
	switch f.Role {
	case inspect.Program:
		s.program(hits)
	case inspect.Script:
		if f.Shell() {
			s.shell()
		} else {
			s.code(hits)
		}
	case inspect.Web:
		s.code(hits)
		s.forms()
	case inspect.Config:
		s.config()
	}
	if s.up != nil {
		s.rep.Updates = append(s.rep.Updates, *s.up)
	}
	slices.SortStableFunc(s.rep.Weaknesses, func(a, b inspect.Weakness) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Kind, b.Kind))
	})
	s.rep.Weaknesses = slices.Compact(s.rep.Weaknesses)
	return s.rep
}

func (s *scanner) add(off int, w inspect.Weakness) {
	if len(s.rep.Weaknesses) >= maxItems {
		if !s.full {
			s.full = true
			s.rep.Weaknesses = append(s.rep.Weaknesses, inspect.Weakness{Kind: Cut, Where: s.f.At(off), Text: "more weaknesses than are kept of one file"})
		}
		return
	}
	w.Where = s.f.At(off)
	w.Text = clip(w.Text)
	s.rep.Weaknesses = append(s.rep.Weaknesses, w)
}

// clip bounds a text; what stands before the @ of an address is left out: the
// secrets of a file are another inspector's to show.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		rest := s[i+3:]
		if at := strings.IndexByte(rest, '@'); at >= 0 && at <= 200 && !strings.ContainsAny(rest[:at], "/ \"'?") {
			s = s[:i+3] + "…" + rest[at:]
		}
	}
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

// update returns the update of the file as a whole, which begins at off.
func (s *scanner) update(off int, mechanism, text string) *Update {
	if s.up == nil {
		s.up = &Update{Where: s.f.At(off), Mechanism: mechanism, Signature: NotSeen, Rollback: NotSeen, Text: clip(text)}
	}
	return s.up
}

// eachLine calls fn for each line that is no comment, as it stands and as a key
// with a value: "key = value", "key: value", "option key 'value'", "key value",
// <key>value</key>. The key is in lower case. JSON is taken apart at its commas
// and braces, whatever its lines are. What stands behind the first megabyte of a
// text is no setting: logs and tables are that long.
func (s *scanner) eachLine(fn func(line, key, value string, off int)) {
	data := s.f.Data[:min(len(s.f.Data), maxConfig)]
	lines := bytes.Lines
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '[' && bytes.IndexByte(t[:min(len(t), 512)], '{') > 0) {
		lines = members
	}
	off := 0
	for l := range lines(data) {
		start := off
		off += len(l)
		t := bytes.TrimLeft(l, " \t{[")
		if len(t) < len(l) && !bytes.HasPrefix(bytes.TrimLeft(l, " \t"), []byte("{")) {
			t = bytes.TrimLeft(l, " \t") // a section's bracket belongs to the line
		}
		indent := len(l) - len(t)
		t = bytes.TrimRight(t, " \t\r\n")
		if len(t) == 0 || len(t) > maxLine || t[0] == '#' || t[0] == ';' || t[0] == '!' || bytes.HasPrefix(t, []byte("//")) {
			continue
		}
		line := string(t)
		key, value := split(line)
		fn(line, key, value, start+indent)
		if s.full {
			return
		}
	}
}

// members goes over the pieces of JSON between commas and braces.
func members(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start, quoted := 0, false
		for i := 0; i < len(data); i++ {
			c := data[i]
			switch {
			case quoted && c == '\\':
				i++
				continue
			case c == '"':
				quoted = !quoted
				continue
			case c == '\n':
				quoted = false
			case quoted || c != ',' && c != '{' && c != '}' && c != '[' && c != ']':
				continue
			}
			if !yield(data[start : i+1]) {
				return
			}
			start = i + 1
		}
		if start < len(data) {
			yield(data[start:])
		}
	}
}

// split takes a line apart.
func split(line string) (key, value string) {
	for _, word := range []string{"option ", "list ", "set ", "<"} {
		if rest, ok := strings.CutPrefix(line, word); ok {
			line = strings.TrimLeft(rest, " \t")
		}
	}
	i := strings.IndexAny(line, "=: \t>")
	if i < 0 {
		return strings.ToLower(strings.Trim(line, `"';,`)), ""
	}
	key = line[:i]
	value = strings.TrimLeft(line[i:], " \t")
	if value != "" && strings.IndexByte("=:>", value[0]) >= 0 {
		value = strings.TrimLeft(value[1:], "> \t") // also "=>"
	}
	if j := strings.Index(value, "</"); j >= 0 {
		value = value[:j]
	}
	// A comment behind it.
	for _, mark := range []string{" #", "\t#", " ;"} {
		if j := strings.Index(value, mark); j >= 0 && !strings.ContainsAny(value[:j], `"'`) {
			value = value[:j]
		}
	}
	return strings.ToLower(strings.Trim(key, `"'`)), strings.Trim(strings.TrimSpace(value), `"',;{}[]`)
}

func yes(v string) bool {
	switch strings.ToLower(v) {
	case "yes", "true", "1", "on", "enable", "enabled":
		return true
	}
	return false
}

func no(v string) bool {
	switch strings.ToLower(v) {
	case "no", "false", "0", "off", "disable", "disabled":
		return true
	}
	return false
}

// source are texts that are compiled or that an editor reads: no settings of the
// device.
var source = map[string]bool{".h": true, ".hpp": true, ".c": true, ".cc": true, ".cpp": true, ".td": true, ".go": true, ".rs": true, ".java": true, ".vim": true, ".el": true, ".tmac": true, ".hwdb": true, ".csv": true, ".s": true, ".map": true, ".csh": true, ".zsh": true, ".m4": true, ".cmake": true, ".pc": true, ".la": true, ".dts": true, ".svg": true, ".ps": true, ".tex": true, ".log": true}

// config reads a configuration: by the program that it is for, and what says
// the same in all of them.
func (s *scanner) config() {
	p := s.f.Path
	base := strings.ToLower(path.Base(p))
	if strings.Contains(p, "/.git/") || strings.Contains(p, ".dist-info/") || strings.Contains(p, ".egg-info/") || strings.HasPrefix(p, "/usr/include/") || library(p) || source[path.Ext(base)] {
		return
	}
	in := func(part string) bool { return strings.Contains(p, part) }
	switch {
	case strings.HasPrefix(base, "sshd_config") || in("/sshd_config.d/"):
		s.sshd()
	case base == "dropbear" && in("/config/"):
		s.uciDropbear()
	case base == "dropbear" && in("/default/"):
		s.dropbearDefaults()
	case strings.HasPrefix(base, "snmpd") && strings.HasSuffix(base, ".conf"), base == "snmpd" && in("/config/"):
		s.eachLine(s.snmp)
	case base == "sudoers" || in("/sudoers.d/"):
		s.eachLine(s.sudoers)
	case base == "smb.conf" || base == "ksmbd.conf":
		s.eachLine(s.samba)
	case strings.Contains(base, "vsftpd") || strings.Contains(base, "proftpd"):
		s.eachLine(s.ftp)
	case strings.HasPrefix(base, "hostapd") || strings.HasPrefix(base, "wpa_supplicant") || base == "wireless" && in("/config/") || base == "rt2860.dat":
		s.wifi()
	case strings.HasSuffix(base, ".prop"):
		s.eachLine(s.property)
	case s.updater(base):
		return // it says all that there is to say of such a file
	}
	s.services()
}
