package calls

import (
	"fmt"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// summary says it in a sentence that can be repeated to a lawyer: what was
// found in which records, and no more than that.
func summary(e Evidence, c Corroboration, callers, called wanted) string {
	shown, to := callers.words(), called.words()
	if h, ok := c.best(); ok && h.called != noMatch {
		return pairSummary(c, h) + remarks(c)
	}
	switch {
	case !callers.known() && !called.known():
		return "The report names no number, so no call can be looked for."
	case len(callers.exact)+len(called.exact) == 0:
		return "The report tells some digits of a number only, so no call can be looked for."
	case c.Verdict == cases.CorroborationProbable:
		return fmt.Sprintf("We probably carried this call: %s showed %s %s. The called number is not known, so none of them can be told to be the one.",
			count(c.Matched, "call"), shown, period(c.Window)) + remarks(c)
	case c.Verdict == cases.CorroborationNotSeen:
		what := "no call that showed " + shown
		switch {
		case !callers.known():
			what = "no call to " + to
		case called.known():
			what = "no call from " + shown + " to " + to
		}
		if c.holders > 0 {
			what += " by anybody but its holder"
		}
		return fmt.Sprintf("Not carried by us: our records are complete %s and have %s.", period(c.Window), what) + remarks(c)
	case c.Matched > 0 && !callers.known():
		return fmt.Sprintf("We carried %s to %s %s. The report does not say which number was shown, so none can be told to be the one.",
			count(c.Matched, "call"), to, period(c.Window))
	case c.Matched > 0:
		return fmt.Sprintf("We carried %s that showed %s %s. The report gives neither the time nor the called number, so none can be told to be the one.",
			count(c.Matched, "call"), shown, period(c.Window)) + remarks(c)
	}
	return fmt.Sprintf("No such call is in our records %s, but they are not complete, so that we cannot say we did not carry it.", period(c.Window)) + remarks(c)
}

func pairSummary(c Corroboration, h hit) string {
	carried := "We carried this call"
	when := apart(c.Window, h.StartedAt)
	switch {
	case c.Verdict == cases.CorroborationConfirmed:
	case c.Window.Known() && !c.Window.Vague:
		carried = "We probably carried this call"
	case c.Window.Known():
		carried, when = "We probably carried this call", "within the stated days; the hour is not known"
	default:
		carried, when = "We probably carried this call", "though the report does not say when it was"
	}
	how := ""
	switch {
	case h.account() != "":
		how = ", from account " + h.AccountID
	case h.provider() != "":
		how = ", which came in from " + h.provider()
	}
	switch {
	case h.called == otherMatch:
		how += "; the called number is of another complaint of the same reporter"
	case h.caller == partMatch || h.called == partMatch:
		how += "; of a number the report tells some digits only"
	}
	more := ""
	if c.Matched > 1 {
		more = fmt.Sprintf(" %s in all fit.", count(c.Matched, "call"))
	}
	return fmt.Sprintf("%s: %s to %s on %s, %s%s.", carried, numbers.Format(h.From), numbers.Format(h.To), moment(h.StartedAt), when, how) + more
}

// remarks adds what was seen and does not count.
func remarks(c Corroboration) string {
	var s string
	if c.honeypots > 0 {
		s += fmt.Sprintf(" %s that showed the number went to honeypots of ours, which nobody has a reason to call.", count(c.honeypots, "call"))
	}
	if c.others > 0 {
		s += fmt.Sprintf(" %s that showed the number went to other numbers.", count(c.others, "call"))
	}
	if c.holders > 0 {
		s += fmt.Sprintf(" %s by accounts with the right to show the number were left out.", count(c.holders, "call"))
	}
	return s
}

func period(w Window) string { return "from " + moment(w.From) + " to " + moment(w.To) }

func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

func minutes(d time.Duration) string {
	return count(max(1, int((d+time.Minute/2)/time.Minute)), "minute")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func list(e164 []string) string {
	out := make([]string, len(e164))
	for i, n := range e164 {
		out[i] = numbers.Format(n)
	}
	return strings.Join(out, " or ")
}
