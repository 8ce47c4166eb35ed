package system

import (
	"bytes"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// outlet is a call that what a request sends must not reach as it stands.
type outlet struct {
	kind, word string           // a word without which the call can't stand there
	call       *pattern.Pattern // up to its arguments
	safe       *pattern.Pattern // what stands in the line of a call that does no harm; nil: nothing
	how        int
}

// How a text does harm in a call.
const (
	anywherein = iota // in any argument
	first             // in the first one
	query             // in the first one, which is a query
	address           // in the first one, as the server of an address
	loaded            // in the first one, also where it comes from another server
	listed            // in any, but of a list of arguments
)

// flowing is how a language takes what a request sends, and where that ends.
type flowing struct {
	source  *pattern.Pattern
	safe    *pattern.Pattern
	pieces  bool // statements end with a semicolon
	mark    string
	outlets []outlet
}

// pathCheck is what programs look at paths with.
const pathCheck = `["'/(]\\?\.\\?\.["'/)\\]|\b(?:basename|realpath|abspath|normpath|secure_filename|safe_join|is_relative_to|commonpath|commonprefix|relative_to|normalize|canonpath|startswith|startsWith|in_array|preg_match|sanitize\w*)\b`

var (
	sqlText    = pattern.New(`(?i)\b(?:select\b.+\bfrom|insert\s+(?:or\s+\w+\s+)?into|update\s+\S+\s+set|delete\s+from|replace\s+into)\b`)
	quotedHole = pattern.New(`['"](?:%s|\{\w*\}|%\(\w+\)s)['"]`)
	// What stands before the name of a server, or an address as a whole.
	beforeHost = pattern.New(`^\s*(?:url\s*[=:]\s*)?(?:\{\s*)?(?:[frb]{0,2}["'\x60](?:https?://)?)?(?:["']\s*(?:\+|\.\.?)\s*|\$?\{|\s*["'])?\s*$|^\s*["']https?://(?:%s|\{\})[^"']*["']\s*(?:%|\.format\()\s*\(?\s*$`)
	pathChecks = pattern.New(pathCheck)
	lessSafe   = pattern.New(`C?SafeLoader|BaseLoader|RoundTrip`)
)

// luaShell are the calls of Lua, of LuCI and of nixio that a shell reads.
var luaShell = pattern.New(`\b(?:os\.execute|io\.popen|sys\.(?:call|exec|process\.exec)|luci\.util\.exec|util\.exec|util\.execi|fork_exec|os\.capture)\s*\(`)

func call(s string) *pattern.Pattern { return pattern.New(`(?:^|[^.\w$>:])(?:` + s + `)\s*\(`) }

func method(s string) *pattern.Pattern { return pattern.New(`(?:` + s + `)\s*\(`) }

// flows are the languages that pages and applications of devices are written in.
var flows = map[string]flowing{
	"python": {
		source: pattern.New(`\b(?:request|req)\.(?:args|form|forms|values|json|GET|POST|params|data|query|body|cookies|headers|files|stream|match_info|rel_url|query_params|path_params|get_json|get_data|get_cookie|get_header|read|text|post)\b|getvalue\(|QUERY_STRING|get_(?:query_|body_)?arguments?\(|\b(?:msg|message)\.payload\b|\.rfile\.read|parse_qs\(|\.recv(?:from)?\(\d`),
		safe:   pattern.New(`shlex\.quote|pipes\.quote|\bint\(|\bfloat\(|\bbool\(|ip_address\(|uuid\.UUID\(|\bescape\(`),
		outlets: []outlet{
			{CodeInjection, "e", call(`eval|exec`), nil, loaded},
			{CodeInjection, "emplate", pattern.New(`(?:^|[^\w.])(?:(?:jinja2|mako\.template|template)\.)?Template\s*\(|\b(?:render_template_string|SimpleTemplate)\s*\(`), nil, first},
			{CodeInjection, "from_string", method(`\bfrom_string`), nil, first},
			{Deserialization, "load", method(`\b(?:c?[Pp]ickle|_pickle|dill|cloudpickle|marshal)\.loads?`), nil, loaded},
			{Deserialization, "yaml", method(`\byaml\.(?:load|load_all|unsafe_load|unsafe_load_all|full_load)`), lessSafe, loaded},
			{SQLInjection, "execute", method(`\.execute(?:many|script)?`), nil, query},
			{PathTraversal, "open", call(`open|io\.open|os\.open`), pathChecks, first},
			{PathTraversal, "", method(`\b(?:send_file|FileResponse|os\.(?:remove|unlink|listdir|rename|rmdir)|shutil\.(?:rmtree|copy\w*|move))`), pathChecks, anywherein},
			{RequestForgery, "", method(`\b(?:requests|httpx|session|sess|client|http)\.(?:get|post|put|head|request|stream)|\burlopen|\burlretrieve`), nil, address},
			{CommandInjection, "", method(`\b(?:os\.(?:system|popen)|commands\.get(?:status)?output|subprocess\.\w+|asyncio\.create_subprocess_shell)`), nil, listed},
		},
	},
	"php": {
		source: pattern.New(`\$_(?:GET|POST|REQUEST|COOKIE|FILES)\b|\$_SERVER\[\s*['"](?:HTTP_|QUERY_STRING|REQUEST_URI|PATH_INFO)|php://input`),
		safe:   pattern.New(`escapeshell(?:arg|cmd)|intval\s*\(|\(int\)|htmlspecialchars\(|real_escape_string|escapeString|->quote\(|addslashes|ctype_\w+\(|is_numeric\(|floatval\(|\bisset\([^)]*\)\s*;?$|md5\(|sha1\(|hash\(`),
		pieces: true,
		outlets: []outlet{
			{CodeInjection, "", call(`eval|assert|create_function`), nil, first},
			{CommandInjection, "", call(`system|exec|shell_exec|passthru|popen|proc_open`), nil, first},
			{Deserialization, "unserialize", call(`unserialize`), pattern.New(`allowed_classes`), first},
			{SQLInjection, "", method(`\b(?:mysqli?_query|pg_query|sqlite_query|sqlite_exec)|->(?:query|exec|querySingle|prepare|multi_query)`), nil, query},
			{PathTraversal, "", call(`readfile|file_get_contents|fopen|file|unlink|file_put_contents|show_source|highlight_file|copy|rename|scandir|opendir`), pathChecks, anywherein},
			{PathTraversal, "", pattern.New(`(?:^|[^\w$>])(?:include|require)(?:_once)?[\s(]`), pathChecks, anywherein},
			{RequestForgery, "CURLOPT_URL", pattern.New(`\bcurl_setopt\s*\([^,]+,\s*CURLOPT_URL\s*,`), nil, address},
			{RequestForgery, "curl_init", method(`\bcurl_init`), nil, address},
		},
	},
	"lua": {
		source: pattern.New(`\bformvalue\b|\bngx\.(?:req|var)\b|QUERY_STRING|get_(?:uri|post)_args|\bcgi\.\w|getParam|\bngx\.unescape_uri|HTTP_[A-Z]|\bhttp\.content\(|\bio\.stdin:read\(`),
		safe:   pattern.New(`tonumber|shell_?quote|escape|quote_sql_str|match\(\s*["'][^"'()]*\((?:%[dwxaul][+*-]?|\[[%dwxaul_-]+\][+*-]?)+\)[^"'()]*["']\s*\)`),
		outlets: []outlet{
			{CommandInjection, "", luaShell, nil, first},
			{CodeInjection, "load", call(`loadstring|load|assert\(loadstring`), nil, first},
			{SQLInjection, ":", method(`:(?:execute|exec|nrows|rows|prepare|query)`), nil, query},
			{PathTraversal, "", method(`\b(?:io\.open|io\.lines|dofile|os\.remove|(?:nixio\.)?fs\.(?:readfile|writefile|unlink|access|open))`), pathChecks, anywherein},
			{RequestForgery, "request", method(`\bhttps?\.request|:request_uri`), nil, address},
		},
	},
	"perl": {
		source: pattern.New(`\bparam\s*\(|QUERY_STRING|\$ENV\{['"]?(?:HTTP_|PATH_INFO|REQUEST_URI)|\bread\s*\(?\s*STDIN`),
		safe:   pattern.New(`quotemeta|\\Q|\bint\s*\(|=~|->quote\(|basename`),
		pieces: true,
		outlets: []outlet{
			{CodeInjection, "eval", pattern.New(`(?:^|[^\w$>])eval[\s(]+["$]`), nil, anywherein},
			{SQLInjection, "->", method(`->(?:do|prepare|select(?:row|all|col)\w*)`), nil, query},
			{PathTraversal, "open", pattern.New(`\bopen\s*\(?\s*(?:my\s+)?[\w$]+\s*,`), pathChecks, anywherein},
			{PathTraversal, "unlink", pattern.New(`\bunlink[\s(]`), pathChecks, anywherein},
			{RequestForgery, "->get", method(`->get`), nil, address},
		},
	},
	"node": {
		source: pattern.New(`\b(?:req|request|ctx|ctx\.request|event)\.(?:query|body|params|headers|cookies|queryStringParameters)\b`),
		safe:   pattern.New(`shellescape|parseInt\(|Number\(|encodeURIComponent\(|escape\(`),
		pieces: true,
		outlets: []outlet{
			{CodeInjection, "", call(`eval|new Function|Function|vm\.run\w*|setTimeout`), nil, first},
			{CodeInjection, "render", method(`\b(?:ejs|pug|Handlebars|handlebars|nunjucks|_)\.(?:render|compile|renderString|template)`), nil, first},
			{Deserialization, "unserialize", method(`\bunserialize`), nil, first},
			{SQLInjection, ".", method(`\.(?:query|execute|run|all|get|raw|exec)`), nil, query},
			{PathTraversal, "", method(`\bfs(?:\.promises)?\.(?:readFile|readFileSync|createReadStream|unlink|unlinkSync|writeFile|writeFileSync|createWriteStream|readdir|readdirSync)|\.(?:sendFile|download)`), pattern.New(pathCheck + `|\broot\s*:`), first},
			{RequestForgery, "", method(`\b(?:axios(?:\.\w+)?|fetch|https?\.get|https?\.request|got(?:\.\w+)?|needle|request(?:\.get)?)`), nil, address},
			{CommandInjection, "spawn", pattern.New(`\bspawn(?:Sync)?\(\s*["'](?:/bin/)?(?:ba|a|da)?sh["']\s*,\s*\[\s*["']-c["']\s*,`), nil, first},
			{CommandInjection, "exec", pattern.New(`(?:(?:^|[^.\w$])(?:exec|execSync)|\b(?:child_process|childProcess|cp)["')]*\.exec(?:Sync)?)\s*\(`), nil, first},
		},
	},
}

// flow follows what requests send through the lines of one file.
type flow struct {
	s       *scanner
	l       flowing
	lang    string
	global  map[string]bool
	local   map[string]bool // of a function of Python
	fetched map[string]bool // variables that hold what another server sent
	given   map[string]bool // arguments of the function
	routed  []string        // names in the address that a decorator says a function is for
	server  bool
	listens bool // the program hears of a broker or a socket
	inside  bool // of a function that is called with what they bring
	depth   int  // how far that is set in
	checked bool // paths are looked at, in this function or this file
}

const (
	maxFlow  = 256 << 10 // bytes of a script that are followed
	maxTaint = 256
)

var (
	assigns    = pattern.New(`^\s*(?:local\s+|my\s+|var\s+|let\s+|const\s+|our\s+)?\(?([$@]?[A-Za-z_]\w*)\)?\s*(?::\s*\w+\s*)?([+.]?=)\s*[^=~>]`)
	unpacks    = pattern.New(`^\s*(?:var|let|const)\s*\{([^{}]*)\}\s*=`)
	routes     = pattern.New(`^\s*@[\w.]+\.(?:route|get|post|put|delete|patch|websocket)\(`)
	routeNames = pattern.New(`[<{](?:\w+:)?(\w+)(?::\w+)?[>}]`)
	defines    = pattern.New(`^(\s*)(?:async\s+)?def\s+\w+\s*\(([^)]*)`)
	otherHosts = pattern.New(`\b(?:urlopen|requests\.(?:get|post|request)|httpx\.(?:get|post)|session\.get)\(`)
	named1     = pattern.New(`[$@]?[A-Za-z_]\w*`)
)

// follow looks for what a request sends in calls that must not have it.
func (s *scanner) follow(lang string) {
	l, ok := flows[lang]
	data := s.f.Data[:min(len(s.f.Data), maxFlow)]
	if !ok {
		return
	}
	f := &flow{s: s, l: l, lang: lang, global: map[string]bool{}, local: map[string]bool{}, fetched: map[string]bool{}, given: map[string]bool{}}
	f.server = lang == "python" && (pythonServer.Match(data) || bytes.Contains(data, []byte("bottle")))
	f.checked = lang != "python" && pathChecks.Match(data)
	f.listens = hears(data)
	if !l.source.Match(data) && !f.server && !f.listens && !otherHosts.Match(data) {
		return
	}
	off := 0
	for off < len(data) {
		end := statement(data, off)
		if end-off <= 2*maxLine && !s.f.Comment(off) {
			f.line(string(data[off:end]), off)
		}
		off = end
		if s.full {
			return
		}
	}
}

// statement is the end of the line at off, and of those behind it that belong to
// the same call.
func statement(data []byte, off int) int {
	end, depth := off, 0
	for range 6 {
		i := bytes.IndexByte(data[end:], '\n')
		if i < 0 {
			return len(data)
		}
		line := data[end : end+i]
		depth += bytes.Count(line, []byte("(")) - bytes.Count(line, []byte(")"))
		end += i + 1
		if depth <= 0 || bytes.HasSuffix(bytes.TrimRight(line, " \t\r"), []byte("{")) {
			break
		}
	}
	return end
}

func (f *flow) line(text string, off int) {
	if f.lang == "python" {
		f.python(text, off)
	}
	f.listener(text)
	if !f.l.pieces {
		f.piece(text, off)
		return
	}
	for piece := range strings.SplitAfterSeq(text, ";") {
		f.piece(piece, off)
		off += len(piece)
	}
}

// python follows where functions begin and end, and what they are given.
func (f *flow) python(text string, off int) {
	m := defines.FindStringSubmatch(text)
	switch {
	case m != nil:
		clear(f.local)
		clear(f.given)
		for p := range strings.SplitSeq(m[2], ",") {
			p, _, _ = strings.Cut(p, "=")
			p, _, _ = strings.Cut(p, ":")
			if p = strings.Trim(p, " *\t\n"); p != "" && p != "self" && len(f.given) < maxTaint {
				f.given[p] = true
				f.local[p] = slices.Contains(f.routed, p)
			}
		}
		f.routed = nil
		rest := f.s.f.Data[off:min(len(f.s.f.Data), off+4096)]
		if i := bytes.Index(rest[1:], []byte("\n"+m[1]+"def ")); i >= 0 {
			rest = rest[:i]
		}
		f.checked = pathChecks.Match(rest)
	case routes.MatchString(text):
		for _, m := range routeNames.FindAllStringSubmatch(text, 16) {
			f.routed = append(f.routed, m[1])
		}
	case text != "" && text[0] > ' ' && text[0] != '@' && text[0] != '#' && text[0] != ')':
		clear(f.local)
		clear(f.given)
	}
}

// tainted says that text holds what a request sent, and where.
func (f *flow) tainted(text string) int {
	at := -1
	if m := f.l.source.FindStringIndex(text); m != nil {
		at = m[0]
	}
	if len(f.global)+len(f.local) == 0 {
		return at
	}
	bare := exposed(f.lang, text)
	for _, m := range named1.FindAllStringIndex(bare, 64) {
		if name := bare[m[0]:m[1]]; (f.global[name] || f.local[name]) && (m[0] == 0 || bare[m[0]-1] != '.') && (at < 0 || m[0] < at) && !isKeyword(bare[m[1]:]) {
			return m[0]
		}
	}
	return at
}

// isKeyword says that a name is that of an argument: name=….
func isKeyword(rest string) bool {
	return strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==")
}

func (f *flow) piece(text string, off int) {
	for _, o := range f.l.outlets {
		if o.word == "" || strings.Contains(text, o.word) {
			f.outlet(o, text, off)
		}
	}
	m := assigns.FindStringSubmatchIndex(text)
	if m == nil && f.lang == "lua" {
		f.spread(text)
		return
	}
	if m == nil {
		if u := unpacks.FindStringSubmatch(text); u != nil && f.l.source.MatchString(text) {
			for n := range strings.SplitSeq(u[1], ",") {
				n, _, _ = strings.Cut(n, "=")
				f.set(f.global, strings.TrimSpace(n), true)
			}
		}
		return
	}
	name, value := text[m[2]:m[3]], text[m[5]:]
	scope := f.scope(text)
	bad := f.tainted(value) >= 0 && !f.l.safe.MatchString(value)
	if text[m[4]:m[5]] == "=" || bad {
		f.set(scope, name, bad)
	}
	f.set(f.fetched, name, otherHosts.MatchString(value))
}

func (f *flow) set(scope map[string]bool, name string, on bool) {
	switch {
	case !on:
		delete(scope, name)
	case len(scope) < maxTaint && name != "request" && name != "req": // of which only the parts are what somebody sent
		scope[name] = true
	}
}

func (f *flow) outlet(o outlet, text string, off int) {
	m := o.call.FindStringIndex(text)
	if m == nil || f.l.safe.MatchString(text[m[0]:]) || o.safe != nil && o.safe.MatchString(text) || o.kind == PathTraversal && f.checked {
		return
	}
	args := arguments(text[m[1]:])
	if o.kind == PathTraversal && (f.lang == "perl" && strings.Contains(args, "|") || strings.Contains(args, "php://")) {
		return // a command, which is worse; the body of the request itself
	}
	bad := false
	switch o.how {
	case anywherein:
		bad = f.tainted(args) >= 0
	case listed:
		bad = f.tainted(args) >= 0 && (!strings.HasPrefix(strings.TrimSpace(args), "[") || strings.Contains(args, "shell=True") || strings.Contains(args, `-c"`)) && (strings.Contains(args, "shell=True") || !strings.Contains(text[m[0]:m[1]], "subprocess.") || strings.Contains(text[m[0]:m[1]], "output"))
	case first:
		bad = f.tainted(initial(args)) >= 0
	case address:
		a := initial(args)
		at := f.tainted(a)
		bad = at >= 0 && beforeHost.MatchString(a[:at])
	case loaded:
		a := initial(args)
		if otherHosts.MatchString(a) || f.holdsFetched(a) {
			f.s.add(off+m[0], inspect.Weakness{Kind: UpdateUnsigned, Name: f.lang, Text: strings.TrimSpace(text[m[0]:])})
			return
		}
		bad = f.tainted(a) >= 0
	case query:
		a := initial(args)
		bad = sqlText.MatchString(a) && (f.tainted(a) >= 0 || f.server && quotedHole.MatchString(a) && f.holdsGiven(a))
	}
	if bad {
		lead := len(text[m[0]:m[1]]) - len(strings.TrimLeft(text[m[0]:m[1]], " \t\n(=,;!&|"))
		name, _, _ := strings.Cut(strings.TrimSpace(text[m[0]+lead:m[1]]), "(")
		f.s.add(off+m[0]+lead, inspect.Weakness{Kind: o.kind, Name: name[:min(len(name), 40)], Text: strings.TrimSpace(text[m[0]+lead:])})
	}
}

// holdsFetched says that text holds a variable with what another server sent.
func (f *flow) holdsFetched(text string) bool {
	return slices.ContainsFunc(named1.FindAllString(exposed(f.lang, text), 64), func(n string) bool { return f.fetched[n] })
}

// holdsGiven says that a text is made of an argument of the function.
func (f *flow) holdsGiven(text string) bool {
	return slices.ContainsFunc(named1.FindAllString(exposed(f.lang, text), 64), func(n string) bool { return f.given[n] })
}

// arguments is text up to the bracket that closes a call.
func arguments(text string) string {
	return piece(text, func(c byte, depth int) bool { return depth < 0 && strings.IndexByte(")]}", c) >= 0 })
}

// initial is the first one of arguments.
func initial(args string) string {
	return piece(args, func(c byte, depth int) bool { return depth == 0 && c == ',' })
}

// piece is text up to the first byte outside of quotes for which end holds; depth
// is how many brackets are open behind it.
func piece(text string, end func(c byte, depth int) bool) string {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
			continue
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '"' || c == '\'' || c == '`':
			quote = c
			continue
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		}
		if end(c, depth) {
			return text[:i]
		}
	}
	return text
}

// exposed is text without what stands in quotes, but for what a language replaces
// in them: names of columns are no variables.
func exposed(lang, text string) string {
	out := []byte(text)
	quote, keep := byte(0), false
	brace := 0
	for i := 0; i < len(out); i++ {
		c := out[i]
		switch {
		case quote == 0:
			if c == '"' || c == '\'' || c == '`' {
				quote, brace = c, 0
				keep = lang == "python" && i > 0 && (out[i-1] == 'f' || out[i-1] == 'F') || lang == "node" && c == '`' || (lang == "php" || lang == "perl") && c == '"'
			}
		case c == '\\':
			out[i] = ' '
			if i++; i < len(out) {
				out[i] = ' '
			}
		case c == quote:
			quote = 0
		case keep && (lang == "php" || lang == "perl"): // their variables have a mark of their own
		case keep && c == '{':
			brace++
		case keep && c == '}':
			brace = max(0, brace-1)
		case !keep || brace == 0:
			if c >= 'A' {
				out[i] = ' '
			}
		}
	}
	return string(out)
}
