package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

func (s *Server) apiTracebacks(api huma.API) {
	reg := func(id, path, summary, text string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/api/v1/cases/{ref}/" + path, Summary: summary, Description: text, Tags: []string{"tracebacks"}, Security: needsKey, Errors: []int{403, 404, 409, 422}}
	}
	huma.Register(api, reg("verify-requester", "requester/verify", "Say that you know who asks for a traceback", "By hand: say how it was checked. The acknowledgement that was held back goes out."), s.apiVerify)
	huma.Register(api, reg("refuse-requester", "requester/refuse", "Refuse who asks for a traceback", "Nothing is sent. The case is resolved when nobody else asks in it."), s.apiRefuse)
	huma.Register(api, reg("undo-requester", "requester/undo", "Take back what was decided about a requester", ""), s.apiUndoRequester)
	huma.Register(api, reg("answer-traceback", "answer", "Answer a traceback request by mail", "A conflict before the requester is verified. The draft is in the case's traceback."), s.apiAnswer)
}

// tracebackJSON is what a traceback case has beside others.
type tracebackJSON struct {
	Reference  string           `json:"reference,omitempty" doc:"The requester's"`
	Campaign   string           `json:"campaign,omitempty"`
	CountsFrom *time.Time       `json:"counts_from,omitempty"`
	DueAt      *time.Time       `json:"due_at,omitempty" doc:"When the answer is or was due; absent: no limit"`
	Clock      string           `json:"clock,omitempty" doc:"What it counts from, and why"`
	AnsweredAt *time.Time       `json:"answered_at,omitempty"`
	OnTime     *bool            `json:"on_time,omitempty"`
	Requests   []requestJSON    `json:"requests" doc:"Oldest first"`
	Calls      []tracedCallJSON `json:"calls"`
	Draft      string           `json:"draft" doc:"The answer that the records support, to check and edit"`
}

type requestJSON struct {
	Report     int64                   `json:"report"`
	State      string                  `json:"state" enum:"unverified,verified,refused"`
	How        string                  `json:"how,omitempty" doc:"mail: a known address, DKIM and DMARC; hand: by a person"`
	Note       string                  `json:"note,omitempty"`
	DecidedBy  string                  `json:"decided_by,omitempty"`
	DecidedAt  *time.Time              `json:"decided_at,omitempty"`
	Evidence   cases.RequesterEvidence `json:"evidence"`
	ReceivedAt time.Time               `json:"received_at"`
}

type tracedCallJSON struct {
	cases.TracedCall
	Report  int64    `json:"report"`
	Missing []string `json:"missing" doc:"What was not found in the request"`
	Verdict string   `json:"verdict,omitempty" doc:"confirmed, probable, not_seen, unknown; absent: not looked up yet"`
	Summary string   `json:"summary,omitempty"`
}

func tracebackToJSON(d cases.Dossier) *tracebackJSON {
	t := d.Case.Facts.Traceback
	if d.Case.Kind != cases.CaseTraceback || t == nil {
		return nil
	}
	out := &tracebackJSON{Reference: t.Reference, Campaign: t.Campaign, Clock: t.Clock.Why, Requests: []requestJSON{}, Calls: []tracedCallJSON{}, Draft: desk.DraftAnswer(d)}
	if t.Clock.Running() {
		out.CountsFrom, out.DueAt = &t.Clock.From, &t.Clock.Due
	}
	if !t.AnsweredAt.IsZero() {
		onTime := t.OnTime()
		out.AnsweredAt, out.OnTime = &t.AnsweredAt, &onTime
	}
	for _, q := range d.Requests {
		out.Requests = append(out.Requests, requestJSON{q.ReportID, string(q.State), q.How, q.Note, q.DecidedBy, q.DecidedAt, q.Evidence, q.ReceivedAt})
	}
	for _, c := range desk.TracedCalls(d) {
		j := tracedCallJSON{TracedCall: c.Asked, Report: c.Report, Missing: append([]string{}, c.Asked.Missing()...)}
		if c.Finding != nil {
			j.Verdict, j.Summary = c.Finding.Verdict, c.Finding.Summary
		}
		out.Calls = append(out.Calls, j)
	}
	return out
}

func (s *Server) apiVerify(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Report int64  `json:"report,omitempty" doc:"One of the requester's; 0 the only one"`
		How    string `json:"how" doc:"How it was checked who asks"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.VerifyRequester(ctx, actorOf(ctx), in.Ref, in.Body.Report, in.Body.How)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiRefuse(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Report      int64  `json:"report,omitempty" doc:"One of the requester's; 0 the only one"`
		Disposition string `json:"disposition" doc:"insufficient or malicious_report"`
		Reason      string `json:"reason"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.RefuseRequester(ctx, actorOf(ctx), in.Ref, in.Body.Report, cases.Disposition(in.Body.Disposition), in.Body.Reason)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiUndoRequester(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Report int64  `json:"report,omitempty" doc:"One of the requester's; 0 the only one"`
		Reason string `json:"reason"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.UndoRequester(ctx, actorOf(ctx), in.Ref, in.Body.Report, in.Body.Reason)
	return s.caseOut(ctx, c, err)
}

func (s *Server) apiAnswer(ctx context.Context, in *struct {
	CaseRef
	Body struct {
		Report      int64  `json:"report,omitempty" doc:"Whose requester; 0 the newest who may be written to"`
		Text        string `json:"text" doc:"Sent as it stands, at most 50,000 bytes"`
		Version     int64  `json:"version,omitempty" doc:"Of the case as you saw it; another one is a conflict"`
		Disposition string `json:"disposition,omitempty" doc:"Resolves the case with the answer"`
		Reason      string `json:"reason,omitempty" doc:"Of the disposition"`
	}
}) (*caseOutput, error) {
	c, err := s.Desk.AnswerTraceback(ctx, actorOf(ctx), in.Ref, desk.TracebackAnswer{Version: in.Body.Version, Report: in.Body.Report, Text: in.Body.Text,
		Disposition: cases.Disposition(in.Body.Disposition), Reason: in.Body.Reason})
	return s.caseOut(ctx, c, err)
}
