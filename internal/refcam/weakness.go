package refcam

import "slices"

// Weakness is one switch: what breaks, where, and which test cases must show
// it.
type Weakness struct {
	Name    string
	Title   string // English
	TitleZh string // Traditional Chinese (Taiwan)
	Clause  string // the requirement that it breaks first, "iot-1005-1 5.4.2.1"
	Where   string // device | firmware | app | document | model: where it can be seen
	// Violates holds the test cases that must turn from PASS (or from
	// INCONCLUSIVE for those that need a person) to FAIL.
	Violates []string
	// ViolatesStrict holds the cases that fail under the strict reading only.
	ViolatesStrict []string
	// MayViolate holds cases that the weakness truly breaks as well, but that
	// what was collected, or a person, decides: FAIL or undecided, never PASS
	// on the strength of the broken part.
	MayViolate []string
	// Excludes holds switches that can't be on at the same time: one would
	// take away what the other breaks.
	Excludes []string
}

// The names of the weaknesses.
const (
	SharedSerial                = "shared-serial"
	SharedTLSKey                = "shared-tls-key"
	KeyInImage                  = "key-in-image"
	SettingsWithoutLogin        = "settings-without-login"
	RTSPWithoutLogin            = "rtsp-without-login"
	LogoutKeepsSession          = "logout-keeps-session"
	ViewerMayConfigure          = "viewer-may-configure"
	SingleRole                  = "single-role"
	NoLoginLimit                = "no-login-limit"
	LockPerConnection           = "lock-per-connection"
	CommonDefaultPassword       = "common-default-password"
	BackdoorAccount             = "backdoor-account"
	TelnetOpen                  = "telnet-open"
	UndeclaredDebugHTTP         = "undeclared-debug-http"
	TelnetdAtBoot               = "telnetd-at-boot"
	PlainHTTP                   = "plain-http"
	PlainRTSP                   = "plain-rtsp"
	TLS10Accepted               = "tls10-accepted"
	StaticRSAOnly               = "static-rsa-only"
	StaticRSAAccepted           = "static-rsa-accepted"
	ChaChaPreferred             = "chacha-preferred"
	ExpiredCertificate          = "expired-certificate"
	WeakCertificateKey          = "weak-certificate-key"
	URLCredentialsInImage       = "url-credentials-in-image"
	UndeclaredHostInImage       = "undeclared-host-in-image"
	WiFiPSKInClear              = "wifi-psk-in-clear"
	MD5CryptRootPassword        = "md5crypt-root-password"
	SerialShell                 = "serial-shell"
	UpdateOverHTTP              = "update-over-http"
	NoSignatureCheck            = "no-signature-check"
	NoUpdateMechanism           = "no-update-mechanism"
	NoUpdateCheck               = "no-update-check"
	NoDisclosurePolicy          = "no-disclosure-policy"
	DisclosureContactMissing    = "disclosure-contact-missing"
	NoSetupGuide                = "no-setup-guide"
	GuideOfOtherModel           = "guide-of-other-model"
	NoSecureDevelopmentDocument = "no-secure-development-document"
	SupportPeriodMissing        = "support-period-missing"
	SupportPeriodContradicts    = "support-period-contradicts"
	DataWithoutDeletion         = "data-without-deletion"
	PersonalDataWithoutPurpose  = "personal-data-without-purpose"
	TelemetryWithoutConsent     = "telemetry-without-consent"
	FirmwarePublic              = "firmware-public"
	NoPrivacyNotice             = "no-privacy-notice"
	AccountWithoutPassword      = "account-without-password"
	UnverifiedClient            = "unverified-client"
	WritableProgram             = "writable-program"
	DebuggerInImage             = "debugger-in-image"
	UnhardenedProgram           = "unhardened-program"
	MemoryCardAutorun           = "memory-card-autorun"
	AppCleartext                = "app-cleartext"
	AppUserCAs                  = "app-user-cas"
	AppDebuggable               = "app-debuggable"
	AppDebugSigned              = "app-debug-signed"
	AppOldSignature             = "app-old-signature"
	AppSecret                   = "app-secret"
	AppOpenProvider             = "app-open-provider"
	AppOpenPart                 = "app-open-part"
	AppBackup                   = "app-backup"
)

// Weaknesses returns the whole table.
func Weaknesses() []Weakness {
	ws := slices.Clone(weaknesses)
	for i := range ws {
		ws[i].Violates = slices.Clone(ws[i].Violates)
		ws[i].ViolatesStrict = slices.Clone(ws[i].ViolatesStrict)
		ws[i].MayViolate = slices.Clone(ws[i].MayViolate)
		ws[i].Excludes = slices.Clone(ws[i].Excludes)
	}
	return ws
}

func known(name string) bool {
	return slices.ContainsFunc(weaknesses, func(w Weakness) bool { return w.Name == name })
}

// Typical returns the weaknesses of a camera as they are still sold: the
// default of the demonstration. They can be on together.
func Typical() []string {
	return []string{
		CommonDefaultPassword, TelnetOpen, TLS10Accepted, SharedTLSKey, NoLoginLimit,
		URLCredentialsInImage, UndeclaredHostInImage, MD5CryptRootPassword, SerialShell,
		UpdateOverHTTP, NoDisclosurePolicy, SupportPeriodMissing, TelemetryWithoutConsent,
	}
}

// weaknesses is read only. A case stands in Violates if it must FAIL for this
// reason alone, judged from clause and catalogue before the case was written.
var weaknesses = []Weakness{
	{Name: SharedSerial, Title: "All units answer with the same serial number", TitleZh: "每台裝置回報相同的序號",
		Clause: "iot-1005-1 5.1.1.1", Where: "device", Violates: []string{"identity.unique"}},
	{Name: SharedTLSKey, Title: "All units use the same TLS key", TitleZh: "每台裝置使用同一把 TLS 金鑰",
		Clause: "iot-1005-1 5.1.1.2", Where: "device", Violates: []string{"key.unique"}},
	{Name: KeyInImage, Title: "The TLS key of all units lies in the firmware image", TitleZh: "各裝置共用的 TLS 私密金鑰存放在韌體映像檔內",
		Clause: "iot-1005-1 5.1.1.2", Where: "firmware", Violates: []string{"key.unique", "firmware.no-secrets", "storage.encrypted"}},
	{Name: SettingsWithoutLogin, Title: "Settings are read and written without a login", TitleZh: "未登入即可讀寫設定",
		Clause: "iot-1005-1 5.1.1.3", Where: "device", Violates: []string{"auth.required"}},
	{Name: RTSPWithoutLogin, Title: "The live stream is described without a login", TitleZh: "未登入即可取得即時影像串流",
		Clause: "iot-1005-1 5.1.1.3", Where: "device", Violates: []string{"auth.required"}},
	{Name: LogoutKeepsSession, Title: "A session goes on after logout", TitleZh: "登出後工作階段仍然有效",
		Clause: "iot-1005-1 5.1.1.3", Where: "device", Violates: []string{"session.logout"}},
	{Name: ViewerMayConfigure, Title: "A viewer may change settings", TitleZh: "一般觀看者可變更設定",
		Clause: "iot-1005-1 5.1.2.1", Where: "device", Violates: []string{"access.roles"}, Excludes: []string{SingleRole}},
	{Name: SingleRole, Title: "There is one role, which may do everything", TitleZh: "只有一種角色，且擁有全部權限",
		Clause: "iot-1005-1 5.1.2.1", Where: "model", Violates: []string{"access.roles-defined"}},
	{Name: NoLoginLimit, Title: "Passwords may be guessed without limit", TitleZh: "登入嘗試次數與頻率皆無限制",
		Clause: "iot-1005-1 5.1.2.2", Where: "device", Violates: []string{"login.limit"}},
	{Name: LockPerConnection, Title: "The count of wrong passwords starts again with each connection", TitleZh: "重新連線後，錯誤次數即重新計算",
		Clause: "iot-1005-1 5.1.2.2", Where: "device", Violates: []string{"login.limit"}, Excludes: []string{NoLoginLimit}},
	{Name: CommonDefaultPassword, Title: "admin/admin opens every unit and needn't be changed", TitleZh: "所有裝置皆可用 admin/admin 登入，且不強制變更",
		Clause: "iot-1005-1 5.1.3.1", Where: "device", Violates: []string{"password.no-common"},
		MayViolate: []string{"password.per-unit", "password.forced-change"}},
	{Name: BackdoorAccount, Title: "A maintenance account whose password stands in the image works on the web login", TitleZh: "韌體內藏維修帳號與通行碼，可由網頁登入",
		Clause: "iot-1005-1 5.1.3.1", Where: "firmware", Violates: []string{"password.no-common", "firmware.no-secrets", "storage.encrypted"}},
	{Name: TelnetOpen, Title: "Telnet listens on port 23", TitleZh: "連接埠 23 開啟 Telnet 服務",
		Clause: "iot-1005-1 5.2.2.1", Where: "device", Violates: []string{"service.necessary", "transport.clear", "auth.transport"}},
	{Name: UndeclaredDebugHTTP, Title: "A debug page answers in clear on port 8081 and is not declared", TitleZh: "連接埠 8081 有未宣告且未加密的除錯網頁",
		Clause: "iot-1005-1 5.2.2.1", Where: "device", Violates: []string{"transport.clear"}, ViolatesStrict: []string{"service.necessary"}, MayViolate: []string{"auth.required"}},
	{Name: TelnetdAtBoot, Title: "The image starts telnetd at boot", TitleZh: "韌體開機時啟動 telnetd",
		Clause: "iot-1005-1 5.2.2.1", Where: "firmware", Violates: []string{"service.start-up"}},
	{Name: PlainHTTP, Title: "The web administration also answers without TLS on port 80", TitleZh: "網頁管理介面另於連接埠 80 提供未加密的 HTTP",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"transport.clear", "auth.transport"}},
	{Name: PlainRTSP, Title: "The stream is also served without TLS on port 554, with Basic authentication", TitleZh: "影像串流另於連接埠 554 以未加密的 RTSP 與 Basic 鑑別提供",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"transport.clear", "auth.transport"}},
	{Name: TLS10Accepted, Title: "TLS 1.0 and 1.1 are accepted", TitleZh: "接受 TLS 1.0 與 1.1",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"tls.version"}},
	{Name: StaticRSAOnly, Title: "Only key exchanges without forward secrecy are offered", TitleZh: "僅支援不具前向保密的金鑰交換",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"tls.forward-secrecy"},
		// SP 800-131A: RSA PKCS #1 v1.5 key transport is disallowed after 2023.
		ViolatesStrict: []string{"tls.approved-suites"}, Excludes: []string{StaticRSAAccepted, ChaChaPreferred}},
	{Name: StaticRSAAccepted, Title: "Key exchanges without forward secrecy are accepted beside others", TitleZh: "亦接受不具前向保密的金鑰交換",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", ViolatesStrict: []string{"tls.forward-secrecy", "tls.approved-suites"}},
	{Name: ChaChaPreferred, Title: "ChaCha20-Poly1305 is chosen wherever a client offers it", TitleZh: "用戶端支援時優先採用 ChaCha20-Poly1305",
		Clause: "iot-1005-1 5.4.2.2", Where: "device", Violates: []string{"tls.approved-suites"}},
	{Name: ExpiredCertificate, Title: "The certificate has expired", TitleZh: "憑證已過期",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"tls.certificate"}},
	{Name: WeakCertificateKey, Title: "The certificate has an RSA key of 1024 bits", TitleZh: "憑證使用 1024 位元的 RSA 金鑰",
		Clause: "iot-1005-1 5.4.2.1", Where: "device", Violates: []string{"tls.certificate"}},
	{Name: URLCredentialsInImage, Title: "A URL in the image holds user name and password", TitleZh: "韌體內的 URL 含有帳號與通行碼",
		Clause: "iot-1005-1 5.4.1.1", Where: "firmware", Violates: []string{"firmware.no-secrets", "storage.encrypted"}},
	{Name: UndeclaredHostInImage, Title: "The image reports to a host that is not declared", TitleZh: "韌體會連線至未宣告的主機",
		Clause: "iot-1005-1 5.4.1.1", Where: "firmware", Violates: []string{"firmware.hosts-declared"}},
	{Name: WiFiPSKInClear, Title: "A Wi-Fi pass phrase stands in the image", TitleZh: "韌體內以明文存放 Wi-Fi 通行碼",
		Clause: "iot-1005-1 5.4.1.2", Where: "firmware", Violates: []string{"firmware.no-secrets", "storage.encrypted"}},
	{Name: MD5CryptRootPassword, Title: "root has a well-known password, hashed with MD5-crypt", TitleZh: "root 使用眾所皆知的通行碼，並以 MD5-crypt 雜湊",
		Clause: "iot-1005-1 5.4.1.2", Where: "firmware", Violates: []string{"firmware.no-secrets", "firmware.accounts", "storage.encrypted"}},
	{Name: SerialShell, Title: "A shell without login waits on the serial console", TitleZh: "序列主控台提供無須登入的命令列",
		Clause: "iot-1005-1 5.5.1.1", Where: "firmware", Violates: []string{"debug.serial-console"}},
	{Name: UpdateOverHTTP, Title: "Updates are fetched over plain HTTP", TitleZh: "以未加密的 HTTP 下載更新",
		Clause: "iot-1005-1 5.3.1.2", Where: "firmware", Violates: []string{"update.channel"}},
	{Name: NoSignatureCheck, Title: "Updates are installed without a check of their signature", TitleZh: "安裝更新時不驗證簽章",
		Clause: "etsi-en-303-645 5.3-9", Where: "firmware", Violates: []string{"update.signed"}},
	{Name: NoUpdateMechanism, Title: "The firmware can't be updated", TitleZh: "韌體無法更新",
		Clause: "iot-1005-1 5.3.1.1", Where: "model", Violates: []string{"update.mechanism", "update.check"},
		MayViolate: []string{"update.signed", "update.channel"}, Excludes: []string{UpdateOverHTTP, NoSignatureCheck, NoUpdateCheck}},
	{Name: NoUpdateCheck, Title: "Nothing looks for updates regularly", TitleZh: "未定期檢查是否有更新",
		Clause: "iot-1005-1 5.3.1.3", Where: "model", Violates: []string{"update.check"}},
	{Name: NoDisclosurePolicy, Title: "There is no vulnerability disclosure policy", TitleZh: "沒有漏洞揭露政策",
		Clause: "iot-1005-1 5.2.3.1", Where: "document", Violates: []string{"doc.disclosure-policy", "doc.policy-contact"}},
	{Name: DisclosureContactMissing, Title: "security.txt has expired and the policy names no contact", TitleZh: "security.txt 已過期，且政策未載明聯絡方式",
		Clause: "etsi-en-303-645 5.2-1", Where: "document", Violates: []string{"doc.policy-contact"}, ViolatesStrict: []string{"doc.security-txt"}},
	{Name: NoSetupGuide, Title: "There is no guide to secure set-up", TitleZh: "沒有安全設置指南",
		Clause: "iot-1005-1 5.2.3.3", Where: "document", Violates: []string{"doc.setup-guide"}, Excludes: []string{GuideOfOtherModel}},
	{Name: GuideOfOtherModel, Title: "The set-up guide is that of another model", TitleZh: "安全設置指南屬於其他型號",
		Clause: "iot-1005-1 5.2.3.3", Where: "document", Violates: []string{"doc.setup-guide"}},
	{Name: NoSecureDevelopmentDocument, Title: "Secure development is not described", TitleZh: "沒有安全開發說明文件",
		Clause: "iot-1005-1 5.2.3.2", Where: "document", Violates: []string{"doc.secure-development"}},
	{Name: SupportPeriodMissing, Title: "No support period is published", TitleZh: "未公布更新支援期限",
		Clause: "iot-1005-1 5.3.1.4", Where: "document", Violates: []string{"doc.support-period"}, Excludes: []string{SupportPeriodContradicts}},
	{Name: SupportPeriodContradicts, Title: "The published end of support differs from the declared one", TitleZh: "公布的支援終止日與宣告不符",
		Clause: "iot-1005-1 5.3.1.4", Where: "document", Violates: []string{"doc.support-period"}},
	{Name: DataWithoutDeletion, Title: "Personal data can't be deleted", TitleZh: "個人資料無法刪除",
		Clause: "iot-1005-1 5.7.1.1", Where: "model", Violates: []string{"privacy.deletion"}},
	{Name: PersonalDataWithoutPurpose, Title: "Personal data is collected without a purpose", TitleZh: "收集個人資料但未說明目的",
		Clause: "iot-1005-1 5.7.1.1", Where: "model", Violates: []string{"privacy.necessary"}},
	{Name: TelemetryWithoutConsent, Title: "Telemetry is collected without consent", TitleZh: "未經同意即收集遙測數據",
		Clause: "iot-1005-1 5.7.1.2", Where: "model", Violates: []string{"privacy.telemetry"}},
	{Name: FirmwarePublic, Title: "The firmware image can be downloaded by anyone", TitleZh: "任何人都能下載韌體映像檔",
		Clause: "iot-1005-1 5.4.1.1", Where: "model", Violates: []string{"firmware.not-public"}},
	{Name: NoPrivacyNotice, Title: "There is no privacy notice", TitleZh: "沒有隱私權聲明",
		Clause: "etsi-en-303-645 6-1", Where: "document", Violates: []string{"doc.privacy-notice"}},
	{Name: AccountWithoutPassword, Title: "root opens without a password", TitleZh: "root 免通行碼即可登入",
		Clause: "iot-1005-1 5.1.3.1", Where: "firmware", Violates: []string{"firmware.accounts"}, Excludes: []string{MD5CryptRootPassword}},
	{Name: UnverifiedClient, Title: "A script sends data to the cloud without checking its certificate", TitleZh: "腳本將資料傳送至雲端時未驗證憑證",
		Clause: "iot-1005-1 5.4.2.1", Where: "firmware", Violates: []string{"firmware.transport"}},
	{Name: WritableProgram, Title: "Every process may change the main program", TitleZh: "所有程序都能改寫主程式",
		Clause: "etsi-en-303-645 5.6-7", Where: "firmware", Violates: []string{"firmware.least-privilege"}},
	{Name: DebuggerInImage, Title: "A debugger is left in the image", TitleZh: "韌體中遺留除錯器",
		Clause: "etsi-en-303-645 5.6-6", Where: "firmware", Violates: []string{"firmware.no-debug-tools"}},
	{Name: UnhardenedProgram, Title: "The main program is built without the protections of the compiler", TitleZh: "主程式未使用編譯器提供的保護",
		Clause: "etsi-en-303-645 5.6-9", Where: "firmware", ViolatesStrict: []string{"binary.hardened"}},
	{Name: MemoryCardAutorun, Title: "A script on a memory card is run at boot", TitleZh: "開機時執行記憶卡上的腳本",
		Clause: "iot-1005-1 5.5.1.1", Where: "firmware", Violates: []string{"debug.serial-console"}},
	{Name: AppCleartext, Title: "The companion app may talk in clear to every host", TitleZh: "搭配的應用程式可對所有主機使用明文",
		Clause: "nist-ir-8425 DP.3", Where: "app", Violates: []string{"app.transport"}},
	{Name: AppUserCAs, Title: "The companion app trusts certificates that the phone's user added", TitleZh: "搭配的應用程式信任手機使用者自行加入的憑證",
		Clause: "nist-ir-8425 DP.3", Where: "app", Violates: []string{"app.transport"}},
	{Name: AppDebuggable, Title: "The companion app is a debug build", TitleZh: "搭配的應用程式為除錯版",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", Violates: []string{"app.build"}},
	{Name: AppDebugSigned, Title: "The companion app is signed with the debug key", TitleZh: "搭配的應用程式以除錯金鑰簽章",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", Violates: []string{"app.build"}},
	{Name: AppOldSignature, Title: "The companion app is signed with scheme v1 alone", TitleZh: "搭配的應用程式只以 v1 方式簽章",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", Violates: []string{"app.build"}, Excludes: []string{AppDebugSigned}},
	{Name: AppSecret, Title: "A password stands in the companion app", TitleZh: "搭配的應用程式內寫死通行碼",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", Violates: []string{"app.build"}},
	{Name: AppOpenProvider, Title: "Every app may read what the companion app stores", TitleZh: "其他應用程式皆可讀取搭配應用程式的資料",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", Violates: []string{"app.build"}},
	{Name: AppOpenPart, Title: "Every app may start a service of the companion app", TitleZh: "其他應用程式皆可啟動搭配應用程式的服務",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", ViolatesStrict: []string{"app.build"}},
	{Name: AppBackup, Title: "Data of the companion app goes into backups", TitleZh: "搭配應用程式的資料會納入備份",
		Clause: "nist-ir-8425 IAC.1.a", Where: "app", ViolatesStrict: []string{"app.build"}},
}
