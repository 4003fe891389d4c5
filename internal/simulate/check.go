package simulate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Found is a report that a delivery became, as the desk's own records have it.
type Found struct {
	Report   int64
	Cases    []string // references of the cases it is in
	Enriched bool
	// Sent counts the acknowledgements that were certainly sent for it.
	Sent int
}

// Finder looks up which reports a delivery became: by the digest of its bytes
// or by the key under which the door knows it (form nonce, Idempotency-Key,
// Message-ID, webhook-id), whichever the records have. SHA256 can be of bytes
// that a mail server on the way has added header lines to, and then only the
// key finds it. No match is an empty list and no error.
type Finder interface {
	ReportsOf(ctx context.Context, e Entry) ([]Found, error)
}

// Finding is one way in which the records do not bear out the ledger.
type Finding struct {
	Entry   Entry
	Problem string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s %s (sha256 %.12s…): %s", f.Entry.Door, f.Entry.Key, f.Entry.SHA256, f.Problem)
}

// Summary counts what a ledger holds.
type Summary struct {
	Deliveries   int // distinct by door and key
	Acknowledged int
	Unknown      int // never answered: may exist once, or not at all
	Refused      int
	Torn         int // lines cut off by a crash of the sender
}

// Settle folds the entries into one per delivery: acknowledged if any attempt
// was, refused if a door said so and none was acknowledged, else unknown. The
// order is that of the first entries.
func Settle(entries []Entry) []Entry {
	rank := map[Status]int{StatusSent: 0, StatusUnknown: 1, StatusRefused: 2, StatusAcknowledged: 3}
	type id struct {
		door Door
		key  string
	}
	at := map[id]int{}
	var out []Entry
	for _, e := range entries {
		k := id{e.Door, e.Key}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, e)
			continue
		}
		if rank[e.Status] > rank[out[i].Status] {
			e.Report, e.Case = cmp.Or(e.Report, out[i].Report), cmp.Or(e.Case, out[i].Case)
			out[i] = e
		}
	}
	for i := range out {
		if out[i].Status == StatusSent {
			out[i].Status = StatusUnknown
		}
	}
	return out
}

// Check holds the ledger of a sender against the records of a desk that has
// come to rest: what was acknowledged is exactly one report in exactly one
// case, enriched, with at most one acknowledgement sent; what nobody knows of
// is at most that; what was refused is not there. Two deliveries are never the
// same report.
func Check(ctx context.Context, path string, finder Finder) (Summary, []Finding, error) {
	entries, torn, err := ReadLedger(path)
	if err != nil {
		return Summary{}, nil, err
	}
	sum := Summary{Torn: torn}
	var bad []Finding
	owner := map[int64]Entry{}
	for _, e := range Settle(entries) {
		sum.Deliveries++
		found, err := finder.ReportsOf(ctx, e)
		if err != nil {
			return sum, bad, fmt.Errorf("look up %s %s: %w", e.Door, e.Key, err)
		}
		fail := func(format string, args ...any) { bad = append(bad, Finding{e, fmt.Sprintf(format, args...)}) }
		switch e.Status {
		case StatusAcknowledged:
			sum.Acknowledged++
			if len(found) == 0 {
				fail("was acknowledged and is not there")
			}
		case StatusRefused:
			sum.Refused++
			if len(found) > 0 {
				fail("was refused and is report %d all the same", found[0].Report)
			}
		default:
			sum.Unknown++
		}
		if len(found) > 1 {
			ids := make([]int64, len(found))
			for i, f := range found {
				ids[i] = f.Report
			}
			slices.Sort(ids)
			fail("is there %d times, as reports %v", len(found), ids)
		}
		for _, f := range found {
			if other, ok := owner[f.Report]; ok {
				fail("is the same report %d as %s %s", f.Report, other.Door, other.Key)
			}
			owner[f.Report] = e
			if len(f.Cases) != 1 {
				fail("report %d is in %d cases: %v", f.Report, len(f.Cases), f.Cases)
			}
			if len(f.Cases) == 1 && e.Case != "" && e.Case != f.Cases[0] {
				fail("the door said %s and it is in %s", e.Case, f.Cases[0])
			}
			if !f.Enriched {
				fail("report %d was never enriched", f.Report)
			}
			if f.Sent > 1 {
				fail("report %d was acknowledged by mail %d times", f.Report, f.Sent)
			}
		}
	}
	return sum, bad, nil
}
