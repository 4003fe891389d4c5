package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// place is where a message belongs by what it answers.
type place struct {
	report int64
	caseID int64
	ref    string
	// over: a person's message begins a new report that is related to the case,
	// because that is resolved and no longer reopens; or, with asks, because it is
	// about abuse and the message a traceback request, which is a case of its own.
	over, asks bool
	// quiet: over, because the conversation had ended; chat: it is one.
	quiet, chat bool
	// key is one that leads here from now on, "" for none.
	key string
	// bounced is the sending that the message says came back, 0 for none.
	bounced int64
}

// belongs finds the report that the message adds to: the one on whose status
// page it was written, that of the sending which came back with it, that of its
// conversation, or that of the case which its subject names. What a machine
// wrote does not reopen a case, and begins none.
func (x *filing) belongs() (place, error) {
	to, err := x.answers()
	if err != nil || to.report == 0 {
		return to, err
	}
	var c struct {
		CaseID    int64
		Ref       string
		Kind      cases.CaseKind
		State     cases.State
		LiveUntil *time.Time
	}
	err = found(x.tx.Raw("SELECT l.case_id, c.ref, c.kind, c.state, c.live_until FROM links l JOIN cases c ON c.id = l.case_id WHERE l.report_id = ?", to.report).Scan(&c), fmt.Sprintf("report %d", to.report))
	to.caseID, to.ref = c.CaseID, c.Ref
	if x.Message.Meta.Adds == "" && !x.Parsed.Automatic() {
		to.asks = x.Request != nil && c.Kind != cases.CaseTraceback
		to.over = to.asks || (&cases.Case{State: c.State, LiveUntil: c.LiveUntil}).Over(x.now)
		if to.chat = x.Message.Channel == cases.ChannelChat; to.chat && !to.over && err == nil {
			to.quiet, err = x.afterQuiet(to.report)
			to.over = to.quiet
		}
	}
	return to, err
}

// why says why a message is not filed where it belongs, and why the two cases
// are related.
func (p place) why() (filed, related string) {
	if p.asks {
		return "a traceback request, asked in " + p.ref, "a traceback request was asked in " + p.ref
	}
	switch {
	case p.quiet:
		return "a chat of " + p.ref + " that had ended", "a chat of " + p.ref + " went on after it had ended"
	case p.chat:
		return "a chat of " + p.ref + ", which is over", "a chat of " + p.ref + " went on when it was over"
	}
	return "mail of " + p.ref + ", which is over", "mail of " + p.ref + " came when it was over"
}

func (x *filing) answers() (place, error) {
	if x.Message.Meta.Adds != "" {
		var id int64
		err := x.tx.Raw("SELECT report_id FROM messages WHERE token = ?", text(x.Message.Meta.Adds)).Scan(&id).Error
		if err == nil && id == 0 {
			err = &cases.Error{Kind: cases.KindUnavailable, Message: "the report that this belongs to is not filed yet"}
		}
		return place{report: id}, err
	}
	if to, err := x.cameBack(); err != nil || to.report != 0 {
		return to, err
	}
	id, err := findThread(x.tx, threadKeys(x.Message, x.Parsed))
	if err != nil || id != 0 {
		key := ""
		if x.Parsed.Thread != "" {
			key = threadKey(x.Message, x.Parsed.Thread)
		}
		return place{report: id, key: key}, err
	}
	return x.named()
}

// named finds the report of a case that the subject names and in which the
// sender has reported already. Anybody can write a subject, and a reference can
// be guessed: a sender whose domain disowns the mail is nobody we know.
func (x *filing) named() (place, error) {
	email := x.Parsed.Reporter.Email
	if x.Message.Channel != cases.ChannelEmail || email == "" || x.Parsed.Auth["dmarc"] == "fail" {
		return place{}, nil
	}
	for _, ref := range cases.SubjectRefs(x.Parsed.Subject) {
		var ids []int64
		if err := x.tx.Raw("SELECT id FROM cases WHERE ref = ?", ref).Scan(&ids).Error; err != nil {
			return place{}, err
		}
		if len(ids) == 0 {
			continue
		}
		sender := map[string]*reporterRow{email: nil}
		if err := knownReporters(x.tx, sender); err != nil || sender[email] == nil {
			return place{}, err
		}
		// After the first such mail its key says where the conversation is now.
		key := fmt.Sprintf("ref:%d:%d", ids[0], sender[email].ID)
		report, err := findThread(x.tx, []string{key})
		if err != nil || report != 0 {
			return place{report: report, key: key}, err
		}
		root, err := rootCase(x.tx, ids[0])
		if err != nil {
			return place{}, err
		}
		err = x.tx.Raw("SELECT r.id FROM links l JOIN reports r ON r.id = l.report_id WHERE l.case_id = ? AND r.reporter_id = ? ORDER BY r.id DESC LIMIT 1", root, sender[email].ID).Scan(&report).Error
		if err != nil || report != 0 {
			return place{report: report, key: key}, err
		}
	}
	return place{}, nil
}

// beginThread makes the key of a conversation lead to its new report. One that
// goes on after its case was over takes all its keys along. Whoever is first
// opens the report, and the others start over and find it.
func (x *filing) beginThread(before place, thread string, report int64) error {
	key, moved := thread, int64(0)
	if before.over {
		key = before.key
		r := x.tx.Exec("UPDATE threads SET report_id = ? WHERE report_id = ?", report, before.report)
		if r.Error != nil {
			return r.Error
		}
		if moved = r.RowsAffected; moved == 0 && key == "" {
			return errLostClaim
		}
	}
	if key == "" {
		return nil
	}
	n, err := insert(x.tx, "threads (key, report_id)", [][]any{{key, report}}, "ON CONFLICT (key) DO NOTHING")
	if err == nil && n == 0 && moved == 0 {
		err = errLostClaim
	}
	return err
}

// cameBack finds the sending that a bounce is about: by the Message-ID that it
// returns, else by the token in the address that it went to. Neither can be
// guessed, so that nobody can bounce what he was not sent.
func (x *filing) cameBack() (place, error) {
	b := x.Parsed.Bounce
	if b == nil {
		return place{}, nil
	}
	var known []cases.Sending
	if b.MessageID != "" {
		err := x.tx.Raw("SELECT id, report_id FROM sendings WHERE message_id = ?", text(b.MessageID)).Scan(&known).Error
		if err != nil || len(known) > 0 {
			return returned(known), err
		}
	}
	for _, token := range cases.ReplyTokens(x.Parsed.Mail.Recipients) {
		report, err := findThread(x.tx, []string{tokenKey(token)})
		if err != nil {
			return place{}, err
		}
		if err := x.tx.Raw("SELECT id, report_id, message_id FROM sendings WHERE report_id = ?", report).Scan(&known).Error; err != nil {
			return place{}, err
		}
		known = slices.DeleteFunc(known, func(s cases.Sending) bool { return cases.LetterToken(s.MessageID) != token })
		if len(known) > 0 {
			return returned(known), nil
		}
	}
	return place{}, nil
}

func returned(known []cases.Sending) place {
	if len(known) == 0 {
		return place{}
	}
	return place{report: known[0].ReportID, bounced: known[0].ID}
}

// bounce records that a sending came back, and gives up the address where that
// is for good.
func (x *filing) bounce(f cases.Filed, sending int64) error {
	if sending == 0 {
		return nil
	}
	s, err := x.s.lockSending(x.tx, sending)
	if err != nil {
		return err
	}
	before, b, system := s.State, *x.Parsed.Bounce, cases.System("file")
	b.Status, b.Diagnostic = short(b.Status), short(b.Diagnostic)
	giveUp := s.Bounce(x.now, b)
	if err := saveSending(x.tx, s); err != nil {
		return err
	}
	var events []cases.Event
	if s.State != before {
		e := sendingEvent(x.now, system, "sending.bounced", s, "")
		e.Data["status"] = b.Status
		events = append(events, e)
	}
	if giveUp {
		var ids []int64
		err := x.tx.Raw("UPDATE reporters SET bounced_at = ? WHERE email = ? AND email <> '' AND bounced_at IS NULL RETURNING id", x.now, s.To).Scan(&ids).Error
		if err != nil {
			return err
		}
		for _, id := range ids {
			e := cases.NewEvent(x.now, system, "reporter.bounced", "reporter", fmt.Sprint(id), "")
			e.CaseID = f.CaseID
			events = append(events, e)
		}
	}
	if err := insertEvents(x.tx, events); err != nil {
		return err
	}
	return undelivered(x.tx, x.now, before, s)
}
