package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
)

type simulateCmd struct {
	Load       simulateLoadCmd       `cmd:"" default:"withargs" help:"Send reports through the real doors of a running service and keep a ledger of what was acknowledged (the default)."`
	Population simulatePopulationCmd `cmd:"" help:"Write the customers, numbers and call records of a synthetic carrier, and apart from them the truth about each customer."`
}

type simulateLoadCmd struct {
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

func (c simulateLoadCmd) Run(p *process) error {
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

type simulatePopulationCmd struct {
	Folder    string  `arg:"" help:"A folder, made if it is not there; files of the same names are replaced."`
	Seed      uint64  `default:"1"`
	Customers int     `default:"50000" help:"At most 100,000."`
	Days      int     `default:"28"`
	Bad       float64 `default:"0.001" help:"Share of bad customers."`
	End       string  `help:"When the history ends: a full hour as in 2026-11-30T00:00:00Z, which is the default."`
	CallTruth bool    `help:"Write the truth about each call, too."`
}

func (c simulatePopulationCmd) Run(p *process) error {
	params := simulate.PopulationParams{Seed: c.Seed, Customers: c.Customers, Days: c.Days, Bad: c.Bad}
	if c.End != "" {
		end, err := time.Parse(time.RFC3339, c.End)
		if err != nil {
			return cases.Invalid(cases.Problem{Field: "end", Message: "must be a time with zone as in 2026-11-30T00:00:00Z"})
		}
		params.End = end
	}
	pop, err := simulate.NewPopulation(params)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return err
	}
	n, err := pop.Export(c.Folder, c.CallTruth)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d accounts, %d of them bad; %d numbers; %d calls, %d of them bad; %d reports\n", n.Accounts, n.Bad, n.Numbers, n.Calls, n.BadCalls, n.Reports)
	return nil
}
