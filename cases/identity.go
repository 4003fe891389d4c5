package cases

import (
	"slices"
	"time"
)

// FindingIdentity is who signed a call, with what right, and every check of it.
const FindingIdentity FindingKind = "identity"

// IdentityVerdict is what became of checking how a call was signed, as of the
// time of the call. None of them says who called: an unsigned call is not a
// forged one, and a check that failed is no evidence against an account.
type IdentityVerdict string

// The verdicts.
const (
	IdentityValid         IdentityVerdict = "valid"         // every check that decides has passed
	IdentityInvalid       IdentityVerdict = "invalid"       // at least one check has failed
	IdentityUnsupported   IdentityVerdict = "unsupported"   // a kind of token that is to be ignored (RFC 8224 section 6.2)
	IdentityIndeterminate IdentityVerdict = "indeterminate" // nothing failed, but evidence is missing
	IdentityAbsent        IdentityVerdict = "absent"        // the record of the call has no token, and nobody says that there was one
	IdentityAsserted      IdentityVerdict = "asserted"      // somebody says so (verstat, attestation in the record), without a token that can be checked
)

// IdentityVerdicts lists them, the one that an analyst must see first in front.
func IdentityVerdicts() []IdentityVerdict {
	return []IdentityVerdict{IdentityInvalid, IdentityValid, IdentityIndeterminate, IdentityUnsupported, IdentityAsserted, IdentityAbsent}
}

// Where the token came from.
const (
	IdentityOfCall   = "call"   // the carrier's own record of the matched call
	IdentityOfReport = "report" // pasted into the report by whoever wrote it
)

// Identity is how a call was signed, and what came of checking it.
type Identity struct {
	From    string               `json:"from"` // IdentityOfCall or IdentityOfReport
	Reason  string               `json:"reason"`
	Meaning string               `json:"meaning"`           // what the verdict means, and what not
	Call    *IdentityCall        `json:"call,omitempty"`    // the record whose numbers and time it was checked against; nil: the report's
	Verstat string               `json:"verstat,omitempty"` // as the record has it: another party's word
	Attest  string               `json:"attest,omitempty"`  // likewise; A, B, C or ""
	Token   *IdentityToken       `json:"token,omitempty"`   // what the token says
	Signer  *IdentityCertificate `json:"signer,omitempty"`  // whose signature it is, as far as a certificate is on file
	Right   string               `json:"right,omitempty"`   // in what right, in a sentence
	Checks  []IdentityCheck      `json:"checks"`
	// Proven says that the signature is good and the certificate leads to the trust
	// list: only then is the signer known to have signed it.
	Proven bool `json:"proven"`
	// Response is the SIP status with which a provider at the end could have refused
	// the call (RFC 8224 section 6.2.2); 0 for none.
	Response int `json:"response,omitempty"`
	// Trust is the version of the trust list that was used; CRLs are the revocation lists.
	Trust *IdentityMaterial  `json:"trust,omitempty"`
	CRLs  []IdentityMaterial `json:"crls,omitempty"`
	// Awaiting are the addresses that could not be fetched: they are asked again later.
	Awaiting []string `json:"awaiting,omitempty"`
}

// SPCs are the provider codes of the certificate; nil when none is on file.
func (i Identity) SPCs() []string {
	if i.Signer == nil {
		return nil
	}
	return i.Signer.SPCs
}

// Failed are the checks that failed.
func (i Identity) Failed() []IdentityCheck {
	return slices.DeleteFunc(slices.Clone(i.Checks), func(c IdentityCheck) bool { return c.Result != "fail" })
}

// IdentityCall names a call record.
type IdentityCall struct {
	Source    string    `json:"source"`
	SourceID  string    `json:"source_id"`
	StartedAt time.Time `json:"started_at"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Direction string    `json:"direction"`
}

// IdentityToken is what a PASSporT (RFC 8225) says. That it is here does not mean
// that it is true.
type IdentityToken struct {
	Type   string     `json:"ppt"`  // shaken, div, …; "" for none
	Form   string     `json:"form"` // full or compact
	X5U    string     `json:"x5u,omitempty"`
	Attest string     `json:"attest,omitempty"`
	Orig   string     `json:"orig,omitempty"`
	Dest   []string   `json:"dest,omitempty"`
	Div    string     `json:"div,omitempty"`
	OrigID string     `json:"origid,omitempty"`
	Iat    *time.Time `json:"iat,omitempty"`
}

// IdentityCertificate is the certificate of a signer.
type IdentityCertificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"` // hexadecimal
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SHA256    string    `json:"sha256"` // of the certificate
	Key       string    `json:"key"`
	// SPCs, Ranges and Numbers are its TNAuthList (RFC 8226 section 9): for whom it
	// speaks.
	SPCs       []string `json:"spc,omitempty"`
	Ranges     []string `json:"ranges,omitempty"` // "12025550100 and 99 after it"
	Numbers    []string `json:"numbers,omitempty"`
	Deviations []string `json:"deviations,omitempty"` // from ATIS-1000080; they decide nothing
	Revocation []string `json:"crl,omitempty"`        // where it would be revoked
	// File is how the file was archived that it came in.
	File *IdentityMaterial `json:"file,omitempty"`
}

// IdentityCheck is one check with its result (pass, fail, indeterminate,
// unsupported, note, skipped) and the reason. Meaning is set where it failed:
// what that shows and what it does not.
type IdentityCheck struct {
	Token   int    `json:"token,omitempty"` // which of several, from 1
	Name    string `json:"name"`
	Result  string `json:"result"`
	Reason  string `json:"reason"`
	Meaning string `json:"meaning,omitempty"`
}

// MaterialKind is what a file of the archive is.
type MaterialKind string

// The kinds.
const (
	MaterialChain MaterialKind = "chain" // certificates served at an x5u address
	MaterialRoots MaterialKind = "roots" // a trust list
	MaterialCRL   MaterialKind = "crl"   // a revocation list
)

// IdentityMaterial is a file that was served at an address from FirstSeen to
// LastSeen at least. When another file was served in between there are two of
// them. Content is empty where only the sighting was asked for.
type IdentityMaterial struct {
	Kind      MaterialKind `json:"-"`
	Address   string       `json:"address"`
	SHA256    string       `json:"sha256"` // of the file
	FirstSeen time.Time    `json:"first_seen"`
	LastSeen  time.Time    `json:"last_seen"`
	Content   []byte       `json:"-"`
}

// MaterialFetch is how the last attempts at an address went.
type MaterialFetch struct {
	Failures int // since it worked last
	Error    string
	TriedAt  time.Time
	NextAt   time.Time // when it may be asked again
}

// MinMaterialCache is the least time for which what was fetched is used again: a
// provider's server must not see each of our calls (ATIS-1000074).
const MinMaterialCache = 24 * time.Hour

// NextFetch is when an address is asked again after n failures in a row: ten
// minutes, then twice as long each time, at most a day.
func NextFetch(now time.Time, n int) time.Time {
	d := 10 * time.Minute
	for ; n > 1 && d < MinMaterialCache; n-- {
		d *= 2
	}
	return now.Add(min(d, MinMaterialCache))
}

// TokenSighting is the call on which a token was seen.
type TokenSighting struct {
	Digest   string
	Call     string
	From, To string
	At       time.Time
}

// SameCallWithin is how far apart two records may begin that are legs of one call.
const SameCallWithin = 30 * time.Second

// LegOf says whether two sightings can be legs of one call: then a token on both
// is no replay.
func (s TokenSighting) LegOf(o TokenSighting) bool {
	return s.Call == o.Call || s.From == o.From && s.To == o.To && s.At.Sub(o.At).Abs() <= SameCallWithin
}

// IdentityFacts sum up how the calls of a case were signed, by the newest look at
// each of its reports.
type IdentityFacts struct {
	Verdict  IdentityVerdict         `json:"verdict,omitempty"` // of most; of as many, the first of IdentityVerdicts
	Verdicts map[IdentityVerdict]int `json:"verdicts,omitempty"`
	Attest   string                  `json:"attest,omitempty"` // of most that are valid
	SPC      string                  `json:"spc,omitempty"`    // likewise
	// SignedA counts the calls of the originating account that we signed A in the
	// last seven days without a recorded right to the number; see AttestationAudit.
	SignedA int `json:"signed_a_without_right,omitempty"`
}

// Known says whether anything was found.
func (f *IdentityFacts) Known() bool { return f != nil && f.Verdict != "" }

func (f *IdentityFacts) equal(o *IdentityFacts) bool {
	if f == nil || o == nil {
		return f == o
	}
	same := f.Verdict == o.Verdict && f.Attest == o.Attest && f.SPC == o.SPC && f.SignedA == o.SignedA && len(f.Verdicts) == len(o.Verdicts)
	for k, n := range f.Verdicts {
		same = same && o.Verdicts[k] == n
	}
	return same
}

// SignerCluster is what is known to have been signed by one signer with one
// originating identifier (RFC 8588: the customer, node or trunk that a call came
// from, as the signer tells them apart).
type SignerCluster struct {
	SPC     string    `json:"spc"`
	OrigID  string    `json:"origid"`
	Cases   int       `json:"cases"`
	Reports int       `json:"reports"`
	First   time.Time `json:"first"` // call
	Last    time.Time `json:"last"`
	Refs    []string  `json:"refs"` // of the cases, newest first, at most MaxClusterRefs
}

// MaxClusterRefs is how many cases of a cluster are named.
const MaxClusterRefs = 10
