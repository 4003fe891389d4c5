package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// imapProxy stands between the desk and one of its mailboxes, and breaks what
// passes. It knows just enough of IMAP to break it where it hurts.
type imapProxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	rand  *rand.Rand
	conns map[*proxied]bool

	// What is to be broken next, and how often.
	cut   int // literals that end somewhere in the middle, with the connection
	holes int // literals after whose announcement nothing comes any more, on a connection that stays
	stuck int // actions (STORE, MOVE) that get no answer, on a connection that stays
	deaf  int // connections that are taken and get no greeting

	halves    int // mails that were cut
	silentAt  map[bool]time.Time
	rebuilt   map[bool][]time.Duration // how long it took to replace a silent connection of the reader (true) and of the actor
	swallowed int                      // connections that fell silent
}

// proxied is one connection of the desk's.
type proxied struct {
	client, server net.Conn
	known          bool // it has opened its folder
	reads          bool // to read; else to act
	silent         bool
}

func newIMAPProxy(t *testing.T, target string, seed uint64) *imapProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &imapProxy{listener: l, target: target, rand: rand.New(rand.NewPCG(seed, 3)), conns: map[*proxied]bool{},
		silentAt: map[bool]time.Time{}, rebuilt: map[bool][]time.Duration{}}
	t.Cleanup(func() { l.Close(); p.drop() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// drop breaks all connections.
func (p *imapProxy) drop() { p.dropThose(func(*proxied) bool { return true }) }

// dropReaders breaks those that mails are read on.
func (p *imapProxy) dropReaders() { p.dropThose(func(c *proxied) bool { return c.reads }) }

func (p *imapProxy) dropThose(which func(*proxied) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if which(c) {
			c.close()
		}
	}
}

// hush lets all connections be, but nothing passes any more.
func (p *imapProxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		p.silence(c, c.reads)
	}
}

// silence is called with the lock held.
func (p *imapProxy) silence(c *proxied, reads bool) {
	c.silent = true
	p.swallowed++
	if p.silentAt[reads].IsZero() {
		p.silentAt[reads] = time.Now()
	}
}

func (p *imapProxy) arm(change func(*imapProxy)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// replaced says how long silent connections of the reader or the actor lasted
// until another was in their place.
func (p *imapProxy) replaced(reads bool) []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]time.Duration(nil), p.rebuilt[reads]...)
}

func (c *proxied) close() {
	c.client.Close()
	if c.server != nil {
		c.server.Close()
	}
}

func (p *imapProxy) serve(client net.Conn) {
	c := &proxied{client: client}
	p.mu.Lock()
	p.conns[c] = true
	deaf := p.deaf > 0
	if deaf {
		p.deaf--
		p.silence(c, true)
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
		c.close()
	}()
	if deaf {
		io.Copy(io.Discard, client)
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	p.mu.Lock()
	c.server = server
	p.mu.Unlock()
	go func() {
		defer c.close()
		p.pass(server, client, func(b []byte) ([]byte, bool) { return p.fromDesk(c, b), true })
	}()
	left := -1 // bytes until a literal is cut
	p.pass(client, server, func(b []byte) ([]byte, bool) {
		b, left = p.fromServer(c, b, left)
		return b, left != 0
	})
}

// pass copies what alter leaves, until it says to stop.
func (p *imapProxy) pass(to, from net.Conn, alter func([]byte) ([]byte, bool)) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		out, ok := alter(b[:n])
		if len(out) > 0 {
			if _, err := to.Write(out); err != nil {
				return
			}
		}
		if !ok {
			return
		}
	}
}

// fromDesk looks at commands. One that will get no answer reaches the server
// all the same or not, like in a network.
func (p *imapProxy) fromDesk(c *proxied, b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.silent {
		return nil
	}
	opens := bytes.Contains(b, []byte(" EXAMINE "))
	if opens || bytes.Contains(b, []byte(" SELECT ")) {
		c.known, c.reads = true, opens
		if at := p.silentAt[c.reads]; !at.IsZero() {
			p.rebuilt[c.reads] = append(p.rebuilt[c.reads], time.Since(at))
			delete(p.silentAt, c.reads)
		}
	}
	if c.known && !c.reads && p.stuck > 0 && (bytes.Contains(b, []byte(" MOVE ")) || bytes.Contains(b, []byte(" STORE "))) {
		p.stuck--
		p.silence(c, false)
		if p.rand.IntN(2) == 0 {
			return nil
		}
	}
	return b
}

var literal = regexp.MustCompile(`BODY\[\] \{(\d+)\}\r\n`)

// fromServer looks at answers. left is how much of a literal passes before it is cut.
func (p *imapProxy) fromServer(c *proxied, b []byte, left int) ([]byte, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.silent {
		return nil, left
	}
	if m := literal.FindSubmatchIndex(b); m != nil && left < 0 && c.reads {
		switch size, err := strconv.Atoi(string(b[m[2]:m[3]])); {
		case err != nil || size < 2:
		case p.cut > 0:
			p.cut--
			left = m[1] + 1 + p.rand.IntN(size-1)
		case p.holes > 0:
			p.holes--
			p.silence(c, true)
			return b[:min(m[1]+p.rand.IntN(size), len(b))], left
		}
	}
	if left < 0 {
		return b, left
	}
	if len(b) >= left {
		p.halves++
		return b[:left], 0
	}
	return b, left - len(b)
}
