package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ExtractNumber is the kind of a correction of a number.
const ExtractNumber ExtractKind = "number"

// Correction is what an analyst says that a report tells, where it was read
// wrong. Corrections are kept, and are the texts that reading is scored against.
type Correction struct {
	Kind   ExtractKind
	Number string // E.164; of a number only
	// Value is what is right: the role of a number, or the value of a field as an
	// Extract states it. "" says that there is none of it in the report.
	Value string
}

// Correcting is a correction with what follows from it outside the report.
type Correcting struct {
	Correction
	// Clock is that of a traceback request by who asks and when it was received.
	Clock func(ReporterKind, time.Time) Clock
	// Notices are the letters to colleagues that a corrected lane asks for.
	Notices []Sending
}

// CorrectionRow is a correction as it is kept.
type CorrectionRow struct {
	ID       int64 `gorm:"primaryKey"`
	ReportID int64
	Kind     ExtractKind
	Number   string
	Was      string
	Value    string
	By       string    `gorm:"column:by_name"`
	At       time.Time `gorm:"column:at"`
}

// CorrectableKinds are the fields that can be corrected, numbers first.
func CorrectableKinds() []ExtractKind {
	return []ExtractKind{ExtractNumber, ExtractCategory, ExtractPretext, ExtractReporter, ExtractLane, ExtractTime, ExtractOccurrences, ExtractLost,
		ExtractImpersonated, ExtractLanguage, ExtractTraceback + ".reference", ExtractTraceback + ".campaign", ExtractTraceback + ".call_id", ExtractTraceback + ".upstream"}
}

// maxCorrected bounds a corrected value in bytes.
const maxCorrected = 320

// Corrected are the reports of a set of labels: what their text is, and what is
// right in it.
type Corrected struct {
	Report   Report
	Region   string // that its bare numbers were read by; "" the desk's
	Subjects []Subject
	Kinds    []ExtractKind // that somebody corrected
}

// CorrectReport changes a report of the case as an analyst corrects it, and asks
// for it to be looked at anew. It returns its subjects afterwards, and what was
// there before. A number keeps its place in the text.
func (c *Case) CorrectReport(a Actor, now time.Time, r *Report, subjects []Subject, x Correction) (after []Subject, was string, err error) {
	if err := Permit(a, CmdCorrectReport); err != nil {
		return nil, "", err
	}
	if c.MergedInto != 0 {
		return nil, "", Conflict(c.Ref + " is merged into another case: correct the report there")
	}
	if err := x.check(now); err != nil {
		return nil, "", err
	}
	switch {
	case x.Kind == ExtractCategory && (r.Category == CategoryTraceback || x.Value == string(CategoryTraceback)):
		return nil, "", Conflict("a traceback request is a case of its own kind, with a clock and a requester: a correction makes none, and ends none")
	case strings.HasPrefix(string(x.Kind), string(ExtractTraceback)) && c.Kind != CaseTraceback:
		return nil, "", Conflict("this report is no traceback request")
	}
	if x.Kind == ExtractNumber {
		after, was = correctNumber(r.ID, subjects, x)
	} else {
		after, was = subjects, r.Value(x.Kind)
		r.correct(x)
	}
	if was == x.Value {
		return nil, "", Conflict("this is what the report says already")
	}
	c.record(now, a, string(CmdCorrectReport), "", map[string]string{"report": strconv.FormatInt(r.ID, 10), "field": string(x.Kind)})
	c.jobs = append(c.jobs, Job{Kind: JobEnrich, ObjectID: r.ID}) // which asks for an assessment
	if x.Kind == ExtractLane {
		c.jobs = append(c.jobs, UrgentJob(c.ID)) // and this cannot wait
	}
	return after, was, nil
}

func (x Correction) check(now time.Time) error {
	invalid := func(format string, args ...any) error {
		return Invalid(Problem{"value", fmt.Sprintf(format, args...)})
	}
	oneOf := func(allowed ...string) error {
		if slices.Contains(allowed, x.Value) {
			return nil
		}
		return invalid("must be one of: %s", strings.TrimSuffix(strings.Join(allowed, ", "), ", "))
	}
	if len(x.Value) > maxCorrected {
		return invalid("at most %d bytes", maxCorrected)
	}
	if !slices.Contains(CorrectableKinds(), x.Kind) {
		return Invalid(Problem{"field", "must be one of: " + strings.Join(texts(CorrectableKinds()), ", ")})
	}
	switch x.Kind {
	case ExtractNumber:
		if x.Number == "" {
			return Invalid(Problem{"number", "say which number"})
		}
		return oneOf(string(RoleCaller), string(RoleCallback), string(RoleCalled), "")
	case ExtractCategory:
		return oneOf(texts(Categories())...)
	case ExtractReporter:
		return oneOf(texts(ReporterKinds())...)
	case ExtractLane:
		return oneOf(append(texts(Lanes()), "")...)
	case ExtractOccurrences:
		if n, err := strconv.Atoi(x.Value); x.Value != "" && (err != nil || n < 1 || n > 1_000_000) {
			return invalid("must be a number from 1 to 1000000, or nothing")
		}
	case ExtractTime:
		if t, err := time.Parse(time.RFC3339, x.Value); x.Value != "" && err != nil {
			return invalid("must be a time like 2026-03-02T15:10:00Z, or nothing")
		} else if t.After(now) {
			return invalid("lies in the future")
		}
	case ExtractLost:
		if _, ok := parseMoney(x.Value); x.Value != "" && !ok {
			return invalid("must be an amount and a currency, like 50.00 USD, or nothing")
		}
	}
	return nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// correctNumber gives a number one role, or none.
func correctNumber(report int64, subjects []Subject, x Correction) (after []Subject, was string) {
	s := Subject{ReportID: report, E164: x.Number, Text: x.Number, StartAt: -1, EndAt: -1}
	var roles []string
	for _, o := range subjects {
		if o.E164 != x.Number {
			after = append(after, o)
			continue
		}
		if len(roles) == 0 || s.StartAt < 0 && o.StartAt >= 0 {
			s = o
		}
		roles = append(roles, string(o.Role))
	}
	if x.Value != "" {
		s.Role, s.Confidence = NumberRole(x.Value), 1
		after = append(after, s)
	}
	slices.SortStableFunc(after, func(a, b Subject) int { return cmp.Compare(a.ID, b.ID) })
	return after, strings.Join(roles, "+")
}

// Value is what a report says in a field, as an Extract states it.
func (r Report) Value(k ExtractKind) string {
	switch k {
	case ExtractCategory:
		return string(r.Category)
	case ExtractPretext:
		return r.Pretext
	case ExtractReporter:
		return string(r.ReporterKind)
	case ExtractLane:
		return string(r.Lane)
	case ExtractLanguage:
		return r.Language
	case ExtractImpersonated:
		return r.Details.Impersonated
	case ExtractOccurrences:
		if r.Occurrences == 0 {
			return ""
		}
		return strconv.Itoa(r.Occurrences)
	case ExtractTime:
		if r.Earliest == nil {
			return ""
		}
		at := *r.Earliest
		if r.Latest != nil {
			at = at.Add(r.Latest.Sub(at) / 2)
		}
		return at.UTC().Format(time.RFC3339)
	case ExtractLost:
		return r.Details.Lost.String()
	}
	if p := r.Details.Traceback.field(k); p != nil {
		return *p
	}
	return ""
}

// correct changes a field, and the place that it was read from.
func (r *Report) correct(x Correction) {
	d := &r.Details
	switch x.Kind {
	case ExtractCategory:
		r.Category = Category(x.Value)
	case ExtractPretext:
		r.Pretext = x.Value
	case ExtractReporter:
		r.ReporterKind = ReporterKind(x.Value)
	case ExtractLane:
		r.Lane = Lane(x.Value)
	case ExtractLanguage:
		r.Language = x.Value
	case ExtractImpersonated:
		d.Impersonated = x.Value
	case ExtractOccurrences:
		r.Occurrences, _ = strconv.Atoi(x.Value)
	case ExtractTime:
		r.Earliest, r.Latest = nil, nil
		if t, err := time.Parse(time.RFC3339, x.Value); err == nil {
			// As sure as somebody who looks at a clock.
			from, to := t.UTC().Add(-5*time.Minute), t.UTC().Add(5*time.Minute)
			r.Earliest, r.Latest = &from, &to
		}
	case ExtractLost:
		d.Lost, _ = parseMoney(x.Value)
	default:
		if d.Traceback == nil {
			d.Traceback = &Traceback{}
		}
		*d.Traceback.field(x.Kind) = x.Value
	}
	d.Extracts = slices.DeleteFunc(slices.Clone(d.Extracts), func(e Extract) bool { return e.Kind == x.Kind })
	if x.Value != "" {
		d.Extracts = append(d.Extracts, Extract{Kind: x.Kind, Value: x.Value, Confidence: 1, Start: -1, End: -1})
	}
}

// Keep makes fields what they are in another form of the report: what somebody
// corrected is not read anew.
func (r *Report) Keep(from Report, kinds []ExtractKind) {
	for _, k := range kinds {
		if k != ExtractNumber {
			r.correct(Correction{Kind: k, Value: from.Value(k)})
		}
	}
}

// field is where a traceback request keeps what an Extract of a kind states;
// nil where it keeps none, or is none.
func (t *Traceback) field(k ExtractKind) *string {
	if t == nil {
		return nil
	}
	switch k {
	case ExtractTraceback + ".reference":
		return &t.Reference
	case ExtractTraceback + ".campaign":
		return &t.Campaign
	case ExtractTraceback + ".call_id":
		return &t.CallID
	case ExtractTraceback + ".upstream":
		return &t.Upstream
	}
	return nil
}

// String is the amount as an Extract states it, "" for none: "50.00 USD".
func (m Money) String() string {
	if m.Hundredths == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d.%02d %s", m.Hundredths/100, m.Hundredths%100, m.Currency))
}

// parseMoney reads what String writes; cents and currency may be missing.
func parseMoney(s string) (Money, bool) {
	amount, currency, _ := strings.Cut(strings.TrimSpace(s), " ")
	units, cents, _ := strings.Cut(amount, ".")
	cents = (cents + "00")[:max(2, len(cents))]
	u, err := strconv.ParseUint(units, 10, 40)
	c, err2 := strconv.ParseUint(cents, 10, 8)
	currency = strings.ToUpper(strings.TrimSpace(currency))
	isCode := len(currency) == 3 && strings.IndexFunc(currency, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
	if err != nil || err2 != nil || len(cents) != 2 || currency != "" && !isCode {
		return Money{}, false
	}
	return Money{Hundredths: int64(u)*100 + int64(c), Currency: currency}, true
}
