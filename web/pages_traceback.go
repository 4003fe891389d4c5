package web

import "time"

// TracebackPanel is the head of a traceback case. The decisions it serves: who asks, what do we answer, and by when?
type TracebackPanel struct {
	Due        Due
	Clock      string // what it counts from, and why
	Answer     Sign   // answered, in time or late; not answered yet
	AnsweredAt time.Time
	Requesters []RequesterView
	Fields     []Fact
	Missing    string // what was not found in the request
	Calls      []TracedRow
	Draft      string
	// Withheld is why nothing may be answered yet; "" it may.
	Withheld                      string
	CanDecide, CanUndo, CanAnswer bool
	Verify                        VerifyForm
	Refuse                        RefuseForm
	Undo                          RequesterReasonForm
	Form                          AnswerForm
}

// RequesterView is somebody who asks, once for each of his requests.
type RequesterView struct {
	Report   string // its id
	From     string // masked
	Kind     string // "traceback group"
	Received time.Time
	State    State
	Evidence []Fact
	Missing  []string // what keeps it from being verified by itself
	Note     string   // how it was checked
	By       string
	At       time.Time
	// Verify, Refuse and Undo are what can be decided about him now.
	Verify, Refuse, Undo bool
}

// TracedRow is a call that is asked about, and what our records say of it.
type TracedRow struct {
	Place          int
	Caller, Called string // E.164; "" not found in the request
	At             string // "not found in the request"
	CallID         string
	Found          Sign
	Text           string
	From           string // the account or provider that we had it from
	FromHref       string
	Attest         string
}

// VerifyForm says how it was checked who asks.
type VerifyForm struct {
	Report Field
	How    Field
	Shown  bool
}

// RefuseForm says why a requester is refused.
type RefuseForm struct {
	Report       Field
	Disposition  Field
	Reason       Field
	Dispositions []Choice
	Shown        bool
}

// RequesterReasonForm takes a decision about a requester back.
type RequesterReasonForm struct {
	Report Field
	Reason Field
	Shown  bool
}

// AnswerForm is the answer as it will be sent.
type AnswerForm struct {
	Report       Field // whose requester
	Text         Field
	Disposition  Field // "" leaves the case open
	Reason       Field
	Reporters    []Choice
	Dispositions []Choice
	Shown        bool
}
