package startup

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// span is a piece of a script that isn't reached.
type span struct{ from, to int }

var (
	// [ "$BUILD" = debug ], as it stands.
	constantTest = pattern.New(`^(?:\[\[?|test)\s+["']?x?\$\{?([A-Za-z_]\w*)\}?["']?\s+(={1,2}|!=|-eq|-ne)\s+["']?x?([\w.-]*)["']?(?:\s+\]\]?)?\s*$`)
	// What gives a variable a value that the script doesn't hold.
	setsElse = pattern.New(`(?m)(?:^|[\s;&|])(?:eval|getopts)\s`)
	plain    = pattern.New(`^["']?([\w.-]*)["']?[ \t]*(?:[;#\r\n]|$)`)
)

// maxTests bounds the tests of a script that are looked at.
const maxTests = 64

// unreached finds the branches of a script that a constant of the same script keeps
// it out of: BUILD=release; [ "$BUILD" = debug ] && telnetd. A variable that is
// set twice, or by anything but a text, is no constant.
func unreached(data []byte, commands []sh.Command) []span {
	var out []span
	tests := 0
	for _, c := range commands {
		if a := c.Arg(0); a != "[" && a != "[[" && a != "test" {
			continue
		}
		if tests++; tests > maxTests || c.Off > c.End || c.End > len(data) || c.End-c.Off > 256 {
			continue
		}
		m := constantTest.FindSubmatch(data[c.Off:c.End])
		if m == nil {
			continue
		}
		value, ok := constant(data, string(m[1]), c.Off, commands)
		if !ok {
			continue
		}
		holds := value == string(m[3])
		if m[2][0] == '-' { // 01 is 1
			a, err1 := strconv.Atoi(value)
			b, err2 := strconv.Atoi(string(m[3]))
			if err1 != nil || err2 != nil {
				continue
			}
			holds = a == b
		}
		if m[2][0] == '!' || string(m[2]) == "-ne" {
			holds = !holds
		}
		out = append(out, branch(data, c, holds)...)
	}
	return out
}

// constant is the text that a script gives a variable once and for all, before
// off.
func constant(data []byte, name string, off int, commands []sh.Command) (string, bool) {
	at := -1
	for i := 0; ; {
		j := bytes.Index(data[i:], []byte(name+"="))
		if j < 0 {
			break
		}
		j += i
		i = j + len(name) + 1
		if j > 0 && word(data[j-1]) || i < len(data) && data[i] == '=' {
			continue
		}
		if at >= 0 {
			return "", false
		}
		at = j
	}
	if at < 0 || at > off || setsElse.Match(data) {
		return "", false
	}
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	switch strings.TrimSpace(string(data[start:at])) {
	case "", "export", "readonly":
	default:
		return "", false
	}
	if at > start && (data[start] == ' ' || data[start] == '\t') { // of a function, or of a branch
		return "", false
	}
	for _, c := range commands {
		switch c.Arg(0) {
		case ".", "source":
			if c.Off > at && c.Off < off {
				return "", false
			}
		case "read", "unset", "local":
			if slices.ContainsFunc(c.Words[1:], func(w sh.Word) bool { return w.Text == name }) {
				return "", false
			}
		}
	}
	if bytes.Contains(data, []byte("for "+name+" ")) {
		return "", false
	}
	m := plain.FindSubmatch(data[at+len(name)+1 : min(len(data), at+len(name)+130)])
	if m == nil {
		return "", false
	}
	return string(m[1]), true
}

func word(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// branch is what isn't reached behind a test of which it is known whether it
// holds.
func branch(data []byte, c sh.Command, holds bool) []span {
	start := bytes.LastIndexByte(data[:c.Off], '\n') + 1
	before := strings.TrimSpace(string(data[start:c.Off]))
	rest := data[c.End:]
	trimmed := bytes.TrimLeft(rest, " \t])")
	at := c.End + len(rest) - len(trimmed)
	if before == "if" || strings.HasSuffix(before, " if") || before == "elif" || strings.HasSuffix(before, ";if") {
		return ifBranch(data, at, holds)
	}
	end := at
	if i := bytes.IndexByte(trimmed, '\n'); i >= 0 {
		end += i
	} else {
		end = len(data)
	}
	and, or := bytes.HasPrefix(trimmed, []byte("&&")), bytes.HasPrefix(trimmed, []byte("||"))
	if !and && !or || before != "" && !strings.HasSuffix(before, ";") {
		return nil
	}
	body := data[at+2 : end]
	runs := and == holds
	if runs {
		if f := bytes.Fields(body); before == "" && c.Off == start && len(f) > 0 && strings.TrimRight(string(f[0]), ";") == "exit" && !bytes.Contains(body, []byte("||")) {
			return []span{{end, len(data)}}
		}
		return nil
	}
	if t := bytes.TrimSpace(body); bytes.HasPrefix(t, []byte("{")) && !bytes.Contains(t, []byte("}")) {
		if i := bytes.Index(data[end:], []byte("\n}")); i >= 0 {
			return []span{{at, end + i}}
		}
		return nil
	}
	other := "||"
	if or {
		other = "&&"
	}
	if i := bytes.Index(body, []byte(other)); i >= 0 {
		end = at + 2 + i
	}
	return []span{{at, end}}
}

// ifBranch is the branch of an if whose test ends at off that isn't reached.
func ifBranch(data []byte, off int, holds bool) []span {
	i := bytes.Index(data[off:], []byte("then"))
	if i < 0 || i > 200 {
		return nil
	}
	between := strings.TrimSpace(strings.Trim(string(data[off:off+i]), " \t;\r\n"))
	if between != "" && (holds || strings.Contains(between, "||") || !strings.HasPrefix(between, "&&")) {
		return nil
	}
	from := off + i + len("then")
	depth, elseAt := 0, -1
	for at := from; at < len(data); {
		c := data[at]
		if c == '#' && (at == 0 || data[at-1] <= ' ' || data[at-1] == ';') {
			j := bytes.IndexByte(data[at:], '\n')
			if j < 0 {
				break
			}
			at += j
			continue
		}
		if c == '"' || c == '\'' {
			j := bytes.IndexByte(data[at+1:], c)
			if j < 0 {
				break
			}
			at += j + 2
			continue
		}
		if !word(c) {
			at++
			continue
		}
		end := at
		for end < len(data) && (word(data[end]) || data[end] == '.' || data[end] == '-' || data[end] == '/') {
			end++
		}
		first := commandPlace(data, at)
		switch w := string(data[at:end]); {
		case !first:
		case w == "if":
			depth++
		case w == "fi" && depth > 0:
			depth--
		case w == "fi":
			if !holds && elseAt < 0 {
				return []span{{from, at}}
			}
			if !holds {
				return []span{{from, elseAt}}
			}
			if elseAt >= 0 {
				return []span{{elseAt, at}}
			}
			return nil
		case (w == "else" || w == "elif") && depth == 0 && elseAt < 0:
			elseAt = at
		}
		at = end
	}
	return nil
}

// commandPlace says that a command, or a word of the shell's language, begins at
// at.
func commandPlace(data []byte, at int) bool {
	before := bytes.TrimRight(data[max(0, at-64):at], " \t")
	if len(before) == 0 || strings.IndexByte("\n;&|(){", before[len(before)-1]) >= 0 {
		return true
	}
	f := bytes.Fields(before)
	switch string(f[len(f)-1]) {
	case "then", "else", "do", "elif", "!":
		return true
	}
	return false
}

// within says that off lies in one of the spans.
func within(spans []span, off int) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.from <= off && off < s.to })
}
