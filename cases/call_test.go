package cases

import (
	"testing"
	"time"
)

func TestOutcomeOfACall(t *testing.T) {
	at := time.Date(2026, 11, 10, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		call      Call
		want      CallOutcome
		effective bool
	}{
		"answered":                      {Call{AnsweredAt: &at, SIPCode: 200}, OutcomeAnswered, true},
		"answered, by its code alone":   {Call{SIPCode: 200}, OutcomeAnswered, true},
		"busy":                          {Call{SIPCode: 486}, OutcomeBusy, true},
		"busy everywhere":               {Call{SIPCode: 600}, OutcomeBusy, true},
		"busy, by its cause alone":      {Call{Q850: 17}, OutcomeBusy, true},
		"nobody there":                  {Call{SIPCode: 480}, OutcomeNoAnswer, true},
		"rang out":                      {Call{SIPCode: 408, Q850: 19}, OutcomeNoAnswer, true},
		"declined":                      {Call{SIPCode: 603}, OutcomeRejected, true},
		"unwanted":                      {Call{SIPCode: 607}, OutcomeRejected, true},
		"given up before it rang":       {Call{SIPCode: 487}, OutcomeCancelled, false},
		"given up while it rang":        {Call{SIPCode: 487, ProgressAt: &at}, OutcomeCancelled, true},
		"given up, without a code":      {Call{HungUpBy: "caller", PDDMillis: 400}, OutcomeCancelled, true},
		"no such number":                {Call{SIPCode: 404}, OutcomeInvalid, false},
		"gone":                          {Call{SIPCode: 410}, OutcomeInvalid, false},
		"incomplete":                    {Call{SIPCode: 484}, OutcomeInvalid, false},
		"unallocated, behind a gateway": {Call{SIPCode: 480, Q850: 1}, OutcomeInvalid, false},
		"refused by us":                 {Call{SIPCode: 403}, OutcomeFailed, false},
		"no route":                      {Call{SIPCode: 503, Q850: 38}, OutcomeFailed, false},
		"refused, then hung up":         {Call{SIPCode: 503, HungUpBy: "caller"}, OutcomeFailed, false},
		"nobody knows":                  {Call{}, OutcomeFailed, false},
	}
	for name, tt := range tests {
		if got := tt.call.Outcome(); got != tt.want || tt.call.Effective() != tt.effective {
			t.Errorf("%s: %s, effective %v; want %s, %v", name, got, tt.call.Effective(), tt.want, tt.effective)
		}
	}
}

func TestNeighbour(t *testing.T) {
	tests := map[[2]string]bool{
		{"+12025550143", "+12025550199"}: true,
		{"+12025550143", "+12025560199"}: false,
		{"+12025550143", "+442025550"}:   false,
		{"+442079460123", "+4420794601"}: false,
		{"", ""}:                         false,
	}
	for n, want := range tests {
		if got := (Call{From: n[0], To: n[1]}).Neighbour(); got != want {
			t.Errorf("%s to %s: %v, want %v", n[0], n[1], got, want)
		}
	}
}
