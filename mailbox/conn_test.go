package mailbox_test

import (
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// However often the library asks for bytes again, silence lasts once as long
// as the patience.
func TestSilenceIsTimedOnce(t *testing.T) {
	w := newWorld(t)
	p := newProxy(t, w.server.Addr)
	want := mails(0, 5)
	w.deliver(want...)
	c := w.config("one", w.box(p.addr(), ""))
	c.Patience = 2 * time.Second
	w.start(c)
	w.awaitReceived(want)

	p.hole.Store(true)
	silent := time.Now()
	before := p.opened.Load()
	testenv.Eventually(t, 20*time.Second, func() bool { return p.opened.Load() > before }, "the silent connection is given up")
	if took, limit := time.Since(silent), c.Poll+2*c.Patience; took > limit {
		t.Errorf("a silent connection was given up after %v; it should be %v and a moment", took, c.Poll+c.Patience)
	}
	// One that says nothing from the beginning, too.
	silent, before = time.Now(), p.opened.Load()
	testenv.Eventually(t, 20*time.Second, func() bool { return p.opened.Load() > before }, "the connection without a greeting is given up")
	if took, limit := time.Since(silent), 3*c.Patience/2; took > limit {
		t.Errorf("a connection without a greeting was given up after %v; it should be %v and a moment", took, c.Patience)
	}
}
