package secret

import (
	"path"
	"strings"

	"assay/internal/collect/firmware/inspect"
)

// prose says that the file explains or tests things: what looks like a secret
// there is an example.
func (s *scanner) prose() bool {
	return s.f.Role == inspect.Documentation || s.f.Role == inspect.Database || s.tests || strings.Contains(s.f.Path, ".egg-info/") || strings.Contains(s.f.Path, ".dist-info/")
}

// catalogue says that a file holds the texts of a user interface: the value of
// "password" there is a word for people.
func catalogue(p string) bool {
	low := strings.ToLower(p)
	for _, dir := range []string{"/lang/", "/langs/", "/language/", "/languages/", "/i18n/", "/l10n/", "/locale/", "/locales/", "/lng/", "/nls/", "/translations/", "/strings/", "/po/"} {
		if strings.Contains(low, dir) {
			return true
		}
	}
	base := path.Base(low)
	stem := strings.TrimSuffix(base, path.Ext(base))
	switch stem {
	case "strings", "messages", "lang", "language", "i18n", "locale", "zh_cn", "zh-cn", "zh_tw", "zh-tw", "en_us", "en-us", "en_gb", "de_de", "ja_jp", "ko_kr":
		return true
	}
	if len(stem) == 2 {
		switch stem {
		case "en", "de", "fr", "es", "it", "ja", "ko", "zh", "ru", "pt", "nl", "pl", "tr", "cs", "sv":
			return true
		}
	}
	for _, pre := range []string{"lang_", "lang-", "language_", "strings_", "messages_", "i18n_", "locale_"} {
		if strings.HasPrefix(stem, pre) {
			return true
		}
	}
	return false
}

// testFile says that a file is a test of a program or a library.
func testFile(p string) bool {
	low := strings.ToLower(p)
	for _, dir := range []string{"/test/", "/tests/", "/testdata/", "/testing/", "/__tests__/", "/selftest/", "/fixtures/", "/testsuite/"} {
		if strings.Contains(low, dir) {
			return true
		}
	}
	base := path.Base(low)
	stem := strings.TrimSuffix(base, path.Ext(base))
	ext := path.Ext(base)
	code := ext == ".py" || ext == ".js" || ext == ".lua" || ext == ".go" || ext == ".rb" || ext == ".pl" || ext == ".php" || ext == ".pyc"
	return code && (strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec"))
}

// notSettings are files whose names and words are no settings of secrets.
func notSettings(p string) bool {
	switch path.Base(p) {
	case "nsswitch.conf", "login.defs", "inputrc", "ld.so.conf", "modprobe.conf", "mke2fs.conf", "sudoers", "services", "protocols", "openssl.cnf", "command.lst", "package.json", "package-lock.json", "yarn.lock", "composer.json", "composer.lock", "bower.json":
		return true
	}
	return strings.Contains(p, "/pam.d/") || strings.Contains(p, "/sysctl.d/") || strings.Contains(p, "/udev/")
}
