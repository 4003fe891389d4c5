package mailbox

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of one batch: one transaction takes at most so much.
const (
	batchMails = 50
	batchBytes = 4 << 20
	smallMail  = 1 << 20 // larger ones are streamed, one by one
)

// session is one connection under one lease.
type session struct {
	*loop
	lease      cases.Lease
	link       *link
	progressed bool // it got as far as an answer about new mails
	quietAt    time.Time
}

// run connects and reads until something fails.
func (s *session) run(ctx context.Context) error {
	var err error
	if s.link, err = connect(ctx, s.box, s.TLS, s.Patience); err != nil {
		return err
	}
	defer s.link.close()
	validity, err := s.link.open(ctx, s.box.Folder)
	if err != nil {
		return err
	}
	if s.validity != validity {
		s.validity = validity
		clear(s.trouble)
	}
	s.log.Info("reading a mailbox", "uid_validity", validity)
	for {
		if err := s.drain(ctx); err != nil {
			return err
		}
		s.progressed = true
		if err := s.await(ctx); err != nil {
			return err
		}
	}
}

// open selects the folder, to read only, and returns its UIDVALIDITY.
func (l *link) open(ctx context.Context, folder string) (uint32, error) {
	var data *imap.SelectData
	err := l.command(ctx, func() (err error) {
		data, err = l.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	switch {
	case refused(err):
		return 0, &cases.Error{Kind: cases.KindNotFound, Message: "the folder " + folder + " cannot be opened", Err: err}
	case err != nil:
		return 0, unavailable("open the folder "+folder, err)
	case data.UIDValidity == 0:
		return 0, &cases.Error{Kind: cases.KindUnavailable, Message: "the server gives no UIDVALIDITY"}
	}
	return data.UIDValidity, nil
}

// item is a mail that is there.
type item struct {
	uid  uint32
	size int64 // as the server states it
}

// drain receives everything that is new.
func (s *session) drain(ctx context.Context) error {
	p, err := s.Progress.MailboxProgress(ctx, s.box.Name)
	if err != nil {
		return fmt.Errorf("progress of the mailbox: %w", err)
	}
	if p.UIDValidity != s.validity {
		if p.UIDValidity != 0 {
			s.log.Warn("the server numbers its mails anew; the mailbox is read again", "before", p.UIDValidity, "now", s.validity)
		}
		if err := s.Progress.ResetMailbox(ctx, s.box.Name, s.validity, s.lease.Epoch); err != nil {
			return fmt.Errorf("begin the mailbox anew: %w", err)
		}
		p.LastUID = 0
	}
	items, err := s.list(ctx, p.LastUID)
	if err != nil {
		return err
	}
	s.Observe(Status{Mailbox: s.box.Name, Owner: true, Behind: len(items)})
	if len(items) == 0 {
		return s.quiet(ctx)
	}
	for len(items) > 0 {
		n := s.batch(items)
		if n == 1 {
			err = s.single(ctx, items[0])
		} else {
			n, err = s.several(ctx, items[:n])
		}
		items = items[n:]
		if n > 0 {
			s.progressed = true
			s.Observe(Status{Mailbox: s.box.Name, Owner: true, Behind: len(items), Received: n})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quiet records that there is nothing new, at most every few seconds: an
// empty mailbox must not cost writes.
func (s *session) quiet(ctx context.Context) error {
	now := s.Now()
	if now.Sub(s.quietAt) < 15*time.Second {
		return nil
	}
	s.quietAt = now
	if err := s.Progress.MailboxRead(ctx, now, s.box.Name, s.lease.Epoch); err != nil {
		return fmt.Errorf("progress of the mailbox: %w", err)
	}
	return nil
}

// list asks for what is there behind a UID, in order.
func (s *session) list(ctx context.Context, after uint32) ([]item, error) {
	if after == ^uint32(0) {
		return nil, nil
	}
	var set imap.UIDSet
	set.AddRange(imap.UID(after+1), 0)
	var items []item
	err := s.link.command(ctx, func() error {
		cmd := s.link.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			var it item
			for data := msg.Next(); data != nil; data = msg.Next() {
				switch data := data.(type) {
				case imapclient.FetchItemDataUID:
					it.uid = uint32(data.UID)
				case imapclient.FetchItemDataRFC822Size:
					it.size = data.Size
				}
			}
			if it.uid > after { // "n:*" always includes the last one
				items = append(items, it)
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return nil, unavailable("list new mails", err)
	}
	slices.SortFunc(items, func(a, b item) int { return int(int64(a.uid) - int64(b.uid)) })
	return slices.CompactFunc(items, func(a, b item) bool { return a.uid == b.uid }), nil
}

// batch says how many of the first items go into one transaction: one when it
// is large or has made trouble.
func (s *session) batch(items []item) int {
	var bytes int64
	for n, it := range items[:min(len(items), batchMails)] {
		bytes += it.size
		if it.size > smallMail || s.trouble[it.uid].times > 0 || bytes > batchBytes {
			return max(n, 1)
		}
	}
	return min(len(items), batchMails)
}

// delivery describes a mail to Accept.
func (s *session) delivery(uid uint32, body io.Reader, size int64) cases.Delivery {
	return cases.Delivery{
		Channel: cases.ChannelEmail, Source: s.box.Name, Body: body, Size: size,
		Meta:   cases.Meta{ContentType: "message/rfc822"},
		Cursor: &cases.MailCursor{Mailbox: s.box.Name, UIDValidity: s.validity, UID: uid, Epoch: s.lease.Epoch},
	}
}

// await waits until there may be something new: the server says so, or the
// poll is due. A server without IDLE is only polled.
func (s *session) await(ctx context.Context) error {
	idle := (*imapclient.IdleCommand)(nil)
	if s.link.client.Caps().Has(imap.CapIdle) {
		err := s.link.command(ctx, func() (err error) {
			idle, err = s.link.client.Idle()
			return err
		})
		if err != nil {
			return unavailable("wait for mails", err)
		}
	}
	timer := time.NewTimer(s.Poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.link.client.Closed():
		return unavailable("wait for mails", io.ErrUnexpectedEOF)
	case <-s.link.changed:
	case <-timer.C:
	}
	err := s.link.command(ctx, func() error {
		if idle == nil {
			return s.link.client.Noop().Wait()
		}
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if err != nil {
		return unavailable("wait for mails", err)
	}
	return nil
}
