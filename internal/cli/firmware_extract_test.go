package cli

import "testing"

// TestDiskPath: each tree is a folder, and a folder that is called like the end
// of a tree's name stays one.
func TestDiskPath(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		trees          []string
		path, tree, at string
	}{
		{[]string{"squashfs"}, "/etc/passwd", "squashfs", "squashfs/etc/passwd"},
		{[]string{"squashfs", "/opt/app.zip"}, "/config.json", "squashfs/opt_app.zip", "squashfs/opt_app.zip/config.json"},
		{[]string{"squashfs"}, "/foo:/bar", "squashfs", "squashfs/foo%3A/bar"},
		{[]string{"jffs2@65536", "/foo:/app.zip"}, "/a:/b", "jffs2@65536/foo%3A_app.zip", "jffs2@65536/foo%3A_app.zip/a%3A/b"},
		{nil, "/etc/passwd", "files", "files/etc/passwd"},
		{[]string{manifestName}, "/x", "%61ssay-files.json", "%61ssay-files.json/x"},
	} {
		if tree, at := diskPath(row.trees, row.path); tree != row.tree || at != row.at {
			t.Errorf("%q, %q: %q, %q, want %q, %q", row.trees, row.path, tree, at, row.tree, row.at)
		}
	}
}
