package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// counter counts in the database of a desk on PostgreSQL.
func (d *desk) counter() func(query string) int {
	d.run("", "migrate")
	db, err := pgx.Connect(context.Background(), d.env["DATABASE_URL"])
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { db.Close(context.Background()) })
	return func(query string) (n int) {
		if err := db.QueryRow(context.Background(), query).Scan(&n); err != nil {
			d.t.Fatal(err)
		}
		return n
	}
}

const (
	received = "SELECT count(*) FROM messages"
	filed    = "SELECT count(*) FROM messages WHERE state = 'filed'"
	undone   = "SELECT count(*) FROM jobs WHERE state NOT IN ('done', 'coalesced')"
)

// BenchmarkMailToCase reads a full mailbox, each mail a new reporter, from the
// start of the program until every mail is received, filed, and checked and
// answered. PostgreSQL with fsync, Redis and Dovecot run on the same machine.
func BenchmarkMailToCase(b *testing.B) {
	const mails = 5_000
	for b.Loop() {
		b.StopTimer()
		d := newDesk(b, postgres(b))
		ledger, path := newLedger(b)
		res, err := simulate.Load(b.Context(), simulate.LoadConfig{Doors: d.doors(), Ledger: ledger, Seed: 1, Mail: mails, Concurrency: 32})
		if err != nil || res.Acknowledged != mails {
			b.Fatalf("%+v, %v", res, err)
		}
		count := d.counter()
		b.StartTimer()
		began := time.Now()
		d.launch()
		for _, phase := range []struct {
			unit  string
			until func() bool
		}{
			{"received/s", func() bool { return count(received) == mails }},
			{"filed/s", func() bool { return count(filed) == mails }},
			{"done/s", func() bool { return count(undone) == 0 }},
		} {
			testenv.Eventually(b, 10*time.Minute, phase.until, "%s of %d mails", phase.unit, mails)
			b.ReportMetric(mails/time.Since(began).Seconds(), phase.unit)
		}
		b.StopTimer()
		d.doctor(path, time.Minute)
		b.StartTimer()
	}
}

// BenchmarkLargeMails tells how much memory the program ever had: without any
// mail, with some of 10 MB, of 50 MB, and with more of them.
func BenchmarkLargeMails(b *testing.B) {
	for b.Loop() {
		for _, load := range []struct{ mails, megabytes int }{{0, 0}, {8, 10}, {8, 50}, {32, 50}} {
			mails := load.mails
			d := newDesk(b, postgres(b))
			count := d.counter()
			d.start()
			for i := range mails {
				if err := d.mailbox.Deliver(mailUser, largeMail(i, load.megabytes<<20)); err != nil {
					b.Fatal(err)
				}
			}
			testenv.Eventually(b, 10*time.Minute, func() bool { return count(filed) == mails && count(undone) == 0 }, "%d mails", mails)
			b.ReportMetric(peak(b, d.process.Pid()), fmt.Sprintf("peak-MB-of-%dx%d", mails, load.megabytes))
			d.process.Kill()
		}
	}
}

// largeMail is a report with a recording of some megabytes.
func largeMail(i, size int) []byte {
	var m bytes.Buffer
	fmt.Fprintf(&m, "From: r%d@example.org\r\nTo: abuse@carrier.example\r\nSubject: a recording\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\n\r\nA robocall from +1 202 555 01%02d.\r\n--b\r\nContent-Type: audio/wav; name=call.wav\r\nContent-Transfer-Encoding: base64\r\n\r\n", i, i)
	line := []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(i), 2, 3}, 19)) + "\r\n")
	for m.Len() < size {
		m.Write(line)
	}
	m.WriteString("--b--\r\n")
	return m.Bytes()
}

var highWater = regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`)

func peak(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		b.Fatalf("no high-water mark in %s", status)
	}
	kB, err := strconv.Atoi(string(m[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kB) / 1024
}
