package mailbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// The mechanisms that take an access token, the standard's first.
const (
	oauthBearer = sasl.OAuthBearer // RFC 7628
	xoauth2     = "XOAUTH2"        // its forerunner, https://developers.google.com/gmail/imap/xoauth2-protocol
)

// authenticate signs in with an access token.
func (l *link) authenticate(m Mailbox, token string) error {
	mechanism, err := choose(m.Auth, l.client)
	if err != nil {
		return err
	}
	b := &bearer{mechanism: mechanism}
	if mechanism == xoauth2 {
		b.first = []byte("user=" + m.User + "\x01auth=Bearer " + token + "\x01\x01")
		b.last = []byte{}
		b.answering = func() { l.conn.emptyNext.Store(true) }
	} else {
		host, port, _ := net.SplitHostPort(m.Addr)
		n, _ := strconv.Atoi(port)
		// RFC 5801 section 4: a name has these two encoded.
		user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(m.User)
		_, b.first, _ = sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: user, Token: token, Host: host, Port: n}).Start()
		b.last = []byte{1}
	}
	err = l.client.Authenticate(b)
	if err != nil && b.status != "" {
		return fmt.Errorf("%s, status %.80q: %w", mechanism, b.status, err)
	}
	return err
}

// choose says by which mechanism to sign in: of those that are wanted, the first
// that the server offers.
func choose(auth Auth, client *imapclient.Client) (string, error) {
	wanted := []string{oauthBearer, xoauth2}
	switch auth {
	case AuthXOAuth2:
		wanted = wanted[1:]
	case AuthOAuthBearer:
		wanted = wanted[:1]
	}
	caps := client.Caps()
	if caps == nil {
		return "", io.ErrUnexpectedEOF
	}
	for _, mechanism := range wanted {
		if caps.Has(imap.Cap("AUTH=" + mechanism)) {
			return mechanism, nil
		}
	}
	offered := caps.AuthMechanisms()
	slices.Sort(offered)
	if len(offered) == 0 {
		offered = []string{"none"}
	}
	return "", fmt.Errorf("the server does not offer %s; the mechanisms that it offers: %s", strings.Join(wanted, " or "), strings.Join(offered, ", "))
}

// bearer is the client's side of both mechanisms: all is said at once, and a
// refusal comes as a challenge with details that is to be answered before the
// server says no. The client of go-sasl stops there, and the answer is lost.
type bearer struct {
	mechanism   string
	first, last []byte
	answering   func() // before last is sent; may be nil
	challenged  bool
	status      string // of the refusal
}

func (b *bearer) Start() (string, []byte, error) { return b.mechanism, b.first, nil }

func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if b.challenged {
		return nil, errors.New("the server does not end the sign-in")
	}
	b.challenged = true
	var details struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(challenge, &details) == nil {
		b.status = details.Status
	}
	if b.answering != nil {
		b.answering()
	}
	return b.last, nil
}
