package ota

import "encoding/binary"

// manifest is what counts of DeltaArchiveManifest.
type manifest struct {
	block                      int64
	signatureAt, signatureSize int64
	partitions                 []partition
}

// partition is what counts of PartitionUpdate.
type partition struct {
	name       string
	size       int64
	delta      bool
	operations []operation
}

// operation is what counts of InstallOperation.
type operation struct {
	kind     uint64
	at, size int64 // of the data, from the end of the header
	hash     []byte
	extents  []extent
}

// extent is a range of blocks of the partition.
type extent struct{ from, blocks int64 }

// The kinds of operations that need nothing of the device.
const (
	replace     = 0
	replaceBzip = 1
	zeroed      = 6
	discarded   = 7
	replaceXz   = 8
	replaceZstd = 14
)

// field is one of a Protocol Buffers message.
type field struct {
	number uint64
	value  int64  // of a number
	bytes  []byte // of a message or string
}

// fields calls fn for each field; it is false where b is no message.
func fields(b []byte, fn func(field) bool) bool {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 {
			return false
		}
		b = b[n:]
		f := field{number: tag >> 3}
		switch tag & 7 {
		case 0:
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return false
			}
			f.value = int64(v & (1<<62 - 1))
			b = b[n:]
		case 1, 5:
			n := 8
			if tag&7 == 5 {
				n = 4
			}
			if len(b) < n {
				return false
			}
			b = b[n:]
		case 2:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return false
			}
			f.bytes = b[n : n+int(size)]
			b = b[n+int(size):]
		default:
			return false
		}
		if !fn(f) {
			return false
		}
	}
	return true
}

func parse(b []byte) (m manifest, ok bool) {
	m.block = 4096
	operations := 0
	ok = fields(b, func(f field) bool {
		switch f.number {
		case 3:
			m.block = f.value
		case 4:
			m.signatureAt = f.value
		case 5:
			m.signatureSize = f.value
		case 13:
			q, ok := parsePartition(f.bytes, &operations)
			m.partitions = append(m.partitions, q)
			return ok && len(m.partitions) <= maxPartitions
		}
		return true
	})
	sane := m.block >= 512 && m.block <= 1<<20 && m.signatureAt < 1<<50 && m.signatureSize < 1<<32
	return m, ok && sane
}

func parsePartition(b []byte, operations *int) (q partition, ok bool) {
	ok = fields(b, func(f field) bool {
		switch f.number {
		case 1:
			q.name = string(f.bytes[:min(len(f.bytes), 256)])
		case 7: // new_partition_info
			return fields(f.bytes, func(f field) bool {
				if f.number == 1 {
					q.size = f.value
				}
				return true
			})
		case 8:
			o, ok := parseOperation(f.bytes)
			switch o.kind {
			case replace, replaceBzip, zeroed, discarded, replaceXz, replaceZstd:
			default:
				q.delta = true
			}
			q.operations = append(q.operations, o)
			*operations++
			return ok && *operations <= maxOperations
		}
		return true
	})
	return q, ok && q.name != ""
}

func parseOperation(b []byte) (o operation, ok bool) {
	ok = fields(b, func(f field) bool {
		switch f.number {
		case 1:
			o.kind = uint64(f.value)
		case 2:
			o.at = f.value
		case 3:
			o.size = f.value
		case 6:
			var e extent
			ok := fields(f.bytes, func(f field) bool {
				switch f.number {
				case 1:
					e.from = f.value
				case 2:
					e.blocks = f.value
				}
				return true
			})
			o.extents = append(o.extents, e)
			return ok && e.from < 1<<40 && e.blocks < 1<<40 && len(o.extents) <= maxOperations
		case 8:
			o.hash = f.bytes
		}
		return true
	})
	return o, ok && o.at < 1<<50 && o.size < 1<<40
}
