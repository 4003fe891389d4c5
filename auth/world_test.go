package auth

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
	"github.com/abusedesk/abusedesk/store"
)

// published are the parameters of the program. The tests hash with cheaper ones:
// what they look at does not depend on the price.
var published = *params

func TestMain(m *testing.M) {
	params = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	os.Exit(m.Run())
}

const password = "correct horse battery"

var admin = cases.Actor{Kind: cases.ActorPerson, ID: "p_admin", Name: "Ada", Role: cases.RoleAdmin, Person: "p_admin"}

// world is the service on a real database, with the time in the test's hands.
type world struct {
	t     *testing.T
	auth  *Service
	store *store.Store

	mu  sync.Mutex
	now time.Time
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(t, newWorld(t, s)) })
}

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{t: t, store: s, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	w.auth = New(w.store, w.clock)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err, kind error, says string) {
	w.t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("%v, want %v that says %q", err, cases.KindOf(kind), says)
	}
}

// person adds a member of staff.
func (w *world) person(email string, role cases.Role) cases.Person {
	w.t.Helper()
	p, err := w.auth.CreatePerson(w.t.Context(), admin, email, "Somebody", role, password)
	w.must(err)
	return p
}

// disabled adds one who has left.
func (w *world) disabled(id, email string, role cases.Role) {
	w.t.Helper()
	hash, err := HashPassword(password)
	w.must(err)
	now := w.clock()
	w.must(w.store.CreatePerson(w.t.Context(), admin, cases.Person{ID: id, Email: email, Name: "Left", Role: role, PasswordHash: hash, CreatedAt: now, DisabledAt: &now}))
}
