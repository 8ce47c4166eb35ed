package secret

import (
	"strings"

	"assay/internal/collect/firmware/inspect/setting"
)

// settingWords are parts of the names that settings of secrets have.
var settingWords = []string{"pass", "pwd", "pswd", "psk", "secret", "token", "key", "credential", "\"auth\"", "authcode", "auth_code", "community", "ro_comm", "rw_comm", "snmp_comm", "snmpcomm", "_pin", ".pin", "pin-code", "pin_code", "puk=", "puk =", "puk\"", "pincode", "simpin", "wpspin", "wscpin", "wsc_pin", "pw=", "pw =", "_pw", "pw:", "sk=", "\"sk\"", "signsk", "auth_data", ".pw", "pw\"", "enroll_code", "enrollment_code", "activation_code", "claim_code", "registration_code", "security_code", "verify_code", "verification_code", "unlock_code", "join_code", "license_code", "enrollcode", "activationcode", "claimcode", "securitycode", "verifycode", "verificationcode", "unlockcode", "joincode", "safecode", "jwt", "setup_code", "hk_setup", "hap_setup", "pmk", "_ltk", "_irk", "\"ltk", "\"irk", "setupcode", "setup-code", "pairing_code", "pairingcode", "access_code", "accesscode", "install_code", "installcode", "install-code", "pin\"", "homekit_code", "masterauth", "certificate=", "certificate\"", "account_sid", "accountsid", "x-auth", "crypt", "\"aes", "initstring", "appid", "init_string", "init-string", "kennwort", "contrasena", "senha", "bindpw", "userpw", "adminpw", "rootpw", "webhook", "licensekey", "license_key"}

// endings of a setting's name, without separators and in lower case, that make
// its value a secret; the longest that fits decides.
var endings = map[string]Kind{
	"secretaccesskey": CloudSecret, "accesskeysecret": CloudSecret, "awssecretkey": CloudSecret, "awssecret": CloudSecret, "secretkeyid": CloudSecret,
	"accountkey": CloudSecret, "obssk": CloudSecret, "sharedaccesskey": CloudSecret, "storagekey": CloudSecret, "aliyunsecret": CloudSecret, "osssecret": CloudSecret,

	"wpapassphrase": WiFiPSK, "wpapsk": WiFiPSK, "wifipsk": WiFiPSK, "psk": WiFiPSK, "presharedkey": WiFiPSK, "wifipassword": WiFiPSK, "wifipasswd": WiFiPSK, "wifipass": WiFiPSK, "wifipwd": WiFiPSK,
	"wifikey": WiFiPSK, "wlanpassword": WiFiPSK, "wlanpasswd": WiFiPSK, "wlanpass": WiFiPSK, "wlanpwd": WiFiPSK, "wlankey": WiFiPSK, "saepassword": WiFiPSK, "wepkey": WiFiPSK, "wpakey": WiFiPSK,
	"keypassphrase": WiFiPSK, "appassword": WiFiPSK, "appasswd": WiFiPSK, "appwd": WiFiPSK, "softappassword": WiFiPSK, "hotspotpassword": WiFiPSK, "stapassword": WiFiPSK, "stapasswd": WiFiPSK,
	"stapswd": WiFiPSK, "stapwd": WiFiPSK, "stapass": WiFiPSK, "ssidpassword": WiFiPSK, "ssidpwd": WiFiPSK, "ssidpass": WiFiPSK, "networkkey": WiFiPSK, "pskkey": WiFiPSK, "wpa2psk": WiFiPSK, "wpapskey": WiFiPSK, "wpapassword": WiFiPSK, "wpakeyphrase": WiFiPSK, "wpaphrase": WiFiPSK, "wpapass": WiFiPSK, "wpapwd": WiFiPSK, "wirelesskey": WiFiPSK, "wirelesspassword": WiFiPSK,

	"password": Password, "passwd": Password, "passphrase": Password, "passcode": Password, "passwort": Password, "kennwort": Password, "pwd": Password, "pass": Password, "passw": Password, "pswd": Password,
	"psw": Password, "userpw": Password, "adminpw": Password, "bindpw": Password, "rootpw": Password, "loginpw": Password, "wifipw": WiFiPSK, "authpw": Password, "masterauth": Password, "identifiedby": Password, "hksetup": Password, "bootstopkey": Password, "bootdelaykey": Password, "stopkey": Password, "signsk": SymmetricKey, "longtermsk": SymmetricKey, "authdata": Token, "hapsetup": Password, "hapcode": Password, "pmk": SymmetricKey, "pskc": SymmetricKey, "ltk": SymmetricKey, "irk": SymmetricKey, "csrk": SymmetricKey, "linkkey": SymmetricKey, "passkey": Password, "setupcode": Password, "enrollcode": Token, "enrolmentcode": Token, "enrollmentcode": Token, "activationcode": Token, "claimcode": Token, "registrationcode": Token, "securitycode": Password, "verifycode": Password, "verificationcode": Password, "unlockcode": Password, "joincode": Token, "licensecode": Token, "safecode": Password, "bindcode": Token, "bindkey": Token, "homekitpin": Password, "homekitcode": Password, "setuppin": Password, "setuppincode": Password, "pairingcode": Password, "accesscode": Password, "motdepasse": Password, "contraseña": Password, "parola": Password, "haslo": Password, "heslo": Password, "salasana": Password, "contrasena": Password, "senha": Password,
	"community": Password, "communityname": Password, "rocomm": Password, "rwcomm": Password, "snmpcomm": Password, "rocommunity": Password, "rwcommunity": Password, "pincode": Password, "simpin": Password, "wpspin": Password, "wscpin": Password, "radiuskey": Password, "adminpin": Password, "unlockpin": Password, "pairingpin": Password,

	"clientsecret": Token, "appsecret": Token, "appid": APIKey, "devicesecret": Token, "productsecret": Token, "apisecret": Token, "secret": Token, "secretkey": Token, "secretid": Token, "jwtsecret": Token, "jwt": Token, "sessionsecret": Token, "cookiesecret": Token, "consumersecret": Token,
	"accesstoken": Token, "authtoken": Token, "refreshtoken": Token, "bearertoken": Token, "token": Token, "authkey": Token, "credential": Token, "credentials": Token, "authcode": Token, "authorization": Token, "initstring": Token, "auth": Token, "basicauth": Token, "privatetoken": Token, "sastoken": Token,
	"appcertificate": Token, "installcode": SymmetricKey, "accountsid": CloudKeyID,
	"webhook": Webhook, "webhookurl": Webhook,
	"apikey": APIKey, "appkey": APIKey, "mapkey": APIKey, "licensekey": APIKey,

	"sharedsecret": Password, "radiussecret": Password, "serversecret": Password, "acctsecret": Password, "chapsecret": Password,
	"tokenkey": SymmetricKey, "hmackey": SymmetricKey, "hmacsecret": SymmetricKey, "signkey": SymmetricKey, "signingkey": SymmetricKey, "signsecret": SymmetricKey, "aeskey": SymmetricKey, "deskey": SymmetricKey, "enckey": SymmetricKey,
	"encryptkey": SymmetricKey, "encryptionkey": SymmetricKey, "cryptkey": SymmetricKey, "cipherkey": SymmetricKey, "sessionkey": SymmetricKey, "devicekey": SymmetricKey, "masterkey": SymmetricKey, "privatekey": SymmetricKey,
	"sharedkey": SymmetricKey, "symmetrickey": SymmetricKey, "localkey": SymmetricKey, "fwkey": SymmetricKey, "nwkkey": SymmetricKey, "nwkskey": SymmetricKey, "appskey": SymmetricKey, "rootkey": SymmetricKey, "streamkey": SymmetricKey, "otakey": SymmetricKey, "xorkey": SymmetricKey, "crypt": SymmetricKey, "aes": SymmetricKey, "aes128": SymmetricKey, "aes256": SymmetricKey, "rc4key": SymmetricKey, "key": SymmetricKey, "keys": SymmetricKey,
}

// longest is the length of the longest ending.
var longest = func() (n int) {
	for e := range endings {
		n = max(n, len(e))
	}
	return n
}()

// Names that end like a secret and are none.
var harmless = []string{"bypass", "fastcgipass", "scgipass", "uwsgipass", "grpcpass", "memcachedpass", "proxypass", "qpsk", "bpsk", "dpsk", "compass", "nopass", "onepass", "multipass", "pubkey", "publickey", "hotkey", "primarykey", "foreignkey", "sortkey", "keepkey", "lowpass", "highpass", "bandpass", "oldpwd", "monkey", "turkey", "showpassword", "forgotpassword", "resetpassword", "changepassword", "showpass", "nopasswd", "accesskey", "csrftoken", "confirmpassword", "repeatpassword", "passwordagain", "retypepassword", "needpassword", "haspassword", "usepassword", "enablepassword", "videosourcetoken", "audiosourcetoken", "sourcetoken", "profiletoken", "configurationtoken", "configtoken", "encodertoken", "ptztoken", "nodetoken", "outputtoken", "inputtoken", "presettoken", "tourtoken", "ruletoken", "metadatatoken", "analyticstoken", "keypasspass", "cachekey", "registrykey", "indexkey", "partitionkey", "objectkey", "gpgkey", "hostkey", "onkey", "anykey", "notoken", "endtoken", "tokenkeypress", "invalidtoken", "nextpagetoken", "unauth", "noauth", "oauth", "preauth", "reauth", "nokey", "keykey", "softkey", "powerkey", "resetkey", "functionkey", "shortcutkey", "translationkey", "i18nkey", "pressedkey", "metakey", "ctrlkey", "altkey", "shiftkey", "lastkey", "itemkey", "rowkey", "columnkey", "mapkeykey", "verifykey", "trustedkey", "rocommunity6", "httpauth", "proxyauth", "wifiauth", "smtpauth", "userauth", "requireauth", "enableauth", "digestauth", "localauth", "passwordauth", "forpassword", "generatepassword", "setpassword", "getpassword", "minipass", "askpass", "getpass", "checkpass", "grpasswd", "releasemanagerkey", "gpgsigningkey", "deadkeys", "indentkeys", "objectkeys", "numkeys", "basepasswd", "translatekey", "passwordkey", "classkey", "menukey", "stylekey", "tokenkeys"}

// tails are what names have behind the part that tells: "wifi_password_5g",
// "pwd_b64".
var tails = []string{"value", "b64", "base64", "hex", "str", "string", "enc", "encoded", "encrypted", "plain", "clear", "default", "5g", "24g", "2g", "sta", "cfg", "text", "old", "prod"}

// kindOfKey tells what a setting of this name holds.
func kindOfKey(key string) (Kind, bool) {
	for _, t := range []string{".default", ".value", ".plain", ".text"} {
		key = strings.TrimSuffix(key, t)
	}
	n := strings.TrimRight(setting.Normal(key), "0123456789")
	if low := strings.ToLower(key); strings.HasSuffix(low, "_pw") || strings.HasSuffix(low, "_pin") || strings.HasSuffix(low, ".pin") || strings.HasSuffix(low, "-pw") || strings.HasSuffix(low, "-pin") {
		return Password, true
	}
	for range 3 {
		kind, ok := ending(n)
		if ok {
			return kind, true
		}
		cut := false
		for _, t := range tails {
			if len(n) > len(t)+2 && strings.HasSuffix(n, t) {
				n, cut = strings.TrimRight(strings.TrimSuffix(n, t), "0123456789"), true
				break
			}
		}
		if !cut {
			return "", false
		}
	}
	return "", false
}

func ending(n string) (Kind, bool) {
	switch n {
	case "pw", "pin", "puk":
		return Password, true
	case "sk": // beside "ak"
		return CloudSecret, true
	}
	for l := min(len(n), longest); l >= 3; l-- {
		kind, ok := endings[n[len(n)-l:]]
		if !ok {
			continue
		}
		for _, h := range harmless {
			if len(h) > l && strings.HasSuffix(n, h) {
				return "", false
			}
		}
		return kind, true
	}
	return "", false
}

// Names of what belongs to a secret.
var (
	userKeys = []string{"user", "username", "login", "account", "usr", "userid", "defaultuser", "identity", "authuser", "uid", "loginname", "clientid", "uname", "name"}
	ssidKeys = []string{"ssid", "essid", "ssidname", "wifiname", "networkname"}
)

// services are the names that a section, a file or a key gives to what a
// password opens.
var services = []string{"mqtt", "smtp", "ftp", "rtsp", "onvif", "http", "telnet", "ssh", "sip", "ddns", "pppoe", "samba", "smb", "snmp", "wifi", "wpa", "ldap", "mysql", "postgres", "redis", "mail", "radius", "cwmp", "tr069", "vpn", "l2tp", "pptp", "login", "web", "cloud", "p2p", "apn"}

func named(text string) string {
	text = strings.ToLower(text)
	for _, n := range services {
		if strings.Contains(text, n) {
			return n
		}
	}
	return ""
}
