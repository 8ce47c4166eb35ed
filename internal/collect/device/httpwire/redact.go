package httpwire

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"sort"
	"strings"
	"sync"
)

// Mask stands where a secret stood.
const Mask = "[redacted]"

// Redactor masks secrets in transcripts. It is safe for concurrent use. The
// zero value knows no values yet, but masks credentials by their place.
type Redactor struct {
	mu     sync.Mutex
	values []string // longest first
	known  map[string]bool
}

// maxSecrets bounds the values remembered: a device may set a new cookie on
// every answer.
const maxSecrets = 4096

// Add remembers a secret in the forms in which it may stand in a message: as
// it is, and escaped for URLs, forms, JSON, HTML and Base64.
func (r *Redactor) Add(secret string) {
	if secret == "" {
		return
	}
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
		base64.StdEncoding.EncodeToString([]byte(secret))}
	if j, err := json.Marshal(secret); err == nil {
		forms = append(forms, strings.Trim(string(j), `"`))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]bool{}
	}
	for _, f := range forms {
		if !r.known[f] && len(r.values) < maxSecrets {
			r.known[f] = true
			r.values = append(r.values, f)
		}
	}
	sort.SliceStable(r.values, func(i, j int) bool { return len(r.values[i]) > len(r.values[j]) })
}

// secretFields hold credentials or keys to a session.
var secretFields = map[string]bool{
	"authorization": true, "proxy-authorization": true, "authentication-info": true,
	"x-auth-token": true, "x-csrf-token": true, "x-session-token": true, "x-api-key": true, "x-xsrf-token": true,
}

// Message masks a whole message: credential fields by their name, values of
// cookies, and every remembered value wherever it stands.
func (r *Redactor) Message(msg string) string {
	head, body, hasBody := strings.Cut(msg, "\r\n\r\n")
	list := strings.Split(head, "\r\n")
	for i, line := range list {
		name, value, ok := strings.Cut(line, ":")
		if i == 0 || !ok {
			continue
		}
		switch key := strings.ToLower(strings.TrimSpace(name)); {
		case key == "cookie":
			list[i] = name + ": " + maskPairs(value)
		case key == "set-cookie":
			pair, attributes, more := strings.Cut(value, ";")
			list[i] = name + ": " + maskPairs(pair)
			if more {
				list[i] += ";" + attributes
			}
		case key == "authorization" || key == "proxy-authorization":
			scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			list[i] = name + ": " + scheme + " " + Mask
			if len(scheme) > 10 { // no scheme: the value itself
				list[i] = name + ": " + Mask
			}
		case secretFields[key]:
			list[i] = name + ": " + Mask
		}
	}
	msg = strings.Join(list, "\r\n")
	if hasBody {
		msg += "\r\n\r\n" + body
	}
	return r.Text(msg)
}

// maskPairs masks the values of name=value pairs.
func maskPairs(s string) string {
	parts := strings.Split(s, ";")
	for i, p := range parts {
		if name, _, ok := strings.Cut(p, "="); ok {
			parts[i] = name + "=" + Mask
		} else if strings.TrimSpace(p) != "" {
			parts[i] = " " + Mask
		}
	}
	return strings.TrimSpace(strings.Join(parts, ";"))
}

// Text masks every remembered value.
func (r *Redactor) Text(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.values) == 0 {
		return s
	}
	pairs := make([]string, 0, 2*len(r.values))
	for _, v := range r.values {
		pairs = append(pairs, v, Mask)
	}
	// One pass over the text: what a mask holds is not masked again.
	return strings.NewReplacer(pairs...).Replace(s)
}
