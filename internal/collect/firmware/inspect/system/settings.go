package system

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

var (
	// <Value Name="SNMP_RW_COMMUNITY" Value="private"/>, as the settings of
	// routers are kept.
	xmlPair = pattern.New(`(?i)<\w+\s[^<>]*?\b(?:name|n|key|id)="([^"<>]{1,64})"\s+(?:value|v|val)="([^"<>]{1,64})"`)
	xmlLink = pattern.New(`(?i)\b(?:url|href|src|server|host|link|location|base)="(http://[^"<>\s]+)"`)

	renews   = pattern.New(`(?i)(?:^|[^a-z])(?:ota|fota|updates?|updater|upgrade|firmware|fw)(?:[^a-z]|$)`)
	renewKey = pattern.New(`(?:^|_)(?:ota|fota|updates?|upgrade|firmware|fw)_?(?:base_?|download_?|check_?)?(?:url|uri|server|host|address|link|site|source)$`)
	// An address that is renewed is not the firmware.
	dynamic = pattern.New(`(?i)ddns|dyndns|inadyn|no-?ip|\bmyip=|hostname=`)

	community = pattern.New(`(?:^|_)(?:ro|rw|get|set|read|write|trap)?_?community(?:_?(?:ro|rw|read|write|string|name))?$`)
	manages   = pattern.New(`(?:^|_)(?:acs|cwmp|tr_?069)_?(?:url|server|server_url)$`)

	wirelessKey = pattern.New(`(?:^|_)(?:encryp\w*|enc_?(?:type|mode)|security(?:_?(?:mode|type))?|auth_?mode|(?:wifi|wlan)_?(?:enc|security|auth))$`)
	wireless    = pattern.New(`wifi|wlan|wireless|ssid|(?:^|_)(?:ra\d|ap|sta)(?:_|$)`)

	upnpSection = pattern.New(`(?:^|_)upnpc?$`)
	switchKey   = pattern.New(`^(?:enabled?|on|switch|active)$`)
	mapsPorts   = pattern.New(`(?im)^\W*(?:map\w*|(?:ext|external|wan)_?port\w*)\W*[=:]`)
)

// attributes looks at the settings that the attributes of XML hold.
func (s *scanner) attributes(line string, off int) {
	for _, m := range xmlPair.FindAllStringSubmatchIndex(line, 64) {
		s.application(line[m[0]:m[1]], line[m[2]:m[3]], line[m[4]:m[5]], off+m[0])
	}
	for _, m := range xmlLink.FindAllStringSubmatchIndex(line, 8) {
		element := line[max(0, strings.LastIndexByte(line[:m[0]], '<')):m[2]]
		u := line[m[2]:m[3]]
		if (renews.MatchString(element) || renews.MatchString(path.Base(s.f.Path))) && !localURL.MatchString(u) && !pageURL.MatchString(u) {
			s.add(off+m[2], inspect.Weakness{Kind: UpdateOverHTTP, Name: "http", Text: u})
		}
	}
}

// source looks at a setting that names where firmware, or who manages the
// device, is found: whatever the address looks like.
func (s *scanner) source(line, key, value string, off int) {
	if len(value) < 8 || !strings.EqualFold(value[:7], "http://") || localURL.MatchString(value) {
		return
	}
	name := words(key)
	full := words(s.in()) + "_" + name
	switch {
	case manages.MatchString(name), manages.MatchString(full):
		s.add(off, inspect.Weakness{Kind: CleartextTransport, Name: "tr069", Text: line})
	case controller.MatchString(name):
		s.add(off, inspect.Weakness{Kind: CleartextTransport, Name: "http", Text: line})
	case (renewKey.MatchString(name) || renewKey.MatchString(full)) && !dynamic.MatchString(full+s.f.Path+value):
		s.add(off, inspect.Weakness{Kind: UpdateOverHTTP, Name: "http", Text: line})
	}
}

// exposes says how a setting weakens what the device is on the network; empty:
// it doesn't. full is its name behind the section that it stands in.
func (s *scanner) exposes(name, full, value string, off int) (kind, what string) {
	v := strings.ToLower(value)
	switch {
	case (v == "public" || v == "private") && strings.Contains(full, "snmp") && community.MatchString(name):
		return SNMPCommunity, v
	case (strings.Contains(name, "wl") || strings.HasPrefix(name, "ap_")) && chipset(name, v) != "":
		return WeakWiFi, chipset(name, v)
	case wirelessKey.MatchString(name) && !wifiConfig(strings.ToLower(path.Base(s.f.Path)), s.f.Path):
		if w := protection(v); w == "WEP" || w != "" && wireless.MatchString(full) {
			return WeakWiFi, w
		}
	case yes(value) && switchKey.MatchString(name) && upnpSection.MatchString(words(s.in())):
		rest := string(s.f.Data[off:min(len(s.f.Data), off+512)])
		if i := strings.Index(rest, "\n["); i >= 0 {
			rest = rest[:i]
		}
		if mapsPorts.MatchString(rest) {
			return PortForward, ""
		}
	}
	return "", ""
}

// exposed adds what exposes says, and says whether it does.
func (s *scanner) exposed(name, full, value, line string, off int) bool {
	kind, what := s.exposes(name, full, value, off)
	if kind != "" {
		s.add(off, inspect.Weakness{Kind: kind, Name: what, Text: line})
	}
	return kind != ""
}

// protection names what is weak about how a network is protected, in the words
// of drivers and menus.
func protection(v string) string {
	switch v {
	case "open", "none", "off", "disabled", "shared":
		return "open"
	case "tkip":
		return "TKIP"
	case "wpapsk", "wpa-psk", "wpa1":
		return "WPA1"
	}
	if v == "wep" || strings.HasPrefix(v, "wep") && len(v) <= 9 && strings.Trim(v[3:], "0123456789-_bit") == "" {
		return "WEP"
	}
	return ""
}

var (
	realtek  = pattern.New(`^(?:mib_)?wlan\d?(?:_root)?_encrypt(?:ion)?$`)
	broadcom = pattern.New(`^wl\d?(?:_\d)?_(wep|crypto|akm|auth_mode(?:_x)?)$`)
)

// chipset names what is weak about a setting of the defaults that are kept for
// drivers: Realtek's numbers, the words of Broadcom's NVRAM and of Qualcomm's.
func chipset(name, v string) string {
	if realtek.MatchString(name) {
		switch v {
		case "0":
			return "open"
		case "1":
			return "WEP"
		case "2":
			return "WPA1"
		}
		return ""
	}
	if name == "ap_secmode" {
		return protection(v)
	}
	m := broadcom.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	switch m[1] + " " + v {
	case "wep enabled", "auth_mode_x shared", "auth_mode shared":
		return "WEP"
	case "crypto tkip":
		return "TKIP"
	case "akm psk":
		return "WPA1"
	case "auth_mode_x open":
		return "open"
	}
	return ""
}

// driver names what is weak about a setting that iwpriv(8) gives a driver:
// Ralink's words, Realtek's numbers.
func driver(key, value string) string {
	switch key {
	case "authmode", "encryptype":
		return protection(value)
	case "encmode":
		switch value {
		case "0":
			return "open"
		case "1", "5":
			return "WEP"
		}
	}
	return ""
}
