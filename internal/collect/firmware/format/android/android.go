// Package android reads the images that Android's build makes of a partition:
// boot and vendor_boot, sparse images, the metadata of Verified Boot, and super
// partitions with what they hold. In: bytes at an offset. Out: kernel, ramdisk,
// device tree; the plain image behind a sparse one, without a copy of it;
// signatures and versions. Says who, all in AOSP: system/tools/mkbootimg
// include/bootimg/bootimg.h; system/core libsparse/sparse_format.h; external/avb
// libavb/avb_vbmeta_image.h and avb_footer.h; system/core fs_mgr/liblp/include/
// liblp/metadata_format.h.
package android

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"

	"assay/internal/collect/firmware/format"
)

// Formats returns the formats of this package.
func Formats() []format.Format {
	return []format.Format{
		{Name: "android-boot", Magics: []format.Magic{{Bytes: bootMagic}}, Look: lookBoot},
		{Name: "android-vendor-boot", Magics: []format.Magic{{Bytes: vendorMagic}}, Look: lookVendor},
		{Name: "android-sparse", Magics: []format.Magic{{Bytes: sparseMagic}}, Look: lookSparse},
		{Name: "android-super", Magics: []format.Magic{{Bytes: geometryMagic, At: geometryAt}}, Look: lookSuper},
		{Name: "avb-vbmeta", Magics: []format.Magic{{Bytes: vbmetaMagic}}, Look: lookVBMeta},
		{Name: "avb-footer", Magics: []format.Magic{{Bytes: footerMagic}}, Look: lookFooter},
	}
}

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// text is what a zero ends; ok says that all of it can be shown.
func text(b []byte) (s string, ok bool) {
	b, _, _ = bytes.Cut(b, []byte{0})
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\t' || c > 0x7e {
			return "", false
		}
	}
	return string(b), true
}

// extent is a run of an image that is put together from another.
type extent struct {
	at, size int64   // in the image
	data     bool    // it stands in the other
	off      int64   // in the other
	fill     [4]byte // what it repeats else
}

// mapped is a Source over extents in order without gaps.
type mapped struct {
	src  format.Source
	list []extent
}

// maxMapped keeps sizes from overflowing; no flash has a TiB.
const maxMapped = 1 << 40

func (m *mapped) Size() int64 {
	if len(m.list) == 0 {
		return 0
	}
	last := m.list[len(m.list)-1]
	return last.at + last.size
}

// add appends an extent, and joins those that follow each other.
func (m *mapped) add(e extent) {
	e.at = m.Size()
	if n := len(m.list); n > 0 {
		l := &m.list[n-1]
		if l.data == e.data && (e.data && l.off+l.size == e.off || !e.data && l.fill == e.fill && l.size%4 == 0) {
			l.size += e.size
			return
		}
	}
	m.list = append(m.list, e)
}

// cut is the image without what stands beyond size.
func (m *mapped) cut(size int64) (*mapped, error) {
	if m.Size() <= size {
		return m, nil
	}
	n := sort.Search(len(m.list), func(i int) bool { return m.list[i].at >= size })
	out := &mapped{m.src, slices.Clone(m.list[:n])}
	if n > 0 {
		out.list[n-1].size = size - out.list[n-1].at
	}
	return out, fmt.Errorf("the image has %d bytes, %d are read: %w", m.Size(), size, format.ErrLimit)
}

func (m *mapped) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= m.Size() {
		return 0, io.EOF
	}
	i := sort.Search(len(m.list), func(i int) bool { return m.list[i].at+m.list[i].size > off })
	for ; i < len(m.list) && n < len(p); i++ {
		e := m.list[i]
		within := off - e.at
		part := p[n:min(int64(len(p)), int64(n)+e.size-within)]
		if !e.data {
			for j := range part {
				part[j] = e.fill[(within+int64(j))%4]
			}
		} else if err := format.ReadAt(m.src, part, e.off+within); err != nil {
			return n, err
		}
		n += len(part)
		off += int64(len(part))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
