package mailbox_test

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/mailbox"
)

const (
	clientID     = "abusedesk"
	clientSecret = "s3same+/&=open"
)

// issuer is a token endpoint after RFC 6749 for one client and one user, with the
// introspection of RFC 7662 for the mail server. It reads what is sent by the
// letter of the RFC, and not by what the code under test sends.
type issuer struct {
	server *httptest.Server

	mu       sync.Mutex
	life     time.Duration // of access tokens; 0 is not said and for ever
	refresh  string        // the refresh token that is good; empty is none
	rotates  bool          // each refresh token is good once
	scope    string        // that must be asked for; empty is any
	deny     string        // an error code in place of a token
	answer   http.HandlerFunc
	active   map[string]time.Time
	requests []url.Values
	refused  int // introspections of tokens that are not good
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{life: time.Hour, active: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("POST /introspect", i.introspect)
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

// set changes the issuer while it may be in use.
func (i *issuer) set(change func(*issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(i)
}

func (i *issuer) introspection() string { return i.server.URL + "/introspect" }

// tokens are those of a client that is set up as the issuer wants it.
func (i *issuer) tokens(t *testing.T, change ...func(*mailbox.Grant)) *mailbox.Tokens {
	t.Helper()
	g := mailbox.Grant{TokenURL: i.server.URL + "/token", ClientID: clientID, ClientSecret: clientSecret, RefreshToken: i.refresh}
	for _, c := range change {
		c(&g)
	}
	tokens, err := mailbox.NewTokens(g)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	answer := i.answer
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	r.ParseForm()
	i.requests = append(i.requests, maps.Clone(r.PostForm))
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	code, status := "", http.StatusBadRequest
	switch grant := r.PostForm.Get("grant_type"); {
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.URL.RawQuery != "":
		code = "invalid_request"
	case id != clientID || secret != clientSecret:
		code, status = "invalid_client", http.StatusUnauthorized
	case grant != "refresh_token" && grant != "client_credentials":
		code = "unsupported_grant_type"
	case grant == "refresh_token" && (i.refresh == "" || r.PostForm.Get("refresh_token") != i.refresh):
		code = "invalid_grant"
	case i.scope != "" && r.PostForm.Get("scope") != i.scope:
		code = "invalid_scope"
	case i.deny != "":
		code = i.deny
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	if code != "" {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "No:\r\n" + r.PostForm.Encode() + " " + secret + " " + r.PostForm.Get("refresh_token")})
		return
	}
	out := map[string]any{"access_token": rand.Text(), "token_type": "bearer"}
	until := time.Now().Add(1000 * time.Hour)
	if i.life != 0 {
		out["expires_in"] = int(i.life / time.Second)
		until = time.Now().Add(i.life)
	}
	i.active[out["access_token"].(string)] = until
	if i.rotates && r.PostForm.Get("grant_type") == "refresh_token" {
		i.refresh = rand.Text()
		out["refresh_token"] = i.refresh
	}
	json.NewEncoder(w).Encode(out)
}

func (i *issuer) introspect(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if time.Now().Before(i.active[r.PostFormValue("token")]) {
		json.NewEncoder(w).Encode(map[string]any{"active": true, "username": user})
		return
	}
	i.refused++
	json.NewEncoder(w).Encode(map[string]any{"active": false})
}

// revoke ends all tokens that were given.
func (i *issuer) revoke() { i.set(func(i *issuer) { clear(i.active) }) }

// counts says how often a token was asked for, and how often one was refused.
func (i *issuer) counts() (requests, refused int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.requests), i.refused
}
