package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/internal/clamd"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/mailbox"
	"github.com/abusedesk/abusedesk/restrict"
)

const prefix = "ABUSEDESK_"

// config is everything that can be configured, read from the environment once.
// Each secret can also be given as a file: ABUSEDESK_<NAME>_FILE.
type config struct {
	HTTPAddr           string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	BaseURL            string `env:"BASE_URL"`
	DataDir            string `env:"DATA_DIR" envDefault:"./data"`
	DatabaseURL        string `env:"DATABASE_URL"`
	MigrateDatabaseURL string `env:"MIGRATE_DATABASE_URL"`
	RedisURL           string `env:"REDIS_URL"`
	BlobURL            string `env:"BLOB_URL"`
	IMAPURLs           string `env:"IMAP_URLS"`
	SMTPURL            string `env:"SMTP_URL"`
	MailFrom           string `env:"MAIL_FROM"`
	MailSubaddress     string `env:"MAIL_SUBADDRESS" envDefault:"false"`
	MailAuthServers    string `env:"MAIL_AUTH_SERVERS"`
	AlertMail          string `env:"ALERT_MAIL"`
	TextAbuseMail      string `env:"TEXT_ABUSE_MAIL"`
	Referrals          string `env:"REFERRALS" envDefault:"auto"`
	Requesters         string `env:"TRACEBACK_REQUESTERS"`
	TimeZone           string `env:"TIME_ZONE" envDefault:"America/New_York"`
	Holidays           string `env:"HOLIDAYS" envDefault:"us"`
	TrustedProxies     string `env:"TRUSTED_PROXIES"`
	AllowNetworks      string `env:"ALLOW_NETWORKS"`
	WidgetOrigins      string `env:"WIDGET_ORIGINS"`
	PolicyFailMode     string `env:"POLICY_FAIL_MODE" envDefault:"open"`
	EmergencyNumbers   string `env:"EMERGENCY_NUMBERS"`
	AuditKey           string `env:"AUDIT_KEY"`
	EvidenceKey        string `env:"EVIDENCE_KEY"`
	ChatWebhookSecret  string `env:"CHAT_WEBHOOK_SECRET"`
	ClamdURL           string `env:"CLAMD_URL"`
	MetricsAddr        string `env:"METRICS_ADDR"`
	LogLevel           string `env:"LOG_LEVEL" envDefault:"info"`
	Region             string `env:"REGION" envDefault:"US"`
	CallSources        string `env:"CALL_SOURCES"`
	KeepCalls          int    `env:"KEEP_CALLS" envDefault:"548"`
	Operator           string `env:"OPERATOR"`
	WordsDir           string `env:"WORDS_DIR"`
	ShakenRoots        string `env:"SHAKEN_ROOTS"`

	Chat   chatConfig
	Telnyx telnyxConfig
	CDR    cdrConfig

	level     slog.Level
	failMode  restrict.FailMode
	proxies   []netip.Prefix
	origins   []string        // of the widget
	outside   safehttp.Config // what may be asked of addresses that others chose
	scanner   *clamd.Client   // nil: none
	emergency []string
	secrets   []string // chat
	auditKey  ed25519.PrivateKey
	oauth     map[string]*mailbox.Tokens // by the client's name
	mailboxes []mailbox.Mailbox
	alert     []string // addresses
	texts     []string

	office     cases.Office
	requesters cases.Requesters
}

// secretNames may come from files, and so may oauthSecretNames.
var secretNames = []string{"DATABASE_URL", "MIGRATE_DATABASE_URL", "REDIS_URL", "IMAP_URLS", "SMTP_URL", "AUDIT_KEY", "EVIDENCE_KEY", "CHAT_WEBHOOK_SECRET",
	"CHATWOOT_WEBHOOK_SECRET", "CHATWOOT_TOKEN", "INTERCOM_CLIENT_SECRET", "INTERCOM_TOKEN", "TELNYX_API_KEY", "CDR_DATABASE_URL"}

// load reads and checks the configuration; the error names every problem.
func load(environ map[string]string) (config, error) {
	var problems []error
	vars := make(map[string]string, len(environ))
	for k, v := range environ {
		vars[k] = v
	}
	for _, name := range append(oauthSecretNames(vars), secretNames...) {
		path, ok := vars[prefix+name+"_FILE"]
		if !ok {
			continue
		}
		if vars[prefix+name] != "" {
			problems = append(problems, fmt.Errorf("%s%s and %s%s_FILE are both set; keep one", prefix, name, prefix, name))
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s%s_FILE: %w", prefix, name, err))
			continue
		}
		vars[prefix+name] = string(bytes.TrimRight(b, "\r\n"))
	}
	c, err := env.ParseAsWithOptions[config](env.Options{Prefix: prefix, Environment: vars})
	if err != nil {
		problems = append(problems, err)
	}
	if c.oauth, err = oauthClients(vars); err != nil {
		problems = append(problems, err)
	}
	return c, errors.Join(append(problems, c.check()...)...)
}

func (c *config) check() (problems []error) {
	bad := func(name, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s%s: %s", prefix, name, fmt.Sprintf(format, args...)))
	}
	if err := c.level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		bad("LOG_LEVEL", "use debug, info, warn or error")
	}
	switch c.failMode = restrict.FailMode(c.PolicyFailMode); c.failMode {
	case restrict.FailOpen, restrict.FailClosed:
	default:
		bad("POLICY_FAIL_MODE", "use open or closed, not %q", c.PolicyFailMode)
	}
	if c.KeepCalls < 0 || c.KeepCalls > 3650 {
		bad("KEEP_CALLS", "use 0 to 3650 days, not %d", c.KeepCalls)
	}
	if _, err := netip.ParseAddrPort(strings.Replace(c.HTTPAddr, "localhost", "127.0.0.1", 1)); err != nil && !strings.HasPrefix(c.HTTPAddr, ":") {
		bad("HTTP_ADDR", "use address:port, such as 127.0.0.1:8080")
	}
	if c.BaseURL == "" {
		host := c.HTTPAddr
		if strings.HasPrefix(host, ":") {
			host = "localhost" + host
		}
		c.BaseURL = "http://" + host
	}
	if u, err := url.Parse(c.BaseURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad("BASE_URL", "use http(s)://host, how the public reaches this service")
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		bad("DATABASE_URL", "use postgres://…, or leave it out for SQLite in the data folder")
	}
	if c.RedisURL != "" && !strings.HasPrefix(c.RedisURL, "redis://") && !strings.HasPrefix(c.RedisURL, "rediss://") {
		bad("REDIS_URL", "use redis://host:port/db, or leave it out for an in-process queue")
	}
	if err := extendWords(c.WordsDir); err != nil {
		bad("WORDS_DIR", "%v", err)
	}
	if err := checkTrustList(c.ShakenRoots); err != nil {
		bad("SHAKEN_ROOTS", "name a PEM file of root certificates: %v", err)
	}
	for _, o := range strings.FieldsFunc(c.WidgetOrigins, func(r rune) bool { return r == ',' || r == ' ' }) {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.String() != u.Scheme+"://"+u.Host {
			bad("WIDGET_ORIGINS", "%q is no origin; use https://www.carrier.example", o)
			continue
		}
		c.origins = append(c.origins, o)
	}
	c.proxies = networks("TRUSTED_PROXIES", c.TrustedProxies, bad)
	c.outside.Allow = networks("ALLOW_NETWORKS", c.AllowNetworks, bad)
	if c.ClamdURL != "" {
		var err error
		if c.scanner, err = clamd.New(c.ClamdURL); err != nil {
			bad("CLAMD_URL", "%v", err)
		}
	}
	c.emergency = strings.FieldsFunc(c.EmergencyNumbers, func(r rune) bool { return r == ',' || r == ' ' })
	c.secrets = strings.Fields(c.ChatWebhookSecret)
	for _, secret := range c.secrets {
		if _, err := standardwebhooks.NewWebhook(secret); err != nil {
			bad("CHAT_WEBHOOK_SECRET", "use whsec_ and base64 (several, separated by spaces, while one is replaced)")
		}
	}
	c.Chat.check(c.outside, bad)
	c.Telnyx.check(c.outside, bad)
	c.CDR.check(bad)
	var err error
	if c.mailboxes, err = mailbox.ParseURLs(c.IMAPURLs, c.oauth); err != nil {
		problems = append(problems, fmt.Errorf("%sIMAP_URLS: %w", prefix, err))
	}
	if c.requesters, err = cases.ParseRequesters(c.Requesters); err != nil {
		bad("TRACEBACK_REQUESTERS", "%v; use addresses and @domains", err)
	}
	var wrong []error
	c.office, wrong = office(c.TimeZone, c.Holidays)
	problems = append(problems, wrong...)
	if c.MailSubaddress != "true" && c.MailSubaddress != "false" {
		bad("MAIL_SUBADDRESS", "use true or false, not %q", c.MailSubaddress)
	}
	if c.SMTPURL != "" && c.MailFrom == "" {
		bad("MAIL_FROM", "say which address mail is sent from, since SMTP_URL is set")
	}
	c.alert = c.colleagues("ALERT_MAIL", c.AlertMail, bad)
	c.texts = c.colleagues("TEXT_ABUSE_MAIL", c.TextAbuseMail, bad)
	if c.Referrals != "auto" && c.Referrals != "ask" {
		bad("REFERRALS", "use auto or ask, not %q", c.Referrals)
	}
	if c.AuditKey != "" {
		// Any secret of enough bytes makes a signing key; the same one on every replica.
		if len(c.AuditKey) < 32 {
			bad("AUDIT_KEY", "use at least 32 characters of randomness")
		} else {
			seed := sha256.Sum256([]byte(c.AuditKey))
			c.auditKey = ed25519.NewKeyFromSeed(seed[:])
		}
	}
	return problems
}

// networks reads addresses and networks, separated by spaces or commas.
func networks(name, list string, bad func(name, format string, args ...any)) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		pre, err := netip.ParsePrefix(p)
		if a, aerr := netip.ParseAddr(p); err != nil && aerr == nil {
			pre, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			bad(name, "%q is neither an address nor a network", p)
			continue
		}
		out = append(out, pre)
	}
	return out
}

// embedded says whether the database is SQLite: one serving process.
func (c config) embedded() bool { return c.DatabaseURL == "" }

// extendWords adds an operator's own word lists to those that texts are
// understood by.
func extendWords(dir string) error {
	if dir == "" {
		return nil
	}
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	return intake.Extend(os.DirFS(dir))
}
