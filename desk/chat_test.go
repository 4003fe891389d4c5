package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// chatter is a conversation with a Chatwoot that the desk can answer in.
type chatter struct {
	*world
	peer *testenv.ChatPeer
	said *postman // what the desk wrote there
}

func newChatter(w *world) *chatter {
	c := &chatter{world: w, peer: testenv.Chatwoot(w.t), said: &postman{}}
	w.desk.Chats = map[string]Chat{cases.ChatChatwoot: c.said}
	return c
}

// writes brings a message that the contact writes now, works, and returns the
// report that it became part of.
func (c *chatter) writes(text string) cases.ReportView {
	c.t.Helper()
	raw, err := json.Marshal(c.peer.Say(17, text, c.clock(), nil).Body)
	c.must(err)
	r := c.accept(cases.Delivery{Channel: cases.ChannelChat, Source: cases.ChatChatwoot, DedupKey: text, Body: bytes.NewReader(raw), Size: int64(len(raw)), Meta: cases.Meta{ContentType: "application/json"}})
	c.work()
	v, err := c.store.ReportByToken(c.t.Context(), r.Token)
	c.must(err)
	return v
}

// silent lets time pass and returns what the desk then writes in the chat.
func (c *chatter) silent(d time.Duration) []cases.Letter {
	c.t.Helper()
	c.said.letters = nil
	c.pass(d)
	c.work()
	return c.said.letters
}

func TestADeskAsksInAChatAndUnderstands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := newChatter(w)
		v := c.writes("Hi, somebody called and said he was from Amazon.")
		if got := c.silent(cases.ChatSilence / 2); len(got) != 0 {
			t.Errorf("it speaks while the other still writes: %+v", got)
		}
		c.writes("He wanted gift cards.")
		if got := c.silent(cases.ChatSilence / 2); len(got) != 0 {
			t.Errorf("it speaks while the other still writes: %+v", got)
		}
		got := c.silent(cases.ChatSilence)
		if len(got) != 1 || got[0].Sending.Kind != cases.SendingDetails || !slices.Equal(got[0].Sending.Wants, []cases.Want{cases.WantCaller, cases.WantTime}) || got[0].Sending.To != "chatwoot:3/17" || got[0].Report.ID != v.ID {
			t.Fatalf("it says %+v", got)
		}
		if got := c.silent(time.Hour); len(got) != 0 {
			t.Errorf("unanswered, it goes on: %+v", got)
		}
		v = c.writes("+1 202 555 0143")
		if len(v.Subjects) != 1 || v.Subjects[0].Role != cases.RoleCaller || v.Subjects[0].Confidence != 0.9 {
			t.Errorf("a bare number is %+v", v.Subjects)
		}
		if got := c.silent(cases.ChatSilence); len(got) != 1 || !slices.Equal(got[0].Sending.Wants, []cases.Want{cases.WantTime}) || got[0].Sending.Turn != 2 {
			t.Fatalf("for what is left it says %+v", got)
		}
		v = c.writes("yesterday around 3")
		if when := v.OccurredAt(); !when.Known() || len(v.Messages) != 4 {
			t.Errorf("a bare time is %+v, in %d messages", when, len(v.Messages))
		}
		if got := c.silent(time.Hour); len(got) != 0 {
			t.Errorf("with everything known it says %+v", got)
		}

		_, err := w.desk.Ask(t.Context(), ann, v.CaseRef, 0, "Was it a recording?")
		w.must(err)
		if got := c.silent(0); len(got) != 1 || got[0].Sending.Kind != cases.SendingQuestion || got[0].Sending.Text != "Was it a recording?" {
			t.Errorf("a person's question: %+v", got)
		}
		if after := c.writes("No, a man."); after.ID != v.ID || w.dossier(v.CaseRef).Case.State != cases.StateOpen {
			t.Errorf("answered, the case is %s", w.dossier(v.CaseRef).Case.State)
		}
		_, err = w.desk.Resolve(t.Context(), ann, v.CaseRef, Judgement{Disposition: cases.DispositionInsufficient, Reason: "nothing to go by"})
		w.must(err)
		if got := c.silent(time.Hour); len(got) != 1 || got[0].Sending.Kind != cases.SendingOutcome {
			t.Errorf("the outcome: %+v", got)
		}
		if len(w.mail.letters) != 0 {
			t.Errorf("%d letters went by mail as well", len(w.mail.letters))
		}
	})
}

// What tells everything is answered once, with where to look.
func TestADeskAcknowledgesInAChat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := newChatter(w)
		c.writes("They called me from 202-555-0143 yesterday at 3 pm, a robocall about my car's warranty.")
		if got := c.silent(cases.ChatSilence); len(got) != 1 || got[0].Sending.Kind != cases.SendingAcknowledgement || len(w.mail.letters) != 0 {
			t.Errorf("it says %+v", got)
		}
		c.writes("Thank you")
		if got := c.silent(time.Hour); len(got) != 0 {
			t.Errorf("thanked, it says %+v", got)
		}
	})
}

func TestWhoDoesNotKnowIsNotAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := newChatter(w)
		c.writes("A robocall woke me up.")
		c.silent(cases.ChatSilence)
		if v := c.writes("no idea, sorry"); len(v.Details.Unknown) != 2 {
			t.Errorf("unknown: %v", v.Details.Unknown)
		}
		if got := c.silent(time.Hour); len(got) != 0 {
			t.Errorf("it says %+v", got)
		}
	})
}

// Where nothing can be said in a chat, its reporter is written to by mail.
func TestAChatWithoutAWayBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := newChatter(w)
		w.desk.Chats = nil
		v := c.writes("A robocall woke me up.")
		if got := c.silent(time.Hour); len(got) != 0 || len(w.mail.letters) != 1 || w.mail.letters[0].Sending.To != "ada@example.org" {
			t.Errorf("in the chat %+v, by mail %+v", got, w.mail.letters)
		}
		w.desk.Mailer = nil
		_, err := w.desk.Ask(t.Context(), ann, v.CaseRef, 0, "When?")
		w.refused(err, cases.ErrConflict, "no mail server is configured")
		// With a chat alone nobody needs mail; and what was planned for a chat that
		// is no longer configured says so.
		w.desk.Chats = map[string]Chat{cases.ChatChatwoot: c.said}
		_, err = w.desk.Ask(t.Context(), ann, v.CaseRef, 0, "When?")
		w.must(err)
		w.desk.Chats = nil
		c.silent(0)
		for _, s := range w.dossier(v.CaseRef).Sendings {
			if s.Kind == cases.SendingQuestion && (s.State != cases.SendingSuppressed || s.Note != "nothing is configured to answer in chats of chatwoot") {
				t.Errorf("%s: %s", s.State, s.Note)
			}
		}
	})
}

// A chat that asks for patience is given it.
func TestTellWaitsAsLongAsItIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := newChatter(w)
		c.writes("A robocall woke me up.")
		c.pass(cases.ChatSilence)
		look := c.only(cases.JobChat)
		w.must(w.desk.TurnChat(t.Context(), look.at, look.ObjectID))
		tell := c.only(cases.JobTell)
		c.said.answer = func(context.Context) (cases.Outcome, error) {
			return cases.Outcome{Retry: true, After: 7 * time.Second, Note: "429"}, nil
		}
		err := w.desk.Tell(t.Context(), tell.at, tell.ObjectID)
		w.refused(err, cases.ErrUnavailable, "429")
		if after := cases.AfterOf(err); after != 7*time.Second || w.sending(tell.ObjectID).State != cases.SendingPlanned {
			t.Errorf("after %s, %s", after, w.sending(tell.ObjectID).State)
		}
	})
}
