package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const swordfish = "sw0rdfish/with+päß&=16"

// Whatever a program does with a value to print it, the value isn't there.
func TestValueNeverPrints(t *testing.T) {
	t.Parallel()
	v := NewValue([]byte(swordfish))
	type inside struct {
		Exported Value
		hidden   Value
		list     []Value
		m        map[string]Value
		p        *Value
		i        any
	}
	in := inside{v, v, []Value{v}, map[string]Value{"k": v}, &v, v}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "v", v, "in", in)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v, "in", in)
	out := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%c", "%U"} {
		for _, a := range []any{v, &v, in, &in, []Value{v}, map[string]Value{"k": v}, [1]any{v}} {
			out = append(out, fmt.Sprintf(verb, a))
		}
	}
	for _, a := range []any{v, &v, in, map[string]Value{"k": v}} {
		b, err := json.Marshal(a)
		if err != nil {
			t.Error(err)
		}
		out = append(out, string(b))
	}
	out = append(out, fmt.Sprint(errors.Join(fmt.Errorf("login with %v failed", v))))
	forms := []string{swordfish, hex.EncodeToString([]byte(swordfish)), strings.ToUpper(hex.EncodeToString([]byte(swordfish))),
		base64.StdEncoding.EncodeToString([]byte(swordfish)), fmt.Sprint([]byte(swordfish))[1:20], "0x73, 0x77"}
	for _, s := range out {
		for _, f := range forms {
			if strings.Contains(s, f) {
				t.Errorf("printed: %s", s)
			}
		}
	}
	if string(v.Reveal()) != swordfish || !v.Equal(NewValue([]byte(swordfish))) || v.Equal(Value{}) || (Value{}).Reveal() != nil {
		t.Error("Reveal or Equal")
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", "(empty)"},
		{"1", "…(1-7)"},
		{"1234567", "…(1-7)"},
		{"12345678", "…(8-15)"},
		{"123456789012345", "…(8-15)"},
		{"a23456789012345z", "a…z(16-31)"},
		{strings.Repeat("通", 20), "通…通(16-31)"},
		{"\x1b" + strings.Repeat("a", 40) + "\u202e", "·…·(32-63)"},
		{"\xff" + strings.Repeat("a", 80), "·…a(64+)"},
	} {
		if got := Redact([]byte(tt.in)); got != tt.want {
			t.Errorf("Redact(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	a, err := s.Seal([]byte(swordfish), "password")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Seal([]byte(swordfish), "password")
	if err != nil || a != b {
		t.Errorf("sealed twice: %+v, %+v, %v", a, b, err)
	}
	c, err := s.Seal([]byte(swordfish), "wifi-key")
	if err != nil || c.Handle == a.Handle || c.HMAC != a.HMAC {
		t.Errorf("another kind: %+v, %v; want the same HMAC and another handle", c, err)
	}
	if d, err := s.Seal([]byte("other"), "password"); err != nil || d.HMAC == a.HMAC || d.Handle == a.Handle {
		t.Errorf("another value: %+v, %v", d, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, Options{ReadOnly: true})
	if v, err := s.Unseal(a.Handle); err != nil || string(v.Reveal()) != swordfish {
		t.Errorf("unsealed %v, %v", v, err)
	}
	if _, err := s.Unseal("../key"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown handle: %v", err)
	}
	checkModes(t, dir)
	if got, want := fmt.Sprintf("%+v", a), "password:s…6(16-31)"; got != want {
		t.Errorf("a secret prints as %q, want %q", got, want)
	}
	// The value itself is in no file.
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		for _, f := range []string{swordfish, base64.StdEncoding.EncodeToString([]byte(swordfish))} {
			if bytes.Contains(b, []byte(f)) {
				t.Errorf("%s holds the value", p)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	other := openStore(t, t.TempDir(), testOptions())
	if o, err := other.Seal([]byte(swordfish), "password"); err != nil || o.HMAC == a.HMAC || o.Handle == a.Handle {
		t.Errorf("another workspace gives %+v, %v: it must not be comparable", o, err)
	}
}

func TestSealErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	if _, err := s.Seal(make([]byte, 2<<20), "key"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large value: %v", err)
	}
	if _, err := s.Seal([]byte("x"), "No Name"); err == nil {
		t.Error("kind that is no name")
	}
	a, err := s.Seal([]byte("value a"), "password")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Seal([]byte("value b"), "password")
	if err != nil {
		t.Fatal(err)
	}
	file := func(h string) string { return filepath.Join(dir, baseDir, "sealed", h) }
	content, err := os.ReadFile(file(b.Handle))
	if err != nil {
		t.Fatal(err)
	}
	write(t, file(a.Handle), string(content))
	if v, err := s.Unseal(a.Handle); err == nil {
		t.Errorf("an exchanged file was unsealed as %v", v)
	}
	// The same with an index that was changed to fit: the handle is sealed in.
	if b2, ok := s.sealed[b.Handle]; ok {
		b2.Handle = a.Handle
		s.sealed[a.Handle] = b2
	}
	if v, err := s.Unseal(a.Handle); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("an exchanged file with index was unsealed as %v, %v", v, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	remove(t, file("key"))
	s = openStore(t, dir, testOptions())
	if _, err := s.Seal([]byte("value c"), "password"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a second key was made: %v", err)
	}
}

func TestOwnKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(key string) *Store {
		o := testOptions()
		if key != "" {
			o.Key = []byte(key)
		}
		return openStore(t, dir, o)
	}
	plain, err := open("").Seal([]byte("before"), "password")
	if err != nil {
		t.Fatal(err)
	}
	keyed, err := open("correct horse battery").Seal([]byte(swordfish), "password")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ key, want string }{
		{"", "give the same key"}, {"wrong horse battery", "wrong key"}, {"correct horse battery", ""},
	} {
		s := open(tt.key)
		v, err := s.Unseal(keyed.Handle)
		if tt.want == "" && (err != nil || string(v.Reveal()) != swordfish) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("key %q: %v, %v", tt.key, v, err)
		}
		if v, err := s.Unseal(plain.Handle); err != nil || string(v.Reveal()) != "before" {
			t.Errorf("key %q, value sealed without: %v, %v", tt.key, v, err)
		}
	}
	if _, err := Open(dir, Options{Key: []byte("short")}); err == nil {
		t.Error("a short key was taken")
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	known := Known{Secret{Kind: "password", HMAC: "0123456789abcdef"}, NewValue([]byte(swordfish))}
	r := NewRedactor(known, Known{}, Known{Secret{Kind: "pin", HMAC: "ffffffffff"}, NewValue([]byte("4711"))})
	label := "[redacted:password:01234567]"
	b64 := base64.StdEncoding.EncodeToString
	for _, tt := range []struct{ name, in, want string }{
		{"none", "GET / HTTP/1.1", "GET / HTTP/1.1"},
		{"empty", "", ""},
		{"raw", "pass=" + swordfish + ";", "pass=" + label + ";"},
		{"twice", swordfish + swordfish, label + label},
		{"query", "p=" + url.QueryEscape(swordfish) + "&x", "p=" + label + "&x"},
		{"query-lower", "p=" + strings.ToLower(url.QueryEscape(swordfish)) + "&x", "p=" + label + "&x"},
		{"path", "/" + url.PathEscape(swordfish) + "/x", "/" + label + "/x"},
		{"every-byte", "p=" + percentAll([]byte(swordfish)), "p=" + label},
		{"html", `v="` + html.EscapeString(swordfish) + `"`, `v="` + label + `"`},
		{"json", `{"p":"sw0rdfish/with+päß\u0026=16"}`, `{"p":"` + label + `"}`},
		{"json-ascii", `{"p":"sw0rdfish/with+p\u00E4\u00df&=16"}`, `{"p":"` + label + `"}`},
		{"json-php", `{"p":"sw0rdfish\/with+p\u00e4\u00df&=16"}`, `{"p":"` + label + `"}`},
		{"hex", hex.EncodeToString([]byte(swordfish)), label},
		{"hex-upper", strings.ToUpper(hex.EncodeToString([]byte(swordfish))), label},
		{"base64", b64([]byte(swordfish)) + "\n", label + "\n"},
		{"basic-auth", "Basic " + b64([]byte("admin:4711")), "Basic " + "YWRtaW46[redacted:pin:ffffffff]"},
		{"basic-auth-shifted", "Basic " + b64([]byte("root:4711")), "Basic cm9vdD[redacted:pin:ffffffff]"},
		{"pin", "pin 4711.", "pin [redacted:pin:ffffffff]."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := r.String(tt.in); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if got := NewRedactor().String("x"); got != "x" {
		t.Errorf("no secrets: %q", got)
	}
}

// No form of a value survives, wherever it stands.
func TestRedactorForms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Byte(), 6, 40).Draw(t, "value")
		before := rapid.StringMatching(`[a-z:=" ]{0,5}`).Draw(t, "before")
		after := rapid.StringMatching(`[a-z:=" ]{0,5}`).Draw(t, "after")
		r := NewRedactor(Known{Secret{Kind: "k", HMAC: "00000000"}, NewValue(v)})
		whole := before + string(v) + after
		for name, s := range map[string]string{
			"raw": whole, "hex": hex.EncodeToString([]byte(whole)), "query": url.QueryEscape(whole), "html": html.EscapeString(whole),
			"base64": base64.StdEncoding.EncodeToString([]byte(whole)), "base64url": base64.URLEncoding.EncodeToString([]byte(whole)),
			"base64raw": base64.RawStdEncoding.EncodeToString([]byte(whole)),
		} {
			if got := r.String("<" + s + ">"); !strings.Contains(got, "[redacted:k:00000000]") {
				t.Errorf("%s of %q after %q: %q is left as %q", name, v, before, s, got)
			}
		}
		if strings.HasPrefix(r.String(whole), whole) {
			t.Errorf("value left in %q", whole)
		}
	})
}

func TestStoreRedactor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir, testOptions())
	sec, err := s.Seal([]byte(swordfish), "password")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, testOptions())
	r, err := s.Redactor()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.String("x"+swordfish), "x[redacted:password:"+sec.HMAC[:8]+"]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	write(t, filepath.Join(dir, baseDir, "sealed", sec.Handle), "damaged")
	if _, err := s.Redactor(); err == nil {
		t.Error("a redactor without all values")
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add([]byte("secret"), []byte("the secret is c2VjcmV0"))
	f.Add([]byte{0}, []byte("\x00\x00"))
	f.Add([]byte("aa"), []byte("aaaaa"))
	f.Fuzz(func(t *testing.T, value, transcript []byte) {
		r := NewRedactor(Known{Secret{Kind: "k", HMAC: "00000000"}, NewValue(value)})
		out := r.Bytes(transcript)
		label := []byte("[redacted:k:00000000]")
		if len(value) > 0 && bytes.Contains(transcript, value) && !bytes.Contains(out, label) {
			t.Errorf("%q is left in %q", value, out)
		}
		if !bytes.Contains(out, label) && !bytes.Equal(out, transcript) {
			t.Errorf("%q without the value became %q", transcript, out)
		}
	})
}

func BenchmarkRedactor(b *testing.B) {
	var known []Known
	for i := range 50 {
		known = append(known, Known{Secret{Kind: "k", HMAC: "00000000"}, NewValue(fmt.Appendf(nil, "secret value %d", i))})
	}
	r := NewRedactor(known...)
	text := bytes.Repeat([]byte("GET /cgi-bin/param.cgi?user=admin&pwd=secret HTTP/1.1\r\n"), 20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Bytes(text)
	}
}
