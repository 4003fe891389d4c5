package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// chatTurns is a report that came by chat as the conversation that it was: what
// the reporter wrote, in the order of writing, and what we said between. One
// message alone is none.
func chatTurns(v cases.ReportView) []ChatTurn {
	if v.Channel != cases.ChannelChat || len(v.Messages)+len(v.Said) < 2 {
		return nil
	}
	var out []ChatTurn
	for _, m := range v.Messages {
		t := ChatTurn{Who: "Reporter", At: m.ReceivedAt, Text: []Segment{{Text: "No words that could be read, or the same again; its bytes are kept."}}}
		if m.WrittenAt != nil {
			t.At = *m.WrittenAt
		}
		if m.Channel != cases.ChannelChat {
			t.Who = "Reporter, on the status page"
		}
		if from, to := m.TextAt, wordsEnd(v, m.TextAt); from >= 0 && from < to {
			t.Text = highlightedIn(v, from, to)
		}
		out = append(out, t)
	}
	for _, s := range v.Said {
		t := ChatTurn{Ours: true, Who: sendingWord(s.Kind), At: s.CreatedAt, Text: []Segment{{Text: saidWord(s)}}}
		if s.State != cases.SendingSent {
			t.State = sendingState(s.State)
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b ChatTurn) int { return a.At.Compare(b.At) })
	return out
}

// wordsEnd is where the words that begin at a place of the text end: where the
// next message begins.
func wordsEnd(v cases.ReportView, from int) int {
	to := len(v.Text)
	for _, m := range v.Messages {
		if m.TextAt > from && m.TextAt < to {
			to = m.TextAt
		}
	}
	if from < 0 || from >= to {
		return 0
	}
	return from + len(strings.TrimRight(v.Text[from:to], "\n"))
}

// saidWord is what we said in a chat, in short where it has set words.
func saidWord(s cases.Sending) string {
	switch s.Kind {
	case cases.SendingDetails:
		var wants []string
		for _, w := range s.Wants {
			wants = append(wants, wantWord(w))
		}
		return "Asked " + strings.Join(wants, ", and ") + "."
	case cases.SendingAcknowledgement:
		return "Said that the report is here, and where its status can be seen."
	case cases.SendingOutcome:
		return "Told how the case ended: " + strings.ToLower(cmp.Or(dispositionWord(s.Disposition), string(s.Disposition))) + "."
	case cases.SendingReferral:
		return "Told who answers for the number."
	}
	return s.Text
}

func wantWord(w cases.Want) string {
	switch w {
	case cases.WantCaller:
		return "which number called"
	case cases.WantOwn:
		return "which number of the reporter’s was shown"
	case cases.WantTime:
		return "when it was"
	case cases.WantAccount:
		return "which account it is about"
	}
	return string(w)
}
