package formats

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// freeSWITCH is what is read of a record of mod_json_cdr (FreeSWITCH
// src/mod/event_handlers/mod_json_cdr and switch_ivr_generate_json_cdr).
type freeSWITCH struct {
	Variables map[string]any `json:"variables"`
	Callflow  callflow       `json:"callflow"`
}

// callflow is a list of the profiles that a call went through, the newest first;
// older versions write the only one without the list.
type callflow []struct {
	CallerProfile map[string]any `json:"caller_profile"`
}

func (c *callflow) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		*c = make(callflow, 1)
		return json.Unmarshal(b, &(*c)[0])
	}
	type plain callflow
	return json.Unmarshal(b, (*plain)(c))
}

// readFreeSWITCH reads records of mod_json_cdr, one on each line or one after the
// other over many (testdata/freeswitch.json): the files that it writes, put
// together. Values may be URL-encoded, as they are unless encode-values is off.
//
// FreeSWITCH calls the leg that came to it inbound, whoever called: which way a
// call went is for --direction or a rule to say, by any variable. The leg that it
// made for a call that came to it is ignored, unless a rule gives it a direction.
func readFreeSWITCH(in *bufio.Reader, o Options, emit func(Record) error) error {
	line := 1
	for {
		skipped, err := skipTo(in, '{')
		line += skipped
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		size, err := frameJSON(in)
		if err != nil {
			return err
		}
		rec := Record{Line: line}
		if size == 0 { // longer than we read, or never closed: go on with the next line
			rec.Problems = tooLong(MaxJSON)
			if rest, _ := in.Peek(MaxJSON); len(rest) < MaxJSON {
				rec.Problems = notJSON()
			}
			if _, err := discardLine(in); err != nil {
				return err
			}
			line++
			if err := emit(rec); err != nil {
				return err
			}
			continue
		}
		raw, _ := in.Peek(size)
		get := func(string) string { return "" }
		var x freeSWITCH
		if json.Unmarshal(raw, &x) != nil {
			rec.Problems = notJSON()
		} else {
			get = x.get
			rec = x.call(line)
			if rec.Ignored == "" && len(rec.Problems) == 0 && x.second(o) {
				rec = Record{Line: line, Ignored: "the second leg of a call that came to the switch"}
			}
		}
		line += bytes.Count(raw, []byte("\n"))
		_, _ = in.Discard(size)
		if err := emit(o.finish(rec, get)); err != nil {
			return err
		}
	}
}

func notJSON() []cases.Problem {
	return []cases.Problem{{Field: "record", Message: "must be a JSON object of mod_json_cdr, with variables in it"}}
}

// skipTo passes over what is before the next c and counts its lines.
func skipTo(in *bufio.Reader, c byte) (lines int, err error) {
	for {
		window, err := in.Peek(max(1, in.Buffered()))
		if len(window) == 0 {
			return lines, err
		}
		i := bytes.IndexByte(window, c)
		n := i
		if i < 0 {
			n = len(window)
		}
		lines += bytes.Count(window[:n], []byte("\n"))
		_, _ = in.Discard(n)
		if i >= 0 {
			return lines, nil
		}
	}
}

// frameJSON says how many bytes the object has that begins here; 0 when it does
// not end within MaxJSON.
func frameJSON(in *bufio.Reader) (int, error) {
	depth, quoted, escaped, at := 0, false, false, 0
	for size := min(max(in.Buffered(), 1), MaxJSON); ; size = MaxJSON {
		window, err := in.Peek(size)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for ; at < len(window); at++ {
			c := window[at]
			switch {
			case escaped:
				escaped = false
			case quoted:
				escaped, quoted = c == '\\', c != '"'
			case c == '"':
				quoted = true
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				if depth--; depth == 0 {
					return at + 1, nil
				}
			}
		}
		if size == MaxJSON || err != nil {
			return 0, nil
		}
	}
}

// discardLine passes over the rest of a line.
func discardLine(in *bufio.Reader) (int, error) {
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return len(line), err
	}
}

// get is a variable, or else a field of the caller profile.
func (x freeSWITCH) get(name string) string {
	for _, from := range []map[string]any{x.Variables, x.profile()} {
		s, ok := from[name].(string)
		if !ok {
			// Rules name them as columns: in lower case, with underscores.
			for key, value := range from {
				if len(key) == len(name) && columnName(key) == name {
					s, _ = value.(string)
				}
			}
		}
		if s != "" {
			return decodeValue(s)
		}
	}
	return ""
}

// profile is the oldest, which has what was dialled.
func (x freeSWITCH) profile() map[string]any {
	if len(x.Callflow) == 0 {
		return nil
	}
	return x.Callflow[len(x.Callflow)-1].CallerProfile
}

// decodeValue undoes encode-values. What is no encoding stays as it is.
func decodeValue(s string) string {
	if !strings.Contains(s, "%") {
		return strings.TrimSpace(s)
	}
	plain, err := url.PathUnescape(s)
	if err != nil {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(plain)
}

func (x freeSWITCH) call(line int) Record {
	rec := Record{Line: line}
	if len(x.Variables) == 0 {
		rec.Problems = notJSON()
		return rec
	}
	v := &values{get: x.get}
	dialled := v.text("destination_number", "sip_req_user")
	if why := dialplan(dialled, v.text("effective_caller_id_number", "caller_id_number")); why != "" {
		rec.Ignored = why
		return rec
	}
	c := cases.Call{
		SourceID: v.text("uuid"), CallID: v.text("sip_call_id"), CorrelationID: v.text("originator", "originating_leg_uuid", "call_uuid", "uuid"),
		AccountID: v.text("accountcode"), From: v.text("effective_caller_id_number", "caller_id_number", "sip_from_user"), To: dialled, DialledRaw: dialled,
		PAI: v.text("sip_p_asserted_identity"), EgressPeer: v.text("sip_gateway_name"),
		SourceIP: v.text("sip_network_ip", "sip_received_ip", "network_addr"), BilledSeconds: v.whole("billsec"), Reasons: v.text("sip_reason"),
	}
	if extension(c.From) || strings.EqualFold(c.From, "anonymous") || strings.EqualFold(c.From, "unknown") {
		c.From = ""
	}
	for _, t := range []struct {
		to     **time.Time
		stamps []string
	}{{&c.ProgressAt, []string{"progress", "progress_media"}}, {&c.AnsweredAt, []string{"answer"}}, {&c.EndedAt, []string{"end"}}} {
		*t.to = x.stamp(v, t.stamps...)
	}
	if start := x.stamp(v, "start"); start != nil {
		c.StartedAt = *start
	} else if len(v.problems) == 0 {
		v.wrong("start_uepoch", "is required: microseconds since 1970")
	}
	if c.ProgressAt != nil && !c.StartedAt.IsZero() && c.ProgressAt.After(c.StartedAt) {
		c.PDDMillis = int(min(c.ProgressAt.Sub(c.StartedAt).Milliseconds(), time.Hour.Milliseconds()))
	}
	c.SIPCode, c.Q850 = ends(v.text("sip_term_status"), v.text("sip_invite_failure_status"), v.text("proto_specific_hangup_cause"),
		v.text("last_bridge_proto_specific_hangup_cause"), v.text("hangup_cause_q850"), v.text("hangup_cause"))
	if c.AnsweredAt != nil {
		c.SIPCode = 200
	}
	c.HungUpBy = hungUp(v.text("sip_hangup_disposition"), x.get("direction") == "outbound")
	rec.Call, rec.Problems = c, v.problems
	return rec
}

// stamp reads a time in microseconds, or else in seconds, since 1970: 0 is none.
func (x freeSWITCH) stamp(v *values, names ...string) *time.Time {
	for _, name := range names {
		for _, unit := range []struct {
			suffix string
			micros int64
		}{{"_uepoch", 1}, {"_epoch", 1e6}} {
			s := v.text(name + unit.suffix)
			if s == "" || strings.Trim(s, "0") == "" {
				continue
			}
			t, ok := epoch(s, unit.micros)
			if !ok {
				v.wrong(name+unit.suffix, "must be a count since 1970")
				return nil
			}
			return &t
		}
	}
	return nil
}

// hungUp reads who ended it: recv_ is the far end of this leg, which is the
// caller's where FreeSWITCH was called and the called party's where it calls.
// send_ is FreeSWITCH itself, mostly for the other side of an answered call; of a
// refusal that it sends nobody can tell.
func hungUp(disposition string, outward bool) string {
	near, far := "called", "caller"
	if outward {
		near, far = far, near
	}
	switch disposition {
	case "recv_bye", "recv_cancel", "recv_refuse":
		return far
	case "send_bye", "send_cancel":
		return near
	}
	return ""
}

// second says whether this is the leg that the switch made for a call which came
// to it, and no rule gives it a direction of its own.
func (x freeSWITCH) second(o Options) bool {
	if x.get("direction") != "outbound" || x.get("originator") == "" && x.get("originating_leg_uuid") == "" {
		return false
	}
	var ruled cases.Call
	return o.Mapping == nil || o.Mapping.apply(x.get, &ruled) == "" && ruled.Direction == ""
}
