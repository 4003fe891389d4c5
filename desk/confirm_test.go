package desk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// webForm is a delivery of the form's door.
func webForm(nonce, words string) cases.Delivery {
	body := "category=scam&reporter_email=jo@example.org&description=" + words
	return cases.Delivery{Channel: cases.ChannelWeb, DedupKey: "nonce:" + nonce, Body: strings.NewReader(body), Size: int64(len(body)),
		Meta: cases.Meta{ContentType: "application/x-www-form-urlencoded", RemoteIP: "192.0.2.77", Language: "fr"}}
}

// hold keeps a form and says by which link it is confirmed.
func (w *world) hold(nonce string) (cases.Receipt, string) {
	w.t.Helper()
	r, err := w.desk.Hold(w.t.Context(), webForm(nonce, "gift+cards"), "jo@example.org", "fr")
	w.must(err)
	return r, w.desk.confirmCode(r.Token)
}

// message reads a message from the database.
func (w *world) message(id int64) cases.Message {
	w.t.Helper()
	m, err := w.store.Message(w.t.Context(), id)
	w.must(err)
	return m
}

func TestAFormIsFiledOnceItIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r, code := w.hold("a")
		w.work()
		if w.reports() != 0 || w.message(r.MessageID).State != cases.MessageUnconfirmed || !strings.Contains(string(w.message(r.MessageID).Evidence), "gift") {
			t.Fatalf("held: %d reports, message %+v", w.reports(), w.message(r.MessageID))
		}
		if len(w.mail.letters) != 1 {
			t.Fatalf("%d letters", len(w.mail.letters))
		}
		l := w.mail.letters[0]
		if l.Sending.Kind != cases.SendingConfirmation || l.Sending.To != "jo@example.org" || l.Sending.Language != "fr" || l.Confirm != "/reports/"+r.Token+"/confirm/"+code {
			t.Errorf("letter %+v", l)
		}
		if strings.Contains(r.Token, code) || strings.Contains(code, r.Token) {
			t.Error("the status page's token is the code, which whoever sends the form is told")
		}
		for _, wrong := range []string{"", r.Token, code[1:], code + "0"} {
			_, err := w.desk.Confirm(t.Context(), r.Token, wrong)
			w.refused(err, cases.ErrNotFound, "")
		}
		// Twice at the same moment, and later again.
		var g sync.WaitGroup
		for range 2 {
			g.Go(func() {
				if _, err := w.desk.Confirm(t.Context(), r.Token, code); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		w.work()
		again, err := w.desk.Confirm(t.Context(), r.Token, code)
		w.must(err)
		if w.reports() != 1 || again.Filed == nil || again.Filed.NewReport || w.message(r.MessageID).State != cases.MessageFiled {
			t.Errorf("confirmed: %d reports, %+v", w.reports(), again)
		}
	})
}

func TestAHeldFormIsTheSameWhenItComesAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, code := w.hold("a")
		second, _ := w.hold("a")
		if second.Token != first.Token || !second.Duplicate {
			t.Errorf("first %+v, second %+v", first, second)
		}
		_, err := w.desk.Hold(t.Context(), webForm("a", "something+else"), "jo@example.org", "fr")
		w.refused(err, cases.ErrConflict, "")
		w.work()
		if n := len(w.mail.letters); n != 1 {
			t.Errorf("%d letters", n)
		}
		if _, err := w.desk.Confirm(t.Context(), first.Token, code); err != nil {
			t.Fatal(err)
		}
		// Sent once more after that, it is the report that there is.
		if third, _ := w.hold("a"); third.Token != first.Token || w.reports() != 1 {
			t.Errorf("third %+v, %d reports", third, w.reports())
		}
	})
}

func TestWhatIsNotConfirmedIsDropped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		late, code := w.hold("late")
		w.work()
		w.pass(time.Hour)
		unsent, _ := w.hold("unsent")
		w.pass(cases.ConfirmWithin - time.Hour)
		if n, err := w.store.DropUnconfirmed(t.Context(), w.clock(), 10); n != 1 || err != nil {
			t.Fatalf("%d dropped, %v; want the one that is seven days old", n, err)
		}
		m := w.message(late.MessageID)
		if m.State != cases.MessageDropped || m.Evidence != nil || m.Meta.RemoteIP != "" || m.SHA256 != late.SHA256 || m.Size == 0 {
			t.Errorf("what is left is %+v", m)
		}
		if s := w.mail.letters[0].Sending; w.sending(s.ID).To != "" {
			t.Error("the address is kept")
		}
		_, err := w.desk.Confirm(t.Context(), late.Token, code)
		w.refused(err, cases.ErrNotFound, "not confirmed in time")
		events, err := w.desk.Events(t.Context(), admin, cases.EventQuery{ObjectKind: "message", Limit: cases.MaxPage})
		w.must(err)
		if len(events.Items) != 1 || events.Items[0].Command != "message.dropped" || events.Items[0].Data["sha256"] != late.SHA256 {
			t.Errorf("the log says %+v", events.Items)
		}
		// A letter that did not go out by then does not go out any more.
		w.pass(time.Hour)
		if n, err := w.store.DropUnconfirmed(t.Context(), w.clock(), 10); n != 1 || err != nil {
			t.Fatalf("%d dropped, %v", n, err)
		}
		w.work()
		if len(w.mail.letters) != 1 || w.reports() != 0 || w.message(unsent.MessageID).State != cases.MessageDropped {
			t.Errorf("%d letters, %d reports", len(w.mail.letters), w.reports())
		}
	})
}

// The letter takes the path of all others: what nobody knows the end of is not
// repeated.
func TestAConfirmationIsAttemptedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.mail.answer = func(context.Context) (cases.Outcome, error) { return cases.Outcome{}, errors.New("the line went dead") }
		r, code := w.hold("a")
		w.work()
		w.work()
		if n := len(w.mail.letters); n != 1 || w.sending(w.mail.letters[0].Sending.ID).State != cases.SendingUnknown {
			t.Errorf("%d attempts", n)
		}
		if sub, err := w.desk.Confirm(t.Context(), r.Token, code); err != nil || sub.Filed == nil {
			t.Errorf("it arrived all the same: %+v, %v", sub, err)
		}
	})
}
