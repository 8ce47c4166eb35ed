package system

import (
	"bytes"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// habit is something that weakens a program wherever a line of it does so.
type habit struct {
	kind, name string
	langs      string // "" all
	word       string
	line       *pattern.Pattern
	but        *pattern.Pattern // what else in the line does no harm
}

const secretName = `(?:\w*_)?(?:pass|passw|passwd|password|pwd|pw|passphrase|psw|pin)\w{0,8}`

// overSystem is where programs, or what starts them, lie.
const overSystem = `["'](?:/|/usr(?:/\w+)*/?|/opt\b[^"']*|/etc\b[^"']*|/bin/?|/sbin/?|/lib/?|/root/?|/app\b[^"']*)["']`

var (
	goodRandom = pattern.New(`\bsecrets\.|SystemRandom|urandom|random_bytes|random_int|openssl_random|\bstrtok\(|randomBytes|getRandomValues|randomUUID|uuid4|\bos\.time\b.*urandom`)
)

var habits = []habit{
	{TokenUnchecked, "jwt", "python", "decode", pattern.New(`\b(?:jwt|jose\.jwt|pyjwt|PyJWT)\.decode\s*\([^\n]*(?:["']verify_signature["']\s*:\s*False|\bverify\s*=\s*False|algorithms?\s*=\s*\[?\s*["'][Nn]one["'])`), nil},
	{TokenUnchecked, "jwt", "python", "get_unverified_claims", pattern.New(`\bget_unverified_claims\s*\(`), nil},
	{TokenUnchecked, "jwt", "node", "lgorithms", pattern.New(`\b(?:verify|decode|expressjwt|jwt)\s*\([^\n]*\balgorithms\s*:\s*\[[^\]]*["']none["']`), nil},
	{TokenUnchecked, "jwt", "node", "jwt.decode", pattern.New(`\bjwt\.decode\s*\(\s*(?:\w+\.)?(?:req|request|ctx)\b`), nil},
	{TokenUnchecked, "jwt", "php", "JWT::decode", pattern.New(`\bJWT::decode\s*\([^;]*,\s*(?:null\s*,\s*)?false\s*\)|\bJWT::decode\s*\([^;]*['"]none['"]`), nil},
	{WeakHash, "", "python", "hashlib.", pattern.New(`\bhashlib\.(?:md5|sha1)\(\s*(?:\w+\.)*` + secretName + `\b|\bhashlib\.new\(\s*["'](?:md5|sha1)["']\s*,\s*(?:\w+\.)*` + secretName + `\b`), nil},
	{WeakHash, "", "php", "(", pattern.New(`(?:^|[^\w>:])(?:md5|sha1)\s*\(\s*\$(?:_(?:POST|GET|REQUEST)\s*\[\s*["'])?` + secretName + `\b`), nil},
	{WeakHash, "", "node", "createHash", pattern.New(`\bcreateHash\(\s*["'](?:md5|sha1)["']\s*\)\.update\(\s*(?:\w+\.)*` + secretName + `\b`), nil},
	{WeakHash, "", "lua", "(", pattern.New(`\b(?:md5\.sumhexa|md5\.sum|sha1\.hex|sha1|md5|ngx\.md5)\s*\(\s*(?:\w+\.)*` + secretName + `\b`), nil},
	{WeakHash, "", "perl", "(", pattern.New(`\b(?:md5_hex|sha1_hex|md5_base64|sha1_base64)\s*\(\s*\$` + secretName + `\b`), nil},
	{TLSVerifyDisabled, "aiohttp", "python", "ssl", pattern.New(`\b(?:TCPConnector|(?:session|sess|client|s)\.(?:get|post|put|request|ws_connect))\s*\([^#]*\b(?:ssl|verify_ssl)\s*=\s*False\b`), nil},
	{TLSVerifyDisabled, "urllib3", "python", "assert_hostname", pattern.New(`\bassert_hostname\s*=\s*False\b`), nil},
	{WorldWritable, "chmod", "python", "chmod", pattern.New(`\.chmod\s*\([^#\n]*\b0o?[0-7]?[0-7][0-7][2367]\s*\)`), pattern.New(`\b0o?1[0-7]{3}\s*\)|["']/tmp/?["']|\.sock["']|/dev/`)},
	{WorldWritable, "chmod", "php", "chmod", pattern.New(`\bchmod\s*\([^;]*\b0[0-7]?[0-7][0-7][2367]\s*\)`), pattern.New(`["']/tmp/?["']|\.sock["']|/dev/`)},
	{WorldWritable, "chmod", "node", "chmod", pattern.New(`\bfs(?:\.promises)?\.chmod(?:Sync)?\s*\([^;]*\b0o?[0-7]?[0-7][0-7][2367]\b`), pattern.New(`["']/tmp/?["']|\.sock["']|/dev/`)},
	{WorldWritable, "chmod", "perl", "chmod", pattern.New(`\bchmod[\s(]+0[0-7]?[0-7][0-7][2367]\s*,`), pattern.New(`["']/tmp/?["']|\.sock["']|/dev/`)},
	{DirectoryListing, "aiohttp", "python", "show_index", pattern.New(`\badd_static\([^#]*\bshow_index\s*=\s*True|\bweb\.static\([^#]*\bshow_index\s*=\s*True`), nil},
	{DirectoryListing, "twisted", "python", "static.File", pattern.New(`\bstatic\.File\(\s*["']/["']\s*\)`), nil},
	{DirectoryListing, "express", "node", "serveIndex", pattern.New(`\.use\([^;]*\bserveIndex\s*\(`), nil},
	{CleartextTransport, "http", "python", "0.0.0.0", pattern.New(`\b(?:app|web|uvicorn|bottle|waitress|application|socketio|ioloop)?\.?(?:run|run_app|serve|listen)\s*\([^#]*\b(?:host|address|bind)\s*=\s*["'](?:0\.0\.0\.0|::)["']`), pattern.New(`\bssl\w*\s*=|certfile|keyfile`)},
	{CleartextTransport, "http", "python", "HTTPServer", pattern.New(`\b(?:Threading)?HTTPServer\(\s*\(\s*["'](?:0\.0\.0\.0|::)?["']\s*,`), nil},
	{WeakRandom, "session", "python", "", pattern.New(`(?i)\b(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|nonce|otp|reset_?(?:code|token)|auth_?(?:key|token))\s*=\s*[^#=]*\b(?:random\.(?:getrandbits|random|randint|choices?|randrange|sample)\(|time\.time\(|uuid\.uuid1\(|os\.getpid\()`), goodRandom},
	{WeakRandom, "session", "php", "", pattern.New(`(?i)\$(?:_SESSION\[['"]|\w*?)(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|nonce|otp)\w{0,3}(?:['"]\])?\s*=\s*[^=;]*(?:\b(?:mt_)?rand\(|\buniqid\(|\btime\(|\bmicrotime\(|\blcg_value\()`), goodRandom},
	{WeakRandom, "session", "node", "", pattern.New(`(?i)\b(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|otp|api_?key)\s*[=:]\s*[^=;]*(?:Math\.random\(|Date\.now\()`), goodRandom},
	{WeakRandom, "session", "lua", "", pattern.New(`(?i)\b(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|otp)\s*=\s*[^=]*(?:math\.random\(|os\.time\(|os\.clock\(|ngx\.now\(|ngx\.time\()`), goodRandom},
	{WeakRandom, "session", "perl", "", pattern.New(`(?i)\$(?:sid|sess(?:ion)?(?:_?(?:id|key|token))?|token|csrf\w*|otp)\s*=\s*[^=;]*(?:\brand\b|\btime\b|\$\$)`), goodRandom},
	{CrossOrigin, "origin", "", "Access-Control-Allow-Origin", pattern.New(`Access-Control-Allow-Origin["'\]]*\s*[:,=)\]]+.*(?:\$_SERVER\[['"]HTTP_ORIGIN|\$\{?HTTP_ORIGIN|headers?(?:\.get)?\s*[\[(.]\s*["']?[Oo]rigin|var\.http_origin|http_origin)`), nil},
	{CrossOrigin, "cors", "python", "supports_credentials", pattern.New(`\bCORS\([^#]*\borigins\s*=\s*\[?["'][.*]+["'][^#]*\bsupports_credentials\s*=\s*True|\bCORS\([^#]*\bsupports_credentials\s*=\s*True[^#]*\borigins\s*=\s*\[?["'][.*]+["']`), nil},
	{CrossOrigin, "cors", "python", "allow_credentials", pattern.New(`\ballow_origins\s*=\s*\[["']\*["']\][^#]*\ballow_credentials\s*=\s*True`), nil},
	{CrossOrigin, "cors", "node", "credentials", pattern.New(`\bcors\(\s*\{[^}]*\borigin\s*:\s*true\b[^}]*\bcredentials\s*:\s*true|\bcors\(\s*\{[^}]*\bcredentials\s*:\s*true[^}]*\borigin\s*:\s*true\b`), nil},
}

// Archives that are unpacked over the system, and programs whose text comes from
// elsewhere: where nothing in the file looks at a signature.
var unsignedHabits = []habit{
	{UpdateUnsigned, "extractall", "python", "extractall", pattern.New(`\.extractall\(\s*(?:path\s*=\s*)?` + overSystem), nil},
	{UpdateUnsigned, "unpack_archive", "python", "unpack_archive", pattern.New(`\bunpack_archive\([^#,]*,\s*(?:extract_dir\s*=\s*)?` + overSystem), nil},
	{UpdateUnsigned, "extractTo", "php", "extractTo", pattern.New(`->extractTo\(\s*` + overSystem), nil},
	{UpdateUnsigned, "extractAllTo", "node", "extractAllTo", pattern.New(`\.extractAllTo\(\s*` + overSystem), nil},
	{UpdateUnsigned, "eval", "php", "file_get_contents", pattern.New(`\beval\s*\(\s*(?:["']\?>["']\s*\.\s*)?file_get_contents\(\s*["']https?://|\b(?:include|require)(?:_once)?[\s(]+["']https?://`), nil},
	{UpdateUnsigned, "eval", "node", "eval", pattern.New(`\beval\s*\(\s*(?:await\s+)?\(?\s*(?:await\s+)?(?:fetch|axios\.get|got|request)\(`), nil},
	{UpdateUnsigned, "python", "", "python", pattern.New(`\b(?:curl|wget)\b[^|"'\n]*\|\s*(?:sudo\s+)?(?:python[\d.]*|perl|node|php|ruby|lua)\b`), nil},
}

var (
	unverifies = pattern.New(`(?i)\bfalse\b|\bnone\b|^\s*(?:#|//)`)

	sealed = pattern.New(`\bwrap_socket\(|\bSSLContext\(|ssl_context\s*=`)

	// A word in a header of the maker's own, or a parameter with a telling name.
	doorWord  = pattern.New(`(?i)(?:headers?(?:\.get)?\s*[\[(]\s*|get_?header\(\s*|\$_SERVER\[\s*|\$ENV\{\s*)["']?(?:HTTP_)?X[-_]([\w-]+)["']?\s*[\]})]?(?:\s*,\s*["'][^"']*["'])?\s*\)?\s*(?:={2,3}|\beq\b)\s*["']([^"'\n]{4,64})["']`)
	doorParam = pattern.New(`(?i)(?:\$_(?:GET|POST|REQUEST|COOKIE)\[\s*|\.(?:args|form|query|params|cookies)(?:\.get)?[\[(.]\s*|formvalue\(\s*|param\(\s*)["']?\w*(?:debug|factory|magic|backdoor|super|master|engineer|maint|secret|hidden)\w*["']?\s*[\]})]?\s*\)?\s*(?:={2,3}|\beq\b)\s*["']([^"'\n]{4,64})["']`)
	doorNever = pattern.New(`(?i)^(?:requested[-_]with|csrf|xsrf|forwarded|real[-_]ip|http[-_]method|frame|content|request[-_]?id|(?:\w+[-_])?version|mobile|client|powered|device|lang|platform|agent)`)
	opens     = pattern.New(`(?im)\breturn\s+(?:True|1)\b|\bnext\(\)|(?:auth|login|logged|admin|role|session|level|priv|root)\w*["'\]]*\s*=\s*(?:true|1|["']\w|ok)|\btelnetd\b|\bdropbear\b`)
	sessions  = pattern.New(`(?i)\b(?:def|function|sub)\s+\w*(?:session|sess_?id|\bsid|token|csrf|nonce)\w*`)
	returned  = pattern.New(`\breturn\b.*(?:\brandom\.(?:getrandbits|random|randint|choices?|randrange|sample)\(|\btime\.time\(|\buuid1\(|Math\.random\(|\bmt_rand\(|\brand\(|\buniqid\(|math\.random\(|os\.time\()`)
)

// customs looks for habits, line by line.
func (s *scanner) customs(lang string) {
	data := s.f.Data[:min(len(s.f.Data), maxFlow)]
	checked := false
	for line := range bytes.Lines(data) {
		checked = checked || verifies.Match(line) && !unverifies.Match(line)
	}
	names, off := "", 0
	for line := range bytes.Lines(data) {
		start := off
		off += len(line)
		if len(line) > maxLine || len(line) < 8 {
			continue
		}
		text := string(line)
		if m := sessions.FindString(text); m != "" {
			names = m
		} else if names != "" && strings.Contains(text, "return") {
			if m := returned.FindStringIndex(text); m != nil && !goodRandom.MatchString(text) && !s.f.Comment(start+m[0]) {
				s.add(start+m[0], inspect.Weakness{Kind: WeakRandom, Name: "session", Text: text[m[0]:]})
			}
			names = ""
		}
		s.habit(habits, lang, text, start)
		if !checked {
			s.habit(unsignedHabits, lang, text, start)
		}
		s.door(text, start, data)
	}
}

func (s *scanner) habit(list []habit, lang, text string, start int) {
	for _, h := range list {
		if h.langs != "" && h.langs != lang || !strings.Contains(text, h.word) {
			continue
		}
		m := h.line.FindStringIndex(text)
		if m == nil || h.but != nil && h.but.MatchString(text) || h.word == "HTTPServer" && s.sealed() || s.f.Comment(start+m[0]) {
			continue
		}
		s.add(start+m[0], inspect.Weakness{Kind: h.kind, Name: h.name, Text: text[m[0]:m[1]]})
	}
}

// sealed says that the program wraps its server in TLS; it is looked up once.
func (s *scanner) sealed() bool {
	if s.wraps == nil {
		yes := sealed.Match(s.f.Data[:min(len(s.f.Data), maxFlow)])
		s.wraps = &yes
	}
	return *s.wraps
}

// door looks for a word of a request that lets somebody in.
func (s *scanner) door(text string, start int, data []byte) {
	m := doorParam.FindStringIndex(text)
	if m == nil && (strings.Contains(text, "X-") || strings.Contains(text, "X_") || strings.Contains(text, "x-")) {
		if d := doorWord.FindStringSubmatchIndex(text); d != nil && !doorNever.MatchString(text[d[2]:d[3]]) {
			m = d[:2]
		}
	}
	if m == nil || s.f.Comment(start+m[0]) {
		return
	}
	rest := data[start+m[1] : min(len(data), start+m[1]+200)]
	for range 3 { // the line and the two behind it
		i := bytes.IndexByte(rest, '\n')
		line := rest
		if i >= 0 {
			line = rest[:i]
		}
		if opens.Match(line) {
			s.add(start+m[0], inspect.Weakness{Kind: HiddenAccess, Name: "request", Text: text[m[0]:m[1]]})
			return
		}
		if i < 0 {
			return
		}
		rest = rest[i+1:]
	}
}
