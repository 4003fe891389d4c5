package intake_test

import (
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/intake"
)

func identity(raw string, piece int) string {
	m := intake.NewMailIdentity()
	for len(raw) > 0 {
		n := min(piece, len(raw))
		m.Write([]byte(raw[:n]))
		raw = raw[n:]
	}
	return m.Sum()
}

const identityMail = "Received: from a by b\r\n\tfor <abuse@example.com>; Mon, 2 Mar 2026\r\nSubject: A call\r\n folded\r\nFrom: x@example.org\r\nReceived: a second, below\r\n\r\nReceived: in the body counts\r\nlast\r\n"

func TestMailIdentityLeavesOutWhatDeliveryWrote(t *testing.T) {
	want := identity(identityMail, 1<<20)
	end := strings.Index(identityMail, "\r\n\r\n") + 4
	same := map[string]string{
		"another way":        strings.Replace(identityMail, "from a by b", "from c by d", 1),
		"no trace at all":    identityMail[strings.Index(identityMail, "Subject"):strings.Index(identityMail, "Received: a second")] + identityMail[strings.Index(identityMail, "\r\n\r\n")+2:],
		"another alias":      "Return-Path: <>\r\nDelivered-To: other@example.com\r\nX-Original-To: other@example.com\r\nARC-Seal: i=1\r\nAuthentication-Results: mx; spf=pass\r\n" + identityMail,
		"bare returns":       strings.ReplaceAll(identityMail[:end], "\r\n", "\r") + identityMail[end:],
		"what filters add":   "X-Spam-Report: *\r\n\t* no\r\nX-MS-Exchange-Organization-SCL: 1\r\nX-Rspamd-Queue-Id: 4\r\nResent-To: y@example.com\r\nX-Delivered-To: y\r\nContent-Length: 44\r\n" + identityMail,
		"bare line feeds":    strings.ReplaceAll(identityMail, "\r\n", "\n"),
		"from an mbox":       "From x@example.org Mon Mar  2 10:00:00 2026\r\n" + identityMail,
		"names in capitals":  strings.Replace(identityMail, "Received: from", "RECEIVED : from", 1),
		"subject in capital": strings.Replace(identityMail, "Subject:", "SUBJECT:", 1),
	}
	for name, raw := range same {
		if got := identity(raw, 1<<20); got != want {
			t.Errorf("%s: another identity", name)
		}
	}
	other := map[string]string{
		"another subject":     strings.Replace(identityMail, "A call", "A cal1", 1),
		"another fold":        strings.Replace(identityMail, "folded", "fold", 1),
		"another body":        strings.Replace(identityMail, "last", "lost", 1),
		"received in body":    strings.Replace(identityMail, "Received: in the body counts\r\n", "", 1),
		"no end of header":    strings.Replace(identityMail, "\r\n\r\n", "\r\n", 1),
		"From in the middle":  strings.Replace(identityMail, "From: x", "From x", 1),
		"a lone CR in a line": strings.Replace(identityMail, "last", "la\rst", 1),
		"bare returns, other": strings.ReplaceAll(strings.Replace(identityMail, "A call", "A cal1", 1), "\r\n", "\r"),
		"a signature more":    "DKIM-Signature: v=1\r\n" + identityMail,
		"a field like ours":   "X-Received-By: me\r\n" + identityMail,
		"nothing":             "",
	}
	for name, raw := range other {
		if got := identity(raw, 1<<20); got == want {
			t.Errorf("%s: the same identity", name)
		}
	}
}

// What is lost or doubled elsewhere: one mail through two aliases is one, two
// mails with one Message-ID are two, and no two of the corpus are the same.
func TestMailIdentityOfTheCorpus(t *testing.T) {
	seen := map[string]string{}
	for _, file := range corpus(t) {
		id := identity(string(readFile(t, file)), 1000)
		other := seen[id]
		switch {
		case strings.HasSuffix(file, "alias-second.eml"):
			if !strings.HasSuffix(other, "alias-first.eml") {
				t.Error("one mail through two aliases is two")
			}
		case other != "":
			t.Errorf("%s has the identity of %s", file, other)
		}
		seen[id] = file
	}
}

func FuzzMailIdentity(f *testing.F) {
	for _, file := range corpus(f) {
		f.Add(string(readFile(f, file)), 7)
	}
	f.Add(identityMail, 3)
	f.Add("From x\nA:b\r\r\n\n\r", 1)
	f.Add(":\n :\nReceived", 2)
	f.Fuzz(func(t *testing.T, raw string, piece int) {
		piece = max(1, min(piece, 1<<16))
		if identity(raw, piece) != identity(raw, 1<<30) {
			t.Errorf("in pieces of %d: another identity", piece)
		}
	})
}
