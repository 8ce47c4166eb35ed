package apk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"hash/adler32"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func signer(t *testing.T, schemes ...string) Signer {
	t.Helper()
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<31, 0)}
	der, err := x509.CreateCertificate(nil, x, x, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Signer{Key: k, Certificate: cert, Schemes: schemes}
}

func packed(t *testing.T, schemes ...string) []byte {
	t.Helper()
	manifest := Element{Name: "manifest", Attrs: []Attr{{"package", "net.example.cam"}, {"versionCode", 7}, {"versionName", "0.7"}}, Children: []Element{
		{Name: "uses-sdk", Attrs: []Attr{{"minSdkVersion", 26}, {"targetSdkVersion", 34}}},
		{Name: "application", Attrs: []Attr{{"label", Resource(stringID)}, {"allowBackup", false}}, Children: []Element{
			{Name: "activity", Attrs: []Attr{{"name", ".Main"}, {"exported", true}}, Children: []Element{{Name: "intent-filter", Children: []Element{
				{Name: "action", Attrs: []Attr{{"name", "android.intent.action.MAIN"}}}, {Name: "category", Attrs: []Attr{{"name", "android.intent.category.LAUNCHER"}}}}}}}}}}}
	b, err := Write([]File{
		{"AndroidManifest.xml", XML(manifest)}, {"classes.dex", Dex("b", "a", "a", strings.Repeat("long ", 40))},
		{"resources.arsc", Table("net.example.cam", []Value{{"app_name", "Example Cam"}}, nil)},
	}, signer(t, schemes...), time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSignature: the digest of scheme v2 is the one over the archive without
// its block, and the signature holds.
func TestSignature(t *testing.T) {
	t.Parallel()
	b := packed(t, "v2")
	end := bytes.LastIndex(b, []byte("PK\x05\x06"))
	dir := int(le.Uint32(b[end+16:]))
	if string(b[dir-16:dir]) != "APK Sig Block 42" {
		t.Fatal("no block before the directory")
	}
	size := int(le.Uint64(b[dir-24:]))
	from := dir - size - 8
	if le.Uint64(b[from:]) != uint64(size) || le.Uint32(b[from+16:]) != 0x7109871a {
		t.Fatalf("block of %d bytes at %d", size, from)
	}
	take := func(p *[]byte) []byte {
		n := le.Uint32(*p)
		v := (*p)[4 : 4+n]
		*p = (*p)[4+n:]
		return v
	}
	value := b[from+20:]
	signers := take(&value)
	one := take(&signers)
	data, signatures, public := take(&one), take(&one), take(&one)
	sum := sha256.Sum256(data)
	signature := take(&signatures)
	pub, err := x509.ParsePKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	sig := signature[4:]
	if !ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), sum[:], take(&sig)) {
		t.Error("the signature doesn't hold")
	}
	digests := take(&data)
	digest := take(&digests)[8:]
	last := bytes.Clone(b[end:])
	binary.LittleEndian.PutUint32(last[16:], uint32(from)) // as if there were no block
	if !bytes.Equal(digest, contents(b[:from], b[dir:end], last)) {
		t.Error("the digest is of other bytes")
	}
}

// TestDex: both sums of a Dalvik executable, and its strings in order.
func TestDex(t *testing.T) {
	t.Parallel()
	b := Dex("b", "a", "a")
	sum := sha1.Sum(b[32:])
	if le.Uint32(b[8:]) != adler32.Checksum(b[12:]) || !bytes.Equal(b[12:32], sum[:]) || int(le.Uint32(b[32:])) != len(b) || le.Uint32(b[56:]) != 2 {
		t.Errorf("%x", b[:0x70])
	}
	if at := le.Uint32(b[0x70:]); string(b[at:at+3]) != "\x01a\x00" {
		t.Errorf("first string at %d: %q", at, b[at:at+3])
	}
}

// TestAapt: what the tool of Android's own kit reads, where it is installed.
func TestAapt(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("aapt")
	if err != nil {
		t.Skip("aapt isn't installed: the package is read by package inspect/apk only")
	}
	file := filepath.Join(t.TempDir(), "a.apk")
	if err := os.WriteFile(file, packed(t, "v1", "v2", "v3"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "dump", "badging", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"package: name='net.example.cam' versionCode='7' versionName='0.7'", "sdkVersion:'26'", "targetSdkVersion:'34'", "application-label:'Example Cam'", "launchable-activity: name='net.example.cam.Main'"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("aapt doesn't say %s:\n%s", want, out)
		}
	}
}
