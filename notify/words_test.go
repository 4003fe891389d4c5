package notify

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/abusedesk/abusedesk/cases"
)

const tokenOfLetter = "0123456789abcdef0123456789abcdef"

// sent sends a letter and reads what arrives.
func sent(t *testing.T, change func(*MailerConfig), l cases.Letter) (from string, h mail.Header, text string) {
	t.Helper()
	p := &peer{}
	m := mailer(t, serve(t, p))
	change(&m.cfg)
	if out, err := m.Send(t.Context(), l); err != nil || !out.Taken {
		t.Fatalf("%+v, %v", out, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := mail.CreateReader(bytes.NewReader(p.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	part, err := r.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(part.Body)
	if err != nil {
		t.Fatal(err)
	}
	return p.from[0], r.Header, strings.ReplaceAll(string(b), "\r\n", "\n")
}

// Every kind has words in every language, with nothing left unfilled, and no
// two dispositions read alike.
func TestEveryLetterHasWords(t *testing.T) {
	for _, language := range []string{"en", "es", "fr"} {
		seen := map[string]cases.Disposition{}
		for _, kind := range []cases.SendingKind{cases.SendingAcknowledgement, cases.SendingQuestion, cases.SendingOutcome, cases.SendingConfirmation} {
			if templates.Lookup(string(kind)+"."+language+".txt") == nil {
				t.Errorf("no %s in %s", kind, language)
			}
			for _, d := range cases.Dispositions() {
				l := letter()
				l.Sending.Kind, l.Sending.Language, l.Sending.Text, l.Sending.Disposition = kind, language, "Which number?", d
				subject, text, err := compose(l, words{Ref: "AB-2026-004217", StatusURL: "https://desk.example/reports/t", ConfirmURL: "https://desk.example/c", Operator: "Northwind", Question: l.Sending.Text, Disposition: d})
				if err != nil || !strings.Contains(subject, "AB-2026-004217") && kind != cases.SendingConfirmation || !strings.Contains(text, "Northwind") || strings.Contains(text, "<no value>") || strings.Contains(text, "\n\n\n") {
					t.Errorf("%s %s %s: %v\n%s\n%s", kind, language, d, err, subject, text)
				}
				if kind == cases.SendingOutcome && d != cases.DispositionMalicious { // which is not written
					if other, ok := seen[text]; ok {
						t.Errorf("%s: %s reads like %s", language, d, other)
					}
					seen[text] = d
				}
			}
		}
	}
}

// Whoever fills in a form with somebody else's address must not reach him with
// words of his own, nor have the mail systems of third parties write to us.
func TestAConfirmationIsALinkAlone(t *testing.T) {
	for _, subaddress := range []bool{false, true} {
		l := cases.Letter{Sending: cases.Sending{Kind: cases.SendingConfirmation, To: "jo@example.org", Language: "es-MX", MessageID: cases.NoticeID(tokenOfLetter, "desk.example")},
			Confirm: "/reports/t/confirm/c"}
		from, h, text := sent(t, func(c *MailerConfig) { c.BaseURL, c.Subaddress = "https://desk.example", subaddress }, l)
		if from != "" || h.Has("Reply-To") || h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("from %q\n%v", from, h)
		}
		if !strings.Contains(text, "\nhttps://desk.example/reports/t/confirm/c\n") || !strings.Contains(text, "pulse el botón") {
			t.Errorf("%s", text)
		}
	}
}

func TestAQuestionIsAPersons(t *testing.T) {
	l := letter()
	l.Sending.Kind, l.Sending.Language, l.Sending.Text = cases.SendingQuestion, "en", "Which number did they show?\nAnd when?"
	l.Sending.MessageID = cases.LetterID(tokenOfLetter, "desk.example")
	from, h, text := sent(t, func(*MailerConfig) {}, l)
	if h.Has("Auto-Submitted") || h.Has("Reply-To") || from != "abuse@desk.example" {
		t.Errorf("from %s\n%v", from, h)
	}
	if !strings.Contains(text, "\nWhich number did they show?\nAnd when?\n") || strings.Contains(text, "{{") {
		t.Errorf("%s", text)
	}
}

func TestAnswersAndBouncesComeBackToTheLettersOwnAddress(t *testing.T) {
	l := letter()
	l.Sending.Kind, l.Sending.Disposition = cases.SendingOutcome, cases.DispositionUpheld
	l.Sending.MessageID = cases.LetterID(tokenOfLetter, "desk.example")
	from, h, _ := sent(t, func(c *MailerConfig) { c.Subaddress = true }, l)
	own := "abuse+" + tokenOfLetter + "@desk.example"
	if from != own || h.Get("Reply-To") != `"Abuse desk" <`+own+`>` || h.Get("From") != `"Abuse desk" <abuse@desk.example>` || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("from %s\n%v", from, h)
	}
}

// A traceback request has words of its own, with the requester's reference and,
// where there is one, the time of the answer.
func TestTracebackLetters(t *testing.T) {
	due := time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)
	l := letter()
	l.Case.Kind = cases.CaseTraceback
	l.Report.Details.Traceback = &cases.Traceback{Reference: "20455\r\nBcc: x@example.org"}
	l.Case.Facts.Traceback = &cases.TracebackFacts{Requester: cases.RequesterVerified, Clock: cases.Clock{From: due.Add(-time.Hour), Due: due}}
	_, h, text := sent(t, func(*MailerConfig) {}, l)
	if s, _ := h.Subject(); !strings.Contains(s, "20455 Bcc: x@example.org") || h.Get("Bcc") != "" || !strings.Contains(text, "by Tuesday, 24 November 2026, 13:00 UTC") || strings.Contains(text, "compare it with our call records") {
		t.Errorf("%q\n%s", s, text)
	}
	l.Case.Facts.Traceback.Clock = cases.Clock{}
	if _, _, text := sent(t, func(*MailerConfig) {}, l); strings.Contains(text, "We answer it by") {
		t.Errorf("no limit\n%s", text)
	}
	l.Sending.Kind, l.Sending.Text = cases.SendingTraceback, "Call 1: Acme Dialers"
	_, h, text = sent(t, func(*MailerConfig) {}, l)
	if s, _ := h.Subject(); !strings.HasPrefix(s, "Our answer to your traceback request") || !strings.Contains(text, "Call 1: Acme Dialers") || h.Get("Auto-Submitted") != "" || h.Get("In-Reply-To") == "" {
		t.Errorf("%q %v\n%s", s, h, text)
	}
}
