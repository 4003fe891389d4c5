package testenv_test

import (
	"bytes"
	"context"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

func migrate(ctx context.Context, databaseURL string) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `CREATE TABLE note (body text NOT NULL); INSERT INTO note VALUES ('migrated')`)
	return err
}

func connect(t *testing.T, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func TestPostgresGivesEachTestAMigratedDatabaseOfItsOwn(t *testing.T) {
	first := connect(t, testenv.Postgres(t, migrate))
	second := connect(t, testenv.Postgres(t, migrate))
	if got := query[string](t, first, `INSERT INTO note VALUES ('mine') RETURNING body`); got != "mine" {
		t.Errorf("inserted %q", got)
	}
	if got := query[string](t, second, `SELECT string_agg(body, ',') FROM note`); got != "migrated" {
		t.Errorf("the second database holds %q, want the migrated row alone", got)
	}
	if query[bool](t, first, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`) {
		t.Error("the owner of a test's database is a superuser")
	}
	if got := query[string](t, first, `SHOW fsync`); got != "on" {
		t.Errorf("fsync is %s", got)
	}
}

func TestPostgresWithoutMigrationIsEmpty(t *testing.T) {
	conn := connect(t, testenv.Postgres(t, nil))
	if n := query[int](t, conn, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); n != 0 {
		t.Errorf("%d tables in an empty database", n)
	}
}

func TestPostgresRoleHasNoRightsButItsGrants(t *testing.T) {
	databaseURL := testenv.Postgres(t, migrate)
	roleURL := testenv.PostgresRole(t, databaseURL)
	u, err := url.Parse(roleURL)
	if err != nil {
		t.Fatal(err)
	}
	role := connect(t, roleURL)
	if _, err := role.Exec(t.Context(), `SELECT * FROM note`); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Fatalf("read without a grant: error %v, want permission denied", err)
	}
	if _, err := connect(t, databaseURL).Exec(t.Context(), `GRANT SELECT ON note TO `+u.User.Username()); err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, role, `SELECT body FROM note`); got != "migrated" {
		t.Errorf("read %q", got)
	}
}

func TestPostgresServerKeepsCommitsOverACrash(t *testing.T) {
	s := testenv.NewPostgres(t, testenv.PostgresOptions{})
	if err := migrate(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, err := pgx.Connect(t.Context(), s.URL); err == nil {
		t.Fatal("a killed server accepts connections")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, connect(t, s.URL), `SELECT body FROM note`); got != "migrated" {
		t.Errorf("after the crash: %q", got)
	}
}

func TestRedisIsEachTestsOwn(t *testing.T) {
	client := func(redisURL string) *redis.Client {
		options, err := redis.ParseURL(redisURL)
		if err != nil {
			t.Fatal(err)
		}
		options.MaxRetries = -1
		c := redis.NewClient(options)
		t.Cleanup(func() { c.Close() })
		return c
	}
	s := testenv.NewRedis(t)
	c, other := client(s.URL), client(testenv.Redis(t))
	set := func() {
		if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	keys := func(c *redis.Client) int64 {
		n, err := c.DBSize(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	set()
	if keys(c) != 1 || keys(other) != 0 {
		t.Errorf("keys: %d here, %d with another; want 1 and 0", keys(c), keys(other))
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := keys(c); n != 0 {
		t.Errorf("%d keys after Flush", n)
	}

	set()
	s.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 5*time.Second, func() bool { return c.Ping(t.Context()).Err() == nil }, "ping after Restart")
	if n := keys(c); n != 0 {
		t.Errorf("%d keys after a restart, want none", n)
	}
}

func login(t *testing.T, s *testenv.MailServer, user string) *imapclient.Client {
	t.Helper()
	u, err := url.Parse(s.URL(user))
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialInsecure(u.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	password, _ := u.User.Password()
	if err := c.Login(u.User.Username(), password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// fetch returns the messages of a folder, in order, without setting a flag.
func fetch(t *testing.T, c *imapclient.Client, folder string) (messages []string) {
	t.Helper()
	selected, err := c.Select(folder, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return nil
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fetched {
		messages = append(messages, string(m.FindBodySection(body)))
	}
	return messages
}

func TestDovecotRenumbers(t *testing.T) {
	s := testenv.Dovecot(t)
	const user, raw = "abuse", "Subject: one\r\n\r\nbody\r\n"
	if _, err := s.AddUser(user); err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(user, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	validity := func(c *imapclient.Client) uint32 {
		t.Helper()
		data, err := c.Select("INBOX", nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return data.UIDValidity
	}
	c := login(t, s, user)
	before := validity(c)
	for range 2 { // within one second too
		if err := s.Renumber(user); err != nil {
			t.Fatal(err)
		}
		next := login(t, s, user)
		now := validity(next)
		if now <= before {
			t.Errorf("UIDVALIDITY %d after %d", now, before)
		}
		before = now
		if got := fetch(t, next, "INBOX"); len(got) != 1 || got[0] != raw {
			t.Errorf("INBOX holds %q", got)
		}
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("a connection goes on under the old numbers")
	}
}

func TestDovecotServesWhatIsDeliveredAndAppended(t *testing.T) {
	s := testenv.Dovecot(t)
	const user = "abuse@carrier.example"
	if _, err := s.AddUser(user); err != nil {
		t.Fatal(err)
	}
	delivered := "Subject: one\r\n\r\nwith an odd byte \xff\r\n"
	appended := "Subject: two\r\n\r\nbody\r\n"
	if err := s.Deliver(user, []byte(delivered)); err != nil {
		t.Fatal(err)
	}

	c := login(t, s, user)
	if got := fetch(t, c, "INBOX"); len(got) != 1 || got[0] != delivered {
		t.Errorf("INBOX holds %q, want the delivered bytes", got)
	}
	cmd := c.Append("Filed", int64(len(appended)), nil)
	if _, err := cmd.Write([]byte(appended)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, c, "Filed"); len(got) != 1 || got[0] != appended {
		t.Errorf("Filed holds %q, want the appended message", got)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	moved, err := c.Move(imap.SeqSetNum(1), "Filed").Wait()
	if err != nil {
		t.Fatal(err)
	}
	if moved.DestUIDs == nil {
		t.Error("MOVE names no destination UIDs")
	}
	for folder, want := range map[string]int{"INBOX": 0, "Filed": 2} {
		got, err := s.Messages(user, folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want {
			t.Errorf("%d messages in %s, want %d", len(got), folder, want)
		}
	}

	s.Kill()
	if _, err := imapclient.DialInsecure(s.Addr, nil); err == nil {
		t.Error("a killed server accepts connections")
	}
	if err := c.Noop().Wait(); err == nil {
		t.Error("a connection outlived the killed server")
	}
	if err := s.Deliver(user, []byte(delivered)); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, login(t, s, user), "INBOX"); len(got) != 1 || got[0] != delivered {
		t.Errorf("after the restart INBOX holds %q", got)
	}
}

func TestChromiumRuns(t *testing.T) {
	dump := exec.Command(testenv.Chromium(t), "--headless", "--no-sandbox", "--disable-gpu",
		"--user-data-dir="+t.TempDir(), "--dump-dom", "data:text/html,<p id=here>")
	dump.Env = append(dump.Environ(), "HOME="+t.TempDir())
	out, err := dump.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out, []byte(`id="here"`)) {
		t.Errorf("chromium printed %q", out)
	}
}
