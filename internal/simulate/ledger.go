package simulate

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Status is what is known of a delivery.
type Status string

const (
	StatusSent         Status = "sent"         // about to be sent; written before the first byte goes out
	StatusAcknowledged Status = "acknowledged" // a door said that it has it
	StatusUnknown      Status = "unknown"      // no answer: it may or may not have arrived
	StatusRefused      Status = "refused"      // a door said that it will not have it
)

// Entry is one line of a ledger. A delivery has several under its door and
// key: each attempt is one "sent" and one of the others, unless the sender
// died in between.
type Entry struct {
	Door   Door      `json:"door"`
	Key    string    `json:"key"`
	SHA256 string    `json:"sha256"` // hex, of the bytes sent
	Status Status    `json:"status"`
	Report string    `json:"report,omitempty"` // as the door named it
	Case   string    `json:"case,omitempty"`
	At     time.Time `json:"at"`
}

// LedgerError means that the ledger could not be written, and that what it
// would prove can no longer be proved.
type LedgerError struct{ Err error }

func (e *LedgerError) Error() string { return "ledger: " + e.Err.Error() }
func (e *LedgerError) Unwrap() error { return e.Err }

// Ledger is a sender's own record of what it sent and what was acknowledged:
// a file of JSON lines that only grows. Append returns after the line is on
// the disk. Entries that wait at the same time share one sync. Safe for
// concurrent use.
type Ledger struct {
	f *os.File

	mu      sync.Mutex
	batch   *batch // lines not yet written
	writing bool
}

// batch is what is written and synced together.
type batch struct {
	lines []byte
	done  chan struct{}
	err   error
}

// OpenLedger opens or creates the file and goes on behind what is there. A
// last line that was cut off by a crash is ended, and skipped when read.
func OpenLedger(path string) (*Ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, &LedgerError{err}
	}
	info, err := f.Stat()
	if err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err = f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = f.Write([]byte("\n"))
		}
	}
	if err != nil {
		f.Close()
		return nil, &LedgerError{err}
	}
	return &Ledger{f: f}, nil
}

// Append writes an entry and syncs it.
func (l *Ledger) Append(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return &LedgerError{err}
	}
	l.mu.Lock()
	if l.batch == nil {
		l.batch = &batch{done: make(chan struct{})}
	}
	b := l.batch
	b.lines = append(append(b.lines, line...), '\n')
	lead := !l.writing
	if lead {
		l.writing = true
	}
	l.mu.Unlock()
	if lead {
		l.write()
	}
	<-b.done
	if b.err != nil {
		return &LedgerError{b.err}
	}
	return nil
}

// write writes batches until none is left; one caller of Append at a time
// does it for all.
func (l *Ledger) write() {
	for {
		l.mu.Lock()
		b := l.batch
		l.batch = nil
		if b == nil {
			l.writing = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if _, b.err = l.f.Write(b.lines); b.err == nil {
			b.err = l.f.Sync()
		}
		close(b.done)
	}
}

// Close closes the file. Nothing may be appended any more.
func (l *Ledger) Close() error { return l.f.Close() }

// ReadLedger reads all entries of a file. Lines that a crash cut off are
// counted and left out: what they would have said was never relied on.
func ReadLedger(path string) (entries []Entry, torn int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, &LedgerError{err}
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				torn++
			}
			return entries, torn, nil
		}
		if err != nil {
			return nil, 0, &LedgerError{err}
		}
		var e Entry
		if json.Unmarshal(line, &e) != nil {
			torn++
			continue
		}
		if e.Door == "" || e.Key == "" || e.Status == "" {
			return nil, 0, &LedgerError{fmt.Errorf("line %d has no door, key or status", n)}
		}
		entries = append(entries, e)
	}
}
