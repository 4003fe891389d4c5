package web

import "time"

// MatchLine is the mark that an account may be of a customer who was cut off.
type MatchLine struct {
	ID        int64
	Account   string // id
	Name      string
	Other     string
	OtherName string
	Score     string
	Text      string
	State     State
	Found     time.Time
	Calls     string // that it had made when it was recognised
	Decided   string // by whom and why
	Mine      bool   // the mark is about the account whose page this is; else it is the one that was cut off
	CanDecide bool
	Why       Field // of a decision
}

// LinkLine is an account that may be the same customer's.
type LinkLine struct {
	ID    string
	Name  string
	State State
	Score string
	Why   string
}

// PostureLine is one check of how an account is secured.
type PostureLine struct {
	Word   string
	State  State
	Detail string
	AsOf   time.Time
	Source string
	Advice string
}

// KYCForm is the file on a customer as somebody changes it.
type KYCForm struct {
	LegalName, Registration, Address, VerifiedAt, VerifiedBy, VerifiedHow, Documents, UseCase, MonthlyCalls, Destinations, Note Field
	Version                                                                                                                     int64
	Problem                                                                                                                     string
	Shown                                                                                                                       bool
}

// CustomerParts are the sections of an account's page that say who it is.
type CustomerParts struct {
	Matches  []MatchLine
	Links    []LinkLine
	KYC      []Fact
	Missing  []string
	Posture  []PostureLine // what is known
	Unlooked []PostureLine // and what is not
	Checks   int
	Below    string // "1,204 customers below it, 12 directly"
	Pages    Pages
	Edit     *KYCForm // where the file is shown whole to somebody who may change it
	Revealed bool
	CanOpen  bool
}

// ReturnersPage lists marks. The decision it serves: is this new customer one who was cut off?
type ReturnersPage struct {
	Views  []Tab
	States []Tab
	Rows   []MatchLine
	Pages  Pages
}

func (ReturnersPage) meta() Meta {
	return Meta{Template: "returners", Title: "May have come back", Section: "accounts"}
}

// ProvidersPage lists upstream providers. The decision it serves: whose calls must be refused, and of whom is nothing known?
type ProvidersPage struct {
	Query   string
	Views   []Tab
	Rows    []ProviderLine
	Pages   Pages
	Unknown []string // that hand calls over and were never imported
}

func (ProvidersPage) meta() Meta {
	return Meta{Template: "providers", Title: "Providers", Section: "providers"}
}

// ProviderLine is a provider in a list.
type ProviderLine struct {
	ID      string
	Href    string
	Name    string
	Country string
	State   State
	Since   time.Time
	Checked time.Time
}

// ProviderPage is one provider.
type ProviderPage struct {
	Line    ProviderLine
	Text    string // how it stands and what that means
	Facts   []Fact
	Contact []Fact
	Filing  []Fact
	Note    string
	Traffic *Traffic
	// Attested is how the calls that it handed to us were signed.
	Attested []AttestedDay
}

func (p ProviderPage) meta() Meta {
	return Meta{Template: "provider", Title: p.Line.Name, Section: "providers"}
}

// ListsPage lists numbers that somebody put on a list. The decision it serves: is this number on one, and says who?
type ListsPage struct {
	Views   []Tab
	Query   string
	Problem string
	Sources []ListSourceLine
	Rows    []ListLine
	Pages   Pages
	Decks   []DeckLine
	Ended   Tab // shows what has ended, or not
}

func (ListsPage) meta() Meta { return Meta{Template: "lists", Title: "Lists", Section: "lists"} }

// ListSourceLine is one source of a list.
type ListSourceLine struct {
	List    string
	Source  string
	Href    string
	Entries int
	Ended   int
	At      time.Time
}

// ListLine is one entry.
type ListLine struct {
	List   string
	Number string // E.164 of a whole number
	Prefix string // else what numbers begin with
	Detail string // what it belongs to, and the note
	Source string
	Since  time.Time
	Until  time.Time
	State  State
}

// DeckLine is one version of a rate deck.
type DeckLine struct {
	Name  string
	From  time.Time
	Rates int
	State State
}
