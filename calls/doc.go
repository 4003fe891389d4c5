// Package calls knows call records: their format, and what they say about a
// report. Did we carry the reported call (corroboration)? How were the calls
// from that number signed, who had the right to show it at that time, and who
// are the three parties: the account that called, the holder of the number
// that was shown, the provider the call came in from?
//
// It is pure: it says what to look up (Queries, SampleQueries, AccountsNamed)
// and judges the answers. It must not know the database or the network.
//
// Nothing here accuses. An unsigned call is no sign of guilt, a number that was
// shown says nothing about its holder, and "not seen" means not carried by us.
package calls
