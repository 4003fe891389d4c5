package shaken

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// resign replaces the signature of a token by other octets.
func resign(token string, sig []byte) string {
	return token[:strings.LastIndexByte(token, '.')+1] + base64.RawURLEncoding.EncodeToString(sig)
}

func signatureOf(t testing.TB, token string) []byte {
	t.Helper()
	sig, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// Every forgery is made by changing a good token, and must fail for its reason
// and, where it was signed with the good key, for that reason alone.
func TestForgedTokens(t *testing.T) {
	p := newPKI(t)
	ev := p.evidence(t)
	good := passport(t, p.leaf.key, shakenJOSE, shakenPayload())
	order := elliptic.P256().Params().N
	fixed := func(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }
	withJOSE := func(old, new string) string {
		return passport(t, p.leaf.key, replaced(t, shakenJOSE, old, new), shakenPayload()) + params
	}
	withClaim := func(old, new string) string {
		return passport(t, p.leaf.key, shakenJOSE, replaced(t, shakenPayload(), old, new)) + params
	}
	sig := signatureOf(t, good)
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
	if err != nil {
		t.Fatal(err)
	}
	iat := fmt.Sprint(at.Unix())
	for name, tt := range map[string]struct {
		identity string
		check    CheckName
		reason   string
	}{
		// 9: the signature
		"r is zero":            {resign(good, append(make([]byte, 32), sig[32:]...)) + params, CheckSignature, "r = 0"},
		"s is zero":            {resign(good, append(append([]byte{}, sig[:32]...), make([]byte, 32)...)) + params, CheckSignature, "s = 0"},
		"both are zero":        {resign(good, make([]byte, 64)) + params, CheckSignature, "r = 0"},
		"r is n":               {resign(good, append(fixed(order), sig[32:]...)) + params, CheckSignature, "r not below"},
		"s is n":               {resign(good, append(append([]byte{}, sig[:32]...), fixed(order)...)) + params, CheckSignature, "s not below"},
		"s is n and a little":  {resign(good, append(append([]byte{}, sig[:32]...), fixed(new(big.Int).Add(order, big.NewInt(1)))...)) + params, CheckSignature, "s not below"},
		"r is all ones":        {resign(good, append(fixed(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))), sig[32:]...)) + params, CheckSignature, "r not below"},
		"DER":                  {resign(good, der) + params, CheckSignature, "DER"},
		"too short":            {resign(good, sig[:63]) + params, CheckSignature, "63 octets"},
		"too long":             {resign(good, append([]byte{0}, sig...)) + params, CheckSignature, "65 octets"},
		"empty":                {resign(good, nil) + params, CheckSignature, "is empty"},
		"of another key":       {passport(t, newKey(t), shakenJOSE, shakenPayload()) + params, CheckSignature, "does not verify"},
		"halves exchanged":     {resign(good, append(append([]byte{}, sig[32:]...), sig[:32]...)) + params, CheckSignature, "does not verify"},
		"stray bits":           {strayBits(good) + params, CheckSignature, "stray bits"},
		"padding":              {good + "==" + params, CheckHeader, "base64url"},
		"claims exchanged":     {splice(good, 1, b64(replaced(t, shakenPayload(), `"A"`, `"B"`))) + params, CheckSignature, "does not verify"},
		"claims written again": {splice(good, 1, b64(" "+shakenPayload())) + params, CheckSignature, "does not verify"},

		// 2: encoding, JSON, JOSE header
		"duplicate key":           {withClaim(`"attest":"A",`, `"attest":"C","attest":"A",`), CheckToken, "twice"},
		"escaped duplicate":       {withClaim(`"attest":"A",`, `"\u0061ttest":"C","attest":"A",`), CheckToken, "twice"},
		"case variant":            {withClaim(`"attest":"A",`, `"Attest":"C","attest":"A",`), CheckToken, "two spellings"},
		"long s":                  {withClaim(`"attest":"A",`, `"atte\u017ft":"C","attest":"A",`), CheckToken, "two spellings"},
		"nested duplicate":        {withClaim(`{"tn":"12025550143"}`, `{"tn":"12025550199","tn":"12025550143"}`), CheckToken, "twice"},
		"duplicate in the JOSE":   {withJOSE(`"alg":"ES256"`, `"alg":"none","alg":"ES256"`), CheckToken, "twice"},
		"something behind":        {passport(t, p.leaf.key, shakenJOSE, shakenPayload()+"{}") + params, CheckToken, "after the JSON"},
		"not an object":           {passport(t, p.leaf.key, shakenJOSE, "["+shakenPayload()+"]") + params, CheckToken, "not a JSON object"},
		"byte order mark":         {passport(t, p.leaf.key, shakenJOSE, "\ufeff"+shakenPayload()) + params, CheckToken, "not JSON"},
		"not UTF-8":               {withClaim(`"A"`, "\"A\xff\""), CheckToken, "UTF-8"},
		"half a surrogate":        {withClaim(`"attest"`, `"x":"\ud800","attest"`), CheckToken, "surrogate"},
		"too deep":                {withClaim(`"attest"`, `"x":`+strings.Repeat("[", 20)+strings.Repeat("]", 20)+`,"attest"`), CheckToken, "nested"},
		"JOSE header is empty":    {withJOSE(shakenJOSE, "{}"), CheckToken, "alg is missing"},
		"alg none":                {withJOSE("ES256", "none"), CheckToken, "alg"},
		"alg HS256":               {strings.Replace(withJOSE("ES256", "HS256"), "alg=ES256", "alg=HS256", 1), CheckToken, "not ES256"},
		"alg in small letters":    {withJOSE("ES256", "es256"), CheckToken, "not ES256"},
		"alg missing":             {withJOSE(`"alg":"ES256",`, ""), CheckToken, "alg is missing"},
		"typ missing":             {withJOSE(`"typ":"passport",`, ""), CheckToken, "typ is missing"},
		"typ JWT":                 {withJOSE("passport\"", "JWT\""), CheckToken, "not passport"},
		"x5u missing":             {withJOSE(`,"x5u":"`+x5u+`"`, ""), CheckToken, "x5u is missing"},
		"x5u not a string":        {withJOSE(`"`+x5u+`"`, "7"), CheckToken, "x5u is not a string"},
		"x5u is not info":         {withJOSE("709J.pem", "710J.pem"), CheckToken, "x5u differs"},
		"ppt not a string":        {withJOSE(`"shaken"`, "7"), CheckToken, "ppt is not a string"},
		"ppt only outside":        {withJOSE(`"ppt":"shaken",`, ""), CheckToken, "in the header parameter"},
		"ppt differs":             {good + strings.Replace(params, "shaken", "div", 1), CheckToken, "in the header parameter"},
		"alg differs":             {good + strings.Replace(params, "ES256", "RS256", 1), CheckToken, "alg parameter"},
		"crit":                    {withJOSE(`"alg"`, `"crit":["b64"],"b64":false,"alg"`), CheckToken, "crit"},
		"crit names what we know": {withJOSE(`"alg"`, `"crit":["ppt"],"alg"`), CheckToken, "crit"},

		// 3: claims
		"attest Z":               {withClaim(`"A"`, `"Z"`), CheckClaims, "attest"},
		"attest small":           {withClaim(`"A"`, `"a"`), CheckClaims, "attest"},
		"attest a list":          {withClaim(`"A"`, `["A"]`), CheckClaims, "attest"},
		"attest missing":         {withClaim(`"attest":"A",`, ``), CheckClaims, "attest is missing"},
		"attest misspelt":        {withClaim(`"attest"`, `"Attest"`), CheckClaims, "attest is missing"},
		"attest Z and no others": {passport(t, p.leaf.key, shakenJOSE, `{"attest":"Z","iat":`+iat+`}`) + params, CheckClaims, "orig is missing"},
		"origid missing":         {withClaim(`,"origid":"`+origid+`"`, ``), CheckClaims, "origid is missing"},
		"origid not a UUID":      {withClaim(origid, "123e4567e89b12d3a456426655440000"), CheckClaims, "UUID"},
		"orig missing":           {withClaim(`"orig":{"tn":"12025550143"},`, ``), CheckClaims, "orig is missing"},
		"orig a list":            {withClaim(`{"tn":"12025550143"}`, `{"tn":["12025550143"]}`), CheckClaims, "orig.tn is not a string"},
		"orig of two":            {withClaim(`{"tn":"12025550143"}`, `{"tn":"12025550143","uri":"sip:a@b.c"}`), CheckClaims, "both"},
		"orig in letters":        {withClaim(`"12025550143"`, `"1202555CALL"`), CheckClaims, "telephone number"},
		"orig too long":          {withClaim(`"12025550143"`, `"1202555014312345"`), CheckClaims, "telephone number"},
		"dest missing":           {withClaim(`"dest":{"tn":["12125550199"]},`, ``), CheckClaims, "dest is missing"},
		"dest not a list":        {withClaim(`["12125550199"]`, `"12125550199"`), CheckClaims, "not an array"},
		"dest empty":             {withClaim(`["12125550199"]`, `[]`), CheckClaims, "nobody"},
		"iat missing":            {withClaim(`"iat":`+iat+`,`, ``), CheckClaims, "iat is missing"},
		"iat a string":           {withClaim(iat, `"`+iat+`"`), CheckClaims, "string"},
		"iat a fraction":         {withClaim(iat, iat+".5"), CheckClaims, "whole seconds"},
		"iat with a zero behind": {withClaim(iat, iat+".0"), CheckClaims, "whole seconds"},
		"iat with an exponent":   {withClaim(iat, "1.773500966e9"), CheckClaims, "whole seconds"},
		"iat null":               {withClaim(iat, "null"), CheckClaims, "not a number"},
		"iat negative":           {withClaim(iat, "-"+iat), CheckClaims, "whole seconds"},
		"iat huge":               {withClaim(iat, iat+"000000000000000000000"), CheckClaims, "whole seconds"},

		// 4: time
		"iat ten years ahead": {withClaim(iat, fmt.Sprint(at.AddDate(10, 0, 0).Unix())), CheckIat, "after the call"},
		"iat 61 s ahead":      {withClaim(iat, fmt.Sprint(at.Unix()+61)), CheckIat, "61 s after"},
		"iat 61 s ago":        {withClaim(iat, fmt.Sprint(at.Unix()-61)), CheckIat, "61 s before"},
		"iat in milliseconds": {withClaim(iat, iat+"000"), CheckClaims, "whole seconds"},

		// 1: grammar
		"no parameters":        {good, CheckHeader, "info parameter"},
		"info without bracket": {good + ";info=" + x5u + ";alg=ES256;ppt=shaken", CheckHeader, "angle brackets"},
		"info twice":           {good + params + ";info=<" + x5u + ">", CheckHeader, "twice"},
		"ppt twice":            {good + params + ";PPT=shaken", CheckHeader, "twice"},
		"info relative":        {good + ";info=<certs/709J.pem>;alg=ES256;ppt=shaken", CheckHeader, "absolute"},
		"white space inside":   {strings.Replace(good, ".", ". ", 1) + params, CheckHeader, "not base64url"},
		"four parts":           {good + ".AAAA" + params, CheckHeader, "3 dots"},
		"two parts":            {good[:strings.LastIndexByte(good, '.')] + params, CheckHeader, "1 dots"},
		"too large":            {good + params + ";x=" + strings.Repeat("a", MaxHeaderBytes), CheckHeader, "more than 16384"},

		// 10: numbers
		"another caller":       {withClaim("12025550143", "12025550144"), CheckNumbers, "from +12025550144"},
		"another called party": {withClaim("12125550199", "12125550198"), CheckNumbers, "to +12125550198"},
		"a country code more":  {withClaim("12025550143", "112025550143"), CheckNumbers, "from"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Verify(context.Background(), callWith(tt.identity), ev)
			expect(t, r, Invalid, map[CheckName]Result{tt.check: Fail})
			if !strings.Contains(r.Check(tt.check).Reason, tt.reason) {
				t.Errorf("reason %q, want %q in it", r.Check(tt.check).Reason, tt.reason)
			}
			for _, c := range r.Checks {
				if c.Result == Fail && c.Name != tt.check && tt.check != CheckHeader {
					t.Errorf("%s failed too: %s", c.Name, c.Reason)
				}
			}
		})
	}
}

func replaced(t testing.TB, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("%q is not in %s", old, s)
	}
	return strings.Replace(s, old, new, 1)
}

// splice replaces one part of a token.
func splice(token string, part int, by string) string {
	parts := strings.Split(token, ".")
	parts[part] = by
	return strings.Join(parts, ".")
}

// strayBits spells the signature differently: the last of 86 characters carries
// four bits that nobody reads.
func strayBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	n := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + alphabet[n|1:n|1+1]
}

func TestForgedX5U(t *testing.T) {
	p := newPKI(t)
	for _, address := range []string{"http://certs.example.com/709J.pem", "https://certs.example.com:8080/709J.pem", "https://user@certs.example.com/709J.pem",
		"https://certs.example.com/709J.pem?x=1", "https://certs.example.com/709J.pem#x", "https:///709J.pem", "file:///etc/passwd"} {
		token := passport(t, p.leaf.key, strings.Replace(shakenJOSE, x5u, address, 1), shakenPayload())
		r := Verify(context.Background(), callWith(token+strings.Replace(params, x5u, address, 1)), p.evidence(t))
		expect(t, r, Invalid, map[CheckName]Result{CheckX5U: Fail, CheckSignature: Pass})
	}
}

// Certificates and lists that are not what they seem.
func TestForgedCertificates(t *testing.T) {
	p := newPKI(t)
	list := TNAuthList{SPCs: []string{"709J"}}
	leafOf := func(issuer *authority, change func(*x509.Certificate)) authority {
		return issue(t, issuer, "SHAKEN 709J", false, func(c *x509.Certificate) {
			profileLeaf(t, p.pa, list)(c)
			if change != nil {
				change(c)
			}
		})
	}
	rogue := issue(t, nil, "SHAKEN Root CA", true, func(c *x509.Certificate) { c.SubjectKeyId = p.root.cert.SubjectKeyId })
	rogueInter := issue(t, &rogue, "SHAKEN Intermediate CA", true, nil)
	a := issue(t, nil, "Loop A", true, nil)
	b := issue(t, &a, "Loop B", true, nil)
	aByB := authority{sign(t, a.cert, b.cert, &a.key.PublicKey, b.key), a.key}
	noCA := issue(t, &p.root, "SHAKEN 710J", false, nil)
	pathLen := issue(t, &p.root, "SHAKEN Short CA", true, func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	below := issue(t, &pathLen, "SHAKEN Too Deep CA", true, nil)
	expiredInter := issue(t, &p.root, "SHAKEN Old CA", true, func(c *x509.Certificate) { c.NotAfter = at.Add(-time.Hour) })
	noSign := issue(t, &p.root, "SHAKEN Mute CA", true, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkixExtension("1.3.6.1.4.1.99999.1", true, []byte{5, 0}))
	}
	self := leafOf(nil, nil)

	for name, tt := range map[string]struct {
		leaf   authority
		above  []authority
		check  CheckName
		reason string
	}{
		"same-name rogue root":       {leafOf(&rogueInter, nil), []authority{rogueInter, rogue}, CheckPath, "nobody on the list"},
		"rogue under our names":      {leafOf(&rogueInter, nil), []authority{rogueInter, p.inter}, CheckPath, "does not lead"},
		"self-signed":                {self, nil, CheckPath, "does not lead"},
		"issuer loop":                {leafOf(&b, nil), []authority{b, aByB, a}, CheckPath, "nobody on the list"},
		"issuer missing":             {leafOf(&p.inter, nil), nil, CheckPath, "nobody on the list"},
		"issuer is no authority":     {leafOf(&noCA, nil), []authority{noCA}, CheckPath, "does not lead"},
		"path too long":              {leafOf(&below, nil), []authority{below, pathLen}, CheckPath, "does not lead"},
		"issuer may not sign":        {leafOf(&noSign, nil), []authority{noSign}, CheckPath, "does not lead"},
		"expired":                    {leafOf(&p.inter, func(c *x509.Certificate) { c.NotAfter = at.Add(-time.Second) }), []authority{p.inter}, CheckPath, "had expired"},
		"not yet valid":              {leafOf(&p.inter, func(c *x509.Certificate) { c.NotBefore = at.Add(time.Second) }), []authority{p.inter}, CheckPath, "not yet valid"},
		"issuer expired":             {leafOf(&expiredInter, nil), []authority{expiredInter}, CheckPath, "above the signer's"},
		"unknown critical extension": {leafOf(&p.inter, critical), []authority{p.inter}, CheckPath, "critical extension"},
		"key for encryption":         {leafOf(&p.inter, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), []authority{p.inter}, CheckPath, "may not be used"},
		"no TNAuthList": {leafOf(&p.inter, func(c *x509.Certificate) { c.ExtraExtensions = c.ExtraExtensions[1:] }), []authority{p.inter}, CheckTNAuthList,
			"speaks for no provider"},
		"TNAuthList empty": {leafOf(&p.inter, func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte{0x30, 0} }), []authority{p.inter}, CheckTNAuthList, "empty"},
		"TNAuthList with implicit tags": {leafOf(&p.inter, func(c *x509.Certificate) { c.ExtraExtensions[0].Value = tlv(0x30, str(0x80, "709J")) }), []authority{p.inter},
			CheckTNAuthList, "neither"},
		"outside the range": {leafOf(&p.inter, numbers(t, TNAuthList{Ranges: []NumberRange{{"12025550100", 43}}})), []authority{p.inter}, CheckTNAuthList, "does not speak for +12025550143"},
		"another number":    {leafOf(&p.inter, numbers(t, TNAuthList{Numbers: []string{"12025550144"}})), []authority{p.inter}, CheckTNAuthList, "does not speak for"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := p.evidence(t)
			ev.Certificates = Files{chainOf(tt.leaf, tt.above...)}
			r := Verify(context.Background(), callWith(passport(t, tt.leaf.key, shakenJOSE, shakenPayload())+params), ev)
			expect(t, r, Invalid, map[CheckName]Result{tt.check: Fail, CheckSignature: Pass})
			if !strings.Contains(r.Check(tt.check).Reason, tt.reason) {
				t.Errorf("reason %q, want %q in it", r.Check(tt.check).Reason, tt.reason)
			}
		})
	}
}

func numbers(t testing.TB, l TNAuthList) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.ExtraExtensions[0].Value = marshalTNAuthList(t, l) }
}

// A key on another curve cannot have made an ES256 signature.
func TestOtherCurve(t *testing.T) {
	p := newPKI(t)
	key := newKey(t)
	leaf := certify(t, p.inter, p.leaf, p384(t))
	ev := p.evidence(t)
	ev.Certificates = Files{newChain(leaf, []*x509.Certificate{p.inter.cert})}
	r := Verify(context.Background(), callWith(passport(t, key, shakenJOSE, shakenPayload())+params), ev)
	expect(t, r, Invalid, map[CheckName]Result{CheckSignature: Fail})
	if !strings.Contains(r.Check(CheckSignature).Reason, "P-256") {
		t.Error(r.Check(CheckSignature).Reason)
	}
}
