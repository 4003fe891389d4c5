package mailbox

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseURLs(t *testing.T) {
	got, err := ParseURLs("imaps://abuse%40carrier.example:p%40ss@mail.example\n imap://u:p@127.0.0.1:1143/Reports/2026?after=move:Filed imaps://x:y@[2001:db8::1]:9993/INBOX?after=seen", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Mailbox{
		{Name: "abuse@carrier.example@mail.example/INBOX", Host: "mail.example", Addr: "mail.example:993", TLS: true, User: "abuse@carrier.example", Password: "p@ss", Auth: AuthPassword, Folder: "INBOX", After: AfterLeave},
		{Name: "u@127.0.0.1/Reports/2026", Host: "127.0.0.1", Addr: "127.0.0.1:1143", User: "u", Password: "p", Auth: AuthPassword, Folder: "Reports/2026", After: AfterMove, MoveTo: "Filed"},
		{Name: "x@2001:db8::1/INBOX", Host: "2001:db8::1", Addr: "[2001:db8::1]:9993", TLS: true, User: "x", Password: "y", Auth: AuthPassword, Folder: "INBOX", After: AfterSeen},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	clients := map[string]*Tokens{"": {host: "one"}, "m365": {host: "another"}}
	for text, want := range map[string]Mailbox{
		"imaps://u@h/A?auth=oauth":            {Auth: AuthOAuth, Tokens: clients[""]},
		"imaps://u@h/A?auth=OAuthBearer:M365": {Auth: AuthOAuthBearer, Tokens: clients["m365"]},
		"imaps://u@h/A?auth=xoauth2:m365":     {Auth: AuthXOAuth2, Tokens: clients["m365"]},
		"imaps://u:sesame@h/A?auth=password":  {Auth: AuthPassword, Password: "sesame"},
	} {
		got, err := ParseURLs(text, clients)
		if err != nil || len(got) != 1 || got[0].Auth != want.Auth || got[0].Tokens != want.Tokens || got[0].Password != want.Password {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"imap://u:sesame@mail.example/INBOX":                   "imaps://",
		"https://u:sesame@mail.example/":                       "imaps://",
		"imaps://mail.example/INBOX":                           "user:password@",
		"imaps://u@mail.example/INBOX":                         "user:password@",
		"imaps://u:sesame@/INBOX":                              "host",
		"imaps://u:ses/ame@mail.example/INBOX":                 "%2F",
		"imaps://u:sesame@mail.example/?after=delete":          "leave, seen",
		"imaps://u:sesame@mail.example/?after=move":            "leave, seen",
		"imaps://u:sesame@mail.example/A?after=move:A":         "another folder",
		"imaps://u:sesame@mail.example/?since=48h":             `"since"`,
		"imaps://u:sesame@h/A imaps://u:sesame@h/A":            "mailbox 2: it is there twice",
		"imaps://u:ses#ame@h/A":                                "",
		"ftp://u:sesame@h imaps://u:sesame@h/A?after=nonsense": "mailbox 2",

		"imap://u@mail.example/INBOX?auth=oauth":              "token in the clear",
		"imaps://u:sesame@mail.example/INBOX?auth=oauth":      "no password",
		"imaps://mail.example/INBOX?auth=oauth":               "user@",
		"imaps://u%01v@mail.example/INBOX?auth=oauth":         "control character",
		"imaps://u@mail.example/INBOX?auth=oauth:google":      "OAUTH_GOOGLE_TOKEN_URL",
		"imaps://u:sesame@mail.example/INBOX?auth=password:x": "takes no name",
		"imaps://u:sesame@mail.example/INBOX?auth=kerberos":   "auth is password, oauth",
	} {
		_, err := ParseURLs(text, clients)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "ses")) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	if boxes, err := ParseURLs("  ", nil); err != nil || boxes != nil {
		t.Errorf("nothing: %v, %v", boxes, err)
	}
}
