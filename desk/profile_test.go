package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// acme shows the clinic's number to many, and many call acme's own number back.
func (w *world) busyHours() (from, to time.Time) {
	w.t.Helper()
	w.carrier()
	var cs []cases.Call
	for i := range 40 {
		at := noon.Add(-3*time.Hour + time.Duration(i)*time.Minute)
		out := call(fmt.Sprint("out", i), shown, fmt.Sprintf("+1312555%04d", 100+i), at)
		if i%4 == 0 {
			out.AnsweredAt, out.EndedAt, out.SIPCode, out.BilledSeconds = nil, nil, 486, 0
		}
		if i == 39 {
			out.To, out.ToCountry = victim, "US"
		}
		in := call(fmt.Sprint("in", i), fmt.Sprintf("+1312555%04d", 200+i%30), own, at)
		in.Direction, in.Connection, in.Peer, in.Attest = "inbound", "", "meridian", "B"
		cs = append(cs, out, in)
	}
	w.carried(noon.Add(-time.Hour), cs...)
	return noon.Add(-24 * time.Hour), noon.Add(time.Minute)
}

func TestProfile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		from, to := w.busyHours()
		about := w.submit(report(shown, victim, noon.Add(-3*time.Hour+39*time.Minute).Format(time.RFC3339)))
		w.work()
		if p := w.dossier(about.CaseRef).Case.Facts.Parties; p == nil || p.Originating != "acme" {
			t.Fatalf("parties %+v", p)
		}
		at := noon.Add(-time.Hour)
		_, err := w.store.ImportSignals(ctx, admin, noon, cases.ImportFile{Kind: cases.ImportSignals, SHA256: "f", Format: "ftc"}, []cases.Signal{{Source: "ftc", SourceID: "1", E164: shown, Role: cases.RoleCaller, HappenedAt: &at}}, 1, nil, true)
		w.must(err)
		for _, tt := range []struct {
			kind                ProfileKind
			key                 string
			attempts, answered  int
			complaints, sampled int
			callers, callees    float64 // 0: means nothing for the kind
		}{
			{ProfileAccount, "acme", 40, 30, 1, 40, 1, 40},
			{ProfileShown, "(202) 555-0143", 40, 30, 2, 40, 0, 40},
			{ProfileReached, own, 40, 40, 0, 40, 30, 0},
			{ProfileProvider, "meridian", 40, 40, 0, 40, 30, 1},
			{ProfileShown, "+12025550188", 0, 0, 0, 0, 0, 0},
			{ProfileProvider, "nobody", 0, 0, 0, 0, 0, 0},
		} {
			p, err := w.desk.Profile(ctx, ann, tt.kind, tt.key, from, to)
			w.must(err)
			if p.Attempts != tt.attempts || p.Answered != tt.answered || p.Complaints != tt.complaints || p.Sampled != tt.sampled {
				t.Errorf("%s %s: %d attempts, %d answered, %d complaints, %d sampled, want %+v", tt.kind, tt.key, p.Attempts, p.Answered, p.Complaints, p.Sampled, tt)
			}
			for m, want := range map[cases.Measure]float64{cases.MeasureCallers: tt.callers, cases.MeasureCallees: tt.callees} {
				if got, _ := p.Value(m); got != want {
					t.Errorf("%s %s: %s is %v, want %v", tt.kind, tt.key, m, got, want)
				}
			}
		}
		// A call of the window's last hour counts, one of the hour after does not.
		p, err := w.desk.Profile(ctx, ann, ProfileAccount, "acme", noon.Add(-3*time.Hour), noon.Add(-3*time.Hour+time.Minute))
		w.must(err)
		if p.Attempts != 40 || !p.To.Equal(noon.Add(-2*time.Hour)) {
			t.Errorf("within an hour that is counted whole: %d until %s", p.Attempts, p.To)
		}
		p, err = w.desk.Profile(ctx, ann, ProfileAccount, "acme", noon.Add(-4*time.Hour), noon.Add(-3*time.Hour))
		w.must(err)
		if p.Attempts != 0 || p.Sampled != 0 {
			t.Errorf("of the hour before: %+v", p)
		}
		// Where no window is asked for it is the last seven days.
		p, err = w.desk.Profile(ctx, ann, ProfileAccount, "acme", time.Time{}, time.Time{})
		w.must(err)
		if p.Attempts != 40 || !p.From.Equal(noon.Add(-ProfileWindow)) || !p.To.Equal(noon.Add(time.Hour)) {
			t.Errorf("by itself: %d in %s to %s", p.Attempts, p.From, p.To)
		}
		_, err = w.desk.Profile(ctx, ann, ProfileAccount, "acme", to, from)
		w.refused(err, cases.ErrInvalid, "before the end")
		_, err = w.desk.Profile(ctx, ann, ProfileAccount, "acme", to.Add(-MaxProfile-time.Second), to)
		w.refused(err, cases.ErrInvalid, "31 days")
		_, err = w.desk.Profile(ctx, ann, ProfileAccount, "nobody", from, to)
		w.refused(err, cases.ErrNotFound, "nobody")
		_, err = w.desk.Profile(ctx, ann, ProfileShown, "12", from, to)
		w.refused(err, cases.ErrInvalid, "too short")
		_, err = w.desk.Profile(ctx, ann, "colour", "x", from, to)
		w.refused(err, cases.ErrInvalid, "colour")
		_, err = w.desk.Profile(ctx, cases.Actor{Kind: cases.ActorKey, Scopes: []cases.Scope{cases.ScopePolicy}}, ProfileAccount, "acme", from, to)
		w.refused(err, cases.ErrForbidden, "")
	})
}
