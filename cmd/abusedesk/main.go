// Command abusedesk is the abuse desk of a voice carrier: the public form, the
// mailbox reader, the console, the API, the workers and the policy endpoint in
// one binary. This package only reads the configuration and wires the others.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/abusedesk/abusedesk/calls/formats"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], environment(os.Environ()), os.Stdin, os.Stdout, os.Stderr))
}

// process is what a command gets of the world.
type process struct {
	ctx    context.Context
	env    map[string]string
	in     io.Reader
	out    io.Writer
	errOut io.Writer
}

// usageError ends the program with status 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// run is main without the process around it. It returns the exit status: 0,
// 1 for failure, 2 for bad usage or configuration.
func run(ctx context.Context, args []string, env map[string]string, in io.Reader, out, errOut io.Writer) (status int) {
	var cli commands
	p := &process{ctx: ctx, env: env, in: in, out: out, errOut: errOut}
	exited := -1
	parser, err := kong.New(&cli, kong.Name("abusedesk"), kong.Description("The abuse desk of a voice carrier."), kong.Writers(out, errOut),
		kong.Exit(func(code int) { exited = code }), kong.UsageOnError(), kong.Vars{"version": version, "callFormats": strings.Join(formats.Names(), ", ")}, kong.Bind(p))
	if err != nil {
		fmt.Fprintln(errOut, "abusedesk:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help and --version have answered
		return exited
	}
	if err != nil {
		fmt.Fprintln(errOut, "abusedesk:", oneLine(err))
		return 2
	}
	switch err := kctx.Run(); {
	case err == nil:
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintln(errOut, "abusedesk:", oneLine(err))
		return 2
	default:
		fmt.Fprintln(errOut, "abusedesk:", oneLine(err))
		return 1
	}
}

// oneLine keeps the promise of one line on stderr for an error.
func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
}

// environment turns KEY=value pairs into a map.
func environment(pairs []string) map[string]string {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if k, v, ok := strings.Cut(p, "="); ok {
			m[k] = v
		}
	}
	return m
}
