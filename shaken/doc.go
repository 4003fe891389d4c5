// Package shaken verifies caller identity: the SIP Identity header (RFC 8224),
// the PASSporT in it (RFC 8225, RFC 8588 for "shaken", RFC 8946 for "div" and
// "div-o") and the certificate behind it (RFC 8226, ATIS-1000080), as of the
// moment of the call. It works from archived material: headers, the numbers and
// time of the call, certificates, a trust list and revocation lists.
//
// Verify makes every check and reports every result; none stops the others. The
// verdict keeps apart what is often confused: a signature that is wrong
// (invalid), a kind of token that is not for us to judge (unsupported), evidence
// that is missing (indeterminate), a call that was not signed (absent), and
// somebody's word without a signature (asserted).
//
// The package knows no network, no database and no other package of this
// module. What comes from outside enters through small interfaces
// (Certificates, Fetcher, Replays) or as values that were parsed once and are
// then shared between goroutines (Chain, Trust, CRL). No input makes it panic;
// the limits are constants with Max in their names.
package shaken
