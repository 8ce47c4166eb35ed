package firmware

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/internal/collect/firmware/inspect/secret"
	"assay/internal/testdata"
)

// planted is what somebody put into an image on purpose.
type planted struct {
	ID, Kind, Path, Value string
	Offset                int64
	Line                  int
}

// truth is what is known of an image of the collection.
type truth struct {
	Planted []planted
	Decoys  []struct{ Path, Value, Why string }
	Hosts   []struct {
		Host  string
		Paths []string
	}
}

// secretKinds are the planted kinds whose value is a secret.
var secretKinds = []string{"password-hash", "wifi-psk", "mqtt-credentials", "aws-access-key-id", "aws-secret-key", "hmac-secret", "smtp-credentials",
	"url-credentials", "webhook", "symmetric-key", "api-key", "default-credentials", "shell-history", "backdoor-credentials", "hard-coded-password",
	"private-key", "password-cleartext"}

// calls are what Assay calls the planted kinds that are no secrets, where the
// name differs.
var calls = map[string]string{"uart-shell-no-login": "serial-shell", "service-enabled": "service", "http-cleartext-ui": "cleartext-transport",
	"file-permission": "secret-world-readable", "key-world-readable": "secret-world-readable", "cert-expired": "certificate-expired",
	"cert-weak-signature": "certificate-weak-signature", "cert-weak-key": "certificate-weak-key"}

// sighting is anything that was found, by kind and place.
type sighting struct {
	kind, path string
	offset     int64
	line       int
	value      string // of a secret
}

func (s sighting) String() string {
	return fmt.Sprintf("%s %s line %d offset %d", s.kind, s.path, s.line, s.offset)
}

// sightings lists what a result says, but hosts.
func sightings(r *Result) (secrets, others []sighting) {
	for _, h := range r.Secrets {
		s := sighting{string(h.Kind), h.Path, h.Offset, h.Line, h.Value}
		switch {
		case h.Kind == secret.UID0Account, h.Kind == secret.EmptyPassword, h.Kind == secret.AuthorizedKey:
			others = append(others, s)
		case h.Kind.Secret():
			secrets = append(secrets, s)
		}
	}
	for _, s := range r.Starts {
		others = append(others, sighting{string(s.Kind), s.Path, s.Offset, s.Line, ""})
	}
	for _, w := range r.Weaknesses {
		others = append(others, sighting{w.Kind, w.Path, w.Offset, w.Line, ""})
	}
	for _, m := range r.Modes {
		others = append(others, sighting{kind: m.Kind, path: m.Path})
	}
	for _, c := range r.Certs {
		for _, p := range c.Problems {
			others = append(others, sighting{"certificate-" + string(p), c.Path, c.Offset, c.Line, ""})
		}
	}
	return secrets, others
}

// meets says that a sighting is of what was planted: the path, and the line or
// the offset where the truth names one.
func (p planted) meets(s sighting) bool {
	switch {
	case s.path != p.Path:
		return false
	case p.Value != "" && s.value == p.Value:
		return true // the truth names the first of several places
	case p.Line > 0 && s.line > 0:
		return p.Line == s.line || strings.HasPrefix(s.kind, "certificate-") || s.kind == "private-key"
	case p.Offset > 0 && s.offset > 0:
		return s.offset >= p.Offset-64 && s.offset <= p.Offset+int64(len(p.Value))+64
	}
	return true
}

// squashed were planted in the tree, and aren't in the image: mkfs.jffs2 was
// told to squash permissions, the inode in the image says 0644.
var squashed = map[string]bool{"camera-small-flash E005": true}

// rate is how often something was right.
type rate struct{ right, of int }

func (r rate) String() string {
	if r.of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", r.right, r.of, 100*float64(r.right)/float64(r.of))
}

func (r rate) below(percent int) bool { return r.right*100 < r.of*percent }

// TestAccuracy prints, for every image whose content is known, what was found
// of it and what was reported beyond it; `make accuracy` shows it.
func TestAccuracy(t *testing.T) {
	dir := testdata.Dir(t, "firmware", "built")
	for _, row := range []struct{ name, image string }{
		{"camera-insecure", "camera-insecure.bin"}, {"camera-small-flash", "camera-small-flash.bin"}, {"camera-hardened", "camera-hardened.swu"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var x truth
			decode(t, filepath.Join(dir, row.name, row.name+".truth.json"), &x)
			r := read(t, filepath.Join(dir, row.name, row.image), Options{})
			secrets, others := sightings(r)
			scoreSecrets(t, row.name, x, secrets)
			scoreOthers(t, row.name, x, others)
			scoreHosts(t, x, r)
			decoys(t, x, r)
			for _, g := range r.Gaps {
				t.Logf("not read: %s %s: %s", g.Path, g.Why, g.Detail)
			}
		})
	}
	t.Run("camera-encrypted", func(t *testing.T) {
		r := read(t, filepath.Join(dir, "camera-hardened", "camera-hardened.enc.bin"), Options{})
		t.Logf("status %s: %s", r.Image.Status, r.Image.Reason)
		if r.Image.Status != "encrypted" {
			t.Errorf("the encrypted image counts as %s", r.Image.Status)
		}
	})
}

func scoreSecrets(t *testing.T, name string, x truth, got []sighting) {
	t.Helper()
	var recall rate
	taken := make([]bool, len(got))
	for _, p := range x.Planted {
		if !slices.Contains(secretKinds, p.Kind) {
			continue
		}
		recall.of++
		i := slices.IndexFunc(got, p.meets)
		for j, s := range got {
			taken[j] = taken[j] || p.meets(s)
		}
		if i >= 0 {
			recall.right++
			t.Logf("%s %-24s %-34s found as %s", p.ID, p.Kind, p.Path, got[i].kind)
		} else {
			t.Logf("%s %-24s %-34s MISSED", p.ID, p.Kind, p.Path)
		}
	}
	precision := rate{of: len(got)}
	for i, s := range got {
		if taken[i] {
			precision.right++
		} else {
			t.Logf("extra secret: %s", s)
		}
	}
	t.Logf("secrets: recall %s, precision %s", recall, precision)
	if recall.below(95) || precision.below(90) {
		t.Errorf("%s: secrets: recall %s, precision %s", name, recall, precision)
	}
}

func scoreOthers(t *testing.T, name string, x truth, got []sighting) {
	t.Helper()
	var recall rate
	for _, p := range x.Planted {
		if slices.Contains(secretKinds, p.Kind) || p.Kind == "undeclared-host" || p.Kind == "hard-coded-resolver" {
			continue
		}
		kind := calls[p.Kind]
		if kind == "" {
			kind = p.Kind
		}
		state := "MISSED"
		if squashed[name+" "+p.ID] {
			state = "not in the image"
		} else {
			recall.of++
			if slices.ContainsFunc(got, func(s sighting) bool { return s.kind == kind && p.meets(s) }) {
				recall.right++
				state = "found"
			}
		}
		t.Logf("%s %-24s %-34s %s", p.ID, p.Kind, p.Path, state)
	}
	t.Logf("other weaknesses: %s found", recall)
	if recall.right != recall.of {
		t.Errorf("%s: other weaknesses: %s", name, recall)
	}
	if len(x.Planted) == 0 {
		benign := []string{"service", "process", "serial-login", "kernel-console"}
		for _, s := range got {
			if s.kind == "build-trace" {
				t.Logf("%s stands in the hardened image too", s) // the same text that counts as planted in the other
			} else if !slices.Contains(benign, s.kind) {
				t.Errorf("%s: nothing was planted, and %s is reported", name, s)
			}
		}
	}
}

func scoreHosts(t *testing.T, x truth, r *Result) {
	t.Helper()
	want := make(map[string]bool)
	for _, h := range x.Hosts {
		for _, p := range h.Paths {
			want[h.Host+" "+p] = false
		}
	}
	var precision rate
	extra := make(map[string]bool)
	for _, u := range r.Hosts {
		if !u.Class.Contacted() {
			continue
		}
		k := u.Host + " " + u.Path
		if _, ok := want[k]; ok {
			want[k] = true
		} else {
			extra[k] = true
		}
	}
	var recall rate
	for _, k := range slices.Sorted(maps.Keys(want)) {
		recall.of++
		if want[k] {
			recall.right++
		} else {
			t.Logf("MISSED host %s", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		t.Logf("extra host %s", k)
	}
	precision = rate{recall.right, recall.right + len(extra)}
	t.Logf("hosts: recall %s, precision %s", recall, precision)
	if recall.below(95) || precision.below(90) {
		t.Errorf("hosts: recall %s, precision %s", recall, precision)
	}
}

// decoys fails where a decoy is reported.
func decoys(t *testing.T, x truth, r *Result) {
	t.Helper()
	for _, d := range x.Decoys {
		for _, s := range r.Secrets {
			if s.Kind.Secret() && s.Path == d.Path && strings.Contains(s.Value, d.Value) {
				t.Errorf("decoy reported: %s in %s (%s)", d.Value, d.Path, d.Why)
			}
		}
		for _, u := range r.Hosts {
			if u.Class.Contacted() && u.Path == d.Path {
				t.Errorf("decoy reported: %s in %s (%s)", u.Host, d.Path, d.Why)
			}
		}
	}
	t.Logf("decoys: %d, none may be reported", len(x.Decoys))
}
