package firmware

import (
	"cmp"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/collect/firmware/inspect/system"
	"assay/internal/pattern"
)

// Texts that are shown beside findings are excerpts of the image: a start-up
// line holds the password that a program is given. Excerpts show what is known
// to be none (see excerpt); and every text of the result loses every secret that
// was found anywhere in the image, those that were guessed too.

// option is the value of an option that is named like a secret:
// "--password X", "-psk=X", "-u name:X".
var option = pattern.New(`(?i)((?:^|\s)--?[a-z0-9_-]*(?:pass|pwd|secret|token|psk|passphrase|credential|apikey|auth-key|authkey|privkey|enckey)[a-z0-9_-]*(?:=|\s+)|(?:^|\s)--?key(?:=|\s+)|(?:^|\s)(?:-u|--user)(?:=|\s+)[^\s:=]+:)("[^"]*"|'[^']*'|[^\s"']+)`)

// keyFile is the name of a file that holds a key.
var keyFile = pattern.New(`^["']?[\w./$-]*\.(?:pem|key|der|crt|pub)["']?$`)

// short are options of one letter that take a password or a key, each with its
// programs: dropbear's -p and mosquitto_pub's -p are ports.
var short = []*pattern.Pattern{
	letter(`mosquitto_\w+`, `-P\s*`),
	letter(`sshpass|ncftp\w*`, `-p\s*`),
	letter(`dropbear`, `-Y\s*`),
	letter(`mysql\w*|mariadb\w*`, `-p`),
	letter(`openssl`, `-[Kk]\s+`),
}

// letter matches an option behind one of the programs, in the same command.
func letter(programs, option string) *pattern.Pattern {
	return pattern.New(`((?:^|[\s/;|&"'])(?:` + programs + `)\b[^;|&\n]*?\s` + option + `)("[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`)
}

// excerpts masks the lines of the image that findings quote.
func (g *Gather) excerpts() {
	r := &g.r
	for i := range r.Starts {
		s := &r.Starts[i]
		known := named(s.Name, path.Base(s.Program))
		s.Text = excerpt(s.Text, known)
		s.Args = arguments(s.Args, known)
	}
	for i := range r.Weaknesses {
		w := &r.Weaknesses[i]
		if w.Kind == system.SNMPCommunity { // it may be about the community
			w.Name = operand(w.Name, set("rocommunity rwcommunity rocommunity6 rwcommunity6 com2sec com2sec6 community"))
			w.Text = excerpt(w.Text, nil)
			continue
		}
		w.Text = excerpt(w.Text, named(w.Name))
	}
	for i := range r.Updates {
		u := &r.Updates[i]
		u.Text = excerpt(u.Text, nil)
		if strings.Contains(u.URL, "://") {
			u.URL = address(u.URL)
		}
	}
	for i := range r.Hosts {
		if u := &r.Hosts[i]; strings.Contains(u.Text, "://") {
			u.Text = excerpt(u.Text, nil)
		}
	}
}

// named are the words of a finding's name that may be shown where its line
// repeats them.
func named(names ...string) map[string]bool {
	m := make(map[string]bool)
	for _, n := range names {
		for _, w := range strings.Fields(n) {
			if likely(w) {
				m[w] = true
			}
		}
	}
	return m
}

// arguments masks those of a program: each is a word, whatever it holds.
func arguments(args []string, known map[string]bool) []string {
	line := options(" " + strings.Join(args, "\x00 "))
	if out := strings.Split(strings.TrimPrefix(line, " "), "\x00 "); len(out) == len(args) {
		args = out
	}
	for i, a := range args {
		s := shower{in: a, known: known}
		if i > 0 && strings.HasPrefix(args[i-1], "-") {
			s.secret = !strings.Contains(args[i-1], "=") && (secretName.MatchString(strings.TrimLeft(args[i-1], "-")) || args[i-1] == "--header")
		}
		switch {
		case s.secret && !strings.HasPrefix(a, "-"):
			if !harmless(a) {
				args[i] = redacted
			}
			continue
		case headerForm.MatchString(a):
			args[i], _, _ = strings.Cut(a, ":")
			args[i] += ": " + redacted
			continue
		case strings.ContainsAny(a, " \t") && i > 0 && args[i-1] == "-c":
			s.command, s.start = true, true
		}
		s.secret = false
		for s.at < len(s.in) {
			s.next()
		}
		args[i] = s.out.String()
	}
	return args
}

// shortest is the length from which a value is looked for inside of words too:
// a shorter one stands in too many.
const shortest = 6

// values are secrets that texts must not repeat.
type values struct {
	long     *strings.Replacer // anywhere
	distinct *strings.Replacer // those that are no plain word either
	short    map[string]bool   // as a word of its own
}

func valuesOf(list []string) values {
	var long []string
	v := values{short: make(map[string]bool)}
	for _, s := range list {
		switch word := strings.IndexFunc(s, notWord) < 0; {
		case s == "" || words[strings.ToLower(s)] || accounts[s] || s == redacted:
		case len(s) >= shortest && !numberForm.MatchString(s) || !word && len(s) > 3:
			long = append(long, s)
		case word && len(s) > 1:
			v.short[s] = true
		}
	}
	// The longest first: one value may begin like another.
	slices.SortFunc(long, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var all, distinct []string
	for _, s := range slices.Compact(long) {
		all = append(all, s, redacted)
		if len(s) >= 8 && strings.ContainsAny(s, "0123456789") && strings.IndexFunc(s, unicode.IsLetter) >= 0 && strings.IndexFunc(s, unicode.IsSpace) < 0 && !strings.ContainsAny(s, "./") {
			distinct = append(distinct, s, redacted)
		}
	}
	v.long, v.distinct = strings.NewReplacer(all...), strings.NewReplacer(distinct...)
	return v
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }

// mask takes the values out of a text.
func (v values) mask(text string) string {
	if text == "" {
		return text
	}
	text = v.long.Replace(text)
	if len(v.short) == 0 {
		return text
	}
	var out strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, notWord)
		switch {
		case n < 0:
			n = len(text)
		case n == 0:
			for n = 1; n < len(text) && !wordy(text[n]); n++ {
			}
			out.WriteString(text[:n])
			text = text[n:]
			continue
		}
		if w := text[:n]; v.short[w] {
			out.WriteString(redacted)
		} else {
			out.WriteString(w)
		}
		text = text[n:]
	}
	return out.String()
}

// wordy says that a character that belongs to a word may begin here.
func wordy(c byte) bool { return c >= 0x80 || !notWord(rune(c)) }

// decision is what is done with a field of the result.
type decision int

const (
	masked   decision = iota // a text: it loses every value
	identity                 // a name: it loses values that are no plain word
	shown                    // it stays: a place, a key, a digest, the secret itself
)

// decisions are about the fields that aren't masked as a text is.
var decisions = fields(map[decision]string{
	shown: `unpack.Image.Status unpack.Part.Path unpack.Part.Format format.Guard.Kind format.Guard.State unpack.Volume.Within unpack.Volume.Format
 firmware.Entry.Path firmware.Entry.Type firmware.Entry.SHA256 firmware.Entry.Target inspect.Where.Path
 secret.Hit.Kind secret.Hit.Value secret.Hit.Clear secret.Hit.Scheme secret.Hit.Algorithm secret.Hit.Format secret.Hit.SPKI secret.Hit.Known
 host.Use.Scheme host.Use.Class host.Use.Evidence startup.Start.Kind startup.Start.Login startup.Start.By startup.Start.Boot
 inspect.Weakness.Kind system.Update.Mechanism system.Update.Scheme system.Update.Signature system.Update.Rollback system.Update.Key
 firmware.Mode.Path firmware.Mode.Kind cert.Certificate.Serial cert.Certificate.Algorithm cert.Certificate.Signature cert.Certificate.SHA256 cert.Certificate.SPKI cert.Certificate.Problems cert.Store.Path
 component.Component.Type component.Component.Sources component.Evidence.Path component.Evidence.Rule component.Evidence.Source
 component.Package.Database component.Package.Type component.Package.Path component.Package.Files component.Unattributed.Path component.System.Path
 binary.Record.Arch binary.Record.Type binary.Record.RELRO binary.Record.Unsafe binary.Record.Commands binary.Constant.Name format.Guard.Scheme
 apk.App.Path apk.App.Manifest apk.App.Config apk.App.Platform apk.App.Schemes apk.Signer.SHA256 apk.Signer.Schemes apk.Part.Kind apk.App.AllowBackup apk.App.Cleartext apk.App.WebView apk.App.Archive apk.File.Path
 firmware.Seen.Encoding firmware.Gap.Path firmware.Gap.Why`,
	identity: `secret.Hit.User firmware.Secret.Used host.Use.Host startup.Start.Name startup.Start.Program startup.Start.Address inspect.Weakness.Name
 component.Component.Name component.Component.Version component.Component.Full component.Component.Range component.Component.PURL component.Component.CPE component.Component.Licence component.Component.Supplier component.Component.Homepage
 component.Package.Name component.Package.Version component.Package.Arch component.Package.Origin component.Package.Licence
 component.Unattributed.Soname component.Unattributed.Needed component.System.ID component.System.Name component.System.Version
 firmware.Version.Value firmware.Seen.Name cert.Certificate.DNSNames cert.Certificate.IPs apk.App.Package apk.App.Version apk.App.Code apk.App.Permissions apk.Part.Name apk.Part.Permission
 apk.App.Named format.System.Name format.System.Version`,
})

func fields(lists map[decision]string) map[string]decision {
	m := make(map[string]decision)
	for d, names := range lists {
		for _, n := range strings.Fields(names) {
			m[n] = d
		}
	}
	return m
}

// mask takes secrets out of every text of the result.
func (g *Gather) mask() {
	var list []string
	for _, s := range g.r.Secrets {
		if s.Kind != secret.UID0Account && s.Kind != secret.AuthorizedKey && s.Kind.Secret() {
			for _, v := range []string{s.Value, s.Clear} {
				if len(v) <= 4096 { // no text is longer
					list = append(list, v)
				}
			}
		}
	}
	v := valuesOf(list)
	walk(reflect.ValueOf(&g.r).Elem(), "", func(field string, s string) string {
		switch decisions[field] {
		case shown:
			return s
		case identity:
			return v.distinct.Replace(s)
		}
		return v.mask(s)
	})
}

// walk calls text for each string in v, with the type and the name of the field
// that holds it.
func walk(v reflect.Value, field string, text func(field, s string) string) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			if t := text(field, s); t != s {
				v.SetString(t)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), field, text)
		}
	case reflect.Slice, reflect.Array:
		if leaf(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), field, text)
		}
	case reflect.Struct:
		if leaf(v.Type()) {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				walk(v.Field(i), v.Type().String()+"."+f.Name, text)
			}
		}
	}
}

// leaf says that a type holds no texts.
func leaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Struct:
		return t == reflect.TypeFor[time.Time]()
	}
	return true
}

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
