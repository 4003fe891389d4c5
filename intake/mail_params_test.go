package intake

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"
)

func TestParameters(t *testing.T) {
	type params map[string]string
	for value, want := range map[string]struct {
		kind   string
		params params
	}{
		`text/plain; charset=utf-8`:                                          {"text/plain", params{"charset": "utf-8"}},
		`TEXT/Plain ; CharSet = "utf-8" ;`:                                   {"text/plain", params{"charset": "utf-8"}},
		`text/plain charset=utf-8 format=flowed`:                             {"text/plain", params{"charset": "utf-8", "format": "flowed"}},
		`text/plain; charset=utf-8 format=flowed delsp=yes`:                  {"text/plain", params{"charset": "utf-8", "format": "flowed", "delsp": "yes"}},
		`text/plain; charset="utf-8" format=flowed`:                          {"text/plain", params{"charset": "utf-8", "format": "flowed"}},
		`text/plain; charset=us-ascii (Plain text)`:                          {"text/plain", params{"charset": "us-ascii"}},
		`multipart/mixed; boundary="a;b\"c\\d"`:                              {"multipart/mixed", params{"boundary": `a;b"c\d`}},
		`multipart/mixed; boundary=a=b=c`:                                    {"multipart/mixed", params{"boundary": "a=b=c"}},
		`multipart/mixed; boundary="not closed; type=x`:                      {"multipart/mixed", params{"boundary": "not", "type": "x"}},
		`attachment; filename=bill of calls.pdf`:                             {"attachment", params{"filename": "bill of calls.pdf"}},
		`attachment; filename=a.pdf size=5`:                                  {"attachment", params{"filename": "a.pdf", "size": "5"}},
		`attachment; filename="C:\calls\log.txt"`:                            {"attachment", params{"filename": `C:\calls\log.txt`}},
		`attachment; filename=first; filename=second`:                        {"attachment", params{"filename": "first"}},
		`attachment; filename*=utf-8''f%C3%BCr.pdf; filename=fur.pdf`:        {"attachment", params{"filename": "für.pdf"}},
		`attachment; filename*=iso-8859-1'de'f%FCr.pdf`:                      {"attachment", params{"filename": "für.pdf"}},
		`attachment; filename*="us-ascii''f%FCr%20uns.pdf"`:                  {"attachment", params{"filename": "für uns.pdf"}},
		`attachment; filename*=no-charset%20at%20all`:                        {"attachment", params{"filename": "no-charset at all"}},
		`attachment; filename*0=a; filename*1=b; filename*3=d`:               {"attachment", params{"filename": "ab"}},
		`attachment; filename*1*=%C3; filename*0*=utf-8''x; filename*2*=%BC`: {"attachment", params{"filename": "xü"}},
		`attachment; filename*0*=utf-8''%41; filename*1="%42"`:               {"attachment", params{"filename": "A%42"}},
		`attachment; filename*0=a; filename*0=z; filename*x=q`:               {"attachment", params{"filename": "a"}},
		`attachment; filename*=utf-8''100%; a*-1=b`:                          {"attachment", params{"filename": "100%"}},
		`"attachment"; filename==?utf-8?Q?r=C3=A9sum=C3=A9?=`:                {"attachment", params{"filename": "=?utf-8?Q?r=C3=A9sum=C3=A9?="}},
		`;;;`:               {"", params{}},
		`; charset=utf-8`:   {"", params{"charset": "utf-8"}},
		`text`:              {"text", params{}},
		``:                  {"", params{}},
		`text/plain; =x; y`: {"text/plain", params{}},
	} {
		kind, got := parameters(value)
		if kind != want.kind {
			t.Errorf("%s: is %q", value, kind)
		}
		if diff := cmp.Diff(map[string]string(want.params), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
}

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"plain.pdf":                       "plain.pdf",
		"../../etc/passwd":                "passwd",
		`C:\Users\x\log.txt`:              "log.txt",
		"a\r\nb\x00c\x7f.txt":             "abc.txt",
		"invoice\u202efdp.exe":            "invoicefdp.exe",
		"zero\u200bwidth\u2060\ufeff.pdf": "zerowidth.pdf",
		"...":                             "",
		"=?utf-8?B?w7w=?=.txt":            "ü.txt",
		"caf\xe9.txt":                     "café.txt",
	} {
		if got := fileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := fileName(strings.Repeat("ü", 500)); len(got) != 200 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(`text/plain; charset="utf-8"; filename*0*=utf-8''%41; filename*1=b`)
	f.Add(`"Doe, Jane" <jane@example.org>, =?utf-8?Q?x?= <y@z>`)
	f.Add(`mail.carrier.example 1; dkim=pass (a (b) "c") header.d=example.org; spf=fail`)
	f.Add(`rfc822; <a@b> (c) <d@e>`)
	f.Fuzz(func(t *testing.T, value string) {
		_, params := parameters(value)
		name := fileName(params["filename"])
		if !utf8.ValidString(name) || len(name) > 200 || strings.ContainsAny(name, "/\\\r\n\x00") {
			t.Errorf("name %q", name)
		}
		if s := decodeWords(value); !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
		h := message.Header{}
		for _, name := range []string{"Authentication-Results", "Received-Spf", "From", "To", "References"} {
			h.Add(name, value)
		}
		for k, v := range authResults(h, nil) {
			if k != "server" && !strings.HasSuffix(k, "_domain") && !isResult(v) {
				t.Errorf("%s=%q", k, v)
			}
		}
		_, addr := address(h, "From")
		for _, addr := range append(mailHeaders(h).Recipients, addr, typedAddress(value)) {
			if addr != "" && !plausibleAddress(addr) {
				t.Errorf("address %q", addr)
			}
		}
	})
}
