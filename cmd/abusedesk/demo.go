package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/mailbox"
	"github.com/abusedesk/abusedesk/web"
)

type demoCmd struct {
	Seed     uint64        `default:"1" help:"Another seed makes another carrier."`
	Calls    int           `default:"60000" help:"Call records in the carrier's month."`
	Pace     float64       `default:"1" help:"Multiplies the pauses between reports."`
	Patience time.Duration `default:"90s" help:"How long a case is left to a visitor before the scripted analyst takes it."`
}

// Passwords of the demo's accounts. The demo listens on loopback only.
const demoPassword = "demo demo demo"

func (c demoCmd) Run(p *process) error {
	cfg, err := load(p.env)
	if err != nil {
		return usageError{err}
	}
	if host, _, err := net.SplitHostPort(cfg.HTTPAddr); err != nil || !loopback(host) {
		return usageError{errors.New("the demo has well-known passwords and listens on loopback only; leave ABUSEDESK_HTTP_ADDR at 127.0.0.1")}
	}
	if cfg.DatabaseURL != "" || cfg.RedisURL != "" {
		return usageError{errors.New("the demo is embedded: unset ABUSEDESK_DATABASE_URL and ABUSEDESK_REDIS_URL")}
	}
	dir, err := os.MkdirTemp("", "abusedesk-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	mail, err := newDemoMail()
	if err != nil {
		return fmt.Errorf("the demo's mail server: %w", err)
	}
	secret := make([]byte, 24)
	rand.Read(secret)
	chat := "whsec_" + base64.StdEncoding.EncodeToString(secret)
	cfg.DataDir, cfg.SMTPURL, cfg.MailFrom = dir, "smtp://"+mail.smtpAddr, mail.address
	if cfg.mailboxes, err = mailbox.ParseURLs(mail.imapURL, nil); err != nil {
		return err
	}
	cfg.secrets, cfg.Operator = []string{chat}, "Northwind Voice"
	log := slog.New(slog.NewTextHandler(p.errOut, &slog.HandlerOptions{Level: max(cfg.level, slog.LevelWarn)}))
	s, err := newService(p.ctx, cfg, allRoles, log)
	if err != nil {
		return err
	}
	defer s.close()
	d := &demo{demoCmd: c, service: s, mail: mail, chat: chat, out: p.out}
	return d.run(p.ctx)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// demo is a service with a carrier, reporters and a scripted analyst around it.
type demo struct {
	demoCmd
	*service
	mail    *demoMail
	chat    string
	out     io.Writer
	carrier *simulate.Carrier
	keys    struct{ analyst, approver, policy, intake string }
}

func (d *demo) run(ctx context.Context) error {
	if err := d.staff(ctx); err != nil {
		return fmt.Errorf("demo staff: %w", err)
	}
	var err error
	if d.carrier, err = simulate.New(simulate.Params{Seed: d.Seed, Now: time.Now().UTC(), Calls: d.Calls}); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.mail.run(ctx) })
	g.Go(func() error { return d.service.run(ctx) })
	g.Go(func() error { return d.live(ctx) })
	err = g.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// staff makes the people that a visitor can sign in as, and the keys of the
// scripted ones.
func (d *demo) staff(ctx context.Context) error {
	until := time.Now().Add(7 * 24 * time.Hour).UTC()
	for _, p := range []struct {
		email, name string
		role        cases.Role
		key         *string
	}{
		{"analyst@demo.example", "Ana Lyst", cases.RoleAnalyst, nil},
		{"approver@demo.example", "Alex Prover", cases.RoleApprover, nil},
		{"admin@demo.example", "Addie Min", cases.RoleAdmin, nil},
		{"script@demo.example", "Scripted analyst", cases.RoleAnalyst, &d.keys.analyst},
		{"second@demo.example", "Scripted approver", cases.RoleApprover, &d.keys.approver},
	} {
		password := demoPassword
		if p.key != nil {
			password = rand.Text() // nobody signs in as the script
		}
		person, err := d.auth.CreatePerson(ctx, operator, p.email, p.name, p.role, password)
		if err != nil {
			return err
		}
		if p.key == nil {
			d.service.demo = append(d.service.demo, web.DemoAccount{Email: p.email, Password: demoPassword, Role: string(p.role)})
			continue
		}
		owner := operator
		owner.Person = person.ID
		if *p.key, _, err = d.auth.NewAPIKey(ctx, owner, "demo script", []cases.Scope{cases.ScopeAll}, &until); err != nil {
			return err
		}
	}
	var err error
	if d.keys.policy, _, err = d.auth.NewAPIKey(ctx, operator, "demo switch", []cases.Scope{cases.ScopePolicy}, &until); err != nil {
		return err
	}
	d.keys.intake, _, err = d.auth.NewAPIKey(ctx, operator, "demo reporters", []cases.Scope{cases.ScopeReports}, &until)
	return err
}

// live fills the carrier's books and lets the reports come.
func (d *demo) live(ctx context.Context) error {
	fmt.Fprintf(d.out, "\n  Console   %s/desk\n  Form      %s/\n", d.cfg.BaseURL, d.cfg.BaseURL)
	for _, a := range d.service.demo {
		fmt.Fprintf(d.out, "  Sign in   %-9s %s   password: %s\n", a.Role, a.Email, a.Password)
	}
	fmt.Fprintf(d.out, "  Switch    API key of scope policy: %s\n", d.keys.policy)
	fmt.Fprintf(d.out, "  Mail      %s (what the desk sends is in %q)\n\n", d.mail.imapURL, demoOutbox)
	started := time.Now()
	n, err := d.books(ctx)
	if err != nil {
		return fmt.Errorf("the carrier's books: %w", err)
	}
	fmt.Fprintf(d.out, "%d accounts, %d numbers and %d call records of a month are in, after %s.\n", len(d.carrier.Accounts), len(d.carrier.Entitlements), n, time.Since(started).Round(100*time.Millisecond))

	doors := &simulate.Doors{BaseURL: d.cfg.BaseURL, APIKey: d.keys.intake, ChatSecret: d.chat, Address: d.mail.address,
		Mail: simulate.SMTP{Addr: d.mail.smtpAddr, To: d.mail.address}.Deliver}
	stories := simulate.Stories(d.carrier)
	player := &simulate.Player{Doors: doors, Pace: d.Pace, Said: func(s simulate.Story, step simulate.Step, _ simulate.Delivery, _ simulate.Receipt, err error) {
		if err != nil && ctx.Err() == nil {
			d.log.Warn("a reporter was not heard", "story", s.Name, "door", step.Door, "err", err)
		}
	}}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.announce(ctx) })
	g.Go(func() error { return d.record(ctx) })
	g.Go(func() error { player.Drizzle(ctx, d.carrier, 25*time.Second); return nil })
	g.Go(func() error { return player.Play(ctx, stories) })
	analyst := simulate.Analyst{
		Analyst: simulate.API{BaseURL: d.cfg.BaseURL, Key: d.keys.analyst}, Approver: simulate.API{BaseURL: d.cfg.BaseURL, Key: d.keys.approver},
		Switch: simulate.API{BaseURL: d.cfg.BaseURL, Key: d.keys.policy}, Patience: d.Patience, Breath: 4 * time.Second, Poll: 2 * time.Second,
		Told: func(s simulate.Story, ref, what string) { fmt.Fprintf(d.out, "%s %s: %s\n", ref, s.Title, what) },
	}
	for _, story := range stories {
		g.Go(func() error {
			if _, err := analyst.Decide(ctx, story); err != nil && !errors.Is(err, simulate.ErrYielded) && ctx.Err() == nil {
				d.log.Warn("the scripted analyst gave up", "story", story.Name, "err", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// books imports the carrier through the same doors as a real one.
func (d *demo) books(ctx context.Context) (int, error) {
	if err := d.desk.ImportAccounts(ctx, operator, d.carrier.Accounts); err != nil {
		return 0, err
	}
	if err := d.desk.ImportConnections(ctx, operator, d.carrier.Connections); err != nil {
		return 0, err
	}
	if err := d.desk.ImportEntitlements(ctx, operator, d.carrier.Entitlements); err != nil {
		return 0, err
	}
	if err := d.files(ctx); err != nil {
		return 0, err
	}
	n := 0
	for b := range d.carrier.Batches() {
		if _, err := d.desk.LoadCalls(ctx, operator, b); err != nil {
			return n, err
		}
		n += len(b.Calls)
	}
	return n, nil
}

// record lets calls go on while the demo runs.
func (d *demo) record(ctx context.Context) error {
	t := time.NewTicker(15 * time.Second)
	defer t.Stop()
	last := d.carrier.Through()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		now := time.Now().UTC().Add(-simulate.Lag)
		for b := range d.carrier.Between(last, now) {
			if _, err := d.desk.LoadCalls(ctx, operator, b); err != nil {
				return err
			}
		}
		last = now
	}
}

// announce prints a line for each case as it is opened.
func (d *demo) announce(ctx context.Context) error {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	seen := int64(0)
	for {
		p, err := d.desk.Events(ctx, operator, cases.EventQuery{ObjectKind: "case", Limit: cases.MaxPage})
		if err != nil && ctx.Err() == nil {
			return err
		}
		for i := len(p.Items) - 1; i >= 0; i-- {
			e := p.Items[i]
			if e.ID <= seen {
				continue
			}
			seen = e.ID
			if e.Command == "case.open" {
				fmt.Fprintf(d.out, "case %s\n", e.ObjectID)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}
