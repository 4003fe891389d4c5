package mailbox

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// After is what is done to a mail once it is received.
type After string

const (
	AfterLeave After = "leave"
	AfterSeen  After = "seen"
	AfterMove  After = "move"
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
	Password string
	Folder   string
	After    After
	MoveTo   string // with AfterMove
}

// ParseURLs reads mailboxes that are separated by spaces, each as
// imaps://user:password@host[:port]/Folder?after=leave|seen|move:Folder. Plain
// imap:// is for loopback only. All that is wrong is reported at once, and no
// error repeats a password.
func ParseURLs(text string) ([]Mailbox, error) {
	var boxes []Mailbox
	var problems []error
	names := map[string]bool{}
	for i, field := range strings.Fields(text) {
		m, err := parseURL(field)
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

func parseURL(text string) (Mailbox, error) {
	u, err := url.Parse(text)
	if err != nil { // the error of net/url repeats the URL
		return Mailbox{}, errors.New("it is no URL; write characters such as @ and / in a password as %40 and %2F")
	}
	m := Mailbox{Host: u.Hostname(), Folder: strings.TrimPrefix(u.Path, "/"), After: AfterLeave}
	port := u.Port()
	switch u.Scheme {
	case "imaps":
		m.TLS = true
		if port == "" {
			port = "993"
		}
	case "imap":
		if !isLoopback(m.Host) {
			return Mailbox{}, errors.New("imap:// sends the password in the clear and is for this machine only; use imaps://")
		}
		if port == "" {
			port = "143"
		}
	default:
		return Mailbox{}, errors.New("it must begin with imaps://")
	}
	m.User = u.User.Username()
	password, given := u.User.Password()
	m.Password = password
	switch {
	case m.Host == "":
		return Mailbox{}, errors.New("it names no host")
	case m.User == "" || !given:
		return Mailbox{}, errors.New("it needs user:password@ in front of the host")
	case u.Fragment != "":
		return Mailbox{}, errors.New("write # in a password as %23")
	}
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	m.Addr = net.JoinHostPort(m.Host, port)
	m.Name = m.User + "@" + m.Host + "/" + m.Folder
	for key, values := range u.Query() {
		if key != "after" {
			return Mailbox{}, fmt.Errorf("%q is no option; there is only after", key)
		}
		action, folder, _ := strings.Cut(values[len(values)-1], ":")
		m.After, m.MoveTo = After(action), folder
		switch {
		case (m.After == AfterLeave || m.After == AfterSeen) && folder == "":
		case m.After == AfterMove && folder != "" && folder != m.Folder:
		default:
			return Mailbox{}, errors.New("after is leave, seen, or move:Folder with another folder")
		}
	}
	return m, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
