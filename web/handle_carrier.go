package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// showNumbers finds a number, or lists those of the cases that are worked on.
func (s *Server) showNumbers(c *gin.Context, a cases.Actor) error {
	p := NumbersPage{Query: c.Query("q")}
	if text := strings.TrimSpace(p.Query); text != "" {
		n, err := numbers.Parse(text, s.Region)
		if err == nil {
			return see(c, "/desk/numbers/"+url.PathEscape(n.E164))
		}
		p.Problem = sentence(err.Error())
	}
	open, err := s.Desk.Cases(c.Request.Context(), a, cases.CaseQuery{Limit: 100})
	if err != nil {
		return err
	}
	for _, x := range open.Items {
		if x.Facts.Caller == "" {
			continue
		}
		i := slices.IndexFunc(p.Rows, func(r NumberLine) bool { return r.Number == x.Facts.Caller })
		if i < 0 {
			p.Rows = append(p.Rows, NumberLine{Number: x.Facts.Caller, Detail: numberDetail(x.Facts.Caller), Account: holderWord(x.Facts)})
			i = len(p.Rows) - 1
		}
		r := &p.Rows[i]
		r.Cases++
		if x.LastReport.After(r.Last) {
			r.Last = x.LastReport
		}
	}
	slices.SortStableFunc(p.Rows, func(a, b NumberLine) int { return b.Last.Compare(a.Last) })
	return s.render(c, http.StatusOK, p)
}

// holderWord says who holds the number of a case; "" when nobody of ours does.
func holderWord(f cases.Facts) string {
	switch p := f.Parties; {
	case p != nil && p.Holder != "":
		return cmp.Or(p.HolderName, p.Holder)
	case f.NumberHosted:
		return "one of ours"
	case f.Checked == 0:
		return "not looked up yet"
	}
	return ""
}

func numberDetail(e164 string) string {
	n, err := numbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return strings.Trim(cmp.Or(numbers.Location(e164), n.Region)+", "+strings.ReplaceAll(string(n.Kind), "_", " "), ", ")
}

func (s *Server) showNumber(c *gin.Context, a cases.Actor) error {
	v, err := s.Desk.NumberView(c.Request.Context(), a, c.Param("e164"))
	if cases.KindOf(err) == cases.KindInvalid {
		return cases.NotFound("the number " + excerpt(c.Param("e164"), 40))
	}
	if err != nil {
		return err
	}
	m, err := s.counts.get(c.Request.Context(), s, a)
	if err != nil {
		return err
	}
	p := NumberPage{Number: v.E164, Detail: numberDetail(v.E164), Traffic: trafficOf("Calls that showed it", v.Traffic, v.Profile, m.coverage, nil, s.now(), zoneOf(c))}
	if !v.Facts.Hosted {
		to, err := s.Desk.Responsible(c.Request.Context(), a, v.E164)
		if err != nil {
			return err
		}
		p.Responsible = responsibleText(to)
	}
	if !v.Facts.Assignable {
		p.Warnings = append(p.Warnings, sentence("it cannot have been assigned to anybody: "+cmp.Or(v.Facts.Reason, "no numbering plan has it")))
	}
	if v.Facts.Hosted && len(v.Cases) > 0 {
		p.Warnings = append(p.Warnings, "Being its holder is no evidence: others may have shown it.")
	}
	for _, e := range v.Entitlements {
		h := HolderLine{Account: e.AccountID, Href: accountPath(e.AccountID), Kind: entitlementWord(e.Kind), From: e.From, Now: e.At(s.now())}
		if e.Until != nil {
			h.Until = *e.Until
		}
		p.Holders = append(p.Holders, h)
	}
	if v.Signals.Total > 0 {
		p.Complaints, p.ComplaintFacts = v.Signals.Summary(numbers.Format(v.E164)), signalFacts(v.Signals)
	}
	for _, x := range v.Cases {
		p.Cases = append(p.Cases, caseLink(x, ""))
	}
	for _, r := range v.Restrictions {
		p.Restrictions = append(p.Restrictions, restrictionLine(r, ""))
	}
	if err := s.listed(c, a, &p); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) showAccounts(c *gin.Context, a cases.Actor) error {
	found, err := s.Desk.Accounts(c.Request.Context(), a, strings.TrimSpace(c.Query("q")), c.Query("cursor"), cases.DefaultPage)
	if err != nil {
		return err
	}
	p := AccountsPage{Query: c.Query("q"), Views: accountViews(false), Pages: pagesOf(c, found.Next, len(found.Items), "account", "accounts")}
	for _, x := range found.Items {
		p.Rows = append(p.Rows, accountLine(x))
	}
	return s.render(c, http.StatusOK, p)
}

func accountLine(x cases.Account) AccountLine {
	return AccountLine{ID: x.ID, Name: cmp.Or(x.Name, x.ID), Kind: x.Kind, Parent: x.ParentID, State: accountState(x, nil)}
}

func accountState(x cases.Account, rs []cases.Restriction) State {
	limited := slices.ContainsFunc(rs, func(r cases.Restriction) bool { return r.State.InForce() })
	switch {
	case limited && slices.ContainsFunc(rs, func(r cases.Restriction) bool { return r.State.InForce() && r.Suspends() }):
		return State{"suspended", "Suspended", Harm}
	case limited:
		return State{"limited", "Limited", Doubt}
	case x.Status == "" || x.Status == "active":
		return State{"active", "In service", Neutral}
	}
	return State{x.Status, x.Status, Neutral}
}

func (s *Server) showAccount(c *gin.Context, a cases.Actor) error {
	p, err := s.accountPage(c, a, nil)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// accountPage is the account that the address names; k is its file whole, where
// somebody opened it.
func (s *Server) accountPage(c *gin.Context, a cases.Actor, k *cases.KYC) (AccountPage, error) {
	v, err := s.Desk.AccountView(c.Request.Context(), a, c.Param("id"))
	if err != nil {
		return AccountPage{}, err
	}
	m, err := s.counts.get(c.Request.Context(), s, a)
	if err != nil {
		return AccountPage{}, err
	}
	x := v.Account
	p := AccountPage{ID: x.ID, Name: cmp.Or(x.Name, x.ID), Kind: cmp.Or(x.Kind, "account"), State: accountState(x, v.Restrictions), NumbersTotal: len(v.Entitlements),
		Traffic: trafficOf(cmp.Or(x.Name, x.ID), v.Traffic, v.Profile, m.coverage, nil, s.now(), zoneOf(c))}
	for _, r := range slices.Backward(v.Path) {
		p.Path = append(p.Path, accountLine(r))
	}
	fact := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, Fact{Name: name, Value: value})
		}
	}
	if !x.OpenedAt.IsZero() {
		fact("Customer since", x.OpenedAt.In(zoneOf(c)).Format("2 January 2006"))
	}
	fact("Country", x.Country)
	if x.Status == "closed" {
		closed := cmp.Or(x.ClosedReason, "reason not known")
		if !x.ClosedAt.IsZero() {
			closed += ", " + x.ClosedAt.In(zoneOf(c)).Format("2 January 2006")
		}
		fact("Closed", closed)
	}
	fact("Abuse contact", x.Email)
	if x.Protected {
		fact("Protected", "two people decide on everything that limits it")
	}
	for _, e := range v.Entitlements {
		h := HolderLine{Account: e.E164, Kind: entitlementWord(e.Kind), From: e.From, Now: e.At(s.now())}
		if e.Until != nil {
			h.Until = *e.Until
		}
		p.Numbers = append(p.Numbers, h)
	}
	for _, conn := range v.Connections {
		value := strings.Join(conn.SourceIPs, ", ")
		if conn.TechPrefix != "" {
			value += " prefix " + conn.TechPrefix
		}
		p.Profiles = append(p.Profiles, Fact{Name: cmp.Or(conn.Name, conn.ID), Value: strings.TrimSpace(fmt.Sprintf("%s %s %s", conn.ID, conn.Country, value))})
	}
	for _, cs := range v.Cases {
		p.Cases = append(p.Cases, caseLink(cs, ""))
	}
	for _, r := range v.Restrictions {
		p.Restrictions = append(p.Restrictions, restrictionLine(r, ""))
	}
	if p.Audit, err = s.ownAttestation(c, a, x.ID); err != nil {
		return p, err
	}
	return p, s.customerParts(c, a, &p, k)
}
