package fat

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
	"unicode/utf16"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/tree"
)

// Types of entries; the highest bit says that one is in use.
const (
	exLabel  = 0x83
	exFile   = 0x85
	exStream = 0xc0
	exName   = 0xc1

	exMaxSet = 18 // secondary entries of a file
)

// exVolume is an open exFAT volume. Of reader it takes the chains.
type exVolume struct {
	reader
	empty uint64 // folders without clusters
}

func lookExFAT(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b, sum, ok := parseExBoot(s, at)
	if !ok {
		return nil, nil
	}
	p := &format.Part{Format: "exfat", Offset: at, Note: fmt.Sprintf("%d clusters of %d bytes", b.clusters, b.cluster)}
	v := &exVolume{reader: reader{src: format.Section(s, at, b.size), b: b}}
	label, ok := v.rootHead()
	if !ok {
		return nil, nil
	}
	p.Name = label
	p.Claim(s, b.size)
	const region = 11
	p.Checked("exfat-boot-sum", sum, at+region<<9, "boot region")
	p.Open = func(_ context.Context, lim format.Limits) (format.Volume, error) {
		r := &exVolume{reader: reader{src: v.src, b: b}}
		return tree.New(r, lim, &r.log), nil
	}
	return p, nil
}

// parseExBoot reads the boot sector ("Main and Backup Boot Sector
// Sub-regions"), and calculates the checksum over eleven of them.
func parseExBoot(s format.Source, at int64) (v boot, sumFits, ok bool) {
	b := format.Head(s, at, bootSize)
	if len(b) < bootSize || string(b[:11]) != "\xeb\x76\x90EXFAT   " || b[510] != 0x55 || b[511] != 0xaa {
		return v, false, false
	}
	for _, c := range b[11:64] { // where FAT has its parameters
		if c != 0 {
			return v, false, false
		}
	}
	le := binary.LittleEndian
	shift, per := b[108], b[109]
	if shift < 9 || shift > 12 || per > 25-shift {
		return v, false, false
	}
	length, fatAt, fatLen := le.Uint64(b[72:]), int64(le.Uint32(b[80:])), int64(le.Uint32(b[84:]))
	heap, copies := int64(le.Uint32(b[88:])), int64(b[110])
	v.clusters, v.first = le.Uint32(b[92:]), le.Uint32(b[96:])
	if length > 1<<50 || copies < 1 || copies > 2 || v.clusters == 0 || v.clusters > 1<<32-11 {
		return v, false, false
	}
	v.bits, v.exfat = 32, true
	v.size, v.cluster, v.heap = int64(length)<<shift, 1<<(shift+per), heap<<shift
	v.fat = fatAt << shift
	if le.Uint16(b[106:])&1 != 0 { // the second table is the active one
		v.fat += fatLen << shift
	}
	if v.heap+int64(v.clusters)*v.cluster > v.size || fatLen<<shift < 4*int64(v.clusters+firstCluster) || fatAt < 24 ||
		heap < fatAt+copies*fatLen || v.first < firstCluster || v.first-firstCluster >= v.clusters {
		return v, false, false
	}
	const sectors = 11
	region := format.Head(s, at, (sectors+1)<<shift)
	if len(region) < (sectors+1)<<shift {
		return v, false, true
	}
	sum := uint32(0)
	for i, c := range region[:sectors<<shift] {
		if i != 106 && i != 107 && i != 112 { // flags and use, which change
			sum = sum<<31 | sum>>1
			sum += uint32(c)
		}
	}
	return v, sum == le.Uint32(region[sectors<<shift:]), true
}

// rootHead says that the root begins with entries of the kinds that every root
// has, and returns the label.
func (v *exVolume) rootHead() (label string, ok bool) {
	root, err := v.Root()
	if err != nil {
		return "", false
	}
	b := make([]byte, 4*dirEntry)
	if _, err := io.ReadFull(v.folder(&root.Own), b); err != nil {
		return "", false
	}
	known := 0
	for ; len(b) > 0; b = b[dirEntry:] {
		switch b[0] {
		case exLabel:
			label = utf16Text(b[2:], min(int(b[1]), 11))
			known++
		case 0x81, 0x82, 0x03, 0x20, 0xa0: // bitmap, upper-case table, no label, GUID
			known++
		}
	}
	return label, known >= 2
}

func utf16Text(b []byte, n int) string {
	u := make([]uint16, n)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// folder is the bytes of a folder.
func (v *exVolume) folder(n *node) io.Reader {
	if n.root {
		return tree.Runs(v.src, v.folderChain(v.b.first).next)
	}
	c := v.folderChain(n.cluster)
	v.inRow(c, n)
	return io.LimitReader(tree.Runs(v.src, c.next), n.length)
}

// inRow takes as many clusters as n has bytes, if its clusters stand in a row.
func (v *exVolume) inRow(c *chain, n *node) {
	if n.row {
		c.row = (n.length + v.b.cluster - 1) / v.b.cluster
	}
}

// Open is tree.Reader's. What a file has beyond its valid length reads as
// zeros.
func (v *exVolume) Open(n *tree.Node[node]) io.Reader {
	c := v.b.chain(v.src, n.Own.cluster)
	v.inRow(c, &n.Own)
	valid := n.Own.valid
	return tree.Runs(v.src, func() (tree.Run, error) {
		if valid <= 0 {
			return tree.Run{At: -1, Len: n.Size}, nil
		}
		run, err := c.next()
		run.Len = min(run.Len, valid)
		valid -= run.Len
		return run, err
	})
}

// List is tree.Reader's.
func (v *exVolume) List(ctx context.Context, d *tree.Node[node], found tree.Found[node]) error {
	in := v.folder(&d.Own)
	set := make([]byte, (1+exMaxSet)*dirEntry)
	for i := 0; ; i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		b := set[:dirEntry]
		if _, err := io.ReadFull(in, b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if b[0] == 0 {
			return nil
		}
		if b[0] != exFile {
			continue
		}
		count := int(b[1])
		if count < 2 || count > exMaxSet {
			v.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.Damaged, Detail: fmt.Sprintf("folder: a file of %d entries", count)})
			continue
		}
		all := set[:(1+count)*dirEntry]
		if _, err := io.ReadFull(in, all[dirEntry:]); err != nil {
			return err
		}
		name, n, err := v.file(all, d)
		if err := found(name, d.At, &n, err); err != nil {
			return err
		}
	}
}

// file makes an entry of a set: the file, its stream, the pieces of its name.
func (v *exVolume) file(set []byte, d *tree.Node[node]) (name string, n tree.Node[node], err error) {
	le := binary.LittleEndian
	stream := set[dirEntry:]
	length := int(stream[3])
	var chars []byte
	for e := set[2*dirEntry:]; len(e) > 0; e = e[dirEntry:] {
		if e[0] == exName {
			chars = append(chars, e[2:dirEntry]...)
		}
	}
	name = utf16Text(chars, min(length, len(chars)/2))
	n.At, n.Links = d.At, 1
	if stream[0] != exStream || length == 0 || length > len(chars)/2 {
		return name, n, tree.Damage(d.At, "a file without stream or with %d characters of its name of %d", len(chars)/2, length)
	}
	if sum := setSum(set); sum != le.Uint16(set[2:]) {
		v.log.Add(format.Problem{Offset: d.At, Path: d.Path, Kind: format.BadChecksum, Detail: fmt.Sprintf("the sum of the entries of %q does not fit", name)})
	}
	const noChain = 2
	cluster, size, valid := le.Uint32(stream[20:]), le.Uint64(stream[24:]), le.Uint64(stream[8:])
	if size > 1<<62 || valid > size || cluster != 0 && (cluster < firstCluster || cluster-firstCluster >= v.b.clusters) {
		return name, n, tree.Damage(d.At, "%d bytes, %d of them valid, from cluster %d of %d on", size, valid, cluster, v.b.clusters)
	}
	n.List = uint64(cluster)
	n.Own = node{cluster: cluster, row: stream[1]&noChain != 0, length: int64(size), valid: int64(valid)}
	if cluster != 0 {
		n.At = v.b.heap + int64(cluster-firstCluster)*v.b.cluster
	} else {
		v.empty++
		n.List = 1<<32 + v.empty
	}
	setType(&n.Entry, byte(le.Uint16(set[4:])), int64(size))
	n.MTime = dosTime(le.Uint32(set[12:]), int(set[21]))
	const zoned = 0x80 // the low bits are quarters of an hour
	if z := set[23]; z&zoned != 0 && !n.MTime.IsZero() {
		n.MTime = n.MTime.Add(-time.Duration(int8(z<<1)>>1) * 15 * time.Minute)
	}
	return name, n, nil
}

// setSum is the checksum over the entries of a file, but for itself.
func setSum(set []byte) (sum uint16) {
	for i, c := range set {
		if i != 2 && i != 3 {
			sum = sum<<15 | sum>>1
			sum += uint16(c)
		}
	}
	return sum
}
