package cli

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// entry is a member of an archive as an attacker writes it.
type entry struct {
	name   string
	kind   byte
	mode   int64
	target string
	data   string
}

// hostileTree is what a person who unpacks must survive: names and links that
// lead out, devices, rights, and names that are taken twice.
var hostileTree = []entry{
	{name: "etc/hostname", data: "camera\n"},
	{name: "bin/su", mode: 0o6755, data: "#!/bin/sh\n"},
	{name: "../outside-1", data: "out\n"},
	{name: "etc/../../../outside-2", data: "out\n"},
	{name: "/outside-3", data: "out\n"},
	{name: "up", kind: tar.TypeSymlink, target: "../../../.."},
	{name: "up/outside-4", data: "through a link\n"},
	{name: "etc/far", kind: tar.TypeSymlink, target: "/etc/passwd"},
	{name: "etc/passwd", data: "root::0:0:::\n"},
	{name: "etc/chain", kind: tar.TypeSymlink, target: "../up/../../outside-5"},
	{name: "hard", kind: tar.TypeLink, target: "../../outside-6"},
	{name: "dev/mtd0", kind: tar.TypeChar},
	{name: "dev/sda", kind: tar.TypeBlock},
	{name: "run/pipe", kind: tar.TypeFifo},
	{name: "name\x1b[31m\x07", data: "x\n"},
	{name: "back\\..\\slash", data: "x\n"},
	{name: strings.Repeat("n", 300), data: "x\n"},
	{name: "twice", data: "file\n"},
	{name: "twice/below", data: "in a file\n"},
	{name: "assay-files.json", data: "{}\n"},
}

// archiveCommand is `archive FILE.tar` or `archive FILE.zip`: it writes the
// hostile tree.
func archiveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: archive FILE")
	}
	var b bytes.Buffer
	if filepath.Ext(args[0]) == ".zip" {
		w := zip.NewWriter(&b)
		for _, e := range hostileTree {
			h := &zip.FileHeader{Name: e.name, Method: zip.Store}
			h.SetMode(fs.FileMode(e.mode&0o777 | 0o600))
			data := e.data
			if e.kind == tar.TypeSymlink {
				h.SetMode(fs.ModeSymlink | 0o777)
				data = e.target
			}
			f, err := w.CreateHeader(h)
			ts.Check(err)
			_, err = f.Write([]byte(data))
			ts.Check(err)
		}
		ts.Check(w.Close())
	} else {
		w := tar.NewWriter(&b)
		for _, e := range hostileTree {
			h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: max(e.mode, 0o644), Linkname: e.target, Size: int64(len(e.data)), Devmajor: 8}
			if e.kind == 0 {
				h.Typeflag = tar.TypeReg
			}
			ts.Check(w.WriteHeader(h))
			_, err := w.Write([]byte(e.data))
			ts.Check(err)
		}
		ts.Check(w.Close())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// withinCommand is `within FOLDER`: there are only files, folders and links in
// it, no file has more rights than a plain one, and no link leads out.
func withinCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: within FOLDER")
	}
	root, err := filepath.EvalSymlinks(ts.MkAbs(args[0]))
	ts.Check(err)
	seen := 0
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		switch t := info.Mode().Type(); t {
		case 0:
			if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|0o022) != 0 {
				ts.Fatalf("%s has mode %v", path, info.Mode())
			}
		case fs.ModeDir:
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			if to := filepath.Join(filepath.Dir(path), target); filepath.IsAbs(target) || to != root && !strings.HasPrefix(to, root+"/") {
				ts.Fatalf("%s leads out: %s", path, target)
			}
			if to, err := filepath.EvalSymlinks(path); err == nil && to != root && !strings.HasPrefix(to, root+"/") {
				ts.Fatalf("%s leads out: %s", path, to)
			}
		default:
			ts.Fatalf("%s is a %v", path, t)
		}
		return nil
	}))
	if seen < 3 {
		ts.Fatalf("only %d names in %s", seen, root)
	}
}
