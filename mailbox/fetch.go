package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/abusedesk/abusedesk/cases"
)

// How often fetching a mail may fail (and for as long as GiveUp) before only its
// beginning is fetched, and before not even that. The listing works each time, so
// the connection does; pauses grow in between.
const (
	triesWhole = 3
	triesAtAll = 6
	beginning  = 256 << 10 // what is kept of a mail that cannot be had whole
)

// wholeMail asks for the raw bytes and leaves the flags alone.
var wholeMail = &imap.FetchItemBodySection{Peek: true}

// several receives a batch of small mails in one transaction. It returns how
// many of the first are done with; on a broken connection those that came
// before are received all the same.
func (s *session) several(ctx context.Context, items []item) (int, error) {
	bodies, fetchErr := s.fetch(ctx, items)
	var in []cases.Delivery
	for _, it := range items {
		body, ok := bodies[it.uid]
		if !ok {
			break // broken off, gone, larger than it said, or not given: looked at alone
		}
		in = append(in, s.delivery(it.uid, bytes.NewReader(body), int64(len(body))))
	}
	if len(in) > 0 {
		if _, err := s.Desk.Accept(ctx, in); err != nil {
			return 0, fmt.Errorf("accept %d mails: %w", len(in), err)
		}
	}
	switch {
	case fetchErr != nil && !refused(fetchErr):
		if len(in) < len(items) && ctx.Err() == nil {
			s.troubled(items[len(in)].uid)
		}
		return len(in), unavailable("fetch mails", fetchErr)
	case len(in) < len(items):
		if err := s.single(ctx, items[len(in)]); err != nil {
			return len(in), err
		}
		return len(in) + 1, nil
	}
	return len(in), nil
}

// fetch returns the bytes of small mails by UID, as many as came.
func (s *session) fetch(ctx context.Context, items []item) (map[uint32][]byte, error) {
	var set imap.UIDSet
	for _, it := range items {
		set.AddNum(imap.UID(it.uid))
	}
	bodies := make(map[uint32][]byte, len(items))
	err := s.link.command(ctx, func() error {
		cmd := s.link.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail}})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			uid, literal := open(msg)
			if literal == nil || literal.Size() > 2*smallMail {
				continue
			}
			body := make([]byte, literal.Size())
			if _, err := io.ReadFull(literal, body); err != nil {
				return s.abandon(err)
			}
			bodies[uid] = body
		}
		return cmd.Close()
	})
	return bodies, err
}

// abandon leaves a command whose literal could not be read to its end. Closing
// the command would read it again, beside the client's own reader.
func (s *session) abandon(err error) error {
	s.link.close()
	return err
}

// open reads a message's items up to its body. The literal is nil when the
// server gives none.
func open(msg *imapclient.FetchMessageData) (uid uint32, literal imap.LiteralReader) {
	for data := msg.Next(); data != nil; data = msg.Next() {
		switch data := data.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(data.UID)
		case imapclient.FetchItemDataBodySection:
			return uid, data.Literal
		}
	}
	return uid, nil
}

// single receives one mail by itself: streamed, or if it cannot be had whole,
// quarantined.
func (s *session) single(ctx context.Context, it item) error {
	if it.size > cases.MaxMessageBytes {
		return s.quarantine(ctx, it, fmt.Sprintf("The mail has %d bytes, more than the %d MB that are received whole.", it.size, cases.MaxMessageBytes>>20))
	}
	if s.givenUp(it.uid, triesWhole) {
		return s.quarantine(ctx, it, fmt.Sprintf("The mail could not be fetched in %d attempts.", s.trouble[it.uid].times))
	}
	err := s.stream(ctx, it)
	switch {
	case err == nil:
		delete(s.trouble, it.uid)
		return nil
	case errors.Is(err, errGone):
		return s.quarantined(ctx, it, nil, "The mail was gone before it could be fetched: somebody else deleted or moved it.")
	case errors.Is(err, errEmpty):
		return s.quarantine(ctx, it, "The server does not give out this mail.")
	case errors.Is(err, cases.ErrTooLarge):
		return s.quarantine(ctx, it, fmt.Sprintf("The mail has more than the %d MB that are received whole.", cases.MaxMessageBytes>>20))
	case errors.Is(err, errFetch) && ctx.Err() == nil:
		s.troubled(it.uid)
	}
	return err
}

var (
	errGone  = errors.New("the mail is gone")
	errEmpty = errors.New("the server gives no contents")
	errFetch = errors.New("the mail could not be fetched")
)

// stream hands one mail on while it comes. What Accept has not read to the
// end is never committed, so a broken connection leaves nothing.
func (s *session) stream(ctx context.Context, it item) error {
	var acceptErr error
	var body *exact
	found := false
	err := s.link.command(ctx, func() error {
		cmd := s.link.client.Fetch(imap.UIDSetNum(imap.UID(it.uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail}})
		if msg := cmd.Next(); msg != nil {
			found = true
			if _, literal := open(msg); literal != nil {
				body = &exact{r: literal, left: literal.Size()}
				_, acceptErr = s.Desk.Accept(ctx, []cases.Delivery{s.delivery(it.uid, body, literal.Size())})
				switch {
				case body.err != nil:
					return s.abandon(body.err)
				case acceptErr != nil:
					s.link.close() // the rest of the mail is not wanted, and may be long
				}
			}
		}
		return cmd.Close()
	})
	switch {
	case body != nil && acceptErr == nil:
		return nil // committed, whatever became of the connection since
	case body != nil && body.err != nil:
		return unavailable("fetch a mail", body.err)
	case errors.Is(acceptErr, cases.ErrTooLarge):
		return s.again(ctx, acceptErr)
	case acceptErr != nil:
		return fmt.Errorf("accept a mail: %w", acceptErr)
	case err != nil && !refused(err):
		return unavailable("fetch a mail", errors.Join(errFetch, err))
	case found || refused(err):
		return errEmpty
	}
	return errGone
}

// again reconnects after a stream that was broken off on purpose, so that the
// session can go on, and returns err.
func (s *session) again(ctx context.Context, err error) error {
	l, connectErr := connect(ctx, s.box, s.TLS, s.Patience)
	if connectErr != nil {
		return connectErr
	}
	s.link.close()
	s.link = l
	validity, openErr := l.open(ctx, s.box.Folder)
	if openErr != nil {
		return openErr
	}
	if validity != s.validity {
		return unavailable("read the mailbox", errors.New("its numbering changed meanwhile"))
	}
	return err
}

// exact is a literal that says errFetch when the connection ends inside it.
type exact struct {
	r    io.Reader
	left int64
	err  error
}

func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = errors.Join(errFetch, err)
		e.err = err
	}
	return n, err
}

// quarantine hands on what there is of a mail: its beginning, if that can be
// fetched.
func (s *session) quarantine(ctx context.Context, it item, why string) error {
	if s.givenUp(it.uid, triesAtAll) {
		return s.quarantined(ctx, it, nil, why)
	}
	var head []byte
	err := s.link.command(ctx, func() error {
		part := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: beginning}}
		cmd := s.link.client.Fetch(imap.UIDSetNum(imap.UID(it.uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{part}})
		if msg := cmd.Next(); msg != nil {
			if _, literal := open(msg); literal != nil {
				var err error
				if head, err = io.ReadAll(io.LimitReader(literal, beginning)); err != nil {
					return s.abandon(err)
				}
			}
		}
		return cmd.Close()
	})
	if err != nil && !refused(err) {
		if ctx.Err() == nil {
			s.troubled(it.uid)
		}
		return unavailable("fetch the beginning of a mail", err)
	}
	return s.quarantined(ctx, it, head, why)
}

func (s *session) quarantined(ctx context.Context, it item, head []byte, why string) error {
	d := s.delivery(it.uid, bytes.NewReader(head), int64(len(head)))
	d.Quarantine = why
	s.log.Warn("a mail is quarantined", "uid", it.uid, "why", why)
	if _, err := s.Desk.Accept(ctx, []cases.Delivery{d}); err != nil {
		return fmt.Errorf("accept a quarantined mail: %w", err)
	}
	delete(s.trouble, it.uid)
	return nil
}
