// Package evidence keeps the bytes that facts point to. Bytes come in by Put
// (copied), Reference (left where they are, inside the workspace) and Seal
// (secrets); they go out by Open and Unseal, named by SHA-256 or handle. A
// hash-chained index tells what was stored when, Verify finds what is damaged,
// missing or purged, and Purge removes bytes and leaves tombstones.
//
// What is under .assay in a workspace:
//
//	evidence/index.ndjson        the log: object, reference, sealed, purged
//	evidence/objects/ab/abcd…    objects by SHA-256
//	evidence/tmp/                objects being written
//	sealed/key                   the random workspace key
//	sealed/<handle>              sealed values
//
// Folders are 0700, files 0600, and no path leaves the workspace (os.Root). The
// store is safe for concurrent use inside one process; one process per
// workspace is the caller's lock. The chain shows damage, not tampering: that
// takes a head that was noted elsewhere.
package evidence
