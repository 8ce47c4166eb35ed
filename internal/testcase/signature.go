package testcase

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/pattern"
)

// signature is what a declared signature algorithm is worth.
type signature int

const (
	unknownSignature    signature = iota // no name that can be read, or several algorithms
	incompleteSignature                  // its size or its hash is missing
	weakSignature
	approvedSignature
)

var (
	wordsAndDigits = pattern.New(`[a-z]+|[0-9]+`)
	brokenHash     = pattern.New(`md-?5|sha-?1\b|sha-?1([a-z_])`)
	namedHash      = pattern.New(`sha[23]?[-_ ]?(?:512/)?(224|256|384|512)`)
	curveEnd       = pattern.New(`(\d)[rv]1`)
	// families are the algorithms, as names have them.
	families = []struct {
		name *pattern.Pattern
		is   string
	}{
		{pattern.New(`ed25519`), "ed25519"}, {pattern.New(`ed448`), "ed448"}, {pattern.New(`ml-?dsa`), "ml-dsa"}, {pattern.New(`xmss(\^?mt)?`), "xmss"},
		{pattern.New(`\b(hss|lms)\b`), "lms"}, {pattern.New(`ecdsa[-_ ]?(nist[-_ ]?p|secp|prime|p-)?`), "ecdsa"}, {pattern.New(`(rsassa|rsa)`), "rsa"},
	}
)

// signatureOf reads a name such as ed25519, ecdsa-p256-sha256, rsa-3072-sha256
// or ml-dsa-65. What counts is FIPS 186-5 and SP 800-131A Rev. 2 (RSA of 2048
// bits and curves P-256 and above, with a hash of 256 bits and more; shorter
// ones that are still allowed for old signatures are left undecided),
// SP 800-208 (LMS, XMSS) and FIPS 204 (ML-DSA).
func signatureOf(name string) signature {
	n := strings.ToLower(name)
	hash, n := hashOf(n)
	family, n := familyOf(n)
	size, rest := 0, false
	for _, word := range wordsAndDigits.FindAllString(n, -1) {
		digits, err := strconv.Atoi(word)
		switch {
		case err == nil && size == 0:
			size = digits
		case err == nil || !slices.Contains([]string{"p", "with", "and", "pss", "pkcs", "bit", "bits"}, word):
			rest = true
		}
	}
	switch {
	case family == "" || rest:
		return unknownSignature
	case hash > 0 && hash < 224:
		return weakSignature
	case hash == 224:
		return unknownSignature
	case family == "rsa":
		return sized(size, 2048, size >= 2048, hash == 0)
	case family == "ecdsa":
		return sized(size, 224, slices.Contains([]int{256, 384, 521}, size), false)
	case family == "ml-dsa" && size != 0 && !slices.Contains([]int{44, 65, 87}, size), strings.HasPrefix(family, "ed") && size != 0:
		return unknownSignature
	}
	return approvedSignature
}

func sized(size, least int, good, noHash bool) signature {
	switch {
	case size == 0:
		return incompleteSignature
	case size < least:
		return weakSignature
	case !good:
		return unknownSignature
	case noHash:
		return incompleteSignature
	}
	return approvedSignature
}

// hashOf takes the hash out of a name and gives its bits; 0: none is named.
// MD5 and SHA-1 count with the strength that is left of them.
func hashOf(n string) (int, string) {
	if brokenHash.MatchString(n) {
		return 1, brokenHash.ReplaceAllString(n, " $1")
	}
	m := namedHash.FindStringSubmatch(n)
	if m == nil {
		return 0, n
	}
	bits, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, n // the expression lets only digits through
	}
	return bits, strings.Replace(n, m[0], " ", 1)
}

// familyOf takes the algorithm out of a name.
func familyOf(n string) (string, string) {
	for _, f := range families {
		at := f.name.FindStringIndex(n)
		if at == nil {
			continue
		}
		n = n[:at[0]] + " " + n[at[1]:]
		if f.is == "ecdsa" { // the r or v that ends a SEC or X9.62 name of a NIST curve; not the k of others
			n = curveEnd.ReplaceAllString(n, "$1")
		}
		return f.is, n
	}
	return "", n
}
