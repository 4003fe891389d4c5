package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/numbers"
)

func TestRoles(t *testing.T) {
	for text, want := range map[string][]string{
		"I got a call from 202-555-0143 on my cell 303-555-0171.":                      {"caller +12025550143", "called +13035550171"},
		"303-555-0100 keeps calling me":                                                {"caller +13035550100"},
		"Calls came from 202-555-0143, 202-555-0144 and 202-555-0145":                  {"caller +12025550143", "caller +12025550144", "caller +12025550145"},
		"They left a message to call back at 800-356-9377. Caller ID was 202-555-0143": {"callback +18003569377", "caller +12025550143"},
		"my number is 303-555-0171 and they call from 202-555-0143":                    {"called +13035550171", "caller +12025550143"},
		"From: +12025550143\nTo: +13035550171":                                         {"caller +12025550143", "called +13035550171"},
		"The number that called me:\n202-555-0143":                                     {"caller +12025550143"},
		"202-555-0143": {"caller +12025550143"},
		"We noticed suspicious activity. Press 1 or call our department, 1-800-356-9377.":      {"callback +18003569377"},
		"If you wish to contact us later, please call us on our toll-free number 800-356-9377": {"callback +18003569377"},
		"Ayer me llamaron desde el +34 600 123 456 a mi número +34 600 765 432":                {"caller +34600123456", "called +34600765432"},
		"J'ai reçu un appel du +33 6 12 34 56 78, il faut rappeler le +33 1 70 36 39 50":       {"caller +33612345678", "callback +33170363950"},
		"Somebody is spoofing my number. My number is 202-555-0143.":                           {"caller +12025550143"},
		"called from 202-555-0143. Again: called from 202-555-0143!":                           {"caller +12025550143"},
		"no number here, only order 12345":                                                     nil,
	} {
		var got []string
		for _, n := range intake.Text(text, us).Numbers {
			got = append(got, string(n.Role)+" "+n.E164)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestTimes(t *testing.T) {
	// Received on Tuesday 2026-03-03 at 18:00 UTC, 13:00 in New York.
	eastern := intake.Context{Region: "US", ReceivedAt: at.In(time.FixedZone("", -5*3600))}
	british := intake.Context{Region: "GB", ReceivedAt: at}
	for _, tc := range []struct {
		text    string
		context intake.Context
		want    string // "02 15:04 02 15:04" in UTC; "" unknown
	}{
		{"yesterday around 3pm", eastern, "02 19:00 02 21:00"},
		{"yesterday around 3", eastern, "02 19:00 02 21:00"},
		{"at 3:15 pm yesterday", eastern, "02 20:10 02 20:20"},
		{"Yesterday at 9 a.m. they called", eastern, "02 13:30 02 14:30"},
		{"yesterday at 3:15 PM PST", eastern, "02 23:10 02 23:20"},
		{"last night around 8", eastern, "03 00:00 03 02:00"},
		{"this morning", eastern, "03 10:00 03 17:00"},
		{"on Monday at 10:30am", eastern, "02 15:25 02 15:35"},
		{"on Tuesday", eastern, "24 05:00 25 05:00"},
		{"two hours ago", eastern, "03 15:30 03 16:30"},
		{"20 minutes ago", eastern, "03 17:35 03 17:45"},
		{"called at 12:40 pm", eastern, "03 17:35 03 17:45"},
		{"called at 11:40 pm", eastern, "03 04:35 03 04:45"},
		{"2026-03-02T20:15:00Z", eastern, "02 20:10 02 20:20"},
		{"2026-03-02 20:15:00 UTC", eastern, "02 20:10 02 20:20"},
		{"2026-03-02 15:15:07.123 -0500", british, "02 20:10 02 20:20"},
		{"2026-03-02 15:15 +01:00", eastern, "02 14:10 02 14:20"},
		{"Mon, 2 Mar 2026 15:15:00 -0500", british, "02 20:10 02 20:20"},
		{"March 2nd, 2026 at 3:15 PM", eastern, "02 20:10 02 20:20"},
		{"2 March at 15:15", eastern, "02 20:10 02 20:20"},
		{"02/03/2026 15:15", british, "02 14:10 02 15:20"},
		{"3/2/2026 3:15pm", eastern, "02 20:10 02 20:20"},
		{"3/2 3:15pm", eastern, "02 20:10 02 20:20"},
		{"02.03.2026 15.15 pm", british, "02 14:10 02 15:20"},
		{"15/2/2026", eastern, "15 05:00 16 05:00"}, // cannot be month first
		{"ayer a las 17:30", eastern, "02 22:25 02 22:35"},
		{"hier vers 15h", eastern, "02 19:00 02 21:00"},
		{"le 2 mars à 15h30", eastern, "02 20:25 02 20:35"},
		{"el 2 de marzo de 2026 por la tarde", eastern, "02 17:00 02 23:00"},
		{"hace 20 minutos", eastern, "03 17:35 03 17:45"},
		{"il y a deux heures", eastern, "03 15:30 03 16:30"},
		{"today", eastern, "03 05:00 03 18:05"},
		{"they call 24/7 about my 2026 tax", eastern, ""},
		{"2031-01-01", eastern, ""},
		{"February 31", eastern, ""},
		{"call 1-800-356-9377 ext 12 now", eastern, ""},
		{"nothing", eastern, ""},
	} {
		r := intake.Text(tc.text, tc.context).OccurredAt
		got := ""
		if r.Known() {
			got = r.Earliest.UTC().Format("02 15:04") + " " + r.Latest.UTC().Format("02 15:04")
		}
		if got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestWhatItIsAbout(t *testing.T) {
	for _, tc := range []struct {
		text     string
		category cases.Category
		pretext  string
		kind     cases.ReporterKind
		language string
		times    int
	}{
		{"I have had five robocalls about my car's extended warranty.", "robocall", "warranty", "called_party", "en", 5},
		{"Somebody pretending to be Microsoft support wanted remote access. It's a scam.", "scam", "technical support", "called_party", "en", 0},
		{"People call me back saying I called them; someone is using my number.", "spoofed_my_number", "", "number_owner", "en", 0},
		{"Our PBX was hacked and there are calls we did not make on our bill.", "toll_fraud", "", "hacked_customer", "en", 0},
		{"This is the police department; detective Smith requests records under subpoena.", "traceback", "", "law_enforcement", "en", 0},
		{"Un escroc se fait passer pour mon conseiller bancaire, il a appelé trois fois.", "scam", "bank or card", "called_party", "fr", 3},
		{"Me amenazó por teléfono y dijo que es de la policía.", "harassment", "", "called_party", "es", 0},
		{"您的国际快递包裹有问题，请按1。", "robocall", "parcel", "called_party", "zh", 0},
		{"Hola", "other", "", "called_party", "", 0},
	} {
		p := intake.Text(tc.text, us)
		got := fmt.Sprint(p.Category, "|", p.Pretext, "|", p.Reporter.Kind, "|", p.Language, "|", p.Occurrences)
		want := fmt.Sprint(tc.category, "|", tc.pretext, "|", tc.kind, "|", tc.language, "|", tc.times)
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", tc.text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("yesterday around 3pm from 202-555-0143", "US")
	f.Add("11/10 15:04 +0100 eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://x>", "GB")
	f.Add(strings.Repeat("call from 3:15 ", 50), "")
	for _, unit := range hostileTexts {
		f.Add("traceback request "+strings.Repeat(unit, 20), "US")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		checkParsed(t, intake.Text(text, intake.Context{Region: region, ReceivedAt: at}))
	})
}

func BenchmarkText(b *testing.B) {
	numbers.Warm()
	text := "Hello,\n\nyesterday at 3:15 pm I got a recorded message from (202) 555-0143. It said it was Amazon customer service and asked me to call back at 1-800-356-9377.\nMy number is 303-555-0171. They have called me 12 times.\n\nJane"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		intake.Text(text, us)
	}
}

// Who quotes what a voice said tells of a call. A quotation alone is the voice.
func TestAQuotedRecordingIsAnAccount(t *testing.T) {
	const voice = `"This call is to inform you that your social security number has been suspended. Press 1 to speak to our representative."`
	told := intake.Text("Stop it!! +1 216 555 7513 called me at +1 615 555 3252, November 23, 2026 at 10:18 AM EST. The voice said "+voice, us)
	if told.Number(cases.RoleCalled) != "+16155553252" || told.Number(cases.RoleCallback) != "" || !told.OccurredAt.Known() {
		t.Errorf("an account: %+v, %+v", told.Numbers, told.OccurredAt)
	}
	told = intake.Text("A call from 202-555-0143 on my phone 303-555-0171. It said: \"This is a federal criminal offense before a judge or grand jury. You lost $1,499, press 1.\" I hung up.", us)
	if told.Reporter.Kind != cases.ReporterCalled || told.Lost != (cases.Money{}) {
		t.Errorf("the writer is %s, lost %v: it was the voice that said so", told.Reporter.Kind, told.Lost)
	}
	for _, text := range []string{voice, strings.Trim(voice, `"`), "Voicemail: " + voice} {
		p := intake.Text(strings.Replace(text, "Press 1", "Call +1 888 555 0146 or press 1", 1), us)
		if p.Number(cases.RoleCallback) != "+18885550146" {
			t.Errorf("%s: %+v", text, p.Numbers)
		}
	}
}
