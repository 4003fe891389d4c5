package simulate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Door is a way into the desk.
type Door string

const (
	DoorForm Door = "form"
	DoorAPI  Door = "api"
	DoorMail Door = "mail"
	DoorChat Door = "chat"
)

// Complaint is what somebody wants to say, before it takes the shape of a
// door. Doors with fields send the numbers and the time in them; mail and chat
// carry words alone, so those say everything.
type Complaint struct {
	Category    cases.Category
	Caller      string // E.164, as everywhere here; "" not said
	Callback    string
	Called      string
	At          time.Time // zero: not said
	Occurrences int
	Subject     string // of a mail
	Words       string // the story; with fields for the rest
	Prose       string // the whole of it for mail and chat
	Reporter    cases.Contact
	// Conversation joins chat messages into one report; "" stands alone.
	Conversation string
}

// people who report. Addresses are of the domains kept for examples.
var reporters = []string{"Dana Whitfield", "Luis Herrera", "Priya Natarajan", "Tom Beckett", "Mei-Ling Chow", "Grace Abara", "Stefan Kowalski", "Rosa Delgado",
	"Hank Peterson", "Amira Haddad", "Joan Fitzgerald", "Ben Okoye", "Carol Nguyen", "Walt Jameson", "Irene Papadakis", "Marcus Bell"}

// contact is reporter i, with an address of their own.
func contact(i int, kind cases.ReporterKind) cases.Contact {
	name := reporters[i%len(reporters)]
	first := []rune{}
	for _, r := range name {
		if r == ' ' {
			break
		}
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		first = append(first, r)
	}
	return cases.Contact{Name: name, Email: fmt.Sprintf("%s.%d@example.com", string(first), i+1), Kind: kind}
}

// openings are how people begin. In order: the caller, the called number, the
// time, what it said.
var openings = []string{
	"I got a call from %s on my phone %s on %s. It said: \"%s\"",
	"Another one of those calls. Caller ID showed %s, my number is %s, it was %s. A recording: \"%s\"",
	"Please make these stop!! %s called me at %s, %s. The voice said \"%s\"",
	"Reporting a robocall from %s. They called my number %s on %s and left this message: \"%s\"",
	"Phone rang, caller id %s. I was called on %s (%s). Recorded voice: \"%s\" I hung up.",
}

// callReport is what somebody says who was called by a recording.
func callReport(r *rand.Rand, call cases.Call, said string, i int) Complaint {
	at := call.StartedAt.In(east)
	when := at.Format("January 2, 2006 at 3:04 PM") + " EST"
	prose := fmt.Sprintf(openings[r.IntN(len(openings))], spoken(call.From, r), spoken(call.To, r), when, said)
	return Complaint{
		Category: cases.CategoryRobocall, Caller: call.From, Called: call.To, At: call.StartedAt.Truncate(time.Minute), Occurrences: 1 + r.IntN(3)*r.IntN(2),
		Subject: "Robocall from " + spoken(call.From, r), Words: "It said: \"" + said + "\"", Prose: prose, Reporter: contact(i, cases.ReporterCalled),
	}
}
