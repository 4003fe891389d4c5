package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of what a report keeps of its messages; the raw bytes have the rest.
const (
	maxSubjects    = 200
	maxReportText  = 256 << 10 // bytes, of all messages together
	maxAttachments = 200       // named, of all messages together
)

// fit makes a parse fit for the database: text that either dialect takes, and
// lengths that an index takes. A parser that let something through must not
// turn a message into one that can never be filed.
func fit(f *cases.Filing) {
	p := &f.Parsed
	p.Subject, p.Text, p.Identity = text(p.Subject), text(p.Text), text(p.Identity)
	p.Pretext, p.Language, p.Account = short(p.Pretext), short(p.Language), short(p.Account)
	p.Category = cases.Category(short(string(p.Category)))
	c := &p.Reporter
	c.Name, c.Phone = text(c.Name), short(c.Phone)
	c.Email = strings.ToLower(strings.TrimSpace(text(c.Email)))
	if len(c.Email) > maxIndexed {
		p.Warnings = append(slices.Clone(p.Warnings), "the sender's address was too long to keep")
		c.Email = ""
	}
	numbers := make([]cases.NumberMention, 0, len(p.Numbers))
	for _, n := range p.Numbers {
		if n.E164, n.Text = short(n.E164), text(n.Text); n.E164 != "" {
			numbers = append(numbers, n)
		}
	}
	p.Numbers = numbers
}

// subjectsOf returns each number of a message once in each role, as it was
// mentioned most surely.
func subjectsOf(m cases.Message, p cases.Parsed) []cases.Subject {
	var subjects []cases.Subject
	for _, n := range p.Numbers {
		s := cases.Subject{MessageID: m.ID, E164: n.E164, Role: n.Role, Confidence: n.Confidence, Text: n.Text, StartAt: n.Start, EndAt: n.End}
		i := slices.IndexFunc(subjects, func(o cases.Subject) bool { return o.E164 == s.E164 && o.Role == s.Role })
		switch {
		case i >= 0 && subjects[i].Confidence < s.Confidence:
			subjects[i] = s
		case i < 0 && len(subjects) < maxSubjects:
			subjects = append(subjects, s)
		}
	}
	return subjects
}

// insertReport writes report, reporter, subjects and thread. What is said from
// now on in a conversation that went on after its case was over belongs to it.
func (x *filing) insertReport(before place) (int64, error) {
	p, m := x.Parsed, x.Message
	reporter, err := x.reporter()
	if err != nil {
		return 0, err
	}
	thread := ""
	if p.Thread != "" {
		thread = threadKey(m, p.Thread)
	}
	subjects := subjectsOf(m, p)
	details := cases.Details{Mail: p.Mail, Attachments: p.Attachments, Auth: p.Auth, Warnings: p.Warnings, Parser: p.Parser}
	if len(subjects) == maxSubjects {
		details.Warnings = append(slices.Clone(details.Warnings), fmt.Sprintf("only the first %d numbers were kept", maxSubjects))
	}
	detailsJSON, err := document(details)
	if err != nil {
		return 0, err
	}
	var id int64
	err = x.tx.Raw(`INSERT INTO reports (token, channel, thread, reporter_id, reporter_kind, category, pretext, language, subject, text, account, earliest, latest,
		occurrences, identity, details, unreadable, received_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		m.Token, m.Channel, thread, reporter, p.Reporter.Kind, p.Category, p.Pretext, p.Language, p.Subject, p.Text[:textEnd(p.Text, maxReportText)], p.Account,
		known(p.OccurredAt.Earliest), known(p.OccurredAt.Latest), p.Occurrences, p.Identity, detailsJSON, p.Unreadable, stored(m.ReceivedAt), x.now).Scan(&id).Error
	if err != nil {
		return 0, err
	}
	if err := x.insertSubjects(id, subjects); err != nil {
		return 0, err
	}
	return id, x.beginThread(before, thread, id)
}

func (x *filing) insertSubjects(reportID int64, subjects []cases.Subject) error {
	rows := make([][]any, len(subjects))
	for i, s := range subjects {
		rows[i] = []any{reportID, s.MessageID, s.E164, s.Role, s.Confidence, s.Text, s.StartAt, s.EndAt}
	}
	_, err := insert(x.tx, "subjects (report_id, message_id, e164, role, confidence, text, start_at, end_at)", rows, "")
	return err
}

// reporter finds or makes who complained; 0 when nobody said who. Who is known
// by address keeps the kind that we know.
func (x *filing) reporter() (int64, error) {
	c := x.Parsed.Reporter
	if c.Name == "" && c.Email == "" && c.Phone == "" {
		return 0, nil
	}
	if c.Email != "" {
		if id, err := x.byEmail(); err != nil || id != 0 {
			return id, err
		}
	}
	var ids []int64
	err := insertReturning(x.tx, "reporters (kind, name, email, phone, created_at)", [][]any{{c.Kind, c.Name, c.Email, c.Phone, x.now}},
		"ON CONFLICT (email) WHERE email <> '' DO NOTHING RETURNING id", &ids)
	if err != nil || len(ids) > 0 {
		return first(ids), err
	}
	return x.byEmail()
}

// byEmail finds a known reporter by address, 0 for none.
func (x *filing) byEmail() (int64, error) {
	var r struct {
		ID      int64
		Bounced bool
	}
	err := x.tx.Raw("SELECT id, bounced_at IS NOT NULL AS bounced FROM reporters WHERE email = ? AND email <> ''", x.Parsed.Reporter.Email).Scan(&r).Error
	x.bounced = r.Bounced
	return r.ID, err
}

func first(ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

// known is a time for a column that is null when nothing is known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return storedPtr(&t)
}

// textEnd is where a text of at most limit bytes ends, on a rune.
func textEnd(s string, limit int) int {
	if len(s) <= limit {
		return len(s)
	}
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return limit
}
