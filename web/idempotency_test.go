package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// with gives a request an Idempotency-Key.
func with(key string, r request) request {
	r.header = append(r.header, "Idempotency-Key", key)
	return r
}

// happened counts audit entries of a command.
func (w *world) happened(command string) int {
	w.t.Helper()
	n := 0
	for cursor := ""; ; {
		p, err := w.desk.Events(w.t.Context(), w.staff["admin"].Actor(), cases.EventQuery{Limit: cases.MaxPage, Cursor: cursor})
		w.must(err)
		for _, e := range p.Items {
			if e.Command == command {
				n++
			}
		}
		if cursor = p.Next; cursor == "" {
			return n
		}
	}
}

func TestARequestHappensOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		at := "/api/v1/cases/" + w.ref
		note := func(text string) request { return call("POST", at+"/notes", "cases", `{"text":"`+text+`"}`) }
		first := w.send(with("k1", note("one")))
		second := w.send(with("k1", note("one")))
		if first.Code != 200 || second.Code != 200 || first.Body.String() != second.Body.String() || second.Header().Get("Idempotency-Replayed") != "true" || first.Header().Get("Idempotency-Replayed") != "" {
			t.Errorf("%d %s\n%d %s", first.Code, first.Body, second.Code, second.Body)
		}
		all := w.send(with("k1", call("POST", at+"/notes", "all", `{"text":"one"}`))) // another client's key
		if n := w.happened("case.note"); n != 2 || all.Code != 200 {
			t.Errorf("%d notes, want 2; %d", n, all.Code)
		}
		w.run([]scenario{
			{name: "another body", request: with("k1", note("two")), status: 409, says: []string{"used before"}},
			{name: "another operation", request: with("k1", call("POST", at+"/claim", "cases", "")), status: 409},
			{name: "too long a key", request: with(strings.Repeat("k", 201), note("x")), status: 422, says: []string{`"location":"header.Idempotency-Key"`}},
			{name: "refused", request: with("k2", note("")), status: 422},
			{name: "a refusal frees the key", request: with("k2", note("better")), status: 200},
			{name: "nobody", request: with("k3", call("POST", at+"/notes", "", `{"text":"x"}`)), status: 401},
			{name: "too large", request: with("k4", note(strings.Repeat("x", MaxJSONBody))), status: 413},
			{name: "a key that may not", request: with("k5", call("POST", at+"/claim", "read", "")), status: 403},
		})
		// What has no body in its answer, and what has a secret.
		hook := call("POST", "/api/v1/webhooks", "webhooks", `{"url":"https://peer.example/","events":["case.opened"]}`)
		a, b := w.send(with("k6", hook)), w.send(with("k6", hook))
		if a.Code != 201 || b.Code != 201 || a.Body.String() != b.Body.String() || !whsec.MatchString(b.Body.String()) {
			t.Errorf("%d %s\n%d %s", a.Code, a.Body, b.Code, b.Body)
		}
		test := call("POST", "/api/v1/webhooks/1/test", "webhooks", "")
		a, b = w.send(with("k7", test)), w.send(with("k7", test))
		if a.Code != 204 || b.Code != 204 || b.Body.Len() != 0 || w.happened(string(cases.CmdManageWebhooks)) != 2 {
			t.Errorf("%d, %d, %d events", a.Code, b.Code, w.happened(string(cases.CmdManageWebhooks)))
		}
		// Kept for a day.
		n, err := w.store.PruneRequests(t.Context(), w.now, 100)
		if err != nil || n != 0 {
			t.Errorf("pruned %d, %v", n, err)
		}
		if n, err = w.store.PruneRequests(t.Context(), w.now.Add(time.Second), 100); err != nil || n < 4 {
			t.Errorf("pruned %d, %v", n, err)
		}
	})
}

func TestEqualRequestsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		proposal := `{"kind":"channel_limit","target_kind":"account","target":"acct-1042","value":{"channels":5},"reason":"x"}`
		bodies := make([]string, 8)
		var wg sync.WaitGroup
		for i := range bodies {
			wg.Go(func() {
				rec := w.send(with("k1", call("POST", "/api/v1/restrictions", "cases", proposal)))
				bodies[i] = fmt.Sprint(rec.Code, " ", rec.Body)
			})
		}
		wg.Wait()
		for _, b := range bodies {
			if b != bodies[0] || !strings.HasPrefix(b, "201 ") {
				t.Errorf("%s\nwant %s", b, bodies[0])
			}
		}
		if n := w.happened("restriction.propose"); n != 1 {
			t.Errorf("%d restrictions", n)
		}
	})
}

func TestRequestsThroughACrash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.server.patience = 60 * time.Millisecond
		ctx := t.Context()
		owner, err := w.auth.KeyActor(ctx, w.keys["cases"])
		w.must(err)
		proposal := `{"kind":"channel_limit","target_kind":"account","target":"acct-1042","value":{"channels":5},"reason":"x"}`
		r := call("POST", "/api/v1/restrictions", "cases", proposal)
		// The first process claims the key, and dies before or after the commit.
		begin := func(key string) cases.IdempotentRequest {
			t.Helper()
			known, mine, err := w.desk.BeginRequest(ctx, cases.IdempotentRequest{Client: owner.ID, Key: key, Operation: "POST /api/v1/restrictions", Digest: digestOf("/api/v1/restrictions", proposal)})
			if err != nil || !mine {
				t.Fatalf("not claimed: %v", err)
			}
			return known
		}
		propose := func(req cases.IdempotentRequest) (cases.Restriction, error) {
			return w.desk.Propose(cases.WithRequest(ctx, req), owner, desk.Proposal{Kind: cases.KindChannelLimit, TargetKind: cases.TargetAccount, Target: "acct-1042", Value: cases.RestrictionValue{Channels: 5}, Reason: "x"})
		}
		before, after := begin("before"), begin("after")
		made, err := propose(after)
		w.must(err)
		if rec := w.send(with("before", r)); rec.Code != 503 || !strings.Contains(rec.Body.String(), "still being worked on") {
			t.Errorf("while the first is under way: %d %s", rec.Code, rec.Body)
		}
		w.now = w.now.Add(cases.RequestLease + time.Second)
		rec := w.send(with("after", r))
		var again cases.Restriction
		if err := json.Unmarshal(rec.Body.Bytes(), &again); err != nil || rec.Code != 201 || again.ID != made.ID || rec.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("died after the commit: %d %s", rec.Code, rec.Body)
		}
		if n := w.happened("restriction.propose"); n != 1 {
			t.Errorf("proposed %d times", n)
		}
		if rec := w.send(with("before", r)); rec.Code != 201 || w.happened("restriction.propose") != 2 {
			t.Errorf("died before the commit: %d %s", rec.Code, rec.Body)
		}
		// The one that was given up wakes, and comes too late.
		if _, err := propose(before); cases.KindOf(err) != cases.KindFenced || w.happened("restriction.propose") != 2 {
			t.Errorf("one that was taken over: %v", err)
		}
	})
}
