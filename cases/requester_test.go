package cases

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var tracer = Actor{Kind: ActorPerson, ID: "p", Name: "Ann", Role: RoleAnalyst, Person: "p"}

func TestParseRequesters(t *testing.T) {
	r, err := ParseRequesters(" Desk@Traceback.example, @fcc.example\n@police.example")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"desk@traceback.example": "address", "DESK@traceback.example": "address", "else@traceback.example": "",
		"anna@fcc.example": "@fcc.example", "anna@mail.fcc.example": "", "anna@evilfcc.example": "", "": "", "fcc.example": "", "x@police.example": "@police.example"} {
		if got := r.known(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
	for _, bad := range []string{"fcc.example", "@localhost", "@*.example", "a@b@c.example", "Desk <a@b.example>"} {
		if _, err := ParseRequesters(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if r, err := ParseRequesters(""); err != nil || r.known("a@b.example") != "" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestAuthenticate(t *testing.T) {
	list, err := ParseRequesters("@itg.example")
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{"mx.desk.example"}
	good := func() (Parsed, map[string]string) {
		auth := map[string]string{"server": "mx.desk.example", "dkim": "pass", "dkim_domain": "itg.example", "dmarc": "pass", "dmarc_domain": "itg.example", "spf": "pass"}
		return Parsed{Reporter: Contact{Email: "Trace@ITG.example"}, Auth: auth}, auth
	}
	tests := []struct {
		name    string
		list    Requesters
		servers []string
		channel Channel
		change  func(p *Parsed, auth map[string]string)
		says    string // "": verified
	}{
		{name: "all is well"},
		{name: "signed below the From domain", change: func(_ *Parsed, a map[string]string) { a["dkim_domain"] = "mail.itg.example" }},
		{name: "the server's name in other letters", servers: []string{"MX.Desk.example"}},
		{name: "no list", list: Requesters{}, change: func(*Parsed, map[string]string) {}, says: "no requesters are configured"},
		{name: "somebody else", change: func(p *Parsed, a map[string]string) {
			p.Reporter.Email, a["dkim_domain"], a["dmarc_domain"] = "x@evil.example", "evil.example", "evil.example"
		}, says: "not a known requester"},
		{name: "forged From", change: func(_ *Parsed, a map[string]string) {
			a["dkim_domain"], a["dmarc"], a["dmarc_domain"] = "evil.example", "fail", "itg.example"
		}, says: "DMARC: fail"},
		{name: "unsigned", change: func(_ *Parsed, a map[string]string) { delete(a, "dkim"); delete(a, "dkim_domain") }, says: "DKIM: no result"},
		{name: "SPF alone", change: func(_ *Parsed, a map[string]string) { a["dkim"] = "fail" }, says: "DKIM: fail"},
		{name: "signed by another", change: func(_ *Parsed, a map[string]string) { a["dkim_domain"] = "sender.example" }, says: "DKIM passed for sender.example"},
		{name: "signed by a top-level domain", change: func(_ *Parsed, a map[string]string) { a["dkim_domain"] = "example" }, says: "DKIM passed for example"},
		{name: "signed by a name that ends alike", change: func(_ *Parsed, a map[string]string) { a["dkim_domain"] = "evilitg.example" }, says: "DKIM passed for evilitg.example"},
		{name: "DMARC of another domain", change: func(_ *Parsed, a map[string]string) { a["dmarc_domain"] = "evil.example" }, says: "DMARC passed for evil.example"},
		{name: "DMARC of no domain", change: func(_ *Parsed, a map[string]string) { delete(a, "dmarc_domain") }, says: "DMARC passed for no result"},
		{name: "another server's word", change: func(_ *Parsed, a map[string]string) { a["server"] = "mx.evil.example" }, says: "no mail server of ours says"},
		{name: "nothing was checked", change: func(p *Parsed, _ map[string]string) { p.Auth = nil }, says: "no mail server of ours says"},
		{name: "no server of ours is named", servers: []string{}, says: "no mail server of ours is named"},
		{name: "by the web form", channel: ChannelWeb, says: "did not come by mail"},
		{name: "by the API", channel: ChannelAPI, says: "did not come by mail"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, auth := good()
			from, servers, channel := list, ours, ChannelEmail
			if tt.name == "no list" {
				from = tt.list
			}
			if tt.servers != nil {
				servers = tt.servers
			}
			if tt.channel != "" {
				channel = tt.channel
			}
			if tt.change != nil {
				tt.change(&p, auth)
			}
			now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
			q := from.Request(Message{Channel: channel, ReceivedAt: now}, p, servers, Clock{}, now)
			if says := strings.Join(q.Evidence.Missing, "; "); !strings.Contains(says, tt.says) || tt.says == "" && says != "" {
				t.Errorf("missing %q, want %q", says, tt.says)
			}
			want := RequesterUnverified
			if tt.says == "" {
				want = RequesterVerified
			}
			if q.State != want || (q.VerifiedAt != nil) != (want == RequesterVerified) || (q.How == VerifiedByMail) != (want == RequesterVerified) {
				t.Errorf("%+v", q)
			}
		})
	}
}

func TestDecideRequester(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	fresh := func() (Case, []TracebackRequest) {
		return Case{ID: 1, Ref: "AB-2026-000001", Kind: CaseTraceback, State: StateNew}, []TracebackRequest{
			{ReportID: 1, ReporterID: 7, State: RequesterUnverified}, {ReportID: 2, ReporterID: 7, State: RequesterUnverified}, {ReportID: 3, ReporterID: 8, State: RequesterUnverified}}
	}
	states := func(rs []TracebackRequest) string {
		var out []string
		for _, r := range rs {
			out = append(out, string(r.State))
		}
		return strings.Join(out, " ")
	}
	c, rs := fresh()
	if err := c.VerifyRequester(tracer, now, rs, 1, "called back on the number of their site"); err != nil {
		t.Fatal(err)
	}
	if states(rs) != "verified verified unverified" || rs[0].How != VerifiedByHand || rs[1].DecidedBy != "Ann" || rs[1].VerifiedAt == nil || rs[2].VerifiedAt != nil {
		t.Errorf("%+v", rs)
	}
	if es := c.TakeEvents(); len(es) != 1 || es[0].Command != "requester.verify" || es[0].Reason == "" {
		t.Errorf("%+v", es)
	}
	if err := c.VerifyRequester(tracer, now, rs, 1, "again"); !errors.Is(err, ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if err := c.RefuseRequester(tracer, now, rs, 3, DispositionMalicious, "nobody there knows him"); err != nil || c.State != StateNew {
		t.Errorf("%v, %s: another is verified", err, c.State)
	}
	if err := c.UndoRequester(tracer, now, rs, 2, "it was the wrong number"); err != nil || states(rs) != "unverified unverified refused" || rs[0].VerifiedAt == nil {
		t.Errorf("%v, %+v", err, rs)
	}
	if err := c.RefuseRequester(tracer, now, rs, 1, DispositionMalicious, "forged"); err != nil || c.State != StateResolved || c.Disposition != DispositionMalicious {
		t.Errorf("%v, %+v", err, c)
	}
	if err := c.VerifyRequester(tracer, now, rs, 1, "x"); !errors.Is(err, ErrConflict) {
		t.Errorf("of a resolved case: %v", err)
	}
	if err := c.UndoRequester(tracer, now, rs, 3, "they called"); err != nil || c.State == StateResolved || states(rs) != "refused refused unverified" {
		t.Errorf("%v, %s, %s", err, c.State, states(rs))
	}

	for name, refuse := range map[string]func(c *Case, rs []TracebackRequest) error{
		"without a word":        func(c *Case, rs []TracebackRequest) error { return c.VerifyRequester(tracer, now, rs, 1, " ") },
		"another case's report": func(c *Case, rs []TracebackRequest) error { return c.VerifyRequester(tracer, now, rs, 9, "x") },
		"which of several":      func(c *Case, rs []TracebackRequest) error { return c.VerifyRequester(tracer, now, rs, 0, "x") },
		"refused as upheld": func(c *Case, rs []TracebackRequest) error {
			return c.RefuseRequester(tracer, now, rs, 1, DispositionUpheld, "x")
		},
		"refused without a word": func(c *Case, rs []TracebackRequest) error {
			return c.RefuseRequester(tracer, now, rs, 1, DispositionMalicious, "")
		},
		"nothing to be undone": func(c *Case, rs []TracebackRequest) error { return c.UndoRequester(tracer, now, rs, 1, "x") },
		"an abuse case": func(c *Case, rs []TracebackRequest) error {
			c.Kind = CaseAbuse
			return c.VerifyRequester(tracer, now, rs, 1, "x")
		},
		"by an auditor": func(c *Case, rs []TracebackRequest) error {
			return c.VerifyRequester(Actor{Kind: ActorPerson, Role: RoleAuditor}, now, rs, 1, "x")
		},
		"merged": func(c *Case, rs []TracebackRequest) error {
			c.MergedInto = 5
			return c.UndoRequester(tracer, now, rs, 1, "x")
		},
	} {
		c, rs := fresh()
		if err := refuse(&c, rs); err == nil || states(rs) != "unverified unverified unverified" || len(c.TakeEvents()) != 0 {
			t.Errorf("%s: %v, %s", name, err, states(rs))
		}
	}
	c, rs = fresh()
	if err := c.VerifyRequester(tracer, now, rs[:2], 0, "the only one"); err != nil || states(rs) != "verified verified unverified" {
		t.Errorf("%v, %s", err, states(rs))
	}
}
