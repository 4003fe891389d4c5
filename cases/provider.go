package cases

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// RMDStatus is how a provider stands in the FCC's Robocall Mitigation Database.
type RMDStatus string

const (
	RMDUnknown   RMDStatus = ""           // nobody has looked
	RMDListed    RMDStatus = "listed"     // its filing is there
	RMDDeficient RMDStatus = "deficient"  // it is there, and the FCC has found it wanting
	RMDRemoved   RMDStatus = "removed"    // the FCC took it out
	RMDNotListed RMDStatus = "not_listed" // a whole copy of the database lacks it
	RMDExempt    RMDStatus = "exempt"     // it need not file, such as one that hands over no calls with US numbers
)

// RMDStatuses lists those that a file may state.
func RMDStatuses() []RMDStatus {
	return []RMDStatus{RMDListed, RMDDeficient, RMDRemoved, RMDNotListed, RMDExempt}
}

// RMDRule is the rule under which calls of a provider that is not listed must be
// refused.
const RMDRule = "47 CFR 64.6305(g)"

// Provider is a carrier that hands calls to us, or that we hand calls to. ID is the
// name as call records have it (Call.Peer).
type Provider struct {
	ID               string    `json:"id" gorm:"primaryKey"`
	Name             string    `json:"name"`
	Aliases          string    `json:"aliases,omitempty" doc:"Other names, separated by semicolons"`
	Country          string    `json:"country,omitempty"`
	FRN              string    `json:"frn,omitempty" gorm:"column:frn" doc:"FCC Registration Number, ten digits"`
	OCN              string    `json:"ocn,omitempty" gorm:"column:ocn" doc:"Operating Company Number"`
	SPC              string    `json:"spc,omitempty" gorm:"column:spc" doc:"Service Provider Code of its STIR/SHAKEN certificates"`
	AbuseContact     string    `json:"abuse_contact,omitempty"`
	TracebackContact string    `json:"traceback_contact,omitempty"`
	Note             string    `json:"note,omitempty"`
	RMD              RMD       `json:"robocall_mitigation_database" gorm:"embedded;embeddedPrefix:rmd_"`
	UpdatedAt        time.Time `json:"updated_at,omitzero"`
}

// RMD is what is known of a provider's filing.
type RMD struct {
	Number         string     `json:"number,omitempty"` // RMD0001410
	Status         RMDStatus  `json:"status,omitempty" doc:"Empty: nobody has looked"`
	Since          *time.Time `json:"since,omitempty" doc:"From when the status is known"`
	Implementation string     `json:"implementation,omitempty" doc:"Of STIR/SHAKEN, as filed"`
	Roles          string     `json:"roles,omitempty"`       // voice service, gateway, intermediate
	Recertified    *time.Time `json:"recertified,omitempty"` // last
	CheckedAt      *time.Time `json:"checked_at,omitempty"`
	Source         string     `json:"source,omitempty"`
}

// Refusable says whether calls that come directly from the provider must be
// refused.
func (r RMD) Refusable() bool { return r.Status == RMDRemoved || r.Status == RMDNotListed }

// Sentence says how the provider stands, what it means, and how old the knowledge is.
func (p Provider) Sentence() string {
	r, day := p.RMD, func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return " since " + t.UTC().Format("2 January 2006")
	}
	name := cmp.Or(p.Name, p.ID)
	checked := ""
	if r.CheckedAt != nil {
		checked = " Last checked on " + r.CheckedAt.UTC().Format("2 January 2006") + "."
	}
	switch r.Status {
	case RMDListed:
		s := name + " is in the Robocall Mitigation Database"
		if r.Number != "" {
			s += " (" + r.Number + ")"
		}
		if r.Implementation != "" {
			s += "; STIR/SHAKEN: " + r.Implementation
		}
		return s + "." + checked
	case RMDDeficient:
		return name + "’s filing in the Robocall Mitigation Database has been deficient" + day(r.Since) + ": calls pass until it is removed. Ask it to mend the filing." + checked
	case RMDRemoved:
		return name + " was removed from the Robocall Mitigation Database" + strings.Replace(day(r.Since), "since", "on", 1) + ": calls that come directly from it must be refused (" + RMDRule + ")." + checked
	case RMDNotListed:
		return name + " has not been in the Robocall Mitigation Database" + day(r.Since) + ": calls that come directly from it must be refused (" + RMDRule + ")." + checked
	case RMDExempt:
		return name + " need not be in the Robocall Mitigation Database." + checked
	}
	return "Nobody has looked whether " + name + " is in the Robocall Mitigation Database. Import it with abusedesk import providers --format rmd."
}

// Names are all by which the provider may be found: its own and its aliases.
func (p Provider) Names() []string {
	out := []string{p.ID, p.Name}
	for a := range strings.SplitSeq(p.Aliases, ";") {
		out = append(out, strings.TrimSpace(a))
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// RMDFiling is one row of the Robocall Mitigation Database.
type RMDFiling struct {
	Number, FRN    string
	OtherFRNs      []string
	Names          []string // business name first, then others and earlier ones
	Implementation string
	Roles          string
	Recertified    *time.Time
	Country        string
}

// RMDMatch says by what a filing was recognised as a provider's.
type RMDMatch string

const (
	RMDByNumber RMDMatch = "number"
	RMDByFRN    RMDMatch = "frn"
	RMDByName   RMDMatch = "name"
)

// ProviderIndex finds the provider of a filing.
type ProviderIndex struct {
	number, frn, name map[string]string
}

// IndexProviders makes an index. A name that two providers have finds neither.
func IndexProviders(ps []Provider) ProviderIndex {
	x := ProviderIndex{map[string]string{}, map[string]string{}, map[string]string{}}
	for _, p := range ps {
		if p.RMD.Number != "" {
			x.number[strings.ToUpper(p.RMD.Number)] = p.ID
		}
		if p.FRN != "" {
			x.frn[FRN(p.FRN)] = p.ID
		}
		for _, n := range p.Names() {
			n = companyName(n)
			if was, twice := x.name[n]; twice && was != p.ID {
				x.name[n] = ""
			} else if n != "" {
				x.name[n] = p.ID
			}
		}
	}
	return x
}

// Find returns the provider whose filing it is, "" when it is nobody's: by the
// number of the filing, else by a registration number, else by a name, which must
// be a whole one.
func (x ProviderIndex) Find(f RMDFiling) (string, RMDMatch) {
	if id := x.number[strings.ToUpper(f.Number)]; id != "" {
		return id, RMDByNumber
	}
	for _, n := range append([]string{f.FRN}, f.OtherFRNs...) {
		if id := x.frn[FRN(n)]; id != "" {
			return id, RMDByFRN
		}
	}
	for _, n := range f.Names {
		if id := x.name[companyName(n)]; id != "" {
			return id, RMDByName
		}
	}
	return "", ""
}

// FRN writes an FCC Registration Number as ten digits; "" for anything else.
func FRN(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 10 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return strings.Repeat("0", 10-len(s)) + s
}

// companyName is a name without its legal form, punctuation and case, words in
// their order.
func companyName(s string) string {
	words := slices.DeleteFunc(plainWords(s), func(w string) bool { return slices.Contains(legalForms, w) })
	return strings.Join(words, " ")
}

// RMDImport says what the import of a copy of the database did.
type RMDImport struct {
	Filings  int // in the file
	ByNumber int // providers, by what they were recognised by
	ByFRN    int
	ByName   int
	Missing  int // providers that the whole copy lacks
	Unknown  int // providers that it cannot be said of: not in this part
	Several  int // providers that several filings seem to be of; the newest counts
}

// ProviderQuery selects providers by name.
type ProviderQuery struct {
	Text   string    // AND of words in id, name and aliases
	Status RMDStatus // "" any; "unknown" those that nobody has looked at
	Refuse bool      // only those whose calls must be refused
	Cursor string
	Limit  int
}

// ApplyFilings brings the standing of providers up to date with a copy of the
// database as of a time, and returns those that changed. A copy older than what is
// known of a provider changes nothing of it. What the FCC found (deficient) stays
// while the filing is there: the copy does not say it.
func ApplyFilings(all []Provider, filings []RMDFiling, source string, asOf time.Time, whole bool) ([]Provider, RMDImport) {
	sum := RMDImport{Filings: len(filings)}
	index := IndexProviders(all)
	type found struct {
		RMDFiling
		by RMDMatch
	}
	of := map[string]found{}
	for _, f := range filings {
		id, by := index.Find(f)
		if id == "" {
			continue
		}
		was, twice := of[id]
		if twice {
			sum.Several++
			if rankMatch[was.by] < rankMatch[by] || was.by == by && !later(f.Recertified, was.Recertified) {
				continue
			}
		}
		of[id] = found{f, by}
	}
	var out []Provider
	for _, p := range all {
		if p.RMD.CheckedAt != nil && p.RMD.CheckedAt.After(asOf) {
			continue
		}
		f, there := of[p.ID]
		status := RMDListed
		switch {
		case there:
			switch f.by {
			case RMDByNumber:
				sum.ByNumber++
			case RMDByFRN:
				sum.ByFRN++
			case RMDByName:
				sum.ByName++
			}
			if p.RMD.Status == RMDDeficient {
				status = RMDDeficient
			}
			p.RMD.Number, p.RMD.Implementation, p.RMD.Roles, p.RMD.Recertified = f.Number, f.Implementation, f.Roles, f.Recertified
			p.FRN = cmp.Or(FRN(f.FRN), p.FRN)
		case !whole || p.RMD.Status == RMDExempt || p.FRN == "" && p.RMD.Number == "" && p.RMD.Status == RMDUnknown:
			// Nothing is known of one whose name alone was not found: it may file under another.
			sum.Unknown++
			continue
		default:
			sum.Missing++
			status = RMDNotListed
			if p.RMD.Status == RMDRemoved {
				status = RMDRemoved
			}
		}
		if p.RMD.Status != status {
			p.RMD.Status, p.RMD.Since = status, &asOf
		}
		p.RMD.CheckedAt, p.RMD.Source = &asOf, source
		out = append(out, p)
	}
	return out, sum
}

// rankMatch says what a filing is better recognised by.
var rankMatch = map[RMDMatch]int{RMDByNumber: 0, RMDByFRN: 1, RMDByName: 2}

func later(a, b *time.Time) bool { return a != nil && (b == nil || a.After(*b)) }
