package workers

import (
	"context"

	"github.com/abusedesk/abusedesk/cases"
)

// seal chains what was committed about once a second and signs a checkpoint
// whenever the chain has grown.
func (p *Pool) seal(ctx context.Context, l cases.Lease) (int, bool, error) {
	n, err := p.Upkeep.SealEvents(ctx, p.now(), l, sealBatch)
	if err != nil || n == 0 || p.Checkpoint == nil {
		return n, n == sealBatch, err
	}
	return n, n == sealBatch, p.Checkpoint(ctx, p.now(), l)
}
