package simulate

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// fakeAPI is a desk with one case on which the domain's own state machines run.
type fakeAPI struct {
	*httptest.Server
	mu     sync.Mutex
	c      cases.Case
	rs     []cases.Restriction
	log    []string
	polled int
	before func(f *fakeAPI, what string) // called, locked, before each command
}

var (
	ana     = cases.Actor{Kind: cases.ActorKey, ID: "key-ana", Name: "Ana", Role: cases.RoleAnalyst, Person: "ana", Scopes: []cases.Scope{cases.ScopeAll}}
	bob     = cases.Actor{Kind: cases.ActorKey, ID: "key-bob", Name: "Bob", Role: cases.RoleApprover, Person: "bob", Scopes: []cases.Scope{cases.ScopeAll}}
	visitor = cases.Actor{Kind: cases.ActorPerson, ID: "vis", Name: "A visitor", Role: cases.RoleAnalyst, Person: "vis"}
)

func newFakeAPI(t *testing.T) *fakeAPI {
	f := &fakeAPI{c: cases.Case{ID: 1, Ref: "AB-2026-000001", State: cases.StateNew}}
	mux := http.NewServeMux()
	show := func(c cases.Case) map[string]any {
		return map[string]any{"ref": c.Ref, "state": c.State, "disposition": c.Disposition, "assignee": c.AssigneeName, "version": c.Version, "reports": c.Facts.Reports, "facts": c.Facts}
	}
	handle := func(pattern string, h func(a cases.Actor, body map[string]any) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a := map[string]cases.Actor{"Bearer ana": ana, "Bearer bob": bob, "Bearer switch": {}}[r.Header.Get("Authorization")]
			var body map[string]any
			json.NewDecoder(r.Body).Decode(&body)
			f.mu.Lock()
			defer f.mu.Unlock()
			what := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			if r.Method == http.MethodPost {
				if f.before != nil {
					f.before(f, what)
				}
				f.log = append(f.log, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+" "+what)
			}
			out, err := h(a, body)
			switch cases.KindOf(err) {
			case cases.KindConflict:
				w.WriteHeader(http.StatusConflict)
			case cases.KindForbidden:
				w.WriteHeader(http.StatusForbidden)
			case cases.KindInvalid:
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			if err != nil {
				out = map[string]any{"detail": err.Error()}
			}
			json.NewEncoder(w).Encode(out)
		})
	}
	handle("GET /api/v1/cases", func(cases.Actor, map[string]any) (any, error) {
		f.polled++
		if f.polled == 2 { // reports come in, and are checked, while the analyst waits
			f.c.Facts = cases.Facts{Reports: 9, Corroboration: cases.CorroborationConfirmed}
		}
		return map[string]any{"items": []any{show(f.c)}}, nil
	})
	handle("GET /api/v1/cases/AB-2026-000001", func(cases.Actor, map[string]any) (any, error) { return show(f.c), nil })
	handle("POST /api/v1/cases/AB-2026-000001/claim", func(a cases.Actor, _ map[string]any) (any, error) { err := f.c.Claim(a, noon); return show(f.c), err })
	handle("POST /api/v1/cases/AB-2026-000001/notes", func(a cases.Actor, b map[string]any) (any, error) {
		err := f.c.Note(a, noon, b["text"].(string))
		return show(f.c), err
	})
	handle("POST /api/v1/cases/AB-2026-000001/resolve", func(a cases.Actor, b map[string]any) (any, error) {
		if v := int64(b["version"].(float64)); v != 0 && v != f.c.Version {
			return nil, cases.Conflict("the case has changed")
		}
		err := f.c.Resolve(a, noon, cases.Disposition(b["disposition"].(string)), b["reason"].(string))
		return show(f.c), err
	})
	handle("POST /api/v1/restrictions", func(a cases.Actor, b map[string]any) (any, error) {
		if f.c.Closed() {
			return nil, cases.Conflict("closed")
		}
		r := cases.Restriction{ID: int64(len(f.rs) + 1), Kind: cases.RestrictionKind(b["kind"].(string)), TargetKind: cases.TargetKind(b["target_kind"].(string)), TargetID: b["target"].(string), Reason: b["reason"].(string)}
		raw, _ := json.Marshal(b["value"])
		json.Unmarshal(raw, &r.Value)
		if err := r.Propose(a, noon, false); err != nil {
			return nil, err
		}
		if r.State == cases.RestrictionApproved {
			r.Apply(noon, 1)
		}
		f.rs = append(f.rs, r)
		return r, nil
	})
	for i := range 2 {
		id := []string{"1", "2"}[i]
		handle("GET /api/v1/restrictions/"+id, func(cases.Actor, map[string]any) (any, error) {
			f.rs[i].Settle([]cases.Replica{{Heartbeat: noon, Revision: 1}}, noon)
			return f.rs[i], nil
		})
		handle("POST /api/v1/restrictions/"+id+"/approve", func(a cases.Actor, _ map[string]any) (any, error) {
			if err := f.rs[i].Approve(a, noon); err != nil {
				return nil, err
			}
			f.rs[i].Apply(noon, 1)
			return f.rs[i], nil
		})
	}
	handle("POST /policy/v1/calls", func(cases.Actor, map[string]any) (any, error) {
		return map[string]any{"action": "refuse", "sip_code": 603, "reason": "restricted"}, nil
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAPI) analyst() *Analyst {
	return &Analyst{Analyst: API{BaseURL: f.URL, Key: "ana"}, Approver: API{BaseURL: f.URL, Key: "bob"}, Switch: API{BaseURL: f.URL, Key: "switch"},
		Poll: time.Millisecond, Now: func() time.Time { return noon }}
}

func campaign(t *testing.T) Story { return Stories(carrier(t, Params{Seed: 2, Calls: 6000}))[0] }

func TestAnalystWorksByThePlan(t *testing.T) {
	f := newFakeAPI(t)
	ref, err := f.analyst().Decide(t.Context(), campaign(t))
	if err != nil || ref != "AB-2026-000001" {
		t.Fatalf("%s, %v", ref, err)
	}
	want := []string{"ana claim", "ana notes", "ana restrictions", "switch calls", "ana restrictions", "bob approve", "switch calls", "ana resolve"}
	if d := cmp.Diff(want, f.log); d != "" {
		t.Errorf("what was done:\n%s", d)
	}
	if f.c.Disposition != cases.DispositionUpheld || f.polled < 2 {
		t.Errorf("disposition %q after %d looks", f.c.Disposition, f.polled)
	}
}

func TestAnalystYieldsToAVisitor(t *testing.T) {
	for name, c := range map[string]struct {
		before func(f *fakeAPI, what string)
		want   []string // of the script's commands
	}{
		"who claimed first": {func(f *fakeAPI, what string) {
			if what == "claim" {
				f.c.Claim(visitor, noon)
			}
		}, []string{"ana claim"}},
		"who resolved first": {func(f *fakeAPI, what string) {
			if what == "claim" {
				f.c.Resolve(visitor, noon, cases.DispositionInsufficient, "enough")
			}
		}, []string{"ana claim"}},
		"who resolves in the middle": {func(f *fakeAPI, what string) {
			if what == "restrictions" {
				f.c.Resolve(visitor, noon, cases.DispositionInsufficient, "enough")
			}
		}, []string{"ana claim", "ana notes", "ana restrictions"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeAPI(t)
			f.before = c.before
			if _, err := f.analyst().Decide(t.Context(), campaign(t)); !errors.Is(err, ErrYielded) {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(c.want, f.log); d != "" {
				t.Errorf("what was done:\n%s", d)
			}
		})
	}
}

// A case changes whenever a report comes in: that is nobody's decision.
func TestAnalystDecidesAgainWhenTheCaseHasMovedOn(t *testing.T) {
	f := newFakeAPI(t)
	n := 0
	f.before = func(f *fakeAPI, what string) {
		if n++; what == "resolve" && f.log[len(f.log)-1] != "ana resolve" {
			f.c.Version++
		}
	}
	if _, err := f.analyst().Decide(t.Context(), campaign(t)); err != nil {
		t.Fatal(err)
	}
	if got := f.log[len(f.log)-2:]; !cmp.Equal(got, []string{"ana resolve", "ana resolve"}) {
		t.Errorf("ended with %v", got)
	}
}

// The second person may be the visitor.
func TestVisitorApproves(t *testing.T) {
	f := newFakeAPI(t)
	f.before = func(f *fakeAPI, what string) {
		if what == "approve" {
			f.rs[1].Approve(cases.Actor{Kind: cases.ActorPerson, ID: "vis", Person: "vis", Role: cases.RoleApprover}, noon)
			f.rs[1].Apply(noon, 1)
		}
	}
	if _, err := f.analyst().Decide(t.Context(), campaign(t)); err != nil {
		t.Fatal(err)
	}
	if f.c.Disposition != cases.DispositionUpheld {
		t.Errorf("disposition %q", f.c.Disposition)
	}
}
