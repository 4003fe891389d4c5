package desk

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

var eve = cases.Actor{Kind: cases.ActorPerson, ID: "p_eve", Name: "Eve", Role: cases.RoleApprover, Person: "p_eve"}

// packing is tracing with a customer's file, whose address nobody may be told
// without a legal review.
func packing(t *testing.T, w *world) {
	t.Helper()
	tracing(t, w)
	w.must(w.store.ImportKYC(t.Context(), cases.System("import"), noon, []cases.KYC{{AccountID: "acct-7", LegalName: "Acme Dialers LLC", Address: "1 Main Street"}}, nil))
}

func (w *world) pack(ref string, of PackFor) PackView {
	w.t.Helper()
	v, err := w.desk.Pack(w.t.Context(), ann, ref, of)
	w.must(err)
	return v
}

func texts(v PackView, call int, names ...cases.PackName) []string {
	var out []string
	for _, n := range names {
		out = append(out, v.Document.Pack.Calls[call].Fields[n].Text())
	}
	return out
}

// The pack is there when the request has been looked up; who the customer is stays
// sealed until a legal review says otherwise; what is sent is kept with its receipt.
func TestPackOfARequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		packing(t, w)
		ctx := t.Context()
		f, _ := w.request(authentic, "Message-ID: <t1@itg.example>")
		v := w.pack(f.CaseRef, PackFor{})
		if v.Kept.Version != 1 || !v.Kept.Complete || len(v.Document.Pack.Calls) != 2 || v.For.Kind != cases.ReporterTraceback || !v.Verified || v.Document.DueAt == nil || len(v.Blanks) > 0 {
			t.Fatalf("%+v", v)
		}
		got := texts(v, 0, cases.PackReference, cases.PackTimeFound, cases.PackOriginating, cases.PackCustomerAddr, cases.PackDuration)
		if diff := cmp.Diff([]string{"TB-20455", "2026-11-24T10:00:00Z", "acct-7", "withheld: it needs a recorded legal review (the customer’s name, address and contact)", "31"}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if s := texts(v, 1, cases.PackUpstream)[0]; !strings.Contains(s, "not in our records: no such call is among them") {
			t.Error(s)
		}
		// At rest it is sealed and whole; what is looked at never is.
		whole, err := w.desk.openPack(ctx, v.Kept)
		w.must(err)
		if whole.Calls[0].Fields[cases.PackCustomerAddr].Value != "1 Main Street" {
			t.Errorf("%+v", whole.Calls[0])
		}
		raw, err := json.Marshal(v)
		w.must(err)
		if strings.Contains(string(raw), "Main Street") || strings.Contains(string(raw), "noc@acme") || strings.Contains(string(raw), "LLC") || strings.Contains(string(raw), "trace@itg") {
			t.Errorf("shown without a review: %s", raw)
		}

		review := cases.LegalReview{Reviewer: "M. Roe, counsel", ReviewedAt: noon.Add(-time.Hour), Basis: "Subpoena 24-1133", Covers: []cases.PackClass{cases.PackCustomer}}
		_, err = w.desk.ReviewRelease(ctx, ann, f.CaseRef, review)
		w.refused(err, cases.ErrForbidden, "")
		for field, change := range map[string]func(*cases.LegalReview){
			"reviewer": func(r *cases.LegalReview) { r.Reviewer = " " }, "basis": func(r *cases.LegalReview) { r.Basis = "" }, "covers": func(r *cases.LegalReview) { r.Covers = nil },
			"reviewed_at": func(r *cases.LegalReview) { r.ReviewedAt = noon.Add(time.Hour * 24 * 30) }, "none of the kinds": func(r *cases.LegalReview) { r.Covers = []cases.PackClass{"all"} },
		} {
			bad := review
			change(&bad)
			_, err = w.desk.ReviewRelease(ctx, eve, f.CaseRef, bad)
			w.refused(err, cases.ErrInvalid, field)
		}
		kept, err := w.desk.ReviewRelease(ctx, eve, f.CaseRef, review)
		w.must(err)
		v = w.pack(f.CaseRef, PackFor{})
		if got := texts(v, 0, cases.PackCustomerAddr, cases.PackCustomerName, cases.PackOtherCalls); !cmp.Equal(got[:2], []string{"1 Main Street", "Acme Dialers LLC"}) || !strings.Contains(got[2], "withheld") {
			t.Errorf("reviewed: %q", got)
		}
		if !cmp.Equal(v.Document.LegalReview, []int64{kept.ID}) || v.Reviews[0].RecordedBy != "Eve" {
			t.Errorf("%+v", v.Reviews)
		}

		_, err = w.desk.SendPack(ctx, dave, f.CaseRef, PackSending{})
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.desk.SendPack(ctx, ann, f.CaseRef, PackSending{Pack: 7})
		w.refused(err, cases.ErrConflict, "built anew")
		_, err = w.desk.SendPack(ctx, ann, f.CaseRef, PackSending{Pack: 1, Note: "With regards."})
		w.must(err)
		letters := w.tellAll()
		if len(letters) != 1 || letters[0].Sending.Kind != cases.SendingTraceback || len(letters[0].Files) != 2 || !strings.Contains(letters[0].Sending.Text, "With regards.") {
			t.Fatalf("sent %+v", letters)
		}
		var doc cases.PackDocument
		w.must(json.Unmarshal(letters[0].Files[0].Body, &doc))
		rows, err := csv.NewReader(strings.NewReader(string(letters[0].Files[1].Body))).ReadAll()
		w.must(err)
		if doc.Format != cases.PackFormat || doc.Pack.Calls[0].Fields[cases.PackCustomerAddr].Value != "1 Main Street" || len(rows) != 3 || rows[1][4] != "+17244428039" {
			t.Errorf("%+v, %q", doc, rows)
		}
		for i, row := range rows {
			for k, s := range row {
				if s == "" && rows[0][k] != "legs" {
					t.Errorf("row %d: %s is blank", i, rows[0][k])
				}
			}
		}
		v = w.pack(f.CaseRef, PackFor{})
		if len(v.Answers) != 1 || v.Answers[0].State != cases.SendingSent || v.Answers[0].SettledAt == nil || v.Answers[0].PackDigest != v.Kept.Digest || !cmp.Equal(v.Answers[0].Reviews, []int64{kept.ID}) || v.Answers[0].MessageID == "" {
			t.Fatalf("%+v", v.Answers)
		}
		files, err := w.desk.SentPack(ctx, ann, f.CaseRef, v.Answers[0].Digest)
		w.must(err)
		if len(files) != 3 || string(files[1].Body) != string(letters[0].Files[0].Body) || string(files[0].Body) != letters[0].Sending.Text {
			t.Errorf("what was sent is not what is kept: %d files, %q", len(files), files[0].Body)
		}
		if x := w.dossier(f.CaseRef).Case; x.Facts.Traceback.AnsweredAt.IsZero() || x.DueAt != nil {
			t.Errorf("the clock runs on: %+v", x.Facts.Traceback)
		}
		for _, e := range w.dossier(f.CaseRef).Events {
			for _, s := range e.Data {
				if strings.Contains(s, "Main Street") {
					t.Errorf("the audit log has it: %+v", e)
				}
			}
		}
	})
}

// Building again says the same and makes no version; new evidence makes one.
func TestPackIsBuiltAnewWhenItsEvidenceChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		packing(t, w)
		ctx := t.Context()
		f, _ := w.request(authentic, "Message-ID: <t1@itg.example>")
		w.pass(time.Hour)
		k, err := w.desk.RebuildPack(ctx, ann, f.CaseRef)
		w.must(err)
		if k.Version != 1 || !k.CheckedAt.After(k.BuiltAt) {
			t.Errorf("%+v", k)
		}
		_, err = w.desk.RebuildPack(ctx, dave, f.CaseRef)
		w.refused(err, cases.ErrForbidden, "")
		w.must(w.store.AddFindings(ctx, cases.Attempt{}, w.clock(), f.ReportID, []cases.Finding{{Kind: cases.PackIdentityFinding, Verdict: "valid", Summary: "Signed by 709J.", Producer: "shaken 1"}}))
		w.work()
		v := w.pack(f.CaseRef, PackFor{})
		if got := texts(v, 0, cases.PackSignature)[0]; v.Kept.Version != 2 || got != "valid: Signed by 709J." {
			t.Errorf("version %d, %q", v.Kept.Version, got)
		}
		for i := range 9 { // versions are bounded
			w.must(w.store.ImportKYC(ctx, cases.System("import"), w.clock(), []cases.KYC{{AccountID: "acct-7", LegalName: "Acme " + strings.Repeat("I", i)}}, nil))
			_, err = w.desk.RebuildPack(ctx, ann, f.CaseRef)
			w.must(err)
		}
		if k, err := w.store.Pack(ctx, v.Case.ID, 0); err != nil || k.Version != 11 {
			t.Errorf("%+v, %v", k, err)
		}
		for version, there := range map[int64]bool{6: false, 7: true} {
			if _, err := w.store.Pack(ctx, v.Case.ID, version); (err == nil) != there {
				t.Errorf("version %d: %v", version, err)
			}
		}
	})
}

// Other carriers are told of the call and not of the customer; who is nobody of
// these, nothing; an unverified requester nothing at all.
func TestPackPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		packing(t, w)
		ctx := t.Context()
		w.must(w.store.ImportKYC(ctx, cases.System("import"), noon, []cases.KYC{{AccountID: "acct-7", LegalName: "Acme"}}, nil)) // without an address: the reason for that must not name the account
		f := w.submit(`{"category": "robocall", "caller_number": "+17244428039", "called_number": "+13035550101", "occurred_at": "2026-11-24T10:00:00Z", "description": "IRS scam"}`)
		w.work()
		for kind, want := range map[cases.ReporterKind]struct{ account, response string }{
			cases.ReporterTraceback: {"acct-7", "200"}, cases.ReporterRegulator: {"acct-7", "200"}, cases.ReporterPolice: {"acct-7", "200"},
			cases.ReporterCarrier: {"withheld", "200"}, cases.ReporterCalled: {"withheld", "withheld"},
		} {
			v := w.pack(f.CaseRef, PackFor{Kind: kind})
			got := texts(v, 0, cases.PackOriginating, cases.PackResponse, cases.PackCustomerName)
			if !strings.HasPrefix(got[0], want.account) || !strings.HasPrefix(got[1], want.response) || !strings.HasPrefix(got[2], "withheld") || !v.Kept.Complete {
				t.Errorf("%s: %q, complete %v", kind, got, v.Kept.Complete)
			}
			whole, err := json.Marshal(v.Document)
			w.must(err)
			if strings.Contains(string(whole)+v.Text, "acct-7") != (want.account == "acct-7") {
				t.Errorf("%s: %s", kind, whole)
			}
		}
		if got := texts(w.pack(f.CaseRef, PackFor{}), 0, cases.PackReference)[0]; !strings.Contains(got, "nobody has asked yet") {
			t.Error(got)
		}
		_, err := w.desk.Pack(ctx, ann, f.CaseRef, PackFor{Kind: "aunt"})
		w.refused(err, cases.ErrInvalid, "for")
		_, err = w.desk.SendPack(ctx, ann, f.CaseRef, PackSending{})
		w.refused(err, cases.ErrConflict, "no traceback case")

		g, _ := w.request("From: x@else.example", "Message-ID: <t2@else.example>")
		_, err = w.desk.SendPack(ctx, ann, g.CaseRef, PackSending{})
		w.refused(err, cases.ErrConflict, cases.NoteWithheld)
		if len(w.tellAll()) > 0 {
			t.Error("an unverified requester was written to")
		}
		// A report that nobody confirmed has no pack.
		h := w.submit(`{"category": "robocall", "caller_number": "+17244428039", "called_number": "+13035550777", "occurred_at": "2026-11-24T09:00:00Z"}`)
		w.work()
		if h.CaseRef != f.CaseRef {
			if _, err := w.desk.Pack(ctx, ann, h.CaseRef, PackFor{}); cases.KindOf(err) != cases.KindNotFound {
				t.Errorf("%v", err)
			}
		}
	})
}

// The longest answer still is a letter: fifty calls with long values and a note.
func TestLongestPackLetter(t *testing.T) {
	d := cases.PackDocument{Version: 1, Pack: cases.Pack{Case: "AB-2026-000001"}}
	for i := range cases.MaxPackCalls {
		c := cases.PackOneCall{Place: i + 1, Fields: map[cases.PackName]cases.PackField{}}
		for _, f := range cases.PackFields() {
			c.Fields[f.Name] = cases.PackField{Value: strings.Repeat("x", 400)}
		}
		c.Fields[cases.PackCalling], c.Fields[cases.PackCalled] = cases.PackField{Value: "+17244428039"}, cases.PackField{Value: "+13035550101"}
		d.Pack.Calls = append(d.Pack.Calls, c)
	}
	if n := len(d.Text(strings.Repeat("n", maxPackNote))); n > cases.MaxAnswer {
		t.Errorf("%d bytes, more than the %d of an answer", n, cases.MaxAnswer)
	}
}
