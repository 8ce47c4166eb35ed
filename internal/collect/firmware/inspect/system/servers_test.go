package system_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect/system"
)

// TestServers: what servers are told, and beside it what is no weakness.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text string
		want       []item
	}{
		{"/etc/dnsmasq.conf", "#enable-tftp\ntftp-root=/srv\nenable-tftp\n", []item{{system.Anonymous, 3, "tftp"}}},
		{"/etc/config/dhcp", "config dnsmasq\n\toption enable_tftp '0'\n\toption enable_tftp '1'\n", []item{{system.Anonymous, 3, "tftp"}}},
		{"/etc/config/samba4", "config sambashare\n\toption guest_ok 'yes'\nconfig sambashare\n\toption guest_ok 'no'\n", []item{{system.Anonymous, 2, "smb"}}},
		{"/etc/bftpd.conf", "ANONYMOUS_USER=\"yes\"\nANONYMOUS_USER=\"no\"\n", []item{{system.Anonymous, 1, "ftp"}}},
		{"/etc/ser2net.conf", "2000:raw:0:/dev/ttyS0:115200\nlocalhost,2001:raw:0:/dev/ttyS1\n#2002:raw:0:/dev/ttyS2\n", []item{{system.Anonymous, 1, "serial"}}},
		{"/etc/ser2net.yaml", "connection: &a\n  accepter: telnet(rfc2217),tcp,2000\n  connector: serialdev,/dev/ttyS0\nconnection: &b\n  accepter: tcp,localhost,2001\n", []item{{system.Anonymous, 2, "serial"}}},
		{"/etc/pulse/default.pa", "load-module module-native-protocol-tcp auth-anonymous=1\nload-module module-native-protocol-unix auth-anonymous=1\n", []item{{system.Anonymous, 1, "pulseaudio"}}},
		{"/etc/turnserver.conf", "no-auth\nno-auth-pings\n#no-auth\n", []item{{system.Anonymous, 1, "turn"}}},
		{"/etc/tinyproxy.conf", "Allow 127.0.0.1\nAllow 0.0.0.0/0\n", []item{{system.Anonymous, 2, "proxy"}}},
		{"/etc/danted.conf", "clientmethod: none\nsocksmethod: none\n", []item{{system.Anonymous, 2, "proxy"}}},
		{"/etc/memcached.conf", "-p 11211\n-l 127.0.0.1\n-l 0.0.0.0\n", []item{{system.Anonymous, 3, "memcached"}}},
		{"/etc/elasticsearch/elasticsearch.yml", "xpack.security.enabled: false\n#xpack.security.enabled: false\n", []item{{system.Anonymous, 1, "elasticsearch"}}},
		{"/etc/cockpit/cockpit.conf", "[WebService]\nAllowUnencrypted = true\n", []item{{system.CleartextTransport, 2, "http"}}},
		{"/etc/login.defs", "UMASK 022\nENCRYPT_METHOD MD5\nENCRYPT_METHOD SHA512\nMD5_CRYPT_ENAB no\n", []item{{system.WeakCipher, 2, "passwords"}}},
		{"/etc/pam.d/common-password", "password [success=1] pam_unix.so obscure md5\npassword [success=1] pam_unix.so obscure sha512\n", []item{{system.WeakCipher, 1, "passwords"}}},
		{"/etc/polkit-1/rules.d/49.rules", "// polkit.addRule(function(action, subject) { return polkit.Result.YES; });\npolkit.addRule(function(action, subject) {\n  return polkit.Result.YES;\n});\npolkit.addRule(function(action, subject) {\n  if (subject.user == \"a\") return polkit.Result.YES;\n});\n", []item{{system.SudoNoPassword, 2, "polkit"}}},
		{"/etc/ld.so.preload", "/tmp/libhook.so\n/usr/lib/libarmmem.so\n", []item{{system.PathWritable, 1, "ld.so.preload"}}},
		{"/etc/ld.so.conf.d/a.conf", "/usr/local/lib\n/mnt/sdcard/lib\ninclude /etc/x\n", []item{{system.PathWritable, 2, "ld.so.conf"}}},
		{"/etc/conf.d/agetty.tty1", "agetty_options=\"--autologin root\"\nagetty_options=\"--noclear\"\n", []item{{system.SerialShell, 1, "getty"}}},
		{"/etc/systemd/system/rescue.service.d/a.conf", "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=1\n", []item{{system.SerialShell, 2, "sulogin"}}},
		{"/root/.npmrc", "strict-ssl=false\n", []item{{system.TLSVerifyDisabled, 1, "npm"}}},
		{"/etc/mongod.conf", "net:\n  bindIp: 0.0.0.0\n", []item{{system.Anonymous, 2, "mongodb"}}},
		{"/etc/mongod.conf", "net:\n  bindIp: 0.0.0.0\nsecurity:\n  authorization: enabled\n", nil},
		{"/etc/mongod.conf", "net:\n  bindIp: 127.0.0.1,::1\n", nil},
		{"/etc/aria2.conf", "enable-rpc=true\nrpc-listen-all=true\n", []item{{system.Anonymous, 2, "aria2"}}},
		{"/etc/aria2.conf", "rpc-listen-all=true\nrpc-secret=k\n", nil},
		{"/etc/grafana/grafana.ini", "[auth.anonymous]\nenabled = true\n[auth.basic]\nenabled = true\n", []item{{system.Anonymous, 2, "grafana"}}},
		{"/etc/openvpn/a.conf", "management 0.0.0.0 7505\nmanagement 127.0.0.1 7505\nmanagement 10.0.0.1 7505 /etc/pw\nmanagement /run/m unix\n", []item{{system.Anonymous, 1, "openvpn"}}},
		{"/usr/share/rpcd/acl.d/u.json", "{\"unauthenticated\": {\"write\": {\"file\": {\"/bin/*\": [\"exec\"]}}}}\n", []item{{system.Anonymous, 1, "ubus"}}},
		{"/usr/share/rpcd/acl.d/u.json", "{\"unauthenticated\": {\"read\": {\"ubus\": {\"session\": [\"access\", \"login\"]}}}}\n", nil},
		{"/opt/docker-compose.yml", "services:\n  a:\n    privileged: true\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n      - /var/run/docker.sock:/x:ro\n      - /data:/data\n", []item{{system.ServiceAsRoot, 3, "container"}, {system.ServiceAsRoot, 5, "container"}}},
		{"/etc/docker/daemon.json", "{\n\"hosts\": [\"fd://\",\n\"tcp://0.0.0.0:2375\"]}\n", []item{{system.Anonymous, 3, "docker"}}},
		{"/etc/docker/daemon.json", "{\"hosts\": [\"tcp://127.0.0.1:2375\"]}\n", nil},
		{"/etc/docker/daemon.json", "{\"tlsverify\": true, \"hosts\": [\"tcp://0.0.0.0:2376\"]}\n", nil},
		{"/etc/ssh/sshd_config", "PermitRootLogin no\nMatch Address 10.0.0.0/8\n  PermitRootLogin yes\nMatch Address 127.0.0.1\n  PermitRootLogin yes\nMatch User git\n  PermitEmptyPasswords yes\n  PasswordAuthentication yes\n", []item{{system.SSHRootPassword, 3, "sshd"}, {system.SSHEmptyPassword, 7, "sshd"}}},
		{"/etc/ssh/sshd_config", "PermitRootLogin yes\nMatch all\nPasswordAuthentication no\n", nil},
		{"/etc/snmp/snmpd.conf", "createUser a MD5 secretpass DES\ncreateUser b SHA-256 secretpass AES\n", []item{{system.WeakCipher, 1, "snmp MD5"}}},
		{"/etc/samba/smb.conf", "[a]\n force user = root\n force user = media\n", []item{{system.ServiceAsRoot, 2, "smb"}}},
		{"/etc/config/firewall", "config rule\n\toption src 'wan'\n\toption dest_port '22'\n\toption target 'ACCEPT'\nconfig rule\n\toption src wan\n\toption dest_port 68\n\toption target ACCEPT\nconfig rule\n\toption src wan\n\toption src_ip 192.0.2.1\n\toption dest_port 22\n\toption target ACCEPT\nconfig rule\n\toption src wan\n\toption dest lan\n\toption dest_port 443\n\toption target ACCEPT\n", []item{{system.FirewallOpen, 3, "22"}}},
		{"/etc/ipsec.conf", "conn a\n aggressive=yes\n aggressive=no\n", []item{{system.WeakCipher, 2, "aggressive"}}},
		{"/default.prop", "ro.build.tags=release-keys\nro.build.tags=test-keys\nro.boot.selinux=permissive\n", []item{{system.DebugBuild, 2, "ro.build.tags"}, {system.KernelWeak, 3, "selinux"}}},
		{"/etc/NetworkManager/system-connections/a.nmconnection", "[wifi]\nmode=ap\nssid=a\n", []item{{system.WeakWiFi, 2, "open"}}},
		{"/etc/NetworkManager/system-connections/a.nmconnection", "[wifi]\nmode=ap\nssid=a\n[wifi-security]\nkey-mgmt=wpa-psk\n", nil},
		{"/etc/NetworkManager/system-connections/a.nmconnection", "[wifi]\nmode=infrastructure\n[wifi-security]\nkey-mgmt=none\nwep-key0=x\n", []item{{system.WeakWiFi, 4, "WEP"}}},
		{"/etc/stupid-ftpd.conf", "user=anonymous * / 5 A\n", []item{{system.Anonymous, 1, "ftp"}}},
		{"/etc/stupid-ftpd.conf", "user=cam x / 5 A\n", nil},
		{"/etc/3proxy/3proxy.cfg", "auth none\nproxy\n", []item{{system.Anonymous, 1, "proxy"}}},
		{"/etc/3proxy/3proxy.cfg", "auth strong\nproxy\n", nil},
		{"/etc/miniupnpd/miniupnpd.conf", "allow 0-65535 0.0.0.0/0 0-65535\n", []item{{system.PortForward, 1, "miniupnpd"}}},
		{"/etc/miniupnpd/miniupnpd.conf", "allow 1024-65535 192.168.0.0/24 1024-65535\n", nil},
		{"/etc/webmin/miniserv.conf", "port=10000\nssl=0\n", []item{{system.CleartextTransport, 2, "http"}}},
		{"/etc/webmin/miniserv.conf", "port=10000\nssl=1\n", nil},
		{"/etc/haproxy/haproxy.cfg", "bind *:443 ssl crt /a.pem force-tlsv10\n", []item{{system.WeakTLS, 1, "haproxy"}}},
		{"/etc/haproxy/haproxy.cfg", "bind *:443 ssl crt /a.pem force-tlsv12\n", nil},
		{"/etc/polkit-1/localauthority/50-local.d/a.pkla", "[a]\nIdentity=unix-user:*\nAction=*\nResultAny=yes\n", []item{{system.SudoNoPassword, 4, "polkit"}}},
		{"/etc/polkit-1/localauthority/50-local.d/a.pkla", "[a]\nIdentity=unix-user:al\nResultAny=auth_admin\n", nil},
		{"/etc/crypto-policies/config", "LEGACY\n", []item{{system.WeakTLS, 1, "LEGACY"}}},
		{"/etc/crypto-policies/config", "DEFAULT\n", nil},
		{"/etc/finit.conf", "tty [12345] /dev/ttyS0 115200 nologin\n", []item{{system.SerialShell, 1, "console"}}},
		{"/etc/finit.conf", "tty [12345] /dev/ttyS0 115200 vt100\n", nil},
		{"/data/homeassistant/configuration.yaml", "homeassistant:\n  auth_providers:\n    - type: trusted_networks\n      allow_bypass_login: true\n", []item{{system.Anonymous, 4, "home-assistant"}}},
		{"/data/homeassistant/configuration.yaml", "homeassistant:\n  auth_providers:\n    - type: trusted_networks\n      allow_bypass_login: false\n", nil},
		{"/etc/nginx/nginx.conf", "location /up {\n dav_methods PUT DELETE;\n}\n", []item{{system.Anonymous, 2, "webdav"}}},
		{"/etc/nginx/nginx.conf", "server {\n location /up {\n  dav_methods PUT DELETE;\n }\n location /b { auth_basic \"x\"; }\n}\n", []item{{system.Anonymous, 3, "webdav"}}},
		{"/etc/nginx/nginx.conf", "server {\n auth_basic \"x\";\n location /up {\n  dav_methods PUT DELETE;\n }\n}\n", nil},
		{"/etc/aria2.conf", "rpc-listen-all=true\nenable-rpc=false\n", nil},
		{"/etc/nginx/nginx.conf", "location /up {\n auth_basic \"x\";\n dav_methods PUT DELETE;\n}\n", nil},
		{"/etc/lighttpd/lighttpd.conf", "webdav.activate = \"enable\"\n", []item{{system.Anonymous, 1, "webdav"}}},
		{"/etc/mosquitto/mosquitto.conf", "listener 8884\nlistener 8883\ncertfile /a\nlistener 1884 127.0.0.1\nlistener 0 /run/m.sock\n", []item{{system.CleartextTransport, 1, "mqtt"}}},
		{"/boot/grub/grub.cfg", "set default=0\nset timeout=5\nmenuentry a {\n}\n", []item{{system.Bootloader, 2, "grub"}}},
		{"/boot/grub/grub.cfg", "set superusers=\"a\"\npassword_pbkdf2 a grub.pbkdf2.x\nset timeout=5\n", nil},
		{"/boot/grub/grub.cfg", "set timeout=0\n", nil},
		{"/boot/loader/loader.conf", "timeout 3\neditor yes\neditor no\n", []item{{system.Bootloader, 2, "systemd-boot"}}},
		{"/etc/mediamtx.yml", "authInternalUsers:\n- user: any\n  pass:\n  ips: []\n- user: any\n  pass:\n  ips: ['127.0.0.1', '::1']\n- user: viewer\n", []item{{system.Anonymous, 2, "rtsp"}}},
		{"/etc/bluetooth/input.conf", "[General]\nClassicBondedOnly=false\n#ClassicBondedOnly=false\n", []item{{system.Anonymous, 2, "bluetooth"}}},
		{"/opt/zigbee2mqtt/configuration.yaml", "permit_join: true\npermit_join: false\n", []item{{system.Anonymous, 1, "zigbee"}}},
		{"/vendor/etc/init/a.rc", "service a /vendor/bin/a\n    seclabel u:r:su:s0\n    seclabel u:r:a:s0\n", []item{{system.DebugBuild, 2, "su"}}},
		{"/root/.jupyter/jupyter_notebook_config.py", "c.NotebookApp.token = ''\n#c.NotebookApp.password = ''\n", []item{{system.Anonymous, 1, "jupyter"}}},
		{"/root/.jupyter/jupyter_notebook_config.py", "#c.NotebookApp.token = ''\nc.NotebookApp.token = 'k'\n", nil},
		{"/data/settings.js", "module.exports = {\n  flowFile: 'a.json',\n  //adminAuth: {},\n}\n", []item{{system.Anonymous, 2, "node-red"}}},
		{"/data/settings.js", "module.exports = {\n  flowFile: 'a.json',\n  adminAuth: {},\n}\n", nil},
		{"/data/settings.js", "module.exports = {\n  uiHost: '127.0.0.1',\n  uiPort: 1880,\n}\n", nil},
		{"/opt/a.py", "#!/usr/bin/python3\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy())\nc.set_missing_host_key_policy(paramiko.RejectPolicy())\n", []item{{system.WeakSSH, 2, "StrictHostKeyChecking"}}},
		{"/www/cgi-bin/a.pl", "#!/usr/bin/perl\nmy $h = param('h');\nopen(F, \"ping $h |\");\nopen(G, \"<$h\");\nopen(H, '-|', \"nslookup $h\");\nopen(I, \"ping 1 |\");\n", []item{{system.CommandInjection, 3, "open"}, {system.PathTraversal, 4, "open"}, {system.CommandInjection, 5, "open"}}},
		{"/etc/a.conf", "priority = NORMAL:+VERS-TLS1.0\npriority = NORMAL:-VERS-TLS1.0:+VERS-TLS1.2\n", []item{{system.WeakTLS, 1, "TLS1.0"}}},
		{"/boot/config-6", "CONFIG_KEXEC=y\nCONFIG_PROC_KCORE=y\nCONFIG_SECCOMP=y\n# CONFIG_FORTIFY_SOURCE is not set\n", []item{{system.KernelWeak, 1, "CONFIG_KEXEC"}, {system.KernelWeak, 2, "CONFIG_PROC_KCORE"}, {system.KernelWeak, 4, "CONFIG_FORTIFY_SOURCE"}}},
		{"/boot/config-6", "CONFIG_KEXEC=y\nCONFIG_KEXEC_SIG=y\n", nil},
	} {
		if d := cmp.Diff(row.want, items(scan(row.path, row.text))); d != "" {
			t.Errorf("%s: %s", row.path, d)
		}
	}
}
