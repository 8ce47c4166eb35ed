package system

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	sh "assay/internal/collect/firmware/inspect/shell"
	"assay/internal/pattern"
)

var (
	weakAlgorithm = pattern.New(`(?i)^-?((?:aes|aria|camellia|sm4)-?\d*-ecb|des|des3|des-\S+|rc4(?:-\d+)?|rc2\S*|bf|bf-\S+)$`)
	rsaBits       = pattern.New(`(?i)^(?:rsa:|rsa_keygen_bits:)?(\d{3,4})$`)
	hexKey        = pattern.New(`^(?:0x)?[0-9A-Fa-f]{16,128}$`)
)

// cipher looks at programs that encrypt, sign and make keys.
func (s *scanner) cipher(args []string, c sh.Command) {
	switch path.Base(args[0]) {
	case "openssl":
		if len(args) > 1 {
			s.openssl(args, c)
			s.key(args, c)
		}
	case "ssh-keygen", "dropbearkey":
		for i, a := range args[1:] {
			next := ""
			if i+2 < len(args) {
				next = args[i+2]
			}
			n, _ := strconv.Atoi(next)
			if a == "-t" && (next == "dsa" || next == "dss" || next == "rsa1") || (a == "-b" || a == "-s") && n >= 512 && n < 2048 {
				s.add(c.Off, inspect.Weakness{Kind: WeakCipher, Name: next, Text: s.text(c)})
				return
			}
		}
	}
}

// openssl looks at openssl(1) with a cipher that keeps nothing secret, a
// signature over MD5 or SHA-1, a short key, a password hash of the last century.
func (s *scanner) openssl(args []string, c sh.Command) {
	for i, a := range args[1:] {
		m := weakAlgorithm.FindStringSubmatch(a)
		if m == nil || i > 0 && !strings.HasPrefix(a, "-") {
			continue
		}
		off := c.Words[i+1].Off
		if strings.HasPrefix(a, "-") {
			off++
		}
		line, _ := s.line(c.Off)
		s.add(off, inspect.Weakness{Kind: WeakCipher, Name: strings.ToLower(m[1]), Text: line})
		return
	}
	s.derived(args, c)
	weak := func(i int, name string) {
		s.add(c.Words[i].Off, inspect.Weakness{Kind: WeakCipher, Name: name, Text: s.text(c)})
	}
	joined := strings.Join(args, " ")
	for i, a := range args {
		switch {
		case i < 2:
		case args[1] == "dgst" && (a == "-md5" || a == "-md4" || a == "-sha1") && (strings.Contains(joined, "sign") || strings.Contains(joined, "verify")):
			weak(i, a[1:])
			return
		case (args[1] == "req" || args[1] == "x509" || args[1] == "ca") && (a == "-md5" || a == "-md4" || a == "-sha1") && !strings.Contains(joined, "-fingerprint"):
			weak(i, a[1:])
			return
		case args[1] == "passwd" && (a == "-1" || a == "-crypt" || a == "-apr1"):
			weak(i, "passwd "+a)
			return
		case args[1] == "genrsa" || args[1] == "req" || args[1] == "genpkey":
			if m := rsaBits.FindStringSubmatch(a); m != nil && (args[1] == "genrsa" || strings.Contains(a, ":")) {
				if n, _ := strconv.Atoi(m[1]); n >= 384 && n < 2048 {
					weak(i, "rsa "+m[1])
					return
				}
			}
		}
	}
}

var (
	encrypts = pattern.New(`^(?:enc|(?:aes|aria|camellia|sm4|seed|chacha)-?\w.*)$`)
	// A command line of openssl(1) in the text of another program.
	encrypting = pattern.New(`\bopenssl\s+(?:enc|aes-?\d{3}\S*)\s[^"'|;&\n]*`)
)

// derived looks at a pass phrase of which openssl-enc(1) makes a key by one round
// of a hash, which guesses it in no time: it does so unless -pbkdf2 or -iter is
// given.
func (s *scanner) derived(args []string, c sh.Command) {
	if !encrypts.MatchString(args[1]) {
		return
	}
	if name := derives(args); name != "" {
		s.add(c.Off, inspect.Weakness{Kind: WeakCipher, Name: name, Text: "openssl " + args[1] + " … " + name})
	}
}

// derives names how openssl-enc(1) makes a key of a pass phrase, where that is
// weak.
func derives(args []string) string {
	phrase, hash := false, ""
	for i, a := range args {
		next := ""
		if i+1 < len(args) {
			next = strings.Trim(args[i+1], `"'`)
		}
		switch a {
		case "-pbkdf2", "-iter", "-K":
			return ""
		case "-md":
			if hash = strings.ToLower(next); hash != "md5" && hash != "md4" && hash != "sha1" {
				hash = ""
			}
		case "-k":
			phrase = true
		case "-pass": // what a file holds may be long
			phrase = !strings.HasPrefix(next, "file:") && !strings.HasPrefix(next, "fd:") && next != "stdin"
		}
	}
	switch {
	case hash != "" && (phrase || slices.Contains(args, "-kfile") || slices.Contains(args, "-pass")):
		return hash
	case phrase:
		return "EVP_BytesToKey"
	}
	return ""
}

// enciphers looks at a command line of openssl(1) in another program's text.
func (s *scanner) enciphers(text string, start int) {
	m := encrypting.FindStringIndex(text)
	if m == nil {
		return
	}
	if args := strings.Fields(text[m[0]:m[1]]); len(args) > 2 {
		if name := derives(args); name != "" {
			s.add(start+m[0], inspect.Weakness{Kind: WeakCipher, Name: name, Text: "openssl " + args[1] + " … " + name})
		}
	}
}

// key looks for a key or a pass phrase in the command line of openssl(1).
func (s *scanner) key(args []string, c sh.Command) {
	if args[1] != "enc" && !weakAlgorithm.MatchString(args[1]) && !strings.HasPrefix(args[1], "aes") && !slices.Contains(args, "-mac") {
		return
	}
	for i, a := range args[2:] {
		next := ""
		if i+3 < len(args) {
			next = args[i+3]
		}
		v := ""
		switch {
		case a == "-K" && hexKey.MatchString(next), a == "-k" && len(next) >= 4:
			v = next
		case a == "-pass":
			v = strings.TrimPrefix(next, "pass:")
			if v == next {
				v = ""
			}
		case a == "-macopt":
			if _, k, ok := strings.Cut(next, "key:"); ok {
				v = k
			}
		}
		if v == "" || strings.ContainsAny(v, "$`%") || strings.Trim(v, "0") == "" {
			continue
		}
		s.add(c.Off, inspect.Weakness{Kind: HardCodedKey, Name: "openssl", Text: fmt.Sprintf("openssl %s %s …(%d)", args[1], a, len(v))})
		return
	}
}
