package restrict

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Intervals of a Keeper.
const (
	PollEvery      = 200 * time.Millisecond // the revision: one row
	HeartbeatEvery = 2 * time.Second        // well within cases.ReplicaTimeout
	RepairEvery    = 30 * time.Second       // everything is read again and compared
	sourceTimeout  = 5 * time.Second        // of one question to the source
)

// Source is the database of record.
type Source interface {
	Revision(ctx context.Context) (int64, error)
	PolicyState(ctx context.Context) (cases.PolicyState, error)
	// Heartbeat records that the replica lives and which revision it holds.
	Heartbeat(ctx context.Context, now time.Time, r cases.Replica) error
}

// Counter names something that a Keeper counts.
type Counter string

const (
	CountLoaded      Counter = "snapshot_loaded"
	CountLoadFailed  Counter = "snapshot_load_failed"
	CountRepaired    Counter = "snapshot_repaired" // what was held differed from the database at the same revision
	CountBeatFailed  Counter = "heartbeat_failed"
	CountStale       Counter = "answered_stale"        // by fail mode: the replica could not vouch for its snapshot
	CountUnknown     Counter = "answered_unknown"      // by fail mode: the account is not known
	CountRateUnknown Counter = "answered_rate_unknown" // by fail mode: the price is not known
)

// KeeperConfig is what a Keeper works with.
type KeeperConfig struct {
	Source  Source
	Options Options
	// Replica is this process; ID must be its own alone, and new at each start.
	Replica cases.Replica
	// Hints wake the loop at once; a lost one costs PollEvery. May be nil.
	Hints <-chan struct{}
	// Ticks is the beat of the loop; nil for one each PollEvery.
	Ticks <-chan time.Time
	// Now must carry the monotonic clock in production: then neither a clock that
	// is set back nor a machine that slept can make an old snapshot look fresh.
	Now   func() time.Time
	Count func(Counter) // may be nil
	Log   *slog.Logger
}

// Keeper keeps a replica's snapshot at the revision of the database and answers
// from it. Decide and Stale are safe for concurrent use; one goroutine at a time
// may be in Run or Refresh.
//
// The promise that it keeps: a restriction that the database calls active is
// held by every Keeper that does not call itself stale. It rests on two things.
// The database counts a replica for cases.ReplicaTimeout after its heartbeat and
// waits for it meanwhile. And a Keeper that was not counted (it has just
// started, was paused, or cut off) does not answer from its snapshot until, after
// a heartbeat that counts, it has asked for the revision again: what was
// settled without it before that heartbeat is then in its snapshot, and what
// comes after waits for it. Replicas compare each other's heartbeats with their own
// clocks, so those must agree within a few seconds.
type Keeper struct {
	KeeperConfig
	empty    *Snapshot // knows nobody but the emergency numbers
	snapshot atomic.Pointer[Snapshot]
	fresh    atomic.Pointer[time.Time] // the snapshot can be vouched for from here on for ReplicaTimeout

	// Of the loop alone:
	beat     time.Time // last heartbeat that was taken
	caught   bool      // the revision was asked and held since the heartbeats last began
	loadedAt time.Time
	failing  bool
}

// NewKeeper does not ask the source yet: until the first Refresh it is stale.
func NewKeeper(c KeeperConfig) (*Keeper, error) {
	if c.Options.Emergency == nil {
		return nil, errors.New("restrict: a keeper needs the emergency numbers")
	}
	if c.Count == nil {
		c.Count = func(Counter) {}
	}
	empty, err := NewSnapshot(cases.PolicyState{}, c.Options)
	return &Keeper{KeeperConfig: c, empty: empty}, err
}

// Decide answers from the current snapshot, or by the fail mode when that is
// stale. Emergency calls pass in any case.
func (k *Keeper) Decide(q Request) Answer {
	now := k.Now()
	s := k.current()
	if !k.Stale(now) {
		a := Decide(s, q, now)
		switch {
		case !a.ByFailMode:
		case a.ReasonCode == ReasonRateUnknown:
			k.Count(CountRateUnknown)
		default:
			k.Count(CountUnknown)
		}
		return a
	}
	if s.isEmergency(s.connection(q), q) {
		return s.emergencyAnswer()
	}
	k.Count(CountStale)
	a := Answer{Action: Allow, Revision: s.Revision, MaxChannels: NoLimit, MaxSeconds: NoLimit}
	a.byFailMode(k.Options.FailMode, ReasonStale)
	return a
}

func (k *Keeper) current() *Snapshot {
	if s := k.snapshot.Load(); s != nil {
		return s
	}
	return k.empty
}

// Snapshot returns what is held now, stale or not; an empty one before the
// first load.
func (k *Keeper) Snapshot() *Snapshot { return k.current() }

// Stale says whether the snapshot cannot be vouched for: the database does not
// count this replica any more, or not yet.
func (k *Keeper) Stale(now time.Time) bool {
	at := k.fresh.Load()
	return at == nil || passed(*at, now) >= cases.ReplicaTimeout
}

// passed is the time from then to now by the wall clock or the monotonic one,
// whichever says more: the first counts on while the machine sleeps, the second
// cannot be set back.
func passed(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// Run refreshes until ctx ends, and returns its error.
func (k *Keeper) Run(ctx context.Context) error {
	ticks := k.Ticks
	if ticks == nil {
		t := time.NewTicker(PollEvery)
		defer t.Stop()
		ticks = t.C
	}
	hints := k.Hints
	for {
		k.report(k.Refresh(ctx))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks:
		case _, open := <-hints:
			if !open {
				hints = nil
			}
		}
	}
}

// report logs when trouble begins and ends, not five times a second between.
func (k *Keeper) report(err error) {
	switch {
	case err != nil && !k.failing:
		k.Log.Error("restrictions cannot be refreshed", "error", err, "revision", k.current().Revision)
	case err == nil && k.failing:
		k.Log.Info("restrictions are refreshed again", "revision", k.current().Revision)
	}
	k.failing = err != nil
}

// Refresh is one turn of the loop: ask for the revision, load what changed, and
// send the heartbeat that is due. A failure leaves what was held.
func (k *Keeper) Refresh(ctx context.Context) error {
	var err error
	for range 4 { // two would do, but for a process that is stopped in the middle
		var held, loaded bool
		held, loaded, err = k.catchUp(ctx)
		k.caught = k.caught || held && k.counted(k.Now())
		k.vouch()
		if k.snapshot.Load() == nil || !loaded && k.caught && passed(k.beat, k.Now()) < HeartbeatEvery {
			return err
		}
		began, failed := k.heartbeat(ctx)
		if failed != nil {
			return errors.Join(err, failed)
		}
		k.vouch()
		if !began || err != nil {
			return err
		}
		// The database counts this replica from now on. Ask once more.
	}
	return err
}

// counted says whether the database still waits for this replica.
func (k *Keeper) counted(now time.Time) bool {
	return !k.beat.IsZero() && passed(k.beat, now) < cases.ReplicaTimeout
}

func (k *Keeper) vouch() {
	if k.caught {
		at := k.beat
		k.fresh.Store(&at)
	}
}

// catchUp asks for the revision and loads the state when it is another, or when
// it is time to compare. held says that the snapshot has that revision.
func (k *Keeper) catchUp(ctx context.Context) (held, loaded bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	revision, err := k.Source.Revision(ctx)
	if err != nil {
		k.Count(CountLoadFailed)
		return false, false, err
	}
	now, old := k.Now(), k.snapshot.Load()
	if old != nil && old.Revision == revision && passed(k.loadedAt, now) < RepairEvery {
		return true, false, nil
	}
	fresh, err := k.load(ctx)
	if err != nil {
		k.Count(CountLoadFailed)
		return false, false, err
	}
	k.loadedAt = now
	if old != nil && old.Revision == fresh.Revision {
		if old.Checksum == fresh.Checksum {
			return true, false, nil
		}
		k.Count(CountRepaired)
		k.Log.Error("the restrictions held were not those of the database; loaded again", "revision", fresh.Revision, "held", old.Checksum, "database", fresh.Checksum)
	}
	k.snapshot.Store(fresh)
	k.Count(CountLoaded)
	return true, true, nil
}

func (k *Keeper) load(ctx context.Context) (*Snapshot, error) {
	st, err := k.Source.PolicyState(ctx)
	if err != nil {
		return nil, err
	}
	return NewSnapshot(st, k.Options)
}

// heartbeat acknowledges the snapshot. began says that the database had not
// counted this replica before it.
func (k *Keeper) heartbeat(ctx context.Context) (began bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	r, sent := k.Replica, k.Now()
	s := k.snapshot.Load()
	r.Heartbeat, r.Revision, r.Checksum = sent, s.Revision, s.Checksum
	if err := k.Source.Heartbeat(ctx, sent, r); err != nil {
		k.Count(CountBeatFailed)
		return false, err
	}
	// Judged by when it was surely taken: it may have come too late.
	began = !k.counted(k.Now())
	k.beat = sent
	if began {
		k.caught = false
	}
	return began, nil
}
