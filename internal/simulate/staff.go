package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// API is the desk's API as seen with one key. Safe for concurrent use.
type API struct {
	BaseURL string
	Key     string
	HTTP    *http.Client // nil: one that gives up after 20 s
}

// Case is what a client of the API sees of a case; only what is used here.
type Case struct {
	Ref         string            `json:"ref"`
	Title       string            `json:"title"`
	State       cases.State       `json:"state"`
	Disposition cases.Disposition `json:"disposition"`
	Assignee    string            `json:"assignee"` // name; "" nobody
	Reports     int               `json:"reports"`
	Priority    int               `json:"priority"`
	Version     int64             `json:"version"`
	Facts       cases.Facts       `json:"facts"`
}

// Restriction is what a client of the API sees of a restriction.
type Restriction struct {
	ID       int64                  `json:"id"`
	State    cases.RestrictionState `json:"state"`
	Revision int64                  `json:"revision"`
}

// Probe is one outbound call that a switch asks the policy endpoint about.
type Probe struct {
	CallID     string `json:"call_id"`
	Account    string `json:"account"`
	Connection string `json:"connection,omitempty"`
	From       string `json:"from"`
	To         string `json:"to"`
}

// Answer is what the policy endpoint says.
type Answer struct {
	Action      string `json:"action"` // allow, refuse
	SIPCode     int    `json:"sip_code"`
	Reason      string `json:"reason"`
	Restriction int64  `json:"restriction"`
	Revision    int64  `json:"revision"`
	MaxChannels *int   `json:"max_channels"`
}

// Answered is an answer of the API that is an error: problem+json.
type Answered struct {
	Status int
	Detail string
}

func (e *Answered) Error() string { return fmt.Sprintf("the API answered %d: %s", e.Status, e.Detail) }

// status is the HTTP status in err, or 0 when the API gave no answer.
func status(err error) int {
	if a, ok := errors.AsType[*Answered](err); ok {
		return a.Status
	}
	return 0
}

// Do sends in as JSON (nil: no body) and reads the answer into out (nil:
// nothing). An answer of 400 and above is *Answered.
func (a API) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(a.BaseURL, "/")+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.Key != "" {
		req.Header.Set("Authorization", "Bearer "+a.Key)
	}
	client := a.HTTP
	if client == nil {
		client = plainClient
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= 400 {
		return &Answered{res.StatusCode, fmt.Sprintf("%s %s: %.600s", method, path, raw)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Case reads one case.
func (a API) Case(ctx context.Context, ref string) (Case, error) {
	var c Case
	return c, a.Do(ctx, http.MethodGet, "/api/v1/cases/"+url.PathEscape(ref), nil, &c)
}

// Cases reads one page of cases.
func (a API) Cases(ctx context.Context, q url.Values) ([]Case, error) {
	var page struct {
		Items []Case `json:"items"`
	}
	return page.Items, a.Do(ctx, http.MethodGet, "/api/v1/cases?"+q.Encode(), nil, &page)
}

// Claim makes the case the key's.
func (a API) Claim(ctx context.Context, ref string) (Case, error) {
	var c Case
	return c, a.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(ref)+"/claim", nil, &c)
}

// Note adds a remark.
func (a API) Note(ctx context.Context, ref, text string) error {
	return a.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(ref)+"/notes", map[string]string{"text": text}, nil)
}

// Resolve judges the case as it was in the given version; 0: as it is.
func (a API) Resolve(ctx context.Context, ref string, version int64, d cases.Disposition, reason string) error {
	return a.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(ref)+"/resolve",
		map[string]any{"disposition": d, "reason": reason, "version": version}, nil)
}

// Restrict proposes a measure on a case ("" on none).
func (a API) Restrict(ctx context.Context, ref string, m Measure, now time.Time) (Restriction, error) {
	in := map[string]any{"kind": m.Kind, "target_kind": m.TargetKind, "target": m.Target, "value": m.Value, "reason": m.Reason, "case": ref}
	if m.For > 0 {
		in["expires_at"] = now.Add(m.For).UTC().Format(time.RFC3339)
	}
	var r Restriction
	return r, a.Do(ctx, http.MethodPost, "/api/v1/restrictions", in, &r)
}

// Restriction reads one restriction.
func (a API) Restriction(ctx context.Context, id int64) (Restriction, error) {
	var r Restriction
	return r, a.Do(ctx, http.MethodGet, fmt.Sprintf("/api/v1/restrictions/%d", id), nil, &r)
}

// Approve is the second person's word.
func (a API) Approve(ctx context.Context, id int64) error {
	return a.Do(ctx, http.MethodPost, fmt.Sprintf("/api/v1/restrictions/%d/approve", id), nil, nil)
}

// Lift takes a restriction back.
func (a API) Lift(ctx context.Context, id int64, reason string) error {
	return a.Do(ctx, http.MethodPost, fmt.Sprintf("/api/v1/restrictions/%d/lift", id), map[string]string{"reason": reason}, nil)
}

// Ask asks whether a call may go out. The key needs the scope policy.
func (a API) Ask(ctx context.Context, p Probe) (Answer, error) {
	if p.CallID == "" {
		p.CallID = NewKey()
	}
	var ans Answer
	return ans, a.Do(ctx, http.MethodPost, "/policy/v1/calls", p, &ans)
}
