package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/simulate"
)

const testTimeout = time.Minute

// BenchmarkDoors files reports through the form and the API, each acknowledged
// with its case, and has pgbench send the very same statements to the same
// database with the same concurrency: what is heard of two reports, with the
// values of ever new ones. Three rounds of each, one after the other; the
// medians count. Challenges are solved before the clock runs.
func BenchmarkDoors(b *testing.B) {
	const clients, each, rounds = 8, 250, 3
	for b.Loop() {
		for _, door := range []simulate.Door{simulate.DoorForm, simulate.DoorAPI} {
			for _, campaign := range []bool{false, true} {
				name := string(door) + map[bool]string{false: "-distinct", true: "-campaign"}[campaign]
				ours, theirs := doorAgainstPgbench(b, door, campaign, clients, each, rounds)
				b.ReportMetric(ours, name+"/s")
				b.ReportMetric(100*ours/theirs, name+"-%-of-pgbench")
			}
		}
	}
}

func doorAgainstPgbench(b *testing.B, door simulate.Door, campaign bool, clients, each, rounds int) (ours, theirs float64) {
	d := newDesk(b, postgres(b))
	d.run("", "migrate")
	e := eavesdrop(b, d.env["DATABASE_URL"])
	d.args = []string{"--roles", "web"}
	d.start()
	doors := d.doors()
	if door == simulate.DoorAPI {
		doors.APIKey = d.key("--name", "bench", "--scopes", "reports").Key
	}
	n := 0
	compose := func() simulate.Delivery {
		n++
		c := simulate.Complaint{Category: cases.CategoryRobocall, Caller: "+12025550143", Called: "+16175550119", Words: "A recorded voice said that my account was locked.",
			Reporter: cases.Contact{Name: "Mara Lindqvist", Email: fmt.Sprintf("reporter%07d@example.com", n)}}
		if !campaign {
			c.Caller = fmt.Sprintf("+1202%07d", 2_000_000+n)
		}
		del, err := doors.Compose(b.Context(), door, c, fmt.Sprintf("bench-%s-%07d", door, n))
		if err != nil {
			b.Fatal(err)
		}
		return del
	}
	send := func(del simulate.Delivery) {
		if _, err := doors.Send(b.Context(), del); err != nil {
			b.Error(err)
		}
	}
	for range 20 {
		send(compose())
	}
	first, second := compose(), compose()
	script := e.script(e.hear(func() { send(first) }), e.hear(func() { send(second) }))
	b.Logf("%s, campaign %v: %d statements", door, campaign, strings.Count(script, ";\n")+strings.Count(script, "\\gset"))

	var us, them []float64
	for round := range rounds {
		dels := make(chan simulate.Delivery, clients*each)
		for range clients * each {
			dels <- compose()
		}
		close(dels)
		began := time.Now()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for del := range dels {
					send(del)
				}
			})
		}
		wg.Wait()
		us = append(us, float64(clients*each)/time.Since(began).Seconds())
		them = append(them, pgbench(b, d.env["DATABASE_URL"], script, clients, each, round))
	}
	slices.Sort(us)
	slices.Sort(them)
	b.Logf("%s, campaign %v: %.0f filed a second, pgbench %.0f", door, campaign, us, them)
	d.process.Kill()
	return us[rounds/2], them[rounds/2]
}
