// Package store keeps everything in PostgreSQL or SQLite through gorm, which
// only this package knows. An exported method is one transaction; database
// errors are translated to the domain's here and nowhere else.
//
// It satisfies the ports of package desk and of the workers without importing
// them, and must not decide anything: linking, priorities, states and
// permissions are functions of package cases that it calls under a lock.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/glebarez/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// Config says which database.
type Config struct {
	// URL is postgres://…, or empty for SQLite in DataDir.
	URL     string
	DataDir string
	// MaxOpen bounds the connections; 0 is 16.
	MaxOpen int
}

// Store is a handle on the database, safe for concurrent use.
type Store struct {
	db      *gorm.DB
	sql     *sql.DB
	dialect migrations.Dialect
	// writing serialises writers on SQLite: it has one writer anyway, and a
	// fair queue in front of it beats its busy loop.
	writing sync.Mutex
}

// Open connects. It does not migrate: see Migrate.
func Open(ctx context.Context, c Config) (*Store, error) {
	cfg := &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		TranslateError:         true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
	}
	s := &Store{dialect: migrations.Postgres}
	var dial gorm.Dialector
	if c.URL == "" {
		s.dialect = migrations.SQLite
		path := filepath.Join(c.DataDir, "abusedesk.db")
		dial = sqlite.Open("file:" + path + "?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_time_format=sqlite")
	} else {
		if !strings.HasPrefix(c.URL, "postgres://") && !strings.HasPrefix(c.URL, "postgresql://") {
			return nil, errors.New("the database URL must begin with postgres://; leave it empty for SQLite in the data folder")
		}
		pg, err := openPostgres(c.URL)
		if err != nil {
			return nil, err
		}
		dial = postgres.New(postgres.Config{Conn: pg})
	}
	db, err := gorm.Open(quiet(dial), cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.dialect, err)
	}
	s.db = db
	if s.sql, err = db.DB(); err != nil {
		return nil, err
	}
	n := c.MaxOpen
	if n == 0 {
		n = 16
	}
	s.sql.SetMaxOpenConns(n)
	s.sql.SetMaxIdleConns(n)
	if err := s.sql.PingContext(ctx); err != nil {
		s.sql.Close()
		return nil, fmt.Errorf("reach %s: %w", s.dialect, err)
	}
	return s, nil
}

// idleInTransaction is how long a transaction may wait for us. A replica that
// is paused in the middle of one would hold its row locks, and the horizon below
// which events are sealed, until it wakes or dies; so the server ends it, well
// before its jobs' leases run out, and it is refused when it wakes.
const idleInTransaction = 20 * time.Second

// openPostgres returns a pool whose times come back in UTC, as SQLite's do.
func openPostgres(url string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database URL: %w", err)
	}
	return stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		// Not as a start-up parameter, which poolers refuse.
		if _, err := c.Exec(ctx, fmt.Sprintf("SET idle_in_transaction_session_timeout = %d", idleInTransaction.Milliseconds())); err != nil {
			return err
		}
		c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	})), nil
}

// Close waits for nothing: stop the work first.
func (s *Store) Close() error { return s.sql.Close() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return translate(s.sql.PingContext(ctx)) }

// Dialect says which database this is.
func (s *Store) Dialect() migrations.Dialect { return s.dialect }

// Migrate brings the schema up to date.
func (s *Store) Migrate(ctx context.Context) error { return migrations.Up(ctx, s.sql, s.dialect) }

// write runs fn in one read-committed transaction. On SQLite it has the write
// lock from the first statement on, as BEGIN IMMEDIATE would take it: the driver
// ignores _txlock beside _time_format, and a transaction that began by reading
// fails with SQLITE_BUSY_SNAPSHOT when another process has written since.
func (s *Store) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if s.dialect != migrations.SQLite {
		return translate(s.db.WithContext(ctx).Transaction(fn))
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return translate(s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE restriction_revision SET revision = revision WHERE one = 0").Error; err != nil {
			return err
		}
		return fn(tx)
	}))
}

// read returns a handle for single-statement reads.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.db.WithContext(ctx) }

// lock appends the row lock of the dialect to a SELECT: SQLite's writer holds
// the whole database already. It is the lock that an UPDATE takes and no more,
// so that inserting a row that refers to the locked one does not wait: this is
// what lets intake link reports to a case that somebody is working on.
func (s *Store) lock() string {
	if s.dialect == migrations.Postgres {
		return " FOR NO KEY UPDATE"
	}
	return ""
}

// skipLocked is lock for a work queue.
func (s *Store) skipLocked() string {
	if s.dialect == migrations.Postgres {
		return " FOR NO KEY UPDATE SKIP LOCKED"
	}
	return ""
}

// nextRevision takes the next restriction revision. It locks the one row, so
// that revisions become visible in their order.
func nextRevision(tx *gorm.DB) (int64, error) {
	var rev int64
	err := tx.Raw("UPDATE restriction_revision SET revision = revision + 1 WHERE one = 1 RETURNING revision").Scan(&rev).Error
	return rev, err
}

// complete marks the attempts' jobs done, or fails with ErrFenced when another
// attempt has taken one of them over. The zero Attempt is no job.
func complete(tx *gorm.DB, now time.Time, attempts ...cases.Attempt) error {
	var rows [][]any
	for _, at := range attempts {
		if at != (cases.Attempt{}) {
			rows = append(rows, []any{at.JobID, at.Epoch})
		}
	}
	n, err := changes{table: "jobs", v: "v(id, epoch)", row: "(CAST(? AS bigint), CAST(? AS bigint))", set: "state = 'done', lease_until = NULL, updated_at = ?",
		and: "AND jobs.epoch = v.epoch AND jobs.state = 'running'", args: []any{now}}.apply(tx, rows)
	switch {
	case err != nil || n == int64(len(rows)):
		return err
	case len(rows) > 1:
		return &cases.Error{Kind: cases.KindFenced, Message: fmt.Sprintf("%d of %d jobs were taken over", int64(len(rows))-n, len(rows))}
	}
	return &cases.Error{Kind: cases.KindFenced, Message: fmt.Sprintf("job %d was taken over", rows[0][0])}
}

// SQLite's result codes for a database that another process is writing to.
const (
	sqliteBusy   = 5
	sqliteLocked = 6
)

// translate turns database errors into the domain's. What it does not know
// stays as it is and is an internal error to the outside.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case cases.KindOf(err) != "":
		return err
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return &cases.Error{Kind: cases.KindNotFound, Message: "there is no such thing", Err: err}
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return &cases.Error{Kind: cases.KindConflict, Message: "somebody was faster", Err: err}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pg.Code == "23505": // where gorm does not see it: INSERT … RETURNING
			return &cases.Error{Kind: cases.KindConflict, Message: "somebody was faster", Err: err}
		case pg.Code == "40001", pg.Code == "40P01", strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57"):
			return &cases.Error{Kind: cases.KindUnavailable, Message: "the database is busy or away", Err: err}
		}
		return err
	}
	if lite, ok := errors.AsType[*gosqlite.Error](err); ok {
		if code := lite.Code() & 0xff; code == sqliteBusy || code == sqliteLocked {
			return &cases.Error{Kind: cases.KindUnavailable, Message: "the database is busy", Err: err}
		}
		return err
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) {
		return &cases.Error{Kind: cases.KindUnavailable, Message: "the database did not answer", Err: err}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &cases.Error{Kind: cases.KindUnavailable, Message: "the database cannot be reached", Err: err}
	}
	return err
}

// Pending says whether Migrate would change anything.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	return migrations.Pending(ctx, s.sql, s.dialect)
}

// snapshot runs fn on one state of the database, without holding writers up.
func (s *Store) snapshot(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return translate(s.db.WithContext(ctx).Transaction(fn, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}))
}
