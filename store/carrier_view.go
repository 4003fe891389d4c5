package store

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// trafficShown is how far back the views of an account and a number count calls.
const trafficShown = 7 * 24 * time.Hour

// AccountView gathers what is known of an account. Its parts are read one
// after the other, so that a change in between may show in one and not yet in
// the other.
func (s *Store) AccountView(ctx context.Context, id string, now time.Time) (cases.AccountView, error) {
	var v cases.AccountView
	var err error
	if v.Account, err = s.Account(ctx, id); err != nil {
		return v, err
	}
	if v.Path, err = accountPath(s.read(ctx), id); err != nil {
		return v, translate(err)
	}
	if err := s.read(ctx).Where("parent_id = ?", id).Order("name, id").Limit(cases.MaxPage).Find(&v.Children).Error; err != nil {
		return v, translate(err)
	}
	v.Children = accounts(v.Children)
	if err := s.read(ctx).Where("account_id = ?", id).Order("name, id").Limit(cases.MaxPage).Find(&v.Connections).Error; err != nil {
		return v, translate(err)
	}
	err = s.read(ctx).Where("account_id = ?", id).Order("e164, valid_from, id").Limit(cases.MaxPage).Find(&v.Entitlements).Error
	if err != nil {
		return v, translate(err)
	}
	v.Entitlements = entitlements(v.Entitlements)
	if v.Restrictions, v.Cases, err = s.restrictionsAndCases(ctx, cases.RestrictionQuery{Target: id}, cases.CaseQuery{Account: id}); err != nil {
		return v, err
	}
	v.Traffic, err = s.HourStats(ctx, keyAccount, id, now.Add(-trafficShown), now)
	return v, err
}

// NumberView gathers what is known of a number. Its facts, which need no
// database, are the desk's to fill in.
func (s *Store) NumberView(ctx context.Context, e164 string, now time.Time) (cases.NumberView, error) {
	v := cases.NumberView{E164: e164}
	var err error
	if v.Entitlements, err = s.Entitlements(ctx, e164); err != nil {
		return v, err
	}
	if v.Restrictions, v.Cases, err = s.restrictionsAndCases(ctx, cases.RestrictionQuery{Target: e164}, cases.CaseQuery{Number: e164}); err != nil {
		return v, err
	}
	reports, err := s.Reports(ctx, cases.ReportQuery{Number: e164, Limit: cases.DefaultPage})
	if err != nil {
		return v, err
	}
	v.Reports = reports.Items
	told, err := s.SignalStats(ctx, now, []string{e164})
	if err != nil {
		return v, err
	}
	v.Signals = told[e164]
	v.Traffic, err = s.HourStats(ctx, keyFrom, e164, now.Add(-trafficShown), now)
	return v, err
}

// restrictionsAndCases lists the newest restrictions and the cases, resolved
// ones too.
func (s *Store) restrictionsAndCases(ctx context.Context, rq cases.RestrictionQuery, cq cases.CaseQuery) ([]cases.Restriction, []cases.Case, error) {
	rq.Limit, cq.Limit, cq.States = cases.MaxPage, cases.DefaultPage, cases.States()
	restrictions, err := s.Restrictions(ctx, rq)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.Cases(ctx, cq)
	return restrictions.Items, found.Items, err
}
