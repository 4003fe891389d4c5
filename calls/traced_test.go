package calls

import (
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// The draft says no more than the records do.
func TestAnswer(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	from, to := at.Add(-15*time.Minute), at.Add(15*time.Minute)
	call := cases.CallRef{StartedAt: at, From: "+17244428039", To: "+13035550101", Seconds: 31, SIPCode: 200, Attest: "A", Reason: "both numbers match, within the stated days"}
	f := func(verdict cases.Corroboration, d cases.FindingData) cases.Finding {
		d.Traced = &cases.TracedCall{Caller: "+17244428039", Called: "+13035550101", At: cases.TimeRange{Earliest: from, Latest: to}, CallID: "c1@198.51.100.7"}
		return cases.Finding{Kind: cases.FindingTraced, Verdict: string(verdict), Data: d, WindowFrom: &from, WindowTo: &to}
	}
	one := []cases.CallRef{call}
	tests := []struct {
		name        string
		finding     cases.Finding
		says, keeps []string
	}{
		{"of a customer", f(cases.CorroborationConfirmed, cases.FindingData{Calls: one, Matched: 1, Contact: "noc@acme.example", Parties: &cases.Parties{Originating: "a-7", OriginatingName: "Acme", Path: []string{"northtel"}}}),
			[]string{"We carried this call.", "our customer with the account a-7, a customer of northtel.", "Attestation: A", "31 s, SIP 200", "Call-ID c1@198.51.100.7"}, []string{"provider", "probably"}},
		{"from a provider", f(cases.CorroborationConfirmed, cases.FindingData{Calls: one, Matched: 1, Parties: &cases.Parties{Provider: "Peerco"}}), []string{"the provider: Peerco. No customer of ours"}, []string{"Contact"}},
		{"probable", f(cases.CorroborationProbable, cases.FindingData{Calls: one, Matched: 3, Parties: &cases.Parties{Originating: "a-7"}}),
			[]string{"We probably carried this call: both numbers match", "3 calls of our records fit", "our customer with the account a-7."}, []string{"We carried"}},
		{"of several", f(cases.CorroborationConfirmed, cases.FindingData{Calls: one, Matched: 2, Parties: &cases.Parties{}}), []string{"could not be determined: calls of several"}, []string{"customer:"}},
		{"provably not ours", f(cases.CorroborationNotSeen, cases.FindingData{}), []string{"Not in our records. They are complete from 2026-11-24 09:45:00 UTC to 2026-11-24 10:15:00 UTC"}, []string{"determined"}},
		{"not provably", f(cases.CorroborationUnknown, cases.FindingData{Missing: []string{"the records of sbc: not complete yet"}}), []string{"Could not be determined", "Missing: the records of sbc"}, []string{"Not in our records"}},
		{"a call fits, and nothing is known", f(cases.CorroborationUnknown, cases.FindingData{Calls: one, Matched: 1, Parties: &cases.Parties{Originating: "a-7"}}), []string{"Could not be determined"}, []string{"a-7", "We carried"}},
		{"not looked up yet", cases.Finding{Data: cases.FindingData{Traced: &cases.TracedCall{}}}, []string{"(number not given) to (number not given)", "Could not be determined"}, []string{"Not in"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Answer("TB-1", []cases.Finding{tt.finding})
			for _, want := range append(tt.says, "request TB-1", "Call 1: ") {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			for _, not := range tt.keeps {
				if strings.Contains(got, not) {
					t.Errorf("says %q:\n%s", not, got)
				}
			}
		})
	}
	if got := Answer("", nil); !strings.Contains(got, "no call in your request") || !strings.Contains(got, "your traceback request:") {
		t.Error(got)
	}
}
