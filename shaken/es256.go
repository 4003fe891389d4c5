package shaken

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"fmt"
)

var errSignature = errors.New("does not verify with the key of the certificate")

// orderP256 is n, the order of the group of P-256 (FIPS 186-4 section D.1.2.3).
var orderP256 = elliptic.P256().Params().N.FillBytes(make([]byte, 32))

// signatureShape checks what can be checked of an ES256 signature without a key:
// 64 octets, r and s each in 1 … n-1, as fixed-length integers (RFC 7518 section
// 3.4). The DER form of X.509 is not a JWS signature.
func signatureShape(sig []byte) error {
	if len(sig) != 64 {
		if len(sig) >= 8 && sig[0] == 0x30 && int(sig[1]) == len(sig)-2 {
			return errors.New("is in DER, not the 64 octets of r and s")
		}
		return fmt.Errorf("has %d octets, not the 64 of r and s", len(sig))
	}
	zero := make([]byte, 32)
	for i, name := range [...]string{"r", "s"} {
		part := sig[32*i : 32*i+32]
		if bytes.Equal(part, zero) {
			return errors.New("has " + name + " = 0")
		}
		if bytes.Compare(part, orderP256) >= 0 {
			return errors.New("has " + name + " not below the order of the curve")
		}
	}
	return nil
}

// verifyES256 verifies a signature over the octets received (RFC 7515 section
// 5.2): nothing is decoded and encoded again on the way.
func verifyES256(key *ecdsa.PublicKey, signed string, sig []byte) error {
	if err := signatureShape(sig); err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(signed))
	var buf [72]byte
	der := appendInteger(appendInteger(append(buf[:0], 0x30, 0), sig[:32]), sig[32:])
	der[1] = byte(len(der) - 2)
	if !ecdsa.VerifyASN1(key, hash[:], der) {
		return errSignature
	}
	return nil
}

// appendInteger appends a positive DER INTEGER.
func appendInteger(der, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0]&0x80 != 0 {
		return append(append(der, 0x02, byte(len(n)+1), 0), n...)
	}
	return append(append(der, 0x02, byte(len(n))), n...)
}

// signatureKey returns the key of a certificate if it can be one of ES256.
func signatureKey(c *Chain) (*ecdsa.PublicKey, error) {
	key, ok := c.Leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("cannot be checked: the certificate's key is not on the curve P-256")
	}
	return key, nil
}

// checkSignature verifies the signature with the certificate that was chosen.
func (t *token) checkSignature(sigErr error) {
	shape := t.sigErr
	if shape == nil && t.sig != nil {
		shape = signatureShape(t.sig)
	}
	switch {
	case shape != nil:
		t.report(CheckSignature, Fail, "The signature %s.", shape)
	case t.sig == nil:
		t.report(CheckSignature, Undecided, "There is no signature to look at.")
	case t.header.Compact() && t.signed == ".":
		t.report(CheckSignature, Undecided, "The token is in compact form and cannot be rebuilt from what is known of the call.")
	case t.chain == nil:
		t.report(CheckSignature, Undecided, "Without the certificate the signature cannot be verified.")
	case sigErr != nil:
		t.report(CheckSignature, Fail, "The signature %s.", sigErr)
	default:
		t.report(CheckSignature, Pass, "The signature over the octets received verifies with the key of the certificate.")
	}
}
