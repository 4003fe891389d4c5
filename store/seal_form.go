package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// sealTime writes times with all six digits of a microsecond, which both
// databases keep exactly.
const sealTime = "2006-01-02T15:04:05.000000Z"

// sealedEvent is the canonical form, version 1, of an audit entry: a JSON object
// with these fields in this order, none left out, times in UTC by sealTime, the
// keys of data in ascending byte order, no white space, and strings escaped as
// Go's encoding/json does without HTML escaping. It depends neither on how a
// database stores JSON nor on time zones. A change of any of this is a new
// version, which verification must then know beside this one.
type sealedEvent struct {
	Version    int               `json:"v"`
	ID         int64             `json:"id"`
	At         string            `json:"at"`
	ActorKind  cases.ActorKind   `json:"actor_kind"`
	ActorID    string            `json:"actor_id"`
	ActorName  string            `json:"actor_name"`
	Command    string            `json:"command"`
	ObjectKind string            `json:"object_kind"`
	ObjectID   string            `json:"object_id"`
	CaseID     int64             `json:"case_id"`
	Reason     string            `json:"reason"`
	Data       map[string]string `json:"data"`
}

func canonical(e cases.Event) ([]byte, error) {
	x := sealedEvent{1, e.ID, e.At.UTC().Format(sealTime), e.ActorKind, e.ActorID, e.ActorName, e.Command, e.ObjectKind, e.ObjectID, e.CaseID, e.Reason, e.Data}
	if x.Data == nil {
		x.Data = map[string]string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return nil, fmt.Errorf("canonical form of event %d: %w", e.ID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// sealOrigin is what the first seal follows: 32 zero bytes in hex.
const sealOrigin = "0000000000000000000000000000000000000000000000000000000000000000"

// sealHash is SHA-256 over the 32 bytes of the previous hash and the canonical
// form of the event, in hex.
func sealHash(prev string, e cases.Event) (string, error) {
	p, err := hex.DecodeString(prev)
	if err != nil || len(p) != sha256.Size {
		return "", fmt.Errorf("%q is not a seal's hash", prev)
	}
	c, err := canonical(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(p, c...))
	return hex.EncodeToString(sum[:]), nil
}

// checkpointText is what a checkpoint's signature is over.
func checkpointText(c cases.Checkpoint) []byte {
	return fmt.Appendf(nil, "abusedesk-checkpoint-1\n%d\n%s\n%s\n", c.Seq, c.Hash, c.At.UTC().Format(sealTime))
}

// keyID names a public key: the first 16 hex digits of its SHA-256.
func keyID(k ed25519.PublicKey) string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:8])
}
