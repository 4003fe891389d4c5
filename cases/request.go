package cases

import (
	"context"
	"time"
)

// Limits of idempotent requests.
const (
	// RequestKeep is how long the first answer to a key is kept, at least.
	RequestKeep = 24 * time.Hour
	// RequestLease is how long a request that has not answered is taken to be
	// under way. One that commits later than that is refused.
	RequestLease = 60 * time.Second
	// MaxRequestKey is in bytes.
	MaxRequestKey = 200
)

// IdempotentRequest is a request that came with an Idempotency-Key. Its key
// commits together with its effect, so that a repetition finds either both or
// none, whoever died in between.
type IdempotentRequest struct {
	Client     string // the key's id: clients choose Idempotency-Keys of their own
	Key        string
	Operation  string
	Digest     string // hex SHA-256 of what is asked for: address and body
	Epoch      int64  // grows when a request that died is taken over
	LeaseUntil time.Time
	// ObjectKind and ObjectID are of the first audit entry of its effect; "" while
	// nothing has happened.
	ObjectKind string
	ObjectID   string
	Status     int    // of the answer; 0: none is kept
	Answer     []byte // sealed
	CreatedAt  time.Time
}

// Answered says that the first answer is known.
func (r IdempotentRequest) Answered() bool { return r.Status != 0 }

// Done says that the effect is committed.
func (r IdempotentRequest) Done() bool { return r.ObjectID != "" }

type requestKey struct{}

// WithRequest makes what is committed under ctx the effect of a request.
func WithRequest(ctx context.Context, r IdempotentRequest) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf is the request that ctx belongs to, if there is one.
func RequestOf(ctx context.Context) (IdempotentRequest, bool) {
	r, ok := ctx.Value(requestKey{}).(IdempotentRequest)
	return r, ok
}
