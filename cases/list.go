package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ListKind is what a list of numbers says about those on it.
type ListKind string

const (
	// ListDNO: the holder never calls from these numbers, so that no call may show
	// one (47 CFR 64.1200(k)(2), mandatory by 64.1200(o)).
	ListDNO ListKind = "do_not_originate"
	// ListHoneypot: numbers of ours that nobody was given. Who calls one dials by chance.
	ListHoneypot ListKind = "honeypot"
	// ListProtected: hospitals, authorities, emergency centres: calls from and to
	// them need care.
	ListProtected ListKind = "protected"
)

// ListKinds lists the kinds.
func ListKinds() []ListKind { return []ListKind{ListDNO, ListHoneypot, ListProtected} }

// ProtectedCategories are what a protected number can belong to.
func ProtectedCategories() []string {
	return []string{"hospital", "emergency_centre", "government", "crisis_line", "utility", "other"}
}

// Limits of lists.
const (
	// MinListPrefix is the fewest digits of a prefix, the country code included: a
	// slip of the finger must not put a country on a list.
	MinListPrefix = 4
	MaxListSource = 100 // bytes of a source's or a rate deck's name
	MaxListNote   = 300 // bytes
	// MaxListed is how many numbers one question may be about.
	MaxListed = 100
)

// ListEntry is one number, or all numbers that begin alike, on a list.
type ListEntry struct {
	ID       int64    `json:"id" gorm:"primaryKey"`
	Kind     ListKind `json:"kind"`
	Category string   `json:"category,omitempty"` // of protected numbers: ProtectedCategories
	Digits   string   `json:"digits"`             // of E.164, without "+"
	Exact    bool     `json:"exact"`              // this number; else all that begin with the digits
	Source   string   `json:"source"`             // who says so
	Note     string   `json:"note,omitempty"`
	// AddedAt, ExpiresAt and EndedAt say when it holds: from the first, until the
	// earlier of the others, exclusive. An entry that a newer version of its source
	// lacks is ended, not deleted: what held at a call's time can be said later.
	AddedAt   time.Time  `json:"added_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	SeenAt    time.Time  `json:"-"` // when an import last had it
}

// At says whether it holds at time t.
func (e ListEntry) At(t time.Time) bool {
	return !t.Before(e.AddedAt) && (e.ExpiresAt == nil || t.Before(*e.ExpiresAt)) && (e.EndedAt == nil || t.Before(*e.EndedAt))
}

// Covers says whether the entry is about an E.164 number.
func (e ListEntry) Covers(e164 string) bool {
	digits := strings.TrimPrefix(e164, "+")
	return digits == e.Digits || !e.Exact && strings.HasPrefix(digits, e.Digits)
}

// Check says what is wrong with an entry of an import at now.
func (e ListEntry) Check(now time.Time) error {
	var ps []Problem
	wrong := func(field, format string, args ...any) {
		ps = append(ps, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(ListKinds(), e.Kind) {
		wrong("list", "must be one of do_not_originate, honeypot, protected")
	}
	switch {
	case e.Digits == "" || len(e.Digits) > 15 || strings.Trim(e.Digits, "0123456789") != "":
		wrong("number", "must be one to fifteen digits of E.164")
	case !e.Exact && len(e.Digits) < MinListPrefix:
		wrong("prefix", "must have at least %d digits, the country code included", MinListPrefix)
	}
	if (e.Kind == ListProtected) != slices.Contains(ProtectedCategories(), e.Category) {
		if e.Kind == ListProtected {
			wrong("category", "must be one of %s", strings.Join(ProtectedCategories(), ", "))
		} else if e.Category != "" {
			wrong("category", "is for protected numbers only")
		}
	}
	if e.Source == "" || len(e.Source) > MaxListSource {
		wrong("source", "is required, with at most %d characters", MaxListSource)
	}
	if len(e.Note) > MaxListNote {
		wrong("note", "has more than %d bytes", MaxListNote)
	}
	if e.AddedAt.After(now.Add(24 * time.Hour)) {
		wrong("added_at", "is in the future")
	}
	if e.ExpiresAt != nil && !e.ExpiresAt.After(e.AddedAt) {
		wrong("expires_at", "must be after the entry begins")
	}
	return Invalid(ps...)
}

// ListSource is one source of one kind of list, with its counts.
type ListSource struct {
	Kind    ListKind  `json:"kind"`
	Source  string    `json:"source"`
	Entries int       `json:"entries"` // that hold now
	Ended   int       `json:"ended"`   // that do not any more
	SeenAt  time.Time `json:"imported_at"`
}

// ListChange says what an import did.
type ListChange struct {
	Added int
	Kept  int
	Ended int
}

// ListQuery selects entries, newest first.
type ListQuery struct {
	Kind   ListKind // "" any
	Source string
	Number string // E.164: those that cover it
	Ended  bool   // also those that do not hold any more
	Cursor string
	Limit  int
}

// ListHit is one number of a report that is on a list, as a finding keeps it.
type ListHit struct {
	E164  string     `json:"e164"`
	Role  NumberRole `json:"role"`
	Entry ListEntry  `json:"entry"`
}

// listTitle is what a kind is called within a sentence.
var listTitle = map[ListKind]string{ListDNO: "do-not-originate list", ListHoneypot: "honeypots", ListProtected: "protected numbers"}

// ListTitle is a kind of list as people read it.
func ListTitle(k ListKind) string { return cmp.Or(listTitle[k], string(k)) }

// ProtectedTitle is what a protected number belongs to, as people read it.
func ProtectedTitle(category string) string {
	switch category {
	case "emergency_centre":
		return "an emergency centre"
	case "crisis_line":
		return "a crisis line"
	case "government":
		return "an authority"
	case "hospital":
		return "a hospital"
	case "utility":
		return "a utility"
	}
	return "somebody who must be reachable"
}

// Sentence says what a hit means; number is the number as people read it.
func (h ListHit) Sentence(number string) string {
	since := h.Entry.AddedAt.UTC().Format("2 January 2006")
	called := h.Role == RoleCalled
	switch h.Entry.Kind {
	case ListDNO:
		if called {
			return fmt.Sprintf("%s, which was called, is on the do-not-originate list of %s since %s: its holder never calls from it.", number, h.Entry.Source, since)
		}
		return fmt.Sprintf("%s is on the do-not-originate list of %s since %s: nobody may call with it.", number, h.Entry.Source, since)
	case ListHoneypot:
		if called {
			return fmt.Sprintf("%s, which was called, is a honeypot of ours (%s): nobody was given that number, so that who calls it dials by chance or from a list.", number, h.Entry.Source)
		}
		return fmt.Sprintf("%s is a honeypot of ours (%s), which never calls: somebody else showed it.", number, h.Entry.Source)
	}
	if called {
		return fmt.Sprintf("%s, which was called, is %s (%s): calls that tie it up endanger others.", number, ProtectedTitle(h.Entry.Category), h.Entry.Source)
	}
	return fmt.Sprintf("%s is %s (%s): it is likely to be shown by somebody else, and must not be limited without care.", number, ProtectedTitle(h.Entry.Category), h.Entry.Source)
}

// RateLine is one price of a rate deck.
type RateLine struct {
	Deck   string `json:"deck,omitempty"`
	Prefix string `json:"prefix"` // digits of E.164, without "+"
	Tag    string `json:"tag"`    // the deck's name for the destination
	Micros int64  `json:"rate_micros" doc:"Micro-USD per minute"`
}

// RateDeck is one version of a list of prices. Of the versions of one name the
// one counts whose ValidFrom is the latest that has come.
type RateDeck struct {
	ID         int64     `json:"id" gorm:"primaryKey"`
	Name       string    `json:"name"`
	ValidFrom  time.Time `json:"valid_from"`
	Rates      int       `json:"rates"`
	ImportedAt time.Time `json:"imported_at"`
}

// DecksAt returns those that are in force at t, one of each name; of two of one
// beginning the later import counts.
func DecksAt(ds []RateDeck, t time.Time) []RateDeck {
	byName := map[string]RateDeck{}
	for _, d := range ds {
		was, ok := byName[d.Name]
		if d.ValidFrom.After(t) || ok && cmp.Or(d.ValidFrom.Compare(was.ValidFrom), cmp.Compare(d.ID, was.ID)) < 0 {
			continue
		}
		byName[d.Name] = d
	}
	var out []RateDeck
	for _, d := range byName {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b RateDeck) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
