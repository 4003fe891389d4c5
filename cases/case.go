package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// State is where the work on a case stands.
type State string

const (
	StateNew              State = "new"
	StateOpen             State = "open"
	StateAwaitingReporter State = "awaiting_reporter"
	StateAwaitingCustomer State = "awaiting_customer"
	StateAwaitingApproval State = "awaiting_approval"
	StateMitigated        State = "mitigated" // a restriction is in force, the case is not yet judged
	StateResolved         State = "resolved"
)

// States lists them in the order of work.
func States() []State {
	return []State{StateNew, StateOpen, StateAwaitingReporter, StateAwaitingCustomer, StateAwaitingApproval, StateMitigated, StateResolved}
}

// Disposition is what a resolved case turned out to be.
type Disposition string

const (
	DispositionUpheld       Disposition = "upheld"            // our customer did it
	DispositionCompromised  Disposition = "compromised"       // our customer was hijacked
	DispositionSpoofed      Disposition = "spoofed_elsewhere" // the number is ours or a neighbour's, the calls were not
	DispositionReferred     Disposition = "not_ours_referred" // another carrier's
	DispositionLawful       Disposition = "lawful_unwanted"   // unwanted, but allowed
	DispositionInsufficient Disposition = "insufficient"      // not enough to judge
	DispositionMalicious    Disposition = "malicious_report"  // the report was the abuse
)

// Dispositions lists them.
func Dispositions() []Disposition {
	return []Disposition{DispositionUpheld, DispositionCompromised, DispositionSpoofed, DispositionReferred, DispositionLawful,
		DispositionInsufficient, DispositionMalicious}
}

// ReopenWindow is how long after its resolution a case still takes reports of
// the same keys (and reopens for them) before a new one is opened.
const ReopenWindow = 30 * 24 * time.Hour

// Case is what analysts work on: reports linked for a stated reason. Change it
// only through its methods; they record events and follow-up jobs that the
// store commits together with it.
type Case struct {
	ID           int64 `gorm:"primaryKey"`
	Ref          string
	Kind         CaseKind
	Title        string
	State        State
	Disposition  Disposition
	Category     Category
	Priority     int
	Lane         Lane       // why it stands above all others; "" it does not
	UrgentSince  *time.Time // since when a lane waits for a person; nil none does
	ReferredAt   *time.Time // when its reporters were last sent to another carrier
	Factors      []Factor   `gorm:"serializer:json"`
	Facts        Facts      `gorm:"serializer:json"`
	Assignee     string     // staff id
	AssigneeName string
	ClaimedAt    *time.Time
	FirstReport  time.Time
	LastReport   time.Time
	Reports      int        // as of the last assessment
	DueAt        *time.Time // first act; of a traceback case the answer, nil once that is given
	LookAt       *time.Time // when time alone changes the priority again; nil never
	FirstActAt   *time.Time // the first act of a person
	ResolvedAt   *time.Time
	LiveUntil    *time.Time // its keys are released after this; nil while unresolved
	MergedInto   int64
	Version      int64 // grows with every change; a page that decides names the one it showed
	CreatedAt    time.Time
	UpdatedAt    time.Time

	events []Event
	jobs   []Job
}

// FirstActWithin is the time in which a person should first act on a case.
const FirstActWithin = 24 * time.Hour

// CaseRef is the public reference of case id, opened in the year of created.
func CaseRef(id int64, created time.Time) string {
	return fmt.Sprintf("AB-%04d-%06d", created.UTC().Year(), id)
}

// ParseCaseRef reads a reference such as "AB-2026-004217" and returns the id.
func ParseCaseRef(ref string) (int64, error) {
	parts := strings.Split(strings.ToUpper(strings.TrimSpace(ref)), "-")
	if len(parts) == 3 && parts[0] == "AB" && len(parts[1]) == 4 {
		if id, err := strconv.ParseInt(parts[2], 10, 64); err == nil && id > 0 {
			return id, nil
		}
	}
	return 0, NotFound("case " + strconv.Quote(ref))
}

// record appends to the audit log and the version.
func (c *Case) record(now time.Time, a Actor, cmd, reason string, data map[string]string) {
	e := NewEvent(now, a, cmd, "case", c.Ref, reason)
	e.CaseID, e.Data = c.ID, data
	c.events = append(c.events, e)
	c.Version++
	c.UpdatedAt = now
	if a.Kind == ActorPerson || a.Kind == ActorKey {
		if c.FirstActAt == nil {
			c.FirstActAt = &now
		}
		c.UrgentSince = nil
	}
}

// TakeEvents hands over what has happened since the last call.
func (c *Case) TakeEvents() []Event { e := c.events; c.events = nil; return e }

// TakeJobs hands over the follow-up work since the last call.
func (c *Case) TakeJobs() []Job { j := c.jobs; c.jobs = nil; return j }

// Closed says whether the case no longer takes decisions.
func (c *Case) Closed() bool { return c.State == StateResolved || c.MergedInto != 0 }

// Over says that the case takes no more mail: it is resolved, and the time in
// which it reopens has passed.
func (c *Case) Over(now time.Time) bool {
	return c.State == StateResolved && (c.LiveUntil == nil || !c.LiveUntil.After(now))
}

func (c *Case) mustBeOpen() error {
	switch {
	case c.MergedInto != 0:
		return Conflict(c.Ref + " was merged into another case; decide there")
	case c.State == StateResolved:
		return Conflict(c.Ref + " is resolved already, as " + string(c.Disposition) + "; reopen it first")
	}
	return nil
}

// Claim makes the case a's. A case that somebody else holds is a conflict.
func (c *Case) Claim(a Actor, now time.Time) error {
	if err := Permit(a, CmdClaimCase); err != nil {
		return err
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	if c.Assignee != "" && c.Assignee != a.ID {
		return Conflict(c.AssigneeName + " is working on " + c.Ref)
	}
	if c.Assignee == a.ID {
		return nil
	}
	c.Assignee, c.AssigneeName, c.ClaimedAt = a.ID, a.Name, &now
	if c.State == StateNew {
		c.State = StateOpen
	}
	c.record(now, a, string(CmdClaimCase), "", nil)
	return nil
}

// Release gives the case back to the queue.
func (c *Case) Release(a Actor, now time.Time) error {
	if err := Permit(a, CmdReleaseCase); err != nil {
		return err
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	if c.Assignee == "" {
		return nil
	}
	c.Assignee, c.AssigneeName, c.ClaimedAt = "", "", nil
	c.record(now, a, string(CmdReleaseCase), "", nil)
	return nil
}

// MaxNote is the longest note or reason, in bytes.
const MaxNote = 10_000

// Note adds a remark to the timeline.
func (c *Case) Note(a Actor, now time.Time, text string) error {
	if err := Permit(a, CmdNoteCase); err != nil {
		return err
	}
	if err := needText("note", text); err != nil {
		return err
	}
	c.record(now, a, string(CmdNoteCase), text, nil)
	return nil
}

func needText(field, text string) error {
	switch t := strings.TrimSpace(text); {
	case t == "":
		return Invalid(Problem{field, "say why, in a few words"})
	case len(t) > MaxNote:
		return Invalid(Problem{field, fmt.Sprintf("at most %d bytes", MaxNote)})
	}
	return nil
}

// Resolve judges the case. The reason is what the timeline and an auditor read.
// Upheld needs a call of the case confirmed as carried by us: nobody is found
// guilty on complaints alone.
func (c *Case) Resolve(a Actor, now time.Time, d Disposition, reason string) error {
	if err := Permit(a, CmdResolveCase); err != nil {
		return err
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	if !knownDisposition(d) {
		return Invalid(Problem{"disposition", "choose one of the dispositions"})
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	if d == DispositionUpheld && c.Facts.Corroboration != CorroborationConfirmed && c.Facts.Corroboration != CorroborationProbable {
		return Conflict("no reported call of " + c.Ref + " was found among the calls we carried, so it cannot be upheld against a customer")
	}
	c.State, c.Disposition, c.ResolvedAt, c.UrgentSince = StateResolved, d, &now, nil
	until := now.Add(ReopenWindow)
	c.LiveUntil = &until
	c.record(now, a, string(CmdResolveCase), reason, map[string]string{"disposition": string(d)})
	return nil
}

func knownDisposition(d Disposition) bool {
	for _, k := range Dispositions() {
		if k == d {
			return true
		}
	}
	return false
}

// Reopen takes back a resolution.
func (c *Case) Reopen(a Actor, now time.Time, reason string) error {
	if err := Permit(a, CmdReopenCase); err != nil {
		return err
	}
	if c.MergedInto != 0 {
		return Conflict(c.Ref + " was merged into another case")
	}
	if c.State != StateResolved {
		return Conflict(c.Ref + " is not resolved")
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	c.reopen(a, now, reason)
	return nil
}

func (c *Case) reopen(a Actor, now time.Time, reason string) {
	was := c.Disposition
	c.State, c.Disposition, c.ResolvedAt, c.LiveUntil = StateOpen, "", nil, nil
	if c.Assignee == "" {
		c.State = StateNew
	}
	if c.Lane != "" {
		c.urgent(now)
	}
	c.record(now, a, string(CmdReopenCase), reason, map[string]string{"was": string(was)})
}

// RestrictionChanged keeps the case's state in step with the restrictions that
// were proposed on it: waiting for a second person, in force, or neither.
func (c *Case) RestrictionChanged(now time.Time, a Actor, waiting, inForce bool) {
	if c.Closed() {
		return
	}
	next := c.State
	switch {
	case waiting:
		next = StateAwaitingApproval
	case inForce:
		next = StateMitigated
	case c.State == StateAwaitingApproval || c.State == StateMitigated:
		next = StateOpen
	}
	c.move(now, a, next, "")
}

// move changes the state of a case by itself.
func (c *Case) move(now time.Time, a Actor, next State, why string) {
	if was := c.State; next != was {
		c.State = next
		c.record(now, a, "case.state", why, map[string]string{"from": string(was), "to": string(next)})
	}
}

// Assess takes over freshly gathered facts: counts, priority with its reasons,
// a title, a reopening when reports or answers arrived after the resolution, and
// the end of waiting for a reporter.
func (c *Case) Assess(now time.Time, f Facts) {
	sys := System("assess")
	switch {
	case c.State == StateResolved && c.ResolvedAt != nil && f.LastReport.After(*c.ResolvedAt):
		c.reopen(sys, now, "a new report arrived after the resolution")
	case c.State == StateResolved && c.ResolvedAt != nil && f.LastReply.After(*c.ResolvedAt):
		c.reopen(sys, now, "a reporter wrote again after the resolution")
	case c.WasReferred() && (f.Confirmed > 0 || f.Ours && !c.Facts.Ours):
		c.reopen(sys, now, "reporters were referred to another carrier, and now a call record of ours or a number of ours matches")
	case c.WasReferred() && f.Reports > c.Facts.Reports:
		c.reopen(sys, now, "a report arrived while the others were referred")
	case c.State == StateResolved && c.ResolvedAt != nil && f.Traceback != nil && f.Traceback.Answer != "" && !f.Traceback.Answer.Delivered() && f.Traceback.AnswerAt.After(*c.ResolvedAt):
		c.reopen(sys, now, "the answer to the traceback request did not arrive")
	case c.State == StateAwaitingReporter && f.LastReply.After(f.AskedAt):
		c.move(now, sys, StateOpen, "a reporter answered")
	case c.State == StateAwaitingReporter && f.Question != "" && !f.Question.Delivered():
		c.move(now, sys, StateOpen, "the question did not reach the reporter")
	}
	score, factors := Prioritise(f, now)
	title, look := f.Title(), f.Traceback.nextStep(now)
	if !c.Closed() && slices.ContainsFunc(f.Lanes, func(l Lane) bool { return !slices.Contains(c.Facts.Lanes, l) }) {
		c.urgent(now)
	}
	if score == c.Priority && title == c.Title && f.Equal(c.Facts) && sameTime(look, c.LookAt) {
		return
	}
	c.Facts, c.Priority, c.Factors, c.Title, c.Lane = f, score, factors, title, f.Lane
	c.Reports, c.FirstReport, c.LastReport = f.Reports, f.FirstReport, f.LastReport
	if f.Category != "" {
		c.Category = f.Category
	}
	c.LookAt = look
	if t := f.Traceback; t != nil {
		switch {
		case t.Owed():
			c.DueAt = &t.Clock.Due
		case !t.AnsweredAt.IsZero():
			c.DueAt = nil
		}
	}
	c.record(now, sys, "case.assess", "", map[string]string{"priority": strconv.Itoa(score)})
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
