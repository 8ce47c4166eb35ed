package secret_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/secret"
)

// TestFamilies holds forms that real images have, each beside what looks like it
// and is none.
func TestFamilies(t *testing.T) {
	t.Parallel()
	const key40 = "392e613ba80959be3f60a738f33dbf62a8de7065"
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"foreign-letters", "/etc/a.conf", "password=密碼測試Zebra77x\npassword=pässWort77x\n", []found{{secret.Password, 1, "", "密碼測試Zebra77x"}, {secret.Password, 2, "", "pässWort77x"}}},
		{"foreign-texts", "/etc/a.conf", "prompt_password=請輸入密碼\npassword_hint=8到12個字元\nnew_password=請輸入 8 到 12 個字元\n", nil},
		{"spoken-no-wifi", "/etc/a.json", `{"密碼":"ZhKey7788xx","wifi":{"ssid":"home","channel":6}}`, []found{{secret.Password, 1, "", "ZhKey7788xx"}}},
		{"spoken-wifi", "/etc/a.json", `{"ssid":"home","密碼":"ZhKey7788xx"}`, []found{{secret.WiFiPSK, 1, "", "ZhKey7788xx"}}},
		{"password-no-wifi", "/etc/a.json", "{\n \"password\": \"ZhKey7788xx\",\n \"wifi\": {\n  \"ssid\": \"home\"\n }\n}\n", []found{{secret.Password, 2, "", "ZhKey7788xx"}}},
		{"vpn-login", "/etc/up.txt", "alice\nZx81kkQp\n", []found{{secret.Password, 2, "alice", "Zx81kkQp"}}},
		{"vpn-no-login", "/etc/up.txt", "interface\nwlan0\n", nil},
		{"two-lines-elsewhere", "/etc/state.txt", "alice\nZx81kkQp\n", nil},
		{"pin", "/etc/a.properties", "modem.pin=4139\npin_code = 12345670\n", []found{{secret.Password, 1, "", "4139"}, {secret.Password, 2, "", "12345670"}}},
		{"pin-no-number", "/etc/a.properties", "modem.pin=ask\nreset.pin=GPIO4\npin_code = none\n", nil},
		{"puk", "/opt/a.py", "PUK = \"95323206\"\n", []found{{secret.Password, 1, "", "95323206"}}},
		{"puk-text", "/opt/a.py", "PUK = \"Enter PUK\"\n", nil},
		{"hmac", "/etc/a.conf", "HMAC_KEY=" + key40 + "\n", []found{{secret.SymmetricKey, 1, "", key40}}},
		{"sum-no-key", "/etc/a.conf", "commit_key=" + key40 + "\n", nil},
		{"account-line", "/etc/haproxy.cfg", "userlist u\n user ops insecure-password Zx81kkQp\n", []found{{secret.Password, 2, "ops", "Zx81kkQp"}}},
		{"account-line-prose", "/etc/a.cfg", " user must password change\n user ops insecure-password <yours>\n", nil},
		{"quoted-beside-user", "/etc/monit/monitrc", "set mailserver a.b username \"m\" password \"mntYfSJan\"\n", []found{{secret.Password, 1, "m", "mntYfSJan"}}},
		{"quoted-alone", "/etc/monit/monitrc", "the password \"mntYfSJan\"\n", nil},
		{"perl-quote", "/opt/a.pl", "#!/usr/bin/perl\nmy %db=(user=>\"x\",pass=>q{Zx81kkQp});\n", []found{{secret.Password, 2, "x", "Zx81kkQp"}}},
		{"perl-quote-variable", "/opt/a.pl", "#!/usr/bin/perl\nmy %db=(user=>\"x\",pass=>qq{$pw});\n", nil},
		{"tsig", "/etc/dhcp/dhcpd.conf", "key k { algorithm hmac-sha256; secret xmtAJGMqdoqI4kZe6tze3J51hQCINhyEONSYnH5NaWy=; }\n", []found{{secret.SymmetricKey, 1, "", "xmtAJGMqdoqI4kZe6tze3J51hQCINhyEONSYnH5NaWy="}}},
		{"tsig-word", "/etc/dhcp/dhcpd.conf", "# key\nthe secret xmtAJGMqdoqI4kZe6tze3J51hQCINhyEONSYnH5NaWy=;\n", nil},
		{"ldap-bind", "/etc/ldap/slapd.conf", "syncrepl rid=1 bindmethod=simple credentials=\"ldpyfKBZrM\"\n", []found{{secret.Password, 1, "", "ldpyfKBZrM"}}},
		{"define", "/etc/kamailio/kamailio.cfg", "#!define AUTH_SECRET \"fQduPMjyNt3f7VoNaYrC\"\nmodparam(\"auth_db\", \"password_column\", \"password\")\n", []found{{secret.Token, 1, "", "fQduPMjyNt3f7VoNaYrC"}}},
		{"exim", "/etc/exim4/passwd.client", "# host:user:password\nmx.a.net:pbx:Zx81kkQp\n*:x\n", nil},
		{"exim-client", "/etc/exim4/passwd.client", "mx.a.net:pbx@t:Zx81kkQp\n", []found{{secret.Password, 1, "pbx@t", "Zx81kkQp"}}},
		{"clear-list", "/etc/boa.passwd", "admin:boa92130\n", []found{{secret.Password, 1, "admin", "boa92130"}}},
		{"clear-list-locked", "/etc/boa.passwd", "admin:disabled\n", nil},
		{"ppp-secrets", "/etc/pptpd.secrets", "al pptpd Zx81kkQp *\n\"\" * \"\" *\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"base64-call", "/www/a.asp", "<script>var e = Base64.encode(\"admin:rtk4dm40\"); var u = Base64.encode(\"name:value\");</script>", []found{{secret.Password, 1, "admin", "rtk4dm40"}}},
		{"option-login", "/etc/a.conf", "command=/opt/x --basic-auth AC22:ocpp-ZAtX9\n", []found{{secret.Password, 1, "AC22", "ocpp-ZAtX9"}}},
		{"lua", "/a.lua", "local pw = \"lua-cllu4k7E\"\nlocal pw2 = \"Password\"\n", []found{{secret.Password, 1, "", "lua-cllu4k7E"}}},
		{"mount-in-string", "/a.lua", "os.execute(\"mount -t cifs //h/fw /mnt -o user=fw,pass=cifstS5UHX\")\nos.execute(\"mount -t cifs //h/fw /mnt -o user=fw,pass=$PW\")\n", []found{{secret.Password, 1, "fw", "cifstS5UHX"}}},
		{"ftplib", "/opt/a.py", "ftp = ftplib.FTP(\"a.b.net\", \"logs\", \"ftpl-5ocA7h\")\nf = ftplib.FTP(\"a.b.net\")\n", []found{{secret.Password, 1, "logs", "ftpl-5ocA7h"}}},
		{"names-of-words", "/etc/a.json", `{"Secret Key": "LwVCXmRvj9NljukJoIAuQBFNDy2HMdnk", "Show Key": "yes", "Hot Key": "F10"}`, []found{{secret.Token, 1, "", "LwVCXmRvj9NljukJoIAuQBFNDy2HMdnk"}}},
		{"translations", "/etc/a.json", `{"i18n": {"password": "Passwort", "secret": "Geheimnis"}}`, nil},
		{"word-as-password", "/etc/a.json", `{"password": "passwort"}`, []found{{secret.Password, 1, "", "passwort"}}},
		{"thread", "/etc/a.conf", "PSKC=d7c1318499064873b71ca5c354031cd4\nEXTPANID=dead00beef00cafe\n", []found{{secret.SymmetricKey, 1, "", "d7c1318499064873b71ca5c354031cd4"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestVNC reads "password" as VNC servers write it.
func TestVNC(t *testing.T) {
	t.Parallel()
	raw, err := hex.DecodeString("dbd83cfd727a1458")
	if err != nil {
		t.Fatal(err)
	}
	hits := hitsOf("/root/.vnc/passwd", raw)
	if len(hits) != 1 || hits[0].Clear != "password" || hits[0].Scheme != "vnc" {
		t.Errorf("hits: %+v", hits)
	}
	for path, text := range map[string]string{"/root/.vnc/passwd": strings.Repeat("\x07", 8), "/root/vncdata": string(raw)} {
		if hits := hitsOf(path, []byte(text)); len(hits) > 0 {
			t.Errorf("%s: %+v", path, hits)
		}
	}
}
