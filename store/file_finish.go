package store

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// finish records what the filed messages lead to.
func (x *filings) finish(ones []*filing) error {
	reporter := cases.Actor{Kind: cases.ActorReporter, Name: "reporter"}
	var events []cases.Event
	var jobs []cases.Job
	var rows [][]any
	var scripts []int64
	for _, one := range ones {
		f, automatic := one.filed, one.Parsed.Automatic()
		filed := cases.NewEvent(x.now, reporter, "report.file", "report", fmt.Sprint(f.ReportID), f.Reason)
		if !f.NewReport {
			filed = cases.NewEvent(x.now, reporter, "report.message", "report", fmt.Sprint(f.ReportID), "")
		}
		filed.CaseID, filed.Data = f.CaseID, map[string]string{"message": fmt.Sprint(one.Message.ID), "channel": string(one.Message.Channel)}
		if automatic {
			filed.Data["automatic"] = "true"
		}
		if f.NewCase {
			opened := cases.NewEvent(x.now, reporter, "case.open", "case", f.CaseRef, f.Reason)
			opened.CaseID = f.CaseID
			events = append(events, opened)
		}
		events = append(events, filed)
		if f.NewReport || !automatic {
			jobs = append(jobs, cases.Job{Kind: cases.JobEnrich, ObjectID: f.ReportID}, assessment(x.now, f.CaseID))
			if one.Parsed.Lane != "" && !f.NewCase {
				jobs = append(jobs, cases.UrgentJob(f.CaseID))
			}
		}
		if len(one.Parsed.Attachments) > 0 && (f.NewReport || !automatic) {
			jobs = append(jobs, cases.Job{Kind: cases.JobUnpack, ObjectID: one.Message.ID})
		}
		if one.AnswerIn > 0 && !automatic {
			jobs = append(jobs, cases.ChatJob(f.ReportID, x.now.Add(one.AnswerIn)))
		}
		if one.words() {
			scripts = append(scripts, f.ReportID)
		}
		rows = append(rows, []any{one.Message.ID, f.ReportID, short(one.Parsed.Mail.MessageID), automatic, one.textAt})
	}
	if err := insertEvents(x.tx, events); err != nil {
		return err
	}
	tell, err := x.acknowledge(ones)
	if err != nil {
		return err
	}
	place, err := dueScripts(x.tx, scripts)
	if err != nil {
		return err
	}
	notify, err := x.notify(ones)
	if err != nil {
		return err
	}
	if err := insertJobs(x.tx, x.now, slices.Concat(jobs, tell, notify, place)); err != nil || len(rows) == 0 {
		return err
	}
	_, err = changes{table: "messages", v: "v(id, report_id, reference, automatic, text_at)", row: "(CAST(? AS bigint), CAST(? AS bigint), ?, CAST(? AS boolean), CAST(? AS integer))",
		set:  "state = 'filed', report_id = v.report_id, reference = v.reference, automatic = v.automatic, text_at = v.text_at, filed_at = ?",
		args: []any{x.now}}.apply(x.tx, rows)
	if err != nil {
		return err
	}
	return x.datePlaces(ones)
}

// words says whether the message brought some in which a script could be. Of a
// report that has grown they may all be told by the whole.
func (x *filing) words() bool {
	if !x.filed.NewReport {
		return x.textAt >= 0 && x.Parsed.Text != ""
	}
	return cases.TellsOfScript(x.Parsed.Reporter.Kind, x.Parsed.Text)
}

// assessment is the job that orders a case anew, once for all who ask for it
// within cases.AssessDelay.
func assessment(now time.Time, caseID int64) cases.Job {
	return cases.Job{Kind: cases.JobAssess, ObjectID: caseID, CoalesceKey: fmt.Sprintf("assess:%d", caseID), RunAt: now.Add(cases.AssessDelay)}
}

// acknowledge records the answers to new reports, at most one to a sender in
// cases.AcknowledgeEvery, and returns the jobs that send them.
func (x *filings) acknowledge(ones []*filing) ([]cases.Job, error) {
	var letters []cases.Sending
	for _, one := range ones {
		if !one.filed.NewReport || one.Acknowledgement == nil {
			continue
		}
		a := *one.Acknowledgement
		a.CaseID, a.ReportID = one.filed.CaseID, one.filed.ReportID
		if (a.State == cases.SendingPlanned || a.State == cases.SendingHeld) && one.bounced {
			a.State, a.Note = cases.SendingSuppressed, cases.NoteBounced
		}
		letters = append(letters, a)
	}
	if err := x.limit(letters); err != nil {
		return nil, err
	}
	return insertSendings(x.tx, x.now, letters)
}

// notify records the letters to colleagues, but for those that a case has had,
// it or one that was merged into it, and returns the jobs that send them.
func (x *filings) notify(ones []*filing) ([]cases.Job, error) {
	var letters []cases.Sending
	for _, one := range ones {
		if len(one.Notices) == 0 || (!one.filed.NewReport && one.Parsed.Automatic()) {
			continue
		}
		fresh, err := newNotices(x.tx, one.filed.CaseID, one.filed.ReportID, one.Notices)
		if err != nil {
			return nil, err
		}
		letters = append(letters, fresh...)
	}
	return insertSendings(x.tx, x.now, letters)
}

// newNotices are the letters to colleagues that a case has not had yet.
func newNotices(tx *gorm.DB, caseID, reportID int64, notices []cases.Sending) ([]cases.Sending, error) {
	if len(notices) == 0 {
		return nil, nil
	}
	merged, err := mergedCases(tx, caseID)
	if err != nil {
		return nil, err
	}
	var had, fresh []cases.Sending
	if err := tx.Raw("SELECT kind, lane, recipient FROM sendings WHERE case_id IN ? AND kind IN ('alert', 'forward')", merged).Scan(&had).Error; err != nil {
		return nil, err
	}
	for _, n := range notices {
		if slices.ContainsFunc(had, func(h cases.Sending) bool { return h.Kind == n.Kind && h.Lane == n.Lane && h.To == n.To }) {
			continue
		}
		n.CaseID, n.ReportID = caseID, reportID
		fresh = append(fresh, n)
	}
	return fresh, nil
}

// limit suppresses the letters to senders who were answered within the hour,
// and those after the first to one sender.
func (x *filings) limit(letters []cases.Sending) error {
	var rows [][]any
	for _, a := range letters {
		if a.State == cases.SendingPlanned && a.ToDigest != "" && !slices.ContainsFunc(rows, func(r []any) bool { return r[0] == a.ToDigest }) {
			rows = append(rows, []any{a.ToDigest, x.now})
		}
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(a[0].(string), b[0].(string)) })
	var free []string
	err := insertReturning(x.tx, "sender_limits (digest, last_at)", rows,
		"ON CONFLICT (digest) DO UPDATE SET last_at = excluded.last_at WHERE sender_limits.last_at <= ? RETURNING digest", &free, x.now.Add(-cases.AcknowledgeEvery))
	if err != nil {
		return err
	}
	for i := range letters {
		a := &letters[i]
		if a.State != cases.SendingPlanned || a.ToDigest == "" {
			continue
		}
		if at := slices.Index(free, a.ToDigest); at >= 0 {
			free = slices.Delete(free, at, at+1)
			continue
		}
		a.State, a.Note = cases.SendingSuppressed, "the sender was answered within the last hour"
	}
	return nil
}
