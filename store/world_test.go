package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// delivery is an acceptance of a body by a door.
func delivery(channel cases.Channel, key, body string) cases.Acceptance {
	sum := sha256.Sum256([]byte(body))
	return cases.Acceptance{Message: cases.Message{Channel: channel, Source: "test", DedupKey: key, Token: rand.Text(), SHA256: hex.EncodeToString(sum[:]),
		Size: int64(len(body)), Evidence: []byte(body), State: cases.MessageAccepted, ReceivedAt: noon}}
}

// accept commits one delivery.
func accept(t *testing.T, s *Store, a cases.Acceptance) (cases.Message, cases.Receipt) {
	t.Helper()
	rs, err := s.Accept(t.Context(), noon, []cases.Acceptance{a})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Message(t.Context(), rs[0].MessageID)
	if err != nil {
		t.Fatal(err)
	}
	return m, rs[0]
}

// about is a parse with one number in each role; "" leaves a role out.
func about(caller, callback, called string) cases.Parsed {
	p := cases.Parsed{Category: cases.CategoryRobocall, Pretext: "car warranty", Language: "en", Text: "they called", Parser: "test/1"}
	for _, n := range []cases.NumberMention{{E164: caller, Role: cases.RoleCaller}, {E164: callback, Role: cases.RoleCallback}, {E164: called, Role: cases.RoleCalled}} {
		if n.E164 != "" {
			n.Confidence, n.Text, n.Start, n.End = 1, n.E164, -1, -1
			p.Numbers = append(p.Numbers, n)
		}
	}
	return p
}

// file accepts and files one report at noon.
func file(t *testing.T, s *Store, p cases.Parsed) cases.Filed {
	t.Helper()
	return fileAt(t, s, noon, p, nil)
}

func fileAt(t *testing.T, s *Store, now time.Time, p cases.Parsed, ack *cases.Sending) cases.Filed {
	t.Helper()
	a := delivery(cases.ChannelEmail, rand.Text(), "body")
	a.Message.ReceivedAt = now
	m, _ := accept(t, s, a)
	f, err := fileOne(t.Context(), s, cases.Attempt{}, now, cases.Filing{Message: m, Parsed: p, Acknowledgement: ack})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// count runs a query that returns one number.
func count(t *testing.T, s *Store, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.db.Raw(query, args...).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// exec runs a statement that no method of the store would.
func exec(t *testing.T, s *Store, statement string, args ...any) {
	t.Helper()
	if err := s.db.Exec(statement, args...).Error; err != nil {
		t.Fatal(err)
	}
}

// analyst and approver are staff.
func staff(id string, role cases.Role) cases.Actor {
	return cases.Actor{Kind: cases.ActorPerson, ID: id, Name: id, Role: role, Person: id}
}

// run claims a job of a kind and object and returns the attempt.
func run(t *testing.T, s *Store, kind cases.JobKind, object int64) cases.Attempt {
	t.Helper()
	var id int64
	if err := s.db.Raw("SELECT id FROM jobs WHERE kind = ? AND object_id = ? AND state <> 'done' ORDER BY id DESC LIMIT 1", kind, object).Scan(&id).Error; err != nil || id == 0 {
		t.Fatalf("no job %s %d: %v", kind, object, err)
	}
	_, at, err := claimOne(context.Background(), s, noon, id)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// fileOne files one message as the effect of an attempt.
func fileOne(ctx context.Context, s *Store, at cases.Attempt, now time.Time, f cases.Filing) (cases.Filed, error) {
	f.Attempt = at
	filed, err := s.FileMessages(ctx, now, []cases.Filing{f})
	if err != nil {
		return cases.Filed{}, err
	}
	return filed[0], nil
}

// claimOne begins an attempt at one job; cases.ErrConflict when there is nothing
// to do.
func claimOne(ctx context.Context, s *Store, now time.Time, id int64) (cases.Job, cases.Attempt, error) {
	jobs, err := s.ClaimJobs(ctx, now, []int64{id})
	if err != nil || len(jobs) == 0 {
		return cases.Job{}, cases.Attempt{}, cmp.Or(err, error(cases.ErrConflict))
	}
	return jobs[0], jobs[0].AttemptAt(), nil
}
