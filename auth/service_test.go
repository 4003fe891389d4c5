package auth

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.person(" Ann@Northtel.example", cases.RoleAnalyst)
		w.disabled("p_left", "left@northtel.example", cases.RoleAnalyst)
		decoys := 0
		decoy := w.auth.decoy
		w.auth.decoy = func() string { decoys++; return decoy() }
		for name, tt := range map[string]struct {
			email, password string
			want            string // id
			decoys          int
		}{
			"right":                    {"ann@northtel.example", password, ann.ID, 0},
			"as one writes it":         {" ANN@northtel.example ", password, ann.ID, 0},
			"wrong password":           {"ann@northtel.example", password + "!", "", 0},
			"another case of letters":  {"ann@northtel.example", strings.ToUpper(password), "", 0},
			"no password":              {"ann@northtel.example", "", "", 0},
			"one who left":             {"left@northtel.example", password, "", 0},
			"nobody":                   {"nobody@northtel.example", password, "", 1},
			"nobody at all":            {"", "", "", 1},
			"too long to be looked at": {"ann@northtel.example", strings.Repeat("a", MaxPassword+1), "", 0},
		} {
			decoys = 0
			p, err := w.auth.SignIn(ctx, tt.email, tt.password)
			if p.ID != tt.want || decoys != tt.decoys {
				t.Errorf("%s: %q with %d decoys, want %q with %d", name, p.ID, decoys, tt.want, tt.decoys)
			}
			if tt.want == "" {
				// The same words for all, whatever was wrong.
				w.refused(err, cases.ErrForbidden, "this address and password do not belong together")
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Not even who guesses the decoy gets in.
		hash, err := HashPassword(password)
		w.must(err)
		w.auth.decoy = func() string { return hash }
		_, err = w.auth.SignIn(ctx, "nobody@northtel.example", password)
		w.refused(err, cases.ErrForbidden, "do not belong together")

		if _, err := w.auth.Person(ctx, ann.ID); err != nil {
			t.Errorf("ann's session: %v", err)
		}
		_, err = w.auth.Person(ctx, "p_left")
		w.refused(err, cases.ErrNotFound, "this person")
		w.must(w.auth.SetPassword(ctx, admin, "ANN@northtel.example", "another four words"))
		_, err = w.auth.SignIn(ctx, "ann@northtel.example", password)
		w.refused(err, cases.ErrForbidden, "do not belong together")
		_, err = w.auth.SignIn(ctx, "ann@northtel.example", "another four words")
		w.must(err)
	})
}

func TestDecoyCostsWhatARealCheckCosts(t *testing.T) {
	s := New(nil, time.Now)
	real, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) string { return hash[:strings.LastIndex(hash[:strings.LastIndex(hash, "$")], "$")] }
	if got := s.decoy(); cost(got) != cost(real) || got != s.decoy() {
		t.Errorf("decoy %q, a real one %q", cost(got), cost(real))
	}
}

func TestCreatePersonNamesWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.person("ann@northtel.example", cases.RoleAnalyst)
		for name, tt := range map[string]struct {
			as                    cases.Actor
			email, name, password string
			role                  cases.Role
			kind                  error
			says                  string
		}{
			"no address":     {admin, "ann", "Ann", password, cases.RoleAnalyst, cases.ErrInvalid, "email"},
			"name in it":     {admin, "Ann <a@x.example>", "Ann", password, cases.RoleAnalyst, cases.ErrInvalid, "email"},
			"no name":        {admin, "a@x.example", " ", password, cases.RoleAnalyst, cases.ErrInvalid, "name"},
			"role of a key":  {admin, "a@x.example", "Ann", password, cases.RoleIntegration, cases.ErrInvalid, "role"},
			"short password": {admin, "a@x.example", "Ann", "short", cases.RoleAnalyst, cases.ErrInvalid, "password"},
			"taken":          {admin, "ANN@northtel.example", "Ann", password, cases.RoleAnalyst, cases.ErrConflict, "ann@northtel.example"},
			"an approver":    {cases.Actor{Kind: cases.ActorPerson, ID: "p", Role: cases.RoleApprover, Person: "p"}, "a@x.example", "Ann", password, cases.RoleAnalyst, cases.ErrForbidden, ""},
		} {
			t.Log(name)
			_, err := w.auth.CreatePerson(t.Context(), tt.as, tt.email, tt.name, tt.role, tt.password)
			w.refused(err, tt.kind, tt.says)
		}
		people, err := w.auth.People(t.Context(), admin)
		w.must(err)
		if len(people) != 1 {
			t.Errorf("refused, and yet there are %d people", len(people))
		}
	})
}

func TestSetupLinkMakesOneAdmin(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		use := func(secret, email string) error {
			_, err := w.auth.UseSetupLink(ctx, secret, email, "Ada", password)
			return err
		}
		old, err := w.auth.NewSetupLink(ctx)
		w.must(err)
		w.pass(SetupLinkLife)
		w.refused(use(old, "ada@x.example"), cases.ErrNotFound, "expired")
		w.refused(use("a guess", "ada@x.example"), cases.ErrNotFound, "")
		link, err := w.auth.NewSetupLink(ctx)
		w.must(err)
		other, err := w.auth.NewSetupLink(ctx)
		w.must(err)
		if len(link) < 40 || link == other {
			t.Errorf("links %q and %q", link, other)
		}
		w.refused(use(link, "not an address"), cases.ErrInvalid, "email")
		// Two at once, with one link or with two: one wins.
		errs := make([]error, 4)
		var both sync.WaitGroup
		for i, secret := range []string{link, other, link, other} {
			both.Go(func() { errs[i] = use(secret, string(rune('a'+i))+"@x.example") })
		}
		both.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, cases.ErrNotFound) && !errors.Is(err, cases.ErrConflict):
				t.Errorf("lost with: %v", err)
			}
		}
		people, err := w.auth.People(ctx, admin)
		w.must(err)
		if won != 1 || len(people) != 1 || people[0].Role != cases.RoleAdmin {
			t.Fatalf("%d won, people %+v", won, people)
		}
		if _, err := w.auth.SignIn(ctx, people[0].Email, password); err != nil {
			t.Errorf("the admin cannot sign in: %v", err)
		}
		if again := use(link, "eve@x.example"); again == nil {
			t.Error("the link works twice")
		}
		if s, err := w.auth.NewSetupLink(ctx); s != "" || err != nil {
			t.Errorf("a link though there is an admin: %q, %v", s, err)
		}
		// A link of before, and an admin made otherwise since.
		w.must(w.store.CreateSetupLink(ctx, digest("left over"), w.clock().Add(time.Hour)))
		w.refused(use("left over", "eve@x.example"), cases.ErrConflict, "admin already")
	})
}
