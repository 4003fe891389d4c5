package calls

import (
	"encoding/binary"
	"math/bits"

	"github.com/axiomhq/hyperloglog"

	"github.com/abusedesk/abusedesk/cases"
)

// sketchError is the standard error of a dense sketch: 1.04/√m (Flajolet et al.
// 2007) with its 2^SketchPrecision registers. A sparse one is nearly exact.
const sketchError = 1.04 / (1 << (cases.SketchPrecision / 2))

// smallSketches is up to how many bytes of sketches the library merges: exact
// while the union stays sparse, and about 25 ms for a busy month, which is why
// more than this is merged register by register.
const smallSketches = 16 << 10

// distinct counts the numbers in the union of sketches, and says whether the
// count is nearly exact. A sketch that cannot be read is left out: a damaged
// hour must not hide the others, and the count is a floor then.
func distinct(sketches [][]byte) (n int, exact bool) {
	size := 0
	for _, s := range sketches {
		size += len(s)
	}
	if size > smallSketches {
		if all := unionOfRegisters(sketches); all != nil {
			return int(all.Estimate()), false
		}
	}
	all := &hyperloglog.Sketch{}
	for _, b := range sketches {
		var s hyperloglog.Sketch
		if len(b) > 0 && s.UnmarshalBinary(b) == nil {
			_ = all.Merge(&s) // of another precision: as good as unreadable
		}
	}
	return int(all.Estimate()), true
}

// The binary form of a sketch, as the library documents it.
const (
	sketchHeader    = 8
	sketchRegisters = 1 << cases.SketchPrecision
	sparsePrecision = 25
)

// unionOfRegisters merges without building a sketch for each hour. nil if no
// sketch can be read.
func unionOfRegisters(sketches [][]byte) *hyperloglog.Sketch {
	all := make([]byte, sketchHeader+sketchRegisters)
	copy(all, []byte{2, cases.SketchPrecision, 0, 0})
	binary.BigEndian.PutUint32(all[4:], sketchRegisters)
	regs := (*[sketchRegisters]byte)(all[sketchHeader:])
	for _, b := range sketches {
		if len(b) < sketchHeader || b[0] != 2 || b[1] != cases.SketchPrecision {
			continue
		}
		if b[3] == 1 {
			mergeSparse(regs, b[4:])
		} else if len(b) == len(all) {
			for i, v := range (*[sketchRegisters]byte)(b[sketchHeader:]) {
				regs[i] = max(regs[i], v)
			}
		}
	}
	s := &hyperloglog.Sketch{}
	if s.UnmarshalBinary(all) != nil {
		return nil
	}
	return s
}

// mergeSparse reads keys not yet sorted in, then a sorted list of differences.
func mergeSparse(regs *[sketchRegisters]byte, b []byte) {
	loose := int(binary.BigEndian.Uint32(b))
	if b = b[4:]; loose > sketchRegisters || len(b) < 4*loose {
		return
	}
	for range loose {
		setRegister(regs, binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	const listHeader = 12 // count, last value, bytes
	if len(b) < listHeader {
		return
	}
	var key, delta uint32
	shift := 0
	for _, x := range b[listHeader:] {
		delta |= uint32(x&0x7f) << shift
		if shift += 7; x&0x80 == 0 {
			key += delta
			setRegister(regs, key)
			delta, shift = 0, 0
		}
	}
}

// setRegister reads a key of HyperLogLog++ (Heule, Nunkesser and Hall 2013,
// section 5.3.3): the first 25 bits of the hash, and, if those after the index
// of a register are all zero, the length of the run of zeros after them.
func setRegister(regs *[sketchRegisters]byte, key uint32) {
	const p = cases.SketchPrecision
	var index uint32
	var rho byte
	if key&1 == 1 {
		index, rho = key>>(32-p), byte(key>>1&0x3f)+sparsePrecision-p
	} else {
		index, rho = key>>(sparsePrecision-p+1)&(sketchRegisters-1), byte(bits.LeadingZeros32(key<<(32-sparsePrecision+p-1)))+1
	}
	regs[index] = max(regs[index], rho)
}
