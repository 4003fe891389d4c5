package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

const kycColumns = "account_id, legal_name, registration, address, verified_at, verified_by, verified_how, documents, use_case, monthly_calls, destinations, note, updated_by, updated_at"

func kycRow(k cases.KYC) []any {
	return []any{k.AccountID, text(k.LegalName), text(k.Registration), text(k.Address), storedPtr(k.VerifiedAt), text(k.VerifiedBy), text(k.VerifiedHow), text(k.Documents), text(k.UseCase),
		k.MonthlyCalls, text(k.Destinations), text(k.Note), text(k.UpdatedBy), stored(k.UpdatedAt)}
}

const kycReplace = `ON CONFLICT (account_id) DO UPDATE SET legal_name = excluded.legal_name, registration = excluded.registration, address = excluded.address, verified_at = excluded.verified_at,
	verified_by = excluded.verified_by, verified_how = excluded.verified_how, documents = excluded.documents, use_case = excluded.use_case, monthly_calls = excluded.monthly_calls,
	destinations = excluded.destinations, note = excluded.note, updated_by = excluded.updated_by, updated_at = excluded.updated_at, version = kyc_files.version + 1`

// ImportKYC writes the files of accounts, all or none, with one event, and their
// traits.
func (s *Store) ImportKYC(ctx context.Context, a cases.Actor, now time.Time, in []cases.KYC, traits []cases.AccountTrait) error {
	rows := lastOf(in, func(k cases.KYC) string { return k.AccountID })
	return s.importRows(ctx, a, now, "kyc", ids(rows, func(k cases.KYC) string { return k.AccountID }), func(tx *gorm.DB, names []string) (bool, error) {
		var values [][]any
		for _, k := range rows {
			k.UpdatedBy, k.UpdatedAt = a.Name, now
			values = append(values, kycRow(k))
		}
		if _, err := insert(tx, "kyc_files ("+kycColumns+")", values, kycReplace); err != nil {
			return false, err
		}
		return false, s.traitsOf(tx, now, traits, names)
	})
}

// traitsOf keeps traits and looks whether one of the accounts came back.
func (s *Store) traitsOf(tx *gorm.DB, now time.Time, traits []cases.AccountTrait, accounts []string) error {
	if len(traits) == 0 {
		return nil
	}
	traits = lastOf(traits, func(t cases.AccountTrait) string { return t.AccountID + "\x00" + string(t.Kind) + "\x00" + t.Digest })
	if err := keepTraits(tx, now, traits); err != nil {
		return err
	}
	_, err := s.matchReturners(tx, stored(now), accounts)
	return err
}

// KYC returns the file of an account, an empty one where nobody has begun it.
func (s *Store) KYC(ctx context.Context, account string) (cases.KYC, error) {
	return kycOf(s.read(ctx), account, "")
}

func kycOf(tx *gorm.DB, account, lock string) (cases.KYC, error) {
	k := cases.KYC{}
	err := tx.Raw("SELECT * FROM kyc_files WHERE account_id = ?"+lock, account).Scan(&k).Error
	k.AccountID, k.VerifiedAt = account, storedPtr(k.VerifiedAt)
	if !k.UpdatedAt.IsZero() {
		k.UpdatedAt = k.UpdatedAt.UTC()
	}
	return k, translate(err)
}

// WriteKYC replaces the file of an account, if its version is still k.Version (0:
// there is none yet), with an event that says which fields changed and not to
// what, and its traits.
func (s *Store) WriteKYC(ctx context.Context, a cases.Actor, now time.Time, k cases.KYC, traits []cases.AccountTrait) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := found(tx.Raw("SELECT id FROM accounts WHERE id = ?"+s.lock(), k.AccountID).Scan(new(string)), "account "+k.AccountID); err != nil {
			return err
		}
		was, err := kycOf(tx, k.AccountID, s.lock())
		if err != nil {
			return err
		}
		if was.Version != k.Version {
			return cases.Conflict("somebody else changed this file meanwhile; look at it again")
		}
		k.UpdatedBy, k.UpdatedAt = a.Name, now
		if _, err := insert(tx, "kyc_files ("+kycColumns+")", [][]any{kycRow(k)}, kycReplace); err != nil {
			return err
		}
		if err := s.traitsOf(tx, now, traits, []string{k.AccountID}); err != nil {
			return err
		}
		e := cases.NewEvent(stored(now), a, string(cases.CmdEditKYC), "account", k.AccountID, "")
		e.Data = map[string]string{"fields": kycChanges(was, k), "version": strconv.FormatInt(was.Version+1, 10)}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return fmt.Errorf("customer file of %s: %w", k.AccountID, err)
	}
	return nil
}

// kycChanges names the fields that differ.
func kycChanges(a, b cases.KYC) string {
	out := ""
	for _, f := range []struct {
		name    string
		changed bool
	}{{"legal_name", a.LegalName != b.LegalName}, {"registration", a.Registration != b.Registration}, {"address", a.Address != b.Address},
		{"verification", a.VerifiedBy != b.VerifiedBy || a.VerifiedHow != b.VerifiedHow || (a.VerifiedAt == nil) != (b.VerifiedAt == nil) || a.VerifiedAt != nil && !a.VerifiedAt.Equal(*b.VerifiedAt)},
		{"documents", a.Documents != b.Documents}, {"use_case", a.UseCase != b.UseCase}, {"monthly_calls", a.MonthlyCalls != b.MonthlyCalls}, {"destinations", a.Destinations != b.Destinations}, {"note", a.Note != b.Note}} {
		if f.changed {
			if out != "" {
				out += " "
			}
			out += f.name
		}
	}
	return out
}

// ImportPosture keeps how accounts are secured, a check each, all or none, with
// one event. What is older than what is known changes nothing.
func (s *Store) ImportPosture(ctx context.Context, a cases.Actor, now time.Time, in []cases.Posture) error {
	rows := lastOf(in, func(p cases.Posture) string { return p.AccountID + "\x00" + p.Name })
	return s.importRows(ctx, a, now, "posture", ids(rows, func(p cases.Posture) string { return p.AccountID }), func(tx *gorm.DB, _ []string) (bool, error) {
		var values [][]any
		for _, p := range rows {
			values = append(values, []any{p.AccountID, p.Name, p.State, text(p.Detail), stored(p.AsOf), short(p.Source), stored(now)})
		}
		_, err := insert(tx, "posture_checks (account_id, name, state, detail, as_of, source, updated_at)", values, `ON CONFLICT (account_id, name) DO UPDATE SET state = excluded.state,
			detail = excluded.detail, as_of = excluded.as_of, source = excluded.source, updated_at = excluded.updated_at WHERE posture_checks.as_of <= excluded.as_of`)
		return false, err
	})
}

// Posture returns what is known of how an account is secured.
func (s *Store) Posture(ctx context.Context, account string) ([]cases.Posture, error) {
	var out []cases.Posture
	err := s.read(ctx).Raw("SELECT account_id, name, state, detail, as_of, source FROM posture_checks WHERE account_id = ?", account).Scan(&out).Error
	for i := range out {
		out[i].AsOf = out[i].AsOf.UTC()
	}
	return out, translate(err)
}
