package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/numbers"
)

// Correct says what a report of a case tells, where it was read wrong. The
// report is checked and the case weighed anew.
func (d *Desk) Correct(ctx context.Context, a cases.Actor, ref string, report int64, x cases.Correction) (cases.Case, error) {
	if err := cases.Permit(a, cases.CmdCorrectReport); err != nil {
		return cases.Case{}, err
	}
	c, err := d.findCase(ctx, a, ref)
	if err != nil {
		return c, err
	}
	x.Value = strings.TrimSpace(x.Value)
	switch {
	case x.Kind == cases.ExtractNumber && strings.TrimSpace(x.Number) != "":
		n, err := numbers.Parse(x.Number, d.Region)
		if err != nil {
			return c, cases.Invalid(cases.Problem{Field: "number", Message: "is not a telephone number: " + err.Error()})
		}
		x.Number = n.E164
	case x.Kind == cases.ExtractPretext && x.Value != "" && !slices.Contains(intake.Pretexts(), x.Value):
		return c, cases.Invalid(cases.Problem{Field: "value", Message: "must be one of: " + strings.Join(intake.Pretexts(), ", ")})
	}
	y := cases.Correcting{Correction: x, Clock: d.Office.Clock}
	if x.Kind == cases.ExtractLane {
		y.Notices = d.notices(cases.Parsed{Lane: cases.Lane(x.Value)})
	}
	return d.Store.CorrectReport(ctx, d.now(), a, c.ID, report, y)
}

// Labelled hands over the texts that were corrected with what is right in them,
// as intake scores itself against. It is for the command line.
func (d *Desk) Labelled(ctx context.Context, each func(intake.Labelled) error) error {
	return d.Store.Corrected(ctx, func(c cases.Corrected) error {
		r := c.Report
		if r.Subject == "" && r.Text == "" {
			return nil // nothing was written that could be read
		}
		l := intake.Labelled{ID: fmt.Sprintf("report-%d", r.ID), Text: r.Text, Subject: r.Subject, Region: c.Region, ReceivedAt: r.ReceivedAt, Labels: map[string][]string{}}
		if l.Region == "" {
			l.Region = d.Region
		}
		for _, k := range c.Kinds {
			if k != cases.ExtractNumber {
				l.Labels[string(k)] = list(r.Value(k))
				continue
			}
			for _, role := range []cases.NumberRole{cases.RoleCaller, cases.RoleCallback, cases.RoleCalled} {
				l.Labels[string(role)] = []string{}
				for _, s := range c.Subjects {
					if s.Role == role {
						l.Labels[string(role)] = append(l.Labels[string(role)], s.E164)
					}
				}
			}
		}
		return each(l)
	})
}

func list(value string) []string {
	if value == "" {
		return []string{}
	}
	return []string{value}
}
