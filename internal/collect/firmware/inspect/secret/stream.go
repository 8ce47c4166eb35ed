package secret

import (
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// streamKey is the end of an address that video is sent to: whoever has it sends
// in the owner's name. YouTube parts it in four or five, Twitch and Facebook
// have marks in front.
var streamKey = pattern.New(`^[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9_.-]+/((?:[a-z0-9]{4}-){3,4}[a-z0-9]{4}|live_[0-9]+_[A-Za-z0-9]{20,40}|FB-[0-9]+-[0-9]+-[A-Za-z0-9_-]+)(?:[?"'\s]|$)`)

// stream looks at the path of an RTMP address for the key of a stream.
func (s *scanner) stream(_, end int) {
	if s.prose() || s.f.Kind != inspect.Text && !s.f.InStrings(end) || s.f.Comment(end) {
		return
	}
	m := streamKey.FindSubmatchIndex(s.f.Data[end:min(len(s.f.Data), end+300)])
	if m == nil {
		return
	}
	if v := string(s.f.Data[end+m[2] : end+m[3]]); digit(v) && !s.placeholder(v) {
		s.add(end+m[2], Hit{Kind: Token, Value: v, Scheme: "rtmp", Note: "key of a stream"})
	}
}

// headerSecret is a comparison of a header of a request that makers invented
// with a literal.
var headerSecret = pattern.New(`^[^=\n"']{0,60}["'}\])]{0,4}\s*(={1,3})\s*["']([^"'\n$]{6,64})["']`)

// plainHeader is in names of headers that say who or what asks.
var plainHeader = pattern.New(`(?i)(version|requested|powered|client|frame|content|forward|real|mobile|app[-_]?id|device|platform|language|agent|type|host|name|id\b)`)

// headerValue looks at what a page demands of a header with a name of its own:
// [ "$HTTP_X_FACTORY" = "x" ], request.headers.get("X-Factory") == "x".
func (s *scanner) headerValue(_, end int) {
	f := s.f
	if f.Kind != inspect.Text || s.prose() || s.library || f.Role != inspect.Script && f.Role != inspect.Web && !codeFile(f.Path) || f.Comment(end) {
		return
	}
	m := headerSecret.FindSubmatchIndex(f.Data[end:min(len(f.Data), end+160)])
	if m == nil {
		return
	}
	if equals := m[3] - m[2]; equals < 2 && !f.Shell() || plainHeader.Match(f.Data[end:end+m[2]]) {
		return // an assignment, or what says who somebody is and not that he is it
	}
	v := string(f.Data[end+m[4] : end+m[5]])
	if !chosen(v) && (!random(v) || strings.ContainsAny(v, "(){}[]<>,;: ")) || s.placeholder(v) || strings.EqualFold(v, "XMLHttpRequest") {
		return
	}
	s.add(end+m[4], Hit{Kind: Token, Value: v, Scheme: "http", Note: "a header is compared with it"})
}
