package lzma2_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/mikelolasagasti/xz"

	"assay/internal/collect/firmware/format/lzma2"
	"assay/internal/testdata"
)

// cameraBlocks are the .xz streams in a camera's squashfs: blocks of up to 1 MiB.
func cameraBlocks(b *testing.B) (blocks [][]byte, size int64) {
	img, err := os.ReadFile(testdata.Dir(b, "firmware/built/camera-insecure/camera-insecure.bin"))
	if err != nil {
		b.Fatal(err)
	}
	const magic = "\xfd7zXZ\x00"
	for _, part := range bytes.Split(img, []byte(magic))[1:] {
		part = append([]byte(magic), part...)
		z, err := lzma2.NewReader(bytes.NewReader(part), 0)
		if err != nil {
			continue // the magic number of a program that reads .xz
		}
		if n, err := io.Copy(io.Discard, z); err == nil && n <= 1<<20 { // the kernel is larger
			blocks, size = append(blocks, part[:z.InputOffset()]), size+n
		}
	}
	return blocks, size
}

// BenchmarkCamera decodes the blocks of a camera's file system, and in the same
// run with a library and, where there is one, with xz.
func BenchmarkCamera(b *testing.B) {
	blocks, size := cameraBlocks(b)
	dst := make([]byte, 1<<20)
	var d lzma2.Decoder
	var ours, library, tool time.Duration
	b.SetBytes(size)
	for b.Loop() {
		start := time.Now()
		for _, block := range blocks {
			if _, err := d.XZ(dst, block); err != nil {
				b.Fatal(err)
			}
		}
		ours += time.Since(start)

		b.StopTimer()
		start = time.Now()
		for _, block := range blocks {
			r, err := xz.NewReader(bytes.NewReader(block), 1<<20)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
		}
		library += time.Since(start)
		cmd := exec.Command("xz", "--decompress", "--stdout", "--threads=1")
		cmd.Stdin = bytes.NewReader(bytes.Join(blocks, nil))
		start = time.Now()
		if cmd.Run() == nil {
			tool += time.Since(start)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(ours)/float64(library), "of-library")
	if tool > 0 {
		b.ReportMetric(float64(ours)/float64(tool), "of-xz")
	}
}
