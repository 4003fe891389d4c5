package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of what a report keeps of its messages; the raw bytes have the rest.
const (
	maxSubjects    = 200
	maxReportText  = 256 << 10 // bytes, of all messages together
	maxAttachments = 200       // named, of all messages together
	maxExtracts    = 200       // of all messages together
	maxPartials    = 10        // the same
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

// insertReports writes reports, subjects and threads. What is said from now on
// in a conversation that went on after its case was over belongs to its report.
func (x *filings) insertReports(ones []*filing) error {
	rows := make([][]any, len(ones))
	threads := make([]string, len(ones))
	for i, one := range ones {
		p, m := one.Parsed, one.Message
		if p.Thread != "" {
			threads[i] = threadKey(m, p.Thread)
		}
		if p.Text == "" {
			one.textAt = -1
		}
		details := cases.Details{Mail: p.Mail, Attachments: p.Attachments, Auth: p.Auth, Warnings: p.Warnings, Parser: p.Parser,
			Lost: p.Lost, Impersonated: p.Impersonated, Traceback: p.Traceback, Extracts: p.Extracts[:min(len(p.Extracts), maxExtracts)], Unknown: p.Unknown, Partials: p.Partials}
		if len(one.subjects) == maxSubjects {
			details.Warnings = append(slices.Clone(details.Warnings), fmt.Sprintf("only the first %d numbers were kept", maxSubjects))
		}
		detailsJSON, err := document(details)
		if err != nil {
			return err
		}
		rows[i] = []any{m.Token, m.Channel, threads[i], one.reporter, p.Reporter.Kind, p.Lane, p.Category, p.Pretext, p.Language, p.Subject, p.Text[:textEnd(p.Text, maxReportText)], p.Account,
			known(p.OccurredAt.Earliest), known(p.OccurredAt.Latest), p.Occurrences, p.Identity, detailsJSON, p.Unreadable, stored(m.ReceivedAt), x.now}
	}
	var added []struct {
		ID    int64
		Token string
	}
	err := insertReturning(x.tx, `reports (token, channel, thread, reporter_id, reporter_kind, lane, category, pretext, language, subject, text, account, earliest, latest,
		occurrences, identity, details, unreadable, received_at, created_at)`, rows, "RETURNING id, token", &added)
	if err != nil {
		return err
	}
	var subjects [][]any
	for i, one := range ones {
		for _, r := range added {
			if r.Token == one.Message.Token {
				one.filed.ReportID = r.ID
			}
		}
		subjects = append(subjects, subjectRows(one.filed.ReportID, one.subjects)...)
		if err := one.beginThread(one.before, threads[i], one.filed.ReportID); err != nil {
			return err
		}
	}
	_, err = insert(x.tx, subjectColumns, subjects, "")
	return err
}

const subjectColumns = "subjects (report_id, message_id, e164, role, confidence, text, start_at, end_at)"

func subjectRows(reportID int64, subjects []cases.Subject) [][]any {
	rows := make([][]any, len(subjects))
	for i, s := range subjects {
		rows[i] = []any{reportID, s.MessageID, s.E164, s.Role, s.Confidence, s.Text, s.StartAt, s.EndAt}
	}
	return rows
}

func (x *filing) insertSubjects(reportID int64, subjects []cases.Subject) error {
	_, err := insert(x.tx, subjectColumns, subjectRows(reportID, subjects), "")
	return err
}

// findReporters finds or makes who complained; nobody where nobody said who.
// Who is known by address keeps the kind that we know.
func (x *filings) findReporters(ones []*filing) error {
	byEmail := map[string]*reporterRow{}
	var fresh [][]any
	for _, one := range ones {
		c := one.Parsed.Reporter
		switch {
		case c.Email != "":
			byEmail[c.Email] = nil
		case c.Name != "" || c.Phone != "":
			var ids []int64
			if err := insertReturning(x.tx, reporterColumns, [][]any{{c.Kind, c.Name, c.Email, c.Phone, x.now}}, "RETURNING id", &ids); err != nil {
				return err
			}
			one.reporter = ids[0]
		}
	}
	if err := knownReporters(x.tx, byEmail); err != nil {
		return err
	}
	for _, one := range ones {
		c := one.Parsed.Reporter
		if c.Email != "" && byEmail[c.Email] == nil && !slices.ContainsFunc(fresh, func(r []any) bool { return r[2] == c.Email }) {
			fresh = append(fresh, []any{c.Kind, c.Name, c.Email, c.Phone, x.now})
		}
	}
	if len(fresh) > 0 {
		slices.SortFunc(fresh, func(a, b []any) int { return cmp.Compare(a[2].(string), b[2].(string)) })
		if _, err := insert(x.tx, reporterColumns, fresh, "ON CONFLICT (email) WHERE email <> '' DO NOTHING"); err != nil {
			return err
		}
		if err := knownReporters(x.tx, byEmail); err != nil {
			return err
		}
	}
	for _, one := range ones {
		if r := byEmail[one.Parsed.Reporter.Email]; r != nil {
			one.reporter, one.bounced = r.ID, r.Bounced
		}
	}
	return nil
}

const reporterColumns = "reporters (kind, name, email, phone, created_at)"

type reporterRow struct {
	ID      int64
	Email   string
	Bounced bool
}

// knownReporters looks up those addresses that have no reporter yet.
func knownReporters(tx *gorm.DB, byEmail map[string]*reporterRow) error {
	var missing []string
	for email, r := range byEmail {
		if r == nil {
			missing = append(missing, email)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var rows []reporterRow
	err := tx.Raw("SELECT id, email, bounced_at IS NOT NULL AS bounced FROM reporters WHERE email IN ? AND email <> ''", missing).Scan(&rows).Error
	for i := range rows {
		byEmail[rows[i].Email] = &rows[i]
	}
	return err
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
