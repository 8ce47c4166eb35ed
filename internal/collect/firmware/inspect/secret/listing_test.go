package secret_test

import (
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
		{"methods", "/opt/a.lua", "c:login(\"al\", \"Zx81kkQp\")\nm = mqtt.Client(\"id\", 120, \"al\", \"Zx82kkQp\")\nlog:login(\"screen\", \"shown\")\n", []found{{secret.Password, 1, "al", "Zx81kkQp"}, {secret.Password, 2, "al", "Zx82kkQp"}, {secret.Password, 3, "screen", "shown"}}},
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
