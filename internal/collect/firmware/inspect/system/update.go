package system

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/keyword"
	"assay/internal/pattern"
)

var (
	anyURL   = pattern.New(`(?i)\b(https?|ftp|tftp)://[^\s"'<>|;)\x60]+`)
	imageURL = pattern.New(`(?i)(\.(bin|img|fw|swu|trx|chk|pkg|upd|ota|rom|raucb|mender|hex|tar|tgz|gz|xz|zip|ipk)(\?|$))|[/._-](fw|firmware|f?ota|upgrade|update|upd)[/._-]`)
	// Archives are fetched for many reasons; images for one.
	archive   = pattern.New(`(?i)\.(hex|tar|tgz|gz|xz|zip)\b`)
	imagePath = pattern.New(`(?i)[/._-](fw|firmware|f?ota|upgrade|update|upd)[/._-]`)
	localURL  = pattern.New(`(?i)://(localhost|127\.|0\.0\.0\.0|\[::1\]|\$|%s)`)
	orbits    = pattern.New(`(?i)/(?:xtra\d*|lto\d*|epo\w*|mgaoffline|qg_?\w*|eph\w*)\.(?:bin|dat|ubx|epo|hdr)\b`) // of satellites: no program
	pageURL   = pattern.New(`(?i)\.(html?|php|txt|md|js|css|xsd|dtd)(\?|#|$)`)
	// What looks at a signature: a tool's option, or a tool or key with such a name.
	verifies  = pattern.New(`(?i)(^|\s)-(prverify|verify)\b|\bgpgv?\b|\busign\b|\bsignify\b|\bminisign\b|\bcosign\b|\bucert\b|signature|\bsigntool\b|verify_?sig|sig_?verify|rsa_?verify|check_?sign|sign_?check|\bswupdate\b|\brauc\b|\bverity\b`)
	looksAway = pattern.New(`(?i)no-(?:gpg-|sign-|ssl-)?(?:verify|checks?)\b|verify(?:-ssl)?[= ]+(?:false|no|0)\b`)
	older     = pattern.New(`(?i)\bsort\s+(-\w*V|--version-sort)|downgrad|rollback|anti_?roll|min_?version|version_?(compare|cmp|check|newer|older|gt|lt|le|ge)|(compare|check|cmp)_?version|ver(sion)?\w*["'}]?\s+-(lt|le|gt|ge)\s`)
)

// writes says that a command writes an image to flash.
func writes(args, to []string) bool {
	name := path.Base(args[0])
	joined := strings.Join(args[1:], " ")
	switch name {
	case "flashcp", "nandwrite", "ubiupdatevol", "mtd_write", "fw_update", "sysupgrade", "mtd-write", "flashw", "updater":
		return !strings.Contains(joined, "--help") && (name != "updater" || strings.Contains(joined, "mtd"))
	case "mtd":
		return strings.Contains(" "+joined, " write ")
	case "mtd_debug":
		return strings.HasPrefix(joined, "write")
	case "dd":
		_, device, ok := strings.Cut(joined, "of=")
		return ok && flashDevice(device)
	}
	return slices.ContainsFunc(to, flashDevice)
}

// flashDevice says that a name is that of flash, or of a partition of it.
func flashDevice(p string) bool {
	for _, d := range []string{"/dev/mtd", "/dev/mmcblk", "/dev/ubi", "/dev/nand", "/dev/block/by-name/", "/dev/block/mmcblk", "/dev/bootdevice/by-name/"} {
		if strings.HasPrefix(p, d) {
			return true
		}
	}
	return false
}

// fetched looks for an image that is fetched in clear, and notes where updates
// come from.
func (s *scanner) fetched(line string, off int) {
	for _, m := range anyURL.FindAllStringSubmatchIndex(line, 4) {
		u := line[m[0]:m[1]]
		if !imageURL.MatchString(u) || localURL.MatchString(u) || pageURL.MatchString(u) || orbits.MatchString(u) {
			continue
		}
		scheme := strings.ToLower(line[m[2]:m[3]])
		if scheme != "https" {
			s.add(off, inspect.Weakness{Kind: UpdateOverHTTP, Name: scheme, Text: line})
		}
		if s.f.Role == inspect.Config && !strings.Contains(strings.ToLower(line), "upd") && !strings.Contains(strings.ToLower(line), "ota") && !strings.Contains(strings.ToLower(line), "fw") && !strings.Contains(strings.ToLower(line), "firmware") && !strings.Contains(strings.ToLower(line), "upgrade") {
			continue
		}
		up := s.update(off, "script", line)
		if s.f.Role == inspect.Config {
			up.Mechanism = "config"
		}
		if up.URL == "" || scheme != "https" && up.Scheme == "https" {
			up.Scheme, up.URL = scheme, clip(u)
		}
	}
}

// program looks at the strings of a program for images that are fetched in
// clear, and for clients that are told not to check.
func (s *scanner) program(hits []keyword.Hit) {
	base := path.Base(s.f.Path)
	if strings.HasSuffix(base, ".ko") || strings.Contains(base, ".so") {
		return
	}
	last := -1
	for n, h := range hits {
		if n >= maxHits {
			break
		}
		use := anchorList[h.Word].use
		if use != updates && use != clients && use != hosts && use != phrases || !s.f.InStrings(h.At) {
			continue
		}
		text, start := s.around(h.At)
		if start == last {
			continue
		}
		last = start
		switch use {
		case hosts:
			if m := carelessHost.FindStringIndex(text); m != nil && strings.Contains(text[m[0]:], "=") || m != nil && strings.Contains(text, "dbclient ") {
				s.add(start+m[0], inspect.Weakness{Kind: WeakSSH, Name: "StrictHostKeyChecking", Text: text[m[0]:m[1]]})
			}
			continue
		case phrases:
			s.enciphers(text, start)
			continue
		case updates:
			s.posted(text, start)
		}
		for _, m := range clientLine.FindAllStringIndex(text, 4) {
			s.add(start+m[0], inspect.Weakness{Kind: TLSVerifyDisabled, Text: text[m[0]:m[1]]})
		}
		for _, m := range anyURL.FindAllStringSubmatchIndex(text, 8) {
			u := text[m[0]:m[1]]
			if !imageURL.MatchString(u) || localURL.MatchString(u) || pageURL.MatchString(u) || strings.HasSuffix(u, "/") {
				continue
			}
			scheme := strings.ToLower(text[m[2]:m[3]])
			if scheme != "https" {
				s.add(start+m[0], inspect.Weakness{Kind: UpdateOverHTTP, Name: scheme, Text: u})
			}
			up := s.update(start+m[0], "program", u)
			if up.URL == "" || scheme != "https" && up.Scheme == "https" {
				up.Scheme, up.URL = scheme, clip(u)
			}
		}
	}
	if s.up != nil && s.signs() {
		s.up.Signature = Checked
	}
}

var clientLine = pattern.New(`\bcurl\b[^;|&]*?\s(?:-[a-zA-Z]*k[a-zA-Z]*\b|--insecure\b)[^;|&]*|\bwget\s[^;|&]*--no-check-certificate[^;|&]*`)

// signs says that a program calls a function that checks a signature.
func (s *scanner) signs() bool {
	p := s.f.Program()
	if p == nil {
		return false
	}
	for _, name := range p.Imports {
		switch name {
		case "EVP_DigestVerifyFinal", "EVP_DigestVerify", "EVP_VerifyFinal", "RSA_verify", "ECDSA_verify", "ECDSA_do_verify", "mbedtls_pk_verify", "mbedtls_rsa_pkcs1_verify", "CMS_verify", "PKCS7_verify",
			"crypto_sign_verify_detached", "ed25519_verify", "wc_RsaSSL_Verify", "wc_ecc_verify_hash", "gnutls_pubkey_verify_data2", "gpgme_op_verify":
			return true
		}
	}
	return false
}

// updater reads the configurations of frameworks that renew firmware; false of
// all other files.
func (s *scanner) updater(base string) bool {
	p := s.f.Path
	switch {
	case strings.HasPrefix(base, "swupdate") && strings.HasSuffix(base, ".cfg"):
		s.swupdate()
	case base == "system.conf" && strings.Contains(p, "rauc"):
		s.rauc()
	case base == "mender.conf":
		s.mender()
	case packageFeeds(p, base):
		s.opkg()
	case base == "sources.list" || strings.Contains(p, "/sources.list.d/") || strings.Contains(p, "/apt.conf"):
		s.apt()
	case strings.Contains(p, "/yum.repos.d/") || base == "dnf.conf" || base == "yum.conf":
		s.yum()
	case base == "fw_env.config":
		s.eachLine(func(line, _, _ string, off int) {
			if strings.HasPrefix(line, "/dev/") {
				s.update(off, "u-boot-env", line).Signature = ""
			}
		})
	default:
		return false
	}
	return true
}

// swupdate reads swupdate.cfg: without a key, images need no signature.
func (s *scanner) swupdate() {
	up := s.update(0, "swupdate", "public-key-file=")
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "public-key-file", "ca-path", "gpg-home-dir":
			if value != "" {
				up.Where, up.Signature, up.Key, up.Text = s.f.At(off), Checked, value, clip(line)
			}
		case "no-downgrading", "max-version", "no-reinstalling":
			if key != "no-reinstalling" && value != "" {
				up.Rollback = Checked
			}
		case "url":
			up.URL = clip(value)
			up.Scheme, _, _ = strings.Cut(strings.ToLower(value), "://")
			if up.Scheme == "http" && !localURL.MatchString(value) {
				s.add(off, inspect.Weakness{Kind: UpdateOverHTTP, Name: "http", Text: line})
			}
		}
	})
}

// rauc reads RAUC's system.conf: a bundle is checked against the keyring.
func (s *scanner) rauc() {
	up := s.update(0, "rauc", "keyring=")
	section := ""
	s.eachLine(func(line, key, value string, off int) {
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case section == "keyring" && (key == "path" || key == "directory") && value != "":
			up.Where, up.Signature, up.Key, up.Text = s.f.At(off), Checked, value, clip(line)
		case section == "system" && key == "min-bundle-version":
			up.Rollback = Checked
		}
	})
}

// mender reads mender.conf: artifacts are checked where it names a key.
func (s *scanner) mender() {
	var c struct {
		ServerURL          string
		Servers            []struct{ ServerURL string }
		ArtifactVerifyKey  string
		ArtifactVerifyKeys []string
		SkipVerify         bool
	}
	up := s.update(0, "mender", "ArtifactVerifyKey=")
	if err := json.Unmarshal(s.f.Data[:min(len(s.f.Data), maxConfig)], &c); err != nil {
		up.Signature = ""
		return
	}
	at := func(key string) int { return max(0, bytes.Index(s.f.Data, []byte(key))) }
	if len(c.Servers) > 0 {
		c.ServerURL = cmp.Or(c.ServerURL, c.Servers[0].ServerURL)
	}
	up.URL = clip(c.ServerURL)
	up.Scheme, _, _ = strings.Cut(strings.ToLower(c.ServerURL), "://")
	if up.Scheme == "http" && !localURL.MatchString(c.ServerURL) {
		s.add(at("ServerURL"), inspect.Weakness{Kind: UpdateOverHTTP, Name: "http", Text: c.ServerURL})
	}
	if c.SkipVerify {
		s.add(at("SkipVerify"), inspect.Weakness{Kind: TLSVerifyDisabled, Name: "mender", Text: "SkipVerify: true"})
	}
	if key := strings.Join(append(c.ArtifactVerifyKeys, c.ArtifactVerifyKey), ""); key != "" {
		up.Where, up.Signature, up.Text = s.f.At(at("ArtifactVerifyKey")), Checked, "ArtifactVerifyKey"
		up.Key = cmp.Or(c.ArtifactVerifyKey, strings.Join(c.ArtifactVerifyKeys, " "))
	} else if c.ServerURL != "" {
		s.add(0, inspect.Weakness{Kind: UpdateUnsigned, Name: "mender", Text: "ArtifactVerifyKey="})
	}
}

// apt reads sources.list(5) and apt.conf(5): what is not signed is taken only
// where they say so.
func (s *scanner) apt() {
	s.eachLine(func(line, _, _ string, off int) {
		low := strings.ToLower(line)
		if strings.HasPrefix(low, "deb ") || strings.HasPrefix(low, "deb [") {
			up := s.update(off, "apt", line)
			if up.Signature != Disabled {
				up.Signature, up.Rollback = Checked, Checked
			}
			if m := anyURL.FindStringSubmatch(line); m != nil && up.URL == "" {
				up.URL, up.Scheme = clip(m[0]), strings.ToLower(m[1])
			}
		}
		for _, word := range []string{"trusted=yes", "allow-insecure=yes", "allowunauthenticated \"true\"", "allow-unauthenticated \"true\"", "allow-unauthenticated \"1\"", "allowinsecurerepositories \"true\"", "allowinsecurerepositories \"1\""} {
			if strings.Contains(low, word) {
				s.update(off, "apt", line).Signature = Disabled
				s.add(off, inspect.Weakness{Kind: UpdateUnsigned, Name: "apt", Text: line})
			}
		}
	})
}

func (s *scanner) yum() {
	s.eachLine(func(line, key, value string, off int) {
		switch key {
		case "baseurl":
			up := s.update(off, "yum", line)
			if m := anyURL.FindStringSubmatch(line); m != nil && up.URL == "" {
				up.URL, up.Scheme = clip(m[0]), strings.ToLower(m[1])
			}
		case "gpgcheck":
			up := s.update(off, "yum", line)
			if up.Signature = Checked; no(value) {
				up.Signature = Disabled
				s.add(off, inspect.Weakness{Kind: UpdateUnsigned, Name: "yum", Text: line})
			}
		}
	})
}

// judge says of an update script what it checks, and whether that is a
// signature: in a shell's script the commands count, not what comments tell.
func (s *scanner) judge(commands [][]string, raw []byte) (checked bool) {
	rollback := false
	look := func(text string) {
		checked = checked || verifies.MatchString(text) && !looksAway.MatchString(text)
		rollback = rollback || older.MatchString(text)
	}
	for _, c := range commands {
		look(strings.Join(c, " "))
	}
	for l := range bytes.Lines(raw[:min(len(raw), maxConfig)]) {
		if t := bytes.TrimSpace(l); len(t) > 0 && t[0] != '#' && len(t) < maxLine && s.f.Role == inspect.Script && commands == nil {
			look(string(t))
		}
	}
	if s.up != nil && checked {
		s.up.Signature = Checked
	}
	if s.up != nil && rollback {
		s.up.Rollback = Checked
	}
	return checked
}
