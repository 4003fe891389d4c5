package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/campaigns"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// scripts reads wordings as the desk does.
var scripts = cases.ScriptReader{
	Read: func(text string) cases.Script {
		s := campaigns.Read(text)
		return cases.Script{Keys: s.Keys(), Signature: s.Signature()}
	},
	Place: func(s cases.Script, candidates []cases.Script) cases.ScriptPlace {
		mine, _ := campaigns.ParseSignature(s.Signature)
		var others []campaigns.Candidate
		for _, c := range candidates {
			other, _ := campaigns.ParseSignature(c.Signature)
			others = append(others, campaigns.Candidate{ID: c.ReportID, Campaign: c.CampaignID, Script: other})
		}
		placed := campaigns.Place(mine, others)
		out := cases.ScriptPlace{Covered: placed.Covered}
		for _, m := range placed.Matches {
			out.Matches = append(out.Matches, cases.ScriptMatch{ReportID: m.ID, CampaignID: m.Campaign, Share: m.Score})
		}
		return out
	},
	Explain:    func(share float64, ref string) string { return campaigns.Likeness{Score: share}.Explain(ref) },
	Candidates: campaigns.MaxCandidates, Postings: campaigns.MaxPosting,
}

const legalScript = "This is the legal department of the social security administration. Your number has been suspended because of suspicious activity in the state of Texas"

// worded is a report from a number with a text.
func worded(caller, text string) cases.Parsed {
	p := about(caller, "", "")
	p.Text = text
	return p
}

func placeAll(t testing.TB, s *Store) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.PlaceScripts(t.Context(), cases.Attempt{}, noon, scripts, false); err != nil {
			t.Fatal(err)
		}
	}
}

// A job places what waits at most 25 at a time, keeps the lease of its attempt
// until the last of them, and leaves another one where it must end before.
func TestPlaceScriptsInBatches(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		const n = 2*scriptBatch + 3
		for i := range n {
			file(t, s, worded(fmt.Sprintf("+1202555%04d", i), legalScript))
		}
		left := func() int { return count(t, s, "SELECT count(*) FROM script_dues") }
		jobs := func(state cases.JobState) int {
			return count(t, s, "SELECT count(*) FROM jobs WHERE kind = 'campaigns' AND state = ?", state)
		}
		at := run(t, s, cases.JobCampaigns, 0)
		if more, err := s.PlaceScripts(ctx, at, noon, scripts, false); !more || err != nil || left() != n-scriptBatch || jobs(cases.JobRunning) != 1 {
			t.Fatalf("%v, %v, %d left, %d running", more, err, left(), jobs(cases.JobRunning))
		}
		if _, err := s.PlaceScripts(ctx, cases.Attempt{JobID: at.JobID, Epoch: at.Epoch + 1}, noon, scripts, false); !errors.Is(err, cases.ErrFenced) || left() != n-scriptBatch {
			t.Fatalf("another attempt: %v, %d left", err, left())
		}
		pending := jobs(cases.JobPending)
		if more, err := s.PlaceScripts(ctx, at, noon, scripts, true); !more || err != nil || left() != 3 || jobs(cases.JobDone) != 1 || jobs(cases.JobPending) != pending+1 {
			t.Fatalf("%v, %v, %d left, %d done", more, err, left(), jobs(cases.JobDone))
		}
		// The attempt is over, and whoever believes in it changes nothing.
		if _, err := s.PlaceScripts(ctx, at, noon, scripts, false); !errors.Is(err, cases.ErrFenced) || left() != 3 {
			t.Errorf("%v, %d left", err, left())
		}
		if more, err := s.PlaceScripts(ctx, run(t, s, cases.JobCampaigns, 0), noon, scripts, false); more || err != nil || left() != 0 || jobs(cases.JobDone) != 2 {
			t.Errorf("%v, %v, %d left", more, err, left())
		}
		p, err := s.Campaigns(ctx, cases.CampaignQuery{})
		if err != nil || len(p.Items) != 1 || p.Items[0].Cases != n || p.Items[0].Reports != n {
			t.Errorf("%+v, %v", p, err)
		}
		// All but the first are the same from beginning to end, and leave no keys.
		if keys := count(t, s, "SELECT count(DISTINCT report_id) FROM script_keys"); keys != 1 {
			t.Errorf("the keys of %d reports", keys)
		}
		if vs, err := s.Invariants(ctx, noon); err != nil || len(vs) > 0 {
			t.Errorf("%+v, %v", vs, err)
		}
	})
}

// What other cases of the script came to is a fact of a case, and news for it.
func TestSiblingsAreFacts(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		one, two := file(t, s, worded("+12025550101", legalScript)), file(t, s, worded("+12025550102", legalScript))
		placeAll(t, s)
		exec(t, s, "UPDATE jobs SET state = 'done'")
		update(t, s, two.CaseID, resolve(noon))
		run(t, s, cases.JobAssess, one.CaseID)
		exec(t, s, "UPDATE cases SET disposition = ? WHERE id = ?", cases.DispositionUpheld, two.CaseID)
		c, err := s.AssessCase(t.Context(), cases.Attempt{}, noon, one.CaseID)
		if err != nil || c.Facts.ScriptCases != 1 || c.Facts.ScriptUpheld != 1 {
			t.Errorf("%+v, %v", c.Facts, err)
		}
	})
}

// BenchmarkPlaceScripts places reports of the labelled transcripts, each from a
// number of its own, in batches as the job does: what a report costs beside its
// filing. A tenth of them are wordings that nobody else has.
func BenchmarkPlaceScripts(b *testing.B) {
	run := func(b *testing.B, s *Store) {
		said := simulate.Transcripts()
		var fs []cases.Filing
		for i := range b.N {
			a := delivery(cases.ChannelWeb, rand.Text(), "x")
			rs, err := s.Accept(b.Context(), noon, []cases.Acceptance{a})
			if err != nil {
				b.Fatal(err)
			}
			m, text := a.Message, said[i%len(said)].Text
			m.ID = rs[0].MessageID
			if i%10 == 9 {
				text = strings.Repeat(strings.ToLower(rand.Text())+" and ", 20)
			}
			fs = append(fs, cases.Filing{Message: m, Parsed: worded(fmt.Sprintf("+1202%07d", i), text)})
			if len(fs) == 25 || i == b.N-1 {
				if _, err := s.FileMessages(b.Context(), noon, fs); err != nil {
					b.Fatal(err)
				}
				fs = nil
			}
		}
		b.ReportAllocs()
		b.ResetTimer()
		placeAll(b, s)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
	}
	b.Run("postgres", func(b *testing.B) { run(b, openBench(b, Config{URL: testenv.Postgres(b, migrate)})) })
	b.Run("sqlite", func(b *testing.B) { run(b, openBench(b, Config{DataDir: b.TempDir()})) })
}
