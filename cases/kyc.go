package cases

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// KYC is the file that was kept on knowing a customer (47 CFR 64.1200(n)(4) asks
// providers to know theirs). LegalName, Registration and Address are personal data
// where the customer is a person.
type KYC struct {
	AccountID    string     `json:"account" gorm:"primaryKey"`
	LegalName    string     `json:"legal_name,omitempty"`
	Registration string     `json:"registration,omitempty"` // number in a register of companies, or tax id
	Address      string     `json:"address,omitempty"`
	VerifiedAt   *time.Time `json:"verified_at,omitempty"`
	VerifiedBy   string     `json:"verified_by,omitempty"`
	VerifiedHow  string     `json:"verified_how,omitempty"`
	Documents    string     `json:"documents,omitempty"`     // that were received, in words
	UseCase      string     `json:"use_case,omitempty"`      // what the customer says that the calls are for
	MonthlyCalls int64      `json:"monthly_calls,omitempty"` // as expected; 0 not known
	Destinations string     `json:"destinations,omitempty"`  // as expected
	Note         string     `json:"note,omitempty"`
	UpdatedBy    string     `json:"updated_by,omitempty"`
	UpdatedAt    time.Time  `json:"updated_at,omitzero"`
	Version      int64      `json:"version"`
}

// KYCUnderReview is when a verification is old enough to be made again.
const KYCUnderReview = 2 * 365 * 24 * time.Hour

// MaxKYCField is the longest field, in characters.
const MaxKYCField = 2000

// Check trims the fields and says what is wrong at now.
func (k *KYC) Check(now time.Time) error {
	var ps []Problem
	for _, f := range []struct {
		name string
		at   *string
		max  int
	}{{"legal_name", &k.LegalName, 320}, {"registration", &k.Registration, 320}, {"address", &k.Address, 1000}, {"verified_by", &k.VerifiedBy, 320}, {"verified_how", &k.VerifiedHow, MaxKYCField},
		{"documents", &k.Documents, MaxKYCField}, {"use_case", &k.UseCase, MaxKYCField}, {"destinations", &k.Destinations, MaxKYCField}, {"note", &k.Note, MaxKYCField}} {
		*f.at = strings.TrimSpace(*f.at)
		if utf8.RuneCountInString(*f.at) > f.max {
			ps = append(ps, Problem{Field: f.name, Message: fmt.Sprintf("has more than %d characters", f.max)})
		}
	}
	if k.MonthlyCalls < 0 {
		ps = append(ps, Problem{Field: "monthly_calls", Message: "cannot be less than none"})
	}
	if k.VerifiedAt != nil && k.VerifiedAt.After(now) {
		ps = append(ps, Problem{Field: "verified_at", Message: "is in the future"})
	}
	if k.VerifiedAt != nil && k.VerifiedHow == "" {
		ps = append(ps, Problem{Field: "verified_how", Message: "say how, where a time of verification is given"})
	}
	return Invalid(ps...)
}

// Missing says what the file lacks, in words.
func (k KYC) Missing(now time.Time) []string {
	var out []string
	for _, f := range []struct{ value, word string }{{k.LegalName, "the legal name"}, {k.Registration, "a registration or tax number"}, {k.Address, "the address"}, {k.Documents, "documents"},
		{k.UseCase, "what the calls are for"}} {
		if f.value == "" {
			out = append(out, f.word)
		}
	}
	switch {
	case k.VerifiedAt == nil:
		out = append(out, "a verification")
	case now.Sub(*k.VerifiedAt) > KYCUnderReview:
		out = append(out, "a verification within two years")
	}
	if k.MonthlyCalls == 0 {
		out = append(out, "how many calls are expected")
	}
	return out
}

// Masked hides what is personal.
func (k KYC) Masked() KYC {
	for _, f := range []*string{&k.LegalName, &k.Registration, &k.Address} {
		if *f != "" {
			*f = "on file"
		}
	}
	k.VerifiedBy = ""
	return k
}

// PostureState is what is known of one check of how an account is secured.
type PostureState string

const (
	PostureGood    PostureState = "yes"
	PostureBad     PostureState = "no"
	PostureUnknown PostureState = "unknown"
)

// Posture is one check of how an account is secured.
type Posture struct {
	AccountID string       `json:"account"`
	Name      string       `json:"check"`
	State     PostureState `json:"state"`
	Detail    string       `json:"detail,omitempty"` // such as "changed 400 days ago"
	AsOf      time.Time    `json:"as_of,omitzero"`   // when the source saw it so
	Source    string       `json:"source,omitempty"`
	Advice    string       `json:"advice,omitempty" gorm:"-"` // set where it is not good
}

// postureChecks are what is looked at, in the order of what protects most, and
// what to do where it is missing.
var postureChecks = []struct{ name, word, advice string }{
	{"two_factor", "Second factor for every person who signs in", "Have the customer turn on a second factor; a password alone is what most hijacked accounts had."},
	{"ip_restricted", "Calls only from addresses on file", "Ask for the addresses of the customer's switch and refuse calls from elsewhere."},
	{"strong_sip_password", "SIP password made by a machine", "Rotate the SIP password to a random one; short ones are guessed within hours."},
	{"channel_limit", "Limit on calls at once", "Set a channel limit near the busiest hour of the last months."},
	{"spend_limit", "Limit on spending a day", "Set a daily limit: toll fraud happens at night and at weekends."},
	{"destinations_limited", "Only countries that are needed", "Allow the countries that the customer calls, and deny premium destinations."},
	{"password_recent", "Password changed within a year, or after the last incident", "Have the password changed, and end the sessions that are open."},
	{"api_keys_scoped", "API keys with scopes and an expiry", "Replace keys that may do everything by ones for one purpose."},
	{"alerts_set", "Somebody is told of unusual traffic", "Enter a contact who is reached at night."},
}

// PostureChecks are the names of the checks.
func PostureChecks() []string {
	var out []string
	for _, c := range postureChecks {
		out = append(out, c.name)
	}
	return out
}

// PostureWord is a check as people read it.
func PostureWord(name string) string {
	for _, c := range postureChecks {
		if c.name == name {
			return c.word
		}
	}
	return name
}

// WholePosture puts every check in order, those that nobody told of as unknown, and
// gives advice where one is not good.
func WholePosture(account string, known []Posture) []Posture {
	var out []Posture
	for _, c := range postureChecks {
		p := Posture{AccountID: account, Name: c.name, State: PostureUnknown}
		if i := slices.IndexFunc(known, func(k Posture) bool { return k.Name == c.name }); i >= 0 {
			p = known[i]
		}
		if p.State != PostureGood {
			p.Advice = c.advice
		}
		out = append(out, p)
	}
	return out
}
