package store

import (
	"context"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// Delivery is a report that a delivery became, for holding a sender's ledger
// against the database.
type Delivery struct {
	ReportID int64
	Cases    []string `gorm:"-"`
	CaseRef  string
	Enriched bool
	Sent     int // acknowledgements that were certainly sent for it
}

// bareReference is a sender's own id as it is kept: a Message-ID without the
// brackets that are around it in a mail.
func bareReference(s string) string {
	if id, ok := strings.CutPrefix(s, "<"); ok {
		return short(strings.TrimSuffix(id, ">"))
	}
	return short(s)
}

// Deliveries finds the reports with a message of that digest, or of that
// sender's reference where the bytes were changed on the way (mail servers add
// header lines).
func (s *Store) Deliveries(ctx context.Context, sha256, reference string) ([]Delivery, error) {
	var rows []Delivery
	err := s.read(ctx).Raw(`SELECT DISTINCT m.report_id, coalesce(c.ref, '') AS case_ref,
			EXISTS (SELECT 1 FROM findings f WHERE f.report_id = m.report_id AND f.kind = ?) AS enriched,
			(SELECT count(*) FROM sendings x WHERE x.report_id = m.report_id AND x.kind = ? AND x.state IN ?) AS sent
		FROM messages m LEFT JOIN links l ON l.report_id = m.report_id LEFT JOIN cases c ON c.id = l.case_id
		WHERE m.report_id <> 0 AND (m.sha256 = ? OR (m.reference <> '' AND m.reference = ?)) ORDER BY m.report_id`,
		cases.FindingCorroboration, cases.SendingAcknowledgement, []cases.SendingState{cases.SendingSent, cases.SendingBounced}, sha256, bareReference(reference)).Scan(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	var out []Delivery
	for _, r := range rows {
		if n := len(out); n == 0 || out[n-1].ReportID != r.ReportID {
			out = append(out, r)
		}
		if r.CaseRef != "" {
			out[len(out)-1].Cases = append(out[len(out)-1].Cases, r.CaseRef)
		}
	}
	return out, nil
}
