package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// appendOnly are the tables that the service's role can add to and read, and
// nothing else. Triggers refuse the owner too, until somebody drops them.
var appendOnly = []string{"events", "seals", "checkpoints"}

// GrantService lets a PostgreSQL role run the service on a schema that the
// connection's own role has migrated: everything but changing or removing audit
// entries, and changing the schema. Run it after each migration. Partitions
// of later days are reached through their table and need no grant.
func (s *Store) GrantService(ctx context.Context, role string) error {
	if s.dialect != migrations.Postgres {
		return cases.Invalid(cases.Problem{Field: "role", Message: "SQLite has no roles"})
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		var names struct {
			Schema string
			Role   string
			Known  bool
		}
		err := tx.Raw("SELECT quote_ident(current_schema()) AS schema, quote_ident(?) AS role, EXISTS (SELECT 1 FROM pg_roles WHERE rolname = ?) AS known", role, role).Scan(&names).Error
		if err != nil {
			return err
		}
		if !names.Known {
			return cases.NotFound("the role " + role)
		}
		in, to := names.Schema, names.Role
		for _, grant := range []string{
			"GRANT USAGE ON SCHEMA %[1]s TO %[2]s",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s TO %[2]s",
			"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %[1]s TO %[2]s",
			"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %[1]s TO %[2]s",
			"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA %[1]s FROM PUBLIC",
			"REVOKE UPDATE, DELETE, TRUNCATE ON " + strings.Join(slices.Concat(appendOnly, neverChanged), ", ") + " FROM %[2]s",
			"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON goose_db_version FROM %[2]s",
		} {
			if err := tx.Exec(fmt.Sprintf(grant, in, to)).Error; err != nil {
				return fmt.Errorf("grant to %s: %w", role, err)
			}
		}
		return nil
	})
}
