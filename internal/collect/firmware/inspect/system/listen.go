package system

import (
	"bytes"
	"slices"
	"strings"

	"assay/internal/pattern"
)

var (
	// A function that is called with what a broker or a socket brings, and its
	// arguments.
	hearing = pattern.New(`(?i)\bon_?\w{0,12}?(?:message|msg|publish|data|command|cmd|rec(?:ei)?ved?|recv|payload|text|downlink)\w*\b|(?:message|msg|mqtt|cmd|command|ws|payload|push|downlink)_?(?:callback|cb|handler|received|arrived|listener)\b|\b(?:handle|process|dispatch|do|exec)_?(?:message|msg|command|cmd|mqtt|payload|push|downlink)\w*\b|\bprocmsg\b|\b\w*callback\b|[:.]on\(\s*["'](?:message|data|command|cmd|text|publish|packet|downlink|rpc|exec|shell)["']|\.(?:consume|subscribe)\(|\baddEventListener\(\s*["']message["']`)
	given   = pattern.New(`\bfunction\b\s*[\w.:]*\s*\(([^()]*)\)|\(([^()]*)\)\s*=>|\b(\w+)\s*=>|\bdef\s+\w+\s*\(([^()]*)\)`)
	looping = pattern.New(`^\s*for\s+(\w+(?:\s*,\s*\w+)*)\s+in\s+(.+)`)
	several = pattern.New(`^\s*(?:local\s+)?(\w+(?:\s*,\s*\w+)+)\s*=([^=].*)`)
	member  = pattern.New(`^\s*([A-Za-z_]\w*)(?:\[[^\]\n]*\]|\.\w+)+\s*=([^=].*)`)
)

// brokers are words of programs that hear of a broker or a socket.
var brokers = []string{"mqtt", "MQTT", "ebsocket", "ebSocket", "ebSOCKET", "amqp", "pika", "paho", "stomp", "socket.io", "n_message", "onMessage", "onmessage", "abbitmq", "zmq", "require(\"ws\")", "require('ws')"}

// hears says that a program names one of them.
func hears(data []byte) bool {
	return slices.ContainsFunc(brokers, func(w string) bool { return bytes.Contains(data, []byte(w)) })
}

// plumbing are arguments of such functions that hold nothing that was sent.
var plumbing = map[string]bool{"topic": true, "client": true, "userdata": true, "self": true, "this": true, "ch": true, "channel": true, "method": true, "properties": true, "props": true, "ws": true, "mid": true, "qos": true, "retain": true, "retained": true, "flags": true,
	"conn": true, "connection": true, "sock": true, "socket": true, "obj": true, "rc": true, "err": true, "error": true, "next": true, "cb": true, "callback": true, "done": true, "mqtt": true, "mosq": true, "ctx": true, "_": true, "dup": true, "app": true, "isbinary": true, "req": true, "request": true, "res": true, "response": true}

// listener notes what the function that a line begins is called with, and clears
// it where the function ends. Python's functions end by themselves.
func (f *flow) listener(text string) {
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	if f.lang != "python" && f.inside && indent <= f.depth && strings.TrimSpace(text) != "" && closesFunction(text[indent:]) {
		f.inside = false
		clear(f.local)
		return
	}
	if !f.listens || !strings.Contains(text, "(") || !hearing.MatchString(text) {
		return
	}
	m := given.FindStringSubmatch(text)
	if m == nil {
		return
	}
	f.inside, f.depth = f.lang != "python", indent
	for p := range strings.SplitSeq(m[1]+m[2]+m[3]+m[4], ",") {
		p, _, _ = strings.Cut(p, "=")
		p, _, _ = strings.Cut(p, ":")
		if p = strings.Trim(p, " *\t\n"); p != "" && !plumbing[strings.ToLower(strings.TrimLeft(p, "$_"))] {
			f.set(f.local, p, true)
		}
	}
}

func closesFunction(text string) bool {
	return strings.HasPrefix(text, "end") || strings.HasPrefix(text, "}") || strings.HasPrefix(text, "function ") || strings.HasPrefix(text, "local function ")
}

// spread follows values of Lua into several variables at once, into those of a
// loop, and into a table.
func (f *flow) spread(text string) {
	if len(f.global)+len(f.local) == 0 && !f.l.source.MatchString(text) {
		return
	}
	m := looping.FindStringSubmatch(text)
	if m == nil {
		m = several.FindStringSubmatch(text)
	}
	if m == nil {
		m = member.FindStringSubmatch(text)
	}
	if m == nil || f.tainted(m[2]) < 0 || f.l.safe.MatchString(m[2]) {
		return
	}
	for n := range strings.SplitSeq(m[1], ",") {
		f.set(f.scope(text), strings.TrimSpace(n), true)
	}
}

// scope is where the variables of a line are kept.
func (f *flow) scope(text string) map[string]bool {
	if f.inside || f.lang == "python" && text != "" && text[0] <= ' ' {
		return f.local
	}
	return f.global
}
