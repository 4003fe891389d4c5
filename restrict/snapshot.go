package restrict

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// Options are the operator's part of every decision.
type Options struct {
	// Emergency must be set: without it no call could be told from a call for help.
	Emergency *numbers.Emergency
	Rates     *numbers.RateDeck // nil: only the switch knows prices
	// Deck, where it is set, is asked at each decision instead of Rates. It must not
	// block, and may return nil.
	Deck     func() *numbers.RateDeck
	FailMode FailMode
	// Redress is the https address, without quotes and semicolons, where a caller
	// who was blocked by mistake may object; "" leaves it out of the Reason header.
	Redress string
}

func (o Options) deck() *numbers.RateDeck {
	if o.Deck != nil {
		return o.Deck()
	}
	return o.Rates
}

// Snapshot is everything that a decision needs, as of one revision. It never
// changes and is safe for concurrent use.
type Snapshot struct {
	Revision     int64
	Checksum     string // alike on every replica that holds the same
	Restrictions int

	options     Options
	accounts    map[string][]*rule // every known account: its own rules and its resellers', strictest first
	connections map[string][]*rule
	callers     map[string][]*rule
	byID        map[string]connection
	bySource    map[netip.Addr][]connection
}

// connection is what a decision needs of one; the zero value is one not known.
type connection struct {
	id, account, country, techPrefix string
}

// NewSnapshot indexes a state. An account is known when it is a key of
// st.Parents or owns a connection or a restriction. Circles among the
// parents are taken as one group, whose restrictions hold for all its members.
// It fails on a restriction that it cannot enforce.
func NewSnapshot(st cases.PolicyState, o Options) (*Snapshot, error) {
	s := &Snapshot{Revision: st.Revision, Checksum: checksum(st), Restrictions: len(st.Restrictions), options: o,
		connections: map[string][]*rule{}, callers: map[string][]*rule{},
		byID: make(map[string]connection, len(st.Connections)), bySource: map[netip.Addr][]connection{}}
	own := map[string][]*rule{}
	var problems []error
	for _, r := range st.Restrictions {
		u, err := newRule(r)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		switch r.TargetKind {
		case cases.TargetAccount:
			own[r.TargetID] = append(own[r.TargetID], u)
		case cases.TargetConnection:
			s.connections[r.TargetID] = append(s.connections[r.TargetID], u)
		case cases.TargetNumber:
			s.callers[r.TargetID] = append(s.callers[r.TargetID], u)
		}
	}
	for _, rules := range s.connections {
		slices.SortFunc(rules, compare)
	}
	for _, rules := range s.callers {
		slices.SortFunc(rules, compare)
	}
	s.accounts = inherit(own, st.Parents, st.Connections)
	for _, c := range st.Connections {
		s.addConnection(c)
	}
	return s, errors.Join(problems...)
}

func (s *Snapshot) addConnection(c cases.Connection) {
	conn := connection{c.ID, c.AccountID, c.Country, c.TechPrefix}
	s.byID[c.ID] = conn
	for _, text := range c.SourceIPs {
		if ip, ok := sourceIP(text); ok && !slices.Contains(s.bySource[ip], conn) {
			s.bySource[ip] = append(s.bySource[ip], conn)
		}
	}
}

// sourceIP reads an address with or without port.
func sourceIP(text string) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Unmap(), true
	}
	if p, err := netip.ParseAddrPort(text); err == nil {
		return p.Addr().Unmap(), true
	}
	return netip.Addr{}, false
}

// connection resolves by id; else by address and tech prefix; else by the
// longest tech prefix that the dialled number begins with; else by the address
// alone where one connection uses it, or one of those without a tech prefix.
func (s *Snapshot) connection(q Request) connection {
	if q.Connection != "" {
		if c, ok := s.byID[q.Connection]; ok {
			return c
		}
	}
	if q.SourceIP == "" {
		return connection{}
	}
	ip, ok := sourceIP(q.SourceIP)
	if !ok {
		return connection{}
	}
	sharing := s.bySource[ip]
	if q.TechPrefix != "" {
		if c, ok := only(sharing, func(c connection) bool { return c.techPrefix == q.TechPrefix }); ok {
			return c
		}
	}
	if len(sharing) == 1 {
		return sharing[0]
	}
	dialled, longest := strings.TrimPrefix(user(q.To), "+"), 0
	for _, c := range sharing {
		if len(c.techPrefix) > longest && strings.HasPrefix(dialled, c.techPrefix) {
			longest = len(c.techPrefix)
		}
	}
	c, _ := only(sharing, func(c connection) bool {
		return len(c.techPrefix) == longest && strings.HasPrefix(dialled, c.techPrefix)
	})
	return c
}

// only returns the connection that matches, if exactly one does.
func only(list []connection, match func(connection) bool) (found connection, ok bool) {
	for _, c := range list {
		if !match(c) {
			continue
		}
		if ok {
			return connection{}, false
		}
		found, ok = c, true
	}
	return found, ok
}

// isEmergency asks for the connection's country; where that is not known, for
// all. The tech prefix may be the connection's or the one that the switch names.
func (s *Snapshot) isEmergency(c connection, q Request) bool {
	e := s.options.Emergency
	return e.Match(q.To, c.country, c.techPrefix) || q.TechPrefix != c.techPrefix && e.Match(q.To, c.country, q.TechPrefix)
}
