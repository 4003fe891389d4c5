package cases

import (
	"cmp"
	"slices"
	"time"
)

// KeyKind is the kind of thing that can hold a case together.
type KeyKind string

const (
	KeyCaller   KeyKind = "caller"
	KeyCallback KeyKind = "callback"
	KeyAccount  KeyKind = "account" // value: account id + "/" + category
	// KeyTraceback is of traceback cases alone: the requester's reference, "@" and
	// his domain.
	KeyTraceback KeyKind = "traceback"
)

// CaseKey is unique among live cases: it is how reports find their case
// without locking it.
type CaseKey struct {
	Kind  KeyKind
	Value string
}

func (k CaseKey) String() string { return string(k.Kind) + ":" + k.Value }

// Compare is the one order in which keys are claimed, so that nobody waits for
// somebody who waits for him.
func (k CaseKey) Compare(o CaseKey) int {
	return cmp.Or(cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Value, o.Value))
}

// KeysOf returns the keys under which a report looks for its case, sorted. A called number is never a
// key: victims of different callers are not one case.
func KeysOf(subjects []Subject, account string, category Category) []CaseKey {
	var keys []CaseKey
	for _, s := range subjects {
		switch s.Role {
		case RoleCaller:
			keys = append(keys, CaseKey{KeyCaller, s.E164})
		case RoleCallback:
			keys = append(keys, CaseKey{KeyCallback, s.E164})
		}
	}
	if account != "" && (category == CategoryTollFraud || category == CategoryAccountTakeover) {
		keys = append(keys, CaseKey{KeyAccount, account + "/" + string(category)})
	}
	slices.SortFunc(keys, CaseKey.Compare)
	return slices.Compact(keys)
}

// Holder is a live case that holds a key.
type Holder struct {
	Key      CaseKey
	CaseID   int64
	OpenedAt time.Time
	Open     bool // false: resolved, but within its reopen window
}

// Decision says which case a report belongs to and why.
type Decision struct {
	CaseID  int64 // 0: open a new case
	Reason  string
	Related []int64 // cases that share a key and were not chosen: a merge is proposed
}

// Decide links a report: to the older open case among those that hold one of
// its keys, else to the older one within its reopen window, else to a new one.
func Decide(keys []CaseKey, holders []Holder) Decision {
	if len(keys) == 0 {
		return Decision{Reason: "the report names no caller, callback number or account"}
	}
	var matched []Holder
	for _, h := range holders {
		if slices.Contains(keys, h.Key) {
			matched = append(matched, h)
		}
	}
	if len(matched) == 0 {
		return Decision{Reason: "first report about " + keys[0].String()}
	}
	slices.SortStableFunc(matched, func(a, b Holder) int {
		if a.Open != b.Open {
			if a.Open {
				return -1
			}
			return 1
		}
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.CaseID, b.CaseID))
	})
	d := Decision{CaseID: matched[0].CaseID, Reason: "same " + matched[0].Key.String()}
	for _, h := range matched[1:] {
		if h.CaseID != d.CaseID && !slices.Contains(d.Related, h.CaseID) {
			d.Related = append(d.Related, h.CaseID)
		}
	}
	return d
}
