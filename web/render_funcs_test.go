package web

import (
	"strings"
	"testing"
	"time"
)

func TestGroupNumber(t *testing.T) {
	for in, want := range map[string]string{
		"+12025550143": "+1 202 555 0143", "+4930901820": "+49 309 018 20", "+442079460018": "+44 207 946 0018", "911": "911", "": "", "+12x": "+12x", "anonymous": "anonymous",
	} {
		if got := groupNumber(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		40 * time.Millisecond: "40 ms", 45 * time.Second: "45 s", 12 * time.Minute: "12 min", 192 * time.Minute: "3 h 12 m", 3 * time.Hour: "3 h", 52 * time.Hour: "2 d 4 h", 500 * time.Hour: "20 d", -time.Hour: "1 h",
	} {
		if got := strings.ReplaceAll(duration(in), "\u00a0", " "); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(1, "report", "reports"), "1\u00a0report"}, {count(0, "report", "reports"), "0\u00a0reports"}, {count(4112, "call", "calls"), "4,112\u00a0calls"},
		{thousand(1000000), "1,000,000"}, {thousand(-1200), "−1,200"}, {thousand(999), "999"},
		{percent(0.934), "93\u00a0%"}, {percent(0.002), "<1\u00a0%"}, {percent(0), "0\u00a0%"},
		{byteSize(900), "900\u00a0B"}, {byteSize(2048), "2.0\u00a0KiB"}, {byteSize(3 << 20), "3.0\u00a0MiB"},
		{initials("Dana Reyes"), "DR"}, {initials("admin"), "A"}, {initials(""), "?"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDueTone(t *testing.T) {
	at := time.Unix(1, 0)
	for left, want := range map[time.Duration]Tone{2 * time.Hour: Neutral, 30 * time.Minute: Doubt, -time.Minute: Harm} {
		if got := (Due{At: at, Left: left}).Tone(); got != want {
			t.Errorf("%v: %q", left, got)
		}
	}
	if (Due{Left: -1}).Overdue() {
		t.Error("a due that is none is overdue")
	}
}

func TestChartsSurviveNothing(t *testing.T) {
	for name, svg := range map[string]string{"shares": string(sharesChart(nil)), "shares of none": string(sharesChart([]Share{{"a", 0, Harm}})), "columns": string(columnsChart(nil)), "heat": string(heatChart([7][24]int{}))} {
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || !strings.HasSuffix(svg, "</svg>") {
			t.Errorf("%s: %s", name, svg)
		}
	}
	if svg := string(columnsChart([]Share{{"<b>", 2, Neutral}})); strings.Contains(svg, "<b>") {
		t.Error("a label is not escaped")
	}
}

func TestFieldOptionsAreChecked(t *testing.T) {
	if _, err := input("f", "n", "N", Field{}, "hnit", "typo"); err == nil {
		t.Error("an unknown option passes")
	}
	f, err := input("f", "n", "N", Field{Value: "v", Error: "e"}, "hint", "h", "max", 9, "area", true)
	if err != nil || f.Described() != "f-n-hint f-n-error" || f.MaxLength != 9 || !f.Area {
		t.Errorf("%+v %v", f, err)
	}
}
