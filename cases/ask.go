package cases

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxQuestion is the longest question to a reporter, in bytes.
const MaxQuestion = 5_000

// Ask writes a question to a reporter of the case, one of to: about report, or,
// when that is 0, to the writer of the newest report who can be asked. The case
// then waits for the reporter, unless a restriction on it decides its state.
// ours is the address we send from.
func (c *Case) Ask(a Actor, now time.Time, text string, report int64, to []Addressee, ours string) (Sending, error) {
	if err := Permit(a, CmdAskReporter); err != nil {
		return Sending{}, err
	}
	if err := c.mustBeOpen(); err != nil {
		return Sending{}, err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		return Sending{}, Invalid(Problem{"text", "write what you want to know"})
	case len(text) > MaxQuestion:
		return Sending{}, Invalid(Problem{"text", fmt.Sprintf("at most %d bytes", MaxQuestion)})
	}
	who, err := c.whom(report, to, ours)
	if err != nil {
		return Sending{}, err
	}
	if c.State == StateNew || c.State == StateOpen || c.State == StateAwaitingCustomer {
		c.State = StateAwaitingReporter
	}
	c.record(now, a, string(CmdAskReporter), text, map[string]string{"report": strconv.FormatInt(who.ReportID, 10)})
	s := who.letter(SendingQuestion)
	s.CaseID, s.Text = c.ID, text
	return s, nil
}

func (c *Case) whom(report int64, to []Addressee, ours string) (Addressee, error) {
	if report == 0 {
		if can := Askable(to, ours); len(can) > 0 {
			return can[0], nil
		}
		return Addressee{}, Conflict("no reporter of " + c.Ref + " can be written to")
	}
	for _, a := range to {
		if a.ReportID != report {
			continue
		}
		if ok, why := a.MayWrite(ours); !ok {
			return Addressee{}, Conflict("the reporter cannot be written to: " + why)
		}
		return a, nil
	}
	return Addressee{}, Invalid(Problem{"report", "choose a report of this case whose reporter can be written to"})
}
