package intake_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/numbers"
)

// robocall is a row of the labelled transcripts; see the README beside them.
type robocall struct{ id, language, campaign, callback, text, pretext string }

func readCSV(t testing.TB, name string) [][]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func robocalls(t testing.TB) []robocall {
	t.Helper()
	pretexts := map[string]string{}
	for _, r := range readCSV(t, "../internal/simulate/data/pretexts.csv") {
		pretexts[r[0]] = r[1]
	}
	var out []robocall
	for _, r := range readCSV(t, "../internal/simulate/data/robocalls.csv") {
		out = append(out, robocall{r[0], r[1], r[2], r[3], r[4], pretexts[r[2]]})
	}
	return out
}

// Callback numbers and pretexts of real transcripts, also when nobody says which
// country they are from.
//
//	go test ./intake -run Robocalls -v
func TestRobocalls(t *testing.T) {
	for _, region := range []string{"US", ""} {
		var right, found, wanted, pretexts int
		calls := robocalls(t)
		for _, c := range calls {
			p := intake.Text(c.text, intake.Context{Region: region, ReceivedAt: at})
			for _, n := range p.Numbers {
				found++
				if n.Role == cases.RoleCallback && n.E164 == c.callback {
					right++
				} else {
					t.Errorf("%s: %+v, want %q", c.id, n, c.callback)
				}
			}
			if c.callback != "" {
				wanted++
			}
			if p.Pretext == c.pretext {
				pretexts++
			} else {
				t.Logf("%s: pretext %q, want %q", c.id, p.Pretext, c.pretext)
			}
			if p.OccurredAt.Known() || p.Lost != (cases.Money{}) || p.Lane != "" || p.Reporter.Kind != cases.ReporterCalled {
				t.Errorf("%s: read into a recording: %+v", c.id, p)
			}
			checkParsed(t, p)
		}
		t.Logf("region %q: callback precision %d/%d, recall %d/%d, pretext %d/%d", region, right, found, right, wanted, pretexts, len(calls))
		if right != found || right != wanted || pretexts*100 < 95*len(calls) {
			t.Errorf("region %q: callback %d right of %d found, %d wanted; pretext %d of %d", region, right, found, wanted, pretexts, len(calls))
		}
	}
}

// BenchmarkTranscripts is the whole of Text on one core: 2,000 reports a second
// are 500 µs each.
func BenchmarkTranscripts(b *testing.B) {
	calls := robocalls(b)
	numbers.Warm()
	for i := 0; b.Loop(); i++ {
		intake.Text(calls[i%len(calls)].text, us)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
}

// hostileTexts repeat what the readers of free text look at twice.
var hostileTexts = []string{
	"pretending to be the ", "pretending to be A ", "I lost $1 ", "1 000 ", "$1,", "one two ", "eight hundred ", "double ", "double five ", "campaign: ", "traceback id: 1 ",
	"campaign campaign ", "10.0.0.1:", "abcdef:", "paid ", "traceback request ", "3:15 ", "two hours ago ", "call me at 202-456-1414 ", "my number is 206-456-1414 3/2 ",
	"press 1 ", "Amazon ", "!", "claimed to be" + strings.Repeat("!", 50), "零", "eyJ.a.b;", "kill me ", "twice ", "12 times ",
}

// BenchmarkTextHostile: a byte must cost about the same in a text of any length.
func BenchmarkTextHostile(b *testing.B) {
	numbers.Warm()
	for _, unit := range hostileTexts {
		for _, size := range []int{32 << 10, 256 << 10} {
			text := "traceback request " + strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%.20q/%dK", unit, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					intake.Text(text, us)
				}
			})
		}
	}
}

// Recordings are cut off at either end: the number must be the one to call back
// also where little stands around it.
func TestFragments(t *testing.T) {
	right, all := 0, 0
	for _, c := range robocalls(t) {
		if c.callback == "" {
			continue
		}
		m := numbers.FindAll(c.text, "US")[0]
		before, after := strings.Fields(c.text[:m.Start]), strings.Fields(c.text[m.End:])
		for k := 3; k <= 40; k++ {
			for _, a := range []int{0, 2, 5, 12} {
				text := strings.Join(before[max(0, len(before)-k):], " ") + " " + m.Text + " " + strings.Join(after[:min(a, len(after))], " ")
				p := intake.Text(text, us)
				if all++; len(p.Numbers) == 1 && p.Number(cases.RoleCallback) == c.callback {
					right++
				}
			}
		}
	}
	t.Logf("%d of %d fragments", right, all)
	if right*100 < 95*all {
		t.Errorf("%d of %d fragments", right, all)
	}
}

// Recordings of other kinds than those that the lists were written beside.
func TestOtherRecordings(t *testing.T) {
	for text, want := range map[string]string{
		"Hi, this is Mark from the billing department of your internet provider. Please dial 1-877-456-9087 to avoid interruption.":                 "+18774569087 utility",
		"Final notice. Your Medicare benefits card is ready to ship. Contact our benefits office, 888 456 2210, Monday through Friday from 9 to 5.": "+18884562210 government",
		"This is the IRS. A lawsuit has been filed against you. The hotline to my division is 202-456-9012. Don't disregard this message.":          "+12024569012 government",
		"Hey it's Karen, I'm following up on the business loan, you were approved for up to 250,000 dollars. My number is 949-456-7010.":            "+19494567010 loan or debt",
		"Dear PayPal customer your account is locked. Our support number: +1 (805) 456-3399.":                                                       "+18054563399 bank or card",
		"Congratulations! You have won a free cruise to the Bahamas. Call 1-800-CRUISES":                                                            "+18002784737 travel",
		"your computer has a virus, call Microsoft at eight seven seven, four five six, oh one oh two":                                              "+18774560102 technical support",
	} {
		p := intake.Text(text, us)
		if got := p.Number(cases.RoleCallback) + " " + p.Pretext; got != want || len(p.Numbers) != 1 {
			t.Errorf("%s\n got %s, %+v\nwant %s", text, got, p.Numbers, want)
		}
	}
}
