package store

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/migrations"
)

func happened(t *testing.T, s *Store, n int) {
	t.Helper()
	for i := range n {
		e := cases.NewEvent(noon.Add(time.Duration(i)*time.Microsecond), staff("ann", cases.RoleAnalyst), "case.note", "case", fmt.Sprint(i), "ünïcode <b>&\u2028")
		e.Data = map[string]string{"z": "1", "a": "x\x00y", "é": "\\u0000"}
		if i%3 == 0 {
			e.Data = nil
		}
		if err := s.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func sealer(t *testing.T, s *Store) cases.Lease {
	t.Helper()
	l, ok, err := s.AcquireLease(t.Context(), noon, "seal", "test", time.Hour)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return l
}

func sealAll(t *testing.T, s *Store, l cases.Lease, batch int) int {
	t.Helper()
	total := 0
	for {
		horizonOfOthers(t, s)
		n, err := s.SealEvents(t.Context(), noon, l, batch)
		if err != nil {
			t.Fatal(err)
		}
		total += n
		if n < batch {
			return total
		}
	}
}

// horizonOfOthers waits for the transactions of other tests' databases on the
// same server: PostgreSQL's horizon is that of all of them.
func horizonOfOthers(t *testing.T, s *Store) {
	t.Helper()
	if s.dialect != migrations.Postgres {
		return
	}
	testenv.Eventually(t, time.Minute, func() bool {
		var n int
		err := s.db.Raw(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
			WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND a.datname <> current_database()
			AND l.transactionid::text::bigint <= (SELECT coalesce(max(xid::text::bigint), 0) FROM events)`).Scan(&n).Error
		return err == nil && n == 0
	}, "the transactions of other tests to end")
}

func verified(t *testing.T, s *Store, keys ...ed25519.PublicKey) AuditReport {
	t.Helper()
	r, err := s.VerifyAudit(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealAndVerify(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	each(t, func(t *testing.T, s *Store) {
		l := sealer(t, s)
		if signed, err := s.SignCheckpoint(t.Context(), noon, l, key); signed || err != nil {
			t.Errorf("signed nothing: %v, %v", signed, err)
		}
		happened(t, s, 25)
		if n := sealAll(t, s, l, 10); n != 25 {
			t.Errorf("sealed %d", n)
		}
		if signed, err := s.SignCheckpoint(t.Context(), noon, l, key); !signed || err != nil {
			t.Errorf("checkpoint: %v, %v", signed, err)
		}
		if signed, err := s.SignCheckpoint(t.Context(), noon, l, key); signed || err != nil {
			t.Errorf("the same checkpoint again: %v, %v", signed, err)
		}
		happened(t, s, 3)
		r := verified(t, s, pub)
		if !r.OK() || r.Seals != 25 || r.Checkpoints != 1 || r.Unsealed != 3 || r.Oldest == nil || !r.Oldest.Equal(noon) {
			t.Errorf("%+v", r)
		}
		if n := sealAll(t, s, l, 10); n != 3 {
			t.Errorf("sealed %d more", n)
		}
		if r := verified(t, s, pub); !r.OK() || r.Seals != 28 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
		other, _, _ := ed25519.GenerateKey(nil)
		if r := verified(t, s, other); r.Found != 1 || !strings.Contains(r.Faults[0].Problem, "unknown key") {
			t.Errorf("another key: %+v", r)
		}
		// A sealer that was paused is refused.
		later := noon.Add(2 * time.Hour)
		if _, ok, err := s.AcquireLease(t.Context(), later, "seal", "other", time.Hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if _, err := s.SealEvents(t.Context(), later, l, 10); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("the old sealer: %v", err)
		}
		if _, err := s.SignCheckpoint(t.Context(), later, l, key); !errors.Is(err, cases.ErrFenced) {
			t.Errorf("the old sealer's checkpoint: %v", err)
		}
	})
}

// The form is fixed: a change of it would make every sealed log invalid.
func TestCanonicalForm(t *testing.T) {
	e := cases.Event{ID: 7, At: time.Date(2026, 11, 24, 13, 0, 0, 5000, time.FixedZone("", 3600)), ActorKind: cases.ActorPerson, ActorID: "ann", ActorName: "Ann <a>",
		Command: "case.note", ObjectKind: "case", ObjectID: "AB-2026-000017", CaseID: 17, Reason: "\"x\"\n", Data: map[string]string{"b": "2", "a": "1"}}
	const want = `{"v":1,"id":7,"at":"2026-11-24T12:00:00.000005Z","actor_kind":"person","actor_id":"ann","actor_name":"Ann <a>",` +
		`"command":"case.note","object_kind":"case","object_id":"AB-2026-000017","case_id":17,"reason":"\"x\"\n","data":{"a":"1","b":"2"}}`
	if got, err := canonical(e); err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	sum := sha256.Sum256(append(make([]byte, 32), want...))
	if h, err := sealHash(sealOrigin, e); err != nil || h != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s, %v", h, err)
	}
	if _, err := sealHash("beef", e); err == nil {
		t.Error("a short hash was taken for one")
	}
}

// An event whose transaction is still open must not be overtaken for good.
func TestSealWaitsForOpenTransactions(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // writers follow each other
		}
		l := sealer(t, s)
		slow := s.db.Begin()
		t.Cleanup(func() { slow.Rollback() })
		if err := insertEvents(slow, []cases.Event{cases.NewEvent(noon, cases.System("slow"), "x", "case", "1", "")}); err != nil {
			t.Fatal(err)
		}
		happened(t, s, 5) // ids above the slow one's
		if n := sealAll(t, s, l, 10); n != 0 {
			t.Errorf("%d events were sealed beside a transaction that may yet add older ones", n)
		}
		if err := slow.Commit().Error; err != nil {
			t.Fatal(err)
		}
		if n := sealAll(t, s, l, 4); n != 6 {
			t.Errorf("sealed %d, want 6", n)
		}
		if r := verified(t, s); !r.OK() || r.Unsealed != 0 || r.Seals != 6 {
			t.Errorf("%+v", r)
		}
	})
}

// A dump that is restored elsewhere brings transaction ids of another cluster.
func TestSealAfterARestore(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if s.dialect == migrations.SQLite {
			return // no transaction ids
		}
		l := sealer(t, s)
		happened(t, s, 3)
		sealAll(t, s, l, 10)
		happened(t, s, 2)
		disarm(t, s)
		exec(t, s, "UPDATE seals SET horizon = 900000000000")
		exec(t, s, "UPDATE events SET xid = '900000000000' WHERE NOT EXISTS (SELECT 1 FROM seals WHERE event_id = events.id)")
		happened(t, s, 1)
		if r := verified(t, s); r.Unsealed != 3 || !r.OK() {
			t.Errorf("before sealing: %+v", r)
		}
		if n := sealAll(t, s, l, 2); n != 3 {
			t.Errorf("sealed %d", n)
		}
		happened(t, s, 1)
		if n := sealAll(t, s, l, 10); n != 1 {
			t.Errorf("sealed %d", n)
		}
		if r := verified(t, s); !r.OK() || r.Unsealed != 0 || r.Seals != 7 {
			t.Errorf("%+v", r)
		}
	})
}

// disarmed drops the triggers, as somebody who owns the tables can.
func disarmed(s *Store) []string {
	var drops []string
	for _, table := range appendOnly {
		if s.dialect == migrations.Postgres {
			drops = append(drops, "DROP TRIGGER "+table+"_append_only ON "+table)
		} else {
			drops = append(drops, "DROP TRIGGER "+table+"_no_update", "DROP TRIGGER "+table+"_no_delete")
		}
	}
	return drops
}

func disarm(t *testing.T, s *Store) {
	t.Helper()
	for _, drop := range disarmed(s) {
		exec(t, s, drop)
	}
}

func TestVerifyFindsEveryAttack(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	attacks := map[string]struct {
		do   []string
		find string
		at   int64 // seal
	}{
		"rewrite an event's reason":    {[]string{"UPDATE events SET reason = 'nothing' WHERE id = (SELECT event_id FROM seals WHERE seq = 5)"}, "is not what was sealed", 5},
		"rewrite an event's data":      {[]string{`UPDATE events SET data = '{"a": "2"}' WHERE id = (SELECT event_id FROM seals WHERE seq = 5)`}, "is not what was sealed", 5},
		"move an event in time":        {[]string{"UPDATE events SET at = '2026-11-24 12:00:01+00:00' WHERE id = (SELECT event_id FROM seals WHERE seq = 5)"}, "is not what was sealed", 5},
		"hide the actor":               {[]string{"UPDATE events SET actor_name = 'Bob' WHERE id = (SELECT event_id FROM seals WHERE seq = 5)"}, "is not what was sealed", 5},
		"remove an event":              {[]string{"DELETE FROM events WHERE id = (SELECT event_id FROM seals WHERE seq = 5)"}, "is missing", 5},
		"remove an event and its seal": {[]string{"DELETE FROM events WHERE id = (SELECT event_id FROM seals WHERE seq = 5)", "DELETE FROM seals WHERE seq = 5"}, "seals 5 to 5 are missing", 6},
		"remove and close the gap": {[]string{"DELETE FROM events WHERE id = (SELECT event_id FROM seals WHERE seq = 9)", "DELETE FROM seals WHERE seq = 9",
			"UPDATE seals SET seq = 9 WHERE seq = 10"}, "does not follow", 9},
		"swap two events' contents": {[]string{"UPDATE events SET object_id = CASE object_id WHEN '4' THEN '6' ELSE '4' END WHERE object_id IN ('4', '6')"}, "is not what was sealed", 5},
		"swap two seals": {[]string{"UPDATE seals SET seq = -1 WHERE seq = 4", "UPDATE seals SET seq = 4 WHERE seq = 5",
			"UPDATE seals SET seq = 5 WHERE seq = -1"}, "does not follow", 4},
		"swap the events of two seals": {[]string{"UPDATE seals SET event_id = -event_id WHERE seq IN (4, 5)",
			"UPDATE seals SET event_id = CASE seq WHEN 4 THEN 1 - event_id ELSE -1 - event_id END WHERE seq IN (4, 5)"}, "is not what was sealed", 4},
		"change a seal's hash":      {[]string{"UPDATE seals SET hash = '" + strings.Repeat("ab", 32) + "' WHERE seq = 5"}, "is not what was sealed", 5},
		"garble a seal":             {[]string{"UPDATE seals SET prev = 'x' WHERE seq = 5"}, "does not follow", 5},
		"cut the end off":           {[]string{"DELETE FROM seals WHERE seq > 7"}, "seals were cut off", 10},
		"remove a seal of the past": {[]string{"DELETE FROM seals WHERE seq = 1"}, "seals 1 to 1 are missing", 2},
		"forge a checkpoint":        {[]string{"UPDATE checkpoints SET hash = (SELECT hash FROM seals WHERE seq = 9)"}, "not the one that was signed", 10},
		"forge a signature":         {[]string{"UPDATE checkpoints SET signature = 'AAAA'"}, "signature is not valid", 10},
		"move a checkpoint in time": {[]string{"UPDATE checkpoints SET at = '2026-11-24 13:00:00+00:00'"}, "signature is not valid", 10},
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *Store) {
				l := sealer(t, s)
				happened(t, s, 10)
				sealAll(t, s, l, 100)
				if _, err := s.SignCheckpoint(t.Context(), noon, l, key); err != nil {
					t.Fatal(err)
				}
				if r := verified(t, s, pub); !r.OK() {
					t.Fatalf("before the attack: %+v", r)
				}
				disarm(t, s)
				for _, sql := range attack.do {
					exec(t, s, sql)
				}
				r := verified(t, s, pub)
				for _, f := range r.Faults {
					if f.Seq == attack.at && strings.Contains(f.Problem, attack.find) {
						return
					}
				}
				t.Errorf("want %q at %d, found %+v", attack.find, attack.at, r.Faults)
			})
		})
	}
}

// Who rewrites the whole chain consistently still cannot sign it.
func TestVerifyFindsARewrittenChain(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	each(t, func(t *testing.T, s *Store) {
		l := sealer(t, s)
		happened(t, s, 5)
		sealAll(t, s, l, 100)
		if _, err := s.SignCheckpoint(t.Context(), noon, l, key); err != nil {
			t.Fatal(err)
		}
		disarm(t, s)
		exec(t, s, "UPDATE events SET reason = 'all is well'")
		exec(t, s, "DELETE FROM seals")
		if n := sealAll(t, s, l, 100); n != 5 {
			t.Fatalf("resealed %d", n)
		}
		if r := verified(t, s); r.Found != 1 || r.Faults[0].Seq != 5 {
			t.Errorf("without a key: %+v", r)
		}
		if r := verified(t, s, pub); r.Found != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// An event that is put among older ones is found.
func TestVerifyFindsABackdatedEvent(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		l := sealer(t, s)
		happened(t, s, 3)
		disarm(t, s)
		exec(t, s, "DELETE FROM events WHERE object_id = '1'")
		sealAll(t, s, l, 10)
		var id int64
		s.db.Raw("SELECT id + 1 FROM events WHERE object_id = '0'").Scan(&id)
		if s.dialect == migrations.Postgres {
			exec(t, s, `INSERT INTO events (id, at, actor_kind, actor_id, actor_name, command, object_kind, object_id, data, xid) OVERRIDING SYSTEM VALUE
				VALUES (?, ?, 'person', '', '', 'x', 'case', '1', '{}', '3')`, id, noon)
		} else {
			exec(t, s, `INSERT INTO events (id, at, actor_kind, actor_id, actor_name, command, object_kind, object_id, data) VALUES (?, ?, 'person', '', '', 'x', 'case', '1', '{}')`, id, noon)
		}
		r := verified(t, s)
		if r.Found != 1 || r.Faults[0].EventID != id {
			t.Errorf("%+v", r)
		}
	})
}

func TestAuditTablesRefuseRewriting(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	each(t, func(t *testing.T, s *Store) {
		l := sealer(t, s)
		happened(t, s, 2)
		sealAll(t, s, l, 10)
		if _, err := s.SignCheckpoint(t.Context(), noon, l, key); err != nil {
			t.Fatal(err)
		}
		refuseRewriting(t, s)
	})
}

func refuseRewriting(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range appendOnly {
		for _, sql := range []string{"UPDATE " + table + " SET at = at", "DELETE FROM " + table, "TRUNCATE " + table} {
			if s.dialect == migrations.SQLite && strings.HasPrefix(sql, "TRUNCATE") {
				continue
			}
			if err := s.db.Exec(sql).Error; err == nil {
				t.Errorf("%s was done", sql)
			}
		}
		if n := count(t, s, "SELECT count(*) FROM "+table); n == 0 {
			t.Errorf("%s is empty", table)
		}
	}
}

// The service's role works, and cannot rewrite the log even without triggers.
func TestGrantService(t *testing.T) {
	ctx := t.Context()
	url := testenv.Postgres(t, migrate)
	owner := open(t, Config{URL: url})
	roleURL := testenv.PostgresRole(t, url)
	role := roleURL[strings.Index(roleURL, "://")+3:]
	role = role[:strings.Index(role, ":")]
	if err := owner.GrantService(ctx, role); err != nil {
		t.Fatal(err)
	}
	if err := owner.GrantService(ctx, "nobody here"); !errors.Is(err, cases.ErrNotFound) {
		t.Errorf("an unknown role: %v", err)
	}
	s := open(t, Config{URL: roleURL})
	file(t, s, about("+12025550143", "", "+12125550100"))
	l := sealer(t, s)
	sealAll(t, s, l, 10)
	_, key, _ := ed25519.GenerateKey(nil)
	if _, err := s.SignCheckpoint(ctx, noon, l, key); err != nil {
		t.Fatal(err)
	}
	if r := verified(t, s, key.Public().(ed25519.PublicKey)); !r.OK() || r.Seals == 0 {
		t.Errorf("%+v", r)
	}
	// A day that nobody has seen yet.
	_, err := s.IngestCalls(ctx, noon, cases.Ingest{Source: "sw", Calls: []cases.Call{{SourceID: "1", AccountID: "acme", Direction: "outbound",
		From: "+12025550143", To: "+12125550100", StartedAt: noon}}})
	if err != nil {
		t.Errorf("calls: %v", err)
	}
	if cs, err := s.MatchingCalls(ctx, cases.CallQuery{From: "+12025550143", Earliest: noon.Add(-time.Hour), Latest: noon.Add(time.Hour), Limit: 5}); err != nil || len(cs) != 1 {
		t.Errorf("matching calls: %d, %v", len(cs), err)
	}
	disarm(t, owner)
	refuseRewriting(t, s)
	for _, sql := range []string{"DROP TABLE reports", "ALTER TABLE events ADD x int", "CREATE TABLE mine (x int)", "UPDATE goose_db_version SET version_id = 9"} {
		if err := s.db.Exec(sql).Error; err == nil {
			t.Errorf("the service's role did: %s", sql)
		}
	}
}

func TestGrantServiceIsForPostgres(t *testing.T) {
	s := open(t, Config{DataDir: t.TempDir()})
	if err := s.GrantService(context.Background(), "x"); !errors.Is(err, cases.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
