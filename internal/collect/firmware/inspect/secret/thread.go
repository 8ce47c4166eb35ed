package secret

import (
	"encoding/hex"

	"assay/internal/collect/firmware/inspect"
)

// networkKeyType is the type of the key among the values of a data set of
// Thread (Thread 1.3, 8.10.1.9).
const networkKeyType = 5

// dataset looks at a data set of a Thread network in hexadecimal: type, length,
// value, one after the other to the end, and a key of 16 bytes among them.
func (s *scanner) dataset(at, _ int) {
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(at) || !s.boundary(at) {
		return
	}
	v := s.token(at, 510, hexByte)
	raw, err := hex.DecodeString(string(v))
	if err != nil || at+len(v) < len(s.f.Data) && alnum(s.f.Data[at+len(v)]) {
		return
	}
	key := -1
	i := 0
	for i+2 <= len(raw) {
		n := int(raw[i+1])
		if raw[i] == networkKeyType && n == 16 {
			key = i + 2
		}
		i += 2 + n
	}
	if i != len(raw) || key < 0 {
		return
	}
	if text := string(v[2*key : 2*key+32]); hexBits(text) > 0 && !vector(text) {
		s.add(at+2*key, Hit{Kind: SymmetricKey, Value: text, Scheme: "thread", Bits: 128, Note: "key of a network's data set"})
	}
}
