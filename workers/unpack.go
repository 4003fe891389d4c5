package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// poisonAfter is how many attempts at a message's files may end without a word
// (the process died) before they are left alone.
const poisonAfter = 3

// unpack keeps the attachments of a message by their digests: cases.JobUnpack,
// object = message id.
func (p *Pool) unpack(ctx context.Context, j cases.Job) error {
	if j.Lost() >= poisonAfter {
		return &cases.Error{Kind: cases.KindInvalid, Message: "attempts at its files ended without a word"}
	}
	return p.Desk.Unpack(ctx, j.AttemptAt(), j.ObjectID, j.Failures)
}
