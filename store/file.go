package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// claimTries bounds how often a filing starts over because another one claimed
// a key or thread of the same report in the meantime. Each loss means that
// somebody else won, so the next try finds a holder.
const claimTries = 20

var errLostClaim = errors.New("another report claimed the same key")

// retry runs fn in a transaction, again when it lost against another.
func (s *Store) retry(ctx context.Context, fn func(tx *gorm.DB) error) error {
	var err error
	for range claimTries {
		if err = s.write(ctx, fn); !contended(err) || ctx.Err() != nil {
			return err
		}
	}
	return &cases.Error{Kind: cases.KindUnavailable, Message: "too many are at the same thing", Err: err}
}

// FileMessage makes a report of a message, or a further message of one, in one
// transaction with the completion of the attempt. See desk.Filer.
//
// It never locks the case that it links to: it inserts the report, its link and
// the keys that nobody holds. Two first reports of one number meet at the
// unique index over live keys; the loser starts over and finds the case.
// A merge is the one thing that makes filing wait, and it is looked for after
// the link has pinned the case.
func (s *Store) FileMessage(ctx context.Context, at cases.Attempt, now time.Time, f cases.Filing) (cases.Filed, error) {
	fit(&f)
	var filed cases.Filed
	err := s.retry(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, at, stored(now)); err != nil {
			return err
		}
		x := filing{Filing: f, s: s, tx: tx, now: stored(now)}
		var err error
		filed, err = x.file()
		return err
	})
	if err != nil {
		return cases.Filed{}, fmt.Errorf("file message %d: %w", f.Message.ID, err)
	}
	return filed, nil
}

// filing is one try at filing one message.
type filing struct {
	cases.Filing
	s   *Store
	tx  *gorm.DB
	now time.Time
	// bounced: mail to the reporter's address came back for good.
	bounced bool
}

func (x *filing) file() (cases.Filed, error) {
	// The row is locked so that two tries at one message follow each other.
	var m struct {
		State    cases.MessageState
		ReportID int64
	}
	err := found(x.tx.Raw("SELECT state, report_id FROM messages WHERE id = ?"+x.s.lock(), x.Message.ID).Scan(&m), fmt.Sprintf("message %d", x.Message.ID))
	switch {
	case err != nil:
		return cases.Filed{}, err
	case m.ReportID != 0:
		return x.alreadyFiled(m.ReportID)
	case m.State == cases.MessageQuarantined:
		return cases.Filed{}, cases.Conflict("the message is quarantined: it was never fetched whole")
	}
	to, err := x.belongs()
	switch {
	case err != nil:
		return cases.Filed{}, err
	case to.report == 0 || to.over:
		return x.open(to)
	}
	return x.join(to)
}

// alreadyFiled says what became of a message that was filed before.
func (x *filing) alreadyFiled(reportID int64) (cases.Filed, error) {
	var f cases.Filed
	err := found(x.tx.Raw(`SELECT r.token, l.case_id, l.reason, c.ref AS case_ref FROM reports r
		JOIN links l ON l.report_id = r.id JOIN cases c ON c.id = l.case_id WHERE r.id = ?`, reportID).Scan(&f), fmt.Sprintf("report %d", reportID))
	f.ReportID = reportID
	return f, err
}

// open makes a report, and finds or opens its case. One that goes on with a
// conversation whose case is over is related to that case.
func (x *filing) open(before place) (cases.Filed, error) {
	keys := cases.KeysOf(subjectsOf(x.Message, x.Parsed), x.Parsed.Account, x.Parsed.Category)
	holders, err := keyHolders(x.tx, keys)
	if err != nil {
		return cases.Filed{}, err
	}
	d := cases.Decide(keys, holders)
	f := cases.Filed{CaseID: d.CaseID, NewReport: true, NewCase: d.CaseID == 0, Reason: d.Reason}
	if f.NewCase {
		if before.over {
			f.Reason = "mail of " + before.ref + ", which is over"
		}
		if f.CaseID, f.CaseRef, err = x.insertCase(); err != nil {
			return cases.Filed{}, err
		}
	}
	if err := claimKeys(x.tx, x.now, f.CaseID, unheld(keys, holders)); err != nil {
		return cases.Filed{}, err
	}
	if f.ReportID, err = x.insertReport(before); err != nil {
		return cases.Filed{}, err
	}
	f.Token = x.Message.Token
	err = x.tx.Exec("INSERT INTO links (report_id, case_id, reason, linked_at) VALUES (?, ?, ?, ?)", f.ReportID, f.CaseID, f.Reason, x.now).Error
	if err != nil {
		return cases.Filed{}, err
	}
	if !f.NewCase {
		if f.CaseRef, err = pinnedRef(x.tx, f.CaseID); err != nil {
			return cases.Filed{}, err
		}
		if err := relate(x.tx, x.now, f.CaseID, holders, d.Related); err != nil {
			return cases.Filed{}, err
		}
	}
	if before.over && before.caseID != f.CaseID {
		if err := relateBoth(x.tx, x.now, f.CaseID, before.caseID, "mail of "+before.ref+" came when it was over"); err != nil {
			return cases.Filed{}, err
		}
	}
	return f, x.finish(f, 0)
}

// pinnedRef returns the reference of a case that a row of this transaction
// refers to, and which therefore cannot be merged away before the commit. One
// that was merged just before is a lost claim: its keys are elsewhere now.
func pinnedRef(tx *gorm.DB, id int64) (string, error) {
	var c struct {
		Ref        string
		MergedInto int64
	}
	if err := found(tx.Raw("SELECT ref, merged_into FROM cases WHERE id = ?", id).Scan(&c), fmt.Sprintf("case %d", id)); err != nil {
		return "", err
	}
	if c.MergedInto != 0 {
		return "", errLostClaim
	}
	return c.Ref, nil
}

// insertCase opens a case with the facts of its first report; everything else
// is for the assessment. The reference needs the id, so it is set after it.
func (x *filing) insertCase() (int64, string, error) {
	p, received := x.Parsed, stored(x.Message.ReceivedAt)
	facts := cases.Facts{Category: p.Category, Pretext: p.Pretext, Categories: map[cases.Category]int{p.Category: 1}, Reports: 1, Reports24h: 1,
		FirstReport: received, LastReport: x.now, Caller: p.Number(cases.RoleCaller), Callback: p.Number(cases.RoleCallback)}
	if p.Number(cases.RoleCalled) != "" {
		facts.CalledParties = 1
	}
	priority, factors := cases.Prioritise(facts, x.now)
	factorsJSON, err := document(factors)
	if err != nil {
		return 0, "", err
	}
	factsJSON, err := document(facts)
	if err != nil {
		return 0, "", err
	}
	title := facts.Title()
	var id int64
	err = x.tx.Raw(`INSERT INTO cases (ref, title, state, category, priority, factors, facts, first_report, last_report, reports, due_at, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) RETURNING id`,
		"new:"+x.Message.Token, title, cases.StateNew, p.Category, priority, factorsJSON, factsJSON, received, x.now,
		x.now.Add(cases.FirstActWithin), x.now, x.now).Scan(&id).Error
	if err != nil {
		return 0, "", err
	}
	ref := cases.CaseRef(id, x.now)
	return id, ref, x.tx.Exec("UPDATE cases SET ref = ?, search = ? WHERE id = ?", ref, searchable(title, ref), id).Error
}

// finish records what a filed message leads to. textAt is where its words begin
// in the text of its report, -1 when they are not there.
func (x *filing) finish(f cases.Filed, textAt int) error {
	reporter := cases.Actor{Kind: cases.ActorReporter, Name: "reporter"}
	report, automatic := fmt.Sprint(f.ReportID), x.Parsed.Automatic()
	filed := cases.NewEvent(x.now, reporter, "report.file", "report", report, f.Reason)
	if !f.NewReport {
		filed = cases.NewEvent(x.now, reporter, "report.message", "report", report, "")
	}
	filed.CaseID, filed.Data = f.CaseID, map[string]string{"message": fmt.Sprint(x.Message.ID), "channel": string(x.Message.Channel)}
	if automatic {
		filed.Data["automatic"] = "true"
	}
	events := []cases.Event{filed}
	if f.NewCase {
		opened := cases.NewEvent(x.now, reporter, "case.open", "case", f.CaseRef, f.Reason)
		opened.CaseID = f.CaseID
		events = []cases.Event{opened, filed}
	}
	if err := insertEvents(x.tx, events); err != nil {
		return err
	}
	var jobs []cases.Job
	if f.NewReport || !automatic {
		jobs = []cases.Job{{Kind: cases.JobEnrich, ObjectID: f.ReportID}, assessment(x.now, f.CaseID)}
	}
	if f.NewReport && x.Acknowledgement != nil {
		tell, err := x.acknowledge(f)
		if err != nil {
			return err
		}
		jobs = append(jobs, tell...)
	}
	if err := insertJobs(x.tx, x.now, jobs); err != nil {
		return err
	}
	return x.tx.Exec("UPDATE messages SET state = ?, report_id = ?, reference = ?, automatic = ?, text_at = ?, filed_at = ? WHERE id = ?",
		cases.MessageFiled, f.ReportID, short(x.Parsed.Mail.MessageID), automatic, textAt, x.now, x.Message.ID).Error
}

// assessment is the job that orders a case anew, once for all who ask for it
// within cases.AssessDelay.
func assessment(now time.Time, caseID int64) cases.Job {
	return cases.Job{Kind: cases.JobAssess, ObjectID: caseID, CoalesceKey: fmt.Sprintf("assess:%d", caseID), RunAt: now.Add(cases.AssessDelay)}
}

// acknowledge records the answer to a new report, at most one to a sender in
// cases.AcknowledgeEvery, and returns the job that sends it.
func (x *filing) acknowledge(f cases.Filed) ([]cases.Job, error) {
	a := *x.Acknowledgement
	a.CaseID, a.ReportID = f.CaseID, f.ReportID
	if a.State == cases.SendingPlanned && x.bounced {
		a.State, a.Note = cases.SendingSuppressed, cases.NoteBounced
	}
	if a.State == cases.SendingPlanned && a.ToDigest != "" {
		r := x.tx.Exec(`INSERT INTO sender_limits (digest, last_at) VALUES (?, ?)
			ON CONFLICT (digest) DO UPDATE SET last_at = excluded.last_at WHERE sender_limits.last_at <= ?`, a.ToDigest, x.now, x.now.Add(-cases.AcknowledgeEvery))
		if r.Error != nil {
			return nil, r.Error
		}
		if r.RowsAffected == 0 {
			a.State, a.Note = cases.SendingSuppressed, "the sender was answered within the last hour"
		}
	}
	return insertSendings(x.tx, x.now, []cases.Sending{a})
}
