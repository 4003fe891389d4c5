package web

import (
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// viaWidget is what a form says that was filled in in the widget.
const viaWidget = "widget"

// widgetScript is the one script that a page of somebody else's embeds. Its
// address is stable, so that caches keep it for an hour only.
func (s *Server) widgetScript(c *gin.Context) error {
	a := s.Renderer.assets
	body, err := fs.ReadFile(a.files, a.hashed["embed.js"])
	if err != nil {
		return err
	}
	h := c.Writer.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("ETag", `"`+a.hashed["embed.js"]+`"`)
	if c.GetHeader("If-None-Match") == h.Get("ETag") {
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", body)
	return nil
}

// showWidget is the form with one question at a time, to stand in a frame on
// the pages of Config.WidgetOrigins.
func (s *Server) showWidget(c *gin.Context) error {
	p := s.emptyForm(c)
	p.OneByOne = true
	return s.renderForm(c, http.StatusOK, p)
}

// framed lets a page stand in a frame on the pages that the operator names, and
// on ours.
func (s *Server) framed(c *gin.Context) {
	h := c.Writer.Header()
	ancestors := strings.Join(append([]string{"frame-ancestors 'self'"}, s.WidgetOrigins...), " ")
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", ancestors, 1))
}

// framedQuery keeps a page in the widget, and its language: a browser sends no
// cookies from a frame on somebody else's page.
func (s *Server) framedQuery(c *gin.Context, framed bool, more string) string {
	q := url.Values{}
	if framed {
		q.Set("widget", "1")
		q.Set("lang", s.localeOf(c).Tag)
	}
	out := q.Encode()
	switch {
	case out != "" && more != "":
		return "?" + more + "&" + out
	case out+more != "":
		return "?" + out + more
	}
	return ""
}
