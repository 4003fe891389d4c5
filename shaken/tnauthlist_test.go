package shaken

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTNAuthList(t *testing.T) {
	unhex := func(s string) []byte {
		raw, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	unb64 := func(s string) []byte {
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	number := str(0x16, "12025550100")
	for name, tt := range map[string]struct {
		der  []byte
		want TNAuthList
	}{
		"a code of production":  {unhex("3008a00616043730394a"), TNAuthList{SPCs: []string{"709J"}}},
		"code, range and one":   {unb64("MCugBxYFYm9ndXOhEjAQFgo1NzE1NTUxMjEyAgIDFKIMFgo3MDM1NTUxMjEy"), TNAuthList{SPCs: []string{"bogus"}, Ranges: []NumberRange{{"5715551212", 788}}, Numbers: []string{"7035551212"}}},
		"two codes":             {tlv(0x30, tlv(0xa0, str(0x16, "709J")), tlv(0xa0, str(0x16, "710K"))), TNAuthList{SPCs: []string{"709J", "710K"}}},
		"a number with signs":   {tlv(0x30, tlv(0xa2, str(0x16, "*67#"))), TNAuthList{Numbers: []string{"*67#"}}},
		"a range with more":     {tlv(0x30, tlv(0xa1, tlv(0x30, number, []byte{2, 1, 2}, []byte{5, 0}))), TNAuthList{Ranges: []NumberRange{{"12025550100", 2}}}},
		"a count beyond bounds": {tlv(0x30, tlv(0xa1, tlv(0x30, number, append([]byte{2, 9}, 1, 0, 0, 0, 0, 0, 0, 0, 0)))), TNAuthList{Ranges: []NumberRange{{"12025550100", math.MaxInt64}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseTNAuthList(tt.der)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tt.der, marshalTNAuthList(t, got)); d != "" && !strings.Contains(name, "range with") && !strings.Contains(name, "count") {
				t.Error("written again it differs:", d)
			}
		})
	}
	for name, der := range map[string][]byte{
		"nothing":              nil,
		"empty list":           {0x30, 0},
		"a set":                {0x31, 0},
		"something behind":     append(unhex("3008a00616043730394a"), 0),
		"length is not DER":    unhex("308108a00616043730394a"),
		"length beyond":        unhex("3009a00616043730394a"),
		"implicit tag":         unhex("300680043730394a"),
		"UTF8String":           unhex("3008a0060c043730394a"),
		"not ASCII":            unhex("3008a00616043730ff4a"),
		"empty code":           unhex("3004a0021600"),
		"two in one entry":     unhex("3010a00e16043730394a16043730394a30 30"),
		"unknown entry":        unhex("3008a30616043730394a"),
		"universal entry":      unhex("300616043730394a"),
		"range without count":  tlv(0x30, tlv(0xa1, tlv(0x30, number))),
		"range of one":         tlv(0x30, tlv(0xa1, tlv(0x30, number, []byte{2, 1, 1}))),
		"range of none":        tlv(0x30, tlv(0xa1, tlv(0x30, number, []byte{2, 1, 0}))),
		"range backwards":      tlv(0x30, tlv(0xa1, tlv(0x30, number, []byte{2, 1, 0xff}))),
		"range from a star":    tlv(0x30, tlv(0xa1, tlv(0x30, str(0x16, "*67"), []byte{2, 1, 5}))),
		"number in letters":    tlv(0x30, tlv(0xa2, str(0x16, "1202555CALL"))),
		"number with a plus":   tlv(0x30, tlv(0xa2, str(0x16, "+12025550100"))),
		"number too long":      tlv(0x30, tlv(0xa2, str(0x16, "1234567890123456"))),
		"empty number":         tlv(0x30, tlv(0xa2, str(0x16, ""))),
		"indefinite length":    unhex("3080a00616043730394a0000"),
		"count in long form":   tlv(0x30, tlv(0xa1, tlv(0x30, number, []byte{2, 2, 0, 5}))),
		"nothing in the entry": unhex("3002a000"),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseTNAuthList(der); err == nil {
				t.Errorf("it was read as %+v", got)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	list := TNAuthList{SPCs: []string{"709J"}, Numbers: []string{"12025550143", "*67"}, Ranges: []NumberRange{{"12125550100", 100}, {"0990", 20}, {"999999999999998", math.MaxInt64}}}
	for number, want := range map[string]bool{
		"12025550143": true, "12025550144": false, "2025550143": false, "*67": true, "": false,
		"12125550100": true, "12125550199": true, "12125550200": false, "12125550099": false, "112125550100": false,
		"0990": true, "1009": true, "990": false, "1010": false, // leading zeros count
		"999999999999999": true, "999999999999997": false, "1000000000000000": false, "12125550+99": false, "-2125550100": false,
	} {
		if got := list.Covers(number); got != want {
			t.Errorf("Covers(%q) = %t", number, got)
		}
	}
}

// A number may be listed anywhere in the list, not only first, and a delegated
// certificate is bound by the one above (RFC 9060).
func TestCoverageOfTheCall(t *testing.T) {
	p := newPKI(t)
	above := func(l TNAuthList) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkixExtension(oidTNAuthList.String(), false, marshalTNAuthList(t, l)))
		}
	}
	wide := TNAuthList{Ranges: []NumberRange{{"12025550100", 100}}}
	narrow := TNAuthList{Ranges: []NumberRange{{"12025550100", 10}}}
	code := TNAuthList{SPCs: []string{"709J"}}
	third := TNAuthList{Numbers: []string{"12025550101", "12025550102", "12025550143"}}
	for name, tt := range map[string]struct {
		above *TNAuthList
		leaf  TNAuthList
		want  Result
		word  string
	}{
		"third entry":                    {nil, third, Pass, "is in its TNAuthList"},
		"in the range":                   {nil, wide, Pass, "is in its TNAuthList"},
		"beyond the range":               {nil, narrow, Fail, "does not speak for"},
		"code":                           {nil, code, Pass, "provider 709J"},
		"code and a range of others":     {nil, TNAuthList{SPCs: []string{"709J"}, Ranges: narrow.Ranges}, Pass, "provider 709J"},
		"delegated":                      {&wide, third, Pass, "is in its TNAuthList"},
		"delegated by a provider":        {&code, third, Pass, "is in its TNAuthList"},
		"delegated too much":             {&narrow, third, Fail, "more than the one above"},
		"a code below a range":           {&wide, code, Fail, "a provider"},
		"above is garbage, code or none": {&TNAuthList{}, third, Fail, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			inter := p.inter
			if tt.above != nil {
				inter = issue(t, &p.root, "SHAKEN Delegating CA", true, above(*tt.above))
			}
			leaf := issue(t, &inter, "SHAKEN 709J", false, profileLeaf(t, p.pa, tt.leaf))
			ev := p.evidence(t)
			ev.Certificates = Files{chainOf(leaf, inter)}
			r := Verify(context.Background(), callWith(passport(t, leaf.key, shakenJOSE, shakenPayload())+params), ev)
			want := Valid
			if tt.want == Fail {
				want = Invalid
			}
			expect(t, r, want, map[CheckName]Result{CheckTNAuthList: tt.want})
			if !strings.Contains(r.Check(CheckTNAuthList).Reason, tt.word) {
				t.Errorf("reason %q, want %q in it", r.Check(CheckTNAuthList).Reason, tt.word)
			}
		})
	}
}

func TestConstraints(t *testing.T) {
	vector, err := base64.StdEncoding.DecodeString("MD2gBzAFFgNmb2+hMjAwMBkWA2ZvbzASDARmb28xDARmb28yDARmb28zMBMWA2JhcjAMDARiYXIxDARiYXIy")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseConstraints(vector, false)
	want := Constraints{MustInclude: []string{"foo"}, Permitted: []PermittedValues{{"foo", []string{"foo1", "foo2", "foo3"}}, {"bar", []string{"bar1", "bar2"}}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	names := func(tag byte, names ...string) []byte {
		var list []byte
		for _, n := range names {
			list = append(list, str(0x16, n)...)
		}
		return tlv(tag, tlv(0x30, list))
	}
	permitted := func(claim string, values ...string) []byte {
		var list []byte
		for _, v := range values {
			list = append(list, str(0x0c, v)...)
		}
		return tlv(0xa1, tlv(0x30, tlv(0x30, str(0x16, claim), tlv(0x30, list))))
	}
	for name, der := range map[string][]byte{
		"empty": {0x30, 0}, "exclude where not enhanced": tlv(0x30, names(0xa2, "rcd")), "wrong order": tlv(0x30, permitted("a", "b"), names(0xa0, "a")),
		"twice": tlv(0x30, names(0xa0, "a"), names(0xa0, "a")), "implicit": tlv(0x30, tlv(0xa0, str(0x16, "a"))), "no names": tlv(0x30, tlv(0xa0, []byte{0x30, 0})),
		"no values": tlv(0x30, permitted("a")), "value in IA5String": tlv(0x30, tlv(0xa1, tlv(0x30, tlv(0x30, str(0x16, "a"), tlv(0x30, str(0x16, "b")))))),
	} {
		if _, err := ParseConstraints(der, false); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := ParseConstraints(tlv(0x30, names(0xa2, "orig")), true); err == nil {
		t.Error("excluding orig was allowed")
	}

	p := newPKI(t)
	for name, tt := range map[string]struct {
		oid  asn1.ObjectIdentifier
		der  []byte
		want Result
	}{
		"must include, there":         {oidJWTConstraints, tlv(0x30, names(0xa0, "attest", "origid")), Pass},
		"must include, missing":       {oidJWTConstraints, tlv(0x30, names(0xa0, "attest", "rcd")), Fail},
		"permitted":                   {oidJWTConstraints, tlv(0x30, permitted("attest", "B", "A")), Pass},
		"not permitted":               {oidJWTConstraints, tlv(0x30, permitted("attest", "B", "C")), Fail},
		"permitted for an absent one": {oidJWTConstraints, tlv(0x30, permitted("rcd", "x")), Pass},
		"permitted object":            {oidJWTConstraints, tlv(0x30, permitted("orig", `{"tn":"12025550143"}`)), Pass},
		"not permitted object":        {oidJWTConstraints, tlv(0x30, permitted("orig", `{"tn":"12025550144"}`)), Fail},
		"excluded, absent":            {oidEnhancedConstraints, tlv(0x30, names(0xa2, "rcd")), Pass},
		"excluded, there":             {oidEnhancedConstraints, tlv(0x30, names(0xa2, "attest")), Fail},
		"garbage":                     {oidJWTConstraints, []byte{0x30, 4, 0xa0}, Fail},
		"mustExclude not enhanced":    {oidJWTConstraints, tlv(0x30, names(0xa2, "rcd")), Fail},
	} {
		t.Run(name, func(t *testing.T) {
			leaf := issue(t, &p.inter, "SHAKEN 709J", false, func(c *x509.Certificate) {
				profileLeaf(t, p.pa, TNAuthList{SPCs: []string{"709J"}})(c)
				c.ExtraExtensions = append(c.ExtraExtensions, pkixExtension(tt.oid.String(), true, tt.der)) // critical: it is handled
			})
			chain, err := ParseChain(pemOf(leaf.cert, p.inter.cert))
			if err != nil {
				t.Fatal(err)
			}
			ev := p.evidence(t)
			ev.Certificates = Files{chain}
			r := Verify(context.Background(), callWith(passport(t, leaf.key, shakenJOSE, shakenPayload())+params), ev)
			verdict := Valid
			if tt.want == Fail {
				verdict = Invalid
			}
			expect(t, r, verdict, map[CheckName]Result{CheckConstraints: tt.want, CheckPath: Pass})
		})
	}
}
