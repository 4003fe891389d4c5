package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/altcha"
)

// Solutions remembers which proofs of work were used.
type Solutions interface {
	// SpendSolution uses one up until it expires, and says whether by may count on
	// it: nobody used it before, or by did.
	SpendSolution(ctx context.Context, digest, by string, expires time.Time) (bool, error)
}

var errSpent = errors.New("the proof of work was used before, for another report")

// prove checks a proof of work and uses it up for what by names, which may bring
// it again: a second click is the same report. The error is altcha's, errSpent,
// or the database's.
func (s *Server) prove(ctx context.Context, answer, by string) error {
	p, err := s.Challenges.Verify(s.now(), answer)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(by))
	ok, err := s.Solutions.SpendSolution(ctx, p.Digest, hex.EncodeToString(sum[:]), p.Expires)
	if err == nil && !ok {
		err = errSpent
	}
	return err
}

// unproved says whether prove failed because of what was sent.
func unproved(err error) bool {
	for _, e := range []error{altcha.ErrMalformed, altcha.ErrForeign, altcha.ErrExpired, altcha.ErrUnsolved, errSpent} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

const proofHeader = "Altcha"

// proveAPI asks of who files without a key that he has solved a challenge. Who
// sends no Idempotency-Key cannot send the same again.
func (s *Server) proveAPI(ctx context.Context, answer, key string) error {
	wanted := func(why string) error {
		return &cases.Error{Kind: cases.KindInvalid,
			Message:  "without a key, a report needs the solution of a challenge: " + why + "; take one from GET /api/v1/challenge and send its solution in the header " + proofHeader,
			Problems: []cases.Problem{{Field: proofHeader, Message: sentence(why)}}}
	}
	if answer == "" {
		return wanted("the header " + proofHeader + " is missing")
	}
	by := "key:" + key
	if key == "" {
		by = "once:" + rand.Text()
	}
	err := s.prove(ctx, answer, by)
	if unproved(err) {
		return wanted(err.Error())
	}
	return err
}

type challengeOutput struct {
	Body altcha.Challenge
}

func (s *Server) apiChallenge(api huma.API) {
	huma.Register(api, huma.Operation{OperationID: "get-challenge", Method: http.MethodGet, Path: "/api/v1/challenge", Tags: []string{"reports"},
		Summary: "A challenge, for a report without a key",
		Description: "In the format of version 3 of ALTCHA's widget. The number n that is looked for is below 16384: SHA-256 over the salt, the nonce and n as four bytes big-endian, then " +
			"over its own digest until it was applied cost times, gives the derived key, which begins with keyPrefix. The solution is base64 of " +
			"{challenge: {parameters, signature}, solution: {counter: n, derivedKey}}, the key in hex. It counts once, until expiresAt, an hour after it was given."},
		func(context.Context, *struct{}) (*challengeOutput, error) {
			return &challengeOutput{s.Challenges.Issue(s.now())}, nil
		})
}
