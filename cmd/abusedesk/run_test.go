package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/testenv"
)

// result is what a command left behind.
type result struct {
	status   int
	out, err string
}

// command runs what main runs, on a data folder of its own.
func command(t *testing.T, env map[string]string, in string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	status := run(t.Context(), args, env, strings.NewReader(in), &out, &errOut)
	return result{status, out.String(), errOut.String()}
}

func TestPopulationIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r := command(t, nil, "", "simulate", "population", dir, "--customers", "40", "--days", "1", "--bad", "0.2")
	if r.status != 0 || !strings.HasPrefix(r.out, "40 accounts, 8 of them bad; ") {
		t.Fatalf("%+v", r)
	}
	for _, name := range []string{"accounts.csv", "numbers.csv", "calls.ndjson", "reports.csv", "truth.csv"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name   string
		env    map[string]string
		args   []string
		status int
		says   string // on stderr, which has one line
	}{
		{"an unknown command", nil, []string{"fly"}, 2, "unexpected argument fly"},
		{"a missing argument", nil, []string{"parse"}, 2, "<file>"},
		{"a file that is not there", nil, []string{"parse", filepath.Join(dir, "none.eml")}, 2, "no such file"},
		{"an unknown role", nil, []string{"serve", "--roles", "web,cook"}, 2, `there is no role "cook"`},
		{"roles are not split on SQLite", nil, []string{"serve", "--roles", "web"}, 2, "set ABUSEDESK_DATABASE_URL"},
		{"roles are not split without Redis", map[string]string{"ABUSEDESK_DATABASE_URL": "postgres://127.0.0.1:1/x"}, []string{"serve", "--roles", "web"}, 2, "set ABUSEDESK_REDIS_URL"},
		{"an unknown scope", nil, []string{"apikey", "create", "--name", "x", "--scopes", "everything"}, 2, `there is no scope "everything"`},
		{"a database that is away", map[string]string{"ABUSEDESK_DATABASE_URL": "postgres://127.0.0.1:1/x"}, []string{"doctor"}, 1, "postgres"},
		{"a population of too many", nil, []string{"simulate", "population", dir, "--customers", "100001"}, 1, "must be between 1 and 100000"},
		{"a population that ends at no time", nil, []string{"simulate", "population", dir, "--end", "monday"}, 1, "must be a time with zone"},
		{"a short password", nil, []string{"user", "create", "--email", "a@example.com", "--name", "A", "--role", "admin"}, 1, "at least 12 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir()}
			for k, v := range tt.env {
				env[k] = v
			}
			r := command(t, env, "short\n", tt.args...)
			if r.status != tt.status || !strings.Contains(r.err, tt.says) {
				t.Errorf("status %d, stderr %q; want %d and %q", r.status, r.err, tt.status, tt.says)
			}
			if n := strings.Count(strings.TrimRight(r.err, "\n"), "\n"); n != 0 {
				t.Errorf("stderr has %d lines, want one:\n%s", n+1, r.err)
			}
		})
	}
}

func TestConfigSaysAllProblemsAtOnce(t *testing.T) {
	r := command(t, map[string]string{
		"ABUSEDESK_LOG_LEVEL": "loud", "ABUSEDESK_KEEP_CALLS": "-1", "ABUSEDESK_POLICY_FAIL_MODE": "maybe", "ABUSEDESK_HTTP_ADDR": "here", "ABUSEDESK_DATABASE_URL": "mysql://x",
		"ABUSEDESK_REDIS_URL": "memcache://x", "ABUSEDESK_TRUSTED_PROXIES": "everybody", "ABUSEDESK_SMTP_URL": "smtp://127.0.0.1:25", "ABUSEDESK_AUDIT_KEY": "short",
		"ABUSEDESK_IMAP_URLS": "imap://u:p@mail.example.com/INBOX", "ABUSEDESK_CHAT_WEBHOOK_SECRET": "!", "ABUSEDESK_EVIDENCE_KEY_FILE": "/nowhere",
		"ABUSEDESK_MAIL_SUBADDRESS": "perhaps", "ABUSEDESK_ALERT_MAIL": "duty", "ABUSEDESK_TEXT_ABUSE_MAIL": "a@b.example, Team <c@d.example>", "ABUSEDESK_REFERRALS": "never", "ABUSEDESK_WIDGET_ORIGINS": "https://a.example/path",
	}, "", "doctor")
	if r.status != 2 {
		t.Errorf("status %d, want 2", r.status)
	}
	for _, name := range []string{"LOG_LEVEL", "KEEP_CALLS", "POLICY_FAIL_MODE", "HTTP_ADDR", "DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES", "MAIL_FROM", "AUDIT_KEY", "IMAP_URLS", "CHAT_WEBHOOK_SECRET", "EVIDENCE_KEY_FILE", "MAIL_SUBADDRESS", "ALERT_MAIL", "TEXT_ABUSE_MAIL", "REFERRALS", "WIDGET_ORIGINS"} {
		if !strings.Contains(r.err, "ABUSEDESK_"+name) {
			t.Errorf("%s is not named in: %s", name, r.err)
		}
	}
}

// What is written to our own address would be read as a report.
func TestColleaguesAreNotOurselves(t *testing.T) {
	env := map[string]string{"ABUSEDESK_MAIL_FROM": "Abuse desk <abuse@carrier.example>", "ABUSEDESK_ALERT_MAIL": "Duty@carrier.example, abuse@carrier.example"}
	if _, err := load(env); err == nil || !strings.Contains(err.Error(), "ABUSEDESK_ALERT_MAIL") {
		t.Errorf("our own address: %v", err)
	}
	env["ABUSEDESK_ALERT_MAIL"] = "Duty@carrier.example, boss@carrier.example duty@carrier.example"
	if c, err := load(env); err != nil || !slices.Equal(c.alert, []string{"duty@carrier.example", "boss@carrier.example"}) || c.Referrals != "auto" {
		t.Errorf("%v, %v, %v", c.alert, c.Referrals, err)
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(strings.Repeat("k", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(map[string]string{"ABUSEDESK_AUDIT_KEY_FILE": path})
	if err != nil || c.AuditKey != strings.Repeat("k", 40) || c.auditKey == nil {
		t.Errorf("key %q, err %v", c.AuditKey, err)
	}
	if _, err := load(map[string]string{"ABUSEDESK_AUDIT_KEY_FILE": path, "ABUSEDESK_AUDIT_KEY": strings.Repeat("x", 40)}); err == nil {
		t.Error("the variable and its file were taken together")
	}
}

func TestParse(t *testing.T) {
	mail := "From: Jane <jane@example.org>\r\nSubject: robocall\r\nMessage-ID: <1@example.org>\r\nDate: Sun, 01 Mar 2026 12:00:00 +0000\r\n\r\n" +
		"I got a robocall from 202-456-1111 on my number 212-736-5000 yesterday.\r\n"
	r := command(t, nil, mail, "parse", "-")
	var got struct {
		SHA256    string `json:"raw_sha256"`
		MessageID string `json:"message_id"`
		From      string `json:"from"`
		Category  string `json:"category"`
		Numbers   []struct {
			E164, Role string
		} `json:"numbers"`
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.status != 0 {
		t.Fatalf("status %d, %v\n%s%s", r.status, err, r.out, r.err)
	}
	if len(got.SHA256) != 64 || !strings.Contains(got.MessageID, "1@example.org") || got.Category != "robocall" {
		t.Errorf("got %+v", got)
	}
	roles := map[string]string{}
	for _, n := range got.Numbers {
		roles[n.E164] = n.Role
	}
	if roles["+12024561111"] != "caller" || roles["+12127365000"] != "called" {
		t.Errorf("numbers %+v", got.Numbers)
	}
}

func TestStaffKeysAndAudit(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "", "postgres": testenv.Postgres(t, nil)} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir(), "ABUSEDESK_DATABASE_URL": url, "ABUSEDESK_AUDIT_KEY": strings.Repeat("a", 40)}
			create := []string{"user", "create", "--email", "Ann@Example.com", "--name", "Ann", "--role", "admin"}
			if r := command(t, env, "correct horse battery\n", create...); r.status != 0 {
				t.Fatalf("create: %+v", r)
			}
			if r := command(t, env, "correct horse battery\n", create...); r.status != 1 || !strings.Contains(r.err, "already") {
				t.Errorf("created twice: %+v", r)
			}
			key := command(t, env, "", "apikey", "create", "--name", "switch", "--scopes", "policy,read")
			if key.status != 0 || !strings.HasPrefix(key.out, "abk_") || strings.Count(key.out, "\n") != 1 {
				t.Fatalf("the key alone on stdout: %+v", key)
			}
			if r := command(t, env, "", "apikey", "list"); !strings.Contains(r.out, "switch") || strings.Contains(r.out, strings.TrimSpace(key.out)) {
				t.Errorf("list: %+v", r)
			}
			if r := command(t, env, "", "audit", "verify"); r.status != 0 {
				t.Errorf("audit verify: %+v", r)
			}
			if r := command(t, env, "", "doctor", "--invariants"); r.status != 0 || !strings.Contains(r.out, "all hold") {
				t.Errorf("doctor: %+v", r)
			}
		})
	}
}

// TestServe drives the same run that main calls: it serves, says where its
// first admin is made, refuses a second process, and stops in order.
func TestServe(t *testing.T) {
	port := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
	env := map[string]string{"ABUSEDESK_DATA_DIR": t.TempDir(), "ABUSEDESK_HTTP_ADDR": port, "ABUSEDESK_LOG_LEVEL": "error"}
	ctx, stop := contextWithStop(t)
	var out lockedBuffer
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"serve"}, env, strings.NewReader(""), &out, &out) }()
	testenv.Eventually(t, 60*time.Second, func() bool {
		res, err := http.Get("http://" + port + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, "the service becomes ready")
	if !strings.Contains(out.String(), "/desk/setup/") && !strings.Contains(out.String(), "/setup/") {
		t.Errorf("no link for the first admin:\n%s", out.String())
	}
	if r := command(t, env, "", "serve"); r.status == 0 || !strings.Contains(r.err, "another abusedesk serves") {
		t.Errorf("a second process on the same folder: %+v", r)
	}
	stop()
	select {
	case status := <-done:
		if status != 0 {
			t.Errorf("status %d after an orderly stop:\n%s", status, out.String())
		}
	case <-time.After(40 * time.Second):
		t.Fatalf("did not stop:\n%s", out.String())
	}
}

func TestImportReports(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "", "postgres": testenv.Postgres(t, nil)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			env := map[string]string{"ABUSEDESK_DATA_DIR": dir, "ABUSEDESK_DATABASE_URL": url}
			file := func(name, content string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			must := func(args ...string) string {
				t.Helper()
				r := command(t, env, "", args...)
				if r.status != 0 {
					t.Fatalf("%v: %+v", args, r)
				}
				return r.out
			}
			must("import", "accounts", file("accounts.csv", "id,name,kind\nacme,Acme,business\n"))
			must("import", "numbers", file("numbers.csv", "number,account,from\n+12025550143,acme,2020-01-01\n"))
			fcc := file("fcc.csv", "id,issue_date,issue_time,issue_type,method,issue,caller_id_number,type_of_call_or_messge,advertiser_business_phone_number,state,zip\n"+
				"1,2026-11-03T00:00:00.000,3:38 pm,Phone,Wired,Unwanted Calls,202-555-0143,Prerecorded Voice,,OR,97301\n"+
				"2,2026-11-03T00:00:00.000,3:38 pm,Phone,Wired,Unwanted Calls,202-555-0199,Live Voice,,OR,97301\n"+
				"3,2026-11-03T00:00:00.000,3:38 pm,Phone,Wired,Unwanted Calls,None,Live Voice,,OR,97301\n")
			out := must("import", "reports", fcc)
			for _, want := range []string{"3 rows: kept 1 complaints", "1 about a number that we neither host nor carried", "1 names no number"} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if out := must("import", "reports", fcc); !strings.Contains(out, "was imported on") || !strings.Contains(out, "kept 1 complaints") {
				t.Errorf("a second time:\n%s", out)
			}
			if out := must("import", "reports", "--again", fcc); !strings.Contains(out, "kept 0 complaints") || !strings.Contains(out, "1 the same complaint again") {
				t.Errorf("once more:\n%s", out)
			}
			if r := command(t, env, "", "import", "reports", file("other.csv", "a,b\n")); r.status != 1 || !strings.Contains(r.err, "neither that of the FTC") {
				t.Errorf("another file: %+v", r)
			}
		})
	}
}
