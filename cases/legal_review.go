package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// LegalReview is the recorded word of somebody with the right to say so that data
// beyond the traceback fields may be handed out: who looked at it, when, on what
// basis, and what it covers. It is never changed.
type LegalReview struct {
	ID         int64       `json:"id" gorm:"primaryKey"`
	CaseID     int64       `json:"-"`
	ReportID   int64       `json:"report,omitempty" doc:"Whose request it is for; absent: any of the case"`
	Reviewer   string      `json:"reviewer" doc:"Who reviewed it, such as counsel"`
	ReviewedAt time.Time   `json:"reviewed_at"`
	Basis      string      `json:"basis" doc:"Such as the number of a subpoena"`
	Covers     []PackClass `json:"covers" gorm:"serializer:json"`
	RecordedBy string      `json:"recorded_by"`
	RecordedAt time.Time   `json:"recorded_at"`
}

// Limits of a legal review, in bytes.
const (
	maxReviewer = 200
	maxBasis    = 2000
)

// ReviewRelease records a legal review on the case. Approvers and admins may.
func (c *Case) ReviewRelease(a Actor, now time.Time, r LegalReview) (LegalReview, error) {
	if err := Permit(a, CmdReviewRelease); err != nil {
		return LegalReview{}, err
	}
	if c.MergedInto != 0 {
		return LegalReview{}, Conflict(c.Ref + " was merged into another case; decide there")
	}
	r.Reviewer, r.Basis = strings.TrimSpace(r.Reviewer), strings.TrimSpace(r.Basis)
	var ps []Problem
	wrong := func(field, message string) { ps = append(ps, Problem{field, message}) }
	switch {
	case r.Reviewer == "":
		wrong("reviewer", "say who reviewed it")
	case len(r.Reviewer) > maxReviewer:
		wrong("reviewer", fmt.Sprintf("at most %d bytes", maxReviewer))
	}
	switch {
	case r.Basis == "":
		wrong("basis", "say on what basis, such as the number of a subpoena")
	case len(r.Basis) > maxBasis:
		wrong("basis", fmt.Sprintf("at most %d bytes", maxBasis))
	}
	switch {
	case r.ReviewedAt.IsZero():
		wrong("reviewed_at", "say when it was reviewed")
	case r.ReviewedAt.After(now):
		wrong("reviewed_at", "is in the future")
	}
	if len(r.Covers) == 0 {
		wrong("covers", "choose what it covers")
	}
	var covers []PackClass
	for _, x := range PackClasses() {
		if slices.Contains(r.Covers, x) {
			covers = append(covers, x)
		}
	}
	if slices.ContainsFunc(r.Covers, func(x PackClass) bool { return !slices.Contains(PackClasses(), x) }) {
		wrong("covers", "is none of the kinds of data that there are")
	}
	if len(ps) > 0 {
		return LegalReview{}, Invalid(ps...)
	}
	r.Covers, r.CaseID, r.RecordedBy, r.RecordedAt = covers, c.ID, a.Name, now
	words := make([]string, len(covers))
	for i, x := range covers {
		words[i] = string(x)
	}
	c.record(now, a, string(CmdReviewRelease), r.Basis, map[string]string{"covers": strings.Join(words, " "), "report": itoa(r.ReportID), "reviewer": r.Reviewer})
	return r, nil
}

// PackAnswer is what was sent to a requester: exactly which bytes, and the receipt
// of the server that took them, which is the sending's.
type PackAnswer struct {
	MessageID   string `gorm:"primaryKey"` // of the letter
	CaseID      int64
	ReportID    int64
	PackVersion int64
	PackDigest  string      // of the pack that it was released from
	Digest      string      // hex SHA-256 of what was sent: text and files
	Covers      []PackClass `gorm:"serializer:json"`
	Reviews     []int64     `gorm:"serializer:json"` // legal reviews that it rests on
	CreatedBy   string
	CreatedAt   time.Time
	Kept        Kept `gorm:"-"`
	// Of the sending, read only.
	State       SendingState `gorm:"->"`
	Recipient   string       `gorm:"->"`
	Note        string       `gorm:"->"` // what the server said
	AttemptedAt *time.Time   `gorm:"->"`
	SettledAt   *time.Time   `gorm:"->"`
}

// LetterFile is a file that goes with a letter.
type LetterFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Body []byte `json:"body"`
}
