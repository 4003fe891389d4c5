package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"sync"
	"time"
)

// View is what the frame of a page needs to know of its reader and of this request. The zero Viewer is nobody signed in.
type View struct {
	Now    time.Time
	Zone   *time.Location // the reader's; nil is UTC
	Theme  string         // "", "light" or "dark"
	Viewer Viewer
	Nav    NavCounts
	Urgent UrgentBar
	Toast  *Toast
	// Locale is the language of the page; nil is English, as the console is.
	Locale *Locale
	// Languages are what can be chosen instead; Count is the tag.
	Languages []Tab
	// Development adds the link to the style guide.
	Development bool
}

// Viewer is the signed-in person.
type Viewer struct {
	Name  string
	Email string
	Role  string
}

// Initials are the one or two letters that stand for the person where there is no room for the name.
func (v Viewer) Initials() string { return initials(v.Name) }

// NavCounts are the numbers beside the entries of the rail; zero shows none.
type NavCounts struct {
	Queue      string // capped by the caller: "1,000+"
	Approvals  int    // restrictions that wait for an approver
	Unknown    int    // sendings whose outcome is unknown
	Operations int    // dead jobs and quarantined messages
}

// Toast is one sentence about what has just been done, with the way back where there is one.
type Toast struct {
	Tone     Tone
	Text     string
	UndoURL  string // POST; empty when it cannot be undone
	UndoWord string
}

// Meta is how a page names itself. Section is the entry of the rail that it belongs to.
type Meta struct {
	Template string
	Title    string
	Section  string
	Wide     bool // no side margins: the page brings its own
	// Key is that of the title of a page in several languages, with its places.
	Key  string
	Args []any
	// Form is the id of the form that takes what was typed along when the language
	// is changed.
	Form string
	// Script is a script of the page's own, "" none; a sheet goes with it.
	Script string
	// Sheet is a sheet of a console page's own beside app.css, "" none.
	Sheet string
}

// Page is a typed page struct of this package.
type Page interface{ meta() Meta }

// RenderOptions are what templates need from outside the page structs.
type RenderOptions struct {
	// Operator is the carrier's name on public pages.
	Operator string
	// FormatNumber groups an E.164 number for reading; it returns what it cannot group unchanged.
	FormatNumber func(e164 string) string
}

// Renderer draws pages. It is safe for concurrent use.
type Renderer struct {
	options  RenderOptions
	assets   *assets
	locales  *locales
	pristine *template.Template // parsed, never executed, so that it can be cloned

	mu    sync.RWMutex
	zones map[string]*template.Template
}

// maxZones bounds the template sets kept, one per time zone and language; both come from cookies, so a visitor chooses them.
const maxZones = 64

// NewRenderer parses the templates and reads the asset manifest. It fails when the assets were not built.
func NewRenderer(options RenderOptions) (*Renderer, error) {
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	return newRenderer(options, static)
}

func newRenderer(options RenderOptions, static fs.FS) (*Renderer, error) {
	built, err := loadAssets(static)
	if err != nil {
		return nil, err
	}
	if options.FormatNumber == nil {
		options.FormatNumber = groupNumber
	}
	if options.Operator == "" {
		options.Operator = "abusedesk"
	}
	spoken, err := loadLocales(localeFiles)
	if err != nil {
		return nil, err
	}
	r := &Renderer{options: options, assets: built, locales: spoken, zones: map[string]*template.Template{}}
	set := template.New("").Funcs(r.funcs(time.UTC, spoken.all[0]))
	if r.pristine, err = set.ParseFS(templateFiles, "templates/*/*.html"); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return r, nil
}

// Assets serves /assets/.
func (r *Renderer) Assets() http.Handler { return r.assets }

// root is what every template is executed with.
type root struct {
	View     View
	Meta     Meta
	Operator string
	Page     Page
}

// Bytes draws a page. Nothing is written anywhere until it is whole, so a fault in a template cannot become half a page.
func (r *Renderer) Bytes(view View, page Page) ([]byte, error) {
	if view.Zone == nil {
		view.Zone = time.UTC
	}
	if view.Locale == nil {
		view.Locale = r.locales.all[0]
	}
	set, err := r.zoned(view.Zone, view.Locale)
	if err != nil {
		return nil, err
	}
	m := page.meta()
	if m.Key != "" {
		m.Title = view.Locale.T(m.Key, m.Args...)
	}
	var buf bytes.Buffer
	if err := set.ExecuteTemplate(&buf, m.Template, root{View: view, Meta: m, Operator: r.options.Operator, Page: page}); err != nil {
		return nil, fmt.Errorf("page %s: %w", m.Template, err)
	}
	return buf.Bytes(), nil
}

// Render draws a page and then writes status and body.
func (r *Renderer) Render(w http.ResponseWriter, status int, view View, page Page) error {
	body, err := r.Bytes(view, page)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

// zoned returns the set whose functions write times in the zone, and texts in the language.
func (r *Renderer) zoned(zone *time.Location, locale *Locale) (*template.Template, error) {
	name := zone.String() + " " + locale.Tag
	r.mu.RLock()
	set := r.zones[name]
	r.mu.RUnlock()
	if set != nil {
		return set, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if set = r.zones[name]; set != nil {
		return set, nil
	}
	set, err := r.pristine.Clone()
	if err != nil {
		return nil, fmt.Errorf("templates for %s: %w", name, err)
	}
	set.Funcs(r.funcs(zone, locale))
	if len(r.zones) >= maxZones {
		clear(r.zones)
	}
	r.zones[name] = set
	return set, nil
}
