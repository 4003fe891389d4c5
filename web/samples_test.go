package web

import (
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// drawn is a page as the tests draw it, with the reader that sees it.
type drawn struct {
	name   string
	page   Page
	status int
	view   func(*View)
}

var sampleNow = time.Date(2026, 11, 24, 9, 41, 0, 0, time.UTC)

func testView() View {
	berlin, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return View{Now: sampleNow, Zone: berlin, Viewer: Viewer{Name: "Dana Reyes", Email: "dana@example.com", Role: "analyst"},
		Nav: NavCounts{Queue: "216", Approvals: 2, Unknown: 1, Operations: 1}, Development: true}
}

var (
	stateOpen    = State{"open", "Open", Neutral}
	stateActive  = State{"active", "Active", Cleared}
	stateWaiting = State{"proposed", "Waits for approval", Doubt}
)

func formPage() ReportFormPage {
	l, err := loadLocales(localeFiles)
	if err != nil {
		panic(err)
	}
	w := l.all[0]
	return ReportFormPage{Nonce: "n-1", Zone: Field{Value: "UTC"}, Zones: zoneChoices(w, "UTC"), Kinds: kindChoices(w), Countries: w.countries(),
		CallerCountry: "US", CallbackCountry: "US", CalledCountry: "US", Widget: w.widget(), CanConfirm: true}
}

func widgetPage() ReportFormPage {
	p := formPage()
	p.OneByOne = true
	return p
}

func framedPage() StatusPage {
	p := statusPage()
	p.Framed = true
	return p
}

func wrongFormPage() ReportFormPage {
	p := formPage()
	p.Category.Value = "robocall"
	p.Caller = Field{Value: "555-01", Error: "This number is too short. Write it with its area code."}
	p.Called = Field{Value: "+1 617 555 0119"}
	p.OccurredAt = Field{Value: "2027-01-01T10:00", Error: "This is in the future. When did the call come?"}
	p.FilesAgain, p.Files.Error = true, "A file is larger than 20 MB. Leave it out, or send a shorter part of it."
	p.Words = Field{Value: "A recorded voice said that my social security number is suspended."}
	return p
}

func statusPage() StatusPage {
	return StatusPage{Reference: "AB-2026-004217", Token: "tok", Received: sampleNow.Add(-2 * time.Hour), Heading: "Thank you. We have your report.", Category: "A recorded or unwanted call", StatusURL: "https://abuse.example.com/reports/tok",
		Expect: "We aim to answer within two working days, by 26 November.",
		Steps: []StatusStep{{Label: "Received", Note: "by the form,", At: sampleNow.Add(-2 * time.Hour), Phase: "done"}, {Label: "Compared with our call records", Note: "under way", Phase: "now"},
			{Label: "Looked at by a person", Note: "usually within a day", Phase: "later"}, {Label: "Answer to you", Note: "by 26 November", Phase: "later"}}}
}

// urgent is a reader who is told that an urgent case waits.
func urgent(v *View) {
	v.Urgent = UrgentBar{Count: "1", One: true, Word: "somebody's life is threatened", Href: "/desk/cases/AB-2026-004220"}
}

func urgentQueue() QueuePage {
	p := queuePage()
	p.Rows[0].Lane = &Sign{Tone: Harm, Label: "Urgent", Word: "threat to life", Reason: "Somebody's life is threatened."}
	return p
}

func queuePage() QueuePage {
	var rows []QueueRow
	for i := range 4 {
		for _, r := range sampleRows(sampleNow) {
			r.Current = r.Current && i == 0
			if i > 0 {
				r.Ref = r.Ref[:8] + string(rune('0'+i)) + r.Ref[9:]
			}
			rows = append(rows, r)
		}
	}
	return QueuePage{Views: []Tab{{"To do", "/desk/queue", "216", true}, {"Mine", "/desk/queue?view=mine", "4", false}, {"Unclaimed", "/desk/queue?view=unclaimed", "198", false}, {"Waiting", "/desk/queue?view=waiting", "31", false}, {"Resolved", "/desk/queue?view=resolved", "1,000+", false}},
		Rows: rows, Since: "c-1", Pages: Pages{Older: "/desk/queue?cursor=x", Note: "24 of 216"}, Preview: previewPage(), CanAct: true}
}

func previewPage() *CasePreview {
	return &CasePreview{Ref: "AB-2026-004217", Category: "Robocall", Headline: "SSA suspension", State: State{"new", "New", Neutral}, Due: Due{"first act", sampleNow.Add(3 * time.Hour), 192 * time.Minute},
		Opened: sampleNow.Add(-5 * time.Hour), Version: 4, Strip: sampleStrip(), Priority: 92, Factors: sampleFactors(), From: "web form, called party, 2 h ago",
		Excerpt:  "This is to inform you that we just suspend your social security number because we found some suspicious activity. So if you want to know about this case, just press 1.",
		Subjects: subjects(), Latest: sampleTimeline(sampleNow)[:3], CanClaim: true}
}

func subjects() []Subject {
	return []Subject{
		{Role: "caller ID shown", Number: "+12025550143", Detail: "held by Harbor Clinic since 2 February 2024", Past: "1 earlier case, spoofed elsewhere", Caution: "its holder may be a victim"},
		{Role: "originating account", Name: "Acme Dialers", Href: "/desk/accounts/acct-1042", Detail: "end user under Northtel", Past: "3 cases in a year, 2 upheld"},
		{Role: "callback", Number: "+18335550161", Detail: "toll-free, not ours"},
	}
}

func restrictionLines() []RestrictionLine {
	return []RestrictionLine{
		{ID: "rs-81", What: "Refuse calls", Target: "calls that show it", Number: "+12025550143", State: stateWaiting, Until: sampleNow.Add(24 * time.Hour), By: "Dana Reyes", Reason: "27 confirmed calls, no entitlement, still going on", CaseRef: "AB-2026-004217", Created: sampleNow.Add(-4 * time.Minute)},
		{ID: "rs-77", What: "At most 2 calls at a time", Target: "Lakeside Dental", State: stateActive, Until: sampleNow.Add(60 * time.Hour), By: "rule night-toll-fraud", Reason: "hijacked PBX dialling +252 at night", CaseRef: "AB-2026-004221", Created: sampleNow.Add(-8 * time.Hour)},
		{ID: "rs-70", What: "Refuse calls", Target: "Bright Voice LLC", State: State{"drifted", "Drifted", Harm}, Until: sampleNow.Add(300 * time.Hour), By: "Sam Okafor", Reason: "bank scam, four eyes", CaseRef: "AB-2026-004209", Created: sampleNow.Add(-80 * time.Hour)},
	}
}

func caseLinks() []CaseLink {
	return []CaseLink{{Ref: "AB-2026-003902", Headline: "Robocall · SSA suspension", State: State{"resolved", "Upheld", Harm}, Opened: sampleNow.Add(-400 * time.Hour), Reports: 12, Why: "same script, other account"},
		{Ref: "AB-2026-003377", Headline: "Robocall · SSA benefits", State: State{"resolved", "Spoofed elsewhere", Neutral}, Opened: sampleNow.Add(-900 * time.Hour), Reports: 3, Why: "similar script"}}
}

func sampleFix(k cases.ExtractKind, number, now string) *Fix {
	return fixOf(cases.ReportView{CaseRef: "AB-2026-004217", Report: cases.Report{ID: 88121}}, k, number, now)
}

func caseReports() []CaseReport {
	return []CaseReport{
		{ID: "R-88121", Channel: "Web form", Received: sampleNow.Add(-5 * time.Hour), Occurred: "today at about 10:40", At: sampleNow.Add(-6 * time.Hour), Reporter: "m…@example.com", Kind: "called party", Why: "same number shown", RawHref: "/desk/reports/R-88121",
			Text:    []Segment{{Text: "A recorded voice said that my social security number is suspended and that I should call "}, {"833 555 0161", "callback number", 0.94, sampleFix(cases.ExtractNumber, "+18335550161", "callback")}, {Text: " or press 1. It showed "}, {"202-555-0143", "number shown", 0.98, sampleFix(cases.ExtractNumber, "+12025550143", "caller")}, {Text: ". It was "}, {"today about twenty to eleven", "time", 0.7, sampleFix(cases.ExtractTime, "", "x")}, {Text: "."}},
			Numbers: []ReportNumber{{"shown", "+12025550143", nil}, {"callback", "+18335550161", sampleFix(cases.ExtractNumber, "+18335550161", "callback")}, {"called", "+16175550119", nil}},
			ReadAs:  readAs(cases.ReportView{CaseRef: "AB-2026-004217", Report: cases.Report{ID: 88121, Category: cases.CategoryRobocall, Pretext: "government", ReporterKind: cases.ReporterCalled}}), Correct: true},
		{ID: "R-88140", Channel: "E-mail", Received: sampleNow.Add(-3 * time.Hour), Reporter: "j…@example.org", Kind: "called party", Why: "same number shown", RawHref: "/desk/reports/R-88140", Text: []Segment{{Text: "Third call this week. Stop it.\n<script>alert(1)</script>"}}, Files: []FileLine{
			{Name: "voicemail.wav", Type: "audio/wav", Bytes: 182044, Href: "/desk/attachments/1", Save: "/desk/attachments/1?save", Shown: "audio", Note: "the same file is in 3 other reports", Tone: Known},
			{Name: "screenshot.png", Type: "image/png", Bytes: 82044, Href: "/desk/attachments/2", Save: "/desk/attachments/2?save", Shown: "image"},
			{Name: "invoice.exe", Type: "application/vnd.microsoft.portable-executable", Bytes: 68, Note: "infected: Win.Test.EICAR_HDB-1", Tone: Harm},
			{Name: "log.csv", Type: "text/csv", Bytes: 1200, Href: "/desk/attachments/4?save", Save: "/desk/attachments/4?save"},
		}},
		{ID: "R-88149", Channel: "Chat", Received: sampleNow.Add(-2 * time.Hour), Reporter: "A…", Kind: "called party", Why: "same number shown", RawHref: "/desk/reports/R-88149",
			Turns: []ChatTurn{{Who: "Reporter", At: sampleNow.Add(-2 * time.Hour), Text: []Segment{{Text: "Hello, somebody called me and said that he was from the social security office.\n<script>alert(1)</script>"}}},
				{Ours: true, Who: "Question of the desk’s own", At: sampleNow.Add(-119 * time.Minute), Text: []Segment{{Text: "Asked which number called, and when it was."}}},
				{Who: "Reporter", At: sampleNow.Add(-115 * time.Minute), Text: []Segment{{"202-555-0143", "number shown", 0.9, sampleFix(cases.ExtractNumber, "+12025550143", "caller")}, {Text: ", "}, {"yesterday around 3", "time", 0.7, sampleFix(cases.ExtractTime, "", "x")}}},
				{Ours: true, Who: "Question", At: sampleNow.Add(-30 * time.Minute), Text: []Segment{{Text: "Was it a recording, or did a person speak to you?"}}, State: State{"unknown", "Unknown", Doubt}}},
			Numbers: []ReportNumber{{"shown", "+12025550143", sampleFix(cases.ExtractNumber, "+12025550143", "caller")}}},
		{ID: "R-88155", Channel: "Chat", Received: sampleNow.Add(-time.Hour), Reporter: "visitor 5521", Kind: "called party", Broken: "This message uses a character set that we do not know.", RawHref: "/desk/reports/R-88155"},
	}
}

func casePage() CasePage {
	return CasePage{Ref: "AB-2026-004217", Category: "Robocall", Headline: "SSA suspension", State: stateOpen, Before: "new", Owner: Person{"Dana Reyes", true}, Due: Due{"first act", sampleNow.Add(3 * time.Hour), 192 * time.Minute},
		Opened: sampleNow.Add(-5 * time.Hour), Version: 4, Priority: 92, Factors: sampleFactors(), Strip: sampleStrip(), Timeline: sampleTimeline(sampleNow),
		Parts: CaseParts{Reports: caseReports(), ReportsTotal: 31, ReportsHref: "/desk/reports?case=AB-2026-004217", Traffic: sampleTraffic(sampleNow), Findings: append(sampleFindings(sampleNow), Finding{ID: "f-signature", Kind: "Signature", Verdict: identitySigns["invalid"], Text: "It does not say who called.", At: sampleNow, By: "shaken 1", Identity: identitySample()}), Signers: signerSamples(), Similar: caseLinks(),
			Campaigns: []CaseCampaign{{Href: "/desk/campaigns/88121", Text: "Same script as AB-2026-004198, 94 %. The same script is told in 14 other cases, 212 reports in all.", Others: campaignCaseLines(), More: 11}}, Subjects: subjects(), Restrictions: restrictionLines()[:1],
			Checklist: []CheckItem{{"The call was in our records", true, "27 of 31"}, {"The entitled holder is somebody else", true, "Harbor Clinic"}, {"Somebody looked at calls over ten minutes", false, "12 of them"}}},
		Can:     CaseActs{Release: true, Note: true, Correct: true, Resolve: true, Restrict: true},
		Correct: CorrectForm{Fields: correctChoices()},
		Resolve: ResolveForm{Dispositions: dispositions()}, Restrict: sampleRestrictForm(), Counted: "31 reports, 27 called numbers corroborated"}
}

// foreignCase is one that seems another carrier's, and urgent all the same.
func foreignCase() CasePage {
	p := casePage()
	p.Lane = &Sign{Tone: Harm, Label: "Urgent", Word: "threat to life", Reason: "Somebody's life is threatened."}
	p.Responsible = "Pacific Voice (numbers that begin with +1310), abuse contact abuse@pacific.example"
	p.Referral = &ReferralLine{Reason: "No number of the case is one of ours, and our call records are complete for the reported time and have none of the reported calls (1 report looked at).",
		Hold: "A person has begun to work on it.", Can: true}
	return p
}

func dispositions() []Choice {
	return []Choice{{Value: "upheld", Label: "Upheld", Hint: "the complaint is right", Words: "upheld"}, {Value: "compromised", Label: "Compromised", Hint: "the customer was broken into", Words: "compromised"}, {Value: "spoofed_elsewhere", Label: "Spoofed elsewhere", Hint: "we carried no such call", Words: "spoofed elsewhere"},
		{Value: "not_ours_referred", Label: "Not ours, referred", Hint: "another carrier has been told", Words: "not ours, referred"}, {Value: "lawful_unwanted", Label: "Lawful but unwanted", Hint: "within the law, and the caller was told", Words: "lawful but unwanted"},
		{Value: "insufficient", Label: "Not enough to tell", Hint: "evidence is missing and cannot be had", Words: "not enough to tell"}, {Value: "malicious_report", Label: "False report", Hint: "made to harm the other side", Words: "a false report"}}
}

func resolvedCase() CasePage {
	p := casePage()
	p.Due = Due{}
	p.State, p.Before, p.Can = State{"resolved", "Resolved", Cleared}, "", CaseActs{Reopen: true}
	p.Outcome = &Outcome{Disposition: "Upheld", Reason: "The account dialled with a number it had no right to show. Refused for 24 hours; the customer was asked for consent records.", By: "Dana Reyes", At: sampleNow.Add(-time.Minute), Tone: Harm}
	p.Related = caseLinks()[:1]
	p.Parts.Traffic, p.Parts.Findings, p.Parts.Reports, p.Parts.Restrictions = nil, nil, nil, nil
	return p
}

// tracebackCase is one that asks about two calls, before or after its requester
// was verified, with the answer open.
func tracebackCase(verified bool) CasePage {
	p := casePage()
	p.Category, p.Headline, p.Due = "Traceback request", "TB-20455", Due{"traceback answer", sampleNow.Add(-time.Hour), -time.Hour}
	who := RequesterView{Report: "17", From: "t…@itg.example", Kind: "traceback group", Received: sampleNow.Add(-5 * time.Hour), State: requesterState("unverified"), Verify: true, Refuse: true,
		Evidence: []Fact{{Name: "From", Value: "itg.example"}, {Name: "Known requester", Value: "@itg.example is on the list"}, {Name: "DKIM", Value: "pass for itg.example"}, {Name: "DMARC", Value: "fail for itg.example"}, {Name: "Stated by", Value: "mx.carrier.example"}},
		Missing:  []string{"DMARC: fail"}}
	t := &TracebackPanel{Due: p.Due, Clock: "Received Friday, 20 November, 18:10 EST, out of business hours, counts from Monday, 23 November, 08:00 EST.", Answer: Sign{Tone: Neutral, Word: "not answered yet"},
		Withheld: "Nothing is answered before the requester is verified.", CanDecide: true, CanUndo: true, Fields: []Fact{{Name: "Reference", Value: "TB-20455"}, {Name: "Campaign", Value: "SSA impersonation"}}, Missing: "upstream provider, IP addresses",
		Calls: []TracedRow{{Place: 1, Caller: "+17244428039", Called: "+13035550101", At: "24 Nov 2026, 10:00 to 10:10", CallID: "a-very-long-call-id-4711-0815-42@198.51.100.7", Found: Sign{Tone: Known, Word: "confirmed"}, Text: "We carried this call.", From: "Acme Dialers", FromHref: "/desk/accounts/acct-1042", Attest: "B"},
			{Place: 2, At: "not found in the request", Found: Sign{Tone: Unknown, Word: "unknown"}, Text: "Our records cannot say."}},
		Draft: "Our answer to your traceback request TB-20455:\n\nCall 1: +17244428039 to +13035550101\nWe carried this call."}
	t.Refuse.Dispositions = dispositions()[5:]
	if verified {
		who.State, who.Verify, who.Undo, who.Note, who.By, who.At, who.Missing = requesterState("verified"), false, true, "Called back on the number of their site.", "Dana Reyes", sampleNow, nil
		t.Withheld, t.CanAnswer = "", true
		t.Form = AnswerForm{Report: Field{Value: "17"}, Text: Field{Value: t.Draft, Error: "write the answer"}, Reporters: []Choice{{Value: "17", Label: "t…@itg.example", Hint: "traceback group"}}, Dispositions: append([]Choice{{Label: "Leave the case open"}}, dispositions()...), Shown: true}
	}
	t.Requesters = []RequesterView{who}
	p.Traceback = t
	return p
}

func restrictionPage() RestrictionPage {
	line := restrictionLines()[1]
	return RestrictionPage{Line: line, Value: "2 channels", Revision: 412, Version: 3, Approver: "Sam Okafor", EmergencyNote: "Calls to emergency numbers pass, whatever is set here.", CanLift: true,
		Steps:   []StatusStep{{"Proposed", "rule night-toll-fraud,", sampleNow.Add(-8 * time.Hour), "done"}, {"Approved", "Sam Okafor,", sampleNow.Add(-7 * time.Hour), "done"}, {"Applied", "read back from 2 of 2 points,", sampleNow.Add(-7 * time.Hour), "done"}, {"Active", "since", sampleNow.Add(-7 * time.Hour), "now"}, {"Lifted", "by itself on 26 November", time.Time{}, "later"}},
		Points:  []EnforcementPoint{{"web-1", "replica", 412, sampleNow.Add(-3 * time.Second), stateActive}, {"web-2", "replica", 0, time.Time{}, State{"applying", "Applying", Unknown}}},
		Stopped: []BlastWindow{{Label: "last 24 h", Calls: 418, Parties: 22}}, Blast: sampleRestrictForm().Blast, Timeline: sampleTimeline(sampleNow)}
}

func proposedRestriction() RestrictionPage {
	p := restrictionPage()
	p.Steps = []StatusStep{{"Proposed", "Dana Reyes,", sampleNow.Add(-4 * time.Minute), "done"}, {"Approved", "waits for an approver", time.Time{}, "now"}, {"Applied", "read back from every live replica", time.Time{}, "later"}, {"Active", "", time.Time{}, "later"}, {"Lifted", "by itself on 25 November", time.Time{}, "later"}}
	p.Line, p.Value, p.Revision, p.Points, p.Stopped, p.Approver = restrictionLines()[0], "", 0, nil, nil, ""
	p.CanApprove, p.CanReject, p.CanLift = false, true, false
	p.CannotApprove = "You proposed it; another approver must decide."
	return p
}

func reportPage() ReportPage {
	return ReportPage{ID: "R-88140", CaseRef: "AB-2026-004217", Category: "Robocall", Report: caseReports()[1], Warnings: []string{"The Message-ID was used before by another mail."},
		Facts:    []Fact{{Name: "Number shown", Number: "+12025550143"}, {Name: "Told time", Value: "24 Nov 2026, between 10:30 and 10:50"}, {Name: "Language", Value: "English"}, {Name: "Pretext", Value: "social security suspension"}, {Name: "Sender checks", Value: "DKIM pass, SPF pass"}},
		Messages: []MessageLine{{ID: "m1", Channel: "E-mail", Received: sampleNow.Add(-3 * time.Hour), Bytes: 2811, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Raw: "From: Jo <jo@example.org>\nSubject: <b>robocall</b>\n\nThird call this week. Stop it.\n<script>alert(1)</script>", Href: "/desk/messages/m1", Open: true, Cut: true}}}
}

func reportsPage() ReportsPage {
	return ReportsPage{Views: []Tab{{"All", "/desk/reports", "1,000+", true}, {"Unreadable", "/desk/reports?view=broken", "3", false}}, Pages: Pages{Older: "/desk/reports?cursor=x"},
		Rows: []ReportLine{{"R-88155", "Chat", "Robocall", sampleNow.Add(-time.Hour), "", "visitor 5521", "", "Cannot be read.", State{"quarantine", "In quarantine", Doubt}},
			{"R-88140", "E-mail", "Robocall", sampleNow.Add(-3 * time.Hour), "+12025550143", "j…@example.org", "AB-2026-004217", "Third call this week. Stop it.", State{}},
			{"R-88121", "Web form", "Robocall", sampleNow.Add(-5 * time.Hour), "+12025550143", "m…@example.com", "AB-2026-004217", "A recorded voice said that my social security number is suspended and that I should call back.", State{}}}}
}

func accountLines() []AccountLine {
	return []AccountLine{{"acct-1042", "Acme Dialers", "end user", "Northtel", State{"limited", "Limited", Doubt}}, {"acct-1000", "Northtel", "reseller", "", State{"normal", "In order", Cleared}}, {"acct-2210", "Harbor Clinic", "end user", "", State{"normal", "In order", Cleared}}}
}

func accountPage() AccountPage {
	return AccountPage{Audit: &AuditPart{Text: "We signed 214 calls of it A.", Calls: 214, Forwarded: 3, Days: []AuditDay{{sampleNow, 214}}, Numbers: []AuditNumber{{"+12025550143", 214, "sbc/c4", sampleNow}}}, ID: "acct-1042", Name: "Acme Dialers", Kind: "End user", State: State{"limited", "Limited", Doubt}, Path: accountLines()[1:2], Children: accountLines()[2:],
		Facts:   []Fact{{Name: "Customer since", Value: "3 March 2025"}, {Name: "Abuse contact", Value: "a…@acme.example"}, {Name: "Vetting", Value: "company register, 2025"}},
		Numbers: []HolderLine{{Account: "+12065550177", Kind: "assignment", From: sampleNow.Add(-9000 * time.Hour)}}, NumbersTotal: 38, Profiles: []Fact{{Name: "Profile", Value: "dialer-main, 200 calls at a time"}, {Name: "Connection", Value: "sbc-7, 192.0.2.10"}},
		Traffic: sampleTraffic(sampleNow), Cases: caseLinks(), Restrictions: restrictionLines()[2:], Customer: customerSample()}
}

func matchSample() MatchLine {
	return MatchLine{ID: 7, Account: "acct-1042", Name: "Acme Dialers", Other: "acct-880", OtherName: "Quick Reach LLC", Score: "0.97", Text: "May be the customer of Quick Reach LLC, closed for abuse on 3 October 2026: same device (…8899); same e-mail address (j…@gmail.com). Probability 0.97.",
		State: matchState("open"), Found: sampleNow.Add(-50 * time.Hour), Calls: "after 12 calls", Mine: true, CanDecide: true}
}

func customerSample() CustomerParts {
	edit := KYCForm{LegalName: Field{Value: "Acme Dialers LLC"}, VerifiedAt: Field{Value: "soon", Error: "must be a date as in 2026-11-10"}, Version: 2, Shown: true, Problem: "Somebody else changed this file meanwhile; look at it again."}
	dismissed := matchSample()
	dismissed.ID, dismissed.State, dismissed.Decided, dismissed.Mine, dismissed.CanDecide = 8, matchState("dismissed"), "Dana Reyes: her sister, who called us", false, false
	return CustomerParts{Matches: []MatchLine{matchSample(), dismissed}, Links: []LinkLine{{"acct-880", "Quick Reach LLC", State{"closed", "closed", Neutral}, "0.97", "Same device (…8899); same e-mail address (j…@gmail.com)."}},
		KYC: []Fact{{Name: "Legal name", Value: "on file"}, {Name: "Calls are for", Value: "appointment reminders"}}, Missing: []string{"documents", "how many calls are expected"},
		Posture: []PostureLine{{"Second factor for every person who signs in", postureState("no"), "2 of 5 people", sampleNow, "portal", "Have the customer turn on a second factor."},
			{"Limit on calls at once", postureState("yes"), "", sampleNow, "", ""}}, Unlooked: []PostureLine{{"API keys with scopes and an expiry", postureState("unknown"), "", time.Time{}, "", "Replace keys."}}, Checks: 9,
		Below: "1 customer", Pages: Pages{Older: "/desk/accounts/acct-1042?cursor=x", Note: "50"}, Edit: &edit, CanOpen: true, Revealed: true}
}

func providerLines() []ProviderLine {
	return []ProviderLine{{"px-1", "/desk/providers/px-1", "Pacific Voice", "US", rmdState("listed"), sampleNow, sampleNow}, {"px-3", "/desk/providers/px-3", "Gone Telecom", "", rmdState("not_listed"), sampleNow, sampleNow},
		{"px-9", "/desk/providers/px-9", "Atlantic", "", rmdState(""), time.Time{}, time.Time{}}}
}

func listsPage() ListsPage {
	return ListsPage{Views: []Tab{{Label: "All lists", Href: "/desk/lists", Current: true}}, Sources: []ListSourceLine{{"Do not originate", "ITG", "/desk/lists?source=ITG", 1204, 3, sampleNow}},
		Rows:  []ListLine{{"Do not originate", "+12025550143", "", "the bank", "ITG", sampleNow, time.Time{}, State{"holds", "Holds", Neutral}}, {"Protected", "", "+1202555…", "a hospital", "ours", sampleNow, sampleNow, State{"ended", "Ended", Unknown}}},
		Decks: []DeckLine{{"acme", sampleNow, 60211, State{"in_force", "In force", Cleared}}}, Ended: Tab{Label: "Show what has ended too", Href: "/desk/lists?ended=1"}}
}

func numberPage() NumberPage {
	return NumberPage{Number: "+12025550143", Lists: listsPage().Rows, Rate: "US$ 0.79 a minute (Cuba, prefix 53)", Complaints: "Complaint data name +1 202 555 0143 19 times (4 of the FCC, 15 of the FTC), 12 within 90 days; 11 say that it was a recording. Nobody has checked them.",
		ComplaintFacts: []Fact{{Name: "Said to be", Value: "Calls pretending to be government, businesses, or family and friends (11)"}, {Name: "Latest", Value: "19 Nov 2026"}}, Detail: "United States, Washington DC", Responsible: "Pacific Voice (numbers that begin with +1202555), abuse contact abuse@pacific.example", Warnings: []string{"12 of the people who reported it are called by it; one is its holder. Being its holder is no evidence."},
		Holders: []HolderLine{{"Harbor Clinic", "/desk/accounts/acct-2210", "assignment", sampleNow.Add(-15000 * time.Hour), time.Time{}, true}, {"Old Harbor LLC", "/desk/accounts/acct-12", "letter of authorisation", sampleNow.Add(-30000 * time.Hour), sampleNow.Add(-15000 * time.Hour), false}},
		Traffic: sampleTraffic(sampleNow), Cases: caseLinks(), Restrictions: restrictionLines()[:1]}
}

func campaignCaseLines() []CampaignCaseLine {
	var out []CampaignCaseLine
	for i, l := range caseLinks() {
		l.Why = []string{"the wording above", "94 %", "through other wordings"}[min(i, 2)]
		out = append(out, CampaignCaseLine{Link: l, Alike: 94, Numbers: []string{"+12025550143", "+18335550161"}[:1+i%2], Account: "Acme Dialers", FirstAt: sampleNow.Add(-70 * time.Hour)})
	}
	return out
}

func campaignPage1() CampaignPage {
	return CampaignPage{ID: "88121", FirstAt: sampleNow.Add(-300 * time.Hour), LastAt: sampleNow.Add(-time.Hour), Cases: campaignCaseLines(), More: 12,
		Stats:    []Stat{{"Cases", "15", "11 open, 4 resolved", Neutral}, {"Reports", "212", "with this script", Neutral}, {"Numbers", "38", "shown or to call back", Neutral}, {"Accounts", "2", "that calls are known to have come from", Neutral}},
		Script:   []Segment{{Text: "Hello, "}, {Text: "this is the legal department of the social security administration. Your number has been suspended", Mark: "in most cases"}, {Text: " <b>today</b>."}},
		Numbers:  []CampaignNumberLine{{"+12025550143", "shown", 31, 2}, {"+18335550161", "to call back", 12, 1}},
		Accounts: []CampaignAccountLine{{"Acme Dialers", "/desk/accounts/acct-1042", 3}},
		Outcomes: Histogram{Title: "What its cases came to", N: 4, Note: "11 still open", Bins: []Share{{"Upheld", 3, Harm}, {"Not enough to tell", 1, Unknown}}},
		Course:   Histogram{Title: "Reports over time", N: 212, Bins: []Share{{"12 Nov", 20, Neutral}, {"14 Nov", 0, Neutral}, {"16 Nov", 192, Neutral}}}}
}

func campaignsPage() CampaignsPage {
	return CampaignsPage{Rows: []CampaignLine{{"/desk/campaigns/88121", "This is the legal department of the social security administration. Your number has been suspended because of …", 15, 1212, 38, 2, 11, 4, sampleNow.Add(-300 * time.Hour), sampleNow.Add(-time.Hour)},
		{"/desk/campaigns/88140", "We have been trying to reach you", 2, 2, 2, 0, 2, 0, sampleNow.Add(-30 * time.Hour), sampleNow.Add(-20 * time.Hour)}}, Pages: Pages{Older: "/desk/campaigns?cursor=x", Note: "2 campaigns here"}}
}

func sendingsPage() SendingsPage {
	return SendingsPage{CanAct: true, Views: []Tab{{"All", "/desk/sendings", "", true}, {"Unknown", "/desk/sendings?view=unknown", "1", false}},
		Unknown: []Sending{{ID: "s-9", Kind: "Acknowledgement", Channel: "mail", To: "m…@example.com", CaseRef: "AB-2026-004217", At: sampleNow.Add(-20 * time.Minute), Error: "The connection broke after the message was sent and before the server answered.", Look: "Look for Message-ID <s-9@abuse.example.com> in the log of smtp.example.com."}},
		Rows: []Sending{{ID: "s-8", Kind: "Acknowledgement", Channel: "mail", To: "j…@example.org", CaseRef: "AB-2026-004217", State: State{"sent", "Sent", Cleared}, At: sampleNow.Add(-3 * time.Hour)},
			{ID: "s-7", Kind: "Outcome", Channel: "mail", To: "k…@example.net", CaseRef: "AB-2026-004198", State: State{"failed", "Failed", Harm}, At: sampleNow.Add(-4 * time.Hour), Error: "550 no such user"}}}
}

func operationsPage() OperationsPage {
	return OperationsPage{CanAct: true, Audit: auditSamples(),
		Stats:      []Stat{{"Jobs waiting", "12", "oldest 3 s", Neutral}, {"Jobs that gave up", "1", "look below", Harm}, {"In quarantine", "1", "accepted, not filed", Doubt}, {"Unsealed events", "41", "oldest 0.8 s, sealer on web-1", Cleared}, {"Restriction revision", "412", "held by all live replicas", Cleared}},
		Dead:       []JobLine{{"j-1", "tell", "s-7", "AB-2026-004198", 9, "550 no such user", sampleNow.Add(-2 * time.Hour)}},
		Quarantine: []QuarantineLine{{"q-1", "Chat", sampleNow.Add(-time.Hour), 9120, "9f86d081884c7d659a2feaa0c55ad015", "cut off after 9 KB"}},
		Replicas:   []ReplicaLine{{"web-1", "web, worker", "1.0.0", sampleNow.Add(-2 * time.Second), 412, "sealer", stateActive}, {"mail-1", "mailbox", "1.0.0", sampleNow.Add(-40 * time.Second), 409, "", State{"silent", "Silent", Harm}}},
		Mailboxes:  []MailboxLine{{"abuse@example.com, INBOX", State{"reading", "Reading", Cleared}, "mail-1", sampleNow.Add(-10 * time.Second), 2, ""}}}
}

// everyPage lists each template with full, empty and wrong content.
func webhooksSample() WebhooksPage {
	return WebhooksPage{CanAct: true, Create: webhookForm(cases.Webhook{Events: cases.WebhookEvents()}), Rows: []WebhookLine{
		{ID: "1", URL: "https://tickets.northtel.example/in/abuse", Description: "ticket system", Events: "case.opened, case.resolved", State: State{"enabled", "Enabled", Cleared}},
		{ID: "2", URL: "https://sbc-control.northtel.example/webhooks/abusedesk?tenant=eu-west-1", Events: "restriction.active, restriction.lifted", State: State{"failing", "Failing", Doubt}, Note: "Nothing has arrived since 23 November, 21:04; after five days it is disabled.", Dead: 12},
		{ID: "3", URL: "https://old.example/hook", Events: "case.opened", State: State{"disabled", "Disabled", Harm}, Note: "The address answered 410 Gone.", Dead: 1_204}}}
}

func wrongWebhook() WebhooksPage {
	p := webhooksSample()
	p.Create = webhookForm(cases.Webhook{URL: "http://10.0.0.7/hook"})
	p.Create.URL.Error, p.Create.EventsError, p.Create.Shown = "This address may not be asked: it must begin with https://.", "Choose at least one.", true
	return p
}

func webhookSample() WebhookPage {
	return WebhookPage{Line: webhooksSample().Rows[1], Secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazf7VFbJZxk=", Overlap: sampleNow.Add(24 * time.Hour), Enabled: true, CanAct: true,
		Edit:  webhookForm(cases.Webhook{URL: "https://sbc-control.northtel.example/webhooks/abusedesk?tenant=eu-west-1", Events: cases.WebhookEvents()[2:]}),
		Facts: []Fact{{Name: "Address", Value: "https://sbc-control.northtel.example/webhooks/abusedesk?tenant=eu-west-1"}, {Name: "Told of", Value: "a restriction is in force, a restriction has ended"}, {Name: "For", Value: "not said"}, {Name: "Made", Value: "by Dana Reyes on 3 March 2026"}},
		Views: []Tab{{"All", "/desk/webhooks/2", "", true}, {"Waiting", "/desk/webhooks/2?view=pending", "", false}, {"Delivered", "/desk/webhooks/2?view=delivered", "", false}, {"Given up", "/desk/webhooks/2?view=dead", "", false}},
		Pages: Pages{Older: "/desk/webhooks/2?cursor=x"},
		Deliveries: []DeliveryLine{
			{ID: "91", Event: "A restriction is in force", At: sampleNow.Add(-time.Minute), Message: "msg_42reqju5rax6cd4pauaos6cu66", State: deliveryState(cases.WebhookPending), Attempts: 2, Answer: "no answer within 15 seconds", Next: sampleNow.Add(5 * time.Minute)},
			{ID: "90", Event: "A restriction has ended", At: sampleNow.Add(-80 * time.Hour), Message: "msg_zs5fa2prlrd2u6vdjpaovjo6xr", State: deliveryState(cases.WebhookDead), Attempts: 10, Answer: "500 Internal Server Error: <html><body>upstream-is-away-upstream-is-away-upstream-is-away-upstream-is-away</body></html>", CanSend: true},
			{ID: "89", Event: "Test event", At: sampleNow.Add(-90 * time.Hour), Message: "msg_dkla3mfrz2omrry5x4bhfafdks", State: deliveryState(cases.WebhookDelivered), Attempts: 1, Answer: "204 No Content", CanSend: true}}}
}

func disabledWebhook() WebhookPage {
	p := webhookSample()
	p.Line, p.Secret, p.Enabled, p.Overlap, p.Deliveries = webhooksSample().Rows[2], "", false, time.Time{}, nil
	return p
}

func everyPage() []drawn {
	public := func(v *View) { v.Viewer = Viewer{} }
	admin := func(v *View) { v.Viewer.Role = "admin" }
	shownRestrict := casePage()
	shownRestrict.Restrict.Shown, shownRestrict.Restrict.Reason.Error = true, "Say why: the approver relies on it."
	shownResolve := casePage()
	shownResolve.Resolve.Shown, shownResolve.Resolve.Disposition.Error = true, "Choose what it was."
	toast := func(v *View) {
		v.Toast = &Toast{Tone: Cleared, Text: "You claimed AB-2026-004217.", UndoURL: "/desk/cases/AB-2026-004217/release"}
	}
	return []drawn{
		{"widget", widgetPage(), 200, public}, {"status-framed", framedPage(), 200, public},
		{"form", formPage(), 200, public}, {"form-wrong", wrongFormPage(), 422, public}, {"status", statusPage(), 200, public},
		{"status-closed", StatusPage{Reference: "AB-2026-004209", Received: sampleNow, Category: "A scam", Closed: true, Outcome: "We carried no such call in that hour, and our records for it are complete. Somebody else showed this number.", OutcomeTone: Cleared, Added: true}, 200, public},
		{"status-unconfirmed", StatusPage{Reference: "none yet", Token: "tok", Heading: "One step more: confirm your report", Received: sampleNow, Category: "Your report", Waiting: true, Expect: "We have sent a mail to the address that you gave.", Else: "Without that nobody looks at the report.",
			Steps: []StatusStep{{Label: "Received", Note: "Web form,", At: sampleNow, Phase: "done"}, {Label: "Confirmed by you", Phase: "now"}, {Label: "Answer", Phase: "later"}}}, 200, public},
		{"confirm", ConfirmPage{Path: "/reports/tok/confirm/code"}, 200, public},
		{"sign-in", SignInPage{Next: "/desk/queue", Problem: "E-mail or password is wrong.", Demo: []DemoAccount{{"Analyst", "analyst@demo.example", "demo-analyst-1"}}}, 401, public},
		{"setup", SetupPage{Token: "t", Password: Field{Error: "Too short: at least twelve characters."}}, 200, public},
		{"error-404", ErrorPage{Status: 404, Heading: "There is no such page", Text: "The link may be old or mistyped."}, 404, public},
		{"error-422", ErrorPage{Status: 422, Heading: "Something in it is wrong", Text: "Nothing was filed. Mend the fields below and send it again.", Fields: []FieldProblem{{"caller_number", "too short"}}}, 422, public},
		{"error-500", ErrorPage{Status: 500, Heading: "That did not work", Text: "The fault is ours, and it has been recorded. What you sent before is safe.", Request: "req-77ab"}, 500, public},
		{"queue", queuePage(), 200, toast}, {"queue-empty", QueuePage{Views: queuePage().Views}, 200, nil}, {"queue-none", QueuePage{Query: "zebra"}, 200, nil},
		{"new-work", NewWork{Count: 4, Href: "/desk/queue"}, 200, nil}, {"new-work-none", NewWork{}, 200, nil},
		{"urgent", UrgentBar{Count: "3", Word: "somebody's life is threatened", Href: "/desk/queue?view=urgent"}, 200, nil}, {"urgent-none", UrgentBar{}, 200, nil}, {"queue-urgent", urgentQueue(), 200, urgent}, {"case-preview", *previewPage(), 200, nil},
		{"case", casePage(), 200, nil}, {"case-resolved", resolvedCase(), 200, nil}, {"case-traceback", tracebackCase(false), 200, nil}, {"case-traceback-answer", tracebackCase(true), 422, nil}, {"case-foreign", foreignCase(), 200, urgent}, {"case-restrict", shownRestrict, 422, nil}, {"case-resolve", shownResolve, 422, nil},
		{"pack", packSample(), 200, nil}, {"pack-review", wrongPackReview(), 422, nil}, {"pack-empty", PackPage{Ref: "AB-2026-004217", CanBuild: true}, 200, nil},
		{"blast", sampleRestrictForm().Blast, 200, nil}, {"blast-none", BlastRadius{}, 200, nil}, {"blast-problem", BlastRadius{Problem: "The call records could not be read."}, 200, nil},
		{"restrictions", RestrictionsPage{Views: []Tab{{"In force", "/desk/restrictions", "2", true}, {"To approve", "/desk/restrictions?view=proposed", "1", false}}, Rows: restrictionLines()}, 200, nil},
		{"restrictions-empty", RestrictionsPage{}, 200, nil}, {"restriction", restrictionPage(), 200, nil}, {"restriction-proposed", proposedRestriction(), 200, nil},
		{"reports", reportsPage(), 200, nil}, {"reports-empty", ReportsPage{}, 200, nil}, {"report", reportPage(), 200, nil},
		{"numbers", NumbersPage{Rows: []NumberLine{{"+12025550143", "United States", "Harbor Clinic", 2, sampleNow.Add(-time.Hour)}, {"+18335550161", "toll-free", "", 1, sampleNow.Add(-3 * time.Hour)}}}, 200, nil}, {"numbers-empty", NumbersPage{Query: "x", Problem: "This is no phone number."}, 200, nil},
		{"number", numberPage(), 200, nil}, {"number-empty", NumberPage{Number: "+4930901820"}, 200, nil},
		{"campaigns", campaignsPage(), 200, nil}, {"campaigns-empty", CampaignsPage{}, 200, nil}, {"campaign", campaignPage1(), 200, nil}, {"campaign-empty", CampaignPage{ID: "1"}, 200, nil},
		{"accounts", AccountsPage{Rows: accountLines(), Views: accountViews(false)}, 200, nil}, {"returners", ReturnersPage{Views: accountViews(true), States: []Tab{{Label: "To be looked at", Href: "/desk/returners", Current: true}}, Rows: []MatchLine{matchSample()}}, 200, nil}, {"returners-empty", ReturnersPage{Views: accountViews(true)}, 200, nil},
		{"providers", ProvidersPage{Rows: providerLines(), Views: []Tab{{Label: "All", Href: "/desk/providers", Current: true}}, Unknown: []string{"px-77"}}, 200, nil}, {"providers-empty", ProvidersPage{}, 200, nil},
		{"provider", ProviderPage{Line: providerLines()[1], Text: "Gone Telecom has not been in the Robocall Mitigation Database since 21 November 2026: calls that come directly from it must be refused (47 CFR 64.6305(g)).", Facts: []Fact{{Name: "Name in call records", Value: "px-3"}}, Filing: []Fact{{Name: "Filing", Value: "RMD0000003"}}, Note: "asked twice"}, 200, nil}, {"signers", SignersPage{Rows: signerSamples()}, 200, nil}, {"signers-empty", SignersPage{}, 200, nil},
		{"provider-empty", ProviderPage{Line: providerLines()[2]}, 200, nil},
		{"lists", listsPage(), 200, nil}, {"lists-empty", ListsPage{Query: "x", Problem: "This is no number.", Ended: Tab{Label: "Show what has ended too", Href: "/desk/lists?ended=1"}}, 200, nil}, {"accounts-empty", AccountsPage{}, 200, nil}, {"account", accountPage(), 200, nil}, {"account-empty", AccountPage{ID: "a", Name: "New"}, 200, nil},
		{"sendings", sendingsPage(), 200, nil}, {"sendings-empty", SendingsPage{}, 200, nil}, {"operations", operationsPage(), 200, nil}, {"operations-empty", OperationsPage{}, 200, nil},
		{"webhooks", webhooksSample(), 200, admin}, {"webhooks-empty", WebhooksPage{CanAct: true, Create: webhookForm(cases.Webhook{})}, 200, admin}, {"webhooks-wrong", wrongWebhook(), 422, admin}, {"webhook", webhookSample(), 200, admin}, {"webhook-disabled", disabledWebhook(), 200, admin},
		{"styleguide", styleguide(sampleNow), 200, nil}, {"api-docs", APIDocsPage{SpecURL: "/api/openapi.json"}, 200, public},
	}
}

func signerSamples() []SignerLine {
	return []SignerLine{{SPC: "709J", OrigID: "123e4567-e89b-12d3-a456-426655440000", Cases: 14, Others: 13, Reports: 212, First: sampleNow.AddDate(0, 0, -9), Last: sampleNow,
		Refs: []string{"AB-2026-004217", "AB-2026-004198"}, More: 11}}
}

func auditSamples() []AuditPanel {
	return []AuditPanel{{Word: "today", Day: sampleNow}, {Word: "yesterday", Day: sampleNow.AddDate(0, 0, -1), Calls: 214, Rows: []AuditAccount{{"acct-1042", "Acme Dialers", "/desk/accounts/acct-1042", 214, 300}}}}
}

func identitySample() *IdentityPart {
	return &IdentityPart{Meaning: "The token proves nothing about this call.", Checks: []CheckLine{{0, "Signature", resultSigns["fail"], "The signature is not one of this key over these octets.", "It was changed after it was signed."}, {0, "Path to the trust list", resultSigns["pass"], "It leads there.", ""}},
		Certificate: []Fact{{Name: "Subject", Value: "CN=SHAKEN 709J"}}}
}
