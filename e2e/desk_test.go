package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// setup is where a desk keeps what it knows.
type setup struct {
	name  string
	env   map[string]string
	redis *testenv.RedisServer // nil: in the process
}

// each runs a test on both storage set-ups.
func each(t *testing.T, test func(t *testing.T, s setup)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, setup{name: "sqlite", env: map[string]string{"DATA_DIR": t.TempDir()}})
	})
	t.Run("postgres", func(t *testing.T) { test(t, postgres(t)) })
}

func postgres(t testing.TB) setup {
	redis := testenv.NewRedis(t)
	return setup{name: "postgres", redis: redis, env: map[string]string{"DATA_DIR": t.TempDir(), "DATABASE_URL": testenv.Postgres(t, nil), "REDIS_URL": redis.URL,
		"AUDIT_KEY": "an audit key of the tests, long enough"}}
}

// desk is a running abusedesk with what is around it: a mailbox that it reads
// and a mail server that it sends through.
type desk struct {
	t       testing.TB
	env     map[string]string
	args    []string
	baseURL string
	process *testenv.Process
	mailbox *testenv.MailServer
	sink    *sink
}

const (
	mailUser   = "abuse"
	chatSecret = "whsec_ZTJlIHRlc3RzIHNpZ24gd2l0aCB0aGlz"
)

// newDesk prepares a desk on a set-up; start starts it.
func newDesk(t testing.TB, s setup) *desk {
	t.Helper()
	mailbox := testenv.Dovecot(t)
	if _, err := mailbox.AddUser(mailUser); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, env: maps.Clone(s.env), mailbox: mailbox, sink: newSink(t)}
	d.env["IMAP_URLS"] = mailbox.URL(mailUser) + "?after=move:Filed"
	d.env["SMTP_URL"] = "smtp://" + d.sink.addr
	d.env["MAIL_FROM"] = "abuse@carrier.example"
	d.env["CHAT_WEBHOOK_SECRET"], d.env["CHATWOOT_WEBHOOK_SECRET"], d.env["INTERCOM_CLIENT_SECRET"] = chatSecret, chatSecret, chatSecret
	d.env["TRUSTED_PROXIES"] = "127.0.0.1"
	d.listen()
	return d
}

// replica prepares a second process of the same desk.
func (d *desk) replica() *desk {
	r := *d
	r.process, r.env = nil, maps.Clone(d.env)
	r.env["DATA_DIR"] = d.t.TempDir()
	r.listen()
	return &r
}

func (d *desk) listen() {
	d.env["HTTP_ADDR"] = fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(d.t))
	d.baseURL = "http://" + d.env["HTTP_ADDR"]
}

// command is the program with this desk's configuration and nothing else.
func (d *desk) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, testenv.Binary(d.t), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	for _, k := range slices.Sorted(maps.Keys(d.env)) {
		cmd.Env = append(cmd.Env, "ABUSEDESK_"+k+"="+d.env[k])
	}
	return cmd
}

// start starts the program and waits until it is ready.
func (d *desk) start() {
	d.t.Helper()
	d.launch()
	d.ready()
}

func (d *desk) launch() {
	d.process = testenv.Start(d.t, d.command(context.Background(), append([]string{"serve"}, d.args...)...))
}

func (d *desk) ready() {
	d.t.Helper()
	testenv.Eventually(d.t, 60*time.Second, func() bool {
		select {
		case <-d.process.Done():
			d.t.Fatalf("the program ended by itself:\n%s", d.process.Output())
		default:
		}
		res, err := http.Get(d.baseURL + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, "the program to be ready at %s", d.baseURL)
}

// run runs a subcommand, which must succeed, and returns its standard output.
func (d *desk) run(stdin string, args ...string) string {
	d.t.Helper()
	out, code := d.try(stdin, args...)
	if code != 0 {
		d.t.Fatalf("abusedesk %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// try runs a subcommand and returns what it wrote, with standard error behind
// it when it failed, and its exit status.
func (d *desk) try(stdin string, args ...string) (out string, code int) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := d.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), 0
	}
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		d.t.Fatalf("abusedesk %s: %v", strings.Join(args, " "), err)
	}
	return stdout.String() + stderr.String(), cmd.ProcessState.ExitCode()
}

// staff makes somebody of the given role and returns a key of theirs.
func (d *desk) staff(name, role, scopes string) simulate.API {
	d.t.Helper()
	address := strings.ToLower(name) + "@carrier.example"
	d.run(password+"\n", "user", "create", "--email", address, "--name", name, "--role", role)
	return d.key("--name", name+" by script", "--owner", address, "--scopes", scopes)
}

// password is everybody's.
const password = "correct horse battery staple 7"

// key makes an API key.
func (d *desk) key(flags ...string) simulate.API {
	d.t.Helper()
	secret := d.run("", append([]string{"apikey", "create"}, flags...)...)
	if strings.TrimSpace(secret)+"\n" != secret {
		d.t.Fatalf("apikey create prints more than the key: %q", secret)
	}
	return simulate.API{BaseURL: d.baseURL, Key: strings.TrimSpace(secret)}
}

var address atomic.Uint32

// doors are the ways in, each request from another address, as through the
// proxy that the desk is told to trust.
func (d *desk) doors() *simulate.Doors {
	return &simulate.Doors{
		BaseURL: d.baseURL, ChatSecret: chatSecret, Address: "abuse@carrier.example",
		Mail: func(_ context.Context, _ string, raw []byte) error { return d.mailbox.Deliver(mailUser, raw) },
		Forwarded: func() string {
			n := address.Add(1)
			return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
		},
	}
}

// doctor waits for the desk to come to rest and then checks everything that
// must always hold, and the ledger if there is one.
func (d *desk) doctor(ledger string, patience time.Duration) {
	d.t.Helper()
	var out string
	defer func() {
		if d.t.Failed() {
			d.t.Logf("doctor says:\n%s", out)
		}
	}()
	// Each look is a process that reads the database: not so often that the
	// looking keeps the desk from its work.
	var last time.Time
	testenv.Eventually(d.t, patience, func() bool {
		if time.Since(last) < 2*time.Second {
			return false
		}
		out = d.run("", "doctor")
		last = time.Now()
		return strings.Contains(out, "jobs: 0 waiting, 0 running, 0 dead")
	}, "the desk to come to rest")
	args := []string{"doctor", "--invariants"}
	if ledger != "" {
		args = append(args, "--ledger", ledger)
	}
	var code int
	if out, code = d.try("", args...); code != 0 {
		d.t.Error("the desk is at rest, and not everything holds")
	}
}

// file writes a file for the program to read.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
