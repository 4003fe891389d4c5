package cases

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// PackFormat names what a PackDocument is; the number grows when a reader has to
// change.
const PackFormat = "abusedesk traceback pack 1"

// PackDocument is a pack as it is handed out: released for one requester, with the
// clock of his request.
type PackDocument struct {
	Format      string      `json:"format"`
	Version     int64       `json:"version" doc:"Of the case's pack; one more for each that says something else"`
	BuiltAt     time.Time   `json:"built_at"`
	Digest      string      `json:"digest" doc:"SHA-256 of the whole pack, before anything was withheld"`
	Requester   string      `json:"requester_kind"`
	ReceivedAt  time.Time   `json:"received_at"`
	CountsFrom  *time.Time  `json:"counts_from,omitempty"`
	DueAt       *time.Time  `json:"due_at,omitempty" doc:"Absent: no limit"`
	Clock       string      `json:"clock,omitempty" doc:"What the limit counts from"`
	Complete    bool        `json:"complete" doc:"Each call was looked up, and no field is blank"`
	Covers      []PackClass `json:"covers" doc:"What may be handed out to this requester"`
	Pack        Pack        `json:"pack"`
	LegalReview []int64     `json:"legal_reviews,omitempty" doc:"That this rests on"`
}

// JSON is the document, indented, with a final newline.
func (d PackDocument) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

// CSV is the document with one row for each call (RFC 4180): its place, the fields
// in their order, each a value or the reason for which there is none, and the legs.
// What a spreadsheet would take for a formula has an apostrophe in front; E.164
// numbers are left as they are.
func (d PackDocument) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	head := []string{"case", "call"}
	for _, f := range PackFields() {
		head = append(head, string(f.Name))
	}
	if err := w.Write(append(head, "legs")); err != nil {
		return nil, err
	}
	for _, c := range d.Pack.Calls {
		row := []string{d.Pack.Case, strconv.Itoa(c.Place)}
		for _, f := range PackFields() {
			row = append(row, cell(c.Fields[f.Name].Text()))
		}
		var legs []string
		for _, l := range c.Legs {
			legs = append(legs, l.String())
		}
		if err := w.Write(append(row, cell(strings.Join(legs, " | ")))); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// String is a leg in a line.
func (l PackLeg) String() string {
	s := fmt.Sprintf("%s %s %s %s to %s, %d", l.Direction, l.StartedAt.UTC().Format(time.RFC3339), l.Party, l.From, l.To, l.SIPCode)
	if l.SourceIP != "" {
		s += ", from " + l.SourceIP
	}
	if l.CallID != "" {
		s += ", Call-ID " + l.CallID
	}
	return s
}

// cell keeps a spreadsheet from running what came from outside.
func cell(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if s[0] == '+' && len(s) <= 16 && strings.Trim(s[1:], "0123456789") == "" {
		return s
	}
	return "'" + s
}

// Text is the letter: each call in a few lines; the files beside it have all.
func (d PackDocument) Text(note string) string {
	var b strings.Builder
	b.WriteString("Our answer to your traceback request")
	if d.Pack.Reference != "" {
		b.WriteString(" " + d.Pack.Reference)
	}
	fmt.Fprintf(&b, " (our case %s, pack %d):\n", d.Pack.Case, d.Version)
	if note = strings.TrimSpace(note); note != "" {
		b.WriteString("\n" + note + "\n")
	}
	for _, c := range d.Pack.Calls {
		fmt.Fprintf(&b, "\nCall %d: %s to %s\n", c.Place, c.Fields[PackCalling].Text(), c.Fields[PackCalled].Text())
		for _, n := range []PackName{PackTimeAsked, PackVerdict, PackTimeFound, PackUpstream, PackUpContact, PackOriginating, PackAttestation} {
			for _, f := range PackFields() {
				if f.Name == n {
					fmt.Fprintf(&b, "  %s: %s\n", f.Title, short(c.Fields[n].Text(), maxAnswerLine))
				}
			}
		}
	}
	if d.Pack.MoreCalls > 0 {
		fmt.Fprintf(&b, "\n%d more calls were asked about than one answer holds (%d). Please send them as a request of their own.\n", d.Pack.MoreCalls, MaxPackCalls)
	}
	b.WriteString("\nEverything else that our records hold of each call is in the files with this letter: " + d.Name("json") + " and " + d.Name("csv") + ".\n")
	return b.String()
}

// maxAnswerLine keeps a letter about MaxPackCalls calls below MaxAnswer, in bytes.
const maxAnswerLine = 80

func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}

// Name is what the document's file is called.
func (d PackDocument) Name(ext string) string {
	return fmt.Sprintf("traceback-%s-%d.%s", d.Pack.Case, d.Version, ext)
}

// Files are the document as it goes with a letter.
func (d PackDocument) Files() ([]LetterFile, error) {
	j, err := d.JSON()
	if err != nil {
		return nil, err
	}
	c, err := d.CSV()
	return []LetterFile{{d.Name("json"), "application/json", j}, {d.Name("csv"), "text/csv; charset=utf-8", c}}, err
}
