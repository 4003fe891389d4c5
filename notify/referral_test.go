package notify

import (
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

func TestReferralsSayWhoAnswersForTheNumber(t *testing.T) {
	known := cases.Responsible{Number: "+13105550123", Carrier: "Pacific Voice", AbuseContact: "abuse@pacific.example", Prefix: "1310"}
	authorities := map[string][]string{"US": {"ftc.gov", "donotcall.gov", "consumercomplaints.fcc.gov"}, "CA": {"antifraudcentre"}, "GB": {"reportfraud.police.uk"},
		"FR": {"33700"}, "ES": {"aepd.es"}, "MX": {"profeco"}}
	says := map[string]struct{ unknown, tollFree, texts string }{
		"en": {"We do not know which company", "toll-free", "no sign that the messages"},
		"es": {"No sabemos qué empresa", "número gratuito", "indicios de que los mensajes"},
		"fr": {"Nous ne savons pas quelle société", "numéro gratuit", "que les messages soient passés"},
	}
	for language, words := range says {
		text := func(r cases.Responsible, region string, category cases.Category) string {
			l := letter()
			l.Sending.Kind, l.Sending.Language, l.Responsible, l.Region, l.Report.Category = cases.SendingReferral, language, r, region, category
			_, h, text := sent(t, func(*MailerConfig) {}, l)
			if h.Get("Auto-Submitted") != "auto-generated" || !h.Has("In-Reply-To") {
				t.Errorf("%s: %v", language, h)
			}
			if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") || !strings.Contains(text, "https://desk.example/reports/t0ken") || !strings.Contains(text, "Northwind") {
				t.Errorf("%s:\n%s", language, text)
			}
			return text
		}
		for region, sites := range authorities {
			for _, site := range sites {
				if s := text(known, region, cases.CategoryRobocall); !strings.Contains(s, site) || !strings.Contains(s, "Pacific Voice") || !strings.Contains(s, "abuse@pacific.example") {
					t.Errorf("%s in %s does not say %s:\n%s", language, region, site, s)
				}
			}
		}
		if s := text(cases.Responsible{Number: "+18005550123", TollFree: true}, "US", cases.CategoryRobocall); !strings.Contains(s, words.tollFree) || strings.Contains(s, words.unknown) {
			t.Errorf("%s, toll-free:\n%s", language, s)
		}
		if s := text(cases.Responsible{Number: "+4930901820"}, "DE", cases.CategoryRobocall); !strings.Contains(s, words.unknown) || strings.Contains(s, "ftc.gov") {
			t.Errorf("%s, unknown:\n%s", language, s)
		}
		if s := text(known, "US", cases.CategoryTextSpam); !strings.Contains(s, words.texts) {
			t.Errorf("%s, text messages:\n%s", language, s)
		}
	}
}

// Text messages can be sent on to 7726 where carriers take them: in the United
// States, Canada and the United Kingdom.
func TestTextMessagesGoTo7726Too(t *testing.T) {
	for _, language := range []string{"en", "es", "fr"} {
		for region, want := range map[string]bool{"US": true, "CA": true, "GB": true, "FR": false, "": false} {
			for _, category := range []cases.Category{cases.CategoryTextSpam, cases.CategoryRobocall} {
				l := letter()
				l.Sending.Language, l.Region, l.Report.Category = language, region, category
				_, _, text := sent(t, func(*MailerConfig) {}, l)
				if strings.Contains(text, "7726") != (want && category == cases.CategoryTextSpam) || strings.Contains(text, "\n\n\n") {
					t.Errorf("%s, %s, %s:\n%s", language, region, category, text)
				}
			}
		}
	}
}

// Colleagues learn what they need, and nothing of who reported.
func TestLettersToColleagues(t *testing.T) {
	l := letter()
	l.Sending.Kind, l.Sending.Lane, l.Sending.MessageID, l.Sending.Language = cases.SendingAlert, cases.LaneLife, cases.NoticeID(tokenOfLetter, "desk.example"), "en"
	l.Report.Text = "My name is Jane Roe of 12 Elm Street.\nHe will\nkill me."
	l.Report.Details.Extracts = []cases.Extract{{Kind: cases.ExtractLane, Value: string(cases.LaneTollFraud), Text: "right now"}, {Kind: cases.ExtractLane, Value: string(cases.LaneLife), Text: "He will\nkill me"}}
	from, h, text := sent(t, func(c *MailerConfig) { c.Subaddress = true }, l)
	if from != "abuse@desk.example" || h.Has("Reply-To") || h.Has("In-Reply-To") || h.Get("Importance") != "high" || h.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(h.Get("Subject"), "AB-2026-004217") {
		t.Errorf("from %s\n%v", from, h)
	}
	if !strings.Contains(text, "“He will kill me”") || !strings.Contains(text, "https://desk.example/desk/cases/AB-2026-004217") || !strings.Contains(text, "life is threatened") {
		t.Errorf("%s", text)
	}
	for _, private := range []string{"Elm Street", "t0ken", "right now"} {
		if strings.Contains(text, private) {
			t.Errorf("it says %q:\n%s", private, text)
		}
	}
	l.Sending.Kind, l.Sending.Lane = cases.SendingForward, ""
	l.Report.Text = strings.Repeat("ü", maxForwarded)
	if _, _, text := sent(t, func(*MailerConfig) {}, l); !strings.Contains(text, "cut off") || !strings.Contains(text, "/desk/cases/AB-2026-004217") || len(text) > maxForwarded+2000 || strings.Contains(text, "t0ken") {
		t.Errorf("%d bytes", len(text))
	}
}
