package workers

import (
	"context"
	"fmt"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Mail is what is done to received mails afterwards.
type Mail interface {
	// MailReceipts returns those that there are, in no particular order.
	MailReceipts(ctx context.Context, ids []int64) ([]cases.MailReceipt, error)
	// MailActed records what was done and completes the jobs, all or none.
	MailActed(ctx context.Context, now time.Time, acts []cases.MailAct) error
}

// mailbox marks a received mail seen or moves it: cases.JobMailbox, object =
// receipt id.
func (p *Pool) mailbox(ctx context.Context, j cases.Job) error {
	return p.mailboxTogether(ctx, []cases.Job{j})
}

// mailboxTogether does it for several mails with one command. Doing it twice does
// no harm, so that it comes before its record.
func (p *Pool) mailboxTogether(ctx context.Context, jobs []cases.Job) error {
	ids, acts := make([]int64, len(jobs)), make([]cases.MailAct, len(jobs))
	for i, j := range jobs {
		ids[i], acts[i] = j.ObjectID, cases.MailAct{Attempt: j.AttemptAt(), ReceiptID: j.ObjectID}
	}
	rs, err := p.Mail.MailReceipts(ctx, ids)
	switch {
	case err != nil:
		return err
	case len(rs) < len(ids):
		return cases.NotFound(fmt.Sprintf("one of the mail receipts %v", ids))
	}
	if err := p.Act(ctx, rs...); err != nil {
		return err
	}
	return p.Mail.MailActed(ctx, p.now(), acts)
}
