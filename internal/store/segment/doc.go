// Package segment keeps the append-only files of a run: byte-level, knowing
// nothing of facts. Entries (a type and a JSON body) come in through one Writer
// per collector; verified entries go out through Read, and Verify says what is
// wrong with a whole run folder. A run folder holds
//
//	main.ndjson      run, open, seal, close and the run's own entries
//	<name>.ndjson    one segment per collector
//
// Each file is a hash-chained log of the package evidence. The main segment
// records name, count and last hash of every other segment when it is opened,
// when a unit of work is sealed and when it is closed, so that a segment that
// is missing, cut or exchanged is found. The run's head is a hash over the main
// segment's last line and count: whoever noted it elsewhere can tell later that
// nothing was dropped or exchanged. Without it a run is consistent, not
// authenticated.
//
// A run is written by one process: Lock is for the workspace.
package segment
