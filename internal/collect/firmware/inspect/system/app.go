package system

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/pattern"
)

// What the settings of makers' own programs are called can only be guessed: by
// the words that a name is made of. A name is compared in lower case, with "_"
// between its words, behind the section that it stands in.
var (
	notSigned  = pattern.New(`(?:^|_)(?:verify|check|validate|require|enforce)_?(?:fw_|firmware_|image_|update_|ota_)?(?:sign|sig)(?:ature|ed)?s?(?:_|$)|(?:^|_)(?:sign|signature|sig)_?(?:verify|verification|check|checking|required|validation|enabled?)(?:_|$)|(?:^|_)(?:secure|verified)_?boot(?:_enabled?)?$`)
	skipSigned = pattern.New(`(?:^|_)(?:skip|no|disable|ignore|allow_no|bypass)_?(?:verify_?)?(?:sign|sig)(?:ature)?(?:_?(?:verify|check|verification))?(?:_|$)|(?:^|_)allow_?unsigned`)

	renewsIn = pattern.New(`(?:^|_)(?:fw|firmware|update|upgrade|ota|fota|swupdate|image|downgrade)`)

	notVerified = pattern.New(`(?:^|_)(?:verify|check|validate)_?(?:peer|host|hostname|cert|certs|certificate|certificates|ssl|tls|server|ca)(?:_|$)|(?:^|_)(?:ssl|tls|cert|certificate|peer|https|mqtts?|server)_?(?:verify|verification|check|validate|validation)(?:_|$|ing$)|(?:^|_)(?:reject_?unauthorized|strict_?ssl|ssl_?verify|https_?verify)$|^tls_?reqcert$|(?:^|_)verify_?mode$|(?:^|_)ssl_?verify_?(?:peer|host)`)
	skipVerify  = pattern.New(`(?:^|_)(?:insecure|skip_?(?:tls_?|ssl_?|cert_?)?verify|insecure_?skip_?(?:tls_?)?verify|allow_?insecure|(?:tls|ssl|bridge|mqtt|https)_?insecure|trust_?all(?:_?certs?)?|(?:tls|ssl)?_?(?:dont|do_not|not)_?verify(?:_?(?:server|peer|host|cert))?|accept_?(?:all|any|invalid|self_?signed)_?cert(?:s|ificates?)?|(?:ignore|disable|skip|no)_?(?:ssl|tls|cert|certs|certificate|certificates)(?:_?(?:errors?|verify|verification|check|validation|warnings?))?|no_?verify|verify_?none|disable_?verify)$`)
	renewal     = pattern.New(`(?:^|_)(?:ota|update|upgrade|firmware|fw|fota)_verify$`)
	// "none" of a check of images is no check; "no" may say not to look for new ones.
	integrity = pattern.New(`(?:^|_)(?:ota|updates?|upgrade|firmware|fw|fota|image)_?(?:check|verify|verification|validation|integrity|signature)$`)
	hashOnly  = pattern.New(`(?i)^(?:none|md5|crc(?:-?(?:16|32))?|checksum|sum|sha-?1)$`)
	secured   = pattern.New(`(?:^|_)(?:tls|ssl|https|mqtts?|cloud|broker|wss)_verify$`)
	// Whose certificate a server asks for is another matter.
	ofClients = pattern.New(`client`)

	oldVersion = pattern.New(`(?i)^["'\[(]*(?:SSL_?v?[23](?:[._]0)?|TLS_?v?1(?:[._][01])?|1\.[01]|0x030[012])["'\])]*$`)
	leastKey   = pattern.New(`(?:^|_)(?:(?:min|minimum|lowest)_?(?:tls|ssl)?_?(?:version|protocol|proto|ver)|(?:tls|ssl)_?(?:min|minimum)(?:_?(?:version|protocol|ver))?|(?:tls|ssl)_?(?:version|ver|protocol|proto)(?:_?min)?|secure_?protocol)$`)

	oldCiphers  = pattern.New(`(?:^|_)(?:older|old|weak|legacy|insecure|export)_?(?:ciphers?|tls|ssl|protocols?)(?:_enabled?)?$`)
	plainPages  = pattern.New(`(?:^|_)(?:https?|web|webui|tls|ssl)_?(?:policy|mode|connection)$`)
	downgrades  = pattern.New(`(?:^|_)(?:allow|enable|accept|permit)_?(?:fw_?|firmware_?|update_?|ota_?|version_?)?downgrades?(?:$|_)|(?:^|_)downgrades?_?(?:allowed|enabled?|permitted)$`)
	noDowngrade = pattern.New(`(?:^|_)(?:anti|prevent|block|forbid|deny|reject|no)_?(?:downgrades?|rollback)(?:_?(?:enabled?|check|protection))?$`)
	controller  = pattern.New(`(?:^|_)(?:mgmt|management|inform|controller|provision\w*)_(?:\w+_)*(?:url|uri)$`)

	telnetKey = pattern.New(`(?:^|_)(?:telnetd?|telnet_?(?:enabled?|on|switch|service|server|en)|(?:enable|start|open|use)_?telnetd?)$`)
	telnetIn  = pattern.New(`(?:^|_)telnetd?_(?:enabled?|on|switch|start|status|active|state)$`)
	adbKey    = pattern.New(`(?:^|_)(?:adbd?|adb_?(?:enabled?|debug|switch)|(?:enable|start)_?adbd?)$`)
	workshop  = pattern.New(`(?:^|_)(?:factory|engineer|engineering|developer|development|dev|manufacturing)_?(?:mode|test|menu)?_?(?:mode|enabled?)$|^(?:factory|engineering|developer)_?mode$`)

	// What is reached over the network, and whether it asks.
	reachable = pattern.New(`(?:^|_)(?:rtsp|onvif|https?|web|webui|cgi|api|rest|mjpe?g|snapshot|stream|streams|streaming|video|live|rpc|jsonrpc|ftpd|ftp_server|ws|websocket|telnet|ssh|mqtt_broker|broker|isapi|psia|hls|flv|gb28181)(?:_|$)`)
	authKey   = pattern.New(`(?:^|_)(?:auth|authentication|authenticate|authorization|auth(?:entication|orization)?_?(?:enabled?|required?|on|check|type|mode|method|scheme)|(?:enable|need|require|use|check|with)_?auth(?:entication|orization)?|(?:login|password|passwd|credentials?)_?(?:required?|enabled?|check)|(?:need|require|check)_?(?:login|password|passwd)|digest_?auth(?:entication)?)$`)
	plainAuth = pattern.New(`^(?:enable_?auth|auth_?enabled?|auth_?required|require_?auth(?:entication)?|need_?auth|authentication|need_?login|login_?required|require_?(?:login|password))$`)
	freeKey   = pattern.New(`(?:^|_)(?:anonymous|anonymous_?(?:access|login|enabled?|viewing|viewer|mode|stream)|(?:allow|enable)_?(?:anonymous|guest)(?:_?(?:access|login|viewing))?|no_?auth(?:entication)?|no_?password|guest_?(?:access|login|enabled?)|disable_?auth(?:entication)?|skip_?(?:auth|login)|(?:auth|login)_?bypass)$`)
)

// words is a name of a setting in lower case with "_" between its words:
// "insecureSkipVerify" was taken down to "insecureskipverify" by then, which the
// patterns allow for.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '.', '/', ' ', ':':
			return '_'
		}
		return r
	}, strings.ToLower(s))
}

// application looks at a setting whose name tells what it is, and says whether
// it weakens the device.
func (s *scanner) application(line, key, value string, off int) bool {
	if len(key) > 64 || len(value) > 64 || value == "" || !settingKey.MatchString(key) {
		return false
	}
	before := len(s.rep.Weaknesses)
	name := words(key)
	full := name
	in := words(s.in())
	if stem, _, _ := strings.Cut(path.Base(s.f.Path), "."); in == "" && len(stem) <= 16 { // "verify" in update.xml
		in = words(stem)
	}
	if in != "" && len(in) <= 32 {
		full = in + "_" + name
	}
	off0, on := no(value) || none(value) || strings.EqualFold(value, "never") || strings.EqualFold(value, "optional_no_ca"), yes(value)
	add := func(kind, name string) { s.add(off, inspect.Weakness{Kind: kind, Name: name, Text: line}) }
	switch {
	case off0 && notSigned.MatchString(name), on && skipSigned.MatchString(name):
		add(UpdateUnsigned, key)
	case off0 && name == "verify" && renewal.MatchString(full):
		add(UpdateUnsigned, key)
	case hashOnly.MatchString(value) && integrity.MatchString(name):
		add(UpdateUnsigned, key)
	case off0 && name == "verify" && secured.MatchString(full):
		add(TLSVerifyDisabled, key)
	case !ofClients.MatchString(name) && (off0 && notVerified.MatchString(name) || on && skipVerify.MatchString(name)):
		add(TLSVerifyDisabled, key)
	case leastKey.MatchString(name) && oldVersion.MatchString(value) && !strings.Contains(name, "max") && (name != "min_version" || s.in() != "" || len(value) > 3):
		add(WeakTLS, value)
	case on && oldCiphers.MatchString(name), strings.EqualFold(value, "enable") && oldCiphers.MatchString(name):
		add(WeakTLS, key)
	case strings.EqualFold(value, "http") && plainPages.MatchString(full):
		add(CleartextTransport, "http")
	case on && downgrades.MatchString(full), off0 && noDowngrade.MatchString(full) && renewsIn.MatchString(full):
		add(Downgrade, key)
	case on && (telnetKey.MatchString(name) || telnetIn.MatchString(full)):
		add(TelnetEnabled, "telnetd")
	case on && adbKey.MatchString(name):
		add(ADBEnabled, key)
	case on && workshop.MatchString(name):
		add(DebugBuild, key)
	case s.exposed(name, full, value, line, off):
	case (off0 || strings.EqualFold(value, "open")) && authKey.MatchString(name) && (reachable.MatchString(full) || len(s.section) == 0 && plainAuth.MatchString(name)),
		on && freeKey.MatchString(name) && !s.alone(off):
		add(Anonymous, key)
	}
	return len(s.rep.Weaknesses) > before
}
