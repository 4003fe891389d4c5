package simulate

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// PopulationParams say what customers to make. The zero value of each field
// has a default.
type PopulationParams struct {
	Seed      uint64
	Customers int       // default DefaultCustomers, at most 100,000
	Days      int       // of history, default DefaultHistory
	End       time.Time // of the history, a full hour; default PopulationEnd
	// Bad is the share of customers who are bad, default BaseRate. More make
	// figures by pattern cheaper to measure; precision must then be weighted back.
	Bad float64
}

// Population is a carrier with many customers of whom the truth is known: who
// is bad, how, and since when. Everything depends on the parameters and
// population_params.go alone; the calls of a customer in an hour depend on
// nothing else than the seed, his place and that hour. Its methods may be used
// from several goroutines.
type Population struct {
	params  PopulationParams
	from    time.Time
	members []member // the customers, then those who spoof from outside
	numbers map[string]int32
}

// member is a customer, or a source of calls from outside.
type member struct {
	kind     *kind
	npa      int32 // index into areaCodes
	first    int32 // line of his first number
	numbers  int32
	byo      bool
	ownCalls float64 // of one who is: the share of calls that show numbers of ours
	victim   bool
	maligned bool
	spoofs   int32 // from outside: whose number is shown
	opened   time.Time
}

// Truth is what is known of a customer and never shown to a desk.
type Truth struct {
	Account string
	Kind    string
	Label   string // TruthHonest, TruthRobocaller, TruthCompromised
	// Since and Until bound what is bad; zero for honest customers.
	Since, Until time.Time
	// Victim says that others, from outside, show his number.
	Victim bool
}

// Bad says whether the account is to be acted on.
func (t Truth) Bad() bool { return t.Label != TruthHonest }

// NewPopulation makes the customers, none of their calls.
func NewPopulation(p PopulationParams) (*Population, error) {
	if p.Customers == 0 {
		p.Customers = DefaultCustomers
	}
	if p.Days == 0 {
		p.Days = DefaultHistory
	}
	if p.End.IsZero() {
		p.End = PopulationEnd
	}
	if p.Bad == 0 {
		p.Bad = BaseRate
	}
	var problems []cases.Problem
	wrong := func(field, message string) {
		problems = append(problems, cases.Problem{Field: field, Message: message})
	}
	if p.Customers < 1 || p.Customers > maxCustomers {
		wrong("customers", fmt.Sprintf("must be between 1 and %d, or numbers run out", maxCustomers))
	}
	if p.Days < 1 || p.Days > 366 {
		wrong("days", "must be between 1 and 366")
	}
	if !p.End.Equal(p.End.Truncate(time.Hour)) {
		wrong("end", "must be a full hour")
	}
	if p.Bad < 0 || p.Bad > 0.5 {
		wrong("bad", "must be a share of at most 0.5")
	}
	if len(problems) > 0 {
		return nil, cases.Invalid(problems...)
	}
	p.End = p.End.UTC()
	pop := &Population{params: p, from: p.End.AddDate(0, 0, -p.Days), numbers: map[string]int32{}}
	pop.settle()
	return pop, nil
}

// From is when the history begins.
func (p *Population) From() time.Time { return p.from }

// End is when it ends.
func (p *Population) End() time.Time { return p.params.End }

// Len is how many customers there are.
func (p *Population) Len() int { return p.params.Customers }

// settle draws who is who. Exactly the stated share is bad, evenly over the bad
// kinds, so that each pattern is seen in each seed.
func (p *Population) settle() {
	n := p.params.Customers
	r := rand.New(rand.NewPCG(p.params.Seed, 0x5e771e))
	var honest, bad []*kind
	for i := range kinds {
		if kinds[i].truth == TruthHonest {
			honest = append(honest, &kinds[i])
		} else {
			bad = append(bad, &kinds[i])
		}
	}
	of := make([]*kind, n)
	for i, at := range r.Perm(n)[:int(math.Round(p.params.Bad*float64(n)))] {
		of[at] = bad[i%len(bad)]
	}
	lines := make([]int32, len(areaCodes))
	for i := range n {
		m := member{kind: of[i], spoofs: -1}
		if m.kind == nil {
			x := r.Float64()
			for _, k := range honest {
				m.kind = k
				if x -= k.share; x < 0 {
					break
				}
			}
		}
		m.byo = r.Float64() < m.kind.byo
		if m.byo && r.IntN(2) == 0 {
			m.ownCalls = ownCalls.even(r)
		}
		m.numbers = int32(math.Round(m.kind.numbers.log(r)))
		m.npa = int32(r.IntN(len(areaCodes)))
		for lines[m.npa]+m.numbers > linesOfExchange {
			m.npa = (m.npa + 1) % int32(len(areaCodes))
		}
		m.first = lines[m.npa]
		lines[m.npa] += m.numbers
		m.opened = p.params.End.Add(-time.Duration(m.kind.age.log(r) * 24 * float64(time.Hour))).Truncate(time.Hour)
		if m.kind.truth == TruthHonest {
			m.victim, m.maligned = r.Float64() < victimRate, r.Float64() < malignedRate
		}
		p.members = append(p.members, m)
		for k := range m.numbers {
			p.numbers[m.number(int(k))] = int32(i)
		}
	}
	for i := range n {
		if p.members[i].victim {
			p.members = append(p.members, member{kind: &outside, spoofs: int32(i), npa: p.members[i].npa, opened: p.from})
		}
	}
}

// outside is the kind of those who spoof from outside.
var outside = kind{name: "outside", habits: []traits{spoofedFromOutside}}

// even and log draw from a span: evenly, and evenly in the logarithm.
func (s span) even(r *rand.Rand) float64 { return s.from + (s.to-s.from)*r.Float64() }

func (s span) log(r *rand.Rand) float64 {
	if s.from <= 0 {
		return s.even(r)
	}
	return s.from * math.Pow(s.to/s.from, r.Float64())
}

func accountID(i int) string { return fmt.Sprintf("c%06d", i) }

// Customers lists the accounts, with their truth.
func (p *Population) Customers() iter.Seq2[cases.Account, Truth] {
	return func(yield func(cases.Account, Truth) bool) {
		for i := range p.params.Customers {
			if !yield(p.Account(i), p.Truth(i)) {
				return
			}
		}
	}
}

// Account is customer i, from 0. Nothing of it tells the truth but the date of
// opening, a little.
func (p *Population) Account(i int) cases.Account {
	m := p.members[i]
	a := cases.Account{ID: accountID(i), Name: fmt.Sprintf("Customer %d", i), Kind: "business", Country: "US", Status: "active",
		Email: "abuse@" + accountID(i) + ".example.com", OpenedAt: m.opened}
	switch m.kind.name {
	case "residential":
		a.Kind = "consumer"
	case "reseller":
		a.Kind = "reseller"
	}
	return a
}

// Entitlements are the rights of customer i to show numbers.
func (p *Population) Entitlements(i int) []cases.Entitlement {
	m := p.members[i]
	var out []cases.Entitlement
	e := cases.Entitlement{AccountID: accountID(i), Kind: cases.EntitlementAssigned, From: m.opened}
	if m.byo {
		e.Kind = cases.EntitlementLOA
	}
	for k := range int(m.numbers) {
		e.E164 = m.number(k)
		out = append(out, e)
	}
	return out
}

// Truth is the truth about customer i.
func (p *Population) Truth(i int) Truth {
	m := p.members[i]
	t := Truth{Account: accountID(i), Kind: m.kind.name, Label: m.kind.truth, Victim: m.victim}
	for _, h := range p.habits(i) {
		if h.bad && !h.inbound {
			t.Since, t.Until = h.since, h.until
		}
	}
	return t
}
