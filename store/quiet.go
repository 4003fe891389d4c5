package store

import (
	"github.com/glebarez/sqlite"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// gorm's Scan writes out each statement with its parameters, for a logger, also
// where there is none: a tenth of the time that filing a report takes. These
// dialects explain nothing. They hold the real ones by their types, whose other
// methods gorm asks for by assertion.
type (
	quietPostgres struct{ *postgres.Dialector }
	quietSQLite   struct{ *sqlite.Dialector }
)

func (quietPostgres) Explain(string, ...any) string { return "" }
func (quietSQLite) Explain(string, ...any) string   { return "" }

// quiet wraps a dialect of ours.
func quiet(d gorm.Dialector) gorm.Dialector {
	switch d := d.(type) {
	case *postgres.Dialector:
		return quietPostgres{d}
	case *sqlite.Dialector:
		return quietSQLite{d}
	}
	return d
}
