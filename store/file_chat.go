package store

import (
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// written is where the message stands in its conversation.
func (x *filing) written() cases.Written {
	w := x.Parsed.Written
	if w.At.IsZero() {
		w.At = x.Message.ReceivedAt
	}
	w.At = stored(w.At)
	return w
}

// afterQuiet says whether the conversation of a report had ended when the
// message was written: it was silent for cases.ChatQuiet, and no question of
// ours waits for its answer.
func (x *filing) afterQuiet(report int64) (bool, error) {
	var last []struct {
		WrittenAt  *time.Time
		ReceivedAt time.Time
	}
	err := x.tx.Raw(`SELECT written_at, received_at FROM messages WHERE report_id <> 0 AND report_id = ? AND NOT automatic
		ORDER BY coalesce(written_at, received_at) DESC LIMIT 1`, report).Scan(&last).Error
	if err != nil || len(last) == 0 {
		return false, err
	}
	heard := last[0].ReceivedAt
	if last[0].WrittenAt != nil {
		heard = *last[0].WrittenAt
	}
	if x.written().At.Sub(heard) <= cases.ChatQuiet {
		return false, nil
	}
	var waiting int
	err = x.tx.Raw(`SELECT count(*) FROM sendings WHERE report_id = ? AND channel = 'chat' AND kind IN ('question', 'details')
		AND state NOT IN ('refused', 'suppressed') AND created_at >= ?`, report, stored(heard)).Scan(&waiting).Error
	return waiting == 0, err
}

// placeText adds the message's words to the text of its report and says where
// they begin there, -1 when they are not there. Those of a chat stand in the
// order in which they were written: what comes late moves the rest along.
func (x *filing) placeText(r *cases.Report) (int, error) {
	more := x.Parsed.Text
	if x.Message.Channel != cases.ChannelChat || more == "" {
		return appendText(r, more), nil
	}
	w := x.written()
	var next []struct{ TextAt int }
	err := x.tx.Raw(`SELECT text_at FROM messages WHERE report_id <> 0 AND report_id = ? AND text_at >= 0
		AND (coalesce(written_at, received_at) > ? OR (coalesce(written_at, received_at) = ? AND written_seq > ?)) ORDER BY text_at LIMIT 1`,
		r.ID, w.At, w.At, w.Seq).Scan(&next).Error
	if err != nil {
		return 0, err
	}
	if len(next) == 0 || next[0].TextAt >= len(r.Text) {
		return appendText(r, more), nil
	}
	const sep = "\n\n"
	at, n := next[0].TextAt, len(more)+len(sep)
	if len(r.Text)+n > maxReportText {
		return -1, nil
	}
	r.Text = r.Text[:at] + more + sep + r.Text[at:]
	for i := range r.Details.Extracts {
		if e := &r.Details.Extracts[i]; e.Start >= at {
			e.Start, e.End = e.Start+n, e.End+n
		}
	}
	if err := x.tx.Exec("UPDATE messages SET text_at = text_at + ? WHERE report_id <> 0 AND report_id = ? AND text_at >= ?", n, r.ID, at).Error; err != nil {
		return 0, err
	}
	return at, x.tx.Exec("UPDATE subjects SET start_at = start_at + ?, end_at = end_at + ? WHERE report_id = ? AND start_at >= ?", n, n, r.ID, at).Error
}

// meetReporter takes over who writes in a chat that began without a name, or
// with a name and no address.
func (x *filing) meetReporter(r *cases.Report) error {
	if x.Message.Channel != cases.ChannelChat {
		return nil
	}
	if r.ReporterID != 0 {
		if x.Parsed.Reporter.Email == "" {
			return nil
		}
		var unaddressed int
		err := x.tx.Raw("SELECT count(*) FROM reporters WHERE id = ? AND email = ''", r.ReporterID).Scan(&unaddressed).Error
		if err != nil || unaddressed == 0 {
			return err
		}
	}
	one := filings{s: x.s, tx: x.tx, now: x.now, all: []*filing{x}}
	err := one.findReporters(one.all)
	if x.reporter != 0 {
		r.ReporterID = x.reporter
	}
	return err
}

// datePlaces keeps where the chat messages stand in their conversations.
func (x *filings) datePlaces(ones []*filing) error {
	for _, one := range ones {
		if one.Message.Channel != cases.ChannelChat {
			continue
		}
		w := one.written()
		if err := x.tx.Exec("UPDATE messages SET written_at = ?, written_seq = ? WHERE id = ?", w.At, w.Seq, one.Message.ID).Error; err != nil {
			return err
		}
	}
	return nil
}
