package cases

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Facts are what assessment gathers about a case: the only input of its
// priority and of rules.
type Facts struct {
	Category      Category         `json:"category,omitempty"` // most reported
	Pretext       string           `json:"pretext,omitempty"`
	Categories    map[Category]int `json:"categories,omitempty"`
	Reports       int              `json:"reports"`
	CalledParties int              `json:"called_parties"` // distinct called numbers
	Owners        int              `json:"owners"`         // reports by owners of a spoofed number
	Reports24h    int              `json:"reports_24h"`
	// Corroborated and Corroborated24h count the distinct called numbers to which
	// a reported call is known to have gone (confirmed or probable): of all
	// reports, and of those received in the last 24 hours.
	Corroborated    int       `json:"called_corroborated"`
	Corroborated24h int       `json:"called_corroborated_24h"`
	FirstReport     time.Time `json:"first_report,omitzero"`
	LastReport      time.Time `json:"last_report,omitzero"`
	Caller          string    `json:"caller,omitempty"`   // most reported
	Callback        string    `json:"callback,omitempty"` // most reported

	Corroboration Corroboration  `json:"corroboration,omitempty"` // best verdict of any report
	Confirmed     int            `json:"confirmed"`               // reports with a confirmed or probable call
	NotSeen       int            `json:"not_seen"`
	Checked       int            `json:"checked"` // reports that corroboration has looked at
	Attestation   map[string]int `json:"attestation,omitempty"`
	Parties       *Parties       `json:"parties,omitempty"`
	NumberHosted  bool           `json:"number_hosted"`
	// CallbackHolder is the account that holds the number to call back, when it is
	// ours; CalledBack counts the reports whose own number called it.
	CallbackHolder string   `json:"callback_holder,omitempty"`
	CalledBack     int      `json:"called_back,omitempty"`
	Protected      bool     `json:"protected"` // the originating account needs two people always
	InForce        int      `json:"in_force"`  // restrictions in force on it
	Related        []string `json:"related,omitempty"`
	Lane           Lane     `json:"lane,omitempty"`  // the most urgent of its reports
	Lanes          []Lane   `json:"lanes,omitempty"` // all of them, the most urgent first

	// Ours: a number of its reports, in whatever role, is one of ours (entitlements).
	Ours bool `json:"ours"`
	// NotCarried counts the reports whose latest look at the call history says
	// not_seen; Looking says that such a look is under way or has failed.
	NotCarried int  `json:"not_carried"`
	Looking    bool `json:"looking"`
	// Institutions counts reports by carriers, regulators, police, traceback.
	Institutions int `json:"institutions"`
	// Credibility is the mean of the reporters', 0…1. It affects order only.
	Credibility float64 `json:"credibility,omitempty"` // 0: nobody said who

	ScriptCases  int `json:"script_cases,omitempty"`  // other cases that share a script with it
	ScriptUpheld int `json:"script_upheld,omitempty"` // of these, upheld

	// Traceback is of traceback cases alone.
	Traceback *TracebackFacts `json:"traceback,omitempty"`

	// Signals counts complaints of public data within SignalWindow about the
	// numbers that are reported most.
	Signals int `json:"signals,omitempty"`

	// Traffic is what the calls of the originating account look like, by the latest
	// look; "" without one. Sure is its confidence.
	Traffic     TrafficClass `json:"traffic,omitempty"`
	TrafficSure float64      `json:"traffic_confidence,omitempty"`

	// DNO, Honeypots and ProtectedCalled count the numbers of its reports that were
	// on a list at the time: shown and on a do-not-originate list, called and a
	// honeypot, called and protected.
	DNO             int `json:"do_not_originate,omitempty"`
	Honeypots       int `json:"honeypots,omitempty"`
	ProtectedCalled int `json:"protected_called,omitempty"`

	// Identity is how its calls were signed; nil while nothing is known.
	Identity *IdentityFacts `json:"identity,omitempty"`

	LastReply time.Time    `json:"last_reply,omitzero"` // when a person last added to a report
	AskedAt   time.Time    `json:"asked_at,omitzero"`   // the last question to a reporter
	Question  SendingState `json:"question,omitempty"`  // what became of it
}

// Equal says whether nothing that a reader could see has changed.
func (f Facts) Equal(o Facts) bool {
	pa, pb := f.Parties, o.Parties
	sameParties := pa == pb || (pa != nil && pb != nil && pa.Originating == pb.Originating && pa.Holder == pb.Holder &&
		pa.Provider == pb.Provider && pa.Entitled == pb.Entitled && slices.Equal(pa.Path, pb.Path))
	return sameParties && f.Category == o.Category && f.Pretext == o.Pretext && maps.Equal(f.Categories, o.Categories) && f.Reports == o.Reports &&
		f.CalledParties == o.CalledParties && f.Owners == o.Owners && f.Reports24h == o.Reports24h &&
		f.FirstReport.Equal(o.FirstReport) && f.LastReport.Equal(o.LastReport) && f.Caller == o.Caller && f.Callback == o.Callback &&
		f.Corroboration == o.Corroboration && f.Confirmed == o.Confirmed && f.NotSeen == o.NotSeen && f.Checked == o.Checked &&
		maps.Equal(f.Attestation, o.Attestation) && f.NumberHosted == o.NumberHosted && f.CallbackHolder == o.CallbackHolder && f.CalledBack == o.CalledBack && f.Protected == o.Protected &&
		f.InForce == o.InForce && f.Lane == o.Lane && slices.Equal(f.Lanes, o.Lanes) && slices.Equal(f.Related, o.Related) &&
		f.Corroborated == o.Corroborated && f.Corroborated24h == o.Corroborated24h && f.Ours == o.Ours && f.NotCarried == o.NotCarried &&
		f.Looking == o.Looking && f.Institutions == o.Institutions && f.Credibility == o.Credibility &&
		f.Signals == o.Signals && f.Traffic == o.Traffic && f.TrafficSure == o.TrafficSure && f.DNO == o.DNO && f.Honeypots == o.Honeypots && f.ProtectedCalled == o.ProtectedCalled && f.ScriptCases == o.ScriptCases && f.ScriptUpheld == o.ScriptUpheld &&
		f.LastReply.Equal(o.LastReply) && f.AskedAt.Equal(o.AskedAt) && f.Question == o.Question && f.Traceback.equal(o.Traceback) && f.Identity.equal(o.Identity)
}

var categoryTitle = map[Category]string{
	CategoryRobocall: "Robocall", CategoryScam: "Scam call", CategorySpoofedMyNumber: "Spoofed number", CategoryAccountTakeover: "Account takeover",
	CategoryTollFraud: "Toll fraud", CategoryHarassment: "Harassment", CategoryTextSpam: "Text spam", CategoryTraceback: "Traceback request",
	CategoryOther: "Report",
}

// CategoryTitle is a category as people read it.
func CategoryTitle(c Category) string {
	if t := categoryTitle[c]; t != "" {
		return t
	}
	return "Report"
}

// Title names the case for a list: what is alleged, and the story told.
func (f Facts) Title() string {
	t := CategoryTitle(f.Category)
	if f.Traceback != nil {
		t = TracebackTitle
		if about := f.Traceback.about(); about != "" {
			t += " · " + about
		}
		return t
	}
	if f.Pretext != "" {
		t += " · " + f.Pretext
	}
	return t
}

// Factor is one reason for a priority.
type Factor struct {
	Points int    `json:"points"`
	Reason string `json:"reason"`
}

var categoryPoints = map[Category]int{
	CategoryTollFraud: 30, CategoryAccountTakeover: 30, CategoryTraceback: 30, CategoryScam: 20, CategoryHarassment: 15,
	CategoryRobocall: 12, CategorySpoofedMyNumber: 8, CategoryTextSpam: 6, CategoryOther: 4,
}

// lanePoints lift what cannot wait above everything that can.
const lanePoints = 60

// Points for a script that is told of in other cases too. They order the queue
// and are evidence of nothing: who reads a script out is not known by it.
const (
	scriptPoints       = 3 // for each case
	upheldScriptPoints = 4
	// MaxScriptCases is how many other cases make a difference.
	MaxScriptCases = 4
)

// Points for a number to call back that is ours. Whoever answers it takes part in
// what is complained of, as the holder of a number that is shown does not.
const (
	calledBackPoints  = 15
	ourCallbackPoints = 5
)

// trafficPoints are for traffic that certainly looks bad.
const trafficPoints = 15

var trafficWord = map[TrafficClass]string{ClassRobocaller: "those of a robocaller", ClassCompromised: "those of a hijacked telephone system"}

// maxSignalPoints bounds what complaints that nobody has checked can do.
const maxSignalPoints = 10

var laneReason = map[Lane]string{
	LaneLife: "somebody's life is threatened", LaneEmergency: "an emergency centre is attacked", LaneTollFraud: "toll fraud is going on now",
	LaneRegulator: "a regulator gives notice",
}

// Prioritise orders the queue, 0 (can wait) to 100, and says why, factor by
// factor. It counts the called numbers that a reported call is known to have
// gone to rather than reports, because one angry person can write many, and
// name many numbers. An urgent case stands above all others whatever its
// points: see Rank.
func Prioritise(f Facts, now time.Time) (int, []Factor) {
	var fs []Factor
	add := func(p int, format string, args ...any) {
		if p != 0 {
			fs = append(fs, Factor{p, fmt.Sprintf(format, args...)})
		}
	}
	add(categoryPoints[f.Category], "%s", CategoryTitle(f.Category))
	if f.Lane != "" {
		add(lanePoints, "%s", laneReason[f.Lane])
	}
	clock, why := f.Traceback.urgency(now)
	add(clock, "%s", why)
	switch called := func(n int) int { return int(math.Round(8 * math.Log2(float64(n+1)))) }; {
	case f.Corroborated > 0:
		add(called(f.Corroborated), "%s corroborated", plural(f.Corroborated, "called number", "called numbers"))
	case f.Traceback != nil: // is no complaint
	case f.Reports > 0:
		add(called(1), "no called number corroborated: counts as one complaint")
	}
	if f.Corroborated24h >= 3 {
		add(min(3*f.Corroborated24h, 15), "%d of the called numbers reported in the last 24 hours", f.Corroborated24h)
	}
	if f.Credibility > 0 {
		add(int(math.Round(20*(f.Credibility-0.5))), "how reports of these reporters turned out before")
	}
	switch f.Corroboration {
	case CorroborationConfirmed:
		add(20, "we carried the reported call")
	case CorroborationProbable:
		add(12, "we probably carried the reported call")
	case CorroborationNotSeen:
		add(-15, "our records are complete for that time and show no such call")
	}
	if f.CalledBack > 0 {
		add(calledBackPoints, "%s of those who complain called back a number of ours", plural(f.CalledBack, "number", "numbers"))
	} else if f.CallbackHolder != "" {
		add(ourCallbackPoints, "the number to call back is ours")
	}
	if p := f.Parties; p != nil && p.Originating != "" && !p.Entitled {
		add(8, "the account that called had no right to show the number")
	}
	if f.ScriptCases > 0 {
		reason := "same script as " + plural(f.ScriptCases, "other case", "other cases")
		if f.ScriptUpheld > 0 {
			reason += fmt.Sprintf(", %d of them upheld", f.ScriptUpheld)
		}
		add(scriptPoints*min(f.ScriptCases, MaxScriptCases)+min(f.ScriptUpheld, 1)*upheldScriptPoints, "%s", reason)
	}
	if f.Signals > 0 {
		add(min(int(math.Round(2*math.Log2(float64(f.Signals+1)))), maxSignalPoints), "%s in public complaint data within 90 days", plural(f.Signals, "complaint", "complaints"))
	}
	if f.Traffic.Bad() {
		add(int(math.Round(trafficPoints*f.TrafficSure)), "the calls of the account look like %s", trafficWord[f.Traffic])
	}
	addListed(f, add)
	if f.Owners > 0 && f.Confirmed == 0 {
		add(-4, "an owner of the number says it was spoofed")
	}
	if f.InForce > 0 {
		add(-20, "%s in force", plural(f.InForce, "restriction", "restrictions"))
	}
	if !f.LastReport.IsZero() && now.Sub(f.LastReport) > 14*24*time.Hour {
		add(-10, "nothing new for two weeks")
	}
	score := 0
	for _, x := range fs {
		score += x.Points
	}
	slices.SortStableFunc(fs, func(a, b Factor) int { return abs(b.Points) - abs(a.Points) })
	return min(max(score, 0), 100), fs
}

// Points for numbers on lists. They order the queue: who put a call through with a
// number that nobody may show is not known by that number.
const (
	dnoPoints       = 12
	honeypotPoints  = 8
	protectedPoints = 10
)

func addListed(f Facts, add func(p int, format string, args ...any)) {
	if f.DNO > 0 {
		add(dnoPoints, "a number that nobody may call with was shown (do-not-originate)")
	}
	if f.Honeypots > 0 {
		add(honeypotPoints, "%s called", plural(f.Honeypots, "honeypot", "honeypots"))
	}
	if f.ProtectedCalled > 0 {
		add(protectedPoints, "%s called, such as hospitals", plural(f.ProtectedCalled, "protected number", "protected numbers"))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
