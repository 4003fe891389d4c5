package web

import (
	"fmt"
	"html/template"
)

// icons are drawn on a 16 × 16 grid with a 1.6 stroke. They always stand beside a word.
var icons = map[string]string{
	"shield":      `<path d="M8 1.5 13.5 3.5V8c0 3.2-2.3 5.3-5.5 6.5C4.8 13.3 2.5 11.2 2.5 8V3.5Z"/><path d="M5.6 8.1 7.3 9.8 10.6 6.3"/>`,
	"queue":       `<path d="M2 4h12M2 8h12M2 12h8"/>`,
	"campaign":    `<path d="M2 6.500v3h2.500l6.500 3.500V3L4.500 6.500ZM13.500 6.500v3M5 9.500l1 4"/>`,
	"number":      `<path d="M6.5 2 5 14M11 2 9.5 14M2.5 5.5h11.5M2 10.5h11.5"/>`,
	"account":     `<path d="M2.5 14V3.5a1 1 0 0 1 1-1h5a1 1 0 0 1 1 1V14M9.5 6.5h3a1 1 0 0 1 1 1V14M1.5 14h13M5 5.5h2M5 8.5h2"/>`,
	"restriction": `<circle cx="8" cy="8" r="6"/><path d="M3.8 3.8l8.4 8.4"/>`,
	"report":      `<path d="M3 2.5h10v8.5H8l-3 2.5V11H3Z"/><path d="M5.5 5.5h5M5.5 8h3"/>`,
	"outward":     `<path d="M14 2 7 9M14 2 9.5 14 7 9 2 6.5Z"/>`,
	"operations":  `<path d="M1.5 8h3l2-5 3 10 2-5h3"/>`,
	"settings":    `<circle cx="8" cy="8" r="2.2"/><path d="M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4"/>`,
	"style":       `<path d="M8 2a6 6 0 1 0 0 12c1.2 0 1.4-.9 1-1.7-.5-1 .2-1.8 1.2-1.8h1.6A2.2 2.2 0 0 0 14 8.3C14 4.8 11.3 2 8 2Z"/><circle cx="5" cy="7.5" r=".6"/><circle cx="8" cy="5" r=".6"/><circle cx="11" cy="7" r=".6"/>`,
	"more":        `<circle cx="3" cy="8" r=".8"/><circle cx="8" cy="8" r=".8"/><circle cx="13" cy="8" r=".8"/>`,
	"search":      `<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>`,
	"check":       `<path d="m3 8.5 3.2 3.200L13 4.8"/>`,
	"cross":       `<path d="m4 4 8 8M12 4l-8 8"/>`,
	"harm":        `<path d="M5.3 1.8h5.4l3.5 3.500v5.4l-3.5 3.500H5.3l-3.5-3.500V5.3ZM8 5v3.400M8 10.800v.1"/>`,
	"doubt":       `<path d="M8 2.2 14.5 13.500h-13ZM8 6.500v3.200M8 11.600v.2"/>`,
	"unknown":     `<path d="M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.600M8 12v.2"/>`,
	"clock":       `<circle cx="8" cy="8" r="6"/><path d="M8 4.500V8l2.3 1.6"/>`,
	"down":        `<path d="m4 6 4 4 4-4"/>`,
	"right":       `<path d="m6 4 4 4-4 4"/>`,
	"left":        `<path d="m10 4-4 4 4 4"/>`,
	"arrow":       `<path d="M2.5 8h11M9.5 4l4 4-4 4"/>`,
	"copy":        `<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.500V4A1.5 1.5 0 0 0 9 2.500H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.500h1.5"/>`,
	"note":        `<path d="m9.8 3.2 3 3L6 13H3v-3Z"/>`,
	"person":      `<circle cx="8" cy="5.5" r="2.7"/><path d="M2.8 14c.5-2.8 2.6-4.2 5.2-4.200s4.7 1.4 5.2 4.2"/>`,
	"machine":     `<rect x="3" y="5" width="10" height="8" rx="1.5"/><path d="M8 5V2.500M6 8.500v1M10 8.500v1"/>`,
	"theme":       `<circle cx="8" cy="8" r="6"/><path d="M8 2v12a6 6 0 0 0 0-12Z" fill="currentColor"/>`,
	"leave":       `<path d="M9.5 2.500h-6v11h6M7 8h7.500M11.5 5l3 3-3 3"/>`,
	"keyboard":    `<rect x="1.5" y="4" width="13" height="8.5" rx="1.5"/><path d="M4 7h.1M6.7 7h.1M9.4 7h.1M12 7h.1M5 10h6"/>`,
	"phone":       `<path d="M3.5 2.500h2.300l1.2 3-1.5 1.200a8 8 0 0 0 3.8 3.800l1.2-1.5 3 1.200v2.300a1 1 0 0 1-1 1A9.5 9.5 0 0 1 2.5 3.500a1 1 0 0 1 1-1Z"/>`,
	"mask":        `<circle cx="8" cy="5.5" r="2.7"/><path d="M2.8 14c.5-2.8 2.6-4.2 5.2-4.2 1 0 2 .2 2.8.6M11.5 11.500l3 3M14.5 11.500l-3 3"/>`,
	"money":       `<circle cx="8" cy="8" r="6"/><path d="M10 6c-.3-.8-1-1.2-2-1.2-1.2 0-2 .6-2 1.5 0 2 4 1.2 4 3.3 0 1-.8 1.6-2 1.600S6.2 10.7 6 9.800M8 3.800v8.4"/>`,
	"key":         `<circle cx="5" cy="11" r="2.5"/><path d="m7 9 6-6M10.5 5.500l2 2"/>`,
	"text":        `<rect x="4" y="1.5" width="8" height="13" rx="1.5"/><path d="M7 12.500h2"/>`,
	"hurt":        `<path d="M8 13.500C3.5 10.5 2 8.5 2 6a3 3 0 0 1 6-.8A3 3 0 0 1 14 6c0 2.5-1.5 4.5-6 7.500Z"/>`,
	"route":       `<circle cx="3.5" cy="12.5" r="1.7"/><circle cx="12.5" cy="3.5" r="1.7"/><path d="M5.2 12.500H10a2.3 2.3 0 0 0 0-4.500H6a2.3 2.3 0 0 1 0-4.500h4.8"/>`,
	"other":       `<path d="M3 8h.1M8 8h.1M13 8h.1" stroke-width="2.4"/>`,
	"warn":        `<circle cx="8" cy="8" r="6"/><path d="M8 4.800v3.700M8 11v.1"/>`,
	"lock":        `<rect x="3" y="7" width="10" height="6.5" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>`,
	"file":        `<path d="M4 1.500h5l3.5 3.500v9.500H4ZM9 1.500V5h3.5"/>`,
	"external":    `<path d="M6.5 3H3v10h10V9.500M9 2.500h4.500V7M13.5 2.5 7.5 8.5"/>`,
	"link":        `<path d="M7 9a2.5 2.5 0 0 0 3.6 0l2.2-2.200a2.5 2.5 0 0 0-3.6-3.600l-.8.800M9 7a2.5 2.5 0 0 0-3.6 0L3.2 9.200a2.5 2.5 0 0 0 3.6 3.600l.8-.8"/>`,
}

// icon writes a drawing that screen readers skip.
func icon(name string) (template.HTML, error) {
	body, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + body + `</svg>`), nil
}
