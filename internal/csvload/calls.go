package csvload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/abusedesk/abusedesk/cases"
)

// Limits of reading call records.
const (
	CallBatch = 5000     // records a callback gets at most
	maxLine   = 64 << 10 // bytes of an NDJSON line
)

// CallFormat says what makes a record right; both functions return a
// cases.Error of kind invalid for one that is wrong.
type CallFormat struct {
	Parse func(line []byte) (cases.Call, error)  // a line of NDJSON
	Check func(c cases.Call) (cases.Call, error) // a row of CSV
}

// Calls reads call records, CSV or NDJSON by the first character of the file.
// An error of take ends the reading; records are idempotent, so that the file
// can be loaded again from its beginning.
func Calls(r io.Reader, f CallFormat, take func([]cases.Call) error) (Result, error) {
	var result Result
	calls := batcher[cases.Call]{result: &result, size: CallBatch, take: take}
	in := bufio.NewReaderSize(r, maxLine)
	read := callRows
	if first, err := firstByte(in); err != nil {
		return result, err
	} else if first == '{' {
		read = callLines
	}
	if err := read(in, f, &result, &calls); err != nil {
		return result, err
	}
	return result, calls.flush()
}

// firstByte is the first that is neither space nor byte order mark.
func firstByte(in *bufio.Reader) (byte, error) {
	for n := 1; n <= in.Size(); n++ {
		b, err := in.Peek(n)
		if len(b) < n {
			if errors.Is(err, io.EOF) {
				return 0, nil
			}
			return 0, err
		}
		if c := b[n-1]; !bytes.Contains([]byte(" \t\r\n\xef\xbb\xbf"), []byte{c}) {
			return c, nil
		}
	}
	return 0, nil
}

func callRows(in *bufio.Reader, f CallFormat, result *Result, calls *batcher[cases.Call]) error {
	t, err := openTable(in, []string{"source_id", "started_at", "direction", "to"}, []string{"from", "pai", "dialled", "account", "connection", "peer", "source_ip",
		"call_id", "correlation_id", "egress_peer", "to_country", "progress_at", "reasons", "rate_micros", "answered_at", "ended_at", "billed_seconds", "pdd_ms", "sip_code", "q850", "hung_up_by", "cost_micros", "attest", "verstat",
		"identity", "source"})
	if err != nil {
		return err
	}
	return t.each(result, func(r *row) error {
		c := cases.Call{Source: r.text("source"), SourceID: r.text("source_id"), CallID: r.text("call_id"), CorrelationID: r.text("correlation_id"),
			AccountID: r.text("account"), Connection: r.text("connection"), Direction: r.text("direction"), From: r.text("from"), PAI: r.text("pai"),
			To: r.text("to"), DialledRaw: r.text("dialled"), ToCountry: r.text("to_country"), Peer: r.text("peer"), EgressPeer: r.text("egress_peer"), SourceIP: r.text("source_ip"), StartedAt: r.time("started_at", false),
			ProgressAt: r.timePtr("progress_at", false), Reasons: r.text("reasons"), RateMicros: r.integer("rate_micros", 64),
			AnsweredAt: r.timePtr("answered_at", false), EndedAt: r.timePtr("ended_at", false), BilledSeconds: int(r.integer("billed_seconds", 32)),
			PDDMillis: int(r.integer("pdd_ms", 32)), SIPCode: int(r.integer("sip_code", 32)), Q850: int(r.integer("q850", 32)), HungUpBy: r.text("hung_up_by"),
			CostMicros: r.integer("cost_micros", 64), Attest: r.text("attest"), Verstat: r.text("verstat"), Identity: r.long("identity")}
		if !r.ok() {
			return nil
		}
		c, err := f.Check(c)
		if err != nil {
			return err
		}
		return calls.add(c)
	})
}

// long is text without the limit of an indexed column.
func (r *row) long(name string) string {
	i, ok := r.place[name]
	if !ok {
		return ""
	}
	return string(bytes.TrimSpace([]byte(r.fields[i])))
}

func callLines(in *bufio.Reader, f CallFormat, result *Result, calls *batcher[cases.Call]) error {
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		atEnd := errors.Is(err, io.EOF)
		if errors.Is(err, bufio.ErrBufferFull) {
			result.Rows++
			result.skip(n, []cases.Problem{{Field: "line", Message: fmt.Sprintf("is longer than %d bytes", maxLine)}})
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			atEnd, line = errors.Is(err, io.EOF), nil
		}
		if err != nil && !atEnd {
			return err
		}
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
		if len(line) > 0 {
			result.Rows++
			c, err := f.Parse(line)
			if ps, ok := problemsOf(err); ok {
				result.skip(n, ps)
			} else if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			} else if err := calls.add(c); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
		if atEnd {
			return nil
		}
	}
}
