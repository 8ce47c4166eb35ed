package firmware

import (
	"strings"

	"github.com/GehirnInc/crypt"
	_ "github.com/GehirnInc/crypt/md5_crypt"
	_ "github.com/GehirnInc/crypt/sha256_crypt"
	_ "github.com/GehirnInc/crypt/sha512_crypt"
)

// wellKnown are clear values that preset passwords of many products have
// had: the passwords of the Mirai source code (2016) and the most frequent of
// public lists. A hash is "recovered" only by finding its value here: no
// guessing beyond it.
var wellKnown = []string{
	"", "admin", "root", "password", "12345", "123456", "1234", "54321", "888888", "666666", "user", "guest",
	"support", "service", "supervisor", "default", "xc3511", "vizxv", "xmhdipc", "juantech", "anko", "dreambox",
	"realtek", "hi3518", "jvbzd", "klv123", "klv1234", "Zte521", "7ujMko0vizxv", "7ujMko0admin", "system", "ikwb",
	"pass", "tech", "meinsm", "smcadmin", "1111", "1111111", "00000000", "123123", "ubnt", "camera", "ipcam", "letmein",
}

// WellKnownPassword tries the well-known passwords on a crypt(3) hash of the
// schemes MD5, SHA-256 and SHA-512. The number of tries is fixed and small.
func WellKnownPassword(hash string) (string, bool) {
	if !strings.HasPrefix(hash, "$1$") && !strings.HasPrefix(hash, "$5$") && !strings.HasPrefix(hash, "$6$") {
		return "", false
	}
	if strings.Contains(hash, "rounds=") {
		return "", false // the image chooses the cost: not ours to pay
	}
	c := crypt.NewFromHash(hash)
	if c == nil {
		return "", false
	}
	for _, p := range wellKnown {
		if c.Verify(hash, []byte(p)) == nil {
			return p, true
		}
	}
	return "", false
}
