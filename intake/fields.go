package intake

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zone names must be known on machines without a zone database

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Limits of structured fields.
const (
	MaxDescription = 20000 // bytes
	MaxIdentity    = 16 << 10
	maxShort       = 254
	maxOccurrences = 1_000_000
)

// Wrong is what is wrong with structured fields: cases.KindInvalid, and what each
// of its problems is called, for those who say it in other languages.
type Wrong struct {
	Err   error
	Codes []Code // one for each of the problems
}

func (w *Wrong) Error() string { return w.Err.Error() }
func (w *Wrong) Unwrap() error { return w.Err }

// Code names a problem. Limit is the number in its message, 0 where there is none.
type Code struct {
	Name  string // "": it has no name
	Limit int
}

// The codes that Form gives; those of numbers stand behind ProblemNumber.
const (
	ProblemNothing     = "nothing_said"
	ProblemCategory    = "unknown_category"
	ProblemNumber      = "number_" // and a numbers.Code
	ProblemZone        = "unknown_zone"
	ProblemTime        = "unreadable_time"
	ProblemFuture      = "time_in_the_future"
	ProblemPast        = "time_long_ago"
	ProblemOccurrences = "no_whole_number"
	ProblemLong        = "too_long" // with a limit in bytes
	ProblemEmail       = "no_email"
	ProblemKind        = "unknown_kind"
	ProblemAccount     = "no_account"
	ProblemForm        = "no_form"
)

// fields gathers structured fields. What is wrong becomes a problem that names
// the field, and the report is filled as well as it can be all the same.
type fields struct {
	parsed   cases.Parsed
	context  Context
	problems []cases.Problem
	codes    []Code // of the problems
}

func newFields(c Context) *fields {
	return &fields{parsed: cases.Parsed{Parser: version}, context: c}
}

func (f *fields) problem(field, message string) {
	f.problems, f.codes = append(f.problems, cases.Problem{Field: field, Message: message}), append(f.codes, Code{})
}

// wrong is problem for what people fill in, who may want to read it in another
// language.
func (f *fields) wrong(field, code, message string) {
	f.problem(field, message)
	f.codes[len(f.codes)-1] = Code{Name: code}
}

// tooLong is wrong for a text of more than limit bytes.
func (f *fields) tooLong(field string, limit int, message string) {
	f.problem(field, fmt.Sprintf(message, limit))
	f.codes[len(f.codes)-1] = Code{ProblemLong, limit}
}

// finish reads the free text and returns the report with all problems.
func (f *fields) finish() (cases.Parsed, error) {
	p := &f.parsed
	p.Text = tidy(p.Text)
	if p.Text == "" && len(p.Numbers) == 0 && len(p.Partials) == 0 && p.Identity == "" && len(p.Attachments) == 0 && len(f.problems) == 0 {
		f.wrong("description", ProblemNothing, "Say what happened, or give a number.")
	}
	p.Unreadable = p.Text == "" && len(p.Numbers) == 0
	understand(p, f.context)
	if len(f.problems) > 0 {
		return *p, &Wrong{Err: cases.Invalid(f.problems...), Codes: f.codes}
	}
	return *p, nil
}

func (f *fields) category(field, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if !slices.Contains(cases.Categories(), cases.Category(value)) {
		f.wrong(field, ProblemCategory, "There is no category "+strconv.Quote(short(value))+".")
		return
	}
	f.parsed.Category = cases.Category(value)
}

// numberCode is the code of what numbers.Parse says.
func numberCode(err error) string {
	if e, ok := errors.AsType[*numbers.Error](err); ok {
		return ProblemNumber + string(e.Code)
	}
	return ""
}

// number reads a telephone number; country, alpha-2, is whose it is where it has
// no country code, "" that of the context.
func (f *fields) number(field, value, country string, role cases.NumberRole) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	n, err := numbers.Parse(value, f.regionOr(country))
	switch {
	case role == cases.RoleCaller && errors.Is(err, &numbers.Error{Code: numbers.CodeWithheld}):
		f.parsed.Warnings = append(f.parsed.Warnings, "the caller withheld the number")
	case err != nil:
		p, patternErr := numbers.ParsePattern(value, f.regionOr(country))
		if patternErr != nil {
			f.wrong(field, numberCode(err), err.Error())
			return
		}
		f.parsed.Partials = append(f.parsed.Partials, cases.PartialNumber{Pattern: string(p), Role: role, Text: value})
	default:
		f.parsed.Numbers = append(f.parsed.Numbers, cases.NumberMention{E164: n.E164, Role: role, Confidence: 1, Text: value, Start: -1, End: -1})
	}
}

// occurredAt reads a time: RFC 3339, or a date and time ("2026-03-02T15:04",
// with seconds or without, also with a space) or date in the named zone; without
// a zone it may be anywhere that the region's clocks allow.
func (f *fields) occurredAt(field, value, zoneField, zone string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	var location *time.Location
	if zone = strings.TrimSpace(zone); zone != "" {
		var err error
		if location, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			f.wrong(zoneField, ProblemZone, "There is no time zone "+strconv.Quote(short(zone))+".")
			return
		}
	}
	r, ok := f.readTime(value, location)
	switch received := f.context.ReceivedAt; {
	case !ok:
		f.wrong(field, ProblemTime, "Write the time as 2026-03-02T15:04:05Z.")
	case !received.IsZero() && r.Earliest.After(received.Add(MaxAhead-exactly)):
		f.wrong(field, ProblemFuture, "This time is in the future.")
	case r.Earliest.Year() < 2000:
		f.wrong(field, ProblemPast, "This time is too long ago.")
	default:
		if limit := received.UTC().Add(MaxAhead); !received.IsZero() && r.Latest.After(limit) {
			r.Latest = limit
		}
		f.parsed.OccurredAt = r
	}
}

// readTime returns the instants that a written time can mean.
func (f *fields) readTime(value string, location *time.Location) (cases.TimeRange, bool) {
	value = strings.Replace(value, " ", "T", 1)
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		t = t.UTC()
		return cases.TimeRange{Earliest: t.Add(-exactly), Latest: t.Add(exactly)}, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		t, err := time.Parse(layout, value)
		if err != nil {
			continue
		}
		from, to := t.Add(-exactly), t.Add(exactly)
		if len(layout) == len("2006-01-02") {
			from, to = t, t.AddDate(0, 0, 1)
		}
		if location != nil {
			in := func(t time.Time) time.Time {
				return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, location).UTC()
			}
			return cases.TimeRange{Earliest: in(from), Latest: in(to)}, true
		}
		low, high := timeFinder{context: f.context}.offsets()
		return cases.TimeRange{Earliest: from.Add(-time.Duration(high) * time.Minute), Latest: to.Add(-time.Duration(low) * time.Minute)}, true
	}
	return cases.TimeRange{}, false
}

func (f *fields) occurrences(field string, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > maxOccurrences {
		f.wrong(field, ProblemOccurrences, "Give a whole number, 0 or more.")
		return
	}
	f.parsed.Occurrences = n
}

func (f *fields) description(field, value string) {
	if len(value) > MaxDescription {
		f.tooLong(field, MaxDescription, "At most %d bytes of text.")
		value = strings.ToValidUTF8(value[:MaxDescription], "")
	}
	f.parsed.Text = toUTF8([]byte(value), "")
}

func (f *fields) identity(field, value string) {
	value = strings.TrimSpace(value)
	if len(value) > MaxIdentity {
		f.tooLong(field, MaxIdentity, "At most %d bytes.")
		return
	}
	f.parsed.Identity = oneLineIdentity(value)
}

// oneLineIdentity takes the field's name and line breaks off a pasted header.
func oneLineIdentity(s string) string {
	if len(s) >= 9 && strings.EqualFold(s[:9], "identity:") {
		s = s[9:]
	}
	return strings.TrimSpace(tidy(strings.NewReplacer("\r", "", "\n", "", "\t", "").Replace(s)))
}

func (f *fields) email(field, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	a, err := mail.ParseAddress(value)
	if err != nil || a.Name != "" || a.Address != value || !plausibleAddress(value) || !strings.Contains(value[strings.LastIndexByte(value, '@'):], ".") {
		f.wrong(field, ProblemEmail, "This is no e-mail address.")
		return
	}
	f.parsed.Reporter.Email = strings.ToLower(value)
}

func (f *fields) name(field, value string) {
	if len(value) > maxShort {
		f.tooLong(field, maxShort, "At most %d bytes.")
	}
	f.parsed.Reporter.Name = short(oneLine(value))
}

// regionOr is the country that somebody chose, if there is such a one, else that
// of the context.
func (f *fields) regionOr(country string) string {
	if numbers.IsRegion(country) {
		return country
	}
	return f.context.Region
}

func (f *fields) phone(field, value, country string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	n, err := numbers.Parse(value, f.regionOr(country))
	if err != nil {
		f.wrong(field, numberCode(err), err.Error())
		return
	}
	f.parsed.Reporter.Phone = n.E164
}

func (f *fields) kind(field, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if !slices.Contains(cases.ReporterKinds(), cases.ReporterKind(value)) {
		f.wrong(field, ProblemKind, "There is no such kind of reporter.")
		return
	}
	f.parsed.Reporter.Kind = cases.ReporterKind(value)
}

// account is the reporter's own, as he names it.
func (f *fields) account(field, value string) {
	value = strings.TrimSpace(value)
	if len(value) > 64 || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		f.wrong(field, ProblemAccount, "This is no account id.")
		return
	}
	f.parsed.Account = value
}

func (f *fields) attach(a cases.Attachment) {
	if len(f.parsed.Attachments) < MaxAttachments {
		f.parsed.Attachments = append(f.parsed.Attachments, a)
	}
}

// short is for repeating input in an answer.
func short(s string) string {
	if len(s) > maxShort {
		s = strings.ToValidUTF8(s[:maxShort], "")
	}
	return s
}
