package secret

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

// How a file that is named as one with a credential holds it.
const (
	oneWord   = "word"    // nothing but it
	twoLines  = "login"   // an account, and below it the password
	pairLines = "pairs"   // lines account:password
	nameLines = "names"   // lines name=value
	options   = "options" // the options of mosquitto_pub, one a line
)

// naming are options whose value is the name of such a file, by their programs.
var naming = map[string]map[string]string{
	"openvpn":       {"--auth-user-pass": twoLines, "--askpass": oneWord, "--http-proxy-user-pass": twoLines},
	"sshpass":       {"-f": oneWord},
	"rsync":         {"--password-file": oneWord},
	"ldapsearch":    {"-y": oneWord},
	"ldapmodify":    {"-y": oneWord},
	"gpg":           {"--passphrase-file": oneWord},
	"x11vnc":        {"-passwdfile": oneWord},
	"cryptsetup":    {"--key-file": oneWord, "-d": oneWord},
	"smbclient":     {"-A": nameLines, "--authentication-file": nameLines},
	"mosquitto_pub": {"-o": options},
	"mosquitto_sub": {"-o": options},
	"restic":        {"-p": oneWord, "--password-file": oneWord},
}

var (
	// namingKey is a setting that names a file.
	namingKey = pattern.New(`(?im)^[^#;\n]*?(?:\b|_)(auth-user-pass|askpass|pass(?:word|wd|phrase)?[_-]?file|credentials?(?:[_-]?file)?|secret[_-]?file|token[_-]?file|psk[_-]?file|LoadCredential)["']?(?:\s*[:=]\s*|\s+)["']?(?:([\w.-]+):)?(/[^\s"',;:]{2,200})`)
	// printed is what another program prints of a file.
	printed   = pattern.New("^(?:\\$\\(|`)\\s*(?:cat\\s+|<\\s*)(/[\\w./-]{2,200})\\s*(?:\\)|`)$")
	printedTo = pattern.New("\\b(\\w+)=[\"']?(?:\\$\\(|`)\\s*(?:cat\\s+|<\\s*)(/[\\w./-]{2,200})\\s*(?:\\)|`)")
	evaluated = pattern.New(`(?im)^\s*passwordeval\s+["']?(?:cat|head -\w+)\s+(/[^\s"']{2,200})`)
)

// files returns the files that f names as ones that hold a credential.
func files(f *inspect.File, found []keyword.Hit) []Clue {
	if f.Kind != inspect.Text || f.Library() || f.Role != inspect.Config && f.Role != inspect.Script {
		return nil
	}
	var out []Clue
	add := func(off int, file, form string) {
		if strings.HasPrefix(file, "/") && !strings.ContainsAny(file, "$`*%") && len(out) < maxClues {
			out = append(out, Clue{Where: f.At(off), Holds: path.Clean(file), Form: form})
		}
	}
	commands := f.Commands()
	for i, c := range commands {
		input := c.From
		if i > 0 && commands[i-1].Pipe == c.Pipe {
			if before := shell.Program(commands[i-1].Words); len(before) > 1 && path.Base(before[0].Text) == "cat" {
				input = append(input[:len(input):len(input)], before[1])
			}
		}
		for _, args := range shell.Layers(c.Words) {
			name := path.Base(args[0].Text)
			if len(input) > 0 {
				form := reads(name, shell.Options(name, args[1:]))
				for _, from := range input {
					if form != "" {
						add(from.Off, from.Text, form)
					}
				}
			}
			optionFiles(name, args[1:], add)
		}
	}
	done := -1
	for _, k := range found {
		if k.Word < 0 || k.Word >= len(words) || k.At <= done || !settingOfFile[words[k.Word]] {
			continue
		}
		line, start := f.LineAround(k.At)
		done = start + len(line)
		settingFiles(line, start, add)
	}
	return out
}

// reads is how a program takes a credential from its input, as its options say;
// empty: it takes none.
func reads(name string, l shell.Line) string {
	switch name {
	case "chpasswd":
		return pairLines
	case "kinit":
		if !l.Has("-k", "-t") { // those take it from a table
			return oneWord
		}
	case "cryptsetup":
		if file := l.Value("-d", "--key-file"); (file == "" || file == "-") && unlocks[l.Arg(0)] {
			return oneWord
		}
	case "smbpasswd":
		if l.Has("-s") {
			return oneWord
		}
	case "sudo":
		if l.Has("-S", "--stdin") {
			return oneWord
		}
	case "passwd":
		if l.Has("--stdin") {
			return oneWord
		}
	case "gpg", "gpg2":
		if l.Value("--passphrase-fd") == "0" {
			return oneWord
		}
	case "openssl":
		if l.Value("-pass") == "stdin" || l.Value("-passin") == "stdin" || l.Value("-passout") == "stdin" {
			return oneWord
		}
	case "docker", "podman":
		if l.Arg(0) == "secret" && l.Arg(1) == "create" && l.Arg(3) == "-" {
			return oneWord
		}
	}
	if l.Has("--password-stdin", "--passwd-on-stdin", "--with-token") {
		return oneWord
	}
	return ""
}

// unlocks are the actions of cryptsetup that ask for a passphrase.
var unlocks = map[string]bool{"open": true, "create": true, "plainOpen": true, "luksOpen": true, "luksFormat": true, "luksAddKey": true, "luksRemoveKey": true, "luksChangeKey": true, "luksResume": true, "tcryptOpen": true, "bitlkOpen": true, "reencrypt": true, "resize": true}

// settingOfFile are words in settings that name such a file.
var settingOfFile = map[string]bool{"pass": true, "secret": true, "token": true, "psk": true, "credential": true, "_pw": true, "pw=": true}

// optionFiles reads the options of a program.
func optionFiles(name string, words []shell.Word, add func(off int, file, form string)) {
	prints := slices.ContainsFunc(words, func(w shell.Word) bool {
		return strings.Contains(w.Text, "$(cat ") || strings.Contains(w.Text, "`cat ") || strings.Contains(w.Text, "$(<")
	})
	if naming[name] == nil && name != "openssl" && !strings.HasPrefix(name, "mount") && !prints {
		return
	}
	for _, o := range shell.Options(name, words).Options {
		v := o.Value
		switch form := naming[name][o.Name]; {
		case !o.Has:
		case form != "":
			add(v.Off, strings.TrimPrefix(strings.TrimPrefix(v.Text, "read:"), "rm:"), form)
		case name == "openssl" && strings.HasPrefix(o.Name, "-pass") && strings.HasPrefix(v.Text, "file:"):
			add(v.Off, v.Text[len("file:"):], oneWord)
		case strings.HasPrefix(name, "mount") && o.Name == "-o":
			for one := range strings.SplitSeq(v.Text, ",") {
				if key, file, _ := strings.Cut(one, "="); key == "credentials" || key == "cred" {
					add(v.Off, file, nameLines)
				}
			}
		default:
			if m := printed.FindStringSubmatch(v.Text); m != nil && givesSecret(name, o.Name) {
				add(v.Off, m[1], oneWord)
			}
		}
	}
}

// settingFiles reads the settings of a line.
func settingFiles(line []byte, start int, add func(off int, file, form string)) {
	if bytes.IndexByte(line, '/') < 0 || len(line) > 1024 {
		return
	}
	for _, m := range namingKey.FindAllSubmatchIndex(line, 4) {
		form := oneWord
		id, file := "", string(line[m[6]:m[7]])
		if m[4] >= 0 {
			id = string(line[m[4]:m[5]])
		}
		switch key := strings.ToLower(string(line[m[2]:m[3]])); {
		case key == "loadcredential": // systemd gives services all kinds of files so
			if !calledSecret(id) && !calledSecret(path.Base(file)) {
				continue
			}
		case key == "auth-user-pass":
			form = twoLines
		case strings.HasPrefix(key, "credential"):
			form = nameLines
		}
		add(start+m[6], file, form)
	}
	for _, m := range printedTo.FindAllSubmatchIndex(line, 4) {
		if bytes.IndexByte(line[:m[0]], '#') < 0 && calledSecret(string(line[m[2]:m[3]])) {
			add(start+m[4], string(line[m[4]:m[5]]), oneWord)
		}
	}
	for _, m := range evaluated.FindAllSubmatchIndex(line, 4) {
		add(start+m[2], string(line[m[2]:m[3]]), oneWord)
	}
}

// calledSecret says that the name of a setting, or that of a file with or without
// its extension, ends with a word for a secret.
func calledSecret(name string) bool {
	for _, n := range []string{name, strings.TrimSuffix(name, path.Ext(name))} {
		switch kind, ok := kindOfKey(n); {
		case !ok || n == "PWD" || n == "OLDPWD": // a shell's own: where it stands
		case kind == Password || kind == WiFiPSK || kind == Token || kind == APIKey || kind == CloudSecret || kind == SymmetricKey:
			return true
		}
	}
	return strings.HasSuffix(strings.ToLower(name), "pw")
}

// givesSecret says that an option of a program is one whose value is a secret.
func givesSecret(program, option string) bool {
	for i := range flags {
		if strings.HasPrefix(program, flags[i].program) {
			for _, fl := range flags[i].flags {
				if fl == option {
					return true
				}
			}
		}
	}
	return false
}

// ofPassword says that a setting of a file of credentials is the secret one.
func ofPassword(name string) bool {
	switch kind, ok := kindOfKey(name); kind {
	case Password, WiFiPSK, Token, APIKey, CloudSecret:
		return ok
	}
	return false
}

// Bounds of a file that may be nothing but a credential.
const (
	mostWhole = 512
	mostLines = 8
)

// whole returns the text of a file that may be nothing but a credential: another
// file of the image has to say so.
func whole(f *inspect.File) (Clue, bool) {
	d := f.Data
	if f.Kind != inspect.Text || len(d) < 3 || len(d) > mostWhole || f.Role != inspect.Config && f.Role != inspect.Script || f.Library() || bytes.Count(d, []byte("\n")) > mostLines {
		return Clue{}, false
	}
	for _, dir := range []string{"/usr/share/", "/usr/lib/", "/lib/", "/usr/include/"} {
		if strings.HasPrefix(f.Path, dir) {
			return Clue{}, false
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(d), []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	if len(first) < 3 || len(first) > 160 || strings.IndexByte("<{[#;", first[0]) >= 0 || bytes.ContainsAny(first, " \t") && first[0] != '-' && !bytes.Contains(first, []byte("=")) {
		return Clue{}, false
	}
	c := Clue{Where: f.At(0), Text: string(d)}
	for _, form := range []string{oneWord, twoLines, pairLines, nameLines, options} {
		if len(credential(&c, &Clue{Form: form})) > 0 {
			return c, true
		}
	}
	return Clue{}, false
}

// Named returns the credentials of files that are nothing but that, where
// another file names them as such; have are the hits that are known already.
func Named(clues []Clue, have []Hit) []Hit {
	texts := make(map[string][]*Clue)
	for i := range clues {
		if c := &clues[i]; c.Text != "" {
			texts[path.Base(c.Path)] = append(texts[path.Base(c.Path)], c)
		}
	}
	known := make(map[[2]string]bool)
	if len(texts) > 0 {
		for _, h := range have {
			known[[2]string{h.Path, h.Value}] = true
		}
	}
	var out []Hit
	for i := range clues {
		c := &clues[i]
		if c.Holds == "" {
			continue
		}
		for _, t := range texts[path.Base(c.Holds)] {
			if !means(c, t.Path) {
				continue
			}
			for _, h := range credential(t, c) {
				if k := [2]string{h.Path, h.Value}; !known[k] {
					known[k] = true
					out = append(out, h)
				}
			}
		}
	}
	return out
}

// means says that the file at p may be the one that c names: in its tree, or in
// another one, which is mounted below a folder of this.
func means(c *Clue, p string) bool {
	tree, in := "", p
	if i := strings.LastIndex(p, ":/"); i >= 0 {
		tree, in = p[:i+1], p[i+1:]
	}
	return in == c.Holds || strings.HasSuffix(in, c.Holds) || !strings.HasPrefix(c.Path, tree+"/") && strings.HasSuffix(c.Holds, in)
}

// credential reads the text of t in the form that c tells.
func credential(t, c *Clue) []Hit {
	s := &scanner{f: inspect.New(t.Path, 0, []byte(t.Text))}
	var out []Hit
	add := func(off int, user, v string) {
		v = strings.Trim(v, `"'`)
		if hash, _ := hashAt([]byte(v)); len(v) < 3 || v[0] == '$' || hash != "" || variable(v) || s.placeholder(v) || strings.ContainsAny(v, " \t") {
			return
		}
		h := Hit{Kind: Password, Value: v, User: user, Note: "in a file that " + path.Base(c.Path) + " names as one with a credential"}
		h.Where = s.f.At(off)
		out = append(out, h)
	}
	var lines []arg
	off := 0
	for l := range bytes.Lines([]byte(t.Text)) {
		if text := strings.TrimSpace(string(l)); text != "" && text[0] != '#' {
			lines = append(lines, arg{Text: text, Off: off + bytes.Index(l, []byte(text))})
		}
		off += len(l)
	}
	for i, l := range lines {
		switch c.Form {
		case oneWord:
			if i == 0 && (len(lines) == 1 || len(lines) == 2 && lines[1].Text == l.Text) && strings.IndexAny(l.Text, ":={}<>") < 0 {
				add(l.Off, "", l.Text)
			}
		case twoLines:
			if i == 1 && len(lines) == 2 {
				add(l.Off, lines[0].Text, l.Text)
			}
		case pairLines:
			if user, pw, ok := strings.Cut(l.Text, ":"); ok {
				add(l.Off+len(user)+1, user, pw)
			}
		case nameLines:
			if name, v, ok := strings.Cut(l.Text, "="); ok && ofPassword(strings.TrimSpace(name)) {
				add(l.Off+len(l.Text)-len(strings.TrimSpace(v)), "", strings.TrimSpace(v))
			}
		case options:
			w := split([]byte(l.Text), l.Off)
			if len(w) == 2 && (w[0].Text == "-P" || w[0].Text == "--pw" || w[0].Text == "pw") {
				add(w[1].Off, "", w[1].Text)
			}
		}
	}
	return out
}
