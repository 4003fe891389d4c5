package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// token is one of a letter, told apart by a digit.
func token(digit string) string { return strings.Repeat(digit, 32) }

// jane is a mail of hers that names a number or none.
func jane(caller string) cases.Parsed {
	p := about(caller, "", "")
	p.Reporter = cases.Contact{Email: "jane@example.org", Kind: cases.ReporterCalled}
	return p
}

// reported files a report of hers which is acknowledged under a token.
func reported(t *testing.T, s *Store, digit string) cases.Filed {
	t.Helper()
	a := acknowledgement("jane"+digit, cases.LetterID(token(digit), "desk.example"))
	a.To = "jane@example.org"
	return fileAt(t, s, noon, jane("+12025550143"), a)
}

func TestRepliesFindTheirReport(t *testing.T) {
	tests := []struct {
		name  string
		reply func(p *cases.Parsed, f cases.Filed)
		joins bool
	}{
		{"In-Reply-To", func(p *cases.Parsed, _ cases.Filed) {
			p.Mail.InReplyTo = []string{"ab." + token("1") + "@desk.example"}
		}, true},
		{"References among others", func(p *cases.Parsed, _ cases.Filed) {
			p.Mail.References = []string{"x@example.org", "ab." + token("1") + "@desk.example", "y@example.org"}
		}, true},
		{"our letter under a domain that we had", func(p *cases.Parsed, _ cases.Filed) { p.Mail.InReplyTo = []string{"ab." + token("1") + "@old.example"} }, true},
		{"a token in the address", func(p *cases.Parsed, _ cases.Filed) {
			p.Mail.Recipients = []string{"boss@example.org", "abuse+" + token("1") + "@desk.example"}
		}, true},
		{"the subject, from her", func(p *cases.Parsed, f cases.Filed) {
			p.Subject = "AW: Your report [" + strings.ToLower(f.CaseRef) + "]"
		}, true},
		{"the subject, from somebody else", func(p *cases.Parsed, f cases.Filed) {
			p.Subject, p.Reporter.Email = "Re: "+f.CaseRef, "eve@example.net"
		}, false},
		{"the subject, from nobody", func(p *cases.Parsed, f cases.Filed) { p.Subject, p.Reporter.Email = "Re: "+f.CaseRef, "" }, false},
		{"the subject, from who only says that he is her", func(p *cases.Parsed, f cases.Filed) {
			p.Subject, p.Auth = "Re: "+f.CaseRef, map[string]string{"dmarc": "fail"}
		}, false},
		{"the subject with the wrong year", func(p *cases.Parsed, f cases.Filed) { p.Subject = strings.Replace(f.CaseRef, "2026", "2025", 1) }, false},
		{"a token that we never gave", func(p *cases.Parsed, _ cases.Filed) {
			p.Mail.Recipients, p.Mail.InReplyTo = []string{"abuse+" + token("2") + "@desk.example"}, []string{"ab." + token("2") + "@desk.example"}
		}, false},
		{"empty ids and addresses", func(p *cases.Parsed, _ cases.Filed) {
			p.Mail.InReplyTo, p.Mail.References = []string{"", " ", "<>", "ab.@desk.example"}, []string{"@", "ab."}
			p.Mail.Recipients = []string{"", "abuse+@desk.example", "+@", "abuse@desk.example"}
		}, false},
	}
	each(t, func(t *testing.T, s *Store) {
		f := reported(t, s, "1")
		for _, tt := range tests {
			p := jane("")
			tt.reply(&p, f)
			got := fileAt(t, s, noon, p, nil)
			if joined := got.ReportID == f.ReportID; joined != tt.joins || got.NewReport == tt.joins {
				t.Errorf("%s: %+v, want it to join: %v", tt.name, got, tt.joins)
			}
		}
	})
}

func TestASubjectNamesAMergedCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		one, two := reported(t, s, "1"), file(t, s, about("+13105550111", "", ""))
		merge(t, s, one.CaseID, two.CaseID)
		p := jane("")
		p.Subject = "Re: " + one.CaseRef
		if f := fileAt(t, s, noon, p, nil); f.ReportID != one.ReportID || f.CaseID != two.CaseID {
			t.Errorf("filed %+v", f)
		}
	})
}

// wrote files a mail of hers that answers the letter with a token.
func wrote(t *testing.T, s *Store, now time.Time, digit string, change func(*cases.Parsed)) cases.Filed {
	t.Helper()
	p := jane("")
	p.Mail.InReplyTo = []string{cases.LetterID(token(digit), "desk.example")}
	p.Text = "One more thing."
	if change != nil {
		change(&p)
	}
	return fileAt(t, s, now, p, acknowledgement("jane "+now.String(), cases.LetterID(strings.ToLower(fmt.Sprintf("%032x", rand.Text()))[:32], "desk.example")))
}

func outOfOffice(p *cases.Parsed) {
	p.Mail.AutoSubmitted, p.Text = true, "I am away; call +1 212 555 0177"
}

func TestMailToAResolvedCase(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := reported(t, s, "1")
		update(t, s, f.CaseID, resolve(noon))
		// A machine's answer is kept, and changes nothing.
		away := wrote(t, s, noon.Add(time.Hour), "1", func(p *cases.Parsed) {
			outOfOffice(p)
			p.Numbers = about("+12125550177", "", "").Numbers
		})
		r, err := s.Report(t.Context(), f.ReportID)
		if err != nil {
			t.Fatal(err)
		}
		if away.ReportID != f.ReportID || len(r.Messages) != 2 || !r.Messages[1].Automatic || r.Messages[1].TextAt != -1 || r.RepliedAt != nil ||
			len(r.Subjects) != 1 || strings.Contains(r.Text, "away") {
			t.Errorf("an out-of-office answer: %+v, report %+v", away, r)
		}
		if c := assess(t, s, noon.Add(time.Hour), f.CaseID); c.State != cases.StateResolved {
			t.Errorf("a machine's answer made the case %s", c.State)
		}
		// A person's reopens it.
		late := noon.Add(cases.ReopenWindow - time.Hour)
		if again := wrote(t, s, late, "1", nil); again.ReportID != f.ReportID || again.NewReport {
			t.Errorf("within the window: %+v", again)
		}
		if r, _ = s.Report(t.Context(), f.ReportID); r.RepliedAt == nil || !r.RepliedAt.Equal(late) || !strings.HasPrefix(r.Text[r.Messages[2].TextAt:], "One more thing.") {
			t.Errorf("the answer is not shown: %+v", r)
		}
		if c := assess(t, s, late, f.CaseID); c.State != cases.StateNew {
			t.Errorf("the case is %s", c.State)
		}
	})
}

func TestMailToACaseThatIsOver(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := reported(t, s, "1")
		update(t, s, f.CaseID, resolve(noon))
		over := noon.Add(cases.ReopenWindow)
		if away := wrote(t, s, over, "1", outOfOffice); away.ReportID != f.ReportID {
			t.Errorf("a machine's answer: %+v", away)
		}
		// Many at once open one report, whichever comes first.
		filed := make([]cases.Filed, 6)
		var wg sync.WaitGroup
		for i := range filed {
			p := jane("")
			if i%2 == 0 {
				p.Mail.InReplyTo = []string{cases.LetterID(token("1"), "desk.example")}
			} else {
				p.Mail.Recipients = []string{"abuse+" + token("1") + "@desk.example"}
			}
			m, _ := accept(t, s, delivery(cases.ChannelEmail, rand.Text(), "x"))
			wg.Go(func() {
				var err error
				if filed[i], err = fileOne(t.Context(), s, cases.Attempt{}, over, cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		next := filed[0]
		opened := 0
		for _, x := range filed {
			if x.ReportID != next.ReportID || x.ReportID == f.ReportID || x.CaseID == f.CaseID {
				t.Errorf("filed %+v", x)
			}
			if x.NewReport {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("%d of %d opened a report", opened, len(filed))
		}
		d, err := s.Dossier(t.Context(), next.CaseID)
		if err != nil || len(d.Related) != 1 || d.Related[0].CaseID != f.CaseID || !strings.Contains(d.Related[0].Reason, f.CaseRef) {
			t.Errorf("related to %+v, %v", d.Related, err)
		}
		if c := assess(t, s, over, f.CaseID); c.State != cases.StateResolved {
			t.Errorf("the old case is %s", c.State)
		}
		if vs, err := s.Invariants(t.Context(), over); err != nil || len(vs) > 0 {
			t.Errorf("%+v, %v", vs, err)
		}
	})
}

// The subject leads there too, again and again.
func TestASubjectNamesACaseThatIsOver(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := fileAt(t, s, noon, jane("+12025550143"), nil)
		update(t, s, f.CaseID, resolve(noon))
		p := jane("")
		p.Subject = "It goes on, " + f.CaseRef
		var reports []int64
		for range 3 {
			x := fileAt(t, s, noon.Add(cases.ReopenWindow), p, nil)
			reports = append(reports, x.ReportID)
		}
		if len(slices.Compact(slices.Clone(reports))) != 1 || reports[0] == f.ReportID {
			t.Errorf("reports %v, the first was %d", reports, f.ReportID)
		}
	})
}

// ask makes the case wait for an answer about a report.
func ask(t *testing.T, s *Store, now time.Time, f cases.Filed, digit string) int64 {
	t.Helper()
	_, err := s.TellCase(t.Context(), now, f.CaseID, 0, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		x, err := c.Ask(ann, now, "Which number did they show?", f.ReportID, to, "abuse@desk.example")
		x.MessageID = cases.LetterID(token(digit), "desk.example")
		return []cases.Sending{x}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := s.db.Raw("SELECT max(id) FROM sendings").Scan(&id).Error; err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAQuestionAndItsAnswer(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := reported(t, s, "1")
		id := ask(t, s, noon, f, "2")
		x, err := s.Sending(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := cases.Sending{ID: id, Kind: cases.SendingQuestion, CaseID: f.CaseID, ReportID: f.ReportID, Channel: cases.ChannelEmail, To: "jane@example.org", MessageID: cases.LetterID(token("2"), "desk.example"),
			Language: "en", Text: "Which number did they show?", State: cases.SendingPlanned, CreatedAt: noon}
		if diff := cmp.Diff(want, x); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell' AND object_id = ?", id); n != 1 {
			t.Errorf("%d jobs to tell", n)
		}
		if c := assess(t, s, noon, f.CaseID); c.State != cases.StateAwaitingReporter {
			t.Errorf("asked, the case is %s", c.State)
		}
		wrote(t, s, noon.Add(time.Minute), "2", outOfOffice)
		if c := assess(t, s, noon.Add(time.Minute), f.CaseID); c.State != cases.StateAwaitingReporter {
			t.Errorf("a machine answered, and the case is %s", c.State)
		}
		wrote(t, s, noon.Add(time.Hour), "2", nil)
		if c := assess(t, s, noon.Add(time.Hour), f.CaseID); c.State != cases.StateOpen {
			t.Errorf("answered, the case is %s", c.State)
		}
		// Asked again: the old answer is none to the new question.
		ask(t, s, noon.Add(2*time.Hour), f, "3")
		if c := assess(t, s, noon.Add(2*time.Hour), f.CaseID); c.State != cases.StateAwaitingReporter {
			t.Errorf("asked again, the case is %s", c.State)
		}
	})
}

func TestAQuestionThatDoesNotArrive(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		for i, settle := range []cases.SendingState{cases.SendingRefused, cases.SendingUnknown, cases.SendingSent} {
			digit := fmt.Sprint(i)
			f := fileAt(t, s, noon, jane(fmt.Sprintf("+1202555010%d", i)), nil)
			id := ask(t, s, noon, f, digit)
			at := run(t, s, cases.JobTell, id)
			if _, err := s.BeginSending(t.Context(), at, noon, id); err != nil {
				t.Fatal(err)
			}
			exec(t, s, "DELETE FROM jobs WHERE kind = 'assess'")
			if err := s.SettleSending(t.Context(), at, noon, id, settle, "550 no such user"); err != nil {
				t.Fatal(err)
			}
			want := cases.StateAwaitingReporter
			if settle == cases.SendingRefused {
				want = cases.StateOpen
				if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'assess' AND object_id = ?", f.CaseID); n != 1 {
					t.Errorf("%s: %d assessments are asked for", settle, n)
				}
			}
			if c := assess(t, s, noon, f.CaseID); c.State != want {
				t.Errorf("%s: the case is %s, want %s", settle, c.State, want)
			}
		}
	})
}

// bounced files a notification about the letter with a token.
func bounced(t *testing.T, s *Store, b cases.Bounce, to ...string) cases.Filed {
	t.Helper()
	p := cases.Parsed{Category: cases.CategoryOther, Text: "Undelivered +12125550177", Numbers: about("+12125550177", "", "").Numbers, Bounce: &b,
		Mail: cases.MailHeaders{NullSender: true, AutoSubmitted: true, Recipients: to}, Reporter: cases.Contact{Email: "mailer-daemon@example.org"}}
	return fileAt(t, s, noon.Add(time.Hour), p, nil)
}

func TestBounces(t *testing.T) {
	tests := []struct {
		name   string
		bounce cases.Bounce
		to     string
		state  cases.SendingState
		gone   bool // the address is given up
		note   string
	}{
		{"for good", cases.Bounce{MessageID: cases.LetterID(token("2"), "desk.example"), Recipient: "jane@example.org", Status: "5.1.1", Diagnostic: "no such user", Permanent: true}, "",
			cases.SendingBounced, true, "it came back: 5.1.1 no such user"},
		{"for now", cases.Bounce{MessageID: cases.LetterID(token("2"), "desk.example"), Recipient: "jane@example.org", Status: "4.4.7"}, "", cases.SendingBounced, false, "it came back: 4.4.7"},
		{"late", cases.Bounce{MessageID: cases.LetterID(token("2"), "desk.example"), Status: "4.4.1", Delayed: true}, "", cases.SendingSent, false, "delivery is delayed: 4.4.1"},
		{"of an address that hers is passed on to", cases.Bounce{MessageID: cases.LetterID(token("2"), "desk.example"), Recipient: "j@elsewhere.example", Status: "5.1.1", Permanent: true}, "",
			cases.SendingBounced, false, "it came back: 5.1.1"},
		{"told only by the address it came to", cases.Bounce{Permanent: true}, "abuse+" + token("2") + "@desk.example", cases.SendingBounced, true, "it came back"},
	}
	each(t, func(t *testing.T, s *Store) {
		for i, tt := range tests {
			exec(t, s, "DELETE FROM threads")
			exec(t, s, "UPDATE sendings SET message_id = message_id || id")
			exec(t, s, "UPDATE reporters SET bounced_at = NULL")
			f := fileAt(t, s, noon, jane(fmt.Sprintf("+1202555010%d", i)), nil)
			id := ask(t, s, noon, f, "2")
			at := run(t, s, cases.JobTell, id)
			if _, err := s.BeginSending(t.Context(), at, noon, id); err != nil {
				t.Fatal(err)
			}
			if err := s.SettleSending(t.Context(), at, noon, id, cases.SendingSent, "250 ok"); err != nil {
				t.Fatal(err)
			}
			got := bounced(t, s, tt.bounce, tt.to)
			x, err := s.Sending(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if got.ReportID != f.ReportID || x.State != tt.state || x.Note != tt.note {
				t.Errorf("%s: filed %+v, the sending is %s: %q", tt.name, got, x.State, x.Note)
			}
			if n := count(t, s, "SELECT count(*) FROM reporters WHERE email = 'jane@example.org' AND bounced_at IS NOT NULL"); (n == 1) != tt.gone {
				t.Errorf("%s: the address is given up: %v", tt.name, n == 1)
			}
			want := cases.StateOpen
			if tt.state == cases.SendingSent {
				want = cases.StateAwaitingReporter
			}
			if c := assess(t, s, noon.Add(time.Hour), f.CaseID); c.State != want || c.Facts.Caller == "+12125550177" {
				t.Errorf("%s: the case is %s about %s, want %s", tt.name, c.State, c.Facts.Caller, want)
			}
		}
	})
}

func TestABounceIsBelievedOnlyOfWhatWasSent(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := reported(t, s, "1") // planned, not sent
		for name, b := range map[string]cases.Bounce{
			"never sent":     {MessageID: cases.LetterID(token("1"), "desk.example"), Permanent: true},
			"never written":  {MessageID: cases.LetterID(token("9"), "desk.example"), Permanent: true},
			"no id":          {Permanent: true},
			"another domain": {MessageID: cases.LetterID(token("1"), "evil.example"), Permanent: true},
		} {
			bounced(t, s, b)
			if n := count(t, s, "SELECT count(*) FROM sendings WHERE state = 'bounced'"); n != 0 {
				t.Errorf("%s: %d sendings bounced", name, n)
			}
			if n := count(t, s, "SELECT count(*) FROM reporters WHERE bounced_at IS NOT NULL"); n != 0 {
				t.Errorf("%s: %d addresses are given up", name, n)
			}
		}
		if n := count(t, s, "SELECT count(*) FROM messages WHERE report_id = ? AND automatic", f.ReportID); n == 0 {
			t.Error("what came back is not kept with its report")
		}
	})
}

func TestABounceBeforeTheAnswerOfOurServer(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		reported(t, s, "1")
		var id int64
		s.db.Raw("SELECT max(id) FROM sendings").Scan(&id)
		at := run(t, s, cases.JobTell, id)
		if _, err := s.BeginSending(t.Context(), at, noon, id); err != nil {
			t.Fatal(err)
		}
		bounced(t, s, cases.Bounce{MessageID: cases.LetterID(token("1"), "desk.example"), Permanent: true})
		if err := s.SettleSending(t.Context(), at, noon, id, cases.SendingSent, "250 ok"); err != nil {
			t.Fatal(err)
		}
		if st := sendingState(t, s, id); st != cases.SendingBounced {
			t.Errorf("the sending is %s", st)
		}
		// Nothing more is sent there: not even the answer to a new report.
		p := jane("+13105550111")
		fileAt(t, s, noon, p, acknowledgement("jane2", cases.LetterID(token("3"), "desk.example")))
		x, err := s.Sending(t.Context(), id+1)
		if err != nil || x.State != cases.SendingSuppressed || x.Note != cases.NoteBounced {
			t.Errorf("%+v, %v", x, err)
		}
	})
}

func TestOutcomesAreRecordedWithTheResolution(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		f := reported(t, s, "1")
		fileAt(t, s, noon, jane("+12025550143"), nil) // hers again
		list := about("+12025550143", "", "")
		list.Reporter.Email, list.Mail.List = "list@example.net", true
		fileAt(t, s, noon, list, nil)
		bob := about("+12025550143", "", "")
		bob.Reporter.Email, bob.Language = "bob@example.net", "es"
		fileAt(t, s, noon, bob, nil)
		fileAt(t, s, noon, about("+12025550143", "", ""), nil) // nobody's
		tell := func(fail error) error {
			_, err := s.TellCase(ctx, noon, f.CaseID, 0, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
				if err := c.Resolve(ann, noon, cases.DispositionInsufficient, "nothing to go by"); err != nil {
					return nil, err
				}
				letters := cases.Outcomes(to, "abuse@desk.example", c.Disposition)
				for i := range letters {
					letters[i].MessageID = cases.LetterID(token(fmt.Sprint(5+i)), "desk.example")
				}
				return letters, fail
			})
			return err
		}
		if err := tell(errors.New("no")); err == nil {
			t.Fatal("the error is lost")
		}
		if n := count(t, s, "SELECT count(*) FROM sendings WHERE kind = 'outcome'"); n != 0 {
			t.Errorf("%d letters of a resolution that never was", n)
		}
		if err := tell(nil); err != nil {
			t.Fatal(err)
		}
		d, err := s.Dossier(ctx, f.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, x := range d.Sendings {
			if x.Kind == cases.SendingOutcome {
				got[x.To] += string(x.State) + " " + x.Language + " " + string(x.Disposition)
			}
		}
		want := map[string]string{"jane@example.org": "planned en insufficient", "bob@example.net": "planned es insufficient", "list@example.net": "suppressed en insufficient"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs j JOIN sendings s ON s.id = j.object_id WHERE j.kind = 'tell' AND s.kind = 'outcome'"); n != 2 {
			t.Errorf("%d jobs to tell", n)
		}
		if err := tell(nil); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("resolved and told twice: %v", err)
		}
	})
}
