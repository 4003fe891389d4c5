package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// tellAll does what is due and returns the letters that went out.
func (w *world) tellAll() []cases.Letter {
	w.t.Helper()
	w.mail.letters = nil
	w.work()
	return w.mail.letters
}

// fileMail files a mail, whose header lines and text an empty line parts, and
// sends what follows from it.
func (w *world) fileMail(lines ...string) (cases.Filed, []cases.Letter) {
	w.t.Helper()
	d := mail(lines...)
	if slices.Contains(lines, "") {
		raw := strings.Join(lines, "\n")
		d.Body, d.Size = strings.NewReader(raw), int64(len(raw))
	}
	w.accept(d)
	j := w.only(cases.JobFile)
	f, err := w.file(w.t.Context(), j.at, j.ObjectID, 0)
	w.must(err)
	return f, w.tellAll()
}

func TestAskAndAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f, _ := w.fileMail("From: Jane Doe <jane@example.org>")
		_, err := w.desk.Ask(ctx, dave, f.CaseRef, 0, "Which number?")
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.desk.Ask(ctx, ann, f.CaseRef, 0, "  ")
		w.refused(err, cases.ErrInvalid, "what you want to know")
		_, err = w.desk.Ask(ctx, ann, f.CaseRef, 999, "Which number?")
		w.refused(err, cases.ErrInvalid, "choose a report of this case")

		c, err := w.desk.Ask(ctx, ann, f.CaseRef, f.ReportID, "Which number did they show?")
		w.must(err)
		if c.State != cases.StateAwaitingReporter {
			t.Errorf("asked, the case is %s", c.State)
		}
		sent := w.tellAll()
		if len(sent) != 1 || sent[0].Sending.Kind != cases.SendingQuestion || sent[0].Sending.Text != "Which number did they show?" || sent[0].Sending.To != "jane@example.org" {
			t.Fatalf("sent %+v", sent)
		}
		// Her program cuts the header off and keeps the address that she answered to.
		token := cases.LetterToken(sent[0].Sending.MessageID)
		w.pass(time.Hour)
		answer, more := w.fileMail("From: jane@example.org", "To: "+cases.ReplyAddress("abuse@desk.example", token), "Subject: hello")
		if answer.ReportID != f.ReportID || answer.NewReport || len(more) != 0 {
			t.Errorf("answered: %+v, and %d letters went out", answer, len(more))
		}
		if s := w.dossier(f.CaseRef).Case.State; s != cases.StateOpen {
			t.Errorf("answered, the case is %s", s)
		}
	})
}

func TestAskNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f, _ := w.fileMail("From: robot@example.org", "Auto-Submitted: auto-generated")
		_, err := w.desk.Ask(t.Context(), ann, f.CaseRef, 0, "Which number?")
		w.refused(err, cases.ErrConflict, "no reporter")
		_, err = w.desk.Ask(t.Context(), ann, f.CaseRef, f.ReportID, "Which number?")
		w.refused(err, cases.ErrConflict, "sent by a machine")
		w.desk.Mailer = nil // nobody is asked where nothing can be sent
		_, err = w.desk.Ask(t.Context(), ann, f.CaseRef, 0, "Which number?")
		w.refused(err, cases.ErrConflict, "no mail server is configured")
	})
}

func TestReportersLearnHowItEnded(t *testing.T) {
	tests := []struct {
		name string
		j    Judgement
		want int
	}{
		{"told", Judgement{Disposition: cases.DispositionInsufficient, Reason: "nothing to go by"}, 2},
		{"quietly", Judgement{Disposition: cases.DispositionInsufficient, Reason: "nothing to go by", Quiet: true}, 0},
		{"in bad faith", Judgement{Disposition: cases.DispositionMalicious, Reason: "made up"}, 0},
	}
	each(t, func(t *testing.T, w *world) {
		for i, tt := range tests {
			shown := fmt.Sprintf("The number was +1 415 555 014%d.", i)
			f, _ := w.fileMail("From: jane@example.org", "Message-ID: <j@example.org>", "", shown)
			w.fileMail("From: bob@example.org", "", shown)
			w.fileMail("From: jane@example.org", "", "Again, "+shown)
			w.fileMail("From: list@example.org", "List-Id: <x.example.org>", "", shown)
			_, err := w.desk.Resolve(t.Context(), ann, f.CaseRef, tt.j)
			w.must(err)
			told := map[string]int{}
			for _, l := range w.tellAll() {
				told[l.Sending.To]++
				if l.Sending.Kind != cases.SendingOutcome || l.Sending.Disposition != tt.j.Disposition {
					t.Errorf("%s: sent %+v", tt.name, l.Sending)
				}
			}
			if len(told) != tt.want || told["jane@example.org"] > 1 {
				t.Errorf("%s: told %v, want %d", tt.name, told, tt.want)
			}
			w.pass(2 * time.Hour)
		}
	})
}

// A bounce comes to the address that the letter was sent from, and gives the
// reporter's up.
func TestABounceMarksTheAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f, sent := w.fileMail("From: jane@example.org")
		if len(sent) != 1 {
			t.Fatalf("%d letters", len(sent))
		}
		id := sent[0].Sending.MessageID
		bounce, more := w.fileMail("From: MAILER-DAEMON@example.org", "Return-Path: <>", "Auto-Submitted: auto-replied",
			`Content-Type: multipart/report; report-type=delivery-status; boundary="b"`, "",
			"--b", "", "It could not be delivered.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "",
			"Final-Recipient: rfc822; jane@example.org", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 no such user",
			"--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <"+id+">", "--b--")
		if bounce.ReportID != f.ReportID || len(more) != 0 {
			t.Errorf("the bounce was filed as %+v, and %d letters went out", bounce, len(more))
		}
		if s := w.sending(sent[0].Sending.ID); s.State != cases.SendingBounced || !strings.Contains(s.Note, "5.1.1") {
			t.Errorf("the sending is %s: %s", s.State, s.Note)
		}
		_, err := w.desk.Ask(t.Context(), ann, f.CaseRef, f.ReportID, "Which number?")
		w.refused(err, cases.ErrConflict, cases.NoteBounced)
	})
}
