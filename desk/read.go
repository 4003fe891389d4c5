package desk

import (
	"context"
	"io"
	"strconv"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Cases lists the queue.
func (d *Desk) Cases(ctx context.Context, a cases.Actor, q cases.CaseQuery) (cases.Page[cases.Case], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Case]{}, err
	}
	return d.Store.Cases(ctx, q)
}

// CaseRefs returns the references of cases by id, for lists that name them;
// unknown ids are left out.
func (d *Desk) CaseRefs(ctx context.Context, a cases.Actor, ids []int64) (map[int64]string, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return nil, err
	}
	return d.Store.CaseRefs(ctx, ids)
}

// Dossier is everything about a case; reporters are masked.
func (d *Desk) Dossier(ctx context.Context, a cases.Actor, ref string) (cases.Dossier, error) {
	c, err := d.findCase(ctx, a, ref)
	if err != nil {
		return cases.Dossier{}, err
	}
	dos, err := d.Store.Dossier(ctx, c.ID)
	if err != nil {
		return cases.Dossier{}, err
	}
	for i := range dos.Reports {
		mask(&dos.Reports[i])
	}
	likenesses(dos.Campaigns)
	for i := range dos.Sendings {
		maskSending(&dos.Sendings[i])
	}
	return dos, nil
}

// Report is one report; its reporter is masked.
func (d *Desk) Report(ctx context.Context, a cases.Actor, id int64) (cases.ReportView, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.ReportView{}, err
	}
	r, err := d.Store.Report(ctx, id)
	mask(&r)
	return r, err
}

// Reports lists reports, newest first; reporters are masked.
func (d *Desk) Reports(ctx context.Context, a cases.Actor, q cases.ReportQuery) (cases.Page[cases.ReportView], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.ReportView]{}, err
	}
	p, err := d.Store.Reports(ctx, q)
	for i := range p.Items {
		mask(&p.Items[i])
	}
	return p, err
}

// RevealReporter shows who reported, and logs that it was looked at.
func (d *Desk) RevealReporter(ctx context.Context, a cases.Actor, reportID int64) (cases.Reporter, error) {
	if err := cases.Permit(a, cases.CmdRevealReporter); err != nil {
		return cases.Reporter{}, err
	}
	r, err := d.Store.Report(ctx, reportID)
	if err != nil {
		return cases.Reporter{}, err
	}
	if r.Reporter == nil {
		return cases.Reporter{}, cases.NotFound("a reporter of this report")
	}
	if err := d.logRead(ctx, a, cases.CmdRevealReporter, r, nil); err != nil {
		return cases.Reporter{}, err
	}
	return *r.Reporter, nil
}

// RawMessage opens the bytes of one message of a report, and logs that they
// were read.
func (d *Desk) RawMessage(ctx context.Context, a cases.Actor, messageID int64) (cases.Message, io.ReadCloser, error) {
	if err := cases.Permit(a, cases.CmdReadRaw); err != nil {
		return cases.Message{}, nil, err
	}
	m, err := d.Store.Message(ctx, messageID)
	if err != nil {
		return cases.Message{}, nil, err
	}
	var r cases.ReportView
	if m.ReportID != 0 {
		if r, err = d.Store.Report(ctx, m.ReportID); err != nil {
			return cases.Message{}, nil, err
		}
	}
	if err := d.logRead(ctx, a, cases.CmdReadRaw, r, map[string]string{"message": strconv.FormatInt(m.ID, 10)}); err != nil {
		return cases.Message{}, nil, err
	}
	body, err := d.Vault.Open(ctx, m.Kept())
	return m, body, err
}

// OpenAttachment returns an attachment and its bytes, which can be read from any
// place: open begins at an offset. What a scanner found infected is handed to
// nobody. Each look goes into the audit log, also those of a player that asks for
// a sound in pieces.
func (d *Desk) OpenAttachment(ctx context.Context, a cases.Actor, id int64) (cases.AttachmentView, func(at int64) (io.ReadCloser, error), error) {
	if err := cases.Permit(a, cases.CmdReadRaw); err != nil {
		return cases.AttachmentView{}, nil, err
	}
	f, kept, err := d.Store.Attachment(ctx, id)
	if err != nil {
		return f, nil, err
	}
	switch f.State {
	case cases.AttachmentInfected:
		return f, nil, cases.Conflict("the virus scanner found " + f.Scan + " in this file; it is kept and handed to nobody")
	case cases.AttachmentRefused:
		return f, nil, cases.NotFound("this file (" + f.Note + ")")
	}
	r, err := d.Store.Report(ctx, f.ReportID)
	if err != nil {
		return f, nil, err
	}
	if err := d.logRead(ctx, a, cases.CmdReadRaw, r, map[string]string{"attachment": strconv.FormatInt(f.ID, 10), "sha256": f.SHA256}); err != nil {
		return f, nil, err
	}
	return f, func(at int64) (io.ReadCloser, error) {
		body, err := d.Vault.Open(ctx, kept)
		if err != nil || at == 0 {
			return body, err
		}
		if _, err := io.CopyN(io.Discard, body, at); err != nil {
			body.Close()
			return nil, err
		}
		return body, nil
	}, nil
}

func (d *Desk) logRead(ctx context.Context, a cases.Actor, cmd cases.Command, r cases.ReportView, data map[string]string) error {
	e := cases.NewEvent(d.now(), a, string(cmd), "report", strconv.FormatInt(r.ID, 10), "")
	e.CaseID, e.Data = r.CaseID, data
	return d.Store.Record(ctx, e)
}

// Restrictions lists restrictions, newest first.
func (d *Desk) Restrictions(ctx context.Context, a cases.Actor, q cases.RestrictionQuery) (cases.Page[cases.Restriction], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Restriction]{}, err
	}
	return d.Store.Restrictions(ctx, q)
}

// Restriction is one restriction and the points that enforce it.
func (d *Desk) Restriction(ctx context.Context, a cases.Actor, id int64) (cases.Restriction, []cases.Replica, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Restriction{}, nil, err
	}
	r, err := d.Store.Restriction(ctx, id)
	if err != nil {
		return cases.Restriction{}, nil, err
	}
	reps, err := d.Store.Replicas(ctx)
	return r, reps, err
}

// AccountView is what is known of an account.
func (d *Desk) AccountView(ctx context.Context, a cases.Actor, id string) (cases.AccountView, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.AccountView{}, err
	}
	now := d.now()
	v, err := d.Store.AccountView(ctx, id, now)
	if err != nil {
		return v, err
	}
	if v.Profile, err = d.profileOf(ctx, ProfileAccount, id, v.Account.Country, now.Add(-ProfileWindow), now, v.Traffic, 0); err != nil {
		return v, err
	}
	v.Class, err = d.classify(ctx, id, v.Account.Country, v.Profile)
	return v, err
}

// Accounts searches accounts.
func (d *Desk) Accounts(ctx context.Context, a cases.Actor, text, cursor string, limit int) (cases.Page[cases.Account], error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Page[cases.Account]{}, err
	}
	return d.Store.Accounts(ctx, text, cursor, limit)
}

// NumberView is what is known of a number, written in any way.
func (d *Desk) NumberView(ctx context.Context, a cases.Actor, number string) (cases.NumberView, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.NumberView{}, err
	}
	n, err := numbers.Parse(number, d.Region)
	if err != nil {
		return cases.NumberView{}, cases.Invalid(cases.Problem{Field: "number", Message: err.Error()})
	}
	now := d.now()
	v, err := d.Store.NumberView(ctx, n.E164, now)
	if err != nil {
		return v, err
	}
	if v.Profile, err = d.profileOf(ctx, ProfileShown, n.E164, "", now.Add(-ProfileWindow), now, v.Traffic, 0); err != nil {
		return v, err
	}
	v.Class = calls.Classify(v.Profile, nil)
	v.Facts = numberFacts(n)
	if held := cases.EntitledAt(v.Entitlements, d.now()); len(held) > 0 {
		v.Facts.Hosted, v.Facts.Account = true, held[0].AccountID
	}
	for i := range v.Reports {
		mask(&v.Reports[i])
	}
	return v, nil
}

func numberFacts(n numbers.Number) cases.NumberFacts {
	return cases.NumberFacts{Region: n.Region, Kind: string(n.Kind), Assignable: n.Assignable, Reason: n.Reason, Metadata: numbers.MetadataVersion()}
}

// Sendings lists what was said to the outside, newest first; addresses are masked.
func (d *Desk) Sendings(ctx context.Context, a cases.Actor, state cases.SendingState, cursor string, limit int) (cases.Page[cases.Sending], error) {
	if err := cases.Permit(a, cases.CmdReadOperations); err != nil {
		return cases.Page[cases.Sending]{}, err
	}
	p, err := d.Store.Sendings(ctx, state, cursor, limit)
	for i := range p.Items {
		maskSending(&p.Items[i])
	}
	return p, err
}

// Events lists the audit log, newest first.
func (d *Desk) Events(ctx context.Context, a cases.Actor, q cases.EventQuery) (cases.Page[cases.Event], error) {
	if err := cases.Permit(a, cases.CmdReadEvents); err != nil {
		return cases.Page[cases.Event]{}, err
	}
	return d.Store.Events(ctx, q)
}

// Operations says how the machine is doing.
func (d *Desk) Operations(ctx context.Context, a cases.Actor) (cases.Operations, error) {
	if err := cases.Permit(a, cases.CmdReadOperations); err != nil {
		return cases.Operations{}, err
	}
	return d.Store.Operations(ctx, d.now())
}
