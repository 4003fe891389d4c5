package cases

import (
	"strings"
	"time"
)

// Begin records an attempt before the first byte goes out. It returns false
// when there is nothing to attempt: the sending is settled, or an earlier
// attempt began and was never heard of again, which makes its outcome unknown.
func (s *Sending) Begin(now time.Time) bool {
	switch s.State {
	case SendingPlanned:
		s.State, s.AttemptedAt = SendingAttempting, &now
		return true
	case SendingAttempting:
		s.State, s.SettledAt = SendingUnknown, &now
		s.Note = "an attempt began and its outcome was never recorded"
	}
	return false
}

// Settle records the outcome of an attempt. Back to planned means that it
// certainly did not go out; suppressed is for what was never attempted. What
// came back before our own server's answer was recorded stays bounced.
func (s *Sending) Settle(now time.Time, state SendingState, note string) error {
	switch {
	case s.State == SendingBounced && (state == SendingSent || state == SendingUnknown):
		return nil
	case s.State == SendingAttempting && state == SendingPlanned:
		s.AttemptedAt = nil
	case s.State == SendingAttempting && (state == SendingSent || state == SendingRefused || state == SendingUnknown),
		(s.State == SendingPlanned || s.State == SendingHeld) && state == SendingSuppressed:
		s.SettledAt = &now
	default:
		return Conflict("the sending is " + string(s.State) + " and cannot become " + string(state))
	}
	s.State, s.Note = state, note
	return nil
}

// maxNote bounds what other servers say.
const maxNote = 500

// Bounce applies what a notification says became of the sending: that it came
// back, or that it is late, which is only noted. It returns whether the address
// is to be given up: the failure is permanent and of the address that we wrote
// to, not of one that mail to it is passed on to. A notification about what was
// never attempted is a forgery and changes nothing.
func (s *Sending) Bounce(now time.Time, b Bounce) (giveUp bool) {
	if s.AttemptedAt == nil || s.State == SendingSuppressed {
		return false
	}
	words := "it came back"
	if b.Delayed {
		words = "delivery is delayed"
	}
	if said := strings.TrimSpace(b.Status + " " + b.Diagnostic); said != "" {
		words += ": " + said
	}
	if s.Note = words[:min(len(words), maxNote)]; b.Delayed {
		return false
	}
	if s.State != SendingBounced {
		s.State, s.SettledAt = SendingBounced, &now
	}
	return b.Permanent && (b.Recipient == "" || equalFold(b.Recipient, s.To))
}

// Decide is a person's word on a sending whose outcome is unknown, after
// looking: it was sent, it was not and stays so (refused), or it is to be
// tried again (planned).
func (s *Sending) Decide(a Actor, now time.Time, state SendingState, note string) error {
	if err := Permit(a, CmdResolveSending); err != nil {
		return err
	}
	if s.State != SendingUnknown {
		return Conflict("the sending is " + string(s.State) + "; only one whose outcome is unknown is decided by hand")
	}
	if state != SendingSent && state != SendingRefused && state != SendingPlanned {
		return Invalid(Problem{"state", "say sent, refused or planned"})
	}
	if err := needText("note", note); err != nil {
		return err
	}
	s.State, s.Note, s.SettledAt = state, note, &now
	if state == SendingPlanned {
		s.AttemptedAt, s.SettledAt = nil, nil
	}
	return nil
}
