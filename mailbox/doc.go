// Package mailbox reads abuse mailboxes over IMAP and hands each mail on,
// whole and once.
//
// One replica reads a mailbox at a time: the one that holds its lease, whose
// epoch is checked by the transaction that commits the mails. Progress is the
// pair of UIDVALIDITY and UID and moves in that same transaction; flags and
// dates play no part, so that a mail that was read elsewhere, or that came
// during a long outage, is received like any other. A changed UIDVALIDITY begins
// the mailbox anew; what was received before is recognised by its contents.
//
// Mails are fetched as raw bytes and never parsed here, neither by us nor by the
// server (no ENVELOPE, no BODYSTRUCTURE: a malformed mail makes servers and
// clients fail on them). Small ones come in batches, large ones are streamed. One
// that cannot be fetched is handed on as quarantined, and the next one goes on.
//
// The IMAP library has no reading deadlines that fit, so that each command runs
// under a context that closes the connection, and each wait for bytes is
// bounded. A connection that goes silent is noticed by the poll that interrupts
// every IDLE.
//
// A mailbox is signed in to by password, or with access tokens of an OAuth 2.0
// token endpoint: see Tokens. A refusal of either, by the endpoint or by the mail
// server, is tried again with growing pauses, and the error says who refused.
//
// What is done to a mail afterwards (seen, moved) is a job of its own: see Actor.
package mailbox
