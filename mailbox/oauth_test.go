package mailbox_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/testenv"
	"github.com/abusedesk/abusedesk/mailbox"
)

// ask fails the test unless a token comes.
func ask(t *testing.T, tokens *mailbox.Tokens) (token string, fresh bool) {
	t.Helper()
	token, fresh, err := tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token, fresh
}

func TestTokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	for name, refresh := range map[string]string{"refresh_token": "the+refresh/token=", "client_credentials": ""} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.refresh, i.scope = refresh, "https://outlook.office365.com/.default offline_access"
			tokens := i.tokens(t, func(g *mailbox.Grant) { g.Scope = i.scope })
			now := time.Now()
			tokens.SetNow(func() time.Time { return now })

			first, fresh := ask(t, tokens)
			if !fresh {
				t.Error("the first token was there before")
			}
			now = now.Add(time.Hour - 2*time.Minute)
			if again, fresh := ask(t, tokens); again != first || fresh {
				t.Error("a token was not kept")
			}
			now = now.Add(90 * time.Second)
			second, fresh := ask(t, tokens)
			if second == first || !fresh {
				t.Error("a token was used until its end")
			}
			now = time.Now()      // the new one's hour is of the real clock
			tokens.Discard(first) // somebody else may have renewed it meanwhile
			if again, _ := ask(t, tokens); again != second {
				t.Error("discarding the token before took the new one")
			}
			tokens.Discard(second)
			if third, fresh := ask(t, tokens); third == second || !fresh {
				t.Error("a refused token was used again")
			}
			want := map[string][]string{"grant_type": {name}, "client_id": {clientID}, "client_secret": {clientSecret}, "scope": {i.scope}}
			if refresh != "" {
				want["refresh_token"] = []string{refresh}
			}
			if diff := cmp.Diff(want, map[string][]string(i.requests[0])); diff != "" {
				t.Errorf("the request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenWithoutAnEndIsKeptUntilItIsRefused(t *testing.T) {
	i := newIssuer(t)
	i.life = 0
	tokens := i.tokens(t)
	tokens.SetNow(func() time.Time { return time.Now().AddDate(1, 0, 0) })
	first, _ := ask(t, tokens)
	if again, fresh := ask(t, tokens); again != first || fresh {
		t.Error("it was not kept")
	}
}

func TestOneRequestServesThoseWhoWait(t *testing.T) {
	i := newIssuer(t)
	tokens := i.tokens(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := tokens.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, _ := i.counts(); n != 1 {
		t.Errorf("%d requests for one token", n)
	}
}

func TestRotatedRefreshTokenIsUsed(t *testing.T) {
	i := newIssuer(t)
	i.refresh, i.rotates = "configured", true
	tokens := i.tokens(t)
	for range 3 { // the issuer refuses each refresh token but the newest
		token, _ := ask(t, tokens)
		tokens.Discard(token)
	}
	// The newest has ended, and the configured one is good.
	newest := i.refresh
	i.set(func(i *issuer) { i.refresh = "configured" })
	if _, _, err := tokens.Token(t.Context()); !errors.Is(err, cases.ErrForbidden) || !strings.Contains(err.Error(), "invalid_grant") || strings.Contains(err.Error(), newest) {
		t.Errorf("got %v", err)
	}
	ask(t, tokens)
}

func TestTokenEndpointThatRefuses(t *testing.T) {
	const refresh = "r3fresh/+="
	for name, tt := range map[string]struct {
		issuer func(*issuer)
		grant  func(*mailbox.Grant)
		want   string
	}{
		"another secret":        {grant: func(g *mailbox.Grant) { g.ClientSecret = "an0ther" }, want: "invalid_client"},
		"another client":        {grant: func(g *mailbox.Grant) { g.ClientID = "another" }, want: "invalid_client"},
		"another refresh token": {grant: func(g *mailbox.Grant) { g.RefreshToken = "gu3ssed" }, want: "invalid_grant"},
		"another scope":         {issuer: func(i *issuer) { i.scope = "mail" }, want: "invalid_scope"},
		"no right to the grant": {issuer: func(i *issuer) { i.deny = "unauthorized_client" }, want: "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.refresh = refresh
			if tt.issuer != nil {
				tt.issuer(i)
			}
			if tt.grant == nil {
				tt.grant = func(*mailbox.Grant) {}
			}
			_, _, err := i.tokens(t, tt.grant).Token(t.Context())
			if !errors.Is(err, cases.ErrForbidden) || !strings.Contains(err.Error(), "the token endpoint 127.0.0.1:") || !strings.Contains(err.Error(), " refused: "+tt.want+" (No: ") {
				t.Fatalf("got %v, want a refusal %s", err, tt.want)
			}
			for _, secret := range []string{clientSecret, url.QueryEscape(clientSecret), refresh, url.QueryEscape(refresh), "an0ther", "gu3ssed", "\r", "\n"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
			if n, _ := i.counts(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestTokenEndpointThatDoesNotAnswer(t *testing.T) {
	reply := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"is down":                {reply(503, "text/html", "<p>"+clientSecret), "answers 503 Service Unavailable"},
		"is down, with an error": {reply(503, "application/json", `{"error":"temporarily_unavailable"}`), "answers 503 Service Unavailable"},
		"has too much":           {reply(429, "application/json", `{"error":"slow_down"}`), "answers 429 Too Many Requests"},
		"is not there":           {reply(404, "text/html", clientSecret), "answers 404 Not Found"},
		"redirects":              {reply(307, "text/html", ""), "answers 307 Temporary Redirect"},
		"gives no token":         {reply(200, "application/json", `{"token_type":"bearer"}`), "missing access_token"},
		"speaks no JSON":         {reply(200, "text/html", "<p>sign in here</p>"), "ask the token endpoint"},
		"is silent": {func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then is the client's end noticed
			<-r.Context().Done()
		}, "ask the token endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.answer = tt.answer
			tokens := i.tokens(t)
			tokens.SetTimeout(200 * time.Millisecond)
			_, _, err := tokens.Token(t.Context())
			if !errors.Is(err, cases.ErrUnavailable) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), clientSecret) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			i.set(func(i *issuer) { i.answer = nil })
			ask(t, tokens)
		})
	}
	i := newIssuer(t)
	i.server.Close()
	if _, _, err := i.tokens(t).Token(t.Context()); !errors.Is(err, cases.ErrUnavailable) || strings.Contains(err.Error(), "/token") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestGrantsThatCannotWork(t *testing.T) {
	good := mailbox.Grant{TokenURL: "https://login.example/token", ClientID: "id", ClientSecret: "s3same"}
	for name, tt := range map[string]struct {
		change func(*mailbox.Grant)
		field  string
	}{
		"nowhere":                {func(g *mailbox.Grant) { g.TokenURL = "" }, "TOKEN_URL"},
		"in the clear":           {func(g *mailbox.Grant) { g.TokenURL = "http://login.example/token" }, "TOKEN_URL"},
		"a password in the URL":  {func(g *mailbox.Grant) { g.TokenURL = "https://id:s3same@login.example/token" }, "TOKEN_URL"},
		"no client":              {func(g *mailbox.Grant) { g.ClientID = "" }, "CLIENT_ID"},
		"nothing to show at all": {func(g *mailbox.Grant) { g.ClientSecret = "" }, "CLIENT_SECRET"},
	} {
		g := good
		tt.change(&g)
		_, err := mailbox.NewTokens(g)
		e, ok := errors.AsType[*cases.Error](err)
		if !ok || len(e.Problems) != 1 || e.Problems[0].Field != tt.field || strings.Contains(err.Error(), "s3same") {
			t.Errorf("%s: got %v, want a problem of %s", name, err, tt.field)
		}
	}
	good.ClientSecret, good.RefreshToken = "", "of a public client"
	if _, err := mailbox.NewTokens(good); err != nil {
		t.Error(err)
	}
}

// tokenBox is a mailbox that signs in with tokens.
func tokenBox(t *testing.T, addr, parameters string, tokens *mailbox.Tokens) mailbox.Mailbox {
	t.Helper()
	boxes, err := mailbox.ParseURLs("imap://"+user+"@"+addr+"/INBOX?"+parameters, map[string]*mailbox.Tokens{"": tokens})
	if err != nil {
		t.Fatal(err)
	}
	return boxes[0]
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// script is a server that says and expects lines, for one connection. TAG is the
// tag of the command before; fill puts in what depends on the server's port.
func script(t *testing.T, fill func(port, line string) string, lines []string) (addr string, done <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	result := make(chan error, 1)
	go func() {
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			result <- err
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		r, tag := bufio.NewReader(c), ""
		for _, line := range lines {
			line = fill(port, line)
			if says, ok := strings.CutPrefix(line, "S: "); ok {
				fmt.Fprintf(c, "%s\r\n", strings.ReplaceAll(says, "TAG", tag))
				continue
			}
			got, err := r.ReadString('\n')
			if err != nil {
				result <- fmt.Errorf("instead of %q: %w", line, err)
				return
			}
			got = strings.TrimSuffix(got, "\r\n")
			want := strings.TrimPrefix(line, "C: ")
			if rest, ok := strings.CutPrefix(want, "TAG "); ok {
				tag, got, _ = strings.Cut(got, " ")
				want = rest
			}
			if got != want {
				result <- fmt.Errorf("got the line %q, want %q", got, want)
				return
			}
		}
		result <- nil
		io.Copy(io.Discard, r) // the client hangs up
	}()
	return l.Addr().String(), result
}

// The lines are those of RFC 7628 section 4 and of Google's description.
func TestSignInByTheLetter(t *testing.T) {
	const token = "vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg=="
	failure := b64(`{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}`)
	xoauth := b64("user=" + user + "\x01auth=Bearer " + token + "\x01\x01")
	bearer := func(port string) string {
		return b64("n,a=" + user + ",\x01host=127.0.0.1\x01port=" + port + "\x01auth=Bearer " + token + "\x01\x01")
	}
	for name, tt := range map[string]struct {
		auth  string
		lines []string // BEARER is the initial response of OAUTHBEARER
		err   string
	}{
		"the standard is preferred": {"oauth", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER] hello", "C: TAG AUTHENTICATE OAUTHBEARER BEARER", "S: TAG OK done"}, ""},
		"what there is": {"oauth", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: TAG OK done"}, ""},
		"what is wanted": {"xoauth2", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: TAG OK done"}, ""},
		"without an initial response": {"oauth", []string{
			"S: * OK hello", "C: TAG CAPABILITY", "S: * CAPABILITY IMAP4rev1 AUTH=XOAUTH2", "S: TAG OK done",
			"C: TAG AUTHENTICATE XOAUTH2", "S: + ", "C: " + xoauth, "S: TAG OK done"}, ""},
		"XOAUTH2 is refused": {"xoauth2", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: + " + failure,
			"C: ", "S: TAG NO [AUTHENTICATIONFAILED] Invalid credentials"}, `127.0.0.1 refused the sign-in: XOAUTH2, status "401": imap: NO [AUTHENTICATIONFAILED] Invalid credentials`},
		"OAUTHBEARER is refused": {"oauthbearer", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER] hello", "C: TAG AUTHENTICATE OAUTHBEARER BEARER", "S: + " + failure,
			"C: AQ==", "S: TAG NO no"}, `127.0.0.1 refused the sign-in: OAUTHBEARER, status "401": imap: NO no`},
		"refused at once": {"oauth", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: TAG NO AUTHENTICATE failed."},
			"127.0.0.1 refused the sign-in: imap: NO AUTHENTICATE failed."},
		"the server has a trouble of its own": {"oauth", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: TAG NO [UNAVAILABLE] later"},
			"sign in at 127.0.0.1: imap: NO [UNAVAILABLE] later"},
		"a challenge without end": {"oauth", []string{
			"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello", "C: TAG AUTHENTICATE XOAUTH2 " + xoauth, "S: + " + failure, "C: ", "S: + " + failure},
			`sign in at 127.0.0.1: XOAUTH2, status "401": the server does not end the sign-in`},
		"neither is offered": {"oauth", []string{"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN] hello"},
			"sign in at 127.0.0.1: the server does not offer OAUTHBEARER or XOAUTH2; the mechanisms that it offers: LOGIN, PLAIN"},
		"the wanted one is not offered": {"oauthbearer", []string{"S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hello"},
			"sign in at 127.0.0.1: the server does not offer OAUTHBEARER; the mechanisms that it offers: XOAUTH2"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3599}`, token)
			}
			addr, done := script(t, func(port, line string) string {
				return strings.Replace(line, "BEARER BEARER", "BEARER "+bearer(port), 1)
			}, tt.lines)
			err := mailbox.SignIn(t.Context(), tokenBox(t, addr, "auth="+tt.auth, i.tokens(t)), 5*time.Second)
			if got := fmt.Sprint(err); got != tt.err && (err != nil || tt.err != "") {
				t.Errorf("got the error %q, want %q", got, tt.err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDovecotTakesTokens(t *testing.T) {
	for _, auth := range []string{"oauth", "xoauth2", "oauthbearer"} {
		t.Run(auth, func(t *testing.T) {
			i := newIssuer(t)
			i.refresh, i.rotates = "configured", true
			w := newWorld(t, testenv.WithTokens(i.introspection()))
			box := tokenBox(t, w.server.Addr, "after=move:Filed&auth="+auth, i.tokens(t))
			want := mails(0, 3)
			w.deliver(want...)
			w.start(w.config("one", box))
			w.awaitReceived(want)

			a := mailbox.NewActor([]mailbox.Mailbox{box}, nil, time.Second)
			defer a.Close()
			rs, err := w.store.MailReceipts(t.Context(), []int64{1})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Act(t.Context(), rs...); err != nil {
				t.Fatal(err)
			}
			if n := w.count("Filed"); n != 1 {
				t.Errorf("%d mails were moved", n)
			}
			if requests, refused := i.counts(); requests != 1 || refused != 0 {
				t.Errorf("%d tokens for two connections, of which %d were refused", requests, refused)
			}
		})
	}
}

func TestRevokedTokenIsRenewedAfterOneRefusal(t *testing.T) {
	for _, auth := range []string{"xoauth2", "oauthbearer"} {
		t.Run(auth, func(t *testing.T) {
			i := newIssuer(t)
			w := newWorld(t, testenv.WithTokens(i.introspection()))
			tokens := i.tokens(t)
			box := tokenBox(t, w.server.Addr, "auth="+auth, tokens)
			first, _ := ask(t, tokens)
			i.revoke()
			if err := mailbox.SignIn(t.Context(), box, 10*time.Second); err != nil {
				t.Fatal(err)
			}
			if second, fresh := ask(t, tokens); second == first || fresh {
				t.Error("the new token was not kept")
			}
			if requests, refused := i.counts(); requests != 2 || refused != 1 {
				t.Errorf("%d tokens and %d refusals, want 2 and 1", requests, refused)
			}
		})
	}
}

// A token of this moment that is refused would be refused again.
func TestNewTokenThatIsRefusedIsNotTriedAgain(t *testing.T) {
	i := newIssuer(t)
	w := newWorld(t, testenv.WithTokens(i.introspection()))
	var made atomic.Int64
	i.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"of somebody else %d","token_type":"Bearer","expires_in":3599}`, made.Add(1))
	}
	box := tokenBox(t, w.server.Addr, "auth=oauth", i.tokens(t))
	for n := range 2 {
		err := mailbox.SignIn(t.Context(), box, 10*time.Second)
		if !errors.Is(err, cases.ErrForbidden) || !strings.Contains(err.Error(), "127.0.0.1 refused the sign-in") {
			t.Errorf("got %v", err)
		}
		if _, refused := i.counts(); refused != n+1 || made.Load() != int64(n+1) {
			t.Errorf("after %d attempts: %d tokens, %d refusals", n+1, made.Load(), refused)
		}
	}
}

func TestExpiredTokenIsRenewedBeforeItIsRefused(t *testing.T) {
	i := newIssuer(t)
	w := newWorld(t, testenv.WithTokens(i.introspection()))
	tokens := i.tokens(t)
	now := time.Now()
	tokens.SetNow(func() time.Time { return now })
	box := tokenBox(t, w.server.Addr, "auth=oauth", tokens)
	if err := mailbox.SignIn(t.Context(), box, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	i.revoke() // as the end of the hour does
	now = now.Add(time.Hour)
	if err := mailbox.SignIn(t.Context(), box, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if requests, refused := i.counts(); requests != 2 || refused != 0 {
		t.Errorf("%d tokens and %d refusals, want 2 and none", requests, refused)
	}
}

// A reader goes on by itself, and says which of the two refused.
func TestReaderSaysWhoRefused(t *testing.T) {
	i := newIssuer(t)
	i.refresh = "configured"
	w := newWorld(t, testenv.WithTokens(i.introspection()))
	box := tokenBox(t, w.server.Addr, "auth=oauth", i.tokens(t))
	i.refresh = "another"
	w.deliver(mails(0, 2)...)
	w.start(w.config("one", box))
	said := func(what string) {
		t.Helper()
		testenv.Eventually(t, 10*time.Second, func() bool {
			p, err := w.store.MailboxProgress(context.Background(), box.Name)
			return err == nil && strings.Contains(p.LastError, what)
		}, "the mailbox's error says %q", what)
	}
	said("the token endpoint " + strings.TrimPrefix(i.server.URL, "http://") + " refused: invalid_grant (")
	i.set(func(i *issuer) { i.refresh, i.life = "configured", -time.Hour })
	said("127.0.0.1 refused the sign-in: OAUTHBEARER, status ")
	i.set(func(i *issuer) { i.life = time.Hour })
	w.awaitReceived(mails(0, 2))
}
