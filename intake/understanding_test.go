package intake_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

func TestSpelledNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"Please call us back at eight three three, six three one, seven nine one one. Thank you.": "callback +18336317911",
		"call back at 8 3 3 dash 6 3 1 dash 79 11":                                                "callback +18336317911",
		"they called from area code 202, then 456, then 1414":                                     "caller +12024561414",
		"call one eight hundred three five six nine three seven seven":                            "callback +18003569377",
		"our toll-free number is eight six six, double four five, zero one nine two":              "callback +18664450192",
		"press one. Or call our office at eight three three six three one seven nine one one":     "callback +18336317911",
		"You can reach us at 833, 631, 7911":                                                      "callback +18336317911",
		"please call us at eight thirty three, six thirty one, seventy nine eleven":               "callback +18336317911",
		"llame al ocho tres tres seis tres uno siete nueve uno uno":                               "callback +18336317911",
		"I have one, two, three, four, five, six, seven, eight, nine, ten reasons":                "",
		"one two three four five six seven eight nine":                                            "",
		"on 12, 5, 2024 we paid 1, 2 and 3":                                                       "",
		"my order 1, 537, 3500":                                                                   "",
		"call us at 833-631-7911":                                                                 "callback +18336317911",
		"They asked me to call 1-844-SSA-HELP":                                                    "callback +18447724357",
		"call back at 833-631-7911 ext. 42":                                                       "callback +18336317911 x42",
	} {
		var got []string
		for _, n := range intake.Text(text, us).Numbers {
			s := string(n.Role) + " " + n.E164
			if n.Extension != "" {
				s += " x" + n.Extension
			}
			got = append(got, s)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s\n got %v\nwant %s", text, got, want)
		}
	}
}

// extract returns the value, and whether its place shows text.
func extract(p cases.Parsed, kind cases.ExtractKind) (e cases.Extract) {
	for _, x := range p.Extracts {
		if x.Kind == kind {
			return x
		}
	}
	return e
}

func TestMoneyLost(t *testing.T) {
	for text, want := range map[string]string{
		"My mother lost $4,500 to them.":                         "4500.00 USD|4,500",
		"I paid them 1.250,50 € by bank transfer":                "1250.50 EUR|1.250,50",
		"They stole £12k from my dad":                            "12000.00 GBP|12k",
		"I sent 300 dollars in gift cards and then another $200": "300.00 USD|300 dollars",
		"2,000 USD were stolen from my account":                  "2000.00 USD|2,000 USD",
		"Perdí 800 euros":                                        "800.00 EUR|800 euros",
		"J'ai payé 1 500 euros":                                  "1500.00 EUR|1 500 euros",
		"They asked for $500 but I hung up":                      "",
		"They said I owe $3,000 in taxes":                        "",
		"They told me there was an order of $999.":               "",
		"I almost lost $500":                                     "",
		"I lost my patience after 15 calls":                      "",
		"They offered $50. I lost nothing":                       "",
		"I lost everything":                                      "",
		"We got a bill: the calls cost us USD 18,240.75.":        "18240.75 USD|USD 18,240.75",
	} {
		p := intake.Text(text, us)
		got := ""
		if e := extract(p, cases.ExtractLost); e.Kind != "" {
			got = e.Value + "|" + e.Text
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
		checkParsed(t, p)
	}
	if p := intake.Text("I lost $40", intake.Context{Region: "CA", ReceivedAt: at}); p.Lost != (cases.Money{Hundredths: 4000, Currency: "CAD"}) {
		t.Errorf("in Canada: %+v", p.Lost)
	}
}

func TestImpersonated(t *testing.T) {
	for text, want := range map[string]string{
		"Somebody pretending to be Microsoft wanted remote access":                               "Microsoft",
		"He said he was from the IRS. My bank is Chase.":                                         "IRS",
		"A man claiming to be with the Springfield Water Department called me":                   "Springfield Water Department",
		"Hi, this is Daniel from Amazon customer service. Please press 1 now.":                   "Amazon",
		"Se hizo pasar por la Seguridad Social":                                                  "Seguridad Social",
		"Il se fait passer pour la Société Générale":                                             "Société Générale",
		"I got a robocall about my car's warranty":                                               "",
		"I called Verizon and they told me to write to you about the calls":                      "",
		"This call is from Department of Social Security Administration. Press 1 to talk to us.": "Social Security Administration",
	} {
		if got := intake.Text(text, us).Impersonated; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestWhoWrites(t *testing.T) {
	for text, want := range map[string]cases.ReporterKind{
		"I got a scam call from 202-456-1414":                                                                      cases.ReporterCalled,
		"He claimed to be a detective with the police department and wanted gift cards":                            cases.ReporterCalled,
		"Someone said they were from the attorney general's office. It is a scam.":                                 cases.ReporterCalled,
		"I am Detective Ruiz of the Springfield Police Department, and I request subscriber records":               cases.ReporterPolice,
		"We are with the Office of the Attorney General and investigate these calls":                               cases.ReporterRegulator,
		"FCC Enforcement Bureau: notice of suspected illegal traffic":                                              cases.ReporterRegulator,
		"Industry Traceback Group traceback request 12345":                                                         cases.ReporterTraceback,
		"Our subscriber complains about calls that came from your network. NOC, Example Telecom, fraud operations": cases.ReporterCarrier,
		"Fraudsters impersonate us: our customers are receiving calls from people pretending to be our bank.":      cases.ReporterBrand,
		"People call me back saying I called them; someone is spoofing my number":                                  cases.ReporterNumberOwner,
		"Our PBX was hacked over the weekend":                                                                      cases.ReporterCustomer,
		"My SIP account was hacked and somebody is making calls with it":                                           cases.ReporterCustomer,
		"Hi, this is the police department. Press 1 to speak to an officer. This is your final notice.":            cases.ReporterCalled,
	} {
		if got := intake.Text(text, us).Reporter.Kind; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestLanes(t *testing.T) {
	for text, want := range map[string]cases.Lane{
		"He calls every night and said he is going to kill me":                                                cases.LaneLife,
		"There was a bomb threat against our school from 202-456-1414":                                        cases.LaneLife,
		"Me llamó y dijo que va a matarme":                                                                    cases.LaneLife,
		"Our 911 center is being flooded with calls from your numbers":                                        cases.LaneEmergency,
		"TDoS against the county PSAP":                                                                        cases.LaneEmergency,
		"Our PBX was hacked and international calls are still going on right now":                             cases.LaneTollFraud,
		"FCC Enforcement Bureau: you are required to respond to this notice of suspected illegal traffic.":    cases.LaneRegulator,
		"I got a robocall about the FCC":                                                                      "",
		"Our PBX was hacked last month":                                                                       "",
		"I called 911 because of the scammer":                                                                 "",
		"We are suspending your social security number, and this is your formal notice. Press 1 for details.": "",
		"They keep flooding me with calls":                                                                    "",
	} {
		p := intake.Text(text, us)
		if p.Lane != want {
			t.Errorf("%s: got %q, want %q", text, p.Lane, want)
		}
		if e := extract(p, cases.ExtractLane); want != "" && (e.Start < 0 || e.Confidence < 0.5) {
			t.Errorf("%s: %+v", text, e)
		}
	}
}

func TestExtracts(t *testing.T) {
	text := "Yesterday at 3:15 pm somebody from 202-456-1414 called me three times about my car's extended warranty and I lost $50."
	p := intake.Text(text, us)
	got := map[cases.ExtractKind]string{}
	for _, e := range p.Extracts {
		got[e.Kind] = e.Value + "|" + e.Text
	}
	want := map[cases.ExtractKind]string{
		"language": "en|", "pretext": "warranty|car's extended warranty", "reporter_kind": "called_party|",
		"category":    "scam|",
		"occurred_at": "2026-03-02T19:10:00Z/2026-03-02T23:20:00Z|Yesterday at 3:15 pm", "occurrences": "3|three times", "money_lost": "50.00 USD|50",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whoever was called tells the time of his own number's zone, not any of the country's.
func TestTimeInTheNumbersZone(t *testing.T) {
	p := intake.Text("My number is 206-456-1414. They called from 202-456-1414 yesterday at 3:15 pm.", us)
	if got := p.OccurredAt.Earliest.Format("02 15:04") + " " + p.OccurredAt.Latest.Format("02 15:04"); got != "02 23:10 02 23:20" {
		t.Errorf("got %s", got)
	}
}

func TestExtend(t *testing.T) {
	defer intake.Extend(nil)
	if err := intake.Extend(fstest.MapFS{
		"pretexts.txt": {Data: []byte("# ours\nutility glasfaser anschluss\n-warranty warranty\nlottery jackpot winner\n")},
		"lanes.txt":    {Data: []byte("life mit dem tod bedroht")},
	}); err != nil {
		t.Fatal(err)
	}
	if p := intake.Text("Ein Anruf wegen Glasfaser-Anschluss", us); p.Pretext != "utility" {
		t.Errorf("got %q", p.Pretext)
	}
	if p := intake.Text("you are a jackpot winner", us); p.Pretext != "lottery" {
		t.Errorf("got %q", p.Pretext)
	}
	if p := intake.Text("the warranty", us); p.Pretext != "" {
		t.Errorf("got %q for a phrase taken out", p.Pretext)
	}
	if p := intake.Text("Ich wurde mit dem Tod bedroht", us); p.Lane != cases.LaneLife {
		t.Errorf("got %q", p.Lane)
	}
	for name, bad := range map[string]fstest.MapFS{
		"an unknown list": {"pretext.txt": {Data: []byte("x y")}},
		"no UTF-8":        {"pretexts.txt": {Data: []byte("x \xff")}},
	} {
		if err := intake.Extend(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := intake.Extend(nil); err != nil {
		t.Fatal(err)
	}
	if p := intake.Text("the warranty", us); p.Pretext != "warranty" {
		t.Errorf("got %q after the extension was taken back", p.Pretext)
	}
}
