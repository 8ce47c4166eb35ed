package firmware

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect/secret"
)

// Texts that are shown beside findings are excerpts of the image: a start-up
// line holds the password that a program is given. The child masks what it
// found in the same file; here every text loses every secret of the image, and
// the values of options that are named like one, found or not.

// shortest is the shortest value that is looked for: "abc" stands everywhere.
const shortest = 4

// option is the value of an option that is named like a secret:
// "--password X", "-psk=X", "-u name:X".
var option = regexp.MustCompile(`(?i)((?:^|\s)--?[a-z0-9_-]*(?:pass|pwd|secret|token|psk|passphrase|credential|apikey|auth-key|authkey|privkey|enckey)[a-z0-9_-]*(?:=|\s+)|(?:^|\s)--?key(?:=|\s+)|(?:^|\s)(?:-u|--user)(?:=|\s+)[^\s:=]+:)("[^"]*"|'[^']*'|[^\s"']+)`)

// keyFile is the name of a file that holds a key.
var keyFile = regexp.MustCompile(`^["']?[\w./$-]*\.(?:pem|key|der|crt|pub)["']?$`)

// short are options of one letter that take a password or a key, each with its
// programs: dropbear's -p and mosquitto_pub's -p are ports.
var short = []*regexp.Regexp{
	letter(`mosquitto_\w+`, `-P\s*`),
	letter(`sshpass|ncftp\w*`, `-p\s*`),
	letter(`dropbear`, `-Y\s*`),
	letter(`mysql\w*|mariadb\w*`, `-p`),
	letter(`openssl`, `-[Kk]\s+`),
}

// letter matches an option behind one of the programs, in the same command.
func letter(programs, option string) *regexp.Regexp {
	return regexp.MustCompile(`((?:^|[\s/;|&"'])(?:` + programs + `)\b[^;|&\n]*?\s` + option + `)("[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`)
}

// mask takes secrets out of every text of the result.
func (g *Gather) mask() {
	r := &g.r
	var values []string
	for _, s := range r.Secrets {
		if s.Kind == secret.UID0Account || s.Kind == secret.AuthorizedKey || !s.Kind.Secret() {
			continue
		}
		for _, v := range []string{s.Value, s.Clear} {
			if len(v) >= shortest && len(v) <= 4096 && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 2000 {
			break
		}
	}
	// The longest first: one value may begin like another.
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var pairs []string
	for _, v := range values {
		pairs = append(pairs, v, redacted)
	}
	all := strings.NewReplacer(pairs...)
	text := func(p *string) {
		if *p != "" {
			*p = options(all.Replace(*p))
		}
	}
	for i := range r.Starts {
		s := &r.Starts[i]
		text(&s.Text)
		for j := range s.Args {
			text(&s.Args[j])
			if j > 0 && option.MatchString(" "+s.Args[j-1]+" x") && !strings.HasPrefix(s.Args[j], "-") {
				s.Args[j] = redacted
			}
		}
	}
	for i := range r.Weaknesses {
		text(&r.Weaknesses[i].Text)
	}
	for i := range r.Updates {
		text(&r.Updates[i].Text)
		text(&r.Updates[i].URL)
	}
	for i := range r.Hosts {
		text(&r.Hosts[i].Text)
		text(&r.Hosts[i].Key)
	}
	for i := range r.Parts {
		text(&r.Parts[i].Note)
		text(&r.Parts[i].Name)
	}
	for i := range r.Gaps {
		text(&r.Gaps[i].Detail)
	}
	for i := range r.Certs {
		text(&r.Certs[i].Subject)
	}
	for i := range r.Binaries {
		for j := range r.Binaries[i].Traces {
			text(&r.Binaries[i].Traces[j].Text)
		}
	}
	for i := range r.Software.Components {
		for j := range r.Software.Components[i].Evidence {
			text(&r.Software.Components[i].Evidence[j].Text)
		}
	}
	for i := range r.Software.Unknown {
		for j := range r.Software.Unknown[i].Evidence {
			text(&r.Software.Unknown[i].Evidence[j].Text)
		}
	}
	if r.Version != nil {
		text(&r.Version.Value)
	}
}

const redacted = "[redacted]"

// options takes the values of options out of a line.
func options(line string) string {
	line = option.ReplaceAllStringFunc(line, func(s string) string {
		m := option.FindStringSubmatch(s)
		if keyFile.MatchString(m[2]) && strings.Contains(m[1], "key") {
			return s // the name of a file is no secret
		}
		return m[1] + redacted
	})
	for _, s := range short {
		line = s.ReplaceAllString(line, "${1}"+redacted)
	}
	return line
}
