package httpprobe

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"assay/internal/collect/device/httpwire"
	"assay/internal/pattern"
)

// Two answers to one request are compared because a status alone grants and
// refuses nothing: interfaces answer 200 with the login page, or with an
// error in JSON. The bounds below are of our own.
const (
	maxCompared  = 256 << 10 // bytes of a body that are compared
	shortAnswer  = 600       // letters of a page that says only one thing
	shapeAlike   = 0.75      // Jaccard index of the members of two JSON texts
	textAlike    = 0.8       // … of the word triples of two texts
	maxSizeRatio = 8         // between two pictures of one scene
)

// content is what is kept of an answer to compare it with another.
type content struct {
	status int
	kind   string // media type, lower case
	length string // Content-Length as sent
	body   []byte
	json   any // nil when the body is no JSON
}

func contentOf(resp *httpwire.Response) *content {
	c := &content{status: resp.Status, length: resp.Header.Get("Content-Length"), body: resp.Body}
	c.body = c.body[:min(len(c.body), maxCompared)]
	raw := resp.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(raw); err == nil {
		c.kind = kind
	} else {
		kind, _, _ := strings.Cut(raw, ";")
		c.kind = strings.ToLower(strings.TrimSpace(kind))
	}
	if b := bytes.TrimSpace(resp.Body); len(b) > 0 && (b[0] == '{' || b[0] == '[') && json.Unmarshal(b, &c.json) != nil {
		c.json = nil
	}
	return c
}

var (
	refusalText = pattern.New(`(?i)\b(unauthori[sz]ed|not authori[sz]ed|access (is )?denied|permission denied|no permission|forbidden|` +
		`not logged ?in|not login|(please|must|need to) (log|sign) ?in|(please|must) authenticate|log ?in (first|required)|` +
		`authentication (is )?(required|failed)|(session|token) (has |is )?(expired|timed? ?out|invalid)|invalid (session|token))\b|` +
		`請先?登入|尚?未登入|重新登入|權限不足|沒有權限|请先?登录|未登录`)
	loginTitle = pattern.New(`(?i)^\W*(log|sign) ?in\b|\b(log|sign) ?in\W*$|登入|登录`)
	failWord   = map[string]bool{"fail": true, "failed": true, "failure": true, "error": true, "denied": true, "unauthorized": true, "unauthorised": true, "forbidden": true, "invalid": true}
)

// loginPage reports whether an answer is a page that asks for a password.
func (c *content) loginPage() bool {
	return c.json == nil && (passInput.Match(c.body) || loginTitle.MatchString(title(c.body)))
}

// refusal reports whether an answer of status 2xx says no all the same: it is
// the login page, an error in JSON, or a short text that speaks of a login.
func (c *content) refusal() bool {
	if c.json != nil {
		return errorShaped(c.json, 0)
	}
	if c.loginPage() {
		return true
	}
	if len(c.body) == 0 || bytes.IndexByte(c.body, 0) >= 0 {
		return false
	}
	seen, short := visible(string(c.body))
	return short && refusalText.MatchString(seen)
}

// visible is the text of a page without tags, scripts and styles; short says
// whether it has at most shortAnswer bytes. It takes time in proportion to the
// page, whatever the page is.
func visible(page string) (text string, short bool) {
	low := strings.Map(func(r rune) rune { // of the same length, byte for byte
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.ToValidUTF8(page, "?"))
	page = strings.ToValidUTF8(page, "?")
	var b strings.Builder
	for at := 0; at < len(page); {
		i := strings.IndexByte(page[at:], '<')
		if i < 0 {
			i = len(page) - at
		}
		for _, w := range strings.Fields(page[at : at+i]) {
			b.WriteString(w + " ")
		}
		if b.Len() > shortAnswer {
			return "", false
		}
		if at += i; at == len(page) {
			break
		}
		end := ">"
		for _, name := range []string{"script", "style"} {
			if strings.HasPrefix(low[at+1:], name) {
				end = "</" + name
			}
		}
		if i = strings.Index(low[at+1:], end); i < 0 {
			break // what isn't closed isn't shown
		}
		at += 1 + i + len(end)
		if end != ">" {
			if i = strings.IndexByte(page[at:], '>'); i < 0 {
				break
			}
			at += i + 1
		}
	}
	return b.String(), true
}

// errorShaped reports whether a JSON value as a whole is an error: an object
// whose own members say so (those of the things that it lists don't count),
// such an object in a wrapper, or a list of nothing else.
func errorShaped(v any, depth int) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if errorMember(strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(k)), x) {
				return true
			}
			if s, ok := x.(string); ok && len(v) <= 6 && len(s) <= shortAnswer && refusalText.MatchString(s) {
				return true
			}
			if len(v) == 1 && depth < 3 {
				switch x.(type) {
				case map[string]any, []any:
					return errorShaped(x, depth+1)
				}
			}
		}
	case []any:
		for i, x := range v {
			if i == 8 {
				break
			}
			if _, object := x.(map[string]any); !object || !errorShaped(x, depth+1) {
				return false
			}
		}
		return len(v) > 0 && depth < 3
	}
	return false
}

// errorMember reports whether one member of an answer says that it is an
// error. Numbers follow what APIs of cameras use: 0 and 200 are good, and a
// bare "code": 1 may mean either.
func errorMember(key string, v any) bool {
	n, isNumber := v.(float64)
	s, isString := v.(string)
	if isString {
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			n, isNumber = x, true
		}
	}
	b, isBool := v.(bool)
	low := strings.ToLower(strings.TrimSpace(s))
	switch key {
	case "success", "issuccess", "ok", "authenticated", "loggedin", "isloggedin", "authorized", "authorised":
		return isBool && !b || isNumber && n == 0 || low == "false"
	case "result":
		return isBool && !b || isNumber && n < 0 || failWord[low]
	case "error", "errors", "err", "errormessage", "errormsg", "errmsg", "fault", "exception":
		switch v := v.(type) {
		case map[string]any:
			return len(v) > 0
		case []any:
			return len(v) > 0
		}
		switch low {
		case "", "0", "ok", "none", "success", "no error", "false":
			return isNumber && n != 0 || isBool && b
		}
		return true
	case "errorcode", "errcode", "errno":
		return isNumber && n != 0
	case "code", "ret", "retcode", "returncode", "resultcode", "statuscode", "status", "httpstatus":
		return isNumber && (n < 0 || n >= 400 && n < 600 || n >= 40000 && n < 60000) || failWord[low]
	case "statusstring":
		return failWord[low] || refusalText.MatchString(s)
	}
	return false
}

// like reports whether two answers of status 2xx give the same thing: the
// same media type, and JSON of one shape, texts with the same words, or
// pictures of one format and about one size. Values may differ: time passes
// between two requests.
func (c *content) like(d *content) bool {
	if c == nil || d == nil || c.status/100 != d.status/100 || c.kind != d.kind {
		return false
	}
	if len(c.body) == 0 || len(d.body) == 0 {
		// An empty 200 says nothing; 201, 202 and 204 say that it was done,
		// and the answer to HEAD tells how long the body would be.
		if len(c.body) != len(d.body) || c.status != d.status {
			return false
		}
		return c.status != 200 || c.length == d.length && c.length != "" && c.length != "0"
	}
	if bytes.Equal(c.body, d.body) {
		return true
	}
	if c.json != nil || d.json != nil {
		return c.json != nil && d.json != nil && sameCodes(c.json, d.json) && jaccard(shape(c.json), shape(d.json)) >= shapeAlike
	}
	if picture(c.kind) {
		a, b := len(c.body), len(d.body)
		return http.DetectContentType(c.body) == http.DetectContentType(d.body) && max(a, b) <= maxSizeRatio*min(a, b)
	}
	return jaccard(shingles(c.body), shingles(d.body)) >= textAlike
}

func picture(kind string) bool {
	return strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "audio/") || kind == "application/octet-stream"
}

// sameCodes reports whether two envelopes hold the same result: an API may
// answer everything with {"code": …, "data": …}.
func sameCodes(a, b any) bool {
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		return okX == okY
	}
	for k, v := range x {
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(k)) {
		case "code", "ret", "retcode", "returncode", "resultcode", "statuscode", "errorcode", "errcode", "errno", "result", "success", "ok":
			switch v.(type) {
			case bool, float64, string:
				if w, ok := y[k]; ok && v != w {
					return false
				}
			}
		}
	}
	return true
}

// shape is the set of members of a JSON value, with the kinds of their
// values; elements of a list count as one.
func shape(v any) map[string]bool {
	set := map[string]bool{}
	var walk func(path string, v any, depth int)
	walk = func(path string, v any, depth int) {
		if depth > maxDepth || len(set) > maxMembers {
			return
		}
		kind := ""
		switch v := v.(type) {
		case map[string]any:
			kind = "{}"
			for k, x := range v {
				walk(path+"."+k, x, depth+1)
			}
		case []any:
			kind = "[]"
			for _, x := range v {
				walk(path+"[]", x, depth+1)
			}
		case string:
			kind = "s"
		case float64:
			kind = "n"
		case bool:
			kind = "b"
		default:
			kind = "null"
		}
		set[path+" "+kind] = true
	}
	walk("", v, 0)
	return set
}

// shingles is the set of triples of neighbouring words; numbers count as
// equal.
func shingles(body []byte) map[string]bool {
	words := strings.FieldsFunc(string(body), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		if strings.Trim(w, "0123456789") == "" {
			words[i] = "0"
		}
	}
	set := map[string]bool{}
	if len(words) < 3 {
		set[strings.Join(words, " ")] = true
		return set
	}
	for i := range len(words) - 2 {
		set[words[i]+" "+words[i+1]+" "+words[i+2]] = true
	}
	return set
}

func jaccard(a, b map[string]bool) float64 {
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 1
}

// answer reads what an answer says by itself.
func (c *content) answer(location string) Answer {
	switch {
	case c.status/100 == 2 && c.refusal(), c.status == 401, c.status == 403:
		return Denied
	case c.status/100 == 2:
		return Allowed
	case c.status/100 == 3 && toLogin(location):
		return Denied
	}
	return Ambiguous
}

func toLogin(location string) bool {
	low := strings.ToLower(location)
	for _, word := range []string{"login", "logon", "signin", "sign-in", "auth"} {
		if strings.Contains(low, word) {
			return true
		}
	}
	return false
}

// settle decides an answer to somebody who isn't entitled, beside what the
// entitled got for the same request. Only what resembles theirs was granted;
// where they got nothing, nothing shows that it was.
func settle(t *Trial, frames ...*Trial) {
	if t.got == nil {
		return
	}
	var theirs []*content
	for _, f := range frames {
		if f == nil || f.got == nil {
			continue
		}
		// A page of settings may hold a field for a password, too.
		if f.got.status/100 == 2 && f.Answer == Denied && f.got.loginPage() && !f.got.like(t.got) {
			f.Answer = Allowed
		}
		if f.Answer == Allowed {
			theirs = append(theirs, f.got)
		}
	}
	if len(theirs) == 0 {
		if t.Answer == Allowed {
			t.Answer = Ambiguous
		}
		return
	}
	alike := false
	for _, c := range theirs {
		alike = alike || c.like(t.got)
	}
	switch s := t.got.status; {
	case s/100 == 2 && alike && !t.got.refusal():
		t.Answer = Allowed
	case s/100 == 2 && !alike && t.got.refusal():
		t.Answer = Denied
	case s == 408 || s == 423 || s == 425 || s == 429: // not now, whoever asks
		t.Answer = Ambiguous
	case s/100 == 3 && s != 304, s/100 == 4:
		t.Answer = Denied
	default:
		t.Answer = Ambiguous
	}
}
