package csvload

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// complaints reads all, and adds up the batches.
func complaints(t *testing.T, csv, format string, from int) ([]cases.Signal, int, map[string]int, error) {
	t.Helper()
	var ss []cases.Signal
	rows, skipped := 0, map[string]int{}
	err := ReadComplaints(strings.NewReader(csv), format, from, func(c Complaints) error {
		ss = append(ss, c.Signals...)
		rows += c.Rows
		for why, n := range c.Skipped {
			skipped[why] += n
		}
		return nil
	})
	return ss, rows, skipped, err
}

func on(y int, m time.Month, d int) *time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return &t
}

const ftcHeader = "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,Recorded_Message_Or_Robocall\n"

func TestFTCComplaints(t *testing.T) {
	csv := ftcHeader + `2025550143,2026-11-02 00:04:45,2026-11-01 17:20:00,Boston,Massachusetts,617,"Calls pretending to be government, businesses, or family and friends",Y
,2026-11-02 00:05:01,2026-11-01 10:00:00,Reno,Nevada,775,No Subject Provided,N
2025550143,2026-11-02 00:06:45,,Boston,Massachusetts,617,Other,N
12,2026-11-02 00:06:46,2026-11-01 10:00:00,Boston,Massachusetts,617,Other,N
too,few
`
	ss, rows, skipped, err := complaints(t, csv, "", 0)
	if err != nil || rows != 5 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	want := []cases.Signal{
		{Source: "ftc", E164: "+12025550143", Role: cases.RoleCaller, HappenedAt: on(2026, 11, 1), Subject: "Calls pretending to be government, businesses, or family and friends", Robocall: true, Area: "Massachusetts"},
		{Source: "ftc", E164: "+12025550143", Role: cases.RoleCaller, HappenedAt: on(2026, 11, 2), Subject: "Other", Area: "Massachusetts"},
	}
	if len(ss) != 2 || len(ss[0].SourceID) != 64 || ss[0].SourceID == ss[1].SourceID {
		t.Fatalf("%+v", ss)
	}
	ss[0].SourceID, ss[1].SourceID = "", ""
	if diff := cmp.Diff(want, ss); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{cases.SkipNoNumber: 1, cases.SkipBadNumber: 1, cases.SkipBadRow: 1}, skipped); diff != "" {
		t.Error(diff)
	}
}

// The same data set by its API and as its site exports it.
func TestFCCComplaints(t *testing.T) {
	api := `id,issue_date,issue_time,issue_type,method,issue,caller_id_number,type_of_call_or_messge,advertiser_business_phone_number,city,state,zip
3000017,2026-11-03T00:00:00.000,3:38 pm,Phone,Wired,Unwanted Calls,202-555-0143,Prerecorded Voice,833-555-0161,Salem,OR,97301
3000018,2026-11-03T00:00:00.000,,Phone,Wireless (cell phone/other mobile device),Unwanted Calls,None,Live Voice,,,NV,
`
	site := `Ticket ID,Ticket Created,Date of Issue,Time of Issue,Form,Method,Issue,Caller ID Number,Type of Call or Messge,Advertiser Business Phone Number,City,State,Zip,Location (Center point of the Zip Code)
3000017,11/04/2026 08:00:00 AM +0000,11/03/2026,3:38 pm,Phone,Wired,Unwanted Calls,202-555-0143,Prerecorded Voice,833-555-0161,Salem,OR,97301,"OR 97301
(44.9, -123.0)"
`
	one := cases.Signal{Source: "fcc", SourceID: "3000017", HappenedAt: on(2026, 11, 3), Subject: "Unwanted Calls: Prerecorded Voice", Robocall: true, Area: "OR"}
	caller, callback := one, one
	caller.E164, caller.Role = "+12025550143", cases.RoleCaller
	callback.E164, callback.Role = "+18335550161", cases.RoleCallback
	for _, csv := range []string{api, site} {
		ss, _, _, err := complaints(t, "\xef\xbb\xbf"+csv, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]cases.Signal{caller, callback}, ss); diff != "" {
			t.Error(diff)
		}
	}
}

// What an earlier run took is passed over, whatever rows these were.
func TestComplaintsGoOn(t *testing.T) {
	var b strings.Builder
	b.WriteString(ftcHeader)
	const n = 2*ComplaintBatch + 500
	for i := range n {
		switch i % 5 {
		case 3:
			b.WriteString("broken\n")
		default:
			fmt.Fprintf(&b, "2025550143,2026-11-02 00:04:%02d,,Boston,MA,617,%d,N\n", i%60, i)
		}
	}
	all, rows, skipped, err := complaints(t, b.String(), "ftc", 0)
	if err != nil || rows != n || len(all)+skipped[cases.SkipBadRow] != n {
		t.Fatalf("%d rows, %d signals, %v, %v", rows, len(all), skipped, err)
	}
	for _, from := range []int{1, 3, 4, ComplaintBatch, ComplaintBatch + 3, n - 1, n} {
		rest, more, left, err := complaints(t, b.String(), "ftc", from)
		before := from - (from+1)/5 // every fifth row, from the fourth on, is broken
		if err != nil || from+more != n || len(rest) != len(all)-before || left[cases.SkipBadRow] != skipped[cases.SkipBadRow]-(from+1)/5 {
			t.Errorf("from %d: %d rows, %d signals, %v, %v", from, more, len(rest), left, err)
		}
	}
	// One that is stopped has handed on whole batches.
	stop, taken := errors.New("enough"), 0
	err = ReadComplaints(strings.NewReader(b.String()), "ftc", 0, func(c Complaints) error {
		if taken += c.Rows; taken >= ComplaintBatch {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || taken < ComplaintBatch || taken > ComplaintBatch+1 {
		t.Errorf("%v after %d rows", err, taken)
	}
}

// Every row is kept or counted, wherever a batch ends.
func TestComplaintsAreAllCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString(ftcHeader)
	const n = 2*ComplaintBatch + 10
	for i := range n {
		subject := "Other"
		if i%ComplaintBatch >= ComplaintBatch-2 || i%ComplaintBatch == 0 {
			subject = strings.Repeat("x", maxField+1)
		}
		fmt.Fprintf(&b, "2025550143,2026-11-02 00:04:05,,Boston,MA,617,%s,N\n", subject)
	}
	for _, from := range []int{0, ComplaintBatch} {
		ss, rows, skipped, err := complaints(t, b.String(), "ftc", from)
		if err != nil || rows != n-from || len(ss)+skipped[cases.SkipBadRow] != rows {
			t.Errorf("from %d: %d rows, %d signals, %v, %v", from, rows, len(ss), skipped, err)
		}
	}
}

func TestNoComplaints(t *testing.T) {
	for csv, want := range map[string]string{"": "empty", "a,b\n1,2\n": "neither", "id,number\n": "neither", ftcHeader + "x": ""} {
		if _, _, _, err := complaints(t, csv, "", 0); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", csv, err)
		}
	}
	if _, _, _, err := complaints(t, ftcHeader, "fcc", 0); err == nil {
		t.Error("the one read as the other")
	}
}
