package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// PackFor says for whom a pack is released.
type PackFor struct {
	// Report is one of the requester's, 0 the newest verified one, else the newest.
	Report int64
	// Kind is that of a requester who has not asked yet, of a case that is no
	// traceback case; "" the registered consortium.
	Kind cases.ReporterKind
}

// PackView is a case's pack as it may be told to one requester.
type PackView struct {
	Case     cases.Case
	Kept     cases.KeptPack
	Document cases.PackDocument
	For      PackFor
	Verified bool // it is known who asks
	Reports  []PackRequester
	Reviews  []cases.LegalReview // of the case, oldest first
	Answers  []cases.PackAnswer  // newest first; recipients are masked
	Blanks   []cases.PackBlank   // what keeps it from being sent
	Text     string              // the letter as it would be sent, without a note
}

// PackRequester is somebody who asks in the case.
type PackRequester struct {
	Request cases.TracebackRequest
	Kind    cases.ReporterKind
	From    string // masked
}

// Pack returns the newest pack of a case with what may be told to one requester;
// nothing else of it is shown to anybody. cases.ErrNotFound: none was built yet.
func (d *Desk) Pack(ctx context.Context, a cases.Actor, ref string, of PackFor) (PackView, error) {
	v := PackView{For: of}
	c, err := d.findCase(ctx, a, ref)
	if err != nil {
		return v, err
	}
	v.Case = c
	dos, err := d.Store.Dossier(ctx, c.ID)
	if err != nil {
		return v, err
	}
	if v.Reviews, err = d.Store.LegalReviews(ctx, c.ID); err != nil {
		return v, err
	}
	if v.Answers, err = d.Store.PackAnswers(ctx, c.ID); err != nil {
		return v, err
	}
	for i := range v.Answers {
		v.Answers[i].Recipient = maskAddress(v.Answers[i].Recipient)
	}
	q, err := v.requester(dos, of)
	if err != nil {
		return v, err
	}
	if v.Kept, err = d.Store.Pack(ctx, c.ID, 0); err != nil {
		return v, err
	}
	p, err := d.openPack(ctx, v.Kept)
	if err != nil {
		return v, err
	}
	v.Blanks = p.Blanks()
	covers := cases.PackCovers(v.For.Kind, v.For.Report, v.Reviews)
	if covers == nil {
		covers = []cases.PackClass{}
	}
	v.Document = cases.PackDocument{Format: cases.PackFormat, Version: v.Kept.Version, BuiltAt: v.Kept.BuiltAt, Digest: v.Kept.Digest, Requester: string(v.For.Kind), ReceivedAt: v.Kept.ReceivedAt,
		Complete: v.Kept.Complete, Covers: covers, Pack: p.Release(covers)}
	for _, r := range v.Reviews {
		if r.ReportID == 0 || r.ReportID == v.For.Report {
			v.Document.LegalReview = append(v.Document.LegalReview, r.ID)
		}
	}
	if q != nil {
		clock := q.Clock()
		v.Verified, v.Document.ReceivedAt, v.Document.Clock = q.State == cases.RequesterVerified, q.ReceivedAt.UTC(), clock.Why
		if clock.Running() {
			from, due := clock.From.UTC(), clock.Due.UTC()
			v.Document.CountsFrom, v.Document.DueAt = &from, &due
		}
	}
	v.Text = v.Document.Text("")
	return v, nil
}

// requester finds for whom the pack is released, and his request; nil nobody has
// asked.
func (v *PackView) requester(dos cases.Dossier, of PackFor) (*cases.TracebackRequest, error) {
	kinds := map[int64]cases.ReportView{}
	for _, r := range dos.Reports {
		kinds[r.ID] = r
	}
	for _, q := range slices.Backward(dos.Requests) { // newest first
		r := PackRequester{Request: q, Kind: kinds[q.ReportID].ReporterKind, From: "nobody said who"}
		if x := kinds[q.ReportID].Reporter; x != nil && x.Email != "" {
			r.From = maskAddress(x.Email)
		}
		v.Reports = append(v.Reports, r)
	}
	if dos.Case.Kind != cases.CaseTraceback {
		if of.Report != 0 {
			return nil, cases.Invalid(cases.Problem{Field: "report", Message: "nobody asks for a traceback in this case"})
		}
		if v.For.Kind == "" {
			v.For.Kind = cases.ReporterTraceback
		}
		if !slices.Contains(cases.ReporterKinds(), v.For.Kind) {
			return nil, cases.Invalid(cases.Problem{Field: "for", Message: "is none of the kinds of requesters that there are"})
		}
		return nil, nil //nolint:nilnil // nobody has asked
	}
	i := slices.IndexFunc(v.Reports, func(r PackRequester) bool { return r.Request.ReportID == of.Report })
	if of.Report == 0 && len(v.Reports) > 0 {
		i = max(0, slices.IndexFunc(v.Reports, func(r PackRequester) bool { return r.Request.State == cases.RequesterVerified }))
	}
	if i < 0 {
		return nil, cases.Invalid(cases.Problem{Field: "report", Message: "choose a request of this case"})
	}
	v.For = PackFor{Report: v.Reports[i].Request.ReportID, Kind: v.Reports[i].Kind}
	return &v.Reports[i].Request, nil
}

// openPack unseals a pack and checks that it is the one that was kept.
func (d *Desk) openPack(ctx context.Context, k cases.KeptPack) (cases.Pack, error) {
	var p cases.Pack
	if err := d.openSealed(ctx, k.Kept, &p); err != nil {
		return p, fmt.Errorf("pack %d of case %d: %w", k.Version, k.CaseID, err)
	}
	return p, nil
}

func (d *Desk) openSealed(ctx context.Context, k cases.Kept, into any) error {
	body, err := d.Vault.Open(ctx, k)
	if err != nil {
		return err
	}
	defer body.Close()
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// RebuildPack builds the pack of a case now, such as after a provider's contact was
// imported.
func (d *Desk) RebuildPack(ctx context.Context, a cases.Actor, ref string) (cases.KeptPack, error) {
	if err := cases.Permit(a, cases.CmdAnswerTraceback); err != nil {
		return cases.KeptPack{}, err
	}
	c, err := d.findCase(ctx, a, ref)
	if err != nil {
		return cases.KeptPack{}, err
	}
	if c.MergedInto != 0 {
		return cases.KeptPack{}, cases.Conflict(c.Ref + " was merged into another case; its pack is there")
	}
	return d.buildPack(ctx, cases.Attempt{}, c.ID)
}

// ReviewRelease records a legal review: data beyond the traceback fields that may be
// handed out in this case, to one requester (r.ReportID) or to any of it.
func (d *Desk) ReviewRelease(ctx context.Context, a cases.Actor, ref string, r cases.LegalReview) (cases.LegalReview, error) {
	if err := cases.Permit(a, cases.CmdReviewRelease); err != nil {
		return r, err
	}
	id, err := d.caseID(a, ref)
	if err != nil {
		return r, err
	}
	return d.Store.ReviewRelease(ctx, id, func(c *cases.Case) (cases.LegalReview, error) {
		if err := checkCaseRef(*c, ref); err != nil {
			return r, err
		}
		return c.ReviewRelease(a, d.now(), r)
	})
}

// PackSending is what an analyst sends.
type PackSending struct {
	Version     int64  // of the case as the analyst saw it; 0: as it is
	Pack        int64  // version of the pack that the analyst saw; 0: the newest
	Report      int64  // whose requester; 0 the newest verified one
	Note        string // above the calls, in the letter
	Disposition cases.Disposition
	Reason      string
}

// maxPackNote bounds the note, in bytes.
const maxPackNote = 5000

// sentPack is exactly what went out.
type sentPack struct {
	Text  string             `json:"text"`
	Files []cases.LetterFile `json:"files"`
}

// SendPack sends the pack to a verified requester, as JSON and CSV beside a letter,
// at most once. What is sent is sealed and recorded before anything is attempted;
// its receipt is what the mail server said to that letter.
func (d *Desk) SendPack(ctx context.Context, a cases.Actor, ref string, in PackSending) (cases.Case, error) {
	if err := cases.Permit(a, cases.CmdAnswerTraceback); err != nil {
		return cases.Case{}, err
	}
	if len(in.Note) > maxPackNote {
		return cases.Case{}, cases.Invalid(cases.Problem{Field: "note", Message: fmt.Sprintf("at most %d bytes", maxPackNote)})
	}
	v, err := d.Pack(ctx, a, ref, PackFor{Report: in.Report})
	if err != nil {
		return cases.Case{}, err
	}
	switch {
	case v.Case.Kind != cases.CaseTraceback:
		return v.Case, cases.Conflict(v.Case.Ref + " is no traceback case")
	case in.Pack != 0 && in.Pack != v.Kept.Version:
		return v.Case, cases.Conflict("the pack was built anew since you opened it; look at it again before you send it")
	case len(v.Blanks) > 0:
		return v.Case, cases.Conflict("the pack has mandatory fields without a value or a reason; build it again")
	case v.Document.Pack.Unanswered > 0 || len(v.Document.Pack.Calls) == 0:
		return v.Case, cases.Conflict("the pack is not complete: not every call was looked up yet")
	case !slices.Contains(v.Document.Covers, cases.PackCall):
		return v.Case, cases.Conflict("this requester may be told nothing without a legal review")
	}
	out := sentPack{Text: strings.TrimSpace(v.Document.Text(strings.ReplaceAll(in.Note, "\r\n", "\n")))} // as a letter is kept
	if out.Files, err = v.Document.Files(); err != nil {
		return v.Case, err
	}
	body, err := json.Marshal(out)
	if err != nil {
		return v.Case, err
	}
	kept, err := d.Vault.Keep(ctx, bytes.NewReader(body))
	if err != nil {
		return v.Case, fmt.Errorf("seal the answer to %s: %w", ref, err)
	}
	c, err := d.write(ctx, a, cases.CmdAnswerTraceback, ref, in.Version, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		s, err := c.AnswerTraceback(a, d.now(), out.Text, v.For.Report, to, d.from())
		if err == nil && d.Mailer == nil {
			err = cases.Conflict("no mail server is configured, so that nothing can be answered")
		}
		if err == nil && in.Disposition != "" {
			err = c.Resolve(a, d.now(), in.Disposition, in.Reason)
		}
		s.Answer = &cases.PackAnswer{PackVersion: v.Kept.Version, PackDigest: v.Kept.Digest, Digest: kept.SHA256, Covers: v.Document.Covers, Reviews: v.Document.LegalReview,
			CreatedBy: a.Name, Kept: kept}
		return []cases.Sending{s}, err
	})
	if err != nil {
		return c, errors.Join(err, d.Vault.Discard(context.WithoutCancel(ctx), kept))
	}
	return c, nil
}

// SentPack is exactly what was sent with a letter of the case, for whoever checks it
// later; that it was looked at goes into the audit log.
func (d *Desk) SentPack(ctx context.Context, a cases.Actor, ref, digest string) ([]cases.LetterFile, error) {
	if err := cases.Permit(a, cases.CmdReadRaw); err != nil {
		return nil, err
	}
	c, err := d.findCase(ctx, a, ref)
	if err != nil {
		return nil, err
	}
	all, err := d.Store.PackAnswers(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(x cases.PackAnswer) bool { return x.Digest == digest })
	if i < 0 {
		return nil, cases.NotFound("this answer")
	}
	e := cases.NewEvent(d.now(), a, string(cases.CmdReadRaw), "case", ref, "")
	e.CaseID, e.Data = c.ID, map[string]string{"answer": digest}
	if err := d.Store.Record(ctx, e); err != nil {
		return nil, err
	}
	var sent sentPack
	if err := d.openSealed(ctx, all[i].Kept, &sent); err != nil {
		return nil, err
	}
	return append([]cases.LetterFile{{Name: "letter.txt", Type: "text/plain; charset=utf-8", Body: []byte(sent.Text)}}, sent.Files...), nil
}

// packFiles are the files that go with an answer; none of one that is a letter alone.
func (d *Desk) packFiles(ctx context.Context, s cases.Sending) ([]cases.LetterFile, error) {
	a, err := d.Store.PackAnswer(ctx, s.MessageID)
	if errors.Is(err, cases.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var sent sentPack
	err = d.openSealed(ctx, a.Kept, &sent)
	return sent.Files, err
}
