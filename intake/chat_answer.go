package intake

import (
	"slices"
	"strings"
	"unicode"

	"github.com/abusedesk/abusedesk/cases"
)

// maxAnswer is how long a message may be, in bytes, to be taken for a bare
// answer: a longer one tells its own story.
const maxAnswer = 160

// answer reads what a message says by what its writer was asked before: a bare
// number is what was asked for, a bare hour the time of the call, and who does
// not know is not asked again.
func (u *understanding) answer() {
	asked := u.context.Asked
	if len(asked) == 0 {
		return
	}
	if slices.Contains(asked, cases.WantAccount) {
		u.answerAccount()
	}
	for i := range u.p.Numbers {
		u.answerNumber(&u.p.Numbers[i])
	}
	if slices.Contains(asked, cases.WantTime) {
		u.answerTime()
	}
	u.unknown()
}

// answerNumber settles a role that was only assumed.
func (u *understanding) answerNumber(n *cases.NumberMention) {
	switch assumed := n.Role == cases.RoleCaller && n.Confidence == assumedRole; {
	case assumed && (u.asked(cases.WantCaller) || u.asked(cases.WantOwn)):
		n.Confidence = sureRole
	case n.Role == cases.RoleCalled && u.asked(cases.WantOwn): // "my number is …"
		n.Role, n.Confidence = cases.RoleCaller, sureRole
	case n.Role == cases.RoleCalled && n.Confidence == ownNumber && u.asked(cases.WantCaller):
		n.Confidence = sureRole // "they called mine, which is …"
	}
}

// answerTime reads a bare hour ("3", "around 3") as if "at" stood before it.
func (u *understanding) answerTime() {
	if u.p.OccurredAt.Known() || u.context.ReceivedAt.IsZero() || len(u.p.Text) > maxAnswer || len(u.p.Numbers) > 0 {
		return
	}
	body := readingOf("at "+u.p.Text, true)
	if r, _, _ := findTime(u.p, &body, u.context); r.Known() {
		u.p.OccurredAt = r
		u.note(cases.ExtractTime, rangeText(r), assumedRole, place{})
	}
}

// answerAccount takes the one word that can name an account: it has a digit in
// it and tells no time, or is all that was written. In a sentence a short number
// counts something. It is then no number that called.
func (u *understanding) answerAccount() {
	text := strings.TrimSpace(u.p.Text)
	if u.p.Account != "" || text == "" || len(text) > maxAnswer {
		return
	}
	words := strings.Fields(text)
	i := slices.IndexFunc(words, func(w string) bool { return u.namesAccount(w, len(words)) })
	if i < 0 {
		i = 0
		if len(words) > 1 {
			return
		}
	}
	account := strings.Trim(words[i], ".,;:!?#\"'()")
	if len(account) < 3 || len(account) > 64 || u.notKnown() != "" {
		return
	}
	at := strings.Index(u.p.Text, account)
	u.p.Account = account
	u.p.Numbers = slices.DeleteFunc(u.p.Numbers, func(n cases.NumberMention) bool {
		return n.Confidence == assumedRole && n.Start >= at && n.End <= at+len(account)
	})
}

// namesAccount says whether a word with digits, one of so many, can be an account.
func (u *understanding) namesAccount(word string, of int) bool {
	digits := 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits == 0 || u.tellsTime(word) {
		return false
	}
	return of <= 3 || digits >= 4 || strings.ContainsFunc(word, unicode.IsLetter)
}

// tellsTime says whether a word is part of the time that was read.
func (u *understanding) tellsTime(word string) bool {
	at := strings.Index(u.p.Text, word)
	return slices.ContainsFunc(u.p.Extracts, func(e cases.Extract) bool {
		return e.Kind == cases.ExtractTime && e.Start >= 0 && at < e.End && at+len(word) > e.Start
	})
}

// unknown notes what the writer says that he does not know, of what he was asked
// and does not tell.
func (u *understanding) unknown() {
	kind := u.notKnown()
	if kind == "" || len(u.p.Text) > maxAnswer {
		return
	}
	told := map[cases.Want]bool{cases.WantCaller: len(u.p.Numbers) > 0, cases.WantOwn: len(u.p.Numbers) > 0,
		cases.WantTime: u.p.OccurredAt.Known(), cases.WantAccount: u.p.Account != ""}
	for _, w := range u.context.Asked {
		if !told[w] && (kind == "unknown" || w == cases.WantCaller) {
			u.p.Unknown = append(u.p.Unknown, w)
		}
	}
}

// notKnown is the kind of the words that say so; of several "unknown", "" none.
func (u *understanding) notKnown() string {
	kind := ""
	for _, h := range u.body().hits {
		if h.book == bookAnswer && kind != "unknown" {
			kind = h.kind
		}
	}
	return kind
}

func (u *understanding) asked(w cases.Want) bool { return slices.Contains(u.context.Asked, w) }
