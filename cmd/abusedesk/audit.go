package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check the whole chain: changes, gaps, reordering, missing entries, signatures."`
}

type auditVerifyCmd struct{}

func (auditVerifyCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		key, err := a.auditKey()
		if err != nil {
			return err
		}
		var public []ed25519.PublicKey
		if key != nil {
			public = append(public, key.Public().(ed25519.PublicKey))
		}
		r, err := a.store.VerifyAudit(ctx, public...)
		if err != nil {
			return err
		}
		for _, f := range r.Faults {
			fmt.Fprintln(p.out, f)
		}
		fmt.Fprintf(p.out, "%d entries sealed, %d checkpoints, %d entries not sealed yet\n", r.Seals, r.Checkpoints, r.Unsealed)
		if !r.OK() {
			return fmt.Errorf("the audit log was changed: %d faults", r.Found)
		}
		return nil
	})
}
