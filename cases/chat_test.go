package cases

import (
	"slices"
	"testing"
	"time"
)

func TestWants(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	numbers := func(roles ...NumberRole) (out []Subject) {
		for _, r := range roles {
			out = append(out, Subject{E164: "+12025550143", Role: r})
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		report   Report
		subjects []Subject
		want     []Want
	}{
		{"nothing is known", Report{Category: CategoryRobocall}, nil, []Want{WantCaller, WantTime}},
		{"of no kind", Report{Category: CategoryOther}, nil, []Want{WantCaller, WantTime}},
		{"the caller is known", Report{Category: CategoryScam}, numbers(RoleCaller), []Want{WantTime}},
		{"a number to call back is known", Report{Category: CategoryScam}, numbers(RoleCallback), []Want{WantTime}},
		{"only the called number is known", Report{Category: CategoryHarassment, Earliest: &now}, numbers(RoleCalled), []Want{WantCaller}},
		{"the time is known", Report{Category: CategoryTextSpam, Latest: &now}, nil, []Want{WantCaller}},
		{"all is known", Report{Category: CategoryRobocall, Earliest: &now}, numbers(RoleCaller), nil},
		{"he does not know the caller", Report{Category: CategoryRobocall, Details: Details{Unknown: []Want{WantCaller}}}, nil, []Want{WantTime}},
		{"a number of his own was shown", Report{Category: CategorySpoofedMyNumber, Earliest: &now}, nil, []Want{WantOwn}},
		{"an account was taken over", Report{Category: CategoryAccountTakeover}, nil, []Want{WantAccount}},
		{"that account is named", Report{Category: CategoryAccountTakeover, Account: "acct-1"}, nil, nil},
		{"toll fraud", Report{Category: CategoryTollFraud, Earliest: &now}, nil, []Want{WantAccount}},
		{"toll fraud on a number", Report{Category: CategoryTollFraud, Earliest: &now}, numbers(RoleCaller), nil},
		{"a traceback request", Report{Category: CategoryTraceback}, nil, nil},
	} {
		if got := tt.report.Wants(tt.subjects); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTurn(t *testing.T) {
	heard := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	now := heard.Add(ChatSilence)
	first := Sending{Kind: SendingDetails, Turn: 1, CreatedAt: heard.Add(-time.Minute)}
	second := Sending{Kind: SendingDetails, Turn: 2, CreatedAt: heard.Add(-time.Second)}
	whole := func(c *Chat) {
		c.Report.Earliest, c.Subjects = &heard, []Subject{{Role: RoleCaller}}
	}
	for _, tt := range []struct {
		name   string
		change func(*Chat)
		kind   SendingKind // "" nothing
		turn   int
		again  bool
	}{
		{"something is missing", func(*Chat) {}, SendingDetails, 1, false},
		{"it is not silent yet", func(c *Chat) { c.LastHeard = heard.Add(time.Second) }, "", 0, true},
		{"nothing is missing", whole, SendingAcknowledgement, 0, false},
		{"nothing is missing, and it was said", func(c *Chat) { whole(c); c.Said = []Sending{{Kind: SendingAcknowledgement}} }, "", 0, false},
		{"nothing is missing any more", func(c *Chat) { whole(c); c.Said = []Sending{first} }, "", 0, false},
		{"it is still missing", func(c *Chat) { c.Said = []Sending{first} }, SendingDetails, 2, false},
		{"nobody has answered yet", func(c *Chat) { f := first; f.CreatedAt = heard.Add(time.Second); c.Said = []Sending{f} }, "", 0, false},
		{"the question waits to be shown", func(c *Chat) { f := first; f.State = SendingPlanned; c.Said = []Sending{f} }, "", 0, false},
		{"twice is enough", func(c *Chat) { c.Said = []Sending{first, second} }, "", 0, false},
		{"a person has asked", func(c *Chat) { c.Said = []Sending{{Kind: SendingQuestion}} }, "", 0, false},
		{"the case is over", func(c *Chat) { c.Case.State = StateResolved }, "", 0, false},
		{"a person works on an urgent one", func(c *Chat) { c.Case.Lane, c.Case.Assignee = LaneLife, "ana" }, "", 0, false},
		{"a person has acted on an urgent one", func(c *Chat) { c.Case.Lane, c.Case.FirstActAt = LaneLife, &heard }, "", 0, false},
		{"nobody has an urgent one yet", func(c *Chat) { c.Case.Lane = LaneLife }, SendingDetails, 1, false},
		{"a person works on another one", func(c *Chat) { c.Case.Assignee = "ana" }, SendingDetails, 1, false},
		{"the conversation went on elsewhere", func(c *Chat) { c.Moved = true }, "", 0, false},
		{"a traceback request", func(c *Chat) { c.Case.Kind = CaseTraceback }, "", 0, false},
		{"there is no way back", func(c *Chat) { c.Report.Thread = "chat:standard:standard:c-17" }, "", 0, false},
		{"it was no chat", func(c *Chat) { c.Report.Channel = ChannelEmail }, "", 0, false},
	} {
		c := Chat{Report: Report{ID: 7, Channel: ChannelChat, Thread: "chat:chatwoot:3/17", Category: CategoryRobocall, Language: "es"}, Case: Case{ID: 9, State: StateNew}, LastHeard: heard}
		tt.change(&c)
		turn := c.Turn(now, ChatSilence)
		if turn.Again.IsZero() == tt.again || tt.again && !turn.Again.Equal(c.LastHeard.Add(ChatSilence)) {
			t.Errorf("%s: again %s", tt.name, turn.Again)
		}
		switch s := turn.Say; {
		case s == nil && tt.kind != "", s != nil && (s.Kind != tt.kind || s.Turn != tt.turn):
			t.Errorf("%s: says %+v, want %q %d", tt.name, s, tt.kind, tt.turn)
		case s != nil && (s.To != "chatwoot:3/17" || s.Channel != ChannelChat || s.Language != "es" || s.ReportID != 7 || s.CaseID != 9 || s.State != SendingPlanned || (len(s.Wants) > 0) != (tt.kind == SendingDetails)):
			t.Errorf("%s: %+v", tt.name, s)
		}
	}
}

// Each reporter is told once, in the chat that he came by.
func TestOutcomesInChats(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	to := []Addressee{
		{ReportID: 6, ReporterID: 7, Chat: "chatwoot:3/18", ReceivedAt: at.Add(5 * time.Minute)}, // a name and no address
		{ReportID: 5, ReporterID: 6, Chat: "chatwoot:3/18", ReceivedAt: at.Add(4 * time.Minute)},
		{ReportID: 4, Chat: "chatwoot:3/18", ReceivedAt: at.Add(3 * time.Minute)}, // the same, before it had ended
		{ReportID: 3, Chat: "intercom:17", ReceivedAt: at.Add(2 * time.Minute)},
		{ReportID: 2, ReporterID: 1, Email: "no-reply@example.org", Chat: "intercom:18", ReceivedAt: at.Add(time.Minute)},
		{ReportID: 1, ReporterID: 1, Email: "ada@example.org", Channel: ChannelEmail, ReceivedAt: at},
	}
	got := Outcomes(to, "abuse@desk.example", DispositionUpheld)
	var told []string
	for _, s := range got {
		told = append(told, string(s.Channel)+" "+s.To+" "+string(s.State))
	}
	if want := []string{"chat chatwoot:3/18 planned", "chat intercom:17 planned", "chat intercom:18 planned"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	c := Case{ID: 1, Ref: "AB-2026-000001", State: StateOpen}
	s, err := c.Ask(Actor{Kind: ActorPerson, ID: "ana", Role: RoleAnalyst}, at, "When?", 3, to, "")
	if err != nil || s.Channel != ChannelChat || s.To != "intercom:17" || c.State != StateAwaitingReporter {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestConversations(t *testing.T) {
	for thread, want := range map[string]string{"chat:chatwoot:3/17": "chatwoot:3/17", "chat:intercom:17": "intercom:17", "chat:standard:standard:c": "", "chat:intercom:": "",
		"sha256:00": "", "": "", "email:chatwoot:3/17": ""} {
		if got := ConversationOf(ChannelChat, thread); got != want {
			t.Errorf("%q is %q, want %q", thread, got, want)
		}
	}
}
