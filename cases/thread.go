package cases

import (
	"regexp"
	"strings"
)

// tokenLength is that of the token in an address and a Message-ID of ours: 128
// random bits in hex, which nobody guesses.
const tokenLength = 32

// maxLocalPart is the longest part before the @ (RFC 5321 section 4.5.3.1.1).
const maxLocalPart = 64

// LetterID is the Message-ID, without brackets, of a letter of ours.
func LetterID(token, domain string) string { return "ab." + token + "@" + domain }

// LetterToken reads the token of a Message-ID of ours, with or without
// brackets; "" when it is none of ours. The domain does not matter: the token
// alone cannot be guessed, and an operator may move to another one.
func LetterToken(id string) string {
	id = strings.ToLower(strings.Trim(strings.TrimSpace(id), "<>"))
	rest, ok := strings.CutPrefix(id, "ab.")
	if !ok {
		return ""
	}
	token, _, ok := strings.Cut(rest, "@")
	if !ok || !isToken(token) {
		return ""
	}
	return token
}

// ReplyAddress is where answers to a letter go: from with the letter's token as
// a subaddress (RFC 5233), abuse+<token>@example.com. It is from itself when
// there is no token or the address would be too long.
func ReplyAddress(from, token string) string {
	at := strings.LastIndexByte(from, '@')
	if at < 0 || !isToken(token) || at+1+len(token) > maxLocalPart {
		return from
	}
	return from[:at] + "+" + token + from[at:]
}

// ReplyTokens reads the tokens back from the addresses that a mail was sent or
// delivered to.
func ReplyTokens(recipients []string) []string {
	var tokens []string
	for _, address := range recipients {
		at := strings.LastIndexByte(address, '@')
		if at < 0 {
			continue
		}
		local := strings.ToLower(address[:at])
		if plus := strings.LastIndexByte(local, '+'); plus >= 0 && isToken(local[plus+1:]) {
			tokens = append(tokens, local[plus+1:])
		}
	}
	return tokens
}

func isToken(s string) bool {
	if len(s) != tokenLength {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

var reference = regexp.MustCompile(`\bAB-[0-9]{4}-[0-9]{6,18}\b`)

// maxReferences bounds how many references of a subject are looked at.
const maxReferences = 5

// SubjectRefs are the references of cases in a subject, as they are written in
// the database.
func SubjectRefs(subject string) []string {
	return reference.FindAllString(strings.ToUpper(subject), maxReferences)
}
