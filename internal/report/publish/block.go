package publish

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"assay/internal/pattern"
)

// block is statements that are shown together: one paragraph, the entries of
// a list, the rows of a table.
type block struct {
	Form       string
	Columns    []string
	Statements []Statement
}

func (p Part) blocks() []block {
	var out []block
	for _, s := range p.Statements {
		last := len(out) - 1
		if last >= 0 && s.Form != Plain && out[last].Form == s.Form && slices.Equal(out[last].Columns, s.Columns) {
			out[last].Statements = append(out[last].Statements, s)
			continue
		}
		out = append(out, block{s.Form, s.Columns, []Statement{s}})
	}
	return out
}

// Notes is what stands beneath a table: the verdicts and places of law behind
// its rows, each once. nil where there are none.
func (b block) Notes() *Statement {
	out := &Statement{}
	for _, s := range b.Statements {
		for _, v := range s.Verdicts {
			if !slices.Contains(out.Verdicts, v) {
				out.Verdicts = append(out.Verdicts, v)
			}
		}
		for _, r := range s.Refs {
			if !slices.Contains(out.Refs, r) {
				out.Refs = append(out.Refs, r)
			}
		}
	}
	if len(out.Verdicts)+len(out.Refs) == 0 {
		return nil
	}
	return out
}

var (
	telShape = pattern.New(`^\+?[0-9][0-9 ().-]{4,24}[0-9]$`)
	webShape = pattern.New(`^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$`)
	telURI   = pattern.New(`^tel:\+?[0-9-]{6,24}$`)
)

// address gives an e-mail address, an https page or a telephone number as a
// URI; "" for anything else.
func address(s string) string {
	s = strings.TrimSpace(s)
	bare, isMail := strings.CutPrefix(s, "mailto:")
	switch {
	case len(s) > 500:
		return ""
	case webShape.MatchString(s):
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return ""
		}
		return s
	case telURI.MatchString(s):
		return s
	case !isMail && telShape.MatchString(s):
		return "tel:" + strings.NewReplacer(" ", "-", "(", "", ")", "", ".", "-").Replace(s)
	}
	if a, err := mail.ParseAddress(bare); err == nil && a.Address == bare && plainMail.MatchString(bare) {
		return "mailto:" + bare
	}
	return ""
}

var plainMail = pattern.New(`^[A-Za-z0-9.!#$%&'*+/=?^_{}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
