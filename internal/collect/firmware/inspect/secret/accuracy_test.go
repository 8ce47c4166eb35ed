package secret_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/testdata"
)

// planted is a secret that was put into an image on purpose.
type planted struct {
	ID, Kind, Path, Value, User, Scheme, Algorithm string
	Offset                                         *int64
	Line, Bits                                     int
	SPKI                                           string `json:"spki_sha256"`
}

// secretKinds are the kinds of the truth files that are this package's, with
// what they may be called here.
var secretKinds = map[string][]secret.Kind{
	"password-hash": {secret.PasswordHash}, "uid0-account": {secret.UID0Account}, "empty-password": {secret.EmptyPassword},
	"wifi-psk": {secret.WiFiPSK}, "mqtt-credentials": {secret.Password, secret.EmbeddedLogin}, "aws-access-key-id": {secret.CloudKeyID},
	"aws-secret-key": {secret.CloudSecret}, "hmac-secret": {secret.SymmetricKey}, "smtp-credentials": {secret.Password},
	"url-credentials": {secret.URLCredential}, "webhook": {secret.Webhook}, "symmetric-key": {secret.SymmetricKey}, "api-key": {secret.APIKey},
	"default-credentials": {secret.Password}, "shell-history": {secret.Password}, "backdoor-credentials": {secret.EmbeddedLogin},
	"hard-coded-password": {secret.EmbeddedLogin}, "private-key": {secret.PrivateKey}, "ssh-authorized-key": {secret.AuthorizedKey},
}

type truth struct {
	Planted []planted         `json:"planted"`
	Env     map[string]string `json:"u_boot_env"`
	Decoys  []struct {
		Path, Value, Why string
	} `json:"decoys"`
}

func truthOf(t testing.TB, image string) truth {
	t.Helper()
	b, err := os.ReadFile(testdata.Dir(t, "firmware/built", image, image+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tr truth
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

func (p planted) is(h secret.Hit) bool {
	if h.Path != p.Path || !slices.Contains(secretKinds[p.Kind], h.Kind) || p.Line != 0 && h.Line != p.Line || p.Offset != nil && p.Line == 0 && h.Offset != *p.Offset {
		return false
	}
	if p.User != "" && h.User != p.User || p.SPKI != "" && h.SPKI != p.SPKI || p.Bits != 0 && h.Bits != p.Bits {
		return false
	}
	if h.Kind == secret.PrivateKey {
		return h.Algorithm == p.Algorithm && !h.Encrypted
	}
	return p.Value == "" || strings.Contains(h.Value, p.Value) || strings.Contains(p.Value, h.Value) || strings.Contains(h.User, p.Value)
}

func TestAccuracyOnCameras(t *testing.T) {
	t.Parallel()
	for _, img := range inspecttest.Images() {
		t.Run(img.Name, func(t *testing.T) {
			t.Parallel()
			entries, _ := inspecttest.Tree(t, img)
			tr := truthOf(t, img.Name)
			var hits []secret.Hit
			for _, e := range entries {
				if e.Type == "file" {
					hits = append(hits, hitsOf(e.Path, e.Data)...)
				}
			}
			var score inspecttest.Score
			used := make([]bool, len(hits))
			for _, p := range tr.Planted {
				if secretKinds[p.Kind] == nil || strings.Contains(p.Path, ":") { // of other parts of the image
					continue
				}
				score.Planted++
				if k := slices.IndexFunc(hits, p.is); k >= 0 {
					score.Found++
					used[k] = true
				} else {
					t.Errorf("missed: %s %s %s %q", p.ID, p.Kind, p.Path, p.Value)
				}
			}
			for k, h := range hits {
				// The same secret in another file is one more place of it.
				again := slices.ContainsFunc(tr.Planted, func(p planted) bool {
					return p.Value != "" && len(h.Value) >= 8 && (h.Value == p.Value || strings.Contains(p.Value, h.Value))
				})
				if !used[k] && !again && h.Kind.Secret() {
					score.Extra++
					t.Errorf("nobody planted: %s %s line %d offset %d %q %s", h.Kind, h.Path, h.Line, h.Offset, clip(h.Value), h.Note)
				}
			}
			for _, d := range tr.Decoys {
				for _, h := range hits {
					if h.Path == d.Path && (strings.Contains(d.Value, h.Value) || strings.Contains(h.Value, d.Value)) {
						t.Errorf("decoy reported: %+v (%s)", h, d.Why)
					}
				}
			}
			t.Logf("recall %.3f, precision %.3f (%+v)", score.Recall(), score.Precision(), score)
		})
	}
}

// TestBootLoaderEnvironment reads the environment of an image as the engine
// hands it over: a text of its own.
func TestBootLoaderEnvironment(t *testing.T) {
	t.Parallel()
	tr := truthOf(t, "camera-small-flash")
	var text strings.Builder
	for k, v := range tr.Env {
		text.WriteString(k + "=" + v + "\n")
	}
	hits := hitsOf("u-boot-env", []byte(text.String()))
	if len(hits) != 1 || hits[0].Kind != secret.Password || hits[0].Value != tr.Env["passwd"] {
		t.Errorf("%+v", hits)
	}
}

// BenchmarkScan is the cost of the hits of one camera's tree; finding the words
// is the engine's.
func BenchmarkScan(b *testing.B) {
	entries, _ := inspecttest.Tree(b, inspecttest.Images()[0])
	type file struct {
		path  string
		data  []byte
		found []keyword.Hit
	}
	var files []file
	var size int64
	for _, e := range entries {
		if e.Type == "file" {
			files = append(files, file{e.Path, e.Data, find(e.Data)})
			size += int64(len(e.Data))
		}
	}
	b.SetBytes(size)
	for b.Loop() {
		for _, f := range files {
			secret.Scan(inspect.New(f.path, 0o644, f.data), f.found)
		}
	}
}
