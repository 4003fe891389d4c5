package formats

import (
	"bufio"
	"cmp"
	"container/list"
	"fmt"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxOpen is how many answered calls may wait for the row of their BYE: what is
// above that is taken without an end, the oldest first.
const MaxOpen = 50_000

// Why a row of Kamailio's is no call.
const (
	ignoreMethod    = "a transaction other than INVITE and BYE"
	ignoreReinvite  = "an INVITE within a call"
	ignoreChallenge = "a challenge (401, 407): the caller tries again"
	ignoreBye       = "a BYE whose INVITE is not in the file"
)

// The columns of Kamailio go by several names. src_user to dst_domain are what the
// acc module's documentation and the default kamailio.cfg record besides
// (db_extra); the others are those of the cdrs table that SIREMIS and the
// kamailio_cdrs procedure of its documentation make of acc, and of acc_cdrs.
var (
	kamailioFrom    = []string{"src_user", "src_username", "from_user", "caller", "caller_id"}
	kamailioTo      = []string{"dst_ouser", "dst_ousername", "dst_user", "dst_username", "to_user", "callee", "callee_id"}
	kamailioDialled = []string{"dst_user", "dst_username", "dst_ouser", "dst_ousername", "callee"}
	kamailioCallID  = []string{"callid", "sip_call_id", "call_id"}
	kamailioIP      = []string{"src_ip"}
	kamailioAccount = []string{"account", "accountcode", "account_id"}
	kamailioStart   = []string{"start_time", "call_start_time", "created"}
)

// readKamailio reads the tables of Kamailio's acc module as they are exported:
// CSV, or the tab-separated values of mysql --batch, with a header.
//
//   - acc (testdata/kamailio-acc.csv): method, from_tag, to_tag, callid, sip_code,
//     sip_reason, time, and what db_extra adds. A row is written when a transaction
//     ends, so the INVITE's time is that of the answer, not of the first attempt;
//     the BYE's row, further down, has the end. Rows must be in order of time.
//   - acc_cdrs, or the cdrs table (testdata/kamailio-cdrs.csv): start_time or
//     call_start_time and duration, of answered calls only.
//
// The header says which. Layout: lib/srdb1/schema/acc.xml and acc_cdrs.xml, and the
// README of the acc module. Times are those of the database server's zone. Of a
// call that goes on in the next file, import both with some overlap: a record that
// comes again with its end corrects the first.
func readKamailio(in *bufio.Reader, o Options, emit func(Record) error) error {
	t, err := newTable(in, 0, nil)
	if err != nil {
		return err
	}
	lacks := func(what string, names []string) error {
		return cases.Invalid(cases.Problem{Field: "header", Message: fmt.Sprintf("lacks %s: one of %s", what, strings.Join(names, ", "))})
	}
	switch {
	case !t.has(kamailioCallID...):
		return lacks("the Call-ID", kamailioCallID)
	case !t.has(kamailioTo...):
		return lacks("the called number (db_extra of the acc module records it)", kamailioTo)
	}
	if err := o.missingColumns(func(c string) bool { return t.has(c) }); err != nil {
		return err
	}
	if !t.has("method") {
		if !t.has(kamailioStart...) || !t.has("duration") {
			return lacks("what either table has: method and sip_code, or duration and the start", kamailioStart)
		}
		return t.each(emit, func(line int) error { return emit(o.finish(kamailioCDR(t, o, line), t.get)) })
	}
	p := &pairing{o: o, t: t, emit: emit, open: map[string]*list.Element{}, order: list.New()}
	if err := t.each(emit, p.row); err != nil {
		return err
	}
	return p.rest()
}

// kamailioCall reads what both tables have.
func kamailioCall(v *values) cases.Call {
	c := cases.Call{CallID: v.text(kamailioCallID...), From: sipUser(v.text(kamailioFrom...)), To: sipUser(v.text(kamailioTo...)), DialledRaw: v.text(kamailioDialled...),
		SourceIP: v.text(kamailioIP...), AccountID: v.text(kamailioAccount...)}
	if extension(c.From) || strings.EqualFold(c.From, "anonymous") {
		c.From = ""
	}
	c.CorrelationID = c.CallID
	if c.CallID == "" {
		v.wrong("callid", "is required")
	}
	return c
}

// sipUser is the user of a SIP URI, where a whole one was recorded.
func sipUser(s string) string {
	for _, scheme := range []string{"sip:", "sips:"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok {
			user, _, _ := strings.Cut(rest, "@")
			return user
		}
	}
	return s
}

// kamailioID is an id within the length that one may have.
func kamailioID(parts ...string) string {
	id := strings.Join(parts, "/")
	if len(id) > 180 {
		return digest(parts)
	}
	return id
}

func kamailioCDR(t *table, o Options, line int) Record {
	v := &values{get: t.get, zone: o.zone()}
	c := kamailioCall(v)
	if why := dialplan(c.To, v.text(kamailioFrom...)); why != "" {
		return Record{Line: line, Ignored: why}
	}
	c.SourceID = kamailioID(c.CallID, v.text("sip_from_tag", "from_tag"), v.text("cdr_id", "id"))
	c.BilledSeconds = v.seconds("duration")
	if start := v.time(kamailioStart...); start != nil {
		end := start.Add(time.Duration(c.BilledSeconds) * time.Second)
		c.StartedAt, c.AnsweredAt, c.EndedAt, c.SIPCode = *start, start, &end, 200
	} else if len(v.problems) == 0 {
		v.wrong("start_time", "is required")
	}
	return Record{Line: line, Call: c, Problems: v.problems}
}

// pairing joins the rows of INVITE and BYE.
type pairing struct {
	o     Options
	t     *table
	emit  func(Record) error
	open  map[string]*list.Element // answered calls by Call-ID
	order *list.List               // of waiting, in the order of the file
}

// waiting is an answered call whose BYE may come.
type waiting struct {
	Record
	tag string // of the caller
}

func (p *pairing) row(line int) error {
	v := &values{get: p.t.get, zone: p.o.zone()}
	switch method := strings.ToUpper(v.text("method")); method {
	case "INVITE":
		return p.invite(line, v)
	case "BYE":
		return p.bye(line, v)
	case "":
		return p.emit(Record{Line: line, Problems: []cases.Problem{{Field: "method", Message: "is required"}}})
	}
	return p.emit(Record{Line: line, Ignored: ignoreMethod})
}

func (p *pairing) invite(line int, v *values) error {
	c := kamailioCall(v)
	_, open := p.open[c.CallID]
	c.SIPCode = v.whole("sip_code")
	at := v.time("time")
	switch {
	case at == nil && len(v.problems) == 0:
		v.wrong("time", "is required")
	case open && len(v.problems) == 0:
		return p.emit(Record{Line: line, Ignored: ignoreReinvite})
	case c.SIPCode == 401 || c.SIPCode == 407:
		return p.emit(Record{Line: line, Ignored: ignoreChallenge})
	}
	rec := Record{Line: line, Call: c, Problems: v.problems}
	if len(rec.Problems) > 0 {
		return p.emit(rec)
	}
	if rec.Ignored = dialplan(c.To, v.text(kamailioFrom...)); rec.Ignored != "" {
		return p.emit(rec)
	}
	rec.Call.StartedAt = *at
	tag := v.text("from_tag")
	if c.SIPCode < 200 || c.SIPCode >= 300 {
		rec.Call.EndedAt = at
		// Each branch that failed is an attempt of its own.
		rec.Call.SourceID = kamailioID(c.CallID, tag, cmp.Or(v.text("id"), fmt.Sprint(c.SIPCode, "-", at.Unix())))
		return p.emit(p.o.finish(rec, p.t.get))
	}
	rec.Call.AnsweredAt = at
	rec.Call.SourceID = kamailioID(c.CallID, tag)
	if rec = p.o.finish(rec, p.t.get); rec.Ignored == "" {
		p.open[c.CallID] = p.order.PushBack(waiting{rec, tag})
		if p.order.Len() > MaxOpen {
			return p.end(p.order.Front())
		}
		return nil
	}
	return p.emit(rec)
}

func (p *pairing) bye(line int, v *values) error {
	e, ok := p.open[v.text(kamailioCallID...)]
	if !ok {
		return p.emit(Record{Line: line, Ignored: ignoreBye})
	}
	rec := e.Value.(waiting)
	if at := v.time("time"); at != nil && !at.Before(rec.Call.StartedAt) {
		rec.Call.EndedAt = at
		rec.Call.BilledSeconds = int(at.Sub(rec.Call.StartedAt) / time.Second)
		// The BYE of the caller has the tags as the INVITE had them.
		switch v.text("from_tag") {
		case "":
		case rec.tag:
			rec.Call.HungUpBy = "caller"
		default:
			rec.Call.HungUpBy = "called"
		}
	}
	e.Value = rec
	return p.end(e)
}

// end emits a call that waited, and forgets it.
func (p *pairing) end(e *list.Element) error {
	w := p.order.Remove(e).(waiting)
	delete(p.open, w.Call.CallID)
	return p.emit(w.Record)
}

// rest emits the calls whose BYE is not in the file.
func (p *pairing) rest() error {
	for p.order.Len() > 0 {
		if err := p.end(p.order.Front()); err != nil {
			return err
		}
	}
	return nil
}
