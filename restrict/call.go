package restrict

import (
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// call is one request while rules look at it. What is dear to work out (reading
// numbers, their country, the price) is worked out when the first rule asks.
type call struct {
	dialled     string
	to          string // dialled, without URI
	country     string // of the connection; "" unknown
	prefixes    [2]string
	active      int // -1 unknown
	rate        int64
	deck        *numbers.RateDeck
	failMode    FailMode
	readings    [3]destination
	n           int
	read        bool
	rateUnknown bool // a price was needed and not known
}

// destination is one way of reading what was dialled.
type destination struct {
	number  string // E.164; "" for a short number of the connection's country
	country string // alpha-2, "001" for numbers of no country, "" unknown
}

// shortNumber is the longest number that exists inside one country only.
const shortNumber = 6

// destinations returns every way of reading the dialled number: as it is, and
// without each tech prefix that it begins with. A prefix may look like a part of
// the number, and then the stricter reading must hold.
func (c *call) destinations() []destination {
	if !c.read {
		c.read = true
		c.addReading(c.to, c.country)
		for i, p := range c.prefixes {
			if p == "" || i > 0 && p == c.prefixes[0] {
				continue
			}
			if rest, ok := strings.CutPrefix(strings.TrimPrefix(c.to, "+"), p); ok && rest != "" {
				c.addReading(rest, c.country)
			}
		}
	}
	return c.readings[:c.n]
}

func (c *call) addReading(text, country string) {
	d := destination{number: text}
	switch {
	case numbers.IsE164(text):
		d.country = numbers.Country(text)
	case len(text) <= shortNumber && allDigits(text):
		d = destination{country: country}
	default:
		n, err := numbers.ParseWith(text, country, numbers.ParseOptions{FromSwitch: true})
		if err != nil && text == c.to && text != c.dialled { // what only a URI may hold: escapes, a phone-context
			n, err = numbers.ParseWith(c.dialled, country, numbers.ParseOptions{FromSwitch: true})
		}
		if err != nil {
			return
		}
		d = destination{n.E164, numbers.Country(n.E164)}
	}
	c.readings[c.n] = d
	c.n++
}

// price is what the switch says the destination costs, else what the rate deck
// says: the dearest, where the number can be read in several ways.
func (c *call) price() (microUSD int64, known bool) {
	if c.rate >= 0 {
		return c.rate, true
	}
	if c.deck == nil {
		return 0, false
	}
	for _, d := range c.destinations() {
		if _, r, ok := c.deck.Rate(d.number); ok && (!known || r > microUSD) {
			microUSD, known = r, true
		}
	}
	return microUSD, known
}

// strictest returns the first live rule of an ordered list that refuses the
// call, and lowers channels to the tightest live limit.
func strictest(rules []*rule, c *call, now int64, channels *int) (*rule, ReasonCode) {
	for _, u := range rules {
		if u.expired(now) {
			continue
		}
		if u.kind == cases.KindChannelLimit && (*channels == NoLimit || u.channels < *channels) {
			*channels = u.channels
		}
		if why := u.refuses(c); why != ReasonNone {
			return u, why
		}
	}
	return nil, ReasonNone
}

// callerNumber reads the caller ID as E.164; "" for a hidden or unreadable one.
func callerNumber(from, country string) string {
	if numbers.IsE164(from) {
		return from
	}
	n, err := numbers.ParseWith(from, country, numbers.ParseOptions{FromSwitch: true})
	if err != nil {
		return ""
	}
	return n.E164
}

// user is the part of a dialled string that says whom to call: a SIP or tel URI
// is cut down to its user, without parameters. Separators stay.
func user(dialled string) string {
	s := dialled
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = s[i+1:]
		if j := strings.IndexByte(s, '>'); j >= 0 {
			s = s[:j]
		}
	}
	s = strings.TrimSpace(s)
	for _, scheme := range [...]string{"sip:", "sips:", "tel:"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			s = s[len(scheme):]
			break
		}
	}
	if i := strings.IndexAny(s, ";@?:"); i >= 0 {
		s = s[:i]
	}
	return s
}

func allDigits(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(b byte) bool { return b < '0' || b > '9' })
}
