package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// evidence is a case with the traffic of whom it is about: what the strip, the
// preview and the page are drawn from.
type evidence struct {
	cases.Dossier
	now      time.Time
	zone     *time.Location
	coverage []cases.Coverage
	// whose traffic, "" where the case names neither account nor number.
	whose        string
	hours        []cases.HourStats
	profile      cases.Profile        // of them
	class        cases.Classification // of that
	others       []cases.Case         // of the same account or number
	restrictions []cases.Restriction  // on it
	connections  []cases.Connection
}

func (s *Server) evidence(c *gin.Context, a cases.Actor, ref string) (evidence, error) {
	ctx := c.Request.Context()
	d, err := s.Desk.Dossier(ctx, a, ref)
	if err != nil {
		return evidence{}, err
	}
	ev := evidence{Dossier: d, now: s.now(), zone: zoneOf(c)}
	m, err := s.counts.get(ctx, s, a)
	if err != nil {
		return ev, err
	}
	ev.coverage = m.coverage
	if account := ev.originating(); account != "" {
		v, err := s.Desk.AccountView(ctx, a, account)
		if err == nil {
			ev.whose, ev.hours, ev.profile, ev.class, ev.others, ev.restrictions, ev.connections = cmp.Or(v.Account.Name, account), v.Traffic, v.Profile, v.Class, v.Cases, v.Restrictions, v.Connections
			return ev, nil
		}
		if cases.KindOf(err) != cases.KindNotFound { // records name it, nobody imported it
			return ev, err
		}
	}
	if n := d.Case.Facts.Caller; n != "" {
		v, err := s.Desk.NumberView(ctx, a, n)
		if err != nil {
			return ev, err
		}
		ev.whose, ev.hours, ev.profile, ev.class, ev.others, ev.restrictions = "Calls that showed "+s.Renderer.options.FormatNumber(n), v.Traffic, v.Profile, v.Class, v.Cases, v.Restrictions
	}
	return ev, nil
}

func (ev evidence) originating() string {
	if p := ev.Case.Facts.Parties; p != nil {
		return p.Originating
	}
	return ""
}

// parties never is nil, so that what is not known reads as empty.
func (ev evidence) parties() cases.Parties {
	if p := ev.Case.Facts.Parties; p != nil {
		return *p
	}
	return cases.Parties{}
}

// newest is the latest finding of a kind.
func (ev evidence) newest(kind cases.FindingKind) (cases.Finding, bool) {
	i := slices.IndexFunc(ev.Findings, func(f cases.Finding) bool { return f.Kind == kind })
	if i < 0 {
		return cases.Finding{}, false
	}
	return ev.Findings[i], true
}

// strip answers the five questions in the order in which they are asked.
func (ev evidence) strip() []StripCell {
	return []StripCell{ev.callHappened(), ev.carriedFor(), ev.signed(), ev.looksLike(), ev.atRisk()}
}

func (ev evidence) callHappened() StripCell {
	f := ev.Case.Facts
	sign := callSign(f)
	if f.Reports > 0 && f.Categories[cases.CategoryTextSpam] == f.Reports {
		return StripCell{Question: "Call happened", Tone: Unknown, Answer: "a text message", Detail: "Call history says nothing about it.", Href: "#" + anchor(cases.FindingCorroboration)}
	}
	cell := StripCell{Question: "Call happened", Tone: sign.Tone, Answer: sign.Word, Detail: sign.Reason}
	if found, ok := ev.newest(cases.FindingCorroboration); ok {
		cell.Href = "#" + anchor(cases.FindingCorroboration)
		if f.Corroboration == cases.CorroborationUnknown && len(found.Data.Missing) > 0 {
			cell.Detail = "Missing: " + strings.Join(found.Data.Missing, "; ")
		}
	}
	return cell
}

func (ev evidence) carriedFor() StripCell {
	p := ev.parties()
	cell := StripCell{Question: "Carried for", Href: "#subjects"}
	switch {
	case p.Originating != "":
		cell.Tone, cell.Answer = Known, cmp.Or(p.OriginatingName, p.Originating)
		if len(p.Path) > 0 {
			cell.Detail = "under " + strings.Join(p.Path, ", under ")
		}
		if p.Provider != "" {
			cell.Detail = strings.TrimPrefix(cell.Detail+", came in from "+p.Provider, ", ")
		}
	case p.Provider != "":
		cell.Tone, cell.Answer, cell.Detail = Known, p.Provider, "a provider that handed the call to us"
	case ev.Case.Facts.Corroboration == cases.CorroborationNotSeen:
		cell.Tone, cell.Answer, cell.Detail = Cleared, "nobody of ours", "no call leg of ours fits a report"
	default:
		cell.Tone, cell.Answer, cell.Detail = Unknown, "unknown", "no call leg is matched yet"
	}
	return cell
}

func (ev evidence) signed() StripCell {
	sign := signedSign(ev.Case.Facts)
	cell := StripCell{Question: "Signed", Tone: sign.Tone, Answer: sign.Word, Detail: sign.Reason}
	for _, kind := range []cases.FindingKind{cases.FindingIdentity, cases.FindingEntitlement, cases.FindingAttestation} {
		if _, ok := ev.newest(kind); ok {
			cell.Href = "#" + anchor(kind)
			break
		}
	}
	return cell
}

func (ev evidence) looksLike() StripCell {
	cell := StripCell{Question: "Looks like", Tone: Unknown, Answer: "unknown", Detail: "no calls of it in the last seven days"}
	if ev.profile.Attempts == 0 {
		return cell
	}
	sign := classSign(ev.class)
	cell.Tone, cell.Answer, cell.Detail, cell.Href = sign.Tone, sign.Word, ev.class.Summary, "#calls"
	if _, ok := ev.newest(cases.FindingTraffic); ok {
		cell.Href = "#" + anchor(cases.FindingTraffic)
	}
	return cell
}

func (ev evidence) atRisk() StripCell {
	cell := StripCell{Question: "At risk", Tone: Unknown, Answer: "unknown", Detail: "no calls of it are in our records"}
	if len(ev.hours) == 0 {
		return cell
	}
	day := total(since(ev.hours, ev.now.Add(-24*time.Hour)))
	cell.Href = "#calls"
	switch {
	case day.Attempts == 0:
		cell.Tone, cell.Answer, cell.Detail = Cleared, "nobody just now", "no call in the last 24 hours of our records"
	case ev.Case.Facts.InForce > 0:
		cell.Tone, cell.Answer = Doubt, "limited"
		cell.Detail = fmt.Sprintf("%s in force; %s in 24 hours, %s answered", count(ev.Case.Facts.InForce, "restriction", "restrictions"), count(day.Attempts, "call", "calls"), thousand(day.Answered))
	default:
		cell.Tone, cell.Answer = Harm, thousand(day.Answered)+" answered a day"
		cell.Detail = fmt.Sprintf("%s in the last 24 hours, nothing is in force", count(day.Attempts, "call", "calls"))
	}
	return cell
}

// signsOf are the judgements on a row of the queue.
func signsOf(f cases.Facts) []Sign {
	if f.Reports > 0 && f.Categories[cases.CategoryTextSpam] == f.Reports {
		return []Sign{{Tone: Unknown, Word: "a text message", Reason: "call history says nothing about it"}}
	}
	call, signed := callSign(f), signedSign(f)
	call.Label = "Call"
	return []Sign{call, signed}
}

func callSign(f cases.Facts) Sign {
	switch f.Corroboration {
	case cases.CorroborationConfirmed:
		return Sign{Tone: Known, Word: fmt.Sprintf("confirmed %d/%d", f.Confirmed, f.Checked), Reason: fmt.Sprintf("%d of %s match a call that we carried", f.Confirmed, count(f.Checked, "checked report", "checked reports"))}
	case cases.CorroborationProbable:
		return Sign{Tone: Known, Word: "probable", Reason: fmt.Sprintf("%d of %s probably match a call that we carried", f.Confirmed, count(f.Checked, "checked report", "checked reports"))}
	case cases.CorroborationNotSeen:
		return Sign{Tone: Cleared, Word: "not carried by us", Reason: "our records are complete for that time and have no such call"}
	case cases.CorroborationUnknown:
		return Sign{Tone: Unknown, Word: "unknown", Reason: "our records cannot say whether we carried it"}
	}
	return Sign{Tone: Unknown, Word: "not checked yet", Reason: "the call history is looked at by itself, usually within seconds"}
}

func attestedSign(f cases.Facts) Sign {
	best, n, all := "", 0, 0
	for _, level := range []string{"A", "B", "C", "none"} {
		all += f.Attestation[level]
		if f.Attestation[level] > n {
			best, n = level, f.Attestation[level]
		}
	}
	p := f.Parties
	switch {
	case p != nil && p.Originating != "" && !p.Entitled:
		word := "not entitled"
		if n > 0 {
			word = attestWord(best) + ", not entitled"
		}
		reason := "the account that called had no recorded right to show the number"
		if p.Holder != "" {
			reason += "; its holder is " + cmp.Or(p.HolderName, p.Holder)
		}
		return Sign{Tone: Doubt, Word: word, Reason: reason}
	case n == 0:
		return Sign{Tone: Unknown, Word: "no signature seen", Reason: "no call of it is in our records"}
	}
	s := Sign{Word: attestWord(best), Reason: fmt.Sprintf("%d of %s near that time", n, count(all, "call", "calls"))}
	switch {
	case best == "none":
		s.Tone, s.Reason = Unknown, s.Reason+"; unsigned is not guilt"
	case best == "C":
		s.Tone = Doubt
	case p != nil && p.Entitled:
		s.Tone, s.Word = Cleared, s.Word+", entitled"
	}
	return s
}

func attestWord(level string) string {
	if level == "none" {
		return "unsigned"
	}
	return "signed " + level
}
