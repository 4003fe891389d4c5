package auth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestAPIKeyLife(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.person("ada@x.example", cases.RoleAdmin)
		expires := w.clock().Add(time.Hour)
		secret, key, err := w.auth.NewAPIKey(ctx, ada.Actor(), " switch 7 ", []cases.Scope{cases.ScopeCalls, cases.ScopePolicy}, &expires)
		w.must(err)
		if !strings.HasPrefix(secret, KeyPrefix) || len(secret) < len(KeyPrefix)+43 || key.Prefix != secret[:len(KeyPrefix)+6] || key.Name != "switch 7" {
			t.Errorf("key %+v", key)
		}
		kept, err := w.store.APIKeys(ctx)
		w.must(err)
		if len(kept) != 1 || kept[0].Digest == secret || strings.Contains(kept[0].Digest+kept[0].Prefix, secret[len(key.Prefix):]) {
			t.Errorf("kept %+v", kept)
		}
		a, err := w.auth.KeyActor(ctx, secret)
		w.must(err)
		if a.Kind != cases.ActorKey || a.ID != key.ID || a.Person != ada.ID || a.Role != cases.RoleAdmin || !strings.Contains(a.Name, "switch 7") {
			t.Errorf("actor %+v", a)
		}
		for cmd, allowed := range map[cases.Command]bool{cases.CmdIngestCalls: true, cases.CmdAskPolicy: true, cases.CmdReadCases: false, cases.CmdManageKeys: false} {
			if err := cases.Permit(a, cmd); (err == nil) != allowed {
				t.Errorf("%s: %v", cmd, err)
			}
		}
		for name, s := range map[string]string{"nothing": "", "another": KeyPrefix + strings.Repeat("A", 43), "without its prefix": strings.TrimPrefix(secret, KeyPrefix),
			"cut off": secret[:len(secret)-1], "more": secret + "A", "endless": KeyPrefix + strings.Repeat("A", 1<<20), "its digest": KeyPrefix + key.Digest} {
			if _, err := w.auth.KeyActor(ctx, s); cases.KindOf(err) != cases.KindForbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		used, err := w.store.APIKeys(ctx)
		w.must(err)
		if used[0].LastUsedAt == nil || !used[0].LastUsedAt.Equal(w.clock()) {
			t.Errorf("last used at %v", used[0].LastUsedAt)
		}
		// Believed without asking until just before it expires, and no longer.
		w.pass(time.Hour - keyCache/2)
		if _, err := w.auth.KeyActor(ctx, secret); err != nil {
			t.Errorf("before it expires: %v", err)
		}
		w.pass(keyCache / 2)
		_, err = w.auth.KeyActor(ctx, secret)
		w.refused(err, cases.ErrForbidden, "expired")
	})
}

func TestARevokedKeyWorksNoLongerThanTheCache(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		secret, key, err := w.auth.NewAPIKey(ctx, cases.System("command line"), "script", []cases.Scope{cases.ScopeAll}, nil)
		w.must(err)
		a, err := w.auth.KeyActor(ctx, secret)
		w.must(err)
		if a.Person != "" || a.Role != cases.RoleIntegration {
			t.Errorf("nobody stands behind it: %+v", a)
		}
		other := New(w.store, w.clock) // another replica, which has not seen it
		w.must(w.store.RevokeAPIKey(ctx, admin, w.clock(), key.ID))
		_, err = other.KeyActor(ctx, secret)
		w.refused(err, cases.ErrForbidden, "revoked")
		w.pass(keyCache - time.Millisecond)
		if _, err := w.auth.KeyActor(ctx, secret); err != nil {
			t.Errorf("within %v: %v", keyCache, err)
		}
		w.pass(time.Millisecond)
		_, err = w.auth.KeyActor(ctx, secret)
		w.refused(err, cases.ErrForbidden, "revoked")
		if n := len(w.auth.keys); n > 1 {
			t.Errorf("%d keys are remembered", n)
		}
	})
}

func TestAKeyIsBoundedByItsOwner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.person("ann@x.example", cases.RoleAnalyst)
		_, _, err := w.auth.NewAPIKey(ctx, ann.Actor(), "mine", []cases.Scope{cases.ScopeAll}, nil)
		w.refused(err, cases.ErrForbidden, "analyst")
		// One that an admin owned who is an analyst now.
		keyOf := func(owner, secret string) string {
			secret = KeyPrefix + secret
			w.must(w.store.CreateAPIKey(ctx, admin, cases.APIKey{ID: "k_" + owner, Name: "script", Digest: digest(secret), Scopes: []cases.Scope{cases.ScopeAll}, OwnerID: owner, CreatedAt: w.clock()}))
			return secret
		}
		a, err := w.auth.KeyActor(ctx, keyOf(ann.ID, "one"))
		w.must(err)
		for _, cmd := range cases.Commands() {
			if as, key := cases.Permit(ann.Actor(), cmd), cases.Permit(a, cmd); (as == nil) != (key == nil) {
				t.Errorf("%s: the owner %v, the key %v", cmd, as, key)
			}
		}
		w.disabled("p_left", "left@x.example", cases.RoleAdmin)
		_, err = w.auth.KeyActor(ctx, keyOf("p_left", "two"))
		w.refused(err, cases.ErrForbidden, "")
		_, err = w.auth.KeyActor(ctx, keyOf("p_gone", "three"))
		w.refused(err, cases.ErrForbidden, "")
	})
}

func TestNewAPIKeyNamesWhatIsWrong(t *testing.T) {
	s := New(nil, time.Now)
	_, _, err := s.NewAPIKey(t.Context(), admin, " ", []cases.Scope{"everything"}, nil)
	e, ok := err.(*cases.Error)
	if !ok || e.Kind != cases.KindInvalid {
		t.Fatal(err)
	}
	var fields []string
	for _, p := range e.Problems {
		fields = append(fields, p.Field)
	}
	if !slices.Equal(fields, []string{"name", "scopes"}) {
		t.Errorf("problems %v", e.Problems)
	}
	if _, _, err := s.NewAPIKey(t.Context(), admin, "x", nil, nil); cases.KindOf(err) != cases.KindInvalid {
		t.Errorf("no scope: %v", err)
	}
}
