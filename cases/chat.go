package cases

import (
	"slices"
	"strings"
	"time"
)

// Chat products. Of the standard door we know nothing but what it tells us:
// there is no way back into its conversations.
const (
	ChatStandard = "standard"
	ChatIntercom = "intercom"
	ChatChatwoot = "chatwoot"
)

// Limits of what the desk does in chats by itself.
const (
	// ChatSilence is how long a conversation has been silent before the desk
	// answers, unless the operator says otherwise.
	ChatSilence = time.Minute
	// ChatQuiet is the silence after which a conversation has ended: what is
	// written later is another report, unless it answers a question of ours.
	ChatQuiet = 24 * time.Hour
	// MaxChatQuestions is how often the desk itself asks about one report.
	MaxChatQuestions = 2
)

// Written is the place of a chat message in its conversation.
type Written struct {
	At  time.Time // zero: not told, so that the time of its arrival counts
	Seq int64     // tells those of one moment apart: the product's own number
}

// Conversation is a chat that can be answered in: of Chatwoot by account and
// conversation ("1/17"), of Intercom by the conversation's id.
type Conversation struct{ Product, ID string }

func (c Conversation) String() string { return c.Product + ":" + c.ID }

// ParseConversation reads back what String wrote; false for what is no
// conversation that could be answered in.
func ParseConversation(s string) (Conversation, bool) {
	product, id, _ := strings.Cut(s, ":")
	c := Conversation{product, id}
	return c, id != "" && (product == ChatIntercom || product == ChatChatwoot)
}

// ConversationOf is the conversation that a report came by, as String writes it;
// "" where there is no way back into it.
func ConversationOf(channel Channel, thread string) string {
	s, ok := strings.CutPrefix(thread, string(ChannelChat)+":")
	if _, known := ParseConversation(s); channel != ChannelChat || !ok || !known {
		return ""
	}
	return s
}

// Want is something that a report does not say and the desk asks for in a chat.
type Want string

const (
	WantCaller  Want = "caller"  // which number called, or sent the message
	WantOwn     Want = "own"     // which number of the reporter's was shown
	WantTime    Want = "time"    // when it was
	WantAccount Want = "account" // which account it is about
)

// Wants are what the report needs and does not say, as far as its reporter has
// not said that he does not know. An account that was taken over has no number
// that called.
func (r Report) Wants(subjects []Subject) []Want {
	named := func(roles ...NumberRole) bool {
		return slices.ContainsFunc(subjects, func(s Subject) bool { return slices.Contains(roles, s.Role) })
	}
	var wants []Want
	add := func(w Want, missing bool) {
		if missing && !slices.Contains(r.Details.Unknown, w) {
			wants = append(wants, w)
		}
	}
	untimed := r.Earliest == nil && r.Latest == nil
	switch r.Category {
	case CategoryTraceback:
	case CategoryAccountTakeover:
		add(WantAccount, r.Account == "")
	case CategoryTollFraud:
		add(WantAccount, r.Account == "" && len(subjects) == 0)
		add(WantTime, untimed)
	case CategorySpoofedMyNumber:
		add(WantOwn, !named(RoleCaller))
		add(WantTime, untimed)
	default:
		add(WantCaller, !named(RoleCaller, RoleCallback))
		add(WantTime, untimed)
	}
	return wants
}

// Chat is a conversation as it stands when the desk looks whether to say something.
type Chat struct {
	Report    Report
	Subjects  []Subject
	Case      Case      // kind, state, lane, and whether a person has it
	LastHeard time.Time // when the last message of the reporter came
	Said      []Sending // about the report, oldest first
	// Moved: a later report goes on with the conversation.
	Moved bool
}

// Turn is what the desk does in a chat. The zero Turn is to do nothing.
type Turn struct {
	Say   *Sending  // nil: nothing
	Again time.Time // when to look again; zero: not by itself
}

// Turn decides what the desk says in the conversation: once it has been silent
// for some time, a question for exactly what is missing, else once a word that
// the report is here. Where a person has taken over, or nothing is left to be
// done, it keeps out of it.
func (c Chat) Turn(now time.Time, silence time.Duration) Turn {
	to := ConversationOf(c.Report.Channel, c.Report.Thread)
	switch at := c.LastHeard.Add(silence); {
	case to == "" || c.Moved || c.Case.Kind == CaseTraceback || c.Case.State == StateResolved:
		return Turn{}
	case c.Case.Lane != "" && (c.Case.Assignee != "" || c.Case.FirstActAt != nil):
		return Turn{}
	case slices.ContainsFunc(c.Said, func(s Sending) bool {
		// What waits to be shown, while a token is refused say, is not followed by more.
		return s.Kind == SendingQuestion || s.Kind == SendingDetails && s.State == SendingPlanned
	}):
		return Turn{}
	case now.Before(at):
		return Turn{Again: at}
	}
	say := Sending{Kind: SendingAcknowledgement, Channel: ChannelChat, CaseID: c.Case.ID, ReportID: c.Report.ID, To: to, Language: c.Report.Language, State: SendingPlanned}
	asked, last := 0, time.Time{}
	for _, s := range c.Said {
		if s.Kind == SendingDetails {
			asked, last = asked+1, s.CreatedAt
		}
	}
	wants := c.Report.Wants(c.Subjects)
	switch {
	case len(wants) > 0 && asked < MaxChatQuestions && (asked == 0 || c.LastHeard.After(last)):
		say.Kind, say.Wants, say.Turn = SendingDetails, wants, asked+1
		return Turn{Say: &say}
	case len(c.Said) == 0:
		return Turn{Say: &say}
	}
	return Turn{}
}
