package restrict

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/abusedesk/abusedesk/cases"
)

// desk is a database for keepers: a state, who beat when, and what fails.
type desk struct {
	mu      sync.Mutex
	now     time.Time
	state   cases.PolicyState
	beats   []cases.Replica
	asked   int
	fails   error         // everything
	noState error         // loading only
	noBeats error         // heartbeats only
	onBeat  func()        // just before a heartbeat is taken
	took    time.Duration // by each heartbeat
}

func (d *desk) clock() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }

func (d *desk) pass(t time.Duration) { d.mu.Lock(); defer d.mu.Unlock(); d.now = d.now.Add(t) }

func (d *desk) Revision(context.Context) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	return d.state.Revision, d.fails
}

func (d *desk) PolicyState(context.Context) (cases.PolicyState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := d.state
	st.Restrictions = slices.Clone(st.Restrictions)
	return st, errors.Join(d.fails, d.noState)
}

func (d *desk) Heartbeat(_ context.Context, now time.Time, r cases.Replica) error {
	if d.onBeat != nil {
		d.onBeat()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := errors.Join(d.fails, d.noBeats); err != nil {
		return err
	}
	r.Heartbeat = now
	d.beats = append(d.beats, r)
	d.now = d.now.Add(d.took)
	return nil
}

// restrictTo replaces the restrictions, as one change would.
func (d *desk) restrictTo(rs ...cases.Restriction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	revision := d.state.Revision
	d.state = carrier(rs...)
	d.state.Revision = revision + 1
}

func (d *desk) acknowledged() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.beats) == 0 {
		return 0
	}
	return d.beats[len(d.beats)-1].Revision
}

type counts struct {
	mu sync.Mutex
	n  map[Counter]int
}

func (c *counts) add(k Counter) { c.mu.Lock(); defer c.mu.Unlock(); c.n[k]++ }

func newKeeper(t *testing.T, d *desk, mode FailMode) (*Keeper, *counts) {
	t.Helper()
	d.now = noon
	c := &counts{n: map[Counter]int{}}
	k, err := NewKeeper(KeeperConfig{Source: d, Options: Options{Emergency: newEmergency(t), FailMode: mode}, Replica: cases.Replica{ID: "one"},
		Now: d.clock, Count: c.add, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return k, c
}

func refresh(t *testing.T, k *Keeper) {
	t.Helper()
	if err := k.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var suspendAlpha = onAccount("alpha", cases.KindAccountSuspended, cases.RestrictionValue{})

func TestKeeperFollowsTheRevision(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	k, c := newKeeper(t, d, FailClosed)
	if !k.Stale(noon) {
		t.Error("fresh before the first load")
	}
	refresh(t, k)
	if a := k.Decide(ask("alpha", "+12125550100")); a.Action != Allow || k.Stale(d.now) {
		t.Fatalf("after the first load: %+v", a)
	}
	if d.asked != 2 || len(d.beats) != 1 {
		t.Errorf("asked %d times and beat %d times; the revision must be asked again after the first heartbeat", d.asked, len(d.beats))
	}

	d.restrictTo(suspendAlpha)
	refresh(t, k)
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended || a.Revision != 2 {
		t.Errorf("after the change: %+v", a)
	}
	if d.acknowledged() != 2 {
		t.Errorf("acknowledged %d, want 2 at once", d.acknowledged())
	}
	if got := d.beats[len(d.beats)-1].Checksum; got != k.Snapshot().Checksum || got == "" {
		t.Errorf("checksum of the heartbeat = %q", got)
	}
	beats := len(d.beats)
	for range 9 {
		d.pass(PollEvery)
		refresh(t, k)
	}
	if len(d.beats) != beats {
		t.Errorf("%d heartbeats in 1.8 s without a change", len(d.beats)-beats)
	}
	d.pass(PollEvery)
	refresh(t, k)
	if len(d.beats) != beats+1 {
		t.Errorf("%d heartbeats after 2 s, want 1", len(d.beats)-beats)
	}
	if c.n[CountLoaded] != 2 {
		t.Errorf("loaded %d times, want 2", c.n[CountLoaded])
	}
}

func TestKeeperKnowsWhenItIsStale(t *testing.T) {
	for _, mode := range []FailMode{FailOpen, FailClosed} {
		d := &desk{}
		d.restrictTo(suspendAlpha)
		k, c := newKeeper(t, d, mode)
		refresh(t, k)
		d.fails = errors.New("database down")
		d.pass(cases.ReplicaTimeout - time.Millisecond)
		if err := k.Refresh(t.Context()); err == nil {
			t.Error("no error")
		}
		if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
			t.Errorf("%s, just before: %+v", mode, a)
		}
		d.pass(time.Millisecond)
		a := k.Decide(ask("alpha", "+12125550100"))
		want, code := Allow, 0
		if mode == FailClosed {
			want, code = Refuse, 503
		}
		if a.Action != want || a.SIPCode != code || a.ReasonCode != ReasonStale || !a.ByFailMode || a.Reason == "" || a.Revision != 1 {
			t.Errorf("%s, stale: %+v", mode, a)
		}
		if a := k.Decide(ask("alpha", "911").with(func(q *Request) { q.Connection = "c-alpha" })); a.Action != Allow || a.ReasonCode != ReasonEmergency {
			t.Errorf("%s, emergency: %+v", mode, a)
		}
		if c.n[CountStale] != 1 || c.n[CountLoadFailed] != 1 {
			t.Errorf("%s, counted %v", mode, c.n)
		}
	}
}

func TestKeeperNeverLoaded(t *testing.T) {
	d := &desk{fails: errors.New("database down")}
	k, _ := newKeeper(t, d, FailClosed)
	if err := k.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if a := k.Decide(ask("alpha", "+12125550100")); a.Action != Refuse || a.ReasonCode != ReasonStale {
		t.Errorf("%+v", a)
	}
	if a := k.Decide(ask("alpha", "911")); a.Action != Allow {
		t.Errorf("emergency: %+v", a)
	}
	if len(d.beats) != 0 {
		t.Error("a heartbeat without a snapshot")
	}
}

// A replica that was stopped wakes up: the database went on without it.
func TestKeeperPausedAndWoken(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	k, _ := newKeeper(t, d, FailClosed)
	refresh(t, k)
	d.pass(time.Minute)
	d.restrictTo(suspendAlpha)
	if a := k.Decide(ask("beta", "+12125550100")); a.ReasonCode != ReasonStale {
		t.Fatalf("woken: %+v", a)
	}
	d.noBeats = errors.New("refused")
	if err := k.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if a := k.Decide(ask("beta", "+12125550100")); a.ReasonCode != ReasonStale {
		t.Errorf("loaded, but the database does not count it yet: %+v", a)
	}
	d.noBeats = nil
	asked := d.asked
	refresh(t, k)
	if d.asked != asked+2 {
		t.Errorf("asked %d times, want again after the heartbeat", d.asked-asked)
	}
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
		t.Errorf("back: %+v", a)
	}
}

// What was settled between the load and the heartbeat that counts must be held
// before the first answer.
func TestKeeperJoiningMissesNothing(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	k, _ := newKeeper(t, d, FailClosed)
	d.onBeat = func() { d.onBeat = nil; d.restrictTo(suspendAlpha) }
	refresh(t, k)
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
		t.Errorf("%+v", a)
	}
	if d.acknowledged() != 2 {
		t.Errorf("acknowledged %d", d.acknowledged())
	}

	// The same, but the second question fails: not fresh.
	d = &desk{}
	d.restrictTo()
	k, _ = newKeeper(t, d, FailClosed)
	d.onBeat = func() { d.onBeat = nil; d.restrictTo(suspendAlpha); d.noState = errors.New("lost") }
	if err := k.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if !k.Stale(d.now) {
		t.Error("fresh without what was settled before its heartbeat")
	}
	d.noState = nil
	refresh(t, k)
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
		t.Errorf("%+v", a)
	}
}

// A heartbeat that took longer than the timeout does not prove that the
// database counted the replica all the time.
func TestKeeperSlowHeartbeat(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	k, _ := newKeeper(t, d, FailClosed)
	refresh(t, k)
	d.pass(9 * time.Second)
	d.onBeat = func() {
		d.onBeat = nil
		d.pass(2 * time.Second) // others settle without this replica meanwhile
		d.restrictTo(suspendAlpha)
	}
	refresh(t, k)
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
		t.Errorf("%+v", a)
	}
}

func TestKeeperRepairs(t *testing.T) {
	d := &desk{}
	d.restrictTo(suspendAlpha)
	k, c := newKeeper(t, d, FailClosed)
	refresh(t, k)
	held := k.Snapshot().Checksum
	d.state.Restrictions = nil // lost from the database's side without a revision
	for range int(RepairEvery/HeartbeatEvery) - 1 {
		d.pass(HeartbeatEvery)
		refresh(t, k)
	}
	if c.n[CountRepaired] != 0 || k.Snapshot().Checksum != held {
		t.Fatalf("repaired before its time: %v", c.n)
	}
	d.pass(HeartbeatEvery)
	refresh(t, k)
	if c.n[CountRepaired] != 1 || k.Snapshot().Restrictions != 0 || d.beats[len(d.beats)-1].Checksum == held {
		t.Errorf("counted %v, holds %d restrictions", c.n, k.Snapshot().Restrictions)
	}
	d.pass(RepairEvery / 5)
	refresh(t, k)
	if c.n[CountRepaired] != 1 {
		t.Errorf("repaired again: %v", c.n)
	}
}

func TestKeeperRevisionGoesBack(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	d.restrictTo(suspendAlpha)
	k, _ := newKeeper(t, d, FailClosed)
	refresh(t, k)
	d.state.Revision = 0
	d.restrictTo()
	refresh(t, k)
	if s := k.Snapshot(); s.Revision != 1 || s.Restrictions != 0 {
		t.Errorf("a restored database is not followed: revision %d", s.Revision)
	}
}

func TestKeeperRun(t *testing.T) {
	d := &desk{}
	d.restrictTo()
	k, c := newKeeper(t, d, FailClosed)
	hints, ticks := make(chan struct{}), make(chan time.Time)
	k.Hints, k.Ticks = hints, ticks
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	hints <- struct{}{} // taken only after the first turn
	d.restrictTo(suspendAlpha)
	hints <- struct{}{}
	ticks <- noon
	if a := k.Decide(ask("alpha", "+12125550100")); a.ReasonCode != ReasonSuspended {
		t.Errorf("after a hint: %+v", a)
	}
	close(hints)
	d.restrictTo()
	ticks <- noon
	ticks <- noon
	if a := k.Decide(ask("alpha", "+12125550100")); a.Action != Allow {
		t.Errorf("after a tick: %+v", a)
	}
	if k.Decide(ask("nobody", "+12125550100")); c.n[CountUnknown] != 1 {
		t.Errorf("counted %v", c.n)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The two clocks of a time.Time cannot be moved apart by its methods.
func TestPassed(t *testing.T) {
	monotonic := func(t time.Time, by time.Duration) time.Time {
		(*struct {
			wall uint64
			ext  int64
		})(unsafe.Pointer(&t)).ext += int64(by)
		return t
	}
	then := time.Now()
	if got := passed(then, monotonic(then.Add(time.Hour), -time.Hour)); got != time.Hour {
		t.Errorf("the machine slept for an hour: %v", got)
	}
	if got := passed(then, monotonic(then.Add(-time.Hour), 61*time.Minute)); got != time.Minute {
		t.Errorf("the clock was set back, a minute went by: %v", got)
	}
}
