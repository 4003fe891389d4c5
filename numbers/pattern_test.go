package numbers

import (
	"errors"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, tt := range []struct {
		text, region string
		want         Pattern
		code         Code
	}{
		{"202-555-01xx", "US", "+120255501??", ""},
		{"(202) 555-XXXX", "US", "+1202555????", ""},
		{"1 202 555 ****", "US", "+1202555????", ""},
		{"+44 20 7946 0???", "US", "+442079460???", ""},
		{"+1?02 555 0143", "US", "+1?025550143", ""},
		{"...0143", "US", "*0143", ""},
		{"…555 0143", "US", "*5550143", ""},
		{"*0143", "US", "*0143", ""},
		{"***-***-0143", "US", "+1??????0143", ""},
		{"020 7946 0xxx", "GB", "*2079460???", ""},
		{"202-555-0143", "US", "", CodeNotNumber},
		{"202-xxx-xxxx", "US", "", CodeTooShort},
		{"xxxx", "US", "", CodeTooShort},
		{"", "US", "", CodeTooShort},
		{"hello there", "US", "", CodeNotNumber},
		{"+1234567890123456x", "US", "", CodeTooLong},
		{"20255501xx ext", "US", "", CodeNotNumber},
	} {
		got, err := ParsePattern(tt.text, tt.region)
		if tt.code != "" {
			if !errors.Is(err, &Error{Code: tt.code}) {
				t.Errorf("%q: %q, %v; want %s", tt.text, got, err, tt.code)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestPatternMatches(t *testing.T) {
	for _, tt := range []struct {
		p    Pattern
		e164 string
		want bool
	}{
		{"+120255501??", "+12025550143", true},
		{"+120255501??", "+12025550243", false},
		{"+120255501??", "+120255501", false},
		{"+120255501??", "+1202555014399", false},
		{"*0143", "+12025550143", true},
		{"*0143", "+442079460143", true},
		{"*0143", "+12025550144", false},
		{"*0143", "0143", false},
		{"*2079460???", "+442079460123", true},
		{"", "+12025550143", false},
		{"*", "+12025550143", false},
	} {
		if got := tt.p.Matches(tt.e164); got != tt.want {
			t.Errorf("%s and %s: %v", tt.p, tt.e164, got)
		}
	}
	if EndsIn("143") != "" || EndsIn("01a3") != "" || EndsIn("0143") != "*0143" {
		t.Error("the end of a number is read wrongly")
	}
	if s := Pattern("*01?3").String(); s != "a number ending in 01x3" {
		t.Error(s)
	}
}
