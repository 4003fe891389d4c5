package workers

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Mail is what is done to received mails afterwards.
type Mail interface {
	MailReceipt(ctx context.Context, id int64) (cases.MailReceipt, error)
	MailActed(ctx context.Context, at cases.Attempt, now time.Time, id int64) error
}

// mailbox marks a received mail seen or moves it: cases.JobMailbox, object =
// receipt id. Doing it twice does no harm, so that it comes before its record.
func (p *Pool) mailbox(ctx context.Context, j cases.Job, at cases.Attempt) error {
	r, err := p.Mail.MailReceipt(ctx, j.ObjectID)
	if err != nil {
		return err
	}
	if err := p.Act(ctx, r); err != nil {
		return err
	}
	return p.Mail.MailActed(ctx, at, p.now(), r.ID)
}
