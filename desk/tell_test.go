package desk

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// planned files a mail and returns the job of its acknowledgement.
func (w *world) planned() begun { return w.plannedFrom("From: Jane Doe <jane@example.org>") }

func (w *world) plannedFrom(from string) begun {
	w.t.Helper()
	w.accept(mail(from))
	j := w.only(cases.JobFile)
	_, err := w.file(w.t.Context(), j.at, j.ObjectID, 0)
	w.must(err)
	return w.only(cases.JobTell)
}

func TestTellKeepsTheOutcome(t *testing.T) {
	tests := []struct {
		name    string
		outcome cases.Outcome
		err     error
		want    cases.SendingState
		note    string
	}{
		{"taken", cases.Outcome{Taken: true, Note: "queued"}, nil, cases.SendingSent, "queued"},
		{"refused", cases.Outcome{Refused: true, Note: "550 no such user"}, nil, cases.SendingRefused, "550 no such user"},
		{"broken off", cases.Outcome{}, errors.New("the answer did not come"), cases.SendingUnknown, "the answer did not come"},
		{"neither taken nor refused", cases.Outcome{Note: "252 perhaps"}, nil, cases.SendingUnknown, "252 perhaps"},
	}
	each(t, func(t *testing.T, w *world) {
		for i, tt := range tests {
			w.mail.letters = nil
			j := w.plannedFrom(fmt.Sprintf("From: jane%d@example.org", i))
			ctx, cancel := context.WithCancel(t.Context())
			w.mail.answer = func(context.Context) (cases.Outcome, error) {
				if s := w.sending(j.ObjectID); s.State != cases.SendingAttempting || s.AttemptedAt == nil {
					t.Errorf("%s: %s when the first byte goes out", tt.name, s.State)
				}
				cancel() // our time runs out while the server answers
				return tt.outcome, tt.err
			}
			w.must(w.desk.Tell(ctx, j.at, j.ObjectID))
			s := w.sending(j.ObjectID)
			if s.State != tt.want || s.Note != tt.note || s.SettledAt == nil {
				t.Errorf("%s: %s, %q, settled %v; want %s, %q", tt.name, s.State, s.Note, s.SettledAt, tt.want, tt.note)
			}
			// Delivered twice by the queue, and by somebody who has no job at all.
			w.refused(w.desk.Tell(t.Context(), j.at, j.ObjectID), cases.ErrFenced, "")
			w.must(w.desk.Tell(t.Context(), cases.Attempt{}, j.ObjectID))
			if after := w.sending(j.ObjectID); len(w.mail.letters) != 1 || after.State != s.State {
				t.Errorf("%s: %d letters went out, the sending is %s", tt.name, len(w.mail.letters), after.State)
			}
		}
	})
}

func TestTellTriesAgainWhatWasCertainlyNotTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, j := t.Context(), w.planned()
		w.mail.answer = func(context.Context) (cases.Outcome, error) {
			return cases.Outcome{Retry: true, Note: "connection refused"}, nil
		}
		w.refused(w.desk.Tell(ctx, j.at, j.ObjectID), cases.ErrUnavailable, "connection refused")
		if s := w.sending(j.ObjectID); s.State != cases.SendingPlanned || s.AttemptedAt != nil {
			t.Errorf("%s, attempted %v", s.State, s.AttemptedAt)
		}
		w.must(w.store.FailJob(ctx, j.at, w.clock(), "connection refused", w.clock(), false))
		w.mail.answer = nil
		w.work()
		if s := w.sending(j.ObjectID); s.State != cases.SendingSent || len(w.mail.letters) != 2 {
			t.Errorf("%s after %d letters", s.State, len(w.mail.letters))
		}
		if a, b := w.mail.letters[0].Sending.MessageID, w.mail.letters[1].Sending.MessageID; a != b {
			t.Errorf("the same letter as %q and %q", a, b)
		}
	})
}

// A crash between the attempt and its outcome leaves nobody who knows.
func TestTellNeverRepeatsWhatMayHaveBeenHeard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, j := t.Context(), w.planned()
		began, err := w.store.BeginSending(ctx, j.at, w.clock(), j.ObjectID)
		if !began || err != nil {
			t.Fatal(began, err)
		}
		w.lapse()
		w.work()
		if s := w.sending(j.ObjectID); s.State != cases.SendingUnknown || len(w.mail.letters) != 0 {
			t.Fatalf("%s after %d letters", s.State, len(w.mail.letters))
		}
		w.refused(w.desk.DecideSending(ctx, dave, j.ObjectID, cases.SendingSent, "in the log"), cases.ErrForbidden, "auditor")
		w.must(w.desk.DecideSending(ctx, ann, j.ObjectID, cases.SendingPlanned, "not in the mail server's log"))
		w.work()
		if s := w.sending(j.ObjectID); s.State != cases.SendingSent || len(w.mail.letters) != 1 {
			t.Errorf("%s after %d letters", s.State, len(w.mail.letters))
		}
	})
}

// lapse lets the lease of every attempt run out, and sweeps.
func (w *world) lapse() {
	w.t.Helper()
	w.pass(cases.AttemptLease + time.Second)
	_, err := w.store.SweepJobs(w.t.Context(), w.clock(), time.Minute)
	w.must(err)
}

// One that was slow must not put back what another is sending by then.
func TestTellOfASlowAttemptDisturbsNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, j := t.Context(), w.planned()
		var second begun
		w.mail.answer = func(context.Context) (cases.Outcome, error) {
			w.mail.answer = nil
			// Meanwhile it is taken for dead, a person has it tried again, and
			// somebody has begun to.
			w.lapse()
			w.must(w.desk.Tell(ctx, w.only(cases.JobTell).at, j.ObjectID))
			w.must(w.desk.DecideSending(ctx, ann, j.ObjectID, cases.SendingPlanned, "not in the log"))
			second = w.only(cases.JobTell)
			if began, err := w.store.BeginSending(ctx, second.at, w.clock(), j.ObjectID); !began || err != nil {
				t.Fatal(began, err)
			}
			return cases.Outcome{Retry: true, Note: "421 try again"}, nil
		}
		w.refused(w.desk.Tell(ctx, j.at, j.ObjectID), cases.ErrFenced, "")
		if s := w.sending(j.ObjectID); s.State != cases.SendingAttempting {
			t.Errorf("the sending that somebody is at is %s", s.State)
		}
		w.must(w.store.SettleSending(ctx, second.at, w.clock(), j.ObjectID, cases.SendingSent, "250 ok"))
	})
}

func TestTellWithoutAMailServer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, j := t.Context(), w.planned()
		w.desk.Mailer = nil
		w.must(w.desk.Tell(ctx, j.at, j.ObjectID))
		if s := w.sending(j.ObjectID); s.State != cases.SendingSuppressed || s.Note != "no mail server is configured" {
			t.Errorf("planned: %s, %q", s.State, s.Note)
		}
		// One that was begun while there was one is still nobody's to guess.
		w.desk.Mailer = w.mail
		begun := w.plannedFrom("From: kim@example.org")
		_, err := w.store.BeginSending(ctx, begun.at, w.clock(), begun.ObjectID)
		w.must(err)
		w.desk.Mailer = nil
		w.lapse()
		w.work()
		if s := w.sending(begun.ObjectID); s.State != cases.SendingUnknown {
			t.Errorf("begun: %s", s.State)
		}
	})
}
