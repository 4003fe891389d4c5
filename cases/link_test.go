package cases

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestKeysOf(t *testing.T) {
	subjects := []Subject{
		{E164: "+12025550143", Role: RoleCaller}, {E164: "+13152328257", Role: RoleCallback}, {E164: "+12125550100", Role: RoleCalled},
		{E164: "+12025550143", Role: RoleCaller}, {E164: "+12025550101", Role: RoleCaller},
	}
	tests := []struct {
		name     string
		account  string
		category Category
		want     []CaseKey
	}{
		{"numbers, sorted, without the called one and doubles", "", CategoryRobocall,
			[]CaseKey{{KeyCallback, "+13152328257"}, {KeyCaller, "+12025550101"}, {KeyCaller, "+12025550143"}}},
		{"an account only for what is about accounts", "acme", CategoryRobocall,
			[]CaseKey{{KeyCallback, "+13152328257"}, {KeyCaller, "+12025550101"}, {KeyCaller, "+12025550143"}}},
		{"account and category", "acme", CategoryTollFraud,
			[]CaseKey{{KeyAccount, "acme/toll_fraud"}, {KeyCallback, "+13152328257"}, {KeyCaller, "+12025550101"}, {KeyCaller, "+12025550143"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, KeysOf(subjects, tt.account, tt.category)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	caller, callback := CaseKey{KeyCaller, "+12025550143"}, CaseKey{KeyCallback, "+13152328257"}
	both := []CaseKey{callback, caller}
	older, newer := t0, t0.Add(time.Hour)
	tests := []struct {
		name    string
		keys    []CaseKey
		holders []Holder
		want    Decision
	}{
		{"no keys: a case of its own", nil, []Holder{{caller, 1, older, true}}, Decision{Reason: "the report names no caller, callback number or account"}},
		{"nobody holds it", both, nil, Decision{Reason: "first report about callback:+13152328257"}},
		{"somebody else's key does not match", []CaseKey{caller}, []Holder{{callback, 1, older, true}}, Decision{Reason: "first report about caller:+12025550143"}},
		{"one holder", []CaseKey{caller}, []Holder{{caller, 7, older, true}}, Decision{CaseID: 7, Reason: "same caller:+12025550143"}},
		{"two holders: the older open one, the other related", both, []Holder{{callback, 9, newer, true}, {caller, 7, older, true}},
			Decision{CaseID: 7, Reason: "same caller:+12025550143", Related: []int64{9}}},
		{"open before resolved, even if newer", both, []Holder{{callback, 9, newer, true}, {caller, 7, older, false}},
			Decision{CaseID: 9, Reason: "same callback:+13152328257", Related: []int64{7}}},
		{"resolved within its window still takes it", []CaseKey{caller}, []Holder{{caller, 7, older, false}}, Decision{CaseID: 7, Reason: "same caller:+12025550143"}},
		{"one case holds both keys: not related to itself", both, []Holder{{callback, 7, older, true}, {caller, 7, older, true}},
			Decision{CaseID: 7, Reason: "same callback:+13152328257"}},
		{"same time: the lower id", both, []Holder{{caller, 9, older, true}, {callback, 7, older, true}},
			Decision{CaseID: 7, Reason: "same callback:+13152328257", Related: []int64{9}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Decide(tt.keys, tt.holders)); d != "" {
				t.Error(d)
			}
		})
	}
}
