package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"time"
)

// SMTP is a mail server that takes mails for the desk's mailbox, without
// sign-in, as the last hop of the world's mail does.
type SMTP struct {
	Addr string // host:port
	To   string
	Host string // HELO name; "" localhost
}

// Deliver hands over one mail. A server's definite no is *Refused, its "later"
// *Busy; with any other error it may or may not have taken the mail.
func (s SMTP) Deliver(ctx context.Context, from string, raw []byte) error {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	defer conn.Close()
	deadline := time.Now().Add(30 * time.Second) // of the socket, which knows no other clock
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	host := s.Host
	if host == "" {
		host = "localhost"
	}
	if err := s.talk(conn, host, from, raw); err != nil {
		if p, ok := errors.AsType[*textproto.Error](err); ok {
			if p.Code >= 500 {
				return &Refused{DoorMail, p.Code, p.Msg}
			}
			return &Busy{DoorMail, p.Code, 1}
		}
		return fmt.Errorf("mail server: %w", err)
	}
	return nil
}

func (s SMTP) talk(conn net.Conn, host, from string, raw []byte) error {
	c, err := smtp.NewClient(conn, s.Addr)
	if err != nil {
		return err
	}
	if err := c.Hello(host); err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(s.To); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	// Taken; a failing goodbye changes nothing.
	c.Quit()
	return nil
}
