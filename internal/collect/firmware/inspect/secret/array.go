package secret

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
)

// numbers reads a key that is written as a list of bytes: {0x3a, 0x91, …},
// [7, 91, …], lines of "- 7".
func (s *scanner) numbers(a assignment, i int) (assignment, bool) {
	d := s.f.Data
	window := d[i:min(len(d), i+1024)]
	open := bytes.IndexAny(window[:min(len(window), 32)], "{[(\n")
	for k := range max(open, 0) { // "bytes(", "new byte[]"
		if c := window[k]; !alnum(c) && c != ' ' && c != '_' && c != '.' {
			return a, false
		}
	}
	if open < 0 {
		return a, false
	}
	closer, ok := map[byte]byte{'{': '}', '[': ']', '(': ')', '\n': 0}[window[open]]
	if rest := bytes.TrimLeft(window[open+1:], " \t\r\n"); window[open] == '\n' && !bytes.HasPrefix(rest, []byte("- ")) {
		return a, false
	} else if len(rest) > 0 && strings.IndexByte("{[(", rest[0]) >= 0 { // "bytes([", "new byte[]{"
		open = len(window) - len(rest)
		closer = map[byte]byte{'{': '}', '[': ']', '(': ')'}[rest[0]]
	} else if window[open] == '[' && bytes.HasPrefix(rest, []byte("]")) {
		open = bytes.IndexByte(window, '{')
		closer = '}'
		ok = open >= 0
	}
	if !ok {
		return a, false
	}
	raw, from, to := byteList(window, open+1, closer)
	switch len(raw) {
	case 16, 24, 32, 48, 64:
	default:
		return a, false
	}
	a.form, a.v, a.at = list, string(window[from:to]), i+from
	return a, scattered(raw) && !vector(hex.EncodeToString(raw))
}

// byteList reads numbers below 256 from b[at:] up to closer; 0: up to what is no
// item of a list in lines. [from, to) is the text of the numbers.
func byteList(b []byte, at int, closer byte) (out []byte, from, to int) {
	for i := at; i < len(b) && len(out) <= 64; {
		switch c := b[i]; {
		case c == closer && closer != 0:
			return out, from, to
		case alnum(c):
			j := i
			for j < len(b) && alnum(b[j]) {
				j++
			}
			v, err := strconv.ParseUint(strings.ToLower(string(b[i:j])), 0, 8)
			if err != nil {
				if closer == 0 {
					return out, from, to
				}
				return nil, 0, 0
			}
			if len(out) == 0 {
				from = i
			}
			out, to, i = append(out, byte(v)), j, j
		case c == ' ' || c == ',' || c == '\n' || c == '\r' || c == '\t' || c == '-' && closer == 0:
			i++
		default:
			return nil, 0, 0
		}
	}
	if closer == 0 {
		return out, from, to
	}
	return nil, 0, 0
}

// keyBits returns the length of the key that v writes byte by byte in
// hexadecimal: "3a91…", "3a:91:…", "\\x3a\\x91…", "0x3a,0x91,…"; 0: none.
func keyBits(v string) int {
	if n := hexBits(v); n > 0 || len(v) < 47 && !strings.Contains(v, "0x") && !strings.Contains(v, `\x`) {
		return n
	}
	var plain strings.Builder
	parts := strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(":-, \\", r) })
	for _, f := range parts {
		if f = strings.TrimPrefix(strings.TrimPrefix(f, "0x"), "x"); len(parts) > 1 && len(f) != 2 {
			return 0
		}
		plain.WriteString(f)
	}
	return hexBits(plain.String())
}

// installCode says that v is the code of a Zigbee device: 6 to 16 bytes and
// their CRC-16 (Base Device Behavior, 10.1), low byte first.
func installCode(v string) bool {
	v = strings.Map(func(r rune) rune {
		if r == ' ' || r == ':' || r == '-' {
			return -1
		}
		return r
	}, v)
	switch len(v) {
	case 16, 20, 28, 36:
	default:
		return false
	}
	raw, err := hex.DecodeString(v)
	if err != nil {
		return false
	}
	sum := uint16(0xffff)
	for _, b := range raw[:len(raw)-2] {
		sum ^= uint16(b)
		for range 8 {
			odd := sum & 1
			if sum >>= 1; odd != 0 {
				sum ^= 0x8408
			}
		}
	}
	sum = ^sum
	return raw[len(raw)-2] == byte(sum) && raw[len(raw)-1] == byte(sum>>8)
}

// vectors are keys in the examples of standards: FIPS 197, NIST SP 800-38A, the
// GCM and CCM specifications, RFC 3602; the two last are public constants in FFmpeg.
var vectors = []string{"2b7e151628aed2a6abf7158809cf4f3c", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	"feffe9928665731c6d6a8f9467308308", "06a9214036b8a15b512e03d534120006", "c286696d887c9aa0611bbb3e2025a45a", "6c3ea0477630ce21a2ce334aa746c2cd", "56e47a38c5598974bc46903dba290349",
	"5a6967426565416c6c69616e63653039", "00112233445566778899aabbccddeeff", "0123456789abcdeffedcba9876543210", "fedcba98765432100123456789abcdef", "0123456789abcdef0123456789abcdef", "7ca110454a1a6e570131d9619dc1376e4a1a6e570131d961",
	"77214d4b196a87cd520045fd20a51d67", "77214d4b196a87cd520045fd2a51d673"}

// vector says that v is the key of a published example.
func vector(v string) bool {
	plain := strings.Map(func(r rune) rune {
		if r < 0x80 && hexByte(byte(r)) {
			return r
		}
		return -1
	}, strings.ReplaceAll(strings.ToLower(v), "0x", ""))
	for _, k := range vectors {
		if strings.HasPrefix(plain, k) {
			return true
		}
	}
	return false
}
