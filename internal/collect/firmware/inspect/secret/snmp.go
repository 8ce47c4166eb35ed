package secret

import "strings"

// snmp reads communities and users (snmpd.conf(5)). "public" in the daemon's own
// directives is no secret: it is what everybody reads with.
func (s *scanner) snmp(_ int, f []arg) {
	community := func(i int) {
		if i < len(f) && f[i].Text != "public" && f[i].Text != "default" && !s.placeholder(f[i].Text) {
			s.add(f[i].Off, Hit{Kind: Password, Value: f[i].Text, Scheme: "snmp", Note: "community of " + f[0].Text})
		}
	}
	switch f[0].Text {
	case "rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6", "trapcommunity", "defCommunity":
		if len(f) > 1 {
			community(1)
		}
	case "trapsink", "trap2sink", "informsink", "authcommunity":
		community(2)
	case "com2sec", "com2sec6", "com2secunix":
		community(len(f) - 1)
	case "trapsess", "proxy": // options of snmpcmd(1)
		for i := 1; i+1 < len(f); i++ {
			if f[i].Text == "-c" {
				community(i + 1)
			}
		}
	case "usmUser": // written by the daemon: the keys of RFC 3414, made for this engine
		for i := 4; i < len(f); i++ {
			if v, ok := strings.CutPrefix(f[i].Text, "0x"); ok && (len(v) == 32 || len(v) == 40 || len(v) == 48 || len(v) == 64 || len(v) == 96 || len(v) == 128) && hexOnly(v) {
				s.add(f[i].Off+2, Hit{Kind: SymmetricKey, Value: v, User: strings.Trim(f[4].Text, "\""), Scheme: "snmp", Bits: 4 * len(v), Note: "localized key of SNMPv3"})
			}
		}
	case "createUser":
		for i := 1; i+1 < len(f); i++ {
			switch strings.TrimRight(f[i].Text, "-0123456789") {
			case "MD5", "SHA", "DES", "AES":
				if i > 1 && len(f[i+1].Text) >= 4 {
					s.add(f[i+1].Off, Hit{Kind: Password, Value: f[i+1].Text, User: f[1].Text, Scheme: "snmp", Note: "SNMPv3 " + f[i].Text})
				}
			}
		}
	}
}
