package cases

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var tbNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func request(id int64, state RequesterState, received, due time.Duration) TracebackRequest {
	r := TracebackRequest{ReportID: id, State: state, ReceivedAt: tbNow.Add(received), Why: "no limit"}
	if due != 0 {
		from, until := tbNow.Add(received), tbNow.Add(due)
		r.CountsFrom, r.DueAt, r.Why = &from, &until, "counts"
	}
	return r
}

func answer(state SendingState, at time.Duration) Sending {
	settled := tbNow.Add(at)
	s := Sending{Kind: SendingTraceback, State: state, SettledAt: &settled}
	if state == SendingPlanned {
		s.SettledAt = nil
	}
	return s
}

func TestTracebackFactsSettle(t *testing.T) {
	const h = time.Hour
	tests := []struct {
		name     string
		requests []TracebackRequest
		answers  []Sending
		due      time.Duration // of the clock that counts; 0 none
		answered time.Duration // 0: not
		onTime   bool
		state    RequesterState
	}{
		{"one", []TracebackRequest{request(1, RequesterUnverified, -h, 23*h)}, nil, 23 * h, 0, false, RequesterUnverified},
		{"a reminder does not move the clock", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h), request(2, RequesterUnverified, -h, 23*h)}, nil, 4 * h, 0, false, RequesterVerified},
		{"a carrier's has none", []TracebackRequest{request(1, RequesterVerified, -h, 0)}, nil, 0, 0, false, RequesterVerified},
		{"a carrier's beside the consortium's", []TracebackRequest{request(1, RequesterVerified, -2*h, 0), request(2, RequesterVerified, -h, 23*h)}, nil, 23 * h, 0, false, RequesterVerified},
		{"answered in time", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h)}, []Sending{answer(SendingSent, h)}, 4 * h, h, true, RequesterVerified},
		{"answered late", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h)}, []Sending{answer(SendingSent, 5*h)}, 4 * h, 5 * h, false, RequesterVerified},
		{"answered twice: the first counts", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h)}, []Sending{answer(SendingSent, 3*h), answer(SendingSent, 5*h)}, 4 * h, 3 * h, true, RequesterVerified},
		{"planned is not answered", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h)}, []Sending{answer(SendingPlanned, 0)}, 4 * h, 0, false, RequesterVerified},
		{"came back", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h)}, []Sending{answer(SendingBounced, h)}, 4 * h, 0, false, RequesterVerified},
		{"asked again after the answer", []TracebackRequest{request(1, RequesterVerified, -20*h, 4*h), request(2, RequesterVerified, 2*h, 26*h)}, []Sending{answer(SendingSent, h)}, 26 * h, 0, false, RequesterVerified},
		{"a refused one has no clock", []TracebackRequest{request(1, RequesterRefused, -20*h, 4*h), request(2, RequesterUnverified, -h, 23*h)}, nil, 23 * h, 0, false, RequesterUnverified},
		{"all refused", []TracebackRequest{request(1, RequesterRefused, -20*h, 4*h)}, nil, 0, 0, false, RequesterRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f TracebackFacts
			f.Settle(tt.requests, tt.answers)
			if f.Clock.Running() != (tt.due != 0) || tt.due != 0 && !f.Clock.Due.Equal(tbNow.Add(tt.due)) {
				t.Errorf("due %s, want %s", f.Clock.Due, tbNow.Add(tt.due))
			}
			if f.AnsweredAt.IsZero() != (tt.answered == 0) || tt.answered != 0 && !f.AnsweredAt.Equal(tbNow.Add(tt.answered)) || f.OnTime() != tt.onTime {
				t.Errorf("answered %s, on time %v", f.AnsweredAt, f.OnTime())
			}
			if f.Requester != tt.state || f.Requests != len(tt.requests) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// The priority grows as the time runs out, says why, and the case knows when to
// look again.
func TestTracebackPriority(t *testing.T) {
	facts := Facts{Category: CategoryTraceback, Reports: 1, FirstReport: tbNow, LastReport: tbNow, Traceback: &TracebackFacts{Reference: "20455", Requests: 1, Requester: RequesterVerified,
		Clock: Clock{From: tbNow, Due: tbNow.Add(24 * time.Hour), Why: "counts"}}}
	c := Case{ID: 1, Ref: "AB-2026-000001", Kind: CaseTraceback, State: StateNew}
	now, before := tbNow, 0
	for _, want := range []struct {
		after time.Duration
		says  string
	}{{0, "a traceback answer is due"}, {12 * time.Hour, "less than 12 hours"}, {20 * time.Hour, "less than 4 hours"}, {24 * time.Hour, "overdue"}} {
		if !now.Equal(tbNow.Add(want.after)) {
			t.Fatalf("looks again at %s, want after %s", now, want.after)
		}
		c.Assess(now, facts)
		var why []string
		for _, f := range c.Factors {
			why = append(why, f.Reason)
		}
		if c.Priority <= before || !strings.Contains(strings.Join(why, "; "), want.says) || !c.DueAt.Equal(facts.Traceback.Clock.Due) {
			t.Errorf("after %s: %d (before %d), %q, due %v", want.after, c.Priority, before, why, c.DueAt)
		}
		before = c.Priority
		if c.LookAt != nil {
			now = *c.LookAt
		}
	}
	if c.LookAt != nil || c.Title != "Traceback request · 20455" {
		t.Errorf("%v, %q", c.LookAt, c.Title)
	}
	answered := *facts.Traceback
	answered.AnsweredAt = now
	facts.Traceback = &answered
	if c.Assess(now, facts); c.DueAt != nil || c.Priority >= before {
		t.Errorf("answered: due %v, priority %d", c.DueAt, c.Priority)
	}
}

func TestAnswerThatComesBackReopens(t *testing.T) {
	c := Case{ID: 1, Ref: "AB-2026-000001", Kind: CaseTraceback, State: StateNew, Facts: Facts{Reports: 1}}
	if err := c.Resolve(tracer, tbNow, DispositionReferred, "answered"); err != nil {
		t.Fatal(err)
	}
	f := Facts{Reports: 1, LastReport: tbNow.Add(-time.Hour), Traceback: &TracebackFacts{Answer: SendingBounced, AnswerAt: tbNow.Add(time.Minute)}}
	if c.Assess(tbNow.Add(time.Hour), f); c.State != StateNew {
		t.Errorf("state %s", c.State)
	}
}

func TestTracebackKeys(t *testing.T) {
	itg := Contact{Email: "Trace@ITG.example"}
	for _, tt := range []struct {
		t    *Traceback
		from Contact
		want string
	}{
		{&Traceback{Reference: " TB-20455 "}, itg, "tb-20455@itg.example"},
		{&Traceback{Reference: "20455", Campaign: "SSA"}, itg, "20455@itg.example"},
		{&Traceback{Campaign: "Amazon  Impers-P2"}, itg, "amazon impers-p2@itg.example"},
		{&Traceback{Reference: "20455"}, Contact{}, "20455@"},
		{&Traceback{}, itg, ""}, {nil, itg, ""},
	} {
		got := ""
		for _, k := range TracebackKeys(tt.t, tt.from) {
			if got += k.Value; k.Kind != KeyTraceback {
				t.Errorf("%v", k)
			}
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.t, got, tt.want)
		}
	}
}

func TestTracebackJoin(t *testing.T) {
	one := TracedCall{Caller: "+12025550143", Called: "+13035550101"}
	two := TracedCall{Caller: "+12025550143", Called: "+13035550102"}
	a := Traceback{Reference: "1", Calls: []TracedCall{one}, IPs: []string{"198.51.100.7"}}
	a.Join(Traceback{Reference: "2", Campaign: "SSA", Calls: []TracedCall{one, two}, IPs: []string{"198.51.100.7", "198.51.100.8"}})
	if a.Reference != "1" || a.Campaign != "SSA" || len(a.Calls) != 2 || len(a.IPs) != 2 {
		t.Errorf("%+v", a)
	}
	if m := strings.Join(a.Missing(), ", "); m != "upstream provider" {
		t.Errorf("missing %q", m)
	}
	if m := strings.Join(two.Missing(), ", "); m != "time of the call" {
		t.Errorf("missing %q", m)
	}
}

// Only a verified requester may be written to, whatever the letter.
func TestNothingBeforeVerification(t *testing.T) {
	const ours = "abuse@desk.example"
	to := func(s RequesterState) []Addressee {
		return []Addressee{{ReportID: 4, ReporterID: 7, Channel: ChannelEmail, Email: "trace@itg.example", Requester: s}}
	}
	for state, says := range map[RequesterState]string{RequesterUnverified: NoteWithheld, RequesterRefused: "the requester was refused"} {
		fresh := func() Case { return Case{ID: 1, Ref: "AB-2026-000001", Kind: CaseTraceback, State: StateOpen} }
		for name, write := range map[string]func(c *Case, report int64) error{
			"question": func(c *Case, report int64) error {
				_, err := c.Ask(tracer, tbNow, "who?", report, to(state), ours)
				return err
			},
			"answer": func(c *Case, report int64) error {
				_, err := c.AnswerTraceback(tracer, tbNow, "Acme", report, to(state), ours)
				return err
			},
		} {
			c := fresh()
			if err := write(&c, 4); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), says) || c.State != StateOpen || len(c.TakeEvents()) != 0 {
				t.Errorf("%s to one who is %s: %v", name, state, err)
			}
			if err := write(&c, 0); !errors.Is(err, ErrConflict) {
				t.Errorf("%s to anybody: %v", name, err)
			}
		}
		for _, s := range Outcomes(to(state), ours, DispositionReferred) {
			if s.State != SendingSuppressed || s.Note != says {
				t.Errorf("outcome to one who is %s: %+v", state, s)
			}
		}
	}
	c := Case{ID: 1, Ref: "AB-2026-000001", Kind: CaseTraceback, State: StateOpen}
	s, err := c.AnswerTraceback(tracer, tbNow, " Acme\r\nDialers ", 0, to(RequesterVerified), ours)
	if err != nil || s.Kind != SendingTraceback || s.Text != "Acme\nDialers" || s.To != "trace@itg.example" || s.State != SendingPlanned {
		t.Errorf("%+v, %v", s, err)
	}
	if es := c.TakeEvents(); len(es) != 1 || strings.Contains(es[0].Reason, "Acme") {
		t.Errorf("the audit log: %+v", es)
	}
	if _, err := c.AnswerTraceback(tracer, tbNow, " ", 0, to(RequesterVerified), ours); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty answer: %v", err)
	}
	c.Kind = CaseAbuse
	if _, err := c.AnswerTraceback(tracer, tbNow, "x", 0, to(RequesterVerified), ours); !errors.Is(err, ErrConflict) {
		t.Errorf("of an abuse case: %v", err)
	}
	other := Case{ID: 2, Ref: "AB-2026-000002", Kind: CaseTraceback}
	if err := c.Merge(tracer, tbNow, &other, "same number"); !errors.Is(err, ErrConflict) {
		t.Errorf("merged across kinds: %v", err)
	}
}
