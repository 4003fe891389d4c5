package numbers

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindAll(t *testing.T) {
	tests := []struct {
		text, region string
		want         []string // E.164[xExtension] "|" text
	}{
		{"Call (202) 555-0143 now", "US", []string{"+12025550143|(202) 555-0143"}},
		{"Call (202-555-0143).", "US", []string{"+12025550143|202-555-0143"}},
		{"202.555.0143", "US", []string{"+12025550143|202.555.0143"}},
		{"at 202.555.0143.", "US", []string{"+12025550143|202.555.0143"}},
		{"202 555 0143 and 2025550144", "US", []string{"+12025550143|202 555 0143", "+12025550144|2025550144"}},
		{"1-800-356-9377 / 18003569378", "US", []string{"+18003569377|1-800-356-9377", "+18003569378|18003569378"}},
		{"202-555-0143/202-555-0144", "US", []string{"+12025550143|202-555-0143", "+12025550144|202-555-0144"}},
		{"202-555-0143,202-555-0144", "US", []string{"+12025550143|202-555-0143", "+12025550144|202-555-0144"}},
		{"202-555-0143 202-555-0144", "US", []string{"+12025550143|202-555-0143", "+12025550144|202-555-0144"}},
		{"+12025550143+12025550144", "US", []string{"+12025550143|+12025550143", "+12025550144|+12025550144"}},
		{"(+1) 202 555 0143", "", []string{"+12025550143|(+1) 202 555 0143"}},
		{"+44 20 7946 0958", "US", []string{"+442079460958|+44 20 7946 0958"}},
		{"+44 (0)20 7946 0958 twice", "US", []string{"+442079460958|+44 (0)20 7946 0958"}},
		{"+44 20 7946 0958 2 times", "US", []string{"+442079460958|+44 20 7946 0958"}},
		{"011 44 20 7946 0958", "US", []string{"+442079460958|011 44 20 7946 0958"}},
		{"0044 20 7946 0958", "DE", []string{"+442079460958|0044 20 7946 0958"}},
		{"020 7946 0958", "GB", []string{"+442079460958|020 7946 0958"}},
		{"06.12.34.56.78", "FR", []string{"+33612345678|06.12.34.56.78"}},
		{"(11) 96123-4567", "BR", []string{"+5511961234567|(11) 96123-4567"}},
		{"98765 43210", "IN", []string{"+919876543210|98765 43210"}},
		{"请致电2025550143谢谢", "US", []string{"+12025550143|2025550143"}},
		{"电话：１３８００１３８０００。", "CN", []string{"+8613800138000|１３８００１３８０００"}},
		{"tel:+1-202-555-0143;ext=7, thanks", "", []string{"+12025550143x7|tel:+1-202-555-0143;ext=7"}},
		{"From: <sip:+12025550143@10.20.30.40:5060;user=phone>;tag=1", "", []string{"+12025550143|sip:+12025550143@10.20.30.40:5060;user=phone"}},
		{"Tel:(202) 555-0143", "US", []string{"+12025550143|(202) 555-0143"}},
		{"Tel:030 23125123", "DE", []string{"+493023125123|030 23125123"}},
		{"phone:2025550143", "US", []string{"+12025550143|2025550143"}},
		{"call(202) 555-0143", "US", []string{"+12025550143|(202) 555-0143"}},
		{"from=+12025550143", "", []string{"+12025550143|+12025550143"}},
		{"2025550143@txt.example.com", "US", []string{"+12025550143|2025550143"}},
		{"202-555-0143 x12", "US", []string{"+12025550143x12|202-555-0143 x12"}},
		{"202-555-0143, ext. 1234.", "US", []string{"+12025550143x1234|202-555-0143, ext. 1234"}},
		{"202-555-0143 extra", "US", []string{"+12025550143|202-555-0143"}},
		{"8-3-3-6-3-1-7-9-1-1", "US", []string{"+18336317911|8-3-3-6-3-1-7-9-1-1"}},
		{"8 3 3 6 3 1 7 9 1 1", "US", []string{"+18336317911|8 3 3 6 3 1 7 9 1 1"}},
		{"833-63-17911", "US", []string{"+18336317911|833-63-17911"}},
		{"Press 1. 833-631-7911", "US", []string{"+18336317911|833-631-7911"}},
		{"1800 356 9377", "US", []string{"+18003569377|1800 356 9377"}},
		{"id 3 202-555-0143", "US", []string{"+12025550143|202-555-0143"}},
		{"555-123-4567 and 201-211-1234", "US", []string{"+15551234567|555-123-4567", "+12012111234|201-211-1234"}},
		{"+1 555 123 4567", "", []string{"+15551234567|+1 555 123 4567"}},
		{"+44 7700 900123", "", []string{"+447700900123|+44 7700 900123"}},
		{"(202) 555-0143, 1-800-356-9377, 202-555-0144", "GB", []string{"+12025550143|(202) 555-0143", "+18003569377|1-800-356-9377"}},
		{"Call 1-800-FLOWERS!", "US", []string{"+18003569377|1-800-FLOWERS"}},
		{"1-800-flowers", "US", []string{"+18003569377|1-800-flowers"}},
		{"800-GO-FEDEX", "US", []string{"+18004633339|800-GO-FEDEX"}},
		{"1-800-411-PAIN now", "US", []string{"+18004117246|1-800-411-PAIN"}},
		{"1 (888) CALL-NOW", "US", []string{"+18882255669|1 (888) CALL-NOW"}},
		{"case 7: 202-555-0143", "US", []string{"+12025550143|202-555-0143"}},
		{"they took it out of my account. number was 2025550143", "US", []string{"+12025550143|2025550143"}},
		{"order by phone 2025550143", "US", []string{"+12025550143|2025550143"}},
	}
	for _, tt := range tests {
		var got []string
		for _, m := range FindAll(tt.text, tt.region) {
			s := m.Number.E164
			if m.Number.Extension != "" {
				s += "x" + m.Number.Extension
			}
			got = append(got, s+"|"+m.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("FindAll(%q, %q) (-want +got):\n%s", tt.text, tt.region, diff)
		}
	}
}

func TestFindAllPassesOver(t *testing.T) {
	for _, text := range []string{
		"on 2025-01-15 10:30:45", "15.01.2025 10:30", "01/15/2025 1030", "2025-01-15T10:30:45.123456Z", "20250115103045",
		"$2,025,550,143.00", "$2025550143", "€ 1.499,00", "2025550143%", "1 499 000 000", "USD 1499.00",
		"192.168.100.200", "20.255.50.143", "sip:alice@20.255.50.143", "sip:20.255.50.143:5060", "2001:db8:202:5550::143",
		"order AMZ0987", "order number 2025550143", "Order #2025550143", "tracking no. 2025550143", "confirmation code: 2025550143",
		"https://example.com/2025550143", "REF-2025550143", "x2025550143", "2025550143abc", "id_2025550143", "2025550143-abc",
		"550e8400-e29b-41d4-a716-446655440000", "4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005", "123-45-6789",
		"1700000000", "1700000000123", "202555014", "20255501430", "+1202555014", "+1215555121a", "+999 123 456 789", "555-0143", "+", "++", "(", "",
		"911", "press 1 or 2", "75201-1234", "call us 24/7 365", "2024-01-1534", "800-numbers", "1-800-FLOWERS_OLD", "the 800-NUMBER", "978-3-16-148410-0",
		"0.2025550143",
	} {
		if got := FindAll(text, "US"); len(got) != 0 {
			t.Errorf("FindAll(%q) = %+v", text, got)
		}
	}
	for _, text := range []string{"01.02.2024", "01-02-2024 10:30", "Rechnung Nr. 20240115", "12.345,00", "0.5"} {
		if got := FindAll(text, "DE"); len(got) != 0 {
			t.Errorf("FindAll(%q, DE) = %+v", text, got)
		}
	}
	// With the hour these are the ten digits of a French mobile number.
	if got := FindAll("le 06.12.2024 10:30", "FR"); len(got) != 0 {
		t.Errorf("a French date: %+v", got)
	}
}

// Transcripts of real robocalls, public domain; see the README beside the data.
func TestFindAllInTranscripts(t *testing.T) {
	file, err := os.Open("testdata/callbacks.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		want := row[0]
		var got []string
		for _, m := range FindAll(row[1], "US") {
			got = append(got, m.Number.E164)
		}
		slices.Sort(got)
		if got = slices.Compact(got); strings.Join(got, " ") != want {
			t.Errorf("found %v, want %q, in %q", got, want, row[1])
		}
	}
}

// hostile texts make every place the start of something.
var hostile = map[string]string{
	"single digits": "1 ", "pairs": "20 25 ", "plus": "+", "brackets": "(", "plus digits": "+4 ", "long group": "2",
	"dots": "2.", "dashes": "202-", "uris": "sip:", "tel": "tel:2 ", "wide": "２", "vanity": "1-800-A", "numbers": "202-555-0143 ", "almost": "202-555-014 ",
	"trunk": "0 ", "spaces": " ", "separators": "-.", "codes": "+44 20 ", "invalid": "\xff2",
}

// The work may not grow faster than the text, and a byte may not cost more than
// a few groups read again; calls of the library are capped.
func TestFindAllIsLinear(t *testing.T) {
	for name, unit := range hostile {
		for _, region := range []string{"US", "DE", ""} {
			text := strings.Repeat(unit, 1<<16/len(unit))
			f := newFinder(text, region)
			f.scan()
			if f.reads > 4*len(text) || f.tries < -10 {
				t.Errorf("%s in %q: %d groups read in %d bytes, %d tries left", name, region, f.reads, len(text), f.tries)
			}
		}
	}
}

func TestFindAllCaps(t *testing.T) {
	if got := FindAll(strings.Repeat("202-555-0143 ", 3000), "US"); len(got) != maxMatches {
		t.Errorf("%d matches", len(got))
	}
	if got := FindAll(strings.Repeat(" ", maxFindText)+"202-555-0143", "US"); len(got) != 0 {
		t.Errorf("read past the limit: %v", got)
	}
}

func FuzzFindAll(f *testing.F) {
	for _, unit := range hostile {
		f.Add(strings.Repeat(unit, 20), "US")
	}
	for _, seed := range []string{"Call (202) 555-0143 x5, 1-800-FLOWERS, +44 (0)20 7946 0958", "tel:+1;ext=2", "<sip:%2B1@x>", "请致电2025550143谢谢"} {
		f.Add(seed, "GB")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		at := 0
		for _, m := range FindAll(text, region) {
			if m.Start < at || m.End <= m.Start || m.End > len(text) || text[m.Start:m.End] != m.Text || !IsE164(m.Number.E164) {
				t.Fatalf("FindAll(%q, %q): %+v after %d", text, region, m, at)
			}
			at = m.End
			n, err := Parse(m.Number.E164, "")
			if n.Extension = m.Number.Extension; err != nil || n != m.Number {
				t.Fatalf("FindAll(%q, %q): %+v parses as %+v, %v", text, region, m, n, err)
			}
		}
	})
}

func BenchmarkFindAll(b *testing.B) {
	Warm()
	text := "Hi, this is Melissa with Student Support Center. I am following up in regards to your outstanding federal student loan balance. " +
		"You are eligible for the program due to the changes made in 2022. You can reach us directly to discuss your options at 833-631-7911. " +
		"Again, that's 833-631-7911. Thank you."
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		FindAll(text, "US")
	}
}
