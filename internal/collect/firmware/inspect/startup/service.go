package startup

import (
	"path"
	"slices"
	"strconv"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
)

// services are programs that wait for connections, by the name of their file.
var services = map[string]bool{
	"telnetd": true, "utelnetd": true, "in.telnetd": true, "dropbear": true, "sshd": true, "ttyd": true, "shellinaboxd": true,
	"httpd": true, "lighttpd": true, "nginx": true, "boa": true, "goahead": true, "webs": true, "alphapd": true, "uhttpd": true, "thttpd": true, "mini_httpd": true, "darkhttpd": true, "apache2": true, "micro_httpd": true, "hostapd": true,
	"ftpd": true, "vsftpd": true, "proftpd": true, "pure-ftpd": true, "stupid-ftpd": true, "bftpd": true, "tcpsvd": true, "tftpd": true, "in.tftpd": true, "in.ftpd": true, "atftpd": true, "udpsvd": true,
	"adbd": true, "gdbserver": true, "inetd": true, "xinetd": true, "snmpd": true, "smbd": true, "nmbd": true, "ksmbd.mountd": true, "rsyncd": true, "nfsd": true, "rpcbind": true, "portmap": true,
	"miniupnpd": true, "upnpd": true, "minidlnad": true, "minidlna": true, "rtspd": true, "rtsp_server": true, "rtspserver": true, "live555mediaserver": true, "v4l2rtspserver": true, "mediamtx": true, "onvif_srvd": true, "onvifserver": true, "onvif_server": true, "wsdd": true, "wsdd2": true,
	"mosquitto": true, "dnsmasq": true, "avahi-daemon": true, "mdnsd": true, "mdnsresponder": true, "udhcpd": true, "dhcpd": true,
	"vncserver": true, "x11vnc": true, "redis-server": true, "mysqld": true, "mongod": true, "cupsd": true, "ser2net": true, "cwmpd": true, "easycwmpd": true, "tr069": true, "frps": true, "tcf-agent": true, "pulseaudio": true, "code-server": true, "jupyter-lab": true, "jupyter-notebook": true, "filebrowser": true, "gotty": true, "wetty": true, "mini_snmpd": true, "dockerd": true, "wayvnc": true, "xvnc": true, "x0vncserver": true, "mariadbd": true, "frida-server": true, "openocd": true, "rshd": true, "rlogind": true, "in.rshd": true, "in.rlogind": true, "distccd": true,
}

// Words are the anchors that Scan wants the places of: what a program names that
// starts telnetd, or is a telnet server. All else is found by the paths and first
// lines of files.
func Words() []string { return []string{"telnet"} }

func telnet(name string) bool {
	return strings.HasSuffix(name, "telnetd")
}

// serves says that a command opens a port, and which where it says so. Programs
// that serve only with certain options are asked for these.
func serves(name string, args []string) (ok bool, port int) {
	if services[name] {
		return true, portOf(name, args)
	}
	joined := strings.Join(args, " ")
	l := options(name, args)
	switch {
	case name == "nc" || name == "ncat" || name == "netcat":
		if l.Has("-l", "--listen") {
			if n := number(l.Value("-p")); n > 0 {
				return true, n
			}
			return true, lastNumber(l.Rest)
		}
	case name == "socat":
		if i := strings.Index(joined, "-LISTEN:"); i >= 0 {
			return true, number(joined[i+len("-LISTEN:"):])
		}
	case strings.HasPrefix(name, "python") && pages(l):
		return true, lastNumber(l.Rest)
	case strings.HasPrefix(name, "php") && l.Value("-S") != "":
		return true, number(afterColon(l.Value("-S")))
	case name == "rsync" && strings.Contains(joined, "--daemon"):
		return true, portOf(name, args)
	}
	return false, 0
}

// portOf returns the port that options name: "-p 22", "-p22", "-p 0.0.0.0:2222",
// "--port=80"; of some programs an argument without option.
func portOf(name string, args []string) int {
	l := options(name, args)
	switch name {
	case "tcpsvd", "udpsvd", "tcpserver": // address port program
		return number(l.Arg(1))
	case "gdbserver", "goahead", "webs", "snmpd":
		for _, w := range l.Rest {
			if n := number(afterColon(w.Text)); n > 0 && strings.Contains(w.Text, ":") {
				return n
			}
		}
	}
	for _, o := range l.Options {
		if o.Has && (o.Name == "-p" || o.Name == "--port" || o.Name == "-rfbport") {
			if n := number(afterColon(o.Value.Text)); n > 0 {
				return n
			}
		}
	}
	return 0
}

func lastNumber(words []sh.Word) int {
	for i := len(words) - 1; i >= 0; i-- {
		if n := number(words[i].Text); n > 0 {
			return n
		}
	}
	return 0
}

func afterColon(s string) string { return s[strings.LastIndexByte(s, ':')+1:] }

// number is the port that s begins with; 0 where it is none.
func number(s string) int {
	end := 0
	for end < len(s) && end < 6 && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end < len(s) && strings.IndexByte(", \t/", s[end]) < 0 {
		return 0
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil || n <= 0 || n > 65535 {
		return 0
	}
	return n
}

// media says that a path lies on something that can be put in: a memory card, a
// stick.
func media(p string) bool {
	p = strings.ToLower(p)
	for _, before := range []string{"/tmp", "/var", "/var/tmp", "/run", "/opt", "/home"} { // where mount points are made
		if strings.HasPrefix(p, before+"/mnt/") || strings.HasPrefix(p, before+"/media/") {
			p = p[len(before):]
			break
		}
	}
	for _, dir := range []string{"/mnt/sd", "/mnt/mmc", "/mnt/usb", "/mnt/tf", "/mnt/ext", "/mnt/udisk", "/mnt/disk", "/mnt/disc", "/media/", "/run/media/", "/sdcard/", "/tmp/sd", "/tmp/mmc", "/tmp/usb", "/var/sd", "/var/tmp/sd", "/var/tmp/mmc", "/mnt/s0", "/mnt/t/"} {
		if strings.HasPrefix(p, dir) {
			return true
		}
	}
	return false
}

func shell(name string) bool {
	switch name {
	case "sh", "ash", "bash", "dash", "hush", "msh", "zsh", "cttyhack":
		return true
	}
	return false
}

// openShell says that a command gives a shell to whoever sits at the terminal:
// a shell with options only, login -f, a getty that doesn't ask.
func openShell(args []string) bool {
	if len(args) == 0 {
		return false
	}
	name := path.Base(strings.TrimLeft(args[0], "-@+!"))
	switch {
	case shell(name):
		for _, a := range args[1:] {
			if !strings.HasPrefix(a, "-") && !shell(path.Base(a)) && !strings.HasPrefix(a, "/dev/") || a == "-c" {
				return false
			}
		}
		return true
	case name == "login":
		return len(args) > 1 && args[1] == "-f"
	case strings.HasSuffix(name, "getty"):
		return gettyOpen(args)
	}
	return false
}

// asksNothing says that a program in the place of login lets in without asking,
// by its name.
func asksNothing(name string) bool {
	low := strings.ToLower(name)
	return shell(name) || strings.Contains(low, "autologin") || strings.Contains(low, "auto-login") || strings.Contains(low, "nologin") && name != "nologin"
}

// gettyOpen says that a getty lets in without asking (getty -n -l /bin/sh,
// agetty --autologin root).
func gettyOpen(args []string) bool {
	l := options("getty", args[1:])
	switch {
	case asksNothing(path.Base(l.Value("-l", "--login-program", "--loginprog"))):
		return true
	case l.Has("-n") && slices.ContainsFunc(l.Rest, func(w sh.Word) bool { return w.Text == "root" }): // the account that some builds of busybox take
		return true
	case l.Has("--autologin"), l.Value("-a") != "":
		return true
	}
	return slices.ContainsFunc(strings.Fields(l.Value("-o", "--login-options")), func(o string) bool { return strings.HasPrefix(o, "-f") })
}

func ttyOf(args []string, id string) string {
	for _, a := range args[1:] {
		a = strings.TrimPrefix(a, "/dev/")
		if strings.HasPrefix(a, "tty") || strings.HasPrefix(a, "console") || strings.HasPrefix(a, "hvc") {
			return a
		}
	}
	return id
}
