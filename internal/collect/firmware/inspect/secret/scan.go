package secret

import (
	"bytes"
	"cmp"
	"slices"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// maxHits bounds what one file may report: a file of a million "password=x"
// lines says nothing more than a thousand of them.
const maxHits = 1000

// Looks that cost more than a glance are counted: a file made of nothing but
// beginnings must not take minutes.
const (
	maxPEMs     = 2000
	maxCommands = 20_000
)

// scanner collects the hits of one file.
type scanner struct {
	f    *inspect.File
	hits []Hit
	done int // configuration keys that begin before this offset were looked at

	pems, commands int
	tokenEnd       int // a token that is too long for every provider ends here
	cut            bool
}

// look is what a word leads to; at is the offset of its first byte.
type look func(s *scanner, at int)

var words, looks = func() (*keyword.Set, []look) {
	table := []struct {
		look  look
		words []string
	}{
		{(*scanner).pem, []string{"-----BEGIN "}},
		{(*scanner).hash, []string{"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$md5", "$apr1$", "{SHA}", "{SSHA}"}},
		{(*scanner).url, []string{"://"}},
		{(*scanner).provider, providerWords()},
		{(*scanner).setting, []string{"pass", "pwd", "psk", "secret", "token", "key", "cred", "auth"}},
		{(*scanner).command, []string{"sshpass", "mosquitto_", "chpasswd", "openssl ", "curl ", "wpa_passphrase", "smbclient", "mysql "}},
	}
	var all []string
	var fns []look
	for _, row := range table {
		for _, w := range row.words {
			all = append(all, w)
			fns = append(fns, row.look)
		}
	}
	return keyword.New(all...), fns
}()

func scan(f *inspect.File) []Hit {
	s := &scanner{f: f}
	s.accounts()
	s.binaryKey()
	s.authorized()
	words.Each(f.Data, func(m keyword.Match, end int) bool {
		looks[m.Word](s, end-m.Len)
		if len(s.hits) >= maxHits || s.pems >= maxPEMs || s.commands >= maxCommands {
			s.cut = true
			if n := len(s.hits); n > 0 {
				end = max(end, int(s.hits[n-1].Offset)) // a value stands behind its key
			}
			s.add(end, Hit{Kind: Cut, Note: "too many places to look at; the rest of the file was not"})
		}
		return !s.cut
	})
	if f.Kind == inspect.ELF {
		s.program()
	}
	return s.sorted()
}

// add keeps a hit at off.
func (s *scanner) add(off int, h Hit) {
	h.Where = s.f.At(off)
	s.hits = append(s.hits, h)
}

// sorted orders the hits and drops what two detectors saw: the one that was
// surer of itself (the lower rank) stays.
func (s *scanner) sorted() []Hit {
	slices.SortStableFunc(s.hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(rank(a.Kind), rank(b.Kind)))
	})
	var out []Hit
	for _, h := range s.hits {
		double := false
		for i := len(out) - 1; i >= 0 && i >= len(out)-8; i-- {
			o := out[i]
			if !overlap(o, h) {
				continue
			}
			if rank(o.Kind) <= rank(h.Kind) {
				double = true
			} else {
				out = slices.Delete(out, i, i+1)
			}
		}
		if !double {
			out = append(out, h)
		}
	}
	return out
}

func overlap(a, b Hit) bool {
	if a.Kind == Cut || b.Kind == Cut {
		return false
	}
	if a.Kind == UID0Account || b.Kind == UID0Account {
		return a.Kind == b.Kind && a.Offset == b.Offset
	}
	return a.Offset < b.Offset+int64(max(1, len(b.Value))) && b.Offset < a.Offset+int64(max(1, len(a.Value)))
}

func rank(k Kind) int {
	switch k {
	case PrivateKey, PasswordHash, EmptyPassword, URLCredential, Webhook, AuthorizedKey:
		return 0
	case CloudKeyID, APIKey:
		return 1
	case EmbeddedLogin:
		return 3
	case Cut:
		return 9
	}
	return 2
}

// prose says that the file explains things: what looks like a secret there is an
// example.
func (s *scanner) prose() bool {
	return s.f.Role == inspect.Documentation || s.f.Role == inspect.Database
}

// token returns the run of bytes from off on that ok accepts, at most limit.
func (s *scanner) token(off, limit int, ok func(c byte) bool) []byte {
	d := s.f.Data[off:]
	n := 0
	for n < len(d) && n < limit && ok(d[n]) {
		n++
	}
	return d[:n]
}

// boundary says that no letter or digit stands right before off.
func (s *scanner) boundary(off int) bool {
	return off == 0 || !alnum(s.f.Data[off-1])
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// placeholder says that v stands for a secret and is none.
func placeholder(v string) bool {
	l := bytes.ToLower([]byte(v))
	if len(l) == 0 {
		return true
	}
	for _, c := range []string{"<", "${", "$(", "{{", "%s", "%d", "%c", "%u", "%(", "@@", "...", "example", "placeholder", "your_", "your-", "yourp", "insert", "redacted", "dummy", "xxxx", "****", "____", "changethis", "to_be_", "0123456789", "123456789a"} {
		if bytes.Contains(l, []byte(c)) {
			return true
		}
	}
	// One character over and over.
	return len(bytes.TrimLeft(l, string(l[:1]))) == 0 && len(l) > 1 && !digits(v)
}

func digits(v string) bool {
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return len(v) > 0
}
