package i18n

import (
	"strings"
	"testing"
)

// TestSaid: sentences of the readers of images, whole, in chains, with names that
// must not be taken for words, and one that nobody translated.
func TestSaid(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, tt := range []struct{ in, zh, key string }{
		{"", "", ""},
		{"the name is absolute", "名稱為絕對路徑", "said.the-name-is-absolute"},
		{"bad-name: cpio: the name is absolute", "名稱不當：cpio：名稱為絕對路徑", "said.the-name-is-absolute"},
		{"cpio: depth: 65 folders deep; the limit is 64", "cpio：層數：資料夾共 65 層；上限為 64 層", "said.folders-deep-the-limit-is"},
		{"cpio: depth: 129 folders deep; the limit is 64 (and 371 more like it, the last at offset 304888)",
			"cpio：層數：資料夾共 129 層；上限為 64 層（另有 371 處類似，最後一處在位移 304888）", "said.folders-deep-the-limit-is"},
		{"Allwinner boot image, first loader of 24576 bytes", "Allwinner 開機映像，第一階段載入程式 24576 位元組", "said.first-loader-of-bytes"},
		{`configuration c, key "dev; and: more"; the key is not in this image`, `設定 c，金鑰 "dev; and: more"；此韌體映像檔中沒有該金鑰`, "said.the-key-is-not-in-this-image"},
		{"looks like text; begins with 6669 (fi: the text, of it)", "看似文字；開頭為 6669（fi: the text, of it）", "said.looks-like-begins-with"},
		{"4.0, xz, 1386 inodes, blocks of 1048576 bytes", "4.0，xz，1386 個 inode，區塊 1048576 位元組", "said.blocks-of-bytes"},
		{"linux, arm, compression none, load 0x80008000", "linux，arm，未壓縮，載入位址 0x80008000", "said.load"},
		{"recognised, nothing in it is read: gzip, squashfs", "可辨識，但未讀取任何內容：gzip, squashfs", "said.recognised-nothing-in-it-is-read"},
		{"the crc32 of the image kernel does not fit", "映像 kernel 的 crc32 不符", "said.the-of-the-image-does-not-fit"},
		{"no text, name or symbol in it is known", "其中沒有已知的文字、名稱或符號", "said.no-text-name-or-symbol-is-known"},
		{`no product of its name is known; in it stands "venc 2.1; all rights: theirs"`, `沒有以此為名的已知產品；其中寫有 "venc 2.1; all rights: theirs"`, "said.no-product-of-its-name-is-known"},
		{"it has the name of a program of busybox, and nothing in it says that it is that", "名稱與 busybox 的程式相同，但內容無法證實", "said.it-has-the-name-of-a-program-of"},
		{"mode 0644", "權限 0644", "said.mode"},
		{"8192 bytes, 3 files, entropy 6.40", "8192 位元組，3 個檔案，熵值 6.40", "said.bytes-files-entropy"},
		{"Netgear, board U12H197T00", "Netgear，板型 U12H197T00", "said.board"},
		{"squashfs: the moon is made of cheese", "squashfs：原文「the moon is made of cheese」", ""},
	} {
		if got := texts.Said(Zh, tt.in); got != tt.zh {
			t.Errorf("%q:\n got %s\nwant %s", tt.in, got, tt.zh)
		}
		if got := texts.SaidKey(tt.in); got != tt.key {
			t.Errorf("%q: key %q, want %q", tt.in, got, tt.key)
		}
		if got := texts.Said(En, tt.in); got != tt.in {
			t.Errorf("English became %q", got)
		}
	}
}

// TestPlaceWithoutLine: a place in what has no lines is its path alone.
// TestSayings compiles the pattern of each sentence.
func TestSayings(t *testing.T) {
	t.Parallel()
	patterns := Must().said().patterns
	if len(patterns) < 100 {
		t.Fatalf("%d patterns", len(patterns))
	}
	for _, p := range patterns {
		if n := strings.Count(p.re.String(), "(.+?)"); n != len(p.names) || p.re.MatchString("") {
			t.Errorf("%s: %d names in %s", p.key, len(p.names), p.re)
		}
	}
}

func TestPlaceWithoutLine(t *testing.T) {
	t.Parallel()
	texts := Must()
	for _, tt := range []struct{ line, want string }{{"3", "/etc/inittab:3"}, {"0", "/etc/inittab"}} {
		for _, lang := range Langs() {
			got := texts.S(lang, "reason.shell-without-login", "path", "/etc/inittab", "line", tt.line, "text", "sh")
			if !strings.Contains(got, tt.want) || strings.Contains(got, ":0") {
				t.Errorf("line %s: %s", tt.line, got)
			}
		}
	}
}
