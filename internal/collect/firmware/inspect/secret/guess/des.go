package guess

// descrypt is the traditional crypt(3) of Unix (Morris and Thompson, CACM
// 22(11), 1979): DES, its expansion disturbed by twelve bits of salt, applied 25
// times to zeros with the password as key. Bits stand one a byte, as FIPS 46-3
// numbers them.
func descrypt(password, salt string) string {
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var key [64]byte
	for i := 0; i < 8 && i < len(password); i++ {
		for j := range 7 {
			key[8*i+j] = password[i] >> (6 - j) & 1
		}
	}
	expand := expansion
	for i := range 2 {
		c := value(salt[i])
		for j := range 6 {
			if c>>j&1 == 1 {
				a, b := 6*i+j, 6*i+j+24
				expand[a], expand[b] = expand[b], expand[a]
			}
		}
	}
	keys := schedule(&key)
	var block [64]byte
	for range 25 {
		encrypt(&block, keys, &expand)
	}
	out := []byte(salt[:2])
	for i := range 11 {
		c := 0
		for j := range 6 {
			c <<= 1
			if k := 6*i + j; k < 64 {
				c |= int(block[k])
			}
		}
		out = append(out, digits[c])
	}
	return string(out)
}

func value(c byte) int {
	switch {
	case c >= 'a':
		return int(c-'a') + 38
	case c >= 'A':
		return int(c-'A') + 12
	}
	return int(c - '.')
}

func schedule(key *[64]byte) *[16][48]byte {
	var cd [56]byte
	for i, k := range choice1 {
		cd[i] = key[k-1]
	}
	var keys [16][48]byte
	for r := range 16 {
		for range shifts[r] {
			c, d := cd[0], cd[28]
			copy(cd[:27], cd[1:28])
			copy(cd[28:55], cd[29:])
			cd[27], cd[55] = c, d
		}
		for i, k := range choice2 {
			keys[r][i] = cd[k-1]
		}
	}
	return &keys
}

func encrypt(block *[64]byte, keys *[16][48]byte, expand *[48]byte) {
	var b [64]byte
	for i, k := range initial {
		b[i] = block[k-1]
	}
	l, r := [32]byte(b[:32]), [32]byte(b[32:])
	for round := range 16 {
		var f [32]byte
		for s := range 8 {
			n := 0
			for j := range 6 {
				i := 6*s + j
				n = n<<1 | int(r[expand[i]-1]^keys[round][i])
			}
			v := boxes[s][n&0x20|n<<4&0x10|n>>1&0x0f]
			for j := range 4 {
				f[4*s+j] = v >> (3 - j) & 1
			}
		}
		next := l
		for i, k := range permutation {
			next[i] ^= f[k-1]
		}
		l, r = r, next
	}
	copy(b[:32], r[:])
	copy(b[32:], l[:])
	for i, k := range initial { // the final permutation is the inverse
		block[k-1] = b[i]
	}
}
