package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

// The carrier of these tests: the reseller northtel has the customers acme,
// which calls, and clinic, which has the number that acme shows. Bystander has
// nothing to do with it.
const (
	shown  = "+12025550143"
	victim = "+13125550199"
	own    = "+12025550177" // acme's, by assignment
)

func (w *world) carrier() {
	w.t.Helper()
	ctx, opened := w.t.Context(), noon.AddDate(-1, 0, 0)
	w.must(w.desk.ImportAccounts(ctx, admin, []cases.Account{
		{ID: "northtel", Name: "Northtel", Kind: "reseller", OpenedAt: opened},
		{ID: "acme", ParentID: "northtel", Name: "Acme Dialers", Kind: "business", OpenedAt: opened},
		{ID: "clinic", ParentID: "northtel", Name: "Harbor Clinic", Kind: "business", OpenedAt: opened},
		{ID: "bystander", Name: "Bystander", Kind: "business", OpenedAt: opened},
	}))
	w.must(w.desk.ImportConnections(ctx, admin, []cases.Connection{
		{ID: "acme-1", AccountID: "acme", Name: "Acme", Country: "US"}, {ID: "clinic-1", AccountID: "clinic", Name: "Clinic", Country: "US"}}))
	w.must(w.desk.ImportEntitlements(ctx, admin, []cases.Entitlement{
		{E164: shown, AccountID: "clinic", Kind: cases.EntitlementAssigned, From: opened}, {E164: own, AccountID: "acme", Kind: cases.EntitlementAssigned, From: opened}}))
}

// call is one that acme made.
func call(id, from, to string, at time.Time) cases.Call {
	end := at.Add(20 * time.Second)
	return cases.Call{Source: "sbc", SourceID: id, AccountID: "acme", Connection: "acme-1", Direction: "outbound", From: from, To: to,
		StartedAt: at, AnsweredAt: &at, EndedAt: &end, BilledSeconds: 20, SIPCode: 200, Attest: "A"}
}

// carried keeps call records. Unless through is zero, they are all that there
// were up to it in the last ninety days.
func (w *world) carried(through time.Time, cs ...cases.Call) {
	w.t.Helper()
	in := cases.Ingest{Source: "sbc", Calls: cs}
	if !through.IsZero() {
		in.CompleteFrom, in.CompleteThrough = noon.AddDate(0, 0, -90), through
	}
	_, err := w.desk.LoadCalls(w.t.Context(), admin, in)
	w.must(err)
}

// report is a JSON body about a call.
func report(caller, called, at string) string {
	return fmt.Sprintf(`{"category": "robocall", "caller_number": %q, "called_number": %q, "occurred_at": %q}`, caller, called, at)
}

// latest returns the latest finding of a kind about a report.
func (w *world) latest(f cases.Filed, kind cases.FindingKind) cases.Finding {
	w.t.Helper()
	for _, x := range w.dossier(f.CaseRef).Findings {
		if x.ReportID == f.ReportID && x.Kind == kind {
			return x
		}
	}
	w.t.Fatalf("no finding of kind %s about report %d", kind, f.ReportID)
	return cases.Finding{}
}

func TestEnrichJudgesByTheRecords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		w.carried(noon.Add(-time.Hour), call("1", shown, victim, noon.Add(-2*time.Hour)), call("2", own, "+13125550155", noon.Add(-2*time.Hour)))
		tests := []struct {
			name, body string
			want       cases.Corroboration
			matched    int
			incomplete bool
			parties    string
			who        cases.Parties
			entitled   string
		}{
			{"both numbers and the hour", report(shown, victim, "2026-11-24T10:05:00Z"), cases.CorroborationConfirmed, 1, false,
				calls.PartiesIdentified, cases.Parties{Originating: "acme", OriginatingName: "Acme Dialers", Path: []string{"northtel"}, Holder: "clinic", HolderName: "Harbor Clinic"}, calls.EntitledOther},
			{"the called number is not known", report(own, "", "2026-11-24T10:05:00Z"), cases.CorroborationProbable, 1, false,
				calls.PartiesIdentified, cases.Parties{Originating: "acme", OriginatingName: "Acme Dialers", Path: []string{"northtel"}, Holder: "acme", HolderName: "Acme Dialers", Entitled: true}, calls.EntitledCaller},
			{"the records have no such call", report(shown, "+13125550188", "2026-11-24T08:00:00Z"), cases.CorroborationNotSeen, 0, false,
				calls.PartiesUnknown, cases.Parties{Holder: "clinic", HolderName: "Harbor Clinic"}, calls.EntitledHolder},
			{"the records do not go so far", report(shown, victim, "2026-11-24T11:45:00Z"), cases.CorroborationUnknown, 0, true,
				calls.PartiesUnknown, cases.Parties{Holder: "clinic", HolderName: "Harbor Clinic"}, calls.EntitledHolder},
		}
		var filed []cases.Filed
		for _, tt := range tests {
			filed = append(filed, w.submit(tt.body))
		}
		w.work()
		for i, tt := range tests {
			f := w.latest(filed[i], cases.FindingCorroboration)
			if f.Verdict != string(tt.want) || f.Data.Matched != tt.matched || f.Incomplete != tt.incomplete || f.Summary == "" {
				t.Errorf("%s: %s with %d calls, incomplete %v: %s", tt.name, f.Verdict, f.Data.Matched, f.Incomplete, f.Summary)
			}
			p := w.latest(filed[i], cases.FindingParties)
			if d := cmp.Diff(&tt.who, p.Data.Parties); d != "" || p.Verdict != tt.parties {
				t.Errorf("%s: parties %s (-want +got):\n%s", tt.name, p.Verdict, d)
			}
			if e := w.latest(filed[i], cases.FindingEntitlement); e.Verdict != tt.entitled {
				t.Errorf("%s: %s, want %s: %s", tt.name, e.Verdict, tt.entitled, e.Summary)
			}
			if a := w.latest(filed[i], cases.FindingAttestation); a.Data.Attestation["A"] != 1 {
				t.Errorf("%s: attestation %v", tt.name, a.Data.Attestation)
			}
			if n := w.latest(filed[i], cases.FindingNumber); n.Verdict != "hosted" || n.Data.Number.Account == "" {
				t.Errorf("%s: number %s, %+v", tt.name, n.Verdict, n.Data.Number)
			}
		}
		// What the case knows is the best of what its reports show.
		facts := w.dossier(filed[0].CaseRef).Case.Facts
		if facts.Reports != 3 || facts.Checked != 3 || facts.Confirmed != 1 || facts.NotSeen != 1 || facts.Corroboration != cases.CorroborationConfirmed || facts.Parties.Originating != "acme" {
			t.Errorf("facts %+v, parties %+v", facts, facts.Parties)
		}
	})
}

func TestEnrichAgainAddsNewerFindings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		f := w.submit(report(shown, victim, "2026-11-24T10:05:00Z"))
		w.work()
		before := w.dossier(f.CaseRef).Findings
		w.carried(noon, call("1", shown, victim, noon.Add(-2*time.Hour)))
		w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, f.ReportID))
		w.work()
		d := w.dossier(f.CaseRef)
		if got := d.Findings[len(d.Findings)-len(before):]; !cmp.Equal(got, before) || len(d.Findings) != 2*len(before)+2 { // whose call it is is known now: how it was signed, and what the calls look like
			t.Errorf("of %d findings %d are there, or the first ones were changed:\n%s", len(before), len(d.Findings), cmp.Diff(before, got))
		}
		if x := w.latest(f, cases.FindingCorroboration); x.Verdict != string(cases.CorroborationConfirmed) {
			t.Errorf("the latest is %s", x.Verdict)
		}
		if d.Case.Facts.Checked != 1 || d.Case.Facts.Confirmed != 1 {
			t.Errorf("one report was checked twice and counts as: %+v", d.Case.Facts)
		}
	})
}

func TestRecheckWhenTheRecordsAreComplete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.carrier()
		w.carried(noon.Add(-time.Hour))
		f := w.submit(report(shown, victim, "2026-11-24T11:30:00Z"))
		w.work()
		recheck := func(want int) {
			t.Helper()
			if n, err := w.store.RecheckReports(t.Context(), w.clock(), 100); n != want || err != nil {
				t.Fatalf("%d reports are looked at again, %v; want %d", n, err, want)
			}
			w.work()
		}
		recheck(0)
		if x := w.latest(f, cases.FindingCorroboration); x.Verdict != string(cases.CorroborationUnknown) {
			t.Errorf("before: %s", x.Verdict)
		}
		w.carried(noon)
		recheck(1)
		if x := w.latest(f, cases.FindingCorroboration); x.Verdict != string(cases.CorroborationNotSeen) {
			t.Errorf("after: %s, %s", x.Verdict, x.Summary)
		}
		if got := w.dossier(f.CaseRef).Case.Facts; got.NotSeen != 1 || got.Corroboration != cases.CorroborationNotSeen {
			t.Errorf("facts %+v", got)
		}
		recheck(0)
	})
}

func TestNumberFindings(t *testing.T) {
	d := New(Config{})
	subject := func(e164 string, r cases.NumberRole) cases.Subject { return cases.Subject{E164: e164, Role: r} }
	e := calls.Evidence{Report: cases.Report{ID: 7, ReceivedAt: noon}, Subjects: []cases.Subject{
		subject(shown, cases.RoleCaller), subject(own, cases.RoleCaller), subject(shown, cases.RoleCallback), subject("+18003569377", cases.RoleCallback),
		subject("+12015550100", cases.RoleCaller), subject("+1", cases.RoleCaller), subject(victim, cases.RoleCalled)},
		Entitlements: []cases.Entitlement{{E164: shown, AccountID: "clinic", From: noon.AddDate(-1, 0, 0)},
			{E164: own, AccountID: "acme", From: noon.AddDate(0, 0, 1)}}}
	var got []string
	for _, f := range d.numberFindings(e) {
		got = append(got, f.Subject+" "+f.Verdict)
		if f.ReportID != 7 || f.Data.Number == nil || f.Summary == "" || !f.WindowFrom.Equal(noon) {
			t.Errorf("finding %+v", f)
		}
	}
	// A right that began later says nothing of then.
	want := []string{shown + " hosted", own + " unassignable", "+18003569377 not_hosted", "+12015550100 unassignable", "+1 unreadable"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestIngestCalls(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		line := func(id string) string {
			return fmt.Sprintf(`{"source_id": %q, "account": "acme", "direction": "outbound", "from": "2025550143", "to": "+13125550199", "started_at": "2026-11-24T10:00:00Z", "sip_code": 200, "billed_seconds": 5}`+"\n", id)
		}
		batch := func(body string, through time.Time) CallBatch {
			return CallBatch{Source: "sbc", Body: strings.NewReader(body), CompleteFrom: noon.Add(-24 * time.Hour), CompleteThrough: through}
		}
		r, err := w.desk.IngestCalls(ctx, admin, batch(line("1")+line("2")+`{"source_id": "3"}`+"\n", noon))
		w.must(err)
		if r.Lines != 2 || r.New != 2 || len(r.Refused) != 1 || r.Refused[0].Line != 3 || r.Watermark {
			t.Errorf("with a wrong line: %+v", r)
		}
		if c, err := w.store.Coverage(ctx); err != nil || len(c) != 0 {
			t.Errorf("a source that has not delivered everything covers %+v, %v", c, err)
		}
		r, err = w.desk.IngestCalls(ctx, admin, batch(line("1")+line("2"), noon))
		w.must(err)
		if r.Unchanged != 2 || r.New != 0 || !r.Watermark {
			t.Errorf("again: %+v", r)
		}
		if c, err := w.store.Coverage(ctx); err != nil || len(c) != 1 || !c[0].Through.Equal(noon) {
			t.Errorf("coverage %+v, %v", c, err)
		}
		_, err = w.desk.IngestCalls(ctx, admin, batch(line("1"), noon.Add(time.Hour)))
		w.refused(err, cases.ErrInvalid, "complete_through")
		_, err = w.desk.IngestCalls(ctx, admin, batch(line("1"), noon.Add(-48*time.Hour)))
		w.refused(err, cases.ErrInvalid, "complete_from")
		_, err = w.desk.IngestCalls(ctx, admin, CallBatch{Body: strings.NewReader(line("1"))})
		w.refused(err, cases.ErrInvalid, "source")
	})
}
