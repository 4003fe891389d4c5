package store

import (
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

// A mail whose bytes were changed on the way is found by its Message-ID, as the
// sender wrote it and as it is kept.
func TestDeliveriesAreFoundByTheirReference(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		p := about("+12025550143", "", "")
		p.Mail.MessageID = "1@mail.example.com"
		f := file(t, s, p)
		for _, reference := range []string{"<1@mail.example.com>", "1@mail.example.com"} {
			ds, err := s.Deliveries(t.Context(), "of other bytes", reference)
			if err != nil || len(ds) != 1 || ds[0].ReportID != f.ReportID {
				t.Errorf("%s: %+v, %v", reference, ds, err)
			}
			page, err := s.Reports(t.Context(), cases.ReportQuery{Reference: reference})
			if err != nil || len(page.Items) != 1 || page.Items[0].ID != f.ReportID {
				t.Errorf("reports with %s: %+v, %v", reference, page.Items, err)
			}
		}
		file(t, s, about("+12025550143", "", "")) // without an id
		for _, reference := range []string{"", "<>", "2@mail.example.com"} {
			if ds, err := s.Deliveries(t.Context(), "of other bytes", reference); err != nil || len(ds) > 0 {
				t.Errorf("%q: %+v, %v", reference, ds, err)
			}
		}
	})
}
