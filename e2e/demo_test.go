package e2e

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

var caseLine = regexp.MustCompile(`(?m)^.*\bcase AB-\d{4}-\d{6}\b.*$`)

// The demonstration is on its feet within a minute of its start, on a machine
// with nothing else: it says where it is and how to sign in, and cases open.
func TestDemo(t *testing.T) {
	t.Parallel()
	d := &desk{t: t, env: map[string]string{"DATA_DIR": t.TempDir()}}
	d.listen()
	d.process = testenv.Start(t, d.command(context.Background(), "demo"))
	d.ready()
	began := time.Now()
	testenv.Eventually(t, 90*time.Second, func() bool {
		select {
		case <-d.process.Done():
			t.Fatalf("the demonstration ended by itself:\n%s", d.process.Output())
		default:
		}
		return len(distinct(caseLine.FindAllString(d.process.Output(), -1))) >= 4
	}, "four lines of cases")
	out := d.process.Output()
	t.Logf("four cases after %v", time.Since(began).Round(time.Second))
	for _, want := range []string{d.baseURL, "analyst", "approver"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output does not say %q:\n%s", want, out)
		}
	}
	for _, path := range []string{"/", "/desk/sign-in", "/api/docs", "/api/openapi.json"} {
		if status, _ := d.get(path); status != http.StatusOK {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	d.process.Stop(syscall.SIGINT)
	if err := d.process.Wait(); err != nil {
		t.Errorf("stopped with Ctrl-C: %v", err)
	}
}

var reference = regexp.MustCompile(`AB-\d{4}-\d{6}`)

// distinct returns the different references in lines.
func distinct(lines []string) map[string]bool {
	refs := map[string]bool{}
	for _, l := range lines {
		refs[reference.FindString(l)] = true
	}
	return refs
}

// Wrong configuration is said all at once, in one line on standard error, with
// exit status 2.
func TestWrongConfigurationIsSaidAtOnce(t *testing.T) {
	d := &desk{t: t, env: map[string]string{"DATA_DIR": t.TempDir(), "HTTP_ADDR": "nonsense", "LOG_LEVEL": "loud", "POLICY_FAIL_MODE": "ajar", "DATABASE_URL": "mysql://x"}}
	out, code := d.try("", "serve")
	if code != 2 {
		t.Errorf("exit %d, want 2", code)
	}
	for _, name := range []string{"HTTP_ADDR", "LOG_LEVEL", "POLICY_FAIL_MODE", "DATABASE_URL"} {
		if !strings.Contains(out, "ABUSEDESK_"+name) {
			t.Errorf("ABUSEDESK_%s is not named:\n%s", name, out)
		}
	}
	d = &desk{t: t, env: map[string]string{"DATA_DIR": t.TempDir()}}
	for _, args := range [][]string{{"serve", "--roles", "web"}, {"nonsense"}, {"apikey", "create"}, {"import", "accounts", "/nowhere.csv"}} {
		if out, code := d.try("", args...); code != 2 || strings.Count(strings.TrimSpace(out), "\n") > 0 {
			t.Errorf("%s: exit %d, want 2 and one line:\n%s", fmt.Sprint(args), code, out)
		}
	}
}

// SIGTERM lets what is under way finish.
func TestStopsInOrder(t *testing.T) {
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.start()
		if err := d.mailbox.Deliver(mailUser, []byte("From: a@example.com\r\nSubject: x\r\n\r\nI was called by +12165557513.\r\n")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		d.process.Stop(syscall.SIGTERM)
		if err := d.process.Wait(); err != nil {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("took %v", took)
		}
		d.start()
		d.doctor("", 60*time.Second)
	})
}
