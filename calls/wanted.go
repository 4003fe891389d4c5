package calls

import (
	"slices"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// match is how well a number of a call is the one that a report tells of.
type match int

const (
	noMatch    match = iota
	otherMatch       // it is of another complaint of the same reporter
	partMatch        // it fits the digits that are told
	fullMatch
)

// wanted are the numbers of a role that a report tells of.
type wanted struct {
	exact   []string
	partial []numbers.Pattern
	other   []string
}

func (e Evidence) wantedCallers() wanted {
	return wanted{exact: Callers(e.Subjects), partial: e.patterns(cases.RoleCaller)}
}

func (e Evidence) wantedCalled() wanted {
	return wanted{exact: called(e.Subjects), partial: e.patterns(cases.RoleCalled), other: e.otherCalled()}
}

func (e Evidence) patterns(role cases.NumberRole) []numbers.Pattern {
	var out []numbers.Pattern
	for _, p := range e.Report.Details.Partials {
		if p.Role == role {
			out = append(out, numbers.Pattern(p.Pattern))
		}
	}
	return out
}

// otherCalled are the reporter's other numbers; they count where this report does
// not say which was called.
func (e Evidence) otherCalled() []string {
	if len(called(e.Subjects)) > 0 {
		return nil
	}
	return e.OtherCalled[:min(len(e.OtherCalled), maxNumbers)]
}

// known says whether the report itself tells of any.
func (w wanted) known() bool { return len(w.exact)+len(w.partial) > 0 }

func (w wanted) match(number string) match {
	switch {
	case number == "":
		return noMatch
	case slices.Contains(w.exact, number):
		return fullMatch
	case slices.ContainsFunc(w.partial, func(p numbers.Pattern) bool { return p.Matches(number) }):
		return partMatch
	case slices.Contains(w.other, number):
		return otherMatch
	}
	return noMatch
}

// words names them for a sentence.
func (w wanted) words() string {
	out := list(w.exact)
	for _, p := range w.partial {
		if out != "" {
			out += " or "
		}
		out += p.String()
	}
	return out
}
