package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/abusedesk/abusedesk/cases"
)

// watched is a connection whose reads are given up when nothing comes for a
// while: as long as bytes arrive, however large the answer is, it lives. The
// library's own deadlines are for whole answers, which is wrong for large mails,
// and it has none between them. It also asks up to four times for a byte that does
// not come, so that the first failure is the end of the connection.
type watched struct {
	net.Conn
	failed    error // of Read, which one goroutine calls
	patience  atomic.Int64
	emptyNext atomic.Bool // what is written next is an empty SASL response
}

func (w *watched) Read(p []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	if err := w.Conn.SetReadDeadline(time.Now().Add(time.Duration(w.patience.Load()))); err != nil {
		return 0, err
	}
	n, err := w.Conn.Read(p)
	w.failed = err
	return n, err
}

// SetReadDeadline does nothing: see watched.
func (w *watched) SetReadDeadline(time.Time) error { return nil }

// Write corrects an empty SASL response, for which the library writes "=". That
// is how an initial one is written (RFC 4959 section 3); a later one is an empty
// line (RFC 3501 section 6.2.2).
func (w *watched) Write(p []byte) (int, error) {
	if w.emptyNext.Swap(false) && string(p) == "=\r\n" {
		if _, err := w.Conn.Write(p[1:]); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// wait sets the patience from now on, also of the read that is going on.
func (w *watched) wait(d time.Duration) {
	w.patience.Store(int64(d))
	w.Conn.SetReadDeadline(time.Now().Add(d))
}

// link is a signed-in connection. One goroutine at a time may use it.
type link struct {
	client   *imapclient.Client
	conn     *watched
	patience time.Duration
	changed  chan struct{} // the server said that mails came or went
}

// between is the patience when nothing was asked: for as long as the database
// takes to commit what was read.
const between = 10 * time.Minute

// connect dials and signs in. A token that was kept can have been revoked before
// its end: the first refusal of one is an occasion for a new one.
func connect(ctx context.Context, m Mailbox, config *tls.Config, patience time.Duration) (*link, error) {
	if m.Tokens == nil {
		return dial(ctx, m, config, patience, "")
	}
	for again := false; ; again = true {
		token, fresh, err := m.Tokens.token(ctx)
		if err != nil {
			return nil, err
		}
		l, err := dial(ctx, m, config, patience, token)
		if !errors.Is(err, cases.ErrForbidden) {
			return l, err
		}
		m.Tokens.discard(token)
		if fresh || again {
			return nil, err
		}
	}
}

// dial connects once and signs in with the token, or without one by password.
func dial(ctx context.Context, m Mailbox, config *tls.Config, patience time.Duration, token string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	raw, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", m.Addr)
	if err != nil {
		return nil, unavailable("connect to "+m.Host, err)
	}
	if m.TLS {
		if config == nil {
			config = &tls.Config{}
		}
		config = config.Clone()
		config.ServerName = m.Host
		secure := tls.Client(raw, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, unavailable("connect to "+m.Host, err)
		}
		raw = secure
	}
	l := &link{conn: &watched{Conn: raw}, patience: patience, changed: make(chan struct{}, 1)}
	l.conn.wait(patience)
	l.client = imapclient.New(l.conn, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				select {
				case l.changed <- struct{}{}:
				default:
				}
			}
		},
	}})
	err = l.command(ctx, func() error {
		if err := l.client.WaitGreeting(); err != nil {
			return err
		}
		if m.Tokens != nil {
			return l.authenticate(m, token)
		}
		return l.client.Login(m.User, m.Password).Wait()
	})
	if err != nil {
		l.close()
		// The server that cannot ask its own database has not refused (RFC 5530).
		if e, ok := errors.AsType[*imap.Error](err); ok && refused(err) && e.Code != imap.ResponseCodeUnavailable {
			return nil, &cases.Error{Kind: cases.KindForbidden, Message: m.Host + " refused the sign-in", Err: err}
		}
		return nil, unavailable("sign in at "+m.Host, err)
	}
	return l, nil
}

// close ends the connection at once. It does not wait for the client's reader,
// which may itself be waiting for somebody to take the bytes of a mail.
func (l *link) close() { l.conn.Close() }

// command runs fn, which sends commands and waits for their answers. The end of
// ctx, and silence for longer than the patience, close the connection.
func (l *link) command(ctx context.Context, fn func() error) error {
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	l.conn.wait(l.patience)
	defer l.conn.wait(between)
	err := fn()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
	}
	return err
}

// refused says whether the server answered, and said no.
func refused(err error) bool {
	e, ok := errors.AsType[*imap.Error](err)
	return ok && (e.Type == imap.StatusResponseTypeNo || e.Type == imap.StatusResponseTypeBad)
}

func unavailable(what string, err error) error {
	return &cases.Error{Kind: cases.KindUnavailable, Message: what, Err: err}
}
