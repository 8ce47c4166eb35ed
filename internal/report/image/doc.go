// Package image writes what is known of a firmware image for people and for
// other tools: a page with a map of the image and its tree of files, and SARIF.
// In: a Doc. Out: one self-contained HTML file, or a SARIF 2.1.0 log. Secrets
// come redacted; everything that the image says is hostile text.
package image

// Doc is what is known of one image.
type Doc struct {
	Name, SHA256, Status, Reason, Version, Tool, When string
	Size, Files                                       int64
	Entropy                                           float64
	Summary                                           [][2]string // a label and what it says: what the image is, how much was read, what was found
	Apps                                              []App
	Parts                                             []Part
	Findings                                          []Finding
	Components                                        []Component
	Hosts                                             []Host
	Starts                                            []Line
	Consoles                                          bool   // of Starts: nothing but where the kernel writes to
	NoStarts                                          string // where nothing says what is started: a sentence
	Updates                                           []Line
	Entries                                           []Entry
	More                                              int      // names of the image that Entries lacks
	Gaps                                              []string // what was not read, a sentence each
	Unattributed                                      []string
}

// Part is a range of the image, or of what is decoded in it.
type Part struct {
	Offset, Size             int64
	Decoded, Read            bool
	Format, Path, Note, Sums string
}

// Finding is a secret or a weakness.
type Finding struct {
	Group    string // "secret", "weakness", "marker"
	Kind     string
	Title    string // in the reader's language
	Severity string // "high", "medium", "low"
	Path     string
	Offset   int64
	Line     int
	Text     string // redacted
}

// Component is a piece of software.
type Component struct{ Name, Version, Confidence, PURL, Path, Text string }

// Host is a host and the places that name it.
type Host struct {
	Value, Evidence string
	Places          []string
}

// App is a mobile application, with a label and a text of each thing known.
type App struct {
	Name, Path string
	Lines      [][2]string
}

// Line is a line of a file.
type Line struct{ What, Place, Text string }

// Entry is one name of the image's trees.
type Entry struct {
	Path, Type, Target string
	Mode, UID, GID     uint32
	Size               int64
}
