package restrict

import "time"

// Request is one outbound call that a switch asks about.
type Request struct {
	CallID     string // SIP Call-ID, for the log only
	Account    string // "" if the switch does not know it
	Connection string // likewise
	SourceIP   string // of the customer's switch, with or without port
	TechPrefix string // that the dialled number carries or carried
	From       string // caller ID: E.164, or whatever the switch has
	To         string // as dialled: digits, E.164, URI
	// RatePerMinute is what the destination costs the account in micro-USD; -1
	// when the switch does not know, and then the rate deck is asked.
	RatePerMinute int64
	// ActiveCalls is how many calls the account (or the connection, where the
	// limit lies on it) has in progress, this one not counted; -1 when the switch
	// does not know and holds MaxChannels itself.
	ActiveCalls int
}

// Action is what the switch is to do.
type Action string

const (
	Allow  Action = "allow"
	Refuse Action = "refuse"
)

// NoLimit in an Answer: the switch need not hold any.
const NoLimit = -1

// Answer is the decision on one call.
type Answer struct {
	Action        Action
	SIPCode       int    // 0 when allowed
	SIPPhrase     string // of the status line
	SIPReason     string // value of the Reason header
	Reason        string // in words for people; "" when nothing is to be said
	ReasonCode    ReasonCode
	RestrictionID int64 // which refuses; 0 for none
	Revision      int64 // of the snapshot that decided
	ByFailMode    bool  // something was not known, and the configured fail mode decided
	MaxChannels   int   // tightest limit of calls in progress that the switch must hold
	MaxSeconds    int   // longest duration that the switch must hold; no kind of restriction sets it
}

// Decide answers one request. It is pure and safe for concurrent use, and it
// allocates nothing when numbers come as E.164.
//
//  1. An emergency number, for the connection's country, passes: no restriction is
//     looked at and nothing is capped.
//  2. Restrictions on the caller ID, on the account and its resellers, on the
//     connection and on the connection's owner are all asked. The strictest that
//     refuses is named; the tightest channel limit is returned. One whose time
//     has run out is passed over.
//  3. A call whose account is not known is answered by the fail mode, and says so.
func Decide(s *Snapshot, q Request, now time.Time) Answer {
	conn := s.connection(q)
	if s.isEmergency(conn, q) {
		return s.emergencyAnswer()
	}
	c := call{dialled: q.To, to: user(q.To), prefixes: [2]string{conn.techPrefix, q.TechPrefix}, country: conn.country, active: q.ActiveCalls,
		rate: q.RatePerMinute, deck: s.options.deck(), failMode: s.options.FailMode}

	account := q.Account
	if account == "" {
		account = conn.account
	}
	accountRules, known := s.accounts[account]
	lists := [4][]*rule{nil, accountRules, s.connections[conn.id], nil}
	if len(s.callers) > 0 {
		lists[0] = s.callers[callerNumber(user(q.From), conn.country)]
	}
	if conn.account != account {
		// The switch says one account and the connection belongs to another: a
		// reseller's connection, or a mistake. Neither may hide the other.
		lists[3] = s.accounts[conn.account]
	}

	at, channels := now.UnixMicro(), NoLimit
	var worst *rule
	var why ReasonCode
	for _, list := range lists {
		if u, code := strictest(list, &c, at, &channels); u != nil && (worst == nil || compare(u, worst) < 0) {
			worst, why = u, code
		}
	}
	a := Answer{Action: Allow, Revision: s.Revision, MaxChannels: channels, MaxSeconds: NoLimit}
	switch {
	case worst != nil:
		a.refuse(why)
		a.RestrictionID, a.ByFailMode = worst.id, why == ReasonRateUnknown
		if why == ReasonCallerID {
			a.SIPReason = networkBlocked(s.options.Redress, worst.id)
		}
	case !known:
		a.byFailMode(s.options.FailMode, ReasonUnknown)
	case c.rateUnknown:
		a.byFailMode(FailOpen, ReasonRateUnknown)
	}
	return a
}

func (a *Answer) refuse(why ReasonCode) {
	r := sip[why]
	a.Action, a.ReasonCode, a.Reason = Refuse, why, r.words
	a.SIPCode, a.SIPPhrase, a.SIPReason = r.Code, r.Phrase, r.Reason
	a.MaxChannels, a.MaxSeconds = NoLimit, NoLimit
}

// byFailMode answers what cannot be decided.
func (a *Answer) byFailMode(m FailMode, why ReasonCode) {
	a.ByFailMode = true
	if m == FailClosed {
		a.refuse(why)
		return
	}
	a.ReasonCode, a.Reason = why, sip[why].words
}

func (s *Snapshot) emergencyAnswer() Answer {
	return Answer{Action: Allow, ReasonCode: ReasonEmergency, Reason: "emergency call", Revision: s.Revision, MaxChannels: NoLimit, MaxSeconds: NoLimit}
}
