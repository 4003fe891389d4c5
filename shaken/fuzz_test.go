package shaken

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"e30.e30.AAAA" + params, "..AAAA" + params, `a.b.c;info=<x:y>;ppt="shaken";z="a\";b"`, "Identity: a\r\n ;b", "INVITE x\ny: eyJ.e.A", "eyJ.\neyJ.\nAA\nAA;info=<a:\nb>;x=y", ",;<>\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, wrong := ParseHeader(s)
		if len(wrong) == 0 {
			again, wrong := ParseHeader(h.Token + ";info=<" + h.Info + ">" + optional(";alg=", h.Alg) + optional(";ppt=", h.PPT))
			if d := cmp.Diff(h, again); d != "" || len(wrong) > 0 {
				t.Errorf("read and written it differs: %s %v", d, wrong)
			}
		}
		for _, found := range [][]string{HeadersIn(s), FindHeaders(s)} {
			if len(found) > MaxIdentities+1 {
				t.Errorf("%d headers", len(found))
			}
		}
		for _, v := range FindHeaders(s) {
			if h, _ := ParseHeader(v); strings.Count(h.Token, ".") != 2 {
				t.Errorf("%q is no token", v)
			}
		}
		party(s)
		if X5UPolicy(s) == nil && !strings.EqualFold(s[:8], "https://") {
			t.Errorf("%q is allowed", s)
		}
	})
}

func optional(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

// Whatever the token, every check is reported, and only octets that were really
// signed are valid.
func FuzzToken(f *testing.F) {
	p := newPKI(f)
	ev := p.evidence(f)
	good := passport(f, p.leaf.key, shakenJOSE, shakenPayload()) + params
	div := passport(f, p.leaf.key, divJOSE(), divPayload("12125550199", "12125550199")) + strings.Replace(params, "shaken", "div", 1)
	divO := passport(f, p.leaf.key, strings.Replace(divJOSE(), `"div"`, `"div-o"`, 1), `{"opt":"`+strings.TrimSuffix(good, params)+`"}`) + params
	f.Add(good)
	f.Add(good + "," + div)
	f.Add(divO)
	f.Add(".." + good[strings.LastIndexByte(good, '.')+1:])
	f.Add(splice(good, 1, b64(`{"a":"\ud83d\ude00","iat":1e9,"dest":{"tn":[[]],"uri":[7]},"orig":{"uri":":"}}`)))
	signed := good[:strings.LastIndexByte(good[:strings.IndexByte(good, ';')], '.')]
	f.Fuzz(func(t *testing.T, identity string) {
		r := Verify(context.Background(), callWith(identity), ev)
		if len(r.Checks) != max(1, len(r.Identities))*len(Checks()) {
			t.Errorf("%d checks", len(r.Checks))
		}
		if r.Verdict == Valid && !strings.Contains(identity, signed) {
			t.Errorf("valid, and never signed: %s", identity)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}

// Whatever is signed with the good key: what is valid says, to a lax reader too,
// what a shaken token for this call must say.
func FuzzPassport(f *testing.F) {
	p := newPKI(f)
	ev := p.evidence(f)
	f.Add(shakenJOSE, shakenPayload())
	f.Add(divJOSE(), divPayload("12125550199", "12125550199"))
	f.Add(`{"alg":"ES256","typ":"passport","x5u":"`+x5u+`","crit":[]}`, `{"iat":1773500966.0,"attest":"A","orig":{"uri":"sip:a@b"},"dest":{"uri":["sip:a@b"]}}`)
	f.Fuzz(func(t *testing.T, jose, payload string) {
		if len(jose)+len(payload) > 8<<10 {
			return
		}
		r := Verify(context.Background(), callWith(passport(t, p.leaf.key, jose, payload)+";info=<"+x5u+">"), ev)
		if r.Check(CheckSignature).Result != Pass {
			t.Errorf("the signature is good: %s", r.Check(CheckSignature).Reason)
		}
		if r.Verdict != Valid {
			return
		}
		var head struct{ Alg, Typ, PPT, X5U string }
		var body struct {
			Attest, OrigID string
			Iat            int64
			Orig           struct{ TN string }
			Dest           struct{ TN []string }
		}
		if err := json.Unmarshal([]byte(jose), &head); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(payload), &body); err != nil {
			t.Fatal(err)
		}
		if head.Alg != "ES256" || head.Typ != "passport" || head.X5U != x5u || head.PPT != r.Passport.Type || strings.Contains(jose, `"crit"`) {
			t.Errorf("valid: %s", jose)
		}
		orig, ok := canonicalNumber(body.Orig.TN)
		if off := body.Iat - at.Unix(); off < -60 || off > 60 || !ok || orig != "12025550143" || body.Attest != r.Passport.Attest {
			t.Errorf("valid: %s", payload)
		}
	})
}

// What the strict reader takes, the lax one of the standard library takes too, and
// sees the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{shakenJOSE, shakenPayload(), `{"a":[1.5e-3,true,null,"\u00e9\ud83d\ude00\/"],"b":{}}`, `{"a":1,"A":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := parseObject(raw)
		if err != nil {
			return
		}
		var lax any
		if err := json.Unmarshal(raw, &lax); err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
			t.Fatalf("%q was read, but is not JSON: %v", raw, err)
		}
		var b strings.Builder
		v.compact(&b)
		again, err := parseObject([]byte(b.String()))
		if err != nil || !cmp.Equal(v, again, cmp.AllowUnexported(value{}, member{})) {
			t.Errorf("%q was written again as %q: %v", raw, b.String(), err)
		}
	})
}

func FuzzTNAuthList(f *testing.F) {
	f.Add([]byte{0x30, 8, 0xa0, 6, 0x16, 4, '7', '0', '9', 'J'}, "12025550143")
	f.Add(marshalTNAuthList(f, TNAuthList{SPCs: []string{"1"}, Ranges: []NumberRange{{"12025550100", 100}}, Numbers: []string{"*67#"}}), "12025550143")
	f.Fuzz(func(t *testing.T, der []byte, number string) {
		ParseConstraints(der, true)
		crlPoints(der)
		nameKey(der)
		l, err := ParseTNAuthList(der)
		if err != nil {
			return
		}
		again, err := ParseTNAuthList(marshalTNAuthList(t, l))
		if err != nil || !cmp.Equal(l, again) || l.Covers(number) != again.Covers(number) {
			t.Errorf("read and written it differs: %v", err)
		}
		if l.Covers(number) && !isNumber(number) {
			t.Errorf("%q is covered", number)
		}
	})
}

// A list that nobody trustworthy signed revokes nothing, whatever is in it.
func FuzzCRL(f *testing.F) {
	p := newPKI(f)
	falsePA := issue(f, nil, "STI-PA CRL", true, nil)
	der := p.crlDER(f, falsePA, []revokes{{cert: p.leaf.cert, when: at}}, nil)
	f.Add(der)
	f.Add(append([]byte("-----BEGIN X509 CRL-----\n"), der...))
	f.Add([]byte("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"))
	f.Add(p.leaf.cert.Raw)
	ev := p.evidence(f)
	call := callWith(passport(f, p.leaf.key, shakenJOSE, shakenPayload()) + params)
	f.Fuzz(func(t *testing.T, raw []byte) {
		crl, err := ParseCRL(raw)
		if (crl == nil) != (err != nil) {
			t.Errorf("%v with %v", crl, err)
		}
		ev := ev
		ev.CRLs = []*CRL{crl}
		if r := Verify(context.Background(), call, ev); r.Check(CheckCRL).Result != Undecided {
			t.Errorf("%s: %s", r.Check(CheckCRL).Result, r.Check(CheckCRL).Reason)
		}
	})
}

func FuzzChain(f *testing.F) {
	p := newPKI(f)
	f.Add(pemOf(p.leaf.cert, p.inter.cert))
	f.Add(p.leaf.cert.Raw)
	token := passport(f, p.leaf.key, shakenJOSE, shakenPayload()) + params
	ev := p.evidence(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		chains, err := ParseChains(raw)
		if err != nil {
			return
		}
		for _, c := range chains {
			c.Facts()
		}
		ev := ev
		ev.Certificates = Files(chains)
		r := Verify(context.Background(), callWith(token), ev)
		if r.Verdict == Valid && !bytes.Equal(chains[0].Leaf.RawSubjectPublicKeyInfo, p.leaf.cert.RawSubjectPublicKeyInfo) {
			t.Error("valid with another key")
		}
	})
}
