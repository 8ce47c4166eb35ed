package startup

import (
	"path"
	"slices"
	"strings"

	"assay/internal/pattern"
)

// bound are the options that say where a program listens, beside those that have
// the same name in many.
var bound = map[string][]string{
	"telnetd": {"-b"}, "in.telnetd": {"-b"}, "utelnetd": {"-i"}, "ttyd": {"-i"}, "gotty": {"-a"}, "dropbear": {"-p"}, "uhttpd": {"-p", "-s"}, "httpd": {"-p"}, "thttpd": {"-h"}, "mini_httpd": {"-h"}, "darkhttpd": {"--addr"},
	"tftpd": {"-a"}, "in.tftpd": {"-a"}, "atftpd": {"--bind-address"}, "nc": {"-s"}, "netcat": {"-s"}, "python": {"-b"}, "php": {"-S"}, "tcf-agent": {"-s"}, "mini_snmpd": {"--listen"}, "frida-server": {"-l"}, "dockerd": {"-H"}, "inetd": {"-a"}, "wetty": {"-h"},
}

// anyBound are options of that kind in many programs.
var anyBound = []string{"--bind", "--bind_ip", "--bind-address", "--host", "--interface", "--listen", "-listen", "-interface", "--address", "--bind-addr", "--ip"}

// address is where a server listens, as far as its command line says: of several
// places the first that others reach.
func address(name string, args []string) string {
	l := options(name, args)
	var all []string
	add := func(v string) {
		for one := range strings.SplitSeq(v, ",") {
			if one = host(one); one != "" {
				all = append(all, one)
			}
		}
	}
	switch name {
	case "tcpsvd", "udpsvd", "tcpserver":
		return l.Arg(0)
	case "socat":
		for _, w := range l.Rest {
			if _, rest, ok := strings.Cut(w.Text, "bind="); ok {
				host, _, _ := strings.Cut(rest, ",")
				return host
			}
		}
		return ""
	case "x11vnc", "xvnc", "vncserver", "x0vncserver", "shellinaboxd":
		if l.On("-localhost", "--localhost-only") {
			return "localhost"
		}
	case "wayvnc":
		add(l.Arg(0))
	}
	short := bound[name]
	if strings.HasPrefix(name, "python") {
		short = bound["python"]
	}
	for _, o := range l.Options {
		v := o.Value.Text
		switch {
		case !o.Has:
		case slices.Contains(anyBound, o.Name), slices.Contains(short, o.Name) && (o.Name != "-p" && name != "uhttpd" || strings.Contains(v, ":")):
			add(v)
		case (o.Name == "-l" || o.Name == "-b" || o.Name == "-S" || o.Name == "-i" || o.Name == "-p") && (strings.Count(v, ".") == 3 || strings.HasPrefix(v, "localhost")):
			add(v)
		}
	}
	for _, w := range l.Rest {
		if strings.Contains(w.Text, ":") && !strings.Contains(w.Text, "/") && number(afterColon(w.Text)) > 0 {
			add(w.Text)
		}
	}
	if i := slices.IndexFunc(all, func(a string) bool { return !local(a) }); i >= 0 {
		return all[i]
	}
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

// local says that an address is the device's own: also the name of its loop-back
// interface, and a socket of the file system.
func local(addr string) bool {
	return addr == "localhost" || addr == "lo" || addr == "lo0" || strings.HasPrefix(addr, "127.") || addr == "::1" || addr == "[::1]" || strings.HasPrefix(addr, "/")
}

// host is an address without its protocol and its port.
func host(s string) string {
	for _, protocol := range []string{"tcp://", "udp:", "tcp:", "TCP:", "unix://", "fd://"} {
		s = strings.TrimPrefix(s, protocol)
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && number(s[i+1:]) > 0 && (strings.Count(s, ":") == 1 || strings.HasSuffix(s[:i], "]")) {
		s = s[:i]
	}
	return s
}

// optionsFile says that a file holds the options that a script or a unit gives a
// server of its name: /etc/default/ttyd.
func optionsFile(p string) bool {
	dir := path.Base(path.Dir(p))
	return (dir == "default" || dir == "conf.d" || dir == "sysconfig") && strings.HasPrefix(p, "/etc/") && (services[server(p)] || server(p) == "tcf-agent")
}

// server is the program that a file of options is for.
func server(p string) string {
	name := path.Base(p)
	for _, suffix := range []string{"-hpa", "-server", ".conf"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

var optionsKey = pattern.New(`(?i)^(?:export\s+)?\w*(?:opts?|options|args|flags|params)=`)

// optionsLine looks at what options of a server weaken. That it is started, its
// script or unit tells.
func (s *scanner) optionsLine(line string, off int) {
	m := optionsKey.FindString(strings.TrimSpace(line))
	if m == "" {
		return
	}
	value, _, _ := strings.Cut(strings.TrimSpace(line)[len(m):], " #")
	name := server(s.f.Path)
	st := Start{Kind: Service, Name: name, Program: name, Args: strings.Fields(strings.Trim(value, `"' `)), Text: line, Listens: true}
	st.Port, st.Address = portOf(name, st.Args), address(name, st.Args)
	for _, w := range weakens(&st) {
		if w.Kind == Anonymous && w.Name != "tftp" { // that it serves at all isn't for its options to say
			w.Program, w.Args, w.Port, w.Address, w.Text = st.Program, st.Args, st.Port, st.Address, line
			s.add(off, w)
		}
	}
}
