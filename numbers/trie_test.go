package numbers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newTestTrie(t testing.TB, entries map[string]string) *Trie[string] {
	t.Helper()
	trie, err := NewTrie(maps.All(entries))
	if err != nil {
		t.Fatal(err)
	}
	return trie
}

func TestTrieLongestPrefix(t *testing.T) {
	trie := newTestTrie(t, map[string]string{"1": "NANP", "1202": "DC", "+1202555": "DC exchange", "44": "UK", "4": "four"})
	tests := []struct {
		digits, value, prefix string
		ok                    bool
	}{
		{"+12025550143", "DC exchange", "1202555", true},
		{"12025550143", "DC exchange", "1202555", true},
		{"+12024440143", "DC", "1202", true},
		{"+1", "NANP", "1", true},
		{"1a202", "NANP", "1", true},
		{"+49", "four", "4", true},
		{"+33", "", "", false},
		{"", "", "", false},
		{"+", "", "", false},
		{"/", "", "", false},
		{":", "", "", false},
	}
	for _, tt := range tests {
		value, prefix, ok := trie.LongestPrefix(tt.digits)
		if value != tt.value || prefix != tt.prefix || ok != tt.ok {
			t.Errorf("LongestPrefix(%q) = %q, %q, %v", tt.digits, value, prefix, ok)
		}
	}
	if trie.Len() != 5 {
		t.Errorf("Len() = %d", trie.Len())
	}
}

func TestTriePrefixes(t *testing.T) {
	trie := newTestTrie(t, map[string]string{"": "all", "1": "NANP", "1202": "DC", "1203": "CT"})
	var got []string
	for prefix, value := range trie.Prefixes("+12025550143") {
		got = append(got, prefix+"="+value)
	}
	if diff := cmp.Diff([]string{"=all", "1=NANP", "1202=DC"}, got); diff != "" {
		t.Error(diff)
	}
	for range trie.Prefixes("1202") {
		break // stopping early is allowed
	}
	if v, prefix, ok := trie.LongestPrefix("999"); v != "all" || prefix != "" || !ok {
		t.Errorf("the empty prefix: %q, %q, %v", v, prefix, ok)
	}
}

func TestTrieRefusesAndReplaces(t *testing.T) {
	if _, err := NewTrie(maps.All(map[string]int{"12a": 1})); err == nil || !strings.Contains(err.Error(), "12a") {
		t.Errorf("error = %v", err)
	}
	trie, err := NewTrie(func(yield func(string, int) bool) { _ = yield("1", 1) && yield("1", 2) })
	if err != nil {
		t.Fatal(err)
	}
	if v, _, _ := trie.LongestPrefix("1"); v != 2 || trie.Len() != 1 {
		t.Errorf("value %d, length %d", v, trie.Len())
	}
}

// The trie against the obvious way of finding the longest prefix.
func TestTrieAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	entries := map[string]string{}
	for range 3000 {
		prefix := fmt.Sprint(random.IntN(int(pow10(1 + random.IntN(6)))))
		entries[prefix] = "v" + prefix
	}
	trie := newTestTrie(t, entries)
	for range 20000 {
		digits := fmt.Sprint(random.Int64N(pow10(11)))
		want := ""
		for n := len(digits); n > 0 && want == ""; n-- {
			want = entries[digits[:n]]
		}
		if got, prefix, ok := trie.LongestPrefix(digits); got != want || ok != (want != "") || ok && "v"+prefix != want {
			t.Fatalf("LongestPrefix(%s) = %q, %q, %v; want %q", digits, got, prefix, ok, want)
		}
	}
}

func BenchmarkTrie(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	entries := map[string]string{}
	for len(entries) < 60000 {
		entries[fmt.Sprint(1+random.Int64N(pow10(4+random.IntN(4))))] = "tag"
	}
	trie := newTestTrie(b, entries)
	var digits [4096]string
	for i := range digits {
		digits[i] = fmt.Sprintf("+%d", 10000000000+random.Int64N(89999999999))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		trie.LongestPrefix(digits[i&4095])
		i++
	}
}
