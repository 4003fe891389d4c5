package cases

import "time"

// Profile is what the traffic of one key looked like in a window: figures that
// a page lists and rules read by name. It says nothing of guilt. The profile of
// a shown number says nothing of who holds that number: anybody can show it.
type Profile struct {
	Kind     string    `json:"kind"` // from: number as shown; to: calls in to a number of ours; account: its own calls; provider: what it handed to us
	Key      string    `json:"key"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"` // exclusive
	Attempts int       `json:"attempts"`
	Answered int       `json:"answered"`
	// Complaints are reports and signals about the key in the window.
	Complaints int `json:"complaints"`
	// Sampled calls are the newest; figures that are marked so are of them
	// alone. SampledSince is the start of the oldest.
	Sampled      int       `json:"sampled"`
	SampledSince time.Time `json:"sampled_since,omitzero"`
	Figures      []Figure  `json:"figures"` // those that mean something for the kind, in the order in which they are shown
	// ByHour counts calls by hour of day in Zone.
	ByHour    [24]int        `json:"by_hour"`
	Zone      string         `json:"zone"`                // IANA name, or UTC where the local time is not known
	Countries []CountryShare `json:"countries,omitempty"` // of called numbers, most first, at most ten
}

// Figure finds a figure by its name; false where it means nothing for the
// kind of profile.
func (p Profile) Figure(m Measure) (Figure, bool) {
	for _, f := range p.Figures {
		if f.Measure == m {
			return f, true
		}
	}
	return Figure{}, false
}

// Value is the value of a figure; false where there is none: it means nothing
// for the kind of profile, or there are too few calls to say.
func (p Profile) Value(m Measure) (float64, bool) {
	f, _ := p.Figure(m)
	if f.Estimate == nil {
		return 0, false
	}
	return f.Estimate.Value, true
}

// CountryShare is how many calls went to one country.
type CountryShare struct {
	Country string  `json:"country"` // alpha-2; "" unknown
	Calls   int     `json:"calls"`
	Share   float64 `json:"share"` // of all calls
}

// MinSample is the fewest observations of which a figure is told; below it any
// share is chance. Published analytics ask for the same number of attempts.
const MinSample = 20

// Figure is one measure of a profile.
type Figure struct {
	Measure  Measure   `json:"measure"`
	Name     string    `json:"name"` // as shown to people
	Unit     Unit      `json:"unit"`
	N        int       `json:"n"`                  // observations behind it
	Of       string    `json:"of"`                 // what N counts: attempts, answered calls, …
	Estimate *Estimate `json:"estimate,omitempty"` // nil, which is not zero: fewer than MinSample observations, or nothing to divide by
	Sampled  bool      `json:"sampled"`            // of the newest calls alone
	// Alarm is the published threshold that the value passes, if it does. It is
	// evidence to look at, not a verdict.
	Alarm *Alarm `json:"alarm,omitempty"`
}

// Hidden says that there are too few observations to tell a value.
func (f Figure) Hidden() bool { return f.Estimate == nil }

// Estimate is a value with its 95 % confidence interval.
type Estimate struct {
	Value    float64 `json:"value"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Interval bool    `json:"interval"` // false: the value is exact or its spread unknown; Low and High equal it
}

// Alarm is a published threshold that a figure passes.
type Alarm struct {
	Threshold float64 `json:"threshold"`
	Source    string  `json:"source"` // who published it, in words
	// Sure says that the whole interval passes it, not the value alone.
	Sure bool `json:"sure"`
}

// Unit says how a value is written.
type Unit string

// Units.
const (
	UnitShare   Unit = "share" // 0 to 1
	UnitSeconds Unit = "seconds"
	UnitCalls   Unit = "calls"
	UnitNumbers Unit = "numbers" // distinct telephone numbers
	UnitPer10k  Unit = "per_10000_calls"
	UnitUSD     Unit = "usd"
	UnitUSDMin  Unit = "usd_per_minute"
	UnitRatio   Unit = "ratio"
	UnitBits    Unit = "bits"
)

// Measure is the stable name of a figure, by which rules read it.
type Measure string

// Measures. Shares are of attempts unless said otherwise.
const (
	MeasureASR           Measure = "answer_seizure_ratio"        // answered / attempts (ITU-T E.425)
	MeasureNER           Measure = "network_effectiveness_ratio" // answered, busy, unanswered or rejected by the called party / attempts (ITU-T E.425)
	MeasureACD           Measure = "average_call_duration"       // billed seconds / answered
	MeasureShort         Measure = "short_duration_ratio"        // answered for at most ShortCall / answered
	MeasureUnder30       Measure = "under_30_seconds"            // answered for less than 30 s / answered; sampled
	MeasureAbandoned     Measure = "abandonment"                 // cancelled by the caller / attempts
	MeasureRejected      Measure = "rejected"                    // rejected by the called party / attempts
	MeasureInvalid       Measure = "invalid_destinations"        // to numbers that do not exist (404, 410, 484, Q.850 1 and 28) / attempts
	MeasureCalledHangsUp Measure = "called_hangs_up"             // ended by the called party / answered calls of which it is known; sampled
	MeasureNeighbour     Measure = "neighbour_ratio"             // caller shows area code and exchange of the called number / attempts
	MeasureSequential    Measure = "sequential_dialling"         // steps of 1 to 5 between numbers dialled one after the other / steps; sampled
	MeasureCallers       Measure = "distinct_callers"
	MeasureCallees       Measure = "distinct_callees"
	MeasurePerCaller     Measure = "calls_per_caller"       // attempts / distinct callers
	MeasurePerCallee     Measure = "calls_per_callee"       // attempts / distinct callees
	MeasureGaps          Measure = "interarrival_variation" // coefficient of variation of the gaps between calls; sampled
	MeasurePeakMinute    Measure = "peak_calls_per_minute"  // sampled
	MeasureConcurrent    Measure = "peak_concurrent_calls"  // answered at the same time; sampled
	MeasureForeignAtOnce Measure = "peak_concurrent_abroad" // the same, to other countries; sampled
	MeasureLongest       Measure = "longest_call"           // seconds; sampled
	MeasureOutOfHours    Measure = "out_of_hours"           // outside 07:00 to 19:00 on working days, in the caller's time
	MeasureForeign       Measure = "foreign_share"          // to other countries than the caller's
	MeasureForeignNight  Measure = "abroad_out_of_hours"    // out of hours / attempts to other countries
	MeasureForeignMinute Measure = "cost_per_minute_abroad" // US$ per billed minute of calls to other countries; sampled
	MeasureTopCountry    Measure = "top_country_share"
	MeasureEntropy       Measure = "country_entropy" // Shannon entropy of countries called, in bits
	MeasureCost          Measure = "cost"            // US$ in the window
	MeasureCostDay       Measure = "cost_of_dearest_day"
	MeasureCostMinute    Measure = "cost_per_minute" // US$ per billed minute
	MeasureAttestA       Measure = "attested_a"
	MeasureAttestB       Measure = "attested_b"
	MeasureAttestC       Measure = "attested_c"
	MeasureUnsigned      Measure = "unsigned"
	MeasureComplaints    Measure = "complaints_per_10000_calls"
)
