package cases

import (
	"slices"
	"strings"
	"time"
)

// Rank is what the queue is ordered by: a case with a lane stands above all
// without one, the more urgent lane above the others, whatever their priority.
func Rank(l Lane, priority int) int {
	if i := slices.Index(Lanes(), l); i >= 0 {
		return priority + 1000*(len(Lanes())-i)
	}
	return priority
}

// LaneText says in a clause why a lane is urgent.
func LaneText(l Lane) string { return laneReason[l] }

// urgent notes that a lane has begun to wait for a person, unless it waits
// already.
func (c *Case) urgent(now time.Time) {
	if c.UrgentSince == nil {
		c.UrgentSince = &now
	}
}

// SortedLanes are the lanes in the order of their urgency, each once.
func SortedLanes(ls []Lane) []Lane {
	var out []Lane
	for _, l := range Lanes() {
		if slices.Contains(ls, l) {
			out = append(out, l)
		}
	}
	return out
}

// NoticeID is the Message-ID, without brackets, of a letter to colleagues.
// Unlike LetterID it leads to no report: an answer to it is not the reporter's.
func NoticeID(token, domain string) string { return "notice." + token + "@" + domain }

// MayNotify says whether a message may lead to letters to colleagues at the
// addresses to. Not what they or we ourselves wrote, nor what a machine answered
// to such a letter: it quotes the words that made it urgent, and the two would
// write to each other for ever. All else may, mail of machines included: a
// monitoring system reports attacks too.
func MayNotify(p Parsed, ours string, to []string) bool {
	from := p.Reporter.Email
	if from != "" && IsOurs(from, ours) {
		return false
	}
	for _, t := range to {
		if from != "" && IsOurs(from, t) {
			return false
		}
	}
	for _, id := range append(append([]string{}, p.Mail.InReplyTo...), p.Mail.References...) {
		if strings.HasPrefix(strings.ToLower(strings.Trim(id, "<> ")), "notice.") {
			return false
		}
	}
	return p.Bounce == nil && !(p.Automatic() && len(SubjectRefs(p.Subject)) > 0)
}

// Notices are the letters to colleagues that a message leads to: an alert for
// its lane, and the text messages that it reports for those who route them. The
// store drops those that its case has had, and gives each its case and report.
func Notices(p Parsed, ours string, alert, texts []string) []Sending {
	var out []Sending
	if p.Lane != "" && MayNotify(p, ours, alert) {
		for _, to := range alert {
			out = append(out, Sending{Kind: SendingAlert, To: to, Lane: p.Lane, Language: "en", State: SendingPlanned})
		}
	}
	if p.Category == CategoryTextSpam && MayNotify(p, ours, texts) {
		for _, to := range texts {
			out = append(out, Sending{Kind: SendingForward, To: to, Language: "en", State: SendingPlanned})
		}
	}
	return out
}
