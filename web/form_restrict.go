package web

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// untilLifted is the length of a restriction that does not end by itself.
const untilLifted = "0"

// valueKinds are the kinds that need a value.
var valueKinds = []string{string(cases.KindChannelLimit), string(cases.KindPrefixDenied), string(cases.KindCountriesDenied), string(cases.KindCountriesAllowed), string(cases.KindRateMax)}

func restrictKinds() []Choice {
	return []Choice{
		{Value: string(cases.KindCallerIDDenied), Label: "Refuse calls that show the number", Words: "Refuse calls"},
		{Value: string(cases.KindChannelLimit), Label: "Limit calls at a time", Words: "Limit calls at a time"},
		{Value: string(cases.KindPrefixDenied), Label: "Refuse calls to prefixes", Words: "Refuse calls to prefixes"},
		{Value: string(cases.KindCountriesDenied), Label: "Refuse calls to countries", Words: "Refuse calls to countries"},
		{Value: string(cases.KindCountriesAllowed), Label: "Allow only calls to countries", Words: "Allow only calls to countries"},
		{Value: string(cases.KindRateMax), Label: "Refuse dear destinations", Words: "Refuse dear destinations"},
		{Value: string(cases.KindAccountSuspended), Label: "Refuse all outbound calls", Words: "Refuse all outbound calls"},
	}
}

func restrictLengths() []Choice {
	return []Choice{{Value: "1", Label: "1 hour", Words: "for 1 hour"}, {Value: "24", Label: "24 hours", Words: "for 24 hours"}, {Value: "168", Label: "7 days", Words: "for 7 days"},
		{Value: "720", Label: "30 days", Words: "for 30 days"}, {Value: untilLifted, Label: "until lifted", Words: "until lifted"}}
}

// restrictForm offers whom the case lets a restriction lie on: the number that
// was shown, and the account that called with those above it. The holder of the
// number is not among them.
func (ev evidence) restrictForm() RestrictForm {
	f := RestrictForm{Kind: Field{Value: string(cases.KindCallerIDDenied)}, Hours: Field{Value: "24"}, Kinds: restrictKinds(), Lengths: restrictLengths(), ValueKinds: strings.Join(valueKinds, "|")}
	add := func(kind cases.TargetKind, id, label, hint, words string) {
		f.Targets = append(f.Targets, Choice{Value: string(kind) + ":" + id, Label: label, Hint: hint, Words: words})
	}
	p := ev.parties()
	if n := ev.Case.Facts.Caller; n != "" {
		add(cases.TargetNumber, n, "Calls that show "+n, "caller ID shown", "that show "+n)
	}
	if p.Originating != "" {
		name := cmp.Or(p.OriginatingName, p.Originating)
		add(cases.TargetAccount, p.Originating, name, "originating account", "of "+name)
		for i, x := range ev.connections {
			if i < 5 {
				add(cases.TargetConnection, x.ID, cmp.Or(x.Name, x.ID), "its connection", "on "+cmp.Or(x.Name, x.ID))
			}
		}
		for _, id := range p.Path {
			add(cases.TargetAccount, id, id, "above it, with all its customers", "of "+id)
		}
	}
	if len(f.Targets) > 0 {
		f.Target.Value = f.Targets[0].Value
		if p.Originating != "" {
			f.Target.Value, f.Kind.Value = string(cases.TargetAccount)+":"+p.Originating, string(cases.KindChannelLimit)
		}
	}
	return f
}

// restriction is a restriction as it was typed.
type restriction struct {
	kind, target, value, hours, reason string
}

func readRestriction(get func(string) string) restriction {
	return restriction{kind: get("kind"), target: get("target"), value: strings.TrimSpace(get("value")), hours: get("hours"), reason: get("reason")}
}

// chosen says whether enough is chosen to count what it would stop.
func (r restriction) chosen() bool {
	return r.kind != "" && r.target != "" && (r.value != "" || !slices.Contains(valueKinds, r.kind))
}

// typed puts it back into the form.
func (r restriction) typed(f *RestrictForm) {
	f.Kind.Value, f.Target.Value, f.Value.Value, f.Hours.Value, f.Reason.Value = r.kind, r.target, r.value, r.hours, r.reason
}

// besideRestriction puts problems beside the form's fields; those of any value
// belong to the one field it is typed in.
func besideRestriction(err error, f *RestrictForm) string {
	return beside(err, map[string]*Field{"kind": &f.Kind, "target": &f.Target, "channels": &f.Value, "prefixes": &f.Value, "countries": &f.Value, "rate": &f.Value,
		"expires_at": &f.Hours, "reason": &f.Reason})
}

// proposal reads what was typed; the domain judges the rest.
func (r restriction) proposal(caseRef string, now time.Time) (desk.Proposal, error) {
	p := desk.Proposal{Kind: cases.RestrictionKind(r.kind), Case: caseRef, Reason: r.reason}
	kind, id, _ := strings.Cut(r.target, ":")
	p.TargetKind, p.Target = cases.TargetKind(kind), id
	var ps []cases.Problem
	wrong := func(field, message string) { ps = append(ps, cases.Problem{Field: field, Message: message}) }
	list := strings.FieldsFunc(r.value, func(c rune) bool { return c == ',' || c == ';' || c == ' ' })
	switch p.Kind {
	case cases.KindChannelLimit:
		n, err := strconv.Atoi(r.value)
		if err != nil {
			wrong("channels", "say how many calls at a time, in digits")
		}
		p.Value.Channels = n
	case cases.KindPrefixDenied:
		p.Value.Prefixes = list
	case cases.KindCountriesDenied, cases.KindCountriesAllowed:
		if len(list) == 0 {
			wrong("countries", "name at least one country")
		}
		p.Value.Countries = list
	case cases.KindRateMax:
		rate, err := strconv.ParseFloat(strings.TrimPrefix(r.value, "$"), 64)
		if err != nil || !(rate >= 0 && rate <= 1000) {
			wrong("rate", "say how many US dollars a minute, such as 0.25")
		}
		p.Value.RateMicros = int64(math.Round(rate * 1e6))
	}
	switch hours, err := strconv.Atoi(r.hours); {
	case r.hours == untilLifted:
	case err != nil || hours < 1:
		wrong("expires_at", "choose until when")
	default:
		until := now.Add(time.Duration(min(hours, 24*366)) * time.Hour)
		p.ExpiresAt = &until
	}
	return p, cases.Invalid(ps...)
}

func (s *Server) restrictCase(c *gin.Context, a cases.Actor) error {
	typed := readRestriction(c.PostForm)
	p, err := typed.proposal(c.Param("ref"), s.now())
	var r cases.Restriction
	if err == nil {
		r, err = s.Desk.Propose(c.Request.Context(), a, p)
	}
	if err != nil {
		return s.again(c, a, err, func(p *CasePage) string {
			typed.typed(&p.Restrict)
			p.Restrict.Shown = p.Can.Restrict
			return besideRestriction(err, &p.Restrict)
		})
	}
	text := restrictionWhat(r) + ": on its way to every switch."
	if r.State == cases.RestrictionProposed {
		text = restrictionWhat(r) + ": proposed; an approver other than you must agree."
	}
	return s.done(c, nil, text, "")
}

// showBlast counts what the restriction in the dialog would have stopped.
func (s *Server) showBlast(c *gin.Context, a cases.Actor) error {
	return s.fragment(c, s.blast(c, a, readRestriction(c.Query)))
}

func (s *Server) blast(c *gin.Context, a cases.Actor, typed restriction) BlastRadius {
	if !typed.chosen() {
		return BlastRadius{}
	}
	p, err := typed.proposal(c.Param("ref"), s.now())
	if err != nil {
		var f RestrictForm
		rest := besideRestriction(err, &f)
		return BlastRadius{Problem: cmp.Or(f.Value.Error, f.Hours.Error, f.Kind.Error, f.Target.Error, rest)}
	}
	r, radius, err := s.Desk.BlastRadius(c.Request.Context(), a, p)
	if err != nil {
		if statusOf(err) >= 500 {
			s.logFault(c, err)
			return BlastRadius{Problem: sentence(errInternal.Error())}
		}
		var f RestrictForm
		rest := besideRestriction(err, &f)
		return BlastRadius{Problem: cmp.Or(f.Kind.Error, f.Value.Error, f.Target.Error, f.Hours.Error, rest)}
	}
	b := BlastRadius{Ready: true, Windows: []BlastWindow{blastWindow("last 24 h", radius.Day), blastWindow("last 7 days", radius.Week)}}
	if radius.Truncated {
		b.Warnings = append(b.Warnings, "There were more calls: this counts "+thousand(radius.Sample)+", the oldest from "+radius.Since.In(zoneOf(c)).Format("2 Jan, 15:04")+".")
	}
	if n := radius.Week.Unpriced; n > 0 {
		b.Warnings = append(b.Warnings, "The price of "+count(n, "call", "calls")+" is not known; they are not counted.")
	}
	if n := radius.Week.Emergency; n > 0 {
		b.Warnings = append(b.Warnings, count(n, "emergency call", "emergency calls")+" in these seven days would have passed.")
	}
	s.whoMustAgree(c, a, r, &b)
	return b
}
