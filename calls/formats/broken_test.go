package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// plain reads a format without a mapping, all calls outbound.
func plain(format string) Options {
	zone, _ := LoadZone("UTC")
	return Options{Format: format, Zone: zone, Direction: "outbound", Options: calls.Options{Source: "sbc1", Region: "US", Now: morning}}
}

const (
	asteriskRow = `"a","2025550143","13125550198","c","","PJSIP/a-1","PJSIP/b-1","Dial","x","2026-11-10 09:03:00",,"2026-11-10 09:03:10",10,0,"BUSY","DOCUMENTATION"`
	accHead     = "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user\n"
	telnyxHead  = "origination_number,terminating_number,start_timestamp,answer_timestamp,end_timestamp,direction,hangup_code,sip_call_id,billable_time,cost,rate\n"
	ownHead     = "source_id,started_at,direction,from,to,billed_seconds\n"
)

// Each line that is wrong is named with its reason, and the others are taken.
func TestBrokenLines(t *testing.T) {
	long := strings.Repeat("x", MaxRecord)
	for name, tt := range map[string]struct {
		format string
		file   string
		taken  int
		want   []string
	}{
		"own csv": {"csv", ownHead + "1,2026-11-10T10:00:00Z,outbound,,+12025550143,many\n2,2026-11-10,outbound,,+12025550143,\n3,2026-11-10T10:00:00Z,out,,,\n\n4,2026-11-10T10:00:00Z,inbound,,+12025550143,\n5,2026\n", 1,
			[]string{"line 2: billed_seconds must be a whole number", "line 3: started_at must be a time with zone as in 2026-11-10T14:03:00Z",
				"line 4: direction must be one of outbound, inbound; to is required: the called number, or what was dialled in dialled", "line 7: row has 2 fields, not 6"}},
		"text": {"csv", ownHead + "\xff,2026-11-10T10:00:00Z,outbound,,+12025550143,\nx\x00,2026-11-10T10:00:00Z,outbound,,+12025550143,\n", 0,
			[]string{"line 2: source_id is not text in UTF-8", "line 3: source_id has control characters in it"}},
		"ndjson": {"ndjson", "\n" + `{"source_id":"1"}` + "\n" + strings.Repeat("x", calls.MaxLine+2) + "\nnothing\n" + strings.Repeat("x", 3*MaxJSON) + "\nlast", 0,
			[]string{"line 2: direction is required: outbound (from a customer) or inbound (to one of our numbers); started_at is required; to is required: the called number, or what was dialled in dialled",
				"line 3: line is longer than 65536 bytes", "line 4: line must be one JSON object on one line", "line 5: line is longer than 65536 bytes", "line 6: line must be one JSON object on one line"}},
		"asterisk": {"asterisk", asteriskRow + "\n" + strings.Replace(asteriskRow, "BUSY", "GONE", 1) + "\n" + strings.Replace(asteriskRow, `"2026-11-10 09:03:00"`, `"yesterday"`, 1) + "\na,b,c\n" +
			strings.Replace(asteriskRow, `,10,0,`, `,ten,0,`, 1) + "\n" + strings.Replace(asteriskRow, `"2026-11-10 09:03:00"`, "", 1) + "\n" + strings.Replace(asteriskRow, "13125550198", "13125550", 1) + "\n" + asteriskRow[:60], 1,
			[]string{"line 2: disposition must be one of ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION", "line 3: start must be a time as in 2026-11-10 14:03:00 or 2026-11-10T14:03:00Z",
				"line 4: row has 3 fields; Master.csv has 16 to 21", "line 5: duration must be a whole number", "line 6: start is required", "line 7: to The number lacks its area code.",
				"line 8: row cannot be read as CSV: extraneous or missing \" in quoted-field"}},
		"quotes": {"asterisk", asteriskRow + "\n\"a\",\"never closed\n" + asteriskRow + "\n\"a\"b,c\n" + asteriskRow + "\n", 3,
			[]string{"line 2: row cannot be read as CSV: extraneous or missing \" in quoted-field", "line 4: row cannot be read as CSV: extraneous or missing \" in quoted-field"}},
		"quotes that are never closed": {"asterisk", "\"" + long + "\n" + strings.Repeat(asteriskRow+"\n", 500), 500, []string{"line 1: record is longer than 65536 bytes"}},
		"a long line":                  {"csv", ownHead + long + long + "\n1,2026-11-10T10:00:00Z,outbound,,+12025550143,1\n", 1, []string{"line 2: record is longer than 65536 bytes"}},
		"freeswitch": {"freeswitch", `{"variables":{"uuid":"1","start_uepoch":"1794319380000000","destination_number":"13125550198"}}` + "\n{}\n{\"variables\":{\"uuid\":7}}\nnoise\n" +
			`{"variables":{"uuid":"2","start_uepoch":"soon","destination_number":"13125550198"}}` + "\n" + `{"variables":["x"]}` + "\n" + `{"variables":{"uuid":"3"}` + "\n", 1,
			[]string{"line 2: record must be a JSON object of mod_json_cdr, with variables in it", "line 3: start_uepoch is required: microseconds since 1970", "line 5: start_uepoch must be a count since 1970",
				"line 6: record must be a JSON object of mod_json_cdr, with variables in it", "line 7: record must be a JSON object of mod_json_cdr, with variables in it"}},
		"freeswitch, cut off in the middle": {"freeswitch", "{\"variables\":{\"uuid\":\"1\",\n" + `{"variables":{"uuid":"2","start_uepoch":"1794319380000000","destination_number":"13125550198"}}` + "\n", 1,
			[]string{"line 1: record must be a JSON object of mod_json_cdr, with variables in it"}},
		"freeswitch, too long": {"freeswitch", `{"variables":{"x":"` + strings.Repeat("x", MaxJSON) + "\"}}\n" + `{"variables":{"uuid":"2","start_uepoch":"1794319380000000","destination_number":"13125550198"}}`, 1,
			[]string{"line 1: record is longer than 1048576 bytes"}},
		"kamailio": {"kamailio", accHead + "INVITE,a,b,1@x,200,OK,2026-11-10 14:00:00,12025550143,13125550198\nINVITE,a,b,,200,OK,2026-11-10 14:00:00,12025550143,13125550198\n" +
			"INVITE,a,b,2@x,fine,OK,2026-11-10 14:00:00,12025550143,13125550198\nINVITE,a,b,3@x,200,OK,,12025550143,13125550198\n,a,b,4@x,200,OK,2026-11-10 14:00:00,12025550143,13125550198\n" +
			"INVITE,a,b,5@x,200,OK,2026-11-10 14:00:00,12025550143,\n", 1,
			[]string{"line 3: callid is required", "line 4: sip_code must be a whole number", "line 5: time is required", "line 6: method is required",
				"line 7: to is required: the called number, or what was dialled in dialled"}},
		"kamailio cdrs": {"kamailio", "sip_call_id\tsrc_username\tdst_username\tcall_start_time\tduration\n1@x\t2025550143\t3125550198\t2026-11-10 14:00:00\t12.400\n2@x\tNULL\t3125550198\tNULL\t1\n3@x\t\"\t3125550198\t2026-11-10 14:00:00\tlong\n", 1,
			[]string{"line 3: start_time is required", "line 4: duration must be a number of seconds"}},
		"telnyx": {"telnyx-csv", telnyxHead + "+12025550143,+13125550198,2026-11-10T14:03:00Z,,,outbound,16,1@x,,,\n+12025550143,+13125550198,14:03,,,outbound,16,2@x,,,\n+12025550143,+13125550198,2026-11-10T14:03:00Z,,,sideways,16,3@x,a,0.1.2,-1\n" +
			"+12025550143,+13125550198,,,,outbound,16,4@x,,,\n", 1,
			[]string{"line 3: start_timestamp must be a time as in 2026-11-10 14:03:00 or 2026-11-10T14:03:00Z", "line 4: billable_time must be a number of seconds; direction must be inbound or outbound; cost must be an amount such as 0.0125; rate must be an amount such as 0.0125",
				"line 5: start_timestamp is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := all(t, []byte(tt.file), plain(tt.format))
			if d := cmp.Diff(tt.want, lines(got.Errors)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if len(got.Calls) != tt.taken || got.Rows != tt.taken+len(tt.want) {
				t.Errorf("took %d of %d, want %d", len(got.Calls), got.Rows, tt.taken)
			}
			refused := 0
			for _, n := range got.Refused {
				refused += n
			}
			if refused != len(tt.want) {
				t.Errorf("refused %v", got.Refused)
			}
		})
	}
}

// A file that cannot be read so at all is an error, not a list of lines.
func TestWrongFiles(t *testing.T) {
	for _, tt := range []struct{ format, file, want string }{
		{"csv", "", "header: the file is empty"},
		{"csv", "\n\n", "header: the file is empty"},
		{"csv", "id,nmae\n", `header: has an unknown column "nmae"`},
		{"csv", "source_id,to,to\n", `header: has the column "to" twice`},
		{"csv", "source_id,started_at,to\n", ""},
		{"csv", "source_id,cost,to,started_at\n", `header: has an unknown column "cost"`},
		{"csv", "source_id,\"to\n", "header: cannot be read as CSV"},
		{"csv", strings.Repeat("a,", maxHeader) + "\n", "header: has more than 1000 columns"},
		{"kamailio", "method,from_tag,to_tag,callid,sip_code,sip_reason,time\n", "header: lacks the called number"},
		{"kamailio", "method,dst_user\n", "header: lacks the Call-ID"},
		{"kamailio", "callid,dst_user,start_time\n", "header: lacks what either table has"},
		{"telnyx-csv", "a,b\n", "header: lacks the called number"},
	} {
		err := Load(strings.NewReader(tt.file), plain(tt.format), 0, func(Batch) error { return nil })
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %q: %v, want %q", tt.format, tt.file[:min(len(tt.file), 40)], err, tt.want)
		}
	}
}

// A file that breaks off while it is read, and an error of whoever takes.
func TestErrorsEndTheReading(t *testing.T) {
	full := errors.New("disk full")
	for _, s := range samples {
		if err := Load(bytes.NewReader(s.bytes(t)), s.options(t), 0, func(Batch) error { return full }); !errors.Is(err, full) {
			t.Errorf("%s: %v", s.file, err)
		}
		b := s.bytes(t)
		err := Load(io.MultiReader(bytes.NewReader(b[:len(b)-10]), brokenReader{}), s.options(t), 0, func(Batch) error { return nil })
		if !errors.Is(err, errBroken) {
			t.Errorf("%s, broken off: %v", s.file, err)
		}
	}
}

var errBroken = errors.New("the disk is gone")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestOptionsThatAreRefused(t *testing.T) {
	mapping := &Mapping{Fields: map[string]Field{"to": {Column: "to"}}}
	for want, o := range map[string]Options{
		"format: must be one of asterisk, csv": {Format: "cisco"},
		"mapping: is required":                 {Format: "mapped"},
		"mapping: fields, columns":             {Format: "csv", Mapping: mapping},
		"zone: is required":                    {Format: "asterisk"},
		"direction: must be outbound":          {Format: "csv", Direction: "out"},
	} {
		if err := o.Check(); !errors.Is(err, cases.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Batches are full but for the last.
func TestBatches(t *testing.T) {
	var sizes []int
	file := ownHead + strings.Repeat("1,2026-11-10T10:00:00Z,outbound,,+12025550143,1\n", 2*BatchRows+1)
	err := Load(strings.NewReader(file), plain("csv"), 0, func(b Batch) error { sizes = append(sizes, len(b.Calls)); return nil })
	if d := cmp.Diff([]int{BatchRows, BatchRows, 1}, sizes); d != "" || err != nil {
		t.Errorf("%v, %s", err, d)
	}
}

// All that is refused is counted, what is named is bounded.
func TestErrorsAreBounded(t *testing.T) {
	got := all(t, []byte(ownHead+strings.Repeat("1,,,,,\n", MaxErrors+BatchRows)), plain("csv"))
	if len(got.Errors) != MaxErrors || got.Rows != MaxErrors+BatchRows {
		t.Errorf("%d rows, %d named", got.Rows, len(got.Errors))
	}
}

// What waits for its BYE is bounded: the oldest are taken without an end, and
// nothing is lost.
func TestKamailioOpenCalls(t *testing.T) {
	var b strings.Builder
	b.WriteString(accHead)
	for i := range MaxOpen + 3 {
		fmt.Fprintf(&b, "INVITE,a,b,%d@x,200,OK,2026-11-10 14:00:00,12025550143,13125550198\n", i)
	}
	for _, i := range []int{0, MaxOpen + 2} {
		fmt.Fprintf(&b, "BYE,a,b,%d@x,200,OK,2026-11-10 14:01:00,12025550143,13125550198\n", i)
	}
	got := all(t, []byte(b.String()), plain("kamailio"))
	if len(got.Calls) != MaxOpen+3 || got.Ignored[ignoreBye] != 1 {
		t.Fatalf("%d calls, ignored %v", len(got.Calls), got.Ignored)
	}
	if first, ended := got.Calls[0], got.Calls[3]; first.CallID != "0@x" || first.EndedAt != nil || ended.CallID != fmt.Sprint(MaxOpen+2, "@x") || ended.EndedAt == nil || ended.HungUpBy != "caller" {
		t.Errorf("first %+v, ended %+v", first, ended)
	}
}

// Which columns an Asterisk row has hangs on cdr.conf.
func TestAsteriskColumns(t *testing.T) {
	for more, want := range map[string]string{
		``:                            `row/`,
		`,"1793969780.2510"`:          `1793969780.2510/`,
		`,"pbx1-1793969780.2510"`:     `pbx1-1793969780.2510/`,
		`,"did=2025550144"`:           `row/`,
		`,"1793969780.2510","did"`:    `1793969780.2510/`,
		`,"","1793969779.2509",7`:     `row/`,
		`,"17939697800.1","","1.1",7`: `17939697800.1/7`,
		`,"17939697800.1","u","","17939697800.0",8`: `17939697800.1/8`,
	} {
		got := all(t, []byte(asteriskRow+more+"\n"), plain("asterisk"))
		if len(got.Calls) != 1 || !strings.HasPrefix(got.Calls[0].SourceID, want) {
			t.Errorf("%s: %+v, want %s", more, got, want)
		}
	}
}

// 911 is dialled from an extension, and no extension.
func TestServiceNumbersAreCalls(t *testing.T) {
	file := strings.NewReplacer("2025550143", "101", "13125550198", "911").Replace(asteriskRow)
	got := all(t, []byte(file), plain("asterisk"))
	if len(got.Calls) != 1 || got.Calls[0].DialledRaw != "911" || got.Calls[0].To != "" || got.Calls[0].From != "" {
		t.Errorf("%+v", got)
	}
}
