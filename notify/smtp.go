package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of one sending.
const (
	dialTimeout       = 10 * time.Second
	commandTimeout    = 30 * time.Second
	submissionTimeout = 2 * time.Minute // after the final dot (RFC 5321 section 4.5.3.2.6 allows ten)
)

// MailerConfig says over which server and in whose name.
type MailerConfig struct {
	// URL is smtps://user:pass@host:465, or smtp://user:pass@host:587 with
	// STARTTLS, or smtp://host:port without TLS and sign-in on loopback only.
	URL  string
	From string // "Abuse desk <abuse@example.com>" or the bare address
	// Subaddress says that mail to abuse+anything@example.com arrives where mail
	// to abuse@example.com does (RFC 5233). Letters are then answered to an
	// address of their own, which finds its case whatever the answering program
	// does to the header.
	Subaddress bool
	BaseURL    string // of the status links
	Operator   string
	TLS        *tls.Config // nil: the system's roots
	Now        func() time.Time
}

// Mailer sends letters by SMTP. Safe for concurrent use.
type Mailer struct {
	cfg      MailerConfig
	from     mail.Address
	voice    Voice
	addr     string
	host     string
	user     *url.Userinfo
	implicit bool // TLS from the first byte
	plain    bool // loopback
}

// NewMailer checks the configuration; it connects only to send.
func NewMailer(c MailerConfig) (*Mailer, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("ABUSEDESK_SMTP_URL: use smtp(s)://user:password@host:port")
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("ABUSEDESK_MAIL_FROM: use an address such as abuse@example.com")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Mailer{cfg: c, voice: NewVoice(c.BaseURL, c.Operator), from: mail.Address{Name: from.Name, Address: from.Address}, host: u.Hostname(), user: u.User, implicit: u.Scheme == "smtps"}
	port := u.Port()
	switch {
	case port != "":
	case m.implicit:
		port = "465"
	default:
		port = "587"
	}
	m.addr = net.JoinHostPort(m.host, port)
	ip := net.ParseIP(m.host)
	m.plain = !m.implicit && (m.host == "localhost" || ip != nil && ip.IsLoopback())
	return m, nil
}

// From is the address that letters come from.
func (m *Mailer) From() string { return m.from.Address }

// Send makes one attempt. An error means that nobody knows whether the mail
// was taken: the connection broke between the final dot and the answer.
func (m *Mailer) Send(ctx context.Context, l cases.Letter) (cases.Outcome, error) {
	raw, err := m.build(l, m.cfg.Now())
	if err != nil {
		return cases.Outcome{Refused: true, Note: err.Error()}, nil
	}
	conn, err := m.connect(ctx)
	if err != nil {
		return notTaken(err), nil
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() }) // the library knows no contexts
	defer stop()
	c := smtp.NewClient(conn)
	c.CommandTimeout, c.SubmissionTimeout = commandTimeout, submissionTimeout
	w, err := m.begin(&c, conn, m.envelope(l), l.Sending.To)
	if err != nil {
		return notTaken(err), nil
	}
	if _, err := w.Write(raw); err != nil {
		// Without the final dot there is no mail (RFC 5321 section 4.1.1.4).
		return notTaken(err), nil
	}
	res, err := w.CloseWithResponse()
	if err != nil {
		if s, ok := errors.AsType[*smtp.SMTPError](err); ok {
			return said(s), nil
		}
		return cases.Outcome{}, fmt.Errorf("the mail server's answer to the message did not come: %w", err)
	}
	c.Quit() // it has the mail; what it says to goodbye changes nothing
	return cases.Outcome{Taken: true, Note: res.StatusText}, nil
}

func (m *Mailer) connect(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	if m.implicit {
		t := tls.Dialer{NetDialer: &d, Config: m.tlsConfig()}
		return t.DialContext(ctx, "tcp", m.addr)
	}
	return d.DialContext(ctx, "tcp", m.addr)
}

func (m *Mailer) tlsConfig() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.cfg.TLS != nil {
		c = m.cfg.TLS.Clone()
	}
	if c.ServerName == "" {
		c.ServerName = m.host
	}
	return c
}

// begin goes as far as DATA. Until the final dot nothing has been sent.
func (m *Mailer) begin(c **smtp.Client, conn net.Conn, from, to string) (*smtp.DataCommand, error) {
	if !m.implicit && !m.plain {
		upgraded, err := smtp.NewClientStartTLS(conn, m.tlsConfig())
		if err != nil {
			return nil, err
		}
		upgraded.CommandTimeout, upgraded.SubmissionTimeout = commandTimeout, submissionTimeout
		*c = upgraded
	}
	if m.user != nil {
		password, _ := m.user.Password()
		if err := (*c).Auth(sasl.NewPlainClient("", m.user.Username(), password)); err != nil {
			return nil, fmt.Errorf("sign in to the mail server: %w", err)
		}
	}
	if err := (*c).Mail(from, nil); err != nil {
		return nil, err
	}
	if err := (*c).Rcpt(to, nil); err != nil {
		return nil, err
	}
	return (*c).Data()
}

// notTaken is the outcome of an attempt that ended before the final dot.
func notTaken(err error) cases.Outcome {
	if s, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return said(s)
	}
	return cases.Outcome{Retry: true, Note: err.Error()}
}

func said(s *smtp.SMTPError) cases.Outcome {
	note := fmt.Sprintf("%d %s", s.Code, s.Message)
	if s.Temporary() {
		return cases.Outcome{Retry: true, Note: note}
	}
	return cases.Outcome{Refused: true, Note: note}
}
