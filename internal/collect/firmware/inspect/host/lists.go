package host

import (
	"bytes"
	"strings"
)

// ports are the ones that a scheme stands for.
var ports = map[string]int{"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "ssh": 22, "scp": 22, "tftp": 69, "telnet": 23, "smtp": 25, "smtps": 465, "imap": 143, "pop3": 110, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "mqtt": 1883, "tcp": 0, "mqtts": 8883, "ws": 80, "wss": 443, "ntp": 123, "dns": 53, "coap": 5683, "coaps": 5684, "ldap": 389, "ldaps": 636, "stun": 3478, "turn": 3478, "syslog": 514, "amqp": 5672, "amqps": 5671, "snmp": 161, "snmptrap": 162, "smb": 445, "redis": 6379, "mysql": 3306, "ssl": 0, "udp": 0, "nfs": 2049, "git": 9418, "rsync": 873, "influx": 8086, "rist": 0, "gelf": 12201, "loki": 3100, "sip": 5060, "sips": 5061,
	"tls": 0, "postgres": 5432, "postgresql": 5432, "mongodb": 27017, "mongodb+srv": 27017, "mariadb": 3306, "kafka": 9092, "nats": 4222, "memcached": 11211, "rediss": 6379, "socks": 1080, "socks5": 1080, "vnc": 5900, "rdp": 3389, "srt": 0, "rtp": 0, "turns": 5349, "stuns": 5349, "cifs": 445, "iscsi": 3260, "svn": 3690, "git+ssh": 22, "influxdb": 8086, "lwm2m": 5683, "lwm2ms": 5684, "xmpp": 5222, "webdav": 80, "webdavs": 443, "dav": 80, "davs": 443, "whip": 443}

// names of name spaces and schemas: identifiers that nobody fetches.
var namespaceHosts = []string{"w3.org", "xmlsoap.org", "onvif.org", "ns.adobe.com", "purl.org", "iptc.org", "oasis-open.org", "schemas.microsoft.com", "openxmlformats.org", "upnp.org", "relaxng.org", "xml.apache.org", "docbook.org", "java.sun.com", "xmlns.com", "ogp.me", "schema.org", "json-schema.org", "freedesktop.org/standards", "musicbrainz.org", "prefix.cc", "schemas.android.com", "schemas.xmlsoap.org", "purl.oclc.org", "exslt.org", "netpreserve.org", "icl.com", "xmlns.oracle.com", "trustedcomputinggroup.org", "dashif.org", "xmpp.org", "webrtc.org/experiments", "cablelabs.com/schemas", "dlna.org", "broadband-forum.org", "dsl-forum.org", "openmobilealliance.org", "omaspecworks.org"}

// hosts that free software names in its messages: manuals, homes, bug trackers.
var projectHosts = []string{"gnu.org", "debian.org", "openssl.org", "freedesktop.org", "kernel.org", "mosquitto.org", "curl.se", "curl.haxx.se", "sqlite.org", "gnome.org", "apache.org", "python.org", "lua.org", "perl.org", "busybox.net", "openwrt.org", "buildroot.org", "lighttpd.net", "nginx.org", "ietf.org", "rfc-editor.org", "wikipedia.org", "sourceforge.net", "sf.net", "github.com", "gitlab.com", "bitbucket.org", "launchpad.net", "opensource.org", "creativecommons.org", "iana.org", "bugs.debian.net", "debuginfod.debian.net", "tuxfamily.org", "free.fr", "asn.au", "veracrypt.fr", "netfilter.org", "samba.org", "isc.org", "thekelleys.org.uk", "w1.fi", "tcpdump.org", "unicode.org", "gstreamer.net", "ffmpeg.org", "videolan.org", "zlib.net", "openssh.com", "openldap.org", "sites.google.com", "ifpi.org", "avahi.org", "xiph.org", "live555.com", "systemd.io", "boost.org", "llvm.org", "golang.org", "go.dev", "rust-lang.org", "npmjs.com", "nodejs.org", "jquery.com", "jquery.org", "mozilla.org", "readthedocs.io", "stackoverflow.com", "gnupg.org", "ctags.io", "gtk.org", "tukaani.org", "oberhumer.com", "strace.io", "valgrind.org", "info-zip.org", "perl.org", "perlfoundation.org", "cpan.org", "icu-project.org", "pkware.com", "postgresql.org", "cairographics.org", "inkscape.org", "pcre.org", "libusb.info", "cve.mitre.org", "github.io", "crbug.com", "nlnetlabs.nl", "libevent.org", "xmlsoft.org", "php.net", "wireguard.com", "strongswan.org", "lwn.net", "openvpn.net", "dropbear.nl", "matt.ucc.asn.au", "wolfssl.com", "tls.mbed.org", "trustedfirmware.org", "webkit.org", "reactjs.org", "vuejs.org", "angular.io", "getbootstrap.com", "fontawesome.com", "fb.me", "momentjs.com", "datatables.net", "highcharts.com", "underscorejs.org", "lodash.com", "requirejs.org", "eff.org", "fsf.org", "cmake.org", "zeromq.org", "libssh.org", "libssh2.org", "yaml.org", "json.org", "protobuf.dev", "grpc.io", "espressif.com", "linux-mips.org", "linuxfoundation.org", "bluez.org", "alsa-project.org", "dnsmasq.org", "isc.org.uk", "ntp.org/bugs", "savannah.gnu.org", "bestpractical.com", "postfix.org", "sendmail.org", "squid-cache.org", "tcl.tk", "activestate.com", "jqueryui.com", "opensuse.org", "ubuntu.com", "redhat.com", "fedoraproject.org", "alpinelinux.org", "yoctoproject.org", "bugs.ntp.org", "support.ntp.org", "nwtime.org", "smartmontools.org", "zend.com", "ietf.org", "whatwg.org", "chromium.org", "v8.dev", "tc39.es", "ecma-international.org", "narwhaljs.org", "esdiscuss.org", "midnight-commander.org", "learn.microsoft.com", "docs.microsoft.com", "msdn.microsoft.com", "goo.gl", "palletsprojects.com", "pypi.org", "zx2c4.com", "net-snmp.org", "libexpat.org", "netsnmp.org", "libarchive.org", "oracle.com", "musl-libc.org", "uclibc.org", "uclibc-ng.org", "landley.net", "denx.de", "arm.linux.org.uk", "linux-usb.org", "infradead.org", "linuxtv.org", "hostap.epitest.fi", "miniupnp.tuxfamily.org", "miniupnp.free.fr", "webrtc.org", "winehq.org", "crosstool-ng.org", "linaro.org", "mips.com", "gcc.gnu.org", "iperf.fr", "iozone.org", "netcat.sourceforge.net", "pureftpd.org", "keepalived.org", "collectd.org", "haproxy.org", "memcached.org", "mmonit.com", "dovecot.org", "rsyslog.com", "lirc.org", "nmap.org", "nanomsg.org", "audiocoding.com", "triq.org", "superuser.com", "freeradius.org", "kamailio.org", "asterisk.org", "exim.org", "proftpd.org", "openocd.org", "openocd.zylin.com", "mariadb.org", "redis.io", "nginx.com", "shorewall.net", "libtorrent.org", "fishshell.com", "zsh.org", "vim.org", "nano-editor.org", "mutt.org", "libav.org", "x264.org", "opencv.org", "tensorflow.org", "ros.org", "zabbix.org", "monkey-project.com", "boa.org", "acme.com", "embedthis.com", "goahead.com"}

func under(host string, list []string) bool {
	for _, l := range list {
		if host == l || strings.HasSuffix(host, "."+l) {
			return true
		}
	}
	return false
}

func namespace(host, rest string) bool {
	for _, n := range namespaceHosts {
		h, p, _ := strings.Cut(n, "/")
		if (host == h || strings.HasSuffix(host, "."+h)) && strings.HasPrefix(strings.TrimPrefix(rest, "/"), p) {
			return true
		}
	}
	low := strings.ToLower(rest)
	return strings.HasSuffix(low, ".dtd") || strings.HasSuffix(low, ".xsd") || strings.HasSuffix(low, "#") && len(low) > 1 || strings.Contains(low, "/xmlns") || strings.HasSuffix(low, "/schema") || strings.Contains(low, "/schemas/") || strings.HasPrefix(low, "/ns/") || strings.HasPrefix(low, "/xml/")
}

// manual says that a path leads to something for people to read.
func manual(rest string) bool {
	low := strings.ToLower(rest)
	for _, m := range []string{"/doc", "/wiki", "/license", "/bugs", "/bug", "/issues", "/software/", "/help", "/gethelp", "/faq", "/manual", "/copyleft", "/projects/", "/pkg/", "/man/"} {
		if strings.Contains(low, m) {
			return true
		}
	}
	// With or without the full stop that ends a sentence.
	low = strings.TrimRight(low, ".")
	return strings.HasSuffix(low, ".html") || strings.HasSuffix(low, ".htm") || strings.HasSuffix(low, ".pdf") || strings.HasSuffix(low, ".txt") || strings.HasSuffix(low, ".php")
}

// reserved says that the name is for examples (RFC 2606), or one that manuals
// write where the reader's own belongs.
func reserved(host string) bool {
	return placeholderName(host) || forExamples(host)
}

// forExamples says that a name is kept for examples and tests (RFC 2606, sections
// 2 and 3; RFC 6761, section 6): nobody owns it, so that no setting means it.
func forExamples(host string) bool {
	return under(host, []string{"example.com", "example.org", "example.net", "example", "test", "invalid"})
}

var prose = [][]byte{[]byte("report"), []byte("bug"), []byte("see "), []byte("home page"), []byte("homepage"), []byte("for more"), []byte("documentation"), []byte("visit"), []byte("licen"), []byte("copyright"), []byte("manual"), []byte("e.g."), []byte("example"), []byte("usage"), []byte("warranty"), []byte("refer to"), []byte("please "), []byte("written by"), []byte("info at"), []byte("read about"), []byte("maintained")}

func placeholderName(host string) bool {
	switch first, _, _ := strings.Cut(host, "."); first {
	case "host", "hostname", "yourhost", "your-host", "myhost", "yourdomain", "your-domain", "mydomain", "yourserver", "myserver", "example":
		return true
	}
	return false
}

// sentence says that the text before line[at] is written for people.
func sentence(line []byte, at int) bool {
	low := bytes.ToLower(line[max(0, at-reach):min(len(line), at)])
	for _, p := range prose {
		if bytes.Contains(low, p) {
			return true
		}
	}
	return false
}

// dynamicDNS are services that keep a name for an address that changes.
var dynamicDNS = []string{"dyndns.org", "dyndns.com", "dyn.com", "no-ip.com", "noip.com", "dnsomatic.com", "he.net", "tunnelbroker.net", "dnsexit.com", "changeip.com", "zoneedit.com", "easydns.com", "3322.org", "3322.net", "pubyun.com", "tzo.com", "sitelutions.com", "afraid.org", "duckdns.org", "dynu.com", "loopia.se", "selfhost.de", "ovh.com", "strato.com", "duiadns.net", "nsupdate.info", "spdyn.de", "dhis.org", "cloudxns.net", "pddimp.yandex.ru", "gira.de", "api.cloudflare.com", "oray.com", "oray.net", "dnspod.cn", "dnspod.com", "dyns.cx", "dy.fi", "ddnss.de", "regfish.de", "ods.org", "dtdns.com", "namecheap.com", "freemyip.com", "88ip.cn", "twodns.de", "goip.de", "dynv6.com", "desec.io", "hn.org", "dyns.net", "justlinux.com", "dslreports.com", "ipify.org", "whatismyip.com", "icanhazip.com"}
