package shaken

import (
	"context"
	"errors"
	"time"
)

// Freshness is how far iat may lie from the call's time, either way: RFC 8224
// section 6.2 step 4 recommends 60 seconds.
const Freshness = 60 * time.Second

// Call is what is known of a call from elsewhere: its record or its signalling.
type Call struct {
	ID       string    // Call-ID or record id; without it replay is not looked at
	From, To string    // E.164 with or without "+", or a tel, sip or sips URI; empty means not known
	At       time.Time // when the INVITE was sent
	Date     time.Time // SIP Date header if known; the compact form's iat. Otherwise every second near At is tried
	Identity []string  // values of the Identity headers in order; one may hold several, separated by commas
	Verstat  string    // what a vendor asserted, such as TN-Validation-Passed-A; may be empty
	Attest   string    // P-Attestation-Indicator, for a shaken token in compact form
	OrigID   string    // P-Origination-ID, likewise
}

// Evidence is what a call is checked against. Every field may be nil: the checks
// that need it are then undecided or skipped, and say so.
type Evidence struct {
	Certificates Certificates
	Trust        *Trust
	CRLs         []*CRL // a nil one stands for a list that was there and could not be read
	Replays      Replays

	// DivertedAge is how old the original token of a diverted call may be.
	// RFC 8946 section 4.2 step 4 recommends Freshness, which 0 means, and allows
	// up to three hours where transfers of established calls are expected.
	DivertedAge time.Duration
}

// ErrNoCertificate is returned by Certificates for an address of which nothing
// is known: the verdict is then indeterminate.
var ErrNoCertificate = errors.New("no certificate is on file")

// Certificates finds certificate chains. Implementations are safe for
// concurrent use and bound the time they take by ctx.
type Certificates interface {
	// Chains returns what was served at the address x5u at the time of a call.
	// Several candidates are possible around a change of certificate: the one
	// that verifies the signature is used, else the first.
	Chains(ctx context.Context, x5u string, at time.Time) ([]*Chain, error)
}

// Files serves the same chains for every address, as when certificates were
// handed in beside a header.
type Files []*Chain

// Chains returns all of them, or ErrNoCertificate for an empty list.
func (f Files) Chains(context.Context, string, time.Time) ([]*Chain, error) {
	if len(f) == 0 {
		return nil, ErrNoCertificate
	}
	return f, nil
}
