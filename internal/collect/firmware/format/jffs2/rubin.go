package jffs2

import (
	"fmt"

	"assay/internal/collect/firmware/format"
)

// rubinMIPS are the odds that a bit of a byte of MIPS code is one, in 1043.
var rubinMIPS = [8]uint32{277, 249, 290, 267, 229, 341, 212, 241}

const (
	rubinMIPSOf = 1043
	dynRubinOf  = 256
	rubinTop    = 1 << 15
)

// rubin decodes both arithmetic codings: with odds that stand in front, and with
// those of MIPS code. Which of the two a number means differs: Linux swapped
// them in version 2.6.10 (.compr in fs/jffs2/compr_rubin.c). The right one uses
// up the input to its last byte.
func rubin(out, in []byte) error {
	if len(in) > 8 {
		var odds [8]uint32
		for i, b := range in[:8] {
			odds[i] = uint32(b)
		}
		if (&rubinState{in: in[8:]}).run(out, dynRubinOf, odds) {
			return nil
		}
	}
	if (&rubinState{in: in}).run(out, rubinMIPSOf, rubinMIPS) {
		return nil
	}
	return fmt.Errorf("%w: neither Rubin coding ends where its input does", format.ErrDamaged)
}

// rubinState is an interval [low, low+width) that each bit narrows, and the bits
// of the input that are compared to it.
type rubinState struct {
	in         []byte
	pulled     int // bits
	width, low uint32
	code       uint32
}

func (r *rubinState) run(out []byte, of uint32, odds [8]uint32) (exact bool) {
	r.width = 2 * rubinTop
	for range 16 {
		r.code = r.code<<1 | r.pull()
	}
	for i := range out {
		if r.pulled > 8*len(r.in)+16 {
			return false
		}
		var b byte
		for bit, odd := range odds {
			if r.bit(of, odd) {
				b |= 1 << bit
			}
		}
		out[i] = b
	}
	return (r.pulled+7)/8 == len(r.in)
}

func (r *rubinState) pull() (bit uint32) {
	if i := r.pulled / 8; i < len(r.in) {
		bit = uint32(r.in[i]>>(7-r.pulled%8)) & 1
	}
	r.pulled++
	return bit
}

// bit decodes one bit that is one in odd of "of" cases.
func (r *rubinState) bit(of, odd uint32) bool {
	for r.low >= rubinTop || r.low+r.width <= rubinTop {
		r.low = r.low & (rubinTop - 1) << 1
		r.width <<= 1
		r.code = r.code&(rubinTop-1)<<1 | r.pull()
	}
	zero := uint32(uint64(of-odd) * uint64(r.width) / uint64(of))
	zero = min(max(zero, 1), r.width-1)
	if r.code >= r.low+zero {
		r.low += zero
		r.width -= zero
		return true
	}
	r.width = zero
	return false
}
