package startup_test

import (
	"slices"
	"testing"

	"assay/internal/collect/firmware/inspect/startup"
)

// TestUnreached: what a constant of the script keeps it out of, and what it
// doesn't.
func TestUnreached(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"BUILD=release\nif [ \"$BUILD\" = \"debug\" ]; then\n\ttelnetd -l /bin/login\nfi\n":                  false,
		"BUILD=debug\nif [ \"$BUILD\" = \"debug\" ]; then\n\ttelnetd -l /bin/login\nfi\n":                    true,
		"BUILD=release\nif [ $BUILD != release ]; then\n\ttelnetd\nelse\n\techo\nfi\n":                       false,
		"BUILD=release\nif [ $BUILD = release ]; then\n\tif [ -f /x ]; then echo; fi\nelse\n\ttelnetd\nfi\n": false,
		"BUILD=release\nif [ $BUILD = debug ]; then\n\tif [ -f /x ]; then echo; fi\nelse\n\ttelnetd\nfi\n":   true,
		"BUILD=release\nif [ $BUILD = debug ]; then\n\techo \"fi\"\nfi\ntelnetd\n":                           true,
		"readonly DBG='0'\n[ \"$DBG\" = 1 ] && telnetd\n":                                                    false,
		"DBG=01\n[ \"$DBG\" -eq 1 ] && telnetd\n":                                                            true,
		"DBG=on\n[ \"$DBG\" -eq 1 ] && telnetd\n":                                                            true,
		"DBG=0\n[ \"$DBG\" -eq 1 ] && telnetd\n":                                                             false,
		"DBG=0\n[ \"$DBG\" = 1 ] || telnetd\n":                                                               true,
		"DBG=1\n[ \"$DBG\" = 1 ] || telnetd\n":                                                               false,
		"DBG=0\n[ \"x$DBG\" = \"x1\" ] && {\n\ttelnetd\n}\n":                                                 false,
		"DBG=0\n[ \"$DBG\" = 1 ] || exit 0\ntelnetd\n":                                                       false,
		"DBG=1\n[ \"$DBG\" = 1 ] || exit 0\ntelnetd\n":                                                       true,
		"DBG=0\n[ -f /mnt/sd/debug ] && DBG=1\n[ \"$DBG\" = 1 ] && telnetd\n":                                true,
		"DBG=0\n. /etc/product.conf\n[ \"$DBG\" = 1 ] && telnetd\n":                                          true,
		"DBG=$(cat /etc/dbg)\n[ \"$DBG\" = 1 ] && telnetd\n":                                                 true,
		"DBG=0\nread DBG < /etc/dbg\n[ \"$DBG\" = 1 ] && telnetd\n":                                          true,
		"DBG=0\neval $(fw_printenv)\n[ \"$DBG\" = 1 ] && telnetd\n":                                          true,
		"[ \"$DBG\" = 1 ] && telnetd\n":                                                                      true,
		"DBG=0\nif [ \"$DBG\" = 1 ] || [ -f /x ]; then\n\ttelnetd\nfi\n":                                     true,
		"case $1 in\nstart)\n\tDBG=0\n\t;;\nesac\n[ \"$DBG\" = 1 ] && telnetd\n":                             true,
	} {
		starts := scan("/etc/init.d/S50dbg", "#!/bin/sh\n"+text)
		if got := slices.ContainsFunc(starts, func(s item) bool { return s.Kind == startup.Telnet }); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
