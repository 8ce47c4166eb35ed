package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/host"
)

// TestShown: what a use shows, where a name is the device's own, nobody's, or
// one of many that a program knows.
func TestShown(t *testing.T) {
	t.Parallel()
	var many, few strings.Builder
	for i, d := range []string{"no-ip.com", "changeip.com", "dnsexit.com", "zoneedit.com", "duckdns.org", "dynu.com", "he.net"} {
		fmt.Fprintf(&many, "update.%s\x00", d)
		if i < 2 {
			fmt.Fprintf(&few, "update.%s\x00", d)
		}
	}
	for _, row := range []struct {
		name, path, text, host string
		class                  host.Class
		evidence               host.Evidence
		own                    bool
	}{
		{"own", "/mnt/mtd/ddns.conf", "server=dynupdate.no-ip.com\nhost=cam81.ddns.net\n", "cam81.ddns.net", host.InConfig, host.Mentioned, true},
		{"own-uci", "/etc/config/ddns", "config service 'a'\n\toption lookup_host 'cam81.dyndns.org'\n", "cam81.dyndns.org", host.InConfig, host.Mentioned, true},
		{"own-inadyn", "/etc/inadyn.conf", "provider default@freedns.afraid.org {\n  hostname = cam81.mooo.com\n}\n", "cam81.mooo.com", host.InConfig, host.Mentioned, true},
		{"own-section", "/etc/sys.ini", "[DDNS]\nHostName=cam81.3322.org\n", "cam81.3322.org", host.InConfig, host.Mentioned, true},
		{"service", "/mnt/mtd/ddns.conf", "server=dynupdate.no-ip.com\n", "dynupdate.no-ip.com", host.InConfig, host.Configured, false},
		{"own-sample", "/etc/inadyn.conf", "hostname = cam.example.dyndns.org\n", "cam.example.dyndns.org", host.Documentation, host.Mentioned, false},
		{"other-section", "/etc/sys.ini", "[FTP]\nHostName=cam81.3322.org\n", "cam81.3322.org", host.InConfig, host.Configured, false},
		{"reserved", "/etc/a.json", `{"smtp": {"server": "smtp.example.com"}}`, "smtp.example.com", host.InConfig, host.Mentioned, false},
		{"reserved-list", "/etc/config/openvpn", "config openvpn 'a'\n\tlist remote 'vpn.example.net 1194'\n", "vpn.example.net", host.InConfig, host.Mentioned, false},
		{"reserved-url", "/etc/a.conf", "url=https://api.example.org/v1\n", "api.example.org", host.InConfig, host.Mentioned, false},
		{"reserved-web", "/www/a.js", "r.open(\"GET\",\"https://example.com\",true)\n", "example.com", host.Documentation, host.Mentioned, false},
		{"owned", "/etc/a.json", `{"smtp": {"server": "smtp.example-mail.com"}}`, "smtp.example-mail.com", host.InConfig, host.Configured, false},
		{"agent", "/opt/start.sh", "#!/bin/sh\n/tmp/ft_agent 192.0.2.45 6001\n", "192.0.2.45", host.InScript, host.Scripted, false},
		{"agent-version", "/opt/start.sh", "#!/bin/sh\nUA=\"agent 10.2.0.45\"\n", "10.2.0.45", host.Number, host.Mentioned, false},
		{"updaters", "/usr/sbin/d", "\x00\x00getaddrinfo\x00api.vendor-cloud.net\x00" + many.String(), "update.duckdns.org", host.InBinary, host.Mentioned, false},
		{"updaters-own", "/usr/sbin/d", "\x00\x00getaddrinfo\x00api.vendor-cloud.net\x00" + many.String(), "api.vendor-cloud.net", host.InBinary, host.Programmed, false},
		{"updaters-few", "/usr/sbin/d", "\x00\x00getaddrinfo\x00" + few.String(), "update.no-ip.com", host.InBinary, host.Programmed, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			type seen struct {
				Class    host.Class
				Evidence host.Evidence
				Own      bool
			}
			var got []seen
			for _, u := range usesOf(row.path, []byte(row.text)) {
				if u.Host == row.host {
					got = append(got, seen{u.Class, u.Evidence, u.Own})
				}
			}
			if d := cmp.Diff([]seen{{row.class, row.evidence, row.own}}, got); d != "" {
				t.Error(d)
			}
		})
	}
}
