package httpprobe

import (
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"assay/internal/collect/device/httpwire"
	"assay/internal/pattern"
)

const (
	maxDepth   = 8
	maxMembers = 4096
	maxTitle   = 256
)

// members lists the members of every object in a JSON text, with lower-case
// names; nil when it is no JSON object or array.
func members(body []byte) []member {
	var v any
	if len(body) == 0 || json.Unmarshal(body, &v) != nil {
		return nil
	}
	var list []member
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > maxDepth || len(list) > maxMembers {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				list = append(list, member{k, strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(k)), x})
				walk(x, depth+1)
			}
		case []any:
			for _, x := range v {
				walk(x, depth+1)
			}
		}
	}
	walk(v, 0)
	return list
}

// member is one member of a JSON object; key is its name in lower case without
// dashes and underscores.
type member struct {
	name, key string
	value     any
}

// truthy reads true, "true", "yes", "required" and numbers other than 0.
func truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "1", "required":
			return true
		}
	}
	return false
}

var mustChangeKeys = map[string]bool{
	"mustchange": true, "mustchangepassword": true, "changepassword": true, "passwordchangerequired": true,
	"forcepasswordchange": true, "forcechangepassword": true, "requirepasswordchange": true,
	"needpasswordchange": true, "passwordexpired": true, "initialpassword": true, "defaultpassword": true,
}

var (
	lockText   = pattern.New(`(?i)\blocked\b|lock[- ]?out|too many|try again later|temporarily blocked|鎖定|次數過多|稍後再試`)
	changeText = pattern.New(`(?i)must (first )?change|change (the |your )?(default |initial )?password|password must be changed|變更(預設)?(通行碼|密碼)`)
	titleText  = pattern.New(`(?is)<title[^>]*>(.*?)</title`)
	passInput  = pattern.New(`(?i)type=["']?password`)
)

func mustChange(resp *httpwire.Response, ms []member) bool {
	for _, m := range ms {
		if mustChangeKeys[m.key] && truthy(m.value) {
			return true
		}
	}
	return resp.Status == 403 && changeText.Match(resp.Body)
}

// locked reads whether an answer speaks of a lock. Plain text counts only with
// 403, because a 401 may warn of a lock that is yet to come.
func locked(resp *httpwire.Response, ms []member) bool {
	if resp.Status == 429 || resp.Status == 423 {
		return true
	}
	if resp.Status/100 == 4 && resp.Header.Get("Retry-After") != "" {
		return true
	}
	for _, m := range ms {
		switch m.key {
		case "locked", "lockedout", "lockout", "accountlocked", "islocked":
			if truthy(m.value) {
				return true
			}
		}
	}
	return resp.Status == 403 && lockText.Match(resp.Body)
}

// retryAfter reads how long a lock is announced to last, from the header (RFC
// 9110 section 10.2.3) or from JSON; 0 when it isn't.
func retryAfter(resp *httpwire.Response, ms []member, now time.Time) time.Duration {
	const longest = 10 * 365 * 24 * time.Hour
	seconds := func(f float64) time.Duration {
		if f <= 0 || f > longest.Seconds() {
			return 0
		}
		return time.Duration(f * float64(time.Second))
	}
	if v := resp.Header.Get("Retry-After"); v != "" {
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return seconds(f)
		}
		if at, err := http.ParseTime(v); err == nil {
			if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
				now = date // the device's clock may be off
			}
			return max(0, min(longest, at.Sub(now)))
		}
	}
	for _, m := range ms {
		switch m.key {
		case "retryafter", "lockseconds", "lockoutseconds", "locktime", "remainingseconds", "unlockin":
			if f, ok := m.value.(float64); ok {
				return seconds(f)
			}
		}
	}
	return 0
}

// failure reports any sign of a failed login in a JSON answer of status 2xx.
func failure(ms []member) bool {
	for _, m := range ms {
		switch m.key {
		case "success", "ok", "authenticated", "loggedin", "authorized":
			if b, isBool := m.value.(bool); isBool && !b {
				return true
			}
		case "error", "errormessage":
			switch v := m.value.(type) {
			case string:
				if v != "" && !strings.EqualFold(v, "ok") && !strings.EqualFold(v, "none") {
					return true
				}
			case float64:
				if v != 0 {
					return true
				}
			case bool:
				if v {
					return true
				}
			}
		case "result", "status":
			if v, isString := m.value.(string); isString {
				switch strings.ToLower(v) {
				case "fail", "failed", "failure", "error", "denied", "unauthorized", "invalid":
					return true
				}
			}
		}
	}
	return false
}

var tokenKeys = map[string]bool{"token": true, "accesstoken": true, "jwt": true, "sessiontoken": true}

// token finds a session's token in a JSON answer.
func (a API) token(ms []member) string {
	for _, m := range ms {
		v, ok := m.value.(string)
		if !ok || v == "" || len(v) > 8192 || strings.ContainsAny(v, "\r\n") {
			continue
		}
		if a.TokenField != "" && m.name == a.TokenField || a.TokenField == "" && tokenKeys[m.key] {
			return v
		}
	}
	return ""
}

// secretsOf lists values of a JSON answer that look like keys to something.
func secretsOf(body []byte) []string {
	var list []string
	for _, m := range members(body) {
		v, ok := m.value.(string)
		if !ok || len(v) < 6 {
			continue
		}
		for _, k := range []string{"token", "passw", "passphrase", "secret", "session", "jwt", "apikey", "psk", "privatekey", "nonce", "cookie"} {
			if strings.Contains(m.key, k) || m.key == "sid" {
				list = append(list, v)
				break
			}
		}
	}
	return list
}

// title returns the title of an HTML page or of a JSON answer.
func title(body []byte) string {
	if m := titleText.FindSubmatch(body); m != nil {
		return clip(strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " "))
	}
	found := map[string]string{}
	for _, m := range members(body) {
		if v, ok := m.value.(string); ok && found[m.key] == "" {
			found[m.key] = v
		}
	}
	for _, k := range []string{"title", "model", "product", "devicename", "name"} {
		if found[k] != "" {
			return clip(found[k])
		}
	}
	return ""
}

func clip(s string) string {
	if len(s) > maxTitle {
		s = s[:maxTitle]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
