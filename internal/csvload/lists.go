package csvload

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// ListOptions are what a file of a list does not say itself.
type ListOptions struct {
	Kind   cases.ListKind
	Source string
	Region string     // country of numbers without a country code, alpha-2
	Expiry *time.Time // of entries that state none
	Now    time.Time
}

// List reads entries of a list, one row for each:
//
//	number       E.164 or as people write it; or
//	prefix       the digits that numbers begin with, the country code first
//	category     of protected numbers: hospital, emergency_centre, government, crisis_line, utility, other
//	note
//	added_at     time or date; the import's where it is empty
//	expires_at   time or date, exclusive
//
// A row has a number or a prefix. An error of take ends the reading.
func List(r io.Reader, o ListOptions, take func([]cases.ListEntry) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), nil, []string{"number", "prefix", "category", "note", "added_at", "expires_at"})
	if err != nil {
		return result, err
	}
	_, hasNumber := t.place["number"]
	if _, hasPrefix := t.place["prefix"]; !hasNumber && !hasPrefix {
		return result, cases.Invalid(cases.Problem{Field: "header", Message: `lacks the columns "number" and "prefix", of which it needs one`})
	}
	rows := batcher[cases.ListEntry]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		e := cases.ListEntry{Kind: o.Kind, Source: o.Source, Category: r.text("category"), Note: r.line("note"), AddedAt: r.time("added_at", true), ExpiresAt: r.timePtr("expires_at", true)}
		if e.AddedAt.IsZero() {
			e.AddedAt = o.Now
		}
		if e.ExpiresAt == nil {
			e.ExpiresAt = o.Expiry
		}
		number, prefix := r.text("number"), r.text("prefix")
		switch {
		case (number == "") == (prefix == ""):
			r.wrong("number", "or prefix is required, one of them")
		case number != "":
			// Numbers that cannot have been assigned belong on such lists too.
			n, err := numbers.Parse(number, o.Region)
			if err != nil {
				r.wrong("number", "%s", err)
			}
			e.Digits, e.Exact = strings.TrimPrefix(n.E164, "+"), true
		default:
			e.Digits = r.prefix("prefix")
		}
		if !r.ok() {
			return nil
		}
		if err := e.Check(o.Now); err != nil {
			return err
		}
		return rows.add(e)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

// Rates reads a whole rate deck in its own format, Tag,Prefix,Rate (see
// numbers.ReadRates): a version counts as a whole, so that it is held as one.
func Rates(r io.Reader) ([]cases.RateLine, Result, error) {
	var result Result
	var out []cases.RateLine
	err := numbers.ReadRates(r, func(_ int, rate numbers.Rate) error {
		result.Rows++
		result.Taken++
		out = append(out, cases.RateLine{Prefix: rate.Prefix, Tag: rate.Tag, Micros: rate.PerMinute})
		if len(out) > MaxRates {
			return &cases.Error{Kind: cases.KindTooLarge, Message: "a rate deck has at most 1,000,000 prefixes"}
		}
		return nil
	}, func(e numbers.LineError) error {
		result.Rows++
		result.skip(e.Line, []cases.Problem{{Field: "rate", Message: e.Err.Error()}})
		return nil
	})
	return out, result, err
}

// MaxRates is how many prefixes a rate deck may have.
const MaxRates = 1_000_000
