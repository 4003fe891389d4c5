package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

func (s *Server) apiCases(api huma.API) {
	reg := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"cases"}, Security: needsKey, Errors: []int{403, 404, 409, 422}}
	}
	huma.Register(api, reg("list-cases", http.MethodGet, "/api/v1/cases", "List cases by priority"), s.apiListCases)
	huma.Register(api, reg("get-case", http.MethodGet, "/api/v1/cases/{ref}", "One case with its evidence"), s.apiGetCase)
	huma.Register(api, reg("claim-case", http.MethodPost, "/api/v1/cases/{ref}/claim", "Take a case"), s.apiClaim)
	huma.Register(api, reg("release-case", http.MethodPost, "/api/v1/cases/{ref}/release", "Give a case back"), s.apiRelease)
	huma.Register(api, reg("note-case", http.MethodPost, "/api/v1/cases/{ref}/notes", "Add a note"), s.apiNote)
	huma.Register(api, reg("ask-reporter", http.MethodPost, "/api/v1/cases/{ref}/questions", "Ask a reporter, in the chat that the report came by or by mail"), s.apiAsk)
	huma.Register(api, reg("resolve-case", http.MethodPost, "/api/v1/cases/{ref}/resolve", "Judge a case"), s.apiResolve)
	huma.Register(api, reg("correct-report", http.MethodPost, "/api/v1/cases/{ref}/corrections", "Say what a report tells, where it was read wrong"), s.apiCorrect)
	huma.Register(api, reg("refer-case", http.MethodPost, "/api/v1/cases/{ref}/refer", "Send the reporters to another carrier, and resolve"), s.apiRefer)
	huma.Register(api, reg("reopen-case", http.MethodPost, "/api/v1/cases/{ref}/reopen", "Take a judgement back"), s.apiReopen)
	huma.Register(api, reg("merge-case", http.MethodPost, "/api/v1/cases/{ref}/merge", "Move all reports into another case"), s.apiMerge)
	huma.Register(api, reg("unmerge-case", http.MethodPost, "/api/v1/cases/{ref}/unmerge", "Move them back"), s.apiUnmerge)
	op := reg("list-events", http.MethodGet, "/api/v1/events", "The audit log, newest first")
	op.Tags = []string{"events"}
	huma.Register(api, op, s.apiListEvents)
}

// CaseJSON is exported because huma describes only exported embedded structs.
type CaseJSON struct {
	Ref         string         `json:"ref"`
	Kind        string         `json:"kind" enum:"abuse,traceback"`
	Title       string         `json:"title"`
	State       string         `json:"state"`
	Disposition string         `json:"disposition,omitempty"`
	Category    string         `json:"category"`
	Priority    int            `json:"priority"`
	Factors     []cases.Factor `json:"priority_reasons"`
	Facts       cases.Facts    `json:"facts"`
	Assignee    string         `json:"assignee,omitempty"`
	Reports     int            `json:"reports"`
	Lane        string         `json:"lane,omitempty" doc:"Why it stands above all others, whatever its priority"`
	Called      int            `json:"called_corroborated" doc:"Called numbers to which a reported call is known to have gone: what complaints are counted by"`
	Referable   bool           `json:"referable" doc:"It seems another carrier's: POST …/refer tells the reporters and resolves it"`
	Version     int64          `json:"version" doc:"Send it back with a decision: a case that has changed since is a conflict"`
	OpenedAt    time.Time      `json:"opened_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	DueAt       *time.Time     `json:"due_at,omitempty" doc:"When a first act is due; of a traceback case its answer, absent once that is given"`
	ResolvedAt  *time.Time     `json:"resolved_at,omitempty"`
}

func caseToJSON(c cases.Case) CaseJSON {
	if c.Factors == nil {
		c.Factors = []cases.Factor{}
	}
	return CaseJSON{c.Ref, string(c.Kind), c.Title, string(c.State), string(c.Disposition), string(c.Category), c.Priority, c.Factors, c.Facts, c.AssigneeName,
		c.Reports, string(c.Lane), c.Facts.Corroborated, c.Referral().Proposed, c.Version, c.CreatedAt, c.UpdatedAt, c.DueAt, c.ResolvedAt}
}

type findingJSON struct {
	Kind      string            `json:"kind"`
	Subject   string            `json:"subject,omitempty"`
	Report    int64             `json:"report,omitempty"`
	Verdict   string            `json:"verdict"`
	Summary   string            `json:"summary"`
	Data      cases.FindingData `json:"data"`
	From      *time.Time        `json:"window_from,omitempty"`
	To        *time.Time        `json:"window_to,omitempty"`
	Producer  string            `json:"producer"`
	CreatedAt time.Time         `json:"created_at"`
}

type dossierJSON struct {
	CaseJSON
	ReportList   []reportJSON        `json:"report_list" doc:"Newest first, at most 200"`
	Findings     []findingJSON       `json:"findings"`
	Restrictions []cases.Restriction `json:"restrictions"`
	Events       []cases.Event       `json:"events"`
	Related      []string            `json:"related" doc:"Cases that share a key: a merge is proposed where they are of the same kind"`
	Traceback    *tracebackJSON      `json:"traceback,omitempty" doc:"Of a traceback case: who asks, by when, and what our records say"`
	Campaigns    []caseCampaignJSON  `json:"campaigns" doc:"Scripts that other cases tell of too"`
}

type listCasesInput struct {
	PageQuery
	Kind     string   `query:"kind" enum:"abuse,traceback" doc:"Without it both"`
	State    []string `query:"state" enum:"new,open,awaiting_reporter,awaiting_customer,awaiting_approval,mitigated,resolved" doc:"Any of; without it all that are neither resolved nor merged"`
	Outcome  []string `query:"disposition" enum:"upheld,compromised,spoofed_elsewhere,not_ours_referred,lawful_unwanted,insufficient,malicious_report" doc:"Of resolved cases: any of"`
	Category string   `query:"category" enum:"robocall,scam,spoofed_my_number,account_takeover,toll_fraud,harassment,text_spam,traceback,other"`
	Number   string   `query:"number" doc:"As caller or callback, E.164 or as people write it"`
	Account  string   `query:"account" doc:"Originating account"`
	Urgent   bool     `query:"urgent" doc:"Only those with a lane that nobody has acted upon"`
	Assignee string   `query:"assignee" doc:"Staff id, or - for nobody"`
	Text     string   `query:"q" doc:"Words in title and reference; all of them"`

	OpenedAfter  time.Time `query:"opened_after" doc:"RFC 3339, inclusive"`
	OpenedBefore time.Time `query:"opened_before" doc:"RFC 3339, exclusive"`
}

func (s *Server) apiListCases(ctx context.Context, in *listCasesInput) (*listOutput[CaseJSON], error) {
	number, err := s.e164(in.Number)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	q := cases.CaseQuery{Kind: cases.CaseKind(in.Kind), Category: cases.Category(in.Category), Number: number, Account: in.Account, Assignee: in.Assignee, Text: in.Text, Urgent: in.Urgent,
		Opened: cases.Span{After: in.OpenedAfter, Before: in.OpenedBefore}, Cursor: in.Cursor, Limit: in.Limit}
	for _, d := range in.Outcome {
		q.Dispositions = append(q.Dispositions, cases.Disposition(d))
	}
	for _, st := range in.State {
		q.States = append(q.States, cases.State(st))
	}
	p, err := s.Desk.Cases(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, caseToJSON)
	return &out, nil
}

// CaseRef is exported because huma fills only exported embedded structs.
type CaseRef struct {
	Ref string `path:"ref" example:"AB-2026-004217"`
}

type caseOutput struct{ Body CaseJSON }

func (s *Server) caseOut(ctx context.Context, c cases.Case, err error) (*caseOutput, error) {
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &caseOutput{caseToJSON(c)}, nil
}

func (s *Server) apiGetCase(ctx context.Context, in *CaseRef) (*struct{ Body dossierJSON }, error) {
	d, err := s.Desk.Dossier(ctx, actorOf(ctx), in.Ref)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := dossierJSON{CaseJSON: caseToJSON(d.Case), ReportList: []reportJSON{}, Findings: []findingJSON{}, Restrictions: d.Restrictions, Events: d.Events, Related: []string{}, Traceback: tracebackToJSON(d)}
	for _, r := range d.Reports {
		out.ReportList = append(out.ReportList, s.reportJSON(r))
	}
	for _, f := range d.Findings {
		out.Findings = append(out.Findings, findingJSON{string(f.Kind), f.Subject, f.ReportID, f.Verdict, f.Summary, f.Data, f.WindowFrom, f.WindowTo, f.Producer, f.CreatedAt})
	}
	out.Campaigns = caseCampaignsJSON(d.Campaigns)
	for _, r := range d.Related {
		out.Related = append(out.Related, r.Ref)
	}
	if out.Restrictions == nil {
		out.Restrictions = []cases.Restriction{}
	}
	if out.Events == nil {
		out.Events = []cases.Event{}
	}
	return &struct{ Body dossierJSON }{out}, nil
}

func (s *Server) apiClaim(ctx context.Context, in *CaseRef) (*caseOutput, error) {
	c, err := s.Desk.Claim(ctx, actorOf(ctx), in.Ref)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiRelease(ctx context.Context, in *CaseRef) (*caseOutput, error) {
	c, err := s.Desk.Release(ctx, actorOf(ctx), in.Ref)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiNote(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Text string `json:"text"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.Note(ctx, actorOf(ctx), in.Ref, in.Body.Text)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiResolve(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Disposition string `json:"disposition" doc:"upheld, compromised, spoofed_elsewhere, not_ours_referred, lawful_unwanted, insufficient or malicious_report"`
		Reason      string `json:"reason"`
		Version     int64  `json:"version,omitempty" doc:"What you saw; 0 decides whatever has happened since"`
		Quiet       bool   `json:"quiet,omitempty" doc:"Do not write to the reporters how it ended"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.Resolve(ctx, actorOf(ctx), in.Ref, desk.Judgement{Version: in.Body.Version, Disposition: cases.Disposition(in.Body.Disposition),
		Reason: in.Body.Reason, Quiet: in.Body.Quiet})
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiRefer(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Version int64 `json:"version,omitempty" doc:"What you saw; 0 decides whatever has happened since"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.Refer(ctx, actorOf(ctx), in.Ref, in.Body.Version)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiCorrect(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Report int64  `json:"report" doc:"Of the case"`
		Field  string `json:"field" doc:"number, category, pretext, reporter_kind, lane, occurred_at, occurrences, money_lost, impersonated, language or traceback.reference, .campaign, .call_id, .upstream"`
		Number string `json:"number,omitempty" doc:"Which number, where the field is number"`
		Value  string `json:"value" doc:"What is right: caller, callback or called for a number, an instant (RFC 3339) for occurred_at, like 50.00 USD for money_lost; empty where there is none of it"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.Correct(ctx, actorOf(ctx), in.Ref, in.Body.Report, cases.Correction{Kind: cases.ExtractKind(in.Body.Field), Number: in.Body.Number, Value: in.Body.Value})
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiAsk(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Text   string `json:"text" doc:"The question, in the reporter's language; it is sent as it stands"`
		Report int64  `json:"report,omitempty" doc:"Whose reporter is asked; 0: the newest who can be"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.Ask(ctx, actorOf(ctx), in.Ref, in.Body.Report, in.Body.Text)
	return s.caseOut(ctx, c, err)
}

type reasonInput struct {
	CaseRef
	Body struct {
		Reason string `json:"reason"`
	}
}

func (s *Server) apiReopen(ctx context.Context, in *reasonInput) (*caseOutput, error) {
	c, err := s.Desk.Reopen(ctx, actorOf(ctx), in.Ref, in.Body.Reason)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiMerge(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Into   string `json:"into" doc:"Reference of the case that stays"`
		Reason string `json:"reason"`
	}
}) (*struct{}, error) {
	if err := s.Desk.Merge(ctx, actorOf(ctx), in.Ref, in.Body.Into, in.Body.Reason); err != nil {
		return nil, s.apiError(ctx, err)
	}
	return nil, nil
}

func (s *Server) apiUnmerge(ctx context.Context, in *reasonInput) (*struct{}, error) {
	if err := s.Desk.Unmerge(ctx, actorOf(ctx), in.Ref, in.Body.Reason); err != nil {
		return nil, s.apiError(ctx, err)
	}
	return nil, nil
}

func (s *Server) apiListEvents(ctx context.Context, in *struct {
	PageQuery
	ObjectKind string    `query:"object_kind" doc:"case, report, campaign, restriction, sending, job, staff, api_key, account, webhook"`
	ObjectID   string    `query:"object_id" doc:"Of a case its reference"`
	Case       string    `query:"case" doc:"Reference: all about this case, whatever the object"`
	Command    string    `query:"command" doc:"Like case.resolve"`
	Actor      string    `query:"actor" doc:"Id of a person, key or part of the program"`
	After      time.Time `query:"after" doc:"RFC 3339, inclusive"`
	Before     time.Time `query:"before" doc:"RFC 3339, exclusive"`
}) (*listOutput[cases.Event], error) {
	id, err := caseFilter(in.Case)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	p, err := s.Desk.Events(ctx, actorOf(ctx), cases.EventQuery{CaseID: id, ObjectKind: in.ObjectKind, ObjectID: in.ObjectID, Command: in.Command, ActorID: in.Actor,
		At: cases.Span{After: in.After, Before: in.Before}, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, func(e cases.Event) cases.Event { return e })
	return &out, nil
}
