package web

import "time"

// CampaignsPage lists what several cases tell alike.
type CampaignsPage struct {
	Rows  []CampaignLine
	Pages Pages
}

func (CampaignsPage) meta() Meta {
	return Meta{Template: "campaigns", Title: "Campaigns", Section: "campaigns"}
}

// CampaignLine is a campaign in a list.
type CampaignLine struct {
	Href            string
	Text            string // the beginning of a report
	Cases, Reports  int
	Numbers         int
	Accounts        int
	Open, Resolved  int
	FirstAt, LastAt time.Time
}

// CampaignPage is one campaign. The decision it serves: is this one operation, and what was decided of its other cases?
type CampaignPage struct {
	ID       string
	Stats    []Stat
	Script   []Segment // the most typical wording; Mark: most cases have these words
	Cases    []CampaignCaseLine
	More     int // cases that are not shown
	Numbers  []CampaignNumberLine
	Accounts []CampaignAccountLine
	Outcomes Histogram
	Course   Histogram // reports over time
	FirstAt  time.Time
	LastAt   time.Time
}

func (p CampaignPage) meta() Meta {
	return Meta{Template: "campaign", Title: "Campaign " + p.ID, Section: "campaigns"}
}

// CampaignCaseLine is a case of a campaign.
type CampaignCaseLine struct {
	Link     CaseLink // Why is how like its script is
	Alike    int      // in hundredths; 0 not like the one that is shown, but through others
	Numbers  []string
	Account  string
	FirstAt  time.Time
	Priority int
}

// CampaignNumberLine is a number across a campaign.
type CampaignNumberLine struct {
	Number         string
	Role           string
	Reports, Cases int
}

// CampaignAccountLine is an account across a campaign.
type CampaignAccountLine struct {
	Name  string
	Href  string
	Cases int
}

// CaseCampaign is a campaign as the page of one of its cases shows it.
type CaseCampaign struct {
	Href   string
	Text   string // "Same script as 4 other cases, 12 reports in all."
	Others []CampaignCaseLine
	More   int // others that are not shown
}
