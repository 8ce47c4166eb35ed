package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

func records(t testing.TB, b []byte, opt Options) []Record {
	t.Helper()
	var out []Record
	err := Analyse(context.Background(), bytes.NewReader(b), int64(len(b)), opt, func(r Record) error { out = append(out, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// summary names what records say, without offsets.
func summary(rs []Record) (kinds []string, gaps []string, done *Done) {
	for _, r := range rs {
		switch {
		case r.Secret != nil:
			kinds = append(kinds, string(r.Secret.Kind)+" "+r.Secret.Path)
		case r.Start != nil && r.Start.Kind != "service" && r.Start.Kind != "process":
			kinds = append(kinds, string(r.Start.Kind)+" "+r.Start.Path)
		case r.Mode != nil:
			kinds = append(kinds, r.Mode.Kind+" "+r.Mode.Path)
		case r.Gap != nil:
			gaps = append(gaps, r.Gap.Why)
		case r.Done != nil:
			done = r.Done
		}
	}
	return kinds, gaps, done
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
		{"empty", nil, nil, []string{"broken"}, false},
		{"header-only", good[:4096], nil, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kinds, gaps, done := summary(records(t, c.image, Options{}))
			if d := cmp.Diff(c.kinds, kinds); d != "" {
				t.Errorf("found (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.gaps, gaps); d != "" {
				t.Errorf("gaps (-want +got):\n%s", d)
			}
			if got := done != nil && done.Files > 0; got != c.whole {
				t.Errorf("read to the end with files: %v, want %v", got, c.whole)
			}
		})
	}
}

// A cut image keeps what was found before the cut and names the gap.
func TestAnalyseTruncated(t *testing.T) {
	t.Parallel()
	b := image(t, refcam.TelnetdAtBoot)
	_, gaps, _ := summary(records(t, b[:len(b)*2/3], Options{}))
	if len(gaps) == 0 {
		t.Error("a truncated image has no gap: its absence facts would count as whole")
	}
}

// A value that was found as a secret stands in no other record.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	var values []string
	rs := records(t, image(t, refcam.URLCredentialsInImage), Options{})
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
	err := Analyse(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Files: true}, func(r Record) error {
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
		n := 0
		err := Analyse(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Files: true}, func(Record) error {
			if n++; n > 100_000 {
				t.Fatal("an image of this size must not give so many records")
			}
			return nil
		})
		if err != nil {
			t.Fatalf("Analyse: %v: damage belongs in records", err)
		}
	})
}
