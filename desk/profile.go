package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/calls"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Windows of a profile.
const (
	ProfileWindow = 7 * 24 * time.Hour  // where none is asked for
	MaxProfile    = 31 * 24 * time.Hour // longest that is counted
)

// ProfileKind is what a profile is of.
type ProfileKind string

// Kinds of profiles, as of cases.HourStats.
const (
	ProfileShown    ProfileKind = "from"     // calls that showed a number, whoever made them
	ProfileReached  ProfileKind = "to"       // calls in to a number of ours
	ProfileAccount  ProfileKind = "account"  // calls that an account made
	ProfileProvider ProfileKind = "provider" // calls that a provider handed to us
)

// Profile says what the calls of a key looked like in [from, to), which is widened
// to whole hours. to zero: now; from zero: ProfileWindow before. ErrInvalid for a
// window longer than MaxProfile or that ends before it begins, ErrNotFound for an
// account that nobody knows.
func (d *Desk) Profile(ctx context.Context, a cases.Actor, kind ProfileKind, key string, from, to time.Time) (cases.Profile, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.Profile{}, err
	}
	if to.IsZero() {
		to = d.now()
	}
	if from.IsZero() {
		from = to.Add(-ProfileWindow)
	}
	switch {
	case !from.Before(to):
		return cases.Profile{}, cases.Invalid(cases.Problem{Field: "from", Message: "must be before the end of the window"})
	case to.Sub(from) > MaxProfile:
		return cases.Profile{}, cases.Invalid(cases.Problem{Field: "from", Message: "a profile looks at 31 days at most"})
	}
	switch kind {
	case ProfileShown, ProfileReached:
		n, err := numbers.Parse(key, d.Region)
		if err != nil {
			return cases.Profile{}, cases.Invalid(cases.Problem{Field: "number", Message: err.Error()})
		}
		key = n.E164
	case ProfileAccount:
		if _, err := d.Store.Account(ctx, key); err != nil {
			return cases.Profile{}, err
		}
	case ProfileProvider:
	default:
		return cases.Profile{}, cases.Invalid(cases.Problem{Field: "kind", Message: fmt.Sprintf("there are no profiles of %q", kind)})
	}
	return d.profile(ctx, kind, key, from, to, 0)
}

// ProviderTraffic is what a provider handed to us in the last seven days.
func (d *Desk) ProviderTraffic(ctx context.Context, a cases.Actor, id string) (cases.ProviderTraffic, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return cases.ProviderTraffic{}, err
	}
	from, to := wholeHours(d.now().Add(-ProfileWindow), d.now())
	var v cases.ProviderTraffic
	var err error
	if v.Traffic, err = d.Store.HourStats(ctx, string(ProfileProvider), id, from, to); err != nil {
		return v, err
	}
	v.Profile, err = d.profileOf(ctx, ProfileProvider, id, "", from, to, v.Traffic, 0)
	return v, err
}

// profile looks a profile up. complaints are added to those that the store knows.
func (d *Desk) profile(ctx context.Context, kind ProfileKind, key string, from, to time.Time, complaints int) (cases.Profile, error) {
	from, to = wholeHours(from, to)
	hours, err := d.Store.HourStats(ctx, string(kind), key, from, to)
	if err != nil {
		return cases.Profile{}, fmt.Errorf("hours of %s %s: %w", kind, key, err)
	}
	country := ""
	if kind == ProfileAccount {
		acc, err := d.Store.Account(ctx, key)
		if err != nil && !errors.Is(err, cases.ErrNotFound) {
			return cases.Profile{}, err
		}
		country = acc.Country
	}
	return d.profileOf(ctx, kind, key, country, from, to, hours, complaints)
}

// profileOf makes the profile of hours that are at hand. country is where the
// caller is, "" where only the number says.
func (d *Desk) profileOf(ctx context.Context, kind ProfileKind, key, country string, from, to time.Time, hours []cases.HourStats, complaints int) (cases.Profile, error) {
	in := calls.ProfileInput{Kind: string(kind), Key: key, Country: country, Hours: hours}
	in.From, in.To = wholeHours(from, to)
	var err error
	if in.Sample, err = d.Store.RecentCalls(ctx, in.Kind, key, in.From, in.To, calls.SampleLimit); err != nil {
		return cases.Profile{}, fmt.Errorf("calls of %s %s: %w", kind, key, err)
	}
	if in.Complaints, err = d.Store.Complaints(ctx, in.Kind, key, in.From, in.To); err != nil {
		return cases.Profile{}, fmt.Errorf("complaints about %s %s: %w", kind, key, err)
	}
	in.Complaints += complaints
	return calls.ProfileOf(in), nil
}

// wholeHours widens a window to the hours that calls are counted by.
func wholeHours(from, to time.Time) (time.Time, time.Time) {
	return from.UTC().Truncate(time.Hour), to.UTC().Add(time.Hour - 1).Truncate(time.Hour)
}

// classify says what the profile of an account's week looks like beside the weeks
// before.
func (d *Desk) classify(ctx context.Context, account, country string, profile cases.Profile) (cases.Classification, error) {
	from, to := wholeHours(profile.From.Add(-calls.BaselineWindow), profile.From)
	hours, err := d.Store.HourStats(ctx, string(ProfileAccount), account, from, to)
	if err != nil {
		return cases.Classification{}, fmt.Errorf("hours of account %s before: %w", account, err)
	}
	before, err := d.profileOf(ctx, ProfileAccount, account, country, from, to, hours, 0)
	if err != nil {
		return cases.Classification{}, err
	}
	return calls.Classify(profile, &before), nil
}
