package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// say files one chat message of a conversation.
func say(t *testing.T, s *Store, thread string, p cases.Parsed) cases.Filed {
	t.Helper()
	m, _ := accept(t, s, delivery(cases.ChannelChat, rand.Text(), "x"))
	p.Thread = thread
	f, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAConversationIsOneReport(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := about("", "", "+12125550100")
		p.Category, p.Pretext, p.Text = cases.CategoryOther, "", "Hello"
		first := say(t, s, "c1", p)
		elsewhere := file(t, s, about("+13105550111", "", ""))
		p = about("+12025550143", "", "+12125550100")
		p.Text = "It was +12025550143"
		p.Numbers[0].Start, p.Numbers[0].End = 7, 19
		p.Account, p.Occurrences, p.Identity = "acme", 3, "eyJ"
		p.OccurredAt = cases.TimeRange{Earliest: noon.Add(-time.Hour), Latest: noon}
		second := say(t, s, "c1", p)
		if second.NewReport || second.NewCase || second.ReportID != first.ReportID || second.CaseID != first.CaseID || second.Token != first.Token {
			t.Errorf("the second message: %+v", second)
		}
		r, err := s.Report(ctx, first.ReportID)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Messages) != 2 || len(r.Subjects) != 2 || r.Category != cases.CategoryRobocall || r.Pretext != "car warranty" || r.Account != "acme" ||
			r.Occurrences != 3 || r.Identity != "eyJ" || r.OccurredAt() != p.OccurredAt {
			t.Errorf("%+v", r)
		}
		if sub := r.Subjects[1]; r.Text[sub.StartAt:sub.EndAt] != "+12025550143" {
			t.Errorf("the number is not where it was said: %+v in %q", sub, r.Text)
		}
		// The number that was named later is a key of the case now …
		if j := file(t, s, about("+12025550143", "", "")); j.CaseID != first.CaseID {
			t.Errorf("joined %+v", j)
		}
		// … what is known is not overwritten, and another case's number relates the two.
		p = about("+13105550111", "", "")
		p.Category, p.Account, p.OccurredAt = cases.CategoryScam, "other", cases.TimeRange{Earliest: noon, Latest: noon}
		say(t, s, "c1", p)
		if r, _ = s.Report(ctx, first.ReportID); r.Category != cases.CategoryRobocall || r.Account != "acme" || !r.Earliest.Equal(noon.Add(-time.Hour)) {
			t.Errorf("overwritten: %+v", r)
		}
		if n := count(t, s, "SELECT count(*) FROM related_cases WHERE case_id = ? AND other_id = ?", first.CaseID, elsewhere.CaseID); n != 1 {
			t.Error("the other holder is not related")
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM jobs WHERE kind = 'enrich' AND object_id = ?":            3,
			"SELECT count(*) FROM jobs WHERE kind = 'assess' AND object_id = ?":            4,
			"SELECT count(*) FROM events WHERE command = 'report.message' AND case_id = ?": 2,
		} {
			id := first.CaseID
			if strings.Contains(query, "enrich") {
				id = first.ReportID
			}
			if n := count(t, s, query, id); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
	})
}

func TestThreadsDoNotMix(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		one := say(t, s, "7", about("+12025550101", "", ""))
		a := delivery(cases.ChannelChat, "k", "x")
		a.Message.Source = "another hook"
		m, _ := accept(t, s, a)
		p := about("+12025550102", "", "")
		p.Thread = "7"
		two, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p})
		if err != nil || !two.NewReport || two.ReportID == one.ReportID {
			t.Errorf("conversation 7 of two hooks: %+v, %v", two, err)
		}
		// Empty ids glue nothing together.
		for range 3 {
			p := about("", "", "")
			p.Mail = cases.MailHeaders{InReplyTo: []string{""}, References: []string{"", " ", "<>"}}
			if f := file(t, s, p); !f.NewReport {
				t.Errorf("a mail that answers nothing joined report %d", f.ReportID)
			}
		}
	})
}

func TestAConversationThatBeginsTwiceIsOneReport(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		var wg sync.WaitGroup
		for i := range 12 {
			m, _ := accept(t, s, delivery(cases.ChannelChat, fmt.Sprint(i), "x"))
			wg.Go(func() {
				p := about(fmt.Sprintf("+1202555%04d", i), "", "")
				p.Thread = "busy"
				if _, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: p}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "SELECT count(*) FROM reports"); n != 1 {
			t.Errorf("%d reports", n)
		}
		if n := count(t, s, "SELECT count(*) FROM subjects"); n != 12 {
			t.Errorf("%d subjects", n)
		}
		if n := count(t, s, "SELECT count(*) FROM case_keys WHERE live AND case_id = (SELECT id FROM cases)"); n != 12 {
			t.Errorf("%d keys", n)
		}
	})
}

func acknowledgement(digest, id string) *cases.Sending {
	return &cases.Sending{Kind: cases.SendingAcknowledgement, To: "ann@example.org", ToDigest: digest, MessageID: id, Language: "en", State: cases.SendingPlanned}
}

func TestAcknowledgeAndReply(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		f := fileAt(t, s, noon, about("+12025550143", "", ""), acknowledgement("ann", "ab.1@desk.example"))
		var id int64
		s.db.Raw("SELECT id FROM sendings").Scan(&id)
		x, err := s.Sending(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		want := cases.Sending{ID: id, Kind: cases.SendingAcknowledgement, CaseID: f.CaseID, ReportID: f.ReportID, Channel: cases.ChannelEmail, To: "ann@example.org", ToDigest: "ann",
			MessageID: "ab.1@desk.example", Language: "en", State: cases.SendingPlanned, CreatedAt: noon}
		if diff := cmp.Diff(want, x); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell' AND object_id = ?", id); n != 1 {
			t.Errorf("%d jobs to tell", n)
		}
		for _, key := range []string{"mail:ab.1@desk.example", "mail:<ab.1@desk.example>"} {
			if got, err := s.ReportByThread(ctx, []string{"mail:", key}); err != nil || got != f.ReportID {
				t.Errorf("%s: report %d, %v", key, got, err)
			}
		}
		if _, err := s.ReportByThread(ctx, []string{"", "mail:", "mail:x"}); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("unknown keys: %v", err)
		}
		// The reply, from another client, joins; it is not acknowledged again.
		p := about("", "+12025550199", "")
		p.Mail = cases.MailHeaders{MessageID: "<r@example.org>", References: []string{"<unknown@x>", "<ab.1@desk.example>"}, InReplyTo: []string{"<r0@example.org>"}}
		reply := fileAt(t, s, noon, p, acknowledgement("ann", "ab.2@desk.example"))
		if reply.NewReport || reply.ReportID != f.ReportID {
			t.Errorf("the reply: %+v", reply)
		}
		if n := count(t, s, "SELECT count(*) FROM sendings"); n != 1 {
			t.Errorf("%d sendings", n)
		}
	})
}

func TestAcknowledgeOncePerSenderAndHour(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ack := func(now time.Time, digest, id string) {
			t.Helper()
			fileAt(t, s, now, about("+12025550143", "", ""), acknowledgement(digest, id))
		}
		ack(noon, "ann", "1")
		ack(noon.Add(59*time.Minute), "ann", "2")
		ack(noon.Add(time.Minute), "bob", "3")
		ack(noon.Add(time.Hour), "ann", "4") // an hour after the last that was sent
		refused := acknowledgement("cy", "5")
		refused.State, refused.Note = cases.SendingSuppressed, "a list"
		fileAt(t, s, noon, about("+12025550143", "", ""), refused)
		ack(noon, "cy", "6") // what was suppressed does not count
		p, err := s.Sendings(t.Context(), "", "", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]cases.SendingState{}
		for _, x := range p.Items {
			got[x.MessageID] = x.State
			if x.State == cases.SendingSuppressed && x.Note == "" {
				t.Errorf("%s was suppressed without a word", x.MessageID)
			}
		}
		want := map[string]cases.SendingState{"1": cases.SendingPlanned, "2": cases.SendingSuppressed, "3": cases.SendingPlanned,
			"4": cases.SendingPlanned, "5": cases.SendingSuppressed, "6": cases.SendingPlanned}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell'"); n != 4 {
			t.Errorf("%d jobs to tell", n)
		}
		// Many at once, on any replicas, are answered once.
		var wg sync.WaitGroup
		for i := range 8 {
			m, _ := accept(t, s, delivery(cases.ChannelEmail, fmt.Sprint(i), "x"))
			wg.Go(func() {
				_, err := fileOne(t.Context(), s, cases.Attempt{}, noon, cases.Filing{Message: m, Parsed: about(fmt.Sprintf("+1202555%04d", i), "", ""),
					Acknowledgement: acknowledgement("dee", fmt.Sprint("dee", i))})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "SELECT count(*) FROM sendings WHERE to_digest = 'dee' AND state = 'planned'"); n != 1 {
			t.Errorf("%d of 8 are answered", n)
		}
	})
}
