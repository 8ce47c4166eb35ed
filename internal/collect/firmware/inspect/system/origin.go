package system

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

var (
	// The header as lighttpd, nginx, Apache, HAProxy and Caddy set it, and as YAML
	// of Traefik and others lists it.
	anyOrigin = pattern.New(`(?i)(?:\badd_header\s+|\bHeader\s+(?:always\s+)?(?:set|add|append)\s+|-response-header\s*\+?=\s*\([^)]*|\bset-header\s+|\badd-header\s+|\bheader\s+)["']?Access-Control-Allow-Origin["']?\s*(?:=>|,)?\s*["']?(?:\*|\$http_origin|%\{(?:HTTP_)?ORIGIN\}e|\{(?:http\.request\.)?header\.Origin\})(?:["'\s;,)]|$)|\baccessControlAllowOriginList\b[^\n]*["']\*["']`)
	// What the server hands on to a program: there is more behind it than pages.
	programmed = pattern.New(`(?im)^[^#\n]*\b(?:cgi\.assign|fastcgi|scgi\.server|proxy\.server|proxy_pass|fastcgi_pass|uwsgi_pass|scgi_pass|ScriptAlias|ProxyPass|reverse_proxy|php_fastcgi|content_by_lua|access_by_lua|mod_cgi|mod_proxy\w*|backend|loadBalancer)\b`)
	oftenAlone = pattern.New(`(?i)\b(?:eot|ttf|woff2?|otf|svg|font|fonts|css|static|assets|images?|img|hls|m3u8|mpd|media)\b`)
	allowsKeys = pattern.New(`(?i)Access-Control-Allow-Credentials["']?\s*(?:=>|,)?\s*["']?true`)
)

// origins looks for a web server that lets the pages of any site read what its
// programs answer. Fonts and other files that are meant for all are left out.
func (s *scanner) origins() {
	d := s.f.Data[:min(len(s.f.Data), maxConfig)]
	if !bytes.Contains(d, []byte("ontrol-Allow-Origin")) && !bytes.Contains(d, []byte("ontrol-allow-origin")) && !bytes.Contains(d, []byte("ontrolAllowOrigin")) {
		return
	}
	for _, m := range anyOrigin.FindAllIndex(d, 64) {
		start := bytes.LastIndexByte(d[:m[0]], '\n') + 1
		line := strings.TrimSpace(string(d[start:m[1]]))
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || s.f.Comment(m[0]) {
			continue
		}
		around := d[max(0, m[0]-1024):min(len(d), m[1]+512)]
		place := blockName(d, m[0])
		if oftenAlone.MatchString(place) || !programmed.Match(d) && !allowsKeys.Match(around) {
			continue
		}
		s.add(start+len(d[start:m[0]])-len(bytes.TrimLeft(d[start:m[0]], " \t")), inspect.Weakness{Kind: CrossOrigin, Name: "origin", Text: string(d[m[0]:m[1]])})
	}
}

// blockName is the line that opens the block of a server's configuration around
// off; empty: none.
func blockName(d []byte, off int) string {
	if i := bytes.LastIndexByte(d[:off], '{'); i >= 0 && i > bytes.LastIndexByte(d[:off], '}') {
		return string(d[bytes.LastIndexByte(d[:i], '\n')+1 : i])
	}
	if i := bytes.LastIndexByte(d[:off], '<'); i >= 0 && !bytes.HasPrefix(d[i:], []byte("</")) {
		name, _, _ := strings.Cut(string(d[i:min(len(d), i+120)]), "\n")
		return name
	}
	return ""
}

// Places of a web server that ask nobody on purpose.
var forAnybody = pattern.New(`(?i)well-known|acme|favicon|robots|health|ping|status|login|error|\.(?:css|js|png|ico|svg)`)

// unlocked looks for a place of nginx that leaves out the log-in that holds for
// the rest.
func (s *scanner) unlocked() {
	s.eachLine(func(line, key, value string, off int) {
		if key != "auth_basic" || !no(value) {
			return
		}
		if place := blockName(s.f.Data, off); strings.Contains(place, "location") && !forAnybody.MatchString(place) && !oftenAlone.MatchString(place) {
			s.add(off, inspect.Weakness{Kind: Anonymous, Name: "nginx", Text: strings.TrimSpace(place)})
		}
	})
}
