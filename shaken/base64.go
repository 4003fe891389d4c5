package shaken

import (
	"encoding/base64"
	"errors"
)

var strictBase64URL = base64.RawURLEncoding.Strict()

// decodeSegment decodes one part of a JWS: base64url without padding, white space
// or stray bits in the last character (RFC 7515 section 2, RFC 4648 section 3.5).
// Stray bits matter: with them, one signature has several spellings.
func decodeSegment(s string) ([]byte, error) {
	for i := range len(s) { // the standard decoder skips line breaks
		if !isBase64URL(s[i]) {
			return nil, errors.New("is not base64url")
		}
	}
	raw, err := strictBase64URL.DecodeString(s)
	if err != nil {
		if _, lax := base64.RawURLEncoding.DecodeString(s); lax == nil {
			return nil, errors.New("has stray bits in its last character")
		}
		return nil, errors.New("is not base64url of whole octets")
	}
	return raw, nil
}
