package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"

	"github.com/abusedesk/abusedesk/cases"
)

// office reads by whose hours the clock of a traceback answer goes: holidays are
// "us" (federal ones, and the days on which they are observed), "none", or a file
// of dates, one a line.
func office(zone, holidays string) (cases.Office, []error) {
	var o cases.Office
	var problems []error
	var err error
	if o.Zone, err = time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		problems = append(problems, fmt.Errorf("%sTIME_ZONE: use a name such as America/New_York, not %q", prefix, zone))
	}
	switch holidays {
	case "none":
	case "us":
		calendar := cal.Calendar{Holidays: us.Holidays} // it keeps nothing, so that anybody may ask at any time
		o.Holiday = func(day time.Time) bool {
			actual, observed, _ := calendar.IsHoliday(day)
			return actual || observed
		}
	default:
		days, err := readDays(holidays)
		if err != nil {
			problems = append(problems, fmt.Errorf("%sHOLIDAYS: %w", prefix, err))
		}
		o.Holiday = func(day time.Time) bool { return days[day.Format(time.DateOnly)] }
	}
	return o, problems
}

// readDays reads a file of dates (2026-12-25), one a line; what follows a date or
// a # is a remark.
func readDays(path string) (map[string]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("use us, none or a file of dates: %w", err)
	}
	defer f.Close()
	days := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if _, err := time.Parse(time.DateOnly, words[0]); err != nil {
			return nil, fmt.Errorf("%s, line %d: %q is no date such as 2026-12-25", path, n, words[0])
		}
		days[words[0]] = true
	}
	return days, lines.Err()
}
