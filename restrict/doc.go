// Package restrict answers one question from memory: may this outbound call be
// made? A [Snapshot] is everything the answer needs, immutable; [Decide] is
// pure; a [Keeper] keeps a replica's snapshot at the database's revision and
// knows when it can no longer vouch for it; [Blast] asks the same question
// about the calls of the past.
//
// Emergency calls are decided first, before any restriction is looked at. Time
// that has run out ends a restriction here too, though nobody has lifted it.
//
// The package must not know the database, HTTP or who approved what. Each
// provider that enforces restrictions on its own side gets a folder below it.
package restrict
