package notify

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// chatPeers is each product with who writes there, to conversation 17.
func chatPeers(t *testing.T, test func(t *testing.T, p *testenv.ChatPeer, c ChatConfig, send func(ChatConfig, cases.Letter) (cases.Outcome, error), to string)) {
	t.Helper()
	for _, p := range []*testenv.ChatPeer{testenv.Chatwoot(t), testenv.Intercom(t)} {
		t.Run(p.Product, func(t *testing.T) {
			p.Say(17, "Hello", time.Now(), nil)
			c := ChatConfig{URL: p.URL + "/", Token: p.Token, Admin: p.Admin, Voice: NewVoice("https://desk.example/", "Northwind"),
				Client: safehttp.New(safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})}
			send, to := func(c ChatConfig, l cases.Letter) (cases.Outcome, error) { return Chatwoot{c}.Send(t.Context(), l) }, "chatwoot:3/17"
			if p.Admin != "" {
				send, to = func(c ChatConfig, l cases.Letter) (cases.Outcome, error) { return Intercom{c}.Send(t.Context(), l) }, "intercom:17"
			}
			test(t, p, c, send, to)
		})
	}
}

func chatLetter(to string) cases.Letter {
	l := letter()
	l.Sending.Channel, l.Sending.To, l.Sending.Kind, l.Sending.Language = cases.ChannelChat, to, cases.SendingDetails, "en"
	l.Sending.Wants, l.Sending.Turn = []cases.Want{cases.WantCaller, cases.WantTime}, 1
	return l
}

// What a product says of an attempt is what is known of it.
func TestChatsSayWhatBecameOfAMessage(t *testing.T) {
	type result struct {
		taken, refused, retry, unknown bool
		after                          time.Duration
	}
	chatPeers(t, func(t *testing.T, p *testenv.ChatPeer, good ChatConfig, send func(ChatConfig, cases.Letter) (cases.Outcome, error), to string) {
		gone, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		gone.Close()
		for _, tt := range []struct {
			name   string
			mood   testenv.ChatMood
			change func(*ChatConfig, *cases.Letter)
			want   result
			says   string
			shown  int // more messages in the conversation
		}{
			{name: "taken", want: result{taken: true}, shown: 1},
			{name: "a wrong token", change: func(c *ChatConfig, _ *cases.Letter) { c.Token = "x" }, want: result{retry: true}, says: "401"},
			{name: "no such conversation", change: func(_ *ChatConfig, l *cases.Letter) { l.Sending.To = to + "9" }, want: result{refused: true}, says: "404"},
			{name: "another product's conversation", change: func(_ *ChatConfig, l *cases.Letter) { l.Sending.To = "chat:17" }, want: result{refused: true}},
			{name: "a path in the conversation", change: func(_ *ChatConfig, l *cases.Letter) { l.Sending.To = to + "/../../x" }, want: result{refused: true}},
			{name: "not allowed", mood: testenv.ChatMood{Status: 422}, want: result{refused: true}, says: "422"},
			{name: "too many", mood: testenv.ChatMood{Status: 429, RetryAfter: "7"}, want: result{retry: true, after: 7 * time.Second}, says: "429"},
			{name: "too many, for a date", mood: testenv.ChatMood{Status: 429, RetryAfter: "Tue, 24 Nov 2026 12:00:00 GMT"}, want: result{retry: true}},
			{name: "too many, for a year", mood: testenv.ChatMood{Status: 429, RetryAfter: "31536000"}, want: result{retry: true, after: time.Hour}},
			{name: "busy, and says until when", mood: testenv.ChatMood{Status: 503, RetryAfter: "2"}, want: result{retry: true, after: 2 * time.Second}},
			{name: "busy", mood: testenv.ChatMood{Status: 503}, want: result{unknown: true}, says: "503"},
			{name: "broken", mood: testenv.ChatMood{Status: 500}, want: result{unknown: true}, says: "500"},
			{name: "elsewhere", mood: testenv.ChatMood{Status: 302}, want: result{refused: true}, says: "302"},
			{name: "taken, and nobody says so", mood: testenv.ChatMood{Cut: true}, want: result{unknown: true}, shown: 1},
			{name: "nobody listens", change: func(c *ChatConfig, _ *cases.Letter) { c.URL = "http://" + gone.Addr().String() }, want: result{retry: true}},
			{name: "an address that may not be asked", change: func(c *ChatConfig, _ *cases.Letter) { c.Client = safehttp.New(safehttp.Config{}) }, want: result{refused: true}},
			{name: "a name that is no address", change: func(c *ChatConfig, _ *cases.Letter) { c.URL = "ftp://chat.example" }, want: result{refused: true}},
		} {
			if tt.mood != (testenv.ChatMood{}) {
				p.Moods(tt.mood)
			}
			before, tries, c, l := len(p.Said(17)), p.Tries(), good, chatLetter(to)
			if tt.change != nil {
				tt.change(&c, &l)
			}
			o, err := send(c, l)
			got := result{o.Taken, o.Refused, o.Retry, err != nil || !o.Taken && !o.Refused && !o.Retry, o.After}
			if got != tt.want || !strings.Contains(o.Note, tt.says) || len(p.Said(17))-before != tt.shown || p.Tries()-tries > 1 {
				t.Errorf("%s: %+v %q, %v, want %+v; %d more were shown in %d attempts", tt.name, got, o.Note, err, tt.want, len(p.Said(17))-before, p.Tries()-tries)
			}
		}
	})
}

func TestAQuestionInAChat(t *testing.T) {
	chatPeers(t, func(t *testing.T, p *testenv.ChatPeer, c ChatConfig, send func(ChatConfig, cases.Letter) (cases.Outcome, error), to string) {
		say := func(change func(*cases.Letter)) string {
			t.Helper()
			l := chatLetter(to)
			change(&l)
			if o, err := send(c, l); err != nil || !o.Taken {
				t.Fatalf("%+v, %v", o, err)
			}
			said := p.Said(17)
			text := said[len(said)-1]
			if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") || strings.Contains(text, "\n\n\n") || strings.HasPrefix(text, "Subject") {
				t.Errorf("%s", text)
			}
			return text
		}
		for language, says := range map[string][]string{"en": {"which number called you", "when it was"}, "es-MX": {"desde qué número le llamaron", "cuándo fue"},
			"fr": {"quel numéro vous a appelé", "quand c’était"}, "de": {"which number called you"}} {
			text := say(func(l *cases.Letter) { l.Sending.Language = language })
			for _, want := range append(says, "AB-2026-004217", "https://desk.example/reports/t0ken") {
				if !strings.Contains(text, want) {
					t.Errorf("%s does not say %q:\n%s", language, want, text)
				}
			}
			for want, asks := range map[cases.Want]string{cases.WantAccount: "account", cases.WantOwn: "number of yours"} {
				if text := say(func(l *cases.Letter) { l.Sending.Wants, l.Sending.Turn = []cases.Want{want}, 2 }); !strings.Contains(text, asks) || strings.Contains(text, "called you") || strings.Contains(text, "t0ken") {
					t.Errorf("%s:\n%s", want, text)
				}
			}
		}
		if text := say(func(l *cases.Letter) { l.Report.Category = cases.CategoryTextSpam }); !strings.Contains(text, "the message came from") {
			t.Errorf("%s", text)
		}
		for language, here := range map[string]string{"en": "write it here", "es": "escríbalo aquí", "fr": "écrivez-le ici"} {
			if text := say(func(l *cases.Letter) { l.Sending.Kind, l.Sending.Language = cases.SendingAcknowledgement, language }); !strings.Contains(text, "AB-2026-004217") || !strings.Contains(text, "t0ken") || !strings.Contains(text, here) {
				t.Errorf("%s", text)
			}
		}
		if text := say(func(l *cases.Letter) { l.Sending.Kind, l.Sending.Text = cases.SendingQuestion, "Was it a <recording>?" }); !strings.Contains(text, "Was it a <recording>?") {
			t.Errorf("%s", text)
		}
		if text := say(func(l *cases.Letter) {
			l.Sending.Kind, l.Sending.Disposition = cases.SendingOutcome, cases.DispositionUpheld
		}); !strings.Contains(text, "You were right") {
			t.Errorf("%s", text)
		}
	})
}
