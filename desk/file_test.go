package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

func TestFileTwiceChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		r := w.accept(mail())
		j := w.only(cases.JobFile)
		first, err := w.file(ctx, j.at, r.MessageID, 0)
		w.must(err)
		before, due := w.dossier(first.CaseRef), w.kinds()
		if want := fmt.Sprintf("enrich %d, assess %d, tell %d, campaigns 0", first.ReportID, first.CaseID, before.Sendings[0].ID); !sameWords(due, want) {
			t.Errorf("due %q, want %q", due, want)
		}
		again, err := w.file(ctx, cases.Attempt{}, r.MessageID, 0)
		w.must(err)
		if again.ReportID != first.ReportID || again.CaseRef != first.CaseRef || again.Token != first.Token || again.NewReport {
			t.Errorf("first %+v, again %+v", first, again)
		}
		_, err = w.file(ctx, j.at, r.MessageID, 0)
		w.refused(err, cases.ErrFenced, "taken over")
		if d := cmp.Diff(before, w.dossier(first.CaseRef), cmpopts.IgnoreUnexported(cases.Case{}, cases.Restriction{})); d != "" {
			t.Errorf("filing again changed (-before +after):\n%s", d)
		}
		if due := w.kinds(); due != "" || w.reports() != 1 {
			t.Errorf("due %q, %d reports", due, w.reports())
		}
	})
}

// sameWords compares lists whose order is nobody's promise.
func sameWords(a, b string) bool {
	x, y := strings.Split(a, ", "), strings.Split(b, ", ")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func TestPoisonIsFiledUnread(t *testing.T) {
	tests := map[string]struct {
		lost    int
		panics  bool
		read    bool
		warning string
	}{
		"nothing happened":                 {read: true},
		"two attempts were lost":           {lost: poisonAfter - 1, read: true},
		"a parser panics":                  {panics: true, warning: "reading this message failed; it was filed unread"},
		"as many attempts ended the whole": {lost: poisonAfter, panics: true, warning: "3 attempts to read this message ended without a word; it was filed unread"},
	}
	each(t, func(t *testing.T, w *world) {
		for name, tt := range tests {
			calls := 0
			w.desk.read = func(ch cases.Channel, contentType string, src intake.Source, c intake.Context) (cases.Parsed, error) {
				calls++
				if tt.panics {
					panic("a mail that nobody foresaw")
				}
				return intake.Read(ch, contentType, src, c)
			}
			r := w.accept(mail("Subject: " + name))
			f, err := w.file(t.Context(), w.only(cases.JobFile).at, r.MessageID, tt.lost)
			w.must(err)
			v, err := w.desk.Report(t.Context(), ann, f.ReportID)
			w.must(err)
			if v.Unreadable == tt.read || (len(v.Subjects) > 0) != tt.read || !slices.Equal(v.Details.Warnings, warnings(tt.warning)) || v.Category == "" {
				t.Errorf("%s: unreadable %v, %d subjects, category %q, warnings %q", name, v.Unreadable, len(v.Subjects), v.Category, v.Details.Warnings)
			}
			if tt.lost >= poisonAfter && calls > 0 {
				t.Errorf("%s: it was read once more", name)
			}
			if !strings.Contains(w.raw(r.MessageID), name) {
				t.Errorf("%s: the bytes are gone", name)
			}
		}
	})
}

func warnings(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func TestAcknowledgement(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tests := []struct {
			name     string
			after    time.Duration // since the one before
			delivery cases.Delivery
			state    cases.SendingState // "" for no sending
			note     string
		}{
			{"a person", 0, mail(), cases.SendingSent, "queued as 17"},
			{"the same, soon after", 50 * time.Minute, mail("Subject: again", "From: JANE@example.org"), cases.SendingSuppressed, "the sender was answered within the last hour"},
			{"the same, an hour after the answer", 10 * time.Minute, mail("Subject: and again"), cases.SendingSent, "queued as 17"},
			{"a machine", 0, mail("From: bot@example.org", "Auto-Submitted: auto-generated"), cases.SendingSuppressed, "the mail was sent by a machine (Auto-Submitted)"},
			{"a list", 0, mail("From: list@example.org", "List-Id: <abuse.example.org>"), cases.SendingSuppressed, "the mail came through a list or in bulk"},
			{"a bounce", 0, mail("Return-Path: <>", "From: someone@example.org"), cases.SendingSuppressed, "the mail has no return path (a bounce)"},
			{"ourselves", 0, mail("From: Abuse@desk.example"), cases.SendingSuppressed, "the mail came from ourselves"},
			{"nobody", 0, mail("From: not an address", "Reply-To: neither"), cases.SendingSuppressed, "no address to answer to"},
			{"a form with an address", 0, form("1", `{"category": "scam", "reporter": {"email": "kim@example.org"}}`), cases.SendingSent, "queued as 17"},
			{"a form without one", 0, form("2", `{"category": "scam"}`), "", ""},
		}
		sent := 0
		for _, tt := range tests {
			w.pass(tt.after)
			r := w.accept(tt.delivery)
			w.work()
			st, err := w.desk.Status(t.Context(), r.Token)
			w.must(err)
			var got cases.Sending
			for _, s := range w.dossier(st.Case.Ref).Sendings {
				if v, err := w.store.ReportByToken(t.Context(), r.Token); err == nil && s.ReportID == v.ID {
					got = s
				}
			}
			if got.State != tt.state || got.Note != tt.note {
				t.Errorf("%s: %q, %q; want %q, %q", tt.name, got.State, got.Note, tt.state, tt.note)
			}
			if tt.state == cases.SendingSent {
				sent++
			}
			if len(w.mail.letters) != sent {
				t.Fatalf("%s: %d letters went out, want %d", tt.name, len(w.mail.letters), sent)
			}
		}
		l := w.mail.letters[0]
		if l.Sending.To != "jane@example.org" || l.Case.Ref == "" || l.Report.ID != l.Sending.ReportID || !strings.HasPrefix(l.Sending.MessageID, "ab.") || !strings.HasSuffix(l.Sending.MessageID, "@desk.example") {
			t.Errorf("the first letter: %+v", l)
		}
		if strings.Contains(l.Sending.ToDigest, "jane") || l.Sending.ToDigest == "" {
			t.Errorf("digest %q", l.Sending.ToDigest)
		}
		w.desk.Mailer = nil
		w.accept(mail("From: last@example.org"))
		w.work()
		p, err := w.desk.Sendings(t.Context(), ann, "", "", 1)
		w.must(err)
		if s := p.Items[0]; s.State != cases.SendingSuppressed || s.Note != "no mail server is configured" {
			t.Errorf("without a mail server: %s, %s", s.State, s.Note)
		}
	})
}

// What our own mail servers state is believed, and what others state is not.
func TestWhoIsBelievedOfAMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.AuthServers = []string{"mx.desk.example"}
		for i, server := range []string{"mx.desk.example", "mx.evil.example"} {
			f, _ := w.fileMail(fmt.Sprintf("From: r%d@example.org", i), "Authentication-Results: "+server+"; dmarc=pass header.from=example.org")
			r, err := w.desk.Report(t.Context(), ann, f.ReportID)
			w.must(err)
			if got := r.Details.Auth["dmarc"]; (got == "pass") != (i == 0) {
				t.Errorf("of %s: %q", server, got)
			}
		}
	})
}
