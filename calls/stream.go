package calls

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/abusedesk/abusedesk/cases"
)

// LineError is a line that was not taken, and why.
type LineError struct {
	Line     int             `json:"line"` // from 1
	Problems []cases.Problem `json:"problems"`
}

// ReadNDJSON reads a body of records, one on each line; empty lines are passed
// over. Lines that are wrong come back with their reasons and stop nothing.
// ErrTooLarge when there are more than max records or a line is longer than
// MaxLine; other errors are those of r.
func ReadNDJSON(r io.Reader, o Options, max int) ([]cases.Call, []LineError, error) {
	var good []cases.Call
	var bad []LineError
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 8<<10), MaxLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if len(good)+len(bad) >= max {
			return nil, nil, &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("a batch holds at most %d records: send several", max)}
		}
		c, err := ParseNDJSON(line, o)
		if e, ok := errors.AsType[*cases.Error](err); ok {
			bad = append(bad, LineError{Line: n, Problems: e.Problems})
			continue
		}
		good = append(good, c)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, nil, &cases.Error{Kind: cases.KindTooLarge, Message: fmt.Sprintf("line %d is longer than %d bytes", n+1, MaxLine)}
	}
	return good, bad, lines.Err()
}
