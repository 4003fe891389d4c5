package simulate

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Player plays stories through the doors.
type Player struct {
	Doors  *Doors
	Ledger *Ledger // nil: none is kept
	// Pace multiplies the times of the steps; 0 plays them without a pause.
	Pace float64
	// Said is told of each report, with the error that is left after retries.
	Said func(Story, Step, Delivery, Receipt, error)
}

// Play plays all stories at once and returns when the last step is done. A
// report that a door would not take is told to Said and does not stop the
// others; the error is the context's.
func (p *Player) Play(ctx context.Context, stories []Story) error {
	type cue struct {
		story Story
		step  Step
	}
	var cues []cue
	for _, s := range stories {
		for _, step := range s.Steps {
			cues = append(cues, cue{s, step})
		}
	}
	slices.SortStableFunc(cues, func(a, b cue) int { return int(a.step.After - b.step.After) })
	var wg sync.WaitGroup
	defer wg.Wait()
	at := time.Duration(0)
	for _, q := range cues {
		if err := pause(ctx, time.Duration(float64(q.step.After-at)*p.Pace)); err != nil {
			return err
		}
		at = q.step.After
		report := func() {
			del, receipt, err := p.report(ctx, q.step.Door, q.step.Complaint)
			if p.Said != nil {
				p.Said(q.story, q.step, del, receipt, err)
			}
		}
		if p.Pace == 0 {
			report()
			continue
		}
		wg.Go(report) // a slow door does not hold up the next reporter
	}
	wg.Wait()
	return ctx.Err()
}

// Drizzle goes on with reports of calls that other carriers made, one every so
// often, until the context ends.
func (p *Player) Drizzle(ctx context.Context, c *Carrier, every time.Duration) {
	for n := 0; pause(ctx, every) == nil; n++ {
		door, complaint := Elsewhere(c, n)
		del, receipt, err := p.report(ctx, door, complaint)
		if p.Said != nil {
			p.Said(Story{Name: "elsewhere", Title: "calls of other carriers", Number: complaint.Caller}, Step{Door: door, Complaint: complaint}, del, receipt, err)
		}
	}
}

// report is one reporter: tries a few times, always with the same bytes.
func (p *Player) report(ctx context.Context, door Door, c Complaint) (del Delivery, r Receipt, err error) {
	s := sender{doors: p.Doors, ledger: p.Ledger, attempts: 6, backoff: 500 * time.Millisecond}
	return s.deliver(ctx, door, c, NewKey())
}

// sender delivers one complaint: composes it once, then sends the same bytes
// under the same key until a door has answered for certain.
type sender struct {
	doors    *Doors
	ledger   *Ledger
	attempts int // 0: until the context ends
	backoff  time.Duration
}

func (s sender) deliver(ctx context.Context, door Door, c Complaint, key string) (del Delivery, r Receipt, err error) {
	for try := 1; ; try++ {
		if del.Body == nil {
			del, err = s.doors.Compose(ctx, door, c, key)
		}
		if del.Body != nil {
			r, err = s.attempt(ctx, del)
		}
		if err == nil || final(err) || try == s.attempts {
			return del, r, err
		}
		wait := s.backoff
		if busy, ok := errors.AsType[*Busy](err); ok && busy.After > 0 {
			wait = time.Duration(busy.After) * time.Second
		}
		if perr := pause(ctx, wait); perr != nil {
			return del, r, errors.Join(perr, err)
		}
	}
}

// attempt sends once, writing to the ledger before and after.
func (s sender) attempt(ctx context.Context, del Delivery) (Receipt, error) {
	if err := s.note(del, StatusSent, Receipt{}); err != nil {
		return Receipt{}, err
	}
	r, err := s.doors.Send(ctx, del)
	status := StatusAcknowledged
	switch {
	case final(err):
		status = StatusRefused
	case err != nil:
		status = StatusUnknown
	}
	if lerr := s.note(del, status, r); lerr != nil {
		return r, lerr
	}
	return r, err
}

func (s sender) note(del Delivery, status Status, r Receipt) error {
	if s.ledger == nil {
		return nil
	}
	return s.ledger.Append(Entry{Door: del.Door, Key: del.Key, SHA256: del.SHA256, Status: status, Report: r.Report, Case: r.Case, At: s.doors.now().UTC()})
}

// final says whether trying again is pointless.
func final(err error) bool {
	_, refused := errors.AsType[*Refused](err)
	_, ledger := errors.AsType[*LedgerError](err)
	return refused || ledger
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
