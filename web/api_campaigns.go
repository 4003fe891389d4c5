package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) apiCampaigns(api huma.API) {
	reg := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"campaigns"}, Security: needsKey, Errors: []int{403, 404, 422}}
	}
	huma.Register(api, reg("list-campaigns", "/api/v1/campaigns", "Scripts that several cases tell of, heard of last first"), s.apiListCampaigns)
	one := reg("get-campaign", "/api/v1/campaigns/{id}", "One campaign with its cases, numbers and accounts")
	one.Description = "A campaign that was united with an older one is found under its old id too; the answer has the id of the older."
	huma.Register(api, one, s.apiGetCampaign)
}

type campaignCaseJSON struct {
	Ref         string    `json:"ref"`
	Title       string    `json:"title"`
	State       string    `json:"state"`
	Disposition string    `json:"disposition,omitempty"`
	Likeness    float64   `json:"likeness" minimum:"0" maximum:"1" doc:"Share of the shorter script that lies in the other; 0: linked through other wordings only"`
	Reason      string    `json:"reason"`
	Reports     int       `json:"reports" doc:"Of this campaign"`
	Numbers     []string  `json:"numbers" doc:"That called or are to be called back, the most reported first, at most five"`
	FirstAt     time.Time `json:"first_at"`
}

func campaignCasesJSON(cs []cases.CampaignCase) []campaignCaseJSON {
	out := make([]campaignCaseJSON, 0, len(cs))
	for _, c := range cs {
		out = append(out, campaignCaseJSON{c.Case.Ref, c.Case.Title, string(c.Case.State), string(c.Case.Disposition), c.Share, c.Why, c.Reports, list(c.Numbers), c.FirstAt})
	}
	return out
}

type caseCampaignJSON struct {
	ID      int64              `json:"id"`
	Cases   int                `json:"cases" doc:"With this one"`
	Reports int                `json:"reports" doc:"Of all of them"`
	Others  []campaignCaseJSON `json:"others" doc:"The most alike first, at most ten"`
}

func caseCampaignsJSON(cs []cases.CaseCampaign) []caseCampaignJSON {
	out := make([]caseCampaignJSON, 0, len(cs))
	for _, c := range cs {
		out = append(out, caseCampaignJSON{c.ID, c.Cases, c.Reports, campaignCasesJSON(c.Others)})
	}
	return out
}

func (s *Server) apiListCampaigns(ctx context.Context, in *struct{ PageQuery }) (*listOutput[cases.Campaign], error) {
	p, err := s.Desk.Campaigns(ctx, actorOf(ctx), cases.CampaignQuery{Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(c cases.Campaign) cases.Campaign { return c })
	return &out, nil
}

type campaignJSON struct {
	cases.Campaign
	Script       []cases.ScriptPiece     `json:"script" doc:"The most typical wording, in pieces"`
	CaseList     []campaignCaseJSON      `json:"case_list" doc:"Newest first, at most 250"`
	NumberList   []cases.CampaignNumber  `json:"number_list" doc:"The most reported first, at most 250"`
	AccountList  []cases.CampaignAccount `json:"account_list" doc:"At most 250"`
	Dispositions map[string]int          `json:"dispositions" doc:"Of the resolved cases"`
}

func (s *Server) apiGetCampaign(ctx context.Context, in *struct {
	ID int64 `path:"id"`
}) (*struct{ Body campaignJSON }, error) {
	v, err := s.Desk.Campaign(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := campaignJSON{Campaign: v.Campaign, Script: list(v.Script), CaseList: campaignCasesJSON(v.Cases), NumberList: list(v.Numbers), AccountList: list(v.Accounts), Dispositions: map[string]int{}}
	for d, n := range v.Dispositions {
		out.Dispositions[string(d)] = n
	}
	return &struct{ Body campaignJSON }{out}, nil
}
