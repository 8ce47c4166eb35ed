package inspect

import (
	"bytes"
	"path"
	"strings"

	"assay/internal/pattern"
)

// printable holds the bytes that a string in a program is made of.
var printable = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = true
	}
	t['\t'] = true
	return t
}()

// kindOf looks at the first bytes only: a log of 60 MB is text, too.
func kindOf(b []byte) Kind {
	if bytes.HasPrefix(b, []byte("\x7fELF")) {
		return ELF
	}
	head := b[:min(len(b), 8192)]
	odd := 0
	for _, c := range head {
		switch {
		case c == 0:
			return Binary
		case c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b:
			odd++
		}
	}
	if odd*50 > len(head) {
		return Binary
	}
	return Text
}

var scriptExt = map[string]bool{".sh": true, ".lua": true, ".py": true, ".pl": true, ".pm": true, ".cgi": true, ".tcl": true, ".awk": true, ".rb": true}

var webExt = map[string]bool{".js": true, ".html": true, ".htm": true, ".css": true, ".php": true, ".asp": true, ".jsp": true, ".mjs": true, ".vue": true}

var docExt = map[string]bool{".md": true, ".rst": true, ".wsdl": true, ".xsd": true, ".1": true, ".5": true, ".8": true, ".man": true, ".texi": true, ".dtd": true, ".po": true}

// roleOf judges by the path as a person would, and by the first line.
func roleOf(p string, k Kind, b []byte) Role {
	lower := strings.TrimSuffix(strings.ToLower(p), ".gz") // of a page that is served packed
	base, ext := path.Base(lower), path.Ext(lower)
	switch {
	case k == ELF:
		return Program
	case documentation(lower, base, ext):
		return Documentation
	case database(lower, base):
		return Database
	case strings.HasSuffix(base, "history"):
		return History
	case ext == ".crt" || ext == ".cer" || ext == ".der" || ext == ".p7b" ||
		bytes.HasPrefix(b, []byte("-----BEGIN CERTIFICATE")) || bytes.HasPrefix(b, []byte("-----BEGIN PUBLIC KEY")):
		return Certificate
	case k == Binary:
		return Data
	case bytes.HasPrefix(b, []byte("#!")) || scriptExt[ext] || strings.Contains(lower, "/init.d/") || strings.Contains(lower, "/rc.d/") || strings.Contains(lower, "/cgi-bin/"):
		return Script
	case webExt[ext]:
		return Web
	}
	return Config
}

func documentation(p, base, ext string) bool {
	for _, dir := range []string{"/doc/", "/docs/", "/man/", "/info/", "/licenses/", "/license/", "/examples/", "/help/", "/locale/", "/gtk-doc/", "/mibs/", "/conf-available/", "/sites-available/", "/mods-available/"} {
		if strings.Contains(p, dir) {
			return true
		}
	}
	for _, name := range []string{"readme", "license", "licence", "copying", "copyright", "changelog", "changes", "authors", "news", "notice", "release_notes", "release-notes", "releasenotes"} {
		if strings.HasPrefix(base, name) {
			return true
		}
	}
	switch ext {
	case ".sample", ".example", ".dist", ".dpkg-dist":
		return true
	case ".1", ".5", ".8": // a page of the manual, not the log of the week before
		return !strings.Contains(p, "/log/") && !strings.HasSuffix(strings.TrimSuffix(base, ext), ".log") && !strings.HasPrefix(base, "messages.") && !strings.HasPrefix(base, "syslog.")
	}
	return docExt[ext]
}

func database(p, base string) bool {
	for _, dir := range []string{"/zoneinfo/", "/dpkg/", "/opkg/", "/misc/magic", "/terminfo/", "/mime/", "/hwdata/", "/i18n/"} {
		if strings.Contains(p, dir) {
			return true
		}
	}
	switch base {
	case "services", "protocols", "oui.txt", "magic", "pci.ids", "usb.ids", "mime.types", "public_suffix_list.dat", "modules.alias", "modules.symbols", "modules.builtin.modinfo", "pktloc", "classid", "trust-anchors.conf":
		return true
	}
	return strings.HasSuffix(base, ".dict")
}

// Sample says that the name of a file is that of an example or a template of a
// configuration, not of one in use.
func (f *File) Sample() bool {
	base := strings.ToLower(path.Base(f.Path))
	switch path.Ext(base) {
	case ".default", ".sample", ".example", ".dist", ".tmpl", ".template", ".tpl", ".in", ".orig", ".skel", ".dpkg-dist", ".opkg", ".opkg-dist":
		return true
	}
	return strings.HasPrefix(base, "example") || strings.HasPrefix(base, "sample") || strings.HasPrefix(base, "template")
}

// Library says that a file is of a language's own library or of a package that
// others publish, or describes a program to a desktop: what stands there is the
// same in every product.
func (f *File) Library() bool {
	p := f.Path
	if strings.Contains(p, "/lib/python") && !strings.Contains(p, "-packages/") || path.Ext(p) == ".svg" || path.Ext(p) == ".map" && !strings.HasSuffix(p, ".js.map") {
		return true
	}
	if _, behind, ok := strings.Cut(p, "-packages/"); ok {
		name, _, _ := strings.Cut(behind, "/")
		name, _, _ = strings.Cut(strings.TrimSuffix(name, ".py"), "-")
		return published[strings.ToLower(name)] || strings.Contains(behind, ".dist-info/") || strings.Contains(behind, ".egg-info")
	}
	for _, w := range []string{"/node_modules/", "/usr/share/vim/", "/usr/share/perl", "/perl5/", "/perl-base/", "/lib/perl", "/share/groff/", "/share/icons/", "/share/metainfo/", "/share/applications/", "/polkit-1/actions/", "/dbus-1/", "/lib/ruby/", "/share/tcltk/"} {
		if strings.Contains(p, w) {
			return true
		}
	}
	return false
}

// published are packages of Python that many products carry.
var published = func() map[string]bool {
	out := make(map[string]bool)
	for _, n := range strings.Fields("requests urllib3 werkzeug flask jinja2 markupsafe paho yaml _yaml serial pip setuptools pkg_resources wheel cryptography crypto cryptodome openssl twisted tornado aiohttp yarl multidict numpy scipy cv2 pil six certifi chardet charset_normalizer idna click itsdangerous blinker simplejson dateutil pytz lxml bs4 attr attrs zope gi dbus usb bluetooth bleak zeroconf psutil netifaces netaddr ifaddr dns dnspython paramiko nacl bcrypt jwt oauthlib requests_oauthlib httplib2 httpx h11 h2 websocket websockets redis pymysql mysql psycopg2 sqlalchemy peewee django pygments docutils sphinx babel toml tomli packaging pyparsing distutils _distutils_hack pycparser cffi google grpc boto3 botocore s3transfer awscli azure aliyunsdkcore tencentcloud pymodbus can smbus smbus2 spidev rpi gpiozero onvif zeep wsdiscovery ntplib pyasn1 pyasn1_modules rsa ldap3 pysnmp scapy flask_login flask_cors wtforms gunicorn uvicorn fastapi starlette pydantic typing_extensions gevent greenlet asgiref sqlparse") {
		out[n] = true
	}
	return out
}()

// Comment says whether the line that holds off is a comment, and whether off
// stands behind the mark. Marks inside of quotes are not looked for.
func (f *File) Comment(off int) bool {
	line, start := f.LineAround(off)
	at := off - start
	t := bytes.TrimLeft(line, " \t")
	lead := len(line) - len(t)
	if f.Role == Script && bytes.HasPrefix(t, []byte("#!")) {
		return false
	}
	for _, mark := range []string{"#", ";", "//", "/*", "* ", "<!--", "--", "'''", "%%"} {
		if bytes.HasPrefix(t, []byte(mark)) && at >= lead && !bytes.HasPrefix(t, []byte("#define ")) && !share.Match(t) {
			// A comment that ends on the same line before off.
			for _, end := range []string{"*/", "-->"} {
				if i := bytes.Index(line, []byte(end)); i >= 0 && i < at {
					return false
				}
			}
			return true
		}
	}
	// Behind code: " # text" or " // text".
	for _, mark := range []string{" #", "\t#", " // ", "\t// "} {
		if i := bytes.Index(line[:at], []byte(mark)); i >= 0 && bytes.Count(line[:i], []byte{'"'})%2 == 0 && bytes.Count(line[:i], []byte{'\''})%2 == 0 {
			return true
		}
	}
	return f.inBlockComment(start)
}

// share is the beginning of a line of fstab: //host/share.
var share = pattern.New(`^//[A-Za-z0-9.-]+/[A-Za-z0-9_$]`)

// inBlockComment looks back from the start of a line for a comment that is open.
func (f *File) inBlockComment(start int) bool {
	const reach = 8 << 10
	back := f.Data[max(0, start-reach):start]
	if path.Ext(f.Path) == ".py" && docstring(back) {
		return true
	}
	for _, c := range [][2]string{{"/*", "*/"}, {"<!--", "-->"}} {
		if c[0] == "/*" && f.Role != Web && f.Role != Config {
			continue // "/*" is a file pattern in shell scripts
		}
		open := lastIndex(back, []byte(c[0]))
		if open < 0 || bytes.Contains(back[open+1:], []byte(c[1])) {
			continue
		}
		// It counts at the beginning of a line; else it is a pattern or a string.
		head := back[:open]
		if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
			head = head[i+1:]
		}
		if len(bytes.TrimLeft(head, " \t")) == 0 {
			return true
		}
	}
	return false
}

// lastIndex is bytes.LastIndex for a text that is asked about again and again: it
// looks forwards, which is many times as fast, in pieces from the end.
func lastIndex(b, sep []byte) int {
	const piece = 1 << 10
	for end := len(b); end > 0; end -= piece {
		from := max(0, end-piece)
		found := -1
		for at := from; ; {
			i := bytes.Index(b[at:min(len(b), end+len(sep)-1)], sep)
			if i < 0 {
				break
			}
			found, at = at+i, at+i+1
		}
		if found >= 0 {
			return found
		}
	}
	return -1
}

// docstring says that text of Python that ends with back ends inside of a text
// that stands alone: documentation.
func docstring(back []byte) bool {
	inside := false
	for _, q := range []string{`"""`, "'''"} {
		open := false
		for rest := back; ; {
			i := bytes.Index(rest, []byte(q))
			if i < 0 {
				break
			}
			if open = !open; open {
				head := rest[bytes.LastIndexByte(rest[:i], '\n')+1 : i]
				inside = len(bytes.TrimLeft(head, " \truRU")) == 0
			}
			rest = rest[i+3:]
		}
		if open && inside {
			return true
		}
	}
	return false
}

// Shell says that the file is a script of a Bourne shell.
func (f *File) Shell() bool {
	if f.Role != Script {
		return false
	}
	first, _, _ := bytes.Cut(f.Data[:min(len(f.Data), 128)], []byte("\n"))
	if bytes.HasPrefix(first, []byte("#!")) {
		return bytes.Contains(first, []byte("sh")) || f.haserl() || bytes.Contains(first, []byte("execline")) // whose words a shell would split the same
	}
	ext := path.Ext(f.Path)
	return ext == ".sh" || ext == "" || !scriptExt[ext]
}
