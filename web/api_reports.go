package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// reportBody documents the JSON of a report. It is read by intake.JSON, which
// names every field that is wrong, so the schema here is wide on purpose.
type reportBody struct {
	_              struct{} `json:"-" additionalProperties:"true"`
	Category       string   `json:"category,omitempty" doc:"robocall, scam, spoofed_my_number, account_takeover, toll_fraud, harassment, text_spam, traceback or other" example:"robocall"`
	CallerNumber   string   `json:"caller_number,omitempty" doc:"The number that was shown, E.164 or as people write it" example:"+12025550143"`
	CallbackNumber string   `json:"callback_number,omitempty" doc:"The number that the message asks to call"`
	CalledNumber   string   `json:"called_number,omitempty" doc:"The number that was called"`
	OccurredAt     string   `json:"occurred_at,omitempty" doc:"RFC 3339; not in the future" example:"2026-03-01T15:04:00-05:00"`
	Occurrences    any      `json:"occurrences,omitempty" doc:"How often it happened: a whole number"`
	Description    string   `json:"description,omitempty" doc:"What happened, in your own words; at most 20,000 bytes"`
	Reporter       any      `json:"reporter,omitempty" doc:"{name, email, phone, kind}"`
	IdentityHeader string   `json:"identity_header,omitempty" doc:"The SIP Identity header (RFC 8224), if you have it"`
	Attachments    any      `json:"attachments,omitempty" doc:"[{name, type, content}], content in base64"`
}

type createReportInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Send the same key when you send the same report again"`
	Proof          string `header:"Altcha" doc:"The solution of a challenge (GET /api/v1/challenge), in base64; not needed with a key"`
	Language       string `header:"Accept-Language"`
	RawBody        []byte `contentType:"application/json"`
}

type createReportOutput struct {
	Status int
	Body   struct {
		Report    int64  `json:"report,omitempty" doc:"Absent while the report is safe but not filed yet"`
		Case      string `json:"case,omitempty" example:"AB-2026-004217"`
		StatusURL string `json:"status_url"`
	}
}

func (s *Server) apiReports(api huma.API) {
	op := huma.Operation{OperationID: "create-report", Method: http.MethodPost, Path: "/api/v1/reports", Tags: []string{"reports"},
		Summary: "File a report", DefaultStatus: http.StatusCreated, MaxBodyBytes: MaxJSONBody,
		Description: "With a key; or public, at a limited rate and with the solution of a challenge. 201 when the report is filed and has its case; 202 when it is safe and will be. " +
			"A structured field that is wrong is 422 and names it; free text is always taken. The same Idempotency-Key with another body is 409.",
		Errors: []int{400, 409, 413, 422, 429}}
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[reportBody](), true, "Report")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	op.SkipValidateBody = true
	huma.Register(api, op, s.apiCreateReport)
	op.RequestBody.Content["application/json"].Schema = schema // Register takes a raw body for a string
	huma.Register(api, huma.Operation{OperationID: "list-reports", Method: http.MethodGet, Path: "/api/v1/reports", Tags: []string{"reports"},
		Summary: "List reports, newest first", Security: needsKey, Errors: []int{403, 422}}, s.apiListReports)
	huma.Register(api, huma.Operation{OperationID: "get-report", Method: http.MethodGet, Path: "/api/v1/reports/{id}", Tags: []string{"reports"},
		Summary: "One report", Security: needsKey, Errors: []int{403, 404, 422}}, s.apiGetReport)
}

func (s *Server) apiCreateReport(ctx context.Context, in *createReportInput) (*createReportOutput, error) {
	actor := actorOf(ctx)
	if err := cases.Permit(actor, cases.CmdFileReport); err != nil {
		return nil, s.apiError(ctx, err)
	}
	c := ginOf(ctx)
	if actor.Kind == cases.ActorReporter {
		if err := s.limited(c, "report", PublicReports, time.Hour); err != nil {
			return nil, s.apiError(ctx, err)
		}
	}
	language := preferred(in.Language)
	read := intake.Context{Region: s.Region, Language: language, ReceivedAt: s.now()}
	if _, err := intake.JSON(in.RawBody, read); err != nil {
		return nil, s.apiError(ctx, malformed(err))
	}
	if actor.Kind == cases.ActorReporter {
		if err := s.proveAPI(ctx, in.Proof, in.IdempotencyKey); err != nil {
			return nil, s.apiError(ctx, err)
		}
	}
	sum := sha256.Sum256(in.RawBody)
	d := cases.Delivery{Channel: cases.ChannelAPI, Source: actor.ID, Body: bytes.NewReader(in.RawBody), Size: int64(len(in.RawBody)),
		Meta: cases.Meta{ContentType: "application/json", RemoteIP: c.ClientIP(), Language: language, Region: s.Region, Actor: actor.ID,
			RequestSHA: hex.EncodeToString(sum[:])}}
	if in.IdempotencyKey != "" {
		// Keys are the client's own: two clients may use the same one.
		d.DedupKey = "key:" + actor.ID + ":" + in.IdempotencyKey
	}
	sub, err := s.Desk.Submit(ctx, d)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &createReportOutput{Status: http.StatusAccepted}
	out.Body.StatusURL = s.statusURL(sub.Receipt.Token)
	if f := sub.Filed; f != nil {
		out.Status, out.Body.Report, out.Body.Case = http.StatusCreated, f.ReportID, f.CaseRef
	}
	return out, nil
}

// malformed gives a body that cannot be read as a whole its 400; what can be
// read and has wrong fields keeps its 422.
func malformed(err error) error {
	e, ok := errors.AsType[*cases.Error](err)
	if ok && e.Kind == cases.KindInvalid && !slices.ContainsFunc(e.Problems, func(p cases.Problem) bool { return p.Field != "body" }) {
		return &httpError{http.StatusBadRequest, err}
	}
	return err
}

type reportJSON struct {
	ID         int64         `json:"id"`
	Case       string        `json:"case"`
	Reason     string        `json:"linked_because"`
	Channel    string        `json:"channel"`
	Category   string        `json:"category"`
	Pretext    string        `json:"pretext,omitempty"`
	Language   string        `json:"language,omitempty"`
	Subject    string        `json:"subject,omitempty"`
	Text       string        `json:"text,omitempty"`
	Numbers    []numberJSON  `json:"numbers"`
	Reporter   string        `json:"reporter_kind,omitempty"`
	OccurredAt *rangeJSON    `json:"occurred_at,omitempty"`
	Unreadable bool          `json:"unreadable,omitempty"`
	Warnings   []string      `json:"warnings,omitempty"`
	ReceivedAt time.Time     `json:"received_at"`
	StatusURL  string        `json:"status_url"`
	Messages   []messageJSON `json:"messages"`
	// Attachments are those that are unpacked, which takes a moment.
	Attachments []attachmentJSON `json:"attachments"`
}

type attachmentJSON struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Declared  string `json:"declared_type,omitempty" doc:"The sender's word for its type"`
	Type      string `json:"type,omitempty" doc:"What its bytes are"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256,omitempty"`
	State     string `json:"state" enum:"stored,infected,refused"`
	Note      string `json:"note,omitempty"`
	Scan      string `json:"scan,omitempty" doc:"What the virus scanner said"`
	Elsewhere int    `json:"other_reports" doc:"How many other reports have the same file"`
}

type numberJSON struct {
	E164       string  `json:"e164"`
	Role       string  `json:"role" enum:"caller,callback,called"`
	Confidence float64 `json:"confidence"`
	Text       string  `json:"text"`
}

type rangeJSON struct {
	Earliest time.Time `json:"earliest"`
	Latest   time.Time `json:"latest"`
}

type messageJSON struct {
	ID         int64     `json:"id"`
	SHA256     string    `json:"sha256"`
	Size       int64     `json:"size"`
	Channel    string    `json:"channel"`
	ReceivedAt time.Time `json:"received_at"`
}

func (s *Server) reportJSON(v cases.ReportView) reportJSON {
	r := reportJSON{ID: v.ID, Case: v.CaseRef, Reason: v.LinkReason, Channel: string(v.Channel), Category: string(v.Category), Pretext: v.Pretext,
		Language: v.Language, Subject: v.Subject, Text: v.Text, Numbers: []numberJSON{}, Reporter: string(v.ReporterKind), Unreadable: v.Unreadable,
		Warnings: v.Details.Warnings, ReceivedAt: v.ReceivedAt, StatusURL: s.statusURL(v.Token), Messages: []messageJSON{}, Attachments: []attachmentJSON{}}
	for _, n := range v.Subjects {
		r.Numbers = append(r.Numbers, numberJSON{n.E164, string(n.Role), n.Confidence, n.Text})
	}
	if t := v.OccurredAt(); t.Known() {
		r.OccurredAt = &rangeJSON{t.Earliest, t.Latest}
	}
	for _, m := range v.Messages {
		r.Messages = append(r.Messages, messageJSON{m.ID, m.SHA256, m.Size, string(m.Channel), m.ReceivedAt})
	}
	for _, f := range v.Files {
		r.Attachments = append(r.Attachments, attachmentJSON{f.ID, f.Name, f.Declared, f.Type, f.Size, f.SHA256, string(f.State), f.Note, f.Scan, f.Elsewhere})
	}
	return r
}

type listReportsInput struct {
	PageQuery
	Channel string `query:"channel" enum:"web,email,chat,api,monitor"`
	Kind    string `query:"category" enum:"robocall,scam,spoofed_my_number,account_takeover,toll_fraud,harassment,text_spam,traceback,other"`
	Number  string `query:"number" doc:"In any role, E.164 or as people write it"`
	Case    string `query:"case" doc:"Reference of its case"`
	SHA256  string `query:"sha256" doc:"Digest of one of its messages"`
	Ref     string `query:"reference" doc:"The sender's own id for one of its messages, such as a mail's Message-ID"`

	After  time.Time `query:"received_after" doc:"RFC 3339, inclusive"`
	Before time.Time `query:"received_before" doc:"RFC 3339, exclusive"`
}

func (s *Server) apiListReports(ctx context.Context, in *listReportsInput) (*listOutput[reportJSON], error) {
	number, err := s.e164(in.Number)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	id, err := caseFilter(in.Case)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	p, err := s.Desk.Reports(ctx, actorOf(ctx), cases.ReportQuery{Channel: cases.Channel(in.Channel), Category: cases.Category(in.Kind), CaseID: id, Number: number,
		Received: cases.Span{After: in.After, Before: in.Before}, SHA256: in.SHA256, Reference: in.Ref,
		Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := asPage(p, s.reportJSON)
	return &out, nil
}

func (s *Server) apiGetReport(ctx context.Context, in *struct {
	ID int64 `path:"id"`
}) (*struct{ Body reportJSON }, error) {
	v, err := s.Desk.Report(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body reportJSON }{s.reportJSON(v)}, nil
}
