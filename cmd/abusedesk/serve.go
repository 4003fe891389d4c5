package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	limitredis "github.com/ulule/limiter/v3/drivers/store/redis"
	"golang.org/x/sync/errgroup"

	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/altcha"
	"github.com/abusedesk/abusedesk/mailbox"
	"github.com/abusedesk/abusedesk/numbers"
	"github.com/abusedesk/abusedesk/restrict"
	"github.com/abusedesk/abusedesk/web"
	"github.com/abusedesk/abusedesk/workers"
)

// Roles that a process can have.
const (
	roleWeb     = "web"
	roleWorker  = "worker"
	roleMailbox = "mailbox"
)

var allRoles = []string{roleWeb, roleWorker, roleMailbox}

type serveCmd struct {
	Roles []string `help:"Which parts to run: web, worker, mailbox. Without it, all." placeholder:"ROLE,…"`
}

func (c serveCmd) Run(p *process) error {
	cfg, err := load(p.env)
	if err != nil {
		return usageError{err}
	}
	roles, err := c.roles(cfg)
	if err != nil {
		return usageError{err}
	}
	log := slog.New(slog.NewTextHandler(p.errOut, &slog.HandlerOptions{Level: cfg.level}))
	s, err := newService(p.ctx, cfg, roles, log)
	if err != nil {
		return err
	}
	defer s.close()
	if slices.Contains(roles, roleWeb) {
		if err := s.offerSetup(p.ctx, func(link string) { fmt.Fprintf(p.out, "Make the first admin (works once, for 24 hours): %s\n", link) }); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "abusedesk %s is at %s\n", version, s.cfg.BaseURL)
	}
	return s.run(p.ctx)
}

func (c serveCmd) roles(cfg config) ([]string, error) {
	if len(c.Roles) == 0 {
		return allRoles, nil
	}
	for _, r := range c.Roles {
		if !slices.Contains(allRoles, r) {
			return nil, fmt.Errorf("there is no role %q; choose among %s", r, strings.Join(allRoles, ", "))
		}
	}
	if cfg.embedded() {
		for _, r := range allRoles {
			if !slices.Contains(c.Roles, r) {
				return nil, errors.New("on SQLite one process has all roles; set ABUSEDESK_DATABASE_URL (and ABUSEDESK_REDIS_URL) to split them")
			}
		}
	}
	if cfg.RedisURL == "" && len(c.Roles) < len(allRoles) {
		return nil, errors.New("replicas that split the roles share a queue; set ABUSEDESK_REDIS_URL")
	}
	return c.Roles, nil
}

// service is a serving process.
type service struct {
	*app
	roles    []string
	replica  string
	redis    *redis.Client
	redisOpt *redis.Options
	closers  []func()
	listener net.Listener
	keeper   *restrict.Keeper
	demo     []web.DemoAccount
}

func newService(ctx context.Context, cfg config, roles []string, log *slog.Logger) (_ *service, err error) {
	s := &service{roles: roles, replica: replicaID()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if cfg.embedded() {
		unlock, err := lockFolder(cfg.DataDir)
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, unlock)
	}
	if slices.Contains(roles, roleWeb) {
		// First, so that an address in use is said before anything else starts.
		if s.listener, err = net.Listen("tcp", cfg.HTTPAddr); err != nil {
			return nil, fmt.Errorf("listen on %s: %w", cfg.HTTPAddr, err)
		}
		s.closers = append(s.closers, func() { s.listener.Close() })
	}
	if s.app, err = newApp(ctx, cfg, log); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.app.close)
	if err := s.verifyCDR(ctx); err != nil {
		return nil, err
	}
	opt, stop, err := openRedis(cfg.RedisURL)
	if err != nil {
		return nil, err
	}
	s.redisOpt, s.redis = opt, redis.NewClient(opt)
	s.closers = append(s.closers, stop, func() { s.redis.Close() })
	s.keeper, err = restrict.NewKeeper(restrict.KeeperConfig{
		Source:  s.store,
		Options: restrict.Options{Emergency: s.desk.Emergency, Deck: s.desk.DeckNow, FailMode: cfg.failMode, Redress: redress(cfg.BaseURL)},
		Replica: cases.Replica{ID: s.replica, Host: hostname(), Roles: strings.Join(roles, ","), StartedAt: time.Now().UTC()},
		Hints:   s.hints.local, Now: time.Now, Count: s.metrics.keeper, Log: log,
	})
	return s, err
}

// redress is where a caller who was blocked by mistake may object; the Reason
// header takes https only.
func redress(baseURL string) string {
	if strings.HasPrefix(baseURL, "https://") {
		return baseURL
	}
	return ""
}

// close undoes newService, last first.
func (s *service) close() {
	for _, f := range slices.Backward(s.closers) {
		f()
	}
}

// run serves until ctx ends, then stops in order: no new requests, running ones
// finish, running jobs finish, leases are given back.
func (s *service) run(ctx context.Context) error {
	numbers.Warm()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.hints.run(ctx, s.redis, s.log); return nil })
	if s.has(roleWeb) {
		if err := s.serveWeb(ctx, g); err != nil {
			return err
		}
	}
	if s.cfg.MetricsAddr != "" {
		g.Go(func() error { return serveHTTP(ctx, s.cfg.MetricsAddr, nil, s.metrics.handler()) })
	}
	if s.has(roleWorker) {
		p, err := s.pool()
		if err != nil {
			return err
		}
		g.Go(func() error { return p.Run(ctx) })
	}
	if s.has(roleMailbox) {
		s.readMailboxes(ctx, g)
	}
	err := g.Wait()
	s.retire(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// retire tells the database that this replica answers nobody any more.
func (s *service) retire(ctx context.Context) {
	if !s.has(roleWeb) {
		return
	}
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.store.RetireReplica(rctx, time.Now().UTC(), s.replica); err != nil {
		s.log.Warn("sign off", "err", err)
	}
}

func (s *service) has(role string) bool { return slices.Contains(s.roles, role) }

func (s *service) serveWeb(ctx context.Context, g *errgroup.Group) error {
	renderer, err := web.NewRenderer(web.RenderOptions{Operator: s.cfg.Operator, FormatNumber: numbers.Format})
	if err != nil {
		return err
	}
	limits, err := limitredis.NewStore(s.redis)
	if err != nil {
		return fmt.Errorf("rate limits: %w", err)
	}
	sessions := s.store.Sessions()
	sessions.Person = auth.PersonOf
	var metricsHandler http.Handler
	if s.cfg.MetricsAddr == "" {
		metricsHandler = s.metrics.handler()
	}
	h, err := web.New(web.Config{
		Desk: s.desk, Auth: s.auth, Sessions: auth.NewSessions(sessions, strings.HasPrefix(s.cfg.BaseURL, "https://")), Policy: s.keeper,
		Renderer: renderer, Limits: limits, Challenges: altcha.New(s.secret, altcha.Cost), Solutions: s.store, BaseURL: s.cfg.BaseURL, TrustedProxies: s.cfg.proxies, WidgetOrigins: s.cfg.origins, ChatSecrets: s.cfg.secrets,
		ChatwootSecrets: s.cfg.Chat.chatwootSecrets, ChatwootInboxes: s.cfg.Chat.chatwootInboxes, IntercomSecrets: s.cfg.Chat.intercomSecrets, Ready: s.ready,
		Metrics: metricsHandler, Observe: s.metrics, Demo: s.demo, Development: version == "dev" || s.demo != nil, Region: s.cfg.Region, Version: version,
		Now: time.Now, Log: s.log,
	})
	if err != nil {
		return err
	}
	g.Go(func() error {
		if err := s.keeper.Run(ctx); !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
	g.Go(func() error { s.desk.KeepDeck(ctx); return nil })
	g.Go(func() error { return serveHTTP(ctx, "", s.listener, h) })
	return nil
}

// ready says whether this replica should get requests.
func (s *service) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	if s.keeper.Stale(time.Now()) {
		return errors.New("the restrictions in force are not known for certain")
	}
	return nil
}

// readMailboxes receives mail until ctx ends.
func (s *service) readMailboxes(ctx context.Context, g *errgroup.Group) {
	if len(s.cfg.mailboxes) == 0 {
		s.log.Info("no mailbox is configured (ABUSEDESK_IMAP_URLS)")
		return
	}
	r := mailbox.New(mailbox.Config{Mailboxes: s.cfg.mailboxes, Desk: s.desk, Progress: s.store, Holder: s.replica, Now: time.Now, Log: s.log, Observe: s.metrics.mailbox})
	g.Go(func() error { return r.Run(ctx) })
}

func (s *service) pool() (*workers.Pool, error) {
	actor := mailbox.NewActor(s.cfg.mailboxes, nil, 0)
	s.closers = append(s.closers, actor.Close)
	key, err := s.auditKey()
	if err != nil {
		return nil, err
	}
	c := workers.Config{
		Desk: s.desk, Jobs: s.store, Upkeep: s.upkeep(), Mail: s.store, Act: actor.Act, Holder: s.replica, KeepCalls: time.Duration(s.cfg.KeepCalls) * 24 * time.Hour, Now: time.Now, Log: s.log, Observe: s.metrics,
		Redis: asynq.RedisClientOpt{Addr: s.redisOpt.Addr, Username: s.redisOpt.Username, Password: s.redisOpt.Password, DB: s.redisOpt.DB, TLSConfig: s.redisOpt.TLSConfig},
		SweepBlobs: func(ctx context.Context) (int, error) {
			return s.vault.SweepOrphans(ctx, func(key string) (bool, error) { return s.store.BlobKnown(ctx, key) }, time.Now().Add(-24*time.Hour))
		},
	}
	if key != nil {
		c.Checkpoint = func(ctx context.Context, now time.Time, l cases.Lease) error {
			_, err := s.store.SignCheckpoint(ctx, now, l, key)
			return err
		}
	} else {
		s.log.Warn("ABUSEDESK_AUDIT_KEY is not set: the audit chain is sealed but its checkpoints are not signed")
	}
	return workers.New(c), nil
}

// offerSetup gives the link that makes the first admin, when there is none.
func (s *service) offerSetup(ctx context.Context, offer func(link string)) error {
	secret, err := s.auth.NewSetupLink(ctx)
	if err != nil || secret == "" {
		return err
	}
	offer(s.cfg.BaseURL + "/desk/setup/" + secret)
	return nil
}

// serveHTTP answers until ctx ends, then lets requests finish for ten seconds.
// The time-outs bound slow clients (slowloris).
func serveHTTP(ctx context.Context, addr string, l net.Listener, h http.Handler) error {
	srv := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		done <- srv.Shutdown(sctx)
	})
	var err error
	if l != nil {
		err = srv.Serve(l)
	} else {
		err = srv.ListenAndServe()
	}
	if stop() { // it ended by itself
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return <-done
}

// lockFolder makes sure that one process serves from a data folder.
func lockFolder(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, usageError{fmt.Errorf("another abusedesk serves from %s; SQLite is for one process, set ABUSEDESK_DATABASE_URL for more", dir)}
	}
	return func() { f.Close() }, nil
}

// replicaID is new at each start: a restarted process must acknowledge anew.
func replicaID() string { return hostname() + "-" + strings.ToLower(rand.Text()[:8]) }

func hostname() string {
	h, err := os.Hostname()
	if err != nil {
		return "replica"
	}
	return h
}
