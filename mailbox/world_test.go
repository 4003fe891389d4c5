package mailbox_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/evidence"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/mailbox"
	"github.com/abusedesk/abusedesk/store"
)

// world is a mail server with one mailbox, and a desk with a database.
type world struct {
	t      *testing.T
	server *testenv.MailServer
	store  *store.Store
	vault  *evidence.Vault
	desk   *desk.Desk
	log    *lines

	known map[int64]cases.Message // read from the database so far
}

// lines keeps the log for when a test fails.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const user = "abuse"

// newWorld is for tests that run beside others.
func newWorld(t *testing.T, options ...testenv.MailOption) *world {
	t.Helper()
	t.Parallel()
	return newWorldAlone(t, options...)
}

func newWorldAlone(t *testing.T, options ...testenv.MailOption) *world {
	t.Helper()
	w := &world{t: t, server: testenv.Dovecot(t, options...), log: &lines{}, known: map[int64]cases.Message{}}
	if _, err := w.server.AddUser(user); err != nil {
		t.Fatal(err)
	}
	w.store = storetest.SQLite(t)
	var err error
	if w.vault, err = evidence.Open(t.Context(), evidence.Config{DataDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.vault.Close() })
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.desk = desk.New(desk.Config{Store: w.store, Vault: w.vault, Now: time.Now, Log: log})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", w.log)
		}
	})
	return w
}

// box is the mailbox, reached at addr ("" directly), with parameters.
func (w *world) box(addr, parameters string) mailbox.Mailbox {
	w.t.Helper()
	u := w.server.URL(user) + parameters
	if addr != "" {
		u = strings.Replace(u, w.server.Addr, addr, 1)
	}
	boxes, err := mailbox.ParseURLs(u, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return boxes[0]
}

// config is that of an impatient reader.
func (w *world) config(holder string, box mailbox.Mailbox) mailbox.Config {
	return mailbox.Config{
		Mailboxes: []mailbox.Mailbox{box}, Desk: w.desk, Progress: w.store, Holder: holder, Now: time.Now,
		Log:  slog.New(slog.NewTextHandler(w.log, nil)).With("holder", holder),
		Poll: 100 * time.Millisecond, Patience: time.Second, LeaseTTL: 2 * time.Second,
		Pause: func(int) time.Duration { return 50 * time.Millisecond },
	}
}

// start runs a reader until the returned function is called or the test ends.
func (w *world) start(c mailbox.Config) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := mailbox.New(c).Run(ctx); err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func mail(n int) []byte {
	return []byte(fmt.Sprintf("From: reporter%d@example.org\r\nSubject: report %d\r\nMessage-ID: <%d@example.org>\r\n\r\ncalled from 202-555-%04d; raw \xff\xfe bytes\r\n", n, n, n, n))
}

func (w *world) deliver(mails ...[]byte) {
	w.t.Helper()
	for _, m := range mails {
		if err := w.server.Deliver(user, m); err != nil {
			w.t.Fatal(err)
		}
	}
}

func mails(from, to int) (out [][]byte) {
	for n := from; n < to; n++ {
		out = append(out, mail(n))
	}
	return out
}

// received is every message of the database, in the order of their ids, which
// have gaps where a mail was there already.
func (w *world) received() []cases.Message {
	const gap = 60
	var out []cases.Message
	for id, last := int64(1), int64(0); id <= last+gap; id++ {
		m, known := w.known[id]
		if !known {
			var err error
			if m, err = w.store.Message(context.Background(), id); err != nil {
				continue
			}
			w.known[id] = m
		}
		out = append(out, m)
		last = id
	}
	return out
}

// awaitReceived waits until the n mails are there, and checks that they are
// those wanted, whole and once.
func (w *world) awaitReceived(want [][]byte) []cases.Message {
	w.t.Helper()
	testenv.Eventually(w.t, 30*time.Second, func() bool { return len(w.received()) >= len(want) }, "%d mails", len(want))
	got := w.received()
	var bodies []string
	for _, m := range got {
		r, err := w.vault.Open(w.t.Context(), m.Kept())
		if err != nil {
			w.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Close()
		bodies = append(bodies, string(b))
	}
	var wanted []string
	for _, m := range want {
		wanted = append(wanted, string(m))
	}
	slices.Sort(bodies)
	slices.Sort(wanted)
	if !slices.Equal(bodies, wanted) {
		w.t.Errorf("received %d mails that are not the %d delivered, whole and once", len(bodies), len(wanted))
	}
	return got
}

// proxy stands between reader and server and can break in interesting ways.
type proxy struct {
	listener net.Listener
	target   string
	hole     atomic.Bool  // bytes go nowhere, connections stay
	cutAfter atomic.Int64 // bytes from the server after which a connection is cut; 0 never
	poison   []byte       // a connection is cut when this comes from the server
	opened   atomic.Int64
}

func newProxy(t *testing.T, target string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.opened.Add(1)
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		p.pass(server, client, false)
	}()
	p.pass(client, server, true)
}

func (p *proxy) pass(to, from net.Conn, fromServer bool) {
	b := make([]byte, 4096)
	var passed int64
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if p.hole.Load() {
			continue
		}
		passed += int64(n)
		if fromServer && p.poison != nil && bytes.Contains(b[:n], p.poison) {
			return
		}
		if cut := p.cutAfter.Load(); fromServer && cut > 0 && passed > cut {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
