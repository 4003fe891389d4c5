package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// Person finds a member of staff by id, a disabled one too.
func (s *Store) Person(ctx context.Context, id string) (cases.Person, error) {
	var p cases.Person
	err := found(s.read(ctx).Raw("SELECT * FROM people WHERE id = ?", text(id)).Scan(&p), "this person")
	return p, translate(err)
}

// PersonByEmail finds a member of staff by address, in lower case.
func (s *Store) PersonByEmail(ctx context.Context, email string) (cases.Person, error) {
	var p cases.Person
	err := found(s.read(ctx).Raw("SELECT * FROM people WHERE email = ?", text(email)).Scan(&p), "a person with this address")
	return p, translate(err)
}

// People lists the staff by name.
func (s *Store) People(ctx context.Context) ([]cases.Person, error) {
	var ps []cases.Person
	err := s.read(ctx).Raw("SELECT * FROM people ORDER BY name, id").Scan(&ps).Error
	return ps, translate(err)
}

// HasAdmin says whether there is an admin, be it a disabled one.
func (s *Store) HasAdmin(ctx context.Context) (bool, error) {
	yes, err := hasAdmin(s.read(ctx))
	return yes, translate(err)
}

func hasAdmin(tx *gorm.DB) (bool, error) {
	var n int
	err := tx.Raw("SELECT count(*) FROM people WHERE role = ?", cases.RoleAdmin).Scan(&n).Error
	return n > 0, err
}

// CreatePerson adds a member of staff. ErrConflict when the address is taken.
func (s *Store) CreatePerson(ctx context.Context, a cases.Actor, p cases.Person) error {
	return s.write(ctx, func(tx *gorm.DB) error { return insertPerson(tx, a, p) })
}

func insertPerson(tx *gorm.DB, a cases.Actor, p cases.Person) error {
	err := tx.Exec("INSERT INTO people (id, email, name, role, password_hash, time_zone, created_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		p.ID, short(p.Email), text(p.Name), p.Role, p.PasswordHash, p.TimeZone, stored(p.CreatedAt), storedPtr(p.DisabledAt)).Error
	if err != nil {
		return err
	}
	e := cases.NewEvent(p.CreatedAt, a, string(cases.CmdManageStaff), "staff", p.ID, "added")
	e.Data = map[string]string{"role": string(p.Role)}
	return insertEvents(tx, []cases.Event{e})
}

// SetPassword replaces the hash of a password, and ends the person's sessions.
func (s *Store) SetPassword(ctx context.Context, a cases.Actor, now time.Time, personID, hash string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := found(tx.Exec("UPDATE people SET password_hash = ? WHERE id = ?", hash, personID), "this person"); err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM sessions WHERE person_id = ? AND person_id <> ''", personID).Error; err != nil {
			return err
		}
		return insertEvents(tx, []cases.Event{cases.NewEvent(now, a, string(cases.CmdManageStaff), "staff", personID, "password set")})
	})
}

// CreateSetupLink keeps the digest of the link that makes the first admin.
func (s *Store) CreateSetupLink(ctx context.Context, digest string, expires time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO setup_links (digest, expires_at) VALUES (?, ?)", digest, stored(expires)).Error
	})
}

// UseSetupLink makes the first admin, once: ErrNotFound for a link that is
// unknown, used or expired, ErrConflict when there is an admin already.
func (s *Store) UseSetupLink(ctx context.Context, digest string, now time.Time, p cases.Person) error {
	return s.write(ctx, func(tx *gorm.DB) error { return s.useSetupLink(tx, digest, stored(now), p) })
}

func (s *Store) useSetupLink(tx *gorm.DB, digest string, now time.Time, p cases.Person) error {
	// All links are locked, so that two of them cannot make two admins.
	var links []string
	if err := tx.Raw("SELECT digest FROM setup_links ORDER BY digest" + s.lock()).Scan(&links).Error; err != nil {
		return err
	}
	r := tx.Exec("UPDATE setup_links SET used_at = ? WHERE digest = ? AND used_at IS NULL AND expires_at > ?", now, digest, now)
	if err := found(r, "a link that can be used; this one was used, has expired or"); err != nil {
		return err
	}
	yes, err := hasAdmin(tx)
	switch {
	case err != nil:
		return err
	case yes:
		return cases.Conflict("there is an admin already")
	}
	p.Role = cases.RoleAdmin
	return insertPerson(tx, cases.System("setup"), p)
}
