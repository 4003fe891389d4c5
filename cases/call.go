package cases

import (
	"slices"
	"time"
)

// Call is a call detail record: one leg, idempotent by (Source, SourceID, Day).
type Call struct {
	Source        string     `json:"source,omitempty"`
	SourceID      string     `json:"source_id"`
	CallID        string     `json:"call_id,omitempty"`        // SIP Call-ID
	CorrelationID string     `json:"correlation_id,omitempty"` // the same on all legs of one call
	AccountID     string     `json:"account"`
	Connection    string     `json:"connection,omitempty"`
	Direction     string     `json:"direction"`                      // outbound: from a customer; inbound: to one of our numbers
	From          string     `json:"from" gorm:"column:from_number"` // E.164 as shown
	PAI           string     `json:"pai,omitempty"`                  // P-Asserted-Identity (RFC 3325)
	To            string     `json:"to" gorm:"column:to_number"`     // E.164
	ToCountry     string     `json:"to_country,omitempty"`           // alpha-2 of To; read from the number where the record does not say
	DialledRaw    string     `json:"dialled,omitempty"`
	Peer          string     `json:"peer,omitempty"`        // provider that handed the call to us; "" for one of a customer
	EgressPeer    string     `json:"egress_peer,omitempty"` // provider that we handed it to
	SourceIP      string     `json:"source_ip,omitempty"`
	StartedAt     time.Time  `json:"started_at"`
	ProgressAt    *time.Time `json:"progress_at,omitempty"` // first ringing or early media
	AnsweredAt    *time.Time `json:"answered_at,omitempty"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	BilledSeconds int        `json:"billed_seconds"`
	PDDMillis     int        `json:"pdd_ms,omitempty"` // post-dial delay: from the INVITE to the first ringing
	SIPCode       int        `json:"sip_code" gorm:"column:sip_code"`
	Reasons       string     `json:"reasons,omitempty"`     // Reason header fields as received (RFC 3326)
	Q850          int        `json:"q850,omitempty"`        // cause value
	HungUpBy      string     `json:"hung_up_by,omitempty"`  // caller, called, network
	RateMicros    int64      `json:"rate_micros,omitempty"` // micro-USD per minute
	CostMicros    int64      `json:"cost_micros,omitempty"` // micro-USD
	Attest        string     `json:"attest,omitempty"`      // A, B, C; "" unsigned
	Verstat       string     `json:"verstat,omitempty"`
	Identity      string     `json:"identity,omitempty"`
}

// Day is the UTC day of the call's start, which partitions and identifies it.
func (c Call) Day() time.Time {
	y, m, d := c.StartedAt.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Answered says whether somebody picked up.
func (c Call) Answered() bool { return c.AnsweredAt != nil || c.SIPCode == 200 }

// Talked is how long an answered call lasted; where the record has no times, as
// long as was billed (which may be rounded up to a minute).
func (c Call) Talked() time.Duration {
	if c.AnsweredAt != nil && c.EndedAt != nil {
		return c.EndedAt.Sub(*c.AnsweredAt)
	}
	return time.Duration(c.BilledSeconds) * time.Second
}

// Rang says whether the call got as far as ringing, or early media.
func (c Call) Rang() bool {
	return c.ProgressAt != nil || c.PDDMillis > 0 || c.SIPCode == 180 || c.SIPCode == 183
}

// Neighbour says whether caller and called number share area code and exchange
// (NPA-NXX), which is what callers show who want to be taken for a neighbour.
// Only North American numbers have them.
func (c Call) Neighbour() bool {
	const npanxx = len("+1202555")
	return len(c.From) == len("+12025550143") && len(c.To) == len(c.From) && c.From[:2] == "+1" && c.From[:npanxx] == c.To[:npanxx]
}

// CallOutcome is how a call attempt ended.
type CallOutcome string

const (
	OutcomeAnswered  CallOutcome = "answered"
	OutcomeBusy      CallOutcome = "busy"
	OutcomeNoAnswer  CallOutcome = "no_answer"
	OutcomeRejected  CallOutcome = "rejected"  // by the called party
	OutcomeCancelled CallOutcome = "cancelled" // the caller gave up before it was answered
	OutcomeInvalid   CallOutcome = "invalid"   // no such number
	OutcomeFailed    CallOutcome = "failed"    // by the network, refused, or nobody knows
)

// Outcome reads the final SIP response code (RFC 3261 section 21, RFC 8197, RFC
// 8688) and, where that says less, the cause of Q.850 table 1: 404, 410, 484 and
// causes 1, 28 are numbers that do not exist.
func (c Call) Outcome() CallOutcome {
	in := func(n int, of ...int) bool { return slices.Contains(of, n) }
	switch {
	case c.Answered():
		return OutcomeAnswered
	case in(c.SIPCode, 404, 410, 484) || in(c.Q850, 1, 28):
		return OutcomeInvalid
	case c.SIPCode == 487, c.SIPCode < 200 && c.HungUpBy == "caller":
		return OutcomeCancelled
	case in(c.SIPCode, 486, 600) || c.Q850 == 17:
		return OutcomeBusy
	case in(c.SIPCode, 603, 607, 608) || c.Q850 == 21:
		return OutcomeRejected
	case in(c.SIPCode, 408, 480) || in(c.Q850, 18, 19):
		return OutcomeNoAnswer
	}
	return OutcomeFailed
}

// Effective says whether the network did its part (ITU-T E.425, network
// effectiveness ratio): answered, busy, rejected by the called party, or rung
// without an answer, also when the caller gave up while it rang.
func (c Call) Effective() bool {
	switch c.Outcome() {
	case OutcomeAnswered, OutcomeBusy, OutcomeRejected, OutcomeNoAnswer:
		return true
	case OutcomeCancelled:
		return c.Rang()
	}
	return false
}

// ShortCall is the longest an answered call may last to count as short (the
// alarm threshold that a carrier publishes).
const ShortCall = 6 * time.Second

// HourStats are the counts of one key in one hour, folded from raw records.
type HourStats struct {
	KeyKind    string // from, to, account, provider
	Key        string
	Hour       time.Time
	Attempts   int
	Answered   int
	Short      int // answered and at most ShortCall
	BilledSecs int64
	CostMicros int64
	AttestA    int
	AttestB    int
	AttestC    int
	Unsigned   int
	Busy       int
	NoAnswer   int
	Rejected   int
	Cancelled  int
	Invalid    int
	Effective  int
	Neighbour  int
	Countries  map[string]int `gorm:"serializer:json"` // calls by country of the called number; "" unknown
	// Callees and Callers are HyperLogLog sketches of distinct called and shown
	// numbers (the binary form of package hyperloglog, precision SketchPrecision);
	// nil where a key has one only.
	Callees []byte
	Callers []byte
}

// SketchPrecision makes a sketch of 4,096 registers: a standard error of 1.6 %
// in at most 4 KB for each hour.
const SketchPrecision = 12

// Add counts a call in its hour, but for the sketches.
func (h *HourStats) Add(c Call) {
	h.Attempts++
	h.BilledSecs += int64(c.BilledSeconds)
	h.CostMicros += c.CostMicros
	switch c.Outcome() {
	case OutcomeAnswered:
		h.Answered++
		if c.Talked() <= ShortCall {
			h.Short++
		}
	case OutcomeBusy:
		h.Busy++
	case OutcomeNoAnswer:
		h.NoAnswer++
	case OutcomeRejected:
		h.Rejected++
	case OutcomeCancelled:
		h.Cancelled++
	case OutcomeInvalid:
		h.Invalid++
	}
	if c.Effective() {
		h.Effective++
	}
	if c.Neighbour() {
		h.Neighbour++
	}
	if h.Countries == nil {
		h.Countries = map[string]int{}
	}
	h.Countries[c.ToCountry]++
	switch c.Attest {
	case "A":
		h.AttestA++
	case "B":
		h.AttestB++
	case "C":
		h.AttestC++
	default:
		h.Unsigned++
	}
}
