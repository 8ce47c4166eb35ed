package refcam

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"time"

	"assay/internal/refcam/squash"
)

// kernelVersion is what the synthetic kernel says it is.
const kernelVersion = "6.12.48"

// built is the time stamp of everything in the image: a release is built once.
var built = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Layout of an image after its vendor header: padding of 0xff to flashUnit, a
// uImage with the kernel, padding to flashUnit, the root file system.
const (
	flashUnit   = 4096
	squashBlock = 64 << 10
)

func (c *Camera) buildImage() ([]byte, error) {
	entries, err := c.tree()
	if err != nil {
		return nil, err
	}
	root, err := squash.Write(entries, squashBlock, uint32(built.Unix()))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	pad := func() {
		for (headerSize+b.Len())%flashUnit != 0 {
			b.WriteByte(0xff)
		}
	}
	pad()
	b.Write(uImage(c.kernel()))
	pad()
	b.Write(root)
	return c.pack(b.Bytes()), nil
}

// uImage wraps a kernel in the legacy U-Boot format (include/image.h of
// U-Boot): 64 bytes, big-endian.
func uImage(kernel []byte) []byte {
	h := struct {
		Magic, HeadCRC, Time, Size, Load, Entry, DataCRC uint32
		OS, Arch, Type, Compression                      uint8
		Name                                             [32]byte
	}{
		Magic: 0x27051956, Time: uint32(built.Unix()), Size: uint32(len(kernel)),
		Load: 0x80008000, Entry: 0x80008000, DataCRC: crc32.ChecksumIEEE(kernel),
		OS: 5, Arch: 2, Type: 2, Compression: 0, // Linux, ARM, kernel, none
	}
	copy(h.Name[:], "Linux-"+kernelVersion)
	encode := func() []byte {
		b, err := binary.Append(nil, binary.BigEndian, h)
		if err != nil {
			panic(err) // the header has fixed-size fields only
		}
		return b
	}
	h.HeadCRC = crc32.ChecksumIEEE(encode()) // over the header with the field 0
	return append(encode(), kernel...)
}

// kernel makes 128 KiB that look like one: the banner among code.
func (c *Camera) kernel() []byte {
	b := c.code("kernel", 128<<10)
	banner := fmt.Sprintf("Linux version %s (build@lumi) (arm-linux-gnueabihf-gcc 14.2.0) #1 SMP PREEMPT %s\n\x00", kernelVersion, built.Format(time.UnixDate))
	copy(b[4096:], banner)
	return b
}

// code makes n bytes that look like ARM instructions: random operands, a few
// frequent operations, so that they compress as code does.
func (c *Camera) code(label string, n int) []byte {
	r := rand.New(rand.NewChaCha8([32]byte(c.derive("code/"+label, 32))))
	// mov, ldr, str, add, cmp, bl, push/pop with condition "always".
	top := []uint32{0xe1a00000, 0xe5900000, 0xe5800000, 0xe2800000, 0xe3500000, 0xeb000000, 0xe92d4000, 0xe8bd8000}
	b := make([]byte, 0, n)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint32(b, top[r.IntN(len(top))]|r.Uint32N(1<<8)<<8&0xf000|r.Uint32N(64))
	}
	return b[:n]
}
