package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// understood is a case with what its reports are taken to say.
type understood struct {
	simulate.Case
	ReportList []struct {
		ID      int64  `json:"id"`
		Pretext string `json:"pretext"`
		Numbers []struct {
			E164 string `json:"e164"`
			Role string `json:"role"`
		} `json:"numbers"`
	} `json:"report_list"`
	Campaigns []struct {
		ID    int64 `json:"id"`
		Cases int   `json:"cases"`
	} `json:"campaigns"`
}

// A report is read with an operator's own word list, corrected at the console,
// and is then a labelled text; one with the same script and another number is
// a case of the same campaign.
func TestUnderstandingIsCorrected(t *testing.T) {
	const script = "Hello, this is the moon bank calling about your lunar savings account. It has been suspended because of a strange withdrawal on the far side. To keep your savings call %s now or press one to speak to a lunar officer."
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		words := t.TempDir()
		list := func(content string) {
			if err := os.WriteFile(filepath.Join(words, "pretexts.txt"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d.env["WORDS_DIR"] = words
		list("lunar_bank moon bank\nlunar_bank lunar savings\n\xff")
		if out, code := d.try("", "parse", "--text", "/dev/null"); code != 2 || !strings.Contains(out, "pretexts.txt: not UTF-8") {
			t.Errorf("a damaged word list: exit %d, %s", code, out)
		}
		list("lunar_bank moon bank\nlunar_bank lunar savings\nlunar_bank lunar officer\n-" + "bank savings account\n")
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		read := func(ref string) (c understood) {
			if err := ana.Do(t.Context(), http.MethodGet, "/api/v1/cases/"+url.PathEscape(ref), nil, &c); err != nil {
				t.Fatal(err)
			}
			return c
		}
		file := func(n int) string {
			var filed struct {
				Case string `json:"case"`
			}
			body := map[string]string{"description": fmt.Sprintf(script, fmt.Sprintf("202-555-01%02d", n)), "caller_number": fmt.Sprintf("+130355501%02d", n), "category": "scam"}
			if err := ana.Do(t.Context(), http.MethodPost, "/api/v1/reports", body, &filed); err != nil {
				t.Fatal(err)
			}
			return filed.Case
		}
		ref := file(10)
		c := read(ref)
		if len(c.ReportList) != 1 || c.ReportList[0].Pretext != "lunar bank" {
			t.Fatalf("read as %+v", c.ReportList)
		}
		report := fmt.Sprint(c.ReportList[0].ID)
		b := d.signIn("Ana")
		_, _, page := b.post("/desk/cases/"+ref+"/correct", "report", report, "field", "number", "number", "+12025550110", "value", "called")
		if !strings.Contains(page, "Corrected. The report is checked anew.") {
			t.Errorf("the console says %.2000s", page)
		}
		if c = read(ref); !slices.ContainsFunc(c.ReportList[0].Numbers, func(n struct {
			E164 string `json:"e164"`
			Role string `json:"role"`
		}) bool {
			return n.E164 == "+12025550110" && n.Role == "called"
		}) {
			t.Errorf("corrected to %+v", c.ReportList[0].Numbers)
		}
		var labelled struct {
			Text   string              `json:"text"`
			Labels map[string][]string `json:"labels"`
		}
		out := d.run("", "corrections")
		if err := json.Unmarshal([]byte(out), &labelled); err != nil || !slices.Equal(labelled.Labels["called"], []string{"+12025550110"}) || len(labelled.Labels["callback"]) != 0 || !strings.Contains(labelled.Text, "moon bank") {
			t.Errorf("%v: labelled as %s", err, out)
		}

		other := file(11)
		if other == ref {
			t.Fatalf("another number went to the same case, %s", ref)
		}
		testenv.Eventually(t, 30*time.Second, func() bool {
			one, two := read(ref), read(other)
			return len(one.Campaigns) == 1 && len(two.Campaigns) == 1
		}, "the script to be found in both cases")
		if one, two := read(ref), read(other); one.Campaigns[0].ID != two.Campaigns[0].ID || one.Campaigns[0].Cases != 2 {
			t.Errorf("campaigns %+v and %+v", one.Campaigns, two.Campaigns)
		}
		if status, _, page := b.get(fmt.Sprintf("/desk/campaigns/%d", read(ref).Campaigns[0].ID)); status != http.StatusOK || !strings.Contains(page, other) {
			t.Errorf("the page of the campaign: %d %.600s", status, page)
		}
		d.doctor("", time.Minute)
	})
}
