package threat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"assay/internal/product"
)

var (
	radioProtocols = []string{"bluetooth-le", "bluetooth", "ble", "zigbee", "thread", "z-wave", "wifi", "softap", "wifi-softap", "nfc", "lora", "lorawan", "sub-ghz", "matter-ble", "rf"}
	mediaProtocols = []string{"rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srtp", "dtls-srtp", "webrtc", "hls", "p2p"}
	fieldProtocols = []string{"modbus", "modbus-tcp", "opc-ua", "opcua", "bacnet", "profinet", "ethernet-ip", "can", "knx", "dnp3", "iec-104", "iec-61850", "s7"}
	openProtocols  = []string{"http", "rtsp", "rtp", "rtmp", "mqtt", "amqp", "coap", "telnet", "ftp", "tftp", "ntp", "sntp", "dns", "mdns", "ssdp", "upnp", "ws", "ws-discovery", "syslog", "snmp",
		"snmpv1", "snmpv2c", "modbus", "modbus-tcp", "bacnet", "profinet", "ethernet-ip", "can", "dnp3", "iec-104", "s7", "smtp", "ldap", "sip", "onvif", "udp", "tcp", "p2p", "stun"}
	closedProtocols = []string{"https", "rtsps", "rtmps", "mqtts", "amqps", "coaps", "tls", "dtls", "srtp", "dtls-srtp", "webrtc", "ssh", "sftp", "ftps", "wss", "doh", "dot", "nts", "quic", "ipsec",
		"wireguard", "vpn", "smtps", "ldaps", "sips", "snmpv3", "http/3", "matter"}
)

// encrypted says what a protocol's name says about its content.
func encrypted(protocol string) string {
	switch {
	case slices.Contains(closedProtocols, protocol):
		return yes
	case slices.Contains(openProtocols, protocol):
		return no
	}
	return unknown
}

// weakest is the authentication of several flows that are one element: none
// where one has none, unknown where one doesn't say, else that of the first.
func weakest(auths []string) string {
	switch {
	case slices.Contains(auths, "none"):
		return "none"
	case slices.Contains(auths, ""):
		return unknown
	}
	return auths[0]
}

func answer(b *bool) string {
	switch {
	case b == nil:
		return unknown
	case *b:
		return yes
	}
	return no
}

// says reports whether a maker's text has one of some words, in lower case:
// whole words or their plural, a beginning where the word ends in *, and
// anywhere where it has a space or a hyphen in it or is Chinese. "lock" is not
// in "clock".
func says(text string, words ...string) bool {
	text = strings.ToLower(text)
	tokens := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, func(w string) bool {
		if strings.ContainsAny(w, " -") || w[0] >= utf8.RuneSelf {
			return strings.Contains(text, w)
		}
		stem, open := strings.CutSuffix(w, "*")
		return slices.ContainsFunc(tokens, func(t string) bool {
			return t == w || t == w+"s" || open && strings.HasPrefix(t, stem)
		})
	})
}

func senses(transducers []string) (sees, hears, acts bool) {
	for _, t := range transducers {
		sees = sees || says(t, "image", "imager", "camera", "video", "lidar", "depth", "thermal", "radar")
		hears = hears || says(t, "microphone", "audio in", "mic")
		acts = acts || says(t, "motor", "lock", "relay", "valve", "heater", "actuator", "siren", "pump", "dimmer", "drive", "brake", "gripper", "lamp", "opener")
	}
	return sees, hears, acts
}

// radios are the network interfaces that reach through walls.
func radios(network []string) []string {
	out := []string{}
	for _, n := range network {
		if says(n, "wifi*", "wi-fi", "wlan", "bluetooth*", "ble", "zigbee*", "thread", "z-wave", "nfc", "lora*", "sub-ghz", "rf", "radio", "802.15.4") {
			out = append(out, n)
		}
	}
	return out
}

// isMedia says that data show or let hear people.
func (s *survey) isMedia(id string) bool {
	d, ok := s.data[id]
	return ok && d.Category == "sensitive-personal" &&
		says(id+" "+d.Purpose, "video*", "image*", "picture", "clip", "snapshot", "photo*", "sound", "audio", "voice", "recording", "live view", "livestream")
}

func ordered(in []Entry) []Entry {
	var out []Entry
	for _, e := range Entries() {
		if slices.Contains(in, e) {
			out = append(out, e)
		}
	}
	return out
}

// reach says from where a component can be attacked: what it listens on,
// what its radios hear, whom it talks to, and who can take it into the hand.
func (s *survey) reach(component string) []Entry {
	c, ok := s.components[component]
	if !ok {
		return nil
	}
	out := []Entry{Supply}
	add := func(e Entry) {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	switch {
	case s.far(component):
		add(Remote) // what makers run is reached over the Internet
	case s.zones[component] == ZonePhone:
		add(Physical) // a phone that is lost or lent
		add(Remote)   // stores, links and messages come from the Internet
	default:
		if c.Kind == "device" || c.Kind == "gateway" {
			add(Physical)
		}
	}
	if len(radios(c.Network)) > 0 {
		add(Nearby)
	}
	for _, f := range s.listens[component] {
		for _, e := range s.entriesOf(*f) {
			add(e)
		}
	}
	if len(s.flows[component]) > 0 {
		add(Peer)
	}
	return ordered(out)
}

// exposed says that a device stands where strangers pass.
func (s *survey) exposed() bool {
	if s.p.Identity.Category == "doorbell" {
		return true
	}
	return slices.ContainsFunc(s.p.Environments, func(e product.Environment) bool {
		return says(e.ID+" "+e.Note, "outdoor*", "street", "public", "yard", "by hand", "戶外", "室外", "公共", "門口")
	})
}

// entriesOf says from where an interface can be attacked.
func (s *survey) entriesOf(f product.Interface) []Entry {
	protocol := strings.ToLower(f.Protocol)
	switch {
	case f.Physical:
		return []Entry{Physical, Supply}
	case slices.Contains(radioProtocols, protocol):
		return []Entry{Nearby}
	}
	out := []Entry{Local}
	if s.far(f.On) {
		out = []Entry{Remote}
	}
	if c := s.components[f.On]; c != nil && slices.ContainsFunc(c.Network, func(n string) bool { return says(n, "cellular", "lte*", "5g", "4g", "gsm", "nb-iot") }) {
		out = append(out, Remote) // the operator's network is the Internet
	}
	for _, i := range s.flows[f.On] {
		x := s.p.Flows[i]
		// A flow that names no interface goes to the one that speaks its protocol.
		if x.Interface != f.ID && (x.Interface != "" || x.To != f.On || !strings.EqualFold(x.Protocol, f.Protocol)) {
			continue
		}
		if s.remote(x.From, x.To) {
			out = append(out, Remote)
		}
		out = append(out, Peer)
	}
	return ordered(out)
}

// onTheWay says from where the flows of a bundle can be reached: on the local
// network, on the Internet, in the air, or from the other end.
func (s *survey) onTheWay(b *bundle) []Entry {
	protocol := strings.ToLower(s.p.Flows[b.members[0]].Protocol)
	if i, ok := s.interfaces[s.p.Flows[b.members[0]].Interface]; ok && protocol == "" {
		protocol = strings.ToLower(i.Protocol)
	}
	switch {
	case slices.Contains(radioProtocols, protocol):
		return []Entry{Nearby, Peer}
	case s.remote(b.from, b.to):
		return []Entry{Remote, Local, Peer}
	}
	return []Entry{Local, Peer}
}

// remote says that a connection leaves for the Internet or for what is run
// there.
func (s *survey) remote(from, to string) bool { return s.far(from) || s.far(to) }

// far says that a component is run elsewhere: by the maker, by others, or out
// in the Internet. A zone with a name of its own says nothing about that, so
// what the component is does.
func (s *survey) far(component string) bool {
	switch s.zones[component] {
	case ZoneInternet, ZoneMaker, ZoneThird:
		return true
	case ZonePremises, ZonePhone:
		return false
	}
	c, ok := s.components[component]
	if !ok {
		return true
	}
	z := usual(*c)
	return z == ZoneMaker || z == ZoneThird
}
