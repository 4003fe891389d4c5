// Package numbers knows telephone numbers: what is one, whose country it
// belongs to, how it is written, whether it can be assigned at all, whether it
// reaches an emergency service, and what a call to it costs.
//
// It is libphonenumber (through github.com/nyaruka/phonenumbers) with what that
// lacks for an abuse desk: the North American layer (service codes, fictional
// and unassignable numbers), the URIs and parameters that switches write,
// refusal of input that libphonenumber truncates or guesses at, exact emergency
// matching, a scanner for free text, and prefix tables for rate decks.
//
// It knows nothing about cases, calls or accounts, does no I/O beyond the
// readers that it is given, and its errors are worded for whoever typed the
// number. Everything that it returns is safe for concurrent use once built.
package numbers
