package desk

import (
	"context"
	"errors"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Refer sends the reporters of a case to the carrier that answers for its
// number, and ends the case. version is what the actor saw; 0: as it is.
func (d *Desk) Refer(ctx context.Context, a cases.Actor, ref string, version int64) (cases.Case, error) {
	return d.write(ctx, a, cases.CmdResolveCase, ref, version, func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
		return d.referral(a, c, to)
	})
}

// refer is referral for letters that no command writes.
func (d *Desk) refer(a cases.Actor, c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
	letters, err := d.referral(a, c, d.within(c.Kind, to))
	d.name(letters)
	return letters, err
}

func (d *Desk) referral(a cases.Actor, c *cases.Case, to []cases.Addressee) ([]cases.Sending, error) {
	return c.Refer(a, d.now(), to, d.from())
}

// Responsible says which carrier answers for a number of a case or of a page.
func (d *Desk) Responsible(ctx context.Context, a cases.Actor, e164 string) (cases.Responsible, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Responsible{}, err
	}
	return d.responsible(ctx, e164)
}

// responsible asks the operator's table first. What it does not say of a
// toll-free number nothing else does: the number alone does not name its RespOrg.
func (d *Desk) responsible(ctx context.Context, e164 string) (cases.Responsible, error) {
	r := cases.Responsible{Number: e164}
	if e164 == "" {
		return r, nil
	}
	if n, err := numbers.Parse(e164, d.Region); err == nil {
		r.Region, r.TollFree = n.Region, n.Kind == numbers.KindTollFree
	}
	row, err := d.Store.CarrierOf(ctx, e164)
	if err != nil && !errors.Is(err, cases.ErrNotFound) {
		return r, err
	}
	r.Prefix, r.Carrier, r.AbuseContact = row.Prefix, row.Carrier, row.AbuseContact
	return r, nil
}

// numberOf is the number that a report is about: the one shown, else the one to
// call back, the surest of them.
func numberOf(r cases.ReportView) string {
	for _, role := range []cases.NumberRole{cases.RoleCaller, cases.RoleCallback} {
		best := cases.Subject{}
		for _, s := range r.Subjects {
			if s.Role == role && (best.E164 == "" || s.Confidence > best.Confidence) {
				best = s
			}
		}
		if best.E164 != "" {
			return best.E164
		}
	}
	return ""
}

// regionOf is the country of whoever was called: it decides where else he can
// report. Without a called number it is the desk's own.
func (d *Desk) regionOf(r cases.ReportView) string {
	for _, s := range r.Subjects {
		if s.Role != cases.RoleCalled {
			continue
		}
		if n, err := numbers.Parse(s.E164, d.Region); err == nil && n.Region != "" {
			return n.Region
		}
	}
	return d.Region
}

// notices are the letters to colleagues that a message leads to.
func (d *Desk) notices(p cases.Parsed) []cases.Sending {
	if d.Mailer == nil {
		return nil
	}
	ns := cases.Notices(p, d.Mailer.From(), d.AlertMail, d.TextMail)
	for i := range ns {
		ns[i].MessageID, ns[i].ToDigest = cases.NoticeID(newToken(), d.MailDomain), d.digest(ns[i].To)
	}
	return ns
}
