package campaigns

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const warranty = "We've been trying to reach you concerning your car's extended warranty. You should have received something in the mail about your car's extended warranty. " +
	"Since we have not gotten a response, we are giving you a final courtesy call before we close out your file. Press 2 to be put on our do not call list."

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Press ONE, or press 2 now!":        "press 0 or press 0 now",
		"It’s $1,537.35; call 833-631-7911": "its 0 call 0",
		"AMZ0987 and 8am":                   "amz 0 and 0 am",
		"llámenos «ya»":                     "llamenos ya",
		"请按９ 由人工":                           "请 按 0 由 人 工",
		"ｆｕｌｌ ｗｉｄｔｈ":                        "full width",
		"a\x00b\xffc \u200b":                "a bc",
		"":                                  "",
		"1 2 three 4":                       "0",
		"one":                               "0",
		strings.Repeat("a ", 3) + "  \n\t.,;:!?-": "a a a",
	} {
		if got := strings.Join(Words(text), " "); got != want {
			t.Errorf("Words(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	fragment := warranty[100:260]
	for _, tc := range []struct {
		name, a, b string
		same       bool
	}{
		{"itself", warranty, warranty, true},
		{"other numbers and case", "You owe $1,000, press 1 and have your file number 123 ready please", "you OWE $25.50 press five and have your file number 9 ready please!", true},
		{"a fragment", warranty, fragment, true},
		{"repeated", warranty, warranty + " " + warranty, true},
		{"quoted in a complaint", "Hello, I got this message today and it is very annoying: \"" + fragment + "\" Please do something about it", warranty, true},
		{"mis-heard words", "This is an important call regarding a legal enforcement action being executed under your name for suspicious activities", "This is an important call regarding illegal enforcement action been executed under your name for suspicious activities", true},
		{"fixed phrases alone", "Your parcel waits for you at the depot. Please press 1 to speak to a representative. Thank you and have a great day.", "The electricity will be cut at noon. Please press 1 to speak to a representative. Thank you and have a great day.", false},
		{"too short", "thank you", "thank you", false},
		{"nothing", "", "", false},
		{"another script", warranty, "Your social security number has been suspended because of suspicious activity in the state of Texas, so talk to an officer", false},
	} {
		a, b := Read(tc.a), Read(tc.b)
		l := Compare(a, b)
		if Default.Same(l) != tc.same {
			t.Errorf("%s: %+v", tc.name, l)
		}
		if back := Compare(b, a); back != l {
			t.Errorf("%s: %+v one way, %+v the other", tc.name, l, back)
		}
	}
}

func TestSignature(t *testing.T) {
	s := Read(warranty)
	got, err := ParseSignature(s.Signature())
	if err != nil || !slices.Equal(got.shingles, s.shingles) || Compare(got, s).Score != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {0}, {1, 2}, {2, 0, 0, 0, 0}, {1, 0, 0, 0, 2, 0, 0, 0, 1}, make([]byte, 5+4*MaxShingles)} {
		if _, err := ParseSignature(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// Over MaxShingles a sample stands for the script: a part must still be found
// in the whole, and two halves must not be.
func TestLongScripts(t *testing.T) {
	var b strings.Builder
	for i := range 12000 {
		fmt.Fprintf(&b, "w%c%c%c ", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26)
	}
	long := Read(b.String())
	if len(long.shingles) != MaxShingles || len(long.Signature()) != 1+4*MaxShingles {
		t.Fatalf("%d shingles", len(long.shingles))
	}
	if l := Compare(long, Read(b.String()[:10000])); !Default.Same(l) || l.Score < 0.99 {
		t.Errorf("a part: %+v", l)
	}
	if l := Compare(Read(b.String()[:25000]), Read(b.String()[25000:])); l.Score > 0.01 {
		t.Errorf("two halves: %+v", l)
	}
}

func TestPlace(t *testing.T) {
	words := strings.Fields(warranty)
	first, second := strings.Join(words[:25], " "), strings.Join(words[25:], " ")
	candidates := []Candidate{{11, 9, Read(first)}, {12, 7, Read(second)}, {13, 8, Read("something else that nobody ever said before in any such call at all")}}
	got := Place(Read(warranty), candidates)
	if got.Campaign != 7 || !slices.Equal(got.Joins, []int64{9}) || len(got.Matches) != 2 || got.Covered {
		t.Errorf("%+v", got)
	}
	if got := got.Matches[0].Explain("AB-2026-000012"); !strings.HasPrefix(got, "same script as AB-2026-000012, ") || !strings.HasSuffix(got, " %") {
		t.Error(got)
	}
	if got := Place(Read(warranty), []Candidate{{1, 1, Read(warranty)}}); !got.Covered {
		t.Errorf("the same again: %+v", got)
	}
	if diff := cmp.Diff(Placement{}, Place(Read(warranty), nil)); diff != "" {
		t.Error(diff)
	}
}

// A hundred thousand reports of one script leave few keys, and cost no more each.
func TestIndexStaysSmall(t *testing.T) {
	x := NewIndex(Default)
	for i := range 2000 {
		x.Add(Read(fmt.Sprintf("%s Your file number is %d. This is agent %c%c.", warranty, i, 'a'+i%26, 'a'+i/26%26)))
	}
	if x.Campaign(2000) != 1 {
		t.Error("not one campaign")
	}
	postings := 0
	for _, ids := range x.keys {
		postings += len(ids)
	}
	if postings > 200 {
		t.Errorf("%d postings", postings)
	}
}

// hostile texts repeat what costs something.
var hostile = []string{"press 1 ", "thank you ", "a", "1 ", "'", "a1", "请", "é", "\u0301", "\xff", "press 1 to speak to a ", "İ"}

func FuzzRead(f *testing.F) {
	f.Add(warranty, "你好")
	for _, unit := range hostile {
		f.Add(strings.Repeat(unit, 40), unit)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		s, other := Read(a), Read(b)
		if len(s.Keys()) > len(Words(a)) || !slices.IsSorted(s.Keys()) || !slices.IsSorted(s.shingles) {
			t.Fatalf("%q: %+v", a, s)
		}
		again, err := ParseSignature(s.Signature())
		if err != nil || Compare(again, other) != Compare(other, s) {
			t.Fatalf("%q: %v", a, err)
		}
		if l := Compare(s, other); l.Score < 0 || l.Score > 1 || l.Whole > 1 || l.Shared < 0 {
			t.Fatalf("%q, %q: %+v", a, b, l)
		}
		if len(s.shingles) > 0 && Default.Fixed > 0 && Compare(s, s).Score != 1 {
			t.Fatalf("%q is not like itself", a)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	calls := readCalls(b)
	for i := 0; b.Loop(); i++ {
		Read(calls[i%len(calls)].text)
	}
}

// BenchmarkAdd adds calls to an index that holds 100,000 scripts of as many words.
func BenchmarkAdd(b *testing.B) {
	calls := readCalls(b)
	x := NewIndex(Default)
	var pool []string
	for _, c := range calls {
		pool = append(pool, Words(c.text)...)
	}
	for i := range 100_000 {
		var text strings.Builder
		for k := range 12 {
			at := (i*7919 + k*104729*(i%13+1)) % (len(pool) - 8)
			text.WriteString(strings.Join(pool[at:at+6], " ") + " ")
		}
		x.Add(Read(text.String()))
	}
	b.ReportMetric(float64(len(x.scripts)), "scripts")
	for i := 0; b.Loop(); i++ {
		x.Add(Read(calls[i%len(calls)].text))
	}
}

// BenchmarkHostile is per megabyte: the figures must not differ much between sizes.
func BenchmarkHostile(b *testing.B) {
	for _, size := range []int{16 << 10, 256 << 10} {
		for _, unit := range hostile {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%q/%dK", unit, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					Read(text)
				}
			})
		}
	}
}
