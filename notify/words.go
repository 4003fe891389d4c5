package notify

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

//go:embed templates/*.txt
var templateFiles embed.FS

// fallback is the language of everybody whose own we do not speak.
const fallback = "en"

// words is a template's data.
type words struct {
	Ref         string
	StatusURL   string
	Operator    string
	Question    string // what an analyst wrote
	Reference   string // the requester's, of a traceback
	Due         string // of its answer; "" no limit
	Disposition cases.Disposition
	Number      string // what the report is about, grouped for reading; "" none
	Carrier     string // that answers for it; "" not known
	Contact     string // where that carrier takes reports of abuse; "" not known
	TollFree    bool
	Region      string // of the reporter, alpha-2
	Texts       bool   // the report is about text messages
	ConfirmURL  string
	CaseURL     string
	Urgent      string // why, in a clause
	Showed      string // the words that showed it
	Text        string // of the report
	Wants       []cases.Want
	First       bool // the first word in a conversation
}

// Voice is in whose name something is said.
type Voice struct {
	BaseURL  string // of the status links
	Operator string
}

// NewVoice speaks for an operator whose status links begin with a URL.
func NewVoice(baseURL, operator string) Voice {
	if operator == "" {
		operator = "abusedesk"
	}
	return Voice{BaseURL: strings.TrimSuffix(baseURL, "/"), Operator: operator}
}

// wordsOf fills in what the words of a letter can need.
func (v Voice) wordsOf(l cases.Letter) words {
	w := words{Ref: l.Case.Ref, StatusURL: v.BaseURL + "/reports/" + l.Report.Token, Operator: v.Operator,
		Question: l.Sending.Text, Disposition: l.Sending.Disposition, Carrier: l.Responsible.Carrier, Contact: l.Responsible.AbuseContact,
		TollFree: l.Responsible.TollFree, Region: l.Region, Texts: l.Report.Category == cases.CategoryTextSpam,
		ConfirmURL: v.BaseURL + l.Confirm, CaseURL: v.BaseURL + "/desk/cases/" + l.Case.Ref, Urgent: cases.LaneText(l.Sending.Lane), Text: l.Report.Text,
		Wants: l.Sending.Wants, First: l.Sending.Turn <= 1}
	if n := l.Responsible.Number; n != "" {
		w.Number = numbers.Format(n)
	}
	if t := l.Report.Details.Traceback; t != nil {
		w.Reference = strings.Join(strings.Fields(t.Reference), " ")
	}
	if t := l.Case.Facts.Traceback; t != nil && t.Owed() {
		w.Due = t.Clock.Due.UTC().Format("Monday, 2 January 2006, 15:04 UTC")
	}
	for _, x := range l.Report.Details.Extracts {
		if x.Kind == cases.ExtractLane && x.Value == string(l.Sending.Lane) {
			w.Showed = excerpt(strings.Join(strings.Fields(x.Text), " "), maxShowed)
		}
	}
	if len(w.Text) > maxForwarded {
		w.Text = excerpt(w.Text, maxForwarded) + "\n[cut off: the whole text is with the case]"
	}
	return w
}

// Limits of what letters to colleagues quote, in bytes.
const (
	maxShowed    = 300
	maxForwarded = 20_000
)

// excerpt is the start of a text, cut on a rune.
func excerpt(s string, most int) string {
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}

// templates holds kind.language.txt: a Subject line, an empty line, the text.
var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(templateFiles, "templates/*.txt"))

// compose returns subject and text in the language of the letter, or in
// English. In a chat some things are said in fewer words. A kind without words is an error.
func compose(l cases.Letter, w words) (subject, text string, err error) {
	language, _, _ := strings.Cut(strings.ToLower(l.Sending.Language), "-")
	kind := string(l.Sending.Kind)
	if l.Case.Kind == cases.CaseTraceback && l.Sending.Kind == cases.SendingAcknowledgement {
		kind = "traceback_acknowledgement" // in English alone, like the answer: it is the trade's
	}
	if chat := "chat_" + kind; l.Sending.Channel == cases.ChannelChat && templates.Lookup(chat+"."+fallback+".txt") != nil {
		kind = chat
	}
	t := templates.Lookup(fmt.Sprintf("%s.%s.txt", kind, language))
	if t == nil {
		t = templates.Lookup(fmt.Sprintf("%s.%s.txt", kind, fallback))
	}
	if t == nil {
		return "", "", &cases.Error{Kind: cases.KindInvalid, Message: "there are no words for " + string(l.Sending.Kind)}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, w); err != nil {
		return "", "", fmt.Errorf("words of %s: %w", t.Name(), err)
	}
	head, text, _ := strings.Cut(b.String(), "\n\n")
	return strings.TrimPrefix(head, "Subject: "), text, nil
}
