package mailbox_test

import (
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/mailbox"
)

// receipts receives n mails and returns where they were read.
func (w *world) receipts(n int) []cases.MailReceipt {
	w.t.Helper()
	w.deliver(mails(0, n)...)
	stop := w.start(w.config("one", w.box("", "")))
	w.awaitReceived(mails(0, n))
	stop()
	var out []cases.MailReceipt
	for id := range n {
		rs, err := w.store.MailReceipts(w.t.Context(), []int64{int64(id + 1)})
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, rs[0])
	}
	return out
}

func (w *world) count(folder string) int {
	w.t.Helper()
	got, err := w.server.Messages(user, folder)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(got)
}

func TestActMovesOnce(t *testing.T) {
	for name, folder := range map[string]string{"a folder": "Filed", "a folder that is missing": "Done"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			rs := w.receipts(3)
			a := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=move:"+folder)}, nil, time.Second)
			defer a.Close()
			for range 2 { // the second time there is nothing left to do
				if err := a.Act(t.Context(), rs[1]); err != nil {
					t.Fatal(err)
				}
			}
			if w.count("INBOX") != 2 || w.count(folder) != 1 {
				t.Errorf("%d in INBOX, %d in %s", w.count("INBOX"), w.count(folder), folder)
			}
		})
	}
}

// Mails of several numberings and boxes in one go.
func TestActTogether(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(5)
	a := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=move:Filed")}, nil, time.Second)
	defer a.Close()
	other, old := rs[4], rs[3]
	other.Mailbox, old.UIDValidity = "somebody@elsewhere/INBOX", old.UIDValidity-1
	if err := a.Act(t.Context(), rs[0], rs[1], rs[1], old, other); err != nil {
		t.Fatal(err)
	}
	if w.count("INBOX") != 3 || w.count("Filed") != 2 {
		t.Errorf("%d in INBOX, %d in Filed", w.count("INBOX"), w.count("Filed"))
	}
}

// The connection is kept between actions, and its view of the folder is old.
func TestActOnAMailThatCameSinceTheLastAction(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(1)
	a := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=move:Filed")}, nil, time.Second)
	defer a.Close()
	if err := a.Act(t.Context(), rs[0]); err != nil {
		t.Fatal(err)
	}
	w.deliver(mails(1, 2)...)
	next := rs[0]
	next.UID++
	if err := a.Act(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if w.count("INBOX") != 0 || w.count("Filed") != 2 {
		t.Errorf("%d in INBOX, %d in Filed", w.count("INBOX"), w.count("Filed"))
	}
}

func TestActMarksSeen(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(3)
	a := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=seen")}, nil, time.Second)
	defer a.Close()
	if err := a.Act(t.Context(), rs[0]); err != nil {
		t.Fatal(err)
	}
	c := w.imapClient()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	seen, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(seen.AllUIDs()) != 1 || uint32(seen.AllUIDs()[0]) != rs[0].UID {
		t.Errorf("seen: %v, %v", seen.AllUIDs(), err)
	}
}

func TestActLeavesAlone(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(1)
	other, anew := rs[0], rs[0]
	other.Mailbox = "no longer configured"
	anew.UIDValidity++
	left := mailbox.NewActor([]mailbox.Mailbox{w.box("", "")}, nil, time.Second)
	moved := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=move:Filed")}, nil, time.Second)
	defer moved.Close()
	for _, try := range []struct {
		a *mailbox.Actor
		r cases.MailReceipt
	}{{left, rs[0]}, {moved, other}, {moved, anew}} {
		if err := try.a.Act(t.Context(), try.r); err != nil {
			t.Error(err)
		}
	}
	if w.count("INBOX") != 1 {
		t.Error("the mail was moved")
	}
}

func TestActReconnects(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(2)
	a := mailbox.NewActor([]mailbox.Mailbox{w.box("", "?after=move:Filed")}, nil, time.Second)
	defer a.Close()
	if err := a.Act(t.Context(), rs[0]); err != nil {
		t.Fatal(err)
	}
	w.server.Kill()
	if err := a.Act(t.Context(), rs[1]); err == nil {
		t.Error("moved without a server")
	}
	if err := w.server.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := a.Act(t.Context(), rs[1]); err != nil {
		t.Error(err)
	}
	if w.count("INBOX") != 0 || w.count("Filed") != 2 {
		t.Errorf("%d in INBOX, %d in Filed", w.count("INBOX"), w.count("Filed"))
	}
}

// A server that falls silent holds up one action, and not all who have some:
// they are workers that other things need.
func TestActDoesNotQueueBehindASilentServer(t *testing.T) {
	w := newWorld(t)
	rs := w.receipts(4)
	p := newProxy(t, w.server.Addr)
	a := mailbox.NewActor([]mailbox.Mailbox{w.box(p.addr(), "?after=move:Filed")}, nil, 12*time.Second)
	defer a.Close()
	if err := a.Act(t.Context(), rs[0]); err != nil {
		t.Fatal(err)
	}
	p.hole.Store(true)
	began := time.Now()
	acted := make(chan error, 3)
	for _, r := range rs[1:] {
		go func() { acted <- a.Act(t.Context(), r) }()
	}
	for range 2 {
		if err := <-acted; err == nil {
			t.Error("moved by a silent server")
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the others waited %v for a silent server", took)
	}
	p.hole.Store(false)
	testenv.Eventually(t, 60*time.Second, func() bool {
		for _, r := range rs[1:] {
			if err := a.Act(t.Context(), r); err != nil {
				return false
			}
		}
		return true
	}, "the server to be asked again")
	if w.count("INBOX") != 0 || w.count("Filed") != 4 {
		t.Errorf("%d in INBOX, %d in Filed", w.count("INBOX"), w.count("Filed"))
	}
}
