package restrict

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"github.com/abusedesk/abusedesk/cases"
)

// checksum is the same for the same restrictions, accounts and connections in
// any order. It holds what decides and nothing else: a restriction that became
// active has not changed. It finds accidents, not forgery.
func checksum(st cases.PolicyState) string {
	var sum sum128
	var b record
	for i := range st.Restrictions {
		r := &st.Restrictions[i]
		b = b[:0].number(r.ID).text(string(r.Kind)).text(string(r.TargetKind)).text(r.TargetID)
		b = b.number(int64(r.Value.Channels)).number(r.Value.RateMicros).texts(r.Value.Prefixes).texts(r.Value.Countries)
		if r.ExpiresAt != nil {
			b = b.number(r.ExpiresAt.UnixMicro())
		}
		sum.add(b)
	}
	for account, parent := range st.Parents {
		sum.add(b[:0].text(account).text(parent))
	}
	for i := range st.Connections {
		c := &st.Connections[i]
		sum.add(b[:0].text(c.ID).text(c.AccountID).text(c.Country).text(c.TechPrefix).texts(c.SourceIPs))
	}
	var out [16]byte
	binary.BigEndian.PutUint64(out[:8], sum.high)
	binary.BigEndian.PutUint64(out[8:], sum.low)
	return hex.EncodeToString(out[:])
}

// sum128 adds up the hashes of the parts, which makes their order not matter.
type sum128 struct{ high, low uint64 }

func (s *sum128) add(part []byte) {
	h := sha256.Sum256(part)
	var carry uint64
	s.low, carry = bits.Add64(s.low, binary.BigEndian.Uint64(h[8:]), 0)
	s.high, _ = bits.Add64(s.high, binary.BigEndian.Uint64(h[:8]), carry)
}

// record is one part in bytes; texts carry their lengths, so that no two
// different parts are written alike.
type record []byte

func (b record) number(n int64) record { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func (b record) text(s string) record { return append(b.number(int64(len(s))), s...) }

func (b record) texts(list []string) record {
	b = b.number(int64(len(list)))
	for _, s := range list {
		b = b.text(s)
	}
	return b
}
