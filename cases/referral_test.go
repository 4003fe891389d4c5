package cases

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// foreign is a case of one report on a number that is neither ours nor carried.
func foreign() *Case {
	return &Case{ID: 7, Ref: "AB-2026-000007", State: StateNew, Facts: Facts{Category: CategoryRobocall, Categories: map[Category]int{CategoryRobocall: 1},
		Reports: 1, NotCarried: 1, Caller: "+12025550143", LastReport: t0}}
}

func TestReferral(t *testing.T) {
	later := t0.Add(time.Hour)
	for _, tt := range []struct {
		name            string
		change          func(*Case)
		proposed, alone bool
	}{
		{"neither hosted nor carried", func(*Case) {}, true, true},
		{"only a callback number", func(c *Case) { c.Facts.Caller, c.Facts.Callback = "", "+12025550143" }, true, true},
		{"a number of it is ours", func(c *Case) { c.Facts.Ours = true }, false, false},
		{"the number was ours then", func(c *Case) { c.Facts.NumberHosted = true }, false, false},
		{"unknown is never a reason", func(c *Case) { c.Facts.NotCarried = 0 }, false, false},
		{"one of two is unknown", func(c *Case) { c.Facts.Reports = 2; c.Facts.Categories[CategoryRobocall] = 2 }, false, false},
		{"a look at the history is under way", func(c *Case) { c.Facts.Looking = true }, false, false},
		{"urgent", func(c *Case) { c.Facts.Lane = LaneLife }, false, false},
		{"the number is the reporter's own", func(c *Case) { c.Facts.Categories = map[Category]int{CategorySpoofedMyNumber: 1} }, false, false},
		{"a customer was broken into", func(c *Case) { c.Facts.Categories = map[Category]int{CategoryAccountTakeover: 1} }, false, false},
		{"a traceback request", func(c *Case) { c.Facts.Categories = map[Category]int{CategoryTraceback: 1} }, false, false},
		{"an owner wrote", func(c *Case) { c.Facts.Owners = 1 }, false, false},
		{"no number to refer", func(c *Case) { c.Facts.Caller = "" }, false, false},
		{"something is in force", func(c *Case) { c.Facts.InForce = 1 }, false, false},
		{"resolved", func(c *Case) { c.State = StateResolved }, false, false},
		{"an authority wrote", func(c *Case) { c.Facts.Institutions = 1 }, true, false},
		{"somebody works on it", func(c *Case) { c.Assignee = "ann" }, true, false},
		{"somebody worked on it", func(c *Case) { c.FirstActAt = &t0 }, true, false},
		{"it waits for an answer", func(c *Case) { c.State = StateAwaitingReporter }, true, false},
		{"the reporter answered a referral", func(c *Case) { c.ReferredAt, c.Facts.LastReply = &t0, later }, true, false},
		{"he wrote more before it", func(c *Case) { c.ReferredAt, c.Facts.LastReply = &later, t0 }, true, true},
		{"text messages", func(c *Case) { c.Facts.NotCarried = 0; c.Facts.Categories = map[Category]int{CategoryTextSpam: 1} }, true, false},
		{"calls and text messages", func(c *Case) {
			c.Facts.Reports = 2
			c.Facts.Categories = map[Category]int{CategoryRobocall: 1, CategoryTextSpam: 1}
		}, true, false},
		{"text messages of ours", func(c *Case) { c.Facts.Ours = true; c.Facts.Categories = map[Category]int{CategoryTextSpam: 1} }, false, false},
	} {
		c := foreign()
		tt.change(c)
		r := c.Referral()
		if r.Proposed != tt.proposed || r.Alone != tt.alone || (r.Reason != "") != r.Proposed || (r.Hold != "") != (r.Proposed && !r.Alone) {
			t.Errorf("%s: %+v", tt.name, r)
		}
		_, err := c.Refer(System("referral"), later, nil, "abuse@desk.example")
		if (err == nil) != tt.alone {
			t.Errorf("%s: referred by itself: %v", tt.name, err)
		}
		if err == nil && (c.State != StateResolved || c.Disposition != DispositionReferred || !c.WasReferred()) {
			t.Errorf("%s: %s, %s", tt.name, c.State, c.Disposition)
		}
	}
}

// Each reporter is told once, those that must not be written to are not, and
// what comes later reopens the case.
func TestRefer(t *testing.T) {
	c := foreign()
	to := []Addressee{
		{ReportID: 1, ReporterID: 1, Email: "jane@example.org", Language: "es"}, {ReportID: 2, ReporterID: 1, Email: "jane@example.org"},
		{ReportID: 3, ReporterID: 2, Email: "bot@example.org", Mail: MailHeaders{AutoSubmitted: true}},
		{ReportID: 4, ReporterID: 3, Email: "told@example.org", Referred: true}, {ReportID: 5, ReporterID: 4},
	}
	letters, err := c.Refer(System("referral"), t0, to, "abuse@desk.example")
	if err != nil || len(letters) != 2 || letters[0].State != SendingPlanned || letters[0].ReportID != 1 || letters[0].Language != "es" || letters[1].State != SendingSuppressed {
		t.Fatalf("%+v, %v", letters, err)
	}
	f := c.Facts
	for name, change := range map[string]func(*Facts){
		"he answered":                   func(f *Facts) { f.LastReply = t0.Add(time.Minute) },
		"a record came late":            func(f *Facts) { f.NotCarried, f.Confirmed, f.Corroboration = 0, 1, CorroborationConfirmed },
		"it was assigned to us":         func(f *Facts) { f.Ours = true },
		"a report that was being filed": func(f *Facts) { f.Reports = 2 },
	} {
		again, now := *c, f
		change(&now)
		again.Assess(t0.Add(2*time.Minute), now)
		if again.State != StateNew || again.Disposition != "" {
			t.Errorf("%s: %s as %s", name, again.State, again.Disposition)
		}
	}
	c.Assess(t0.Add(2*time.Minute), f)
	if c.State != StateResolved {
		t.Errorf("nothing came, and it is %s", c.State)
	}
}

func TestUrgency(t *testing.T) {
	if Rank("", 100) >= Rank(LaneRegulator, 0) || Rank(LaneRegulator, 100) >= Rank(LaneLife, 0) || Rank("", 3) != 3 {
		t.Error("a lane does not stand above all points")
	}
	c := foreign()
	f := c.Facts
	f.Lane, f.Lanes = LaneTollFraud, []Lane{LaneTollFraud}
	c.Assess(t0, f)
	if c.UrgentSince == nil || c.Lane != LaneTollFraud {
		t.Fatalf("%+v", c)
	}
	if err := c.Claim(Actor{Kind: ActorPerson, ID: "ann", Role: RoleAnalyst}, t0); err != nil || c.UrgentSince != nil {
		t.Errorf("claimed: %v, waits since %v", err, c.UrgentSince)
	}
	f.Reports = 2
	if c.Assess(t0, f); c.UrgentSince != nil {
		t.Error("a second report of the same lane waits again")
	}
	f.Lane, f.Lanes = LaneLife, []Lane{LaneLife, LaneTollFraud}
	if c.Assess(t0, f); c.UrgentSince == nil {
		t.Error("a new lane does not wait")
	}
}

func TestNotices(t *testing.T) {
	const ours = "abuse@desk.example"
	alert, texts := []string{"duty@desk.example", "boss@desk.example"}, []string{"messaging@desk.example"}
	jane := func(change func(*Parsed)) Parsed {
		p := Parsed{Lane: LaneLife, Reporter: Contact{Email: "jane@example.org"}}
		change(&p)
		return p
	}
	for _, tt := range []struct {
		name string
		p    Parsed
		want int
	}{
		{"a threat", jane(func(*Parsed) {}), 2},
		{"a threat by text message", jane(func(p *Parsed) { p.Category = CategoryTextSpam }), 3},
		{"nothing urgent", jane(func(p *Parsed) { p.Lane = "" }), 0},
		{"a monitoring system", jane(func(p *Parsed) { p.Mail.AutoSubmitted = true }), 2},
		{"ourselves", jane(func(p *Parsed) { p.Reporter.Email = "abuse+x@desk.example" }), 0},
		{"who is alerted", jane(func(p *Parsed) { p.Reporter.Email = "Boss@desk.example" }), 0},
		{"an answer to an alert", jane(func(p *Parsed) { p.Mail.InReplyTo = []string{"<notice.0123@desk.example>"} }), 0},
		{"a machine that answers about a case", jane(func(p *Parsed) { p.Mail.AutoSubmitted, p.Subject = true, "Out of office: Urgent (AB-2026-000007)" }), 0},
		{"a bounce", jane(func(p *Parsed) { p.Bounce = &Bounce{} }), 0},
	} {
		ns := Notices(tt.p, ours, alert, texts)
		if len(ns) != tt.want || slices.ContainsFunc(ns, func(s Sending) bool { return !s.Kind.Notice() || s.State != SendingPlanned }) {
			t.Errorf("%s: %+v", tt.name, ns)
		}
	}
	if LetterToken(NoticeID(strings.Repeat("a", 32), "desk.example")) != "" {
		t.Error("an answer to a notice leads to a report")
	}
}
