package banner

import (
	"bytes"
	"strings"

	"assay/internal/pattern"
)

var (
	productVersion = pattern.New(`^([A-Za-z][\w .+-]*?)[/ _-]v?(\d[\w.+-]*)`)
	ftpWords       = pattern.New(`(?i)\bftp`)
	smtpWords      = pattern.New(`(?i)\be?smtp\b`)
	loginPrompt    = pattern.New(`(?i)(login|username|user name|password):\s*$`)
	ftpProduct     = pattern.New(`(?i)\b(vsftpd|proftpd|pure-ftpd|bftpd|filezilla server|busybox ftpd|stupid-ftpd)\b[ /)(v]*(\d[\w.]*)?`)
)

// classify names the service that sent b first. It never looks beyond b.
func classify(b []byte) Result {
	r := Result{Service: Unknown, Raw: clipRaw(b)}
	s := string(b[:min(len(b), maxAnswer)])
	switch {
	case len(b) == 0:
	case strings.HasPrefix(s, "SSH-"):
		r.Service = SSH
		ssh(&r, s)
	case strings.HasPrefix(s, "HTTP/1.") || strings.HasPrefix(s, "HTTP/0."):
		r.Service = HTTP
		r.Product, r.Version = product(field(s, "Server"))
	case strings.HasPrefix(s, "RTSP/"):
		r.Service = RTSP
		r.Product, r.Version = product(field(s, "Server"))
	case strings.HasPrefix(s, "220"):
		line, _, _ := strings.Cut(s, "\n")
		switch {
		case smtpWords.MatchString(line):
			r.Service = SMTP
		case ftpWords.MatchString(s), len(line) >= 4 && (line[3] == ' ' || line[3] == '-'):
			r.Service = FTP // RFC 959 greets with 220 and often nothing else
			if m := ftpProduct.FindStringSubmatch(s); m != nil {
				r.Product, r.Version = clip(m[1]), clip(m[2])
			}
		}
	case b[0] == 0x20 && len(b) >= 4 && b[1] == 2 && b[2] <= 1 && b[3] <= 5:
		r.Service = MQTT // CONNACK, whatever its return code
	case negotiates(b):
		r.Service = Telnet
		r.Product = prompt(b)
	case loginPrompt.MatchString(strings.TrimRight(s, "\x00")):
		r.Service = Telnet
		r.Product = prompt(b)
	}
	return r
}

// negotiates reports whether b begins with a telnet command (RFC 854): IAC and
// WILL, WONT, DO, DONT or SB.
func negotiates(b []byte) bool {
	return len(b) >= 3 && b[0] == 0xff && b[1] >= 0xfa && b[1] <= 0xfe && b[1] != 0xff
}

// prompt returns the first words of a telnet greeting without its commands.
func prompt(b []byte) string {
	var text []byte
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == 0xff && i+1 < len(b) && b[i+1] == 0xfa: // SB … IAC SE
			end := bytes.Index(b[i:], []byte{0xff, 0xf0})
			if end < 0 {
				i = len(b)
			} else {
				i += end + 1
			}
		case b[i] == 0xff:
			i += 2
		case b[i] != 0:
			text = append(text, b[i])
		}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	line = strings.TrimSpace(line)
	if loginPrompt.MatchString(line) {
		line = strings.TrimSpace(loginPrompt.ReplaceAllString(line, ""))
	}
	return clip(line)
}

// ssh reads RFC 4253 section 4.2: SSH-protoversion-softwareversion comments.
func ssh(r *Result, s string) {
	line, _, _ := strings.Cut(s, "\n")
	parts := strings.SplitN(strings.TrimRight(line, "\r"), "-", 3)
	if len(parts) < 3 {
		return
	}
	software, _, _ := strings.Cut(parts[2], " ")
	name, version, ok := strings.Cut(software, "_")
	r.Product = clip(name)
	if ok {
		r.Version = clip(version)
	}
}

// field returns the value of a header field in the start of a message.
func field(s, name string) string {
	head, _, _ := strings.Cut(s, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\n") {
		n, v, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// product splits "nginx/1.18.0 (Ubuntu)" and the like.
func product(s string) (name, version string) {
	if m := productVersion.FindStringSubmatch(s); m != nil {
		return clip(strings.TrimSpace(m[1])), clip(m[2])
	}
	return clip(s), ""
}

func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func clipRaw(b []byte) []byte {
	return bytes.Clone(b[:min(len(b), MaxRaw)])
}
