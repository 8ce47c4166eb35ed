package startup_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/inspecttest"
	"assay/internal/collect/firmware/inspect/startup"
)

type item struct {
	Kind startup.Kind
	Line int
	Name string
	By   string
	Port int
}

func scan(path, text string) []item {
	var out []item
	starts, _ := startup.Scan(inspect.New(path, 0, []byte(text)), inspecttest.Find(startup.Words(), []byte(text)))
	for _, i := range starts {
		out = append(out, item{i.Kind, i.Line, i.Name, i.By, i.Port})
	}
	return out
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path, text string
		want             []item
	}{
		{"inittab", "/etc/inittab", "# telnetd\n::sysinit:/etc/init.d/rcS\nttyS0::askfirst:-/bin/sh\n::respawn:/usr/sbin/telnetd -F -p 2323\nttyS1::respawn:/sbin/getty -L ttyS1 115200 vt100\ntty3::off:/bin/sh\n::respawn:/bin/app\n", []item{
			{startup.SerialShell, 3, "ttyS0", "inittab", 0}, {startup.Telnet, 4, "telnetd", "inittab", 2323}, {startup.SerialLogin, 5, "ttyS1", "inittab", 0}, {startup.Process, 7, "app", "inittab", 0}}},
		{"getty-shell", "/etc/inittab", "x::respawn:/sbin/getty -n -l /bin/sh ttyS0 115200\n", []item{{startup.SerialShell, 1, "ttyS0", "inittab", 0}}},
		{"init-script", "/etc/init.d/S50", "#!/bin/sh\n# telnetd\nstart-stop-daemon -S -x /usr/sbin/dropbear -- -p 2200\n[ -x /bin/a ] && busybox telnetd -l /bin/sh &\nhttpd -h /www\nkillall telnetd\necho telnetd\nstart-stop-daemon -K -x /usr/sbin/sshd\n", []item{
			{startup.Service, 3, "dropbear", "init.d", 2200}, {startup.Anonymous, 4, "shell", "init.d", 0}, {startup.Telnet, 4, "telnetd", "init.d", 0}, {startup.Cleartext, 5, "http", "init.d", 0}, {startup.Service, 5, "httpd", "init.d", 0}}},
		{"inetd", "/etc/inetd.conf", "#telnet stream tcp nowait root /usr/sbin/telnetd telnetd\nftp stream tcp nowait root /usr/sbin/vsftpd vsftpd\ntelnet stream tcp nowait root /usr/sbin/telnetd telnetd\n", []item{{startup.Service, 2, "vsftpd", "inetd", 0}, {startup.Telnet, 3, "telnetd", "inetd", 0}}},
		{"xinetd-on", "/etc/xinetd.d/telnet", "service telnet\n{\n disable = no\n server = /usr/sbin/in.telnetd\n}\n", []item{{startup.Telnet, 1, "telnetd", "xinetd", 0}}},
		{"xinetd-off", "/etc/xinetd.d/telnet", "service telnet\n{\n disable = yes\n}\n", nil},
		{"systemd", "/lib/systemd/system/a.service", "[Service]\nExecStart=-/usr/sbin/dropbear -F -p 22\n", []item{{startup.Service, 2, "dropbear", "systemd", 22}}},
		{"systemd-socket", "/lib/systemd/system/telnet.socket", "[Socket]\nListenStream=23\n", []item{{startup.Telnet, 2, "telnetd", "systemd", 23}}},
		{"systemd-autologin", "/etc/systemd/system/serial-getty@ttyS0.service.d/a.conf", "[Service]\nExecStart=-/sbin/agetty --autologin root ttyS0\n", []item{{startup.SerialShell, 2, "ttyS0", "systemd", 0}}},
		{"inittab-open", "/etc/inittab", "::respawn:/bin/login -f root\n::askconsole:/bin/ash --login\n::respawn:/bin/sh -c /opt/run.sh\nS0:12345:respawn:/sbin/getty -L ttyS0\n", []item{
			{startup.SerialShell, 1, "console", "inittab", 0}, {startup.SerialShell, 2, "console", "inittab", 0}, {startup.Process, 3, "run.sh", "inittab", 0}, {startup.SerialLogin, 4, "ttyS0", "inittab", 0}}},
		{"inittab-wrapped", "/etc/inittab", "::respawn:/usr/bin/env -i A=b /usr/sbin/camd\n::respawn:/usr/bin/nice -n 5 /usr/sbin/lighttpd -D\n", []item{{startup.Process, 1, "camd", "inittab", 0}, {startup.Service, 2, "lighttpd", "inittab", 0}}},
		{"variables", "/etc/init.d/S20ftp", "#!/bin/sh\nDAEMON=/usr/sbin/vsftpd\nPIDFILE=/run/x\nstart-stop-daemon --start --quiet --pidfile $PIDFILE --make-pidfile --exec $DAEMON -- /etc/vsftpd.conf\nkillall -9 $DAEMON\n", []item{{startup.Service, 4, "vsftpd", "init.d", 0}}},
		{"asked-only", "/etc/init.d/S20web", "#!/bin/sh\nnginx -t -q\nstart-stop-daemon --start --test --exec /usr/sbin/nginx\nsshd -T\ndropbear -T 3 -p 22\n", []item{{startup.Service, 5, "dropbear", "init.d", 22}}},
		{"arguments-by-variable", "/etc/init.d/S50telnet", "#!/bin/sh\nARGS=\"-F -p 4321 -l /bin/sh\"\nstart-stop-daemon -S -q -m -b -p /run/t.pid \\\n  -x /usr/sbin/telnetd -- $ARGS\n. /mnt/SDCARD/env.sh\n", []item{{startup.Anonymous, 4, "shell", "init.d", 4321}, {startup.Telnet, 4, "telnetd", "init.d", 4321}, {startup.Autorun, 5, "env.sh", "init.d", 0}}},
		{"procd", "/etc/init.d/uhttpd", "#!/bin/sh /etc/rc.common\nUSE_PROCD=1\nstart_service() {\n procd_open_instance\n procd_set_param command /usr/sbin/uhttpd -f\n procd_append_param command -p 0.0.0.0:8080\n procd_set_param respawn\n procd_close_instance\n}\n", []item{{startup.Cleartext, 5, "http", "procd", 8080}, {startup.Service, 5, "uhttpd", "procd", 8080}}},
		{"service-start", "/etc/init.d/dropbear", "#!/bin/sh /etc/rc.common\nservice_start /usr/sbin/dropbear -p 2222\n", []item{{startup.Service, 2, "dropbear", "procd", 2222}}},
		{"openrc", "/etc/init.d/snmpd", "#!/sbin/openrc-run\ncommand=/usr/sbin/snmpd\ncommand_args=\"-p /run/x udp:161\"\n", []item{{startup.Service, 2, "snmpd", "openrc", 161}}},
		{"runit", "/etc/sv/web/run", "#!/bin/sh\nexec chpst -u www /usr/sbin/lighttpd -D\n", []item{{startup.Service, 2, "lighttpd", "runit", 0}}},
		{"crontab", "/etc/crontabs/root", "PATH=/bin\n*/5 * * * * /usr/bin/report.sh -q\n@reboot busybox telnetd\n", []item{{startup.Process, 2, "report.sh", "crontab", 0}, {startup.Telnet, 3, "telnetd", "crontab", 0}}},
		{"cron-with-user", "/etc/cron.d/a", "0 3 * * * root /usr/bin/report.sh\n", []item{{startup.Process, 1, "report.sh", "crontab", 0}}},
		{"supervisor", "/etc/supervisor/conf.d/a.conf", "[program:a]\ncommand=/usr/sbin/telnetd -F\nautostart=false\n[program:b]\ncommand=/usr/bin/ttyd -p 7681 /bin/bash\n[program:c]\nautostart=false\n", []item{{startup.Anonymous, 5, "shell", "supervisor", 7681}, {startup.Service, 5, "ttyd", "supervisor", 7681}}},
		{"hotplug-mount", "/bin/usb.sh", "#!/bin/sh\nmount /dev/$1 /mnt\n/mnt/autorun.sh\nmount $ROOT /new\n/new/init.sh\n", []item{{startup.Autorun, 3, "autorun.sh", "script", 0}}},
		{"udev", "/etc/udev/rules.d/10-sd.rules", "ACTION==\"add\", RUN+=\"/bin/sh /mnt/sdcard/test.sh\"\nKERNEL==\"sd*\", RUN+=\"/usr/bin/mount.sh %k\"\n", []item{{startup.Autorun, 1, "test.sh", "udev", 0}, {startup.Process, 2, "mount.sh", "udev", 0}}},
		{"mdev", "/etc/mdev.conf", "mmcblk[0-9]p[0-9] 0:0 660 *(/etc/mdev/auto.sh $MDEV)\nnull 0:0 666\n", []item{{startup.Process, 1, "auto.sh", "mdev", 0}}},
		{"autorun", "/usr/bin/sd.sh", "#!/bin/sh\nSD=/mnt/sdcard\nif [ -f $SD/test.sh ]; then\n cp $SD/test.sh /tmp\n sh $SD/test.sh\nfi\n. /media/x/env\n/mnt/sd0/app &\n", []item{{startup.Autorun, 5, "test.sh", "script", 0}, {startup.Autorun, 7, "env", "script", 0}, {startup.Autorun, 8, "app", "script", 0}}},
		{"rc-shell", "/etc/init.d/rcS", "#!/bin/sh\n/opt/app/main &\n/bin/mount -a\nexec /bin/sh\n", []item{{startup.Process, 2, "main", "init.d", 0}}},
		{"rc-local-shell", "/etc/rc.local", "#!/bin/sh\n/bin/sh </dev/ttyS0 >/dev/ttyS0 2>&1 &\nexec /bin/sh\n", []item{{startup.SerialShell, 2, "ttyS0", "rc", 0}, {startup.SerialShell, 3, "console", "rc", 0}}},
		{"listeners", "/etc/init.d/S99x", "#!/bin/sh\nnc -l -p 4444 -e /bin/sh\nsocat TCP-LISTEN:99,fork EXEC:sh\ntcpsvd -vE 0.0.0.0 21 ftpd -w /\ngdbserver :2345 /bin/x\npython3 -m http.server 8000\nnc host 80\nsu -c 'telnetd -p 99' root\nsh -c \"cd /; tftpd -p 69\"\n", []item{
			{startup.Anonymous, 2, "shell", "init.d", 4444}, {startup.Service, 2, "nc", "init.d", 4444}, {startup.Anonymous, 3, "shell", "init.d", 99}, {startup.Service, 3, "socat", "init.d", 99},
			{startup.Anonymous, 4, "ftp", "init.d", 21}, {startup.Service, 4, "tcpsvd", "init.d", 21}, {startup.DebugTool, 5, "gdbserver", "init.d", 2345}, {startup.Service, 5, "gdbserver", "init.d", 2345},
			{startup.Anonymous, 6, "http", "init.d", 8000}, {startup.Service, 6, "python3", "init.d", 8000}, {startup.Telnet, 8, "telnetd", "init.d", 99}, {startup.Anonymous, 9, "tftp", "init.d", 69}, {startup.Service, 9, "tftpd", "init.d", 69}}},
		{"attached-options", "/etc/init.d/S99x", "#!/bin/sh\nttyd -cadmin:pw -p7681 bash\nttyd -i lo bash\nttyd -i eth0 -p 80 bash\nttyd ssh h\ntelnetd -l/bin/sh -p23\ntelnetd -b 127.0.0.1 -l /bin/sh\ntelnetd -Fb127.0.0.1:23\ntcpsvd -vE 0 21 ftpd -Sw /\ntcpsvd 127.0.0.1 21 ftpd -w /\ntcpsvd 0 21 ftpd /\nnc -lvp4444 -e/bin/sh\nnc -lk -s 127.0.0.1 -p 1 -e sh\n", []item{
			{startup.Service, 2, "ttyd", "init.d", 7681}, {startup.Service, 3, "ttyd", "init.d", 0}, {startup.Anonymous, 4, "shell", "init.d", 80}, {startup.Service, 4, "ttyd", "init.d", 80}, {startup.Service, 5, "ttyd", "init.d", 0},
			{startup.Anonymous, 6, "shell", "init.d", 23}, {startup.Telnet, 6, "telnetd", "init.d", 23}, {startup.Service, 7, "telnetd", "init.d", 0}, {startup.Service, 8, "telnetd", "init.d", 0},
			{startup.Anonymous, 9, "ftp", "init.d", 21}, {startup.Service, 9, "tcpsvd", "init.d", 21}, {startup.Service, 10, "tcpsvd", "init.d", 21}, {startup.Service, 11, "tcpsvd", "init.d", 21},
			{startup.Anonymous, 12, "shell", "init.d", 4444}, {startup.Service, 12, "nc", "init.d", 4444}, {startup.Service, 13, "nc", "init.d", 1}}},
		{"servers-that-ask-nobody", "/etc/init.d/S99x", "#!/bin/sh\ndockerd -H fd:// -H tcp://0.0.0.0:2375\ndockerd -H tcp://127.0.0.1:2375\ndockerd --tlsverify -H tcp://0.0.0.0:2376\ncode-server --auth none --bind-addr 0.0.0.0:8080\ncode-server --auth none --bind-addr 127.0.0.1:8080\njupyter-lab --ip=0.0.0.0 --ServerApp.token=''\nmjpg_streamer -i input_uvc.so -o 'output_http.so -p 8090'\nmjpg_streamer -i input_uvc.so -o 'output_http.so -c u:pw'\nx11vnc -localhost\nx11vnc -forever\nx11vnc -rfbauth /etc/v\nmongod --bind_ip 127.0.0.1 --noauth\n", []item{
			{startup.Anonymous, 2, "docker", "init.d", 0}, {startup.Service, 2, "dockerd", "init.d", 0}, {startup.Service, 3, "dockerd", "init.d", 0}, {startup.Service, 4, "dockerd", "init.d", 0},
			{startup.Anonymous, 5, "shell", "init.d", 0}, {startup.Service, 5, "code-server", "init.d", 0}, {startup.Service, 6, "code-server", "init.d", 0},
			{startup.Anonymous, 7, "shell", "init.d", 0}, {startup.Service, 7, "jupyter-lab", "init.d", 0}, {startup.Anonymous, 8, "http", "init.d", 0}, {startup.Service, 10, "x11vnc", "init.d", 0}, {startup.Anonymous, 11, "vnc", "init.d", 0}, {startup.Service, 11, "x11vnc", "init.d", 0}, {startup.Service, 12, "x11vnc", "init.d", 0}, {startup.Service, 13, "mongod", "init.d", 0}}},
		{"xinetd-inside", "/etc/xinetd.d/telnet", "service telnet\n{\n server = /usr/sbin/in.telnetd\n only_from = 127.0.0.1 ::1\n}\nservice telnet\n{\n server = /usr/sbin/in.telnetd\n only_from = 127.0.0.1 10.0.0.0\n}\n", []item{{startup.Service, 1, "in.telnetd", "xinetd", 0}, {startup.Telnet, 6, "telnetd", "xinetd", 0}}},
		{"sums-not-checked", "/u-boot-env", "bootdelay=-2\nverify=n\nverifyx=n\n", []item{{startup.Unsigned, 2, "verify", "u-boot", 0}}},
		{"sums-checked", "/u-boot-env", "bootdelay=-2\nverify=y\n", nil},
		{"getty-options", "/etc/inittab", "a::respawn:/sbin/getty -nl/bin/sh ttyS0 115200\nb::respawn:/sbin/agetty -aroot ttyS1\nc::respawn:/sbin/agetty -L -o '-f root' ttyS2\nd::respawn:/sbin/agetty -o '-p -- \\\\u' ttyS3\n", []item{{startup.SerialShell, 1, "ttyS0", "inittab", 0}, {startup.SerialShell, 2, "ttyS1", "inittab", 0}, {startup.SerialShell, 3, "ttyS2", "inittab", 0}, {startup.SerialLogin, 4, "ttyS3", "inittab", 0}}},
		{"wrappers", "/etc/init.d/S99x", "#!/bin/sh\nnice -n-5 ionice -c 3 /usr/sbin/boa\ncommand -v dropbear\ntimeout -k 5 60 env A=b /usr/sbin/vsftpd\nsudo -uwww -- httpd -p 80\n", []item{{startup.Service, 2, "boa", "init.d", 0}, {startup.Service, 4, "vsftpd", "init.d", 0}, {startup.Cleartext, 5, "http", "init.d", 80}, {startup.Service, 5, "httpd", "init.d", 80}}},
		{"android", "/init.rc", "service console /system/bin/sh\n    class core\n    console\nservice adbd /sbin/adbd --root\n    disabled\non boot\n    start x\nservice web /system/bin/boa\n", []item{{startup.SerialShell, 1, "console", "android-init", 0}, {startup.Service, 8, "boa", "android-init", 0}}},
		{"upstart", "/etc/init/ssh.conf", "start on x\nexec /usr/sbin/sshd -D\n", []item{{startup.Service, 2, "sshd", "upstart", 0}}},
		{"systemd-process", "/etc/systemd/system/cam.service", "[Service]\nExecStartPre=/bin/sh -c \"/usr/bin/prepare\"\nExecStart=/usr/bin/cam --port=8080\n", []item{{startup.Process, 2, "prepare", "systemd", 0}, {startup.Process, 3, "cam", "systemd", 0}}},
		{"interfaces", "/etc/network/interfaces", "iface eth0 inet dhcp\n up /usr/bin/net.sh\n up route add x\n", []item{{startup.Process, 2, "net.sh", "network", 0}}},
		{"u-boot", "u-boot-env", "bootdelay=3\nbootargs=console=ttyS0,115200 init=/bin/sh\n", []item{{startup.Bootloader, 1, "u-boot", "u-boot", 0}, {startup.Console, 2, "ttyS0", "bootargs", 0}, {startup.SerialShell, 2, "console", "bootargs", 0}}},
		{"u-boot-raw", "u-boot-env", "a=b\x00bootdelay=0\x00\x00", []item{{startup.Bootloader, 0, "u-boot", "u-boot", 0}}},
		{"u-boot-card", "u-boot-env", "a=mmc dev 0; fatload mmc 0:1 0x82000000 run.scr; source 0x82000000\nb=usb start;fatload usb 0 ${loadaddr} uImage; bootm ${loadaddr}\nc=fatload mmc 0 0x42000000 up.bin; sf probe 0; sf erase 0 0x1000000; sf write 0x42000000 0 ${filesize}\nd=load mmc 0:1 ${loadaddr} zImage; bootz ${loadaddr}\nboot_a_script=load ${devtype} ${devnum}:1 ${scriptaddr} boot.scr; source ${scriptaddr}\n", []item{{startup.Autorun, 1, "a", "u-boot", 0}, {startup.Autorun, 2, "b", "u-boot", 0}, {startup.Unsigned, 3, "c", "u-boot", 0}}},
		{"options-of-a-server", "/etc/default/ttyd", "# TTYD_OPTIONS=\"-p 1 bash\"\nTTYD_OPTIONS=\"-p 7681 bash\"\n", []item{{startup.Anonymous, 2, "shell", "options", 7681}}},
		{"options-that-ask", "/etc/default/ttyd", "TTYD_OPTIONS=\"-i lo -p 7681 bash\"\nTTYD_OPTIONS=\"-p 7681 -O login\"\n", nil},
		{"options-of-another", "/etc/default/cron", "EXTRA_OPTS=\"-L 5\"\n", nil},
		{"shell-of-a-socket", "/etc/systemd/system/dbg@.service", "[Service]\nExecStart=-/bin/sh -i\nStandardInput=socket\n", []item{{startup.Anonymous, 2, "shell", "systemd", 0}}},
		{"program-of-a-socket", "/etc/systemd/system/dbg@.service", "[Service]\nExecStart=-/bin/sh /opt/run.sh\nStandardInput=null\n", nil},
		{"inetd-shell", "/etc/inetd.conf", "9999 stream tcp nowait root /bin/login login -f root\n9998 stream tcp nowait root /bin/login login\n", []item{{startup.Anonymous, 1, "shell", "inetd", 9999}, {startup.Service, 1, "login", "inetd", 9999}, {startup.Service, 2, "login", "inetd", 9998}}},
		{"other-names", "/etc/init.d/S99x", "#!/bin/sh\n/opt/busybox-armv7l telnetd -l /bin/sh\n/usr/sbin/mtelnetd -p 24\n", []item{{startup.Anonymous, 2, "shell", "init.d", 0}, {startup.Telnet, 2, "telnetd", "init.d", 0}, {startup.Telnet, 3, "telnetd", "init.d", 24}}},
		{"shell-by-input", "/etc/rc.local", "#!/bin/sh\n/bin/sh -i <>/dev/ttyS1 &\n/bin/sh < /opt/run.sh\n", []item{{startup.SerialShell, 2, "ttyS1", "rc", 0}}},
		{"u-boot-network", "u-boot-env", "bootcmd=run a; bootm 0x80\na=dhcp; run b\nb=tftpboot 0x80 x.img; bootm 0x80\nunused=tftp 0x80 y; bootm 0x80\nstdin=serial,nc\n", []item{{startup.Unsigned, 3, "b", "u-boot", 0}, {startup.Bootloader, 5, "netconsole", "u-boot", 0}}},
		{"u-boot-network-unused", "u-boot-env", "bootcmd=nand read 0x80 kernel; bootm 0x80\nnetboot=tftpboot 0x80 x; bootm 0x80\nstdin=serial\n", nil},
		{"debug-shell", "/boot/cmdline.txt", "console=ttyS0 root=/dev/a systemd.debug-shell=1 ima_appraise=fix\nsystemd.debug-shell=0 rd.breakfast\n", []item{{startup.KernelWeak, 1, "ima_appraise=fix", "bootargs", 0}, {startup.Console, 1, "ttyS0", "bootargs", 0}, {startup.SerialShell, 1, "console", "bootargs", 0}}},
		{"finit", "/etc/finit.conf", "service [2345] name:t <!> /usr/sbin/telnetd -F -- Telnet\n#service /usr/sbin/telnetd\nrun [S] /bin/setup.sh -- Setup\n", []item{{startup.Telnet, 1, "telnetd", "rc", 0}, {startup.Process, 3, "setup.sh", "rc", 0}}},
		{"monit", "/etc/monitrc", "check process a with pidfile /run/a\n  start program = \"/usr/sbin/telnetd -F\" with timeout 60 seconds\n  if failed then alert\n", []item{{startup.Telnet, 2, "telnetd", "supervisor", 0}}},
		{"anacrontab", "/etc/anacrontab", "SHELL=/bin/sh\n1 5 daily /usr/bin/report.sh\n", []item{{startup.Process, 2, "report.sh", "cron", 0}}},
		{"acpi", "/etc/acpi/events/power", "event=button/power\naction=/usr/bin/off.sh\n", []item{{startup.Process, 2, "off.sh", "hotplug", 0}}},
		{"dinit", "/etc/dinit.d/web", "type = process\ncommand = /usr/sbin/lighttpd -D\n", []item{{startup.Service, 2, "lighttpd", "rc", 0}}},
		{"upstart-script", "/etc/init/a.conf", "start on x\ndescription \"telnetd\"\npre-start exec /bin/prepare\nscript\n  /usr/sbin/telnetd -F\nend script\nauthor telnetd\n", []item{{startup.Process, 3, "prepare", "upstart", 0}, {startup.Telnet, 5, "telnetd", "upstart", 0}}},
		{"dispatcher", "/etc/NetworkManager/dispatcher.d/99-up", "#!/bin/sh\ntelnetd\n", []item{{startup.Telnet, 2, "telnetd", "hotplug", 0}}},
		{"u-boot-closed", "u-boot-env", "bootdelay=-2\nbootargs=init=/sbin/init quiet\n", nil},
		{"u-boot-password", "u-boot-env", "bootdelay=3\nbootstopkeysha256=ab\n", nil},
		{"documentation", "/usr/share/doc/a", "telnetd\n", nil},
		{"not-elf", "/usr/sbin/d", "\x00\x00/usr/sbin/telnetd &\x00", nil},
		{"on-demand", "/usr/sbin/d", "\x7fELF\x00\x00telnetd: bad\x00/usr/sbin/telnetd -l /bin/sh &\x00", []item{{startup.TelnetOnDemand, 0, "telnetd", "program", 0}}},
		{"client", "/usr/sbin/d", "\x7fELF\x00\x00/bin/busybox telnet 10.0.0.1 &\x00telnet\x00", nil},
		{"firmware", "program", "\x00\x01\x00telnet: listening on %d\x00", []item{{startup.TelnetOnDemand, 0, "telnetd", "firmware", 0}}},
		{"firmware-tells", "program", "\x00\x01\x00no telnet here\x00telnet is not supported\x00", nil},
		{"busybox", "/bin/busybox", "\x7fELF\x00\x00telnet\x00telnetd\x00usage: telnetd [-p]\x00killall telnetd\x00", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(row.want, scan(row.path, row.text)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBoot(t *testing.T) {
	t.Parallel()
	var b startup.Boot
	var all []startup.Start
	for _, e := range []struct{ path, target, text string }{
		{"/etc/inittab", "", "::sysinit:/etc/init.d/rcS\n"},
		{"/etc/init.d/rcS", "", "#!/bin/sh\nfor i in /etc/rc.d/S*; do $i start; done\n/opt/start.sh\n"},
		{"/etc/init.d/web", "", "#!/bin/sh\nhttpd -p 80\n"},
		{"/etc/init.d/ftp", "", "#!/bin/sh\n/usr/sbin/vsftpd\n"},
		{"/etc/rc.d/S50web", "../init.d/web", ""},
		{"/opt/start.sh", "", "#!/bin/sh\ncam.sh &\n"},
		{"/usr/bin/cam.sh", "", "#!/bin/sh\ntelnetd\ndvrHelper /lib/modules /usr/bin/Sofia 1 &\n/opt/camd\n"},
		{"/usr/bin/debug.sh", "", "#!/bin/sh\nadbd\n"},
		{"/lib/systemd/system/a.service", "", "[Service]\nExecStart=/bin/nginx\n[Install]\nWantedBy=multi-user.target\n"},
		{"/lib/systemd/system/b.service", "", "[Service]\nExecStart=/bin/boa\n[Install]\nWantedBy=multi-user.target\n"},
		{"/etc/systemd/system/multi-user.target.wants/a.service", "/lib/systemd/system/a.service", ""},
		{"/etc/inetd.conf", "", "21 stream tcp nowait root /usr/sbin/ftpd ftpd\n"},
	} {
		if e.target != "" {
			b.Entry(e.path, "symlink", 0o777, e.target)
			continue
		}
		b.Entry(e.path, "file", 0o755, "")
		starts, calls := startup.Scan(inspect.New(e.path, 0o755, []byte(e.text)), nil)
		all = append(all, starts...)
		b.File(calls)
	}
	all = b.Resolve(all)
	got := map[string]string{}
	for _, s := range all {
		if s.Kind == startup.Service || s.Kind == startup.Telnet {
			got[s.Name] = s.Boot
		}
	}
	want := map[string]string{"httpd": startup.Yes, "vsftpd": startup.No, "telnetd": startup.Yes, "adbd": startup.Unknown, "nginx": startup.Yes, "boa": startup.No, "ftpd": startup.Unknown}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if by, ok := b.Reached("/opt/camd"); !ok || by != "/usr/bin/cam.sh" {
		t.Errorf("%q %v", by, ok)
	}
	if _, ok := b.Reached("/usr/bin/debug.sh"); ok {
		t.Error("nothing starts debug.sh")
	}
}

// TestPresets: units that no folder wants are started at the first boot where
// presets enable them.
func TestPresets(t *testing.T) {
	t.Parallel()
	const install = "[Install]\nWantedBy=multi-user.target\n"
	unit := func(exec string) string { return "[Service]\nExecStart=" + exec + "\n" + install }
	for _, row := range []struct {
		name  string
		files map[string]string
		links map[string]string
		want  map[string]string
	}{
		{"enabled-and-disabled", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable boa*\ndisable *\n"}, nil, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"the-rest-is-enabled", map[string]string{"/lib/systemd/system-preset/90-a.preset": "disable boa.service\n"}, nil, map[string]string{"boa": startup.No, "httpd": startup.Yes}},
		{"only-systemds-own", map[string]string{"/lib/systemd/system-preset/90-systemd.preset": "enable boa.service\ndisable x.service\n"}, map[string]string{"/etc/systemd/system/multi-user.target.wants/y.service": "/lib/systemd/system/y.service"}, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"etc-stands-for-lib", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable *\n", "/etc/systemd/system-preset/90-a.preset": "enable boa.service\ndisable *\n"}, nil, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"first-file-first", map[string]string{"/lib/systemd/system-preset/99-z.preset": "enable *\n", "/etc/systemd/system-preset/10-a.preset": "disable httpd.service\n"}, nil, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"masked", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable *\n"}, map[string]string{"/etc/systemd/system/boa.service": "/dev/null"}, map[string]string{"boa": startup.No, "httpd": startup.Yes}},
		{"also", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable other.service\ndisable *\n", "/lib/systemd/system/other.service": "[Service]\nExecStart=/bin/other\n[Install]\nAlso=boa.service\n"}, nil, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"not-the-first-boot", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable *\n", "/etc/machine-id": "0123\n"}, map[string]string{"/etc/systemd/system/multi-user.target.wants/boa.service": "/lib/systemd/system/boa.service"}, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"a-new-identity", map[string]string{"/lib/systemd/system-preset/90-a.preset": "enable *\n", "/etc/machine-id": "uninitialized\n"}, nil, map[string]string{"boa": startup.Yes, "httpd": startup.Yes}},
		{"by-a-script", map[string]string{"/etc/machine-id": "0123\n", "/lib/systemd/system/a.service": "[Service]\nExecStart=/bin/first.sh\n", "/bin/first.sh": "#!/bin/sh\nsystemctl enable --now boa\nsystemctl stop httpd\n"}, map[string]string{"/etc/systemd/system/multi-user.target.wants/a.service": "/lib/systemd/system/a.service"}, map[string]string{"boa": startup.Yes, "httpd": startup.No}},
		{"by-a-service-command", map[string]string{"/etc/inittab": "::sysinit:/etc/init.d/rcS\n", "/etc/init.d/rcS": "#!/bin/sh\nservice vsftpd start\nservice nginx stop\n", "/etc/init.d/vsftpd": "#!/bin/sh\n/usr/sbin/vsftpd\n", "/etc/init.d/nginx": "#!/bin/sh\n/usr/sbin/nginx\n"}, map[string]string{"/etc/rc3.d/S1x": "../init.d/x"}, map[string]string{"vsftpd": startup.Yes, "nginx": startup.No, "boa": startup.Unknown, "httpd": startup.Unknown}},
		{"options-of-a-server-that-is-off", map[string]string{"/etc/machine-id": "0123\n", "/etc/default/ttyd": "TTYD_OPTIONS=\"-p 7681 bash\"\n", "/lib/systemd/system/ttyd.service": unit("/bin/ttyd $TTYD_OPTIONS")}, map[string]string{"/etc/systemd/system/multi-user.target.wants/boa.service": "/lib/systemd/system/boa.service"}, map[string]string{"boa": startup.Yes, "httpd": startup.No, "ttyd": startup.No}},
		{"drop-in", map[string]string{"/etc/machine-id": "0123\n", "/etc/systemd/system/boa.service.d/a.conf": "[Service]\nExecStart=\nExecStart=/bin/nginx\n"}, map[string]string{"/etc/systemd/system/multi-user.target.wants/boa.service": "/lib/systemd/system/boa.service"}, map[string]string{"boa": startup.No, "nginx": startup.Yes, "httpd": startup.No}},
	} {
		var b startup.Boot
		var all []startup.Start
		row.files["/lib/systemd/system/boa.service"], row.files["/lib/systemd/system/httpd.service"] = unit("/bin/boa"), unit("/bin/httpd -C x")
		for p, target := range row.links {
			b.Entry(p, "symlink", 0o777, target)
		}
		for p, text := range row.files {
			b.Entry(p, "file", 0o755, "")
			starts, calls := startup.Scan(inspect.New(p, 0o755, []byte(text)), nil)
			all = append(all, starts...)
			b.File(calls)
		}
		got := map[string]string{}
		for _, s := range b.Resolve(all) {
			switch s.Kind {
			case startup.Service:
				got[s.Name] = s.Boot
			case startup.Anonymous:
				t.Errorf("%s: what isn't started is open: %+v", row.name, s)
			}
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

// TestAsleep: a script that isn't executable stays off where others are and what
// starts them asks; where nothing asks, or no modes are kept, it may run.
func TestAsleep(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, loop string
		other      uint32
		want       string
	}{
		{"asked", "[ -x $i ] && . $i", 0o755, startup.No}, {"not-asked", ". $i", 0o755, startup.Yes}, {"no-modes", "[ -x $i ] && . $i", 0o644, startup.Yes},
	} {
		var b startup.Boot
		var all []startup.Start
		for p, text := range map[string]string{"/etc/init.d/rcS": "#!/bin/sh\nfor i in /etc/init.d/S[0-9][0-9]*\ndo\n" + row.loop + "\ndone\n", "/etc/init.d/S50a": "#!/bin/sh\ntelnetd\n", "/etc/inittab": "::sysinit:/etc/init.d/rcS\n"} {
			mode := row.other
			if p == "/etc/init.d/S50a" {
				mode = 0o644
			}
			b.Entry(p, "file", mode, "")
			starts, calls := startup.Scan(inspect.New(p, mode, []byte(text)), nil)
			all = append(all, starts...)
			b.File(calls)
		}
		for _, s := range b.Resolve(all) {
			if s.Name == "telnetd" && s.Boot != row.want {
				t.Errorf("%s: %q", row.name, s.Boot)
			}
		}
	}
}

// TestSeen: what holds no init system starts nothing that could be told.
func TestSeen(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path, text string
		want       bool
	}{
		{"/etc/inittab", "::sysinit:/etc/init.d/rcS\n", true}, {"/lib/systemd/system/a.service", "[Service]\nExecStart=/bin/a\n", true},
		{"/config.json", "{}", false}, {"/www/a.sh", "#!/bin/sh\necho\n", false}, {"esp-image", "\x00\x01", false},
	} {
		var b startup.Boot
		_, calls := startup.Scan(inspect.New(row.path, 0, []byte(row.text)), nil)
		b.File(calls)
		if got := b.Seen(); got != row.want {
			t.Errorf("%s: %v", row.path, got)
		}
	}
}

// TestMounted: a script of the root file system runs one of a tree that is
// mounted, whose paths begin there.
func TestMounted(t *testing.T) {
	t.Parallel()
	var b startup.Boot
	for p, text := range map[string]string{
		"/etc/init.d/rcS": "#!/bin/sh\nmount -t jffs2 /dev/mtdblock5 /mnt/app\n/mnt/app/bin/run.sh &\nsh $HOME/boot.sh\n", "jffs2:/bin/run.sh": "#!/bin/sh\n/lib/next.sh\n", "jffs2:/lib/next.sh": "#!/bin/sh\ntelnetd\n",
		"p1:/boot.sh": "#!/bin/sh\n", "p2:/bin/other.sh": "#!/bin/sh\n",
	} {
		_, in, _ := strings.Cut(p, ":")
		if in == "" {
			in = p
		}
		_, calls := startup.Scan(inspect.New(in, 0o755, []byte(text)), nil)
		calls.Path = p
		b.File(calls)
	}
	for p, want := range map[string]bool{"jffs2:/bin/run.sh": true, "jffs2:/lib/next.sh": true, "p1:/boot.sh": true, "p2:/bin/other.sh": false} {
		if by, ok := b.Reached(p); ok != want {
			t.Errorf("%s: %v by %q", p, ok, by)
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, unit string }{
		{"/etc/init.d/a", "telnetd;"}, {"/etc/init.d/a", "start-stop-daemon -S -x "}, {"/etc/inittab", "::respawn:x\n"}, {"/etc/xinetd.d/a", "service a {"}, {"/etc/systemd/a.service", "ExecStart=a\n"},
		{"/etc/mdev.conf", "a *"}, {"u-boot-env", "bootargs=init="}, {"/etc/udev/rules.d/a", "RUN+=\"/a\" "}, {"/init.rc", "service a b\n"},
	} {
		b := []byte(strings.Repeat(row.unit, 128<<10/len(row.unit)))
		if starts, calls := startup.Scan(inspect.New(row.path, 0, b), nil); len(starts) > 1100 || calls != nil && len(calls.Programs) > 500 {
			t.Errorf("%q: %d starts", row.unit, len(starts))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{"a::respawn:-/bin/sh", "x stream tcp nowait root /telnetd", "service a {\n}", "ExecStart=/sbin/agetty -a root", "su -c 'telnetd' root", "busybox telnetd -p 1", "bootdelay=3\x00bootargs=init=/bin/sh", "procd_set_param command a", "sd 0:0 1 *x", "RUN+=\"/a\"", "* * * * * a", "nc -l -p 1 -e sh", "for i in /etc/a/*; do $i; done", "cd /a; ./b", "$X/run.sh", "[Unit]\nWants=b.service", "fatload usb 0 1 x; source 1", "mount a:/b /c; /c/d"} {
		for _, p := range []string{"/etc/inittab", "/etc/inetd.conf", "/etc/xinetd.d/a", "/lib/systemd/system/a.service", "/etc/init.d/a", "u-boot-env", "/etc/mdev.conf", "/etc/udev/rules.d/a", "/etc/crontab", "/init.rc"} {
			f.Add(p, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, path string, b []byte) {
		starts, calls := startup.Scan(inspect.New(path, 0, b), inspecttest.Find(startup.Words(), b))
		for _, i := range starts {
			if i.Offset < 0 || i.Offset > int64(len(b)) || i.Kind == "" || i.Port < 0 || i.Port > 65535 {
				t.Errorf("%+v in %d bytes", i, len(b))
			}
		}
		var boot startup.Boot
		boot.Entry(path, "symlink", 0, string(b[:min(len(b), 20)]))
		boot.File(calls)
		boot.Resolve(starts)
	})
}
