package calls

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

var readNow = Options{Source: "sbc1", Region: "US", Now: at("12:00:00")}

const wholeLine = `{"source_id":"8e1f","call_id":"8e1f@sbc1","correlation_id":"k1","account":"acme","connection":"acme-1","direction":"outbound","from":"(202) 555-0143","pai":"sip:+12025550100@sbc1;user=phone","to":"011442079460123","dialled":"8765011442079460123","peer":"carrier-x","egress_peer":"carrier-y","source_ip":"192.0.2.7","started_at":"2026-11-10T05:03:00.25-05:00","progress_at":"2026-11-10T10:03:01Z","answered_at":"2026-11-10T10:03:04Z","ended_at":"2026-11-10T10:03:40Z","billed_seconds":36,"pdd_ms":900,"sip_code":200,"q850":16,"reasons":"Q.850;cause=16","hung_up_by":"called","rate_micros":7000,"cost_micros":4200,"attest":"A","verstat":"TN-Validation-Passed","identity":"eyJh.eyJh.c2ln;info=<https://cert.example/c.pem>"}`

func TestParseNDJSON(t *testing.T) {
	progress, answered, ended := at("10:03:01"), at("10:03:04"), at("10:03:40")
	want := cases.Call{Source: "sbc1", SourceID: "8e1f", CallID: "8e1f@sbc1", CorrelationID: "k1", AccountID: "acme", Connection: "acme-1", Direction: "outbound",
		From: "+12025550143", PAI: "+12025550100", To: "+442079460123", ToCountry: "GB", DialledRaw: "8765011442079460123", Peer: "carrier-x", EgressPeer: "carrier-y", SourceIP: "192.0.2.7",
		StartedAt: at("10:03:00").Add(250 * time.Millisecond), ProgressAt: &progress, AnsweredAt: &answered, EndedAt: &ended, BilledSeconds: 36, PDDMillis: 900, SIPCode: 200,
		Reasons: "Q.850;cause=16", Q850: 16, HungUpBy: "called", RateMicros: 7000, CostMicros: 4200, Attest: "A", Verstat: "TN-Validation-Passed", Identity: "eyJh.eyJh.c2ln;info=<https://cert.example/c.pem>"}
	got, err := ParseNDJSON([]byte(wholeLine), readNow)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseNDJSONAccepts(t *testing.T) {
	const rest = `,"source_id":"1","started_at":"2026-11-10T10:00:00Z"}`
	for line, want := range map[string]cases.Call{
		`{"direction":"inbound","from":"anonymous","to":"+12025550143"` + rest:                          {From: "", To: "+12025550143"},
		`{"direction":"inbound","to":"+12025550143"` + rest:                                             {From: "", To: "+12025550143"},
		`{"direction":"outbound","from":"+12025550143","to":"911"` + rest:                               {From: "+12025550143", DialledRaw: "911"},
		`{"direction":"outbound","from":"+12025550143","to":"","dialled":"*69"` + rest:                  {From: "+12025550143", DialledRaw: "*69"},
		`{"direction":"outbound","from":"+12025550143","to":"+13125550199","answered_at":null` + rest:   {From: "+12025550143", To: "+13125550199"},
		`{"source":"sbc1","direction":"outbound","from":"12025550143","to":"sip:+13125550199@x"` + rest: {From: "+12025550143", To: "+13125550199"},
	} {
		got, err := ParseNDJSON([]byte(line), readNow)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got.From != want.From || got.To != want.To || got.DialledRaw != want.DialledRaw || got.Source != "sbc1" {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestParseNDJSONRefuses(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(wholeLine, old) {
			t.Fatalf("%s is not in the line", old)
		}
		return strings.Replace(wholeLine, old, new, 1)
	}
	for name, tt := range map[string]struct{ line, want string }{
		"no JSON":            {`source_id,from`, "line: must be one JSON object on one line"},
		"cut off":            {wholeLine[:len(wholeLine)-2], "line: must be one JSON object on one line"},
		"two objects":        {wholeLine + wholeLine, "line: must be one JSON object on one line"},
		"no object":          {`[]`, "line: must be one JSON object on one line"},
		"empty object":       {`{}`, "source_id: is required: the id that the switch gave the call; direction: is required: outbound (from a customer) or inbound (to one of our numbers); started_at: is required; to: is required: the called number, or what was dialled in dialled"},
		"unknown field":      {swap(`"q850"`, `"q851"`), "q851: is no field of a call record"},
		"text for a number":  {swap(`36`, `"36"`), "billed_seconds: must be a whole number, not a string"},
		"number for a text":  {swap(`"carrier-x"`, `7`), "peer: must be text, not a number"},
		"time without zone":  {swap(`2026-11-10T10:03:04Z`, `2026-11-10 10:03:04`), "answered_at: must be a time with zone as in 2026-11-10T14:03:00Z"},
		"wrong and future":   {swap(`2026-11-10T05:03:00.25-05:00`, `2026-11-11T12:00:01Z`), "started_at: is more than 24 hours in the future; progress_at: is before started_at"},
		"long ago":           {swap(`2026-11-10T05:03:00.25-05:00`, `1970-01-01T00:00:00Z`), "started_at: is more than ten years ago; progress_at: is more than seven days after started_at; answered_at: is more than seven days after started_at; ended_at: is more than seven days after started_at"},
		"ends before":        {swap(`10:03:40Z`, `10:03:02Z`), "ended_at: is before the call began"},
		"no number":          {swap(`(202) 555-0143`, `bogus`), "from: "},
		"too short a number": {swap(`011442079460123`, `5550199`), "to: The number lacks its area code."},
		"a code as caller":   {swap(`(202) 555-0143`, `911`), "from: 911 reaches "},
		"direction":          {swap(`outbound`, `out`), "direction: must be one of outbound, inbound"},
		"attestation":        {swap(`"A"`, `"Z"`), "attest: must be one of A, B, C"},
		"who hung up":        {swap(`"called"`, `"us"`), "hung_up_by: must be one of caller, called, network"},
		"address":            {swap(`192.0.2.7`, `192.0.2.7:5060`), "source_ip: must be one IP address"},
		"SIP code":           {swap(`200`, `20`), "sip_code: must be a final SIP response code, 200 to 699, or 0"},
		"negative":           {swap(`36`, `-1`), "billed_seconds: must be between 0 and 604800"},
		"cause":              {swap(`16`, `128`), "q850: must be between 0 and 127"},
		"control character":  {swap(`acme-1`, `acme\u00001`), "connection: has control characters in it"},
		"long id":            {swap(`"8e1f"`, `"`+strings.Repeat("x", 201)+`"`), "source_id: is longer than 200 bytes"},
		"long line":          {swap(`eyJh`, strings.Repeat("x", MaxLine)), "line: is longer than 65536 bytes"},
		"another source":     {swap(`{`, `{"source":"sbc2",`), "source: is not that of the batch, sbc1"},
		"all that is wrong":  {swap(`"A"`, `"a"`), "attest: must be one of A, B, C"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseNDJSON([]byte(tt.line), readNow)
			if !errors.Is(err, cases.ErrInvalid) || !strings.HasPrefix(err.Error(), "the input is not valid: "+tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestReadNDJSON(t *testing.T) {
	body := "\n" + wholeLine + "\r\n{}\n\n" + strings.Replace(wholeLine, "8e1f", "8e20", 1)
	good, bad, err := ReadNDJSON(strings.NewReader(body), readNow, 3)
	if err != nil || len(good) != 2 || good[1].SourceID != "8e20" || len(bad) != 1 || bad[0].Line != 3 || len(bad[0].Problems) != 4 {
		t.Errorf("%d records, bad %+v, %v", len(good), bad, err)
	}
	if _, _, err := ReadNDJSON(strings.NewReader(body), readNow, 2); !errors.Is(err, cases.ErrTooLarge) {
		t.Errorf("three records where two may be: %v", err)
	}
	if _, _, err := ReadNDJSON(strings.NewReader("\n"+strings.Repeat("x", MaxLine+2)), readNow, 2); !errors.Is(err, cases.ErrTooLarge) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a long line: %v", err)
	}
}

func FuzzParseNDJSON(f *testing.F) {
	f.Add([]byte(wholeLine))
	f.Add([]byte(`{"source_id":"1","direction":"inbound","from":"anonymous","to":"+12025550143","started_at":"2026-11-10T10:00:00Z"}`))
	f.Add([]byte(`{"started_at":"0000-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		c, err := ParseNDJSON(line, readNow)
		if err != nil {
			return
		}
		// What was accepted is in its final form.
		again, err := Check(c, readNow)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if d := cmp.Diff(c, again); d != "" {
			t.Fatalf("not in final form (-once +twice):\n%s", d)
		}
	})
}

func BenchmarkParseNDJSON(b *testing.B) {
	line := []byte(strings.Replace(strings.Replace(wholeLine, "(202) 555-0143", "+12025550143", 1), "011442079460123", "+13125550199", 1))
	for b.Loop() {
		if _, err := ParseNDJSON(line, readNow); err != nil {
			b.Fatal(err)
		}
	}
}

// The short way reads a number as the long way does.
func TestNorthAmericanNumbersAreReadAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	short := 0
	for range 5_000 {
		digits := fmt.Sprintf("%012d", r.Int64N(1e12))[:9+r.IntN(3)]
		if r.IntN(2) == 0 {
			digits = "1" + digits
		}
		for _, region := range []string{"US", "CA", "GB", ""} {
			got := northAmerican(digits, region)
			if got == "" {
				continue
			}
			short++
			if n, err := numbers.ParseWith(digits, region, numbers.ParseOptions{FromSwitch: true}); err != nil || n.E164 != got {
				t.Fatalf("%s in %q: %s, but %s, %v", digits, region, got, n.E164, err)
			}
		}
	}
	if short < 500 {
		t.Errorf("only %d were looked at", short)
	}
}
