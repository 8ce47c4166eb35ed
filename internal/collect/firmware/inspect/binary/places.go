package binary

import (
	"bytes"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/elf"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

// traceWords stand in what a build leaves. The first of them are folders, the
// others belong to a user and a host.
var traceWords = []string{
	"/home/", "/users/", `\users\`, "/root/", "/jenkins/", "/builds/", "/workspace/",
	"jenkins@", "build@", "builder@", "buildbot@", "root@", "ubuntu@", "user@", "dev@", "@build", "@ubuntu", "@localhost", "@jenkins", "@ci", "linux version ",
}

// constants are the beginnings of tables: FIPS 197 (S-boxes; and the tables of
// the reference implementation's fast variant), FIPS 46-3 (permutations; the
// combined S and P boxes of OpenSSL), RFC 1321, FIPS 180-4, Blowfish (digits of
// pi), RFC 8439. Where words are stored, both byte orders.
var constants = []struct{ name, bytes string }{
	{"aes", "\x63\x7c\x77\x7b\xf2\x6b\x6f\xc5"},
	{"aes", "\x52\x09\x6a\xd5\x30\x36\xa5\x38"},
	{"aes", "\xa5\x63\x63\xc6\x84\x7c\x7c\xf8"},
	{"aes", "\xc6\x63\x63\xa5\xf8\x7c\x7c\x84"},
	{"des", "\x39\x31\x29\x21\x19\x11\x09\x01"},
	{"des", "\x3a\x32\x2a\x22\x1a\x12\x0a\x02"},
	{"des", "\x02\x00\x00\x02\x02\x08\x08\x02"},
	{"md5", "\x78\xa4\x6a\xd7\x56\xb7\xc7\xe8"},
	{"md5", "\xd7\x6a\xa4\x78\xe8\xc7\xb7\x56"},
	{"sha1", "\x76\x54\x32\x10\xf0\xe1\xd2\xc3"},
	{"sha1", "\x10\x32\x54\x76\xc3\xd2\xe1\xf0"},
	{"sha256", "\x98\x2f\x8a\x42\x91\x44\x37\x71"},
	{"sha256", "\x42\x8a\x2f\x98\x71\x37\x44\x91"},
	{"blowfish", "\x88\x6a\x3f\x24\xd3\x08\xa3\x85"},
	{"blowfish", "\x24\x3f\x6a\x88\x85\xa3\x08\xd3"},
	{"chacha20", "expand 32-byte k"},
}

// places looks at the hits: traces and constants.
func (r *Record) places(f *inspect.File, p *elf.Program, hits []keyword.Hit) {
	seen := map[string]bool{}
	looks := 0
	for _, h := range hits {
		if h.Word >= len(traceWords) {
			c := constants[h.Word-len(traceWords)]
			// The words are found whatever the case of letters.
			if string(f.Data[h.At:h.End]) == c.bytes && !slices.ContainsFunc(r.Crypto, func(x Constant) bool { return x.Name == c.name }) {
				r.Crypto = append(r.Crypto, Constant{c.name, h.At})
			}
			continue
		}
		if len(r.Traces) >= maxTraces || p != nil && !f.InStrings(h.At) && !inDebug(p, h.At) {
			continue
		}
		if looks++; looks > maxLooks {
			continue
		}
		text, off := trace(f, h.At)
		if text == "" || seen[group(text)] || banner(f.Data, off) {
			continue
		}
		seen[group(text)] = true
		r.Traces = append(r.Traces, Trace{text, f.At(off)})
	}
}

// inDebug says that off stands in strings of the debug data or of symbols.
func inDebug(p *elf.Program, off int) bool {
	for _, s := range p.Sections {
		if off >= s.Off && off < s.Off+s.Size {
			return s.Name == ".debug_str" || s.Name == ".debug_line_str" || s.Name == ".debug_line" || s.Name == ".debug_info" || s.Name == ".comment" || s.Name == ".strtab"
		}
	}
	return false
}

// group is what traces are told apart by: the first three folders of a path,
// the whole of a user and host.
func group(text string) string {
	f := strings.SplitN(strings.ReplaceAll(text, `\`, "/"), "/", 5)
	return strings.Join(f[:min(len(f), 4)], "/")
}

var (
	// A folder below a person's or a build server's home, and something in it.
	buildPath = pattern.New(`(?i)^(?:/home/([a-z0-9_.-]+)/[\w.+~-]+|/users/([a-z0-9_.-]+)/[\w.+~-]+|[a-z]:\\users\\([^\\/:*?"<>|]+)\\[^\\]+|/root/[\w.+~-]+/[\w.+~-]+|/(?:var/(?:lib/)?)?jenkins/[\w.+~-]+/[\w.+~-]+|/builds/[\w.+~-]+/[\w.+~-]+|/workspace/[\w.+~-]+/[\w.+~-]+)`)
	// A user at a host that is no name of the Internet.
	userHost = pattern.New(`^([a-z][a-z0-9_-]{1,30})@([a-zA-Z][a-zA-Z0-9-]{1,40})(?:$|[\s)"',;\]])`)
	// What people call the machines that they build on.
	machine = pattern.New(`(?i)[0-9-]|^(ci|vm|pc)$|build|jenkins|ubuntu|debian|fedora|centos|localhost|desktop|laptop|server|virtual`)
	// Names in the manual's examples, and of accounts that every device has.
	noPerson = map[string]bool{"user": true, "username": true, "foo": true, "me": true, "you": true, "admin": true, "ftp": true, "www": true, "httpd": true, "default": true}
	noHost   = map[string]bool{"host": true, "hostname": true, "server": true, "example": true, "domain": true, "address": true, "openssh": true, "ip": true, "remote": true, "device": true}
)

// trace reads the path or the name around off; "" where it is neither.
func trace(f *inspect.File, off int) (string, int) {
	line, start := f.LineAround(off)
	at := off - start
	if line[at] == '/' || line[at] == '\\' {
		return pathAt(line, at, start)
	}
	// Back to the beginning of the word. A kernel's banner has the name in
	// parentheses (Linux, init/version.c).
	banner := bytes.HasPrefix(bytes.ToLower(line[at:]), []byte("linux version "))
	if banner {
		i := bytes.IndexByte(line[at:], '(')
		if i < 0 {
			return "", 0
		}
		at += i + 1
	} else {
		for n := 0; n < 32 && at > 0 && wordByte(line[at-1]); n++ {
			at--
		}
	}
	m := userHost.FindSubmatch(line[at:])
	if m == nil || noHost[strings.ToLower(string(m[2]))] || noPerson[string(m[1])] || !banner && (f.Kind != inspect.ELF || !machine.Match(m[2])) {
		return "", 0
	}
	return string(m[1]) + "@" + string(m[2]), start + at
}

func pathAt(line []byte, at, start int) (string, int) {
	// A path begins here: what stands before is no part of a longer one.
	switch {
	case line[at] == '\\' && at >= 2 && line[at-1] == ':':
		at -= 2
	case bytes.HasPrefix(line[at:], []byte("/jenkins/")):
		for _, before := range []string{"/var/lib", "/var"} {
			if bytes.HasSuffix(line[:at], []byte(before)) {
				at -= len(before)
				break
			}
		}
	}
	if at > 0 && (wordByte(line[at-1]) || strings.IndexByte("/.$}~", line[at-1]) >= 0) {
		return "", 0
	}
	m := buildPath.FindSubmatch(line[at:])
	if m == nil {
		return "", 0
	}
	for _, name := range m[1:] {
		// A home of the device itself is what its programs use: /home/www/x.
		if n := strings.ToLower(string(name)); n != "" && (noPerson[n] || n == "user" || n == "root" || n == "app" || n == "data") {
			return "", 0
		}
	}
	end, least := at, byte(' '+1)
	if line[at] != '/' {
		least = ' ' // people's names on Windows hold spaces
	}
	for end < len(line) && end-at < 200 && line[end] >= least && strings.IndexByte(`"'<>|;,)`, line[end]) < 0 {
		end++
	}
	text := string(line[at:end])
	if !buildLike(text) {
		return "", 0
	}
	return text, start + at
}

// buildLike says that a path is a tree of sources: deep, or of a source file.
// "/home/camera/config.ini" is the device's own.
func buildLike(p string) bool {
	p = strings.ReplaceAll(p, `\`, "/")
	if strings.Count(p, "/") >= 5 {
		return true
	}
	for _, ext := range []string{".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".go", ".rs", ".o", ".s", ".S"} {
		if strings.HasSuffix(p, ext) {
			return true
		}
	}
	low := strings.ToLower(p)
	for _, word := range []string{"/src", "/build", "/workspace", "/sdk", "/project", "/git", "/svn", "/buildroot", "/openwrt", "/work/", "/trunk", "/toolchain"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// banner says that off stands in the banner of a Linux kernel: every kernel says
// who built it (init/version.c).
func banner(b []byte, off int) bool {
	return bytes.Contains(b[max(0, off-64):off], []byte("Linux version "))
}
