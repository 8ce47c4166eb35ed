package startup

import (
	"path"
	"slices"
	"strings"
)

// weakens says what a start gives away beside being there, and sets its Login.
// A server that listens to the device alone gives away nothing.
func weakens(st *Start) []Start {
	name := strings.ToLower(st.Name)
	if i := slices.Index(st.Args, "busybox"); i == 0 && len(st.Args) > 1 {
		name = path.Base(st.Args[1])
	}
	if local(st.Address) {
		return nil
	}
	var out []Start
	if what := opens(name, st.Args); what != "" {
		st.Login = No
		out = append(out, Start{Kind: Anonymous, Name: what})
	} else if st.Login == Unknown && asks[name] {
		st.Login = Yes
	}
	switch {
	case name == "adbd":
		out = append(out, Start{Kind: ADB, Name: "adbd"})
	case debugger(name, st.Args):
		st.Login = No
		out = append(out, Start{Kind: DebugTool, Name: name})
	}
	if clear(name, st.Args) {
		out = append(out, Start{Kind: Cleartext, Name: "http"})
	}
	return out
}

// local says that an address is the device's own.
func local(addr string) bool {
	return addr == "localhost" || strings.HasPrefix(addr, "127.") || addr == "::1" || addr == "[::1]"
}

// asks are servers that ask for an account, unless they are told not to.
var asks = map[string]bool{"telnetd": true, "utelnetd": true, "in.telnetd": true, "dropbear": true, "sshd": true, "vsftpd": true, "proftpd": true, "pure-ftpd": true, "ttyd": true, "smbd": true, "shellinaboxd": true}

// opens names what a server gives to everybody, empty: nothing that its command
// line tells.
func opens(name string, args []string) string {
	switch name {
	case "telnetd", "utelnetd", "in.telnetd":
		if givesShell(value(args, "-l", "--login")) || slices.Contains(args, "-f") && name == "utelnetd" {
			return "shell"
		}
	case "nc", "ncat", "netcat", "nc.traditional":
		if program := netcat(args); listens(args) && givesShell(program) {
			return "shell"
		}
	case "socat":
		return relay(args)
	case "tcpsvd", "tcpserver", "udpsvd":
		return behind(args)
	case "ftpd", "bftpd", "stupid-ftpd":
		return ftp(args)
	case "tftpd", "in.tftpd", "atftpd":
		return "tftp"
	case "rshd", "in.rshd", "rlogind", "in.rlogind", "rexecd", "in.rexecd":
		return "rsh"
	case "ttyd", "gotty", "wetty":
		if !has(args, "-c", "--credential", "-H", "--auth-header") && !slices.ContainsFunc(args, func(a string) bool { return path.Base(a) == "login" }) {
			return "shell"
		}
	case "shellinaboxd":
		if s := value(args, "-s", "--service"); strings.Contains(s, ":root:") || strings.Contains(s, "/bin/sh") {
			return "shell"
		}
	}
	return data(name, args)
}

// data is opens for servers that give data.
func data(name string, args []string) string {
	all := strings.Join(args, " ")
	switch name {
	case "redis-server":
		if value(args, "--protected-mode") == "no" && !strings.Contains(all, "--requirepass") {
			return "redis"
		}
	case "mongod":
		if slices.Contains(args, "--noauth") || strings.Contains(all, "--bind_ip_all") && !slices.Contains(args, "--auth") {
			return "mongodb"
		}
	case "mysqld", "mariadbd", "mysqld_safe":
		if slices.Contains(args, "--skip-grant-tables") {
			return "mysql"
		}
	case "x11vnc":
		if !has(args, "-rfbauth", "-passwd", "-passwdfile", "-usepw", "-unixpw", "-localhost") {
			return "vnc"
		}
	case "xvnc", "vncserver", "x0vncserver", "wayvnc":
		if strings.EqualFold(value(args, "-SecurityTypes", "-securitytypes"), "none") {
			return "vnc"
		}
	case "dockerd", "docker":
		if strings.Contains(all, "tcp://") && !strings.Contains(all, "--tlsverify") && !strings.Contains(all, "tcp://127.") {
			return "docker"
		}
	case "mjpg_streamer", "mjpg-streamer":
		if strings.Contains(all, "output_http") && !strings.Contains(all, " -c ") && !strings.Contains(all, "--credentials") {
			return "http"
		}
	case "distccd", "rexd":
		return name
	}
	if strings.HasPrefix(name, "python") && (strings.Contains(all, "http.server") || strings.Contains(all, "SimpleHTTPServer")) {
		return "http"
	}
	return ""
}

// has says that one of the options is there.
func has(args []string, options ...string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		return slices.Contains(options, name)
	})
}

// value is what stands behind one of the options: "-l x", "-lx", "--long=x".
func value(args []string, options ...string) string {
	for i, a := range args {
		for _, o := range options {
			switch {
			case a == o && i+1 < len(args):
				return args[i+1]
			case strings.HasPrefix(o, "--") && strings.HasPrefix(a, o+"="):
				return a[len(o)+1:]
			case len(o) == 2 && strings.HasPrefix(a, o) && len(a) > 2:
				return a[2:]
			}
		}
	}
	return ""
}

// givesShell says that a program given to a server lets in without asking.
func givesShell(program string) bool {
	f := strings.Fields(program)
	if len(f) == 0 {
		return false
	}
	name := path.Base(f[0])
	if name == "busybox" && len(f) > 1 {
		name = path.Base(f[1])
	}
	return shell(name) || name == "login" && slices.Contains(f, "-f")
}

// listens says that netcat waits for a connection.
func listens(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "--listen" || len(a) > 1 && len(a) < 6 && a[0] == '-' && a[1] != '-' && strings.ContainsRune(a, 'l')
	})
}

// netcat is the program that netcat connects: -e program, -c command, in busybox
// also all that follows -e.
func netcat(args []string) string {
	for i, a := range args {
		if i+1 < len(args) && (a == "-c" || a == "--exec" || a == "--sh-exec" || len(a) < 6 && strings.HasPrefix(a, "-") && strings.HasSuffix(a, "e")) {
			return args[i+1]
		}
	}
	return ""
}

// relay reads socat's addresses.
func relay(args []string) string {
	waits := slices.ContainsFunc(args, func(a string) bool {
		return strings.Contains(strings.ToUpper(a), "-LISTEN:") && !strings.HasPrefix(strings.ToUpper(a), "UNIX")
	})
	for _, a := range args {
		kind, program, _ := strings.Cut(a, ":")
		kind = strings.ToUpper(kind)
		program, _, _ = strings.Cut(program, ",")
		if waits && (kind == "EXEC" || kind == "SYSTEM" || kind == "SHELL") && (givesShell(strings.Trim(program, `"'`)) || kind == "SHELL") {
			return "shell"
		}
	}
	return ""
}

// behind is what a server that starts another one for each connection gives.
func behind(args []string) string {
	for i, a := range args {
		switch name := path.Base(a); {
		case strings.HasPrefix(a, "-"):
		case shell(name) || name == "login" && slices.Contains(args[i:], "-f"):
			return "shell"
		case name == "telnetd" || name == "ftpd" || name == "tftpd":
			return opens(name, args[i+1:])
		}
	}
	return ""
}

// ftp reads the options of busybox' ftpd: -w lets write, -A and -a skip the
// log-in. Built without authentication it asks for none at all.
func ftp(args []string) string {
	for _, a := range args {
		if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.ContainsAny(a, "wAa") {
			return "ftp"
		}
	}
	return ""
}

// debugger says that a program looks into others, or lets somebody do so.
func debugger(name string, args []string) bool {
	switch name {
	case "gdbserver", "lldb-server", "frida-server", "strace", "ltrace", "tcpdump", "tshark", "dumpcap", "valgrind", "dlv", "debugpy":
		return true
	}
	for _, a := range args {
		option, addr, _ := strings.Cut(a, "=")
		switch {
		case name == "node" && (option == "--inspect" || option == "--inspect-brk") && addr != "" && !local(addr) && !strings.HasPrefix(addr, "localhost"):
			return true
		case name == "java" && (strings.HasPrefix(a, "-agentlib:jdwp") || strings.HasPrefix(a, "-Xrunjdwp")) && !strings.Contains(a, "address=127.") && !strings.Contains(a, "address=localhost"):
			return true
		case strings.HasPrefix(name, "python") && (a == "debugpy" || a == "ptvsd"):
			return true
		}
	}
	return strings.HasSuffix(name, "-gdbserver")
}

// clear says that a web server can't encrypt what it serves, as far as its
// command line tells.
func clear(name string, args []string) bool {
	switch name {
	case "httpd", "thttpd", "darkhttpd", "micro_httpd":
		return !has(args, "-C", "-f") || has(args, "-p") // apache's httpd has its settings in a file
	case "uhttpd":
		return has(args, "-p") && !has(args, "-s")
	case "mini_httpd":
		return !has(args, "-S", "-C", "-E")
	}
	return false
}

// address is where a server listens, as far as its command line says.
func address(name string, args []string) string {
	switch name {
	case "tcpsvd", "udpsvd", "tcpserver":
		for i, a := range args {
			if i+1 < len(args) && number(args[i+1]) > 0 && (strings.Contains(a, ".") || a == "0") {
				return a
			}
		}
	case "socat":
		for _, a := range args {
			if _, rest, ok := strings.Cut(a, "bind="); ok {
				host, _, _ := strings.Cut(rest, ",")
				return host
			}
		}
		return ""
	case "telnetd", "in.telnetd":
		return host(value(args, "-b"))
	}
	for i, a := range args {
		switch {
		case (a == "--bind" || a == "--bind_ip" || a == "--host" || a == "--interface" || a == "--listen" || a == "-listen" || a == "--address") && i+1 < len(args):
			return host(args[i+1])
		case strings.HasPrefix(a, "--bind=") || strings.HasPrefix(a, "--host=") || strings.HasPrefix(a, "--address=") || strings.HasPrefix(a, "--bind_ip="):
			return host(a[strings.IndexByte(a, '=')+1:])
		case strings.Contains(a, ":") && !strings.Contains(a, "/") && number(afterColon(a)) > 0:
			return strings.TrimPrefix(strings.TrimPrefix(host(a), "-p"), "-l")
		case (a == "-l" || a == "-b" || a == "-S" || a == "-i") && i+1 < len(args) && strings.Count(args[i+1], ".") == 3:
			return host(args[i+1])
		}
	}
	return ""
}

// host is an address without its port.
func host(s string) string {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && number(s[i+1:]) > 0 {
		s = s[:i]
	}
	return s
}
