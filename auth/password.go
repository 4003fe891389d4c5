package auth

import (
	"fmt"
	"runtime"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of a password, in characters. There are no composition rules
// (NIST SP 800-63B section 5.1.1.2).
const (
	MinPassword = 12
	MaxPassword = 128
)

// params cost about 140 ms and 64 MiB on one core (RFC 9106, second
// recommended option).
var params = &argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// hashing bounds how many hashes are computed at once: each takes 64 MiB, and
// a storm of sign-ins must not take the machine's memory.
var hashing = make(chan struct{}, max(2, runtime.NumCPU()))

// HashPassword checks the length and returns the PHC string to keep.
func HashPassword(password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return "", cases.Invalid(cases.Problem{Field: "password", Message: fmt.Sprintf("use at least %d characters; a few words are easiest to remember", MinPassword)})
	case n > MaxPassword:
		return "", cases.Invalid(cases.Problem{Field: "password", Message: fmt.Sprintf("use at most %d characters", MaxPassword)})
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2id.CreateHash(password, params)
}

func checkPassword(password, hash string) bool {
	if utf8.RuneCountInString(password) > MaxPassword {
		return false
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	return err == nil && ok
}
