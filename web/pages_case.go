package web

import "time"

// CasePage is one case on one screen, evidence first. The decision it serves: who did this, and what limits it?
type CasePage struct {
	Ref      string
	Category string
	Headline string
	State    State
	Before   string // the state before, in words; shown as "new → Open"
	Owner    Person
	Due      Due
	Opened   time.Time
	Version  int64 // of the case as drawn: a command on an older one is refused
	Priority int
	Factors  []Factor
	Strip    []StripCell // five, in the order of the five questions
	Parts    CaseParts
	Related  []CaseLink // merge proposed
	Timeline []Event
	Can      CaseActs
	Resolve  ResolveForm
	Restrict RestrictForm
	Note     NoteForm
	Ask      AskForm
	Correct  CorrectForm
	Reopen   ReasonForm
	Merge    MergeForm
	Unmerge  ReasonForm
	// Traceback is the head of a traceback case; nil of any other.
	Traceback *TracebackPanel
	Pack      bool // it has a traceback pack, or is to have one
	// Merged is the case that this one is part of now.
	Merged *CaseLink
	// Lane is why it stands above all others; nil when it does not.
	Lane *Sign
	// Responsible is who answers for the number, in a sentence; "" not asked.
	Responsible string
	// Referral is proposed where the case is another carrier's; nil when it is not.
	Referral *ReferralLine
	// Counted says by how many called numbers the reports are borne out.
	Counted string
	// Problem is what went wrong with a command and belongs to none of its fields.
	Problem string
	// OutcomeNote says how a resolved case ended.
	Outcome *Outcome
}

func (p CasePage) meta() Meta {
	return Meta{Template: "case", Title: p.Ref + " " + p.Headline, Section: "queue", Wide: true}
}

// CaseParts are the three columns.
type CaseParts struct {
	Reports      []CaseReport
	ReportsTotal int
	ReportsHref  string // all of them
	Traffic      *Traffic
	Findings     []Finding
	Campaigns    []CaseCampaign
	Similar      []CaseLink
	Signers      []SignerLine
	Subjects     []Subject
	Restrictions []RestrictionLine
	Checklist    []CheckItem
}

// CaseActs are the commands that this reader may give on this case now.
type CaseActs struct {
	Claim, Release, Note, Ask, Correct, Resolve, Reopen, Restrict, Merge, Unmerge bool
}

// StripCell is one of the five questions with its answer.
type StripCell struct {
	Question string
	Tone     Tone
	Answer   string
	Detail   string
	Href     string // "#calls": the evidence behind it
	// Ask offers to get what is missing: a POST; empty where nothing can be done.
	Ask     string
	AskWord string
}

// Segment is a piece of a report's text. Mark is what was extracted from it ("caller number"), empty for plain text.
type Segment struct {
	Text       string
	Mark       string
	Confidence float64 // 0 to 1
	Fix        *Fix    // nil: nothing to choose
}

// Fix corrects something of a report by choosing what is right.
type Fix struct {
	Ref     string // of the case
	Report  string
	Field   string
	Number  string
	Options []Choice
}

// ReadAs is what a report as a whole was taken for.
type ReadAs struct {
	What  string
	Value string
	Fix   *Fix
}

// CorrectForm corrects something of a report by writing what is right.
type CorrectForm struct {
	Report string
	Field  Field
	Fields []Choice
	Number Field
	Value  Field
	Shown  bool
}

// CaseReport is a complaint as its case shows it.
type CaseReport struct {
	ID       string
	Channel  string // "E-mail"
	Received time.Time
	Occurred string // as told: "yesterday around 10"
	At       time.Time
	Reporter string // masked
	Kind     string // "called party"
	Text     []Segment
	Turns    []ChatTurn // of a conversation, in place of Text
	Numbers  []ReportNumber
	ReadAs   []ReadAs
	Correct  bool   // by writing what is right
	Why      string // of the link: "same caller number"
	Broken   string // why it could not be read; shown instead of an extraction
	Files    []FileLine
	RawHref  string
}

// ChatTurn is what one side wrote in a conversation at once.
type ChatTurn struct {
	Ours  bool
	Who   string // "Reporter", or what of ours it is
	At    time.Time
	Text  []Segment
	State State // how far it went, where that is not all the way
}

// ReportNumber is a number of a report with its role.
type ReportNumber struct {
	Role   string
	Number string
	Fix    *Fix // nil: may not be corrected
}

// FileLine is an attachment. Shown is how it can stand in the page: "image", "audio", or "" only as a link; without a
// Href nobody is given it. Note says what is to be known of it.
type FileLine struct {
	Name  string
	Type  string
	Bytes int64
	Href  string
	Save  string // to keep it as a file
	Shown string
	Note  string
	Tone  Tone // of the note
}

// Traffic is what the call history says about the case's subject. Each figure carries its n.
type Traffic struct {
	Subject     string
	Window      string // "last 7 days"
	Coverage    Sign   // do the records cover the time?
	Calls       TimeSeries
	ByHour      HeatFigure
	Durations   Histogram
	Destination Histogram
	Attestation Histogram
	Attested    []AttestedDay
	Stats       []Stat
	Figures     []FigureRow
	Countries   []Share
}

// FigureRow is one measure of traffic.
type FigureRow struct {
	Name  string
	Value string
	Range string // of 95 %
	N     int
	Of    string
	Note  string
	Tone  Tone
}

// TimeSeries is drawn by script from the table behind it. The first series is the whole, each later one a part of it, drawn over it.
type TimeSeries struct {
	Title  string
	Unit   string
	N      int
	Series []string
	Tones  []string // colour token for each: "accent", "harm", "edge"
	Points []Point
	Marks  []time.Time // reports
	MarkOf string      // "reports"
}

// Point is one row of a time series.
type Point struct {
	At     time.Time
	Values []int
}

// HeatFigure is calls by weekday (Monday first) and hour.
type HeatFigure struct {
	Title string
	N     int
	Grid  [7][24]int
}

// Histogram is a distribution with its n.
type Histogram struct {
	Title string
	N     int
	Note  string // interval, source
	Bins  []Share
}

// Stat is one figure with its doubt: "ASR 31 %, 28–34 %, n = 4,112".
type Stat struct {
	Label string
	Value string
	Note  string
	Tone  Tone
}

// Finding is one result of one enrichment.
type Finding struct {
	ID      string // anchor
	Kind    string // "Corroboration"
	Verdict Sign
	Text    string
	Facts   []Fact
	At      time.Time
	Window  string
	By      string // what produced it, with version
	// Identity is how a call was signed; nil of other kinds.
	Identity *IdentityPart
}

// Fact is a name and a value. Number is set where the value is a phone number.
type Fact struct {
	Name   string
	Value  string
	Number string
	Href   string
}

// Subject is what a case is about, in its role.
type Subject struct {
	Role    string // "caller ID shown", "originating account"
	Number  string
	Name    string
	Href    string
	Detail  string
	Past    string // "3 cases in a year, 2 upheld"
	Caution string // "holder of a number that others may have shown"
}

// RestrictionLine is a restriction in a list.
type RestrictionLine struct {
	ID      string
	What    string // "Refuse calls"
	Target  string // in words
	Number  string // when the target is a number
	State   State
	Until   time.Time
	By      string
	Reason  string
	CaseRef string
	Created time.Time
}

// CheckItem is one thing to have looked at before deciding.
type CheckItem struct {
	Text string
	Done bool
	Note string
}

// ReferralLine proposes to send the reporters to another carrier.
type ReferralLine struct {
	Reason string
	Hold   string // why it did not go by itself; "" the desk is to be asked
	Can    bool
}

// Outcome is how a case ended.
type Outcome struct {
	Disposition string
	Reason      string
	By          string
	At          time.Time
	Tone        Tone
}

// NoteForm adds a note.
type NoteForm struct {
	Text  Field
	Shown bool
}

// AskForm asks a reporter, in his chat or by mail.
type AskForm struct {
	Report    Field // whose reporter
	Text      Field
	Reporters []Choice // masked, newest first
	Shown     bool
}

// ReasonForm asks why, for commands that need nothing else.
type ReasonForm struct {
	Reason Field
	Shown  bool
}

// MergeForm makes the case part of another.
type MergeForm struct {
	Into   Field // reference
	Reason Field
	Shown  bool
}

// ResolveForm ends a case. Shown opens the dialog at once, to show what is wrong.
type ResolveForm struct {
	Disposition  Field
	Reason       Field
	Dispositions []Choice
	Quiet        bool // the reporters are not told
	Shown        bool
}

// RestrictForm sets a limit: what, on whom, until when, why, what it will stop, who must approve.
type RestrictForm struct {
	Kind    Field
	Target  Field
	Hours   Field
	Value   Field // channels, prefixes, countries or a rate; for kinds that need one
	Reason  Field
	Kinds   []Choice
	Targets []Choice
	Lengths []Choice
	// ValueKinds are the kinds that need Value, joined with "|".
	ValueKinds string
	Blast      BlastRadius
	Shown      bool
}

// BlastRadius is what a restriction would stop; the fragment is drawn anew when the form changes.
type BlastRadius struct {
	Ready    bool // false: nothing chosen yet
	Windows  []BlastWindow
	Warnings []string
	Approval string // who must approve, in words
	Overlap  string // another restriction already covers it
	Problem  string
}

func (BlastRadius) meta() Meta { return Meta{Template: "blast"} }

// BlastWindow is the effect on one window of past traffic.
type BlastWindow struct {
	Label    string // "last 24 h"
	Calls    int
	Answered int
	Parties  int
	Share    float64 // of the target's calls
}
