package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// browser is somebody at the console.
type browser struct {
	d    *desk
	http *http.Client
}

func (d *desk) browser() *browser {
	d.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &browser{d, &http.Client{Timeout: 30 * time.Second, Jar: jar}}
}

// signIn opens the console as somebody that staff made.
func (d *desk) signIn(name string) *browser {
	d.t.Helper()
	b := d.browser()
	if status, at, page := b.post("/desk/sign-in", "email", strings.ToLower(name)+"@carrier.example", "password", password); status != http.StatusOK || at == "/desk/sign-in" {
		d.t.Fatalf("sign-in of %s: %d at %s\n%.600s", name, status, at, page)
	}
	return b
}

// get and post follow redirects and return where they ended.
func (b *browser) get(path string) (status int, at, page string) {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodGet, b.d.baseURL+path, nil)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return b.do(req)
}

func (b *browser) post(path string, fields ...string) (status int, at, page string) {
	b.d.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(b.d.t.Context(), http.MethodPost, b.d.baseURL+path, strings.NewReader(v.Encode()))
	if err != nil {
		b.d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.d.baseURL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) do(req *http.Request) (status int, at, page string) {
	b.d.t.Helper()
	res, err := b.http.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		b.d.t.Errorf("%s has the policy %q", req.URL.Path, csp)
	}
	return res.StatusCode, res.Request.URL.Path, string(body)
}

// The console behind its sign-in: every page answers, shows the case and its
// reasons, and neither a reporter's script nor a reporter's address.
func TestConsole(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		c := carrier(t)
		d.load(c)
		ana := d.staff("Ana", "analyst", "all")
		d.staff("Olga", "auditor", "all")

		report := simulate.Stories(c)[0].Steps[0].Complaint
		const attack = `<script>alert(1)</script><img src=x onerror=alert(2)>"'><svg/onload=alert(3)>`
		report.Words += " " + attack
		report.Reporter.Name = attack
		_, receipt, err := d.doors().Deliver(t.Context(), simulate.DoorAPI, report)
		if err != nil {
			t.Fatal(err)
		}
		ref := receipt.Case
		d.wait(ana, ref, "corroboration", func(c simulate.Case) bool { return c.Facts.Corroboration == cases.CorroborationConfirmed })

		stranger := d.browser()
		for _, path := range []string{"/desk", "/desk/queue", "/desk/cases/" + ref, "/desk/operations"} {
			if _, at, page := stranger.get(path); at != "/desk/sign-in" || strings.Contains(page, "Acme") || strings.Contains(page, c.Cast.CampaignCaller) {
				t.Errorf("a stranger at %s ended at %s", path, at)
			}
		}
		if status, at, _ := stranger.post("/desk/sign-in", "email", "ana@carrier.example", "password", "wrong"); status != http.StatusUnauthorized || at != "/desk/sign-in" {
			t.Errorf("a wrong password: %d at %s", status, at)
		}

		analyst := d.signIn("Ana")
		for path, want := range map[string]string{
			"/desk/queue": ref, "/desk/cases/" + ref: "Acme Dialers", "/desk/restrictions": "", "/desk/reports": ref, "/desk/numbers": "", "/desk/sendings": ref,
			"/desk/numbers/" + url.PathEscape(c.Cast.CampaignCaller): ref, "/desk/accounts": "Acme Dialers", "/desk/accounts/" + c.Cast.Robocaller: "Northtel", "/desk/operations": "",
		} {
			status, at, page := analyst.get(path)
			if status != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("%s: %d at %s, does it say %q?", path, status, at, want)
			}
			for _, evil := range []string{"<script>alert", "<img src=x", "<svg/onload"} {
				if strings.Contains(page, evil) {
					t.Errorf("%s has %q in it", path, evil)
				}
			}
			if strings.Contains(page, report.Reporter.Email) {
				t.Errorf("%s shows the reporter's address", path)
			}
		}
		for _, path := range []string{"/desk/cases/AB-2020-999999", "/desk/cases/nonsense", "/desk/reports/0", "/desk/accounts/nobody", "/desk/nonsense"} {
			if status, _, _ := analyst.get(path); status != http.StatusNotFound {
				t.Errorf("%s: %d, want 404", path, status)
			}
		}

		// An auditor reads and changes nothing.
		auditor := d.signIn("Olga")
		if status, _, _ := auditor.get("/desk/cases/" + ref); status != http.StatusOK {
			t.Errorf("an auditor at the case: %d", status)
		}
		if status, _, _ := auditor.post("/desk/cases/" + ref + "/claim"); status != http.StatusForbidden {
			t.Errorf("an auditor claims: %d", status)
		}

		// Claim, note, judge. Text of the analyst is no markup either.
		if _, at, _ := analyst.post("/desk/cases/" + ref + "/claim"); at != "/desk/cases/"+ref {
			t.Errorf("after the claim at %s", at)
		}
		analyst.post("/desk/cases/"+ref+"/note", "text", "looked into it "+attack)
		got, err := ana.Case(t.Context(), ref)
		if err != nil || !strings.HasPrefix(got.Assignee, "Ana") {
			t.Fatalf("claimed by %q, %v", got.Assignee, err)
		}
		if _, _, page := analyst.get("/desk/cases/" + ref); !strings.Contains(page, "looked into it") || strings.Contains(page, "<img src=x") {
			t.Error("the note is not on the timeline, or not as text")
		}
		d.signOut(analyst, ref)
		d.doctor("", 60*time.Second)
	})
}

func (d *desk) signOut(b *browser, ref string) {
	d.t.Helper()
	b.post("/desk/sign-out")
	if _, at, _ := b.get("/desk/cases/" + ref); at != "/desk/sign-in" {
		d.t.Errorf("signed out and still at %s", at)
	}
}

// An acknowledgement whose sending nobody saw the end of is shown, and not
// sent again by itself.
func (d *desk) unknownIsShown(b *browser, ref string) {
	d.t.Helper()
	testenv.Eventually(d.t, 2*time.Minute, func() bool {
		_, _, page := b.get("/desk/sendings?view=unknown")
		return strings.Contains(page, ref)
	}, "the sending of unknown outcome of %s to be shown", ref)
}
