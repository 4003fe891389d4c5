package shaken

import (
	"context"
	"errors"
)

// Verify checks every token of a call against the evidence, as of call.At. Every
// check of Checks is reported for every token, whatever the others found. It
// fails only by what it reports; evidence that cannot be had leaves checks
// undecided. The time it takes is bounded by MaxIdentities and by what
// Certificates and Replays take under ctx. Safe for concurrent use.
func Verify(ctx context.Context, call Call, ev Evidence) Report {
	tokens := readCall(call)
	if len(tokens) == 0 {
		return unsigned(call)
	}
	for _, t := range tokens {
		t.checks = make([]Check, 0, len(checkOrder))
		t.checkHeader()
		t.checkToken()
		found := t.choose(ctx, call, ev.Certificates)
		t.checkClaims()
		t.checkIat(call.At, agedBy(tokens, t, call, ev.DivertedAge))
		t.checkX5U()
		t.checkCertificate(found)
		path := t.checkPath(ev.Trust, call.At)
		t.checkProfile(path)
		t.checkCRL(ev, path, call.At)
		t.checkTNAuthList(path)
		t.checkConstraints()
		t.checkSignature(found.signature)
	}
	checkNumbers(tokens, call)
	for _, t := range tokens {
		t.checkReplay(ctx, call, ev.Replays)
	}
	return summarise(tokens, call)
}

// readCall reads the tokens of all headers, and those inside of them.
func readCall(call Call) []*token {
	var tokens []*token
	for _, value := range call.Identity {
		for _, one := range splitOutside(value, ',') {
			if one = trimSpace(one); one == "" {
				continue
			}
			h, wrong := ParseHeader(one)
			if len(tokens) == MaxIdentities {
				last := tokens[MaxIdentities-1]
				last.wrong = append(last.wrong, "there are more than 16 tokens; those after it were not looked at")
				return tokens
			}
			t := readToken(h, wrong)
			t.rebuilt(call)
			t.readClaims()
			if h.Compact() && call.Date.IsZero() {
				t.claims.hasIat = false // until the signature tells which second it was
			}
			tokens = append(tokens, t)
		}
	}
	for i := 0; i < len(tokens); i++ { // tokens grows while it is read
		if t := tokens[i]; t.ppt == TypeDivO && t.claims.opt != "" && len(tokens) < MaxIdentities {
			inner := readToken(Header{Token: t.claims.opt}, nil)
			inner.nested, inner.parent = true, t
			inner.readClaims()
			tokens = append(tokens, inner)
		}
	}
	return tokens
}

func (t *token) readClaims() {
	if t.payload != nil {
		t.claims = readClaims(t.payload, t.ppt)
	}
}

// rebuilt fills in what the compact form leaves out, for the time of the call.
// Which second it was signed in is settled when the certificate is there.
func (t *token) rebuilt(call Call) {
	if !t.header.Compact() {
		return
	}
	if tries := moments(call); len(tries) > 0 {
		if payload, signed := rebuild(t.header, call, tries[0]); payload != nil {
			t.payload, t.signed = payload, signed
		}
	}
}

// lookup is what became of the search for the certificate.
type lookup struct {
	missing   error // why there is none
	signature error // why the chosen one does not verify the token
}

// choose takes the chain whose key verifies the signature, else the first.
func (t *token) choose(ctx context.Context, call Call, certs Certificates) lookup {
	switch {
	case certs == nil:
		return lookup{missing: ErrNoCertificate}
	case t.x5u == "" && t.header.Token == "":
		return lookup{missing: errors.New("there is no token")}
	}
	chains, err := certs.Chains(ctx, t.x5u, call.At)
	if err == nil && len(chains) == 0 {
		err = ErrNoCertificate
	}
	if err != nil {
		return lookup{missing: err}
	}
	var first error
	for i, c := range chains[:min(len(chains), MaxChainCertificates)] {
		err := t.verifyWith(c, call)
		if err == nil {
			t.chain = c
			return lookup{}
		}
		if i == 0 {
			first = err
		}
	}
	t.chain = chains[0]
	return lookup{signature: first}
}

// verifyWith verifies the signature with one certificate. A compact token is tried
// for every second in which it may have been signed.
func (t *token) verifyWith(c *Chain, call Call) error {
	if t.sigErr != nil || t.sig == nil {
		return errSignature
	}
	key, err := signatureKey(c)
	if err != nil {
		return err
	}
	if !t.header.Compact() {
		return verifyES256(key, t.signed, t.sig)
	}
	err = errSignature
	for _, iat := range moments(call) {
		payload, signed := rebuild(t.header, call, iat)
		if payload == nil {
			break
		}
		if err = verifyES256(key, signed, t.sig); !errors.Is(err, errSignature) {
			if err == nil {
				t.payload, t.signed = payload, signed
				t.readClaims()
			}
			break
		}
	}
	return err
}

func (t *token) checkCertificate(found lookup) {
	switch {
	case t.chain != nil:
		t.checks = append(t.checks, Check{Name: CheckCertificate, Result: Pass, Reason: t.chain.onFile})
	case errors.Is(found.missing, ErrNoCertificate):
		t.report(CheckCertificate, Undecided, "The certificate is not on file. That says nothing about the caller.")
	default:
		t.report(CheckCertificate, Undecided, "The certificate could not be had: %s. That says nothing about the caller.", found.missing)
	}
}

// verdict of one token. An unsupported type is to be ignored, whatever else is
// wrong with it.
func (t *token) verdict() Verdict {
	switch worst(t.checks) {
	case NotForUs:
		return Unsupported
	case Fail:
		return Invalid
	case Undecided:
		return Indeterminate
	}
	return Valid
}
