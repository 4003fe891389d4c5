package main

import (
	"context"
	"encoding/json"

	"github.com/abusedesk/abusedesk/intake"
)

type correctionsCmd struct{}

// Run writes the corrected reports as the set that `make bench` scores the
// reading of texts against. They hold what people wrote: personal data.
func (correctionsCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		enc := json.NewEncoder(p.out)
		enc.SetEscapeHTML(false)
		return a.desk.Labelled(ctx, func(l intake.Labelled) error { return enc.Encode(l) })
	})
}
