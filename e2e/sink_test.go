package e2e

import (
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// sink is the mail server that the desk sends through. It keeps what it took.
type sink struct {
	addr string
	end  chan struct{} // closed with the test

	mu       sync.Mutex
	taken    []sent
	attempts int             // to the address that never gets an answer
	lost     map[string]bool // Message-IDs of mails that were taken without an answer
	refused  int             // attempts that were told to come again

	// mood, when set, says how the next attempt goes; called under the lock.
	mood func() mood
}

// mood is what the sink does with an attempt.
type mood int

const (
	takes   mood = iota
	later        // 451 instead of a recipient
	toolate      // 451 after the final dot
	loses        // takes the mail, and closes the connection instead of answering
)

// silent is an address whose mails the sink takes whole and never answers.
const silent = "silent@example.net"

// sent is a mail that the desk sent.
type sent struct {
	to  string
	raw string
}

func newSink(t testing.TB) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{addr: l.Addr().String(), end: make(chan struct{}), lost: map[string]bool{}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: s, conn: c}, nil }))
	server.Domain = "sink.example"
	go server.Serve(l)
	t.Cleanup(func() { close(s.end); server.Close() })
	return s
}

// to returns what was sent to an address.
func (s *sink) to(address string) []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sent
	for _, m := range s.taken {
		if strings.EqualFold(m.to, address) {
			out = append(out, m)
		}
	}
	return out
}

// unanswered counts the mails to the silent address.
func (s *sink) unanswered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// perRecipient counts the mails to each address.
func (s *sink) perRecipient() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, m := range s.taken {
		n[strings.ToLower(m.to)]++
	}
	return n
}

// perMessageID counts the mails under each Message-ID.
func (s *sink) perMessageID() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{}
	for _, m := range s.taken {
		n[messageID(m.raw)]++
	}
	return n
}

func messageID(raw string) string {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get("Message-ID"), "<>")
}

type sinkSession struct {
	sink *sink
	conn *smtp.Conn
	to   []string
	mood mood
}

var comeAgain = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not now"}

func (s *sinkSession) Reset()                               { s.to = nil }
func (s *sinkSession) Logout() error                        { return nil }
func (s *sinkSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.mood != nil {
		s.mood = s.sink.mood()
	}
	if s.mood == later {
		s.sink.refused++
		return comeAgain
	}
	s.to = append(s.to, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // the desk died in the middle: not taken
	}
	if len(s.to) == 1 && s.to[0] == silent {
		s.sink.mu.Lock()
		s.sink.attempts++
		s.sink.mu.Unlock()
		<-s.sink.end
		return io.ErrClosedPipe
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.mood == toolate {
		s.sink.refused++
		return comeAgain
	}
	for _, to := range s.to {
		s.sink.taken = append(s.sink.taken, sent{to, string(raw)})
	}
	if s.mood == loses {
		s.sink.lost[messageID(string(raw))] = true
		return s.conn.Conn().Close()
	}
	return nil
}
