package safehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/abusedesk/abusedesk/cases"
)

// Fetcher gets files from addresses that somebody else chose. Safe for
// concurrent use.
type Fetcher struct{ Client *http.Client }

// Fetch begins to read a file; how much of it is read is the caller's to bound.
// cases.KindInvalid means that it will never be had: an address that may not be
// asked, or an answer that says so (4xx but for 408, 425 and 429);
// cases.KindUnavailable that it may be later.
func (f Fetcher) Fetch(ctx context.Context, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &cases.Error{Kind: cases.KindInvalid, Message: "its address is no URL", Err: err}
	}
	res, err := f.Client.Do(req)
	switch {
	case errors.Is(err, ErrAddress):
		return nil, &cases.Error{Kind: cases.KindInvalid, Message: "its address is none that may be asked", Err: err}
	case err != nil:
		return nil, &cases.Error{Kind: cases.KindUnavailable, Message: "its server cannot be reached", Err: err}
	case res.StatusCode == http.StatusOK:
		return res.Body, nil
	}
	res.Body.Close()
	kind := cases.KindInvalid
	switch code := res.StatusCode; {
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		kind = cases.KindUnavailable
	}
	return nil, &cases.Error{Kind: kind, Message: fmt.Sprintf("its server answered %s", res.Status)}
}
