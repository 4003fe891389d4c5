package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// PackClass says under which rule a field of a traceback pack may be handed out.
type PackClass string

const (
	// PackCall is what a traceback asks of every provider on the path (47 CFR
	// 64.1200(n)(1) and the forms of the registered consortium): the call, its
	// signalling and the providers on both sides of us.
	PackCall PackClass = "call"
	// PackAccount is the number of the customer who made the call, and the address
	// that it came from.
	PackAccount PackClass = "account"
	// PackCustomer is who that customer is.
	PackCustomer PackClass = "customer"
	// PackRecording is what the call said.
	PackRecording PackClass = "recording"
	// PackOthers is what other calls there were.
	PackOthers PackClass = "other_calls"
)

// PackClasses lists them.
func PackClasses() []PackClass {
	return []PackClass{PackCall, PackAccount, PackCustomer, PackRecording, PackOthers}
}

// PackAllows says what a requester of a kind may be told without a legal review:
// the FCC, law enforcement and the registered consortium the traceback fields with
// the customer's account; other carriers those of the call and of the providers on
// both sides; all others nothing. An unverified requester is told nothing at all,
// which is decided where an answer is sent.
func PackAllows(k ReporterKind) []PackClass {
	switch k {
	case ReporterTraceback, ReporterRegulator, ReporterPolice:
		return []PackClass{PackCall, PackAccount}
	case ReporterCarrier:
		return []PackClass{PackCall}
	}
	return nil
}

// PackName names a field of a pack.
type PackName string

const (
	PackReference    PackName = "reference"
	PackCampaign     PackName = "campaign"
	PackCalling      PackName = "calling_number"
	PackCalled       PackName = "called_number"
	PackTimeAsked    PackName = "time_asked"
	PackTimeFound    PackName = "time_found"
	PackVerdict      PackName = "carried"
	PackCertainty    PackName = "certainty"
	PackUpstream     PackName = "upstream_provider"
	PackUpContact    PackName = "upstream_contact"
	PackUpIdentity   PackName = "upstream_identity"
	PackSourceIP     PackName = "source_ip"
	PackCallID       PackName = "sip_call_id"
	PackDownstream   PackName = "downstream_provider"
	PackResponse     PackName = "sip_response"
	PackAnomalies    PackName = "sip_anomalies"
	PackDuration     PackName = "duration_seconds"
	PackAttestation  PackName = "attestation"
	PackIdentity     PackName = "identity_header"
	PackSignature    PackName = "identity_check"
	PackOriginating  PackName = "originating_account"
	PackCustomerName PackName = "customer_name"
	PackCustomerAddr PackName = "customer_address"
	PackCustomerMail PackName = "customer_contact"
	PackRecordings   PackName = "recordings"
	PackOtherCalls   PackName = "other_calls"
)

// PackFieldSpec is what a pack says of each call.
type PackFieldSpec struct {
	Name    PackName
	Title   string
	Meaning string
	// Class is what a value of it is; one of source_ip is PackAccount where the
	// call came from a customer, because then it is the customer's.
	Class PackClass
}

// PackFields are the mandatory fields of every call of a pack, in their order. None
// is ever blank: it has a value, says why there is none, or says what it needs to
// be handed out.
func PackFields() []PackFieldSpec {
	return []PackFieldSpec{
		{PackReference, "Reference", "the requester’s own number of the request", PackCall},
		{PackCampaign, "Campaign", "what the requester calls the calls, else what the reports say they were about", PackCall},
		{PackCalling, "Calling number", "E.164 as shown to the called party", PackCall},
		{PackCalled, "Called number", "E.164", PackCall},
		{PackTimeAsked, "Time asked about", "UTC; one time or a range, as the request states it", PackCall},
		{PackTimeFound, "Time in our records", "UTC to the second: when the call reached us", PackCall},
		{PackVerdict, "Carried by us", "confirmed, probable, not_seen or unknown", PackCall},
		{PackCertainty, "How sure", "how well the record fits what was asked, and why", PackCall},
		{PackUpstream, "Upstream provider", "who handed us the call, as our records name it", PackCall},
		{PackUpContact, "Its contact", "where the upstream provider takes tracebacks", PackCall},
		{PackUpIdentity, "Its identity", "Robocall Mitigation Database number, FRN, OCN and SPC of the upstream provider", PackCall},
		{PackSourceIP, "Source IP", "the address that the call came in from", PackCall},
		{PackCallID, "SIP Call-ID", "of the leg by which the call came in", PackCall},
		{PackDownstream, "Downstream", "whom we handed the call to", PackCall},
		{PackResponse, "SIP response", "final response code of the call, with the cause where it was recorded", PackCall},
		{PackAnomalies, "SIP anomalies", "what in the signalling of the legs does not fit", PackCall},
		{PackDuration, "Duration", "seconds from answer to end; 0 not answered", PackCall},
		{PackAttestation, "Attestation", "A, B or C as the call carried it (ATIS-1000074)", PackCall},
		{PackIdentity, "Identity header", "as received (RFC 8224)", PackCall},
		{PackSignature, "Check of the signature", "what our check of the Identity header gave", PackCall},
		{PackOriginating, "Originating account", "our number of the customer who made the call, and of the resellers above", PackAccount},
		{PackCustomerName, "Customer", "legal name", PackCustomer},
		{PackCustomerAddr, "Customer’s address", "as in the customer’s file", PackCustomer},
		{PackCustomerMail, "Customer’s contact", "abuse contact of the account", PackCustomer},
		{PackRecordings, "Recordings", "recordings of the call that we hold", PackRecording},
		{PackOtherCalls, "Other calls", "how many more calls showed the number around that time", PackOthers},
	}
}

// PackField is one value. Exactly one of Value and Why is set.
type PackField struct {
	Value string    `json:"value,omitempty"`
	Why   string    `json:"not_known,omitempty" doc:"Why there is no value"`
	Class PackClass `json:"class"`
	// Withheld: there may be a value, and it is not handed out to this requester.
	Withheld bool `json:"withheld,omitempty"`
}

// Text is what is written where there is one place for it.
func (f PackField) Text() string {
	if f.Value != "" {
		return f.Value
	}
	return f.Why
}

// Blank says that it has neither a value nor a reason: what must never happen.
func (f PackField) Blank() bool { return f.Value == "" && f.Why == "" }

// PackLeg is one record of a call over us, in the order in which the call went.
type PackLeg struct {
	Direction string     `json:"direction" doc:"ingress: how the call came to us; egress: how it left us"`
	Source    string     `json:"source" doc:"The switch that wrote the record"`
	SourceID  string     `json:"source_id"`
	StartedAt time.Time  `json:"started_at"`
	Answered  *time.Time `json:"answered_at,omitempty"`
	Ended     *time.Time `json:"ended_at,omitempty"`
	From      string     `json:"calling_number"`
	To        string     `json:"called_number"`
	Party     string     `json:"party" doc:"The provider or customer on the other side"`
	SourceIP  string     `json:"source_ip,omitempty"`
	CallID    string     `json:"call_id,omitempty"`
	SIPCode   int        `json:"sip_code"`
	Attest    string     `json:"attestation,omitempty"`
	Customer  bool       `json:"from_customer,omitempty"` // then party and address are PackAccount
}

// PackOneCall is everything about one call.
type PackOneCall struct {
	Place  int                    `json:"place"`
	Report int64                  `json:"report" doc:"That asks about it"`
	Fields map[PackName]PackField `json:"fields"`
	Legs   []PackLeg              `json:"legs"`
}

// Field is never absent.
func (c PackOneCall) Field(n PackName) PackField { return c.Fields[n] }

// Pack is the complete answer to a traceback request, or to one that may come about
// a confirmed case. As it is kept it holds everything, sealed; what is shown or sent
// is what Release leaves of it.
type Pack struct {
	Case       string        `json:"case"`
	Kind       CaseKind      `json:"kind"`
	Reference  string        `json:"reference,omitempty"`
	Calls      []PackOneCall `json:"calls"`
	Unanswered int           `json:"not_looked_up,omitempty" doc:"Calls that our records were not asked about yet"`
	MoreCalls  int           `json:"calls_left_out,omitempty" doc:"Calls beyond the limit of a pack"`
}

// Complete says that each call was looked up and no mandatory field is blank.
func (p Pack) Complete() bool { return p.Unanswered == 0 && len(p.Blanks()) == 0 && len(p.Calls) > 0 }

// PackBlank is a mandatory field that has neither a value nor a reason.
type PackBlank struct {
	Place int
	Name  PackName
}

// Blanks names them; none of a pack that may be sent.
func (p Pack) Blanks() []PackBlank {
	var out []PackBlank
	for _, c := range p.Calls {
		for _, f := range PackFields() {
			if c.Fields[f.Name].Blank() {
				out = append(out, PackBlank{c.Place, f.Name})
			}
		}
	}
	return out
}

// Digest is the hex SHA-256 of what the pack says.
func (p Pack) Digest() (string, error) {
	b, err := json.Marshal(p) // maps are written in the order of their keys
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// withheldWord stands for a value of a leg that is not handed out.
const withheldWord = "withheld"

// PackCovers is what may be told to a requester of a kind about one of the case's
// reports (0: none in particular): what the rules allow, and what legal reviews add.
func PackCovers(k ReporterKind, report int64, reviews []LegalReview) []PackClass {
	out := PackAllows(k)
	for _, r := range reviews {
		if r.ReportID != 0 && r.ReportID != report {
			continue
		}
		for _, c := range r.Covers {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// Release is the pack with only what is of the classes that are covered. The
// pack itself is not changed.
func (p Pack) Release(covers []PackClass) Pack {
	out := p
	out.Calls = slices.Clone(p.Calls)
	may := func(c PackClass) bool { return slices.Contains(covers, c) }
	for i, c := range out.Calls {
		fields := make(map[PackName]PackField, len(c.Fields))
		for n, f := range c.Fields {
			// Why there is no value says no more than that we have none, so that nobody
			// waits for a legal review of nothing.
			if f.Value != "" && !may(f.Class) {
				f = PackField{Why: "withheld: it needs a recorded legal review (" + PackClassWord(f.Class) + ")", Class: f.Class, Withheld: true}
			}
			fields[n] = f
		}
		c.Fields, c.Legs = fields, slices.Clone(c.Legs)
		if !may(PackCall) {
			c.Legs = nil
		}
		for k, l := range c.Legs {
			if l.Customer && !may(PackAccount) {
				c.Legs[k].Party = "a customer of ours (" + withheldWord + ")"
				if l.SourceIP != "" {
					c.Legs[k].SourceIP = withheldWord
				}
			}
		}
		out.Calls[i] = c
	}
	return out
}

// PackClassWord says what a class is.
func PackClassWord(c PackClass) string {
	switch c {
	case PackCall:
		return "the traceback fields"
	case PackAccount:
		return "the originating account and its address"
	case PackCustomer:
		return "the customer’s name, address and contact"
	case PackRecording:
		return "recordings"
	case PackOthers:
		return "other calls"
	}
	return string(c)
}

// PackIdentityFinding is the kind of finding whose verdict and summary a pack has as
// the check of the signature.
const PackIdentityFinding FindingKind = "identity"

// MaxPackCalls bounds the calls of one pack.
const MaxPackCalls = MaxTracedCalls

// KeptPack is a version of a case's pack as it is stored: what it says is sealed.
type KeptPack struct {
	CaseID     int64
	Version    int64 // from 1, one more for each that says something else
	Digest     string
	BuiltAt    time.Time
	CheckedAt  time.Time // when it was last found to be up to date
	ReceivedAt time.Time // of the newest request that it answers, else of the newest report
	Calls      int
	Complete   bool
	Kept       Kept `gorm:"-"`
}

// PackJob builds the pack of a case, once for all that asks for it.
func PackJob(caseID int64, at time.Time) Job {
	return Job{Kind: JobPack, ObjectID: caseID, CoalesceKey: "pack:" + itoa(caseID), RunAt: at}
}

// PackDelay is how long the building of a pack waits for more evidence of its case.
const PackDelay = AssessDelay
