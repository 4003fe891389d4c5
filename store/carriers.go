package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxPrefix is the longest prefix: a whole number (E.164).
const maxPrefix = 15

// ImportCarriers inserts or corrects who answers for which numbers, all or
// none, with one event.
func (s *Store) ImportCarriers(ctx context.Context, a cases.Actor, now time.Time, in []cases.CarrierPrefix) error {
	rows := lastOf(in, func(x cases.CarrierPrefix) string { return x.Prefix })
	for i := range rows {
		rows[i].Carrier, rows[i].AbuseContact, rows[i].UpdatedAt = text(rows[i].Carrier), text(rows[i].AbuseContact), stored(now)
	}
	return s.importRows(ctx, a, now, "carrier", ids(rows, func(x cases.CarrierPrefix) string { return x.Prefix }), func(tx *gorm.DB, _ []string) (bool, error) {
		return false, upsert(tx.Table("carriers"), rows, []string{"prefix"}, "carrier", "abuse_contact", "updated_at")
	})
}

// CarrierOf finds the row of the longest prefix of an E.164 number. It asks for
// each of its prefixes, at most 15, by the primary key: every replica sees an
// import at once, and none holds the table in memory.
func (s *Store) CarrierOf(ctx context.Context, e164 string) (cases.CarrierPrefix, error) {
	digits := e164
	if digits != "" && digits[0] == '+' {
		digits = digits[1:]
	}
	var prefixes []string
	for n := 1; n <= min(len(digits), maxPrefix); n++ {
		prefixes = append(prefixes, digits[:n])
	}
	var row cases.CarrierPrefix
	if len(prefixes) == 0 {
		return row, cases.NotFound("a carrier for " + e164)
	}
	err := found(s.read(ctx).Raw("SELECT * FROM carriers WHERE prefix IN ? ORDER BY length(prefix) DESC LIMIT 1", prefixes).Scan(&row), "a carrier for "+e164)
	row.UpdatedAt = row.UpdatedAt.UTC()
	if err != nil && !errors.Is(err, cases.ErrNotFound) {
		err = translate(err)
	}
	return row, err
}
