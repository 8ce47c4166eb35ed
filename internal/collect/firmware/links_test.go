package firmware

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"testing"
)

// TestHardLinks: a file with several names is inspected under the first, and
// each name is listed with its content's hash.
func TestHardLinks(t *testing.T) {
	t.Parallel()
	conf := []byte("mqtt_password=blue-lighthouse-17\n")
	image := tarOf(t, member{"etc/conf", conf}, member{"etc/link", []byte("-> etc/conf")}, member{"bin/sh", []byte("#!/bin/sh")}, member{"usr/link", []byte("-> etc/conf")})
	var mu sync.Mutex
	var g Gather
	err := Analyse(context.Background(), bytes.NewReader(image), Options{Now: at, Files: true}, func(r Record) error {
		mu.Lock()
		defer mu.Unlock()
		g.Add(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r := g.Finish(at, 0)
	sum := sha256.Sum256(conf)
	n := 0
	for _, e := range r.Entries {
		if e.SHA256 == hex.EncodeToString(sum[:]) && e.Size == int64(len(conf)) {
			n++
		}
	}
	if n != 3 || len(r.Entries) != 4 {
		t.Errorf("%d of the three names: %+v", n, r.Entries)
	}
	if len(r.Secrets) != 1 || r.Secrets[0].Path != "/etc/conf" {
		t.Errorf("secrets %+v", r.Secrets)
	}
	if r.Done.Files != 4 || r.Done.Bytes != int64(len(conf)+len("#!/bin/sh")) {
		t.Errorf("%+v", r.Done)
	}
}
