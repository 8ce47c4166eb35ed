package exchange

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxID = 64 // as product.Load has it

// idFrom makes an id of a name: letters, digits, '.', '_' and '-', a letter or
// digit first, at most 64; "" where nothing is left.
func idFrom(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '.', r == '_', r == '-':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() > maxID {
			break
		}
	}
	id := strings.TrimLeft(b.String(), "._-")
	return strings.TrimRight(id[:min(len(id), maxID)], "-")
}

func validID(s string) bool {
	if s == "" || len(s) > maxID || strings.IndexByte("._-", s[0]) >= 0 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '.' && r != '_' && r != '-'
	}) < 0
}

// named is an entry of the foreign model that needs an id of ours.
type named struct {
	id, name string // as it is written there
	kind     string // what to call it where neither gives an id
}

// allot gives each entry an id. What is an id already keeps it; the others get
// one made of their id or name, with a number behind it where that is taken.
// Equal input gives equal ids, and no two entries get the same one, but for
// entries that are the same id, which the caller must have removed.
func allot(entries []named, reserved ...string) []string {
	taken := map[string]bool{}
	for _, r := range reserved {
		taken[r] = true
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		if validID(e.id) && !taken[e.id] {
			out[i], taken[e.id] = e.id, true
		}
	}
	next := map[string]int{}
	for i, e := range entries {
		if out[i] != "" {
			continue
		}
		base := idFrom(e.id)
		if base == "" {
			base = idFrom(e.name)
		}
		if base == "" {
			base = e.kind
		}
		id := base
		for taken[id] {
			next[base] = max(next[base], 1) + 1
			end := "-" + strconv.Itoa(next[base])
			id = base[:min(len(base), maxID-len(end))] + end
		}
		out[i], taken[id] = id, true
	}
	return out
}

// clean takes out what product.Load refuses in a text: control characters and
// direction overrides (Unicode TR 36), and blanks around it.
func clean(s string) (text string, hidden bool) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	out := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == utf8.RuneError, unicode.IsControl(r):
			hidden = true
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(out), hidden
}
