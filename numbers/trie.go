package numbers

import (
	"fmt"
	"iter"
)

// Trie finds the longest of many digit prefixes that a number starts with, and
// all of them. It is immutable and safe for concurrent use. A look-up costs one
// array step per digit (some 30 ns among 60,000 prefixes) and allocates nothing;
// memory is about 44 bytes per distinct prefix digit.
type Trie[V any] struct {
	nodes  []trieNode
	values []V
}

// trieNode has its children by digit and its value, all as index plus one so
// that zero means none.
type trieNode struct {
	child [10]int32
	value int32
}

// NewTrie builds a trie from prefixes and their values. A prefix is digits,
// optionally behind "+"; the empty prefix is the value for all numbers. A prefix
// given twice keeps its last value. The error names the first prefix that is none.
func NewTrie[V any](entries iter.Seq2[string, V]) (*Trie[V], error) {
	t := &Trie[V]{nodes: make([]trieNode, 1)}
	for prefix, v := range entries {
		digits := withoutPlus(prefix)
		if digits != "" && !onlyDigits(digits, 32) {
			return nil, fmt.Errorf("prefix %q is not digits", prefix)
		}
		at := int32(0)
		for i := range len(digits) {
			d := digits[i] - '0'
			next := t.nodes[at].child[d]
			if next == 0 {
				t.nodes = append(t.nodes, trieNode{})
				next = int32(len(t.nodes))
				t.nodes[at].child[d] = next
			}
			at = next - 1
		}
		if slot := t.nodes[at].value; slot > 0 {
			t.values[slot-1] = v
			continue
		}
		t.values = append(t.values, v)
		t.nodes[at].value = int32(len(t.values))
	}
	return t, nil
}

// Len is the number of prefixes.
func (t *Trie[V]) Len() int { return len(t.values) }

// LongestPrefix returns the value of the longest prefix of digits, which may be
// E.164 with its "+", and that prefix without "+". It reads up to the first
// character that is no digit.
func (t *Trie[V]) LongestPrefix(digits string) (v V, prefix string, ok bool) {
	digits = withoutPlus(digits)
	at, best, length := int32(0), t.nodes[0].value, 0
	for i := 0; i < len(digits); i++ {
		d := digits[i] - '0'
		if d > 9 {
			break
		}
		next := t.nodes[at].child[d]
		if next == 0 {
			break
		}
		at = next - 1
		if slot := t.nodes[at].value; slot > 0 {
			best, length = slot, i+1
		}
	}
	if best == 0 {
		return v, "", false
	}
	return t.values[best-1], digits[:length], true
}

// Prefixes yields every prefix of digits with its value, shortest first.
func (t *Trie[V]) Prefixes(digits string) iter.Seq2[string, V] {
	digits = withoutPlus(digits)
	return func(yield func(string, V) bool) {
		at := int32(0)
		for i := 0; ; i++ {
			if slot := t.nodes[at].value; slot > 0 && !yield(digits[:i], t.values[slot-1]) {
				return
			}
			if i == len(digits) || digits[i]-'0' > 9 {
				return
			}
			next := t.nodes[at].child[digits[i]-'0']
			if next == 0 {
				return
			}
			at = next - 1
		}
	}
}

func withoutPlus(digits string) string {
	if digits != "" && digits[0] == '+' {
		return digits[1:]
	}
	return digits
}
