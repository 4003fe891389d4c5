package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// TurnChat looks at the chat that a report came by, lets decide say what the
// desk does, and records it with the completion of the attempt: a letter into
// the conversation with the job that sends it, or another look.
func (s *Store) TurnChat(ctx context.Context, at cases.Attempt, now time.Time, reportID int64, decide func(cases.Chat) cases.Turn) error {
	now = stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := complete(tx, now, at); err != nil {
			return err
		}
		c, err := s.chat(tx, reportID)
		if err != nil {
			return err
		}
		var jobs []cases.Job
		turn := decide(c)
		if turn.Say != nil {
			if jobs, err = insertSendings(tx, now, []cases.Sending{*turn.Say}); err != nil {
				return err
			}
		}
		if !turn.Again.IsZero() {
			jobs = append(jobs, cases.ChatJob(reportID, turn.Again))
		}
		return insertJobs(tx, now, jobs)
	})
	if err != nil {
		return fmt.Errorf("chat of report %d: %w", reportID, err)
	}
	return nil
}

// chat locks a report and reads what decides on the next word in its chat.
func (s *Store) chat(tx *gorm.DB, reportID int64) (cases.Chat, error) {
	var c cases.Chat
	what := fmt.Sprintf("report %d", reportID)
	if err := found(tx.Raw("SELECT * FROM reports WHERE id = ?"+s.lock(), reportID).Scan(&c.Report), what); err != nil {
		return c, err
	}
	if err := found(tx.Raw("SELECT c.* FROM links l JOIN cases c ON c.id = l.case_id WHERE l.report_id = ?", reportID).Scan(&c.Case), "case of "+what); err != nil {
		return c, err
	}
	if err := tx.Raw("SELECT * FROM subjects WHERE report_id = ?", reportID).Scan(&c.Subjects).Error; err != nil {
		return c, err
	}
	// Letters to colleagues are nothing that the reporter was told.
	if err := tx.Raw("SELECT * FROM sendings WHERE report_id = ? AND kind NOT IN ('alert', 'forward') ORDER BY id", reportID).Scan(&c.Said).Error; err != nil {
		return c, err
	}
	var last struct{ ReceivedAt time.Time }
	err := found(tx.Raw("SELECT received_at FROM messages WHERE report_id <> 0 AND report_id = ? ORDER BY received_at DESC LIMIT 1", reportID).Scan(&last), "message of "+what)
	if err != nil {
		return c, err
	}
	c.LastHeard = last.ReceivedAt.UTC()
	goesOn, err := findThread(tx, []string{c.Report.Thread})
	c.Moved = goesOn != reportID
	return c, err
}

// AskedInChat is what the desk itself asked last in the conversation that a
// message belongs to, before it came; nil where it asked nothing, or a person
// has asked since.
func (s *Store) AskedInChat(ctx context.Context, m cases.Message, thread string) ([]cases.Want, error) {
	var last []cases.Sending
	err := s.read(ctx).Raw(`SELECT x.* FROM threads t JOIN sendings x ON x.report_id = t.report_id
		WHERE t.key = ? AND x.channel = 'chat' AND x.kind IN ('details', 'question') AND x.state NOT IN ('refused', 'suppressed') AND x.attempted_at <= ?
		ORDER BY x.id DESC LIMIT 1`, threadKey(m, thread), stored(m.ReceivedAt)).Scan(&last).Error
	if err != nil || len(last) == 0 {
		return nil, translate(err)
	}
	return last[0].Wants, nil // none of a person's question
}

// leadChat makes what is written next in a conversation belong to the report
// that a person asks about there.
func leadChat(tx *gorm.DB, x cases.Sending) error {
	if x.Kind != cases.SendingQuestion {
		return nil
	}
	return tx.Exec("UPDATE threads SET report_id = ? WHERE key = (SELECT thread FROM reports WHERE id = ?)", x.ReportID, x.ReportID).Error
}

// addSaid adds to reports that came by chat what was said there.
func addSaid(tx *gorm.DB, byID map[int64]*cases.ReportView) error {
	var ids []int64
	for id, v := range byID {
		if v.Channel == cases.ChannelChat {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var said []cases.Sending
	if err := tx.Raw("SELECT * FROM sendings WHERE channel = 'chat' AND report_id IN ? ORDER BY id", ids).Scan(&said).Error; err != nil {
		return err
	}
	for _, x := range said {
		v := byID[x.ReportID]
		v.Said = append(v.Said, x)
	}
	return nil
}
