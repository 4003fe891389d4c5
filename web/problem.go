package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/abusedesk/abusedesk/cases"
)

// Errors that only the edge knows.
var (
	errNotSignedIn = &httpError{http.StatusUnauthorized, cases.Forbidden("sign in first")}
	errNoKey       = &httpError{http.StatusUnauthorized, cases.Forbidden("this needs an API key: send Authorization: Bearer abk_…")}
	errBadKey      = &httpError{http.StatusUnauthorized, cases.Forbidden("this API key is not known, was revoked or has expired")}
	errSignature   = &httpError{http.StatusUnauthorized, cases.Forbidden("the signature does not fit the body, or is older than five minutes")}
	errTooMany     = &httpError{http.StatusTooManyRequests, cases.Forbidden("too many from this address; wait a little and try again")}
	errMalformed   = &httpError{http.StatusBadRequest, &cases.Error{Kind: cases.KindInvalid, Message: "the body cannot be read"}}
	errInternal    = errors.New("something went wrong on our side; it has been noted")
)

// httpError is a domain error with a status of its own.
type httpError struct {
	status int
	err    error
}

func (e *httpError) Error() string { return e.err.Error() }
func (e *httpError) Unwrap() error { return e.err }

// locatedError says where its one problem is, when that is not the body.
type locatedError struct {
	location string
	err      error
}

func (e *locatedError) Error() string { return e.err.Error() }
func (e *locatedError) Unwrap() error { return e.err }

// statusOf maps a domain error to a status: the only place that does.
func statusOf(err error) int {
	if h, ok := errors.AsType[*httpError](err); ok {
		return h.status
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	switch cases.KindOf(err) {
	case cases.KindInvalid:
		return http.StatusUnprocessableEntity
	case cases.KindNotFound:
		return http.StatusNotFound
	case cases.KindForbidden:
		return http.StatusForbidden
	case cases.KindConflict:
		return http.StatusConflict
	case cases.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case cases.KindUnavailable, cases.KindFenced:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problemOf is an error as application/problem+json (RFC 9457) that names the
// fields. What is not the client's to know becomes a plain 500.
func problemOf(err error) *huma.ErrorModel {
	m := &huma.ErrorModel{Status: statusOf(err)}
	m.Title = http.StatusText(m.Status)
	if m.Status == http.StatusInternalServerError {
		m.Detail = errInternal.Error()
		return m
	}
	if e, ok := errors.AsType[*cases.Error](err); ok {
		m.Detail = sentence(e.Message)
		for _, p := range e.Problems {
			location := "body"
			switch l, ok := errors.AsType[*locatedError](err); {
			case ok:
				location = l.location
			case p.Field == proofHeader:
				location = "header." + p.Field
			case p.Field != location:
				location += "." + p.Field
			}
			m.Errors = append(m.Errors, &huma.ErrorDetail{Location: location, Message: p.Message})
		}
	} else {
		m.Detail = "The request is too large."
	}
	return m
}

// asJSON is an answer, or the error instead of it.
func asJSON(status int, v any, err error) (int, []byte, error) {
	if err != nil {
		return 0, nil, err
	}
	body, err := json.Marshal(v)
	return status, body, err
}

func writeProblem(w http.ResponseWriter, m *huma.ErrorModel) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(m.Status)
	json.NewEncoder(w).Encode(m)
}

// sentence gives a message its capital and its full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func stack() string { return string(debug.Stack()) }

// readAll reads a body that bodyLimit has bounded.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(r)
	if err == nil {
		return b, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, err
	}
	return nil, errMalformed
}
