package cases

import (
	"maps"
	"time"
)

// What an import brings.
const (
	ImportSignals = "signals" // public complaint data
	ImportCalls   = "calls"
)

// ImportFile is how far the import of a file, or of what an API holds, has come.
// Kind, Source, SHA256 and Reading identify it: whatever the file is called now.
type ImportFile struct {
	Kind    string `gorm:"primaryKey"`
	Source  string `gorm:"primaryKey"` // of calls
	SHA256  string `gorm:"primaryKey"` // of the file, or of what the API was asked for
	Reading string `gorm:"primaryKey"` // how it is read: another way is another import

	Format  string
	Rows    int            // read: the place in a file
	Kept    int            // of what they brought; one row of complaints can name two numbers
	Skipped map[string]int `gorm:"serializer:json"` // rows that were not taken, by reason
	Ignored map[string]int `gorm:"serializer:json"` // rows that are none of what is imported, by reason
	Place   string         // where an API goes on

	StartedAt time.Time
	DoneAt    *time.Time
}

// ImportStep is what the next rows of an import said.
type ImportStep struct {
	Rows             int
	Kept             int
	Skipped, Ignored map[string]int
	Place            string // behind them; "" for a file
}

// maxReasons bounds what is counted apart: a reason can quote what was written.
const (
	maxReasons  = 100
	otherReason = "other reasons"
)

// Next is the place behind a step.
func (f ImportFile) Next(s ImportStep) ImportFile {
	f.Rows += s.Rows
	f.Kept += s.Kept
	f.Skipped, f.Ignored = tally(f.Skipped, s.Skipped), tally(f.Ignored, s.Ignored)
	if s.Place != "" {
		f.Place = s.Place
	}
	return f
}

// Refused is how many rows were not taken.
func (f ImportFile) Refused() int {
	n := 0
	for _, of := range f.Skipped {
		n += of
	}
	return n
}

// Again is the same import from its beginning.
func (f ImportFile) Again() ImportFile {
	return ImportFile{Kind: f.Kind, Source: f.Source, SHA256: f.SHA256, Reading: f.Reading, Format: f.Format, StartedAt: f.StartedAt}
}

func tally(was, more map[string]int) map[string]int {
	out := maps.Clone(was)
	if out == nil {
		out = map[string]int{}
	}
	for why, n := range more {
		if _, ok := out[why]; !ok && len(out) >= maxReasons {
			why = otherReason
		}
		out[why] += n
	}
	return out
}
