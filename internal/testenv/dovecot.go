package testenv

import (
	"bufio"
	"crypto/rand"
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// MailServer is a Dovecot that serves IMAP without TLS on a loopback port.
// Its methods may be called from several goroutines, except Kill, Restart and Stop.
type MailServer struct {
	// Addr is the host and port of IMAP, the same over Kill and Restart.
	Addr string

	as      *account
	program string
	dir     string
	release func()
	process *Process
	// introspection is where tokens are asked about; empty is only passwords.
	introspection string

	mu        sync.Mutex
	passwords map[string]string
	delivered int
}

// MailOption sets a mail server up in another way.
type MailOption func(*MailServer)

// WithTokens lets users sign in with access tokens too, by OAUTHBEARER and
// XOAUTH2. For each one the server asks the URL (RFC 7662) whether it is active,
// and for which username.
func WithTokens(introspection string) MailOption {
	return func(s *MailServer) { s.introspection = introspection }
}

// Dovecot starts a mail server of this test's own, without users. Each user
// that is added has an INBOX and an empty folder Filed.
func Dovecot(t testing.TB, options ...MailOption) *MailServer {
	t.Helper()
	s, err := StartDovecot(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Dovecot's log:\n%s", tail(s.process.Output(), 8<<10))
		}
		s.Stop()
	})
	return s
}

// StartDovecot starts a mail server that lives until Stop, or else as long as
// this process.
func StartDovecot(options ...MailOption) (*MailServer, error) {
	program, err := debian.find(dovecotProgram, dovecotPackage)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	dir, err := serverDir("dovecot", as)
	if err != nil {
		release()
		return nil, err
	}
	s := &MailServer{
		Addr:    fmt.Sprintf("127.0.0.1:%d", port),
		as:      as,
		program: program,
		dir:     dir,
		release: release,

		passwords: map[string]string{},
	}
	for _, option := range options {
		option(s)
	}
	err = s.configure(port)
	if err == nil {
		err = s.Restart()
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// dovecotProgram locates Dovecot, whose IMAP part is a package of its own.
func dovecotProgram() (string, bool) {
	if _, err := os.Stat("/usr/lib/dovecot/imap"); err != nil {
		return "", false
	}
	return inPath("dovecot")()
}

//go:embed dovecot.conf.tmpl
var dovecotConf string

var dovecotTemplate = template.Must(template.New("dovecot.conf").Parse(dovecotConf))

// oauth2Conf is read with introspection only.
const oauth2Conf = `introspection_mode = post
introspection_url = %s
username_attribute = username
active_attribute = active
active_value = true
timeout_msecs = 5000
`

func (s *MailServer) configure(port int) error {
	var conf strings.Builder
	err := dovecotTemplate.Execute(&conf, map[string]any{
		"Dir": s.dir, "Port": port, "User": s.as.user, "Group": s.as.group, "UID": s.as.uid, "GID": s.as.gid,
		"Introspection": s.introspection,
	})
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"dovecot.conf": conf.String(), "oauth2.conf": fmt.Sprintf(oauth2Conf, s.introspection), "users": ""} {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
		if err := s.as.own(path); err != nil {
			return err
		}
	}
	return s.mkdir(filepath.Join(s.dir, "mail"))
}

func (s *MailServer) mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return s.as.own(dir)
}

// Restart starts the server again after Kill, on the same port and mail, and
// waits until it greets.
func (s *MailServer) Restart() error {
	cmd := s.as.command(s.dir, s.program, "-F", "-c", filepath.Join(s.dir, "dovecot.conf"))
	process, err := start(cmd, filepath.Join(s.dir, "log"), syscall.SIGTERM)
	if err != nil {
		return err
	}
	s.process = process
	return ready("Dovecot", process, func() error {
		conn, err := net.DialTimeout("tcp", s.Addr, 5*time.Second)
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		greeting, err := bufio.NewReader(conn).ReadString('\n')
		if err == nil && !strings.HasPrefix(greeting, "* OK") {
			err = fmt.Errorf("greeting %q", greeting)
		}
		return err
	})
}

// AddUser adds a user without mail and returns the password.
// Names are of letters, digits and ".-_@".
func (s *MailServer) AddUser(name string) (password string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maildir := s.maildir(name)
	for _, dir := range []string{filepath.Dir(maildir), maildir, maildir + "/cur", maildir + "/new", maildir + "/tmp"} {
		if err := s.mkdir(dir); err != nil {
			return "", err
		}
	}
	users, err := os.OpenFile(filepath.Join(s.dir, "users"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	defer users.Close()
	password = rand.Text()
	if _, err := fmt.Fprintf(users, "%s:{PLAIN}%s\n", name, password); err != nil {
		return "", err
	}
	s.passwords[name] = password
	return password, users.Close()
}

// URL is the IMAP URL of a user's INBOX with the password in it, to which
// parameters can be appended: imap://user:password@127.0.0.1:port/INBOX.
func (s *MailServer) URL(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := url.URL{Scheme: "imap", User: url.UserPassword(user, s.passwords[user]), Host: s.Addr, Path: "/INBOX"}
	return u.String()
}

// Deliver puts a message into a user's INBOX as a mail server's last hop does,
// and returns once it is there. A line may end in CRLF or LF; Dovecot serves the
// bytes of a message in CRLF as they are. It works while the server is down.
func (s *MailServer) Deliver(user string, raw []byte) error {
	s.mu.Lock()
	s.delivered++
	// Unique and rising, since Dovecot numbers new mails by the order of names.
	name := fmt.Sprintf("%d.M%dQ%06d.testenv", time.Now().Unix(), time.Now().Nanosecond()/1000, s.delivered)
	s.mu.Unlock()

	tmp := filepath.Join(s.maildir(user), "tmp", name)
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("deliver to %s: %w", user, err)
	}
	if err := s.as.own(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(s.maildir(user), "new", name))
}

// Messages returns the bytes of the messages that lie in a user's folder
// ("INBOX", "Filed"), in no order, read from the disk behind Dovecot's back.
func (s *MailServer) Messages(user, folder string) ([][]byte, error) {
	dir := s.maildir(user)
	if folder != "INBOX" {
		dir = filepath.Join(dir, "."+folder)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "[cn]*", "[0-9]*"))
	if err != nil {
		return nil, err
	}
	var messages [][]byte
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue // moved or flagged meanwhile
		}
		if err != nil {
			return nil, err
		}
		messages = append(messages, raw)
	}
	return messages, nil
}

// Renumber makes the server count the mails of a user's INBOX anew, under
// another UIDVALIDITY, as a restored or migrated mail store does. Open
// connections find it out by themselves. It fails while the server has not
// numbered anything yet.
func (s *MailServer) Renumber(user string) error {
	path := filepath.Join(s.maildir(user), "dovecot-uidlist")
	list, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// "3 V1795523461 N4 G54b0…": the rest says which mail has which number.
	header, _, _ := strings.Cut(string(list), "\n")
	fields := strings.Fields(header)
	for i, f := range fields {
		switch f[0] {
		case 'V':
			n, err := strconv.ParseUint(f[1:], 10, 32)
			if err != nil {
				return fmt.Errorf("%s begins with %q", path, header)
			}
			fields[i] = fmt.Sprintf("V%d", n+1)
		case 'N':
			fields[i] = "N1"
		}
	}
	if err := os.WriteFile(path+".testenv", []byte(strings.Join(fields, " ")+"\n"), 0o600); err != nil {
		return err
	}
	if err := s.as.own(path + ".testenv"); err != nil {
		return err
	}
	return os.Rename(path+".testenv", path)
}

func (s *MailServer) maildir(user string) string {
	return filepath.Join(s.dir, "mail", user, "Maildir")
}

// Kill ends the server and all its connections. It returns when the port is
// closed: login processes hold it too, and end a moment after their master.
func (s *MailServer) Kill() {
	s.process.Kill()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err != nil {
			return
		}
		c.Close()
	}
}

// Stop ends the server and removes its mail.
func (s *MailServer) Stop() {
	if s.process != nil {
		s.process.Kill() // in order it takes a second
	}
	s.release()
	os.RemoveAll(s.dir)
}
