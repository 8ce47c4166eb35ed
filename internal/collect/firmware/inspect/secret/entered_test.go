package secret_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/secret"
)

// TestEntered: log-ins that pages, scripts and programs have for themselves, each
// with a neighbour of the same form that holds none.
func TestEntered(t *testing.T) {
	t.Parallel()
	pw := func(line int, user, v string) []found { return []found{{secret.Password, line, user, v}} }
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"page", "/www/login.js", "if (location.hash == \"#lab\") { doEng(\"engineer\", \"Zx81kkQp\"); }\n", pw(1, "engineer", "Zx81kkQp")},
		{"page-number", "/www/login.js", "enterFactory('factory', 'zxq300721');\n", pw(1, "factory", "zxq300721")},
		{"page-login", "/www/login.js", "checkLogin(\"field.tech\",\"Zx81kkQp\", cb);\n", pw(1, "field.tech", "Zx81kkQp")},
		{"script", "/usr/lib/lua/a.lua", "#!/usr/bin/lua\nlocal ok = session.signin(\"svc\", \"Zx81kkQp\")\n", pw(2, "svc", "Zx81kkQp")},
		{"page-not", "/www/a.js", "setItem(\"admin\", \"page200100\");$(\"admin\",\"x\");tab('admin','tab1');addClass(\"guest\",\"box1x200\");login(\"username\",\"user_name1\");login(\"al\", pw);\n", nil},
		{"page-third", "/www/a.js", "doEng(\"engineer\", level, \"Zx81kkQp\");doEng(\"engineer\", \"Zx81kkQp\" + salt);\n", nil},
		{"page-comment", "/www/a.js", "// doEng(\"engineer\", \"Zx81kkQp\");\n", nil},
		{"field", "/www/a.js", "if ($(\"#pwd\").val() == \"Zx81kkQp\") f();\nif (document.getElementById('pass').value === 'Zx82kkQp') f();\n", []found{{secret.Password, 1, "", "Zx81kkQp"}, {secret.Password, 2, "", "Zx82kkQp"}}},
		{"field-not", "/www/a.js", "if ($(\"#mode\").val() == \"wpa2mix\") f();\nif ($(\"#pwd\").val() == \"short\") f();\n", nil},
		{"field-filled", "/www/a.js", "$(\"#password\").val(\"Zx81kkQp\");$(\"#ssid\").val(\"Zx82kkQp\");$('input[name=pwd]').val('');\n", pw(1, "", "Zx81kkQp")},
		{"field-refused", "/www/a.js", "if (pass != \"Zx81kkQp\") return;\nif (mode != \"Zx82kkQp\") return;\nif (pass != \"\") f();\n", pw(1, "", "Zx81kkQp")},
		{"equals", "/www/a.js", "if (pwd.equals(\"Zx81kkQp\")) f();\nif (name.equals(\"Zx82kkQp\")) f();\n", pw(1, "", "Zx81kkQp")},
		{"joint-turned", "/www/a.html", "<script>if (p == \"Zx81kkQp\" && u == \"admin\") f();if (p == \"Zx82kkQp\" && mode == \"ap\") f();</script>\n", pw(1, "admin", "Zx81kkQp")},
		{"joint", "/www/a.js", "if (u == \"engineer\" && p == \"Zx81kkQp\") f();\n", pw(1, "engineer", "Zx81kkQp")},
		{"joint-not", "/www/a.js", "if (u == \"engineer\" && p == \"visible\") f();\n", nil},
		{"joined-lua", "/www/a.lua", "#!/usr/bin/lua\nos.execute(\"wpa_passphrase '\" .. ssid .. \"' '\" .. psk .. \"' > /tmp/x\")\nos.execute(\"wpa_passphrase '\"..ssid..\"' '\"..secret..\"'\")\n", nil},
		{"joined-python", "/opt/a.py", "#!/usr/bin/python3\nos.system('wpa_passphrase \"' + ssid + '\" \"' + secret + '\" > /tmp/x')\nos.system(\"echo root:\" + word + \" | chpasswd\")\n", nil},
		{"joined-not", "/opt/a.lua", "#!/usr/bin/lua\nos.execute(\"wpa_passphrase lab 'Zx81+kk..Qp'\")\n", []found{{secret.WiFiPSK, 2, "lab", "Zx81+kk..Qp"}}},
		{"example-mail", "/etc/a.json", `{"user": "user@example.com", "pwd": "password"}`, nil},
		{"example-user", "/etc/a.ini", "[mail]\nuser=your_account\npass=password\n", nil},
		{"mail", "/etc/a.json", `{"user": "cam@vendor-cloud.net", "pwd": "password"}`, pw(1, "cam@vendor-cloud.net", "password")},
		{"example-mail-real", "/etc/a.json", `{"user": "user@example.com", "pwd": "Zx81kkQp"}`, pw(1, "user@example.com", "Zx81kkQp")},
		{"community", "/etc/config/snmpd", "config com2sec ro\n\toption secname ro\n\toption community 'public'\n\toption community 'Zx81kkQp'\n", pw(4, "", "Zx81kkQp")},
		{"community-ini", "/etc/sys.ini", "[SNMP]\nSnmpCommunity=public\nTrapCommunity=Zx81kkQp\n", pw(3, "", "Zx81kkQp")},
		{"community-xml", "/etc/default.xml", "<SNMP>\n<ReadCommunity>public</ReadCommunity>\n<Value Name=\"SNMP_RW_COMMUNITY\" Value=\"Zx81kkQp\"/>\n</SNMP>\n", pw(3, "", "Zx81kkQp")},
		{"community-yaml", "/etc/agent.yaml", "snmp:\n  community: public\ntrap:\n  community: Zx81kkQp\n", pw(4, "", "Zx81kkQp")},
		{"community-not", "/etc/page.json", `{"community": "public", "visibility": "public"}`, nil},
		{"community-names", "/etc/sys.ini", "[a]\nsnmp_ro_comm=Zx81kkQp\nro_command=Zx82kkQp\n", pw(2, "", "Zx81kkQp")},
		{"community-name", "/etc/a.xml", "<SnmpRoCommunityName>Zx81kkQp</SnmpRoCommunityName>\n<CommunityNote>Zx82kkQp</CommunityNote>\n", pw(1, "", "Zx81kkQp")},
		{"community-more", "/etc/snmpd.cfg", "com2sec6 -Cn c ro default Zx81kkQp\ntrapsess -v 2c -c Zx82kkQp 192.0.2.9\nauthcommunity log,execute Zx83kkQp\ntrapsess -v 3 192.0.2.9\n", []found{{secret.Password, 1, "", "Zx81kkQp"}, {secret.Password, 2, "", "Zx82kkQp"}, {secret.Password, 3, "", "Zx83kkQp"}}},
		{"community-command", "/etc/init.d/S1", "#!/bin/sh\nsnmptrap -v 2c -c Zx81kkQp 192.0.2.9\nsnmptrapd -c /etc/snmptrapd.conf\n", pw(2, "", "Zx81kkQp")},
		{"community-daemon", "/etc/snmp/snmpd.conf", "rocommunity public\ncom2sec readonly default Zx81kkQp\n", pw(2, "", "Zx81kkQp")},
		{"by-name", "/usr/sbin/a.pl", "#!/usr/bin/perl\n$t->login(Name => $al, Password => $pw, Prompt => '/Micro7ik/', Wait => 'Zx82kkQp');\n", nil},
		{"by-place", "/usr/sbin/a.pl", "#!/usr/bin/perl\n$t->login('al', 'Zx81kkQp');\n", pw(2, "al", "Zx81kkQp")},
		{"manual", "/usr/sbin/a.pl", "#!/usr/bin/perl\n=head1 NAME\n\n  GRANT ALL ON a.* TO 'al'@'h' IDENTIFIED BY 'Zx81kkQp';\n\n=cut\n$q = \"GRANT ALL ON a.* TO 'al'@'h' IDENTIFIED BY 'Zx82kkQp'\";\n", pw(7, "al", "Zx82kkQp")},
		{"port", "/etc/mqtt/users", "relay.vendor-cloud.net:6001\n", nil},
		{"pin", "/etc/mqtt/users", "al:60017\n", pw(1, "al", "60017")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestDoorWords: strings of programs that nothing but a comparison has a use for.
func TestDoorWords(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, strings string
		want          []found
	}{
		{"sign", "Kte!WsGBeQoz\x00password must not be empty: %s\x00", []found{{secret.EmbeddedLogin, 0, "", "Kte!WsGBeQoz"}}},
		{"agent", "dbset_fk9otq5gdkb3zc1p\x00User-Agent: %s\x00", []found{{secret.EmbeddedLogin, 0, "", "dbset_fk9otq5gdkb3zc1p"}}},
		{"alone", "ping -c 4 %s\x00xmlset_roodkcableoj28840ybtide\x00/tmp/out\x00", []found{{secret.EmbeddedLogin, 0, "", "xmlset_roodkcableoj28840ybtide"}}},
		{"account", "dbuser\x00kQ-s3cr3t!9\x00/bin/busybox telnetd\x00", []found{{secret.EmbeddedLogin, 0, "dbuser", "kQ-s3cr3t!9"}}},
		{"setting-names", "lanUserName\x00lan2IpAddress\x00lan2SubnetMask\x00tr69cAcsUser\x00tr69cAcsURL\x00wan_%d\x00WPAPSK\x00WPA1WPA2\x00Key Absent\x00", nil},
		{"no-setting-name", "admin\x00ipcAdmin2019\x00loginOk\x00", []found{{secret.EmbeddedLogin, 0, "admin", "ipcAdmin2019"}}},
		{"sign-no-login", "Kte!WsGBeQoz\x00frame rate: %s\x00", nil},
		{"names", "password: \x00NewSSLContext\x00get_user_by_id\x00aes_v8ctr32encryptblocks\x00login!\x00user_0a1b2c3d4e5f6a7b\x00", nil},
		{"numbers", "password expired\x000xC0000224\x000xC000006A\x00login failed\x00", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan("/usr/sbin/d", "\x00\x00\x01\x02\x00"+row.strings)); d != "" {
				t.Error(d)
			}
		})
	}
}
