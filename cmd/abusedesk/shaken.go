package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/abusedesk/abusedesk/shaken"
)

type shakenCmd struct {
	Verify  shakenVerifyCmd  `cmd:"" help:"Check an Identity header against a call and certificates, and print every check as JSON. Needs no database and no network."`
	Inspect shakenInspectCmd `cmd:"" help:"Print what a certificate says, as JSON."`
}

type shakenVerifyCmd struct {
	Identity string    `required:"" help:"File with the Identity header or headers, or a SIP message; - for standard input." placeholder:"FILE"`
	From     string    `required:"" help:"Calling number of the call, E.164." placeholder:"N"`
	To       string    `required:"" help:"Called number of the call, E.164." placeholder:"N"`
	At       time.Time `required:"" help:"When the call was made." placeholder:"RFC3339"`
	Cert     []string  `sep:"none" help:"PEM file with the signer's certificate and those above it; may be repeated." placeholder:"FILE"`
	Roots    string    `help:"PEM file with the trust list." placeholder:"FILE"`
	CRL      []string  `name:"crl" sep:"none" help:"Certificate revocation list, PEM or DER; may be repeated." placeholder:"FILE"`
	Verstat  string    `help:"What a vendor asserted, such as TN-Validation-Passed-A." placeholder:"VALUE"`
}

func (c shakenVerifyCmd) Run(p *process) error {
	raw, err := readFile(p.in, c.Identity, 1<<20)
	if err != nil {
		return err
	}
	ev, err := c.evidence(p)
	if err != nil {
		return err
	}
	call := shaken.Call{From: c.From, To: c.To, At: c.At, Verstat: c.Verstat, Identity: shaken.HeadersIn(string(raw))}
	if len(call.Identity) == 1 { // a verstat in place of a token
		if v, ok := shaken.ParseVerstat(call.Identity[0]); ok {
			call.Verstat, call.Identity = v.String(), nil
		}
	}
	return printJSON(p.out, shaken.Verify(p.ctx, call, ev))
}

// evidence reads the files. One that is not there, or a trust list that cannot be
// read, is a mistake of whoever asks; a certificate or revocation list that
// cannot be read is part of what is reported.
func (c shakenVerifyCmd) evidence(p *process) (shaken.Evidence, error) {
	var ev shaken.Evidence
	var files certificateFiles
	for _, name := range c.Cert {
		raw, err := readFile(p.in, name, shaken.MaxChainBytes)
		if err != nil {
			return ev, err
		}
		chains, err := shaken.ParseChains(raw)
		files.chains, files.err = append(files.chains, chains...), errors.Join(files.err, err)
	}
	ev.Certificates = files
	if c.Roots != "" {
		raw, err := readFile(p.in, c.Roots, shaken.MaxTrustBytes)
		if err != nil {
			return ev, err
		}
		if ev.Trust, err = shaken.ParseTrust(raw); err != nil {
			return ev, usageError{fmt.Errorf("%s: %w", c.Roots, err)}
		}
	}
	for _, name := range c.CRL {
		raw, err := readFile(p.in, name, shaken.MaxCRLBytes)
		if err != nil {
			return ev, err
		}
		crl, err := shaken.ParseCRL(raw)
		if err != nil {
			crl = nil // stands for a list that cannot be read
		}
		ev.CRLs = append(ev.CRLs, crl)
	}
	return ev, nil
}

// certificateFiles serves what was in the files, or says why there is nothing.
type certificateFiles struct {
	chains []*shaken.Chain
	err    error
}

func (f certificateFiles) Chains(ctx context.Context, x5u string, at time.Time) ([]*shaken.Chain, error) {
	if len(f.chains) == 0 && f.err != nil {
		return nil, f.err
	}
	return shaken.Files(f.chains).Chains(ctx, x5u, at)
}

type shakenInspectCmd struct {
	File string `arg:"" help:"Certificate or chain, PEM or DER; - for standard input."`
}

func (c shakenInspectCmd) Run(p *process) error {
	raw, err := readFile(p.in, c.File, shaken.MaxChainBytes)
	if err != nil {
		return err
	}
	chain, err := shaken.ParseChain(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return printJSON(p.out, chain.Facts())
}

// readFile reads a file, or standard input for "-", and at most one byte more than
// what its reader allows, so that the reader can refuse it.
func readFile(in io.Reader, name string, most int) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usageError{err}
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, int64(most)+1))
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
