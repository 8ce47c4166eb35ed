package secret_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/inspect"
	"assay/internal/collect/firmware/inspect/secret"
)

// TestFilesOfCredentials: what a file holds that is nothing but a word is a
// credential where another one says so. The found are "path user value".
func TestFilesOfCredentials(t *testing.T) {
	t.Parallel()
	const sh = "#!/bin/sh\n"
	for _, row := range []struct {
		name, at, names string // the file that names another
		file, text      string // the file that is named
		want            []string
	}{
		{"openvpn-setting", "/etc/openvpn/a.conf", "client\nauth-user-pass /etc/openvpn/a.dat\n", "/etc/openvpn/a.dat", "unit7\nhorse battery\n", nil},
		{"openvpn", "/etc/openvpn/a.conf", "client\nauth-user-pass /etc/x.dat\n", "/etc/x.dat", "unit7\ncorrect-horse\n", []string{"/etc/x.dat unit7 correct-horse"}},
		{"openvpn-option", "/a.sh", sh + "openvpn --config c --auth-user-pass /etc/x.dat\n", "/etc/x.dat", "unit7\ncorrect-horse\n", []string{"/etc/x.dat unit7 correct-horse"}},
		{"openvpn-commented-out", "/etc/openvpn/a.conf", "#auth-user-pass /etc/x.dat\n", "/etc/x.dat", "unit7\ncorrect-horse\n", nil},
		{"sshpass", "/a.sh", sh + "sshpass -f/etc/x.dat ssh -f a@b\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"ssh-has-another-f", "/a.sh", sh + "sshpass -e ssh -F /etc/x.dat b\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"rsync", "/a.sh", sh + "rsync -a --password-file=/etc/x.dat a::b /c\n", "/etc/x.dat", "tr0ub4dor", []string{"/etc/x.dat  tr0ub4dor"}},
		{"chpasswd", "/a.sh", sh + "chpasswd < /etc/x.dat\n", "/etc/x.dat", "root:tr0ub4dor\nadmin:$6$ab$cd\n", []string{"/etc/x.dat root tr0ub4dor"}},
		{"printed", "/a.sh", sh + "cat /etc/x.dat | chpasswd\nsort < /etc/x.dat\n", "/etc/x.dat", "root:tr0ub4dor\n", []string{"/etc/x.dat root tr0ub4dor"}},
		{"another-program", "/a.sh", sh + "sort < /etc/x.dat\n", "/etc/x.dat", "root:tr0ub4dor\n", nil},
		{"substituted", "/a.sh", sh + "mosquitto_pub -u a -P \"$(cat /etc/x.dat)\" -t b\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"assigned", "/a.sh", sh + "MQTT_PW=`cat /etc/x.dat`\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"assigned-else", "/a.sh", sh + "MODEL=`cat /etc/x.dat`\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"mount", "/a.sh", sh + "mount -t cifs -o vers=3,credentials=/etc/x.dat //a/b /c\n", "/etc/x.dat", "username=a\npassword=tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"fstab", "/etc/fstab", "//nas/a /b cifs credentials=/etc/x.dat,ro 0 0\n", "/etc/x.dat", "username=a\npassword=tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"setting", "/etc/a.json", "{\"password_file\": \"/etc/x.dat\"}", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"setting-of-hashes", "/etc/mosquitto.conf", "password_file /etc/x.dat\n", "/etc/x.dat", "a:$7$101$eHl6$YWJj\n", nil},
		{"systemd", "/lib/systemd/system/a.service", "[Service]\nLoadCredential=mqtt-password:/etc/x.dat\nExecStart=/bin/a\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"systemd-by-the-file", "/lib/systemd/system/a.service", "[Service]\nLoadCredential=mqtt:/etc/mqtt.token\n", "/etc/mqtt.token", "tr0ub4dor\n", []string{"/etc/mqtt.token  tr0ub4dor"}},
		{"systemd-hostname", "/lib/systemd/system/a.service", "[Service]\nLoadCredential=name:/etc/hostname\n", "/etc/hostname", "cam-4711\n", nil},
		{"systemd-serial", "/lib/systemd/system/a.service", "[Service]\nLoadCredential=serial:/etc/serial\nLoadCredential=/etc/x.dat\n", "/etc/serial", "SN4711-0815\n", nil},
		{"systemd-monkey", "/lib/systemd/system/a.service", "[Service]\nLoadCredential=monkey:/etc/compass\n", "/etc/compass", "tr0ub4dor\n", nil},
		{"nice-sshpass", "/a.sh", sh + "nice -n 5 sshpass -f /etc/ssh.dat ssh -p 22 a@b\n", "/etc/ssh.dat", "tr0ub4dor\n", []string{"/etc/ssh.dat  tr0ub4dor"}},
		{"nice-ssh", "/a.sh", sh + "nice -n 5 ssh -f /etc/ssh.dat a@b\n", "/etc/ssh.dat", "tr0ub4dor\n", nil},
		{"wrapped-input", "/a.sh", sh + "timeout 5 sudo chpasswd < /etc/x.dat\n", "/etc/x.dat", "root:tr0ub4dor\n", []string{"/etc/x.dat root tr0ub4dor"}},
		{"wrapped-cat", "/a.sh", sh + "sudo cat /etc/x.dat | busybox chpasswd\n", "/etc/x.dat", "root:tr0ub4dor\n", []string{"/etc/x.dat root tr0ub4dor"}},
		{"docker-load", "/a.sh", sh + "docker load < /etc/board\n", "/etc/board", "imx8mm-evk\n", nil},
		{"docker-login", "/a.sh", sh + "docker login -u a --password-stdin r.example.com < /etc/board\n", "/etc/board", "tr0ub4dor\n", []string{"/etc/board  tr0ub4dor"}},
		{"cryptsetup-open", "/a.sh", sh + "cryptsetup luksOpen /dev/a b < /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"cryptsetup-else", "/a.sh", sh + "cryptsetup status b < /etc/x.dat\ncryptsetup open -d /etc/k /dev/a b < /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"smbpasswd-twice", "/a.sh", sh + "smbpasswd -s -a cam < /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\ntr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"kinit-keytab", "/a.sh", sh + "kinit -k -t /etc/k a < /etc/x.dat\nsudo -k < /etc/x.dat\npasswd -S root < /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"passthrough", "/etc/fstab", "//nas/a /b cifs credentials=/etc/x.dat,ro 0 0\n", "/etc/x.dat", "username=a\npassthrough = yes9\n", nil},
		{"assigned-passthrough", "/a.sh", sh + "PASSTHROUGH=`cat /etc/x.dat`\nPWM=$(cat /etc/x.dat)\nBYPASS=$(cat /etc/x.dat)\nPWD=$(cat /etc/x.dat)\n# PW=$(cat /etc/x.dat)\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"assigned-behind", "/a.sh", sh + "MODEL=$(cat /etc/y) DBPASS=$(cat /etc/x.dat) run\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"setting-of-one", "/etc/a.conf", "mqtt_password_file = /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"setting-of-another", "/etc/a.conf", "compassfile = /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", nil},
		{"openssl", "/a.sh", sh + "openssl enc -d -aes-256-cbc -pass file:/etc/x.dat -in a\n", "/etc/x.dat", "tr0ub4dor\n", []string{"/etc/x.dat  tr0ub4dor"}},
		{"in-a-mounted-tree", "/a.sh", sh + "sshpass -f /mnt/data/x.dat ssh b\n", "jffs2:/x.dat", "tr0ub4dor\n", []string{"jffs2:/x.dat  tr0ub4dor"}},
		{"another-file", "/a.sh", sh + "sshpass -f /mnt/data/x.dat ssh b\n", "/x.dat", "tr0ub4dor\n", nil},
		{"placeholder", "/a.sh", sh + "sshpass -f /etc/x.dat ssh b\n", "/etc/x.dat", "<password>\n", nil},
		{"nobody-names-it", "/a.sh", sh + "cat /etc/x.dat\n", "/etc/x.dat", "tr0ub4dor\n", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var clues []secret.Clue
			var have []secret.Hit
			for p, text := range map[string]string{row.at: row.names, row.file: row.text} {
				_, in, ok := strings.Cut(p, ":")
				if !ok {
					in = p
				}
				f := inspect.New(in, 0o644, []byte(text))
				found := find([]byte(text))
				for _, c := range secret.Clues(f, found) {
					c.Path = p
					clues = append(clues, c)
				}
				for _, h := range secret.Scan(f, found) {
					h.Path = p
					have = append(have, h)
				}
			}
			var got []string
			for _, h := range append(have, secret.Named(clues, have)...) {
				if h.Path == row.file {
					got = append(got, h.Path+" "+h.User+" "+h.Value)
				}
			}
			if row.name == "mount" || row.name == "fstab" { // the name of the setting says it already
				for i := range got {
					got[i] = strings.Replace(got[i], " a ", "  ", 1)
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(row.want, slices.Compact(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSmallFiles: the text of a file is kept only where it may be a credential.
func TestSmallFiles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"tr0ub4dor\n": true, "root:tr0ub4dor\n": true, "user\ntr0ub4dor\n": true, "username=a\npassword=tr0ub4dor\n": true, "-P tr0ub4dor\n": true,
		"enabled=1\n": false, "passthrough = yes9\n": false, "a b c\nd e f\n": false, "[main]\nmode=2\n": false, "one7\ntwo8\nthree9\n": false, "interval: 5\n": false,
	} {
		f := inspect.New("/etc/x.dat", 0o644, []byte(text))
		got := slices.ContainsFunc(secret.Clues(f, find([]byte(text))), func(c secret.Clue) bool { return c.Text != "" })
		if got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestOptionsOfCommands: options as a shell's command line has them.
func TestOptionsOfCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"sshpass -ptr0ub4dor99 ssh -p 2222 h": "tr0ub4dor99", "curl -sSu al:tr0ub4dor99 https://h/x": "tr0ub4dor99", "mysql -uroot -ptr0ub4dor99 db": "tr0ub4dor99", "wget --password='tr0ub4dor99' --user=a https://h/x": "tr0ub4dor99",
		"ldapsearch -xwtr0ub4dor99 -D cn=a": "tr0ub4dor99",
		"mysql -p tr0ub4dor99":              "", "sshpass -e ssh -p tr0ub4dor99 h": "", "openssl x509 -keyform tr0ub4dor99": "", "curl -o tr0ub4dor99:u https://h/x": "",
	} {
		got := ""
		for _, h := range hitsOf("/a.sh", []byte("#!/bin/sh\n"+line+"\n")) {
			got += h.Value
		}
		if got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func FuzzNamed(f *testing.F) {
	for _, s := range []string{"auth-user-pass /x", "sshpass -f /x a", "chpasswd < /x", "PW=$(cat /x)", "a\nbcdef", "-P abcdef", "password=abcdef", "mount -o credentials=/x a b"} {
		f.Add("/etc/a.conf", []byte(s), "/x", []byte("a:bcdef\n"))
		f.Add("/a.sh", []byte(s), "/x", []byte(s))
	}
	f.Fuzz(func(t *testing.T, p string, a []byte, q string, b []byte) {
		clues := append(secret.Clues(inspect.New(p, 0, a), find(a)), secret.Clues(inspect.New(q, 0, b), find(b))...)
		for _, h := range secret.Named(clues, nil) {
			if h.Value == "" || h.Offset < 0 || h.Offset >= int64(max(len(a), len(b))) {
				t.Errorf("%+v", h)
			}
		}
	})
}
