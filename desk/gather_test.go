package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowDoer is a gather whose batches wait until they are let go.
type slowDoer struct {
	*gather[string, string]
	begun chan []string
	goOn  chan error
}

func newSlowDoer(max, lanes int) slowDoer {
	const patience = 10 * time.Millisecond // a test with one lane has none to lose
	s := slowDoer{begun: make(chan []string), goOn: make(chan error)}
	s.gather = &gather[string, string]{max: max, lanes: lanes, patience: patience, do: func(ctx context.Context, in []string) ([]string, error) {
		s.begun <- in
		if err := <-s.goOn; err != nil {
			return nil, err
		}
		out := make([]string, len(in))
		for i, x := range in {
			if x == "panic" {
				panic("no such thing")
			}
			out[i] = "did " + x
		}
		return out, ctx.Err()
	}}
	return s
}

// ask asks for each, one after the other, once all before it wait.
func (s slowDoer) ask(t *testing.T, ctx context.Context, answers *sync.Map, asked ...string) *sync.WaitGroup {
	t.Helper()
	var wg sync.WaitGroup
	for _, x := range asked {
		s.mu.Lock()
		before := len(s.waiting)
		s.mu.Unlock()
		wg.Go(func() {
			out, err := s.one(ctx, x)
			answers.Store(x, fmt.Sprintf("%s %v", out, err))
		})
		for n := before; n == before; {
			s.mu.Lock()
			n = len(s.waiting)
			s.mu.Unlock()
		}
	}
	return &wg
}

func TestGatherTakesTogetherWhatWaits(t *testing.T) {
	s := newSlowDoer(3, 1)
	var answers sync.Map
	var first sync.WaitGroup
	first.Go(func() {
		out, err := s.one(t.Context(), "a")
		answers.Store("a", fmt.Sprintf("%s %v", out, err))
	})
	if got := <-s.begun; !slices.Equal(got, []string{"a"}) {
		t.Fatalf("who is alone goes with %v", got)
	}
	wg := s.ask(t, t.Context(), &answers, "b", "c", "d", "e")
	s.goOn <- nil
	first.Wait()
	for _, want := range []string{"b c d", "e"} {
		if got := strings.Join(<-s.begun, " "); got != want {
			t.Errorf("together went %s, want %s", got, want)
		}
		s.goOn <- nil
	}
	wg.Wait()
	for _, x := range []string{"a", "b", "c", "d", "e"} {
		if got, _ := answers.Load(x); got != "did "+x+" <nil>" {
			t.Errorf("%s was answered %q", x, got)
		}
	}
	for running := 1; running > 0; { // it has answered before it looks again
		s.mu.Lock()
		running = s.running
		s.mu.Unlock()
	}
}

// What fails together is tried alone, so that one bears for no other.
func TestGatherTriesAloneWhatFailedTogether(t *testing.T) {
	for name, tt := range map[string]struct {
		second error // of the batch of two
		asked  []string
		bad    string // what the one that cannot be done is told
	}{
		"an error": {errors.New("a deadlock"), []string{"b", "c"}, "the disk is full"},
		"a panic":  {nil, []string{"b", "panic"}, "no such thing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSlowDoer(8, 1)
			var answers sync.Map
			var first sync.WaitGroup
			first.Go(func() { s.one(t.Context(), "a") })
			<-s.begun
			wg := s.ask(t, t.Context(), &answers, tt.asked...)
			s.goOn <- nil
			first.Wait()
			last := map[string]error{"an error": errors.New("the disk is full"), "a panic": nil}[name]
			for i, want := range []string{strings.Join(tt.asked, " "), tt.asked[0], tt.asked[1]} {
				if got := strings.Join(<-s.begun, " "); got != want {
					t.Fatalf("try %d was of %s, want %s", i, got, want)
				}
				s.goOn <- []error{tt.second, nil, last}[i]
			}
			wg.Wait()
			if got, _ := answers.Load("b"); !strings.HasPrefix(got.(string), "did b") {
				t.Errorf("b was answered %q", got)
			}
			if got, _ := answers.Load(tt.asked[1]); !strings.Contains(got.(string), tt.bad) {
				t.Errorf("%s was answered %q, want %q", tt.asked[1], got, tt.bad)
			}
		})
	}
}

// Who leaves is not waited for, and what he asked for is done all the same.
func TestGatherOutlivesItsCallers(t *testing.T) {
	s := newSlowDoer(8, 2)
	ctx, leave := context.WithCancelCause(t.Context())
	gone := make(chan error)
	go func() {
		_, err := s.one(ctx, "a")
		gone <- err
	}()
	<-s.begun
	bored := errors.New("bored")
	leave(bored)
	if err := <-gone; !errors.Is(err, bored) {
		t.Errorf("who left was told %v", err)
	}
	// Another lane goes on beside one that is stuck, after a while.
	other := make(chan string)
	go func() {
		out, err := s.one(t.Context(), "b")
		other <- fmt.Sprintf("%s %v", out, err)
	}()
	if got := <-s.begun; !slices.Equal(got, []string{"b"}) {
		t.Errorf("the second lane takes %v", got)
	}
	// There are no more of them.
	go s.one(t.Context(), "c")
	select {
	case got := <-s.begun:
		t.Errorf("a third lane takes %v", got)
	case <-time.After(10 * s.patience):
	}
	s.goOn <- nil
	if got := <-s.begun; !slices.Equal(got, []string{"c"}) {
		t.Errorf("the lane that is free takes %v", got)
	}
	s.goOn <- nil
	s.goOn <- nil
	if got := <-other; !strings.HasPrefix(got, "did b") {
		t.Errorf("b was answered %q", got)
	}
}
