package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/abusedesk/abusedesk/cases"
)

// mark is what was found at a place of a text.
type mark struct {
	start, end int
	what       string
	confidence float64
	fix        *Fix
}

// marks are the places at which numbers and other things were found.
func marks(v cases.ReportView) []mark {
	var out []mark
	add := func(m mark) {
		if m.start >= 0 && m.end > m.start && m.end <= len(v.Text) && utf8.RuneStart(v.Text[m.start]) && (m.end == len(v.Text) || utf8.RuneStart(v.Text[m.end])) {
			out = append(out, m)
		}
	}
	for _, s := range v.Subjects {
		add(mark{s.StartAt, s.EndAt, "number " + roleWord(s.Role), s.Confidence, fixOf(v, cases.ExtractNumber, s.E164, string(s.Role))})
	}
	for _, e := range v.Details.Extracts {
		if word := extractWord(e.Kind); word != "" {
			add(mark{e.Start, e.End, word, e.Confidence, fixOf(v, e.Kind, "", e.Value)})
		}
	}
	slices.SortStableFunc(out, func(a, b mark) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	return out
}

// highlighted cuts a report's text where something was found in it.
func highlighted(v cases.ReportView) []Segment { return highlightedIn(v, 0, len(v.Text)) }

// highlightedIn does so for a stretch of it.
func highlightedIn(v cases.ReportView, from, to int) []Segment {
	var out []Segment
	at := from
	for _, m := range marks(v) {
		if m.start < at || m.end > to { // inside the one before, or of another stretch
			continue
		}
		if m.start > at {
			out = append(out, Segment{Text: v.Text[at:m.start]})
		}
		out = append(out, Segment{Text: v.Text[m.start:m.end], Mark: m.what, Confidence: m.confidence, Fix: m.fix})
		at = m.end
	}
	if at < to {
		out = append(out, Segment{Text: v.Text[at:to]})
	}
	return out
}

func reportPath(id int64) string  { return "/desk/reports/" + strconv.FormatInt(id, 10) }
func messagePath(id int64) string { return "/desk/messages/" + strconv.FormatInt(id, 10) }

// caseReport is a complaint as pages show it. fixes: what was read wrong can be
// corrected.
func caseReport(v cases.ReportView, zone *time.Location, fixes bool) CaseReport {
	r := CaseReport{ID: strconv.FormatInt(v.ID, 10), Channel: channelWord(v.Channel), Received: v.ReceivedAt, Kind: reporterWord(v.ReporterKind),
		Text: highlighted(v), Why: v.LinkReason, RawHref: reportPath(v.ID), Occurred: occurred(v.OccurredAt(), zone)}
	if v.Earliest != nil {
		r.At = *v.Earliest
	}
	if v.Reporter != nil {
		r.Reporter = cmp.Or(v.Reporter.Email, v.Reporter.Name, v.Reporter.Phone)
	}
	r.ReadAs, r.Correct, r.Turns = readAs(v), fixes, chatTurns(v)
	if v.Unreadable {
		r.Broken = "This message could not be understood."
	}
	for _, s := range v.Subjects {
		r.Numbers = append(r.Numbers, ReportNumber{roleWord(s.Role), s.E164, fixOf(v, cases.ExtractNumber, s.E164, string(s.Role))})
	}
	if !fixes {
		r.plain()
	}
	r.Files = fileLines(v)
	return r
}

const nameless = "file without a name"

// fileLines are the attachments of a report: those that are unpacked, and those
// that stand in its messages only.
func fileLines(v cases.ReportView) []FileLine {
	var out []FileLine
	for _, f := range v.Files {
		path := "/desk/attachments/" + strconv.FormatInt(f.ID, 10)
		l := FileLine{Name: cmp.Or(f.Name, nameless), Type: cmp.Or(f.Type, f.Declared), Bytes: f.Size, Href: path + "?save", Save: path + "?save", Shown: f.Shown()}
		if l.Shown != "" {
			l.Href = path
		}
		switch {
		case f.State == cases.AttachmentInfected:
			l.Href, l.Save, l.Note, l.Tone = "", "", "infected: "+f.Scan, Harm
		case f.State == cases.AttachmentRefused:
			l.Href, l.Save, l.Note, l.Tone = "", "", f.Note, Doubt
		case f.Elsewhere > 0:
			l.Note, l.Tone = "the same file is in "+count(f.Elsewhere, "other report", "other reports"), Known
		}
		out = append(out, l)
	}
	for _, a := range v.Details.Attachments {
		if slices.ContainsFunc(v.Files, func(f cases.AttachmentView) bool { return a.SHA256 != "" && f.SHA256 == a.SHA256 || f.Name == a.Name }) {
			continue
		}
		l := FileLine{Name: cmp.Or(a.Name, nameless), Type: a.Type, Bytes: a.Bytes, Href: reportPath(v.ID)}
		if v.Unpacking {
			l.Note, l.Tone = "being unpacked", Unknown
		}
		out = append(out, l)
	}
	return out
}

// occurred says when it happened, as surely as it is known.
func occurred(t cases.TimeRange, zone *time.Location) string {
	if !t.Known() {
		return ""
	}
	from, to := t.Earliest.In(zone), t.Latest.In(zone)
	switch d := to.Sub(from); {
	case d <= 10*time.Minute:
		return "about " + from.Add(d/2).Format("2 Jan 2006, 15:04")
	case from.Format("2 Jan 2006") == to.Format("2 Jan 2006"):
		return from.Format("2 Jan 2006, 15:04") + " to " + to.Format("15:04")
	}
	return from.Format("2 Jan, 15:04") + " to " + to.Format("2 Jan 2006, 15:04")
}
