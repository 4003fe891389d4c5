package shaken

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

// The key of RFC 8225 appendix A.2, which signed the example below.
const rfcKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH
78YTU8qLS8I5HLHSSmlATLcslQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g==
-----END PUBLIC KEY-----
`

const (
	rfcHead = "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9"
	// RFC 8225 appendix A: iat is the string "1443208345".
	rfc8225A = rfcHead + ".eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0" +
		".rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
	rfcInfo = ";info=<https://cert.example.org/passport.cer>;alg=ES256"
)

// rfcEvidence certifies a key for the RFC's number.
func rfcEvidence(t *testing.T, when time.Time, pub crypto.PublicKey) Evidence {
	t.Helper()
	valid := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = when.AddDate(0, -1, 0), when.AddDate(0, 1, 0) }
	root := issue(t, nil, "SHAKEN Root CA", true, valid)
	like := issue(t, &root, "SHAKEN 709J", false, func(c *x509.Certificate) {
		valid(c)
		profileLeaf(t, root, TNAuthList{Numbers: []string{"12155551212"}})(c)
	})
	leaf := certify(t, root, like, pub)
	return Evidence{Certificates: Files{newChain(leaf, nil)}, Trust: NewTrust([]*x509.Certificate{root.cert})}
}

// RFC 8225 appendix A: the signature is good, and the token is to be refused,
// because iat is a string (erratum 5985).
func TestRFC8225AppendixA(t *testing.T) {
	when := time.Unix(1443208345, 0)
	block, _ := pem.Decode([]byte(rfcKey))
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	call := Call{From: "+12155551212", To: "sip:alice@example.com", At: when, Identity: []string{rfc8225A + rfcInfo}}
	r := Verify(context.Background(), call, rfcEvidence(t, when, pub))
	expect(t, r, Invalid, map[CheckName]Result{CheckHeader: Pass, CheckToken: Pass, CheckSignature: Pass, CheckPath: Pass,
		CheckClaims: Fail, CheckIat: Undecided, CheckNumbers: Pass, CheckTNAuthList: Pass})
	if !strings.Contains(r.Check(CheckClaims).Reason, "iat is a string") {
		t.Errorf("reason %q", r.Check(CheckClaims).Reason)
	}
}

// The example with iat as a number, in full and in compact form.
func TestRFC8225WithANumber(t *testing.T) {
	when := time.Unix(1471375418, 0)
	key := newKey(t)
	rfcNumber := passport(t, key, `{"alg":"ES256","typ":"passport","x5u":"https://cert.example.org/passport.cer"}`,
		`{"dest":{"uri":["sip:alice@example.com"]},"iat":1471375418,"orig":{"tn":"12155551212"}}`)
	call := Call{From: "sip:+12155551212@example.org;user=phone", To: "sip:alice@example.com", At: when, Identity: []string{rfcNumber + rfcInfo}}
	r := Verify(context.Background(), call, rfcEvidence(t, when, &key.PublicKey))
	expect(t, r, Valid, map[CheckName]Result{CheckSignature: Pass, CheckClaims: Pass})
	if r.Passport.Attest != "" || r.Verstat != "TN-Validation-Passed" {
		t.Errorf("an attestation came from nowhere: %+v, %s", r.Passport, r.Verstat)
	}

	call.Identity = []string{".." + rfcNumber[strings.LastIndexByte(rfcNumber, '.')+1:] + rfcInfo}
	for name, tt := range map[string]struct {
		change  func(*Call)
		verdict Verdict
	}{
		"date known":             {func(c *Call) { c.Date = when }, Valid},
		"date not known":         {func(*Call) {}, Valid},
		"call 59 s later":        {func(c *Call) { c.At = when.Add(59 * time.Second) }, Valid},
		"call 61 s later":        {func(c *Call) { c.At = when.Add(61 * time.Second) }, Invalid},
		"date wrong":             {func(c *Call) { c.Date = when.Add(time.Second) }, Invalid},
		"another caller":         {func(c *Call) { c.From = "+12155551213" }, Invalid},
		"attestation not known":  {func(c *Call) { c.Identity = []string{c.Identity[0] + ";ppt=shaken"} }, Indeterminate},
		"nothing rebuilds a div": {func(c *Call) { c.Identity = []string{c.Identity[0] + ";ppt=div"} }, Indeterminate},
		"another algorithm":      {func(c *Call) { c.Identity = []string{strings.Replace(c.Identity[0], "ES256", "ES384", 1)} }, Invalid},
	} {
		t.Run("compact, "+name, func(t *testing.T) {
			call := call
			tt.change(&call)
			r := Verify(context.Background(), call, rfcEvidence(t, when, &key.PublicKey))
			expect(t, r, tt.verdict, nil)
			if r.Verdict == Valid && (r.Passport.Form != "compact" || !r.Passport.Iat.Equal(when)) {
				t.Errorf("passport %+v", r.Passport)
			}
		})
	}
}

// A compact shaken token can be rebuilt where attest and origid came in the
// P- headers of 3GPP TS 24.229.
func TestCompactShaken(t *testing.T) {
	p := newPKI(t)
	full := passport(t, p.leaf.key, shakenJOSE, shakenPayload())
	call := callWith(".." + full[strings.LastIndexByte(full, '.')+1:] + params)
	call.Attest, call.OrigID, call.Date = "A", origid, at
	expect(t, Verify(context.Background(), call, p.evidence(t)), Valid, nil)
	call.Attest = "B"
	expect(t, Verify(context.Background(), call, p.evidence(t)), Invalid, map[CheckName]Result{CheckSignature: Fail})
}

// The example of RFC 8588 has iat as a string too (erratum 6656).
func TestRFC8588Erratum6656(t *testing.T) {
	p := newPKI(t)
	asText := strings.Replace(shakenPayload(), "1773500966", `"1773500966"`, 1)
	r := Verify(context.Background(), callWith(passport(t, p.leaf.key, shakenJOSE, asText)+params), p.evidence(t))
	expect(t, r, Invalid, map[CheckName]Result{CheckSignature: Pass, CheckClaims: Fail})
}

// RFC 8224 erratum 6499: the digest is base64url.
func TestRFC8224Erratum6499(t *testing.T) {
	if _, wrong := ParseHeader("eyJh+/.e30.AAAA" + rfcInfo); len(wrong) == 0 {
		t.Error("base64 was taken for base64url")
	}
	if _, wrong := ParseHeader("eyJh-_.e30.AAAA" + rfcInfo); len(wrong) > 0 {
		t.Error("base64url was refused: ", wrong)
	}
}

// RFC 7515 appendix A.3: a signature by others.
func TestRFC7515AppendixA3(t *testing.T) {
	point := []byte{4}
	for _, half := range []string{"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"} {
		raw, err := decodeSegment(half)
		if err != nil {
			t.Fatal(err)
		}
		point = append(point, raw...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := decodeSegment("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
	if err != nil {
		t.Fatal(err)
	}
	const signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	if err := verifyES256(key, signed, sig); err != nil {
		t.Error(err)
	}
	if err := verifyES256(key, signed+"A", sig); err == nil {
		t.Error("other octets were accepted")
	}
}
