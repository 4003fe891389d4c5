package testenv

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresURL names the variable with the superuser's URL of the server that
// the command in cmd/testenv shares among the packages it tests.
const PostgresURL = "TESTENV_POSTGRES_URL"

// owner is the role that owns every test's database. It is no superuser, so
// that a migration which needs one fails here and not at an operator's.
const owner = "abusedesk_owner"

// Migrate brings an empty database to the current schema. It is called once for
// each test process, with the URL of the database's owner, and the tests' databases
// are copies of the result: so it must not depend on captured variables, and
// must close its connections before it returns.
type Migrate func(ctx context.Context, databaseURL string) error

// Postgres returns the URL of a fresh database for this test, owned by the
// role in the URL, already migrated. A nil migrate gives an empty one. At the end of
// the test its connections are closed; the database goes with the server.
// Safe for parallel tests.
func Postgres(t testing.TB, migrate Migrate) string {
	t.Helper()
	admin, err := adminURL()
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := templateOf(migrate)
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := execSQL(admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s OWNER %s", name, tpl, owner)); err != nil {
		t.Fatal(err)
	}
	databaseURL := withDatabase(admin, name, owner)
	t.Cleanup(func() {
		// Not dropped: that makes PostgreSQL write a checkpoint, half a second
		// for every test. A pool that the test forgot must not fill the server.
		if err := execSQL(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'"); err != nil {
			t.Error(err)
		}
	})
	return databaseURL
}

// PostgresRole makes a login role without any right for this test, and returns
// the URL of the same database with that role. Its name is the URL's user; what it
// may do is granted by the caller. Its rights and objects go with the test.
func PostgresRole(t testing.TB, databaseURL string) string {
	t.Helper()
	admin, err := adminURL()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	role := "role_" + strings.ToLower(rand.Text())
	database := strings.TrimPrefix(u.Path, "/")
	if err := createRole(admin, role); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := execSQL(withDatabase(admin, database, ""), "DROP OWNED BY "+role+" CASCADE", "DROP ROLE "+role)
		if err != nil {
			t.Error(err)
		}
	})
	return withDatabase(admin, database, role)
}

// adminURL is the superuser's URL of the shared server, or of one that is
// started here and ends with this process.
var adminURL = sync.OnceValues(func() (string, error) {
	admin := os.Getenv(PostgresURL)
	if admin == "" {
		server, err := StartPostgres(PostgresOptions{})
		if err != nil {
			return "", err
		}
		admin = server.URL
	}
	return admin, createRole(admin, owner)
})

// made holds what was made for each function of this process, by its address.
type made[T any] struct {
	mu     sync.Mutex
	byFunc map[uintptr]func() (T, error)
}

// of returns what make makes, called once for each fn.
func (m *made[T]) of(fn any, make func() (T, error)) (T, error) {
	key := reflect.ValueOf(fn).Pointer()
	m.mu.Lock()
	once, ok := m.byFunc[key]
	if !ok {
		if m.byFunc == nil {
			m.byFunc = map[uintptr]func() (T, error){}
		}
		once = sync.OnceValues(make)
		m.byFunc[key] = once
	}
	m.mu.Unlock()
	return once()
}

// templates are the databases to copy, folders those of SQLite.
var templates, folders made[string]

// templateOf returns the name of the database to copy. Nobody connects to it once
// it is migrated, which PostgreSQL demands of a template.
func templateOf(migrate Migrate) (string, error) {
	if migrate == nil {
		return "template0", nil
	}
	return templates.of(migrate, func() (string, error) { return makeTemplate(migrate) })
}

func makeTemplate(migrate Migrate) (string, error) {
	admin, err := adminURL()
	if err != nil {
		return "", err
	}
	name := "template_" + strings.ToLower(rand.Text())
	if err := execSQL(admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE template0 OWNER %s", name, owner)); err != nil {
		return "", err
	}
	if err := migrate(context.Background(), withDatabase(admin, name, owner)); err != nil {
		return "", fmt.Errorf("migrate the tests' database: %w", err)
	}
	return name, nil
}

// createRole makes a login role with the superuser's password, if it is not
// there yet; several processes may try at once.
func createRole(admin, role string) error {
	u, err := url.Parse(admin)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	return execSQL(admin, fmt.Sprintf(`DO $$ BEGIN
		CREATE ROLE %s LOGIN PASSWORD '%s';
	EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
	END $$`, role, password))
}

// withDatabase points a URL at another database, as another user with the same
// password unless user is empty.
func withDatabase(base, database, user string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // not ours: connecting will say what is wrong with it
	}
	u.Path = "/" + database
	if user != "" {
		password, _ := u.User.Password()
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// execSQL runs statements on a connection of their own, each by itself: neither
// CREATE DATABASE nor DROP DATABASE may be in a transaction.
func execSQL(databaseURL string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
