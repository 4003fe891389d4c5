package simulate

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Exported counts what Export wrote.
type Exported struct {
	Accounts, Bad, Numbers, Calls, BadCalls, Reports int
}

// Export writes the population into a folder that exists, in the formats that
// `abusedesk import` reads: accounts.csv, numbers.csv, calls.ndjson; reports.csv,
// the complaints about its calls; and, apart from these, the truth: truth.csv
// by account, and with callTruth call_truth.csv by call.
func (p *Population) Export(dir string, callTruth bool) (Exported, error) {
	var n Exported
	w := &folder{dir: dir}
	accounts := w.csv("accounts.csv", "id", "name", "kind", "country", "status", "email", "opened_at", "connection", "connection_name", "connection_country")
	numbers := w.csv("numbers.csv", "number", "account", "kind", "from")
	truths := w.csv("truth.csv", "account", "kind", "label", "since", "until", "shown_by_others")
	i := 0
	for a, t := range p.Customers() {
		n.Accounts++
		if t.Bad() {
			n.Bad++
		}
		accounts.row(a.ID, a.Name, a.Kind, a.Country, a.Status, a.Email, a.OpenedAt.Format(time.RFC3339), "sip-"+a.ID, "Main", "US")
		truths.row(t.Account, t.Kind, t.Label, stamp(t.Since), stamp(t.Until), strconv.FormatBool(t.Victim))
		for _, e := range p.Entitlements(i) {
			n.Numbers++
			numbers.row(e.E164, e.AccountID, string(e.Kind), e.From.Format(time.RFC3339))
		}
		i++
	}
	reports := w.csv("reports.csv", "reported_at", "occurred_at", "caller_number", "called_number", "category")
	var perCall *table
	if callTruth {
		perCall = w.csv("call_truth.csv", "source", "source_id", "habit", "bad")
	}
	lines := json.NewEncoder(w.file("calls.ndjson"))
	for c, t := range p.Calls(p.from, p.params.End) {
		n.Calls++
		if t.Bad {
			n.BadCalls++
		}
		if err := lines.Encode(c); err != nil {
			w.err = errors.Join(w.err, err)
		}
		if !t.Complaint.IsZero() && t.Complaint.Before(p.params.End) {
			n.Reports++
			reports.row(stamp(t.Complaint), stamp(c.StartedAt), c.From, c.To, "robocall")
		}
		if perCall != nil {
			perCall.row(c.Source, c.SourceID, t.Habit, strconv.FormatBool(t.Bad))
		}
		if w.err != nil {
			break // a full disk does not get better
		}
	}
	return n, w.close()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// folder is several files that are written at the same time. The first error
// of any is kept until close.
type folder struct {
	dir     string
	closers []func() error
	err     error
}

func (w *folder) file(name string) io.Writer {
	f, err := os.Create(filepath.Join(w.dir, name))
	if err != nil {
		w.err = errors.Join(w.err, err)
		return io.Discard
	}
	b := bufio.NewWriterSize(f, 1<<20)
	w.closers = append(w.closers, func() error { return errors.Join(b.Flush(), f.Close()) })
	return b
}

type table struct {
	*csv.Writer
	w *folder
}

func (w *folder) csv(name string, header ...string) *table {
	t := &table{csv.NewWriter(w.file(name)), w}
	t.row(header...)
	flush := func() error {
		t.Flush()
		return t.Error()
	}
	// Before the file beneath.
	w.closers = append([]func() error{flush}, w.closers...)
	return t
}

func (t *table) row(fields ...string) {
	if err := t.Write(fields); err != nil {
		t.w.err = errors.Join(t.w.err, err)
	}
}

func (w *folder) close() error {
	for _, c := range w.closers {
		w.err = errors.Join(w.err, c())
	}
	return w.err
}
