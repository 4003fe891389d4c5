package cases

import "time"

// FindingKind is what an enrichment looked at.
type FindingKind string

const (
	FindingCorroboration FindingKind = "corroboration" // did we carry the reported call?
	FindingAttestation   FindingKind = "attestation"   // how the calls from that number were signed
	FindingEntitlement   FindingKind = "entitlement"   // who had the right to show the number, at the call's time
	FindingParties       FindingKind = "parties"       // originating account, entitled holder, ingress provider
	FindingNumber        FindingKind = "number"        // what kind of number it is, and whether it is ours
	FindingCallback      FindingKind = "callback"      // who called the number to call back, when it is ours
	FindingTraffic       FindingKind = "traffic"       // what the calls of the originating account look like
	FindingSignals       FindingKind = "signals"       // what public complaint data hold about the number
	FindingLists         FindingKind = "lists"         // a number of the report is on a list: do not originate, honeypot, protected
	FindingTraced        FindingKind = "traced_call"   // one call of a traceback request; the subject is its place in the request, from 1
)

// Corroboration is the verdict on a reported call.
type Corroboration string

const (
	CorroborationConfirmed Corroboration = "confirmed"
	CorroborationProbable  Corroboration = "probable"
	// CorroborationNotSeen: history provably covers the window and has no such
	// call. It says "not carried by us", not more.
	CorroborationNotSeen Corroboration = "not_seen"
	CorroborationUnknown Corroboration = "unknown"
)

// CallbackReached is the verdict of a callback finding when a number of the
// reporter's called the number back.
const CallbackReached = "called_back"

// Finding is one dated result of one enrichment. Append-only.
type Finding struct {
	ID         int64 `gorm:"primaryKey"`
	CaseID     int64
	ReportID   int64
	Kind       FindingKind
	Subject    string // E.164 or account id it is about
	Verdict    string
	Summary    string      // a sentence an analyst can repeat
	Data       FindingData `gorm:"serializer:json"`
	WindowFrom *time.Time
	WindowTo   *time.Time
	// Incomplete says that the history did not cover the window: the report is
	// looked at again when it does.
	Incomplete bool
	Producer   string // name and version of what produced it
	JobID      int64
	CreatedAt  time.Time
}

// FindingData is the evidence behind a finding; only the fields of its kind
// are set.
type FindingData struct {
	Calls        []CallRef       `json:"calls,omitempty"`       // matching calls, best first, at most 20
	Matched      int             `json:"matched,omitempty"`     // all that matched
	Sources      []Coverage      `json:"sources,omitempty"`     // what the history covered
	Callers      int             `json:"callers,omitempty"`     // distinct numbers among those that matched
	Missing      []string        `json:"missing,omitempty"`     // what would settle an unknown
	Called       []string        `json:"called,omitempty"`      // numbers to which a carried call that fits went; none unless confirmed or probable
	Honeypots    int             `json:"honeypots,omitempty"`   // calls that showed the number and went to honeypots of ours
	Attestation  map[string]int  `json:"attestation,omitempty"` // A, B, C, none → calls
	Sample       int             `json:"sample,omitempty"`
	Entitlements []Entitlement   `json:"entitlements,omitempty"`
	Parties      *Parties        `json:"parties,omitempty"`
	Number       *NumberFacts    `json:"number,omitempty"`
	Traffic      *Classification `json:"traffic,omitempty"`
	Traced       *TracedCall     `json:"traced,omitempty"` // as the request has it
	Signals      *SignalStats    `json:"signals,omitempty"`
	Listed       []ListHit       `json:"listed,omitempty"`
	Contact      string          `json:"contact,omitempty"` // abuse contact of the originating account
	Identity     *Identity       `json:"identity,omitempty"`
}

// CallRef points at a call record and says how well it fits.
type CallRef struct {
	Source     string    `json:"source"`
	SourceID   string    `json:"source_id"`
	StartedAt  time.Time `json:"started_at"`
	From       string    `json:"from"`
	To         string    `json:"to"`
	AccountID  string    `json:"account_id"`
	Connection string    `json:"connection,omitempty"`
	Seconds    int       `json:"seconds"`
	SIPCode    int       `json:"sip_code"`
	Attest     string    `json:"attest,omitempty"`
	Confidence float64   `json:"confidence"`
	Reason     string    `json:"reason"`
}

// NumberFacts is what is known of a number without asking anybody.
type NumberFacts struct {
	Region     string `json:"region,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Assignable bool   `json:"assignable"`
	Reason     string `json:"reason,omitempty"`
	Hosted     bool   `json:"hosted"` // one of ours at the time of the call
	Account    string `json:"account,omitempty"`
	Metadata   string `json:"metadata,omitempty"` // version of the numbering data
}

// Parties are three and never confused: being the holder of a number that was
// shown never by itself supports a restriction.
type Parties struct {
	Originating     string   `json:"originating,omitempty"` // account of the matched call leg; "" when no call matched
	OriginatingName string   `json:"originating_name,omitempty"`
	Path            []string `json:"path,omitempty"`   // its resellers, nearest first
	Holder          string   `json:"holder,omitempty"` // account entitled to show the number then
	HolderName      string   `json:"holder_name,omitempty"`
	Provider        string   `json:"provider,omitempty"` // ingress provider of the matched leg, when it came from one
	Entitled        bool     `json:"entitled"`           // the originating account was entitled to show the number
}
