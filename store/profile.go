package store

import (
	"context"
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// RecentCalls returns the newest calls of a key in [from, to), newest first, at
// most limit (MaxCalls): what a profile looks at one by one. Kinds are those of
// HourStats. Only what a profile reads is filled in: numbers, times, how the call
// ended, what it cost, who made it.
func (s *Store) RecentCalls(ctx context.Context, keyKind, key string, from, to time.Time, limit int) ([]cases.Call, error) {
	if _, ok := keyColumns[keyKind]; !ok {
		return nil, cases.Invalid(cases.Problem{Field: "key_kind", Message: fmt.Sprintf("there are no calls by %q", keyKind)})
	}
	from, to = from.UTC(), to.UTC()
	rows, err := s.read(ctx).Raw("select c.source, c.source_id, c.account_id, c.direction, c.rate_micros, "+countedColumns+" from calls c where "+keyIs(keyKind, "?")+
		" and c.started_at >= ? and c.started_at < ? and c.day >= ? and c.day <= ? order by c.started_at desc limit ?",
		key, from, to, from.Format(time.DateOnly), to.Format(time.DateOnly), min(limit, MaxCalls)).Rows()
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []cases.Call
	for rows.Next() {
		var c cases.Call
		if err := rows.Scan(append([]any{&c.Source, &c.SourceID, &c.AccountID, &c.Direction, &c.RateMicros}, countedFields(&c)...)...); err != nil {
			return nil, translate(err)
		}
		c.StartedAt = c.StartedAt.UTC()
		c.ProgressAt, c.AnsweredAt, c.EndedAt = storedPtr(c.ProgressAt), storedPtr(c.AnsweredAt), storedPtr(c.EndedAt)
		out = append(out, c)
	}
	return out, translate(rows.Err())
}

// Complaints counts what was complained of in [from, to): of a number the reports
// that name it as caller ("from") or as the number to call back ("to"), and the
// signals of public data; of an account or provider the reports of the cases in
// which it is the one that called, or that handed the calls to us.
func (s *Store) Complaints(ctx context.Context, keyKind, key string, from, to time.Time) (int, error) {
	from, to = stored(from), stored(to)
	db := s.read(ctx)
	role := map[string]cases.NumberRole{keyFrom: cases.RoleCaller, keyTo: cases.RoleCallback}[keyKind]
	column := map[string]string{keyAccount: "account", keyPeer: "provider"}[keyKind]
	var n, signals int
	switch {
	case role != "":
		err := db.Raw("select count(distinct r.id) from subjects s join reports r on r.id = s.report_id where s.e164 = ? and s.role = ? and r.received_at >= ? and r.received_at < ?",
			text(key), role, from, to).Scan(&n).Error
		if err != nil {
			return 0, translate(err)
		}
		err = db.Raw("select count(*) from signals where e164 = ? and role = ? and happened_at >= ? and happened_at < ?", text(key), role, from, to).Scan(&signals).Error
		return n + signals, translate(err)
	case column != "":
		err := db.Raw("select count(*) from cases c join links l on l.case_id = c.id join reports r on r.id = l.report_id where c."+column+" = ? and c."+column+
			" <> '' and r.received_at >= ? and r.received_at < ?", text(key), from, to).Scan(&n).Error
		return n, translate(err)
	}
	return 0, cases.Invalid(cases.Problem{Field: "key_kind", Message: fmt.Sprintf("nobody complains of %q", keyKind)})
}
