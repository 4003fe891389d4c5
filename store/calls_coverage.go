package store

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Coverage returns from when to when each source's records are complete.
func (s *Store) Coverage(ctx context.Context) ([]cases.Coverage, error) {
	var out []cases.Coverage
	err := s.read(ctx).Order("source").Find(&out).Error
	for i := range out {
		out[i].From, out[i].Through = out[i].From.UTC(), out[i].Through.UTC()
	}
	return out, translate(err)
}

// promise reads what a batch says about completeness: nil for nothing. Nobody
// can have sent the calls of the future, so a watermark ahead of our clock is
// taken as now.
func promise(in cases.Ingest, now time.Time) (*cases.Coverage, error) {
	if in.CompleteThrough.IsZero() {
		if in.CompleteFrom.IsZero() {
			return nil, nil
		}
		return nil, cases.Invalid(cases.Problem{Field: "complete_through", Message: "complete_from needs complete_through: until when is it complete?"})
	}
	c := cases.Coverage{Source: in.Source, From: stored(in.CompleteFrom), Through: stored(in.CompleteThrough)}
	if c.Through.After(now) {
		c.Through = stored(now)
	}
	if in.CompleteFrom.IsZero() {
		c.From = time.Time{}
	} else if c.From.After(c.Through) {
		return nil, cases.Invalid(cases.Problem{Field: "complete_from", Message: "must not be after complete_through, nor in the future"})
	}
	return &c, nil
}

// extendCoverage joins a new promise (From zero: "and everything since the last
// one") with what a source had promised before (nil: nothing).
//
// Coverage is one stretch without holes, because "we have no such call" is said
// on its strength. So a promise that leaves a gap to the old one, whichever
// side, cannot be joined: the later stretch is kept, since reports are about
// recent calls, and a gap after the old watermark therefore restarts coverage
// at the new beginning. A source that fills the gap later promises the whole
// stretch anew. The watermark itself never goes back. A first promise without a
// beginning covers nothing yet: it is where the next one goes on from.
func extendCoverage(old *cases.Coverage, p cases.Coverage) cases.Coverage {
	switch {
	case old == nil && p.From.IsZero():
		p.From = p.Through
		return p
	case old == nil:
		return p
	case p.From.IsZero():
		p.From = old.From
		if p.Through.Before(old.Through) {
			p.Through = old.Through
		}
		return p
	case p.From.After(old.Through):
		return p
	case p.Through.Before(old.From):
		return *old
	}
	if old.From.Before(p.From) {
		p.From = old.From
	}
	if old.Through.After(p.Through) {
		p.Through = old.Through
	}
	return p
}

// The statements with which a transaction moves coverage. The first makes the
// row exist, so that the second can lock it against another batch of the
// source; they are the last thing the transaction does, so that batches of one
// source wait for each other only for the commit.
const (
	beginCoverage = `insert into coverages (source, complete_from, complete_through) values ($1, $2, $3) on conflict (source) do nothing`
	lockCoverage  = `select complete_from, complete_through from coverages where source = $1`
	moveCoverage  = `update coverages set complete_from = $2, complete_through = $3 where source = $1`
)
