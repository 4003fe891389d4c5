package telnyx

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// client asks a peer and notes how long it would have waited.
func client(p *testenv.TelnyxPeer, waits *[]time.Duration) *Client {
	return New(Config{BaseURL: p.URL + "/", Key: p.Key, HTTP: http.DefaultClient, Now: func() time.Time { return noon },
		Wait: func(ctx context.Context, d time.Duration) error { *waits = append(*waits, d); return ctx.Err() }})
}

func TestDetailRecords(t *testing.T) {
	p := testenv.NewTelnyxPeer(t)
	p.Add(120, noon, time.Second)
	c := client(p, new([]time.Duration))
	seen := map[string]bool{}
	for page := 1; page <= 3; page++ {
		got, err := c.DetailRecords(t.Context(), noon.Add(10*time.Second), noon.Add(118*time.Second), page)
		if err != nil {
			t.Fatal(err)
		}
		if got.Meta.Results != 108 || got.Meta.Pages != 3 || len(got.Records) != []int{50, 50, 8}[page-1] {
			t.Fatalf("page %d: %d records, %+v", page, len(got.Records), got.Meta)
		}
		for _, r := range got.Records {
			seen[r.Get("id")] = true
		}
		if page == 1 {
			r := got.Records[0]
			is := []string{r.Get("id"), r.Get("billed_sec"), r.Get("rate"), r.Get("connected"), r.Get("mos"), r.Get("tags"), r.Get("unheard")}
			if d := cmp.Diff([]string{"leg-000010", "60", "0.005", "true", "", "", ""}, is); d != "" {
				t.Error(d)
			}
		}
	}
	if len(seen) != 108 {
		t.Errorf("%d different records", len(seen))
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	limit := testenv.TelnyxLimit(17)
	broken := testenv.TelnyxError(http.StatusBadGateway, "10000", "Internal error")
	for name, tt := range map[string]struct {
		answers []http.HandlerFunc
		waits   []time.Duration
		want    string // of the error; "": none
		kind    error
	}{
		"a rate limit is waited for":    {[]http.HandlerFunc{limit}, []time.Duration{17 * time.Second}, "", nil},
		"but not for ever":              {[]http.HandlerFunc{testenv.TelnyxLimit(3600)}, []time.Duration{maxWait}, "", nil},
		"until a time":                  {[]http.HandlerFunc{testenv.TelnyxLimit(int(noon.Unix()) + 9)}, []time.Duration{9 * time.Second}, "", nil},
		"until a time that has passed":  {[]http.HandlerFunc{testenv.TelnyxLimit(int(noon.Unix()) - 9)}, []time.Duration{time.Second}, "", nil},
		"at once is not at once":        {[]http.HandlerFunc{testenv.TelnyxLimit(0)}, []time.Duration{firstWait}, "", nil},
		"twice":                         {[]http.HandlerFunc{broken, testenv.TelnyxCut}, []time.Duration{firstWait, 2 * firstWait}, "", nil},
		"and no more":                   {[]http.HandlerFunc{broken, broken, broken}, []time.Duration{firstWait, 2 * firstWait}, "Telnyx answers 502; Internal error Details of it. (10000)", cases.ErrUnavailable},
		"a limit that stays":            {[]http.HandlerFunc{limit, limit, limit}, []time.Duration{17 * time.Second, 17 * time.Second}, "Telnyx answers 429; Too many requests", cases.ErrUnavailable},
		"408":                           {[]http.HandlerFunc{testenv.TelnyxError(http.StatusRequestTimeout, "1", "x")}, []time.Duration{firstWait}, "", nil},
		"409":                           {[]http.HandlerFunc{testenv.TelnyxError(http.StatusConflict, "1", "x")}, []time.Duration{firstWait}, "", nil},
		"a wrong question is not":       {[]http.HandlerFunc{testenv.TelnyxError(http.StatusUnprocessableEntity, "10015", "Bad Request")}, nil, "Telnyx answers 422; Bad Request Details of it. (10015)", nil},
		"nor is a key that is refused":  {[]http.HandlerFunc{testenv.TelnyxError(http.StatusUnauthorized, "10009", "Authentication failed")}, nil, "is the API key right?", nil},
		"an answer that is none":        {[]http.HandlerFunc{page("<html>"), page(`{"data":{}}`)}, []time.Duration{firstWait, 2 * firstWait}, "", nil},
		"another page than was asked":   {[]http.HandlerFunc{page(`{"data":[],"meta":{"page_number":2}}`)}, nil, "asked Telnyx for page 1 and got 2", nil},
		"an answer in somebody's words": {[]http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }}, nil, "Telnyx answers 403", nil},
		"an answer without end": {[]http.HandlerFunc{page(strings.Repeat(" ", maxBody+1)), page(strings.Repeat(" ", maxBody+1)), page(strings.Repeat(" ", maxBody+1))},
			[]time.Duration{firstWait, 2 * firstWait}, "is longer than", cases.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := testenv.NewTelnyxPeer(t)
			p.Next(tt.answers...)
			var waits []time.Duration
			_, err := client(p, &waits).DetailRecords(t.Context(), noon, noon.Add(time.Hour), 1)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), p.Key) {
				t.Error("the key is in the error")
			}
			if d := cmp.Diff(tt.waits, waits); d != "" {
				t.Errorf("waits (-want +got):\n%s", d)
			}
			if len(p.Asked()) != len(tt.waits)+1 {
				t.Errorf("asked %d times", len(p.Asked()))
			}
		})
	}
}

func page(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// Nobody waits who has been told to stop.
func TestStopping(t *testing.T) {
	p := testenv.NewTelnyxPeer(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.Next(func(w http.ResponseWriter, r *http.Request) { cancel(); testenv.TelnyxLimit(60)(w, r) })
	c := New(Config{BaseURL: p.URL, Key: p.Key, HTTP: http.DefaultClient, Now: time.Now})
	if _, err := c.DetailRecords(ctx, noon, noon.Add(time.Hour), 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte(`{"id":"x","call_sec":30,"cost":"0.005","mos":null,"tags":["a"],"connected":true}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r DetailRecord
		if r.UnmarshalJSON(b) != nil {
			return
		}
		for name := range r {
			_ = r.Get(name)
		}
	})
}
