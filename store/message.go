package store

import (
	"context"
	"fmt"

	"github.com/abusedesk/abusedesk/cases"
)

// Message returns a delivery with its envelope.
func (s *Store) Message(ctx context.Context, id int64) (cases.Message, error) {
	var m cases.Message
	err := found(s.read(ctx).Raw("SELECT * FROM messages WHERE id = ?", id).Scan(&m), fmt.Sprintf("message %d", id))
	return m, translate(err)
}

// Messages returns those messages that there are, in no particular order.
func (s *Store) Messages(ctx context.Context, ids []int64) ([]cases.Message, error) {
	var ms []cases.Message
	return ms, translate(s.read(ctx).Raw("SELECT * FROM messages WHERE id IN ?", ids).Scan(&ms).Error)
}

// MessageByToken finds the delivery that a status link belongs to.
func (s *Store) MessageByToken(ctx context.Context, token string) (cases.Message, error) {
	var m cases.Message
	err := found(s.read(ctx).Raw("SELECT * FROM messages WHERE token = ?", text(token)).Scan(&m), "this report")
	return m, translate(err)
}

// messageFields are the columns of a message without its bytes.
const messageFields = "id, channel, source, dedup_key, token, sha256, size, blob_key, meta, state, report_id, note, automatic, text_at, written_at, written_seq, received_at, filed_at"
