package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
)

// carrier makes a small synthetic carrier.
func carrier(t testing.TB) *simulate.Carrier {
	t.Helper()
	c, err := simulate.New(simulate.Params{Seed: 4, Now: time.Now(), Calls: 6000, Days: 10})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// load brings a carrier in as an operator does: customers, connections and
// numbers from files, call records over the API.
func (d *desk) load(c *simulate.Carrier) {
	d.t.Helper()
	d.run("", "import", "accounts", file(d.t, "accounts.csv", accountsCSV(d.t, c)))
	d.run("", "import", "numbers", file(d.t, "numbers.csv", numbersCSV(d.t, c)))
	key := d.key("--name", "switches", "--scopes", "calls")
	for in := range c.Batches() {
		d.sendCalls(key, in)
	}
}

func accountsCSV(t testing.TB, c *simulate.Carrier) string {
	rows := [][]string{{"id", "parent_id", "name", "kind", "country", "status", "protected", "email", "opened_at", "connection", "connection_name", "connection_country", "source_ips", "tech_prefix"}}
	for _, a := range c.Accounts {
		row := []string{a.ID, a.ParentID, a.Name, a.Kind, a.Country, a.Status, fmt.Sprint(a.Protected), a.Email, a.OpenedAt.Format(time.RFC3339), "", "", "", "", ""}
		for _, conn := range c.Connections {
			if conn.AccountID == a.ID {
				copy(row[9:], []string{conn.ID, conn.Name, conn.Country, strings.Join(conn.SourceIPs, " "), conn.TechPrefix})
			}
		}
		rows = append(rows, row)
	}
	return asCSV(t, rows)
}

func numbersCSV(t testing.TB, c *simulate.Carrier) string {
	rows := [][]string{{"number", "account", "kind", "from", "until"}}
	for _, e := range c.Entitlements {
		until := ""
		if e.Until != nil {
			until = e.Until.Format(time.RFC3339)
		}
		rows = append(rows, []string{e.E164, e.AccountID, string(e.Kind), e.From.Format(time.RFC3339), until})
	}
	return asCSV(t, rows)
}

func asCSV(t testing.TB, rows [][]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sendCalls posts a batch as lines of JSON. Every line must be taken.
func (d *desk) sendCalls(key simulate.API, in cases.Ingest) {
	d.t.Helper()
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for _, call := range in.Calls {
		if err := enc.Encode(call); err != nil {
			d.t.Fatal(err)
		}
	}
	q := url.Values{"source": {in.Source}, "complete_from": {in.CompleteFrom.Format(time.RFC3339)}, "complete_through": {in.CompleteThrough.Format(time.RFC3339)}}
	status, answer := d.post("/api/v1/calls?"+q.Encode(), "application/x-ndjson", body.String(), "Authorization", "Bearer "+key.Key)
	if status != http.StatusOK {
		d.t.Fatalf("calls of %s until %v: %d %s", in.Source, in.CompleteThrough, status, answer)
	}
}

// post posts a body with header pairs and returns the answer.
func (d *desk) post(path, contentType, body string, header ...string) (status int, answer string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.baseURL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return d.do(req)
}

// get reads a page and returns the answer.
func (d *desk) get(path string, header ...string) (status int, answer string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.baseURL+strings.TrimPrefix(path, d.baseURL), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return d.do(req)
}

var plain = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (d *desk) do(req *http.Request) (int, string) {
	d.t.Helper()
	res, err := plain.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}
