package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// problems returns the fields that an error names.
func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*cases.Error](err)
	if !ok || e.Kind != cases.KindInvalid {
		t.Fatalf("not an invalid input: %v", err)
	}
	var fields []string
	for _, p := range e.Problems {
		fields = append(fields, p.Field)
	}
	return fields
}

const goodJSON = `{"category":"scam","caller_number":"(202) 555-0143","callback_number":"+18003569377","called_number":"tel:+13035550171",
"occurred_at":"2026-03-02T20:15:00Z","occurrences":3,"description":"They said they were my bank.","reporter":{"name":"Jane","email":"Jane@Example.org","phone":"303-555-0171","kind":"called_party"},
"identity_header":"Identity: eyJ.e30.c2ln;\r\n info=<https://x>","account":"A-1","attachments":[{"name":"../call.wav","type":"audio/wav","content":"UklGRg=="}],"unknown":{"is":"fine"}}`

func TestJSON(t *testing.T) {
	p, err := intake.JSON([]byte(goodJSON), us)
	if err != nil {
		t.Fatal(err)
	}
	want := cases.Parsed{
		Text: "They said they were my bank.", Category: "scam", Pretext: "bank or card", Language: "en",
		Reporter: cases.Contact{Name: "Jane", Email: "jane@example.org", Phone: "+13035550171", Kind: "called_party"},
		Numbers: []cases.NumberMention{
			{E164: "+12025550143", Role: "caller", Confidence: 1, Text: "(202) 555-0143", Start: -1, End: -1},
			{E164: "+18003569377", Role: "callback", Confidence: 1, Text: "+18003569377", Start: -1, End: -1},
			{E164: "+13035550171", Role: "called", Confidence: 1, Text: "tel:+13035550171", Start: -1, End: -1},
		},
		Account: "A-1", OccurredAt: cases.TimeRange{Earliest: at.Add(-21*time.Hour - 50*time.Minute), Latest: at.Add(-21*time.Hour - 40*time.Minute)},
		Occurrences: 3, Identity: "eyJ.e30.c2ln; info=<https://x>",
		Attachments: []cases.Attachment{{Name: "call.wav", Type: "audio/wav", Bytes: 4, SHA256: "3ac2db2eeeb5c1bb3b2ea6a42a1d5a8a3ae6c6e5a3e7b2cb6a1eeb3d3be1a4b4"}},
		Parser:      p.Parser,
	}
	want.Attachments[0].SHA256 = p.Attachments[0].SHA256
	want.Extracts = p.Extracts // TestExtracts
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		body string
		want []string
	}{
		{`{"description":"x"}`, nil},
		{`{"description":"x","caller_number":null,"reporter":null,"occurred_at":""}`, nil},
		{`{"caller_number":"anonymous","description":"silent call"}`, nil},
		{`{}`, []string{"description"}},
		{`{"category":"nonsense","description":"x"}`, []string{"category"}},
		{`{"caller_number":"banana","called_number":"12","callback_number":"911"}`, []string{"caller_number", "callback_number", "called_number"}},
		{`{"caller_number":2025550143}`, []string{"caller_number"}},
		{`{"occurred_at":"2026-03-03T18:04:59Z","description":"x"}`, nil},
		{`{"occurred_at":"2026-03-03T18:06:00Z","description":"x"}`, []string{"occurred_at"}},
		{`{"occurred_at":"yesterday","description":"x"}`, []string{"occurred_at"}},
		{`{"occurred_at":"1970-01-01T00:00:00Z","description":"x"}`, []string{"occurred_at"}},
		{`{"occurrences":-1,"description":"x"}`, []string{"occurrences"}},
		{`{"occurrences":1.5,"description":"x"}`, []string{"occurrences"}},
		{`{"occurrences":"3","description":"x"}`, []string{"occurrences"}},
		{`{"description":"` + strings.Repeat("a", 20001) + `"}`, []string{"description"}},
		{`{"description":"` + strings.Repeat("a", 20000) + `"}`, nil},
		{`{"description":["x"]}`, []string{"description"}},
		{`{"reporter":{"email":"not an address","phone":"x","kind":"king"},"description":"x"}`, []string{"reporter.email", "reporter.phone", "reporter.kind"}},
		{`{"reporter":{"email":"a@b"},"description":"x"}`, []string{"reporter.email"}},
		{`{"reporter":{"email":"a@example.org\r\nBcc: b@example.org"},"description":"x"}`, []string{"reporter.email"}},
		{`{"reporter":"Jane","description":"x"}`, []string{"reporter"}},
		{`{"attachments":[{"name":"a","content":"%%%"}],"description":"x"}`, []string{"attachments[0].content"}},
		{`{"account":"a b","description":"x"}`, []string{"account"}},
		{`[1]`, []string{"body"}},
		{`null`, []string{"body"}},
		{`{"a":`, []string{"body"}},
		{`{"a":1} {"b":2}`, []string{"body"}},
		{`called from 202-555-0143`, []string{"body"}},
		{``, []string{"body"}},
	} {
		p, err := intake.JSON([]byte(tc.body), us)
		if diff := cmp.Diff(tc.want, problems(t, err)); diff != "" {
			t.Errorf("%.80s (-want +got):\n%s", tc.body, diff)
		}
		checkParsed(t, p)
	}
	// Even what is no JSON is read as what somebody wrote.
	if p, _ := intake.JSON([]byte("called from 202-555-0143"), us); p.Number(cases.RoleCaller) != "+12025550143" {
		t.Errorf("got %+v", p.Numbers)
	}
}

func TestForm(t *testing.T) {
	values := url.Values{
		"category": {"robocall"}, "caller_number": {"202 555 0143"}, "occurred_at": {"2026-03-02T15:15"}, "zone": {"America/New_York"},
		"occurrences": {"3"}, "description": {"A recording"}, "reporter_email": {"jane@example.org"}, "nonce": {"x"},
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range values {
		w.WriteField(k, v[0])
	}
	file, _ := w.CreateFormFile("attachments", "call.wav")
	file.Write([]byte("RIFF"))
	w.Close()

	for name, tc := range map[string]struct {
		body, contentType string
		files             int
	}{
		"urlencoded": {values.Encode(), "application/x-www-form-urlencoded", 0},
		"multipart":  {b.String(), w.FormDataContentType(), 1},
	} {
		p, err := intake.Form(intake.SourceOf([]byte(tc.body)), tc.contentType, us)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantTime := cases.TimeRange{Earliest: at.Add(-21*time.Hour - 50*time.Minute), Latest: at.Add(-21*time.Hour - 40*time.Minute)}
		if p.Number(cases.RoleCaller) != "+12025550143" || p.Category != "robocall" || p.Occurrences != 3 || p.Text != "A recording" ||
			p.Reporter.Email != "jane@example.org" || p.OccurredAt != wantTime || len(p.Attachments) != tc.files {
			t.Errorf("%s: %+v", name, p)
		}
		if got := read(t, cases.ChannelWeb, tc.contentType, []byte(tc.body)); !cmp.Equal(got, p) {
			t.Errorf("%s: Read says otherwise: %s", name, cmp.Diff(p, got))
		}
	}
	_, err := intake.Form(intake.SourceOf([]byte("category=x&caller_number=banana&zone=Mars/Base&occurred_at=2026-03-02T15%3A15&occurrences=many&reporter_email=x&reporter_kind=x&description="+strings.Repeat("a", 20001))), "application/x-www-form-urlencoded", us)
	if diff := cmp.Diff([]string{"category", "caller_number", "zone", "occurrences", "description", "reporter_email", "reporter_kind"}, problems(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"%zz=1", "--x\r\n"} {
		if p, err := intake.Form(intake.SourceOf([]byte(bad)), "multipart/form-data; boundary=x", us); problems(t, err) == nil {
			t.Errorf("%q was taken: %+v", bad, p)
		}
	}
}

// Numbers of a form are of the countries that were chosen beside them; whose is
// the reporter's phone goes by the number that was called.
func TestFormCountries(t *testing.T) {
	for body, want := range map[string]string{
		"caller_number=91+123+45+67&caller_country=ES&called_number=01+42+68+53+00&called_country=FR&reporter_phone=06+12+34+56+78": "+34911234567 +33142685300 +33612345678",
		"caller_number=%2B44+20+7946+0958&caller_country=ES":                                                                        "+442079460958  ",
		"caller_number=202+555+0143&caller_country=ZZ":                                                                              "+12025550143  ",
		"caller_number=202+555+0143&caller_country=us":                                                                              "+12025550143  ",
	} {
		p, err := intake.Form(intake.SourceOf([]byte(body)), "application/x-www-form-urlencoded", us)
		if got := p.Number(cases.RoleCaller) + " " + p.Number(cases.RoleCalled) + " " + p.Reporter.Phone; got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", body, got, err, want)
		}
	}
}

// What a source says is not taken for what somebody wrote.
func TestFormOfABrokenSource(t *testing.T) {
	head := "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.wav\"\r\n\r\nRIFF"
	for _, contentType := range []string{"multipart/form-data; boundary=x", "application/x-www-form-urlencoded"} {
		gone := errors.New("the disk is gone")
		src := intake.Source{Size: 1 << 20, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(head), iotest.ErrReader(gone))), nil
		}}
		if _, err := intake.Form(src, contentType, us); !errors.Is(err, gone) {
			t.Errorf("%s: %v", contentType, err)
		}
		if _, err := intake.Read(cases.ChannelWeb, contentType, src, us); !errors.Is(err, gone) {
			t.Errorf("%s, read: %v", contentType, err)
		}
	}
}

// read reads what is kept whole.
func read(t *testing.T, channel cases.Channel, contentType string, raw []byte) cases.Parsed {
	t.Helper()
	src := intake.Source{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }, Size: int64(len(raw))}
	p, err := intake.Read(channel, contentType, src, us)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChat(t *testing.T) {
	body := `{"type":"message.created","timestamp":"2026-03-03T17:59:00Z","data":{"conversation_id":"c-17","message_id":"m-3",
"text":"They called me from 202-555-0143 and said they were Amazon. Please call me at 303-555-0171","sender":{"name":"Jane","email":"jane@example.org"},"category":"scam"}}`
	p, err := intake.Chat([]byte(body), us)
	if err != nil {
		t.Fatal(err)
	}
	if p.Thread != "standard:c-17" || p.Category != "scam" || p.Number(cases.RoleCaller) != "+12025550143" || p.Reporter.Email != "jane@example.org" || p.Pretext != "retailer" {
		t.Errorf("got %+v", p)
	}
	for body, want := range map[string][]string{
		`{"type":"message.created","data":{"conversation_id":"c"}}`:                                                 {"description"},
		`{"type":"message.created","data":{"conversation_id":"c","caller_number":"+12025550143"}}`:                  nil,
		`{"type":"message.created","data":{"text":"x"}}`:                                                            {"data.conversation_id"},
		`{"type":"message.created","data":{"conversation_id":"c","text":"x","sender":{"email":"nobody"}}}`:          {"data.sender.email"},
		`{"type":"message.created","data":{"conversation_id":"c","text":"x","occurred_at":"2027-01-01T00:00:00Z"}}`: {"data.occurred_at"},
		`{"type":"ping","data":{"conversation_id":"c","text":"x"}}`:                                                 {"type"},
		`{"type":"message.created"}`: {"data"},
		`nonsense`:                   {"body"},
	} {
		p, err := intake.Chat([]byte(body), us)
		if diff := cmp.Diff(want, problems(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		checkParsed(t, p)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(goodJSON))
	f.Add([]byte(`{"type":"message.created","data":{"conversation_id":"c","text":"x","sender":{"phone":"1"}}}`))
	f.Add([]byte("category=scam&caller_number=202&zone=Local&occurred_at=2026-03-02"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"} {
			p := read(t, cases.ChannelAPI, contentType, raw)
			checkParsed(t, p)
		}
		p := read(t, cases.ChannelChat, "application/json", raw)
		checkParsed(t, p)
		if _, err := json.Marshal(p); err != nil {
			t.Error(err)
		}
	})
}
