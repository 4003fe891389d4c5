package calls

import (
	"cmp"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// What is looked at.
const (
	// Tolerance widens a stated time on both sides: people round to the quarter
	// of an hour, and clocks differ.
	Tolerance = 15 * time.Minute
	// VagueAfter is the longest range of a stated time that still names the
	// hour. The zones of one country differ by six hours, so that an hour
	// without its zone is not vague, and "on Tuesday" is.
	VagueAfter = 6 * time.Hour
	// Lookback is where the call is looked for when nobody says when it was.
	Lookback = 30 * 24 * time.Hour
	// MatchLimit is how many calls one query brings.
	MatchLimit = 500
	// SampleAround is how far from the call its neighbours are looked at, on
	// each side: 24 hours in all.
	SampleAround = 12 * time.Hour
	// SampleNearby is how many of these neighbours, the newest: enough for a share.
	SampleNearby = 100

	maxNumbers   = 5   // of each role in one report; a text can be full of numbers
	sureEnough   = 0.5 // confidence from which a called number counts as known
	receiptSlack = time.Minute
)

// Window is where the reported call must have started.
type Window struct {
	From, To time.Time
	Stated   cases.TimeRange // as in the report; zero when it is of no use
	Vague    bool            // the day is known at best
	Note     string          // why a stated time is of no use
}

// Known says whether the report gave a time.
func (w Window) Known() bool { return w.Stated.Known() }

// contains says whether a call at t can be the reported one.
func (w Window) contains(t time.Time) bool { return !t.Before(w.From) && !t.After(w.To) }

// middle is the time as of which rights are asked when no call is found.
func (w Window) middle() time.Time {
	if !w.Known() {
		return w.To
	}
	return w.From.Add(w.To.Sub(w.From) / 2)
}

// distance is how far t is from the stated time.
func (w Window) distance(t time.Time) time.Duration {
	switch {
	case !w.Known():
		return 0
	case t.Before(w.Stated.Earliest):
		return w.Stated.Earliest.Sub(t)
	case t.After(w.Stated.Latest):
		return t.Sub(w.Stated.Latest)
	}
	return 0
}

// WindowOf returns where to look: around the stated time, whose range already
// has its zone's uncertainty, or the thirty days before the report came. What
// is reported was over when it came; a stated time after that is wrong and
// counts as none.
func WindowOf(r cases.Report) Window {
	received := r.ReceivedAt.UTC().Add(receiptSlack)
	t := r.OccurredAt()
	t.Earliest, t.Latest = t.Earliest.UTC(), t.Latest.UTC()
	if t.Known() && t.Latest.Before(t.Earliest) {
		t.Latest = t.Earliest
	}
	w := Window{From: received.Add(-Lookback), To: received}
	if !t.Known() {
		return w
	}
	if t.Earliest.Add(-Tolerance).After(received) {
		w.Note = "the stated time is after the report"
		return w
	}
	w.Stated = t
	w.Vague = t.Latest.Sub(t.Earliest) > VagueAfter
	w.From, w.To = t.Earliest.Add(-Tolerance), t.Latest.Add(Tolerance)
	if w.To.After(received) {
		w.To = received
	}
	return w
}

// numbersOf returns the numbers of a role, surest first.
func numbersOf(subjects []cases.Subject, role cases.NumberRole, atLeast float64) []string {
	var in []cases.Subject
	for _, s := range subjects {
		if s.Role == role && s.E164 != "" && s.Confidence >= atLeast {
			in = append(in, s)
		}
	}
	slices.SortStableFunc(in, func(a, b cases.Subject) int { return cmp.Compare(b.Confidence, a.Confidence) })
	var out []string
	for _, s := range in {
		if !slices.Contains(out, s.E164) && len(out) < maxNumbers {
			out = append(out, s.E164)
		}
	}
	return out
}

// Callers returns the numbers that the report says were shown, surest first, at
// most five: those whose entitlements are asked for.
func Callers(subjects []cases.Subject) []string { return numbersOf(subjects, cases.RoleCaller, 0) }

func called(subjects []cases.Subject) []string {
	return numbersOf(subjects, cases.RoleCalled, sureEnough)
}

// Queries says which calls Corroborate needs to see first: each shown number with
// each called one, also those of the reporter's other complaints. None where
// either is not known whole.
func Queries(e Evidence) []cases.CallQuery {
	var out []cases.CallQuery
	for _, from := range Callers(e.Subjects) {
		for _, to := range slices.Concat(called(e.Subjects), e.otherCalled()) {
			out = append(out, e.query(from, to))
		}
	}
	return out
}

// WiderQueries says what it needs to see besides, when e.Matches are the answers to
// Queries: each shown number alone, or the called numbers where no whole number
// that was shown is known. None where a call from the one to the other was found: the
// busiest numbers have hundreds of others in the same minutes.
func WiderQueries(e Evidence) []cases.CallQuery {
	if len(e.Matches) > 0 {
		return nil
	}
	var out []cases.CallQuery
	callers := Callers(e.Subjects)
	for _, from := range callers {
		out = append(out, e.query(from, ""))
	}
	if len(callers) == 0 {
		for _, to := range called(e.Subjects) {
			out = append(out, e.query("", to))
		}
	}
	return out
}

func (e Evidence) query(from, to string) cases.CallQuery {
	w := WindowOf(e.Report)
	return cases.CallQuery{From: from, To: to, Earliest: w.From, Latest: w.To, Limit: MatchLimit}
}

// SampleQueries says which calls the attestation of a number is counted over:
// those that showed it within 24 hours around the call, or around where it was
// looked for.
func SampleQueries(e Evidence) []cases.CallQuery {
	c := Corroborate(e)
	var out []cases.CallQuery
	for _, from := range Callers(e.Subjects) {
		at := c.timeOf(from)
		out = append(out, cases.CallQuery{From: from, Earliest: at.Add(-SampleAround), Latest: at.Add(SampleAround), Limit: SampleNearby})
	}
	return out
}
