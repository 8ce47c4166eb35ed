package system_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/system"
)

// TestVendors: what makers write into the defaults, scripts and agents of their
// devices, and beside it what is no weakness.
func TestVendors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text string
		want       []item
	}{
		// Accounts that no list shows.
		{"/etc/default.json", "{\"user\": [\n{\"name\": \"a\", \"pwd\": \"b\", \"group\": 0},\n{\"name\": \"maker\", \"pwd\": \"x\", \"hidden\": true}\n]}\n", []item{{system.HiddenAccess, 3, "account"}}},
		{"/etc/default.json", "{\"user\": [\n{\"name\": \"a\", \"pwd\": \"b\", \"hidden\": false},\n{\"name\": \"menu\", \"hidden\": true}\n]}\n", nil},
		{"/etc/users.ini", "[user1]\nname=a\npassword=b\nhidden=0\n[user2]\nname=c\npassword=d\nhidden=1\n", []item{{system.HiddenAccess, 8, "account"}}},
		{"/etc/users.xml", "<users>\n<user name=\"a\" password=\"b\" visible=\"1\"/>\n<user name=\"c\" password=\"d\" visible=\"0\"/>\n</users>\n", []item{{system.HiddenAccess, 3, "account"}}},
		{"/etc/users.yaml", "users:\n  - name: a\n    password: b\n  - name: c\n    password: d\n    hidden: true\n", []item{{system.HiddenAccess, 6, "account"}}},
		{"/etc/config/wireless", "config wifi-iface 'a'\n\toption ssid 'x'\n\toption hidden '1'\n\toption encryption 'psk2'\n", nil},
		// A key out of a pass phrase.
		{"/a.sh", sh + "openssl enc -d -aes-128-cbc -md md5 -k $P -in x\nopenssl enc -d -aes-256-cbc -pass pass:$P -in x\nopenssl enc -d -aes-256-cbc -pbkdf2 -k $P -in x\nopenssl enc -aes-256-cbc -pass file:/k -in x\nopenssl enc -base64 -in x\n", []item{{system.WeakCipher, 2, "md5"}, {system.WeakCipher, 3, "EVP_BytesToKey"}}},
		{"/a.lua", "os.execute('openssl enc -aes-128-cbc -md md5 -k ' .. key)\nos.execute('openssl enc -aes-128-cbc -pbkdf2 -k ' .. key)\n", []item{{system.WeakCipher, 1, "md5"}}},
		// Archives of a card or of the network.
		{"/a.sh", sh + "openssl enc -d -aes-128-cbc -pbkdf2 -kfile /k -in /mnt/sd/f.ws -out /tmp/f.zip\nunzip -o /tmp/f.zip -d /tmp/fw && sh /tmp/fw/install.sh\n", []item{{system.UpdateUnsigned, 3, "sh"}}},
		{"/a.sh", sh + "tar xzf /mnt/sdcard/up.tgz -C /tmp/up\ncd /tmp/up\n./run.sh\n", []item{{system.UpdateUnsigned, 4, "run.sh"}}},
		{"/a.sh", sh + "wget -O /tmp/p.tgz https://x.vendor.net/p\ntar xzf /tmp/p.tgz -C /run/p\n. /run/p/start.sh\n", []item{{system.UpdateUnsigned, 4, "."}}},
		{"/a.sh", sh + "tar xzf /mnt/sdcard/up.tgz -C /tmp/up\nopenssl dgst -sha256 -verify /k -signature /tmp/up/s /tmp/up/run.sh || exit 1\nsh /tmp/up/run.sh\n", nil},
		{"/a.sh", sh + "tar xzf /mnt/sdcard/music.tgz -C /tmp/music\nls /tmp/music\nsh /usr/bin/play.sh /tmp/music\n", nil},
		// What the device knows, in clear.
		{"/a.sh", sh + "wget -q \"http://stat.vendor.com/r?sn=$SN&t=$T\" -O /dev/null\ncurl -d @/tmp/s http://api.vendor.com/report\ncurl --data x http://127.0.0.1/a\ncurl -d x http://192.168.1.1/a\nwget http://time.vendor.com/?v=2\nwget -q \"https://stat.vendor.com/r?sn=$SN\"\n", []item{{system.CleartextTransport, 2, "http"}, {system.CleartextTransport, 3, "http"}}},
		{"/a.py", "#!/usr/bin/python3\nrequests.post('http://api.vendor.com/v1/report', json=d)\nrequests.post('https://api.vendor.com/v1/report', json=d)\nrequests.get('http://www.vendor.com/')\n", []item{{system.CleartextTransport, 2, "http"}}},
		{"/usr/bin/d", string(inspecttest.ELF{Data: "\x00http://log.vendor.com/up.php?sn=%s&v=%s\x00http://www.vendor.com/?lang=%s\x00"}.Bytes()), []item{{system.CleartextTransport, 0, "http"}}},
		// Clients of SSH that take any key.
		{"/a.sh", sh + "sshpass -p x ssh -o StrictHostKeyChecking=no u@h\nnohup dbclient -y u@h\nrsync -e 'ssh -o StrictHostKeyChecking=no' a h:b\nssh -o StrictHostKeyChecking=accept-new u@h\nssh -o StrictHostKeyChecking=yes u@h\n", []item{{system.WeakSSH, 2, "StrictHostKeyChecking"}, {system.WeakSSH, 3, "StrictHostKeyChecking"}, {system.WeakSSH, 4, "StrictHostKeyChecking"}}},
		{"/a.py", "#!/usr/bin/python3\nos.system('ssh -o StrictHostKeyChecking=no u@h')\nos.system('ssh -o StrictHostKeyChecking=yes u@h')\n", []item{{system.WeakSSH, 2, "StrictHostKeyChecking"}}},
		// Requests of Lua, over variables, loops and tables.
		{"/www/cgi-bin/wifi.lua", "local q = os.getenv(\"QUERY_STRING\") or \"\"\nlocal ssid = q:match(\"ssid=([^&]*)\")\nlocal ch = q:match(\"ch=(%d+)\")\nos.execute(\"iw \" .. ch)\nos.execute(\"iw '\" .. ssid .. \"'\")\n", []item{{system.CommandInjection, 5, "os.execute"}}},
		{"/www/cgi-bin/a.lua", "local q = os.getenv('QUERY_STRING')\nlocal p = {}\nfor k, v in q:gmatch('([^&=]+)=([^&=]*)') do\n  p[k] = v\nend\nio.popen('ping ' .. p.host)\nio.popen('ping 1')\n", []item{{system.CommandInjection, 6, "io.popen"}}},
		{"/www/a.php", "<?php\n$ip = $_GET['ip'];\n$cmd = 'ping ' . $ip;\nsystem($cmd);\nsystem('reboot');\n", []item{{system.CommandInjection, 4, "system"}}},
		// What a broker or a socket brings.
		{"/usr/lib/lua/cloud/agent.lua", "local function on_message(topic, payload)\n  local m = json.decode(payload)\n  io.popen(m.arg)\n  os.execute('sysupgrade -F -n /tmp/fw.bin')\nend\nlocal function report(m)\n  os.execute('logger ' .. m)\nend\n", []item{{system.CommandInjection, 3, "io.popen"}, {system.UpdateUnsigned, 4, "sysupgrade"}}},
		{"/opt/agent.py", "#!/usr/bin/python3\nimport websocket\ndef on_message(ws, message):\n    cmd = json.loads(message)\n    os.system(cmd['run'])\ndef report(text):\n    os.system(text)\n", []item{{system.CommandInjection, 5, "os.system"}}},
		{"/opt/agent.js", "#!/usr/bin/env node\nconst mqtt = require('mqtt');\nclient.on('message', (topic, message) => {\n  const m = JSON.parse(message);\n  exec(m.cmd);\n});\nfunction other(m) {\n  exec(m);\n}\n", []item{{system.CommandInjection, 5, "exec"}}},
		{"/opt/agent.lua", "local function on_message(topic, payload)\n  local m = json.decode(payload)\n  if m.cmd == 'reboot' then\n    os.execute('reboot')\n    os.execute('sleep ' .. tonumber(m.n))\n  end\nend\n", nil},
		{"/usr/lib/lua/luci/controller/admin/system.lua", "fork_exec(\"sleep 1; /sbin/sysupgrade %s %q\" %{ keep, image_tmp })\n", nil},
		// Pages without a log-in.
		{"/usr/lib/lua/luci/controller/v.lua", "local e = entry({\"api\", \"tz\"}, call(\"set\"), nil)\ne.sysauth = false\nlocal p = entry({\"admin\"})\np.sysauth = \"root\"\n", []item{{system.Anonymous, 2, "luci"}}},
		{"/etc/nginx/nginx.conf", "server {\n  auth_basic \"x\";\n  location /api/ {\n    auth_basic off;\n  }\n  location /.well-known/ {\n    auth_basic off;\n  }\n}\n", []item{{system.Anonymous, 4, "nginx"}}},
		// Pages of any site.
		{"/etc/lighttpd/lighttpd.conf", "cgi.assign = ( \".sh\" => \"/bin/sh\" )\nserver.username = \"www\"\nsetenv.add-response-header = ( \"Access-Control-Allow-Origin\" => \"*\" )\n", []item{{system.CrossOrigin, 3, "origin"}}},
		{"/etc/lighttpd/lighttpd.conf", "server.document-root = \"/www\"\nsetenv.add-response-header = ( \"Access-Control-Allow-Origin\" => \"*\" )\n", nil},
		{"/etc/nginx/conf.d/a.conf", "server {\n  location /api/ {\n    proxy_pass http://127.0.0.1:81;\n    add_header Access-Control-Allow-Origin *;\n  }\n  location ~* \\.(eot|ttf|woff)$ {\n    add_header Access-Control-Allow-Origin *;\n  }\n}\n", []item{{system.CrossOrigin, 4, "origin"}}},
		{"/etc/apache2/a.conf", "ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/\nHeader set Access-Control-Allow-Origin \"*\"\n#Header set Access-Control-Allow-Origin \"*\"\n", []item{{system.CrossOrigin, 2, "origin"}}},
		{"/etc/config/uhttpd", "config uhttpd main\n\toption ubus_cors '1'\n\toption ubus_cors '0'\n", []item{{system.CrossOrigin, 2, "uhttpd"}}},
		// Packages.
		{"/etc/opkg/distfeeds.conf", "src/gz core http://downloads.vendor.com/p\n# src/gz x http://x.vendor.com\n", []item{{system.UpdateOverHTTP, 1, "http"}}},
		{"/etc/opkg/distfeeds.conf", "src/gz core http://downloads.openwrt.org/p\nsrc/gz v https://downloads.vendor.com/p\n", nil},
		{"/etc/opkg.conf", "dest root /\n#option check_signature\n", []item{{system.UpdateUnsigned, 2, "opkg"}}},
		{"/etc/opkg.conf", "dest root /\noption overlay_root /overlay\n", []item{{system.UpdateUnsigned, 1, "opkg"}}},
		{"/etc/opkg.conf", "dest root /\noption overlay_root /overlay\noption check_signature\n", nil},
		{"/etc/opkg/opkg.conf", "dest root /\noption lists_dir /var/lib/opkg\n", nil},
		// Lists of versions.
		{"/usr/bin/fw_autoupdate", sh + "U=http://dl.vendor.com/a/latest.json\nJ=$(wget -q -O - $U)\nsysupgrade -F /tmp/f.bin\n", []item{{system.UpdateOverHTTP, 3, "http"}, {system.UpdateUnsigned, 4, "sysupgrade"}}},
		{"/usr/bin/weather", sh + "wget -q -O - http://dl.vendor.com/a/latest.json\n", nil},
		// Logins in clear.
		{"/etc/config/ddns", "config service 'a'\n\toption enabled '1'\n\toption service_name 'dyndns.org'\n\toption username 'u'\n\toption password 'p'\n\toption use_https '0'\nconfig service 'b'\n\toption enabled '0'\n\toption service_name 'dyndns.org'\n\toption password 'p'\n\toption use_https '0'\n", []item{{system.CleartextTransport, 6, "tls"}}},
		{"/etc/config/ddns", "config service 'a'\n\toption enabled '1'\n\toption service_name 'dyndns.org'\n\toption password 'p'\n", []item{{system.CleartextTransport, 3, "ddns"}}},
		{"/etc/mail.ini", "[smtp]\nserver=smtp.vendor.com\npassword=p\nuse_ssl=0\n[ftp]\nenable=0\nserver=ftp.vendor.com\npassword=p\nuse_tls=0\n", []item{{system.CleartextTransport, 4, "tls"}}},
		{"/etc/ppp/options.xl2tpd", "noauth\n+mschap\n#require-pap\nrefuse-pap\nrequire-mschap-v2\nrequire-chap\n", []item{{system.WeakCipher, 2, "mschap"}, {system.WeakCipher, 6, "chap"}}},
		{"/etc/accel-ppp.conf", "[modules]\nauth_mschap_v2\nauth_mschap_v1\n", []item{{system.WeakCipher, 3, "ppp"}}},
		{"/etc/xl2tpd/xl2tpd.conf", "[lns default]\nrefuse pap = yes\nrequire pap = no\n", nil},
		{"/etc/mpd.conf", "set link enable pap\nset link disable pap\n", []item{{system.WeakCipher, 1, "ppp"}}},
		// Files that all may change.
		{"/etc/samba/smb.conf", "[usb]\n create mask = 0777\n directory mask = 0755\n force directory mode = 0777\n", []item{{system.WorldWritable, 2, "smb"}, {system.WorldWritable, 4, "smb"}}},
		{"/etc/config/samba4", "config sambashare\n\toption create_mask '0666'\n\toption dir_mask '0755'\n", []item{{system.WorldWritable, 2, "smb"}}},
		{"/etc/vsftpd.conf", "local_umask=000\nlocal_umask=022\n", []item{{system.WorldWritable, 1, "ftp"}}},
		{"/etc/proftpd.conf", "Umask 000\nUmask 022\n", []item{{system.WorldWritable, 1, "ftp"}}},
		// Networks.
		{"/etc/wireless/mediatek/mt7981.b0.dat", "SSID1=a\nSSID2=b\nAuthMode=WPA2PSK;WEPAUTO\nEncrypType=AES;WEP\n", []item{{system.WeakWiFi, 3, "WEP"}}},
		{"/etc/wireless/mediatek/mt7981.b0.dat", "SSID1=a\nAuthMode=WPA2PSK\nEncrypType=AES\n", nil},
		{"/etc/default.cfg", "WLAN0_ENCRYPT=1\nWLAN1_ENCRYPT=4\nwl0_wep=enabled\nwl1_wep=disabled\nAP_SECMODE=None\nwl0_crypto=aes\n", []item{{system.WeakWiFi, 1, "WEP"}, {system.WeakWiFi, 3, "WEP"}, {system.WeakWiFi, 5, "open"}}},
		{"/etc/rtl_hostapd.conf", "interface=wlan0\nssid=cam\nchannel=1\n", []item{{system.WeakWiFi, 2, "open"}}},
		{"/etc/rtl_hostapd.conf", "interface=wlan0\nssid=cam\nchannel=1\nwpa=2\n", nil},
		// What is switched off.
		{"/etc/config/firewall", "config rule\n\toption src 'wan'\n\toption dest_port '23'\n\toption target 'ACCEPT'\n\toption enabled '0'\n", nil},
		{"/etc/cam.json", "{\"rtsp\": {\"enable\": 0, \"port\": 554},\n\"mqtt\": {\"enable\": 1, \"port\": 1883}}\n", []item{{system.CleartextTransport, 2, "mqtt"}}},
	} {
		if d := cmp.Diff(row.want, items(scan(row.path, row.text))); d != "" {
			t.Errorf("%s %.60q: %s", row.path, row.text, d)
		}
	}
}
