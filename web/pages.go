package web

import "time"

// Tone is what a judgement means: one of four, or neutral. It chooses colour and icon; the word always stands beside them.
type Tone string

// The four meanings, none, and a plain fact.
const (
	Neutral Tone = ""
	Harm    Tone = "harm"
	Doubt   Tone = "doubt"
	Cleared Tone = "cleared"
	Unknown Tone = "unknown"
	// Known is an established fact that is neither good nor bad by itself: the call was confirmed.
	Known Tone = "known"
)

// Sign is a short judgement: "confirmed", "A, not entitled". Reason is shown on hover and to screen readers.
type Sign struct {
	Tone   Tone
	Label  string // what was asked ("Call"); shown before the word where there is room
	Word   string
	Reason string
}

// Field is what was typed and what is wrong with it.
type Field struct {
	Value string
	Error string
}

// Choice is an option of a select or a radio list. Words stand for it in the sentence on a dialog's button.
type Choice struct {
	Value string
	Label string
	Hint  string
	Words string
	Icon  string
}

// Tab is a saved view or a filter of a list. Count is already capped and grouped ("1,000+").
type Tab struct {
	Label   string
	Href    string
	Count   string
	Current bool
}

// Pages are the links of a cursor-paged list; empty where there is none.
type Pages struct {
	Newer string
	Older string
	Note  string // "25 of 1,000+"
}

// Person is somebody of the desk. The zero Person is nobody.
type Person struct {
	Name string
	Me   bool
}

// Due is a promise with its remaining time: negative Left is overdue.
type Due struct {
	What string // "first act", "answer to the reporter"
	At   time.Time
	Left time.Duration
}

// Tone turns to doubt in the last hour and to harm when it is over.
func (d Due) Tone() Tone {
	switch {
	case d.At.IsZero():
		return Neutral
	case d.Left < 0:
		return Harm
	case d.Left < time.Hour:
		return Doubt
	}
	return Neutral
}

// Overdue says whether the promise is broken.
func (d Due) Overdue() bool { return !d.At.IsZero() && d.Left < 0 }

// State is a state of a case, a restriction, a sending or a job, in words.
type State struct {
	Name string // as stored: "awaiting_customer"
	Word string // as read: "Waiting for the customer"
	Tone Tone
}

// Share is one part of a distribution.
type Share struct {
	Label string
	Count int
	Tone  Tone
}

// Event is one line of a timeline. Kind is "people", "machine" or "outward" and serves its filter.
type Event struct {
	At   time.Time
	Kind string
	Who  string
	What string
	Why  string // note or reason, as written
	Tone Tone
	Href string
}

// Icon is the drawing of the event's kind.
func (e Event) Icon() string {
	switch e.Kind {
	case "machine":
		return "machine"
	case "outward":
		return "outward"
	}
	return "person"
}

// CaseLink points at a case from elsewhere.
type CaseLink struct {
	Ref      string
	Headline string
	State    State
	Opened   time.Time
	Reports  int
	Why      string // for similar cases: what they share
	NoMerge  bool   // it is of another kind
}

// ErrorPage is the answer to what went wrong, in words: what happened, what it means, what to do.
type ErrorPage struct {
	Status  int
	Heading string
	Text    string
	// Fields names what was wrong with the input (422).
	Fields []FieldProblem
	// Request is the id to quote; shown for 500.
	Request string
	// Back is where to go on; empty is the start page.
	Back     string
	BackWord string
}

// FieldProblem names a field and what is wrong with it.
type FieldProblem struct {
	Name    string
	Problem string
}

func (p ErrorPage) meta() Meta { return Meta{Template: "error", Title: p.Heading} }
