package firmware

import "testing"

// TestOptions: what an option is given that takes a password is masked, what one
// takes that doesn't stays.
func TestOptions(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"/usr/sbin/ipcamd --password hunter22 -d":            "/usr/sbin/ipcamd --password [redacted] -d",
		"curl -u cam:hunter22 https://api.acme.net":          "curl -u cam:[redacted] https://api.acme.net",
		"mosquitto_pub -h broker -p 8883 -u cam -P hunter22": "mosquitto_pub -h broker -p 8883 -u cam -P [redacted]",
		"sshpass -p hunter22 scp a b":                        "sshpass -p [redacted] scp a b",
		"mysqldump -u root -phunter22 cam":                   "mysqldump -u root -p[redacted] cam",
		"openssl enc -d -aes-128-cbc -K 00112233 -in $F":     "openssl enc -d -aes-128-cbc -K [redacted] -in $F",
		"dropbear -Y hunter22":                               "dropbear -Y [redacted]",
		// near misses
		"/usr/sbin/dropbear -R -p 22":          "/usr/sbin/dropbear -R -p 22",
		"telnetd -p 2323 -l /bin/sh":           "telnetd -p 2323 -l /bin/sh",
		"mysqld -P 3306":                       "mysqld -P 3306",
		"mosquitto_sub -t a; httpd -P 80":      "mosquitto_sub -t a; httpd -P 80",
		"openssl req -new -key server.pem -x":  "openssl req -new -key server.pem -x",
		"mkdir -p /data && ./sshpassword -p 1": "mkdir -p /data && ./sshpassword -p 1",
	} {
		if got := options(line); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
}
