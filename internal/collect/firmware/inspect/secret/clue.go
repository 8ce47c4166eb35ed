package secret

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/setting"
)

// Clue is no secret but tells what a private key is for: its public half, or a
// place that names its file. Others tell of files that hold credentials.
type Clue struct {
	inspect.Where
	SPKI  string // of a public key that stands here
	File  string // path or name of a key file that is named here
	Holds string // path of a file that is named here as one that holds a credential
	Form  string // how it holds it
	Text  string // of a small file, that may be nothing but a credential
}

// clueWords stand in public keys and in names of key files. They are looked for
// with those of Words.
var clueWords = []string{".pem", ".key", ".der", ".p12", ".pfx", ".jks", ".bks", "_host_key", "/id_rsa", "/id_ed25519", "/id_ecdsa", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "ecdsa-sha2-nistp"}

const maxClues = 500

// Clues returns what stands in f that Keys can join with the private keys of
// other files. found is what Scan was given.
func Clues(f *inspect.File, found []keyword.Hit) []Clue {
	if f.Role == inspect.Documentation || f.Role == inspect.Database {
		return nil
	}
	out := files(f, found)
	if c, ok := whole(f); ok {
		out = append(out, c)
	}
	done := 0
	for _, k := range found {
		if k.At < done || k.Word < 0 || k.Word >= len(words) || len(out) >= maxClues {
			continue
		}
		w := words[k.Word]
		switch {
		case w == "-----BEGIN ":
			if spki := publicPEM(f.Data[k.At:min(len(f.Data), k.At+16<<10)]); spki != "" {
				out = append(out, Clue{Where: f.At(k.At), SPKI: spki})
			}
		case strings.HasSuffix(w, "AAAA") || w == "ecdsa-sha2-nistp":
			line, start := f.LineAround(k.At)
			if key, _, _, _, err := ssh.ParseAuthorizedKey(line[min(len(line), k.At-start):]); err == nil {
				if k2, ok := key.(ssh.CryptoPublicKey); ok {
					_, _, spki := describe(k2.CryptoPublicKey())
					out = append(out, Clue{Where: f.At(k.At), SPKI: spki})
				}
			}
		case k.Word >= firstFileWord && (f.Kind != inspect.ELF || f.InStrings(k.At)):
			if name, at, end := fileName(f.Data, k.At, k.End); name != "" && path.Base(f.Path) != path.Base(name) {
				out = append(out, Clue{Where: f.At(at), File: name})
				done = end
			}
		}
	}
	return out
}

func publicPEM(d []byte) string {
	head := d[:min(len(d), 40)]
	if !bytes.Contains(head, []byte("PUBLIC KEY")) {
		return ""
	}
	b, _ := pem.Decode(d)
	if b == nil {
		return ""
	}
	switch b.Type {
	case "PUBLIC KEY":
		if _, err := x509.ParsePKIXPublicKey(b.Bytes); err == nil {
			sum := sha256.Sum256(b.Bytes)
			return hex.EncodeToString(sum[:])
		}
	case "RSA PUBLIC KEY":
		if k, err := x509.ParsePKCS1PublicKey(b.Bytes); err == nil {
			_, _, spki := describe(k)
			return spki
		}
	}
	return ""
}

// fileName returns the path around d[at:end], which holds the end of a key
// file's name.
func fileName(d []byte, at, end int) (name string, from, to int) {
	from, to = at, end
	for from > 0 && at-from < 200 && (setting.NameByte(d[from-1]) || d[from-1] == '/') {
		from--
	}
	if to < len(d) && (alnum(d[to]) || d[to] == '.') {
		return "", 0, 0 // ".keys", ".pem.sig"
	}
	name = string(d[from:to])
	if strings.HasPrefix(name, ".") || len(name) < 6 {
		return "", 0, 0
	}
	return name, from, to
}

// Pair is a private key with what in the image belongs to it.
type Pair struct {
	Key    Hit
	Public []inspect.Where // certificates and public keys that it fits
	Named  []inspect.Where // places in configurations, scripts and programs that name its file
}

// Used says that something shows the key in use: a certificate that it fits, or
// a place that names its file.
func (p Pair) Used() bool { return len(p.Public)+len(p.Named) > 0 }

// Keys joins the private keys of an image with their public halves. The zero
// value is ready; it is for one goroutine at a time.
type Keys struct {
	keys   []Hit
	public map[string][]inspect.Where
	named  map[string][]Clue
}

// Add takes the hits and clues of one file, in any order of files.
func (k *Keys) Add(hits []Hit, clues []Clue) {
	if k.public == nil {
		k.public, k.named = make(map[string][]inspect.Where), make(map[string][]Clue)
	}
	for _, h := range hits {
		switch h.Kind {
		case PrivateKey:
			k.keys = append(k.keys, h)
		case AuthorizedKey:
			k.public[h.SPKI] = append(k.public[h.SPKI], h.Where)
		}
	}
	for _, c := range clues {
		if c.Holds+c.Text != "" {
			continue // for Named
		}
		if c.SPKI != "" {
			k.public[c.SPKI] = append(k.public[c.SPKI], c.Where)
		} else {
			base := path.Base(c.File)
			k.named[base] = append(k.named[base], c)
		}
	}
}

// Certificate takes a certificate with the SHA-256 of its public key.
func (k *Keys) Certificate(where inspect.Where, spki string) {
	k.Add(nil, []Clue{{Where: where, SPKI: spki}})
}

// Pairs returns the private keys, ordered by place.
func (k *Keys) Pairs() []Pair {
	out := make([]Pair, 0, len(k.keys))
	for _, h := range k.keys {
		p := Pair{Key: h}
		if h.SPKI != "" {
			p.Public = k.public[h.SPKI]
		}
		for _, c := range k.named[path.Base(h.Path)] {
			// A whole path must be this one; a bare name may be.
			if !strings.HasPrefix(c.File, "/") || strings.HasSuffix(h.Path, c.File) {
				p.Named = append(p.Named, c.Where)
			}
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Key.Path, b.Key.Path), cmp.Compare(a.Key.Offset, b.Key.Offset))
	})
	return out
}
