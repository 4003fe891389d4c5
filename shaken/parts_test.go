package shaken

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestX5UPolicy(t *testing.T) {
	for address, allowed := range map[string]bool{
		"https://certs.example.com/a.pem": true, "https://certs.example.com:443/a.pem": true, "https://certs.example.com:8443/a.pem": true,
		"HTTPS://certs.example.com/a.pem": true, "https://192.0.2.7/a.pem": true, "https://[2001:db8::7]:8443/a.pem": true, "https://certs.example.com": true,
		"": false, "http://certs.example.com/a.pem": false, "ftp://certs.example.com/a.pem": false, "https://certs.example.com:80/a.pem": false,
		"https://certs.example.com:0443/a.pem": false, "https://certs.example.com:/a.pem": false, "https://u@certs.example.com/a.pem": false,
		"https://@certs.example.com/a.pem": false, "https://u:p@certs.example.com/a.pem": false, "https://certs.example.com/a.pem?": false,
		"https://certs.example.com/a.pem?q": false, "https://certs.example.com/a.pem#": false, "https://certs.example.com/a.pem#f": false,
		"https:///a.pem": false, "https://:443/a.pem": false, "https:a.pem": false, "//certs.example.com/a.pem": false, "https://certs.example.com\\@evil.example/a.pem": false,
		"https://certs.example.com/a b.pem": false, "https://certs.example.com/\n": false, "https://certs.exämple.com/a.pem": false,
		"https://certs.example.com/" + strings.Repeat("a", MaxX5UBytes): false, "https://%zz/": false,
	} {
		if err := X5UPolicy(address); (err == nil) != allowed {
			t.Errorf("X5UPolicy(%q) = %v", address, err)
		}
	}
}

func TestParseHeader(t *testing.T) {
	const token = "e30.e30.AAAA"
	want := Header{Token: token, Info: "https://a.example/b,c;d", Alg: "ES256", PPT: "shaken"}
	for _, value := range []string{
		token + ";info=<https://a.example/b,c;d>;alg=ES256;ppt=shaken",
		token + ` ; ppt="shaken" ; Info = <https://a.example/b,c;d> ; ALG=ES256 ; x ; y="a;b"`,
		" " + token + "\t;info=<https://a.example/b,c;d>;alg=ES256;ppt=shaken;x=1 ",
	} {
		got, wrong := ParseHeader(value)
		if d := cmp.Diff(want, got); d != "" || len(wrong) > 0 {
			t.Errorf("%s: %s %v", value, d, wrong)
		}
	}
	for value, word := range map[string]string{
		"": "no token", token: "info", token + ";": "proper name", token + ";info=<https://a>;;": "proper name", token + ";info=<https://a>;alg=": "proper value",
		token + ";info=<>": "absolute", token + ";info=<https:>": "absolute", token + ";info=<7a:b>": "absolute", token + ";info=<https://a b>": "character",
		token + ";info=<https://a>;a b=c": "proper name", token + ";info=<https://a>;x=": "has no value", `"c2ln";info=<https://a>`: "not base64url",
	} {
		if _, wrong := ParseHeader(value); !strings.Contains(strings.Join(wrong, "; "), word) {
			t.Errorf("ParseHeader(%q): %v, want %q", value, wrong, word)
		}
	}
	if h, _ := ParseHeader("..AAAA;info=<https://a>"); !h.Compact() {
		t.Error("the compact form was not seen")
	}
}

func TestHeadersIn(t *testing.T) {
	const a, b = "e30.e30.AAAA;info=<https://a>", "e30.e30.BBBB;info=<https://b>"
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"empty":          {"\r\n \n", nil},
		"bare":           {a + "\n", []string{a}},
		"two lines":      {a + "\n\n" + b, []string{a, b}},
		"named":          {"Identity: " + a + "\r\nidentity:" + b + "\r\n", []string{a, b}},
		"compact name":   {"y: " + a, []string{a}},
		"space before":   {"Identity \t: " + a, []string{a}},
		"folded":         {"Identity: e30.e30.AAAA\r\n ;info=<https://a>", []string{"e30.e30.AAAA ;info=<https://a>"}},
		"cut":            {"e30.e30.AAAA\n;info=<https://a>", []string{a}},
		"message":        {"INVITE sip:a@b SIP/2.0\r\nVia: x\r\nIdentity: " + a + "\r\nIdentity-Info: <https://x>\r\n\r\nv=0\r\n", []string{a}},
		"not repaired":   {"Identity: e30.\r\n e30.AAAA", []string{"e30. e30.AAAA"}},
		"bounded number": {strings.Repeat(a+"\n", 100), slicesRepeat(a, MaxIdentities+1)},
	} {
		if d := cmp.Diff(tt.want, HeadersIn(tt.text)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestFindHeaders(t *testing.T) {
	p := newPKI(t)
	value := passport(t, p.leaf.key, shakenJOSE, shakenPayload()) + params
	bare := strings.TrimSuffix(value, params)
	wrapped := func(s string) string {
		var b strings.Builder
		for len(s) > 76 {
			b.WriteString(s[:76] + "\r\n")
			s = s[76:]
		}
		return b.String() + s
	}
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":     {"They called me at eyJ o'clock.", nil},
		"in a text":   {"This is what my phone system logged: Identity: " + value + "\nPlease stop them.", []string{value}},
		"wrapped":     {"Header:\r\n" + wrapped(value) + "\r\nRegards", []string{value}},
		"two":         {value + "\n\n" + value + ".", []string{value, value}},
		"bare token":  {"token=" + bare + " and more text", []string{bare}},
		"sentence":    {"It was " + bare + ". Then they hung up.", []string{bare}},
		"two parts":   {"eyJhbGciOiJub25lIn0.eyJhIjoxfQ is a JWT without a signature", nil},
		"inside more": {"xeyJhbGciOiJub25lIn0.eyJhIjoxfQ.AAAA", nil},
		"many":        {strings.Repeat(bare+"\n", 50), slicesRepeat(bare, MaxIdentities)},
	} {
		if d := cmp.Diff(tt.want, FindHeaders(tt.text)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	r := Verify(context.Background(), callWith(FindHeaders("> "+wrapped(value))...), p.evidence(t))
	expect(t, r, Valid, nil)
}

func TestParty(t *testing.T) {
	for s, want := range map[string]string{
		"+1 (202) 555-0143": "+12025550143", "12025550143": "+12025550143", "tel:+1-202-555-0143;phone-context=x": "+12025550143",
		"<sip:+12025550143@example.com;user=phone>": "+12025550143", `"Bob" <sips:+12025550143:secret@example.com>`: "",
		"SIP:Alice@Example.COM;transport=tcp": "sip:Alice@example.com", "sip:example.com": "", "mailto:a@b.c": "", "anonymous": "", "": "",
		"tel:alice": "", "+": "", "*67": "*67", "1234567890123456": "", "12+34": "", "sip:12025550143@": "",
	} {
		id, ok := party(s)
		if !ok {
			id = identity{}
		}
		if strings.Contains(s, "secret") {
			if id.uri == "" {
				t.Errorf("party(%q) = %v", s, id)
			}
			continue
		}
		if id.String() != want {
			t.Errorf("party(%q) = %q, want %q", s, id, want)
		}
	}
	national, _ := party("2025550143")
	e164, _ := party("+2025550143")
	claim := identity{tn: "12025550143"}
	if !national.same(claim) || e164.same(claim) {
		t.Error("ten digits are North American only without a plus sign")
	}
	if (identity{}).same(identity{}) {
		t.Error("nobody is the same as nobody")
	}
}

func TestVerstat(t *testing.T) {
	for s, want := range map[string]string{
		"TN-Validation-Passed-A": "TN-Validation-Passed-A", "verstat=TN-Validation-Passed": "TN-Validation-Passed", "tn-validation-failed-c": "TN-Validation-Failed-C",
		"No-TN-Validation": "No-TN-Validation", "TN-Validation-Passed-D": "", "TN-Validation-PassedA": "", "yes": "", "": "",
	} {
		v, ok := ParseVerstat(s)
		if got := v.String(); got != want || ok != (want != "") {
			t.Errorf("ParseVerstat(%q) = %q, %t", s, got, ok)
		}
	}
}

func TestStrictJSON(t *testing.T) {
	for _, good := range []string{`{}`, ` { "a" : [ 1 , -0.5e+3 , true , null , "x\u00e9\ud83d\ude00\n" ] , "b" : { } } `, `{"a":{"x":1},"b":{"x":1}}`, `{"":0}`} {
		if _, err := parseObject([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{``, `{`, `{"a"`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a":01}`, `{"a":+1}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":-}`, `{"a":NaN}`,
		`{"a":tru}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\udc00"}`, `{"a":"\ud800\ud800"}`, `{"a":"\ud800x"}`, "{\"a\":\"\n\"}", "{\"a\":\"\x00\"}", `{"a":1}x`, `{"a":1}{}`,
		`[]`, `"a"`, `1`, `{"a":1,"a":1}`, `{"a":1,"A":1}`, `{"a":1,"\u0041":1}`, `{"a":{"b":1,"B":2}}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a" 1}`, `{"k":1,"` + "\u212a" + `":2}`,
		`{"a":` + strings.Repeat(`{"a":`, 9) + `1` + strings.Repeat(`}`, 10), `/**/{}`, "\ufeff{}"} {
		if v, err := parseObject([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, v)
		}
	}
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":0`, i)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	if _, err := parseObject([]byte(many(MaxJSONMembers))); err != nil {
		t.Error(err)
	}
	if _, err := parseObject([]byte(many(MaxJSONMembers + 1))); err == nil {
		t.Error("too many members were read")
	}
}

func TestReplay(t *testing.T) {
	p := newPKI(t)
	ev := p.evidence(t)
	memory := NewMemory(2)
	ev.Replays = memory
	token := passport(t, p.leaf.key, shakenJOSE, shakenPayload())
	call := callWith(token + params)
	expect(t, Verify(context.Background(), call, ev), Valid, map[CheckName]Result{CheckReplay: Pass})
	expect(t, Verify(context.Background(), call, ev), Valid, map[CheckName]Result{CheckReplay: Pass}) // looked at again
	call.ID = "call-2"
	expect(t, Verify(context.Background(), call, ev), Invalid, map[CheckName]Result{CheckReplay: Fail})

	// The other signature that ECDSA allows for the same octets is no way around.
	sig := signatureOf(t, token)
	call.Identity = []string{resign(token, append(sig[:32:32], negated(sig[32:])...)) + params}
	expect(t, Verify(context.Background(), call, ev), Invalid, map[CheckName]Result{CheckSignature: Pass, CheckReplay: Fail})

	call.Identity = []string{resign(token, make([]byte, 64)) + params}
	expect(t, Verify(context.Background(), call, ev), Invalid, map[CheckName]Result{CheckReplay: Skipped})

	first := func(key byte, call string, when time.Time) string {
		got, err := memory.First(context.Background(), [32]byte{key}, call, when)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first(1, "a", at)
	first(2, "b", at)
	if first(1, "c", at) != "a" {
		t.Error("a token was forgotten too early")
	}
	first(3, "d", at) // the oldest makes room
	if first(1, "e", at) != "e" {
		t.Error("more than two tokens were kept")
	}
	if first(1, "f", at.Add(time.Hour)) != "f" {
		t.Error("an old token was kept")
	}
}

type served struct {
	calls atomic.Int32
	body  []byte
	err   error
	wait  chan struct{}
}

func (s *served) Fetch(ctx context.Context, _ string) ([]byte, error) {
	s.calls.Add(1)
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.body, s.err
}

func TestFetched(t *testing.T) {
	p := newPKI(t)
	now := at
	from := &served{body: pemOf(p.leaf.cert, p.inter.cert), wait: make(chan struct{})}
	f := NewFetched(from, func() time.Time { return now })
	get := func(want int32) error {
		t.Helper()
		chains, err := f.Chains(context.Background(), x5u, at)
		if err == nil && (len(chains) != 1 || !chains[0].Leaf.Equal(p.leaf.cert)) {
			t.Error("not the certificate that was served")
		}
		if n := from.calls.Load(); n != want {
			t.Errorf("%d fetches, want %d", n, want)
		}
		return err
	}
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, err := f.Chains(context.Background(), x5u, at); err != nil {
				t.Error(err)
			}
		})
	}
	close(from.wait)
	group.Wait()
	if err := get(1); err != nil {
		t.Error(err)
	}
	now = now.Add(MinCache - time.Second)
	if err := get(1); err != nil {
		t.Error(err)
	}
	now = now.Add(2 * time.Second)
	from.err = errors.New("gone")
	if err := get(2); err == nil {
		t.Error("an error was lost")
	}
	if err := get(2); err == nil { // not asked again at once
		t.Error("an error was lost")
	}
	now = now.Add(2 * time.Minute)
	from.err = nil
	if err := get(3); err != nil {
		t.Error(err)
	}
	if _, err := f.Chains(context.Background(), "http://certs.example.com/a.pem", at); err == nil || from.calls.Load() != 3 {
		t.Error("an address was fetched that is not allowed")
	}

	from.wait = make(chan struct{})
	hasty, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Chains(hasty, "https://certs.example.com/b.pem", at); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(from.wait)
	if _, err := f.Chains(context.Background(), "https://certs.example.com/b.pem", at); err != nil {
		t.Error("one caller's haste was held against the address: ", err)
	}
}

func TestParseChain(t *testing.T) {
	p := newPKI(t)
	for name, raw := range map[string][]byte{
		"in order": pemOf(p.leaf.cert, p.inter.cert), "authority first": pemOf(p.inter.cert, p.leaf.cert), "DER": p.leaf.cert.Raw,
		"two DER": append(append([]byte{}, p.leaf.cert.Raw...), p.inter.cert.Raw...), "text around": append([]byte("Subject: x\n"), pemOf(p.leaf.cert)...),
	} {
		c, err := ParseChain(raw)
		if err != nil || !c.Leaf.Equal(p.leaf.cert) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "text": []byte("<html></html>"), "PEM of garbage": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"a list": []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), "eleven": pemOf(slicesOf(p.leaf, 11)...), "large": make([]byte, MaxChainBytes+1),
		"DER and garbage": append(append([]byte{}, p.leaf.cert.Raw...), 1, 2, 3), "cut": p.leaf.cert.Raw[:100],
	} {
		if _, err := ParseChain(raw); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	second := issue(t, &p.inter, "SHAKEN 710K", false, nil)
	chains, err := ParseChains(pemOf(p.leaf.cert, p.inter.cert, second.cert))
	if err != nil || len(chains) != 2 || !chains[1].Leaf.Equal(second.cert) || len(chains[1].Issuers) != 2 {
		t.Errorf("two signers: %d chains, %v", len(chains), err)
	}
}

func TestFacts(t *testing.T) {
	p := newPKI(t)
	f := chainOf(p.leaf, p.inter).Facts()
	if f.CRL == nil || f.CRL.URLs[0] != "https://pa.example.org/crl" || !strings.Contains(f.CRL.Issuer, "STI-PA CRL") || f.Policies[0] != "2.16.840.1.114569.1.1.4" || len(f.Issuers) != 1 || f.Key != "P-256" {
		t.Errorf("%+v", f)
	}
	bad := issue(t, nil, "nobody", true, nil)
	f = chainOf(bad).Facts()
	for _, word := range []string{"authority's certificate", "TNAuthList is missing", "policies", "would be revoked", "SHAKEN"} {
		if !strings.Contains(strings.Join(f.Findings, "; "), word) {
			t.Errorf("no finding on %q in %v", word, f.Findings)
		}
	}
}
