package mailbox

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// After is what is done to a mail once it is received.
type After string

const (
	AfterLeave After = "leave"
	AfterSeen  After = "seen"
	AfterMove  After = "move"
)

// Auth is how to sign in: with a password, or with an access token by a named
// mechanism or by the better one of those that the server offers.
type Auth string

const (
	AuthPassword    Auth = "password"
	AuthOAuth       Auth = "oauth"
	AuthOAuthBearer Auth = "oauthbearer"
	AuthXOAuth2     Auth = "xoauth2"
)

// Mailbox is one configured mailbox.
type Mailbox struct {
	// Name is user, host and folder: what progress and lease are kept under, and
	// what operators see. It holds no password.
	Name     string
	Host     string // name or address, without port
	Addr     string // host and port
	TLS      bool
	User     string
	Auth     Auth
	Password string  // with AuthPassword
	Tokens   *Tokens // otherwise
	Folder   string
	After    After
	MoveTo   string // with AfterMove
}

// ParseURLs reads mailboxes that are separated by spaces, each as
// imaps://user:password@host[:port]/Folder?after=leave|seen|move:Folder, or
// without the password and with auth=oauth|xoauth2|oauthbearer[:client], where
// client is a key of clients ("" without one). Plain imap:// is for loopback only.
// All that is wrong is reported at once, and no error repeats a password.
func ParseURLs(text string, clients map[string]*Tokens) ([]Mailbox, error) {
	var boxes []Mailbox
	var problems []error
	names := map[string]bool{}
	for i, field := range strings.Fields(text) {
		m, err := parseURL(field, clients)
		if err == nil && names[m.Name] {
			err = errors.New("it is there twice")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("mailbox %d: %w", i+1, err))
			continue
		}
		names[m.Name] = true
		boxes = append(boxes, m)
	}
	return boxes, errors.Join(problems...)
}

func parseURL(text string, clients map[string]*Tokens) (Mailbox, error) {
	u, err := url.Parse(text)
	if err != nil { // the error of net/url repeats the URL
		return Mailbox{}, errors.New("it is no URL; write characters such as @ and / in a password as %40 and %2F")
	}
	m := Mailbox{Host: u.Hostname(), Folder: strings.TrimPrefix(u.Path, "/"), Auth: AuthPassword, After: AfterLeave}
	port := u.Port()
	switch u.Scheme {
	case "imaps":
		m.TLS = true
		if port == "" {
			port = "993"
		}
	case "imap":
		if !isLoopback(m.Host) {
			return Mailbox{}, errors.New("imap:// sends the password or token in the clear and is for this machine only; use imaps://")
		}
		if port == "" {
			port = "143"
		}
	default:
		return Mailbox{}, errors.New("it must begin with imaps://")
	}
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	m.User = u.User.Username()
	m.Addr = net.JoinHostPort(m.Host, port)
	m.Name = m.User + "@" + m.Host + "/" + m.Folder
	for key, values := range u.Query() {
		word, rest, _ := strings.Cut(values[len(values)-1], ":")
		switch key {
		case "after":
			err = m.after(After(word), rest)
		case "auth":
			err = m.auth(Auth(strings.ToLower(word)), strings.ToLower(rest), clients)
		default:
			err = fmt.Errorf("%q is no option; there are after and auth", key)
		}
		if err != nil {
			return Mailbox{}, err
		}
	}
	password, given := u.User.Password()
	m.Password = password
	switch {
	case m.Host == "":
		return Mailbox{}, errors.New("it names no host")
	case u.Fragment != "":
		return Mailbox{}, errors.New("write # in a password as %23")
	case m.Auth == AuthPassword && (m.User == "" || !given):
		return Mailbox{}, errors.New("it needs user:password@ in front of the host, or auth=oauth")
	case m.Auth != AuthPassword && (m.User == "" || given):
		return Mailbox{}, errors.New("with OAuth it needs user@ in front of the host, and no password")
	case m.Auth != AuthPassword && strings.ContainsFunc(m.User, unicode.IsControl):
		return Mailbox{}, errors.New("its user has a control character")
	}
	return m, nil
}

func (m *Mailbox) after(action After, folder string) error {
	m.After, m.MoveTo = action, folder
	switch {
	case (action == AfterLeave || action == AfterSeen) && folder == "":
	case action == AfterMove && folder != "" && folder != m.Folder:
	default:
		return errors.New("after is leave, seen, or move:Folder with another folder")
	}
	return nil
}

func (m *Mailbox) auth(auth Auth, client string, clients map[string]*Tokens) error {
	m.Auth = auth
	switch auth {
	case AuthPassword:
		if client != "" {
			return errors.New("auth=password takes no name")
		}
		return nil
	case AuthOAuth, AuthOAuthBearer, AuthXOAuth2:
		var there bool
		if m.Tokens, there = clients[client]; !there {
			variable := strings.ToUpper(strings.TrimPrefix(client+"_TOKEN_URL", "_"))
			return fmt.Errorf("there is no such OAuth client: OAUTH_%s and its like are not set", variable)
		}
		return nil
	}
	return errors.New("auth is password, oauth, xoauth2 or oauthbearer, the last three with :name of an OAuth client if it has one")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
