package cases

import (
	"errors"
	"testing"
	"time"
)

var (
	ann = Actor{Kind: ActorPerson, ID: "ann", Name: "Ann", Role: RoleAnalyst, Person: "ann"}
	bob = Actor{Kind: ActorPerson, ID: "bob", Name: "Bob", Role: RoleApprover, Person: "bob"}
	aud = Actor{Kind: ActorPerson, ID: "aud", Name: "Aud", Role: RoleAuditor, Person: "aud"}
)

func openCase() *Case {
	return &Case{ID: 17, Ref: CaseRef(17, t0), State: StateNew, CreatedAt: t0, Facts: Facts{Corroboration: CorroborationConfirmed}}
}

func TestCaseRef(t *testing.T) {
	if got := CaseRef(4217, t0); got != "AB-2026-004217" {
		t.Errorf("CaseRef = %q", got)
	}
	for ref, want := range map[string]int64{"AB-2026-004217": 4217, " ab-2026-000001 ": 1, "AB-2026-1234567": 1234567} {
		if id, err := ParseCaseRef(ref); err != nil || id != want {
			t.Errorf("ParseCaseRef(%q) = %d, %v", ref, id, err)
		}
	}
	for _, ref := range []string{"", "AB", "AB-2026", "AB-2026-x", "AB-2026-0", "XX-2026-000001", "AB-26-1", "AB-2026--5"} {
		if _, err := ParseCaseRef(ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("ParseCaseRef(%q) = %v, want not found", ref, err)
		}
	}
}

func TestCaseCommands(t *testing.T) {
	later := t0.Add(time.Hour)
	tests := []struct {
		name  string
		given func(*Case)
		do    func(*Case) error
		want  State
		err   error
		event string
	}{
		{"claim", nil, func(c *Case) error { return c.Claim(ann, later) }, StateOpen, nil, "case.claim"},
		{"claim twice changes nothing", func(c *Case) { c.Assignee = "ann"; c.State = StateOpen }, func(c *Case) error { return c.Claim(ann, later) }, StateOpen, nil, ""},
		{"claim what somebody has", func(c *Case) { c.Assignee, c.AssigneeName, c.State = "bob", "Bob", StateOpen }, func(c *Case) error { return c.Claim(ann, later) }, StateOpen, ErrConflict, ""},
		{"an auditor claims nothing", nil, func(c *Case) error { return c.Claim(aud, later) }, StateNew, ErrForbidden, ""},
		{"release", func(c *Case) { c.Assignee, c.State = "ann", StateOpen }, func(c *Case) error { return c.Release(ann, later) }, StateOpen, nil, "case.release"},
		{"note", nil, func(c *Case) error { return c.Note(ann, later, "called back") }, StateNew, nil, "case.note"},
		{"an empty note", nil, func(c *Case) error { return c.Note(ann, later, "  ") }, StateNew, ErrInvalid, ""},
		{"resolve", nil, func(c *Case) error { return c.Resolve(ann, later, DispositionUpheld, "27 of 31 confirmed") }, StateResolved, nil, "case.resolve"},
		{"resolve without a reason", nil, func(c *Case) error { return c.Resolve(ann, later, DispositionUpheld, "") }, StateNew, ErrInvalid, ""},
		{"resolve as what does not exist", nil, func(c *Case) error { return c.Resolve(ann, later, "guilty", "x") }, StateNew, ErrInvalid, ""},
		{"upheld needs a carried call", func(c *Case) { c.Facts.Corroboration = CorroborationNotSeen }, func(c *Case) error { return c.Resolve(ann, later, DispositionUpheld, "x") }, StateNew, ErrConflict, ""},
		{"spoofed elsewhere does not", func(c *Case) { c.Facts.Corroboration = CorroborationNotSeen }, func(c *Case) error { return c.Resolve(ann, later, DispositionSpoofed, "x") }, StateResolved, nil, "case.resolve"},
		{"resolve twice", func(c *Case) { c.State = StateResolved }, func(c *Case) error { return c.Resolve(ann, later, DispositionLawful, "x") }, StateResolved, ErrConflict, ""},
		{"a merged case decides nothing", func(c *Case) { c.MergedInto = 3 }, func(c *Case) error { return c.Claim(ann, later) }, StateNew, ErrConflict, ""},
		{"reopen", func(c *Case) { c.State, c.Assignee = StateResolved, "ann" }, func(c *Case) error { return c.Reopen(ann, later, "appeal") }, StateOpen, nil, "case.reopen"},
		{"reopen for the queue", func(c *Case) { c.State = StateResolved }, func(c *Case) error { return c.Reopen(ann, later, "appeal") }, StateNew, nil, "case.reopen"},
		{"reopen what is open", nil, func(c *Case) error { return c.Reopen(ann, later, "x") }, StateNew, ErrConflict, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := openCase()
			if tt.given != nil {
				tt.given(c)
			}
			version := c.Version
			err := tt.do(c)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("err = %v, want %v", err, tt.err)
			}
			if c.State != tt.want {
				t.Errorf("state = %s, want %s", c.State, tt.want)
			}
			events := c.TakeEvents()
			switch {
			case tt.event == "" && (len(events) != 0 || c.Version != version):
				t.Errorf("events = %v, version %d → %d; want nothing to have changed", events, version, c.Version)
			case tt.event != "" && (len(events) != 1 || events[0].Command != tt.event || c.Version != version+1):
				t.Errorf("events = %v, version %d → %d; want %s", events, version, c.Version, tt.event)
			}
		})
	}
}

func TestAssessReopens(t *testing.T) {
	c := openCase()
	if err := c.Resolve(ann, t0, DispositionLawful, "asked for"); err != nil {
		t.Fatal(err)
	}
	if c.LiveUntil == nil || !c.LiveUntil.Equal(t0.Add(ReopenWindow)) {
		t.Fatalf("LiveUntil = %v", c.LiveUntil)
	}
	f := Facts{Category: CategoryScam, Reports: 1, FirstReport: t0.Add(-time.Hour), LastReport: t0.Add(-time.Minute)}
	c.Assess(t0.Add(time.Minute), f)
	if c.State != StateResolved {
		t.Fatalf("a report from before the resolution reopened it")
	}
	f.Reports, f.LastReport = 2, t0.Add(time.Minute)
	c.Assess(t0.Add(2*time.Minute), f)
	if c.State != StateNew || c.Disposition != "" || c.LiveUntil != nil {
		t.Errorf("state %s, disposition %q, live until %v; want reopened", c.State, c.Disposition, c.LiveUntil)
	}
	n := len(c.TakeEvents())
	c.Assess(t0.Add(3*time.Minute), f)
	if more := c.TakeEvents(); len(more) != 0 {
		t.Errorf("assessing the same facts again wrote %v after %d", more, n)
	}
}

func TestPrioritise(t *testing.T) {
	base := Facts{Category: CategoryRobocall, Reports: 5, CalledParties: 5, Corroborated: 5, LastReport: t0}
	score := func(change func(*Facts)) int {
		f := base
		change(&f)
		n, reasons := Prioritise(f, t0)
		if n > 0 && len(reasons) == 0 {
			t.Errorf("priority %d without a reason", n)
		}
		return n
	}
	plain := score(func(*Facts) {})
	for _, tt := range []struct {
		name   string
		change func(*Facts)
		higher bool
	}{
		{"a carried call", func(f *Facts) { f.Corroboration = CorroborationConfirmed }, true},
		{"no such call", func(f *Facts) { f.Corroboration = CorroborationNotSeen }, false},
		{"more called numbers", func(f *Facts) { f.Corroborated = 50 }, true},
		{"nothing corroborated", func(f *Facts) { f.Corroborated = 0 }, false},
		{"reporters who were right before", func(f *Facts) { f.Credibility = 0.9 }, true},
		{"reporters who were wrong before", func(f *Facts) { f.Credibility = 0.1 }, false},
		{"toll fraud", func(f *Facts) { f.Category = CategoryTollFraud }, true},
		{"already restricted", func(f *Facts) { f.InForce = 1 }, false},
		{"many today", func(f *Facts) { f.Corroborated24h = 5 }, true},
		{"no right to the number", func(f *Facts) { f.Parties = &Parties{Originating: "acme"} }, true},
		{"its owner says spoofed", func(f *Facts) { f.Owners = 1 }, false},
		{"silence", func(f *Facts) { f.LastReport = t0.Add(-15 * 24 * time.Hour) }, false},
	} {
		if got := score(tt.change); (got > plain) != tt.higher || got == plain {
			t.Errorf("%s: %d against %d", tt.name, got, plain)
		}
	}
	// One angry person who writes forty times is one person, whatever numbers he
	// claims were called.
	once := score(func(f *Facts) { f.Reports, f.CalledParties, f.Corroborated = 1, 1, 1 })
	forty := score(func(f *Facts) { f.Reports, f.Reports24h, f.CalledParties, f.Corroborated = 40, 40, 40, 1 })
	if forty != once || forty >= plain {
		t.Errorf("forty reports that one called number bears out: %d, one: %d, five numbers: %d", forty, once, plain)
	}
}
