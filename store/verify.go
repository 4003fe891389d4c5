package store

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/migrations"
)

// AuditReport is what verification of the audit log found.
type AuditReport struct {
	Seals       int64
	Checkpoints int64
	Head        string     // hash of the last seal
	Unsealed    int64      // committed events that the sealer has not come to yet
	Oldest      *time.Time // of those
	Faults      []AuditFault
	Found       int // all faults; Faults holds the first maxFaults
}

// OK says whether nothing is wrong.
func (r AuditReport) OK() bool { return r.Found == 0 }

// AuditFault is one place where the log is not what it was.
type AuditFault struct {
	Seq     int64 // of the seal or checkpoint; 0 for an event without a seal
	EventID int64
	Problem string
}

const (
	maxFaults   = 100
	verifyBatch = 2_000
)

func (r *AuditReport) fault(seq, event int64, format string, args ...any) {
	r.Found++
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, AuditFault{seq, event, fmt.Sprintf(format, args...)})
	}
}

// VerifyAudit reads the whole chain from its beginning, a batch at a time from
// one snapshot, and says where an event, a seal or a checkpoint was changed,
// removed or put elsewhere. keys are the public keys that checkpoints may be
// signed with; with none, signatures are not checked.
//
// What no verification can show: the removal of what came after the last
// checkpoint, whole. So keep a copy of the head's hash elsewhere.
func (s *Store) VerifyAudit(ctx context.Context, keys ...ed25519.PublicKey) (AuditReport, error) {
	var r AuditReport
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		r = AuditReport{Head: sealOrigin}
		last, err := verifySeals(tx, keys, &r)
		if err != nil {
			return err
		}
		var beyond []cases.Checkpoint
		if err := tx.Raw("SELECT * FROM checkpoints WHERE seq > ? ORDER BY seq LIMIT ?", last, maxFaults).Scan(&beyond).Error; err != nil {
			return err
		}
		for _, c := range beyond {
			r.Checkpoints++
			r.fault(c.Seq, 0, "the chain ends at %d, but was signed up to %d: seals were cut off", last, c.Seq)
		}
		return s.verifyUnsealed(tx, &r)
	})
	if err != nil {
		return AuditReport{}, fmt.Errorf("verify the audit log: %w", err)
	}
	return r, nil
}

// sealRow is a seal with its event, whose id is 0 when it is gone.
type sealRow struct {
	Seq     int64
	EventID int64
	Prev    string
	Hash    string
	cases.Event
	Present int64
}

// verifySeals follows the chain and returns the number of its last seal.
func verifySeals(tx *gorm.DB, keys []ed25519.PublicKey, r *AuditReport) (int64, error) {
	var last int64
	for {
		var rows []sealRow
		err := tx.Raw(`SELECT s.seq, s.event_id, s.prev, s.hash, coalesce(e.id, 0) AS present, e.id, e.at, e.actor_kind, e.actor_id, e.actor_name, e.command,
			e.object_kind, e.object_id, e.case_id, e.reason, e.data FROM seals s LEFT JOIN events e ON e.id = s.event_id WHERE s.seq > ? ORDER BY s.seq LIMIT ?`,
			last, verifyBatch).Scan(&rows).Error
		if err != nil || len(rows) == 0 {
			return last, err
		}
		var signed []cases.Checkpoint
		err = tx.Raw("SELECT * FROM checkpoints WHERE seq > ? AND seq <= ? ORDER BY seq", last, rows[len(rows)-1].Seq).Scan(&signed).Error
		if err != nil {
			return last, err
		}
		for _, row := range rows {
			verifySeal(last, row, r)
			for len(signed) > 0 && signed[0].Seq <= row.Seq {
				verifyCheckpoint(signed[0], row, keys, r)
				signed = signed[1:]
			}
			last, r.Head = row.Seq, row.Hash
			r.Seals++
		}
	}
}

// verifySeal checks one link; r.Head is the hash of the one before.
func verifySeal(last int64, row sealRow, r *AuditReport) {
	if row.Seq != last+1 {
		r.fault(row.Seq, row.EventID, "seals %d to %d are missing", last+1, row.Seq-1)
	}
	if row.Prev != r.Head {
		r.fault(row.Seq, row.EventID, "the seal does not follow the one before it: seals were changed, removed or put elsewhere")
	}
	if row.Present == 0 {
		r.fault(row.Seq, row.EventID, "event %d is missing", row.EventID)
		return
	}
	if hash, err := sealHash(row.Prev, row.Event); err != nil || hash != row.Hash {
		r.fault(row.Seq, row.EventID, "event %d is not what was sealed: it or its seal was changed", row.EventID)
	}
}

// verifyCheckpoint compares a signed statement with the seal it is about.
func verifyCheckpoint(c cases.Checkpoint, row sealRow, keys []ed25519.PublicKey, r *AuditReport) {
	r.Checkpoints++
	if c.Seq != row.Seq || c.Hash != row.Hash {
		r.fault(c.Seq, row.EventID, "the chain up to here is not the one that was signed at %s", c.At.UTC().Format(time.RFC3339))
	}
	if len(keys) == 0 {
		return
	}
	i := slices.IndexFunc(keys, func(k ed25519.PublicKey) bool { return keyID(k) == c.KeyID })
	if i < 0 {
		r.fault(c.Seq, 0, "the checkpoint is signed with an unknown key, %s", c.KeyID)
		return
	}
	if sig, err := base64.StdEncoding.DecodeString(c.Signature); err != nil || !ed25519.Verify(keys[i], checkpointText(c), sig) {
		r.fault(c.Seq, 0, "the checkpoint's signature is not valid")
	}
}

// verifyUnsealed counts the tail, and finds events that should have been
// sealed long ago.
func (s *Store) verifyUnsealed(tx *gorm.DB, r *AuditReport) error {
	var tail struct {
		N      int64
		Oldest moment
	}
	if err := tx.Raw("SELECT count(*) AS n, min(at) AS oldest FROM " + s.unsealed()).Scan(&tail).Error; err != nil {
		return err
	}
	if r.Unsealed = tail.N; tail.N > 0 {
		r.Oldest = &tail.Oldest.Time
	}
	old := "e.xid < sealed_below()"
	if s.dialect == migrations.SQLite {
		old = "e.id <= (SELECT coalesce(max(event_id), 0) FROM seals)"
	}
	var ids []int64
	err := tx.Raw("SELECT e.id FROM events e WHERE "+old+" AND NOT EXISTS (SELECT 1 FROM seals s WHERE s.event_id = e.id) ORDER BY e.id LIMIT ?", maxFaults).Scan(&ids).Error
	for _, id := range ids {
		r.fault(0, id, "event %d has no seal, though later ones have: it was put in afterwards, or its seal was removed", id)
	}
	return err
}
