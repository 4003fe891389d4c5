package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/abusedesk/abusedesk/cases"
)

// NormalForm is a report as `abusedesk parse` prints it. The names are part of
// the outward contract: they are extended, not changed.
type NormalForm struct {
	RawSHA256    string             `json:"raw_sha256"`
	MessageID    string             `json:"message_id"`
	From         string             `json:"from"`
	Subject      string             `json:"subject"`
	Category     cases.Category     `json:"category"`
	Pretext      string             `json:"pretext"`
	ReporterKind cases.ReporterKind `json:"reporter_kind"`
	Language     string             `json:"language"`
	Numbers      []NormalisedNumber `json:"numbers"`
	OccurredAt   cases.TimeRange    `json:"occurred_at"`
	Occurrences  int                `json:"occurrences,omitempty"`
	Lane         cases.Lane         `json:"lane,omitempty"`
	MoneyLost    cases.Money        `json:"money_lost,omitzero"`
	Impersonated string             `json:"impersonated,omitempty"`
	Traceback    *cases.Traceback   `json:"traceback,omitempty"`
	Extracts     []cases.Extract    `json:"extracts"`
	Text         string             `json:"text"`
	Quoted       string             `json:"quoted,omitempty"`
	Identity     string             `json:"identity_header,omitempty"`
	Thread       string             `json:"thread,omitempty"`
	Mail         cases.MailHeaders  `json:"mail,omitzero"`
	Attachments  []cases.Attachment `json:"attachments"`
	Bounce       *cases.Bounce      `json:"bounce,omitempty"`
	Auth         map[string]string  `json:"auth"`
	Warnings     []string           `json:"warnings"`
	Unreadable   bool               `json:"unreadable,omitempty"`
	Parser       string             `json:"parser"`
}

// NormalisedNumber is a number of a report.
type NormalisedNumber struct {
	E164       string           `json:"e164"`
	Role       cases.NumberRole `json:"role"`
	Confidence float64          `json:"confidence"`
	Text       string           `json:"text"`
	Start      int              `json:"start"`
	End        int              `json:"end"`
	Extension  string           `json:"extension,omitempty"`
}

// Normalised describes p, which was read from raw. Lists are never null.
func Normalised(p cases.Parsed, raw []byte) NormalForm {
	sum := sha256.Sum256(raw)
	n := NormalForm{
		RawSHA256: hex.EncodeToString(sum[:]), MessageID: p.Mail.MessageID, From: p.Reporter.Email, Subject: p.Subject,
		Category: p.Category, Pretext: p.Pretext, ReporterKind: p.Reporter.Kind, Language: p.Language,
		Numbers: []NormalisedNumber{}, OccurredAt: p.OccurredAt, Occurrences: p.Occurrences, Text: p.Text, Quoted: p.Quoted,
		Lane: p.Lane, MoneyLost: p.Lost, Impersonated: p.Impersonated, Traceback: p.Traceback, Extracts: p.Extracts,
		Identity: p.Identity, Thread: p.Thread, Mail: p.Mail, Attachments: p.Attachments, Bounce: p.Bounce, Auth: p.Auth,
		Warnings: p.Warnings, Unreadable: p.Unreadable, Parser: p.Parser,
	}
	for _, m := range p.Numbers {
		n.Numbers = append(n.Numbers, NormalisedNumber(m))
	}
	if n.Extracts == nil {
		n.Extracts = []cases.Extract{}
	}
	if n.Attachments == nil {
		n.Attachments = []cases.Attachment{}
	}
	if n.Auth == nil {
		n.Auth = map[string]string{}
	}
	if n.Warnings == nil {
		n.Warnings = []string{}
	}
	return n
}

// JSON returns n indented, with a line end.
func (n NormalForm) JSON() []byte {
	b, err := json.MarshalIndent(n, "", "  ")
	if err != nil { // strings, numbers and years before 10000 only
		panic("intake: " + err.Error())
	}
	return append(b, '\n')
}
