package system

import (
	"strconv"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// wifiConfig says that a file holds networks.
func wifiConfig(base, p string) bool {
	return strings.HasPrefix(base, "hostapd") || strings.HasPrefix(base, "wpa_") || strings.HasPrefix(base, "wpa-") || strings.Contains(p, "/wpa_supplicant/") || strings.Contains(p, "/hostapd/") ||
		strings.HasSuffix(base, ".conf") && (strings.Contains(base, "hostapd") || strings.Contains(base, "supplicant") || strings.Contains(base, "softap")) ||
		base == "wireless" && strings.Contains(p, "/config/") || ralink(base, p)
}

// ralink says that a file is a profile of the drivers of Ralink and MediaTek.
func ralink(base, p string) bool {
	return strings.HasSuffix(base, ".dat") && (strings.HasPrefix(base, "rt") || strings.HasPrefix(base, "mt") || strings.Contains(strings.ToLower(p), "/wireless/"))
}

// block is a network of a Wi-Fi configuration, or the whole of hostapd.conf.
type block struct {
	keys map[string]string
	off  int // where ssid stands
	line string
	weak inspect.Weakness
	at   int // of weak, or of enterprise

	modes int // where authmode stands

	enterprise string // the line that asks for EAP as a client
}

// wifi reads hostapd.conf, wpa_supplicant.conf and OpenWrt's wireless: networks
// that are open or protected by what is broken (WEP, WPA 1, TKIP).
func (s *scanner) wifi() {
	cur := block{keys: map[string]string{}}
	flush := func() {
		s.network(cur)
		cur = block{keys: map[string]string{}}
	}
	s.eachLine(func(line, key, value string, off int) {
		switch {
		case strings.HasPrefix(line, "network=") || strings.HasPrefix(line, "config "), line == "}", strings.HasPrefix(line, "bss="):
			flush()
			return
		case key == "ssid" || key == "ssid1":
			cur.off, cur.line = off, line
		}
		if key == "key_mgmt" && strings.Contains(value, "WPA-EAP") && cur.weak.Kind == "" {
			cur.enterprise, cur.at = line, off
		}
		if key == "authmode" {
			cur.modes = off
		}
		if len(cur.keys) < 256 {
			cur.keys[key] = value
		}
		if name := weakWiFi(key, value); name != "" && cur.weak.Kind == "" {
			cur.weak, cur.at = inspect.Weakness{Kind: WeakWiFi, Name: name, Text: line}, off
			if name == "WEP" || name == "WPS" {
				cur.weak.Text, _, _ = strings.Cut(line, "=") // the key is a secret
			}
		}
	})
	flush()
}

func (s *scanner) network(b block) {
	switch {
	case yes(b.keys["disabled"]):
	case b.weak.Kind != "":
		if b.keys["wep_key0"] != "" {
			b.weak.Name = "WEP"
		}
		s.add(b.at, b.weak)
	case b.enterprise != "" && b.keys["ca_cert"]+b.keys["ca_path"]+b.keys["ca_cert_id"]+b.keys["domain_match"]+b.keys["domain_suffix_match"] == "" && b.keys["psk"] == "":
		// Whoever has an access point is sent the password.
		s.add(b.at, inspect.Weakness{Kind: WeakWiFi, Name: "EAP", Text: b.enterprise})
	case s.guests(b):
	case b.line == "":
	case b.keys["interface"] != "" && b.keys["key_mgmt"] == "" && b.keys["wpa"] == "" && b.keys["wpa_key_mgmt"] == "" && b.keys["ieee8021x"] != "1" && b.keys["encryption"] == "" && b.keys["driver"]+b.keys["channel"]+b.keys["hw_mode"] != "":
		// An access point of hostapd that asks for nothing.
		s.add(b.off, inspect.Weakness{Kind: WeakWiFi, Name: "open", Text: b.line})
	}
}

// guests looks at the lists of MediaTek's drivers, a value for each network:
// AuthMode=WPA2PSK;OPEN.
func (s *scanner) guests(b block) bool {
	modes := strings.Split(b.keys["authmode"], ";")
	for i, m := range modes {
		ssid := b.keys["ssid"+strconv.Itoa(i+1)]
		if n, err := strconv.Atoi(b.keys["bssidnum"]); len(modes) < 2 || ssid == "" || err == nil && i >= n {
			continue
		}
		if name := profile(strings.ToLower(m)); name != "" {
			s.add(b.modes, inspect.Weakness{Kind: WeakWiFi, Name: name, Text: "AuthMode=" + b.keys["authmode"]})
			return true
		}
	}
	return false
}

// profile names what is weak about a value of AuthMode, as these drivers' READMEs
// list them: SHARED and WEPAUTO are of WEP alone.
func profile(v string) string {
	switch v {
	case "shared", "wepauto":
		return "WEP"
	}
	return protection(v)
}

func weakWiFi(key, value string) string {
	v := strings.ToLower(value)
	switch key {
	case "key_mgmt":
		if v == "none" {
			return "open"
		}
	case "wpa":
		switch v {
		case "0":
			return "open"
		case "1", "3":
			return "WPA1"
		}
	case "proto":
		if v == "wpa" {
			return "WPA1"
		}
	case "pairwise", "wpa_pairwise", "rsn_pairwise":
		if strings.Contains(v, "tkip") {
			return "TKIP"
		}
	case "wep_key0", "wep_key1", "wep_key2", "wep_key3":
		return "WEP"
	case "ap_pin", "wps_pin": // eight digits that are the same on all units, and guessed in hours
		if len(v) == 8 && strings.Trim(v, "0123456789") == "" {
			return "WPS"
		}
	case "encryption":
		switch {
		case v == "none" || v == "open":
			return "open"
		case strings.HasPrefix(v, "wep"):
			return "WEP"
		case strings.Contains(v, "tkip"):
			return "TKIP"
		case v == "psk" || strings.HasPrefix(v, "psk-mixed") || v == "wpa":
			return "WPA1"
		}
	case "authmode": // MediaTek's drivers
		switch v {
		case "open", "shared", "wepauto", "wpapsk":
			return profile(v)
		}
	}
	return ""
}
