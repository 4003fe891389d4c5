package desk

import (
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

const (
	threat = "I got a call from 202-555-0143. He said he will kill me and my family tonight."
	fraud  = "Toll fraud from 202-555-0143 is happening right now, our PBX is still being abused, calls are running up costs."
)

func (w *world) urgent() []cases.Case {
	w.t.Helper()
	p, err := w.desk.Cases(w.t.Context(), ann, cases.CaseQuery{Urgent: true})
	w.must(err)
	return p.Items
}

// The desk is written to once for each case and lane, whoever reports and how
// often, and the case waits at the top until somebody takes it.
func TestUrgentCasesAlertOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.AlertMail = []string{"duty@desk.example", "boss@desk.example"}
		for range 3 { // points alone do not rise above a lane
			w.submit(report("+13125550100", "+12125550100", "2026-11-24T10:00:00Z"))
		}
		w.wrote("jane@example.org", "1@example.org", "help", threat)
		ls := w.sent(cases.SendingAlert)
		if len(ls) != 2 || ls[0].Sending.Lane != cases.LaneLife || !strings.HasPrefix(ls[0].Sending.MessageID, "notice.") || ls[0].Sending.To == ls[1].Sending.To {
			t.Fatalf("%+v", ls)
		}
		ref := ls[0].Case.Ref
		if us := w.urgent(); len(us) != 1 || us[0].Ref != ref {
			t.Fatalf("%d wait", len(us))
		}
		if q, err := w.desk.Cases(t.Context(), ann, cases.CaseQuery{}); err != nil || q.Items[0].Ref != ref {
			t.Errorf("it does not stand first: %v", err)
		}
		// The same sender within the hour, who is not answered again, and another one.
		w.wrote("jane@example.org", "2@example.org", "help again", threat)
		w.wrote("joe@example.org", "3@example.org", "me too", threat)
		if n := len(w.sent(cases.SendingAlert)); n != 2 {
			t.Errorf("%d alerts after a second report of the same lane", n)
		}
		_, err := w.desk.Claim(t.Context(), ann, ref)
		w.must(err)
		if us := w.urgent(); len(us) != 0 {
			t.Errorf("%d wait though it was taken", len(us))
		}
		w.wrote("jane@example.org", "4@example.org", "and this", fraud)
		ls = w.sent(cases.SendingAlert)
		if len(ls) != 4 || ls[3].Sending.Lane != cases.LaneTollFraud || ls[3].Case.Ref != ref || len(w.urgent()) != 1 {
			t.Errorf("a new lane: %d alerts, %d wait", len(ls), len(w.urgent()))
		}
		// Where nobody answers, nobody is written to for ever.
		w.wrote("duty@desk.example", "5@desk.example", "Re: Urgent", "> "+threat+"\n"+strings.Replace(threat, "0143", "0199", 1))
		if n := len(w.sent(cases.SendingAlert)); n != 4 {
			t.Errorf("%d alerts after an answer of the one alerted", n)
		}
	})
}

// A merged case has had the alerts of those that it is made of.
func TestAMergedCaseDoesNotAlertAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.AlertMail = []string{"duty@desk.example"}
		into := w.submit(report("+13125550100", "+12125550100", "2026-11-24T10:00:00Z"))
		w.wrote("jane@example.org", "1@example.org", "help", threat)
		from := w.sent(cases.SendingAlert)[0].Case.Ref
		w.must(w.desk.Merge(t.Context(), ann, from, into.CaseRef, "same people"))
		w.work()
		w.wrote("joe@example.org", "2@example.org", "help", threat)
		c := w.dossier(into.CaseRef).Case
		if n := len(w.sent(cases.SendingAlert)); n != 1 || c.Lane != cases.LaneLife || c.UrgentSince != nil {
			t.Errorf("%d alerts, lane %q, waits since %v", n, c.Lane, c.UrgentSince)
		}
	})
}

// Without a mail server the banner is what there is.
func TestUrgentWithoutMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.Mailer, w.desk.AlertMail = nil, []string{"duty@desk.example"}
		w.wrote("jane@example.org", "1@example.org", "help", threat)
		if us := w.urgent(); len(us) != 1 || us[0].Lane != cases.LaneLife {
			t.Errorf("%d wait", len(us))
		}
	})
}

// An alert that was begun and never heard of again is not sent a second time.
func TestAnAlertIsSentAtMostOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.AlertMail = []string{"duty@desk.example"}
		w.accept(mail("Subject: he will kill me, help"))
		file := w.only(cases.JobFile)
		_, err := w.file(t.Context(), file.at, file.ObjectID, 0)
		w.must(err)
		j := w.only(cases.JobAlert)
		_, err = w.store.BeginSending(t.Context(), j.at, w.clock(), j.ObjectID) // and the process dies
		w.must(err)
		w.pass(2 * cases.AttemptLease)
		_, err = w.store.SweepJobs(t.Context(), w.clock(), 0)
		w.must(err)
		w.work()
		if s := w.sending(j.ObjectID); s.State != cases.SendingUnknown || len(w.sent(cases.SendingAlert)) != 0 {
			t.Errorf("%s after %d letters", s.State, len(w.sent(cases.SendingAlert)))
		}
	})
}

// Text messages go to those who route them, once for each case.
func TestTextMessagesAreForwardedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.TextMail = []string{"messaging@desk.example"}
		const text = `{"category": "text_spam", "caller_number": "+13105550123", "description": "Your parcel waits: http://bad.example", "reporter": {"email": "jane@example.org"}}`
		w.submit(text)
		w.work()
		w.submit(text)
		w.work()
		w.submit(report("+13105550188", "+12125550100", "2026-11-24T10:00:00Z"))
		w.work()
		ls := w.sent(cases.SendingForward)
		if len(ls) != 1 || ls[0].Sending.To != "messaging@desk.example" || !strings.Contains(ls[0].Report.Text, "parcel") {
			t.Errorf("%+v", ls)
		}
	})
}
