package notify

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/abusedesk/abusedesk/cases"
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
}

// templates holds kind.language.txt: a Subject line, an empty line, the text.
var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(templateFiles, "templates/*.txt"))

// compose returns subject and text in the language of the letter, or in
// English. A kind without words is an error.
func compose(l cases.Letter, w words) (subject, text string, err error) {
	language, _, _ := strings.Cut(strings.ToLower(l.Sending.Language), "-")
	kind := string(l.Sending.Kind)
	if l.Case.Kind == cases.CaseTraceback && l.Sending.Kind == cases.SendingAcknowledgement {
		kind = "traceback_acknowledgement" // in English alone, like the answer: it is the trade's
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
