// Package peers holds tests of the whole program against servers that others
// wrote: nginx, OpenSSL, Dropbear, Mosquitto. In: those programs, where they
// are installed (make deps), and root for a network namespace of its own; on
// loopback otherwise. Out: the verdicts that the standards' cases must give.
// The tests are behind the build tag peers (make test-peers).
package peers
