package guess

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"

	"github.com/GehirnInc/crypt"
	_ "github.com/GehirnInc/crypt/apr1_crypt" // the schemes register themselves
	_ "github.com/GehirnInc/crypt/md5_crypt"
	_ "github.com/GehirnInc/crypt/sha256_crypt"
	_ "github.com/GehirnInc/crypt/sha512_crypt"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/md4" //nolint:staticcheck // NT hashes are MD4
)

// costliest is the most that one try may cost, in rounds; the image chooses it.
const costliest = 400_000

// tester returns a function that says whether a password has this hash, and what
// one call costs; nil for schemes that aren't known here.
func tester(hash, user string) (test func(string) bool, cost int) {
	switch {
	case strings.HasPrefix(hash, "$1$"), strings.HasPrefix(hash, "$apr1$"):
		test, cost = library(hash), 1000
	case strings.HasPrefix(hash, "$5$"):
		test, cost = library(hash), rounds(hash[3:], 5000)
	case strings.HasPrefix(hash, "$6$"):
		test, cost = library(hash), 3*rounds(hash[3:], 5000)
		if strings.ContainsAny(hash, "+=") && !strings.Contains(hash, "rounds=") {
			test, cost = broker(hash), 2
		}
	case strings.HasPrefix(hash, "$2"):
		n, err := bcrypt.Cost([]byte(hash))
		if err != nil || n > 14 {
			return nil, 0
		}
		test, cost = func(p string) bool { return bcrypt.CompareHashAndPassword([]byte(hash), []byte(p)) == nil }, 250<<n
	case strings.HasPrefix(hash, "{SHA}"):
		test, cost = equal(hash[5:], base64.StdEncoding.EncodeToString, func(p string) []byte { s := sha1.Sum([]byte(p)); return s[:] }), 2
	case strings.HasPrefix(hash, "{SSHA}"):
		test, cost = salted(hash[6:]), 2
	case len(hash) == 13:
		test, cost = func(p string) bool { return descrypt(p, hash[:2]) == hash }, 600
	default:
		test, cost = plain(hash, user)
	}
	if cost <= 0 || cost > costliest {
		return nil, 0
	}
	return test, cost
}

func library(hash string) func(string) bool {
	c := crypt.NewFromHash(hash)
	if c == nil {
		return nil
	}
	// The settings without the sum: Verify of this library takes a part of the sum
	// for salt where the rounds are stated and the salt is short.
	settings := []byte(hash[:max(0, strings.LastIndexByte(hash, '$'))])
	return func(p string) bool {
		got, err := c.Generate([]byte(p), settings)
		return err == nil && got == hash
	}
}

// plain are sums in hexadecimal without salt: NT, MD5, SHA-1, SHA-256, SHA-512.
func plain(hash, user string) (func(string) bool, int) {
	low := strings.ToLower(hash)
	want, err := hex.DecodeString(low)
	if err != nil {
		return nil, 0
	}
	sums := map[int][]func(b []byte) []byte{
		16: {func(b []byte) []byte { s := md5.Sum(b); return s[:] }, nt},
		20: {func(b []byte) []byte { s := sha1.Sum(b); return s[:] }},
		32: {func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
		64: {func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
	}[len(want)]
	if sums == nil {
		return nil, 0
	}
	return func(p string) bool {
		for _, sum := range sums {
			if string(sum([]byte(p))) == string(want) {
				return true
			}
		}
		// htdigest: the account and the realm stand before the password; the
		// caller gives them as "user:realm".
		if len(want) == 16 && strings.Contains(user, ":") {
			s := md5.Sum([]byte(user + ":" + p))
			return string(s[:]) == string(want)
		}
		return false
	}, 2
}

// nt is the hash of NT LAN Manager: MD4 of the password in UTF-16.
func nt(b []byte) []byte {
	h := md4.New()
	for _, c := range utf16.Encode([]rune(string(b))) {
		h.Write([]byte{byte(c), byte(c >> 8)})
	}
	return h.Sum(nil)
}

func equal(want string, encode func([]byte) string, sum func(string) []byte) func(string) bool {
	return func(p string) bool { return encode(sum(p)) == want }
}

// salted is the form of RFC 2307bis: SHA-1 of password and salt, then the salt.
func salted(text string) func(string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) <= sha1.Size {
		return nil
	}
	salt := raw[sha1.Size:]
	return func(p string) bool {
		s := sha1.Sum(append([]byte(p), salt...))
		return string(s[:]) == string(raw[:sha1.Size])
	}
}

// broker is what Mosquitto wrote before version 2: SHA-512 of password and salt,
// both fields in base64.
func broker(hash string) func(string) bool {
	f := strings.Split(hash, "$")
	if len(f) != 4 {
		return nil
	}
	salt, err1 := base64.StdEncoding.DecodeString(f[2])
	want, err2 := base64.StdEncoding.DecodeString(f[3])
	if err1 != nil || err2 != nil {
		return nil
	}
	return func(p string) bool {
		s := sha512.Sum512(append([]byte(p), salt...))
		return string(s[:]) == string(want)
	}
}
