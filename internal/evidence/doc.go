// Package evidence keeps the raw bytes of deliveries: sealed in a versioned
// envelope, small ones handed back for the database row, larger ones written to
// an object store and synced before anybody acknowledges them.
//
// Every envelope begins with twelve bytes, which stay readable whatever comes:
//
//	0–2   "ADE"
//	3     version: 1 plain, 2 encrypted
//	4–11  key id; zero when plain
//
// Version 1 is followed by the raw bytes. Version 2 is followed by a 32-byte
// salt and the raw bytes in chunks of 64 KiB, each sealed with AES-256-GCM under
// a key that HKDF-SHA256 derives from the operator's key and the salt. A chunk's
// nonce is its number and whether it is the last one, so that chunks can be
// neither reordered nor cut off (the STREAM construction of Hoang, Reyhanitabar,
// Rogaway and Vizár, 2015). Erasure removes the envelope; the message's row keeps
// the digest as the tombstone.
//
// The package knows nothing about databases: which blobs are in use is asked of
// the caller.
package evidence
