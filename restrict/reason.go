package restrict

import "strconv"

// FailMode is what happens to a call that cannot be decided: its account is
// not known, its price is not known though one is capped, or the replica cannot
// vouch for its snapshot.
type FailMode string

const (
	FailOpen   FailMode = "open"   // the call is made
	FailClosed FailMode = "closed" // the call is refused
)

// ReasonCode says why, for programs.
type ReasonCode string

const (
	ReasonNone        ReasonCode = ""                       // nothing stands in the way
	ReasonEmergency   ReasonCode = "emergency"              // never restricted
	ReasonSuspended   ReasonCode = "account_suspended"      // no outbound calls at all
	ReasonChannels    ReasonCode = "channel_limit"          // as many calls in progress as are allowed
	ReasonPrefix      ReasonCode = "prefix_denied"          // destination
	ReasonCountry     ReasonCode = "country_denied"         // destination is on the list of those denied
	ReasonNotAllowed  ReasonCode = "country_not_allowed"    // destination is not on the list of those allowed
	ReasonUnreadable  ReasonCode = "destination_unreadable" // destinations are limited and this is no phone number
	ReasonRate        ReasonCode = "rate_above_maximum"     // destination too dear
	ReasonRateUnknown ReasonCode = "rate_unknown"           // the price is capped and not known: by fail mode
	ReasonCallerID    ReasonCode = "caller_id_denied"       // the number may not be shown
	ReasonUnknown     ReasonCode = "account_unknown"        // by fail mode
	ReasonStale       ReasonCode = "snapshot_stale"         // by fail mode
)

// SIP is what a switch answers to the INVITE that was refused.
type SIP struct {
	Code   int
	Phrase string // of the status line
	Reason string // value of the Reason header (RFC 3326)
	words  string // for people
}

// callRejected is Q.850 cause 21 for what an account has agreed to with its
// carrier; networks that only know ISUP keep the meaning.
const callRejected = `Q.850;cause=21;text="call rejected"`

// sip maps each refusal to its SIP answer.
//
//   - What lies on the account or its connection (suspension, limits, lists of
//     destinations, price) is 403 Forbidden: the account's own carrier refuses,
//     and trying again or elsewhere is no use (RFC 3261, 21.4.4).
//   - What lies on the caller ID is 603 "Network Blocked" with the Reason header
//     of ATIS-1000099 ("603+"): 47 CFR 64.1200(k) wants it, since 25 March 2026,
//     where analytics blocks a call on an IP network, so that a caller who was
//     blocked by mistake learns where to object. [Options.Redress] is that place.
//     Do-not-originate blocking is not analytics and would be 403.
//   - What could not be decided is 503 when the fault is ours, so that a switch
//     with another route may use it; 403 when the account is not ours.
var sip = map[ReasonCode]SIP{
	ReasonSuspended:   {403, "Forbidden", callRejected, "outbound calls of this account are suspended"},
	ReasonChannels:    {403, "Forbidden", callRejected, "this account has as many calls in progress as it may"},
	ReasonPrefix:      {403, "Forbidden", callRejected, "this account may not call numbers that begin like this"},
	ReasonCountry:     {403, "Forbidden", callRejected, "this account may not call this country"},
	ReasonNotAllowed:  {403, "Forbidden", callRejected, "this account may call certain countries only, and this is none of them"},
	ReasonUnreadable:  {403, "Forbidden", callRejected, "the destination cannot be read as a phone number, and this account may not call every number"},
	ReasonRate:        {403, "Forbidden", callRejected, "this destination costs more a minute than this account may spend"},
	ReasonRateUnknown: {403, "Forbidden", callRejected, "the price of this destination is not known, and this account may not call above a maximum"},
	ReasonCallerID:    {603, "Network Blocked", `SIP;cause=603;text="v=analytics1"`, "this number may not be shown as caller ID"},
	ReasonUnknown:     {403, "Forbidden", callRejected, "the account of this call is not known"},
	ReasonStale:       {503, "Service Unavailable", `Q.850;cause=41;text="temporary failure"`, "the restrictions in force are not known for certain"},
}

// SIPAnswer returns the answer for a refusal; the zero SIP for a reason that
// never refuses.
func SIPAnswer(c ReasonCode) SIP { return sip[c] }

// networkBlocked is the Reason header of ATIS-1000099, saying where to object
// and under which reference, and that the network serving the caller blocked.
func networkBlocked(redress string, restriction int64) string {
	if redress == "" {
		return sip[ReasonCallerID].Reason
	}
	return `SIP;cause=603;text="v=analytics1;url=` + redress + `;id=` + strconv.FormatInt(restriction, 10) + `";location=LN`
}
