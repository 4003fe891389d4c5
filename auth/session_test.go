package auth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
)

func TestSessionCookie(t *testing.T) {
	for name, tt := range map[string]struct {
		secure bool
		cookie string
	}{
		"over TLS":    {true, "__Host-abusedesk"},
		"on loopback": {false, "abusedesk"},
	} {
		m := NewSessions(memstore.New(), tt.secure)
		rec := httptest.NewRecorder()
		m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.Put(r.Context(), SessionPerson, "p_ann") })).
			ServeHTTP(rec, httptest.NewRequest("GET", "/desk/queue", nil))
		cs := rec.Result().Cookies()
		if len(cs) != 1 {
			t.Fatalf("%s: cookies %v", name, cs)
		}
		// A browser takes a __Host- cookie only with Secure, Path=/ and no Domain
		// (RFC 6265bis section 4.1.3.2).
		if c := cs[0]; c.Name != tt.cookie || c.Secure != tt.secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestANewPasswordEndsTheSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann@x.example", "analyst"), w.person("bob@x.example", "analyst")
		sessions := w.store.Sessions()
		sessions.Person = PersonOf
		m := NewSessions(sessions, false)
		var who string
		page := m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if as := r.FormValue("as"); as != "" {
				m.Put(r.Context(), SessionPerson, as)
			}
			who = m.GetString(r.Context(), SessionPerson)
		}))
		visit := func(url string, c *http.Cookie) *http.Cookie {
			r := httptest.NewRequest("GET", url, strings.NewReader(""))
			if c != nil {
				r.AddCookie(c)
			}
			rec := httptest.NewRecorder()
			page.ServeHTTP(rec, r)
			if cs := rec.Result().Cookies(); len(cs) > 0 {
				return cs[0]
			}
			return c
		}
		anns, bobs := visit("/?as="+ann.ID, nil), visit("/?as="+bob.ID, nil)
		if visit("/", anns); who != ann.ID {
			t.Fatalf("ann's session is %q", who)
		}
		w.must(w.auth.SetPassword(t.Context(), admin, "ann@x.example", "another four words"))
		if visit("/", anns); who != "" {
			t.Errorf("ann's session goes on as %q", who)
		}
		if visit("/", bobs); who != bob.ID {
			t.Errorf("bob's session is %q", who)
		}
	})
}

func TestPersonOfIsNobodyForWhatIsNoSession(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("nonsense")} {
		if got := PersonOf(data); got != "" {
			t.Errorf("%q is of %q", data, got)
		}
	}
}
