package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// anchor is where a kind of finding begins on the page of a case.
func anchor(k cases.FindingKind) string { return "f-" + string(k) }

var findingKinds = []struct {
	kind cases.FindingKind
	word string
}{
	{cases.FindingCorroboration, "Call history"},
	{cases.FindingParties, "Parties"},
	{cases.FindingEntitlement, "Right to show"},
	{cases.FindingAttestation, "Attestation"},
	{cases.FindingIdentity, "Signature"},
	{cases.FindingTraffic, "Traffic"},
	{cases.FindingCallback, "Called back"},
	{cases.FindingNumber, "Number"},
	{cases.FindingLists, "Lists"},
	{cases.FindingSignals, "Complaint data"},
	{cases.FindingTraced, "Traced call"},
}

// findings shows what enrichment found, in the order of the questions. Reports
// of one case often say the same: of findings of one kind about one subject
// with one verdict the newest stands for all.
func (ev evidence) findings() []Finding {
	type same struct {
		kind             cases.FindingKind
		subject, verdict string
	}
	reports := map[same]map[int64]bool{}
	var shown []cases.Finding
	for _, f := range ev.Findings {
		k := same{f.Kind, f.Subject, f.Verdict}
		if reports[k] == nil {
			reports[k] = map[int64]bool{}
			shown = append(shown, f)
		}
		reports[k][f.ReportID] = true
	}
	var out []Finding
	for _, k := range findingKinds {
		id := anchor(k.kind)
		for _, f := range shown {
			if f.Kind != k.kind {
				continue
			}
			x := ev.finding(f, k.word)
			if n := len(reports[same{f.Kind, f.Subject, f.Verdict}]); n > 1 {
				x.Facts = append(x.Facts, Fact{Name: "Found for", Value: count(n, "report", "reports")})
			}
			x.ID, id = id, ""
			if x.ID == "" {
				x.ID = "f-" + strconv.FormatInt(f.ID, 10)
			}
			out = append(out, x)
		}
	}
	return out
}

func (ev evidence) finding(f cases.Finding, kind string) Finding {
	x := Finding{Kind: kind, Verdict: verdictSign(f), Text: f.Summary, At: f.CreatedAt, By: f.Producer, Window: window(f, ev.zone)}
	if f.Kind == cases.FindingTraced {
		x.Facts = append(x.Facts, Fact{Name: "Call of the request", Value: f.Subject})
		if f.Data.Contact != "" {
			x.Facts = append(x.Facts, Fact{Name: "Contact", Value: f.Data.Contact})
		}
	} else if f.Kind == cases.FindingTraffic {
		x.Facts = append(x.Facts, Fact{Name: "Calls of", Value: f.Subject, Href: accountPath(f.Subject)})
	} else if f.Subject != "" {
		x.Facts = append(x.Facts, Fact{Name: "About", Number: f.Subject})
	}
	d := f.Data
	if d.Identity != nil {
		x.Identity = identityPart(f, ev.zone)
		x.Facts = append(x.Facts, identityFacts(*d.Identity, ev.zone)...)
	}
	for i, c := range d.Calls {
		if i == 3 {
			x.Facts = append(x.Facts, Fact{Name: "And", Value: count(d.Matched-3, "more call", "more calls")})
			break
		}
		x.Facts = append(x.Facts, Fact{Name: "Call", Value: fmt.Sprintf("%s, %d s, SIP %d, account %s: %s", c.StartedAt.In(ev.zone).Format("2 Jan 15:04:05"), c.Seconds, c.SIPCode, cmp.Or(c.AccountID, "none"), c.Reason)})
	}
	for _, m := range d.Missing {
		x.Facts = append(x.Facts, Fact{Name: "Missing", Value: m})
	}
	if d.Sample > 0 {
		var parts []string
		for _, level := range []string{"A", "B", "C", "none"} {
			if n := d.Attestation[level]; n > 0 {
				parts = append(parts, attestWord(level)+" "+thousand(n))
			}
		}
		x.Facts = append(x.Facts, Fact{Name: "Calls", Value: strings.Join(append(parts, "n = "+thousand(d.Sample)), ", ")})
	}
	for _, e := range d.Entitlements {
		until := "until now"
		if e.Until != nil {
			until = "until " + e.Until.In(ev.zone).Format("2 Jan 2006")
		}
		x.Facts = append(x.Facts, Fact{Name: "Holder", Value: e.AccountID + ", " + entitlementWord(e.Kind) + " from " + e.From.In(ev.zone).Format("2 Jan 2006") + " " + until, Href: accountPath(e.AccountID)})
	}
	if d.Traffic != nil {
		x.Facts = append(x.Facts, classFacts(*d.Traffic)...)
	}
	if d.Honeypots > 0 {
		x.Facts = append(x.Facts, Fact{Name: "Honeypots", Value: count(d.Honeypots, "call that showed the number went to one of ours", "calls that showed the number went to some of ours")})
	}
	if d.Signals != nil {
		x.Facts = append(x.Facts, signalFacts(*d.Signals)...)
	}
	if p := d.Parties; p != nil {
		x.Facts = append(x.Facts, partyFacts(*p)...)
	}
	if n := d.Number; n != nil {
		x.Facts = append(x.Facts, Fact{Name: "Kind", Value: strings.Trim(n.Region+" "+n.Kind, " ")})
		if n.Reason != "" {
			x.Facts = append(x.Facts, Fact{Name: "Note", Value: n.Reason})
		}
	}
	return x
}

// signalFacts say what complaints are about, and when the last one was.
func signalFacts(s cases.SignalStats) []Fact {
	var out []Fact
	for _, x := range s.Subjects {
		out = append(out, Fact{Name: "Said to be", Value: fmt.Sprintf("%s (%s)", x.Subject, thousand(x.N))})
	}
	if !s.Latest.IsZero() {
		out = append(out, Fact{Name: "Latest", Value: s.Latest.Format("2 Jan 2006")})
	}
	return out
}

func partyFacts(p cases.Parties) []Fact {
	var out []Fact
	add := func(name, id, word string) {
		if id != "" {
			out = append(out, Fact{Name: name, Value: cmp.Or(word, id), Href: accountPath(id)})
		}
	}
	add("Originating account", p.Originating, p.OriginatingName)
	for _, id := range p.Path {
		add("Under", id, "")
	}
	add("Entitled holder", p.Holder, p.HolderName)
	if p.Provider != "" {
		out = append(out, Fact{Name: "Ingress provider", Value: p.Provider, Href: providerPath(p.Provider)})
	}
	return out
}

func entitlementWord(k cases.EntitlementKind) string {
	switch k {
	case cases.EntitlementLOA:
		return "letter of authorisation"
	case cases.EntitlementVerified:
		return "verified caller ID"
	case cases.EntitlementRespOrg:
		return "RespOrg"
	}
	return string(k)
}

// window says which stretch of time a finding looked at.
func window(f cases.Finding, zone *time.Location) string {
	if f.WindowFrom == nil || f.WindowTo == nil || f.WindowFrom.IsZero() {
		return ""
	}
	const layout = "2 Jan 2006, 15:04"
	from, to := f.WindowFrom.In(zone).Format(layout), f.WindowTo.In(zone).Format(layout)
	if from == to {
		return from
	}
	return from + " to " + to
}

// verdictSign gives a verdict its words and its meaning.
func verdictSign(f cases.Finding) Sign {
	words := map[string]Sign{
		"confirmed": {Tone: Known, Word: "confirmed"}, "probable": {Tone: Known, Word: "probable"},
		"not_seen": {Tone: Cleared, Word: "not carried by us"}, "unknown": {Tone: Unknown, Word: "unknown"},
		"entitled": {Tone: Cleared, Word: "entitled"}, "not_entitled": {Tone: Doubt, Word: "not entitled"},
		"held_by_us": {Tone: Known, Word: "held by a customer"}, "not_ours_then": {Tone: Neutral, Word: "not ours then"},
		"identified": {Tone: Known, Word: "account known"}, "provider": {Tone: Known, Word: "came in from a provider"},
		"ambiguous": {Tone: Doubt, Word: "several fit"}, "no_call_found": {Tone: Unknown, Word: "nobody known"},
		"A": {Tone: Known, Word: "signed A"}, "B": {Tone: Known, Word: "signed B"}, "C": {Tone: Doubt, Word: "signed C"},
		"unsigned": {Tone: Unknown, Word: "unsigned"}, "mixed": {Tone: Doubt, Word: "signed in several ways"}, "no_calls": {Tone: Unknown, Word: "no calls seen"},
		"called_back": {Tone: Harm, Word: "called back"}, "receives_calls": {Tone: Doubt, Word: "others call it"}, "nobody": {Tone: Cleared, Word: "nobody called it"},
		"hosted": {Tone: Known, Word: "one of ours"}, "not_hosted": {Tone: Neutral, Word: "not one of ours"},
		"complained_of":       {Tone: Doubt, Word: "complained of"},
		string(cases.ListDNO): {Tone: Doubt, Word: "do not originate"}, string(cases.ListHoneypot): {Tone: Doubt, Word: "honeypot"}, string(cases.ListProtected): {Tone: Doubt, Word: "protected"},
		"unassignable": {Tone: Doubt, Word: "cannot be assigned"}, "unreadable": {Tone: Doubt, Word: "no such number"},
	}
	if f.Kind == cases.FindingTraffic && f.Data.Traffic != nil {
		return classSign(*f.Data.Traffic)
	}
	if s, ok := identitySigns[f.Verdict]; ok && f.Kind == cases.FindingIdentity {
		return s
	}
	if s, ok := words[f.Verdict]; ok {
		return s
	}
	return Sign{Word: strings.ReplaceAll(f.Verdict, "_", " ")}
}

// subjects are whom the case is about, each in its role: the one who called is
// never confused with the one whose number was shown.
func (ev evidence) subjects() []Subject {
	f, p := ev.Case.Facts, ev.parties()
	var out []Subject
	if f.Caller != "" {
		s := Subject{Role: "caller ID shown", Number: f.Caller, Detail: "not one of our numbers"}
		switch {
		case p.Holder != "":
			s.Detail = "held by " + cmp.Or(p.HolderName, p.Holder)
		case f.NumberHosted:
			s.Detail = "one of our numbers"
		case f.Checked == 0:
			s.Detail = "not looked up yet"
		}
		if p.Holder != "" && p.Holder != p.Originating {
			s.Caution = "its holder may be a victim: no call of this case is known to have come from it"
		}
		out = append(out, s)
	}
	if p.Originating != "" {
		s := Subject{Role: "originating account", Name: cmp.Or(p.OriginatingName, p.Originating), Href: accountPath(p.Originating)}
		if len(p.Path) > 0 {
			s.Detail = "under " + strings.Join(p.Path, ", under ")
		}
		s.Past = past(ev.others, ev.Case.ID)
		if x := f.Identity; x != nil && x.SignedA > 0 {
			s.Caution = "we signed " + count(x.SignedA, "call of it", "calls of it") + " A in seven days without a recorded right to the number"
		}
		out = append(out, s)
	}
	if p.Provider != "" {
		out = append(out, Subject{Role: ingressRole, Name: p.Provider})
	}
	if f.Callback != "" && f.Callback != f.Caller {
		s := Subject{Role: "number to call back", Number: f.Callback}
		if f.CallbackHolder != "" {
			s.Detail = "held by " + f.CallbackHolder
			if f.CalledBack > 0 {
				s.Detail += "; " + count(f.CalledBack, "reporter", "reporters") + " called it back"
			}
		}
		out = append(out, s)
	}
	return out
}

// past counts the other cases of somebody.
func past(cs []cases.Case, except int64) string {
	n, upheld := 0, 0
	for _, c := range cs {
		if c.ID == except {
			continue
		}
		n++
		if c.Disposition == cases.DispositionUpheld {
			upheld++
		}
	}
	if n == 0 {
		return "no other case"
	}
	return fmt.Sprintf("%s, %d upheld", count(n, "other case", "other cases"), upheld)
}

// checklist is what to have looked at before deciding.
func (ev evidence) checklist() []CheckItem {
	f, p := ev.Case.Facts, ev.parties()
	items := []CheckItem{
		{Text: "A reported call was found among those we carried", Done: f.Confirmed > 0, Note: fmt.Sprintf("%d of %d checked", f.Confirmed, f.Checked)},
		{Text: "The account that called is known", Done: p.Originating != "", Note: cmp.Or(p.OriginatingName, p.Originating)},
	}
	if p.Holder != "" {
		items = append(items, CheckItem{Text: "The holder of the number is told apart from the caller", Done: p.Originating != "", Note: cmp.Or(p.HolderName, p.Holder)})
	}
	late := slices.ContainsFunc(ev.Findings, func(x cases.Finding) bool { return x.Incomplete && x.Kind != cases.FindingIdentity })
	return append(items, CheckItem{Text: "The call records cover the reported times", Done: f.Checked > 0 && !late})
}
