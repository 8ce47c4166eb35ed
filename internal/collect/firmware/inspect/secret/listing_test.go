package secret_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/secret"
)

// TestListings: files whose lines name secrets in a form of their own, each
// with a neighbour of the same form that holds none.
func TestListings(t *testing.T) {
	t.Parallel()
	const key32, key40 = "5b1f9ac27734e08dd21c4490ab6e3f07", "5b1f9ac27734e08dd21c4490ab6e3f0791b2c3d4"
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"ntp", "/etc/ntp.keys", "# keys\n1 M tImeS3kret\n2 SHA1 " + key40 + "\n", []found{{secret.SymmetricKey, 2, "", "tImeS3kret"}, {secret.SymmetricKey, 3, "", key40}}},
		{"chrony", "/etc/chrony/chrony.keys", "20 SHA256 HEX:" + key32 + "\n", []found{{secret.SymmetricKey, 1, "", key32}}},
		{"ntp-other", "/etc/ntp.keys", "1 times are odd\nserver M here\n", nil},
		{"postfix", "/etc/postfix/sasl_passwd", "[mx.a.net]:587 alarm:Zx81kkQp\n", []found{{secret.Password, 1, "alarm", "Zx81kkQp"}}},
		{"postfix-variable", "/etc/postfix/sasl_passwd", "[mx.a.net]:587 alarm:$PW\n[mx.a.net] <user>:<password>\n", nil},
		{"sendmail", "/etc/mail/authinfo", "AuthInfo:mx.a.net \"U:root\" \"I:al\" \"P:Zx81kkQp\"\n", []found{{secret.Password, 1, "root", "Zx81kkQp"}}},
		{"sendmail-none", "/etc/mail/authinfo", "AuthInfo:mx.a.net \"U:root\" \"M:PLAIN\"\n", nil},
		{"mailbox", "/etc/asterisk/voicemail.conf", "[default]\n1001 => 4927,Door,d@a.net\n", []found{{secret.Password, 2, "1001", "4927"}}},
		{"mailbox-none", "/etc/asterisk/voicemail.conf", "eastern => America/New_York|'vm-received'\n", nil},
		{"recorder", "/mnt/mtd/Config/passwd", "1:admin:2A1F7C3D91B44E07:1:CtrPanel, ShutDown:admin's account\n", []found{{secret.PasswordHash, 1, "admin", "2A1F7C3D91B44E07"}}},
		{"recorder-not", "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", nil},
		{"upsmon", "/etc/nut/upsmon.conf", "MONITOR ups@localhost 1 mon Zx81kkQp master\nMINSUPPLIES 1\n", []found{{secret.Password, 1, "mon", "Zx81kkQp"}}},
		{"upsmon-sample", "/etc/nut/upsmon.conf", "# MONITOR ups@localhost 1 mon Zx81kkQp master\nMONITOR ups@localhost 1 mon <password> master\n", nil},
		{"redis-rule", "/etc/redis/redis.conf", "user cam on >Zx81kkQp ~* +@all\nuser default off nopass\n", []found{{secret.Password, 1, "cam", "Zx81kkQp"}}},
		{"terminal", "/opt/a.cfg", "snmp-server community Zx81kkQp RW\nusername al privilege 15 password 0 Zx82kkQp\nkey-string Zx83kkQp\ntacacs-server key 7 094F471A1A\n", []found{
			{secret.Password, 1, "", "Zx81kkQp"}, {secret.Password, 2, "al", "Zx82kkQp"}, {secret.Password, 3, "", "Zx83kkQp"}, {secret.Password, 4, "", "094F471A1A"}}},
		{"terminal-not", "/opt/a.cfg", "the password community is large\nkey-string\nsnmp-server community public RO\n", nil},
		{"quoted-pair", "/opt/a.cfg", "\"onvif_passwd\"\t\"Zx81kkQp\"\n", []found{{secret.Password, 1, "", "Zx81kkQp"}}},
		{"quoted-more", "/opt/a.cfg", "\"passwd\" \"old\" \"new1word\"\n", nil},
		{"hash-then-clear", "/etc/mqtt/users", "al:" + md5Hash + "\nbo:Zx81kkQp\n", []found{{secret.PasswordHash, 1, "al", md5Hash}, {secret.Password, 2, "bo", "Zx81kkQp"}}},
		{"init-string", "/etc/p2p.ini", "init_string=EBGAEIBIKHJJGFJKEOGCFAEPHPMAHONDGJFPBKCPAJJMLFKB\n", []found{{secret.Token, 1, "", "EBGAEIBIKHJJGFJKEOGCFAEPHPMAHONDGJFPBKCPAJJMLFKB"}}},
		{"init-string-modem", "/etc/modem.ini", "init_string=ATZ\n", nil},
		{"request-logged", "/var/log/messages", "GET /cgi?usr=al&pwd=Zx81kkQp 200\nGET /cgi?pwd=%s 200\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"connection", "/opt/a.py", "c = psycopg2.connect(\"dbname=cam user=al password=Zx81kkQp\")\nd = f(\"the password=field1 of x\")\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"printf", "/usr/sbin/a.sh", "#!/bin/sh\nprintf 'root:%s' \"Zx81kkQp\" | chpasswd\nprintf 'root:%s\\n' \"$PW\" | chpasswd\n", []found{{secret.Password, 2, "root", "Zx81kkQp"}}},
		{"methods", "/opt/a.lua", "c:login(\"al\", \"Zx81kkQp\")\nm = mqtt.Client(\"id\", 120, \"al\", \"Zx82kkQp\")\nlog:login(\"the screen\", \"shown\")\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}, {secret.Password, 2, "al", "Zx82kkQp"}}},
		{"object-argument", "/opt/a.js", "const t = jwt.sign({ id }, \"Zx81kkQpQQ7z\");\nconst u = jwt.sign({ id }, key);\n", []found{{secret.Token, 1, "", "Zx81kkQpQQ7z"}}},
		{"request-opened", "/www/a.js", "x.open(\"GET\",\"/a\",true,\"al\",\"Zx81kkQp\");y.open(\"GET\",\"/a\",true);", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"modem", "/etc/chatscripts/lte", "OK 'AT^AUTHDATA=1,2,\"\",\"Zx81kkQp\",\"al\"'\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"expect", "/usr/sbin/a.sh", "#!/bin/sh\nexpect -c 'spawn ssh a@h; expect \"word:\"; send \"Zx81kkQp\\r\"'\nexpect -c 'expect \"# \"; send \"reboot9\\r\"'\n", []found{{secret.Password, 2, "", "Zx81kkQp"}}},
		{"thread", "/etc/a.conf", "dataset=0e08000000000001000000030000100510" + key32 + "0102d9a0\n", []found{{secret.SymmetricKey, 1, "", key32}}},
		{"thread-cut", "/etc/a.conf", "dataset=0e08000000000001000000030000100510" + key32 + "0102d9\n", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMoreForms: places that other products than cameras keep secrets in, each
// with a neighbour that holds none.
func TestMoreForms(t *testing.T) {
	t.Parallel()
	half, other := strings.Repeat("5b1f9ac27734e08d", 8), strings.Repeat("d21c4490ab6e3f07", 8)
	const (
		django = "pbkdf2_sha256$260000$tIRrLSaQan0q$pBvZp+sjFIhfUDxPbgA5rYJTHBiuX6eTkqrXZzZ0O68="
		scram  = "SCRAM-SHA-256$4096:hrSsVbYOm6zYO1mgL2TA/g==$ac4HEuq9WRPgK62zJ1a1bL/PW/JCrvoFWuZXn1t1YhE=:lg1b11hYiZpJEyEIWR3pUpgrhh198IWEMnhIrrHKUtI="
		cisco  = "$9$YvIyUEyhuUUOMC$3yy8Fm4E3pzXZ3JAfLjzYgVnz34TwPKi67gIIn9bhm6"
	)
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"pam", "/etc/pam.d/cli", "auth sufficient pam_tacplus.so server=203.0.113.29 secret=Zx81kkQp timeout=5\nauth required pam_unix.so nullok\n", []found{{secret.Password, 1, "", "Zx81kkQp"}}},
		{"pam-prompt", "/etc/pam.d/cli", "auth required x.so authtok_prompt=password secret=/etc/s.conf\n", nil},
		{"proxy", "/etc/tinyproxy/tinyproxy.conf", "Upstream http rgx:Zx81kkQp@198.51.100.46:3128\nUpstream http user:pass@host:3128\nNo a:b@c\n", []found{{secret.Password, 1, "rgx", "Zx81kkQp"}}},
		{"bird", "/etc/bird/bird.conf", "protocol bgp a {\n  password \"Zx81kkQp\";\n}\n# password \"Zx82kkQp\";\n", []found{{secret.Password, 2, "", "Zx81kkQp"}}},
		{"frr", "/etc/frr/frr.conf", "interface eth2\n ip ospf message-digest-key 1 md5 Zx81kkQp\n neighbor 10.9.0.2 password Zx82kkQp\n neighbor 10.9.0.2 remote-as 65011\n", []found{{secret.Password, 2, "", "Zx81kkQp"}, {secret.Password, 3, "", "Zx82kkQp"}}},
		{"end-of-block", "/etc/swanctl/a.conf", "secrets {\n  ike-a { id = b\n    secret = 0sDBqI+ofL543Z6AIjgxLNhh4zUZ0z }\n}\n", []found{{secret.Password, 3, "", "0sDBqI+ofL543Z6AIjgxLNhh4zUZ0z"}}},
		{"router", "/config/config.boot", "pppoe 0 {\n    user-id rg\n    password Zx81kkQp\n}\nradius-server 10.0.0.9 { secret radr15mcGne }\npassword-policy { password plain }\n", []found{
			{secret.Password, 3, "rg", "Zx81kkQp"}, {secret.Token, 5, "", "radr15mcGne"}}},
		{"pass-phrase-file", "/etc/openvpn/noc.pass", "rgvpn\n", []found{{secret.Password, 1, "", "rgvpn"}}},
		{"zerotier", "/var/lib/zerotier-one/identity.secret", "cd81bec5a4:0:" + half + ":" + other + "\n", []found{{secret.PrivateKey, 1, "", other}}},
		{"zerotier-public", "/var/lib/zerotier-one/identity.secret", "cd81bec5a4:0:" + half + "\n", nil},
		{"django", "/opt/a.sql", "INSERT INTO t VALUES (1,'root','" + django + "');\n", []found{{secret.PasswordHash, 1, "", django}}},
		{"postgres", "/opt/a.sql", "CREATE USER rg WITH PASSWORD '" + scram + "';\n", []found{{secret.PasswordHash, 1, "", scram}}},
		{"scram-name", "/opt/a.sql", "-- password_encryption = SCRAM-SHA-256\nSET x = 'SCRAM-SHA-256$4096';\n", nil},
		{"cisco", "/old/a.cfg", "hostname a\nenable secret 9 " + cisco + "\n", []found{{secret.PasswordHash, 2, "", cisco}}},
		{"youtube", "/bin/a.sh", "ffmpeg -i /tmp/f -f flv rtmps://a.rtmps.youtube.com:443/live2/lf27-rpqb-iopn-hhnt-c9mm &\nffmpeg -f flv rtmp://h/live/stream\n", []found{{secret.Token, 1, "", "lf27-rpqb-iopn-hhnt-c9mm"}}},
		{"header", "/www/a.cgi", "#!/bin/sh\n[ \"$HTTP_X_FACTORY\" = \"fct-Zx81kkQp\" ] && A=ok\n[ \"$HTTP_X_REQUESTED_WITH\" = \"XMLHttpRequest\" ]\n", []found{{secret.Token, 2, "", "fct-Zx81kkQp"}}},
		{"secrets-yaml", "/ha/secrets.yaml", "mqtt_password: Zx81kkQp\nalarm_code: 824514\nlatitude: 47.0712\nbroker_url: mqtt://h\n# code: 123987\n", []found{{secret.Password, 1, "", "Zx81kkQp"}, {secret.Password, 2, "", "824514"}}},
		{"karaf", "/etc/users.properties", "openhab = Zx81kkQp,_g_:admingroup\n_g_\\:admingroup = group,admin\n", []found{{secret.Password, 1, "openhab", "Zx81kkQp"}}},
		{"erlang", "/root/.erlang.cookie", "DCNBFE5I9G6RB4YIAK80", []found{{secret.Password, 1, "", "DCNBFE5I9G6RB4YIAK80"}}},
		{"localized-key", "/var/lib/snmp/snmpd.conf", "usmUser 1 3 0x80001f8880a1b2c3d4e5f60718 \"mon\" \"mon\" NULL .1.3.6.1.6.3.10.1.1.3 0xe33865c19fe312143d11352cca5d2930f8187417 .1.3.6.1.6.3.10.1.2.4 \"\"\noldEngineID 0x80001f8880a1b2c3d4e5f607180011ff\n", []found{{secret.SymmetricKey, 1, "mon", "e33865c19fe312143d11352cca5d2930f8187417"}}},
		{"named-keys", "/zw/settings.json", `{"securityKeys":{"S0_Legacy":"9847B0A0612ADC025C3FA87998E6CFB0","S2_None":""}}`, []found{{secret.SymmetricKey, 1, "", "9847B0A0612ADC025C3FA87998E6CFB0"}}},
		{"google", "/opt/a.py", "R = \"1//0Yg4lEK7bBKG8bEdN0-oRuwAYYzUk4JcQYUv4FT24PlMpKWiwwJAA2qYT9DWP\"\n", []found{{secret.Token, 1, "", "1//0Yg4lEK7bBKG8bEdN0-oRuwAYYzUk4JcQYUv4FT24PlMpKWiwwJAA2qYT9DWP"}}},
		{"three-quotes", "/etc/grafana.ini", "password = \"\"\"Zx81kkQp\"\"\"\n", []found{{secret.Password, 1, "", "Zx81kkQp"}}},
		{"two-tests", "/www/cgi-bin/a.cgi", "#!/bin/sh\nif [ \"$u\" = \"maint\" ] && [ \"$p\" = \"mnt!BtxqKF6\" ]; then l=9; fi\nif [ \"$a\" = \"start\" ] && [ \"$b\" = \"eth0\" ]; then :; fi\n", []found{{secret.Password, 2, "maint", "mnt!BtxqKF6"}}},
		{"old-log", "/var/log/messages.1", "sent [PAP AuthReq id=0x1 user=\"m2m\" password=\"Zx81kkQp\"]\n", []found{{secret.Password, 1, "m2m", "Zx81kkQp"}}},
		{"manual", "/usr/share/man1/x.1", "password=\"Zx81kkQp\"\n", nil},
		{"source-map", "/www/a.js.map", `{"sourcesContent":["const L = {user: 'dev', password: 'Zx81kkQp'};\n"]}`, []found{{secret.Password, 1, "dev", "Zx81kkQp"}}},
		{"fields", "/mnt/system.ini", "\x01\x00\x00\x00" + "admin" + strings.Repeat("\x00", 27) + "camDLMQPvS" + strings.Repeat("\x00", 22) + "guest" + strings.Repeat("\x00", 27) + "viewer" + strings.Repeat("\x00", 200), []found{{secret.Password, 0, "admin", "camDLMQPvS"}}},
		{"fields-tree", "/boot/a.dtb", "\xd0\x0d\xfe\xed" + "default" + strings.Repeat("\x00", 25) + "camDLMQPvS" + strings.Repeat("\x00", 222), nil},
		{"modulation", "/etc/a.conf", "QPSK=a1b2c3d4\nBPSK = q9w8e7r6\n", nil},
		{"identified", "/opt/a.sql", "CREATE USER 'al'@'%' IDENTIFIED BY 'Zx81kkQp';\nThe thing identified by 'Zx82kkQp' is.\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}}},
		{"ciphers", "/etc/a.conf", "ssl_cipher_list = ALL:!kRSA:!SRP:!kDHd:!DSS:!PSK:!RC4:!ADH:!LOW@STRENGTH\n", nil},
		{"refused", "/etc/ftpusers", "root\ndaemon\nbin\nsys\nsync\ngames\n", nil},
		{"remotes", "/usr/share/lirc/remotes.list", "a;DIGI_LIVE_RC01a2b3c4d5e6f7g8.lircd.conf\n", nil},
		{"fields-close", "/mnt/system.ini", "\x01\x00\x00\x00" + "admin\x00camDLMQPvS" + strings.Repeat("\x00", 200), nil},
		{"capture", "/root/a.pcap", "\xd4\xc3\xb2\xa1" + strings.Repeat("\x00\x01", 30) + "USER up\r\n" + strings.Repeat("\x00\x02", 20) + "PASS Zx81kkQp\r\n" + strings.Repeat("\x00\x02", 20) + "USER anonymous\r\n\x00\x01PASS a@b.net\r\n", []found{{secret.Password, 0, "up", "Zx81kkQp"}}},
		{"key-file", "/hls/enc.key", "\x4d\x62\x2b\xca\xcc\xad\x69\x61\x52\xbf\x88\xdc\x43\xc8\xe7\x6d", []found{{secret.SymmetricKey, 1, "", "\x4d\x62\x2b\xca\xcc\xad\x69\x61\x52\xbf\x88\xdc\x43\xc8\xe7\x6d"}}},
		{"key-file-text", "/hls/enc.key", "the key is here.", nil},
		{"attributes", "/etc/default.xml", `<C><V N="SUSER_NAME" V="al"/><V N="SUSER_PASSWORD" V="nE7jA%5m-r"/></C>`, []found{{secret.Password, 1, "", "nE7jA%5m-r"}}},
		{"key-argument", "/etc/sv/z/run", "#!/bin/sh\nexec zigbeed --key 5A:69:67:42:65:65:41:6C:6C:69:61:6E:63:65:30:99 /dev/ttyZ0\nexec ipd --key a:b:c\n", []found{{secret.SymmetricKey, 2, "", "5A:69:67:42:65:65:41:6C:6C:69:61:6E:63:65:30:99"}}},
		{"weather", "/etc/a.toml", "appid = \"c1c83548a9721fa01f611c698b577aa7\"\nagora_appid = \"c1c83548a9721fa01f611c698b577aa8\"\nappid = \"wx1234\"\n", []found{{secret.APIKey, 1, "", "c1c83548a9721fa01f611c698b577aa7"}}},
		{"statistics", "/etc/haproxy.cfg", " stats auth admin:hst6DFlzN\n stats uri /admin\n", []found{{secret.Password, 1, "admin", "hst6DFlzN"}}},
		{"roster", "/opt/a.py", "USERS = {\"admin\": sha256(b\"x\").hexdigest(), \"installer\": \"5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5\"}\n", []found{{secret.PasswordHash, 1, "installer", "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"}}},
		{"hyphens", "/res/app.properties", "bks.password=pane-apk-bks\nauth-mode=pass-through-all\n", []found{{secret.Password, 1, "", "pane-apk-bks"}}},
		{"boot-stop", "/env", "bootdelay=3\x00bootstopkey=stopQo5rXd\x00x=\x01\x00", []found{{secret.Password, 0, "", "stopQo5rXd"}}},
		{"header-python", "/opt/a.py", "if request.headers.get(\"X-Factory\") == \"fct-Zx81kkQp\": pass\nh[\"X-A\"] = \"value\"\n", []found{{secret.Token, 1, "", "fct-Zx81kkQp"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLikeSecrets: what stands where secrets do and is none, or isn't the part
// that it looks like.
func TestLikeSecrets(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []found
	}{
		{"two-tests-other-names", "/usr/sbin/a.sh", "#!/bin/sh\n[ \"$pin\" = \"Zq8812Lm\" ] && [ \"$key\" = \"Kx9pqPwD2\" ] && telnetd\n", nil},
		{"two-tests-other-order", "/usr/sbin/a.sh", "#!/bin/sh\n[ \"$PASS\" = \"Zq8812Lm\" ] && [ \"$USER\" = \"maint\" ] && telnetd\n", []found{{secret.Password, 2, "", "Zq8812Lm"}}},
		{"boards", "/lib/a.sh", "#!/bin/sh\n[ \"$a\" = \"linksys\" ] && [ \"$b\" = \"wrt1900acs\" ]\n[ \"$INTERFACE\" = \"wan\" ] && [ \"$DEVICE\" = \"pppoe-wan6\" ]\n", nil},
		{"nginx-passes", "/etc/nginx/nginx.conf", "http {\n location / { fastcgi_pass backend; }\n location /a { fastcgi_pass unix:/run/php.sock; }\n location /b {\n  grpc_pass node:50051;\n  scgi_pass 127.0.0.1:9000;\n }\n}\n", nil},
		{"pf", "/etc/pf.conf", "anchor a {\n pass quick;\n pass out;\n}\n", nil},
		{"headers-set", "/www/a.js", "xhr.headers[\"X-App-Version\"] = \"release-2024.1\"; req.headers[\"X-Client-Id\"]= \"webclient42\"; if (h[\"X-Api-Version\"] == \"2024-01-v2\") f();\n", nil},
		{"secrets-yaml-plain", "/ha/secrets.yaml", "timezone: Europe/Berlin\nlatitude_home: 52.5200\nunit_system: metric\nmqtt_topic: home/a1\n", nil},
		{"window", "/www/a.js", "window.open(\"a.html\",\"_blank\",\"toolbar=no\",\"width8h\");\n", nil},
		{"fields-of-a-login", "/opt/a.lua", "conn:login(\"username\",\"please-log-in\")\n", nil},
		{"modem-short", "/etc/chatscripts/a", "OK 'AT^AUTHDATA=1,1,,\"pp9secretX1\",\"usr77\"'\n", []found{{secret.Password, 1, "usr77", "pp9secretX1"}}},
		{"pam-mode", "/etc/pam.d/a", "auth required pam_radius.so password=clear\n", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}
