package refcam

import (
	"bytes"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"
)

// The rights that a function can need.
const (
	rightView     = "view"
	rightSettings = "settings"
	rightUsers    = "users"
	rightUpdate   = "update"
	rightDelete   = "delete-data"
)

// rights of each role, in the order of the documents.
var rights = map[string][]string{
	"admin":  {rightView, rightSettings, rightUsers, rightUpdate, rightDelete},
	"viewer": {rightView},
}

// preset is an account that exists from the factory.
type preset struct{ name, role string }

func (c *Camera) accounts() []preset {
	if c.weak[SingleRole] {
		return []preset{{"admin", "admin"}}
	}
	return []preset{{"admin", "admin"}, {"viewer", "viewer"}}
}

// realm of HTTP and RTSP authentication; part of the digest secrets.
const realm = Model

// rounds of PBKDF2-HMAC-SHA256. A real camera takes far more; here
// hundreds of tests log in on two slow cores.
const rounds = 4_000

// account is what a unit keeps of a user: no password.
type account struct {
	name, role string
	salt, hash []byte
	// digest secrets, HA1 of RFC 7616 3.4.2, by algorithm.
	ha1 map[string]string
	// change: the password is the one on the label and must be replaced
	// before anything else.
	change bool
}

// digestHash returns the hash behind the name of a digest algorithm.
func digestHash(algorithm string) func() hash.Hash {
	if algorithm == "MD5" {
		return md5.New
	}
	return sha256.New
}

func digestHex(algorithm, text string) string {
	h := digestHash(algorithm)()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func newAccount(name, role, password string) (*account, error) {
	a := &account{name: name, role: role}
	return a, a.set(password)
}

func (a *account) set(password string) error {
	a.salt = make([]byte, 16)
	rand.Read(a.salt) // never fails: crypto/rand ends the process instead
	var err error
	if a.hash, err = pbkdf2.Key(sha256.New, password, a.salt, rounds, 32); err != nil {
		return fmt.Errorf("hash the password of %s: %w", a.name, err)
	}
	a.ha1 = map[string]string{}
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		a.ha1[algorithm] = digestHex(algorithm, a.name+":"+realm+":"+password)
	}
	return nil
}

func (a *account) matches(password string) bool {
	h, err := pbkdf2.Key(sha256.New, password, a.salt, rounds, 32)
	return err == nil && subtle.ConstantTimeCompare(h, a.hash) == 1
}

// accounts holds the users of one unit.
type accounts struct {
	mu    sync.Mutex
	list  []*account
	dummy *account // costs as much as a real one, so that time tells no names
}

const maxAccounts = 16

func (as *accounts) find(name string) *account {
	as.mu.Lock()
	defer as.mu.Unlock()
	return as.get(name)
}

func (as *accounts) get(name string) *account {
	for _, a := range as.list {
		if a.name == name {
			c := *a // the caller compares without holding the lock
			return &c
		}
	}
	return nil
}

// check returns the account if the password is right.
func (as *accounts) check(name, password string) *account {
	a := as.find(name)
	if a == nil {
		as.dummy.matches(password)
		return nil
	}
	if !a.matches(password) {
		return nil
	}
	return a
}

var (
	errExists    = errors.New("this account exists already")
	errFull      = errors.New("no more accounts can be added")
	errName      = errors.New("a name has 1 to 32 letters, digits, dots or dashes")
	errRole      = errors.New("a role is admin or viewer")
	errWeakWords = errors.New("a password has 10 to 128 characters, is not the old one and not the account's name")
)

func validName(s string) bool {
	return s != "" && len(s) <= 32 && !bytes.ContainsFunc([]byte(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-'
	})
}

func validPassword(name, s string) bool {
	return len(s) >= 10 && len(s) <= 128 && s != name
}

func (as *accounts) add(name, role, password string) error {
	switch {
	case !validName(name):
		return errName
	case rights[role] == nil:
		return errRole
	case !validPassword(name, password):
		return errWeakWords
	}
	a, err := newAccount(name, role, password)
	if err != nil {
		return err
	}
	a.change = true // its owner is not the one who chose it
	as.mu.Lock()
	defer as.mu.Unlock()
	switch {
	case as.get(name) != nil:
		return errExists
	case len(as.list) >= maxAccounts:
		return errFull
	}
	as.list = append(as.list, a)
	return nil
}

// change sets a new password. The caller has checked the old one.
func (as *accounts) change(name, old, password string) error {
	if !validPassword(name, password) || password == old {
		return errWeakWords
	}
	a, err := newAccount(name, "", password)
	if err != nil {
		return err
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	i := slices.IndexFunc(as.list, func(b *account) bool { return b.name == name })
	if i < 0 {
		return errName
	}
	a.role = as.list[i].role
	as.list[i] = a
	return nil
}

// names returns name and role of every account that is shown to people.
func (as *accounts) names() []preset {
	as.mu.Lock()
	defer as.mu.Unlock()
	var ps []preset
	for _, a := range as.list {
		if a.name != backdoorUser {
			ps = append(ps, preset{a.name, a.role})
		}
	}
	return ps
}
