package cases

// TrafficClass is what traffic looks like.
type TrafficClass string

// Classes.
const (
	ClassTooLittle   TrafficClass = "too_little"  // fewer than MinSample attempts
	ClassRobocaller  TrafficClass = "robocaller"  // unwanted calls in bulk, recorded or spoken
	ClassCompromised TrafficClass = "compromised" // a hijacked telephone system; its owner is a victim
	ClassCallCentre  TrafficClass = "call_centre" // calls in bulk that look wanted: diallers, reminders, alerts
	ClassBusiness    TrafficClass = "business"    // all else: people calling people
)

// Bad says whether the class is a reason to act.
func (c TrafficClass) Bad() bool { return c == ClassRobocaller || c == ClassCompromised }

// Classification is what a profile looks like, and why. It is evidence for an
// analyst, and one of two families that an automatic restriction needs; never
// enough by itself.
type Classification struct {
	Class TrafficClass `json:"class"`
	// Confidence is the estimated probability that the class is right, 0 to 1, at
	// the base rate of one bad customer in a thousand.
	Confidence float64 `json:"confidence"`
	// Account is whom it is about: the account whose calls these are. "" for the
	// profile of a number or a provider: the calls look like that, which says
	// nothing about who holds the number, for anybody can show it.
	Account string `json:"account,omitempty"`
	Summary string `json:"summary"` // a sentence or two that an analyst can repeat
	// Reasons are what counted for and against a bad class, the weightiest first.
	Reasons []ClassReason `json:"reasons,omitempty"`
	// WouldChange says what would change its mind.
	WouldChange []string `json:"would_change,omitempty"`
	Producer    string   `json:"producer"` // name and version of the scorecard
}

// Accuses says whether this is evidence against an account.
func (c Classification) Accuses() bool { return c.Class.Bad() && c.Account != "" }

// ClassReason is one line of the scorecard.
type ClassReason struct {
	For     TrafficClass `json:"for"`     // the bad class that it speaks for, or against where Weight is negative
	Measure Measure      `json:"measure"` // the figure that it rests on
	Value   float64      `json:"value"`
	Text    string       `json:"text"`   // in words, with the value
	Weight  float64      `json:"weight"` // log-odds (natural): 0.7 doubles the odds, 2.3 makes them tenfold
}
