package store

import (
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// callColumn is one field of a record.
type callColumn struct {
	name   string
	pgType string
	field  func(*cases.Call) any // where it is read into
}

// callColumns are the contents of a call record, without the source and the
// day that identify it together with source_id, the first of them. One list
// makes the staging table, the copy, the upsert and the comparison, so that
// none of them forgets a column.
var callColumns = []callColumn{
	{"source_id", "text", func(c *cases.Call) any { return &c.SourceID }},
	{"call_id", "text", func(c *cases.Call) any { return &c.CallID }},
	{"correlation_id", "text", func(c *cases.Call) any { return &c.CorrelationID }},
	{"account_id", "text", func(c *cases.Call) any { return &c.AccountID }},
	{"connection", "text", func(c *cases.Call) any { return &c.Connection }},
	{"direction", "text", func(c *cases.Call) any { return &c.Direction }},
	{"from_number", "text", func(c *cases.Call) any { return &c.From }},
	{"pai", "text", func(c *cases.Call) any { return &c.PAI }},
	{"to_number", "text", func(c *cases.Call) any { return &c.To }},
	{"to_country", "text", func(c *cases.Call) any { return &c.ToCountry }},
	{"dialled_raw", "text", func(c *cases.Call) any { return &c.DialledRaw }},
	{"peer", "text", func(c *cases.Call) any { return &c.Peer }},
	{"egress_peer", "text", func(c *cases.Call) any { return &c.EgressPeer }},
	{"source_ip", "text", func(c *cases.Call) any { return &c.SourceIP }},
	{"started_at", "timestamptz", func(c *cases.Call) any { return &c.StartedAt }},
	{"progress_at", "timestamptz", func(c *cases.Call) any { return &c.ProgressAt }},
	{"answered_at", "timestamptz", func(c *cases.Call) any { return &c.AnsweredAt }},
	{"ended_at", "timestamptz", func(c *cases.Call) any { return &c.EndedAt }},
	{"billed_seconds", "integer", func(c *cases.Call) any { return &c.BilledSeconds }},
	{"pdd_millis", "integer", func(c *cases.Call) any { return &c.PDDMillis }},
	{"sip_code", "integer", func(c *cases.Call) any { return &c.SIPCode }},
	{"reasons", "text", func(c *cases.Call) any { return &c.Reasons }},
	{"q850", "integer", func(c *cases.Call) any { return &c.Q850 }},
	{"hung_up_by", "text", func(c *cases.Call) any { return &c.HungUpBy }},
	{"rate_micros", "bigint", func(c *cases.Call) any { return &c.RateMicros }},
	{"cost_micros", "bigint", func(c *cases.Call) any { return &c.CostMicros }},
	{"attest", "text", func(c *cases.Call) any { return &c.Attest }},
	{"verstat", "text", func(c *cases.Call) any { return &c.Verstat }},
	{"identity", "text", func(c *cases.Call) any { return &c.Identity }},
}

// get is the contents of a column.
func (c callColumn) get(x *cases.Call) any {
	switch v := c.field(x).(type) {
	case *string:
		return *v
	case *int:
		return *v
	case *int64:
		return *v
	case *time.Time:
		return *v
	case **time.Time:
		return *v
	default:
		panic("a column of calls is of another type")
	}
}

// columnNames lists the contents of a call, each with the prefix in front,
// leaving out the first skip.
func columnNames(prefix string, skip int) string {
	var b strings.Builder
	for i, c := range callColumns[skip:] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(prefix + c.name)
	}
	return b.String()
}

// selectCall reads a whole cases.Call.
var selectCall = "source, " + columnNames("", 0)
