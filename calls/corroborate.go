package calls

import (
	"cmp"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Corroboration is the answer to: did we carry the reported call?
type Corroboration struct {
	Verdict cases.Corroboration
	Summary string // a sentence or two that an analyst can repeat
	Calls   []cases.CallRef
	// Matched counts all calls that can be the reported one, Calls shows the
	// best of them, at most maxShown.
	Matched int
	Missing []string // what would settle it
	Window  Window
	// Awaiting is set when only the records are not complete yet: the verdict
	// can be settled by asking again once every source is complete up to it.
	Awaiting time.Time

	hits      []hit
	others    int // calls that showed the number and went to somebody else
	holders   int // calls of the holder, who complains of others
	honeypots int // calls that showed the number and went to honeypots of ours
}

// hit is a call that can be the reported one.
type hit struct {
	leg
	caller, called match
	confidence     float64
	reason         string
}

const maxShown = 20

// Corroborate judges.
//
//   - confirmed: a call from the shown to the called number, at the stated time;
//   - probable: a call that fits, but the called number or the hour is not known, or
//     of a number only some digits, or it went to a number of another complaint of
//     the same reporter;
//   - not_seen: no call fits, and the records of every source are complete for
//     the whole window: not carried by us, which says nothing more;
//   - unknown: all else, with what is missing.
//
// A report that names neither time nor called number is never more than
// unknown while there are calls: they may all be the rightful owner's. Where
// the called number is known, calls to others are counted and prove nothing;
// those to honeypots are counted apart, because nobody calls one rightfully.
func Corroborate(e Evidence) Corroboration {
	c := Corroboration{Window: WindowOf(e.Report)}
	callers, called := e.wantedCallers(), e.wantedCalled()
	for _, l := range legs(e.Matches) {
		if !c.Window.contains(l.StartedAt) {
			continue
		}
		from, to := callers.match(l.From), called.match(l.To)
		switch {
		case from == noMatch && callers.known():
		case from != noMatch && e.ownerReport() && e.entitled(l.From, l.account(), l.StartedAt):
			c.holders++
		case from != noMatch && to == noMatch && called.known():
			c.others++
		case from != noMatch || to != noMatch:
			c.hits = append(c.hits, fit(c.Window, l, from, to))
		}
	}
	for _, l := range legs(slices.Concat(e.Matches, e.Nearby)) { // also those that are not near enough to be the reported one
		if callers.match(l.From) == fullMatch && e.Honeypots[l.To] {
			c.honeypots++
		}
	}
	c.Matched = len(c.hits)
	slices.SortStableFunc(c.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.confidence, a.confidence), b.StartedAt.Compare(a.StartedAt))
	})
	for _, h := range c.hits[:min(len(c.hits), maxShown)] {
		c.Calls = append(c.Calls, cases.CallRef{Source: h.Source, SourceID: h.SourceID, StartedAt: h.StartedAt, From: h.From, To: h.To, AccountID: h.AccountID,
			Connection: h.Connection, Seconds: h.BilledSeconds, SIPCode: h.SIPCode, Attest: h.Attest, Confidence: h.confidence, Reason: h.reason})
	}
	gaps := coverageGaps(e, c.Window)
	// A pair of numbers is asked for by itself. A number alone can have more
	// calls than a query brings, and the one that counts may be among the rest.
	cut := len(called.exact) == 0 && slices.ContainsFunc(callers.exact, func(n string) bool { return showing(e.Matches, n) >= MatchLimit })
	c.Verdict = verdict(c, callers, called, len(gaps) > 0 || cut)
	c.Missing = missing(c, callers, called, gaps, cut)
	if c.Verdict == cases.CorroborationUnknown && c.Matched == 0 && !cut && len(callers.exact)+len(called.exact) > 0 {
		c.Awaiting = c.Window.To
	}
	c.Summary = summary(e, c, callers, called)
	return c
}

func showing(records []cases.Call, number string) int {
	n := 0
	for _, c := range records {
		if c.From == number {
			n++
		}
	}
	return n
}

func verdict(c Corroboration, callers, called wanted, incomplete bool) cases.Corroboration {
	if len(callers.exact)+len(called.exact) == 0 {
		return cases.CorroborationUnknown // nothing that a call can be looked up by
	}
	if c.Matched == 0 {
		if incomplete {
			return cases.CorroborationUnknown
		}
		return cases.CorroborationNotSeen
	}
	best := c.hits[0]
	switch {
	case !callers.known():
		return cases.CorroborationUnknown
	case best.caller == fullMatch && best.called == fullMatch && c.Window.Known() && !c.Window.Vague:
		return cases.CorroborationConfirmed
	case best.called != noMatch || c.Window.Known():
		return cases.CorroborationProbable
	}
	return cases.CorroborationUnknown
}

// What a figure is worth when of a number only some digits are told, or when it
// is of another complaint.
const (
	partWorth  = 0.85
	otherWorth = 0.8
)

// fit says how well a call fits, and why. The figures order calls and are no
// probabilities: a stated hour with both numbers is worth 0.99 and loses up to
// 0.2 at the edge of the tolerance; what is not known costs more.
func fit(w Window, l leg, caller, called match) hit {
	h := hit{leg: l, caller: caller, called: called}
	near := 0.2 * min(float64(w.distance(l.StartedAt))/float64(Tolerance), 1)
	both := "both numbers match"
	switch {
	case called == otherMatch:
		both = "the shown number matches, and the call went to a number of another complaint of the same reporter"
	case caller == partMatch && called == partMatch:
		both = "both numbers fit the digits that are told"
	case caller == partMatch:
		both = "the called number matches, and the shown one fits the digits that are told"
	case called == partMatch:
		both = "the shown number matches, and the called one fits the digits that are told"
	}
	switch {
	case caller == noMatch:
		h.confidence, h.reason = 0.2, "the called number matches; the report does not say which number was shown"
	case called != noMatch && w.Known() && !w.Vague:
		h.confidence, h.reason = 0.99-near, both+", "+apart(w, l.StartedAt)
	case called != noMatch && w.Known():
		h.confidence, h.reason = 0.85-near, both+", within the stated days"
	case called != noMatch:
		h.confidence, h.reason = 0.6, both+"; the report does not say when"
	case w.Known() && !w.Vague:
		h.confidence, h.reason = 0.6-near, "the shown number matches, "+apart(w, l.StartedAt)+"; the called number is not known"
	case w.Known():
		h.confidence, h.reason = 0.4-near, "the shown number matches, within the stated days; the called number is not known"
	default:
		h.confidence, h.reason = 0.2, "the shown number matches; neither time nor called number is known"
	}
	for _, m := range []match{caller, called} {
		switch m {
		case partMatch:
			h.confidence *= partWorth
		case otherMatch:
			h.confidence *= otherWorth
		}
	}
	return h
}

// apart says where a call is from the stated time.
func apart(w Window, t time.Time) string {
	d := w.distance(t)
	if d == 0 {
		return "at the stated time"
	}
	side := "after"
	if t.Before(w.Stated.Earliest) {
		side = "before"
	}
	return minutes(d) + " " + side + " the stated time"
}

// coverageGaps says what of the window each source does not cover: those that are
// configured, and those that have said so by themselves.
func coverageGaps(e Evidence, w Window) []string {
	var out []string
	for _, source := range e.Sources {
		if !slices.ContainsFunc(e.Coverage, func(c cases.Coverage) bool { return c.Source == source }) {
			out = append(out, "the records of "+source+": it has not said yet from when to when they are complete")
		}
	}
	if len(e.Coverage) == 0 && len(out) == 0 {
		return []string{"call records: no source has said from when to when its records are complete"}
	}
	for _, c := range e.Coverage {
		switch {
		case c.Silent:
			out = append(out, "the records of "+c.Source+", which did not answer")
		case c.Covers(w.From, w.To):
		case !c.Through.After(c.From), !c.Through.After(w.From), c.From.After(w.To):
			out = append(out, "the records of "+c.Source+": complete only from "+moment(c.From)+" until "+moment(c.Through))
		case c.From.After(w.From):
			out = append(out, "the records of "+c.Source+" before "+moment(c.From))
		default:
			out = append(out, "the records of "+c.Source+" after "+moment(c.Through)+": not complete yet")
		}
	}
	return out
}

// missing says what would settle the verdict. Nothing is missing from a
// confirmed or a not seen call.
func missing(c Corroboration, callers, called wanted, gaps []string, cut bool) []string {
	var out []string
	if c.Verdict == cases.CorroborationConfirmed || c.Verdict == cases.CorroborationNotSeen {
		return nil
	}
	for _, x := range []struct {
		wanted
		what string
	}{{callers, "shown"}, {called, "called"}} {
		switch {
		case !x.known():
			out = append(out, "the number that was "+x.what)
		case len(x.exact) == 0:
			out = append(out, "the whole number that was "+x.what)
		}
	}
	switch {
	case c.Window.Note != "":
		out = append(out, "the time of the call: "+c.Window.Note)
	case !c.Window.Known():
		out = append(out, "the time of the call")
	case c.Window.Vague:
		out = append(out, "the hour of the call")
	}
	if c.Matched == 0 && len(callers.exact)+len(called.exact) > 0 {
		out = append(out, gaps...)
		if cut {
			out = append(out, "a narrower time: the number has too many calls to look at them all")
		}
	}
	return out
}

// best is the call that the others are judged by: the one that fits best, if
// the verdict says that we carried it.
func (c Corroboration) best() (hit, bool) {
	if len(c.hits) == 0 || (c.Verdict != cases.CorroborationConfirmed && c.Verdict != cases.CorroborationProbable) {
		return hit{}, false
	}
	return c.hits[0], true
}

// reached are the called numbers to which a call that can be the reported one
// went, if the verdict says that we carried it: those that the report states, or
// another complaint of the reporter, else the one of the only call there is. Of several calls to numbers that
// nobody stated, none is known to be the reported one.
func (c Corroboration) reached(e Evidence) []string {
	if c.Verdict != cases.CorroborationConfirmed && c.Verdict != cases.CorroborationProbable {
		return nil
	}
	known := e.wantedCalled().known()
	var out []string
	for _, h := range c.hits {
		told := h.called == fullMatch || h.called == partMatch || h.called == otherMatch && !known
		if h.To != "" && (told || !known && len(c.hits) == 1) && !slices.Contains(out, h.To) {
			out = append(out, h.To)
		}
	}
	slices.Sort(out)
	return out
}

// timeOf is the time as of which rights to a number are asked: that of the best
// call that showed it, else the middle of where it was looked for.
func (c Corroboration) timeOf(number string) time.Time {
	for _, h := range c.hits {
		if h.From == number {
			return h.StartedAt
		}
	}
	return c.Window.middle()
}

// At is when the reported call began: that of the call that fits best, else the
// middle of where it was looked for.
func (c Corroboration) At() time.Time {
	if h, ok := c.best(); ok {
		return h.StartedAt
	}
	return c.Window.middle()
}
