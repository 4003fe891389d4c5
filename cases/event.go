package cases

import "time"

// Event is one entry in the audit log: who did what to which object, why and
// when. It carries ids and salted digests, no personal data, so that erasing
// a person never has to rewrite it.
type Event struct {
	ID         int64             `json:"id" gorm:"primaryKey"`
	At         time.Time         `json:"at"`
	ActorKind  ActorKind         `json:"actor_kind"`
	ActorID    string            `json:"actor_id"`
	ActorName  string            `json:"actor"`
	Command    string            `json:"command"`
	ObjectKind string            `json:"object_kind"` // case, report, campaign, restriction, sending, job, staff, api_key, account, webhook
	ObjectID   string            `json:"object_id"`
	CaseID     int64             `json:"case_id,omitempty"` // 0 when it belongs to no case
	Reason     string            `json:"reason,omitempty"`
	Data       map[string]string `json:"data,omitempty" gorm:"serializer:json"`
}

// NewEvent starts an entry for the audit log.
func NewEvent(now time.Time, a Actor, command, objectKind, objectID, reason string) Event {
	return Event{At: now, ActorKind: a.Kind, ActorID: a.ID, ActorName: a.Name, Command: command,
		ObjectKind: objectKind, ObjectID: objectID, Reason: reason}
}

// Seal is one link of the append-only chain over committed events
// (hash = SHA-256 over the previous hash and the event's canonical form).
type Seal struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement:false"`
	EventID int64
	Prev    string // hex
	Hash    string // hex
	At      time.Time
}

// Checkpoint is a signed statement that the chain had this hash at this length.
type Checkpoint struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	Hash      string
	At        time.Time
	Signature string // base64 Ed25519
	KeyID     string // first 16 hex digits of SHA-256 of the public key
}
