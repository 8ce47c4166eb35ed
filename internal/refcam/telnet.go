package refcam

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// telnet is the daemon that TelnetOpen leaves on: a prompt, then a small
// shell. It asks for the accounts of the camera, under the same limits.
func (d *device) telnet(conn net.Conn, id string) {
	say := func(format string, args ...any) bool {
		conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
		_, err := fmt.Fprintf(conn, format, args...)
		return err == nil
	}
	in := newLineReader(conn, time.Minute)
	// DO ECHO, DO NAWS, WILL ECHO, WILL SUPPRESS-GO-AHEAD (RFC 854), as
	// busybox telnetd begins.
	if !say("\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\nLumi OS %s\r\n\r\n%s login: ", Release, Model) {
		return
	}
	for range 3 {
		name, err := in.line()
		if err != nil || !say("Password: ") {
			return
		}
		password, err := in.line()
		if err != nil {
			return
		}
		name, password = withoutCommands(name), withoutCommands(password)
		a, wait := d.login(name, password, source(conn.RemoteAddr().String()), id)
		switch {
		case wait > 0:
			say("\r\nToo many wrong passwords, try later.\r\n")
			return
		case a != nil && !a.change:
			d.shell(in, say)
			return
		}
		if !say("\r\nLogin incorrect\r\n%s login: ", Model) {
			return
		}
	}
}

func (d *device) shell(in *lineReader, say func(string, ...any) bool) {
	if !say("\r\n\r\n# ") {
		return
	}
	for {
		line, err := in.line()
		if err != nil {
			if err != io.EOF {
				say("\r\n")
			}
			return
		}
		out := ""
		switch command := strings.TrimSpace(withoutCommands(line)); command {
		case "":
		case "exit":
			return
		case "id":
			out = "uid=0(root) gid=0(root)\r\n"
		case "uname -a":
			out = "Linux " + Model + " " + kernelVersion + " armv7l GNU/Linux\r\n"
		case "cat /etc/version":
			out = Release + "\r\n"
		default:
			out = "sh: not found\r\n"
		}
		if !say("%s# ", out) {
			return
		}
	}
}

// withoutCommands removes telnet commands (IAC and what follows) and other
// control characters from a line.
func withoutCommands(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == 0xff && i+1 < len(s) && s[i+1] >= 0xfb && s[i+1] <= 0xfe:
			i += 2
		case s[i] == 0xff:
			i++
		case s[i] >= ' ' && s[i] != 0x7f:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
