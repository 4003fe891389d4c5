package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// planned files a report with an acknowledgement and returns its sending.
func planned(t *testing.T, s *Store) int64 {
	t.Helper()
	fileAt(t, s, noon, about("+12025550143", "", ""), acknowledgement("ann", "ab.1@desk"))
	var id int64
	if err := s.db.Raw("SELECT max(id) FROM sendings").Scan(&id).Error; err != nil {
		t.Fatal(err)
	}
	return id
}

func sendingState(t *testing.T, s *Store, id int64) cases.SendingState {
	t.Helper()
	x, err := s.Sending(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return x.State
}

func TestASendingIsAttemptedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		id := planned(t, s)
		at := run(t, s, cases.JobTell, id)
		if began, err := s.BeginSending(ctx, at, noon, id); !began || err != nil {
			t.Fatal(began, err)
		}
		if st := sendingState(t, s, id); st != cases.SendingAttempting {
			t.Errorf("state %s", st)
		}
		// The process dies here. Another attempt does not repeat it.
		late := noon.Add(2 * cases.AttemptLease)
		_, two, err := claimOne(ctx, s, late, at.JobID)
		if err != nil {
			t.Fatal(err)
		}
		if began, err := s.BeginSending(ctx, two, late, id); began || err != nil {
			t.Errorf("began again: %v, %v", began, err)
		}
		if st := sendingState(t, s, id); st != cases.SendingUnknown {
			t.Errorf("state %s", st)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE id = ? AND state = 'done'", at.JobID); n != 1 {
			t.Error("the job of a sending that nobody may repeat goes on")
		}
		// The first was only slow. Its word comes too late.
		if err := s.SettleSending(ctx, at, late, id, cases.SendingSent, "250 ok"); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("the old attempt: %v", err)
		}
		if err := s.SettleSending(ctx, cases.Attempt{}, late, id, cases.SendingPlanned, "no connection"); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("the old attempt puts it back: %v", err)
		}
		// A person looks, and says.
		if err := s.DecideSending(ctx, staff("aud", cases.RoleAuditor), late, id, cases.SendingSent, "in the log"); !errors.Is(err, cases.ErrForbidden) {
			t.Errorf("an auditor: %v", err)
		}
		if err := s.DecideSending(ctx, ann, late, id, cases.SendingUnknown, "?"); !errors.Is(err, cases.ErrInvalid) {
			t.Errorf("still unknown: %v", err)
		}
		if err := s.DecideSending(ctx, ann, late, id, cases.SendingPlanned, "not in the mail server's log"); err != nil {
			t.Fatal(err)
		}
		three := run(t, s, cases.JobTell, id)
		if began, err := s.BeginSending(ctx, three, late, id); !began || err != nil {
			t.Fatal(began, err)
		}
		if err := s.SettleSending(ctx, three, late, id, cases.SendingSent, "250 ok"); err != nil {
			t.Fatal(err)
		}
		x, _ := s.Sending(ctx, id)
		if x.State != cases.SendingSent || x.Note != "250 ok" || x.SettledAt == nil || x.AttemptedAt == nil {
			t.Errorf("%+v", x)
		}
		if err := s.DecideSending(ctx, ann, late, id, cases.SendingPlanned, "again"); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("what was sent is sent again: %v", err)
		}
		for _, command := range []string{"sending.unknown", "sending.resolve", "sending.sent"} {
			if n := count(t, s, "SELECT count(*) FROM events WHERE command = ? AND object_kind = 'sending'", command); n != 1 {
				t.Errorf("%d events %s", n, command)
			}
		}
	})
}

func TestASendingThatCertainlyDidNotGoOutIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		id := planned(t, s)
		at := run(t, s, cases.JobTell, id)
		if _, err := s.BeginSending(ctx, at, noon, id); err != nil {
			t.Fatal(err)
		}
		if err := s.SettleSending(ctx, at, noon, id, cases.SendingPlanned, "connection refused"); err != nil {
			t.Fatal(err)
		}
		if err := s.FailJob(ctx, at, noon, "connection refused", noon.Add(time.Minute), false); err != nil {
			t.Errorf("its job was completed: %v", err)
		}
		_, two, err := claimOne(ctx, s, noon, at.JobID)
		if err != nil {
			t.Fatal(err)
		}
		if began, err := s.BeginSending(ctx, two, noon, id); !began || err != nil {
			t.Error(began, err)
		}
	})
}

func TestManyBeginOneSendingOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		id := planned(t, s)
		var began atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				ok, err := s.BeginSending(t.Context(), cases.Attempt{}, noon, id)
				if err != nil {
					t.Error(err)
				}
				if ok {
					began.Add(1)
				}
			})
		}
		wg.Wait()
		if n := began.Load(); n != 1 {
			t.Errorf("%d began", n)
		}
	})
}

// Two replicas reach for one sending in the same instant.
func TestBeginWaitsForAnotherBegin(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // one writer at a time
		}
		id := planned(t, s)
		tx := s.db.Begin()
		defer tx.Rollback()
		x, err := s.lockSending(tx, id)
		if err != nil || !x.Begin(noon) {
			t.Fatal(err)
		}
		if err := saveSending(tx, x); err != nil {
			t.Fatal(err)
		}
		var began bool
		done := make(chan error, 1)
		go func() {
			var err error
			began, err = s.BeginSending(t.Context(), cases.Attempt{}, noon, id)
			done <- err
		}()
		over, err := blockedOrDone(t, s, done)
		if e := tx.Commit().Error; e != nil {
			t.Fatal(e)
		}
		if !over {
			err = <-done
		}
		if began || err != nil || sendingState(t, s, id) != cases.SendingUnknown {
			t.Errorf("began twice: %v, %v, %s", began, err, sendingState(t, s, id))
		}
	})
}

func TestListSendings(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		for i := range 5 {
			fileAt(t, s, noon, about("+12025550143", "", ""), acknowledgement(fmt.Sprint(i), fmt.Sprint("ab.", i)))
		}
		exec(t, s, "UPDATE sendings SET state = 'unknown' WHERE id = (SELECT min(id) FROM sendings)")
		p, err := s.Sendings(t.Context(), "", "", 3)
		if err != nil || len(p.Items) != 3 || p.Next == "" || p.Items[0].MessageID != "ab.4" {
			t.Fatalf("%+v, %v", p, err)
		}
		if p, err = s.Sendings(t.Context(), "", p.Next, 3); err != nil || len(p.Items) != 2 || p.Next != "" {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err = s.Sendings(t.Context(), cases.SendingUnknown, "", 3); err != nil || len(p.Items) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err = s.Sending(t.Context(), 99); !errors.Is(err, cases.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestOperations(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		file(t, s, about("+12025550143", "", ""))
		broken := delivery(cases.ChannelEmail, "broken", "x")
		broken.Message.State = cases.MessageQuarantined
		accept(t, s, broken)
		exec(t, s, "UPDATE jobs SET state = 'dead' WHERE kind = 'enrich'")
		exec(t, s, "UPDATE jobs SET state = 'running', lease_until = ? WHERE kind = 'assess'", noon.Add(time.Minute))
		if err := s.MailboxFailed(ctx, noon, "abuse", "refused"); err != nil {
			t.Fatal(err)
		}
		l := sealer(t, s)
		sealAll(t, s, l, 10)
		happened(t, s, 2)
		o, err := s.Operations(ctx, noon)
		if err != nil {
			t.Fatal(err)
		}
		if o.Pending != 1 || o.Running != 1 || len(o.Dead) != 1 || len(o.Quarantined) != 1 || o.Quarantined[0].Evidence != nil || len(o.Mailboxes) != 1 || len(o.Leases) != 1 ||
			o.Sealed != 2 || o.UnsealedTail != 2 || o.OldestTail == nil || !o.OldestTail.Equal(noon) || o.Checkpoint != nil {
			t.Errorf("%+v", o)
		}
		// Who held it is gone, so it is no work in progress: it waits.
		if o, err = s.Operations(ctx, noon.Add(time.Hour)); err != nil || o.Pending != 2 || o.Running != 0 {
			t.Errorf("%d waiting, %d running, %v", o.Pending, o.Running, err)
		}
	})
}
