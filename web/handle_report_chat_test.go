package web

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

func TestAChatIsShownAsAConversation(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	minute := func(n int) *time.Time { m := at.Add(time.Duration(n) * time.Minute); return &m }
	v := cases.ReportView{Report: cases.Report{Channel: cases.ChannelChat, Text: "Hello\n\nIt was 202-555-0143\n\nand more"},
		Messages: []cases.Message{{Channel: cases.ChannelChat, WrittenAt: minute(0), TextAt: 0}, {Channel: cases.ChannelChat, WrittenAt: minute(2), TextAt: 7},
			{Channel: cases.ChannelChat, WrittenAt: minute(3), TextAt: -1}, {Channel: cases.ChannelWeb, ReceivedAt: *minute(5), TextAt: 28}},
		Said: []cases.Sending{{Kind: cases.SendingDetails, CreatedAt: *minute(1), State: cases.SendingSent, Wants: []cases.Want{cases.WantCaller, cases.WantTime}},
			{Kind: cases.SendingQuestion, CreatedAt: *minute(4), State: cases.SendingUnknown, Text: "A recording?"}},
		Subjects: []cases.Subject{{E164: "+12025550143", Role: cases.RoleCaller, StartAt: 14, EndAt: 26, Confidence: 0.9}}}
	var lines []string
	for _, turn := range chatTurns(v) {
		text := ""
		for _, s := range turn.Text {
			if text += s.Text; s.Mark != "" {
				text += "*"
			}
		}
		side := "<"
		if turn.Ours {
			side = ">"
		}
		lines = append(lines, strings.TrimSpace(turn.At.Format("15:04 ")+side+" "+turn.Who+": "+text+" "+turn.State.Word))
	}
	want := []string{"12:00 < Reporter: Hello", "12:01 > Question of the desk’s own: Asked which number called, and when it was.", "12:02 < Reporter: It was 202-555-0143*",
		"12:03 < Reporter: No words that could be read, or the same again; its bytes are kept.", "12:04 > Question: A recording? Unknown", "12:05 < Reporter, on the status page: and more"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	v.Messages, v.Said = v.Messages[:1], nil
	if got := chatTurns(v); got != nil {
		t.Errorf("one message alone is a conversation: %+v", got)
	}
}

// Who came by a chat that can be answered in can be asked, also without an address.
func TestWhoCanBeAsked(t *testing.T) {
	chat := func(id int64, thread string, r *cases.Reporter) cases.ReportView {
		return cases.ReportView{Report: cases.Report{ID: id, Channel: cases.ChannelChat, Thread: thread, ReporterKind: cases.ReporterCalled}, Reporter: r}
	}
	reports := []cases.ReportView{chat(6, "chat:standard:standard:c", nil), chat(5, "chat:chatwoot:3/17", nil), chat(4, "chat:chatwoot:3/17", nil), chat(3, "chat:intercom:9", &cases.Reporter{ID: 7, Name: "A…"}),
		{Report: cases.Report{ID: 2, Channel: cases.ChannelEmail}, Reporter: &cases.Reporter{ID: 8, Email: "j…@example.org"}}, {Report: cases.Report{ID: 1}, Reporter: &cases.Reporter{ID: 9, Name: "B…"}}}
	got := reportersOf(reports, nil, func(r cases.Report) bool { return cases.ConversationOf(r.Channel, r.Thread) != "" })
	want := []Choice{{Value: "5", Label: "in the chat", Hint: "called party, by chat"}, {Value: "3", Label: "A…", Hint: "called party, by chat"}, {Value: "2", Label: "j…@example.org", Hint: "reporter"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
