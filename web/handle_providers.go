package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

func providerPath(id string) string { return "/desk/providers/" + url.PathEscape(id) }

func rmdState(s cases.RMDStatus) State {
	switch s {
	case cases.RMDListed:
		return State{string(s), "In the database", Cleared}
	case cases.RMDDeficient:
		return State{string(s), "Deficient", Doubt}
	case cases.RMDRemoved:
		return State{string(s), "Removed", Harm}
	case cases.RMDNotListed:
		return State{string(s), "Not in the database", Harm}
	case cases.RMDExempt:
		return State{string(s), "Exempt", Neutral}
	}
	return State{"unknown", "Not known", Unknown}
}

func providerLine(p cases.Provider) ProviderLine {
	l := ProviderLine{ID: p.ID, Href: providerPath(p.ID), Name: cmp.Or(p.Name, p.ID), Country: p.Country, State: rmdState(p.RMD.Status)}
	if t := p.RMD.Since; t != nil {
		l.Since = *t
	}
	if t := p.RMD.CheckedAt; t != nil {
		l.Checked = *t
	}
	return l
}

func (s *Server) showProviders(c *gin.Context, a cases.Actor) error {
	ctx, view := c.Request.Context(), c.Query("view")
	q := cases.ProviderQuery{Text: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor")}
	switch view {
	case "refuse":
		q.Refuse = true
	case "unknown":
		q.Status = "unknown"
	}
	found, err := s.Desk.Providers(ctx, a, q)
	if err != nil {
		return err
	}
	p := ProvidersPage{Query: c.Query("q"), Pages: pagesOf(c, found.Next, len(found.Items), "provider", "providers")}
	for _, v := range []struct{ name, label string }{{"", "All"}, {"refuse", "Calls must be refused"}, {"unknown", "Not looked up"}} {
		href := "/desk/providers"
		if v.name != "" {
			href += "?view=" + v.name
		}
		p.Views = append(p.Views, Tab{Label: v.label, Href: href, Current: v.name == view})
	}
	for _, x := range found.Items {
		p.Rows = append(p.Rows, providerLine(x))
	}
	if view == "" && q.Text == "" && q.Cursor == "" {
		if p.Unknown, err = s.Desk.PeersUnknown(ctx, a); err != nil {
			return err
		}
	}
	return s.render(c, http.StatusOK, p)
}

func (s *Server) showProvider(c *gin.Context, a cases.Actor) error {
	x, err := s.Desk.Provider(c.Request.Context(), a, c.Param("id"))
	if err != nil {
		return err
	}
	p := ProviderPage{Line: providerLine(x), Text: x.Sentence(), Note: x.Note}
	add := func(to *[]Fact, name, value string) {
		if value != "" {
			*to = append(*to, Fact{Name: name, Value: value})
		}
	}
	add(&p.Facts, "Name in call records", x.ID)
	add(&p.Facts, "Other names", strings.ReplaceAll(x.Aliases, ";", ", "))
	add(&p.Facts, "Country", x.Country)
	add(&p.Facts, "FCC Registration Number", x.FRN)
	add(&p.Facts, "Operating Company Number", x.OCN)
	add(&p.Facts, "Service Provider Code", x.SPC)
	add(&p.Contact, "Abuse", x.AbuseContact)
	add(&p.Contact, "Traceback", x.TracebackContact)
	add(&p.Filing, "Filing", x.RMD.Number)
	add(&p.Filing, "STIR/SHAKEN", x.RMD.Implementation)
	add(&p.Filing, "Files as", x.RMD.Roles)
	day := "2 January 2006"
	if t := x.RMD.Since; t != nil {
		add(&p.Filing, "Standing since", t.In(zoneOf(c)).Format(day))
	}
	if t := x.RMD.Recertified; t != nil {
		add(&p.Filing, "Last recertified", t.Format(day))
	}
	if t := x.RMD.CheckedAt; t != nil {
		add(&p.Filing, "Looked up", t.In(zoneOf(c)).Format(day)+bracketed(x.RMD.Source))
	}
	if p.Traffic, err = s.providerTraffic(c, a, x); err != nil {
		return err
	}
	if p.Attested, err = s.providerAttested(c, a, x.ID); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// providerTraffic is what the provider handed to us in seven days.
func (s *Server) providerTraffic(c *gin.Context, a cases.Actor, x cases.Provider) (*Traffic, error) {
	v, err := s.Desk.ProviderTraffic(c.Request.Context(), a, x.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.counts.get(c.Request.Context(), s, a)
	if err != nil {
		return nil, err
	}
	return trafficOf("Calls that it handed to us", v.Traffic, v.Profile, m.coverage, nil, s.now(), zoneOf(c)), nil
}

// providerSubjects says of the provider of a case how it stands.
func (s *Server) providerSubjects(c *gin.Context, a cases.Actor, subjects []Subject) error {
	for i := range subjects {
		x := &subjects[i]
		if x.Role != ingressRole {
			continue
		}
		p, err := s.Desk.Provider(c.Request.Context(), a, x.Name)
		if cases.KindOf(err) == cases.KindNotFound {
			x.Detail = "nobody has imported it"
			continue
		}
		if err != nil {
			return err
		}
		x.Href, x.Name = providerPath(p.ID), cmp.Or(p.Name, p.ID)
		x.Detail = p.Sentence()
		if p.RMD.Refusable() || p.RMD.Status == cases.RMDDeficient {
			x.Detail, x.Caution = "", p.Sentence()
		}
	}
	return nil
}

// ingressRole is what a case calls the provider that handed the call to us.
const ingressRole = "ingress provider"
