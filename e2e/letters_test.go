package e2e

import (
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// letter waits for the nth mail to an address and reads it.
func (d *desk) letter(to string, n int) *mail.Message {
	d.t.Helper()
	testenv.Eventually(d.t, 30*time.Second, func() bool { return len(d.sink.to(to)) >= n }, "mail %d to %s", n, to)
	m, err := mail.ReadMessage(strings.NewReader(d.sink.to(to)[n-1].raw))
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) receive(lines ...string) {
	d.t.Helper()
	if err := d.mailbox.Deliver(mailUser, []byte(strings.Join(lines, "\r\n")+"\r\n")); err != nil {
		d.t.Fatal(err)
	}
}

// A reporter is acknowledged, asked, answers by a program that keeps only the
// address, learns how the case ended, and writes again; then mail to him comes
// back, and he is not written to any more.
func TestLettersAndTheirAnswers(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.env["MAIL_SUBADDRESS"] = "true"
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		ctx := t.Context()
		const jane = "jane@example.org"
		d.receive("From: Jane <"+jane+">", "To: abuse@carrier.example", "Subject: robocall", "Message-ID: <1@example.org>", "",
			"I got a robocall from +1 202 555 0143.")
		acknowledged := d.letter(jane, 1)
		subject := acknowledged.Header.Get("Subject")
		ref := subject[strings.Index(subject, "AB-"):strings.LastIndex(subject, ")")]
		state := func(want cases.State, what string) {
			t.Helper()
			d.wait(ana, ref, what, func(c simulate.Case) bool { return c.State == want })
		}

		ask := func(text string) error {
			return ana.Do(ctx, http.MethodPost, "/api/v1/cases/"+url.PathEscape(ref)+"/questions", map[string]string{"text": text}, nil)
		}
		if err := ask("Which number did you see?"); err != nil {
			t.Fatal(err)
		}
		question := d.letter(jane, 2)
		state(cases.StateAwaitingReporter, "the case to wait for her")
		back, err := mail.ParseAddress(question.Header.Get("Reply-To"))
		if err != nil {
			t.Fatal(err)
		}
		d.receive("From: "+jane, "To: "+back.Address, "Subject: hello", "", "It was 202-555-0143, and they asked for a gift card.")
		state(cases.StateOpen, "the answer to be found")

		seen, err := ana.Case(ctx, ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := ana.Resolve(ctx, ref, seen.Version, cases.DispositionInsufficient, "Nothing to go by."); err != nil {
			t.Fatal(err)
		}
		outcome := d.letter(jane, 3)
		d.receive("From: "+jane, "To: abuse@carrier.example", "Subject: Re: x", "In-Reply-To: "+outcome.Header.Get("Message-ID"), "", "They called again today.")
		state(cases.StateNew, "her answer to reopen the case")

		if err := ask("When?"); err != nil {
			t.Fatal(err)
		}
		lost := d.letter(jane, 4)
		d.receive("Return-Path: <>", "From: MAILER-DAEMON@example.org", "To: abuse@carrier.example", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
			`Content-Type: multipart/report; report-type=delivery-status; boundary="b"`, "",
			"--b", "", "It could not be delivered.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "",
			"Final-Recipient: rfc822; "+jane, "Action: failed", "Status: 5.1.1", "",
			"--b", "Content-Type: text/rfc822-headers", "", "Message-ID: "+lost.Header.Get("Message-ID"), "--b--")
		state(cases.StateOpen, "the bounce to end the waiting")
		if err := ask("Are you there?"); statusOf(err) != http.StatusConflict || !strings.Contains(fmt.Sprint(err), "No reporter") {
			t.Errorf("asked where mail comes back: %v", err)
		}
		final, err := ana.Case(ctx, ref)
		if err != nil || final.Reports != 1 || len(d.sink.to(jane)) != 4 {
			t.Errorf("%d reports, %d letters, %v", final.Reports, len(d.sink.to(jane)), err)
		}
		d.doctor("", time.Minute)
	})
}
