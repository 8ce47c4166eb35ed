package system

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// maxBlock bounds how far a block reaches on either side of a setting.
const maxBlock = 4096

var (
	switchedOff = pattern.New(`(?im)(?:^|[\s{,<"';])(?:option\s+)?["']?(?:enabled?|active|switch|is_?enabled?)["']?\s*[>=: ]\s*["']?(?:0|no|false|off|disabled?)\b|(?:^|[\s{,<"';])(?:option\s+)?["']?(?:disabled?|is_?disabled?)["']?\s*[>=: ]\s*["']?(?:1|yes|true|on)\b`)
	switchedOn  = pattern.New(`(?im)(?:^|[\s{,<"';])(?:option\s+)?["']?(?:enabled?|active|switch|is_?enabled?)["']?\s*[>=: ]\s*["']?(?:1|yes|true|on|enabled?)\b`)
	accountName = pattern.New(`(?im)(?:^|[\s{,<"';])(?:option\s+)?["']?(?:\w*_)?(?:user|username|user_?name|name|login|account|uid|usr)["']?\s*[>=: ]\s*["']?[^\s"'<>,;{}]`)
	accountWord = pattern.New(`(?im)(?:^|[\s{,<"';])(?:option\s+)?["']?(?:\w*_)?(?:pass|passwd|password|pwd|pw|passwort|psw|hash|pass_?word|secret|token)["']?\s*[>=: ]\s*["']?[^\s"'<>,;{}]`)
	headers     = pattern.New(`(?m)^[ \t]*(?:\[[^\]\n]{1,80}\][ \t]*\r?$|config[ \t]+\w)`)
)

// block is what belongs together with the setting at off: the object of JSON,
// the section of other configurations, the lines of an element or of an item of
// a list. Nil: the file has none of these.
func (s *scanner) block(off int) []byte {
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	if off >= len(d) {
		return nil
	}
	switch t := bytes.TrimLeft(d[:min(len(d), 64)], " \t\r\n\ufeff"); {
	case len(t) == 0:
		return nil
	case t[0] == '{' || t[0] == '[' && list.Match(t):
		return object(d, off)
	case t[0] == '<':
		return element(d, off)
	}
	from, to := max(0, off-maxBlock), min(len(d), off+maxBlock)
	heads := headers.FindAllIndex(d[from:to], 256)
	start, end := -1, to
	for _, h := range heads {
		if at := from + h[0]; at <= off {
			start = at
		} else {
			end = at
			break
		}
	}
	if start >= 0 {
		return d[start:end]
	}
	return indented(d, off)
}

// object is the innermost object of JSON around off.
func object(d []byte, off int) []byte {
	from, to := -1, -1
	for i, depth := off-1, 0; i >= max(0, off-maxBlock); i-- {
		switch d[i] {
		case '}':
			depth++
		case '{':
			if depth--; depth < 0 {
				from = i
			}
		}
		if from >= 0 {
			break
		}
	}
	for i, depth := off, 0; i < min(len(d), off+maxBlock); i++ {
		switch d[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				to = i + 1
			}
		}
		if to >= 0 {
			break
		}
	}
	if from < 0 || to < 0 {
		return nil
	}
	return d[from:to]
}

// element is the line of off where it holds an element with all its attributes,
// else the lines of the same depth around it.
func element(d []byte, off int) []byte {
	from := bytes.LastIndexByte(d[:off], '\n') + 1
	to := len(d)
	if i := bytes.IndexByte(d[off:], '\n'); i >= 0 {
		to = off + i
	}
	if line := d[from:to]; bytes.Count(line, []byte("=")) > 1 || bytes.Count(line, []byte("</")) > 1 {
		return line
	}
	return indented(d, off)
}

// indented are the lines around off that are set in as far, and as an item of a
// list of YAML those up to the next one. A text whose lines aren't set in has none.
func indented(d []byte, off int) []byte {
	line := func(at int) (start, end, indent int) {
		start = bytes.LastIndexByte(d[:at], '\n') + 1
		end = len(d)
		if i := bytes.IndexByte(d[at:], '\n'); i >= 0 {
			end = at + i
		}
		text := d[start:end]
		return start, end, len(text) - len(bytes.TrimLeft(text, " \t-"))
	}
	item := func(start, end int) bool { return bytes.HasPrefix(bytes.TrimLeft(d[start:end], " \t"), []byte("- ")) }
	start, end, depth := line(off)
	if depth == 0 {
		return nil
	}
	from, to := start, end
	for from > 0 && from > off-maxBlock && !item(from, to) {
		a, b, indent := line(from - 1)
		if indent < depth || a == b {
			break
		}
		from = a
		if item(a, b) {
			break
		}
	}
	for to = end; to+1 < len(d) && to < off+maxBlock; {
		a, b, indent := line(to + 1)
		if indent < depth || item(a, b) {
			break
		}
		to = b
	}
	return d[from:to]
}

// asleep says that the block of a setting is one that is switched off.
func (s *scanner) asleep(off int) bool {
	b := s.block(off)
	return b != nil && switchedOff.Match(b)
}

var (
	concealKey = pattern.New(`(?:^|_)(?:hidden|hide|is_?hidden|invisible|undocumented|conceal(?:ed)?|hidden_?(?:user|account)|(?:user|account)_?hidden)$`)
	revealKey  = pattern.New(`(?:^|_)(?:visible|is_?visible|show(?:n|_?in_?(?:list|ui|web))?|display(?:ed)?|listed|(?:user|account)_?visible)$`)
	concealXML = pattern.New(`(?i)\s(?:hidden|hide|invisible|isHidden)="(?:1|true|yes|on)"|\s(?:visible|show|display|isVisible)="(?:0|false|no|off)"`)
)

// concealed looks for an account that has a password and that the list of
// accounts doesn't show.
func (s *scanner) concealed(line, key, value string, off int) {
	switch {
	case yes(value) && concealKey.MatchString(words(key)), no(value) && revealKey.MatchString(words(key)):
	case line[0] == '<' && (strings.Contains(line, "idden=") || strings.Contains(line, "hide=") || strings.Contains(line, "isible=") || strings.Contains(line, "show=") || strings.Contains(line, "display=")) && concealXML.MatchString(line):
	default:
		return
	}
	b := s.block(off)
	if b == nil || !accountName.Match(b) || !accountWord.Match(b) || bytes.Contains(bytes.ToLower(b), []byte("ssid")) || switchedOff.Match(b) {
		return
	}
	text := key + "=" + value
	if line[0] == '<' {
		text = strings.TrimSpace(concealXML.FindString(line))
	}
	s.add(off, inspect.Weakness{Kind: HiddenAccess, Name: "account", Text: text})
}
