package store

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestAcceptKeepsAMessageWithItsJob(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := delivery(cases.ChannelWeb, "k", "hello")
		a.Message.Meta = cases.Meta{ContentType: "application/json", Headers: map[string]string{"X": "a\x00b"}}
		m, r := accept(t, s, a)
		if r.Duplicate || r.Token != a.Message.Token || r.Attempt != (cases.Attempt{}) {
			t.Errorf("receipt %+v", r)
		}
		want := a.Message
		want.ID, want.TextAt, want.Meta.Headers = r.MessageID, -1, map[string]string{"X": "a\ufffdb"}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Error(diff)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'file' AND object_id = ? AND state = 'pending'", m.ID); n != 1 {
			t.Errorf("%d filing jobs", n)
		}
		byToken, err := s.MessageByToken(t.Context(), m.Token)
		if err != nil || byToken.ID != m.ID {
			t.Errorf("by token: %d, %v", byToken.ID, err)
		}
		if _, err := s.MessageByToken(t.Context(), "no\x00such"); !errors.Is(err, cases.ErrNotFound) {
			t.Errorf("unknown token: %v", err)
		}
	})
}

func TestAcceptRecognisesARedelivery(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		_, first := accept(t, s, delivery(cases.ChannelAPI, "key", "one"))
		same, other, elsewhere := delivery(cases.ChannelAPI, "key", "one"), delivery(cases.ChannelAPI, "key", "two"), delivery(cases.ChannelChat, "key", "one")
		same.FileNow, other.FileNow = true, true
		twice := delivery(cases.ChannelAPI, "fresh", "three")
		again := twice
		again.Message.Token += "-again"
		rs, err := s.Accept(t.Context(), noon, []cases.Acceptance{same, other, elsewhere, twice, again})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct{ duplicate, other bool }{{true, false}, {true, true}, {false, false}, {false, false}, {true, false}} {
			if rs[i].Duplicate != want.duplicate || rs[i].Other != want.other {
				t.Errorf("%d: duplicate %v, other %v, want %v", i, rs[i].Duplicate, rs[i].Other, want)
			}
			if rs[i].Attempt != (cases.Attempt{}) {
				t.Errorf("%d: a delivery that was not asked to be filed at once, or was there, got an attempt", i)
			}
		}
		for _, i := range []int{0, 1} {
			if rs[i].MessageID != first.MessageID || rs[i].Token != first.Token || rs[i].SHA256 != first.SHA256 {
				t.Errorf("%d: not the first one's receipt: %+v", i, rs[i])
			}
		}
		if rs[4].MessageID != rs[3].MessageID {
			t.Error("two of one batch are two messages")
		}
		if n := count(t, s, "SELECT count(*) FROM jobs"); n != 3 {
			t.Errorf("%d jobs, want one for each message", n)
		}
	})
}

func TestAcceptComparesRequestsAsTheirSenderMeantThem(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		form := func(body, request string) cases.Acceptance {
			a := delivery(cases.ChannelWeb, "nonce", body)
			a.Message.Meta.RequestSHA = request
			return a
		}
		accept(t, s, form("boundary 1", "r"))
		if _, r := accept(t, s, form("boundary 2", "r")); !r.Duplicate || r.Other {
			t.Errorf("the same form: %+v", r)
		}
		if _, r := accept(t, s, form("boundary 1", "q")); !r.Duplicate || !r.Other {
			t.Errorf("another form: %+v", r)
		}
	})
}

func TestAcceptHandsOutTheAttempt(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := delivery(cases.ChannelWeb, "k", "hello")
		a.FileNow = true
		m, r := accept(t, s, a)
		if r.Attempt.JobID == 0 || r.Attempt.Epoch != 1 {
			t.Fatalf("attempt %+v", r.Attempt)
		}
		if _, _, err := claimOne(t.Context(), s, noon.Add(cases.AttemptLease-time.Second), r.Attempt.JobID); !errors.Is(err, cases.ErrConflict) {
			t.Errorf("a worker claimed a job that is being done: %v", err)
		}
		// The process dies; a worker takes over, and the old hand is refused.
		_, at, err := claimOne(t.Context(), s, noon.Add(cases.AttemptLease), r.Attempt.JobID)
		if err != nil {
			t.Fatal(err)
		}
		f := cases.Filing{Message: m, Parsed: about("+12025550101", "", "")}
		if _, err := fileOne(t.Context(), s, r.Attempt, noon, f); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("the old attempt: %v", err)
		}
		if n := count(t, s, "SELECT count(*) FROM reports"); n != 0 {
			t.Errorf("the old attempt left %d reports", n)
		}
		if _, err := fileOne(t.Context(), s, at, noon, f); err != nil {
			t.Error(err)
		}
		if n := count(t, s, "SELECT count(*) FROM jobs WHERE id = ? AND state = 'done'", at.JobID); n != 1 {
			t.Error("the filing job is not done")
		}
	})
}

func TestAcceptMails(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		lease, ok, err := s.AcquireLease(ctx, noon, MailboxLease("abuse"), "a", time.Minute)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		mail := func(key string, uid uint32) cases.Acceptance {
			a := delivery(cases.ChannelEmail, key, key)
			a.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 7, UID: uid, Epoch: lease.Epoch}
			return a
		}
		broken := mail("broken", 12)
		broken.Message.State = cases.MessageQuarantined
		rs, err := s.Accept(ctx, noon, []cases.Acceptance{mail("one", 11), broken, mail("one", 13)})
		if err != nil {
			t.Fatal(err)
		}
		if rs[2].MessageID != rs[0].MessageID || !rs[2].Duplicate {
			t.Error("a mail that an alias delivered twice is two messages")
		}
		// The fetch is repeated after a crash.
		if _, err := s.Accept(ctx, noon, []cases.Acceptance{mail("one", 11)}); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			"SELECT count(*) FROM messages":                    2,
			"SELECT count(*) FROM mail_receipts":               3,
			"SELECT count(*) FROM jobs WHERE kind = 'mailbox'": 3,
			"SELECT count(*) FROM jobs WHERE kind = 'file'":    1,
		} {
			if n := count(t, s, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		p, err := s.MailboxProgress(ctx, "abuse")
		if err != nil {
			t.Fatal(err)
		}
		want := cases.MailboxProgress{Name: "abuse", UIDValidity: 7, LastUID: 13, Received: 3, LastSuccess: &noon}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Error(diff)
		}
		var receipt int64
		s.db.Raw("SELECT id FROM mail_receipts WHERE uid = 13").Scan(&receipt)
		read, err := s.MailReceipts(ctx, []int64{receipt})
		if err != nil || len(read) != 1 {
			t.Fatal(read, err)
		}
		r := read[0]
		if r.Mailbox != "abuse" || r.UID != 13 || r.MessageID != rs[0].MessageID || r.ActedAt != nil {
			t.Errorf("receipt %+v", r)
		}
		at := run(t, s, cases.JobMailbox, receipt)
		if err := s.MailActed(ctx, noon, []cases.MailAct{{Attempt: at, ReceiptID: receipt}}); err != nil {
			t.Fatal(err)
		}
		if read, _ = s.MailReceipts(ctx, []int64{receipt, 999}); len(read) != 1 || read[0].ActedAt == nil {
			t.Error("what was done to the mail is not recorded")
		}
	})
}

func TestAMailboxThatWasTakenOverAcceptsNothing(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		old, _, err := s.AcquireLease(ctx, noon, MailboxLease("abuse"), "paused", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		a := delivery(cases.ChannelEmail, "k", "body")
		a.Cursor = &cases.MailCursor{Mailbox: "abuse", UIDValidity: 1, UID: 1, Epoch: old.Epoch}
		now := noon.Add(time.Hour)
		if _, ok, err := s.AcquireLease(ctx, now, MailboxLease("abuse"), "other", time.Minute); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if _, err := s.Accept(ctx, now, []cases.Acceptance{a}); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("got %v", err)
		}
		if err := s.ResetMailbox(ctx, "abuse", 9, old.Epoch); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("reset: %v", err)
		}
		if n := count(t, s, "SELECT count(*) FROM messages"); n != 0 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestMailboxProgress(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		l, _, err := s.AcquireLease(ctx, noon, MailboxLease("abuse"), "a", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := s.MailboxProgress(ctx, "abuse"); err != nil || p != (cases.MailboxProgress{Name: "abuse"}) {
			t.Errorf("never read: %+v, %v", p, err)
		}
		if err := s.MailboxFailed(ctx, noon, "abuse", "connection refused\x00"); err != nil {
			t.Fatal(err)
		}
		if p, _ := s.MailboxProgress(ctx, "abuse"); p.LastError != "connection refused?" || p.ErrorAt == nil || p.LastSuccess != nil {
			t.Errorf("failed: %+v", p)
		}
		if err := s.ResetMailbox(ctx, "abuse", 5, l.Epoch); err != nil {
			t.Fatal(err)
		}
		if err := s.MailboxRead(ctx, noon, "abuse", l.Epoch); err != nil {
			t.Fatal(err)
		}
		if p, _ := s.MailboxProgress(ctx, "abuse"); p.UIDValidity != 5 || p.LastUID != 0 || p.LastError != "" || p.LastSuccess == nil {
			t.Errorf("read: %+v", p)
		}
	})
}

func TestAcceptInParallel(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		keys := []string{"a", "b", "c", "d", "e"}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				var in []cases.Acceptance
				for j := range keys { // each in another order
					in = append(in, delivery(cases.ChannelChat, keys[(i+j)%len(keys)], "x"))
				}
				if _, err := s.Accept(t.Context(), noon, in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, s, "SELECT count(*) FROM messages"); n != len(keys) {
			t.Errorf("%d messages of %d deliveries", n, len(keys))
		}
	})
}

func TestAcceptTakesHostileInput(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		a := delivery(cases.ChannelEmail, strings.Repeat("k\xff", 4000), "x")
		a.Message.Source, a.Message.Note = "s\x00", "\xc3\x28"
		accept(t, s, a)
		b := delivery(cases.ChannelEmail, strings.Repeat("k\xff", 4000)+"!", "x")
		if _, r := accept(t, s, b); r.Duplicate {
			t.Error("two long keys that begin alike are one")
		}
	})
}
