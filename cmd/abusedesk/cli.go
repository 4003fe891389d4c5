package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// commands is the command line.
type commands struct {
	Version kong.VersionFlag `help:"Print the version."`

	Serve       serveCmd       `cmd:"" help:"Run the service. Configured by ABUSEDESK_… variables; see docs/operate.md."`
	Demo        demoCmd        `cmd:"" help:"Run everything embedded, with a synthetic carrier and live reports through all doors."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database schema up to date."`
	Import      importCmd      `cmd:"" help:"Load accounts, numbers, carriers or call records from a file."`
	Parse       parseCmd       `cmd:"" help:"Print what is understood of a mail or a text, as JSON. Needs no database."`
	User        userCmd        `cmd:"" help:"Manage members of staff."`
	Apikey      apikeyCmd      `cmd:"" help:"Manage API keys."`
	Corrections correctionsCmd `cmd:"" help:"Print the reports that analysts corrected, with what is right in them, as JSON lines. Personal data."`
	Audit       auditCmd       `cmd:"" help:"Check the audit log."`
	Shaken      shakenCmd      `cmd:"" help:"Check caller identity: STIR/SHAKEN headers and certificates. Needs no database."`
	Simulate    simulateCmd    `cmd:"" help:"Load for a running service, or a synthetic carrier of which the truth is known."`
	Doctor      doctorCmd      `cmd:"" help:"Check the installation, and with --invariants the whole database."`
}

// open loads the configuration and connects to the database.
func (p *process) open() (*app, error) {
	c, err := load(p.env)
	if err != nil {
		return nil, usageError{err}
	}
	return newApp(p.ctx, c, slog.New(slog.NewTextHandler(p.errOut, &slog.HandlerOptions{Level: max(c.level, slog.LevelWarn)})))
}

// with runs a command on the open database.
func (p *process) with(fn func(ctx context.Context, a *app) error) error {
	a, err := p.open()
	if err != nil {
		return err
	}
	defer a.close()
	return fn(p.ctx, a)
}

// operator is who gives commands at the console of the machine itself.
var operator = cases.System("command line")

type migrateCmd struct {
	Grant string `help:"Database role of the service, which is granted what it needs and may not change the audit log." placeholder:"ROLE"`
}

func (m migrateCmd) Run(p *process) error {
	c, err := load(p.env)
	if err != nil {
		return usageError{err}
	}
	return migrate(p.ctx, c, m.Grant)
}

type parseCmd struct {
	Text   bool   `help:"The input is free text, not a mail."`
	Region string `help:"Country of bare numbers, alpha-2." default:"US"`
	File   string `arg:"" help:"File to read, - for standard input."`
}

func (c parseCmd) Run(p *process) error {
	raw, err := readInput(p.in, c.File)
	if err != nil {
		return err
	}
	if err := extendWords(p.env[prefix+"WORDS_DIR"]); err != nil {
		return usageError{fmt.Errorf("%sWORDS_DIR: %w", prefix, err)}
	}
	rc := intake.Context{Region: c.Region, ReceivedAt: time.Now().UTC()}
	parsed := cases.Parsed{}
	if c.Text {
		parsed = intake.Text(string(raw), rc)
	} else {
		parsed = intake.Mail(raw, rc)
	}
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(intake.Normalised(parsed, raw))
}

// readInput reads a file or standard input, bounded like any message.
func readInput(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError{err}
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, cases.MaxMessageBytes+1))
	if err == nil && len(raw) > cases.MaxMessageBytes {
		err = fmt.Errorf("more than %d bytes", cases.MaxMessageBytes)
	}
	return raw, err
}

type userCmd struct {
	Create   userCreateCmd   `cmd:"" help:"Add somebody; the password is read from standard input."`
	Password userPasswordCmd `cmd:"" help:"Set a password, read from standard input."`
	List     userListCmd     `cmd:"" help:"List everybody."`
}

type userCreateCmd struct {
	Email string `required:""`
	Name  string `required:""`
	Role  string `required:"" enum:"analyst,approver,admin,auditor"`
}

func (c userCreateCmd) Run(p *process) error {
	pw, err := readPassword(p.in)
	if err != nil {
		return err
	}
	return p.with(func(ctx context.Context, a *app) error {
		person, err := a.auth.CreatePerson(ctx, operator, c.Email, c.Name, cases.Role(c.Role), pw)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.out, person.ID)
		return nil
	})
}

type userPasswordCmd struct {
	Email string `required:""`
}

func (c userPasswordCmd) Run(p *process) error {
	pw, err := readPassword(p.in)
	if err != nil {
		return err
	}
	return p.with(func(ctx context.Context, a *app) error { return a.auth.SetPassword(ctx, operator, c.Email, pw) })
}

type userListCmd struct{}

func (userListCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		ps, err := a.auth.People(ctx, operator)
		if err != nil {
			return err
		}
		for _, x := range ps {
			fmt.Fprintf(p.out, "%s\t%s\t%s\t%s\n", x.ID, x.Role, x.Email, x.Name)
		}
		return nil
	})
}

func readPassword(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usageError{errors.New("write the password on standard input")}
	}
	return line, nil
}

type apikeyCmd struct {
	Create apikeyCreateCmd `cmd:"" help:"Make a key; it is printed once and not kept."`
	List   apikeyListCmd   `cmd:"" help:"List keys."`
	Revoke apikeyRevokeCmd `cmd:"" help:"Revoke a key."`
}

type apikeyCreateCmd struct {
	Name    string        `required:"" help:"What the key is for."`
	Scopes  []string      `required:"" help:"all, read, reports, cases, calls, policy; separated by commas."`
	Expires time.Duration `default:"8760h" help:"How long it works."`
	Owner   string        `help:"Address of the member of staff behind it, whose role bounds it." placeholder:"EMAIL"`
}

func (c apikeyCreateCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		actor := operator
		if c.Owner != "" {
			o, err := a.store.PersonByEmail(ctx, strings.ToLower(c.Owner))
			if err != nil {
				return fmt.Errorf("owner %s: %w", c.Owner, err)
			}
			actor.Person = o.ID
		}
		scopes := make([]cases.Scope, 0, len(c.Scopes))
		for _, s := range c.Scopes {
			scopes = append(scopes, cases.Scope(s))
		}
		until := time.Now().UTC().Add(c.Expires).Truncate(time.Microsecond)
		secret, _, err := a.auth.NewAPIKey(ctx, actor, c.Name, scopes, &until)
		if cases.KindOf(err) == cases.KindInvalid {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(p.out, secret)
		return nil
	})
}

type apikeyListCmd struct{}

func (apikeyListCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		ks, err := a.store.APIKeys(ctx)
		if err != nil {
			return err
		}
		for _, k := range ks {
			state := "active"
			if k.RevokedAt != nil {
				state = "revoked"
			}
			fmt.Fprintf(p.out, "%s\t%s…\t%s\t%s\t%v\n", k.ID, k.Prefix, state, k.Name, k.Scopes)
		}
		return nil
	})
}

type apikeyRevokeCmd struct {
	ID string `arg:""`
}

func (c apikeyRevokeCmd) Run(p *process) error {
	return p.with(func(ctx context.Context, a *app) error {
		return a.store.RevokeAPIKey(ctx, operator, time.Now().UTC(), c.ID)
	})
}
