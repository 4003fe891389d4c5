package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// ErrAnswerLost says that a request was carried out, and that its answer went
// down with the process that was to give it.
var ErrAnswerLost = errors.New("the answer to this request was lost")

// BeginRequest claims an Idempotency-Key for whoever is first; see Requests.
func (d *Desk) BeginRequest(ctx context.Context, r cases.IdempotentRequest) (known cases.IdempotentRequest, mine bool, err error) {
	return d.Store.BeginRequest(ctx, d.now(), r)
}

// answer is how an answer lies in the database: what it says of a case is
// personal data, and it may hold a secret.
type answer struct {
	Sealed []byte `json:"sealed"`
	SHA256 string `json:"sha256"`
}

// AnswerRequest keeps the answer to a request for those that repeat it. One that
// is too large to lie in the database is not kept.
func (d *Desk) AnswerRequest(ctx context.Context, r cases.IdempotentRequest, status int, body []byte) error {
	if len(body) > cases.InlineEvidence {
		return d.Store.DropRequest(ctx, d.now(), r)
	}
	kept, err := d.Vault.Keep(ctx, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("keep the answer to a request: %w", err)
	}
	sealed, err := json.Marshal(answer{kept.Inline, kept.SHA256})
	if err != nil {
		return err
	}
	return d.Store.AnswerRequest(ctx, r, status, sealed)
}

// RequestAnswer is the answer that was kept; ErrAnswerLost where there is none.
func (d *Desk) RequestAnswer(ctx context.Context, r cases.IdempotentRequest) ([]byte, error) {
	if !r.Answered() {
		return nil, ErrAnswerLost
	}
	var a answer
	if err := json.Unmarshal(r.Answer, &a); err != nil {
		return nil, fmt.Errorf("read a kept answer: %w", err)
	}
	return d.unseal(ctx, a.Sealed, a.SHA256)
}

// DropRequest frees the key of a request that came to nothing.
func (d *Desk) DropRequest(ctx context.Context, r cases.IdempotentRequest) error {
	return d.Store.DropRequest(ctx, d.now(), r)
}
