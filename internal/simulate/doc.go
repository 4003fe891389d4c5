// Package simulate makes what a running abusedesk is shown and tested with: a
// synthetic carrier with a month of call records, people who report calls of
// it through the real doors, an analyst and an approver who decide through the
// same API as everybody, and a load generator with a ledger that proves what
// was acknowledged.
//
// Apart from these it makes a population: tens of thousands of customers, some
// of them bad, of whom the truth is known (population_params.go has all that is
// assumed), which detection is measured on.
//
// It is a client. It speaks HTTP and SMTP to a desk that may run anywhere and
// be killed at any time, and must not know how that desk stores or decides
// anything: what it knows of the inside are the domain's words in cases.
//
// Everything is deterministic from a seed and a clock that the caller gives.
package simulate
