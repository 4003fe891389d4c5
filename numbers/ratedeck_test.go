package numbers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestRateDeck(t *testing.T) {
	const deckCSV = "\uFEFFrate, Tag ,PREFIX,Effective\r\n" +
		"0.0050,United States,1,2026-01-01\r\n" +
		"0.1234567,\"Cuba, mobile\",+535,2026-01-01\r\n" +
		"$2,Satellite,8816,2026-01-01\r\n" +
		".5,Latvia premium,371900,2026-01-01\r\n"
	deck, report, err := LoadRateDeck(strings.NewReader(deckCSV))
	if err != nil || report.Bad != 0 || report.Good != 4 || len(report.Errors) != 0 || deck.Len() != 4 {
		t.Fatalf("%+v, err = %v", report, err)
	}
	tests := []struct {
		e164, tag string
		perMinute MicroUSD
		ok        bool
	}{
		{"+12025550143", "United States", 5000, true},
		{"+5351234567", "Cuba, mobile", 123457, true},
		{"+881612345678", "Satellite", 2000000, true},
		{"+37190012345", "Latvia premium", 500000, true},
		{"+37112345678", "", 0, false},
		{"", "", 0, false},
	}
	for _, tt := range tests {
		tag, perMinute, ok := deck.Rate(tt.e164)
		if tag != tt.tag || perMinute != tt.perMinute || ok != tt.ok {
			t.Errorf("Rate(%q) = %q, %d, %v", tt.e164, tag, perMinute, ok)
		}
	}
	if !deck.HighCost("+37190012345", 500000) || deck.HighCost("+37190012345", 500001) || deck.HighCost("+3712", 0) {
		t.Error("HighCost")
	}
	if rate, ok := deck.Prefix("+37190012345"); !ok || rate.Prefix != "371900" {
		t.Errorf("Prefix = %+v, %v", rate, ok)
	}
}

func TestLoadRateDeckReportsLines(t *testing.T) {
	deck, report, err := LoadRateDeck(strings.NewReader("Tag,Prefix,Rate\n" +
		"A,1,0.01\n" +
		"B,44x,0.01\n" +
		"C,33,free\n" +
		"D,49\n" +
		"E,\"3\"9,0.1\n" +
		"F,+1,0.05\n" +
		"F2,1,0.001\n" +
		"G,81,-1\n" +
		"H,82,\n" +
		"\n" +
		"I,83,1e3\n" +
		"J,,1\n" +
		"K,84,0.02\n"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, e := range report.Errors {
		lines = append(lines, e.Line)
	}
	if diff := cmp.Diff([]int{3, 4, 5, 6, 7, 8, 9, 10, 12, 13}, lines); diff != "" || report.Bad != len(lines) || report.Good != 2 {
		t.Errorf("%s%+v", diff, report)
	}
	if tag, perMinute, _ := deck.Rate("+1202"); tag != "F" || perMinute != 50000 {
		t.Errorf("the dearer rate: %s, %d", tag, perMinute)
	}
	if _, _, ok := deck.Rate("+8412"); !ok || deck.Len() != 2 {
		t.Errorf("the last line is missing, or more than the good lines: %d", deck.Len())
	}
}

func TestLoadRateDeckCapsErrors(t *testing.T) {
	_, report, err := LoadRateDeck(strings.NewReader("Tag,Prefix,Rate\n" + strings.Repeat("A,x,1\n", 5000)))
	if err != nil || report.Bad != 5000 || len(report.Errors) != maxLineErrors {
		t.Errorf("%d kept of %d, %v", len(report.Errors), report.Bad, err)
	}
}

func TestReadRatesFails(t *testing.T) {
	stop := errors.New("stop")
	good := func(int, Rate) error { return nil }
	bad := func(LineError) error { return nil }
	for name, err := range map[string]error{
		"empty":       ReadRates(strings.NewReader(""), good, bad),
		"no header":   ReadRates(strings.NewReader("A,1,0.01\n"), good, bad),
		"reader":      ReadRates(iotest.ErrReader(stop), good, bad),
		"reader late": ReadRates(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("Tag,Prefix,Rate\nA,1,1\n"))), good, bad),
		"good stops":  ReadRates(strings.NewReader("Tag,Prefix,Rate\nA,1,1\n"), func(int, Rate) error { return stop }, bad),
		"bad stops":   ReadRates(strings.NewReader("Tag,Prefix,Rate\nA,x,1\n"), good, func(LineError) error { return stop }),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewRateDeck(slices.Values([]Rate{{Prefix: "1a"}})); err == nil {
		t.Error("a prefix with letters was taken")
	}
}

func TestFormatMicroUSD(t *testing.T) {
	for amount, want := range map[MicroUSD]string{0: "0.00", 12500: "0.0125", 1: "0.000001", 700_000_000: "700.00", -1_500_000: "-1.50",
		1 << 62: "4611686018427.387904", -1 << 63: "-9223372036854.775808"} {
		if got := FormatMicroUSD(amount); got != want {
			t.Errorf("FormatMicroUSD(%d) = %s, want %s", amount, got, want)
		}
	}
}

func FuzzReadRates(f *testing.F) {
	f.Add("Tag,Prefix,Rate\nA,1,0.01\n")
	f.Add("\uFEFFrate,tag,prefix\n\"a\nb\",x,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		deck, report, err := LoadRateDeck(strings.NewReader(text))
		if err == nil && (deck == nil || deck.Len() != report.Good || len(report.Errors) > report.Bad) {
			t.Fatalf("%v, %+v", deck, report)
		}
		for _, e := range report.Errors {
			_ = e.Error()
		}
	})
}

func BenchmarkLoadRateDeck(b *testing.B) {
	var s strings.Builder
	s.WriteString("Tag,Prefix,Rate\n")
	for i := range 60000 {
		fmt.Fprintf(&s, "Destination %d,%d,0.%05d\n", i/50, 100000+i, i)
	}
	b.SetBytes(int64(s.Len()))
	for b.Loop() {
		if _, _, err := LoadRateDeck(strings.NewReader(s.String())); err != nil {
			b.Fatal(err)
		}
	}
}
