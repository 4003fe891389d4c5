package main

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/internal/safehttp"
	"github.com/abusedesk/abusedesk/notify"
)

// inside are the networks in which an operator's own chat may be, without a word
// in ALLOW_NETWORKS: the address is his choice and nobody else's, and redirects
// are not followed. Those where clouds keep secrets (link-local) are not among them.
var inside = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fc00::/7"),
}

// chatConfig is the doors of chat products, and the ways back into their
// conversations.
type chatConfig struct {
	Silence               time.Duration `env:"CHAT_SILENCE" envDefault:"1m"`
	ChatwootWebhookSecret string        `env:"CHATWOOT_WEBHOOK_SECRET"`
	ChatwootURL           string        `env:"CHATWOOT_URL"`
	ChatwootToken         string        `env:"CHATWOOT_TOKEN"`
	ChatwootInboxes       string        `env:"CHATWOOT_INBOXES"`
	IntercomClientSecret  string        `env:"INTERCOM_CLIENT_SECRET"`
	IntercomURL           string        `env:"INTERCOM_URL" envDefault:"https://api.intercom.io"`
	IntercomToken         string        `env:"INTERCOM_TOKEN"`
	IntercomAdmin         string        `env:"INTERCOM_ADMIN"`

	chatwootSecrets, chatwootInboxes, intercomSecrets []string
	own                                               safehttp.Config // what may be asked of the operator's own chats
}

// check reads what was given; outside is what may be asked elsewhere.
func (c *chatConfig) check(outside safehttp.Config, bad func(name, format string, args ...any)) {
	c.chatwootSecrets, c.intercomSecrets = strings.Fields(c.ChatwootWebhookSecret), strings.Fields(c.IntercomClientSecret)
	c.chatwootInboxes = strings.FieldsFunc(c.ChatwootInboxes, func(r rune) bool { return r == ',' || r == ' ' })
	for _, id := range c.chatwootInboxes {
		if strings.Trim(id, "0123456789") != "" {
			bad("CHATWOOT_INBOXES", "%q is no number of an inbox", id)
		}
	}
	c.own.Allow = slices.Concat(inside, outside.Allow)
	for name, address := range map[string]string{"CHATWOOT_URL": c.ChatwootURL, "INTERCOM_URL": c.IntercomURL} {
		if address == "" {
			continue
		}
		if err := c.own.Check(address); err != nil {
			bad(name, "%v", err)
		}
	}
	switch {
	case (c.ChatwootURL == "") != (c.ChatwootToken == ""):
		bad("CHATWOOT_TOKEN", "set it together with CHATWOOT_URL: answering needs both")
	case c.ChatwootToken != "" && len(c.chatwootSecrets) == 0:
		bad("CHATWOOT_WEBHOOK_SECRET", "set it too: without it no conversation comes in that could be answered")
	}
	switch {
	case (c.IntercomAdmin == "") != (c.IntercomToken == ""):
		bad("INTERCOM_ADMIN", "set it together with INTERCOM_TOKEN: answers are shown in the name of that teammate")
	case strings.Trim(c.IntercomAdmin, "0123456789") != "":
		bad("INTERCOM_ADMIN", "use the id of a teammate, digits only")
	case c.IntercomToken != "" && len(c.intercomSecrets) == 0:
		bad("INTERCOM_CLIENT_SECRET", "set it too: without it no conversation comes in that could be answered")
	}
	if c.Silence <= 0 {
		bad("CHAT_SILENCE", "use a time above zero, such as 1m")
	}
}

// chats are the products that can be answered in.
func (c chatConfig) chats(voice notify.Voice) map[string]desk.Chat {
	out := map[string]desk.Chat{}
	if c.ChatwootToken != "" {
		out[cases.ChatChatwoot] = notify.Chatwoot{ChatConfig: notify.ChatConfig{URL: c.ChatwootURL, Token: c.ChatwootToken, Voice: voice, Client: safehttp.New(c.own)}}
	}
	if c.IntercomToken != "" {
		out[cases.ChatIntercom] = notify.Intercom{ChatConfig: notify.ChatConfig{URL: c.IntercomURL, Token: c.IntercomToken, Admin: c.IntercomAdmin, Voice: voice, Client: safehttp.New(c.own)}}
	}
	return out
}
