package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// maxFiling bounds how many messages are filed in one transaction.
const maxFiling = 50

// FileMessages makes a report of each message, or a further message of one, at
// most 50, in one transaction with the completion of their attempts: all of
// them or none. See desk.Filer.
//
// It never locks the case that it links to: it inserts the report, its link and
// the keys that nobody holds. Two first reports of one number meet at the
// unique index over live keys; the loser starts over and finds the case.
// A merge is the one thing that makes filing wait, and it is looked for after
// the link has pinned the case.
func (s *Store) FileMessages(ctx context.Context, now time.Time, fs []cases.Filing) ([]cases.Filed, error) {
	if len(fs) > maxFiling {
		return nil, fmt.Errorf("file %d messages at once: at most %d", len(fs), maxFiling)
	}
	for i := range fs {
		fit(&fs[i])
	}
	filed := make([]cases.Filed, len(fs))
	err := s.retry(ctx, func(tx *gorm.DB) error {
		x := s.filings(tx, now, fs)
		if err := x.file(); err != nil {
			return err
		}
		for i, one := range x.all {
			filed[i] = one.filed
		}
		return nil
	})
	switch {
	case err == nil:
		return filed, nil
	case len(fs) == 1:
		return nil, fmt.Errorf("file message %d: %w", fs[0].Message.ID, err)
	}
	return nil, fmt.Errorf("file %d messages: %w", len(fs), err)
}

// filings is one try at filing some messages.
type filings struct {
	s   *Store
	tx  *gorm.DB
	now time.Time
	all []*filing
}

func (s *Store) filings(tx *gorm.DB, now time.Time, fs []cases.Filing) filings {
	x := filings{s: s, tx: tx, now: stored(now)}
	for _, f := range fs {
		x.all = append(x.all, &filing{Filing: f, s: s, tx: tx, now: x.now, subjects: subjectsOf(f.Message, f.Parsed)})
	}
	return x
}

// filing is one try at filing one message.
type filing struct {
	cases.Filing
	s   *Store
	tx  *gorm.DB
	now time.Time
	// bounced: mail to the reporter's address came back for good.
	bounced bool
	// before is where the message would belong if its case were not over.
	before   place
	subjects []cases.Subject
	keys     []cases.CaseKey // that find and hold its case
	about    []cases.CaseKey // of a traceback request: cases that hold these are related to its own
	decision cases.Decision
	reporter int64
	// filed is what became of it. textAt is where its words begin in the text of
	// its report, -1 when they are not there.
	filed  cases.Filed
	textAt int
}

func (x *filings) file() error {
	attempts := make([]cases.Attempt, len(x.all))
	for i, one := range x.all {
		attempts[i] = one.Attempt
	}
	if err := complete(x.tx, x.now, attempts...); err != nil {
		return err
	}
	pending, err := x.unfiled()
	if err != nil {
		return err
	}
	for len(pending) > 0 {
		if pending, err = x.pass(pending); err != nil {
			return err
		}
	}
	return nil
}

// pass files what it can of the messages and returns those that belong to one of
// them: they find it in the next pass. The first is never one of these.
func (x *filings) pass(pending []*filing) ([]*filing, error) {
	var opening, joining, later []*filing
	before := map[string]bool{} // what messages before may be followed by
	for _, one := range pending {
		follows := slices.ContainsFunc(one.follows(), func(k string) bool { return before[k] })
		before["token "+one.Message.Token] = true
		if follows {
			one.leads(before)
			later = append(later, one)
			continue
		}
		to, err := one.belongs()
		if err != nil {
			return nil, err
		}
		if joined := fmt.Sprint("joined ", to.report); to.report != 0 && !to.over {
			if before[joined] { // where its words go depends on where those before it went
				one.leads(before)
				later = append(later, one)
				continue
			}
			before[joined] = true
			if err := one.join(to); err != nil {
				return nil, err
			}
			joining = append(joining, one)
			continue
		}
		if over := fmt.Sprint("over ", to.report); to.over && before[over] {
			one.leads(before)
			later = append(later, one)
			continue
		} else if to.over {
			before[over] = true
		}
		one.before = to
		one.leads(before)
		opening = append(opening, one)
	}
	if err := x.open(opening); err != nil {
		return nil, err
	}
	return later, x.finish(append(joining, opening...))
}

// leads names the conversation that begins with this message, for later ones.
func (x *filing) leads(names map[string]bool) {
	if x.Parsed.Thread != "" {
		names["thread "+threadKey(x.Message, x.Parsed.Thread)] = true
	}
}

// follows names what the message belongs to another by.
func (x *filing) follows() []string {
	var names []string
	if x.Message.Meta.Adds != "" {
		names = append(names, "token "+x.Message.Meta.Adds)
	}
	if x.Parsed.Thread != "" {
		names = append(names, "thread "+threadKey(x.Message, x.Parsed.Thread))
	}
	return names
}

// unfiled locks the messages, so that two tries at one follow each other, and
// returns those that are still to be filed.
func (x *filings) unfiled() ([]*filing, error) {
	ids := make([]int64, len(x.all))
	for i, one := range x.all {
		ids[i] = one.Message.ID
	}
	type row struct {
		ID       int64
		State    cases.MessageState
		ReportID int64
	}
	var rows []row
	err := x.tx.Raw("SELECT id, state, report_id FROM messages WHERE id IN ? ORDER BY id"+x.s.lock(), ids).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	var out []*filing
	for _, one := range x.all {
		i := slices.IndexFunc(rows, func(r row) bool { return r.ID == one.Message.ID })
		switch {
		case i < 0:
			return nil, cases.NotFound(fmt.Sprintf("message %d", one.Message.ID))
		case rows[i].ReportID != 0:
			if one.filed, err = one.alreadyFiled(rows[i].ReportID); err != nil {
				return nil, err
			}
		case rows[i].State == cases.MessageQuarantined:
			return nil, cases.Conflict("the message is quarantined: it was never fetched whole")
		case rows[i].State == cases.MessageUnconfirmed || rows[i].State == cases.MessageDropped:
			return nil, cases.Conflict("the message was not confirmed by its sender")
		default:
			out = append(out, one)
		}
	}
	return out, nil
}

// alreadyFiled says what became of a message that was filed before.
func (x *filing) alreadyFiled(reportID int64) (cases.Filed, error) {
	var f cases.Filed
	err := found(x.tx.Raw(`SELECT r.token, l.case_id, l.reason, c.ref AS case_ref FROM reports r
		JOIN links l ON l.report_id = r.id JOIN cases c ON c.id = l.case_id WHERE r.id = ?`, reportID).Scan(&f), fmt.Sprintf("report %d", reportID))
	f.ReportID = reportID
	return f, err
}
