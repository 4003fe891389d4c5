package store

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// join adds a message to the report of its conversation: text is appended,
// numbers and files are added, gaps are filled; nothing that is known is
// overwritten. What a machine wrote is kept with the report, and nothing of it
// is taken for the reporter's words.
func (x *filing) join(to place) error {
	var r cases.Report
	if err := found(x.tx.Raw("SELECT * FROM reports WHERE id = ?"+x.s.lock(), to.report).Scan(&r), fmt.Sprintf("report %d", to.report)); err != nil {
		return err
	}
	if to.key != "" {
		// The next such mail may know only this key.
		if _, err := insert(x.tx, "threads (key, report_id)", [][]any{{to.key, to.report}}, "ON CONFLICT (key) DO NOTHING"); err != nil {
			return err
		}
	}
	var err error
	if x.filed, err = x.alreadyFiled(to.report); err != nil {
		return err
	}
	if x.Parsed.Automatic() {
		x.textAt = -1
		return x.bounce(x.filed, to.bounced)
	}
	x.textAt, err = x.addTo(x.filed, r)
	return err
}

// addTo adds what a person wrote to a locked report, and says where the text
// begins there.
func (x *filing) addTo(f cases.Filed, r cases.Report) (int, error) {
	var known []cases.Subject
	if err := x.tx.Raw("SELECT * FROM subjects WHERE report_id = ?", r.ID).Scan(&known).Error; err != nil {
		return 0, err
	}
	var corrected []cases.CorrectionRow
	if err := x.tx.Raw("SELECT DISTINCT kind, number FROM corrections WHERE report_id = ?", r.ID).Scan(&corrected).Error; err != nil {
		return 0, err
	}
	at, err := x.placeText(&r)
	if err != nil {
		return 0, err
	}
	if err := x.meetReporter(&r); err != nil {
		return 0, err
	}
	added := newSubjects(known, uncorrected(x.subjects, corrected), at)
	before := r
	if t := r.Details.Traceback; t != nil {
		was := *t // which filling adds to
		before.Details.Traceback = &was
	}
	fill(&r, x.Parsed, at)
	r.Keep(before, kindsOf(corrected))
	details, err := document(r.Details)
	if err != nil {
		return 0, err
	}
	err = x.tx.Exec(`UPDATE reports SET reporter_id = ?, language = ?, text = ?, lane = ?, category = ?, pretext = ?, account = ?, earliest = ?, latest = ?, occurrences = ?, identity = ?, details = ?, unreadable = ?,
		replied_at = ? WHERE id = ?`, r.ReporterID, r.Language, r.Text, r.Lane, r.Category, r.Pretext, r.Account, storedPtr(r.Earliest), storedPtr(r.Latest), r.Occurrences, r.Identity, details, r.Unreadable,
		x.now, r.ID).Error
	if err != nil {
		return 0, err
	}
	if err := x.insertSubjects(r.ID, added); err != nil {
		return 0, err
	}
	return at, x.claimMore(f.CaseID, r, append(added, known...))
}

// uncorrected are the numbers of which nobody has said what they are.
func uncorrected(subjects []cases.Subject, corrected []cases.CorrectionRow) []cases.Subject {
	return slices.DeleteFunc(slices.Clone(subjects), func(s cases.Subject) bool {
		return slices.ContainsFunc(corrected, func(c cases.CorrectionRow) bool { return c.Kind == cases.ExtractNumber && c.Number == s.E164 })
	})
}

// kindsOf are the fields that were corrected, each once.
func kindsOf(corrected []cases.CorrectionRow) []cases.ExtractKind {
	var kinds []cases.ExtractKind
	for _, c := range corrected {
		if !slices.Contains(kinds, c.Kind) {
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds
}

// claimMore claims for a case what nobody holds of the keys of its report, and
// relates it to those that hold the others. A case that is over for good claims nothing: the
// next report opens a new one.
func (x *filing) claimMore(caseID int64, r cases.Report, subjects []cases.Subject) error {
	var c struct {
		Kind cases.CaseKind
		Over bool
	}
	err := x.tx.Raw("SELECT kind, state = 'resolved' AND (live_until IS NULL OR live_until <= ?) AS over FROM cases WHERE id = ?", x.now, caseID).Scan(&c).Error
	if err != nil {
		return err
	}
	claims, about := keysFor(c.Kind, r, subjects, x.Parsed.Reporter)
	if c.Over {
		claims, about = nil, append(about, claims...)
	}
	claimed, err := claimOrRelate(x.tx, x.now, caseID, claims, about)
	if err == nil && claimed {
		_, err = pinnedRefs(x.tx, []int64{caseID})
	}
	return err
}

// keysFor are the keys that a report claims for a case of a kind, and those that
// it is only about: a traceback request holds none of its numbers.
func keysFor(kind cases.CaseKind, r cases.Report, subjects []cases.Subject, from cases.Contact) (claims, about []cases.CaseKey) {
	keys := cases.KeysOf(subjects, r.Account, r.Category)
	if kind == cases.CaseTraceback {
		return cases.TracebackKeys(r.Details.Traceback, from), keys
	}
	return keys, nil
}

// claimOrRelate claims for a case the keys that nobody holds, and relates it to
// the live cases that hold one of the others.
func claimOrRelate(tx *gorm.DB, now time.Time, caseID int64, claims, about []cases.CaseKey) (claimed bool, err error) {
	holders, err := keyHolders(tx, slices.Concat(claims, about))
	if err != nil {
		return false, err
	}
	free := unheld(claims, holders)
	if len(free) > 0 {
		if err := claimKeys(tx, now, caseID, free); err != nil {
			return false, err
		}
	}
	var others []int64
	for _, h := range holders {
		if h.CaseID != caseID && !slices.Contains(others, h.CaseID) {
			others = append(others, h.CaseID)
		}
	}
	return len(free) > 0, relate(tx, now, caseID, holders, others)
}

// appendText adds a message's text to its report and says where it begins
// there; -1 when the report is full.
func appendText(r *cases.Report, more string) int {
	if more == "" || r.Text == more {
		return -1
	}
	sep := "\n\n"
	if r.Text == "" {
		sep = ""
	}
	if len(r.Text)+len(sep)+len(more) > maxReportText {
		return -1
	}
	at := len(r.Text) + len(sep)
	r.Text += sep + more
	return at
}

// newSubjects returns those of more that are not known, with their offsets
// moved to where the message's text now begins.
func newSubjects(known, more []cases.Subject, at int) []cases.Subject {
	var added []cases.Subject
	for _, s := range more {
		if slices.ContainsFunc(known, func(k cases.Subject) bool { return k.E164 == s.E164 && k.Role == s.Role }) || len(known)+len(added) >= maxSubjects {
			continue
		}
		if s.StartAt >= 0 {
			if at < 0 {
				s.StartAt, s.EndAt = -1, -1
			} else {
				s.StartAt, s.EndAt = s.StartAt+at, s.EndAt+at
			}
		}
		added = append(added, s)
	}
	return added
}

// fill takes over what the report does not say yet.
func fill(r *cases.Report, p cases.Parsed, at int) {
	if (r.Category == "" || r.Category == cases.CategoryOther) && p.Category != "" {
		r.Category = p.Category
	}
	if r.Pretext == "" {
		r.Pretext = p.Pretext
	}
	if r.Account == "" {
		r.Account = p.Account
	}
	if r.Language == "" {
		r.Language = p.Language
	}
	if r.Earliest == nil && r.Latest == nil {
		r.Earliest, r.Latest = known(p.OccurredAt.Earliest), known(p.OccurredAt.Latest)
	}
	if r.Occurrences == 0 {
		r.Occurrences = p.Occurrences
	}
	if r.Identity == "" {
		r.Identity = p.Identity
	}
	r.Unreadable = r.Unreadable && p.Unreadable
	if room := maxAttachments - len(r.Details.Attachments); room > 0 {
		r.Details.Attachments = append(r.Details.Attachments, p.Attachments[:min(room, len(p.Attachments))]...)
	}
	r.Lane = cases.MoreUrgent(r.Lane, p.Lane)
	d := &r.Details
	if d.Lost == (cases.Money{}) {
		d.Lost = p.Lost
	}
	if d.Impersonated == "" {
		d.Impersonated = p.Impersonated
	}
	for _, x := range p.Partials {
		if len(d.Partials) < maxPartials && !slices.Contains(d.Partials, x) {
			d.Partials = append(d.Partials, x)
		}
	}
	for _, w := range p.Unknown {
		if !slices.Contains(d.Unknown, w) {
			d.Unknown = append(d.Unknown, w)
		}
	}
	switch {
	case d.Traceback == nil:
		d.Traceback = p.Traceback
	case p.Traceback != nil:
		d.Traceback.Join(*p.Traceback)
	}
	for _, e := range p.Extracts {
		if len(d.Extracts) == maxExtracts {
			break
		}
		switch {
		case e.Start >= 0 && at >= 0:
			e.Start, e.End = e.Start+at, e.End+at
		case e.Start >= 0:
			e.Start, e.End = -1, -1
		}
		d.Extracts = append(d.Extracts, e)
	}
}

// relate marks cases as related both ways, in one order for everybody. holders
// says which key they share.
func relate(tx *gorm.DB, now time.Time, caseID int64, holders []cases.Holder, others []int64) error {
	others = slices.Clone(others)
	slices.Sort(others)
	for _, other := range others {
		reason := "a report names numbers of both"
		if i := slices.IndexFunc(holders, func(h cases.Holder) bool { return h.CaseID == other }); i >= 0 {
			reason = "a report of the one names " + holders[i].Key.String() + " of the other"
		}
		if err := relateBoth(tx, now, caseID, other, reason); err != nil {
			return err
		}
	}
	return nil
}

// relateBoth relates two cases, the older one first.
func relateBoth(tx *gorm.DB, now time.Time, one, other int64, reason string) error {
	if one == other {
		return nil
	}
	a, b := min(one, other), max(one, other)
	_, err := insert(tx, "related_cases (case_id, other_id, reason, at)", [][]any{{a, b, reason, now}, {b, a, reason, now}}, "ON CONFLICT (case_id, other_id) DO NOTHING")
	return err
}
