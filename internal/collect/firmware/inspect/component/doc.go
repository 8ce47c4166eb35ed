// Package component finds out which software stands in a firmware image, and in
// which version. In: an inspect.File and where the words of Words stand in it.
// Out: Findings of one file, which an Inventory joins to a list of components
// with the evidence for each.
//
// Four kinds of evidence, from the strongest: package databases (dpkg, opkg,
// apk, rpm) and manifests of languages; strings that the code itself carries;
// names of files and libraries; symbols and symbol versions. What is known
// about programs and libraries is data: rules/*.yaml, with an example that must
// be recognised and one of another product that must not, beside each rule.
//
// That a program mentions a library ("curl/8.5.0 (OpenSSL/3.0.14)", "built with
// OpenSSL 3.0.14") says nothing about what is in it; a rule asks for text that
// only the code itself has. Where the version can't be told, it is empty, and
// the component is listed apart.
package component

// Type is what a component is, in the words of CycloneDX 1.6.
type Type string

// The types of a component.
const (
	Library     Type = "library"
	Application Type = "application"
	OS          Type = "operating-system"
	Firmware    Type = "firmware"
	Framework   Type = "framework"
	Data        Type = "data"
)

// Confidence is how sure a statement is.
type Confidence int

// The levels of confidence.
const (
	Low    Confidence = iota + 1 // a name, or a range that symbols allow
	Medium                       // the name of a file or library, known releases of a library's number
	High                         // text of the code itself, a package database, a manifest
)

// Source is how a component was recognised.
type Source string

// The sources of a statement.
const (
	FromDpkg    Source = "dpkg"
	FromOpkg    Source = "opkg"
	FromApk     Source = "apk"
	FromRPM     Source = "rpm"
	FromYocto   Source = "yocto"
	FromNote    Source = "elf-package-note"
	FromBuildID Source = "elf-build-id"
	FromText    Source = "text"
	FromFile    Source = "file-name"
	FromSymbols Source = "symbols"
	FromKernel  Source = "kernel"
	FromHeader  Source = "header" // of an image
	FromGo      Source = "go-buildinfo"
	FromRust    Source = "rust"
	FromNode    Source = "node"
	FromPython  Source = "python"
	FromLua     Source = "lua"
	FromPHP     Source = "php"
	FromJava    Source = "java"
	FromRuby    Source = "ruby"
	FromPkgconf Source = "pkg-config"
)

// Evidence is one place that speaks for a component.
type Evidence struct {
	Path       string
	Offset     int64  // of Text; 0 where the evidence is the name or the header of the file
	Text       string // what stands there, at most 120 bytes
	Rule       string // the rule, or the kind of database
	Source     Source
	Confidence Confidence
}

// Package is an entry of a package database.
type Package struct {
	Database Source
	Type     string // of a note: "deb", "rpm"
	Name     string
	Version  string // as the database has it, with epoch and revision
	Arch     string
	Origin   string // the source package
	Licence  string
	Files    []string // absolute; where the database lists them
	Path     string   // of the database
	Offset   int64    // of the entry
}

// Component is one product in one version, with everything that speaks for it.
type Component struct {
	Name       string // as upstream calls it
	Version    string // upstream's; "": seen, version unknown
	Range      string // what is known where Version is empty: ">= 3.4", "1.0.4 or 1.0.5"
	Full       string // the version as a package database has it
	Type       Type
	Sources    []Source // how it was recognised
	PURL       string
	CPE        string
	Licence    string
	Supplier   string
	Homepage   string
	Confidence Confidence
	DataOnly   bool      // holds no code: time zones, certificates, fonts
	Packages   []Package // of it, without their files
	Conflict   string    // technical English: what speaks against the version, and where
	Evidence   []Evidence
	More       int // evidence beyond the bound, counted only
}

// Claim is what one file says about one component.
type Claim struct {
	Name       string // of the rule, or of the manifest
	Rule       string
	Version    string   // exact
	Versions   []string // candidates, where it isn't exact
	AtLeast    string   // lower bound that symbols give
	Below      string   // upper bound, exclusive
	Confidence Confidence
	Source     Source
	Offset     int64
	Text       string
	PURL       string // of manifests
	Licence    string
	Release    string // of a kernel: what modules name it by
	Guess      bool   // only the file has such a name: it stays unattributed
	Soft       int    // more than 0: the version counts so much against what other files of the product say, and nothing against what is no such claim
}

// Binary is an ELF file that must be attributed to some component.
type Binary struct {
	Path    string
	Soname  string
	Needed  []string
	BuildID string
	Module  bool   // of the kernel
	Says    string // what a program calls itself that belongs to no product that is known
	Packed  bool
	Bare    bool // no program with headers: a range of an image that has no files
}

// Findings is what one file says.
type Findings struct {
	Path     string
	Claims   []Claim
	Packages []Package
	Binary   *Binary
	System   *System
	Problems []string // technical English
}

// System is what os-release says about the distribution.
type System struct {
	ID, Name, Version, Path string
}
