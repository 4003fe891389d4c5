package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// listProducer names what made a finding about lists.
const listProducer = "lists 1"

// listFindings says which numbers of a report were on a list at the time of the
// call: those that were shown or are to be called back, and those that were
// called, by its own words or by a call that fits it. There is one finding for
// each number and kind of list.
func (d *Desk) listFindings(ctx context.Context, e calls.Evidence) ([]cases.Finding, error) {
	asOf := e.Report.ReceivedAt
	if t := e.Report.OccurredAt(); t.Known() {
		asOf = t.Earliest
	}
	roles := map[string]cases.NumberRole{}
	var asked []string
	add := func(e164 string, role cases.NumberRole) {
		if _, known := roles[e164]; e164 == "" || known || len(asked) >= cases.MaxListed {
			return
		}
		roles[e164] = role
		asked = append(asked, e164)
	}
	for _, s := range e.Subjects {
		add(s.E164, s.Role)
	}
	for _, c := range e.Matches {
		add(c.To, cases.RoleCalled)
	}
	listed, err := d.Store.ListedAmong(ctx, asked, asOf)
	if err != nil {
		return nil, err
	}
	var out []cases.Finding
	for _, n := range asked {
		for _, kind := range cases.ListKinds() {
			var hits []cases.ListHit
			for _, x := range listed[n] {
				if x.Kind == kind {
					hits = append(hits, cases.ListHit{E164: n, Role: roles[n], Entry: x})
				}
			}
			if len(hits) == 0 {
				continue
			}
			f := cases.Finding{ReportID: e.Report.ID, Kind: cases.FindingLists, Subject: n, Verdict: string(kind), Producer: listProducer, WindowFrom: &asOf, WindowTo: &asOf,
				Summary: hits[0].Sentence(numbers.Format(n)), Data: cases.FindingData{Listed: hits}}
			f.Summary = strings.TrimSpace(f.Summary + " " + otherSources(hits))
			out = append(out, f)
		}
	}
	return out, nil
}

// otherSources names who else has the number.
func otherSources(hits []cases.ListHit) string {
	var names []string
	for _, h := range hits[1:] {
		if h.Entry.Source != hits[0].Entry.Source && !slices.Contains(names, h.Entry.Source) {
			names = append(names, h.Entry.Source)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Also listed by " + strings.Join(names, ", ") + "."
}
