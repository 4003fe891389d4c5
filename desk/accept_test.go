package desk

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

func TestAcceptKeepsTheBytesAndReadsNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.read = func(cases.Channel, string, intake.Source, intake.Context) (cases.Parsed, error) {
			t.Error("a parser ran inside Accept")
			return cases.Parsed{}, nil
		}
		stumbling := &stumbling{Store: w.store, accepting: errors.New("disk full")}
		w.desk.Store = stumbling
		if _, err := w.desk.Accept(t.Context(), []cases.Delivery{mail()}); err == nil {
			t.Fatal("acknowledged what was not committed")
		}
		small, large := "not a mail at all\x00\xff", "Subject: large\n\n"+strings.Repeat("0123456789abcdef", cases.InlineEvidence/16)
		for _, body := range []string{small, large} {
			r := w.accept(cases.Delivery{Channel: cases.ChannelEmail, Source: "abuse", Body: strings.NewReader(body), Size: -1})
			m, err := w.store.Message(t.Context(), r.MessageID)
			w.must(err)
			if m.State != cases.MessageAccepted || m.ReportID != 0 || m.SHA256 != r.SHA256 || m.Size != int64(len(body)) || len(m.Token) != 32 {
				t.Errorf("message %+v", m)
			}
			if inline := m.BlobKey == ""; inline != (len(body) <= cases.InlineEvidence) {
				t.Errorf("%d bytes, blob %q", len(body), m.BlobKey)
			}
			if w.raw(r.MessageID) != body {
				t.Errorf("the %d bytes that were accepted are not there", len(body))
			}
			j := w.only(cases.JobFile)
			if j.ObjectID != r.MessageID {
				t.Errorf("the job files message %d, want %d", j.ObjectID, r.MessageID)
			}
		}
	})
}

func TestAcceptTooLarge(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	_, err := w.desk.Accept(t.Context(), []cases.Delivery{mail(), {Channel: cases.ChannelEmail, Body: untouched{t}, Size: cases.MaxMessageBytes + 1}})
	w.refused(err, cases.ErrTooLarge, "67108865 bytes")
	_, err = w.desk.Submit(t.Context(), cases.Delivery{Channel: cases.ChannelWeb, Body: io.LimitReader(zeros{}, cases.MaxMessageBytes+1), Size: -1})
	w.refused(err, cases.ErrTooLarge, "64 MB")
	if left := w.kinds(); left != "" {
		t.Errorf("refused, and yet accepted: %s", left)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// untouched is a body that nobody may read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("a delivery that announces itself as too large was read")
	return 0, io.EOF
}

func TestOneMailThroughTwoAliasesIsOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.accept(mail("Delivered-To: abuse@desk.example", "Received: by mx1; Tue, 24 Nov 2026 11:00:01 +0000"))
		again := w.accept(mail("Delivered-To: fraud@desk.example", "Received: by mx2; Tue, 24 Nov 2026 11:07:44 +0000"))
		if !again.Duplicate || again.MessageID != first.MessageID || again.Token != first.Token || first.Duplicate {
			t.Errorf("first %+v, again %+v", first, again)
		}
		// The same Message-ID on another mail is another mail.
		other := w.accept(mail("Subject: Another complaint"))
		if other.Duplicate || other.MessageID == first.MessageID {
			t.Errorf("other bytes under the same Message-ID: %+v", other)
		}
		w.work()
		if n := w.reports(); n != 2 {
			t.Errorf("%d reports, want 2", n)
		}
	})
}

func TestQuarantinedMailIsKeptAndNeverFiled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := mail()
		d.Quarantine = "larger than 64 MB"
		r := w.accept(d)
		if due := w.kinds(); due != "" {
			t.Errorf("due: %s", due)
		}
		d = mail()
		if r := w.accept(d); r.Duplicate {
			t.Error("the whole mail counts as a copy of the part that was fetched")
		}
		_, err := w.file(t.Context(), cases.Attempt{}, r.MessageID, 0)
		w.refused(err, cases.ErrConflict, "quarantined")
		if !strings.Contains(w.raw(r.MessageID), "202-555-0143") {
			t.Error("what there was of it is gone")
		}
	})
}

const robocall = `{"category": "robocall", "caller_number": "+12025550143", "called_number": "+13125550199", "occurred_at": "2026-11-24T10:00:00Z"}`

func TestSubmitFilesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.desk.Submit(t.Context(), form("key 1", robocall))
		w.must(err)
		if s.Filed == nil || !s.Filed.NewCase || !strings.HasPrefix(s.Filed.CaseRef, "AB-2026-") || s.Filed.Token != s.Receipt.Token {
			t.Fatalf("%+v", s)
		}
		again, err := w.desk.Submit(t.Context(), form("key 1", robocall))
		w.must(err)
		if !again.Receipt.Duplicate || again.Filed == nil || again.Filed.ReportID != s.Filed.ReportID || again.Filed.CaseRef != s.Filed.CaseRef {
			t.Errorf("again: %+v", again)
		}
		_, err = w.desk.Submit(t.Context(), form("key 1", `{"category": "scam"}`))
		w.refused(err, cases.ErrConflict, "idempotency key")
		for _, j := range w.begin() {
			if j.Kind == cases.JobFile {
				t.Error("what is filed is to be filed again")
			}
		}
		if n := w.reports(); n != 1 {
			t.Errorf("%d reports, want 1", n)
		}
	})
}

func TestSubmitWhenFilingFailsIsAcceptedAllTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stumbling := &stumbling{Store: w.store, filing: &cases.Error{Kind: cases.KindUnavailable, Message: "the database is away"}}
		w.desk.Store = stumbling
		s, err := w.desk.Submit(t.Context(), form("key 1", robocall))
		w.must(err)
		if s.Filed != nil || s.Receipt.MessageID == 0 || s.Receipt.Token == "" {
			t.Fatalf("%+v", s)
		}
		st, err := w.desk.Status(t.Context(), s.Receipt.Token)
		w.must(err)
		if st.Report != nil || st.Case != nil || !st.Received.ReceivedAt.Equal(noon) {
			t.Errorf("status of what is not filed: %+v", st)
		}
		if due := w.kinds(); due != "" {
			t.Errorf("due while the attempt is leased: %s", due)
		}
		w.pass(cases.AttemptLease + time.Second)
		if n, err := w.store.SweepJobs(t.Context(), w.clock(), time.Minute); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		w.work()
		st, err = w.desk.Status(t.Context(), s.Receipt.Token)
		w.must(err)
		if st.Case == nil {
			t.Fatal("never filed")
		}
		if r := w.dossier(st.Case.Ref).Reports[0]; r.Unreadable || len(r.Subjects) != 2 {
			t.Errorf("filed unread: %+v", r)
		}
		// The sender, who got no case, tries again.
		again, err := w.desk.Submit(t.Context(), form("key 1", robocall))
		w.must(err)
		if again.Filed == nil || again.Filed.CaseRef != st.Case.Ref || w.reports() != 1 {
			t.Errorf("again: %+v, %d reports", again, w.reports())
		}
	})
}
