package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/mailbox"
)

func TestOAuthClientsOfMailboxes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3same\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"ABUSEDESK_IMAP_URLS": "imaps://a%40gmail.example@imap.gmail.com/INBOX?auth=oauth:google imaps://b%40carrier.example@outlook.office365.com/INBOX?auth=xoauth2:m365" +
			" imaps://c%40carrier.example@outlook.office365.com/INBOX?auth=xoauth2:m365 imaps://d:p@mail.example.com/INBOX imaps://e@mail.example.com/INBOX?auth=oauth",
		"ABUSEDESK_OAUTH_GOOGLE_TOKEN_URL":          "https://oauth2.googleapis.com/token",
		"ABUSEDESK_OAUTH_GOOGLE_CLIENT_ID":          "1234.apps.googleusercontent.com",
		"ABUSEDESK_OAUTH_GOOGLE_CLIENT_SECRET_FILE": secret,
		"ABUSEDESK_OAUTH_GOOGLE_REFRESH_TOKEN_FILE": secret,
		"ABUSEDESK_OAUTH_M365_TOKEN_URL":            "https://login.microsoftonline.com/tenant/oauth2/v2.0/token",
		"ABUSEDESK_OAUTH_M365_CLIENT_ID":            "5678",
		"ABUSEDESK_OAUTH_M365_CLIENT_SECRET":        "another",
		"ABUSEDESK_OAUTH_M365_SCOPE":                "https://outlook.office365.com/.default",
		"ABUSEDESK_OAUTH_M365_REFRESH_TOKEN":        "", // as a compose file passes what is not set
		"ABUSEDESK_OAUTH_TOKEN_URL":                 "https://login.example.com/token",
		"ABUSEDESK_OAUTH_CLIENT_ID":                 "abusedesk",
		"ABUSEDESK_OAUTH_CLIENT_SECRET_FILE":        secret,
	}
	c, err := load(env)
	if err != nil || len(c.mailboxes) != 5 {
		t.Fatalf("%d mailboxes, %v", len(c.mailboxes), err)
	}
	google, m365, again, password, plain := c.mailboxes[0], c.mailboxes[1], c.mailboxes[2], c.mailboxes[3], c.mailboxes[4]
	if google.Tokens == nil || m365.Tokens == nil || plain.Tokens == nil || google.Tokens == m365.Tokens || plain.Tokens == m365.Tokens {
		t.Error("the mailboxes do not have the tokens of their own clients")
	}
	if again.Tokens != m365.Tokens {
		t.Error("two mailboxes of one client do not share its tokens")
	}
	if password.Tokens != nil || password.Auth != mailbox.AuthPassword || google.Auth != mailbox.AuthOAuth || m365.Auth != mailbox.AuthXOAuth2 {
		t.Errorf("auth %q %q %q", google.Auth, m365.Auth, password.Auth)
	}

	for name, tt := range map[string]struct {
		set  map[string]string
		want string
	}{
		"a client that is not there":    {map[string]string{"IMAP_URLS": "imaps://a@h/INBOX?auth=oauth:gogle"}, "ABUSEDESK_IMAP_URLS: mailbox 1: there is no such OAuth client: OAUTH_GOGLE_TOKEN_URL and its like are not set"},
		"a name that is none":           {map[string]string{"OAUTH_M365_SECRET": "s3same"}, "ABUSEDESK_OAUTH_M365_SECRET is no variable"},
		"a file of what is no secret":   {map[string]string{"OAUTH_M365_SCOPE_FILE": secret}, "ABUSEDESK_OAUTH_M365_SCOPE_FILE is no variable"},
		"a secret twice":                {map[string]string{"OAUTH_GOOGLE_REFRESH_TOKEN": "s3same"}, "ABUSEDESK_OAUTH_GOOGLE_REFRESH_TOKEN and ABUSEDESK_OAUTH_GOOGLE_REFRESH_TOKEN_FILE are both set"},
		"a file that cannot be read":    {map[string]string{"OAUTH_GOOGLE_CLIENT_SECRET_FILE": "/nowhere"}, "ABUSEDESK_OAUTH_GOOGLE_CLIENT_SECRET_FILE: open"},
		"a token endpoint in the clear": {map[string]string{"OAUTH_M365_TOKEN_URL": "http://login.example.com/"}, "ABUSEDESK_OAUTH_M365_TOKEN_URL: the client's secret is sent there"},
		"no client id":                  {map[string]string{"OAUTH_CLIENT_ID": ""}, "ABUSEDESK_OAUTH_CLIENT_ID: it is missing"},
		"no secret":                     {map[string]string{"OAUTH_M365_CLIENT_SECRET": ""}, "ABUSEDESK_OAUTH_M365_CLIENT_SECRET: it is missing, and there is no REFRESH_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := map[string]string{}
			for k, v := range env {
				changed[k] = v
			}
			for k, v := range tt.set {
				changed[prefix+k] = v
			}
			_, err := load(changed)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3same") {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if n := strings.Count(err.Error(), "\n"); n != 0 {
				t.Errorf("one mistake makes %d problems: %v", n+1, err)
			}
		})
	}
}
