package desk

import (
	"context"
	"fmt"
	"sync"

	"github.com/abusedesk/abusedesk/shaken"
)

// maxParsed bounds each kind of what is kept parsed.
const maxParsed = 1024

// parsed remembers files of the archive as they were parsed: their paths and
// signatures are then verified once. A digest never comes to mean another file.
type parsed struct {
	mu     sync.Mutex
	chain  map[string][]*shaken.Chain
	roots  map[string]*shaken.Trust
	revoke map[string]*shaken.CRL
}

func (p *parsed) chains(ctx context.Context, s IdentityArchive, sum string) ([]*shaken.Chain, error) {
	return remember(ctx, p, &p.chain, s, sum, shaken.ParseChains)
}

func (p *parsed) trust(ctx context.Context, s IdentityArchive, sum string) (*shaken.Trust, error) {
	return remember(ctx, p, &p.roots, s, sum, shaken.ParseTrust)
}

func (p *parsed) crl(ctx context.Context, s IdentityArchive, sum string) (*shaken.CRL, error) {
	return remember(ctx, p, &p.revoke, s, sum, shaken.ParseCRL)
}

func remember[T any](ctx context.Context, p *parsed, have *map[string]T, s IdentityArchive, sum string, parse func([]byte) (T, error)) (T, error) {
	p.mu.Lock()
	v, ok := (*have)[sum]
	p.mu.Unlock()
	if ok {
		return v, nil
	}
	raw, err := s.MaterialContent(ctx, sum)
	if err != nil {
		return v, fmt.Errorf("archived file %s: %w", sum, err)
	}
	// It could be read when it was archived; a later version of us that cannot goes
	// on without it.
	if v, err = parse(raw); err != nil {
		var none T
		return none, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if *have == nil || len(*have) >= maxParsed {
		*have = map[string]T{}
	}
	(*have)[sum] = v
	return v, nil
}
