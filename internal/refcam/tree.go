package refcam

import (
	"bytes"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"assay/internal/refcam/elf"
	"assay/internal/refcam/squash"
)

// templates holds the files of the root file system (template/root), the
// documents of the maker and the model (template/workspace).
//
//go:embed all:template
var templates embed.FS

// Hosts that the camera may talk to: all are declared. They are invented and
// nothing here ever connects to them; names under .example would not do,
// because a scanner of firmware rightly leaves those out as examples.
const (
	apiHost  = "api.lumi-cloud-lc200.net"
	mqttHost = "mqtt.lumi-cloud-lc200.net"
	otaHost  = "ota.lumi-cloud-lc200.net"
	ntpHost  = "pool.ntp.org"
	// trackHost is the undeclared one of UndeclaredHostInImage, of a range
	// for documentation (RFC 5737).
	trackHost = "203.0.113.77"
)

// mainProgram is the maker's own program.
const mainProgram = "/usr/sbin/ipcamd"

// modes of the files that aren't 0644.
var modes = map[string]uint16{
	"/etc/init.d/rcS":          0o755,
	"/etc/init.d/S10network":   0o755,
	"/etc/init.d/S40ntpd":      0o755,
	"/etc/init.d/S50telnet":    0o755,
	"/etc/shadow":              0o600,
	"/etc/crontabs/root":       0o600,
	"/etc/wpa_supplicant.conf": 0o600,
	"/opt/cam/maint.conf":      0o600,
	"/opt/cam/backup.conf":     0o600,
	"/usr/sbin/ota_update.sh":  0o755,
	"/usr/sbin/report.sh":      0o755,
}

// tree returns the root file system.
func (c *Camera) tree() ([]squash.Entry, error) {
	es := []squash.Entry{
		{Path: "/root", Type: squash.Dir, Mode: 0o700},
		{Path: "/var/empty", Type: squash.Dir, Mode: 0o755, UID: 200, GID: 200},
		{Path: "/dev/console", Type: squash.Char, Mode: 0o600, Major: 5, Minor: 1},
		{Path: "/dev/null", Type: squash.Char, Mode: 0o666, Major: 1, Minor: 3},
		{Path: "/dev/ttyS0", Type: squash.Char, Mode: 0o660, Major: 4, Minor: 64},
		{Path: "/dev/mtdblock3", Type: squash.Block, Mode: 0o660, Major: 31, Minor: 3},
	}
	for _, d := range []string{"/proc", "/sys", "/run", "/data", "/mnt/sd"} {
		es = append(es, squash.Entry{Path: d, Type: squash.Dir, Mode: 0o755})
	}
	es = append(es, squash.Entry{Path: "/tmp", Type: squash.Dir, Mode: 0o1777})
	applets := []string{"/bin/sh", "/bin/cat", "/bin/grep", "/bin/login", "/bin/ls", "/bin/mount", "/bin/umount", "/sbin/init", "/sbin/ip", "/sbin/udhcpc", "/usr/sbin/crond", "/usr/sbin/ntpd"}
	if c.weak[TelnetdAtBoot] {
		applets = append(applets, "/usr/sbin/telnetd")
	}
	for _, p := range applets {
		target := strings.Repeat("../", strings.Count(path.Dir(p), "/")) + "bin/busybox"
		if path.Dir(p) == "/bin" {
			target = "busybox"
		}
		es = append(es, squash.Entry{Path: p, Type: squash.Symlink, Mode: 0o777, Target: target})
	}
	texts, err := c.render("template/root")
	if err != nil {
		return nil, err
	}
	for p, b := range texts {
		e := squash.Entry{Path: p, Type: squash.File, Mode: 0o644, Data: b}
		if m, ok := modes[p]; ok {
			e.Mode = m
		}
		es = append(es, e)
	}
	keys, err := c.keyFiles()
	if err != nil {
		return nil, err
	}
	programs, err := c.programs()
	if err != nil {
		return nil, err
	}
	return append(append(es, keys...), programs...), nil
}

// keyFiles returns what every image may hold: the maker's root certificate and
// the key that updates are checked with; and what none may.
func (c *Camera) keyFiles() ([]squash.Entry, error) {
	root, _, err := c.root()
	if err != nil {
		return nil, fmt.Errorf("root certificate: %w", err)
	}
	es := []squash.Entry{{
		Path: "/etc/ssl/certs/lumi-root.pem", Type: squash.File, Mode: 0o644,
		Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}),
	}}
	if !c.weak[NoUpdateMechanism] {
		pub, err := x509.MarshalPKIXPublicKey(c.updateKey().Public())
		if err != nil {
			return nil, fmt.Errorf("update key: %w", err)
		}
		es = append(es, squash.Entry{
			Path: "/etc/lumi/update.pub.pem", Type: squash.File, Mode: 0o644,
			Data: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}),
		})
	}
	if c.weak[KeyInImage] {
		der, err := x509.MarshalPKCS8PrivateKey(c.units[0].cert.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("device key: %w", err)
		}
		es = append(es, squash.Entry{
			Path: "/etc/ssl/private/device.key", Type: squash.File, Mode: 0o600,
			Data: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		})
	}
	return es, nil
}

func (c *Camera) programs() ([]squash.Entry, error) {
	camera := []string{
		"ipcamd " + Release, "usage: ipcamd -c FILE",
		"https://" + apiHost + "/v1/device", "mqtts://" + mqttHost + ":8883",
		"/opt/cam/ipcamd.conf", "/data/keys/device.crt", "RTSP/1.0 200 OK", "Content-Security-Policy",
	}
	busybox := []string{"BusyBox v1.37.0 (2026-03-02 08:00:00 UTC)", "BusyBox is copyrighted by many authors between 1998-2015.", "Usage: %s"}
	if c.weak[TelnetdAtBoot] {
		busybox = append(busybox, "telnetd")
	}
	type program struct {
		path    string
		text    int
		strings []string
	}
	programs := []program{
		{mainProgram, 160 << 10, camera},
		{"/bin/busybox", 90 << 10, busybox},
		{"/usr/lib/libvenc.so.1", 40 << 10, []string{"libvenc 1.8.0", "h264 main profile"}},
	}
	if c.weak[DebuggerInImage] {
		programs = append(programs, program{"/usr/bin/gdbserver", 24 << 10, []string{"GNU gdbserver (GDB) 15.2", "Listening on port %s"}})
	}
	var es []squash.Entry
	for _, p := range programs {
		b, err := elf.Write(c.code(p.path, p.text), p.strings, !c.weak[UnhardenedProgram] || p.path != mainProgram)
		if err != nil {
			return nil, fmt.Errorf("program %s: %w", p.path, err)
		}
		e := squash.Entry{Path: p.path, Type: squash.File, Mode: 0o755, Data: b}
		if c.weak[WritableProgram] && p.path == mainProgram {
			e.Mode = 0o777
		}
		es = append(es, e)
	}
	return es, nil
}

// render runs every template below dir and returns the results by path, from
// "/". A template that gives nothing but white space makes no file.
func (c *Camera) render(dir string) (map[string][]byte, error) {
	return c.renderWith(dir, c.values())
}

func (c *Camera) renderWith(dir string, values map[string]any) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(templates, dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := templates.ReadFile(p)
		if err != nil {
			return err
		}
		t, err := template.New(p).Option("missingkey=error").Funcs(template.FuncMap{
			"weak": func(name string) (bool, error) {
				// A slip of the pen in a template would switch nothing.
				if !known(name) {
					return false, fmt.Errorf("no weakness is called %q", name)
				}
				return c.weak[name], nil
			},
		}).Parse(string(text))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, values); err != nil {
			return err
		}
		if len(bytes.TrimSpace(b.Bytes())) > 0 {
			files[strings.TrimSuffix(strings.TrimPrefix(p, dir), ".tmpl")] = b.Bytes()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	return files, nil
}
