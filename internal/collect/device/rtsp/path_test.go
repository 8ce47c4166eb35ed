package rtsp

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"assay/internal/collect/device/peertest"

	"github.com/google/go-cmp/cmp"
)

// paths is a server that has one stream, behind Basic.
type paths struct {
	stream    string
	authFirst bool // asks for the password before it looks at the path

	mu    sync.Mutex
	asked []string // "METHOD path", with "*" where a credential was sent
	hosts map[string]bool
}

func (s *paths) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		var lines []string
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line = strings.TrimRight(line, "\r\n"); line == "" {
				break
			}
			lines = append(lines, line)
		}
		first := strings.Fields(lines[0])
		host, path, _ := strings.Cut(strings.TrimPrefix(first[1], "rtsp://"), "/")
		auth, cseq := "", ""
		for _, l := range lines[1:] {
			if v, ok := strings.CutPrefix(l, "Authorization: "); ok {
				auth = v
			}
			if v, ok := strings.CutPrefix(l, "CSeq: "); ok {
				cseq = v
			}
		}
		mark := ""
		if auth != "" {
			mark = "*"
		}
		s.mu.Lock()
		s.asked = append(s.asked, first[0]+" /"+path+mark)
		s.hosts[host] = true
		s.mu.Unlock()
		status, head, body := "404 Not Found", "", ""
		granted := auth == "Basic Y2FtOlMzY3JldC13b3Jk"
		switch {
		case first[0] == "OPTIONS":
			status, head = "200 OK", "Public: OPTIONS, DESCRIBE\r\n"
		case !granted && (s.authFirst || "/"+path == s.stream):
			status, head = "401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n"
		case "/"+path == s.stream:
			status, body = "200 OK", "v=0\r\n"
		}
		if _, err := fmt.Fprintf(c, "RTSP/1.0 %s\r\nCSeq: %s\r\n%sContent-Length: %d\r\n\r\n%s", status, cseq, head, len(body), body); err != nil {
			return
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	wrong := Credential{User: "cam", Password: "S3cret-wird"}
	for name, tt := range map[string]struct {
		s         *paths
		cfg       Config
		cred      *Credential
		anonymous Outcome
		before    Outcome
		path      string
		asked     []string
	}{
		"found": {&paths{stream: "/h264"}, Config{Search: true}, &good, Denied, Allowed, "/h264",
			[]string{"OPTIONS /", "DESCRIBE /", "DESCRIBE /live", "DESCRIBE /stream1", "DESCRIBE /h264",
				"DESCRIBE /h264", "DESCRIBE /h264*", "DESCRIBE /h264", "DESCRIBE /h264*"}},
		"nowhere": {&paths{stream: "/elsewhere"}, Config{Search: true}, nil, NotFound, "", "",
			[]string{"OPTIONS /", "DESCRIBE /", "DESCRIBE /live", "DESCRIBE /stream1", "DESCRIBE /h264", "DESCRIBE /Streaming/Channels/101", "DESCRIBE /cam/realmonitor?channel=1&subtype=0"}},
		"no_search": {&paths{stream: "/h264"}, Config{}, nil, NotFound, "", "", []string{"OPTIONS /", "DESCRIBE /"}},
		"declared": {&paths{stream: "/x/1"}, Config{Path: "/x/1"}, &good, Denied, Allowed, "/x/1",
			[]string{"OPTIONS /x/1", "DESCRIBE /x/1", "DESCRIBE /x/1", "DESCRIBE /x/1*", "DESCRIBE /x/1", "DESCRIBE /x/1*"}},
		"auth_first": {&paths{stream: "/h264", authFirst: true}, Config{Search: true}, &good, Denied, NotFound, "",
			[]string{"OPTIONS /", "DESCRIBE /", "DESCRIBE /", "DESCRIBE /*"}},
		"typo": {&paths{stream: "/"}, Config{Search: true}, &wrong, Denied, Denied, "",
			[]string{"OPTIONS /", "DESCRIBE /", "DESCRIBE /", "DESCRIBE /*"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.s.hosts = map[string]bool{}
			p := New(Dial(peertest.Pipe(t, tt.s.serve)), tt.cfg)
			r := p.Probe(t.Context(), tt.cred)
			if r.Anonymous.Outcome != tt.anonymous || r.Before.Outcome != tt.before || r.Path != tt.path {
				t.Errorf("anonymous %s, control %s, path %q: %+v", r.Anonymous.Outcome, r.Before.Outcome, r.Path, r)
			}
			tt.s.mu.Lock()
			defer tt.s.mu.Unlock()
			if diff := cmp.Diff(tt.asked, tt.s.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if tt.s.hosts["device"] || len(tt.s.hosts) != 1 {
				t.Errorf("hosts %v", tt.s.hosts)
			}
		})
	}
}
