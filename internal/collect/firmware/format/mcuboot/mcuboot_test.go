package mcuboot

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/looktest"
)

var formats = []format.Format{New()}

func tlv(typ uint16, data []byte) []byte {
	return append(le.AppendUint16(le.AppendUint16(nil, typ), uint16(len(data))), data...)
}

func run(magic uint16, list []byte) []byte {
	return append(le.AppendUint16(le.AppendUint16(nil, magic), uint16(4+len(list))), list...)
}

// build makes an image as imgtool does.
func build(flags uint32, protected bool, more []byte) []byte {
	body := []byte("an invented program of a sensor")
	b := make([]byte, 0x200)
	copy(b, magic)
	le.PutUint16(b[8:], 0x200)
	le.PutUint32(b[12:], uint32(len(body)))
	le.PutUint32(b[16:], flags)
	b[20], b[21], b[22], b[24] = 1, 4, 2, 7
	var shield []byte
	if protected {
		shield = run(protectedInfo, tlv(typeCounter, []byte{9, 0, 0, 0}))
		le.PutUint16(b[10:], uint16(len(shield)))
	}
	b = append(append(b, body...), shield...)
	sum := sha256.Sum256(b)
	return append(b, run(plainInfo, append(tlv(typeSHA256, sum[:]), more...))...)
}

func TestImages(t *testing.T) {
	t.Parallel()
	flip := build(0, false, nil)
	flip[0x205] ^= 1
	for _, row := range []struct {
		name     string
		img      []byte
		regions  []string
		guards   []string
		vars     []string
		problems string
		opaque   bool
	}{
		{"signed", build(0, true, tlv(0x22, make([]byte, 70))), nil, []string{"checksum sha256 good", "signature ecdsa present"}, []string{"version 1.4.2+7", "security-counter 9"}, "", false},
		{"changed", flip, nil, []string{"checksum sha256 bad"}, []string{"version 1.4.2+7"}, format.BadChecksum, false},
		{"encrypted", build(encrypted128, false, tlv(0x32, make([]byte, 113))), nil, []string{"checksum sha256 present", "encryption ecies-p256 present", "encryption aes-128-ctr present"}, []string{"version 1.4.2+7"}, "", true},
		{"cut", build(0, false, nil)[:0x210], nil, nil, []string{"version 1.4.2+7"}, format.Truncated, false},
		{"compressed", build(0x400, false, nil), []string{"program lzma"}, []string{"checksum sha256 good"}, []string{"version 1.4.2+7"}, "", false},
		{"depends", build(0, false, tlv(typeDependsOn, []byte{1, 0, 0, 0, 2, 3, 4, 0, 0, 0, 0, 0})), nil, []string{"checksum sha256 good"}, []string{"version 1.4.2+7", "depends image 1 from 2.3.4 on"}, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := looktest.At(t, formats, append([]byte("pad."), row.img...), 4)
			if p == nil {
				t.Fatal("not found")
			}
			var vars []string
			for _, v := range p.Vars {
				vars = append(vars, v.Name+" "+v.Value)
			}
			for _, d := range []string{cmp.Diff(row.regions, looktest.Regions(p)), cmp.Diff(row.guards, looktest.Guards(p)), cmp.Diff(row.vars, vars)} {
				if d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
			if p.Size != int64(len(row.img)) || looktest.Kinds(p) != row.problems || (p.Opaque != "") != row.opaque || p.Code == (row.opaque || row.regions != nil) {
				t.Errorf("%d bytes of %d, problems %v, opaque %q", p.Size, len(row.img), p.Problems, p.Opaque)
			}
		})
	}
}

// TestKeys: a signature is held against the key where that stands beside it; a
// key's hash tells who signs, also that everybody can.
func TestKeys(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(build(0, false, nil)[:0x200+31])
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(sig)
	bad[20] ^= 1
	trial, err := hex.DecodeString("fc5701dc6135e1323847bdc40f04d2e5bee5833b23c29f93593d00018cfa9994")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		records     []byte
		guard, note string
	}{
		{slices.Concat(tlv(typeKey, der), tlv(0x22, sig)), "signature ecdsa-p256-sha256 good", "it fits the key beside it"},
		{slices.Concat(tlv(typeKey, der), tlv(0x22, bad)), "signature ecdsa-p256-sha256 bad", "does not fit"},
		{slices.Concat(tlv(typeKey, []byte("no key")), tlv(0x22, sig)), "signature ecdsa present", "the boot loader holds the key"},
		{slices.Concat(tlv(typeKeyHash, trial), tlv(0x20, make([]byte, 256))), "signature rsa2048-pss-sha256 present", "root-rsa-2048.pem, which is published"},
		{slices.Concat(tlv(typeKeyHash, sum[:]), tlv(0x20, make([]byte, 256))), "signature rsa2048-pss-sha256 present", "whose SHA-256 is " + hex.EncodeToString(sum[:])},
	} {
		p := looktest.At(t, formats, build(0, false, row.records), 0)
		if p == nil || looktest.Guards(p)[1] != row.guard || !strings.Contains(p.Guards[1].Note, row.note) {
			t.Errorf("%+v, want %s, %s", p.Guards, row.guard, row.note)
		}
	}
}

// TestSeveralKeys: of several signatures each is held against its own key; one
// that is of none of them is bad.
func TestSeveralKeys(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(build(0, false, nil)[:0x200+31])
	var key, sig [3][]byte
	for i := range key {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ecdsa.SignASN1(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		key[i], sig[i] = tlv(typeKey, der), tlv(0x22, s)
	}
	hash := tlv(typeKeyHash, sum[:])
	for _, row := range []struct {
		name    string
		records [][]byte
		want    string
	}{
		{"in pairs", [][]byte{key[0], sig[0], key[1], sig[1]}, "good good"},
		{"keys first", [][]byte{key[0], key[1], sig[0], sig[1]}, "good good"},
		{"keys last", [][]byte{sig[0], sig[1], key[0], key[1]}, "good good"},
		{"one of a third key", [][]byte{key[0], sig[2], key[1], sig[1]}, "bad good"},
		{"none fits", [][]byte{key[0], key[1], sig[2]}, "bad"},
		{"the hash of one, the key of the other", [][]byte{hash, sig[0], key[1], sig[1]}, "present good"},
		{"the key of one, the hash of the other", [][]byte{key[1], sig[1], hash, sig[0]}, "good present"},
	} {
		p := looktest.At(t, formats, build(0, false, slices.Concat(row.records...)), 0)
		if p == nil {
			t.Fatal(row.name)
		}
		var got []string
		for _, g := range p.Guards[1:] {
			got = append(got, g.State)
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s: %s, want %s", row.name, s, row.want)
		}
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	img := build(0, false, nil)
	flags, records := bytes.Clone(img), bytes.Clone(img)
	flags[18] = 1
	records[0x200+31] ^= 1
	for name, b := range map[string][]byte{"flags": flags, "records": records, "short": img[:20], "magic in text": []byte(magic + "and then some text that is no header")} {
		if p := looktest.At(t, formats, b, 0); p != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, img := range looktest.Noise(t) {
		if got := looktest.Every(t, formats, img); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add(build(0, true, tlv(0x22, make([]byte, 70))))
	f.Add(build(encrypted256, false, tlv(0x30, make([]byte, 256))))
	f.Add(build(0, false, nil)[:0x210])
	f.Fuzz(func(t *testing.T, b []byte) { looktest.Every(t, formats, b) })
}
