package simulate

import (
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// What people of the stories write must be understood without fields too: the
// demonstration would otherwise show reports of nothing.
func TestWordsAreUnderstood(t *testing.T) {
	c := carrier(t, Params{Seed: 4, Calls: 6000})
	for _, s := range Stories(c) {
		for i, step := range s.Steps {
			for _, door := range []Door{DoorMail, DoorChat} {
				k := step.Complaint
				if k.Category == cases.CategorySpoofedMyNumber {
					continue // the owner uses the form, which asks
				}
				read := intake.Context{Region: "US", ReceivedAt: noon}
				var p cases.Parsed
				if door == DoorMail {
					del, err := composeMail(k, "key", "abuse@carrier.example", noon)
					if err != nil {
						t.Fatal(err)
					}
					p = intake.Mail(del.Body, read)
				} else {
					del, err := composeChat(k, "key", noon)
					if err != nil {
						t.Fatal(err)
					}
					if p, err = intake.Chat(del.Body, read); err != nil {
						t.Fatal(err)
					}
				}
				type said struct{ caller, called, callback string }
				want := said{k.Caller, k.Called, k.Callback}
				got := said{p.Number(cases.RoleCaller), p.Number(cases.RoleCalled), p.Number(cases.RoleCallback)}
				if got != want || p.Category != k.Category {
					t.Errorf("%s step %d by %s: read %s %+v, meant %s %+v\n%s", s.Name, i, door, p.Category, got, k.Category, want, k.Prose)
				}
				if k.At.Before(p.OccurredAt.Earliest.Add(-time.Minute)) || k.At.After(p.OccurredAt.Latest.Add(time.Minute)) {
					t.Errorf("%s step %d by %s: read %+v, meant %v\n%s", s.Name, i, door, p.OccurredAt, k.At, k.Prose)
				}
			}
		}
	}
}
