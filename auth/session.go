package auth

import (
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Session limits.
const (
	SessionIdle = 8 * time.Hour
	SessionLife = 7 * 24 * time.Hour
)

// SessionPerson is the session's key for the staff id.
const SessionPerson = "person"

// NewSessions returns the session manager. secure is false only where the
// console is served over plain HTTP on loopback; the cookie then lacks the
// __Host- prefix, which browsers refuse there.
func NewSessions(store scs.Store, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = store
	m.Lifetime, m.IdleTimeout = SessionLife, SessionIdle
	m.HashTokenInStore = true
	m.Cookie.Name = "abusedesk"
	m.Cookie.HttpOnly, m.Cookie.Path, m.Cookie.SameSite = true, "/", http.SameSiteLaxMode
	if secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-abusedesk", true
	}
	return m
}

// PersonOf reads from the data of a session whose it is, "" for nobody's.
func PersonOf(data []byte) string {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return ""
	}
	id, _ := values[SessionPerson].(string)
	return id
}
