package startup

import (
	"path"
	"slices"
	"strings"

	sh "assay/internal/collect/firmware/inspect/shell"
)

// weakens says what a start gives away beside being there, and sets its Login.
// A server that listens to the device alone gives away nothing.
func weakens(st *Start) []Start {
	name := strings.ToLower(st.Name)
	if local(st.Address) {
		return nil
	}
	l := options(name, st.Args)
	var out []Start
	if what := opens(name, l); what != "" {
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
	if clear(name, l) {
		out = append(out, Start{Kind: Cleartext, Name: "http"})
	}
	return out
}

// options are those of a program by the name that it is started with.
func options(name string, args []string) sh.Line {
	if strings.HasPrefix(name, "python") {
		name = "python"
	}
	return sh.Options(name, sh.Words(args))
}

// asks are servers that ask for an account, unless they are told not to.
var asks = map[string]bool{"telnetd": true, "utelnetd": true, "in.telnetd": true, "dropbear": true, "sshd": true, "vsftpd": true, "proftpd": true, "pure-ftpd": true, "ttyd": true, "smbd": true, "shellinaboxd": true, "wetty": true}

// opens names what a server gives to everybody, empty: nothing that its command
// line tells.
func opens(name string, l sh.Line) string {
	switch name {
	case "telnetd", "utelnetd", "in.telnetd", "mtelnetd":
		if givesShell(l.Value("-l", "--login", "-L", "-E", "--exec-login")) || name == "utelnetd" && l.Has("-f") {
			return "shell"
		}
	case "nc", "ncat", "netcat", "nc.traditional":
		if l.Has("-l", "--listen") && givesShell(l.Value("-e", "-c", "--exec", "--sh-exec")) {
			return "shell"
		}
	case "socat":
		return relay(l.Rest)
	case "tcpsvd", "tcpserver", "udpsvd":
		if len(l.Rest) > 2 { // address, port, and what is started for each connection
			return behind(l.Rest[2:])
		}
	case "ftpd", "bftpd", "stupid-ftpd": // busybox' ftpd: -w lets write; -A and -a skip the log-in
		if l.Has("-w", "-A", "-a") {
			return "ftp"
		}
	case "pure-ftpd":
		if l.Has("-e", "-M", "--anonymousonly", "--anonymouscancreatedirs") {
			return "ftp"
		}
	case "vsftpd":
		open := false // the last one counts
		for _, o := range l.Options {
			if key, v, _ := strings.Cut(o.Value.Text, "="); o.Name == "-o" && strings.EqualFold(key, "anonymous_enable") {
				open = strings.EqualFold(v, "yes") || strings.EqualFold(v, "true") || v == "1"
			}
		}
		if open {
			return "ftp"
		}
	case "tftpd", "in.tftpd", "atftpd":
		return "tftp"
	case "rshd", "in.rshd", "rlogind", "in.rlogind", "rexecd", "in.rexecd":
		return "rsh"
	case "ttyd", "gotty":
		if !l.Has("-c", "--credential", "-H", "--auth-header") && !slices.ContainsFunc(l.Rest, func(w sh.Word) bool { return path.Base(w.Text) == "login" }) && path.Base(l.Arg(0)) != "ssh" {
			return "shell"
		}
	case "wetty": // without a command it asks by ssh or login
		if givesShell(l.Value("--command")) {
			return "shell"
		}
	case "shellinaboxd":
		for _, o := range l.Options {
			if _, app, ok := strings.Cut(o.Value.Text, ":"); ok && (o.Name == "-s" || o.Name == "--service") && !strings.HasPrefix(app, "LOGIN") && !strings.HasPrefix(app, "SSH") && !strings.HasPrefix(app, "AUTH:") {
				return "shell"
			}
		}
	case "code-server":
		if l.Value("--auth") == "none" {
			return "shell"
		}
	case "jupyter", "jupyter-lab", "jupyter-notebook":
		for _, o := range l.Options {
			if (strings.HasSuffix(o.Name, ".token") || strings.HasSuffix(o.Name, ".password")) && o.Has && o.Value.Text == "" {
				return "shell"
			}
		}
	}
	return data(name, l)
}

// data is opens for servers that give data.
func data(name string, l sh.Line) string {
	switch name {
	case "redis-server":
		if l.Value("--protected-mode") == "no" && !l.Has("--requirepass") {
			return "redis"
		}
	case "mongod":
		if l.Has("--noauth") || bindsAll(l) && !l.Has("--auth", "--keyFile", "--clusterAuthMode") {
			return "mongodb"
		}
	case "mysqld", "mariadbd", "mysqld_safe":
		if l.Has("--skip-grant-tables") {
			return "mysql"
		}
	case "x11vnc":
		if !l.Has("-rfbauth", "-passwd", "-passwdfile", "-usepw", "-unixpw") {
			return "vnc"
		}
	case "xvnc", "vncserver", "x0vncserver":
		if strings.EqualFold(l.Value("-SecurityTypes", "-securitytypes"), "none") || slices.ContainsFunc(l.Rest, func(w sh.Word) bool { return strings.EqualFold(w.Text, "SecurityTypes=None") }) {
			return "vnc"
		}
	case "wayvnc": // its settings may ask; by itself it does not, and listens to the device alone
		if l.Arg(0) != "" && !l.Has("-C", "--config") {
			return "vnc"
		}
	case "dockerd", "docker":
		for _, o := range l.Options {
			if (o.Name == "-H" || o.Name == "--host") && onNetwork(o.Value.Text) && !l.On("--tlsverify") && (name == "dockerd" || l.Arg(0) == "daemon") {
				return "docker"
			}
		}
	case "mjpg_streamer", "mjpg-streamer":
		for _, o := range l.Options {
			f := strings.Fields(o.Value.Text)
			if len(f) == 0 || !strings.Contains(f[0], "output_http") {
				continue
			}
			if http := sh.Options("output_http", sh.Words(f[1:])); !http.Has("-c", "--credentials") && !local(http.Value("-l", "--listen")) {
				return "http"
			}
		}
	case "v4l2rtspserver":
		if !l.Has("-U") {
			return "rtsp"
		}
	case "dnsmasq":
		if l.Has("--enable-tftp") {
			return "tftp"
		}
	case "filebrowser":
		if l.Has("--noauth") {
			return "http"
		}
	case "distccd", "rexd":
		return name
	}
	if strings.HasPrefix(name, "python") && pages(l) {
		return "http"
	}
	return ""
}

// bindsAll says that mongod listens to more than the device.
func bindsAll(l sh.Line) bool {
	for one := range strings.SplitSeq(l.Value("--bind_ip"), ",") {
		if one = strings.TrimSpace(one); one != "" && !local(one) {
			return true
		}
	}
	return l.On("--bind_ip_all")
}

// onNetwork says that what dockerd is told to listen at is no socket of the
// device: an address without a protocol is one of TCP.
func onNetwork(at string) bool {
	if !strings.HasPrefix(at, "tcp://") && (at == "" || strings.Contains(at, "://") || strings.HasPrefix(at, "/")) {
		return false
	}
	return !local(host(at))
}

// pages says that python serves the files of a folder.
func pages(l sh.Line) bool {
	m := l.Value("-m")
	return m == "http.server" || m == "SimpleHTTPServer"
}

// givesShell says that a program given to a server lets in without asking.
func givesShell(program string) bool {
	f := texts(sh.Program(sh.Words(strings.Fields(program))))
	if len(f) == 0 {
		return false
	}
	name := path.Base(f[0])
	return shell(name) || name == "login" && slices.Contains(f, "-f")
}

// relay reads socat's addresses.
func relay(addresses []sh.Word) string {
	waits := slices.ContainsFunc(addresses, func(a sh.Word) bool {
		return strings.Contains(strings.ToUpper(a.Text), "-LISTEN:") && !strings.HasPrefix(strings.ToUpper(a.Text), "UNIX")
	})
	for _, a := range addresses {
		kind, program, _ := strings.Cut(a.Text, ":")
		kind = strings.ToUpper(kind)
		program, _, _ = strings.Cut(program, ",")
		if waits && (kind == "EXEC" || kind == "SYSTEM" || kind == "SHELL") && (givesShell(strings.Trim(program, `"'`)) || kind == "SHELL") {
			return "shell"
		}
	}
	return ""
}

// behind is what a server that starts another one for each connection gives.
func behind(program []sh.Word) string {
	args := texts(sh.Program(program))
	if len(args) == 0 {
		return ""
	}
	if name := path.Base(args[0]); name == "telnetd" || name == "ftpd" || name == "tftpd" {
		return opens(name, options(name, args[1:]))
	}
	if givesShell(strings.Join(args, " ")) {
		return "shell"
	}
	return ""
}

// debugger says that a program looks into others, or lets somebody do so.
func debugger(name string, args []string) bool {
	switch name {
	case "gdbserver", "lldb-server", "frida-server", "strace", "ltrace", "tcpdump", "tshark", "dumpcap", "valgrind", "dlv", "debugpy", "tcf-agent", "openocd", "ngrep", "tcpflow", "bpftrace", "mitmproxy", "mitmdump":
		return true
	}
	for _, a := range args {
		option, addr, _ := strings.Cut(a, "=")
		switch {
		case name == "node" && (option == "--inspect" || option == "--inspect-brk") && addr != "" && !local(host(addr)):
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
func clear(name string, l sh.Line) bool {
	switch name {
	case "httpd", "thttpd", "darkhttpd", "micro_httpd":
		return !l.Has("-C", "-f") || l.Has("-p") // apache's httpd has its settings in a file
	case "uhttpd":
		return l.Has("-p") && !l.Has("-s")
	case "mini_httpd":
		return !l.Has("-S", "-C", "-E")
	}
	return false
}
