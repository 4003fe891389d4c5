package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signal is one complaint of a public data set about a number that we host or
// carried: evidence on cases, never a case of its own. Nobody has checked what
// it says.
type Signal struct {
	ID         int64  `gorm:"primaryKey"`
	Source     string // "ftc", "fcc"
	SourceID   string // of the complaint there, or the digest of its row where it has none
	E164       string
	Role       NumberRole // caller or callback
	HappenedAt *time.Time // as stated, to the day; in no known zone
	Subject    string     // what it is said to be about
	Robocall   bool       // said to be a recording
	Area       string     // where the consumer is, such as a state
	CreatedAt  time.Time
}

// What a data set is called.
var signalSources = map[string]string{"ftc": "FTC", "fcc": "FCC"}

// SignalWindow is how far back complaints count.
const SignalWindow = 90 * 24 * time.Hour

// SignalStats is what data sets hold about one number.
type SignalStats struct {
	Total    int            `json:"total"`
	Recent   int            `json:"recent"` // within SignalWindow
	Robocall int            `json:"robocall"`
	Sources  map[string]int `json:"sources"`
	Subjects []SubjectCount `json:"subjects,omitempty"` // the three that are named most
	Latest   time.Time      `json:"latest,omitzero"`
}

// SubjectCount is how often something is said.
type SubjectCount struct {
	Subject string `json:"subject"`
	N       int    `json:"n"`
}

// Summary is a sentence that an analyst can repeat.
func (s SignalStats) Summary(number string) string {
	var from []string
	for name, n := range s.Sources {
		from = append(from, fmt.Sprintf("%d of the %s", n, cmp.Or(signalSources[name], name)))
	}
	slices.Sort(from)
	t := fmt.Sprintf("Complaint data name %s %s (%s), %d within 90 days", number, times(s.Total), strings.Join(from, ", "), s.Recent)
	if s.Robocall > 0 {
		t += fmt.Sprintf("; %d say that it was a recording", s.Robocall)
	}
	return t + ". Nobody has checked them."
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Reasons why a row of complaints is passed over.
const (
	SkipNoNumber  = "names no number"
	SkipNotOurs   = "about a number that we neither host nor carried"
	SkipAgain     = "the same complaint again"
	SkipBadNumber = "its number is none"
	SkipBadRow    = "cannot be read"
)
