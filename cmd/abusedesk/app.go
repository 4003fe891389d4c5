package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/evidence"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/notify"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/store"
	"github.com/abusedesk/abusedesk/store/cdr"
)

// app is what every command that touches the database has in common.
type app struct {
	cfg     config
	log     *slog.Logger
	store   *store.Store
	cdr     *cdr.Source // nil: all call records are ours
	vault   *evidence.Vault
	auth    *auth.Service
	desk    *desk.Desk
	metrics *metrics
	hints   *hints
	secret  string // of this installation: what is signed for the public hangs on it
}

// newApp opens the database and what hangs on it. The caller closes it.
func newApp(ctx context.Context, c config, log *slog.Logger) (*app, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	s, err := store.Open(ctx, store.Config{URL: c.DatabaseURL, DataDir: c.DataDir})
	if err != nil {
		return nil, err
	}
	a := &app{cfg: c, log: log, store: s, metrics: newMetrics(), hints: newHints()}
	if err := a.assemble(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return a, nil
}

func (a *app) assemble(ctx context.Context) error {
	pending, err := a.store.Pending(ctx)
	if err != nil {
		return err
	}
	if pending {
		if err := migrate(ctx, a.cfg, ""); err != nil {
			return err
		}
	}
	salt, err := a.store.Setting(ctx, "digest_salt", rand.Text)
	if err != nil {
		return fmt.Errorf("read the digest salt: %w", err)
	}
	if a.secret, err = a.store.Setting(ctx, "public_secret", rand.Text); err != nil {
		return fmt.Errorf("read the installation's secret: %w", err)
	}
	keys, err := evidence.ParseKeys(a.cfg.EvidenceKey)
	if err != nil {
		return usageError{fmt.Errorf("ABUSEDESK_EVIDENCE_KEY: %w", err)}
	}
	if a.vault, err = evidence.Open(ctx, evidence.Config{URL: a.cfg.BlobURL, DataDir: a.cfg.DataDir, Keys: keys}); err != nil {
		return err
	}
	if err := a.openCDR(); err != nil {
		return err
	}
	emergency, err := numbers.NewEmergency(a.cfg.emergency)
	if err != nil {
		return usageError{fmt.Errorf("ABUSEDESK_EMERGENCY_NUMBERS: %w", err)}
	}
	dc := desk.Config{Store: a.history(), Vault: a.vault, Emergency: emergency, Salt: []byte(salt), Region: a.cfg.Region, CallSources: strings.Fields(a.cfg.CallSources), AuthServers: strings.Fields(a.cfg.MailAuthServers),
		AlertMail: a.cfg.alert, TextMail: a.cfg.texts, AskReferrals: a.cfg.Referrals == "ask", Office: a.cfg.office, Requesters: a.cfg.requesters, Chats: a.cfg.Chat.chats(notify.NewVoice(a.cfg.BaseURL, a.cfg.Operator)), ChatSilence: a.cfg.Chat.Silence, Hint: a.hints.send, Now: time.Now, Log: a.log}
	if a.cfg.scanner != nil {
		dc.Scanner = a.cfg.scanner
	}
	files := a.cfg.outside
	files.Timeout, files.Redirects = 40*time.Second, 3 // chats lead from a link of theirs to where files lie
	dc.Fetcher = safehttp.Fetcher{Client: safehttp.New(files)}
	dc.Materials, dc.Roots = newMaterials(a.cfg.outside), trustList(a.cfg.ShakenRoots)
	dc.Caller = notify.NewCaller(a.cfg.outside, a.cfg.BaseURL, time.Now, a.metrics.webhook)
	if a.cfg.SMTPURL != "" {
		m, err := notify.NewMailer(notify.MailerConfig{URL: a.cfg.SMTPURL, From: a.cfg.MailFrom, Subaddress: a.cfg.MailSubaddress == "true", BaseURL: a.cfg.BaseURL, Operator: a.cfg.Operator})
		if err != nil {
			return usageError{err}
		}
		dc.Mailer = m
		_, dc.MailDomain, _ = strings.Cut(m.From(), "@")
	}
	a.desk = desk.New(dc)
	a.metrics.tracebacks(a.store)
	a.auth = auth.New(a.store, time.Now)
	return nil
}

func (a *app) close() {
	if a.cdr != nil {
		a.cdr.Close()
	}
	if err := errors.Join(a.vault.Close(), a.store.Close()); err != nil {
		a.log.Warn("close", "err", err)
	}
}

// migrate brings the schema up to date as its owner, and grants the service's
// role what it needs.
func migrate(ctx context.Context, c config, grant string) error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	url := c.DatabaseURL
	if c.MigrateDatabaseURL != "" {
		url = c.MigrateDatabaseURL
	}
	s, err := store.Open(ctx, store.Config{URL: url, DataDir: c.DataDir})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	if grant == "" {
		return nil
	}
	if c.embedded() {
		return usageError{errors.New("--grant is for PostgreSQL; SQLite has no roles")}
	}
	return s.GrantService(ctx, grant)
}

// auditKey is the configured key, or on the embedded set-up one of its own in
// the data folder. Replicas must share a configured one.
func (a *app) auditKey() (ed25519.PrivateKey, error) {
	if a.cfg.auditKey != nil || !a.cfg.embedded() {
		return a.cfg.auditKey, nil
	}
	path := filepath.Join(a.cfg.DataDir, "audit.key")
	seed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		seed = make([]byte, ed25519.SeedSize)
		rand.Read(seed)
		err = os.WriteFile(path, seed, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("audit key: %s does not have %d bytes", path, ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
