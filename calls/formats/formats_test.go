package formats

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a file of testdata and how it is read.
type sample struct{ file, format, mapping, zone string }

var samples = []sample{
	{file: "calls.csv", format: "csv"}, {file: "calls.ndjson", format: "ndjson"},
	{file: "asterisk.csv", format: "asterisk", mapping: "asterisk.rules.json", zone: "America/New_York"},
	{file: "freeswitch.json", format: "freeswitch", mapping: "freeswitch.rules.json"},
	{file: "kamailio-acc.csv", format: "kamailio", mapping: "kamailio.rules.json"},
	{file: "kamailio-cdrs.tsv", format: "kamailio", mapping: "kamailio.rules.json"},
	{file: "telnyx.csv", format: "telnyx-csv"},
	{file: "mapped.csv", format: "mapped", mapping: "mapped.json"},
}

var morning = time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)

func (s sample) options(t testing.TB) Options {
	o := Options{Format: s.format, Options: calls.Options{Source: "sbc1", Region: "US", Now: morning}}
	if s.mapping != "" {
		b, err := os.ReadFile(filepath.Join("testdata", s.mapping))
		if err != nil {
			t.Fatal(err)
		}
		if o.Mapping, err = ParseMapping(b); err != nil {
			t.Fatal(err)
		}
	}
	if s.zone != "" {
		var err error
		if o.Zone, err = LoadZone(s.zone); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (s sample) bytes(t testing.TB) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", s.file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// all is what a file says, as one batch.
func all(t testing.TB, file []byte, o Options) Batch {
	t.Helper()
	var out Batch
	err := Load(bytes.NewReader(file), o, 0, func(b Batch) error {
		out.Calls = append(out.Calls, b.Calls...)
		out.Errors = append(out.Errors, b.Errors...)
		out.Rows += b.Rows
		for why, n := range b.Refused {
			add(&out.Refused, why, n)
		}
		for why, n := range b.Ignored {
			add(&out.Ignored, why, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func add(m *map[string]int, why string, n int) {
	for range n {
		count(m, why)
	}
}

func TestSamples(t *testing.T) {
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			got, err := json.MarshalIndent(all(t, s.bytes(t), s.options(t)), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", s.file+".golden")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)+"\n"); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// A run that was stopped goes on where it was, whatever the format keeps in mind.
func TestReadingGoesOn(t *testing.T) {
	for _, s := range samples {
		whole := all(t, s.bytes(t), s.options(t))
		for from := range whole.Rows + 1 {
			var got []cases.Call
			rows := 0
			err := Load(bytes.NewReader(s.bytes(t)), s.options(t), from, func(b Batch) error {
				got, rows = append(got, b.Calls...), rows+b.Rows
				return nil
			})
			if err != nil || rows != whole.Rows-from {
				t.Fatalf("%s from %d: %d rows of %d, %v", s.file, from, rows, whole.Rows, err)
			}
			want := whole.Calls[len(whole.Calls)-len(got):]
			if len(got) > 0 && !cmp.Equal(want, got) {
				t.Errorf("%s from %d: %s", s.file, from, cmp.Diff(want, got))
			}
		}
	}
}

func TestOwnFormatsSayTheSame(t *testing.T) {
	a, b := all(t, samples[0].bytes(t), samples[0].options(t)), all(t, samples[1].bytes(t), samples[1].options(t))
	if d := cmp.Diff(a.Calls, b.Calls); d != "" || len(a.Calls) != 2 {
		t.Errorf("(-csv +ndjson):\n%s", d)
	}
}

func lines(es []LineError) []string {
	var out []string
	for _, e := range es {
		var ps []string
		for _, p := range e.Problems {
			ps = append(ps, p.Field+" "+p.Message)
		}
		out = append(out, "line "+itoa(e.Line)+": "+strings.Join(ps, "; "))
	}
	return out
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }
