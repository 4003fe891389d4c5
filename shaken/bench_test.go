package shaken

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"testing"
)

// BenchmarkVerify is a whole verification with chain and revocation list cached.
// Compare with BenchmarkECDSA, which is the bare signature, and with the verify
// rate of `openssl speed ecdsap256`.
func BenchmarkVerify(b *testing.B) {
	p := newPKI(b)
	ev := p.evidence(b)
	call := callWith(passport(b, p.leaf.key, shakenJOSE, shakenPayload()) + params)
	ctx := context.Background()
	if r := Verify(ctx, call, ev); r.Verdict != Valid {
		b.Fatal(r.Reason)
	}
	b.ReportAllocs()
	for b.Loop() {
		Verify(ctx, call, ev)
	}
}

func BenchmarkECDSA(b *testing.B) {
	key := newKey(b)
	hash := sha256.Sum256([]byte("x"))
	sig, err := ecdsa.SignASN1(nil, key, hash[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, hash[:], sig) {
			b.Fatal("bad signature")
		}
	}
}

// BenchmarkVerifyUncached builds the path anew each time, as for a certificate
// that is seen once.
func BenchmarkVerifyUncached(b *testing.B) {
	p := newPKI(b)
	ev := p.evidence(b)
	call := callWith(passport(b, p.leaf.key, shakenJOSE, shakenPayload()) + params)
	for b.Loop() {
		ev.Certificates = Files{chainOf(p.leaf, p.inter)}
		if r := Verify(context.Background(), call, ev); r.Verdict != Valid {
			b.Fatal(r.Reason)
		}
	}
}
