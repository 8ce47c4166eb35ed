package startup

// errand says that a program does something and ends: no process of the device.
func errand(name string) bool {
	switch name {
	case "mount", "umount", "mkdir", "cp", "mv", "rm", "ln", "cat", "echo", "chmod", "chown", "touch", "ifconfig", "ip", "route", "insmod", "modprobe", "rmmod", "sysctl", "hostname", "sleep", "kill", "killall", "sync", "reboot", "poweroff", "halt", "date", "hwclock", "mknod", "grep", "sed", "awk", "expr", "test", "[", "true", "false", "ls", "ps", "logger", "stty", "swapon", "swapoff", "fsck", "depmod", "iptables", "ip6tables", "iwconfig", "iwpriv", "env", "printf", "tr", "cut", "head", "tail", "basename", "dirname", "find", "install", "dd", "tar", "gzip", "gunzip", "sh", "bash", "ash", "mdev", "loadkmap", "setfont", "start-stop-daemon", "uci", "devmem", "himm", "passwd", "chpasswd", "seq", "uname", "tee", "which", "readlink", "realpath", "mktemp", "id", "xargs", "sort", "wc":
		return true
	}
	return false
}
