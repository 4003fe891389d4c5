package web

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/sti"
)

// served is a peer that has files by address.
type served map[string][]byte

func (s served) FetchMaterial(_ context.Context, address string, _ int64) ([]byte, error) {
	if raw, ok := s[address]; ok {
		return raw, nil
	}
	return nil, &cases.Error{Kind: cases.KindUnavailable, Message: "its server cannot be reached"}
}

// signedCase makes the reported call one whose record has a good token, and looks
// at the report again. It returns what signs another of acct-1042's calls.
func (w *world) signedCase() func(id, from, to string) {
	w.t.Helper()
	ctx := w.t.Context()
	const x5u, origID = "https://certs.example.com/709J.pem", "123e4567-e89b-12d3-a456-426655440000"
	ecosystem, err := sti.New(w.now, "")
	w.must(err)
	leaf, err := ecosystem.Provider("709J", nil)
	w.must(err)
	w.desk.Materials = served{x5u: ecosystem.Chain(leaf)}
	w.desk.Roots = func() ([]byte, error) { return ecosystem.Roots(), nil }
	_, err = w.desk.KeepTrustList(ctx)
	w.must(err)
	at := w.now.Add(-2 * time.Hour)
	sign := func(id, from, to string) {
		answered, ended := at.Add(5*time.Second), at.Add(9*time.Second)
		c := cases.Call{Source: "sbc", SourceID: id, AccountID: "acct-1042", Connection: "sbc-7", Direction: "outbound", From: from, To: to, StartedAt: at, AnsweredAt: &answered, EndedAt: &ended,
			BilledSeconds: 4, SIPCode: 200, Attest: "A"}
		c.Identity, err = sti.Identity(leaf, sti.Token{X5U: x5u, Attest: "A", From: from, To: to, OrigID: origID, At: at})
		w.must(err)
		_, err = w.desk.LoadCalls(ctx, w.staff["admin"].Actor(), cases.Ingest{Source: "sbc", Calls: []cases.Call{c}})
		w.must(err)
	}
	sign("c4", shown, called)
	w.must(w.desk.Enrich(ctx, cases.Attempt{}, w.report))
	w.must(w.desk.Assess(ctx, cases.Attempt{}, 1))
	return sign
}

// fold counts the calls by hour.
func (w *world) fold() {
	w.t.Helper()
	lease, ok, err := w.store.AcquireLease(w.t.Context(), w.now, "fold", "test", time.Minute)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	for n := 1; n > 0; {
		n, err = w.store.FoldCalls(w.t.Context(), lease, w.now, 2000)
		w.must(err)
	}
}

func TestWhoSigned(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.run([]scenario{{name: "only the record says so", request: request{method: "GET", path: "/desk/cases/" + w.ref, as: "analyst"}, status: 200, says: []string{"said, not checked", "the token is not in it", "signed A, not entitled"}}})
		sign := w.signedCase()
		w.fold()
		_, err := w.desk.AuditAttestation(t.Context(), 500)
		w.must(err)
		w.must(w.desk.Assess(t.Context(), cases.Attempt{}, 1))
		w.run([]scenario{
			{name: "the case", request: request{method: "GET", path: "/desk/cases/" + w.ref, as: "analyst"}, status: 200, says: []string{"signature valid", "709J", "Path to the trust list", "123e4567", "names no numbers",
				"The certificate", "In no other case", "signed A, valid · not entitled", "calls of it A in seven days without a recorded right", "Attestation by day"}},
			{name: "the account", request: request{method: "GET", path: "/desk/accounts/acct-1042", as: "analyst"}, status: 200, says: []string{"Our own attestation", "no right of it"}},
			{name: "another account", request: request{method: "GET", path: "/desk/accounts/acct-2210", as: "analyst"}, status: 200, keeps: []string{"Our own attestation"}},
			{name: "operations", request: request{method: "GET", path: "/desk/operations", as: "auditor"}, status: 200, says: []string{"signed A yesterday without a recorded right", "Acme Dialers"}},
			{name: "signers", request: request{method: "GET", path: "/desk/signers", as: "auditor"}, status: 200, says: []string{"None yet"}},
		})
		// Another case, of another number, signed by the same with the same origid.
		sign("d1", "+12025550190", "+16175550155")
		var out struct {
			Report int64
			Case   string
		}
		rec := w.send(request{method: "POST", path: "/api/v1/reports", key: "reports", contentType: "application/json",
			body: `{"category":"robocall","caller_number":"+12025550190","called_number":"+16175550155","occurred_at":"2026-11-24T10:00:00Z","description":"A robot."}`})
		w.must(json.Unmarshal(rec.Body.Bytes(), &out))
		w.must(w.desk.Enrich(t.Context(), cases.Attempt{}, out.Report))
		w.run([]scenario{
			{name: "both cases", request: request{method: "GET", path: "/desk/cases/" + w.ref, as: "analyst"}, status: 200, says: []string{"in 1\u00a0other case", out.Case}},
			{name: "signers of both", request: request{method: "GET", path: "/desk/signers", as: "auditor"}, status: 200, says: []string{w.ref, out.Case, "123e4567"}},
			{name: "api", request: request{method: "GET", path: "/api/v1/cases/" + w.ref, key: "read"}, status: 200, says: []string{`"origid":"123e4567`, `"verdict":"valid"`, `"signed_a_without_right"`}},
		})
	})
}
