package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// Keys of what a request carries along.
const (
	keyPerson  = "person"
	keyRequest = "request"
)

// Keys of the session beside auth.SessionPerson.
const sessionToast = "toast"

// render draws a page for who asked.
func (s *Server) render(c *gin.Context, status int, p Page) error {
	v, err := s.view(c)
	if err != nil {
		return err
	}
	return s.Renderer.Render(c.Writer, status, v, p)
}

// fragment draws a part of a page, which shows neither counts nor toast.
func (s *Server) fragment(c *gin.Context, p Page) error {
	return s.Renderer.Render(c.Writer, http.StatusOK, View{Now: s.now(), Zone: zoneOf(c)}, p)
}

// view gathers what the frame of a page shows.
func (s *Server) view(c *gin.Context) (View, error) {
	v := View{Now: s.now(), Zone: zoneOf(c), Theme: themeOf(c), Development: s.Development, Locale: s.localeOf(c), Languages: s.languages(c)}
	p, ok := personOf(c)
	if !ok {
		return v, nil
	}
	v.Viewer = Viewer{Name: p.Name, Email: p.Email, Role: string(p.Role)}
	v.Toast = s.takeToast(c)
	m, err := s.counts.get(c.Request.Context(), s, p.Actor())
	if err != nil {
		return v, err
	}
	v.Nav, v.Urgent = m.nav, m.urgent
	return v, nil
}

// personOf returns who is signed in, once signedIn has looked.
func personOf(c *gin.Context) (cases.Person, bool) {
	v, _ := c.Get(keyPerson)
	p, ok := v.(cases.Person)
	return p, ok
}

// zoneOf is the reader's time zone: as set for the person, else as the browser
// said in a cookie, else UTC.
func zoneOf(c *gin.Context) *time.Location {
	name := ""
	if p, ok := personOf(c); ok {
		name = p.TimeZone
	}
	if name == "" {
		name, _ = c.Cookie("zone")
	}
	if name == "" || name == "Local" || len(name) > 64 {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

func themeOf(c *gin.Context) string {
	if t, _ := c.Cookie("theme"); t == "light" || t == "dark" {
		return t
	}
	return ""
}

// toast leaves a sentence for the next page that the person sees. undo is where
// a POST takes it back, "" for nowhere.
func (s *Server) toast(c *gin.Context, tone Tone, text, undo string) {
	s.Sessions.Put(c.Request.Context(), sessionToast, string(tone)+"\n"+undo+"\n"+text)
}

func (s *Server) takeToast(c *gin.Context) *Toast {
	parts := strings.SplitN(s.Sessions.PopString(c.Request.Context(), sessionToast), "\n", 3)
	if len(parts) < 3 {
		return nil
	}
	return &Toast{Tone: Tone(parts[0]), UndoURL: parts[1], Text: parts[2]}
}

// see sends the browser on after something was done.
func see(c *gin.Context, path string) error {
	c.Redirect(http.StatusSeeOther, path)
	return nil
}

// requestID names a request for the log and for whoever asks about it.
func requestID(c *gin.Context) string {
	id := c.GetString(keyRequest)
	if id == "" {
		id = strings.ToLower(rand.Text()[:10])
		c.Set(keyRequest, id)
	}
	return id
}

// errorPage says what went wrong in words.
func (s *Server) errorPage(c *gin.Context, err error) {
	m := problemOf(err)
	p := ErrorPage{Status: m.Status, Heading: s.localeOf(c).T(errorKey(m.Status)), Text: m.Detail}
	for _, e := range m.Errors {
		p.Fields = append(p.Fields, FieldProblem{Name: strings.TrimPrefix(e.Location, "body."), Problem: sentence(e.Message)})
	}
	if m.Status >= http.StatusInternalServerError {
		p.Request = requestID(c)
	}
	v := View{Now: s.now(), Zone: zoneOf(c), Theme: themeOf(c), Locale: s.localeOf(c)}
	if public(c) {
		// Of the public's pages only the kind is told: details have no other languages.
		p = ErrorPage{Status: p.Status, Heading: v.Locale.T(errorKey(m.Status)), Text: v.Locale.T(errorKey(m.Status) + ".text"), Request: p.Request}
		if c.Request.Method == http.MethodGet {
			v.Languages = s.languages(c)
		}
	} else if strings.HasPrefix(c.Request.URL.Path, "/desk") {
		p.Back, p.BackWord = "/desk/queue", "To the queue"
	}
	if err := s.Renderer.Render(c.Writer, m.Status, v, p); err != nil {
		s.Log.Error("error page", "err", err)
		writeProblem(c.Writer, m)
	}
}

// errorKey is that of the words for a status.
func errorKey(status int) string {
	switch status {
	case http.StatusUnauthorized:
		status = http.StatusForbidden
	case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusRequestEntityTooLarge,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
	default:
		status = http.StatusUnprocessableEntity
	}
	return "error." + strconv.Itoa(status)
}

// countsFor is how old the counts beside the entries of the rail may be.
const countsFor = 10 * time.Second

// counts are the numbers of the rail. They are the same for everybody, capped,
// and asked for at most every countsFor, or after something was done here.
type counts struct {
	mu   sync.Mutex
	at   time.Time
	last measures
}

// measures are what is counted, and how far call records reach.
type measures struct {
	nav      NavCounts
	urgent   UrgentBar
	coverage []cases.Coverage
}

func (n *counts) get(ctx context.Context, s *Server, a cases.Actor) (measures, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := s.now()
	if !n.at.IsZero() && now.Sub(n.at) < countsFor {
		return n.last, nil
	}
	m, err := s.measure(ctx, a)
	if err != nil {
		return m, err
	}
	n.at, n.last = now, m
	return m, nil
}

func (n *counts) forget() {
	n.mu.Lock()
	n.at = time.Time{}
	n.mu.Unlock()
}

func (s *Server) measure(ctx context.Context, a cases.Actor) (measures, error) {
	var m measures
	work, err := s.Desk.Cases(ctx, a, cases.CaseQuery{Limit: cases.MaxPage})
	if err != nil {
		return m, err
	}
	m.nav.Queue = capped(len(work.Items), work.Next != "")
	if m.urgent, err = s.urgentBar(ctx, a); err != nil {
		return m, err
	}
	waiting, err := s.Desk.Restrictions(ctx, a, cases.RestrictionQuery{States: []cases.RestrictionState{cases.RestrictionProposed}, Limit: cases.MaxPage})
	if err != nil {
		return m, err
	}
	m.nav.Approvals = len(waiting.Items)
	unknown, err := s.Desk.Sendings(ctx, a, cases.SendingUnknown, "", cases.MaxPage)
	if err != nil {
		return m, err
	}
	m.nav.Unknown = len(unknown.Items)
	ops, err := s.Desk.Operations(ctx, a)
	if err != nil {
		return m, err
	}
	m.nav.Operations, m.coverage = len(ops.Dead)+len(ops.Quarantined), ops.Coverage
	return m, nil
}

// capped writes a count of which only the first part was looked at; "" for none.
func capped(n int, more bool) string {
	switch {
	case n == 0:
		return ""
	case more:
		return strconv.Itoa(n) + "+"
	}
	return strconv.Itoa(n)
}
