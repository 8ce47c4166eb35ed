//go:build unix

package squashfs_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/archive/archivetest"
	"assay/internal/collect/firmware/format/squashfs"
	"assay/internal/testdata"
)

// BenchmarkEachCamera reads a camera's file system with two workers and, in the
// same run and where there is one, has unsquashfs write it. The ratios are of
// processor time and of time.
func BenchmarkEachCamera(b *testing.B) {
	const image, offset = "firmware/built/camera-insecure/camera-insecure.bin", "5505024"
	img := archivetest.Image(b, false, image)[5505024:]
	spent := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	var cpu, wall, toolCPU, toolWall time.Duration
	for b.Loop() {
		start, before := time.Now(), spent()
		fs, err := squashfs.Open(bytes.NewReader(img), int64(len(img)), format.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		var sizes [2]int64
		if err := fs.Each(context.Background(), 2, func(worker int, _ format.Entry, data []byte, err error) error {
			sizes[worker] += int64(len(data))
			return err
		}); err != nil {
			b.Fatal(err)
		}
		cpu, wall = cpu+spent()-before, wall+time.Since(start)
		b.SetBytes(sizes[0] + sizes[1])

		b.StopTimer()
		cmd := exec.Command("unsquashfs", "-p", "2", "-q", "-n", "-o", offset, "-d", filepath.Join(b.TempDir(), "tree"), testdata.Dir(b, image))
		start = time.Now()
		if cmd.Run() == nil {
			toolCPU, toolWall = toolCPU+cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), toolWall+time.Since(start)
		}
		b.StartTimer()
	}
	if toolWall > 0 {
		b.ReportMetric(float64(cpu)/float64(toolCPU), "cpu-of-unsquashfs")
		b.ReportMetric(float64(wall)/float64(toolWall), "time-of-unsquashfs")
	}
}
