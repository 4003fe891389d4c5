package web

import "time"

// PackPage is the traceback pack of a case as one requester may have it. The decision it serves: is this complete and right to send, and what
// may not be told? It is printed, too.
type PackPage struct {
	Ref      string
	Operator string
	Built    bool
	Version  int64
	CaseVer  int64
	BuiltAt  time.Time
	Digest   string
	Problem  string
	Complete Sign
	Verified Sign // of the requester; no word: nobody has asked
	Due      Due
	DueAt    time.Time
	Clock    string
	For      string // what he is, in words
	Choices  []Tab  // for whom it can be seen
	Query    string // of the downloads
	Covers   string
	Head     []Fact
	Calls    []PackCallView
	Reviews  []PackReview
	Answers  []PackReceipt
	CanBuild bool
	CanSend  bool
	Withheld string // why it cannot be sent; "" it can
	CanRule  bool   // may record a legal review
	Review   PackReviewForm
	Send     PackSendForm
}

func (p PackPage) meta() Meta {
	return Meta{Template: "pack", Title: "Traceback pack " + p.Ref, Section: "queue", Sheet: "pack"}
}

// PackCallView is one call: its fields in their order, and its legs.
type PackCallView struct {
	Place  int
	Title  string
	Fields []PackFieldView
	Legs   []PackLegView
}

// PackFieldView is one field.
type PackFieldView struct {
	Title, Meaning, Text string
	Unknown, Withheld    bool
}

// PackLegView is one leg of a call.
type PackLegView struct {
	Direction, At, Party, From, To, IP, CallID, Response, Attest, Record string
}

// PackReview is a recorded legal review.
type PackReview struct {
	Reviewer, Basis, Covers, For, By string
	At, Recorded                     time.Time
}

// PackReceipt is what was sent, and what became of it.
type PackReceipt struct {
	To, By, Note, MessageID, Digest, Href string
	Version                               int64
	State                                 State
	Made, Settled                         time.Time
}

// PackReviewForm records a legal review.
type PackReviewForm struct {
	Reviewer, At, Basis, Report Field
	Reports                     []Choice
	Covers                      []PackCover
	CoversError                 string
	Shown                       bool
}

// PackCover is a kind of data that a review can cover.
type PackCover struct {
	Value, Word string
	Checked     bool
}

// PackSendForm is what will be sent.
type PackSendForm struct {
	To, Text     string // the letter, without the note
	Files        []string
	Note         Field
	Disposition  Field
	Reason       Field
	Dispositions []Choice
	Shown        bool
}
