package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/abusedesk/abusedesk/cases"
)

// Actor does to received mails what their mailbox says: nothing, mark them
// seen, or move them. It keeps one connection to each mailbox while there is
// work and is safe for concurrent use; the actions of one mailbox take turns.
type Actor struct {
	boxes map[string]*actingBox
}

// actingBox is one mailbox with the connection that acts in it.
type actingBox struct {
	Mailbox
	tls      *tls.Config
	patience time.Duration

	// turn is held by the action that has the connection, since busySince.
	turn      chan struct{}
	busySince atomic.Int64

	mu       sync.Mutex
	link     *link
	validity uint32
	expire   *time.Timer
}

// queueing is how long an action may take while others wait for their turn.
// Behind one that takes longer nobody waits: the server has probably fallen
// silent, and those who would wait are workers that others need.
const queueing = 5 * time.Second

// take waits for the turn, as long as there is hope to get it.
func (b *actingBox) take(ctx context.Context) error {
	look := time.NewTicker(queueing / 20)
	defer look.Stop()
	for {
		select {
		case b.turn <- struct{}{}:
			b.busySince.Store(time.Now().UnixNano())
			return nil
		default:
		}
		if since := b.busySince.Load(); since != 0 && time.Since(time.Unix(0, since)) > queueing {
			return unavailable("act in a mailbox", errors.New("its server has not answered another action yet"))
		}
		select {
		case b.turn <- struct{}{}:
			b.busySince.Store(time.Now().UnixNano())
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-look.C:
		}
	}
}

func (b *actingBox) give() {
	b.busySince.Store(0)
	<-b.turn
}

// linger is how long an unused connection is kept.
const linger = 30 * time.Second

// NewActor prepares an Actor. config and patience are as in Config.
func NewActor(boxes []Mailbox, config *tls.Config, patience time.Duration) *Actor {
	if patience == 0 {
		patience = 30 * time.Second
	}
	a := &Actor{boxes: map[string]*actingBox{}}
	for _, m := range boxes {
		a.boxes[m.Name] = &actingBox{Mailbox: m, tls: config, patience: patience, turn: make(chan struct{}, 1)}
	}
	return a
}

// Close ends the connections.
func (a *Actor) Close() {
	for _, b := range a.boxes {
		b.mu.Lock()
		b.drop()
		b.mu.Unlock()
	}
}

// Act does what is to be done to some mails; doing it twice does no harm. A mail
// that is no longer there, a mailbox that is not configured any more, and UIDs of
// an earlier numbering leave nothing to do, which is no error. An error means
// that all of it can be tried again.
func (a *Actor) Act(ctx context.Context, rs ...cases.MailReceipt) error {
	of := map[string][]cases.MailReceipt{}
	for _, r := range rs {
		if b := a.boxes[r.Mailbox]; b != nil && b.After != AfterLeave {
			of[r.Mailbox] = append(of[r.Mailbox], r)
		}
	}
	var errs []error
	for name, rs := range of {
		b := a.boxes[name]
		if err := b.actOn(ctx, rs); err != nil && len(rs) == 1 {
			errs = append(errs, fmt.Errorf("%s mail %d of %s: %w", b.After, rs[0].UID, name, err))
		} else if err != nil {
			errs = append(errs, fmt.Errorf("%s %d mails of %s: %w", b.After, len(rs), name, err))
		}
	}
	return errors.Join(errs...)
}

func (b *actingBox) actOn(ctx context.Context, rs []cases.MailReceipt) error {
	if err := b.take(ctx); err != nil {
		return err
	}
	defer b.give()
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.link == nil
	err := b.act(ctx, rs)
	if err != nil && !fresh && !refused(err) && ctx.Err() == nil {
		err = b.act(ctx, rs) // the connection had died while nobody looked
	}
	return err
}

// act runs with the box locked. A failure drops the connection.
func (b *actingBox) act(ctx context.Context, rs []cases.MailReceipt) error {
	err := b.open(ctx)
	var set imap.UIDSet
	for _, r := range rs {
		if r.UIDValidity == b.validity {
			set.AddNum(imap.UID(r.UID))
		}
	}
	if err == nil && len(set) > 0 {
		err = b.link.command(ctx, func() error {
			if b.After == AfterSeen {
				return b.link.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
			}
			return b.move(set)
		})
	}
	if err != nil {
		b.drop()
	}
	return err
}

// move moves mails, making the folder if it is missing. Servers say OK to
// moving what is not there. One without MOVE copies; only after a copy was
// certainly made is the original taken away.
func (b *actingBox) move(set imap.UIDSet) error {
	c := b.link.client
	attempt := func() error {
		if c.Caps().Has(imap.CapMove) {
			_, err := c.Move(set, b.MoveTo).Wait()
			return err
		}
		data, err := c.Copy(set, b.MoveTo).Wait()
		if err != nil {
			return err
		}
		if len(data.DestUIDs) == 0 && c.Caps().Has(imap.CapUIDPlus) {
			return nil // it was not there
		}
		if err := c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			return err
		}
		if !c.Caps().Has(imap.CapUIDPlus) {
			return nil // EXPUNGE would take other people's deleted mails with it
		}
		return c.UIDExpunge(set).Close()
	}
	err := attempt()
	if e, ok := errors.AsType[*imap.Error](err); ok && e.Code == imap.ResponseCodeTryCreate {
		if err := c.Create(b.MoveTo, nil).Wait(); err != nil && !refused(err) {
			return err
		}
		err = attempt()
	}
	return err
}

// open makes sure of a connection with the folder open for writing.
func (b *actingBox) open(ctx context.Context) error {
	if b.link != nil {
		b.expire.Reset(linger)
		// To an open connection a mail that came since is not there until the
		// server has announced it (RFC 3501 section 7.3.1), and moving what is
		// not there is OK.
		return b.link.command(ctx, func() error { return b.link.client.Noop().Wait() })
	}
	l, err := connect(ctx, b.Mailbox, b.tls, b.patience)
	if err != nil {
		return err
	}
	var data *imap.SelectData
	err = l.command(ctx, func() (err error) {
		data, err = l.client.Select(b.Folder, nil).Wait()
		return err
	})
	if err != nil {
		l.close()
		return unavailable("open the folder "+b.Folder, err)
	}
	b.link, b.validity = l, data.UIDValidity
	b.expire = time.AfterFunc(linger, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.link == l {
			b.drop()
		}
	})
	return nil
}

func (b *actingBox) drop() {
	if b.link != nil {
		b.expire.Stop()
		b.link.close()
		b.link = nil
	}
}
