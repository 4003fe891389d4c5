package formats

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// What Telnyx calls the fields of a call, in reports and in the records of its
// API, for which no schema is published: each goes by the first of these names
// that is there. The post-dial delay (pdd) is left out, because its unit is not
// published either.
var (
	telnyxFrom      = []string{"origination_number", "originating_number", "cli", "caller_number", "from"}
	telnyxTo        = []string{"terminating_number", "termination_number", "cld", "dest_number", "to"}
	telnyxStart     = []string{"start_timestamp", "started_at", "start_time", "created_at"}
	telnyxAnswer    = []string{"answer_timestamp", "answered_at", "answer_time"}
	telnyxEnd       = []string{"end_timestamp", "finished_at", "ended_at", "end_time", "completed_at"}
	telnyxCallID    = []string{"sip_call_id", "call_id"}
	telnyxID        = []string{"id", "uuid", "call_leg_id", "leg_id"}
	telnyxSession   = []string{"telnyx_session_id", "call_session_id", "session_id"}
	telnyxBilled    = []string{"billable_time", "billed_sec", "billed_seconds", "call_sec", "duration"}
	telnyxAccount   = []string{"managed_account_id", "account_id"}
	telnyxCountry   = []string{"country_code", "country"}
	telnyxDirection = map[string]string{"outbound": "outbound", "outgoing": "outbound", "termination": "outbound", "inbound": "inbound", "incoming": "inbound", "origination": "inbound"}
)

// readTelnyxCSV reads a detailed call report of Telnyx's portal or report API
// (testdata/telnyx.csv). Times are UTC unless they, or --zone, say otherwise.
func readTelnyxCSV(in *bufio.Reader, o Options, emit func(Record) error) error {
	t, err := newTable(in, 0, nil)
	if err != nil {
		return err
	}
	var ps []cases.Problem
	for what, names := range map[string][]string{"the called number": telnyxTo, "the start": telnyxStart, "the direction": {"direction"}} {
		if !t.has(names...) {
			ps = append(ps, cases.Problem{Field: "header", Message: fmt.Sprintf("lacks %s: one of %s", what, strings.Join(names, ", "))})
		}
	}
	slices.SortFunc(ps, func(a, b cases.Problem) int { return cmp.Compare(a.Message, b.Message) })
	if err := cases.Invalid(ps...); err != nil {
		return err
	}
	if err := o.missingColumns(func(c string) bool { return t.has(c) }); err != nil {
		return err
	}
	return t.each(emit, func(line int) error {
		rec := telnyxCall(t.get, o, line)
		if rec.Call.SourceID == "" {
			rec.Call.SourceID = "row/" + digest(t.fields)[:32]
		}
		return emit(o.finish(rec, t.get))
	})
}

// Telnyx reads one detail record of Telnyx's API, whose fields get returns as
// text. It is finished but not checked, as Read hands them on.
func Telnyx(get func(name string) string, o Options) Record {
	rec := telnyxCall(get, o, 0)
	if rec.Call.SourceID == "" && len(rec.Problems) == 0 {
		rec.Problems = []cases.Problem{{Field: "id", Message: "is required"}}
	}
	return o.finish(rec, get)
}

func telnyxCall(get func(string) string, o Options, line int) Record {
	zone := o.zone()
	if zone == nil {
		zone = time.UTC
	}
	v := &values{get: get, zone: zone}
	c := cases.Call{SourceID: v.text(telnyxID...), CallID: v.text(telnyxCallID...), CorrelationID: v.text(telnyxSession...), AccountID: v.text(telnyxAccount...),
		Connection: v.text("connection_id"), From: v.text(telnyxFrom...), To: v.text(telnyxTo...), BilledSeconds: v.seconds(telnyxBilled...),
		AnsweredAt: v.time(telnyxAnswer...), EndedAt: v.time(telnyxEnd...)}
	c.SourceID = cmp.Or(c.SourceID, c.CallID)
	if d := v.text("direction"); d != "" {
		var ok bool
		if c.Direction, ok = telnyxDirection[strings.ToLower(d)]; !ok {
			v.wrong("direction", "must be inbound or outbound")
		}
	}
	if start := v.time(telnyxStart...); start != nil {
		c.StartedAt = *start
	} else if len(v.problems) == 0 {
		v.wrong("start_timestamp", "is required")
	}
	c.SIPCode, c.Q850 = ends(get("hangup_code"), get("sip_response_code"), get("sip_invite_failure_status"), get("hangup_cause"))
	if c.AnsweredAt != nil {
		c.SIPCode = 200
	}
	if country := strings.ToUpper(v.text(telnyxCountry...)); len(country) == 2 && c.Direction == "outbound" {
		c.ToCountry = country
	}
	if money := v.text("currency"); money == "" || strings.EqualFold(money, "USD") {
		c.CostMicros, c.RateMicros = v.micros("cost"), v.micros("rate")
	}
	return Record{Line: line, Call: c, Problems: v.problems}
}
