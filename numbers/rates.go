package numbers

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// MicroUSD is an amount of money in millionths of a US dollar.
type MicroUSD = int64

// Rate is one line of a rate deck: what a minute to numbers with this prefix costs.
type Rate struct {
	Tag       string // the carrier's name for the destination
	Prefix    string // digits without "+"
	PerMinute MicroUSD
}

// LineError is what is wrong with one line of a file.
type LineError struct {
	Line int // from 1, the header included
	Err  error
}

// Error names the line.
func (e LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e LineError) Unwrap() error { return e.Err }

// ReadRates streams a rate deck in CSV with a header that names the columns Tag,
// Prefix and Rate in any order and case; other columns are ignored. Rate is
// US dollars per minute as a decimal, rounded up at the sixth place so that a
// price is never understated. good is called for each line that is right, bad
// for each that is not; either ends the reading by returning an error, which
// ReadRates returns. Its other errors are a header that lacks a column and a
// reader that fails.
func ReadRates(r io.Reader, good func(line int, rate Rate) error, bad func(LineError) error) error {
	lines := csv.NewReader(r)
	lines.ReuseRecord = true
	lines.FieldsPerRecord = -1
	lines.TrimLeadingSpace = true
	header, err := lines.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the rate deck's header: %w", err)
	}
	columns, err := rateColumns(header)
	if err != nil {
		return err
	}
	for {
		record, err := lines.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &syntax):
			if err := bad(LineError{syntax.StartLine, syntax.Err}); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("reading the rate deck: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if rate, err := columns.read(record); err != nil {
			err = bad(LineError{line, err})
			if err != nil {
				return err
			}
		} else if err := good(line, rate); err != nil {
			return err
		}
	}
}

// rateFields is where a deck has its three columns.
type rateFields struct{ tag, prefix, rate int }

func rateColumns(header []string) (rateFields, error) {
	f := rateFields{-1, -1, -1}
	for i, name := range header {
		switch strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF"))) {
		case "tag":
			f.tag = i
		case "prefix":
			f.prefix = i
		case "rate":
			f.rate = i
		}
	}
	if f.tag < 0 || f.prefix < 0 || f.rate < 0 {
		return f, errors.New("the rate deck's first line must name the columns Tag, Prefix and Rate")
	}
	return f, nil
}

func (f rateFields) read(record []string) (Rate, error) {
	if len(record) <= max(f.tag, f.prefix, f.rate) {
		return Rate{}, fmt.Errorf("has %d columns, fewer than the header", len(record))
	}
	prefix := withoutPlus(strings.TrimSpace(record[f.prefix]))
	if !onlyDigits(prefix, 15) {
		return Rate{}, fmt.Errorf("prefix %q is not one to fifteen digits", record[f.prefix])
	}
	perMinute, err := parseMicroUSD(strings.TrimSpace(record[f.rate]))
	if err != nil {
		return Rate{}, err
	}
	// The strings are parts of the whole line: without copies, a deck would keep its file.
	return Rate{strings.Clone(strings.TrimSpace(record[f.tag])), strings.Clone(prefix), perMinute}, nil
}

// parseMicroUSD reads a decimal number of dollars, at most a million, rounding up.
func parseMicroUSD(s string) (MicroUSD, error) {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(s, "$"), ".")
	if whole == "" && fraction != "" {
		whole = "0"
	}
	if !onlyDigits(whole, 7) || fraction != "" && !onlyDigits(fraction, 18) {
		return 0, fmt.Errorf("rate %q is not a decimal number of dollars", s)
	}
	var micro int64
	for i := range len(whole) {
		micro = micro*10 + int64(whole[i]-'0')
	}
	for i := range 6 {
		micro *= 10
		if i < len(fraction) {
			micro += int64(fraction[i] - '0')
		}
	}
	if len(fraction) > 6 && strings.Trim(fraction[6:], "0") != "" {
		micro++
	}
	return micro, nil
}

// FormatMicroUSD writes an amount as dollars with at least two places ("0.0125").
func FormatMicroUSD(amount MicroUSD) string {
	sign, n := "", uint64(amount)
	if amount < 0 {
		sign, n = "-", uint64(math.MaxUint64)-uint64(amount)+1
	}
	fraction := strings.TrimRight(fmt.Sprintf("%06d", n%1_000_000), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return fmt.Sprintf("%s%d.%s", sign, n/1_000_000, fraction)
}
