package simulate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Delivery is a complaint in the shape of a door: its very bytes, and the key
// that makes a second delivery the same one. It may be sent again as often as
// needed.
type Delivery struct {
	Door   Door
	Key    string // form nonce, Idempotency-Key, Message-ID or webhook-id
	Body   []byte
	SHA256 string // hex, of Body
	From   string // a mail's sender
	Proof  string // of work, which the API takes beside the body
}

func delivery(door Door, key string, body []byte) Delivery {
	sum := sha256.Sum256(body)
	return Delivery{Door: door, Key: key, Body: body, SHA256: hex.EncodeToString(sum[:])}
}

// Receipt is what a door answered. Which fields are set depends on the door
// and on whether the report was filed at once; a mail server gives none.
type Receipt struct {
	Report    string // number of the report
	Case      string // reference
	StatusURL string
}

// Refused is the answer of a door that certainly took nothing and will not
// take these bytes later either. Every other error leaves it open whether the
// delivery arrived.
type Refused struct {
	Door   Door
	Status int    // of HTTP or SMTP
	Body   string // the beginning of what was said
}

func (e *Refused) Error() string {
	return fmt.Sprintf("%s refused with %d: %s", e.Door, e.Status, e.Body)
}

// Busy is the answer of a door that took nothing and asks to come again.
type Busy struct {
	Door   Door
	Status int
	After  int // seconds, as Retry-After says; 0 not said
}

func (e *Busy) Error() string { return fmt.Sprintf("%s is busy (%d)", e.Door, e.Status) }

// NewKey makes a key that nobody has used.
func NewKey() string { return rand.Text() }
