package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Labelled is a text with what an analyst says should be read from it. Sets of
// them are JSON lines, to which corrections are appended:
//
//	{"id":"r-17","text":"…","region":"US","received_at":"2026-03-03T18:00:00Z","labels":{"callback":["+18336317911"],"pretext":["warranty"],"called":[]}}
type Labelled struct {
	ID         string    `json:"id"`
	Text       string    `json:"text"`
	Subject    string    `json:"subject,omitempty"`
	Region     string    `json:"region,omitempty"`
	ReceivedAt time.Time `json:"received_at,omitzero"`
	// Labels are the right values by field of LabelledFields. An empty list
	// says that there is nothing to be found; a field that is absent is not scored.
	Labels map[string][]string `json:"labels"`
}

// LabelledFields are the fields that are scored: numbers by their role, then the
// others. A label of occurred_at is an instant (RFC 3339) that the range must contain.
func LabelledFields() []string {
	return []string{"caller", "callback", "called", "category", "pretext", "reporter_kind", "language", "occurred_at", "occurrences", "money_lost",
		"impersonated", "lane", "traceback.reference", "traceback.campaign", "traceback.call_id", "traceback.upstream"}
}

// maxLabelledLine bounds one line of a set: a text and its labels.
const maxLabelledLine = 4 << 20

// ReadLabelled reads a set: JSON lines, or CSV whose header names the fields of
// Labelled (transcript is text, callback_number is callback) and a column for each
// labelled field, several values in one cell by "|". An error names the line.
func ReadLabelled(r io.Reader) ([]Labelled, error) {
	in := bufio.NewReader(r)
	if first, _ := in.Peek(1); len(first) > 0 && first[0] != '{' {
		return readLabelledCSV(in)
	}
	var set []Labelled
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLabelledLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var l Labelled
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		set = append(set, l)
	}
	return set, lines.Err()
}

func readLabelledCSV(r io.Reader) ([]Labelled, error) {
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return nil, err
	}
	var set []Labelled
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return set, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		l := Labelled{Labels: map[string][]string{}}
		for i, name := range header {
			switch value := row[i]; name {
			case "id":
				l.ID = value
			case "text", "transcript":
				l.Text = value
			case "subject":
				l.Subject = value
			case "region":
				l.Region = value
			case "received_at":
				if l.ReceivedAt, err = time.Parse(time.RFC3339, value); err != nil && value != "" {
					return nil, fmt.Errorf("line %d: %w", line, err)
				}
			default:
				if name = strings.TrimSuffix(name, "_number"); slices.Contains(LabelledFields(), name) {
					l.Labels[name] = []string{}
					if value != "" {
						l.Labels[name] = strings.Split(value, "|")
					}
				}
			}
		}
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		set = append(set, l)
	}
}

func (l Labelled) check() error {
	if l.Text == "" && l.Subject == "" {
		return errors.New("no text")
	}
	for field := range l.Labels {
		if !slices.Contains(LabelledFields(), field) {
			return fmt.Errorf("there is no field %q", field)
		}
	}
	return nil
}

// FieldScore counts over a set what was found in one field.
type FieldScore struct {
	Field         string
	Right         int // values found that are labelled
	Found, Wanted int // values found; values labelled
	Texts         int // texts that say something of the field
	Wrong         []string
}

// Precision is how much of what was found is right, 1 if nothing was.
func (s FieldScore) Precision() float64 { return ratio(s.Right, s.Found) }

// Recall is how much of what is labelled was found, 1 if nothing is.
func (s FieldScore) Recall() float64 { return ratio(s.Right, s.Wanted) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// String is one line of a table.
func (s FieldScore) String() string {
	return fmt.Sprintf("%-20s %4d texts  precision %5.1f %% (%d/%d)  recall %5.1f %% (%d/%d)", s.Field, s.Texts, 100*s.Precision(), s.Right, s.Found, 100*s.Recall(), s.Right, s.Wanted)
}

// maxWrong bounds the ids that a FieldScore names.
const maxWrong = 20

// Score reads the texts of a set and compares, field by field, in the order of
// LabelledFields. Fields that no text labels are left out.
func Score(set []Labelled) []FieldScore {
	scores := map[string]*FieldScore{}
	for _, l := range set {
		p := cases.Parsed{Subject: l.Subject, Text: tidy(l.Text)}
		understand(&p, Context{Region: l.Region, ReceivedAt: l.ReceivedAt})
		for field, want := range l.Labels {
			s := scores[field]
			if s == nil {
				s = &FieldScore{Field: field}
				scores[field] = s
			}
			right, found := compareField(p, field, want)
			s.Texts, s.Right, s.Found, s.Wanted = s.Texts+1, s.Right+right, s.Found+found, s.Wanted+len(want)
			if (right < found || right < len(want)) && len(s.Wrong) < maxWrong {
				s.Wrong = append(s.Wrong, l.ID)
			}
		}
	}
	var out []FieldScore
	for _, field := range LabelledFields() {
		if s := scores[field]; s != nil {
			out = append(out, *s)
		}
	}
	return out
}

// compareField returns how many of the labels were found, and how many values there are.
func compareField(p cases.Parsed, field string, want []string) (right, found int) {
	if field == "occurred_at" {
		for _, w := range want {
			at, err := time.Parse(time.RFC3339, w)
			if err == nil && p.OccurredAt.Known() && !at.Before(p.OccurredAt.Earliest) && !at.After(p.OccurredAt.Latest) {
				right++
			}
		}
		return right, one(p.OccurredAt.Known())
	}
	got := map[string]bool{}
	for _, v := range fieldValues(p, field) {
		if v != "" && v != "0" {
			got[v] = true
		}
	}
	for v := range maps.Keys(got) {
		if slices.Contains(want, v) {
			right++
		}
	}
	return right, len(got)
}

func fieldValues(p cases.Parsed, field string) []string {
	switch field {
	case "caller", "callback", "called":
		var out []string
		for _, n := range p.Numbers {
			if string(n.Role) == field {
				out = append(out, n.E164)
			}
		}
		return out
	case "category":
		return []string{string(p.Category)}
	case "pretext":
		return []string{p.Pretext}
	case "reporter_kind":
		return []string{string(p.Reporter.Kind)}
	case "language":
		return []string{p.Language}
	case "occurrences":
		return []string{strconv.Itoa(p.Occurrences)}
	case "impersonated":
		return []string{p.Impersonated}
	case "lane":
		return []string{string(p.Lane)}
	}
	kind := cases.ExtractKind(field) // money_lost, traceback.…
	for _, e := range p.Extracts {
		if e.Kind == kind {
			return []string{e.Value}
		}
	}
	return nil
}
