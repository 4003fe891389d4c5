package intake

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?([a-z0-9_:.-]{1,40})`)

// htmlCharset reads the charset that a page declares within its first bytes.
func htmlCharset(b []byte) string {
	if m := metaCharset.FindSubmatch(b[:min(len(b), 2048)]); m != nil {
		return string(m[1])
	}
	return ""
}

// htmlToText returns what a reader would see: blocks on lines of their own,
// quotes marked with "> ", numbers of tel: links that are not written out.
// It is one pass over the tokens and never builds a tree.
func htmlToText(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	w := htmlText{}
	for {
		switch z.Next() {
		case html.ErrorToken:
			text := strings.TrimSpace(w.out.String())
			if text == "" && w.hidden > 0 {
				return withoutTags(s)
			}
			return text
		case html.TextToken:
			if w.hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			w.start(tag)
			for more {
				var key, value []byte
				switch key, value, more = z.TagAttr(); {
				case tag == atom.A && string(key) == "href":
					if scheme, number, ok := bytes.Cut(value, []byte(":")); ok && isCallScheme(string(scheme)) {
						w.link = string(number[:min(len(number), 64)])
					}
				case tag == atom.Img && string(key) == "alt" && w.hidden == 0:
					w.text(" " + string(value) + " ")
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

func isCallScheme(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "tel", "sms", "callto", "sip", "sips":
		return true
	}
	return false
}

// withoutTags is for pages that hide everything, such as one whose title never
// ends: whatever is between tags is better than no report.
func withoutTags(s string) string {
	var out strings.Builder
	for s != "" {
		text, rest, ok := strings.Cut(s, "<")
		out.WriteString(text)
		if !ok {
			break
		}
		_, s, _ = strings.Cut(rest, ">")
		out.WriteByte(' ')
	}
	return strings.TrimSpace(html.UnescapeString(out.String()))
}

type htmlText struct {
	out    strings.Builder
	quotes int
	hidden int    // inside script, style and the like
	link   string // number of the tel: link that is open
	linked strings.Builder
	blank  int  // line ends since the last text
	space  bool // white space since the last text
}

func (w *htmlText) start(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style, atom.Template, atom.Title:
		w.hidden++
	case atom.Blockquote:
		w.line(1)
		w.quotes = min(w.quotes+1, MaxDepth)
	case atom.Br:
		w.line(w.blank + 1)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.Hr, atom.Table:
		w.line(2)
	case atom.Div, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.Pre, atom.Section, atom.Article, atom.Header, atom.Footer:
		w.line(1)
	case atom.Td, atom.Th:
		w.space = true
	}
}

func (w *htmlText) end(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style, atom.Template, atom.Title:
		w.hidden = max(w.hidden-1, 0)
	case atom.Blockquote:
		w.line(1)
		w.quotes = max(w.quotes-1, 0)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.Table:
		w.line(2)
	case atom.Div, atom.Tr, atom.Li, atom.Pre:
		w.line(1)
	case atom.A:
		if w.link != "" && digitsOf(w.linked.String()) == "" {
			w.text(" " + w.link + " ")
		}
		w.link = ""
		w.linked.Reset()
	}
}

// line asks for at least n line ends before the next text, two at most.
func (w *htmlText) line(n int) {
	w.blank = min(max(w.blank, n), 2)
	w.space = false
}

func (w *htmlText) text(s string) {
	if w.link != "" && w.linked.Len() < 200 {
		w.linked.WriteString(s)
	}
	for i, word := range strings.Fields(s) {
		if i == 0 && !strings.ContainsAny(s[:1], " \t\r\n") && !w.space && w.blank == 0 {
			w.out.WriteString(word)
			continue
		}
		w.write(word)
	}
	if s != "" && strings.ContainsAny(s[len(s)-1:], " \t\r\n") {
		w.space = true
	}
}

func (w *htmlText) write(word string) {
	quote := strings.Repeat("> ", w.quotes)
	switch {
	case w.out.Len() == 0:
		w.out.WriteString(quote)
	case w.blank > 0:
		for range w.blank {
			w.out.WriteByte('\n')
		}
		w.out.WriteString(quote)
	default:
		w.out.WriteByte(' ')
	}
	w.blank, w.space = 0, false
	w.out.WriteString(word)
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
