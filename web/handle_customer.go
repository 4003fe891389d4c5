package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// childrenShown is how many customers below an account a page has.
const childrenShown = 50

// customerParts fills in who an account is. k is its file whole, where somebody
// opened it.
func (s *Server) customerParts(c *gin.Context, a cases.Actor, p *AccountPage, k *cases.KYC) error {
	cust, err := s.Desk.Customer(c.Request.Context(), a, p.ID, c.Query("cursor"), childrenShown)
	if err != nil {
		return err
	}
	x := CustomerParts{Missing: cust.Missing, Revealed: k != nil, CanOpen: cases.Permit(a, cases.CmdReadKYC) == nil, Pages: pagesOf(c, cust.Below.Next, len(cust.Below.Items), "customer", "customers")}
	for _, m := range cust.Matches {
		x.Matches = append(x.Matches, matchLine(m, a, p.ID))
	}
	for _, l := range cust.Links {
		x.Links = append(x.Links, LinkLine{ID: l.AccountID, Name: cmp.Or(l.Name, l.AccountID), State: accountState(cases.Account{Status: l.Status}, nil), Score: fmt.Sprintf("%.2f", l.Score), Why: sharedText(l.Shared)})
	}
	for _, check := range cust.Posture {
		x.Checks++
		line := PostureLine{Word: cases.PostureWord(check.Name), State: postureState(check.State), Detail: check.Detail, AsOf: check.AsOf, Source: check.Source, Advice: check.Advice}
		if check.State == cases.PostureUnknown {
			x.Unlooked = append(x.Unlooked, line)
		} else {
			x.Posture = append(x.Posture, line)
		}
	}
	switch file := cust.KYC; {
	case k != nil:
		x.KYC = kycFacts(*k, zoneOf(c))
		if cases.Permit(a, cases.CmdEditKYC) == nil {
			f := kycForm(*k)
			x.Edit = &f
		}
	case file.Version > 0:
		x.KYC = kycFacts(file, zoneOf(c))
	}
	p.Children = nil
	for _, child := range cust.Below.Items {
		p.Children = append(p.Children, accountLine(child))
	}
	if cust.All > 0 {
		x.Below = count(cust.All, "customer", "customers")
		if cust.All > cust.Direct {
			x.Below += ", " + thousand(cust.Direct) + " directly below it"
		}
	}
	p.Customer = x
	return nil
}

func sharedText(shared []cases.SharedTrait) string {
	var out []string
	for _, t := range shared {
		out = append(out, t.Sign())
	}
	return sentence(strings.Join(out, "; "))
}

func postureState(s cases.PostureState) State {
	switch s {
	case cases.PostureGood:
		return State{string(s), "Yes", Cleared}
	case cases.PostureBad:
		return State{string(s), "No", Doubt}
	}
	return State{string(s), "Not known", Unknown}
}

func matchState(s cases.MatchState) State {
	switch s {
	case cases.MatchOpen:
		return State{string(s), "To be looked at", Doubt}
	case cases.MatchConfirmed:
		return State{string(s), "The same customer", Harm}
	case cases.MatchDismissed:
		return State{string(s), "Somebody else", Cleared}
	}
	return State{string(s), "Withdrawn", Neutral}
}

// matchLine is a mark as the page of account shows it; "" for a list of all.
func matchLine(m cases.AccountMatch, a cases.Actor, account string) MatchLine {
	l := MatchLine{ID: m.ID, Account: m.AccountID, Name: cmp.Or(m.Name, m.AccountID), Other: m.OtherID, OtherName: cmp.Or(m.OtherName, m.OtherID), Score: fmt.Sprintf("%.2f", m.Score), Text: m.Sentence(),
		State: matchState(m.State), Found: m.FoundAt, Calls: "before its first call", Mine: account == "" || account == m.AccountID}
	if m.Calls > 0 {
		l.Calls = "after " + count(int(m.Calls), "call", "calls")
	}
	if m.DecidedBy != "" {
		l.Decided = m.DecidedBy + ": " + m.Note
	}
	l.CanDecide = l.Mine && m.State != cases.MatchWithdrawn && cases.Permit(a, cases.CmdDecideMatch) == nil
	return l
}

func kycFacts(k cases.KYC, zone *time.Location) []Fact {
	var out []Fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, Fact{Name: name, Value: value})
		}
	}
	add("Legal name", k.LegalName)
	add("Registration", k.Registration)
	add("Address", k.Address)
	if k.VerifiedAt != nil {
		add("Verified", strings.Trim(k.VerifiedAt.In(zone).Format("2 January 2006")+", "+k.VerifiedHow+bracketed(k.VerifiedBy), ", "))
	}
	add("Documents", k.Documents)
	add("Calls are for", k.UseCase)
	if k.MonthlyCalls > 0 {
		add("Calls expected", count(int(k.MonthlyCalls), "call", "calls")+" a month")
	}
	add("Destinations expected", k.Destinations)
	add("Note", k.Note)
	if k.UpdatedBy != "" {
		add("Last changed", k.UpdatedAt.In(zone).Format("2 January 2006")+" by "+k.UpdatedBy)
	}
	return out
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func kycForm(k cases.KYC) KYCForm {
	f := KYCForm{LegalName: Field{Value: k.LegalName}, Registration: Field{Value: k.Registration}, Address: Field{Value: k.Address}, VerifiedBy: Field{Value: k.VerifiedBy},
		VerifiedHow: Field{Value: k.VerifiedHow}, Documents: Field{Value: k.Documents}, UseCase: Field{Value: k.UseCase}, Destinations: Field{Value: k.Destinations}, Note: Field{Value: k.Note}, Version: k.Version}
	if k.VerifiedAt != nil {
		f.VerifiedAt.Value = k.VerifiedAt.UTC().Format(time.DateOnly)
	}
	if k.MonthlyCalls > 0 {
		f.MonthlyCalls.Value = strconv.FormatInt(k.MonthlyCalls, 10)
	}
	return f
}

// openKYC shows a customer's file, once, on the answer itself; that it was looked
// at is logged.
func (s *Server) openKYC(c *gin.Context, a cases.Actor) error {
	k, err := s.Desk.RevealKYC(c.Request.Context(), a, c.Param("id"))
	if err != nil {
		return err
	}
	p, err := s.accountPage(c, a, &k)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// editKYC replaces a customer's file.
func (s *Server) editKYC(c *gin.Context, a cases.Actor) error {
	id := c.Param("id")
	k, f, err := typedKYC(c, id)
	if err == nil {
		err = s.Desk.EditKYC(c.Request.Context(), a, k)
	}
	if e, ok := errors.AsType[*cases.Error](err); ok && (e.Kind == cases.KindInvalid || e.Kind == cases.KindConflict) {
		if e.Kind == cases.KindConflict {
			f.Problem = sentence(reasonOf(err))
		}
		beside(err, map[string]*Field{"legal_name": &f.LegalName, "registration": &f.Registration, "address": &f.Address, "verified_at": &f.VerifiedAt, "verified_by": &f.VerifiedBy,
			"verified_how": &f.VerifiedHow, "documents": &f.Documents, "use_case": &f.UseCase, "monthly_calls": &f.MonthlyCalls, "destinations": &f.Destinations, "note": &f.Note})
		f.Shown = true
		p, perr := s.accountPage(c, a, &k)
		if perr != nil {
			return perr
		}
		p.Customer.Edit = &f
		return s.render(c, statusOf(err), p)
	}
	return s.acted(c, err, "The customer’s file was changed.", accountPath(id))
}

// typedKYC reads the form; what is wrong with it as text is an error, with the form
// as it was typed.
func typedKYC(c *gin.Context, account string) (cases.KYC, KYCForm, error) {
	field := func(name string) Field { return Field{Value: strings.TrimSpace(c.PostForm(name))} }
	f := KYCForm{LegalName: field("legal_name"), Registration: field("registration"), Address: field("address"), VerifiedAt: field("verified_at"), VerifiedBy: field("verified_by"),
		VerifiedHow: field("verified_how"), Documents: field("documents"), UseCase: field("use_case"), MonthlyCalls: field("monthly_calls"), Destinations: field("destinations"), Note: field("note")}
	k := cases.KYC{AccountID: account, LegalName: f.LegalName.Value, Registration: f.Registration.Value, Address: f.Address.Value, VerifiedBy: f.VerifiedBy.Value, VerifiedHow: f.VerifiedHow.Value,
		Documents: f.Documents.Value, UseCase: f.UseCase.Value, Destinations: f.Destinations.Value, Note: f.Note.Value}
	var ps []cases.Problem
	if v := f.VerifiedAt.Value; v != "" {
		t, err := time.Parse(time.DateOnly, v)
		if err != nil {
			ps = append(ps, cases.Problem{Field: "verified_at", Message: "must be a date as in 2026-11-10"})
		}
		k.VerifiedAt = &t
	}
	if v := f.MonthlyCalls.Value; v != "" {
		n, err := strconv.ParseInt(strings.ReplaceAll(v, ",", ""), 10, 64)
		if err != nil {
			ps = append(ps, cases.Problem{Field: "monthly_calls", Message: "must be a whole number"})
		}
		k.MonthlyCalls = n
	}
	version, err := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err != nil {
		version = 0
	}
	k.Version, f.Version = version, version
	return k, f, cases.Invalid(ps...)
}

// decideMatch confirms or dismisses a mark.
func (s *Server) decideMatch(c *gin.Context, a cases.Actor) error {
	id, err := strconv.ParseInt(c.Param("match"), 10, 64)
	if err != nil {
		return cases.NotFound("this mark")
	}
	m, err := s.Desk.DecideMatch(c.Request.Context(), a, c.Param("id"), id, cases.MatchState(c.PostForm("state")), c.PostForm("note"))
	text := "Kept: it is somebody else. It will not be asked again."
	if m.State == cases.MatchConfirmed {
		text = "Kept: it is the same customer. Nothing is limited by that; propose a restriction if it should be."
	}
	return s.acted(c, err, text, accountPath(c.Param("id")))
}

// showReturners lists marks.
func (s *Server) showReturners(c *gin.Context, a cases.Actor) error {
	state := cases.MatchState(c.DefaultQuery("state", string(cases.MatchOpen)))
	found, err := s.Desk.Matches(c.Request.Context(), a, state, c.Query("cursor"), cases.DefaultPage)
	if err != nil {
		return err
	}
	p := ReturnersPage{Views: accountViews(true), Pages: pagesOf(c, found.Next, len(found.Items), "mark", "marks")}
	for _, m := range []cases.MatchState{cases.MatchOpen, cases.MatchConfirmed, cases.MatchDismissed, cases.MatchWithdrawn} {
		p.States = append(p.States, Tab{Label: matchState(m).Word, Href: "/desk/returners?state=" + string(m), Current: m == state})
	}
	for _, m := range found.Items {
		p.Rows = append(p.Rows, matchLine(m, a, ""))
	}
	return s.render(c, http.StatusOK, p)
}

// accountViews are the two lists of accounts.
func accountViews(returners bool) []Tab {
	return []Tab{{Label: "All accounts", Href: "/desk/accounts", Current: !returners}, {Label: "May have come back", Href: "/desk/returners", Current: returners}}
}
