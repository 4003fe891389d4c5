package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/csvload"
)

type importReportsCmd struct {
	File   string `arg:""`
	Format string `help:"ftc (Do Not Call complaints) or fcc (consumer complaints); without it the header decides." enum:",ftc,fcc" default:""`
	Again  bool   `help:"Read a file that was imported once more: for numbers that are ours since."`
}

// Run keeps complaints as signals. What was taken is committed with the place in
// the file, so that a run that was stopped goes on where it was: the file is
// known by its digest, whatever it is called now.
func (c importReportsCmd) Run(p *process) error {
	f, err := os.Open(c.File)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	return p.with(func(ctx context.Context, a *app) error {
		sum := sha256.New()
		size, err := io.Copy(sum, f)
		if err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		at, err := a.desk.SignalFile(ctx, operator, hex.EncodeToString(sum.Sum(nil)))
		switch {
		case err != nil:
			return err
		case at.DoneAt != nil && !c.Again:
			fmt.Fprintf(p.out, "this file was imported on %s; --again reads it once more\n", at.DoneAt.Format(time.DateOnly))
			reportSignals(p.out, at)
			return nil
		case at.DoneAt != nil:
			at = at.Again()
		case at.Rows > 0:
			fmt.Fprintf(p.out, "going on after row %d\n", at.Rows)
		}
		bar := progress(p.errOut, size, "complaints")
		err = csvload.ReadComplaints(io.TeeReader(f, bar), c.Format, at.Rows, func(b csvload.Complaints) error {
			if err := ctx.Err(); err != nil {
				return err // what was taken is committed
			}
			at.Format = b.Format
			var err error
			at, err = a.desk.ImportSignals(ctx, operator, at, b.Signals, b.Rows, b.Skipped, false)
			return err
		})
		bar.Finish()
		if err != nil {
			return err
		}
		if at, err = a.desk.ImportSignals(ctx, operator, at, nil, 0, nil, true); err != nil {
			return err
		}
		reportSignals(p.out, at)
		return nil
	})
}

// reportSignals says what became of the rows, and why.
func reportSignals(w io.Writer, f cases.ImportFile) {
	fmt.Fprintf(w, "%d rows: kept %d complaints\n", f.Rows, f.Kept)
	byReason(w, f.Skipped)
}

// progress draws how far a file was read, where somebody is looking.
func progress(w io.Writer, size int64, what string) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok {
		w = io.Discard
	} else if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		w = io.Discard
	}
	return progressbar.NewOptions64(size, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
}
