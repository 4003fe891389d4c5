package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/cases"
)

// MaxConsoleBody bounds a form of the console.
const MaxConsoleBody = 256 << 10

// deskHandler is a page of the console for whoever is signed in.
type deskHandler func(*gin.Context, cases.Actor) error

// signedIn lets members of staff in and sends everybody else to the sign-in.
func (s *Server) signedIn(h deskHandler) gin.HandlerFunc {
	return s.page(func(c *gin.Context) error {
		p, err := s.person(c)
		if errors.Is(err, errNotSignedIn) {
			return s.askSignIn(c)
		}
		if err != nil {
			return err
		}
		c.Set(keyPerson, p)
		if c.Request.Method != http.MethodPost {
			return h(c, p.Actor())
		}
		if err := readForm(c, MaxConsoleBody); err != nil {
			return err
		}
		defer s.counts.forget()
		return h(c, p.Actor())
	})
}

// askSignIn sends the browser to the sign-in and, where it was only looking,
// back afterwards.
func (s *Server) askSignIn(c *gin.Context) error {
	to := "/desk/sign-in"
	if c.GetHeader("HX-Request") != "" {
		c.Header("HX-Redirect", to)
		c.Status(http.StatusUnauthorized)
		c.Writer.WriteHeaderNow()
		return nil
	}
	if c.Request.Method == http.MethodGet && c.Request.URL.Path != "/desk" {
		to += "?next=" + url.QueryEscape(c.Request.URL.RequestURI())
	}
	return see(c, to)
}

// readForm reads a form of at most n bytes.
func readForm(c *gin.Context, n int64) error {
	if c.Request.ContentLength > n {
		return bodyTooLarge(n)
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, n)
	err := c.Request.ParseForm()
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return bodyTooLarge(n)
	}
	if err != nil {
		return errMalformed
	}
	return nil
}

// localPath is next when it is a page of the console, else the queue: a link to
// the sign-in must not lead elsewhere.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\r\n\t") ||
		!strings.HasPrefix(u.Path, "/desk/") || strings.HasPrefix(u.Path, "/desk/sign-") || strings.HasPrefix(u.Path, "/desk/setup/") {
		return "/desk/queue"
	}
	return next
}

func (s *Server) showSignIn(c *gin.Context) error {
	next := localPath(c.Query("next"))
	switch _, err := s.person(c); {
	case err == nil:
		return see(c, next)
	case !errors.Is(err, errNotSignedIn):
		return err
	}
	return s.render(c, http.StatusOK, SignInPage{Next: next, Demo: s.Demo})
}

func (s *Server) signIn(c *gin.Context) error {
	if err := readForm(c, MaxConsoleBody); err != nil {
		return err
	}
	page := SignInPage{Next: localPath(c.PostForm("next")), Email: Field{Value: c.PostForm("email")}, Demo: s.Demo}
	err := s.limited(c, "sign-in", SignIns, 15*time.Minute)
	var p cases.Person
	if err == nil {
		p, err = s.Auth.SignIn(c.Request.Context(), page.Email.Value, c.PostForm("password"))
	}
	switch kind := cases.KindOf(err); {
	case err == nil:
	case errors.Is(err, errTooMany):
		page.Problem = sentence(err.Error())
		return s.render(c, http.StatusTooManyRequests, page)
	case kind == cases.KindForbidden:
		page.Problem = sentence(err.Error())
		return s.render(c, http.StatusUnauthorized, page)
	default:
		return err
	}
	if err := s.begin(c, p); err != nil {
		return err
	}
	return see(c, page.Next)
}

// begin starts the session of p under a new token, so that one that was planted
// before the sign-in is worth nothing.
func (s *Server) begin(c *gin.Context, p cases.Person) error {
	ctx := c.Request.Context()
	if err := s.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.Sessions.Put(ctx, auth.SessionPerson, p.ID)
	return nil
}

func (s *Server) signOut(c *gin.Context) error {
	if err := s.Sessions.Destroy(c.Request.Context()); err != nil {
		return err
	}
	return see(c, "/desk/sign-in")
}

// showSetup asks for the first admin. Whether the link still works is told when
// it is used: looking at it must not tell strangers.
func (s *Server) showSetup(c *gin.Context) error {
	return s.render(c, http.StatusOK, SetupPage{Token: c.Param("secret")})
}

func (s *Server) setup(c *gin.Context) error {
	if err := readForm(c, MaxConsoleBody); err != nil {
		return err
	}
	page := SetupPage{Token: c.Param("secret"), Name: Field{Value: c.PostForm("name")}, Email: Field{Value: c.PostForm("email")}}
	err := s.limited(c, "sign-in", SignIns, 15*time.Minute)
	var p cases.Person
	if err == nil {
		p, err = s.Auth.UseSetupLink(c.Request.Context(), page.Token, page.Email.Value, page.Name.Value, c.PostForm("password"))
	}
	if err != nil {
		rest := beside(err, map[string]*Field{"name": &page.Name, "email": &page.Email, "password": &page.Password})
		if statusOf(err) >= http.StatusInternalServerError {
			return err
		}
		page.Problem = rest
		return s.render(c, statusOf(err), page)
	}
	if err := s.begin(c, p); err != nil {
		return err
	}
	return see(c, "/desk/queue")
}

// beside puts each problem of err beside its field, and returns in words what
// belongs to none of them.
func beside(err error, fields map[string]*Field) string {
	e, ok := errors.AsType[*cases.Error](err)
	if !ok {
		return sentence(err.Error())
	}
	var rest []string
	for _, p := range e.Problems {
		f := fields[p.Field]
		switch {
		case f == nil:
			rest = append(rest, sentence(p.Message))
		case f.Error == "":
			f.Error = sentence(p.Message)
		}
	}
	if len(e.Problems) == 0 {
		return sentence(e.Message)
	}
	return strings.Join(rest, " ")
}
