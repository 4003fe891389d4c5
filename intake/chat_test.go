package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

// chats are the payloads of a product in the corpus.
func chats(t testing.TB, product string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/chat/" + product + "-*.json")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".want.json") })
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	return files
}

func inChat(product string, asked ...cases.Want) intake.Context {
	c := us
	c.Source, c.Asked = product, asked
	return c
}

func readChat(t testing.TB, raw []byte, c intake.Context) cases.Parsed {
	t.Helper()
	p, err := intake.Read(cases.ChannelChat, "application/json", held(raw), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// held is a delivery as it is kept.
func held(raw []byte) intake.Source {
	return intake.Source{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }, Size: int64(len(raw))}
}

// What is read of each payload stands beside it, with what its door learns.
func TestChatCorpus(t *testing.T) {
	hear := map[string]func([]byte) (intake.Heard, error){cases.ChatChatwoot: intake.HearChatwoot, cases.ChatIntercom: intake.HearIntercom}
	for product, door := range hear {
		for _, file := range chats(t, product) {
			t.Run(filepath.Base(file), func(t *testing.T) {
				raw := readFile(t, file)
				heard, err := door(raw)
				if err != nil {
					t.Fatal(err)
				}
				type want struct {
					Ignored string             `json:"ignored,omitempty"`
					Key     string             `json:"key,omitempty"`
					Written *cases.Written     `json:"written,omitempty"`
					Contact *cases.Contact     `json:"contact,omitempty"`
					Report  *intake.NormalForm `json:"report,omitempty"`
				}
				w := want{Ignored: heard.Ignored, Key: heard.Key}
				if heard.Ignored == "" {
					p := readChat(t, raw, inChat(product))
					n := intake.Normalised(p, raw)
					w.Written, w.Contact, w.Report = &p.Written, &p.Reporter, &n
				}
				got, err := json.MarshalIndent(w, "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				golden := strings.TrimSuffix(file, ".json") + ".want.json"
				if *update {
					if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(strings.TrimSpace(string(readFile(t, golden))), string(got)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// altered is a payload of the corpus with something replaced.
func altered(t *testing.T, file string, replace ...string) []byte {
	t.Helper()
	s := string(readFile(t, "testdata/chat/"+file))
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(s, replace[i]) {
			t.Fatalf("%s has no %s", file, replace[i])
		}
	}
	return []byte(strings.NewReplacer(replace...).Replace(s))
}

// A message is known by what does not change when it is delivered again.
func TestChatRedeliveriesHaveOneKey(t *testing.T) {
	key := func(h intake.Heard, err error) string {
		t.Helper()
		if err != nil || h.Key == "" {
			t.Fatalf("%+v, %v", h, err)
		}
		return h.Key
	}
	first := key(intake.HearIntercom(altered(t, "intercom-replied.json")))
	if again := key(intake.HearIntercom(altered(t, "intercom-replied.json", `"delivery_attempts": 1`, `"delivery_attempts": 2`, "notif_a1", "notif_b2"))); again != first {
		t.Errorf("a redelivery is %s, not %s", again, first)
	}
	if other := key(intake.HearIntercom(altered(t, "intercom-replied.json", "202-555-0143", "202-555-0144"))); other == first {
		t.Error("other words have the same key")
	}
	first = key(intake.HearChatwoot(altered(t, "chatwoot-incoming.json")))
	if again := key(intake.HearChatwoot(altered(t, "chatwoot-incoming.json", `"unread_count": 1`, `"unread_count": 2`))); again != first {
		t.Errorf("a redelivery is %s, not %s", again, first)
	}
	if other := key(intake.HearChatwoot(altered(t, "chatwoot-incoming.json", `"id": 4711`, `"id": 4712`))); other == first {
		t.Error("another message has the same key")
	}
}

func TestWhatADoorOfAChatIgnores(t *testing.T) {
	for why, raw := range map[string][]byte{
		"a word":        altered(t, "chatwoot-incoming.json", `"incoming"`, `"outgoing"`),
		"a number":      altered(t, "chatwoot-incoming.json", `"incoming"`, `1`),
		"a template":    altered(t, "chatwoot-incoming.json", `"incoming"`, `3`),
		"activity":      altered(t, "chatwoot-incoming.json", `"incoming"`, `"activity"`),
		"a note":        altered(t, "chatwoot-incoming.json", `"private": false`, `"private": true`),
		"a bot":         altered(t, "chatwoot-incoming.json", `"type": "contact"`, `"type": "agent_bot"`),
		"an edit":       altered(t, "chatwoot-incoming.json", "message_created", "message_updated"),
		"another event": []byte(`{"event":"conversation_status_changed"}`),
	} {
		if h, err := intake.HearChatwoot(raw); err != nil || h.Ignored == "" {
			t.Errorf("Chatwoot, %s: %+v, %v", why, h, err)
		}
	}
	if h, err := intake.HearChatwoot(altered(t, "chatwoot-incoming.json", `"incoming"`, `0`)); err != nil || h.Ignored != "" {
		t.Errorf("incoming as a number: %+v, %v", h, err)
	}
	for why, raw := range map[string][]byte{
		"a teammate":        altered(t, "intercom-replied.json", `"type": "user"`, `"type": "admin"`),
		"a bot":             altered(t, "intercom-replied.json", `"type": "user"`, `"type": "bot"`),
		"a note":            altered(t, "intercom-replied.json", `"part_type": "comment"`, `"part_type": "note"`),
		"a teammate's word": altered(t, "intercom-replied.json", "conversation.user.replied", "conversation.admin.replied"),
		"a ping":            []byte(`{"type":"notification_event","topic":"ping","data":{"item":{"type":"ping","message":"something"}}}`),
	} {
		if h, err := intake.HearIntercom(raw); err != nil || h.Ignored == "" {
			t.Errorf("Intercom, %s: %+v, %v", why, h, err)
		}
	}
}

func TestWhatADoorOfAChatRefuses(t *testing.T) {
	for field, raw := range map[string][]byte{
		"event":           []byte(`{}`),
		"account.id":      altered(t, "chatwoot-incoming.json", `"id": 3,`, `"id": "3/../4",`),
		"conversation.id": altered(t, "chatwoot-incoming.json", `"id": 17,`, `"id": "x",`),
		"":                []byte(`[1]`),
	} {
		_, err := intake.HearChatwoot(raw)
		checkField(t, field, err)
	}
	for field, raw := range map[string][]byte{
		"topic":        []byte(`{}`),
		"data.item.id": altered(t, "intercom-replied.json", `"id": "137324500000000"`, `"id": "../admins"`),
		"":             []byte(`{`),
	} {
		_, err := intake.HearIntercom(raw)
		checkField(t, field, err)
	}
}

func checkField(t *testing.T, field string, err error) {
	t.Helper()
	var e *cases.Error
	if !errors.As(err, &e) || e.Kind != cases.KindInvalid || (field == "") != (len(e.Problems) == 0) || field != "" && e.Problems[0].Field != field {
		t.Errorf("%q: %v", field, err)
	}
}

// A field of another form costs nothing but itself.
func TestChatFieldsOfAnotherForm(t *testing.T) {
	p := readChat(t, altered(t, "chatwoot-incoming.json", `"ada@example.org"`, `["x"]`, `"2026-03-03T17:59:00.250Z"`, `{"at": 1}`, `"data_url": "https://chat.example/rails/blob/eyJf/shot%20one.png"`, `"data_url": "ftp://chat.example/x"`), inChat(cases.ChatChatwoot))
	if p.Number(cases.RoleCaller) != "+12025550143" || p.Reporter.Name != "Ada Moreno" || !p.Written.At.Equal(at) || len(p.Attachments) != 0 || !hasWarning(p, "attachment") {
		t.Errorf("%+v", p)
	}
	// Times as numbers, too; one in the future is not believed.
	for stated, want := range map[string]time.Time{`1772560740`: time.Unix(1772560740, 0), `1772560740250`: time.UnixMilli(1772560740250),
		`"2026-03-03 17:59:00 UTC"`: time.Unix(1772560740, 0), `"2027-03-03 17:59:00 UTC"`: at} {
		if p := readChat(t, altered(t, "chatwoot-incoming.json", `"2026-03-03T17:59:00.250Z"`, stated), inChat(cases.ChatChatwoot)); !p.Written.At.Equal(want) {
			t.Errorf("%s is read as %s, not %s", stated, p.Written.At, want)
		}
	}
}

// What was asked decides on what a bare answer means.
func TestAnswersInAChat(t *testing.T) {
	say := func(text string, asked ...cases.Want) cases.Parsed {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return readChat(t, altered(t, "chatwoot-answer.json", `"ANSWER"`, string(raw)), inChat(cases.ChatChatwoot, asked...))
	}
	role := func(p cases.Parsed, role cases.NumberRole) float64 {
		i := slices.IndexFunc(p.Numbers, func(n cases.NumberMention) bool { return n.Role == role })
		if i < 0 {
			return 0
		}
		return p.Numbers[i].Confidence
	}
	for text, ok := range map[string]func(p cases.Parsed) bool{
		"+1 202 555 0143":                         func(p cases.Parsed) bool { return role(p, cases.RoleCaller) == 0.9 && !p.OccurredAt.Known() },
		"it was 202-555-0143, yesterday around 3": func(p cases.Parsed) bool { return role(p, cases.RoleCaller) == 0.9 && p.OccurredAt.Known() },
		"they called my number 617-555-0119":      func(p cases.Parsed) bool { return role(p, cases.RoleCaller) == 0 && role(p, cases.RoleCalled) >= 0.9 },
		"my number is 617-555-0119":               func(p cases.Parsed) bool { return role(p, cases.RoleCaller) == 0 && role(p, cases.RoleCalled) >= 0.9 },
		"yesterday around 3": func(p cases.Parsed) bool {
			return p.OccurredAt.Earliest.Before(at.Add(-14*time.Hour)) && p.OccurredAt.Earliest.After(at.Add(-36*time.Hour)) && len(p.Unknown) == 0
		},
		"3":                                   func(p cases.Parsed) bool { return p.OccurredAt.Known() },
		"around 10":                           func(p cases.Parsed) bool { return p.OccurredAt.Known() },
		"ayer a las 15:30":                    func(p cases.Parsed) bool { return p.OccurredAt.Known() },
		"hier vers 15h":                       func(p cases.Parsed) bool { return p.OccurredAt.Known() },
		"private":                             func(p cases.Parsed) bool { return slices.Equal(p.Unknown, []cases.Want{cases.WantCaller}) },
		"I don't know":                        func(p cases.Parsed) bool { return len(p.Unknown) == 2 },
		"No lo sé":                            func(p cases.Parsed) bool { return len(p.Unknown) == 2 },
		"je ne sais plus":                     func(p cases.Parsed) bool { return len(p.Unknown) == 2 },
		"I don't know when, but 202-555-0143": func(p cases.Parsed) bool { return slices.Equal(p.Unknown, []cases.Want{cases.WantTime}) },
	} {
		if p := say(text, cases.WantCaller, cases.WantTime); !ok(p) {
			t.Errorf("%q: numbers %+v, time %+v, unknown %v", text, p.Numbers, p.OccurredAt, p.Unknown)
		}
	}
	if p := say("202-555-0143"); role(p, cases.RoleCaller) != 0.5 || p.Unknown != nil {
		t.Errorf("nothing was asked: %+v", p)
	}
	if p := say("private"); p.Unknown != nil {
		t.Errorf("nothing was asked: %+v", p.Unknown)
	}
	if p := say("my number is 617-555-0119", cases.WantOwn); role(p, cases.RoleCaller) != 0.9 || role(p, cases.RoleCalled) != 0 {
		t.Errorf("a number of his own: %+v", p.Numbers)
	}
	for text, want := range map[string]string{"acct-1042": "acct-1042", "It's 20255501.": "20255501", "2025550143": "2025550143", "NORTHTEL": "NORTHTEL",
		"no idea": "", "I lost it": "", "x": ""} {
		if p := say(text, cases.WantAccount); p.Account != want || want != "" && len(p.Numbers) > 0 {
			t.Errorf("account %q, numbers %v in %q", p.Account, p.Numbers, text)
		}
	}
	for text, want := range map[string]string{"yesterday at 3pm": "", "ayer a las 15:30": "", "I have called you 100 times": "",
		"it is acct-1042, yesterday at 3pm": "acct-1042"} {
		if p := say(text, cases.WantAccount, cases.WantTime); p.Account != want || p.OccurredAt.Known() == strings.Contains(text, "times") {
			t.Errorf("account %q, time %+v in %q", p.Account, p.OccurredAt, text)
		}
	}
}

// What a product keeps is found again when its files are fetched.
func TestFilesOfChats(t *testing.T) {
	for file, want := range map[string]string{"chatwoot-incoming.json": "https://chat.example/rails/blob/eyJf/shot%20one.png", "intercom-created.json": "https://downloads.intercomcdn.com/i/o/1/voicemail.mp3?expires=1"} {
		product, _, _ := strings.Cut(file, "-")
		var got []string
		err := intake.Unpack(cases.ChannelChat, product, "application/json", held(readFile(t, "testdata/chat/"+file)), func(a cases.Attachment, r io.Reader) error {
			if r != nil {
				t.Errorf("%s: bytes of what is elsewhere", file)
			}
			got = append(got, a.URL)
			return nil
		})
		if err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}

func FuzzChats(f *testing.F) {
	// Small ones: the corpus is read by its own test, and takes minutes to minimise.
	f.Add([]byte(`{"event":"message_created","id":1,"content":"202-555-0143, at 3","message_type":0,"created_at":1772560740,"account":{"id":3},"conversation":{"id":17},"sender":{"email":"a@b.example"},"attachments":[{"data_url":"https://x.example/a.png"}]}`))
	f.Add([]byte(`{"topic":"conversation.user.created","data":{"item":{"id":"1","created_at":1772560740,"source":{"author":{"type":"user","name":"A"},"body":"<p>no idea</p>"}}}}`))
	f.Add([]byte(`{"topic":"conversation.user.replied","data":{"item":{"id":1,"conversation_parts":{"conversation_parts":[{"author":{"type":"lead"},"body":"<p>3"}]}}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for product, hear := range map[string]func([]byte) (intake.Heard, error){cases.ChatChatwoot: intake.HearChatwoot, cases.ChatIntercom: intake.HearIntercom} {
			heard, err := hear(raw)
			if err == nil && (heard.Ignored == "") == (heard.Key == "") {
				t.Errorf("%s: %+v", product, heard)
			}
			for _, asked := range [][]cases.Want{nil, {cases.WantCaller, cases.WantTime, cases.WantAccount, cases.WantOwn}} {
				p := readChat(t, raw, inChat(product, asked...))
				checkParsed(t, p)
				if err == nil && heard.Ignored == "" && (p.Thread == "" || p.Written.At.After(at.Add(intake.MaxAhead))) {
					t.Errorf("%s: what the door lets in belongs to %q, written %s", product, p.Thread, p.Written.At)
				}
			}
		}
	})
}
