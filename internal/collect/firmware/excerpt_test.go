package firmware

import (
	"strings"
	"testing"
)

// TestExcerpt: what a line says without giving anything away is shown, all else
// is masked, also where no rule knows the option that holds it.
func TestExcerpt(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		// what is known
		"ttyd -cadmin:Tty77Pw01":                             "ttyd -c[redacted]",
		`wget --header="X-Key: Hdr77Key" http://a.acme.com`:  `wget --header="[redacted]" http://a.acme.com`,
		`curl -H 'X-Key: Hdr77Key' https://a.acme.com/x`:     `curl -H 'X-Key: [redacted]' https://a.acme.com/x`,
		`curl "https://a.acme.com/i?k=Qry77KeyVal" | sh`:     `curl "https://a.acme.com/i?k=[redacted]" | sh`,
		"mini_snmpd -P Snmp77Pw -i eth0":                     "mini_snmpd -P [redacted] -i eth0",
		"telnetd -l /bin/sh # backdoor pw hunter":            "telnetd -l /bin/sh # [redacted]",
		`autossh "u:Ssh77Pass@h"`:                            `autossh "[redacted]"`,
		"export DEVPASS=Ab1; dropbear -R -B":                 "export DEVPASS=[redacted]; dropbear -R -B",
		`ssh -N "ProxyCommand=nc -x u:Pr0xyPw99@proxy" root`: `ssh -N "ProxyCommand=nc -x [redacted]" root`,
		"KEY=Env77Key1 rtspd":                                "KEY=[redacted] [redacted]",
		"MODEL=Env77Key1 rtspd":                              "MODEL=[redacted] rtspd",
		"rtspd -a us:Rts77Pass":                              "rtspd -a [redacted]",
		"rtspd rtsp://us:Rts@77/P?a#ss@10.0.0.7:554/live":    "rtspd rtsp://…@10.0.0.7:554/live",
		"rocommunity public":                                 "rocommunity [redacted]",
		// what no rule knows
		"zorkd --blip Zq77Pw -w Zq77Pw":               "zorkd --blip [redacted] -w [redacted]",
		"zorkd --blip=Zq77Pw -wZq77Pw -wzqpasswd":     "zorkd --blip=[redacted] -w[redacted] -w[redacted]",
		"zorkd --blip='Zq77Pw two' root:1234":         "zorkd --blip='[redacted] [redacted]' [redacted]",
		"zorkd root:root admin/Zq77Pw; Zq77Pw":        "zorkd [redacted] [redacted]; [redacted]",
		"zorkd -p 2323 --pin 1234 pin=1234":           "zorkd -p 2323 --pin [redacted] pin=[redacted]",
		"blip = Zq77Pw":                               "blip = [redacted]",
		"blip_pw = two words":                         "blip_pw = [redacted] [redacted]",
		"blip: QWxhZGRpbg==":                          "blip: [redacted]==",
		"set blip_key 12345":                          "set blip_key [redacted]",
		"echo Zq77Pw | zorkd ${ZQ:-Zq77Pw} $(cat)":    "echo [redacted] | zorkd ${[redacted]} $(cat)",
		"zorkd $1$Zq77$Pw /hook/aB3dE5fG7hI9jK1lM3nO": "zorkd [redacted] [redacted]",
		// evidence
		"telnetd -l /bin/sh -p 2323":                                    "",
		"::respawn:/usr/sbin/telnetd --daemon":                          "",
		"ttyS0::respawn:-/bin/sh":                                       "",
		"::respawn:/sbin/getty -L ttyS0 115200 vt100":                   "::respawn:/sbin/getty -L ttyS0 115200 vt100",
		"telnet stream tcp nowait root /usr/sbin/telnetd telnetd -i":    "",
		"/usr/sbin/dropbear -R -p 22":                                   "",
		"0 3 * * * /usr/sbin/ota_update.sh":                             "",
		`for i in /etc/init.d/S??*; do [ -x "$i" ] && "$i" start; done`: "",
		"upnpc -a $(hostname -i) 80 8080 tcp":                           "",
		"flashcp -v /tmp/fw.dec /dev/mtd3":                              "",
		`eval "$QUERY_STRING"`:                                          "",
		`"MinProtocol" => "TLSv1"`:                                      "",
		`cgi.assign = ( ".cgi" => "/bin/sh" )`:                          "",
		`dir-listing.activate = "enable"`:                               "",
		"Environment=NODE_TLS_REJECT_UNAUTHORIZED=0":                    "",
		"PermitRootLogin yes":                                           "",
		"PermitEmptyPasswords yes":                                      "",
		"Ciphers aes128-cbc,3des-cbc,arcfour":                           "",
		"ssl_ciphers ALL:!aNULL:RC4-SHA;":                               "",
		"guest ok = yes":                                                "",
		"<form action=/cgi-bin/login.cgi method=get>":                   "",
		"curl -ks https://api.acme.com/v1/up -d @/tmp/status":           "",
		"wget -qO- https://boot.acme.com/run.sh | bash -s -- --quiet":   "",
		`sh -c "telnetd -l /bin/sh"`:                                    "",
		"chmod 0777 /etc/app.conf":                                      "",
		"ssh -R 2222:localhost:22 root@relay.acme.net":                  "",
		"openssl enc -d -aes-128-ecb -in $F -out /tmp/x":                "",
		"ftp://…@198.51.100.244/clips":                                  "",
		"URL=http://ota.acme.net/fw/LV-C210/latest.bin":                 "",
	} {
		if want == "" {
			want = line
		}
		if got := excerpt(line, nil); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
}

// FuzzExcerpt: whatever a line is, a password of letters and digits is masked,
// and nothing is shown that isn't in the line.
func FuzzExcerpt(f *testing.F) {
	for _, s := range []string{"zorkd -x %", "a='%", `a="b %" | c`, "http://u:%@h/", "x=%;y", "-%", "#%", "${%}", "a: %", "%", "--blip=%", "$%", "a %@h", "b;%"} {
		f.Add(s)
	}
	const secret = "Zq7xPw9Kd"
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 300 || strings.ContainsAny(line, "/.") {
			return // the pieces of a path are shown
		}
		got := excerpt(strings.ReplaceAll(line, "%", " "+secret+" "), nil)
		if strings.Contains(got, secret) {
			t.Errorf("%q shows %q", line, got)
		}
	})
}
