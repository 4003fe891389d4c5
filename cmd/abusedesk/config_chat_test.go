package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/notify"
)

func TestChatsAreConfigured(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("cw-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(map[string]string{"ABUSEDESK_CHATWOOT_WEBHOOK_SECRET": "new old", "ABUSEDESK_CHATWOOT_URL": "http://10.0.0.7:3000", "ABUSEDESK_CHATWOOT_TOKEN_FILE": secret,
		"ABUSEDESK_INTERCOM_CLIENT_SECRET": "s", "ABUSEDESK_INTERCOM_TOKEN": "t", "ABUSEDESK_INTERCOM_ADMIN": "3330619", "ABUSEDESK_CHAT_SILENCE": "90s", "ABUSEDESK_CHATWOOT_INBOXES": "5, 7", "ABUSEDESK_OPERATOR": "Northtel"})
	if err != nil {
		t.Fatal(err)
	}
	chats := c.Chat.chats(notify.NewVoice(c.BaseURL, c.Operator))
	chatwoot, intercom := chats[cases.ChatChatwoot].(notify.Chatwoot), chats[cases.ChatIntercom].(notify.Intercom)
	if !slices.Equal(c.Chat.chatwootSecrets, []string{"new", "old"}) || !slices.Equal(c.Chat.chatwootInboxes, []string{"5", "7"}) || c.Chat.Silence != 90*time.Second || chatwoot.Token != "cw-token" || chatwoot.Voice.Operator != "Northtel" ||
		intercom.URL != "https://api.intercom.io" || intercom.Admin != "3330619" {
		t.Errorf("%+v, %+v", chatwoot, intercom)
	}
	if c, err := load(map[string]string{"ABUSEDESK_CHATWOOT_WEBHOOK_SECRET": "s", "ABUSEDESK_INTERCOM_CLIENT_SECRET": "s"}); err != nil || len(c.Chat.chats(notify.Voice{})) != 0 || c.Chat.Silence != cases.ChatSilence {
		t.Errorf("doors alone: %v, %v", c.Chat, err)
	}
}

func TestChatProblems(t *testing.T) {
	good := map[string]string{"CHATWOOT_WEBHOOK_SECRET": "s", "CHATWOOT_URL": "https://chat.example", "CHATWOOT_TOKEN": "t", "INTERCOM_CLIENT_SECRET": "s", "INTERCOM_TOKEN": "t", "INTERCOM_ADMIN": "1"}
	for _, tt := range []struct {
		change map[string]string
		names  string
	}{
		{map[string]string{"CHATWOOT_URL": ""}, "CHATWOOT_TOKEN"},
		{map[string]string{"CHATWOOT_TOKEN": ""}, "CHATWOOT_TOKEN"},
		{map[string]string{"CHATWOOT_WEBHOOK_SECRET": ""}, "CHATWOOT_WEBHOOK_SECRET"},
		{map[string]string{"CHATWOOT_URL": "http://203.0.113.7"}, "CHATWOOT_URL"},
		{map[string]string{"CHATWOOT_URL": "http://169.254.169.254"}, "CHATWOOT_URL"},
		{map[string]string{"CHATWOOT_URL": "chat.example"}, "CHATWOOT_URL"},
		{map[string]string{"CHATWOOT_INBOXES": "5, abuse"}, "CHATWOOT_INBOXES"},
		{map[string]string{"INTERCOM_URL": "ftp://x"}, "INTERCOM_URL"},
		{map[string]string{"INTERCOM_ADMIN": ""}, "INTERCOM_ADMIN"},
		{map[string]string{"INTERCOM_ADMIN": "Ana"}, "INTERCOM_ADMIN"},
		{map[string]string{"INTERCOM_TOKEN": ""}, "INTERCOM_ADMIN"},
		{map[string]string{"INTERCOM_CLIENT_SECRET": ""}, "INTERCOM_CLIENT_SECRET"},
		{map[string]string{"CHAT_SILENCE": "0s"}, "CHAT_SILENCE"},
		{map[string]string{"CHAT_SILENCE": "-1m", "CHATWOOT_URL": "x", "INTERCOM_ADMIN": "Ana"}, "CHAT_SILENCE CHATWOOT_URL INTERCOM_ADMIN"}, // all at once
	} {
		env := map[string]string{}
		all := maps.Clone(good)
		maps.Copy(all, tt.change)
		for k, v := range all {
			env[prefix+k] = v
		}
		_, err := load(env)
		for _, name := range strings.Fields(tt.names) {
			if err == nil || !strings.Contains(err.Error(), prefix+name+":") {
				t.Errorf("%v: %v, want it to name %s", tt.change, err, name)
			}
		}
	}
}
