package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// auditBegins is how far back a cursor begins that has no place yet.
const auditBegins = 48 * time.Hour

// UnentitledHours reads on from the place of a cursor: account hours with calls
// signed A that began before upTo, at most limit, each with the calls that no
// recorded right of the account or of a reseller above it covered at their time.
// It returns the place behind them.
func (s *Store) UnentitledHours(ctx context.Context, now time.Time, cursor string, upTo time.Time, limit int) ([]cases.UnentitledHour, cases.AuditCursor, error) {
	upTo = stored(upTo).Truncate(time.Hour)
	at := cases.AuditCursor{Name: cursor, Hour: stored(now.Add(-auditBegins)).Truncate(time.Hour)}
	db := s.read(ctx)
	var places []struct {
		Hour      moment
		AccountID string
	}
	if err := db.Raw("SELECT hour, account_id FROM attestation_cursors WHERE name = ?", cursor).Scan(&places).Error; err != nil {
		return nil, at, translate(err)
	}
	if len(places) > 0 {
		at.Hour, at.AccountID = places[0].Hour.Time, places[0].AccountID
	}
	var rows []struct {
		Key     string
		Hour    moment
		AttestA int
	}
	err := db.Raw(`SELECT key, hour, attest_a FROM hour_stats WHERE key_kind = ? AND attest_a > 0 AND hour >= ? AND (hour > ? OR key > ?) AND hour < ? ORDER BY hour, key LIMIT ?`,
		keyAccount, at.Hour, at.Hour, at.AccountID, upTo, limit).Scan(&rows).Error
	if err != nil {
		return nil, at, translate(err)
	}
	out := make([]cases.UnentitledHour, 0, len(rows))
	for _, r := range rows {
		u := cases.UnentitledHour{AccountID: r.Key, Hour: r.Hour.Time, SignedA: r.AttestA}
		if u.Calls, err = s.unentitled(db, u.AccountID, u.Hour); err != nil {
			return nil, at, translate(err)
		}
		out = append(out, u)
		at.Hour, at.AccountID = u.Hour, u.AccountID
	}
	if len(rows) < limit && at.Hour.Before(upTo) {
		at.Hour, at.AccountID = upTo, ""
	}
	return out, at, nil
}

// unentitled reads the calls of an account in an hour that were signed A without a
// right. What a number's rights are is asked of the index that they are unique by.
func (s *Store) unentitled(db *gorm.DB, account string, hour time.Time) ([]cases.Call, error) {
	path, err := accountPath(db, account)
	if err != nil {
		return nil, err
	}
	holders := []string{account}
	for _, a := range path {
		holders = append(holders, a.ID)
	}
	day := hour.UTC().Format(time.DateOnly)
	var out []cases.Call
	err = db.Raw(`SELECT c.source, c.source_id, c.from_number, c.to_number, c.started_at, c.attest, c.identity FROM calls c
		WHERE c.account_id = ? AND c.started_at >= ? AND c.started_at < ? AND c.day = ? AND c.direction = ? AND c.attest = 'A'
		AND NOT EXISTS (SELECT 1 FROM entitlements e WHERE e.e164 = c.from_number AND e.account_id IN ? AND e.valid_from <= c.started_at AND (e.valid_until IS NULL OR e.valid_until > c.started_at))
		ORDER BY c.started_at, c.source, c.source_id LIMIT ?`, account, hour, hour.Add(time.Hour), day, outbound, holders, cases.MaxAuditedCalls).Scan(&out).Error
	for i := range out {
		out[i].StartedAt = out[i].StartedAt.UTC()
	}
	return out, err
}

// KeepAudits keeps what became of hours and moves the cursor behind them, in one
// transaction. Hours in which every call had a right leave nothing behind: what an
// earlier look found there is taken back, because records and rights can come late.
func (s *Store) KeepAudits(ctx context.Context, now time.Time, to cases.AuditCursor, in []cases.AttestationAudit) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		var rows [][]any
		for _, a := range in {
			if a.WithoutRight == 0 {
				if err := tx.Exec("DELETE FROM attestation_audits WHERE account_id = ? AND hour = ?", a.AccountID, stored(a.Hour)).Error; err != nil {
					return err
				}
				continue
			}
			numbers, err := document(a.Numbers)
			if err != nil {
				return err
			}
			rows = append(rows, []any{a.AccountID, stored(a.Hour), a.SignedA, a.WithoutRight, a.Forwarded, numbers, stored(now)})
		}
		_, err := insert(tx, "attestation_audits (account_id, hour, signed_a, without_right, forwarded, numbers, audited_at)", rows,
			`ON CONFLICT (account_id, hour) DO UPDATE SET signed_a = excluded.signed_a, without_right = excluded.without_right, forwarded = excluded.forwarded, numbers = excluded.numbers,
			audited_at = excluded.audited_at`)
		if err != nil {
			return err
		}
		return tx.Exec("INSERT INTO attestation_cursors (name, hour, account_id) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET hour = excluded.hour, account_id = excluded.account_id",
			to.Name, stored(to.Hour), text(to.AccountID)).Error
	})
	if err != nil {
		return fmt.Errorf("audit of attestation: %w", err)
	}
	return nil
}

// maxAudits bounds what is read of an account: thirty days and a day of hours.
const maxAudits = 31 * 24

// AuditsOf lists an account's hours from a time on that have calls signed A without
// a right, the latest first.
func (s *Store) AuditsOf(ctx context.Context, account string, from time.Time) ([]cases.AttestationAudit, error) {
	var out []cases.AttestationAudit
	err := s.read(ctx).Raw("SELECT account_id, hour, signed_a, without_right, forwarded, numbers FROM attestation_audits WHERE account_id = ? AND hour >= ? ORDER BY hour DESC LIMIT ?",
		account, stored(from), maxAudits).Scan(&out).Error
	for i := range out {
		out[i].Hour = out[i].Hour.UTC()
	}
	return out, translate(err)
}

// AuditTotals sums by account what hours in [from, to) have, most calls first, at
// most limit.
func (s *Store) AuditTotals(ctx context.Context, from, to time.Time, limit int) ([]cases.AttestationDay, error) {
	var out []cases.AttestationDay
	err := s.read(ctx).Raw(`SELECT t.account_id, coalesce(a.name, '') AS name, t.signed_a, t.without_right, t.forwarded FROM (
			SELECT account_id, sum(signed_a) AS signed_a, sum(without_right) AS without_right, sum(forwarded) AS forwarded FROM attestation_audits WHERE hour >= ? AND hour < ? GROUP BY account_id
		) AS t LEFT JOIN accounts a ON a.id = t.account_id ORDER BY t.without_right DESC, t.account_id LIMIT ?`, stored(from), stored(to), limit).Scan(&out).Error
	for i := range out {
		out[i].Day = from.UTC()
	}
	return out, translate(err)
}
