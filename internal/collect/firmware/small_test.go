package firmware

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// TestSmallFiles: an image with more small files than are kept whole is complete
// nevertheless, and says what the first of them holds that another names.
func TestSmallFiles(t *testing.T) {
	members := []member{
		{"etc/init.d/S50tunnel", []byte("#!/bin/sh\nnice -n 5 sshpass -f /etc/tunnel.dat ssh -N -R 1:localhost:22 unit@relay.vendor-cam.net\n")},
		{"etc/tunnel.dat", []byte("tr0ub4dor-7\n")},
	}
	for i := range 25_000 {
		text := fmt.Sprintf("value%05dx\n", i)
		if i%5 == 0 {
			text = fmt.Sprintf("enabled=%d\nmode=auto\n", i)
		}
		members = append(members, member{fmt.Sprintf("opt/settings/%d/f%05d", i%7, i), []byte(text)})
	}
	var r Result
	if err := json.Unmarshal([]byte(analysed(t, tarOf(t, members...), 1000)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Gaps) > 0 {
		t.Errorf("%d gaps, the first %+v", len(r.Gaps), r.Gaps[0])
	}
	if !slices.ContainsFunc(r.Secrets, func(s Secret) bool { return s.Path == "/etc/tunnel.dat" }) {
		t.Error("the password that a script names is not among the secrets")
	}
	if len(r.Secrets) > 1 {
		t.Errorf("%d secrets", len(r.Secrets))
	}
}
