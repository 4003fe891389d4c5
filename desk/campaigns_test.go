package desk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/campaigns"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
)

const (
	warrantyFirst = "We've been trying to reach you concerning your car's extended warranty. You should have received something in the mail about your car's extended warranty."
	warrantyLast  = "Since we have not gotten a response, we are giving you a final courtesy call before we close out your file. Press 2 to be put on our do not call list."
	warranty      = warrantyFirst + " " + warrantyLast
	parcel        = "Your parcel could not be delivered because the postage was not paid in full, so the depot will send it back tomorrow unless you settle the fee."
)

// tell files a report of somebody who was called from a number.
func (w *world) tell(caller, text string, more ...string) cases.Filed {
	w.t.Helper()
	body := map[string]any{"category": "robocall", "caller_number": caller, "description": text}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
		if more[i] == "kind" {
			body["reporter"] = map[string]string{"email": "x@example.org", "kind": more[i+1]}
			delete(body, "kind")
		}
	}
	raw, err := json.Marshal(body)
	w.must(err)
	return w.submit(string(raw))
}

// addition is what is written on the status page of a report.
func addition(token, text string) cases.Delivery {
	return cases.Delivery{Channel: cases.ChannelWeb, DedupKey: text, Body: strings.NewReader(text), Size: int64(len(text)),
		Meta: cases.Meta{ContentType: "text/plain; charset=utf-8", Adds: token}}
}

// campaigns lists every campaign, over its pages.
func (w *world) campaigns() []cases.Campaign {
	w.t.Helper()
	var out []cases.Campaign
	q := cases.CampaignQuery{Limit: 7}
	for {
		p, err := w.desk.Campaigns(w.t.Context(), dave, q)
		w.must(err)
		if out = append(out, p.Items...); p.Next == "" {
			return out
		}
		q.Cursor = p.Next
	}
}

func (w *world) campaign(id int64) cases.CampaignView {
	w.t.Helper()
	v, err := w.desk.Campaign(w.t.Context(), dave, id)
	w.must(err)
	return v
}

// phone is a number that can be called, in digits.
var phone = regexp.MustCompile(`[0-9][0-9() .-]{6,}[0-9]`)

// The labelled transcripts, reported one by one from numbers of their own, end in
// the database in the campaigns that they are labelled with.
func TestTranscriptsAreClustered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		label, of := map[string]string{}, map[string]int64{} // by case
		all := simulate.Transcripts()
		for i, tr := range all {
			// Without the number to call back, which would make one case of some.
			label[w.tell(fmt.Sprintf("+1202555%04d", i), phone.ReplaceAllString(tr.Text, "5")).CaseRef] = tr.Campaign
			w.must(w.desk.PlaceScripts(t.Context(), cases.Attempt{}))
		}
		for _, c := range w.campaigns() {
			v := w.campaign(c.ID)
			if len(v.Cases) != c.Cases || c.Reports < c.Cases || c.Numbers < c.Cases || c.Open != c.Cases {
				t.Errorf("%+v has %d cases", c, len(v.Cases))
			}
			for _, x := range v.Cases {
				of[x.Case.Ref] = c.ID
			}
		}
		var both, found, wanted float64
		for a := range label {
			for b := range label {
				together, same := of[a] != 0 && of[a] == of[b], label[a] == label[b]
				switch {
				case a >= b:
				case together && same:
					both, found, wanted = both+1, found+1, wanted+1
				case together:
					found++
				case same:
					wanted++
				}
			}
		}
		precision, recall := both/found, both/wanted
		f1 := 2 * precision * recall / (precision + recall)
		t.Logf("%d transcripts in %d cases: precision %.3f, recall %.3f, F1 %.3f", len(all), len(label), precision, recall, f1)
		if len(label) != len(all) || f1 < 0.85 || precision < 0.95 {
			t.Error("worse than the pure half")
		}
	})
}

// Fifty people report one recording at the same moment, and replicas place what
// they wrote at the same time.
func TestParallelReportsAreOneCampaign(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 50
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				text := fmt.Sprintf("%s Your file number is %d.", warranty, i)
				if i%3 == 0 {
					text = fmt.Sprintf("Hello, I got this today: %q Please stop it, %c%c.", warrantyFirst, 'a'+i, 'b'+i)
				}
				w.tell(fmt.Sprintf("+1202555%04d", i), text)
				if err := w.desk.PlaceScripts(t.Context(), cases.Attempt{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		cs := w.campaigns()
		if len(cs) != 1 || cs[0].Cases != n || cs[0].Reports != n || cs[0].Numbers != n {
			t.Fatalf("%+v", cs)
		}
		w.work()
		d := w.dossier(w.campaign(cs[0].ID).Cases[0].Case.Ref)
		if d.Case.Facts.ScriptCases != n-1 || len(d.Campaigns) != 1 || d.Campaigns[0].Cases != n || len(d.Campaigns[0].Others) == 0 {
			t.Errorf("the last case shares with %d, %+v", d.Case.Facts.ScriptCases, d.Campaigns)
		}
	})
}

// Two halves of a script are two campaigns until somebody hears the whole of it.
func TestCampaignsAreUnited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a1, a2 := w.tell("+12025550101", warrantyFirst), w.tell("+12025550102", warrantyFirst)
		b1 := w.tell("+12025550103", warrantyLast)
		w.tell("+12025550104", warrantyLast)
		w.tell("+12025550105", parcel)
		w.work()
		if cs := w.campaigns(); len(cs) != 2 || cs[0].Cases != 2 || cs[1].Cases != 2 {
			t.Fatalf("%+v", cs)
		}
		younger := w.dossier(b1.CaseRef).Campaigns[0].ID
		w.pass(1)
		whole := w.tell("+12025550106", warranty)
		w.work()
		cs := w.campaigns()
		if len(cs) != 1 || cs[0].ID != a1.ReportID || cs[0].Cases != 5 || cs[0].Reports != 5 {
			t.Fatalf("%+v", cs)
		}
		v := w.campaign(younger)
		if v.Campaign.ID != cs[0].ID || younger != b1.ReportID || v.Campaign.Text != warranty {
			t.Errorf("the younger, %d, leads to %+v", younger, v.Campaign)
		}
		for _, x := range v.Cases {
			if x.Share < 0.9 {
				t.Errorf("%s is %q like the whole", x.Case.Ref, x.Why)
			}
		}
		// The halves are nothing alike, and are not said to be.
		for _, o := range w.dossier(a1.CaseRef).Campaigns[0].Others {
			want := map[string]string{a2.CaseRef: "same script, 100 %", whole.CaseRef: "same script, 100 %"}[o.Case.Ref]
			if want == "" {
				want = "through other wordings"
			}
			if o.Why != want {
				t.Errorf("%s: %q, want %q", o.Case.Ref, o.Why, want)
			}
		}
		p, err := w.desk.Events(t.Context(), dave, cases.EventQuery{ObjectKind: "campaign"})
		w.must(err)
		var got []string
		for _, e := range p.Items {
			got = append(got, fmt.Sprintf("%s %s case %d: %s", e.Command, e.ObjectID, e.CaseID, e.Reason))
		}
		line := func(cmd string, id, caseID int64, ref string) string {
			return fmt.Sprintf("%s %d case %d: same script as %s, 100 %%", cmd, id, caseID, ref)
		}
		want := []string{line("campaign.join", a1.ReportID, whole.CaseID, b1.CaseRef), line("campaign.unite", b1.ReportID, 0, b1.CaseRef),
			line("campaign.join", b1.ReportID, b1.CaseID+1, b1.CaseRef), line("campaign.open", b1.ReportID, b1.CaseID, strings.Replace(b1.CaseRef, "3", "4", 1)),
			line("campaign.join", a1.ReportID, a2.CaseID, a1.CaseRef), line("campaign.open", a1.ReportID, a1.CaseID, a2.CaseRef)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What is said later may be the script: the report is read anew, and once more
// changes nothing.
func TestAReportThatGrowsIsReadAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.tell("+12025550101", warranty)
		second := w.tell("+12025550102", "A machine called and talked about something with my car, I hung up on it.")
		w.work()
		if cs := w.campaigns(); len(cs) != 0 {
			t.Fatalf("%+v", cs)
		}
		w.accept(addition(second.Token, "It was on my voicemail too: "+warranty))
		w.work()
		cs := w.campaigns()
		if len(cs) != 1 || cs[0].ID != first.ReportID || cs[0].Cases != 2 {
			t.Fatalf("%+v", cs)
		}
		before := w.campaign(cs[0].ID)
		w.accept(addition(second.Token, "Please call me back about this before the weekend, I am at home then."))
		w.work()
		if after := w.campaign(cs[0].ID); len(after.Cases) != 2 || after.Campaign.Reports != 2 || !after.Campaign.FirstAt.Equal(before.Campaign.FirstAt) {
			t.Errorf("it left: %+v", after)
		}
	})
}

// A merge makes of a campaign of two cases none, and taking it apart brings it
// back: a case's campaigns are those of its reports.
func TestCampaignsFollowMerges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, two := w.tell("+12025550101", warranty), w.tell("+12025550102", warranty)
		w.work()
		id := w.campaigns()[0].ID
		shared := func(ref string, n, points int) {
			t.Helper()
			d := w.dossier(ref)
			reason := ""
			for _, f := range d.Case.Factors {
				if strings.HasPrefix(f.Reason, "same script as ") {
					reason = fmt.Sprint(f.Points, " ", f.Reason)
				}
			}
			want := ""
			if n > 0 {
				want = fmt.Sprintf("%d same script as %d other case", points, n)
			}
			if d.Case.Facts.ScriptCases != n || (len(d.Campaigns) > 0) != (n > 0) || !strings.HasPrefix(reason, want) || (n == 0 && reason != "") {
				t.Errorf("%s shares with %d, %d campaigns, factor %q", ref, d.Case.Facts.ScriptCases, len(d.Campaigns), reason)
			}
		}
		shared(one.CaseRef, 1, 3)
		shared(two.CaseRef, 1, 3)
		w.must(w.desk.Merge(ctx, ann, two.CaseRef, one.CaseRef, "one caller"))
		w.work()
		if cs := w.campaigns(); len(cs) != 0 {
			t.Errorf("after the merge: %+v", cs)
		}
		_, err := w.desk.Campaign(ctx, dave, id)
		w.refused(err, cases.ErrNotFound, "campaign")
		shared(one.CaseRef, 0, 0)
		three := w.tell("+12025550103", warranty)
		w.work()
		shared(one.CaseRef, 1, 3)
		shared(three.CaseRef, 1, 3)
		w.must(w.desk.Unmerge(ctx, ann, two.CaseRef, "two callers after all"))
		w.work()
		shared(one.CaseRef, 2, 6)
		shared(two.CaseRef, 2, 6)
		shared(three.CaseRef, 2, 6)
		w.must(w.desk.Merge(ctx, ann, two.CaseRef, one.CaseRef, "one caller"))
		w.work()
		shared(three.CaseRef, 1, 3)
		w.must(w.desk.Unmerge(ctx, ann, two.CaseRef, "two"))
		w.work()
		_, err = w.desk.Resolve(ctx, ann, two.CaseRef, Judgement{Disposition: cases.DispositionLawful, Reason: "a survey"})
		w.must(err)
		w.work()
		v := w.campaign(id)
		if v.Campaign.Open != 2 || v.Campaign.Resolved != 1 || v.Dispositions[cases.DispositionLawful] != 1 || len(v.Dispositions) != 1 {
			t.Errorf("%+v, %v", v.Campaign, v.Dispositions)
		}
	})
}

// A campaign claims nobody: forms of authorities are not compared, other words
// are other scripts, and a case is never merged by it.
func TestWhatIsNoCampaign(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.tell("+12025550101", warranty)
		w.tell("+12025550101", warranty) // the same case
		w.tell("+12025550102", parcel)
		w.tell("+12025550103", "thank you")
		for i, kind := range []cases.ReporterKind{cases.ReporterCarrier, cases.ReporterRegulator, cases.ReporterTraceback, cases.ReporterPolice} {
			w.tell(fmt.Sprintf("+1202555%04d", 200+i), warranty, "kind", string(kind))
		}
		w.work()
		if cs := w.campaigns(); len(cs) != 0 {
			t.Errorf("%+v", cs)
		}
		if _, err := w.desk.Campaigns(t.Context(), cases.Actor{Kind: cases.ActorReporter}, cases.CampaignQuery{}); cases.KindOf(err) != cases.KindForbidden {
			t.Error(err)
		}
		if _, err := w.desk.Campaign(t.Context(), cases.Actor{Kind: cases.ActorReporter}, 1); cases.KindOf(err) != cases.KindForbidden {
			t.Error(err)
		}
	})
}

// A little likeness is none: what links them is others then.
func TestShare(t *testing.T) {
	for _, tc := range []struct {
		kept   float64
		l      campaigns.Likeness
		share  float64
		reason string
	}{
		{0, campaigns.Likeness{Score: 0.5, Shared: 40}, 0, "through other wordings"},
		{0, campaigns.Likeness{Score: 0.9, Shared: 2}, 0, "through other wordings"},
		{0, campaigns.Likeness{Score: 0.949, Shared: 40}, 0.949, "94 %"},
		{0.97, campaigns.Likeness{Score: 0.7, Shared: 40}, 0.97, "97 %"},
		{0.97, campaigns.Likeness{}, 0.97, "97 %"},
	} {
		c := cases.CampaignCase{Share: tc.kept}
		if setShare(&c, tc.l); c.Share != tc.share || c.Why != tc.reason {
			t.Errorf("%+v: %v, %q", tc, c.Share, c.Why)
		}
	}
}
