package cases

import (
	"errors"
	"strings"
	"time"
)

// Kind says what went wrong in a way that every edge of the program can
// translate: web to an HTTP status, workers to retry or not.
type Kind string

const (
	KindInvalid     Kind = "invalid"     // the input is wrong; Problems name the fields
	KindNotFound    Kind = "not_found"   // there is no such thing, or not for this actor
	KindForbidden   Kind = "forbidden"   // the actor may not do this
	KindConflict    Kind = "conflict"    // somebody was faster, or the state does not allow it
	KindTooLarge    Kind = "too_large"   // over a documented limit
	KindFenced      Kind = "fenced"      // a lease or attempt that has since been taken over
	KindUnavailable Kind = "unavailable" // something we depend on did not answer; trying again can help
)

// Problem is one field that is wrong, in the user's words.
type Problem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is every error the domain raises. Message is fit to be shown to the
// person who caused it; Err is for the log.
type Error struct {
	Kind     Kind
	Message  string
	Problems []Problem
	Err      error
	// After is how long whoever is unavailable asked not to be tried again; 0 did not say.
	After time.Duration
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for i, p := range e.Problems {
		if i == 0 && e.Message != "" {
			b.WriteString(": ")
		} else if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p.Field + ": " + p.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// AfterOf is how long not to try again, as the error says; 0 it does not.
func AfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// Is makes errors.Is(err, ErrNotFound) true for every error of that kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Message == "" && t.Err == nil && len(t.Problems) == 0 && t.Kind == e.Kind
}

// Sentinels to compare with errors.Is.
var (
	ErrInvalid     error = &Error{Kind: KindInvalid}
	ErrNotFound    error = &Error{Kind: KindNotFound}
	ErrForbidden   error = &Error{Kind: KindForbidden}
	ErrConflict    error = &Error{Kind: KindConflict}
	ErrTooLarge    error = &Error{Kind: KindTooLarge}
	ErrFenced      error = &Error{Kind: KindFenced}
	ErrUnavailable error = &Error{Kind: KindUnavailable}
)

// Errorf-free constructors: the message is a finished sentence.

// Invalid reports input problems by field; it returns nil when there are none.
func Invalid(problems ...Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Message: "the input is not valid", Problems: problems}
}

// NotFound says that what (for example "case AB-2026-000017") does not exist.
func NotFound(what string) error {
	return &Error{Kind: KindNotFound, Message: what + " does not exist"}
}

// Conflict says why the state does not allow the command.
func Conflict(why string) error { return &Error{Kind: KindConflict, Message: why} }

// Forbidden says why the actor may not do it.
func Forbidden(why string) error { return &Error{Kind: KindForbidden, Message: why} }

// KindOf returns the kind of err, or "" when it is not one of ours.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
