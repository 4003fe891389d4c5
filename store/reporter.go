package store

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// OtherCalled returns the numbers at which the reporter of a report was called by
// his other reports, those of the latest first, at most limit; none of somebody who
// did not say who he is.
func (s *Store) OtherCalled(ctx context.Context, reportID int64, limit int) ([]string, error) {
	var out []string
	err := s.read(ctx).Raw(`SELECT s.e164 FROM reports r JOIN reporters p ON p.id = r.reporter_id AND p.email <> '' JOIN reports o ON o.reporter_id = p.id AND o.id <> r.id
		JOIN subjects s ON s.report_id = o.id AND s.role = ? AND s.confidence >= ? WHERE r.id = ? AND r.reporter_kind NOT IN ?
		GROUP BY s.e164 ORDER BY max(o.id) DESC, s.e164 LIMIT ?`, cases.RoleCalled, 0.5, reportID, institutions, limit).Scan(&out).Error
	return out, translate(err)
}
