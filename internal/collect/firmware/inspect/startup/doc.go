// Package startup reads what a device starts, and what starts it: inittab, rc
// and init.d scripts, OpenWrt's procd, systemd units, upstart, OpenRC, runit and
// s6, Android's init, inetd and xinetd, cron, log-in profiles, rules for hot-
// plugged devices, what a memory card may start, a boot loader's environment
// and the kernel's command line. In: an inspect.File and the places of Words in
// it. Out: starts with place, program, options and port. Boot joins the starts
// of all files with the links between them, and tells which run at boot.
package startup

import "assay/internal/collect/firmware/inspect"

// Kind is what is started.
type Kind string

// The kinds of a Start.
const (
	Service        Kind = "service"          // a network service; Name says which
	Telnet         Kind = "telnet-enabled"   // telnetd
	TelnetOnDemand Kind = "telnet-on-demand" // a program that holds the command line of telnetd
	SerialShell    Kind = "serial-shell"     // a shell on a terminal without log-in
	SerialLogin    Kind = "serial-login"     // a getty on a serial line: a log-in is asked for
	Process        Kind = "process"          // any other program
	Autorun        Kind = "media-autorun"    // what a memory card or stick holds
	Bootloader     Kind = "bootloader-open"  // a boot loader that stops at a key and takes commands
	Console        Kind = "kernel-console"   // where the kernel writes to; Name says which terminal
	Cut            Kind = "cut"              // no start: a limit was hit here, what follows in the file was not looked at

	// What a start weakens, beside the start itself.
	Anonymous  Kind = "anonymous-access"         // a service that asks nobody who he is; Name says what it gives
	DebugTool  Kind = "debug-tool"               // a debugger or tracer that runs
	ADB        Kind = "adb-enabled"              // Android's debug bridge
	Cleartext  Kind = "cleartext-transport"      // a server that can't encrypt; Name says the protocol
	Unsigned   Kind = "update-without-signature" // code of another machine that is run, or of a card that a boot loader writes to flash
	KernelWeak Kind = "kernel-not-hardened"      // a kernel's command line that switches protections off; Name lists them
)

// Harmless says that a start weakens nothing by itself.
func (k Kind) Harmless() bool {
	switch k {
	case Service, SerialLogin, Process, Console:
		return true
	}
	return false
}

// Start is one line that starts something.
type Start struct {
	Kind Kind
	inspect.Where
	Name    string   // of a service: "telnetd", "dropbear" …, of a terminal: "ttyS0"
	Program string   // as it stands: "/usr/sbin/telnetd"
	Args    []string // of the program; credentials are not replaced
	Listens bool     // it waits for connections
	Port    int      // where the line names it
	Address string   // that it listens at, where the line names one
	Login   string   // of a service: Yes: it asks for an account; No; Unknown: the line doesn't tell
	Text    string   // the line or the part of it that says so; credentials are not replaced
	By      string   // "inittab", "init.d", "rc", "systemd", "procd", "openrc", "supervisor", "upstart", "runit", "s6", "android-init", "inetd", "xinetd", "options", "preset", "crontab", "profile", "udev", "mdev", "hotplug", "network", "u-boot", "bootargs", "program", "script"
	Boot    string   // Yes, No or Unknown; Boot.Resolve sets it
}

// Whether something is started at boot.
const (
	Yes     = "yes"
	No      = "no" // what would start it is there, and leaves it out
	Unknown = ""
)

// Calls are the programs that one file starts: what Boot needs of it.
type Calls struct {
	Path     string
	By       string
	Install  bool     // a unit of systemd that says where it belongs
	WantedBy []string // the units that want it once it is enabled
	Also     []string // the units that are enabled with it
	Presets  []string // rules of systemd: "enable a.service", "disable *"
	Tested   []string // folders of which it starts only what is executable
	Programs []string // at most 500: paths, names without a folder, patterns; "*/x" is x in a folder that isn't known
	Units    []string // of systemd, that a unit brings along

	// Of a unit of systemd or a drop-in, by the names of settings: "ExecStart" …
	Execs  map[string][]string // what they start, beside Programs; not what the file itself takes back
	Resets map[string]int64    // where the last one without a value stands, which takes back those before
}
