package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// foreign is a number that neither is ours nor called through us.
const foreign = "+13105550123"

// foreigner is a report by somebody who left an address.
func foreigner(email, caller, more string) string {
	return fmt.Sprintf(`{"category": "robocall", "caller_number": %q, "called_number": "+12125550177", "occurred_at": "2026-11-24T10:00:00Z",
		"reporter": {"email": %q, "kind": "called_party"}%s}`, caller, email, more)
}

// sent are the letters of a kind that went out, "recipient" each.
func (w *world) sent(kind cases.SendingKind) []cases.Letter {
	var out []cases.Letter
	for _, l := range w.mail.letters {
		if l.Sending.Kind == kind {
			out = append(out, l)
		}
	}
	return out
}

func (w *world) wrote(from, id, subject, body string) {
	w.t.Helper()
	raw := "From: " + from + "\nTo: abuse@desk.example\nDate: Tue, 24 Nov 2026 11:00:00 +0000\nMessage-ID: <" + id + ">\nSubject: " + subject + "\n\n" + body + "\n"
	w.accept(cases.Delivery{Channel: cases.ChannelEmail, Source: "abuse", Body: strings.NewReader(raw), Size: int64(len(raw)), Meta: cases.Meta{Region: "US"}})
	w.work()
}

// What is neither hosted nor carried is another carrier's: the reporters are told
// once each who that is, and what comes later reopens the case.
func TestForeignNumbersAreReferred(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.carried(noon)
		w.must(w.desk.ImportCarriers(ctx, admin, []cases.CarrierPrefix{{Prefix: "1", Carrier: "Anybody"}, {Prefix: "1310", Carrier: "Pacific Voice", AbuseContact: "abuse@pacific.example"}}))
		f := w.submit(foreigner("jane@example.org", foreign, ""))
		w.work()
		c := w.dossier(f.CaseRef).Case
		if c.State != cases.StateResolved || c.Disposition != cases.DispositionReferred || c.ReferredAt == nil {
			t.Fatalf("%s as %q: %+v", c.State, c.Disposition, c.Facts)
		}
		if e := w.dossier(f.CaseRef).Events; !strings.Contains(fmt.Sprint(e), "referral") || !strings.Contains(fmt.Sprint(e), "have none of the reported calls") {
			t.Errorf("the log does not say who referred and why: %+v", e)
		}
		ls := w.sent(cases.SendingReferral)
		if len(ls) != 1 || ls[0].Sending.To != "jane@example.org" || ls[0].Responsible.Carrier != "Pacific Voice" || ls[0].Responsible.Number != foreign || ls[0].Region != "US" {
			t.Fatalf("%+v", ls)
		}
		st, err := w.desk.Status(ctx, f.Token)
		w.must(err)
		if st.Referred == nil || st.Referred.AbuseContact != "abuse@pacific.example" {
			t.Errorf("the status page does not say so: %+v", st.Referred)
		}

		// Somebody else reports it: he is told, she not again.
		w.pass(time.Minute)
		w.submit(foreigner("joe@example.org", foreign, ""))
		w.work()
		if ls := w.sent(cases.SendingReferral); len(ls) != 2 || ls[1].Sending.To != "joe@example.org" {
			t.Fatalf("%d letters", len(ls))
		}

		// She answers: a person has to look, and nothing goes by itself again.
		w.pass(time.Minute)
		w.wrote("jane@example.org", "a@example.org", "Re: "+f.CaseRef, "No, it was another time.")
		c = w.dossier(f.CaseRef).Case
		if r := c.Referral(); c.State != cases.StateNew || r.Alone || !strings.Contains(r.Hold, "answered") {
			t.Errorf("after an answer: %s, %+v", c.State, r)
		}
		c, err = w.desk.Refer(ctx, ann, f.CaseRef, c.Version)
		w.must(err)
		w.work()
		if n := len(w.sent(cases.SendingReferral)); c.State != cases.StateResolved || n != 2 {
			t.Errorf("one click: %s, %d letters", c.State, n)
		}
	})
}

// A record that comes after its source had promised to be complete takes the
// referral back.
func TestALateRecordReopens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carried(noon)
		f := w.submit(foreigner("jane@example.org", foreign, ""))
		w.work()
		recheck := func() int {
			n, err := w.store.RecheckReports(t.Context(), w.clock(), 100)
			w.must(err)
			w.work()
			return n
		}
		w.carried(time.Time{}, call("0", foreign, "+12125550100", noon.Add(-2*time.Hour))) // to somebody else
		if n := recheck(); n != 0 || w.dossier(f.CaseRef).Case.State != cases.StateResolved {
			t.Fatalf("%d reports looked at again", n)
		}
		w.carried(time.Time{}, call("1", foreign, "+12125550177", noon.Add(-2*time.Hour)))
		n := recheck()
		if c := w.dossier(f.CaseRef).Case; n != 1 || c.State != cases.StateNew || c.Facts.Corroboration != cases.CorroborationConfirmed || c.Facts.Corroborated != 1 {
			t.Errorf("%d looked at again: %s, %+v", n, c.State, c.Facts)
		}
	})
}

func TestWhatIsNotReferred(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		unknown := w.submit(foreigner("a@example.org", "+13105550101", "")) // no records at all
		w.work()
		w.carried(noon)
		w.must(w.desk.ImportEntitlements(ctx, admin, []cases.Entitlement{{E164: "+13105550102", AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0)}}))
		hosted := w.submit(foreigner("b@example.org", "+13105550102", ""))
		w.must(w.desk.ImportEntitlements(ctx, admin, []cases.Entitlement{{E164: "+12125550166", AccountID: "acme", Kind: cases.EntitlementAssigned, From: noon.AddDate(-1, 0, 0)}}))
		customer := w.submit(strings.Replace(foreigner("g@example.org", "+13105550107", ""), "+12125550177", "+12125550166", 1))
		own := w.submit(strings.Replace(foreigner("c@example.org", "+13105550103", ""), "robocall", "spoofed_my_number", 1))
		police := w.submit(strings.Replace(foreigner("d@example.org", "+13105550104", ""), "called_party", "law_enforcement", 1))
		text := w.submit(strings.Replace(foreigner("e@example.org", "+13105550105", ""), "robocall", "text_spam", 1))
		w.work()
		for name, f := range map[string]cases.Filed{"unknown": unknown, "hosted": hosted, "a customer of ours was called": customer, "own number": own, "police": police, "text message": text} {
			if c := w.dossier(f.CaseRef).Case; c.State != cases.StateNew {
				t.Errorf("%s: %s as %s", name, c.State, c.Disposition)
			}
		}
		for ref, proposed := range map[string]bool{unknown.CaseRef: false, hosted.CaseRef: false, customer.CaseRef: false, own.CaseRef: false, police.CaseRef: true, text.CaseRef: true} {
			if c := w.dossier(ref).Case; c.Referral().Proposed != proposed {
				t.Errorf("%s: %+v", ref, c.Referral())
			}
		}
		if _, err := w.desk.Refer(ctx, ann, hosted.CaseRef, 0); cases.KindOf(err) != cases.KindConflict {
			t.Errorf("one of ours was referred: %v", err)
		}
		if _, err := w.desk.Refer(ctx, dave, text.CaseRef, 0); cases.KindOf(err) != cases.KindForbidden {
			t.Errorf("an auditor referred: %v", err)
		}
		if x := w.latest(text, cases.FindingCorroboration); x.Verdict != string(cases.CorroborationUnknown) || !strings.Contains(x.Summary, "call history says nothing") || x.Incomplete {
			t.Errorf("of a text message: %+v", x)
		}
		if n := len(w.sent(cases.SendingReferral)); n != 0 {
			t.Errorf("%d letters", n)
		}
		w.desk.AskReferrals = true
		asked := w.submit(foreigner("f@example.org", "+13105550106", ""))
		w.work()
		if c := w.dossier(asked.CaseRef).Case; c.State != cases.StateNew || !c.Referral().Alone {
			t.Errorf("asked first: %s, %+v", c.State, c.Referral())
		}
	})
}

// Ten reports of one person on one number count once; three people whose calls
// we carried count three.
func TestComplaintsCountByCorroboratedNumbers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var cs []cases.Call
		for i := range 3 {
			cs = append(cs, call(fmt.Sprint(i), shown, fmt.Sprintf("+1212555010%d", i), noon.Add(-2*time.Hour)))
		}
		w.carried(noon, cs...)
		var f cases.Filed
		for range 10 {
			f = w.submit(report(shown, "+12125550100", "2026-11-24T10:00:00Z"))
		}
		w.work()
		one := w.dossier(f.CaseRef).Case
		if one.Reports != 10 || one.Facts.Corroborated != 1 {
			t.Fatalf("%d reports, %d numbers", one.Reports, one.Facts.Corroborated)
		}
		for i := range 5 { // two of the numbers were never called
			w.submit(report(shown, fmt.Sprintf("+1212555010%d", i), "2026-11-24T10:00:00Z"))
		}
		w.work()
		three := w.dossier(f.CaseRef).Case
		if three.Reports != 15 || three.Facts.Corroborated != 3 || three.Facts.CalledParties != 5 || three.Priority <= one.Priority {
			t.Errorf("%d reports, %d of %d numbers, priority %d after %d", three.Reports, three.Facts.Corroborated, three.Facts.CalledParties, three.Priority, one.Priority)
		}
	})
}
