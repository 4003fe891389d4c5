package intake_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/intake"
)

func TestReadLabelled(t *testing.T) {
	want := []intake.Labelled{{ID: "a", Text: "call me at 202-456-1414", Region: "US", ReceivedAt: at, Labels: map[string][]string{"callback": {"+12024561414"}, "called": {}}}}
	for name, in := range map[string]string{
		"JSON": `{"id":"a","text":"call me at 202-456-1414","region":"US","received_at":"2026-03-03T18:00:00Z","labels":{"callback":["+12024561414"],"called":[]}}` + "\n\n",
		"CSV":  "id,transcript,region,received_at,callback_number,called,notes\na,call me at 202-456-1414,US,2026-03-03T18:00:00Z,+12024561414,,x\n",
	} {
		got, err := intake.ReadLabelled(strings.NewReader(in))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for in, want := range map[string]string{
		"{\"text\":\"x\",\"labels\":{}}\n{\"text\":\"x\",\"labels\":{\"color\":[]}}": `line 2: there is no field "color"`,
		`{"text":"x","lables":{}}`:              "line 1: ",
		`{"labels":{}}`:                         "line 1: no text",
		"id,text,received_at\na,x,yesterday":    "line 2: ",
		"id,text\na":                            "record on line 2",
		`{"text":"x","labels":{"pretext":"y"}}`: "line 1: ",
	} {
		if _, err := intake.ReadLabelled(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestScore(t *testing.T) {
	set := []intake.Labelled{
		{ID: "right", Text: "they called from 202-456-1414 yesterday at 3 pm", Region: "US", ReceivedAt: at,
			Labels: map[string][]string{"caller": {"+12024561414"}, "called": {}, "occurred_at": {"2026-03-02T20:00:00Z"}}},
		{ID: "wrong", Text: "they called from 202-456-1414 and I lost $50", Region: "US", ReceivedAt: at,
			Labels: map[string][]string{"caller": {"+12024561415", "+12024561416"}, "occurred_at": {"2026-03-02T20:00:00Z"}, "money_lost": {"50.00 USD"}}},
	}
	want := []intake.FieldScore{
		{Field: "caller", Right: 1, Found: 2, Wanted: 3, Texts: 2, Wrong: []string{"wrong"}},
		{Field: "called", Texts: 1},
		{Field: "occurred_at", Right: 1, Found: 1, Wanted: 2, Texts: 2, Wrong: []string{"wrong"}},
		{Field: "money_lost", Right: 1, Found: 1, Wanted: 1, Texts: 1},
	}
	if diff := cmp.Diff(want, intake.Score(set)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkLabelled prints precision and recall of each field over the sets of
// labelled texts: "ours", which are those in testdata/labelled and the robocalls,
// and "corrected", the files that ABUSEDESK_LABELLED names, where `make bench`
// puts the corrections of analysts. The time is that of a set.
//
//	ABUSEDESK_LABELLED='/var/lib/abusedesk/labelled/*.jsonl' go test ./intake -run '^$' -bench Labelled
func BenchmarkLabelled(b *testing.B) {
	var set []intake.Labelled
	for _, c := range robocalls(b) {
		l := intake.Labelled{ID: c.id, Text: c.text, Region: "US", Labels: map[string][]string{"callback": {}, "pretext": {c.pretext}, "caller": {}, "called": {}}}
		if c.callback != "" {
			l.Labels["callback"] = []string{c.callback}
		}
		set = append(set, l)
	}
	for _, l := range labelledFiles(b, "testdata/labelled/*.jsonl") {
		set = append(set, l...)
	}
	b.Run("ours", func(b *testing.B) { scored(b, set) })
	var corrected []intake.Labelled
	for _, l := range labelledFiles(b, os.Getenv("ABUSEDESK_LABELLED")) {
		corrected = append(corrected, l...)
	}
	if len(corrected) > 0 {
		b.Run("corrected", func(b *testing.B) { scored(b, corrected) })
	}
}

func scored(b *testing.B, set []intake.Labelled) {
	scores := intake.Score(set)
	for b.Loop() {
		intake.Score(set)
	}
	b.ReportMetric(float64(len(set)*b.N)/b.Elapsed().Seconds(), "reports/s")
	for _, s := range scores {
		b.Log(s, s.Wrong)
	}
}

func labelledFiles(t testing.TB, pattern string) map[string][]intake.Labelled {
	t.Helper()
	out := map[string][]intake.Labelled{}
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name], err = intake.ReadLabelled(file)
		if file.Close(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

// What has been right once stays right: the sets in testdata are whole.
func TestLabelled(t *testing.T) {
	sets := labelledFiles(t, "testdata/labelled/*.jsonl")
	if len(sets) == 0 {
		t.Fatal("no labelled sets")
	}
	var all []intake.Labelled
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		all = append(all, sets[name]...)
	}
	for _, s := range intake.Score(all) {
		t.Log(s, s.Wrong)
		if s.Precision() < 0.95 || s.Recall() < 0.95 {
			t.Errorf("%s: %v", s, s.Wrong)
		}
	}
}

func FuzzReadLabelled(f *testing.F) {
	f.Add([]byte(`{"id":"a","text":"x","labels":{"called":[]}}`))
	f.Add([]byte("id,text,callback\na,b,c\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, err := intake.ReadLabelled(strings.NewReader(string(raw)))
		if err != nil {
			return
		}
		for i := range set {
			if set[i].ReceivedAt.Year() < 1900 || set[i].ReceivedAt.Year() > 3000 {
				set[i].ReceivedAt = time.Time{}
			}
		}
		for _, s := range intake.Score(set) {
			if s.Right > s.Found || s.Right > s.Wanted && s.Field != "caller" {
				t.Fatalf("%+v", s)
			}
		}
	})
}
