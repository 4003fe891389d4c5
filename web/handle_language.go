package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

const languageCookie = "language"

const keyLocale = "locale"

// localeOf is the language of the page that answers a request: of the public's
// pages the one that the reader chose, else the best for his browser; the console
// speaks English.
func (s *Server) localeOf(c *gin.Context) *Locale {
	if l, ok := c.Get(keyLocale); ok {
		return l.(*Locale)
	}
	l := s.Renderer.locales.all[0]
	if public(c) {
		cookie, _ := c.Cookie(languageCookie)
		if chosen := s.Renderer.locales.named(cookie); chosen != nil {
			l = chosen
		} else {
			l = s.Renderer.locales.accepted(c.GetHeader("Accept-Language"))
		}
		if chosen := s.Renderer.locales.named(c.Query("lang")); chosen != nil {
			if l = chosen; c.Request.Method == http.MethodGet {
				s.rememberLanguage(c, chosen)
			}
		}
	}
	c.Set(keyLocale, l)
	return l
}

// public says whether a page is for everybody, and not of the console.
func public(c *gin.Context) bool {
	return !strings.HasPrefix(c.Request.URL.Path, "/desk") && !strings.HasPrefix(c.Request.URL.Path, "/api/")
}

// switchLanguage answers in the language of a tag from now on, if there is such a
// language.
func (s *Server) switchLanguage(c *gin.Context, tag string) bool {
	l := s.Renderer.locales.named(tag)
	if l == nil {
		return false
	}
	s.rememberLanguage(c, l)
	c.Set(keyLocale, l)
	return true
}

func (s *Server) rememberLanguage(c *gin.Context, l *Locale) {
	http.SetCookie(c.Writer, &http.Cookie{Name: languageCookie, Value: l.Tag, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.BaseURL, "https://")})
}

// languages are the choices of the switch.
func (s *Server) languages(c *gin.Context) []Tab {
	if !public(c) || len(s.Renderer.locales.all) < 2 {
		return nil
	}
	now := s.localeOf(c)
	var tabs []Tab
	for _, l := range s.Renderer.locales.all {
		tabs = append(tabs, Tab{Label: l.Name, Href: "?lang=" + l.Tag, Count: l.Tag, Current: l == now})
	}
	return tabs
}
