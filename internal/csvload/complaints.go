package csvload

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// ComplaintBatch is how many rows of complaints are handed on at once.
const ComplaintBatch = 2_000

// Complaints is what a batch of rows says.
type Complaints struct {
	Format  string
	Signals []cases.Signal
	Rows    int            // read since the batch before
	Skipped map[string]int // of these, by reason
}

// complaintFormat is a published data set; columns go by any of their names.
type complaintFormat struct {
	name    string
	needs   []string
	columns map[string][]string
}

// The header as the site exports it and as its API names the columns, spaces and
// hyphens as underscores. "messge" is theirs.
var complaintFormats = []complaintFormat{
	{name: "ftc", needs: []string{"number", "created"}, columns: map[string][]string{
		"number": {"company_phone_number"}, "created": {"created_date"}, "happened": {"violation_date"}, "area": {"consumer_state"},
		"city": {"consumer_city"}, "area_code": {"consumer_area_code"}, "subject": {"subject"}, "robocall": {"recorded_message_or_robocall"},
	}},
	{name: "fcc", needs: []string{"id", "number"}, columns: map[string][]string{
		"id": {"id", "ticket_id"}, "number": {"caller_id_number"}, "callback": {"advertiser_business_phone_number"}, "happened": {"issue_date", "date_of_issue"},
		"created": {"ticket_created"}, "area": {"state"}, "subject": {"issue"}, "kind": {"type_of_call_or_messge", "type_of_call_or_message"},
	}},
}

// ReadComplaints reads the FTC's Do Not Call complaints or the FCC's consumer
// complaints (data set vakf-fz8e) as CSV; format is "ftc", "fcc", or "" to tell
// it by the header. The first from rows are passed over: an earlier run took
// them. take is given every ComplaintBatch rows, and its error ends the reading.
// Memory does not grow with the file.
func ReadComplaints(r io.Reader, format string, from int, take func(Complaints) error) error {
	t, f, err := openComplaints(bufio.NewReader(r), format)
	if err != nil {
		return err
	}
	var result Result
	wrong := 0 // rows before this batch that cannot be read
	start := from
	t.between = func() {
		if result.Rows == start { // what an earlier run counted
			wrong, start = result.Skipped, -1
		}
	}
	batch := Complaints{Skipped: map[string]int{}}
	flush := func() error {
		b := batch
		b.Format = f.name
		if b.Rows = result.Rows - from; b.Rows <= 0 {
			return nil
		}
		if n := result.Skipped - wrong; n > 0 {
			b.Skipped[cases.SkipBadRow] = n
		}
		from, wrong, batch = result.Rows, result.Skipped, Complaints{Skipped: map[string]int{}}
		return take(b)
	}
	err = t.each(&result, func(x *row) error {
		if result.Rows <= from {
			return nil
		}
		ss, why := f.signals(x)
		if batch.Signals = append(batch.Signals, ss...); why != "" {
			batch.Skipped[why]++
		}
		if result.Rows-from < ComplaintBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// openComplaints reads a header; columns that are not known are passed over.
func openComplaints(r *bufio.Reader, format string) (*table, complaintFormat, error) {
	t, err := openAny(r)
	if err != nil {
		return nil, complaintFormat{}, err
	}
	for _, f := range complaintFormats {
		if format != "" && format != f.name {
			continue
		}
		place := map[string]int{}
		for column, names := range f.columns {
			for _, name := range names {
				if i, ok := t.place[name]; ok {
					place[column] = i
				}
			}
		}
		if !slices.ContainsFunc(f.needs, func(c string) bool { _, ok := place[c]; return !ok }) {
			t.place = place
			return t, f, nil
		}
	}
	return nil, complaintFormat{}, cases.Invalid(cases.Problem{Field: "header",
		Message: "is neither that of the FTC's Do Not Call complaints (Company_Phone_Number, Created_Date, …) nor that of the FCC's consumer complaints (id, caller_id_number, …)"})
}

// signals reads a row, or says why there is nothing in it.
func (f complaintFormat) signals(x *row) (out []cases.Signal, why string) {
	s := cases.Signal{Source: f.name, SourceID: x.text("id"), Role: cases.RoleCaller, Subject: x.text("subject"), Area: x.text("area"), HappenedAt: complaintDay(x.text("happened"))}
	if s.HappenedAt == nil {
		s.HappenedAt = complaintDay(x.text("created"))
	}
	if kind := x.text("kind"); kind != "" {
		s.Subject = strings.TrimPrefix(s.Subject+": "+kind, ": ")
		s.Robocall = strings.Contains(strings.ToLower(kind), "prerecorded")
	}
	s.Robocall = s.Robocall || strings.EqualFold(x.text("robocall"), "Y")
	if !x.ok() {
		return nil, "" // which is counted as one that cannot be read
	}
	if s.SourceID == "" {
		// No id of its own: all that it says, to the second at which it was made.
		sum := sha256.New()
		for _, c := range []string{"number", "created", "happened", "city", "area", "area_code", "subject", "robocall"} {
			io.WriteString(sum, x.text(c)+"\x00")
		}
		s.SourceID = hex.EncodeToString(sum.Sum(nil))
	}
	bad := false
	for _, c := range []struct {
		column string
		role   cases.NumberRole
	}{{"number", cases.RoleCaller}, {"callback", cases.RoleCallback}} {
		written := x.text(c.column)
		if written == "" || strings.EqualFold(written, "none") {
			continue
		}
		n, err := numbers.Parse(written, "US")
		if err != nil {
			bad = true
			continue
		}
		one := s
		one.E164, one.Role = n.E164, c.role
		out = append(out, one)
	}
	switch {
	case len(out) > 0:
		return out, ""
	case bad:
		return nil, cases.SkipBadNumber
	}
	return nil, cases.SkipNoNumber
}

// complaintDay reads a date as either agency writes it; nil where there is none.
func complaintDay(s string) *time.Time {
	s, _, _ = strings.Cut(cmp.Or(s, "-"), " ")
	s, _, _ = strings.Cut(s, "T")
	for _, layout := range []string{time.DateOnly, "01/02/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return &t
		}
	}
	return nil
}
