package store

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// asks is a parse of a traceback request about one call.
func asks(reference, from, caller, called string, kind cases.ReporterKind) cases.Parsed {
	p := about(caller, "", called)
	p.Category, p.Pretext, p.Reporter = cases.CategoryTraceback, "", cases.Contact{Email: from, Kind: kind}
	p.Traceback = &cases.Traceback{Reference: reference, Calls: []cases.TracedCall{{Caller: caller, Called: called}}}
	return p
}

// requestAt is a request of a kind, as the desk makes it.
func requestAt(now time.Time, state cases.RequesterState, kind cases.ReporterKind) *cases.TracebackRequest {
	q := &cases.TracebackRequest{State: state, Why: "no limit", ReceivedAt: now, Evidence: cases.RequesterEvidence{Domain: "itg.example", Missing: []string{"DKIM: none"}}}
	if cases.Clocked(kind) {
		due := now.Add(24 * time.Hour)
		q.CountsFrom, q.DueAt, q.Why = &now, &due, "received Tuesday"
	}
	if state == cases.RequesterVerified {
		q.VerifiedAt, q.How = &now, cases.VerifiedByMail
	}
	return q
}

// fileAsking files a request with its acknowledgement, which is held where the
// requester is not verified.
func fileAsking(t *testing.T, s *Store, now time.Time, p cases.Parsed, state cases.RequesterState) cases.Filed {
	t.Helper()
	ack := acknowledgement(p.Reporter.Email, cases.LetterID(newHex(), "desk"))
	if state != cases.RequesterVerified {
		ack.State, ack.Note = cases.SendingHeld, cases.NoteWithheld
	}
	a := delivery(cases.ChannelEmail, rand.Text(), "body")
	a.Message.ReceivedAt = now
	m, _ := accept(t, s, a)
	f, err := fileOne(t.Context(), s, cases.Attempt{}, now, cases.Filing{Message: m, Parsed: p, Request: requestAt(now, state, p.Reporter.Kind), Acknowledgement: ack})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newHex() string {
	const digits = "0123456789abcdef"
	b := make([]byte, 32)
	rand.Read(b)
	for i := range b {
		b[i] = digits[b[i]&15]
	}
	return string(b)
}

func fileRequest(t *testing.T, s *Store, now time.Time, reference string, state cases.RequesterState, kind cases.ReporterKind) cases.Filed {
	t.Helper()
	return fileAsking(t, s, now, asks(reference, reference+"@itg.example", "+17244428039", "+13035550101", kind), state)
}

func verify(t *testing.T, s *Store, now time.Time, f cases.Filed) {
	t.Helper()
	_, err := s.DecideRequester(t.Context(), now, f.CaseID, 0, func(c *cases.Case, rs []cases.TracebackRequest) error {
		return c.VerifyRequester(staff("ann", cases.RoleAnalyst), now, rs, f.ReportID, "called back")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sendOf runs the sending of a report that is planned, to an end.
func sendOf(t *testing.T, s *Store, now time.Time, report int64, end cases.SendingState) {
	t.Helper()
	id := count(t, s, "SELECT id FROM sendings WHERE report_id = ? AND state = 'planned'", report)
	at := run(t, s, cases.JobTell, int64(id))
	if began, err := s.BeginSending(t.Context(), at, now, int64(id)); err != nil || !began {
		t.Fatal(began, err)
	}
	if err := s.SettleSending(t.Context(), at, now, int64(id), end, "x"); err != nil {
		t.Fatal(err)
	}
}

func caseOfID(t *testing.T, s *Store, id int64) cases.Case {
	t.Helper()
	c, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A request is a case of its own kind beside an abuse case about the same number:
// neither takes the other's reports or keys, and they are related.
func TestTracebackIsACaseOfItsOwnKind(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const number = "+17244428039"
		abuse := file(t, s, about(number, "", "+12125550100"))
		trace := fileAsking(t, s, noon, asks("TB-1", "desk@itg.example", number, "+13035550101", cases.ReporterTraceback), cases.RequesterUnverified)
		more := file(t, s, about(number, "", "+12125550101"))
		if !trace.NewCase || trace.CaseID == abuse.CaseID || more.CaseID != abuse.CaseID {
			t.Fatalf("abuse %+v, traceback %+v, abuse again %+v", abuse, trace, more)
		}
		c := caseOfID(t, s, trace.CaseID)
		if c.Kind != cases.CaseTraceback || c.DueAt == nil || !c.DueAt.Equal(noon.Add(24*time.Hour)) || c.Title != "Traceback request · TB-1" || c.Facts.Traceback == nil {
			t.Errorf("%+v", c)
		}
		if k := caseOfID(t, s, abuse.CaseID).Kind; k != cases.CaseAbuse {
			t.Errorf("the abuse case is %q", k)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM case_keys WHERE live AND kind = 'traceback' AND value = 'tb-1@itg.example'": 1,
			"SELECT count(*) FROM case_keys WHERE kind = 'caller'":                                            1,
			"SELECT count(*) FROM related_cases":                                                              2,
		} {
			if n := count(t, s, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		d, err := s.Dossier(t.Context(), trace.CaseID)
		if err != nil || len(d.Related) != 1 || d.Related[0].Kind != cases.CaseAbuse || len(d.Requests) != 1 || d.Requests[0].ReporterID == 0 || d.Requests[0].Evidence.Domain != "itg.example" {
			t.Errorf("%+v, %+v, %v", d.Related, d.Requests, err)
		}
		// The other way round: first the request, then a report about its number.
		fileAsking(t, s, noon, asks("TB-2", "desk@itg.example", "+18602646919", "+13035550102", cases.ReporterTraceback), cases.RequesterUnverified)
		later := file(t, s, about("+18602646919", "", ""))
		if n := count(t, s, "SELECT count(*) FROM related_cases WHERE case_id = ?", later.CaseID); n != 1 || !later.NewCase {
			t.Errorf("related to %d, %+v", n, later)
		}
		// One that names no reference stands alone, however often.
		a := fileAsking(t, s, noon, asks("", "desk@itg.example", number, "", cases.ReporterCarrier), cases.RequesterUnverified)
		b := fileAsking(t, s, noon, asks("", "desk@itg.example", number, "", cases.ReporterCarrier), cases.RequesterUnverified)
		if a.CaseID == b.CaseID || !a.NewCase || !b.NewCase {
			t.Errorf("%+v, %+v", a, b)
		}
		for kind, want := range map[cases.CaseKind]int{"": 6, cases.CaseAbuse: 2, cases.CaseTraceback: 4} {
			p, err := s.Cases(t.Context(), cases.CaseQuery{Kind: kind})
			if err != nil || len(p.Items) != want {
				t.Errorf("kind %q: %d cases, want %d, %v", kind, len(p.Items), want, err)
			}
		}
		err = s.MergeCases(t.Context(), staff("ann", cases.RoleAnalyst), noon, trace.CaseID, abuse.CaseID, "same number")
		if !errors.Is(err, cases.ErrConflict) {
			t.Errorf("merged: %v", err)
		}
		sound(t, s)
	})
}

func sound(t *testing.T, s *Store) {
	t.Helper()
	if vs, err := s.Invariants(t.Context(), noon); err != nil || len(vs) > 0 {
		t.Errorf("invariants: %v, %v", vs, err)
	}
}

// A reminder joins the case of its reference, whoever of the organisation writes
// it; somebody else's request with the same number does not. What a further mail
// of the thread asks about is added, and no number of it becomes a key.
func TestTracebackReminder(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p := asks("TB-1", "desk@itg.example", "+17244428039", "+13035550101", cases.ReporterTraceback)
		p.Thread = "t1"
		first := fileAsking(t, s, noon, p, cases.RequesterVerified)
		reminder := fileAsking(t, s, noon.Add(20*time.Hour), asks("tb-1", "boss@itg.example", "+17244428039", "+13035550101", cases.ReporterTraceback), cases.RequesterUnverified)
		other := fileAsking(t, s, noon, asks("TB-1", "desk@evil.example", "+17244428039", "+13035550101", cases.ReporterTraceback), cases.RequesterUnverified)
		if reminder.CaseID != first.CaseID || !reminder.NewReport || other.CaseID == first.CaseID {
			t.Fatalf("first %+v, reminder %+v, other %+v", first, reminder, other)
		}
		again := asks("TB-1", "desk@itg.example", "+18602646919", "+13035550199", cases.ReporterTraceback)
		again.Thread = "t1"
		m, _ := accept(t, s, delivery(cases.ChannelEmail, "again", "x"))
		f, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: again, Request: requestAt(noon, cases.RequesterUnverified, cases.ReporterTraceback)})
		if err != nil || f.ReportID != first.ReportID {
			t.Fatal(f, err)
		}
		c, err := s.AssessCase(t.Context(), cases.Attempt{}, noon, first.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		tb := c.Facts.Traceback
		if tb == nil || tb.Requests != 2 || tb.Calls != 2 || tb.Requester != cases.RequesterVerified || !tb.Clock.Due.Equal(noon.Add(24*time.Hour)) {
			t.Errorf("%+v", tb)
		}
		if n := count(t, s, "SELECT count(*) FROM case_keys WHERE kind <> 'traceback'"); n != 0 {
			t.Errorf("%d keys of abuse cases", n)
		}
		sound(t, s)
	})
}

// The acknowledgement waits for a person, goes out once, and waits again when
// the verification is taken back before it has gone.
func TestHeldAcknowledgement(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, ann := t.Context(), staff("ann", cases.RoleAnalyst)
		f := fileRequest(t, s, noon, "TB-1", cases.RequesterUnverified, cases.ReporterTraceback)
		state := func() string {
			var x cases.Sending
			s.db.Raw("SELECT * FROM sendings WHERE report_id = ?", f.ReportID).Scan(&x)
			return string(x.State) + " " + x.Note
		}
		decide := func(change func(*cases.Case, []cases.TracebackRequest) error) {
			t.Helper()
			if _, err := s.DecideRequester(ctx, noon, f.CaseID, 0, change); err != nil {
				t.Fatal(err)
			}
		}
		undo := func(c *cases.Case, rs []cases.TracebackRequest) error {
			return c.UndoRequester(ann, noon, rs, 0, "wrong number")
		}
		if got := state(); got != "held "+cases.NoteWithheld || count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell'") != 0 {
			t.Fatalf("at first %q", got)
		}
		verify(t, s, noon, f)
		if got := state(); got != "planned " {
			t.Errorf("verified: %q", got)
		}
		decide(undo)
		id := int64(count(t, s, "SELECT id FROM sendings WHERE report_id = ?", f.ReportID))
		began, err := s.BeginSending(ctx, run(t, s, cases.JobTell, id), noon, id)
		if got := state(); began || err != nil || got != "held "+cases.NoteWithheld {
			t.Errorf("taken back: %v, %v, %q", began, err, got)
		}
		verify(t, s, noon, f)
		sendOf(t, s, noon, f.ReportID, cases.SendingSent)
		decide(undo)
		verify(t, s, noon, f)
		if got := state(); got != "sent x" || count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell' AND state <> 'done'") != 0 {
			t.Errorf("twice: %q", got)
		}
		g := fileRequest(t, s, noon, "TB-2", cases.RequesterUnverified, cases.ReporterTraceback)
		f = g
		decide(func(c *cases.Case, rs []cases.TracebackRequest) error {
			return c.RefuseRequester(ann, noon, rs, 0, cases.DispositionMalicious, "forged")
		})
		if got := state(); !strings.HasPrefix(got, "suppressed the requester was refused") || caseOfID(t, s, g.CaseID).State != cases.StateResolved {
			t.Errorf("refused: %q", got)
		}
		// A reporter of an address that bounced since is not written to.
		h := fileRequest(t, s, noon, "TB-3", cases.RequesterUnverified, cases.ReporterTraceback)
		exec(t, s, "UPDATE reporters SET bounced_at = ? WHERE email = 'tb-3@itg.example'", noon)
		f = h
		if verify(t, s, noon, h); state() != "suppressed "+cases.NoteBounced {
			t.Errorf("bounced: %q", state())
		}
		// What the requester's reports in another case are told is not his affair.
		_, err = s.DecideRequester(ctx, noon, g.CaseID, 0, func(*cases.Case, []cases.TracebackRequest) error { return cases.Conflict("no") })
		if !errors.Is(err, cases.ErrConflict) {
			t.Error(err)
		}
		sound(t, s)
	})
}

// The answer ends the clock when a server took it; coming back starts it again.
func TestTracebackAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx, ann := t.Context(), staff("ann", cases.RoleAnalyst)
		f := fileRequest(t, s, noon, "TB-1", cases.RequesterUnverified, cases.ReporterTraceback)
		answer := func(now time.Time) error {
			_, err := s.TellCase(ctx, now, f.CaseID, 0, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
				x, err := c.AnswerTraceback(ann, now, "It came from Acme.", 0, to, "abuse@desk.example")
				x.MessageID = cases.LetterID(newHex(), "desk")
				return []cases.Sending{x}, err
			})
			return err
		}
		if err := answer(noon); !errors.Is(err, cases.ErrConflict) || !strings.Contains(err.Error(), cases.NoteWithheld) || count(t, s, "SELECT count(*) FROM sendings") != 1 {
			t.Fatalf("before: %v", err)
		}
		verify(t, s, noon, f)
		sendOf(t, s, noon, f.ReportID, cases.SendingSent)
		owed := func(want, late int, at time.Time) {
			t.Helper()
			if o, l, err := s.Tracebacks(ctx, at); err != nil || o != want || l != late {
				t.Errorf("owed %d, late %d, %v; want %d, %d", o, l, err, want, late)
			}
		}
		owed(1, 0, noon)
		owed(1, 1, noon.Add(25*time.Hour))
		if err := answer(noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		exec(t, s, "UPDATE jobs SET state = 'done' WHERE kind = 'assess'")
		sendOf(t, s, noon.Add(time.Hour), f.ReportID, cases.SendingSent)
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'assess' AND state <> 'done'"); n != 1 {
			t.Errorf("%d assessments after the answer", n)
		}
		c, err := s.AssessCase(ctx, cases.Attempt{}, noon.Add(2*time.Hour), f.CaseID)
		if err != nil || c.DueAt != nil || !c.Facts.Traceback.AnsweredAt.Equal(noon.Add(time.Hour)) || !c.Facts.Traceback.OnTime() {
			t.Errorf("%+v, %v", c.Facts.Traceback, err)
		}
		owed(0, 0, noon.Add(25*time.Hour))
		exec(t, s, "UPDATE sendings SET state = 'bounced' WHERE kind = 'traceback_answer'")
		if c, err = s.AssessCase(ctx, cases.Attempt{}, noon.Add(3*time.Hour), f.CaseID); err != nil || c.DueAt == nil || !c.Facts.Traceback.AnsweredAt.IsZero() {
			t.Errorf("came back: %+v, %v", c.Facts.Traceback, err)
		}
		owed(1, 0, noon.Add(4*time.Hour))
		// A carrier's request has no limit.
		fileRequest(t, s, noon, "TB-9", cases.RequesterUnverified, cases.ReporterCarrier)
		owed(1, 1, noon.Add(48*time.Hour))
	})
}

// Time alone asks for an assessment, once.
func TestLookAgain(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		f := fileRequest(t, s, noon, "TB-1", cases.RequesterVerified, cases.ReporterTraceback)
		look := func(now time.Time, want int) {
			t.Helper()
			if n, err := s.LookAgain(ctx, now); err != nil || n != want {
				t.Errorf("at %s: %d, want %d, %v", now, n, want, err)
			}
		}
		look(noon, 0) // filing asks for one
		if _, err := s.AssessCase(ctx, run(t, s, cases.JobAssess, f.CaseID), noon, f.CaseID); err != nil {
			t.Fatal(err)
		}
		before := caseOfID(t, s, f.CaseID).Priority
		look(noon.Add(11*time.Hour), 0)
		look(noon.Add(12*time.Hour), 1)
		look(noon.Add(12*time.Hour), 0)
		if _, err := s.AssessCase(ctx, run(t, s, cases.JobAssess, f.CaseID), noon.Add(12*time.Hour), f.CaseID); err != nil {
			t.Fatal(err)
		}
		if c := caseOfID(t, s, f.CaseID); c.Priority <= before || !c.LookAt.Equal(noon.Add(20*time.Hour)) {
			t.Errorf("priority %d, before %d, look at %v", c.Priority, before, c.LookAt)
		}
	})
}

// A request's requester goes with its report, whatever is merged and unmerged.
func TestMergedTracebacks(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		a := fileRequest(t, s, noon, "TB-1", cases.RequesterVerified, cases.ReporterTraceback)
		b := fileRequest(t, s, noon.Add(-2*time.Hour), "TB-2", cases.RequesterUnverified, cases.ReporterTraceback)
		merge(t, s, b.CaseID, a.CaseID)
		c, err := s.AssessCase(ctx, cases.Attempt{}, noon, a.CaseID)
		if err != nil || c.Facts.Traceback.Requests != 2 || !c.DueAt.Equal(noon.Add(22*time.Hour)) {
			t.Errorf("%+v, due %v, %v", c.Facts.Traceback, c.DueAt, err)
		}
		if err := s.UnmergeCase(ctx, staff("ann", cases.RoleAnalyst), noon, b.CaseID, "they are two"); err != nil {
			t.Fatal(err)
		}
		for f, due := range map[cases.Filed]time.Duration{a: 24 * time.Hour, b: 22 * time.Hour} {
			if c, err := s.AssessCase(ctx, cases.Attempt{}, noon, f.CaseID); err != nil || c.Facts.Traceback.Requests != 1 || !c.DueAt.Equal(noon.Add(due)) {
				t.Errorf("%+v, due %v, %v", c.Facts.Traceback, c.DueAt, err)
			}
		}
		sound(t, s)
	})
}
