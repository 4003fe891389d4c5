package cases

import (
	"slices"
	"time"
)

// Script is what is kept of a report's wording, to find those that are alike by.
type Script struct {
	ReportID   int64
	CampaignID int64   // that it is part of now; 0 while it is placed
	Keys       []int64 `gorm:"-"`
	Signature  []byte
}

// ScriptMatch is a stored script that another one is like.
type ScriptMatch struct {
	ReportID, CampaignID int64
	Share                float64 // of the shorter script that lies in the other, 0…1
}

// ScriptPlace says where a script belongs.
type ScriptPlace struct {
	Matches []ScriptMatch // best first
	// Covered: a stored script is the same from beginning to end, and whatever
	// would be found by the keys of this one is found by those of that.
	Covered bool
}

// ScriptReader reads wordings and compares them. Its functions are pure.
type ScriptReader struct {
	// Read returns a script without keys for a text that tells of none.
	Read func(text string) Script
	// Place compares a script with those that have the most keys in common with it.
	Place func(s Script, candidates []Script) ScriptPlace
	// Explain says why a script is linked to the case or report ref.
	Explain func(share float64, ref string) string
	// Candidates is how many are worth comparing, and Postings how many scripts
	// are kept under one key.
	Candidates, Postings int
}

// leastScript is the shortest text that can be like another one: seven words of
// one letter, six pairs of them in common.
const leastScript = 13 // bytes

// TellsOfScript says whether the wording of a report is looked at for its script.
// What carriers and authorities write is theirs: their forms are alike, and
// would make one campaign of all that they ask about.
func TellsOfScript(kind ReporterKind, text string) bool {
	return len(text) >= leastScript &&
		!slices.Contains([]ReporterKind{ReporterCarrier, ReporterRegulator, ReporterTraceback, ReporterPolice}, kind)
}

// Campaign is what is known of the cases and reports that tell of one script.
// One whose reports are all of one case is not shown.
type Campaign struct {
	ID       int64     `json:"id"`   // the report that it began with
	Text     string    `json:"text"` // of that report, at most MaxExcerpt bytes; in a CampaignView of the most typical one
	Cases    int       `json:"cases"`
	Reports  int       `json:"reports"`
	Numbers  int       `json:"numbers"`  // distinct ones that called or are to be called back
	Accounts int       `json:"accounts"` // distinct originating accounts
	Open     int       `json:"open"`     // cases
	Resolved int       `json:"resolved"` // cases
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
}

// MaxExcerpt bounds the text that stands for a campaign in a list, in bytes.
const MaxExcerpt = 400

// CampaignQuery selects campaigns, the one that was heard of last first.
type CampaignQuery struct {
	Cursor string
	Limit  int
}

// CampaignCase is a case of a campaign.
type CampaignCase struct {
	Case    Case
	Reports int       // of the campaign in it
	Numbers []string  // that called or are to be called back, the most reported first, at most five
	FirstAt time.Time // the first of these reports
	// Share is how like its script is to the one that the list is about, 0…1; 0
	// where only others between them show that they are one. Why says it in words.
	Share float64
	Why   string
	// Script is the wording of the case's first report in it.
	Script Script `json:"-"`
}

// CampaignNumber is a number across a campaign.
type CampaignNumber struct {
	E164    string     `json:"e164"`
	Role    NumberRole `json:"role"`
	Reports int        `json:"reports"`
	Cases   int        `json:"cases"`
}

// CampaignAccount is an originating account across a campaign.
type CampaignAccount struct {
	ID    string `json:"id"`
	Name  string `json:"name"` // "" not imported
	Cases int    `json:"cases"`
}

// CampaignView is everything about a campaign.
type CampaignView struct {
	Campaign     Campaign
	Script       []ScriptPiece       // the most typical wording, in pieces
	Cases        []CampaignCase      // newest first, at most MaxPage
	Numbers      []CampaignNumber    // the most reported first, at most MaxPage
	Accounts     []CampaignAccount   // at most MaxPage
	Dispositions map[Disposition]int // of the resolved cases
	Received     []time.Time         // of its reports, newest first, at most MaxTimes
}

// MaxTimes bounds the reports whose times are drawn.
const MaxTimes = 5000

// ScriptPiece is a stretch of a script's text. Common: most cases of the
// campaign have the same words.
type ScriptPiece struct {
	Text   string `json:"text"`
	Common bool   `json:"common"`
}

// CaseCampaign is a campaign as one of its cases sees it.
type CaseCampaign struct {
	ID      int64
	Cases   int            // with this one
	Reports int            // of all of them
	Others  []CampaignCase // the most alike first, at most ten
	Script  Script         // the wording of this case's first report in it
}
