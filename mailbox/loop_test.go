package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/mailbox"
)

// imapClient signs in as another mail program would.
func (w *world) imapClient() *imapclient.Client {
	w.t.Helper()
	box := w.box("", "")
	c, err := imapclient.DialInsecure(box.Addr, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	if err := c.Login(box.User, box.Password).Wait(); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestEachMailIsReceivedWholeAndOnce(t *testing.T) {
	w := newWorld(t)
	want := mails(0, 120)
	large := append(mail(1000), bytes.Repeat([]byte("0123456789abcdef\r\n"), 200_000)...)
	want = append(want, large, []byte("\r\n"), []byte("no header"))
	w.deliver(want[:60]...)
	stop := w.start(w.config("one", w.box("", "")))
	w.awaitReceived(want[:60])
	w.deliver(want[60:]...)
	got := w.awaitReceived(want)
	for _, m := range got {
		if m.Channel != cases.ChannelEmail || m.Source != w.box("", "").Name || m.State != cases.MessageAccepted || m.Meta.ContentType != "message/rfc822" {
			t.Fatalf("a mail is %+v", m)
		}
	}

	// Another process goes on where this one stopped.
	stop()
	more := mails(200, 205)
	w.deliver(more...)
	want = append(want, more...)
	w.start(w.config("two", w.box("", "")))
	w.awaitReceived(want)

	p, err := w.store.MailboxProgress(t.Context(), w.box("", "").Name)
	if err != nil || p.LastUID != uint32(len(want)) || p.Received != int64(len(want)) || p.LastSuccess == nil || p.LastError != "" {
		t.Errorf("progress %+v, %v", p, err)
	}
	c := w.imapClient()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	unseen, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(unseen.AllUIDs()) != len(want) {
		t.Errorf("%d mails are not marked seen, want %d: %v", len(unseen.AllUIDs()), len(want), err)
	}
}

func TestMailReadElsewhereIsReceived(t *testing.T) {
	w := newWorld(t)
	want := mails(0, 3)
	w.deliver(want...)
	c := w.imapClient()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	var all imap.SeqSet
	all.AddRange(1, 0)
	if err := c.Store(all, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen, imap.FlagAnswered}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	w.start(w.config("one", w.box("", "")))
	w.awaitReceived(want)
}

func TestServerThatDiesIsReadAgain(t *testing.T) {
	w := newWorld(t)
	want := mails(0, 10)
	w.deliver(want...)
	w.start(w.config("one", w.box("", "")))
	w.awaitReceived(want)

	w.server.Kill()
	testenv.Eventually(t, 10*time.Second, func() bool {
		p, err := w.store.MailboxProgress(t.Context(), w.box("", "").Name)
		return err == nil && p.LastError != ""
	}, "the failure is recorded")
	more := mails(10, 20)
	w.deliver(more...)
	if err := w.server.Restart(); err != nil {
		t.Fatal(err)
	}
	w.awaitReceived(append(want, more...))
	testenv.Eventually(t, 10*time.Second, func() bool {
		p, err := w.store.MailboxProgress(t.Context(), w.box("", "").Name)
		return err == nil && p.LastError == ""
	}, "the failure is over")
}

func TestSilentConnectionIsRebuilt(t *testing.T) {
	w := newWorld(t)
	p := newProxy(t, w.server.Addr)
	want := mails(0, 5)
	w.deliver(want...)
	w.start(w.config("one", w.box(p.addr(), "")))
	w.awaitReceived(want)

	p.hole.Store(true)
	before := p.opened.Load()
	more := mails(5, 10)
	w.deliver(more...)
	testenv.Eventually(t, 20*time.Second, func() bool { return p.opened.Load() > before }, "the silent connection is given up")
	p.hole.Store(false)
	w.awaitReceived(append(want, more...))
}

func TestBrokenConnectionsLoseAndDoubleNothing(t *testing.T) {
	w := newWorld(t)
	p := newProxy(t, w.server.Addr)
	want := mails(0, 100)
	// A large one breaks off in the middle until the line is mended.
	want = append(want, append(mail(1000), bytes.Repeat([]byte("0123456789abcdef\r\n"), 80_000)...))
	want = append(want, mails(100, 150)...)
	w.deliver(want...)
	p.cutAfter.Store(20_000) // the listing and a few dozen mails
	w.start(w.config("one", w.box(p.addr(), "")))
	testenv.Eventually(t, 30*time.Second, func() bool { return len(w.received()) >= 100 }, "progress over broken connections")
	opened := p.opened.Load()
	testenv.Eventually(t, 30*time.Second, func() bool { return p.opened.Load() >= opened+3 }, "attempts at the large one")
	p.cutAfter.Store(0)
	w.awaitReceived(want)
}

// refolder makes a folder anew, so that it has another UIDVALIDITY, with mails.
func (w *world) refolder(name string, mails [][]byte) {
	w.t.Helper()
	c := w.imapClient()
	c.Delete(name).Wait() // the first time it is not there
	if err := c.Create(name, nil).Wait(); err != nil {
		w.t.Fatal(err)
	}
	for _, m := range mails {
		a := c.Append(name, int64(len(m)), nil)
		a.Write(m)
		if err := a.Close(); err != nil {
			w.t.Fatal(err)
		}
		if _, err := a.Wait(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestChangedUIDValidityRescansWithoutDoubles(t *testing.T) {
	w := newWorld(t)
	want := mails(0, 20)
	w.refolder("Reports", want)
	box := w.box("", "")
	box.Folder = "Reports"
	stop := w.start(w.config("one", box))
	w.awaitReceived(want)
	before, err := w.store.MailboxProgress(t.Context(), box.Name)
	if err != nil {
		t.Fatal(err)
	}
	stop()

	all := append([][]byte{mail(500)}, want...)
	w.refolder("Reports", all)
	w.start(w.config("one", box))
	w.awaitReceived(all)
	testenv.Eventually(t, 10*time.Second, func() bool {
		p, err := w.store.MailboxProgress(t.Context(), box.Name)
		return err == nil && p.UIDValidity != before.UIDValidity && p.LastUID == uint32(len(all))
	}, "progress under the new UIDVALIDITY")
}

func TestOneReaderAtATime(t *testing.T) {
	w := newWorld(t)
	var owners, most atomic.Int64
	start := func(holder string) func() {
		c := w.config(holder, w.box("", ""))
		owner := false
		c.Observe = func(s mailbox.Status) {
			if s.Owner != owner {
				owner = s.Owner
				if owner {
					most.Store(max(most.Load(), owners.Add(1)))
				} else {
					owners.Add(-1)
				}
			}
		}
		return w.start(c)
	}
	stopOne := start("one")
	testenv.Eventually(t, 10*time.Second, func() bool { return owners.Load() == 1 }, "an owner")
	start("two")
	want := mails(0, 50)
	w.deliver(want...)
	w.awaitReceived(want)
	if most.Load() != 1 {
		t.Errorf("%d readers owned the mailbox at once", most.Load())
	}
	owners.Store(0)
	stopOne()
	more := mails(50, 60)
	w.deliver(more...)
	w.awaitReceived(append(want, more...))
}

func TestReaderThatSleptThroughItsLeaseIsRefused(t *testing.T) {
	w := newWorld(t)
	box := w.box("", "")
	asleep := make(chan struct{})
	c := w.config("sleeper", box)
	c.LeaseTTL = 300 * time.Millisecond
	c.Desk = acceptFunc(func(ctx context.Context, in []cases.Delivery) ([]cases.Receipt, error) {
		<-asleep // as a process that is stopped in the middle
		_, err := w.desk.Accept(context.WithoutCancel(ctx), in)
		if !errors.Is(err, cases.ErrFenced) {
			t.Errorf("the old holder committed: %v", err)
		}
		return nil, err
	})
	c.Progress = noRenewal{c.Progress}
	w.deliver(mails(0, 5)...)
	stop := w.start(c)
	testenv.Eventually(t, 10*time.Second, func() bool {
		_, held, err := w.store.AcquireLease(t.Context(), time.Now(), "mailbox:"+box.Name, "heir", time.Minute)
		return err == nil && held
	}, "the lease to run out")
	close(asleep)
	stop()
	if got := w.received(); len(got) != 0 {
		t.Errorf("%d mails were committed", len(got))
	}
}

func TestLargeMailThatCannotBeKeptComesAgain(t *testing.T) {
	w := newWorld(t)
	want := [][]byte{append(mail(0), bytes.Repeat([]byte("0123456789abcdef\r\n"), 200_000)...), mail(1)}
	w.deliver(want...)
	c := w.config("one", w.box("", ""))
	var refused atomic.Bool
	c.Desk = acceptFunc(func(ctx context.Context, in []cases.Delivery) ([]cases.Receipt, error) {
		if !refused.Swap(true) { // before the body was read
			return nil, &cases.Error{Kind: cases.KindUnavailable, Message: "disk full"}
		}
		return w.desk.Accept(ctx, in)
	})
	w.start(c)
	w.awaitReceived(want)
}

type acceptFunc func(context.Context, []cases.Delivery) ([]cases.Receipt, error)

func (f acceptFunc) Accept(ctx context.Context, in []cases.Delivery) ([]cases.Receipt, error) {
	return f(ctx, in)
}

// noRenewal is a store that a stopped process does not reach.
type noRenewal struct{ mailbox.Progress }

func (noRenewal) RenewLease(context.Context, time.Time, cases.Lease, time.Duration) (bool, error) {
	return true, nil
}

func TestTooLargeMailIsQuarantinedAndTheNextGoesOn(t *testing.T) {
	w := newWorld(t)
	huge := append(mail(1), bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), cases.MaxMessageBytes/72+1)...)
	w.deliver(mail(0), huge, mail(2))
	w.start(w.config("one", w.box("", "")))
	testenv.Eventually(t, 30*time.Second, func() bool { return len(w.received()) == 3 }, "three messages")
	got := w.received()
	if got[1].State != cases.MessageQuarantined || !strings.Contains(got[1].Note, "64 MB") || got[1].Size != 256<<10 {
		t.Errorf("the huge one is %s, %q, %d bytes", got[1].State, got[1].Note, got[1].Size)
	}
	if got[0].State != cases.MessageAccepted || got[2].State != cases.MessageAccepted {
		t.Errorf("its neighbours are %s and %s", got[0].State, got[2].State)
	}
}

func TestMailThatKillsConnectionsIsQuarantined(t *testing.T) {
	w := newWorld(t)
	p := newProxy(t, w.server.Addr)
	p.poison = []byte("poison-5f3a")
	w.deliver(mail(0), mail(1), []byte("Subject: poison-5f3a\r\n\r\nx\r\n"), mail(3))
	c := w.config("one", w.box(p.addr(), ""))
	c.GiveUp = 100 * time.Millisecond
	w.start(c)
	testenv.Eventually(t, 30*time.Second, func() bool { return len(w.received()) == 4 }, "the other mails")
	got := w.received()
	if got[2].State != cases.MessageQuarantined || !strings.Contains(got[2].Note, "could not be fetched") {
		t.Errorf("the poison is %s, %q", got[2].State, got[2].Note)
	}
	if got[3].State != cases.MessageAccepted {
		t.Errorf("the next one is %s", got[3].State)
	}
}

func TestMailThatVanishesIsShown(t *testing.T) {
	w := newWorld(t)
	w.deliver(mails(0, 3)...)
	c := w.config("one", w.box("", ""))
	other := w.imapClient()
	if _, err := other.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	var deleted atomic.Bool
	c.Observe = func(s mailbox.Status) {
		if s.Behind == 0 || deleted.Swap(true) {
			return
		}
		// Listed, and not fetched yet.
		if err := other.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			t.Error(err)
		}
		if err := other.Expunge().Close(); err != nil {
			t.Error(err)
		}
	}
	w.start(c)
	testenv.Eventually(t, 30*time.Second, func() bool { return len(w.received()) == 3 }, "three messages")
	got := w.received()
	if got[1].State != cases.MessageQuarantined || !strings.Contains(got[1].Note, "gone") || got[1].Size != 0 {
		t.Errorf("the vanished one is %s, %q", got[1].State, got[1].Note)
	}
	if got[2].State != cases.MessageAccepted {
		t.Errorf("the next one is %s", got[2].State)
	}
}

func TestLargeMailNeedsLittleMemory(t *testing.T) {
	w := newWorldAlone(t) // it measures what the whole process allocates
	w.deliver(append(mail(1), bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 50<<20/72)...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.start(w.config("one", w.box("", "")))
	testenv.Eventually(t, 30*time.Second, func() bool { return len(w.received()) == 1 }, "the mail")
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 25<<20 {
		t.Errorf("receiving 50 MB allocated %d MB", used>>20)
	}
}

func TestWhatIsWrongIsRecorded(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*mailbox.Mailbox)
		want   string
	}{
		"password": {func(m *mailbox.Mailbox) { m.Password = "sesame" }, "refused the sign-in"},
		"folder":   {func(m *mailbox.Mailbox) { m.Folder = "Nowhere" }, "cannot be opened"},
		"TLS":      {func(m *mailbox.Mailbox) { m.TLS = true }, "connect to"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			box := w.box("", "")
			tc.change(&box)
			w.start(w.config("one", box))
			testenv.Eventually(t, 20*time.Second, func() bool {
				p, err := w.store.MailboxProgress(t.Context(), box.Name)
				return err == nil && strings.Contains(p.LastError, tc.want) && !strings.Contains(p.LastError, "sesame")
			}, "%q to be recorded", tc.want)
		})
	}
}
