package startup

import (
	"bytes"
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
)

// maxItems bounds what one file may report.
const maxItems = 1000

// How much is looked at closely in one file: lines, and bytes of them.
const (
	maxLines = 10_000
	maxBytes = 2 << 20
)

type scanner struct {
	f        *inspect.File
	items    []Item
	checked  bool // whether verified is known
	verified bool // the script checks a signature
}

// services are programs that open a port, by the name of their file.
var services = map[string]bool{
	"telnetd": true, "utelnetd": true, "in.telnetd": true, "dropbear": true, "sshd": true, "httpd": true, "lighttpd": true, "nginx": true, "boa": true, "goahead": true, "uhttpd": true, "thttpd": true, "mini_httpd": true, "hostapd": true,
	"ftpd": true, "vsftpd": true, "proftpd": true, "pure-ftpd": true, "stupid-ftpd": true, "tcpsvd": true, "tftpd": true, "in.tftpd": true, "udpsvd": true, "adbd": true, "gdbserver": true, "inetd": true, "xinetd": true,
	"snmpd": true, "smbd": true, "nmbd": true, "miniupnpd": true, "upnpd": true, "rtspd": true, "rtsp_server": true, "mosquitto": true, "dnsmasq": true, "avahi-daemon": true, "rsyncd": true, "nfsd": true, "vncserver": true, "x11vnc": true, "mdnsd": true, "wsdd": true, "ntpd": false,
}

func telnet(name string) bool {
	return name == "telnetd" || name == "utelnetd" || name == "in.telnetd"
}

var gate = keyword.New("telnetd", "sshd", "dropbear", "httpd", "nginx", "boa", "goahead", "ftpd", "tcpsvd", "udpsvd", "adbd", "gdbserver", "inetd", "snmpd", "smbd", "upnpd", "rtsp", "mosquitto", "dnsmasq", "avahi", "vnc", "mdnsd", "wsdd", "nmbd",
	"http://", "ftp://", "curl", "wget", "insecure", "verify", "flashcp", "mtd", "nandwrite", "sysupgrade", "ecb", "openssl", "upnpc", "minprotocol", "cipher", "ssl", "port", "dir-listing", "autoindex", "query_string", "<form", "getty")

func scan(f *inspect.File) []Item {
	s := &scanner{f: f}
	switch f.Role {
	case inspect.Documentation, inspect.Database, inspect.Certificate, inspect.Data:
		return nil
	case inspect.Program:
		s.program()
		return s.sorted()
	}
	base := path.Base(f.Path)
	switch {
	case base == "inittab":
		s.eachLine(s.inittab)
	case base == "inetd.conf":
		s.eachLine(s.inetd)
	case strings.Contains(f.Path, "/xinetd.d/") || base == "xinetd.conf":
		s.xinetd()
	case strings.Contains(f.Path, "/systemd/") && (strings.HasSuffix(base, ".service") || strings.HasSuffix(base, ".socket") || strings.HasSuffix(base, ".conf")):
		s.eachLine(s.systemd)
	}
	last, lines, size := -1, 0, 0
	gate.Each(f.Data, func(m keyword.Match, end int) bool {
		line, start := f.LineAround(end - m.Len)
		if start == last {
			return true
		}
		last = start
		size += len(line)
		if lines++; lines > maxLines || size > maxBytes || len(s.items) >= maxItems {
			s.items = append(s.items, Item{Kind: Cut, Where: f.At(start), Text: "too many lines to look at; the rest of the file was not"})
			return false
		}
		s.line(line, start)
		return true
	})
	if f.Role == inspect.Web {
		s.forms()
	}
	return s.sorted()
}

func (s *scanner) sorted() []Item {
	slices.SortStableFunc(s.items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Kind, b.Kind))
	})
	return slices.Compact(s.items)
}

func (s *scanner) add(off int, it Item) {
	if len(s.items) >= maxItems {
		return
	}
	it.Where = s.f.At(off)
	if len(it.Text) > 300 {
		it.Text = it.Text[:300]
	}
	s.items = append(s.items, it)
}

func (s *scanner) eachLine(fn func(line string, off int)) {
	off := 0
	for l := range bytes.Lines(s.f.Data) {
		if len(s.items) >= maxItems {
			return
		}
		line := strings.TrimRight(string(l[:min(len(l), 2048)]), "\r\n")
		if t := strings.TrimLeft(line, " \t"); t != "" && t[0] != '#' && t[0] != ';' {
			fn(line, off)
		}
		off += len(l)
	}
}

// inittab reads id:runlevels:action:process (busybox init, sysvinit).
func (s *scanner) inittab(line string, off int) {
	f := strings.SplitN(line, ":", 4)
	if len(f) < 4 || strings.TrimSpace(f[3]) == "" {
		return
	}
	id, action, process := f[0], f[2], strings.TrimSpace(f[3])
	if action == "off" {
		return
	}
	args := strings.Fields(process)
	name := path.Base(strings.TrimLeft(args[0], "-@+"))
	it := Item{Text: line, By: "inittab", Name: name, Port: portOf(args)}
	switch {
	case telnetIn(args):
		it.Kind, it.Name = Telnet, "telnetd"
	case shell(name) && len(args) == 1 && (action == "respawn" || action == "askfirst" || action == "once" || action == "wait"):
		it.Kind, it.Name = SerialShell, cmp.Or(id, "console")
	case strings.HasSuffix(name, "getty"):
		it.Kind, it.Name = SerialLogin, ttyOf(args, id)
		if opensShell(args) {
			it.Kind = SerialShell
		}
	case services[name]:
		it.Kind = Service
	case action == "respawn" || action == "askfirst":
		it.Kind = Process
	default:
		return // run once: the script says itself what it starts
	}
	s.add(off, it)
}

func shell(name string) bool {
	switch name {
	case "sh", "ash", "bash", "dash", "hush", "msh":
		return true
	}
	return false
}

// opensShell says that a getty lets in without asking (getty -n -l /bin/sh,
// agetty --autologin).
func opensShell(args []string) bool {
	for i, a := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch {
		case a == "-l" && shell(path.Base(next)), a == "--login-program" && shell(path.Base(next)):
			return true
		case strings.HasPrefix(a, "--autologin"), a == "-a" && next == "root":
			return true
		}
	}
	return false
}

func ttyOf(args []string, id string) string {
	for _, a := range args[1:] {
		a = strings.TrimPrefix(a, "/dev/")
		if strings.HasPrefix(a, "tty") || strings.HasPrefix(a, "console") {
			return a
		}
	}
	return id
}

// telnetIn says that args run telnetd, by itself or as a part of busybox.
func telnetIn(args []string) bool {
	if telnet(path.Base(args[0])) {
		return true
	}
	return path.Base(args[0]) == "busybox" && len(args) > 1 && telnet(args[1])
}

// inetd reads service type protocol wait user program arguments.
func (s *scanner) inetd(line string, off int) {
	f := strings.Fields(line)
	if len(f) < 6 {
		return
	}
	it := Item{Kind: Service, Name: path.Base(f[5]), Text: line, By: "inetd"}
	if p, err := strconv.Atoi(f[0]); err == nil {
		it.Port = p
	}
	if f[0] == "telnet" || telnetIn(f[5:]) {
		it.Kind, it.Name = Telnet, "telnetd"
	}
	s.add(off, it)
}

var xinetdService = regexp.MustCompile(`(?s)service\s+(\S+)\s*\{(.*?)\}`)

// xinetd reads blocks "service name { key = value … }"; what isn't disabled runs.
func (s *scanner) xinetd() {
	for _, m := range xinetdService.FindAllSubmatchIndex(s.f.Data[:min(len(s.f.Data), 1<<20)], maxItems) {
		name, body := string(s.f.Data[m[2]:m[3]]), string(s.f.Data[m[4]:m[5]])
		if xinetdOff.MatchString(body) {
			continue
		}
		it := Item{Kind: Service, Name: name, Text: "service " + name, By: "xinetd"}
		if name == "telnet" {
			it.Kind, it.Name = Telnet, "telnetd"
		}
		s.add(m[0], it)
	}
}

var xinetdOff = regexp.MustCompile(`(?m)^\s*disable\s*=\s*yes`)

// systemd reads the lines of a unit that start or listen.
func (s *scanner) systemd(line string, off int) {
	key, v, ok := strings.Cut(strings.TrimSpace(line), "=")
	if !ok {
		return
	}
	switch key {
	case "ExecStart", "ExecStartPre", "ExecStartPost":
		args := strings.Fields(strings.TrimLeft(v, "-@+!: "))
		if len(args) == 0 {
			return
		}
		name := path.Base(args[0])
		it := Item{Text: line, By: "systemd", Name: name, Port: portOf(args)}
		switch {
		case telnetIn(args):
			it.Kind, it.Name = Telnet, "telnetd"
		case strings.HasSuffix(name, "getty"):
			it.Kind, it.Name = SerialLogin, ttyOf(args, strings.TrimSuffix(path.Base(s.f.Path), ".service"))
			if opensShell(args) {
				it.Kind = SerialShell
			}
		case services[name]:
			it.Kind = Service
		default:
			return
		}
		s.add(off, it)
	case "ListenStream", "ListenDatagram":
		if strings.HasPrefix(v, "/") || strings.HasPrefix(v, "@") {
			return // a socket of the file system
		}
		p, _ := strconv.Atoi(v[strings.LastIndexByte(v, ':')+1:])
		it := Item{Kind: Service, Name: strings.TrimSuffix(path.Base(s.f.Path), ".socket"), Text: line, By: "systemd", Port: p}
		if p == 23 {
			it.Kind, it.Name = Telnet, "telnetd"
		}
		s.add(off, it)
	}
}

// portOf returns the port that -p names: "-p 22", "-p22", "-p 0.0.0.0:2222".
func portOf(args []string) int {
	for i, a := range args {
		v := ""
		switch {
		case a == "-p" && i+1 < len(args):
			v = args[i+1]
		case strings.HasPrefix(a, "-p") && len(a) > 2:
			v = a[2:]
		default:
			continue
		}
		if p, err := strconv.Atoi(v[strings.LastIndexByte(v, ':')+1:]); err == nil && p > 0 && p < 65536 {
			return p
		}
	}
	return 0
}
