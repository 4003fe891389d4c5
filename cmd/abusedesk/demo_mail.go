package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
	"golang.org/x/sync/errgroup"
)

// demoMail is the demo's mail world, and only the demo's: an SMTP server that
// takes every mail, and an IMAP mailbox that gets those addressed to the desk.
type demoMail struct {
	address  string // of the desk
	smtpAddr string
	imapURL  string
	outgoing atomic.Int64 // mails to reporters

	user  *imapmemserver.User
	smtp  *smtp.Server
	imap  *imapserver.Server
	smtpL net.Listener
	imapL net.Listener
}

const (
	demoMailUser     = "abuse"
	demoMailPassword = "demo"
	demoOutbox       = "To reporters" // where a visitor's mail client finds what the desk sent
)

func newDemoMail() (*demoMail, error) {
	m := &demoMail{address: "abuse@demo.example", user: imapmemserver.NewUser(demoMailUser, demoMailPassword)}
	for _, box := range []string{"INBOX", demoOutbox} {
		if err := m.user.Create(box, nil); err != nil {
			return nil, err
		}
	}
	var err error
	if m.smtpL, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if m.imapL, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		m.smtpL.Close()
		return nil, err
	}
	m.smtpAddr = m.smtpL.Addr().String()
	m.imapURL = "imap://" + demoMailUser + ":" + demoMailPassword + "@" + m.imapL.Addr().String() + "/INBOX?after=seen"
	m.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &demoSession{mail: m}, nil }))
	m.smtp.Domain, m.smtp.MaxMessageBytes = "demo.example", 16<<20
	m.smtp.ReadTimeout, m.smtp.WriteTimeout = time.Minute, time.Minute
	server := imapmemserver.New()
	server.AddUser(m.user)
	m.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return server.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}},
		InsecureAuth: true, // on loopback
	})
	return m, nil
}

// run serves until ctx ends.
func (m *demoMail) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	context.AfterFunc(ctx, func() { m.smtp.Close(); m.imap.Close() })
	g.Go(func() error { return unlessClosed(ctx, m.smtp.Serve(m.smtpL)) })
	g.Go(func() error { return unlessClosed(ctx, m.imap.Serve(m.imapL)) })
	return g.Wait()
}

func unlessClosed(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// demoSession is one SMTP conversation.
type demoSession struct {
	mail *demoMail
	from string
	to   []string
}

func (s *demoSession) Reset()        { s.from, s.to = "", nil }
func (s *demoSession) Logout() error { return nil }

func (s *demoSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *demoSession) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = append(s.to, to); return nil }

func (s *demoSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	raw = append([]byte("Return-Path: <"+s.from+">\r\n"), raw...)
	for _, to := range s.to {
		box := demoOutbox
		if strings.EqualFold(to, s.mail.address) {
			box = "INBOX"
		} else {
			s.mail.outgoing.Add(1)
		}
		if _, err := s.mail.user.Append(box, literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// literal is what the in-memory mailbox wants to read.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }
