// Package csvload reads a carrier's own data from files: accounts, carriers,
// the rights to show numbers, complaint data. It streams, so that a file may be larger
// than memory, gives what it read to a callback in batches, and passes over
// rows that are wrong, counting them and saying why. It must not know the
// database.
//
// Files are CSV (RFC 4180) in UTF-8 with a header line; the separator is a
// comma, a semicolon or a tab, whichever the header has. Columns come in any order, and
// those that are not required may be left out. A column that is not known here
// is an error, because a misspelt name would silently lose what it holds. Times
// are RFC 3339 ("2026-11-10T14:03:00Z") or, where a day is enough, a date, which
// begins at midnight UTC. Empty fields are unknown values.
//
// Accounts, one row for each (testdata/accounts.csv):
//
//	id           required
//	name         required
//	parent_id    the reseller
//	kind         reseller, business, consumer or provider
//	country      alpha-2
//	status       active (the default) or closed
//	protected    yes for hospitals and emergency services: two people always decide
//	email        abuse contact
//	opened_at    time or date
//	closed_reason, closed_at   of a closed one: abuse, nonpayment, customer or other; time or date
//	connection   id of a connection of the account; a further row with the same id has a further one
//	connection_name, connection_country, tech_prefix
//	source_ips   addresses or networks, separated by spaces
//
// Numbers, one row for each right to show one (testdata/numbers.csv):
//
//	number       required, E.164 or as people write it
//	account      required
//	kind         assignment (the default), letter_of_authorisation, verified_caller_id, resporg
//	from         required, time or date
//	until        time or date, exclusive; empty while it holds
package csvload
