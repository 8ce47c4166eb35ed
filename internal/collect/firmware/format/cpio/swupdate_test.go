package cpio_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/cpio"
)

// sample has what the two notations allow: comments, groups in groups, strings
// in a row, one artifact named twice.
var sample = `software = {
	version = "4.1";  # the whole
	board: { stable = { copy1: { images: (
		{ filename = "root.img"; sha256 = "` + archivetest.Sum("root")[:32] + `"
			"` + archivetest.Sum("root")[32:] + `"; device = "/dev/mtd4"; },
		{ filename = "secret.img"; encrypted = true; ivt = "00"; sha256 = "` + archivetest.Sum("other") + `" } /* } */
	); }; }; copy2: { images: ( { filename = "root.img"; sha256 = "` + archivetest.Sum("root") + `"; },
		{ filename = "gone.img"; sha256 = "` + archivetest.Sum("gone") + `"; } ); }; };
}; // end`

var sampleJSON = `{ "software": { "version": "4.1", "images": [ { "filename": "root.img", "sha256": "` + archivetest.Sum("root") + `", "encrypted": false } ] } }`

func TestSWUpdate(t *testing.T) {
	t.Parallel()
	img := newc(true,
		member{name: "sw-description", mode: 0o100644, content: sample},
		member{name: "sw-description.sig", mode: 0o100644, content: strings.Repeat("s", 512)},
		member{name: "root.img", mode: 0o100644, content: "root"},
		member{name: "secret.img", mode: 0o100644, content: "secret"},
	)
	p := archivetest.Look(t, cpio.Formats(), img, 0)
	at := func(content string) int64 { return int64(bytes.LastIndex(img, []byte(content))) }
	want := []format.Guard{
		{Kind: format.Signature, Scheme: "rsa4096-sha256", State: format.Present, Note: "over sw-description; the public key is not in the package", Offset: at(strings.Repeat("s", 512))},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Good, Note: "root.img", Offset: at("root")},
		{Kind: format.Encryption, Scheme: "aes-cbc", State: format.Present, Note: "secret.img", Offset: at("secret")},
		{Kind: format.Checksum, Scheme: "sha256", State: format.Bad, Note: "secret.img", Offset: at("secret")},
	}
	if d := cmp.Diff(want, p.Guards); d != "" {
		t.Errorf("guards (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{format.BadChecksum, format.Mismatch}, archivetest.Kinds(p.Problems)); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if len(p.Vars) != 1 || p.Vars[0].Value != "4.1" {
		t.Errorf("vars: %v", p.Vars)
	}
}

// TestSWUpdateSigned: a CMS signature is held against the certificate in it. That
// of testdata was made with OpenSSL over content (see package cms).
func TestSWUpdateSigned(t *testing.T) {
	t.Parallel()
	sig, err := os.ReadFile("../cms/testdata/rsa.der")
	if err != nil {
		t.Fatal(err)
	}
	const content = "software = { version = \"1.0\"; };\n"
	for text, want := range map[string]string{content: format.Good, content + " ": format.Bad} {
		img := newc(false, member{name: "sw-description", mode: 0o100644, content: text}, member{name: "sw-description.sig", mode: 0o100644, content: string(sig)})
		p := archivetest.Look(t, cpio.Formats(), img, 0)
		if g := p.Guards[0]; g.State != want || g.Scheme != "cms-rsa2048-sha256" || !strings.HasPrefix(g.Note, "over sw-description; ") {
			t.Errorf("%s: %+v", want, g)
		}
	}
}

func TestSWUpdateInJSON(t *testing.T) {
	t.Parallel()
	img := newc(false, member{name: "sw-description", mode: 0o100644, content: sampleJSON}, member{name: "root.img", mode: 0o100644, content: "root"})
	p := archivetest.Look(t, cpio.Formats(), img, 0)
	if len(p.Guards) != 1 || p.Guards[0].State != format.Good || p.Note != "newc, 2 members; SWUpdate package, not signed" || p.Vars[0].Value != "4.1" {
		t.Errorf("%q, %v, %v", p.Note, p.Guards, p.Vars)
	}
}
