// Package network is the one door to the network: nothing else in the program
// opens a socket. In: the declared targets (a unit, its host, its ports) and
// limits. Out: connections to the pinned address of a declared unit, a typed
// error for everything else, and a count of what was tried on each unit.
//
// A host is resolved once, when the door is opened; every later connection
// goes to that address. A redirect, a LOCATION header or a name found in a
// document has no way in, because Dial takes the name of a unit and not a
// host. Addresses must be private, loopback or link-local; a public one needs
// an authorisation with a name and an end.
//
// Memory is the twin without sockets: listeners and connections that live in
// the process, honour deadlines and block durably, so that tests inside a
// testing/synctest bubble see a ten-minute lock-out pass at once.
package network
