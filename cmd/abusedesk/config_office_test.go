package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

func TestOffice(t *testing.T) {
	days := filepath.Join(t.TempDir(), "days")
	if err := os.WriteFile(days, []byte("# ours\n2026-11-24  the founder's birthday\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	due := func(zone, holidays, received string) string {
		t.Helper()
		o, problems := office(zone, holidays)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		at, err := time.ParseInLocation("2006-01-02 15:04", received, o.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return o.Clock(cases.ReporterTraceback, at).Due.In(o.Zone).Format("2006-01-02 15:04")
	}
	for _, tt := range []struct{ name, zone, holidays, received, want string }{
		{"Thanksgiving", "America/New_York", "us", "2026-11-26 10:00", "2026-11-30 08:00"},
		{"Independence Day, a Saturday, observed on Friday", "America/New_York", "us", "2026-07-02 10:00", "2026-07-06 10:00"},
		{"Juneteenth", "America/Chicago", "us", "2026-06-18 16:00", "2026-06-22 16:00"},
		{"New Year's Day of the year after, a Saturday", "America/New_York", "us", "2027-12-30 10:00", "2028-01-03 10:00"},
		{"no holidays", "America/New_York", "none", "2026-11-26 10:00", "2026-11-27 10:00"},
		{"one of a file", "Europe/Berlin", days, "2026-11-23 10:00", "2026-11-25 10:00"},
		{"none of the file", "Europe/Berlin", days, "2026-11-26 10:00", "2026-11-27 10:00"},
	} {
		if got := due(tt.zone, tt.holidays, tt.received); got != tt.want {
			t.Errorf("%s: due %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestOfficeProblems(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "days")
	if err := os.WriteFile(bad, []byte("2026-02-30\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"TIME_ZONE": "Eastern", "HOLIDAYS": bad, "TRACEBACK_REQUESTERS": "itg.example"} {
		_, err := load(map[string]string{prefix + name: value})
		if err == nil || !strings.Contains(err.Error(), prefix+name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if _, err := load(map[string]string{prefix + "HOLIDAYS": "/nowhere"}); err == nil {
		t.Error("a file that is not there is taken")
	}
	c, err := load(map[string]string{})
	if err != nil || c.office.Zone.String() != "America/New_York" || c.office.Holiday == nil {
		t.Errorf("by default %+v, %v", c.office, err)
	}
}
