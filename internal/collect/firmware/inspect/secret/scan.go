package secret

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/setting"
	"assay/internal/pattern"
)

// maxHits bounds what one file may report: a file of a million "password=x"
// lines says nothing more than a thousand of them.
const maxHits = 1000

// Looks that cost more than a glance are counted: a file made of nothing but
// beginnings must not take minutes.
const (
	maxKeys     = 500    // beginnings of keys
	maxSettings = 20_000 // names that a value may follow
	maxCommands = 5_000
	maxAnchors  = 20_000  // places in a program whose neighbourhood is read
	maxGlances  = 100_000 // other looks that read what stands around
)

// scanner collects the hits of one file.
type scanner struct {
	f       *inspect.File
	hits    []Hit
	done    int  // names that begin before this offset were looked at
	texts   bool // the file is a catalogue of texts for people
	tests   bool // the file is a test: its values are vectors
	sample  bool // the file is a sample of a configuration
	library bool // the same file stands in products of others
	records bool // a parser of the file's format gave its values: names are not looked for
	pairs   bool // each line is a name, "=", and a value that may hold anything: the values of a key-value store
	prog    program

	keys, settings, commands int
	glances                  int
	tokenEnd                 int      // a token that is too long for every provider ends here
	wides                    [][2]int // strings in UTF-16
	coded                    [][2]int // texts in base64
	cut                      bool

	fields    lineFields
	fieldWork int // bytes that were parted into settings
}

// lineFields are the settings of the line at [start, end).
type lineFields struct {
	start, end int
	all        []setting.Field
}

// look is what a word leads to; at is the offset of its first byte, end the one
// behind its last.
type look func(s *scanner, at, end int)

// rule is one look with its words.
type rule struct {
	look  look
	words []string
}

// rules are looks with their words; those of glances and clues follow. A word
// stands in one row only.
var rules = []rule{
	{(*scanner).armour, []string{"-----BEGIN ", "LS0tLS1CRUdJTi", "2d2d2d2d2d424547494e20"}},
	{(*scanner).derInText, derTextWords},
	{(*scanner).derInBinary, derWords},
	{(*scanner).marked, []string{"AGE-SECRET-KEY-1", "PuTTY-User-Key-File-"}},
	{(*scanner).hash, []string{"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$8$", "$9$", "pbkdf2_sha", "pbkdf2:sha", "scrypt:", "SCRAM-SHA-", "$y$", "$gy$", "$md5", "$apr1$", "$pbkdf2-", "$argon2", "{SHA}", "{SSHA}", "{SHA256}"}},
	{(*scanner).url, []string{"://"}},
	{(*scanner).provider, providerWords},
	{(*scanner).setting, settingWords},
	{(*scanner).command, commandWords},
	{(*scanner).anchor, anchorWords},
	{func(s *scanner, _, _ int) { s.prog.linux = true }, []string{"Linux version %", "Linux version 2", "Linux version 3", "Linux version 4", "Linux version 5", "Linux version 6"}},
}

// glances are looks that are counted together.
var glances = []rule{
	{(*scanner).cleartext, []string{"{PLAIN}", "{CLEARTEXT}", "{CLEAR}"}},
	{(*scanner).network, []string{"WIFI:T:", "WIFI:S:", "WIFI:P:"}},
	{(*scanner).encodedLogin, encodedLogins},
	{(*scanner).encodedText, []string{"ewog", "ewo", "ew0K", "eyAi"}},
	{(*scanner).wideString, wideWords},
	{(*scanner).pair, pairWords},
	{(*scanner).compares, compareWords},
	{(*scanner).entered, enteredWords},
	{(*scanner).source, []string{"@tcp(", "@unix("}},
	{(*scanner).spoken, spokenWords},
	{(*scanner).note, noteWords},
	{(*scanner).identified, []string{"identified by"}},
	{(*scanner).insert, []string{"insert into", "replace into"}},
	{(*scanner).roster, rosterWords},
	{(*scanner).webKey, []string{"\"kty\""}},
	{(*scanner).signify, []string{"untrusted comment:"}},
	{(*scanner).dataset, []string{"0e0800000000"}},
	{(*scanner).shellLogin, []string{"] && ["}},
	{(*scanner).inlineStore, []string{"<pkcs12>"}},
	{(*scanner).stream, []string{"rtmp://", "rtmps://"}},
	{(*scanner).headerValue, []string{"$HTTP_X_", "${HTTP_X_", "'HTTP_X_", "\"HTTP_X_", "\"X-", "'X-"}},
}

var words, looks = func() ([]string, []look) {
	var all []string
	var fns []look
	for _, row := range slices.Concat(rules, glances, []rule{{func(*scanner, int, int) {}, clueWords}}) {
		for _, w := range row.words {
			all = append(all, w)
			fns = append(fns, row.look)
		}
	}
	return all, fns
}()

// firstGlance is the index of the first word of glances.
var firstGlance = func() (n int) {
	for _, row := range rules {
		n += len(row.words)
	}
	return n
}()

// firstFileWord is the index of the first of clueWords, which end the list.
var firstFileWord = len(words) - len(clueWords)

// keyValueStore is the path of the values of an ESP chip's store.
var keyValueStore = pattern.New(`(^|[:/])nvs(@[0-9]+)?$`)

func scan(f *inspect.File, found []keyword.Hit) []Hit {
	s := &scanner{f: f, texts: catalogue(f.Path), tests: testFile(f.Path), sample: f.Sample(), library: f.Library(), pairs: f.Kind == inspect.Text && keyValueStore.MatchString(f.Path)}
	s.whole()
	for _, k := range found {
		if k.Word < 0 || k.Word >= len(looks) || k.At < 0 || k.End > len(f.Data) || k.At >= k.End {
			continue
		}
		if k.Word >= firstGlance && k.Word < firstFileWord {
			s.glances++
		}
		looks[k.Word](s, k.At, k.End)
		if s.tooMany() {
			s.cut = true
			at := k.End
			if n := len(s.hits); n > 0 {
				at = max(at, int(s.hits[n-1].Offset)) // a value stands behind its name
			}
			s.add(at, Hit{Kind: Cut, Note: "too many places to look at; the rest of the file was not"})
			break
		}
	}
	s.program()
	s.wideStrings()
	s.codedTexts()
	s.known()
	return s.sorted()
}

func (s *scanner) tooMany() bool {
	return len(s.hits) >= maxHits || s.keys >= maxKeys || s.commands >= maxCommands || s.settings >= maxSettings || s.glances >= maxGlances
}

// whole reads files whose form is known from their path or their first bytes.
func (s *scanner) whole() {
	s.accounts()
	s.listings()
	s.keyFile()
	s.vnc()
	s.authorized()
	s.rows()
	s.wide()
	s.encodedFile()
	s.fixedFields()
	s.compiled()
	s.capture()
}

// add keeps a hit at off.
func (s *scanner) add(off int, h Hit) {
	if len(s.hits) > maxHits && h.Kind != Cut {
		return
	}
	h.Where = s.f.At(off)
	s.hits = append(s.hits, h)
}

// sorted orders the hits and drops what two looks saw: the one that was surer of
// itself (the lower rank) stays.
func (s *scanner) sorted() []Hit {
	slices.SortStableFunc(s.hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.rank(), b.rank()))
	})
	var out []Hit
	for _, h := range s.hits {
		double := false
		for i := len(out) - 1; i >= 0 && i >= len(out)-8; i-- {
			o := out[i]
			if !overlap(o, h) {
				continue
			}
			if o.rank() <= h.rank() {
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

// rank orders looks by how sure they are: a form of its own before a name that
// says so.
func (h *Hit) rank() int {
	switch h.Kind {
	case PrivateKey, TestKey, PasswordHash, EmptyPassword, URLCredential, Webhook, AuthorizedKey:
		return 0
	case CloudKeyID, APIKey:
		return 1
	case Token, CloudSecret:
		if !strings.HasPrefix(h.Note, "key ") {
			return 1
		}
	case EmbeddedLogin:
		return 3
	case Cut:
		return 9
	}
	return 2
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
