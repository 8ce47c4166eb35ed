package vendor

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"assay/internal/collect/firmware/format"
)

// The makers write these images so, by the sources that each reader cites. None
// of them has been tried on an image that a vendor shipped.

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// cipher is what a cipher's output looks like.
func cipher(n int) []byte {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func sum32(b []byte) (v uint32) {
	for _, c := range b {
		v += uint32(c)
	}
	return v
}

func at(b []byte, off int, text string) []byte { copy(b[off:], text); return b }

func buildTPLink1(boot bool) []byte {
	b := make([]byte, 0x300)
	at(at(b, 0, "\x01\x00\x00\x00TP-LINK Technologies"), 28, "ver. 1.0")
	be.PutUint32(b[64:], 0x07010001)
	be.PutUint32(b[68:], 1)
	for i, v := range []uint32{0x300, 0x200, 0x60, 0x260, 0x80} {
		be.PutUint32(b[0x7c+4*i:], v)
	}
	salt := salt1
	if boot {
		be.PutUint32(b[0x90:], 0x2e0)
		be.PutUint32(b[0x94:], 0x20)
		salt = salt1Boot
	}
	at(at(b, 0x200, "kernel"), 0x260, "rootfs")
	return saltMD5(b, 0x4c, salt)
}

func saltMD5(b []byte, off int, salt []byte) []byte {
	copy(b[off:], salt)
	sum := md5.Sum(b)
	copy(b[off:], sum[:])
	return b
}

func buildTPLink2(version byte) []byte {
	b := make([]byte, 0x300)
	at(at(b, 0, string(version)), 4, "ver. 2.0")
	for i, v := range []uint32{0x7a0000, 0x200, 0x60, 0x260, 0xa0} {
		be.PutUint32(b[0x70+4*i:], v)
	}
	at(b, 0x8c, "\x55\xaa\x01\x00\xa5\x01\x02\x03")
	return saltMD5(b, 0x40, salt2)
}

func buildSafeloader() []byte {
	b := bytes.Repeat([]byte{0xff}, safeData+0x100)
	be.PutUint32(b, uint32(len(b)))
	be.PutUint32(b[20:], 9)
	at(b, 24, "fw-type:X")
	at(b, safeTable, "fwup-ptn os-image base 0x00800 size 0x00080\t\r\nfwup-ptn file-system base 0x00880 size 0x00080\t\r\n\x00")
	sum := md5.Sum(append(bytes.Clone(saltSafe), b[20:]...))
	copy(b[4:], sum[:])
	return b
}

func buildSHRS() []byte {
	body := cipher(2048)
	b := make([]byte, 1756)
	at(b, 0, "SHRS")
	be.PutUint32(b[4:], 2040)
	be.PutUint32(b[8:], 2048)
	sum := sha512.Sum512(body)
	copy(b[28:], cipher(128))
	copy(b[156:], sum[:])
	b[732] = 1
	return append(b, body...)
}

func buildEncrpted() []byte {
	return append(be.AppendUint32([]byte("encrpted_img"), 2048), cipher(2048)...)
}

func buildMH01() []byte {
	b := make([]byte, 32)
	at(at(b, 0, "MH01"), 16, "MH01")
	le.PutUint32(b[20:], 64)
	le.PutUint32(b[24:], 512)
	return append(fmt.Appendf(b, "%064x", 1), cipher(512)...)
}

func buildOpenSSL() []byte { return append([]byte("Salted__"), cipher(5000)...) }

func buildHikvision() []byte {
	files := []string{"uImage", "rootfs.img"}
	head := make([]byte, hikHead+len(files)*hikEntry)
	at(head, 0, "SWKH")
	le.PutUint32(head[8:], uint32(len(head)))
	le.PutUint32(head[12:], uint32(len(files)))
	le.PutUint32(head[16:], 1)
	var body []byte
	for i, f := range files {
		e := head[hikHead+i*hikEntry:]
		data := "content of " + f
		copy(e, f)
		le.PutUint32(e[32:], uint32(len(data)))
		le.PutUint32(e[36:], uint32(len(head)+len(body)))
		le.PutUint32(e[40:], sum32([]byte(data)))
		body = append(body, data...)
	}
	le.PutUint32(head[4:], sum32(head[12:hikHead]))
	return append(hikDecode(head), body...)
}

func buildZip(t testing.TB) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("Install")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("{}"), 3000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func buildInstar(t testing.TB) []byte {
	b := buildZip(t)
	for _, w := range [][2]string{{"PK\x03\x04", "PK\x03\x07"}, {"PK\x05\x06", "PK\x05\x09"}, {"PK\x01\x02", "PK\x01\x08"}} {
		b = bytes.ReplaceAll(b, []byte(w[0]), []byte(w[1]))
	}
	return b
}

func buildBNEG() []byte {
	return append([]byte("BNEG\x01\x00\x00\x00\x01\x00\x00\x00\x06\x00\x00\x00\x05\x00\x00\x00"), "kernelromfs"...)
}

func buildWebUI(names ...string) []byte {
	b := []byte("\xbd\x9a\x0c\x44\x00\x00\x00\x00\x00\x00\x00\x00\x02\x04\x0a\x03")
	for i, n := range names {
		b = append(le.AppendUint32(b, uint32(len(n))), n...)
		if i == 0 {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		b = append(le.AppendUint32(b, 6), "<html>"...)
	}
	le.PutUint32(b[8:], uint32(len(b)))
	le.PutUint32(b[4:], sum32(b[12:]))
	return b
}

func buildPAK(width int) []byte {
	sections := []string{"loader", "kernel", "rootfs"}
	put := func(b []byte, v int) {
		if width == 8 {
			le.PutUint64(b, uint64(v))
		} else {
			le.PutUint32(b, uint32(v))
		}
	}
	head, entry := 3*width, 56+2*width
	b := make([]byte, head+len(sections)*(entry+76))
	put(b, 0x32725913)
	put(b[2*width:], 0x2015)
	for i, name := range sections {
		e := b[head+i*entry:]
		copy(e, name)
		copy(e[32:], "v3.1.0")
		put(e[56:], len(b))
		put(e[56+width:], 8)
		copy(b[head+len(sections)*entry+i*76:], name)
		b = append(b, "section "...)
	}
	first := head + len(sections)*(entry+76)
	crc := format.CRC(1<<32 - 1)
	crc.Write(b[first:])
	crc.Write([]byte{2, 0, 0, 0})
	crc.Write(b[head : head+len(sections)*entry])
	put(b[width:], int(^uint32(crc)))
	return b
}

func words16Of(order binary.ByteOrder, b []byte) uint16 {
	w := words16{order: order}
	w.Write(b)
	return w.value
}

func buildRealtek() []byte {
	var b []byte
	for _, sig := range []string{"cs6c", "r6cr"} {
		data := be.AppendUint16([]byte("content "+sig), 0)
		be.PutUint16(data[len(data)-2:], -words16Of(be, data))
		b = append(b, sig+"\x80\x50\x00\x00\x00\x03\x00\x00"...)
		b = append(be.AppendUint32(b, uint32(len(data))), data...)
	}
	return b
}

func buildEdimax(order binary.ByteOrder) []byte {
	b := make([]byte, 20+2048)
	at(at(b, 0, "CSYS"), 12, "RN68")
	order.PutUint32(b[4:], 0x1100000)
	order.PutUint32(b[8:], 0x70000)
	order.PutUint32(b[16:], 2048)
	copy(b[20:], cipher(2046))
	order.PutUint16(b[len(b)-2:], -words16Of(order, b[20:]))
	return b
}

func buildRombin() []byte {
	data := []byte("a ZyNOS object, of odd length..")
	b := make([]byte, 48)
	be.PutUint32(b, 0x94014000)
	at(b, 6, "SIG\x04")
	be.PutUint32(b[10:], uint32(len(data)))
	b[18] = 0x40
	var sum onescomp
	sum.Write(data)
	be.PutUint16(b[20:], sum.value())
	at(b, 24, "V3.40(AGD.2)")
	return append(b, data...)
}

func buildRAS() []byte {
	const root, kernel = 300, 200
	b := bytes.Repeat([]byte{0xff}, 64<<10)
	body := cipher(root + kernel)
	put := func(off int, v uint32) { be.PutUint32(b[off:], v) }
	put(0, sysv(sum32(body[:root])))
	put(4, root)
	at(b, 8, "V1.00(ABCD.0)\x00")
	put(40, sysv(sum32(body[:root])))
	at(b, 44, "NBG6617\x00")
	put(108, sysv(sum32(body[root:])))
	put(112, kernel)
	put(40, sysv(sum32(b[:2048])))
	return append(b, body...)
}

func buildLinksys() []byte {
	b := make([]byte, 64)
	at(at(b, 0, "W54S"), 8, "\x05\x0c\x1f\x04\x15\x01U2ND")
	return at(b, 32, "HDR0")
}

func buildCHDR() []byte {
	b := append([]byte("CHDR\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"), "image of a router"...)
	le.PutUint32(b[4:], uint32(len(b)))
	le.PutUint32(b[8:], ^crc32.ChecksumIEEE(b[12:]))
	return b
}

func buildBroadcom(company string) []byte {
	body := []byte("rootfs..kernel")
	b := make([]byte, tagSize)
	at(at(at(b, 0, "6"), 4, company), 24, "ver. 2.0")
	at(at(at(b, 38, "6358"), 44, "96358VW"), 60, "1")
	at(b, 62, fmt.Sprint(len(body)))
	at(at(b, 72, "0"), 84, "0")
	at(at(b, 94, "3217096960"), 106, "8")
	at(at(b, 116, "3217096968"), 128, "6")
	be.PutUint32(b[216:], ^crc32.ChecksumIEEE(body))
	be.PutUint32(b[236:], ^crc32.ChecksumIEEE(b[:236]))
	return append(b, body...)
}

func buildUbiquiti(signed bool) []byte {
	b := make([]byte, 268)
	at(b, 0, "UBNTXM.ar7240.v5.6.6")
	be.PutUint32(b[260:], crc32.ChecksumIEEE(b[:260]))
	for _, name := range []string{"kernel", "rootfs"} {
		part := make([]byte, 56)
		at(at(part, 0, "PART"), 4, name)
		be.PutUint32(part[48:], 10)
		part = append(part, "content of"...)
		b = append(be.AppendUint32(append(b, part...), crc32.ChecksumIEEE(part)), 0, 0, 0, 0)
	}
	if signed {
		return append(append(b, "ENDS"...), make([]byte, 260)...)
	}
	return append(be.AppendUint32(append(b, "END."...), crc32.ChecksumIEEE(b)), 0, 0, 0, 0)
}

func buildXiaomi(magic string) []byte {
	head := 48
	if magic == "HDR2" {
		head = 80
	}
	b := make([]byte, head+48)
	at(b, 0, magic)
	if magic == "HDR2" {
		at(at(b, 16, "RA70"), 24, "EU")
	} else {
		b[14] = 0x16
	}
	le.PutUint32(b[head-32:], uint32(head))
	le.PutUint32(b[head:], 0xbabe)
	le.PutUint32(b[head+8:], 12)
	at(b, head+16, "firmware.bin")
	b = append(b, "firmware.bin"...)
	le.PutUint32(b[4:], uint32(len(b)))
	b = append(le.AppendUint32(b, 256), make([]byte, 12+256)...)
	le.PutUint32(b[8:], ^crc32.ChecksumIEEE(b[12:]))
	return b
}

func buildRKAF() []byte {
	const n = 2
	b := make([]byte, 0x8c+16*0x70)
	at(at(at(b, 0, "RKAF"), 8, "RV1126"), 0x48, "INVENTED")
	le.PutUint32(b[0x88:], n+1)
	for i, name := range []string{"uboot", "rootfs", "backup"} {
		e := b[0x8c+i*0x70:]
		copy(e, name)
		copy(e[32:], name+".img")
		if name == "backup" {
			copy(e[32:], "RESERVED\x00\x00")
			continue
		}
		le.PutUint32(e[0x60:], uint32(len(b)))
		le.PutUint32(e[0x6c:], 7)
		b = append(b, "content"...)
	}
	le.PutUint32(b[4:], uint32(len(b)))
	crc := newCRC(0x04c10db7)
	crc.Write(b)
	return le.AppendUint32(b, crc.value)
}

func buildRKFW() []byte {
	archive := buildRKAF()
	b := make([]byte, 0x66)
	at(at(b, 0, "RKFW\x66\x00"), 14, "\xea\x07\x05\x02\x0a\x0b\x0c")
	for i, v := range []int{0x66, 6, 0x6c, len(archive)} {
		le.PutUint32(b[0x19+4*i:], uint32(v))
	}
	b = append(append(b, "loader"...), archive...)
	return fmt.Appendf(b, "%x", md5.Sum(b))
}
