package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/refcam"
)

// image builds the reference camera's image.
func image(t testing.TB, weak ...string) []byte {
	t.Helper()
	cam, err := refcam.New(refcam.Options{Weak: weak, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := cam.Image()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gathered(t testing.TB, b []byte, opt Options) *Result {
	t.Helper()
	var mu sync.Mutex
	var g Gather
	err := Analyse(context.Background(), bytes.NewReader(b), opt, func(r Record) error {
		mu.Lock()
		defer mu.Unlock()
		g.Add(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return g.Finish(at, opt.Guess)
}

// summary names what a result says, without offsets.
func summary(r *Result) (kinds, gaps []string) {
	secrets, others := sightings(r)
	for _, s := range slices.Concat(secrets, others) {
		if s.kind != "service" && s.kind != "process" && s.kind != "kernel-console" {
			kinds = append(kinds, s.kind+" "+s.path)
		}
	}
	for _, g := range r.Gaps {
		gaps = append(gaps, g.Why)
	}
	return kinds, gaps
}

func TestAnalyse(t *testing.T) {
	t.Parallel()
	good := image(t)
	for _, c := range []struct {
		name  string
		image []byte
		kinds []string
		gaps  []string
		whole bool // Done comes, with files
	}{
		{"hardened", good, nil, nil, true},
		{"url-credentials", image(t, refcam.URLCredentialsInImage), []string{"url-credentials /opt/cam/backup.conf"}, nil, true},
		{"telnetd", image(t, refcam.TelnetdAtBoot), []string{"telnet-enabled /etc/init.d/S50telnet"}, nil, true},
		{"empty", nil, nil, []string{"not-analysable"}, false},
		{"header-only", good[:4096], nil, []string{"not-analysable"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := gathered(t, c.image, Options{})
			kinds, gaps := summary(r)
			if d := cmp.Diff(c.kinds, kinds); d != "" {
				t.Errorf("found (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.gaps, gaps); d != "" {
				t.Errorf("gaps (-want +got):\n%s", d)
			}
			if got := r.Done != nil && r.Done.Files > 0; got != c.whole {
				t.Errorf("read to the end with files: %v, want %v", got, c.whole)
			}
		})
	}
}

// A cut image keeps what was found before the cut and names the gap.
func TestAnalyseTruncated(t *testing.T) {
	t.Parallel()
	b := image(t, refcam.TelnetdAtBoot)
	_, gaps := summary(gathered(t, b[:len(b)*2/3], Options{}))
	if len(gaps) == 0 {
		t.Error("a truncated image has no gap: its absence facts would count as whole")
	}
}

// A value that was found as a secret stands in no other record.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var rs []Record
	b := image(t, refcam.URLCredentialsInImage)
	err := Analyse(context.Background(), bytes.NewReader(b), Options{}, func(r Record) error {
		mu.Lock()
		defer mu.Unlock()
		rs = append(rs, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, r := range rs {
		if r.Secret != nil {
			values = append(values, r.Secret.Value)
		}
	}
	if len(values) == 0 {
		t.Fatal("no secret found: the test shows nothing")
	}
	for _, r := range rs {
		if r.Secret != nil {
			continue
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if bytes.Contains(b, []byte(v)) {
				t.Errorf("%q stands in %s", v, b)
			}
		}
	}
}

func TestAnalyseStopsWithTheReceiver(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	b := image(t)
	err := Analyse(context.Background(), bytes.NewReader(b), Options{Files: true}, func(r Record) error {
		if r.Entry != nil {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("Analyse = %v, want the receiver's error", err)
	}
}

func FuzzAnalyse(f *testing.F) {
	good := image(f)
	f.Add(good[:8192])
	f.Add([]byte("hsqs"))
	f.Add(good[len(good)-4096:])
	f.Fuzz(func(t *testing.T, b []byte) {
		var n atomic.Int64
		err := Analyse(context.Background(), bytes.NewReader(b), Options{Files: true}, func(Record) error {
			if n.Add(1) > 100_000 {
				t.Fatal("an image of this size must not give so many records")
			}
			return nil
		})
		if err != nil {
			t.Fatalf("Analyse: %v: damage belongs in records", err)
		}
	})
}
