package desk

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/abusedesk/abusedesk/campaigns"
	"github.com/abusedesk/abusedesk/cases"
)

// placeBatches bounds the transactions of one attempt, so that it ends within
// its lease.
const placeBatches = 200

// PlaceScripts reads the wording of reports that wait for it and links those
// that tell of the same script. Running it again finds nothing to do.
func (d *Desk) PlaceScripts(ctx context.Context, at cases.Attempt) error {
	for n := range placeBatches {
		more, err := d.Store.PlaceScripts(ctx, at, d.now(), d.scriptReader(), n == placeBatches-1)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// scriptReader is package campaigns, as the store needs it.
func (d *Desk) scriptReader() cases.ScriptReader {
	return cases.ScriptReader{
		Read: d.readScript,
		Place: func(s cases.Script, candidates []cases.Script) cases.ScriptPlace {
			script, err := campaigns.ParseSignature(s.Signature)
			if err != nil {
				return cases.ScriptPlace{}
			}
			var stored []campaigns.Candidate
			for _, c := range candidates {
				// One of another version of the program says nothing until it is read anew.
				if other, err := campaigns.ParseSignature(c.Signature); err == nil {
					stored = append(stored, campaigns.Candidate{ID: c.ReportID, Campaign: c.CampaignID, Script: other})
				}
			}
			placed := campaigns.Place(script, stored)
			out := cases.ScriptPlace{Covered: placed.Covered}
			for _, m := range placed.Matches {
				out.Matches = append(out.Matches, cases.ScriptMatch{ReportID: m.ID, CampaignID: m.Campaign, Share: m.Score})
			}
			return out
		},
		Explain:    func(share float64, ref string) string { return campaigns.Likeness{Score: share}.Explain(ref) },
		Candidates: campaigns.MaxCandidates,
		Postings:   campaigns.MaxPosting,
	}
}

// readScript reads a wording. A panic is a bug, but not one that may keep all
// others from being read.
func (d *Desk) readScript(text string) (s cases.Script) {
	defer func() {
		if r := recover(); r != nil {
			d.Log.Error("script reader panicked", "panic", r, "stack", string(debug.Stack()))
			s = cases.Script{}
		}
	}()
	script := campaigns.Read(text)
	return cases.Script{Keys: script.Keys(), Signature: script.Signature()}
}

// Campaigns lists what several cases share, heard of last first.
func (d *Desk) Campaigns(ctx context.Context, a cases.Actor, q cases.CampaignQuery) (cases.Page[cases.Campaign], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Campaign]{}, err
	}
	return d.Store.Campaigns(ctx, q)
}

// Campaign is everything about one: how like each case's script is to the most
// typical one, and what most of them have in common.
func (d *Desk) Campaign(ctx context.Context, a cases.Actor, id int64) (cases.CampaignView, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.CampaignView{}, err
	}
	v, err := d.Store.Campaign(ctx, id)
	if err != nil {
		return v, err
	}
	scripts := make([]campaigns.Script, len(v.Cases))
	for i, c := range v.Cases {
		scripts[i], _ = campaigns.ParseSignature(c.Script.Signature)
	}
	at := typical(scripts)
	if at < 0 {
		return v, nil
	}
	r, err := d.Store.Report(ctx, v.Cases[at].Script.ReportID)
	if err != nil {
		return v, err
	}
	v.Campaign.Text = r.Text
	for _, p := range campaigns.Pieces(r.Text, scripts) {
		v.Script = append(v.Script, cases.ScriptPiece{Text: p.Text, Common: p.Common})
	}
	for i := range v.Cases {
		setShare(&v.Cases[i], campaigns.Compare(scripts[at], scripts[i]))
		if i == at {
			v.Cases[i].Why = "the wording above"
		}
	}
	return v, nil
}

// typicalOf bounds how many scripts are compared with each other to find the most typical one.
const typicalOf = 50

// typical is the script that is most like all others as a whole; -1 for none.
func typical(scripts []campaigns.Script) int {
	best, most := -1, -1.0
	n := min(len(scripts), typicalOf)
	for i := range n {
		sum := 0.0
		for j := range n {
			if l := campaigns.Compare(scripts[i], scripts[j]); campaigns.Default.Same(l) {
				sum += 1 + l.Whole
			}
		}
		if sum > most {
			best, most = i, sum
		}
	}
	return best
}

// throughOthers is why a case is in a campaign whose script is not like the one
// that is looked at: others between them have both.
const throughOthers = "through other wordings"

func setShare(c *cases.CampaignCase, l campaigns.Likeness) {
	if campaigns.Default.Same(l) && l.Score > c.Share {
		c.Share = l.Score
	}
	c.Why = throughOthers
	if c.Share > 0 {
		c.Why = campaigns.Likeness{Score: c.Share}.String()
	}
}

// likenesses says of each other case of the campaigns of a case how like it is.
func likenesses(cs []cases.CaseCampaign) {
	for i := range cs {
		mine, _ := campaigns.ParseSignature(cs[i].Script.Signature)
		for j := range cs[i].Others {
			o := &cs[i].Others[j]
			other, _ := campaigns.ParseSignature(o.Script.Signature)
			setShare(o, campaigns.Compare(mine, other))
			if o.Share > 0 {
				o.Why = fmt.Sprintf("same script, %s", o.Why)
			}
		}
		slices.SortStableFunc(cs[i].Others, func(a, b cases.CampaignCase) int {
			switch {
			case a.Share > b.Share:
				return -1
			case a.Share < b.Share:
				return 1
			}
			return 0
		})
	}
}
