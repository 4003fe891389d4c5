package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/shaken"
)

// materials fetches certificates and revocation lists of signers for the desk.
type materials struct{ client *http.Client }

// newMaterials follows no redirect, so that what shaken.X5UPolicy allowed is what
// is asked.
func newMaterials(c safehttp.Config) materials {
	c.Timeout, c.Redirects = 5*time.Second, 0
	return materials{safehttp.New(c)}
}

// FetchMaterial implements desk.MaterialFetcher.
func (m materials) FetchMaterial(ctx context.Context, address string, most int64) ([]byte, error) {
	if err := shaken.X5UPolicy(address); err != nil {
		return nil, &cases.Error{Kind: cases.KindInvalid, Message: err.Error(), Err: err}
	}
	body, err := safehttp.Fetcher{Client: m.client}.Fetch(ctx, address)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, most+1))
	switch {
	case err != nil:
		return nil, &cases.Error{Kind: cases.KindUnavailable, Message: "its server broke off", Err: err}
	case int64(len(raw)) > most:
		return nil, &cases.Error{Kind: cases.KindInvalid, Message: fmt.Sprintf("what it serves is larger than %d bytes", most)}
	}
	return raw, nil
}

// trustList reads the configured file of root certificates anew each time; nil when
// none is configured.
func trustList(path string) func() ([]byte, error) {
	if path == "" {
		return nil
	}
	return func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, shaken.MaxTrustBytes+1))
	}
}

// checkTrustList says what is wrong with the configured file.
func checkTrustList(path string) error {
	if path == "" {
		return nil
	}
	raw, err := trustList(path)()
	if err != nil {
		return err
	}
	_, err = shaken.ParseTrust(raw)
	return err
}
