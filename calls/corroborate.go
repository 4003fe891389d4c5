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

	hits    []hit
	others  int // calls that showed the number and went to somebody else
	holders int // calls of the holder, who complains of others
}

// hit is a call that can be the reported one.
type hit struct {
	leg
	confidence float64
	reason     string
}

const maxShown = 20

// Corroborate judges.
//
//   - confirmed: a call from the shown to the called number, at the stated time;
//   - probable: a call that fits, but the called number or the hour is not known;
//   - not_seen: no call fits, and the records of every source are complete for
//     the whole window: not carried by us, which says nothing more;
//   - unknown: all else, with what is missing.
//
// A report that names neither time nor called number is never more than
// unknown while there are calls: they may all be the rightful owner's. Where
// the called number is known, calls to others are counted and prove nothing.
func Corroborate(e Evidence) Corroboration {
	c := Corroboration{Window: WindowOf(e.Report)}
	callers, called := Callers(e.Subjects), called(e.Subjects)
	for _, l := range legs(e.Matches) {
		if !c.Window.contains(l.StartedAt) {
			continue
		}
		byCaller, byCalled := slices.Contains(callers, l.From), slices.Contains(called, l.To)
		switch {
		case byCaller && e.ownerReport() && e.entitled(l.From, l.account(), l.StartedAt):
			c.holders++
		case byCaller && len(called) > 0 && !byCalled:
			c.others++
		case byCaller || len(callers) == 0 && byCalled:
			c.hits = append(c.hits, fit(c.Window, l, byCaller, byCalled))
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
	gaps := coverageGaps(e.Coverage, c.Window)
	// A pair of numbers is asked for by itself. A number alone can have more
	// calls than a query brings, and the one that counts may be among the rest.
	cut := len(called) == 0 && slices.ContainsFunc(callers, func(n string) bool { return showing(e.Matches, n) >= MatchLimit })
	c.Verdict = verdict(c, len(callers), len(called), len(gaps) > 0 || cut)
	c.Missing = missing(c, len(callers), len(called), gaps, cut)
	if c.Verdict == cases.CorroborationUnknown && c.Matched == 0 && !cut && len(callers)+len(called) > 0 {
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

func verdict(c Corroboration, callers, called int, incomplete bool) cases.Corroboration {
	switch {
	case callers+called == 0:
		return cases.CorroborationUnknown
	case c.Matched == 0 && incomplete:
		return cases.CorroborationUnknown
	case c.Matched == 0:
		return cases.CorroborationNotSeen
	case callers == 0:
		return cases.CorroborationUnknown
	case called > 0 && c.Window.Known() && !c.Window.Vague:
		return cases.CorroborationConfirmed
	case called > 0 || c.Window.Known():
		return cases.CorroborationProbable
	}
	return cases.CorroborationUnknown
}

// fit says how well a call fits, and why. The figures order calls and are no
// probabilities: a stated hour with both numbers is worth 0.99 and loses up to
// 0.2 at the edge of the tolerance; what is not known costs more.
func fit(w Window, l leg, byCaller, byCalled bool) hit {
	h := hit{leg: l}
	near := 0.2 * min(float64(w.distance(l.StartedAt))/float64(Tolerance), 1)
	switch {
	case !byCaller:
		h.confidence, h.reason = 0.2, "the called number matches; the report does not say which number was shown"
	case byCalled && w.Known() && !w.Vague:
		h.confidence, h.reason = 0.99-near, "both numbers match, "+apart(w, l.StartedAt)
	case byCalled && w.Known():
		h.confidence, h.reason = 0.85-near, "both numbers match, within the stated days"
	case byCalled:
		h.confidence, h.reason = 0.6, "both numbers match; the report does not say when"
	case w.Known() && !w.Vague:
		h.confidence, h.reason = 0.6-near, "the shown number matches, "+apart(w, l.StartedAt)+"; the called number is not known"
	case w.Known():
		h.confidence, h.reason = 0.4-near, "the shown number matches, within the stated days; the called number is not known"
	default:
		h.confidence, h.reason = 0.2, "the shown number matches; neither time nor called number is known"
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

// coverageGaps says what of the window each source does not cover.
func coverageGaps(coverage []cases.Coverage, w Window) []string {
	if len(coverage) == 0 {
		return []string{"call records: no source has said from when to when its records are complete"}
	}
	var out []string
	for _, c := range coverage {
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
func missing(c Corroboration, callers, called int, gaps []string, cut bool) []string {
	var out []string
	if c.Verdict == cases.CorroborationConfirmed || c.Verdict == cases.CorroborationNotSeen {
		return nil
	}
	if callers == 0 {
		out = append(out, "the number that was shown")
	}
	if called == 0 {
		out = append(out, "the number that was called")
	}
	switch {
	case c.Window.Note != "":
		out = append(out, "the time of the call: "+c.Window.Note)
	case !c.Window.Known():
		out = append(out, "the time of the call")
	case c.Window.Vague:
		out = append(out, "the hour of the call")
	}
	if c.Matched == 0 && callers+called > 0 {
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
// went, if the verdict says that we carried it: those that the report states,
// else the one of the only call there is. Of several calls to numbers that
// nobody stated, none is known to be the reported one.
func (c Corroboration) reached(e Evidence) []string {
	if c.Verdict != cases.CorroborationConfirmed && c.Verdict != cases.CorroborationProbable {
		return nil
	}
	stated := called(e.Subjects)
	var out []string
	for _, h := range c.hits {
		if h.To != "" && (slices.Contains(stated, h.To) || len(stated) == 0 && len(c.hits) == 1) && !slices.Contains(out, h.To) {
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
