package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
)

type simulateCmd struct {
	URL         string        `default:"http://127.0.0.1:8080" help:"The running service."`
	Form        int           `help:"Reports through the form."`
	API         int           `help:"Reports through the API." name:"api"`
	Chat        int           `help:"Reports through the chat hook."`
	Mail        int           `help:"Reports by mail."`
	Key         string        `help:"API key of scope reports, without which the API's public limit holds." env:"ABUSEDESK_SIMULATE_KEY"`
	ChatSecret  string        `help:"whsec_…" env:"ABUSEDESK_CHAT_WEBHOOK_SECRET"`
	SMTP        string        `help:"host:port of a mail server that delivers to the desk's mailbox." name:"smtp"`
	Address     string        `help:"Address of the desk's mailbox."`
	Ledger      string        `default:"ledger.jsonl" help:"File that records what was sent and acknowledged."`
	Campaign    string        `help:"One caller for all reports; without it each has its own." placeholder:"E164"`
	Concurrency int           `default:"8"`
	Rate        float64       `help:"New reports a second; 0: as fast as they are taken."`
	For         time.Duration `default:"10m" help:"Give up after this."`
	Seed        uint64        `default:"1"`
	Forwarded   bool          `help:"Give each request an X-Forwarded-For of its own; the service must trust this machine as a proxy."`
}

func (c simulateCmd) Run(p *process) error {
	l, err := simulate.OpenLedger(c.Ledger)
	if err != nil {
		return err
	}
	defer l.Close()
	doors := &simulate.Doors{BaseURL: c.URL, APIKey: c.Key, ChatSecret: c.ChatSecret, Address: c.Address}
	if c.SMTP != "" {
		doors.Mail = simulate.SMTP{Addr: c.SMTP, To: c.Address}.Deliver
	}
	if c.Forwarded {
		doors.Forwarded = func() string { return fmt.Sprintf("198.%d.%d.%d", 18+rand.N(2), rand.N(256), rand.N(256)) }
	}
	ctx, cancel := context.WithTimeout(p.ctx, c.For)
	defer cancel()
	started := time.Now()
	res, err := simulate.Load(ctx, simulate.LoadConfig{Doors: doors, Ledger: l, Seed: c.Seed, Form: c.Form, API: c.API, Mail: c.Mail, Chat: c.Chat,
		Concurrency: c.Concurrency, Rate: c.Rate, Campaign: c.Campaign})
	fmt.Fprintf(p.out, "%+v in %s\n", res, time.Since(started).Round(time.Millisecond))
	return err
}
