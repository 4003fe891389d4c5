package web

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

func (s *Server) apiCalls(api huma.API) {
	huma.Register(api, huma.Operation{OperationID: "send-calls", Method: http.MethodPost, Path: "/api/v1/calls", Tags: []string{"calls"}, Security: needsKey,
		Summary: "Send call records", MaxBodyBytes: MaxCallsBody, Errors: []int{403, 413, 422},
		Description: "One JSON object a line (NDJSON), at most 10,000. Idempotent by source, source_id and the day of started_at; a record with other contents corrects the first. " +
			"A line that is wrong is refused alone. complete_through promises that every call that started from complete_from up to it has been sent; " +
			"only that lets the desk say that a reported call was not carried, and it is not moved while a line is refused."}, s.apiSendCalls)
}

type sendCallsInput struct {
	Source          string    `query:"source" required:"true" doc:"Which switch or system these come from" example:"sbc-1"`
	CompleteFrom    time.Time `query:"complete_from" doc:"RFC 3339"`
	CompleteThrough time.Time `query:"complete_through" doc:"RFC 3339"`
	RawBody         []byte    `contentType:"application/x-ndjson"`
}

type lineJSON struct {
	Line     int             `json:"line"`
	Status   string          `json:"status" enum:"accepted,refused"`
	Problems []cases.Problem `json:"problems,omitempty"`
}

type sendCallsOutput struct {
	Body struct {
		New       int        `json:"new"`
		Corrected int        `json:"corrected" doc:"The same record with other contents"`
		Unchanged int        `json:"unchanged"`
		Refused   int        `json:"refused"`
		Watermark bool       `json:"complete_through_moved"`
		Results   []lineJSON `json:"results"`
	}
}

func (s *Server) apiSendCalls(ctx context.Context, in *sendCallsInput) (*sendCallsOutput, error) {
	res, err := s.Desk.IngestCalls(ctx, actorOf(ctx), desk.CallBatch{Source: in.Source, Body: bytes.NewReader(in.RawBody),
		CompleteFrom: in.CompleteFrom.UTC(), CompleteThrough: in.CompleteThrough.UTC()})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &sendCallsOutput{}
	b := &out.Body
	b.New, b.Corrected, b.Unchanged, b.Refused, b.Watermark = res.New, res.Corrected, res.Unchanged, len(res.Refused), res.Watermark
	b.Results = make([]lineJSON, 0, res.Lines+len(res.Refused))
	refused := map[int][]cases.Problem{}
	for _, r := range res.Refused {
		refused[r.Line] = r.Problems
	}
	for i, line := range bytes.Split(in.RawBody, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if ps, bad := refused[i+1]; bad {
			b.Results = append(b.Results, lineJSON{i + 1, "refused", ps})
		} else {
			b.Results = append(b.Results, lineJSON{Line: i + 1, Status: "accepted"})
		}
	}
	return out, nil
}
