package calls

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Traced judges one call of a traceback request, by evidence about that call
// alone. The finding keeps the legs, the parties and the account's contact: what
// an answer is written from.
func Traced(e Evidence, place int, asked cases.TracedCall) cases.Finding {
	c := Corroborate(e)
	p := IdentifyParties(e, c)
	f := finding(e, cases.FindingTraced, strconv.Itoa(place), string(c.Verdict), c.Summary, c.Window.From, c.Window.To,
		cases.FindingData{Calls: c.Calls, Matched: c.Matched, Missing: c.Missing, Sources: e.Coverage, Parties: &p, Traced: &asked, Contact: e.Accounts[p.Originating].Email})
	f.Incomplete = !c.Awaiting.IsZero()
	return f
}

// Answer drafts the answer to a traceback request from its findings, one for each
// call, in the order in which they were asked about. It says no more than the
// records do: "not in our records" only where they are complete, and where they
// cannot tell it says what is missing.
func Answer(reference string, fs []cases.Finding) string {
	var b strings.Builder
	if reference == "" {
		b.WriteString("Our answer to your traceback request:\n")
	} else {
		fmt.Fprintf(&b, "Our answer to your traceback request %s:\n", reference)
	}
	for i, f := range fs {
		asked := cases.TracedCall{}
		if f.Data.Traced != nil {
			asked = *f.Data.Traced
		}
		fmt.Fprintf(&b, "\nCall %d: %s\n%s\n", i+1, describe(asked), strings.Join(statements(f), "\n"))
	}
	if len(fs) == 0 {
		b.WriteString("\nWe found no call in your request. Please send the calling number, the called number and the time (with its zone) of each call.\n")
	}
	return b.String()
}

func describe(c cases.TracedCall) string {
	orUnknown := func(s string) string {
		if s == "" {
			return "(number not given)"
		}
		return s
	}
	s := orUnknown(c.Caller) + " to " + orUnknown(c.Called)
	if c.At.Known() {
		s += ", between " + utc(c.At.Earliest) + " and " + utc(c.At.Latest)
	}
	if c.CallID != "" {
		s += ", Call-ID " + c.CallID
	}
	return s
}

// statements are the sentences about one call.
func statements(f cases.Finding) []string {
	switch cases.Corroboration(f.Verdict) {
	case cases.CorroborationNotSeen:
		s := "Not in our records."
		if f.WindowFrom != nil && f.WindowTo != nil {
			s += fmt.Sprintf(" They are complete from %s to %s, and no such call is among them.", utc(*f.WindowFrom), utc(*f.WindowTo))
		}
		return []string{s}
	case cases.CorroborationConfirmed, cases.CorroborationProbable:
		if len(f.Data.Calls) > 0 && f.Data.Parties != nil {
			return carried(f)
		}
	}
	s := "Could not be determined from our records."
	if len(f.Data.Missing) > 0 {
		s += " Missing: " + strings.Join(f.Data.Missing, "; ") + "."
	}
	return []string{s}
}

func carried(f cases.Finding) []string {
	call, p := f.Data.Calls[0], *f.Data.Parties
	out := []string{"We carried this call."}
	if f.Verdict == string(cases.CorroborationProbable) {
		out[0] = "We probably carried this call: " + call.Reason + "."
	}
	if f.Data.Matched > 1 {
		out = append(out, fmt.Sprintf("%d calls of our records fit; the one that fits best:", f.Data.Matched))
	}
	out = append(out, fmt.Sprintf("Start: %s, from %s to %s, %d s, SIP %d.", utc(call.StartedAt), call.From, call.To, call.Seconds, call.SIPCode))
	switch {
	case p.Originating != "":
		// Who that is goes beyond the traceback fields: a pack says it, after a legal review.
		from := "Received from our customer with the account " + p.Originating
		if len(p.Path) > 0 {
			from += ", a customer of " + strings.Join(p.Path, ", a customer of ")
		}
		out = append(out, from+".")
		if p.Provider != "" {
			out = append(out, "It had come in from the provider "+p.Provider+".")
		}
	case p.Provider != "":
		out = append(out, "Received from the provider: "+p.Provider+". No customer of ours made it.")
	default:
		out = append(out, "From whom we received it could not be determined: calls of several accounts or providers fit.")
	}
	if call.Attest == "" {
		return append(out, "Attestation: none.")
	}
	return append(out, "Attestation: "+call.Attest+".")
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
