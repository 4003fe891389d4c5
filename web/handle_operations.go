package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) showSendings(c *gin.Context, a cases.Actor) error {
	ctx := c.Request.Context()
	view := cases.SendingState(c.Query("view"))
	p := SendingsPage{CanAct: cases.Permit(a, cases.CmdResolveSending) == nil, Views: []Tab{{Label: "All", Href: "/desk/sendings", Current: view == ""}}}
	for _, x := range []cases.SendingState{cases.SendingUnknown, cases.SendingSent, cases.SendingRefused, cases.SendingSuppressed, cases.SendingPlanned} {
		p.Views = append(p.Views, Tab{Label: sendingState(x).Word, Href: "/desk/sendings?view=" + string(x), Current: x == view})
	}
	unknown, err := s.Desk.Sendings(ctx, a, cases.SendingUnknown, "", cases.MaxPage)
	if err != nil {
		return err
	}
	found := cases.Page[cases.Sending]{}
	if view != cases.SendingUnknown {
		if found, err = s.Desk.Sendings(ctx, a, view, c.Query("cursor"), cases.DefaultPage); err != nil {
			return err
		}
	}
	var ids []int64
	for _, x := range append(unknown.Items, found.Items...) {
		ids = append(ids, x.CaseID)
	}
	refs, err := s.Desk.CaseRefs(ctx, a, ids)
	if err != nil {
		return err
	}
	for _, x := range unknown.Items {
		p.Unknown = append(p.Unknown, sendingLine(x, refs))
	}
	for _, x := range found.Items {
		p.Rows = append(p.Rows, sendingLine(x, refs))
	}
	p.Pages = pagesOf(c, found.Next, len(found.Items), "sending", "sendings")
	return s.render(c, http.StatusOK, p)
}

func sendingLine(x cases.Sending, refs map[int64]string) Sending {
	l := Sending{ID: strconv.FormatInt(x.ID, 10), Kind: sendingWord(x.Kind), Channel: "mail", To: x.To, CaseRef: refs[x.CaseID], State: sendingState(x.State), At: x.CreatedAt,
		Error: sentence(x.Note), Look: "Look for Message-ID <" + x.MessageID + "> in the mail server’s log."}
	if x.Channel == cases.ChannelChat {
		l.Channel, l.Look = "chat", "Look whether it stands in the conversation "+x.To+"."
	}
	if x.AttemptedAt != nil {
		l.At = *x.AttemptedAt
	}
	return l
}

// decideSending takes a person's word on a sending that nobody saw the end of.
func (s *Server) decideSending(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "sending")
	if err != nil {
		return err
	}
	words := map[string]struct {
		state cases.SendingState
		note  string
	}{
		"delivered": {cases.SendingSent, "somebody looked: it arrived"},
		"failed":    {cases.SendingRefused, "somebody looked: it did not arrive"},
		"repeat":    {cases.SendingPlanned, "somebody looked: it did not arrive, and is sent again"},
	}
	word, ok := words[c.PostForm("outcome")]
	if !ok {
		return cases.Invalid(cases.Problem{Field: "outcome", Message: "say whether it arrived"})
	}
	err = s.Desk.DecideSending(c.Request.Context(), a, id, word.state, word.note)
	return s.acted(c, err, "Noted: "+strings.TrimPrefix(word.note, "somebody looked: ")+".", "/desk/sendings")
}

// acted returns to a list with a sentence about what was done, or with why not.
func (s *Server) acted(c *gin.Context, err error, text, path string) error {
	switch {
	case cases.KindOf(err) == cases.KindConflict:
		s.toast(c, Doubt, sentence(reasonOf(err)), "")
	case err != nil:
		return err
	default:
		s.toast(c, Cleared, text, "")
	}
	return see(c, path)
}

func (s *Server) showOperations(c *gin.Context, a cases.Actor) error {
	o, err := s.Desk.Operations(c.Request.Context(), a)
	if err != nil {
		return err
	}
	now, zone := s.now(), zoneOf(c)
	p := OperationsPage{CanAct: cases.Permit(a, cases.CmdRetryJob) == nil, Stats: operationStats(o, now)}
	for _, j := range o.Dead {
		p.Dead = append(p.Dead, JobLine{ID: strconv.FormatInt(j.ID, 10), Kind: jobWord(j.Kind), Subject: objectOf(j), Attempts: j.Attempt, Error: j.LastError, At: j.UpdatedAt})
	}
	for _, m := range o.Quarantined {
		p.Quarantine = append(p.Quarantine, QuarantineLine{ID: strconv.FormatInt(m.ID, 10), Channel: channelWord(m.Channel), Received: m.ReceivedAt, Bytes: m.Size, SHA256: m.SHA256, Error: m.Note})
	}
	held, holder := map[string][]string{}, map[string]string{}
	for _, l := range o.Leases {
		if l.ExpiresAt.After(now) {
			held[l.Holder] = append(held[l.Holder], l.Name)
			holder[l.Name] = l.Holder
		}
	}
	for _, r := range o.Replicas {
		x := ReplicaLine{Name: r.ID, Roles: strings.ReplaceAll(r.Roles, ",", ", "), Beat: r.Heartbeat, Revision: r.Revision, Leases: strings.Join(held[r.ID], ", "), State: State{"live", "Live", Cleared}}
		switch {
		case !r.Live(now):
			x.State = State{"gone", "No heartbeat", Neutral}
		case r.Revision < o.Revision:
			x.State = State{"behind", "Behind", Doubt}
		}
		p.Replicas = append(p.Replicas, x)
	}
	for _, m := range o.Mailboxes {
		x := MailboxLine{Name: m.Name, State: State{"ok", "Read", Cleared}, Holder: holder["mailbox:"+m.Name], Note: count(int(m.Received), "mail", "mails") + " received"}
		if m.LastSuccess != nil {
			x.Last = *m.LastSuccess
		}
		if m.LastError != "" && m.ErrorAt != nil && m.ErrorAt.After(x.Last) {
			x.State, x.Note = State{"failed", "Cannot be read", Harm}, sentence(m.LastError)+" "+m.ErrorAt.In(zone).Format("2 Jan, 15:04")
		}
		p.Mailboxes = append(p.Mailboxes, x)
	}
	if p.Audit, err = s.auditPanel(c, a); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p)
}

// objectOf names what a job is about.
func objectOf(j cases.Job) string {
	what := "receipt"
	switch j.Kind {
	case cases.JobCampaigns:
		return "all wordings that wait"
	case cases.JobFile:
		what = "message"
	case cases.JobEnrich:
		what = "report"
	case cases.JobAssess, cases.JobUrgent, cases.JobPack:
		what = "case"
	case cases.JobTell, cases.JobAlert:
		what = "sending"
	case cases.JobWebhook:
		what = "webhook"
	}
	return fmt.Sprintf("%s %d", what, j.ObjectID)
}

func operationStats(o cases.Operations, now time.Time) []Stat {
	out := []Stat{
		{Label: "Jobs waiting", Value: thousand(o.Pending), Note: thousand(o.Running) + " running"},
		{Label: "Restriction revision", Value: thousand(int(o.Revision))},
		{Label: "Audit log sealed", Value: thousand(int(o.Sealed)), Note: count(o.UnsealedTail, "event", "events") + " not yet"},
		{Label: "Call hours to fold", Value: thousand(o.DirtyHours)},
	}
	if o.OldestTail != nil && now.Sub(*o.OldestTail) > time.Minute {
		out[2].Tone, out[2].Note = Doubt, out[2].Note+", the oldest "+duration(now.Sub(*o.OldestTail))+" old"
	}
	for _, c := range o.Coverage {
		s := Stat{Label: "Calls of " + c.Source, Value: duration(now.Sub(c.Through)) + " ago", Note: "complete up to then"}
		if now.Sub(c.Through) > 2*time.Hour {
			s.Tone = Doubt
		}
		out = append(out, s)
	}
	return out
}

func (s *Server) retryJob(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "job")
	if err != nil {
		return err
	}
	return s.acted(c, s.Desk.RetryJob(c.Request.Context(), a, id), "It is tried again.", "/desk/operations")
}

func (s *Server) showStyleguide(c *gin.Context, _ cases.Actor) error {
	return s.render(c, http.StatusOK, styleguide(s.now()))
}
