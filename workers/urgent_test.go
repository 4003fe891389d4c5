package workers

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// An alert does not wait behind two thousand looks at the call history: it goes,
// and its case stands first, while most of them are still to be taken up.
func TestAnAlertDoesNotWaitForTheFlood(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const flood = 2000
		w.desk.AlertMail = []string{"duty@desk.example"}
		rs := w.accept(flood)
		jobs := map[int64]cases.Job{}
		for len(jobs) < flood { // as workers would, without those that follow
			due := w.due()
			var in []desk.Unfiled
			for _, j := range due {
				if j.Kind == cases.JobFile {
					claimed, err := w.store.ClaimJobs(t.Context(), w.clock.Now(), []int64{j.ID})
					w.must(err)
					in = append(in, desk.Unfiled{Attempt: claimed[0].AttemptAt(), MessageID: j.ObjectID})
					jobs[j.ID] = j
				}
			}
			for len(in) > 0 {
				n := min(groupSize, len(in))
				_, err := w.desk.File(t.Context(), in[:n]...)
				w.must(err)
				in = in[n:]
			}
		}
		if len(rs) != flood {
			t.Fatal(len(rs))
		}
		// A second report, of a case that is not new: its urgency has to be found out.
		calm := w.submit("+13105550188")
		w.clock.run()
		p, seen := w.pool("one")
		w.start(p)
		w.eventually(func() bool {
			return ask(seen, func() int { return seen.outcomes["enrich done"] }) > 0
		}, "the flood to be worked on")
		begun := time.Now()
		body := `{"category": "harassment", "caller_number": "+13105550188", "description": "He said he will kill me and my family tonight."}`
		_, err := w.desk.Submit(t.Context(), cases.Delivery{Channel: cases.ChannelAPI, Source: "api", Body: strings.NewReader(body), Size: -1, Meta: cases.Meta{ContentType: "application/json"}})
		w.must(err)
		w.eventually(func() bool {
			waits, err := w.store.Cases(t.Context(), cases.CaseQuery{Urgent: true})
			w.must(err)
			out, err := w.store.Sendings(t.Context(), cases.SendingSent, "", 100)
			w.must(err)
			for _, s := range out.Items {
				if s.Kind == cases.SendingAlert && s.CaseID == calm.CaseID {
					return len(waits.Items) == 1 && waits.Items[0].ID == calm.CaseID
				}
			}
			return false
		}, "the alert, and its case in the first place")
		done := ask(seen, func() int { return seen.outcomes["enrich done"] })
		t.Logf("the alert took %s, with %d of %d looks done", time.Since(begun).Round(time.Millisecond), done, flood)
		if done > flood/2 {
			t.Errorf("%d of %d were looked at first", done, flood)
		}
	})
}
