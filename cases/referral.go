package cases

import (
	"fmt"
	"strings"
	"time"
)

// CarrierPrefix is a row of the operator's table of who answers for which
// numbers.
type CarrierPrefix struct {
	Prefix       string `gorm:"primaryKey"` // 1 to 15 digits of E.164, without "+"
	Carrier      string
	AbuseContact string // mail address, or web address of a form; "" not known
	UpdatedAt    time.Time
}

// Responsible is which carrier answers for a number, as far as is known. A
// number that was shown can have been somebody else's all the same.
type Responsible struct {
	Number       string // E.164
	Carrier      string // "" not known
	AbuseContact string
	Prefix       string // of the table, that said so
	// TollFree: the number alone does not say which company answers for it
	// (the RespOrg); a registry that is not public does.
	TollFree bool
	Region   string // alpha-2, "" none or not known
}

// Referral is whether the reporters of a case are to be sent to another carrier.
type Referral struct {
	Proposed bool   // a person may do so in one step
	Alone    bool   // nobody need look first
	Reason   string // what the timeline says; "" not proposed
	Hold     string // why a person is to look first; "" Alone
}

// Referral judges by the facts that a case was assessed with. The reporters are
// referred when no number of the case is ours and our records are complete and
// have none of the reported calls. What our records cannot say is never a
// reason, and a text message leaves no trace in them.
func (c *Case) Referral() Referral {
	f := c.Facts
	texts := f.Categories[CategoryTextSpam]
	switch {
	case c.Kind == CaseTraceback, c.Closed(), f.Lane != "", f.Reports == 0, f.Ours, f.NumberHosted, f.Looking, f.InForce > 0, f.Owners > 0, f.Caller == "" && f.Callback == "":
		return Referral{}
	case f.Categories[CategorySpoofedMyNumber]+f.Categories[CategoryAccountTakeover]+f.Categories[CategoryTraceback] > 0:
		return Referral{}
	case texts == f.Reports:
		return Referral{Proposed: true, Reason: "No number of the case is one of ours. " + plural(f.Reports, "report is", "reports are") + " about text messages, of which the call history says nothing.",
			Hold: "call history cannot say whether we carried a text message: a person decides"}
	case f.NotCarried+texts < f.Reports:
		return Referral{}
	}
	r := Referral{Proposed: true, Reason: "No number of the case is one of ours, and our call records are complete for the reported time and have none of the reported calls (" +
		plural(f.NotCarried, "report", "reports") + " looked at)."}
	switch {
	case texts > 0:
		r.Hold = fmt.Sprintf("%s about text messages, of which the call history says nothing", plural(texts, "report is", "reports are"))
	case f.Institutions > 0:
		r.Hold = "a carrier, an authority or a traceback consortium reported it"
	case c.Assignee != "" || c.FirstActAt != nil:
		r.Hold = "a person has begun to work on it"
	case c.State != StateNew:
		r.Hold = "it waits for somebody"
	case c.ReferredAt != nil && f.LastReply.After(*c.ReferredAt):
		r.Hold = "a reporter answered the referral"
	}
	r.Alone = r.Hold == ""
	return r
}

// Refer ends the case as another carrier's and returns the letters that tell
// its reporters so, once to each. ours is the address we send from, "" for no
// letters by mail.
func (c *Case) Refer(a Actor, now time.Time, to []Addressee, ours string) ([]Sending, error) {
	if err := Permit(a, CmdResolveCase); err != nil {
		return nil, err
	}
	if err := c.mustBeOpen(); err != nil {
		return nil, err
	}
	r := c.Referral()
	if !r.Proposed || (a.Kind == ActorSystem && !r.Alone) {
		return nil, Conflict(strings.TrimSuffix(c.Ref+" is not one to refer: "+r.Hold, ": "))
	}
	if err := c.Resolve(a, now, DispositionReferred, r.Reason); err != nil {
		return nil, err
	}
	c.ReferredAt = &now
	var out []Sending
	for _, p := range onePerReporter(to, ours) {
		if p.Referred || ours == "" && p.Chat == "" {
			continue
		}
		s := p.letter(SendingReferral)
		s.Disposition = DispositionReferred
		if ok, why := p.MayWrite(ours); !ok {
			s.State, s.Note = SendingSuppressed, why
		}
		out = append(out, s)
	}
	return out, nil
}

// WasReferred says that the case stands resolved by a referral.
func (c *Case) WasReferred() bool {
	return c.State == StateResolved && c.Disposition == DispositionReferred && c.ReferredAt != nil && c.ResolvedAt != nil && c.ReferredAt.Equal(*c.ResolvedAt)
}
