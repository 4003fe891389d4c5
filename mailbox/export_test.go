package mailbox

import (
	"context"
	"time"
)

// Token is what a connection asks for.
func (t *Tokens) Token(ctx context.Context) (token string, fresh bool, err error) {
	return t.token(ctx)
}

// Discard is what a connection does with a refused token.
func (t *Tokens) Discard(token string) { t.discard(token) }

// SetNow gives the keeping of tokens another clock.
func (t *Tokens) SetNow(now func() time.Time) { t.now = now }

// SetTimeout bounds requests more tightly.
func (t *Tokens) SetTimeout(d time.Duration) { t.http.Timeout = d }

// SignIn connects, signs in and closes.
func SignIn(ctx context.Context, m Mailbox, patience time.Duration) error {
	l, err := connect(ctx, m, nil, patience)
	if err == nil {
		l.close()
	}
	return err
}
