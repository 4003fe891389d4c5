// Package cases is the domain of an abuse desk: its vocabulary, its state
// machines and its decisions, as pure functions that return a value and the
// reason for it.
//
// It imports only the standard library and must not know that a database, a
// mail server, HTTP or a queue exist. Adapters translate to and from it.
// Nothing in it reads a clock: the time is always an argument, in UTC.
package cases
