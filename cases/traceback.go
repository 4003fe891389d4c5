package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CaseKind says what sort of work a case is. Cases of different kinds are never
// one: they hold no keys in common and are not merged.
type CaseKind string

const (
	CaseAbuse     CaseKind = "abuse"
	CaseTraceback CaseKind = "traceback" // somebody with a right to ask wants to know where calls came from
)

// CaseKinds lists them.
func CaseKinds() []CaseKind { return []CaseKind{CaseAbuse, CaseTraceback} }

// TracebackTitle names a traceback case.
const TracebackTitle = "Traceback request"

// Heading is what a case is and what it is about, "" not known: as Title has it.
func (c Case) Heading() (what, about string) {
	if c.Kind == CaseTraceback {
		return TracebackTitle, c.Facts.Traceback.about()
	}
	return CategoryTitle(c.Category), c.Facts.Pretext
}

// MaxTracedCalls bounds the calls of one request that are looked at.
const MaxTracedCalls = 50

// TracedCall is one call that a request asks about.
type TracedCall struct {
	Caller string    `json:"caller,omitempty"` // E.164; "" not found in the request
	Called string    `json:"called,omitempty"`
	At     TimeRange `json:"at,omitzero"`
	CallID string    `json:"call_id,omitempty"` // SIP Call-ID
}

func (c TracedCall) equal(o TracedCall) bool {
	return c.Caller == o.Caller && c.Called == o.Called && c.CallID == o.CallID && c.At.Earliest.Equal(o.At.Earliest) && c.At.Latest.Equal(o.At.Latest)
}

// Missing names what of the call the request does not say, or what could not be
// read.
func (c TracedCall) Missing() []string {
	var out []string
	for _, f := range []struct {
		there bool
		name  string
	}{{c.Caller != "", "calling number"}, {c.Called != "", "called number"}, {c.At.Known(), "time of the call"}} {
		if !f.there {
			out = append(out, f.name)
		}
	}
	return out
}

// Missing names what the request as a whole does not say.
func (t Traceback) Missing() []string {
	var out []string
	for _, f := range []struct{ value, name string }{{t.Reference, "the requester’s reference"}, {t.Campaign, "campaign"}, {t.Upstream, "upstream provider"}} {
		if f.value == "" {
			out = append(out, f.name)
		}
	}
	if len(t.IPs) == 0 {
		out = append(out, "IP addresses")
	}
	if len(t.Calls) == 0 {
		out = append(out, "calls")
	}
	return out
}

// Join adds what a further message of the same request says: gaps are filled,
// calls and addresses added.
func (t *Traceback) Join(more Traceback) {
	for _, f := range []struct {
		to   *string
		more string
	}{{&t.Reference, more.Reference}, {&t.Campaign, more.Campaign}, {&t.CallID, more.CallID}, {&t.Upstream, more.Upstream}} {
		if *f.to == "" {
			*f.to = f.more
		}
	}
	for _, c := range more.Calls {
		if len(t.Calls) < MaxTracedCalls && !slices.ContainsFunc(t.Calls, c.equal) {
			t.Calls = append(t.Calls, c)
		}
	}
	for _, ip := range more.IPs {
		if !slices.Contains(t.IPs, ip) {
			t.IPs = append(t.IPs, ip)
		}
	}
}

// AsksTraceback says that a message is a traceback request.
func (p Parsed) AsksTraceback() bool { return p.Traceback != nil || p.Category == CategoryTraceback }

// TracebackKeys are the keys of a request's case: the requester's reference, or
// his name for the campaign where he gives none, each his own: two organisations
// count their requests independently. None where it names neither: then the
// request is a case by itself.
func TracebackKeys(t *Traceback, from Contact) []CaseKey {
	if t == nil {
		return nil
	}
	of := t.Reference
	if of == "" {
		of = t.Campaign
	}
	if of = strings.ToLower(strings.Join(strings.Fields(of), " ")); of == "" {
		return nil
	}
	const longest = 200
	_, domain, _ := strings.Cut(strings.ToLower(from.Email), "@")
	return []CaseKey{{KeyTraceback, of[:min(len(of), longest)] + "@" + domain[:min(len(domain), 100)]}}
}

// TracebackFacts are what assessment knows of the requests of a traceback case.
type TracebackFacts struct {
	Reference string         `json:"reference,omitempty"`
	Campaign  string         `json:"campaign,omitempty"`
	Requests  int            `json:"requests"`
	Calls     int            `json:"calls"`
	Requester RequesterState `json:"requester"` // the best of them
	Clock     Clock          `json:"clock,omitzero"`
	// AnsweredAt is when a mail server took the answer; zero: it is still owed.
	AnsweredAt time.Time    `json:"answered_at,omitzero"`
	Answer     SendingState `json:"answer,omitempty"` // what became of the last one
	AnswerAt   time.Time    `json:"answer_at,omitzero"`
}

func (f *TracebackFacts) about() string {
	switch {
	case f == nil:
		return ""
	case f.Reference != "":
		return f.Reference
	}
	return f.Campaign
}

// OnTime says whether an answered request was answered in time.
func (f TracebackFacts) OnTime() bool {
	return !f.AnsweredAt.IsZero() && (!f.Clock.Running() || !f.AnsweredAt.After(f.Clock.Due))
}

// Owed says whether an answer with a limit is owed.
func (f *TracebackFacts) Owed() bool {
	return f != nil && f.AnsweredAt.IsZero() && f.Clock.Running() && f.Requester != RequesterRefused
}

func (f *TracebackFacts) equal(o *TracebackFacts) bool {
	if f == nil || o == nil {
		return f == o
	}
	return f.Reference == o.Reference && f.Campaign == o.Campaign && f.Requests == o.Requests && f.Calls == o.Calls && f.Requester == o.Requester &&
		f.Clock.Why == o.Clock.Why && f.Clock.From.Equal(o.Clock.From) && f.Clock.Due.Equal(o.Clock.Due) && f.AnsweredAt.Equal(o.AnsweredAt) &&
		f.Answer == o.Answer && f.AnswerAt.Equal(o.AnswerAt)
}

// Settle works out from the requests, and the answers that were written to them
// (oldest first),
// which clock counts and whether it was met. A refused request has none. The
// earliest that no answer has followed counts; a reminder does not move it. An
// answer counts from when a mail server took it, and not when it came back.
func (f *TracebackFacts) Settle(rs []TracebackRequest, answers []Sending) {
	f.Requests, f.Requester = len(rs), ""
	var open []TracebackRequest
	for _, r := range rs {
		if rank(r.State) > rank(f.Requester) {
			f.Requester = r.State
		}
		if r.State != RequesterRefused {
			open = append(open, r)
		}
	}
	var first, last time.Time
	for _, s := range answers {
		f.Answer, f.AnswerAt = s.State, time.Time{}
		if s.SettledAt != nil {
			f.AnswerAt = *s.SettledAt
		}
		if s.State != SendingSent || s.SettledAt == nil {
			continue
		}
		if first.IsZero() || s.SettledAt.Before(first) {
			first = *s.SettledAt
		}
		if s.SettledAt.After(last) {
			last = *s.SettledAt
		}
	}
	owed := slices.DeleteFunc(slices.Clone(open), func(r TracebackRequest) bool { return !r.ReceivedAt.After(last) })
	if len(owed) == 0 && len(open) > 0 {
		f.AnsweredAt, owed = first, open
	}
	for _, r := range owed {
		if c := r.Clock(); f.Clock.Why == "" || c.Running() && (!f.Clock.Running() || c.Due.Before(f.Clock.Due)) {
			f.Clock = c
		}
	}
}

func rank(s RequesterState) int {
	return slices.Index([]RequesterState{RequesterRefused, RequesterUnverified, RequesterVerified}, s)
}

// Before the end of the clock its priority grows in these steps.
var clockSteps = []struct {
	left   time.Duration
	points int
	reason string
}{
	{0, 60, "the traceback answer is overdue"},
	{4 * time.Hour, 45, "less than 4 hours are left for the traceback answer"},
	{12 * time.Hour, 30, "less than 12 hours are left for the traceback answer"},
}

// urgency is what the clock adds to the priority, and why.
func (f *TracebackFacts) urgency(now time.Time) (int, string) {
	switch {
	case f == nil:
		return 0, ""
	case !f.AnsweredAt.IsZero():
		return -20, "the traceback request is answered"
	case !f.Owed():
		return 0, ""
	}
	for _, s := range clockSteps {
		if f.Clock.Due.Sub(now) <= s.left {
			return s.points, s.reason
		}
	}
	return 15, "a traceback answer is due"
}

// nextStep is when the clock changes the priority again; nil never.
func (f *TracebackFacts) nextStep(now time.Time) *time.Time {
	if !f.Owed() {
		return nil
	}
	for i := len(clockSteps) - 1; i >= 0; i-- {
		if at := f.Clock.Due.Add(-clockSteps[i].left); at.After(now) {
			return &at
		}
	}
	return nil
}

// MaxAnswer is the longest answer to a traceback request, in bytes.
const MaxAnswer = 50_000

// AnswerTraceback writes the answer to a verified requester, one of to: to
// report, or, when that is 0, to the newest who may be written to. It holds
// customers' data, so that the audit log keeps only that it was given.
func (c *Case) AnswerTraceback(a Actor, now time.Time, text string, report int64, to []Addressee, ours string) (Sending, error) {
	if err := Permit(a, CmdAnswerTraceback); err != nil {
		return Sending{}, err
	}
	if c.Kind != CaseTraceback {
		return Sending{}, Conflict(c.Ref + " is no traceback case")
	}
	if err := c.mustBeOpen(); err != nil {
		return Sending{}, err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		return Sending{}, Invalid(Problem{"text", "write the answer"})
	case len(text) > MaxAnswer:
		return Sending{}, Invalid(Problem{"text", fmt.Sprintf("at most %d bytes", MaxAnswer)})
	}
	if report == 0 && len(to) > 0 && len(Askable(to, ours)) == 0 {
		report = to[0].ReportID // so that the refusal says why
	}
	who, err := c.whom(report, to, ours)
	if err != nil {
		return Sending{}, err
	}
	c.record(now, a, string(CmdAnswerTraceback), "", map[string]string{"report": strconv.FormatInt(who.ReportID, 10)})
	return Sending{Kind: SendingTraceback, CaseID: c.ID, ReportID: who.ReportID, To: who.Email, Language: who.Language, Text: text, State: SendingPlanned}, nil
}
