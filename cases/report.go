package cases

import "time"

// Category is what a reporter says happened.
type Category string

const (
	CategoryRobocall        Category = "robocall"
	CategoryScam            Category = "scam"
	CategorySpoofedMyNumber Category = "spoofed_my_number"
	CategoryAccountTakeover Category = "account_takeover"
	CategoryTollFraud       Category = "toll_fraud"
	CategoryHarassment      Category = "harassment"
	CategoryTextSpam        Category = "text_spam"
	CategoryTraceback       Category = "traceback"
	CategoryOther           Category = "other"
)

// Categories lists them in the order of the form.
func Categories() []Category {
	return []Category{CategoryRobocall, CategoryScam, CategorySpoofedMyNumber, CategoryAccountTakeover, CategoryTollFraud,
		CategoryHarassment, CategoryTextSpam, CategoryTraceback, CategoryOther}
}

// ReporterKind is as what somebody complains.
type ReporterKind string

const (
	ReporterCalled      ReporterKind = "called_party"
	ReporterNumberOwner ReporterKind = "number_owner" // of a spoofed number; never counts against that number
	ReporterCustomer    ReporterKind = "hacked_customer"
	ReporterBrand       ReporterKind = "impersonated_brand"
	ReporterCarrier     ReporterKind = "carrier"
	ReporterRegulator   ReporterKind = "regulator"
	ReporterTraceback   ReporterKind = "traceback"
	ReporterPolice      ReporterKind = "law_enforcement"
)

// ReporterKinds lists them.
func ReporterKinds() []ReporterKind {
	return []ReporterKind{ReporterCalled, ReporterNumberOwner, ReporterCustomer, ReporterBrand, ReporterCarrier,
		ReporterRegulator, ReporterTraceback, ReporterPolice}
}

// NumberRole is what a number was in the reported call.
type NumberRole string

const (
	RoleCaller   NumberRole = "caller"   // the caller ID shown
	RoleCallback NumberRole = "callback" // the number that the message asks to call
	RoleCalled   NumberRole = "called"   // the victim's
)

// NumberMention is a number found in a report, where, and how sure we are.
type NumberMention struct {
	E164       string     `json:"e164"`
	Role       NumberRole `json:"role"`
	Confidence float64    `json:"confidence"` // 0…1
	Text       string     `json:"text"`       // as written
	Start      int        `json:"start"`      // byte offsets into Text of the report; -1 for a structured field
	End        int        `json:"end"`
	Extension  string     `json:"extension,omitempty"` // dialled after the call is answered; digits
}

// PartialNumber is a number of which a report tells some digits only. No case is
// found by it; it narrows down which calls can be meant.
type PartialNumber struct {
	Pattern string     `json:"pattern"` // "+1202555????", or "*0143" where the beginning is not known at all
	Role    NumberRole `json:"role"`
	Text    string     `json:"text"` // as written
}

// ExtractKind is what an Extract is about.
type ExtractKind string

const (
	ExtractCategory     ExtractKind = "category"
	ExtractPretext      ExtractKind = "pretext"
	ExtractReporter     ExtractKind = "reporter_kind"
	ExtractLanguage     ExtractKind = "language"
	ExtractTime         ExtractKind = "occurred_at"
	ExtractOccurrences  ExtractKind = "occurrences"
	ExtractLost         ExtractKind = "money_lost"
	ExtractImpersonated ExtractKind = "impersonated"
	ExtractIdentity     ExtractKind = "identity_header"
	ExtractLane         ExtractKind = "lane"
	ExtractTraceback    ExtractKind = "traceback" // followed by "." and the field's JSON name
)

// Extract is something that was read out of a text, numbers apart: how sure we
// are, and the place that it came from, so that it can be shown and corrected.
type Extract struct {
	Kind       ExtractKind `json:"kind"`
	Value      string      `json:"value"`
	Confidence float64     `json:"confidence"` // 0…1
	Text       string      `json:"text,omitempty"`
	Start      int         `json:"start"` // byte offsets into Text of the report; -1: from the subject, or from the text as a whole
	End        int         `json:"end"`
}

// Lane is why a report skips the queue; "" if it does not.
type Lane string

const (
	LaneLife      Lane = "threat_to_life"
	LaneEmergency Lane = "emergency_centre" // an attack on one
	LaneTollFraud Lane = "live_toll_fraud"
	LaneRegulator Lane = "regulator_notice"
)

// Lanes lists them, the most urgent first.
func Lanes() []Lane { return []Lane{LaneLife, LaneEmergency, LaneTollFraud, LaneRegulator} }

// MoreUrgent is the more urgent of two lanes.
func MoreUrgent(a, b Lane) Lane {
	for _, l := range Lanes() {
		if a == l || b == l {
			return l
		}
	}
	return ""
}

// Money is an amount in hundredths of its currency, so that sums are exact.
type Money struct {
	Hundredths int64  `json:"hundredths,omitempty"`
	Currency   string `json:"currency,omitempty"` // ISO 4217; "" not known
}

// Traceback is what a traceback request asks about, as far as it could be read.
// The numbers and the time of the call stand with the report's.
type Traceback struct {
	Reference string   `json:"reference,omitempty"` // of the requester
	Campaign  string   `json:"campaign,omitempty"`  // the requester's name for it
	CallID    string   `json:"call_id,omitempty"`   // SIP Call-ID
	Upstream  string   `json:"upstream,omitempty"`  // provider that handed the call over, or that received it from us
	IPs       []string `json:"ips,omitempty"`
	// Calls are those asked about, in the order of the request: the rows of its
	// table, or the one call that its text tells of.
	Calls []TracedCall `json:"calls,omitempty"`
}

// TimeRange is a time with its uncertainty. Zero times mean unknown.
type TimeRange struct {
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
}

// Known says whether anything is known about the time.
func (r TimeRange) Known() bool { return !r.Earliest.IsZero() }

// Attachment is a part of a message, named but not unpacked.
type Attachment struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// URL is where a chat keeps it; "" where its bytes are in the message.
	URL string `json:"url,omitempty"`
}

// Contact is what a reporter said of himself.
type Contact struct {
	Name  string       `json:"name,omitempty"`
	Email string       `json:"email,omitempty"`
	Phone string       `json:"phone,omitempty"`
	Kind  ReporterKind `json:"kind,omitempty"`
}

// MailHeaders are the parts of a mail's header that decide on threading and
// on whether it may be answered at all.
type MailHeaders struct {
	MessageID     string   `json:"message_id,omitempty"`
	InReplyTo     []string `json:"in_reply_to,omitempty"`
	References    []string `json:"references,omitempty"`
	ReturnPath    string   `json:"return_path,omitempty"`
	NullSender    bool     `json:"null_sender,omitempty"`
	AutoSubmitted bool     `json:"auto_submitted,omitempty"`
	List          bool     `json:"list,omitempty"` // List-Id, Precedence: bulk/list/junk
	// Recipients are the addresses that the mail was sent or delivered to, lower
	// case: a reply's can carry a token of ours. They are not stored.
	Recipients []string `json:"-"`
}

// Bounce is what a delivery status notification (RFC 3464) says became of a mail
// that we may have sent. Anybody can write one: it counts only when MessageID
// is one of ours.
type Bounce struct {
	MessageID  string `json:"message_id,omitempty"` // of the mail that came back, without brackets; "" not named
	Recipient  string `json:"recipient,omitempty"`  // as the mail was addressed, lower case; "" not named
	Status     string `json:"status,omitempty"`     // RFC 3463: "5.1.1"; "" not stated
	Diagnostic string `json:"diagnostic,omitempty"` // what the other server said
	// Permanent: delivery failed and trying again is useless (status class 5).
	// Otherwise it is delayed, or was given up after a passing failure.
	Permanent bool `json:"permanent"`
	// Delayed: not given up; the other server goes on trying.
	Delayed bool `json:"delayed,omitempty"`
}

// Parsed is a message as it was understood: bytes in, report out, with a
// confidence for what was guessed. Parsing never fails; what could not be
// read is said in Warnings.
type Parsed struct {
	Thread      string  // joins messages of one conversation into one report; "" stands alone
	Written     Written // its place in that conversation, of a chat
	Subject     string
	Text        string // what was written, as plain text; offsets in Numbers point into it
	Quoted      string // what a reply quotes of earlier messages, apart from Text
	Category    Category
	Pretext     string
	Language    string // BCP 47, "" unknown
	Reporter    Contact
	Numbers     []NumberMention
	Partials    []PartialNumber
	Account     string // account the reporter names as his own, or an importer knows
	OccurredAt  TimeRange
	Occurrences int
	Identity    string // a pasted Identity header (RFC 8224)
	Lane        Lane   // "" waits in the queue like others
	Lost        Money  // what the caller got out of the victim; zero: nothing said
	// Impersonated is who the caller pretended to be; "" not known.
	Impersonated string
	Traceback    *Traceback // nil: no request
	Extracts     []Extract  // where the fields above came from
	Attachments  []Attachment
	Mail         MailHeaders
	Bounce       *Bounce           // nil: the mail is no bounce
	Auth         map[string]string // dkim, spf, dmarc as the receiving server stated them
	Unknown      []Want            // what the writer was asked and says that he does not know
	Warnings     []string
	Unreadable   bool   // nothing could be understood; the raw bytes are there
	Parser       string // name and version of what read it
}

// Automatic says that no person wrote this: a notification of a mail server, or
// the answer of a machine. It is kept with the report that it belongs to, and
// neither answers a question nor reopens a case.
func (p Parsed) Automatic() bool {
	return p.Bounce != nil || p.Mail.AutoSubmitted || p.Mail.NullSender
}

// Number returns the most confident mention in a role, or "".
func (p Parsed) Number(role NumberRole) string {
	best := NumberMention{}
	for _, n := range p.Numbers {
		if n.Role == role && n.Confidence > best.Confidence {
			best = n
		}
	}
	return best.E164
}

// Report is one complaint on one channel, made of one or more messages.
type Report struct {
	ID           int64 `gorm:"primaryKey"`
	Token        string
	Channel      Channel
	Thread       string
	ReporterID   int64 // 0: nobody said who
	ReporterKind ReporterKind
	Lane         Lane // why it skips the queue; "" it does not
	Category     Category
	Pretext      string
	Language     string
	Subject      string
	Text         string
	Account      string // as named by the reporter
	Earliest     *time.Time
	Latest       *time.Time
	Occurrences  int
	Identity     string
	Details      Details `gorm:"serializer:json"`
	Unreadable   bool
	ReceivedAt   time.Time
	RepliedAt    *time.Time // when a person last added to it; nil never
	CreatedAt    time.Time
}

// OccurredAt is when the reporter says it happened.
func (r Report) OccurredAt() TimeRange {
	var t TimeRange
	if r.Earliest != nil {
		t.Earliest = *r.Earliest
	}
	if r.Latest != nil {
		t.Latest = *r.Latest
	}
	return t
}

// Details is what is kept of a parse and never filtered on.
type Details struct {
	Mail        MailHeaders       `json:"mail,omitzero"`
	Attachments []Attachment      `json:"attachments,omitempty"`
	Auth        map[string]string `json:"auth,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Parser      string            `json:"parser,omitempty"`

	Lost         Money           `json:"lost,omitzero"`
	Impersonated string          `json:"impersonated,omitempty"`
	Traceback    *Traceback      `json:"traceback,omitempty"`
	Extracts     []Extract       `json:"extracts,omitempty"`
	Unknown      []Want          `json:"unknown,omitempty"` // the reporter says that he does not know
	Partials     []PartialNumber `json:"partial_numbers,omitempty"`
}

// Subject is a number that a report is about, in its role.
type Subject struct {
	ID         int64 `gorm:"primaryKey"`
	ReportID   int64
	MessageID  int64
	E164       string
	Role       NumberRole
	Confidence float64
	Text       string
	StartAt    int
	EndAt      int
}

// Reporter is who complained. Personal data: masked unless revealed.
type Reporter struct {
	ID          int64 `gorm:"primaryKey"`
	Kind        ReporterKind
	Name        string
	Email       string // lower case
	Phone       string // E.164 where it could be read
	Credibility float64
	BouncedAt   *time.Time
	CreatedAt   time.Time
}

// Link says why a report is in a case. Merging and splitting move links and
// keep where they came from; reports are never rewritten.
type Link struct {
	ReportID  int64 `gorm:"primaryKey;autoIncrement:false"`
	CaseID    int64
	Reason    string
	LinkedAt  time.Time
	MovedFrom int64 // case it was merged away from; 0 never moved
}
