package store

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// chatting is a message of conversation 17 that was written so long after noon;
// its number, if it has one, stands in its text.
func chatting(after time.Duration, text string) cases.Parsed {
	p := cases.Parsed{Thread: "3/17", Written: cases.Written{At: noon.Add(after)}, Category: cases.CategoryOther, Language: "en", Text: text, Parser: "test/1"}
	if at := strings.Index(text, "+1"); at >= 0 {
		n := text[at : at+12]
		p.Numbers = []cases.NumberMention{{E164: n, Role: cases.RoleCaller, Confidence: 0.9, Text: n, Start: at, End: at + len(n)}}
		p.Extracts = []cases.Extract{{Kind: cases.ExtractCategory, Value: "x", Text: n, Start: at, End: at + len(n)}}
	}
	return p
}

// chatFiling accepts a chat message that came at a time.
func chatFiling(t *testing.T, s *Store, came time.Time, p cases.Parsed) cases.Filing {
	t.Helper()
	a := delivery(cases.ChannelChat, rand.Text(), "body")
	a.Message.Source, a.Message.ReceivedAt = cases.ChatChatwoot, came
	m, _ := accept(t, s, a)
	return cases.Filing{Message: m, Parsed: p, AnswerIn: time.Minute}
}

func fileChat(t *testing.T, s *Store, came time.Time, p cases.Parsed) cases.Filed {
	t.Helper()
	f, err := fileOne(t.Context(), s, cases.Attempt{}, came, chatFiling(t, s, came, p))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// In whatever order its messages come, alone or together, a conversation is one
// report that reads as it was written, and all places in it point to their words.
func TestAChatReadsAsItWasWritten(t *testing.T) {
	written := []string{"Hello", "The number was +12025550143", "", "and then +12025550144 called", "Bye", "Bye, really, +12025550145"}
	want := "Hello\n\nThe number was +12025550143\n\nand then +12025550144 called\n\nBye\n\nBye, really, +12025550145"
	orders := [][]int{{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 5, 1, 4, 3}, {3, 5, 0, 4, 2, 1}}
	each(t, func(t *testing.T, s *Store) {
		for i, order := range orders {
			for _, together := range []bool{false, true} {
				name := fmt.Sprintf("order %d, together %v", i, together)
				var fs []cases.Filing
				for _, k := range order {
					p := chatting(time.Duration(k/2)*time.Minute, written[k]) // two of each minute
					p.Written.Seq, p.Thread = int64(k), fmt.Sprintf("3/%d%v", i, together)
					fs = append(fs, chatFiling(t, s, noon.Add(time.Hour), p))
				}
				var report int64
				for len(fs) > 0 {
					n := 1
					if together {
						n = len(fs)
					}
					filed, err := s.FileMessages(t.Context(), noon, fs[:n])
					if err != nil {
						t.Fatal(err)
					}
					fs, report = fs[n:], filed[0].ReportID
				}
				v, err := s.Report(t.Context(), report)
				if err != nil {
					t.Fatal(err)
				}
				if v.Text != want {
					t.Errorf("%s reads\n%s", name, v.Text)
				}
				for _, x := range v.Subjects {
					if v.Text[x.StartAt:x.EndAt] != x.E164 {
						t.Errorf("%s: the place of %s has %q", name, x.E164, v.Text[x.StartAt:x.EndAt])
					}
				}
				for _, x := range v.Details.Extracts {
					if v.Text[x.Start:x.End] != x.Text {
						t.Errorf("%s: the place of %s has %q", name, x.Text, v.Text[x.Start:x.End])
					}
				}
				if len(v.Subjects) != 3 || len(v.Details.Extracts) != 3 || len(v.Messages) != len(written) {
					t.Fatalf("%s: %d numbers, %d extracts, %d messages", name, len(v.Subjects), len(v.Details.Extracts), len(v.Messages))
				}
				for k, m := range v.Messages {
					if m.WrittenSeq != int64(k) || (m.TextAt < 0) != (written[k] == "") || m.TextAt >= 0 && !strings.HasPrefix(v.Text[m.TextAt:], written[k]) {
						t.Errorf("%s: message %d is number %d, at %d", name, k, m.WrittenSeq, m.TextAt)
					}
				}
			}
		}
	})
}

func TestAChatEndsInSilence(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		first := fileChat(t, s, noon, chatting(0, "They called from +12025550143"))
		if f := fileChat(t, s, noon.Add(48*time.Hour), chatting(cases.ChatQuiet, "again")); f.ReportID != first.ReportID {
			t.Errorf("what was written within a day, and came late, is report %d", f.ReportID)
		}
		later := 2*cases.ChatQuiet + time.Second
		next := fileChat(t, s, noon.Add(later), chatting(later, "Now it is +12025550199"))
		if !next.NewReport || next.CaseID == first.CaseID || !strings.Contains(next.Reason, first.CaseRef) || !strings.Contains(next.Reason, "ended") {
			t.Errorf("a day later: %+v", next)
		}
		if n := count(t, s, "SELECT count(*) FROM related_cases WHERE case_id = ? AND other_id = ?", first.CaseID, next.CaseID); n != 1 {
			t.Error("the two cases are not related")
		}
		if f := fileChat(t, s, noon.Add(later), chatting(later+time.Hour, "more")); f.ReportID != next.ReportID {
			t.Errorf("the conversation does not go on in the later report: %+v", f)
		}
		// A question that waits for its answer keeps it open.
		asking := cases.Sending{Kind: cases.SendingDetails, Channel: cases.ChannelChat, To: "chatwoot:3/17", MessageID: "chat.1", Turn: 1, State: cases.SendingPlanned}
		sayInChat(t, s, noon.Add(later+2*time.Hour), next.ReportID, asking)
		much := later + 100*time.Hour
		if f := fileChat(t, s, noon.Add(much), chatting(much, "It was at three")); f.ReportID != next.ReportID {
			t.Errorf("the answer became a report of its own: %+v", f)
		}
		exec(t, s, "UPDATE sendings SET state = 'refused'")
		if f := fileChat(t, s, noon.Add(2*much), chatting(2*much, "Hello?")); f.ReportID == next.ReportID {
			t.Error("a question that was refused keeps the conversation open")
		}
	})
}

// sayInChat records one letter in the chat of a report, as its turn.
func sayInChat(t *testing.T, s *Store, now time.Time, report int64, letter cases.Sending) cases.Chat {
	t.Helper()
	var seen cases.Chat
	err := s.TurnChat(t.Context(), cases.Attempt{}, now, report, func(c cases.Chat) cases.Turn {
		seen = c
		letter.CaseID, letter.ReportID = c.Case.ID, c.Report.ID
		return cases.Turn{Say: &letter}
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestTheTurnOfTheDesk(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := fileChat(t, s, noon, chatting(0, "They called from +12025550143"))
		fileChat(t, s, noon.Add(30*time.Second), chatting(30*time.Second, "and again"))
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'chat' AND object_id = ? AND coalesce_key <> '' AND state = 'pending'", f.ReportID); n != 2 {
			t.Errorf("%d looks", n)
		}
		at := run(t, s, cases.JobChat, f.ReportID)
		var seen cases.Chat
		wait := noon.Add(95 * time.Second)
		turn := func(at cases.Attempt, turn cases.Turn) error {
			return s.TurnChat(t.Context(), at, noon, f.ReportID, func(c cases.Chat) cases.Turn { seen = c; return turn })
		}
		exec(t, s, `INSERT INTO sendings (kind, case_id, report_id, recipient, to_digest, message_id, state, created_at)
			VALUES ('alert', ?, ?, '', '', 'ab.1@desk', 'planned', ?)`, f.CaseID, f.ReportID, noon)
		if err := turn(at, cases.Turn{Again: wait}); err != nil {
			t.Fatal(err)
		}
		if len(seen.Said) != 0 {
			t.Errorf("a letter to colleagues was said to the reporter: %+v", seen.Said)
		}
		exec(t, s, "DELETE FROM sendings")
		if !seen.LastHeard.Equal(noon.Add(30*time.Second)) || seen.Moved || seen.Case.Ref != f.CaseRef || len(seen.Subjects) != 1 || seen.Report.Thread != "chat:chatwoot:3/17" {
			t.Errorf("%+v", seen)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'chat' AND run_at = ?", wait); n != 1 {
			t.Errorf("%d looks after the wait", n)
		}
		if err := turn(at, cases.Turn{}); cases.KindOf(err) != cases.KindFenced {
			t.Errorf("an attempt that is over: %v", err)
		}
		asking := cases.Sending{Kind: cases.SendingDetails, Channel: cases.ChannelChat, To: "chatwoot:3/17", MessageID: "chat.1", Wants: []cases.Want{cases.WantTime}, Turn: 1, State: cases.SendingPlanned}
		sayInChat(t, s, noon.Add(time.Hour), f.ReportID, asking)
		v, err := s.Report(t.Context(), f.ReportID)
		if err != nil || len(v.Said) != 1 || !slices.Equal(v.Said[0].Wants, asking.Wants) || v.Said[0].Turn != 1 || v.Said[0].Channel != cases.ChannelChat {
			t.Fatalf("%+v, %v", v.Said, err)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'tell' AND object_id = ?", v.Said[0].ID); n != 1 {
			t.Errorf("%d jobs to tell", n)
		}
		asking.MessageID = "chat.2"
		err = s.TurnChat(t.Context(), cases.Attempt{}, noon, f.ReportID, func(cases.Chat) cases.Turn {
			asking.ReportID = f.ReportID
			return cases.Turn{Say: &asking}
		})
		if err == nil {
			t.Error("the same question was asked twice")
		}
		asked := func(came time.Time, thread string) []cases.Want {
			t.Helper()
			wants, err := s.AskedInChat(t.Context(), cases.Message{Channel: cases.ChannelChat, Source: cases.ChatChatwoot, ReceivedAt: came}, thread)
			if err != nil {
				t.Fatal(err)
			}
			return wants
		}
		if w := asked(noon.Add(2*time.Hour), "3/17"); w != nil {
			t.Errorf("nobody has been shown %v yet", w)
		}
		shown := func(at time.Time, message string) {
			t.Helper()
			exec(t, s, "UPDATE sendings SET state = 'sent', attempted_at = ?, settled_at = ? WHERE message_id = ?", at, at, message)
		}
		shown(noon.Add(time.Hour), "chat.1")
		if w := asked(noon.Add(2*time.Hour), "3/17"); !slices.Equal(w, asking.Wants) {
			t.Errorf("asked %v", w)
		}
		if w := slices.Concat(asked(noon, "3/17"), asked(noon.Add(2*time.Hour), "3/18")); w != nil {
			t.Errorf("asked before, or elsewhere: %v", w)
		}
		by := cases.Sending{Kind: cases.SendingQuestion, Channel: cases.ChannelChat, To: "chatwoot:3/17", MessageID: "chat.3", Text: "Who?", State: cases.SendingPlanned}
		sayInChat(t, s, noon.Add(3*time.Hour), f.ReportID, by)
		shown(noon.Add(3*time.Hour), "chat.3")
		if w := asked(noon.Add(4*time.Hour), "3/17"); w != nil {
			t.Errorf("after a person's question: %v", w)
		}
	})
}

// A person's question about an earlier report of a conversation is answered there.
func TestAQuestionLeadsItsChat(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		first := fileChat(t, s, noon, chatting(0, "They called from +12025550143"))
		later := cases.ChatQuiet + time.Hour
		second := fileChat(t, s, noon.Add(later), chatting(later, "Now +12025550199"))
		if c := sayInChat(t, s, noon.Add(later), first.ReportID, cases.Sending{Kind: cases.SendingQuestion, Channel: cases.ChannelChat, To: "chatwoot:3/17", MessageID: "chat.1", Text: "When?", State: cases.SendingPlanned}); !c.Moved {
			t.Error("the first report is not known to have been followed by another")
		}
		if f := fileChat(t, s, noon.Add(later+time.Minute), chatting(later+time.Minute, "at noon")); f.ReportID != first.ReportID {
			t.Errorf("the answer went to %d, not %d (%d)", f.ReportID, first.ReportID, second.ReportID)
		}
	})
}

func TestReportersInChatsCanBeToldThere(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		f := fileChat(t, s, noon, chatting(0, "They called from +12025550143"))
		whoever := func() (to []cases.Addressee) {
			t.Helper()
			_, err := s.TellCase(t.Context(), noon, f.CaseID, 0, func(_ *cases.Case, as []cases.Addressee) ([]cases.Sending, error) {
				to = as
				return nil, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return to
		}
		want := []cases.Addressee{{ReportID: f.ReportID, Channel: cases.ChannelChat, ReceivedAt: noon, Language: "en", Chat: "chatwoot:3/17"}}
		if diff := cmp.Diff(want, whoever()); diff != "" {
			t.Error(diff)
		}
		// Who writes is learned with a later message.
		p := chatting(time.Minute, "It is me")
		p.Reporter = cases.Contact{Name: "Ada", Email: "ada@example.org"}
		fileChat(t, s, noon, p)
		to := whoever()
		if len(to) != 1 || to[0].ReporterID == 0 || to[0].Email != "ada@example.org" || to[0].Chat != "chatwoot:3/17" {
			t.Errorf("%+v", to)
		}
	})
}
