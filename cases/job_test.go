package cases

import (
	"errors"
	"testing"
	"time"
)

func TestGivesUp(t *testing.T) {
	j := Job{CreatedAt: t0}
	for name, tt := range map[string]struct {
		after time.Duration
		n     int
		err   error
		want  bool
	}{
		"a failure":                   {time.Hour, MaxAttempts - 1, errors.New("x"), false},
		"the last failure":            {time.Hour, MaxAttempts, errors.New("x"), true},
		"it can never succeed":        {0, 1, ErrInvalid, true},
		"somebody is away":            {OutageWithin - time.Second, 1000, ErrUnavailable, false},
		"and does not come back":      {OutageWithin, MaxAttempts, ErrUnavailable, true},
		"away late, not often enough": {OutageWithin, 1, ErrUnavailable, false},
	} {
		if got := j.GivesUp(t0.Add(tt.after), tt.n, tt.err); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
