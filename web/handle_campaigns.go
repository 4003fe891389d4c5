package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

func campaignPath(id int64) string { return "/desk/campaigns/" + strconv.FormatInt(id, 10) }

func (s *Server) showCampaigns(c *gin.Context, a cases.Actor) error {
	found, err := s.Desk.Campaigns(c.Request.Context(), a, cases.CampaignQuery{Cursor: c.Query("cursor"), Limit: cases.DefaultPage})
	if err != nil {
		return err
	}
	p := CampaignsPage{Pages: pagesOf(c, found.Next, len(found.Items), "campaign", "campaigns")}
	for _, x := range found.Items {
		p.Rows = append(p.Rows, CampaignLine{Href: campaignPath(x.ID), Text: cmp.Or(excerpt(x.Text, 160), "no text"), Cases: x.Cases, Reports: x.Reports, Numbers: x.Numbers,
			Accounts: x.Accounts, Open: x.Open, Resolved: x.Resolved, FirstAt: x.FirstAt, LastAt: x.LastAt})
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) showCampaign(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "campaign")
	if err != nil {
		return err
	}
	v, err := s.Desk.Campaign(c.Request.Context(), a, id)
	if err != nil {
		return err
	}
	if v.Campaign.ID != id { // it was united with an older one
		return see(c, campaignPath(v.Campaign.ID))
	}
	return s.render(c, http.StatusOK, campaignPage(v, zoneOf(c)))
}

func campaignPage(v cases.CampaignView, zone *time.Location) CampaignPage {
	x := v.Campaign
	p := CampaignPage{ID: strconv.FormatInt(x.ID, 10), More: x.Cases - len(v.Cases), FirstAt: x.FirstAt, LastAt: x.LastAt,
		Stats: []Stat{
			{Label: "Cases", Value: thousand(x.Cases), Note: fmt.Sprintf("%s open, %s resolved", thousand(x.Open), thousand(x.Resolved))},
			{Label: "Reports", Value: thousand(x.Reports), Note: "with this script"},
			{Label: "Numbers", Value: thousand(x.Numbers), Note: "shown or to call back"},
			{Label: "Accounts", Value: thousand(x.Accounts), Note: "that calls are known to have come from"},
		}}
	for _, piece := range v.Script {
		seg := Segment{Text: piece.Text, Confidence: 1}
		if piece.Common {
			seg.Mark = "in most cases"
		}
		p.Script = append(p.Script, seg)
	}
	for _, k := range v.Cases {
		p.Cases = append(p.Cases, campaignCase(k))
	}
	for _, n := range v.Numbers {
		p.Numbers = append(p.Numbers, CampaignNumberLine{n.E164, roleWord(n.Role), n.Reports, n.Cases})
	}
	for _, k := range v.Accounts {
		p.Accounts = append(p.Accounts, CampaignAccountLine{cmp.Or(k.Name, k.ID), accountPath(k.ID), k.Cases})
	}
	p.Outcomes = Histogram{Title: "What its cases came to", N: x.Resolved, Note: thousand(x.Open) + " still open"}
	for _, d := range cases.Dispositions() {
		if n := v.Dispositions[d]; n > 0 {
			p.Outcomes.Bins = append(p.Outcomes.Bins, Share{dispositionWord(d), n, dispositionTone(d)})
		}
	}
	p.Course = Histogram{Title: "Reports over time", N: len(v.Received), Bins: bins(v.Received, zone)}
	if len(v.Received) == cases.MaxTimes {
		p.Course.Note = "the latest"
	}
	return p
}

func campaignCase(k cases.CampaignCase) CampaignCaseLine {
	l := CampaignCaseLine{Link: caseLink(k.Case, k.Why), Alike: int(k.Share * 100), Numbers: k.Numbers, FirstAt: k.FirstAt, Priority: k.Case.Priority}
	l.Link.Reports = k.Reports
	if p := k.Case.Facts.Parties; p != nil {
		l.Account = cmp.Or(p.OriginatingName, p.Originating)
	}
	return l
}

// mostBins of a course fit on a phone with their labels.
const mostBins = 8

// bins counts times, newest first, in equal steps of the reader's clock.
func bins(times []time.Time, zone *time.Location) []Share {
	if len(times) == 0 {
		return nil
	}
	last, first := times[0], times[len(times)-1]
	step, layout := 365*24*time.Hour, "2 Jan 06"
	for _, s := range []struct {
		step   time.Duration
		layout string
	}{{time.Hour, "15:04"}, {3 * time.Hour, "15:04"}, {24 * time.Hour, "2 Jan"}, {7 * 24 * time.Hour, "2 Jan"}, {28 * 24 * time.Hour, "2 Jan"}, {91 * 24 * time.Hour, "Jan 06"}} {
		if last.Sub(first) < (mostBins-1)*s.step {
			step, layout = s.step, s.layout
			break
		}
	}
	first = first.In(zone)
	start := first.Truncate(time.Hour)
	if step >= 24*time.Hour {
		start = time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, zone)
	}
	var out []Share
	for at := start; !at.After(last) && len(out) < 100; at = at.Add(step) {
		out = append(out, Share{Label: at.Format(layout)})
	}
	for _, t := range times {
		out[min(int(t.Sub(start)/step), len(out)-1)].Count++
	}
	return out
}

// campaigns are those that the case shares with others.
func (ev evidence) campaigns() []CaseCampaign {
	var out []CaseCampaign
	for _, x := range ev.Campaigns {
		k := CaseCampaign{Href: campaignPath(x.ID), More: x.Cases - 1 - len(x.Others)}
		k.Text = fmt.Sprintf("The same script is told in %s, %s in all.", count(x.Cases-1, "other case", "other cases"), count(x.Reports, "report", "reports"))
		upheld := 0
		for _, o := range x.Others {
			k.Others = append(k.Others, campaignCase(o))
			if o.Case.Disposition == cases.DispositionUpheld {
				upheld++
			}
		}
		if len(x.Others) > 0 && x.Others[0].Share > 0 {
			k.Text = strings.Replace(k.Text, "The same", fmt.Sprintf("Same script as %s, %d %%. The same", x.Others[0].Case.Ref, k.Others[0].Alike), 1)
		}
		if upheld > 0 {
			k.Text += fmt.Sprintf(" %d of them upheld: that is about their callers, and not proof about this one.", upheld)
		}
		out = append(out, k)
	}
	return slices.Clip(out)
}
