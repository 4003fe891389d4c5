package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/mailbox"
)

// oauthPrefix begins the variables of an OAuth client: ABUSEDESK_OAUTH_<FIELD>,
// or ABUSEDESK_OAUTH_<NAME>_<FIELD> when there are several.
const oauthPrefix = prefix + "OAUTH_"

var (
	oauthFields  = []string{"TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "SCOPE", "REFRESH_TOKEN"}
	oauthSecrets = []string{"CLIENT_SECRET", "REFRESH_TOKEN"}
)

// oauthSecretNames are the secrets of OAuth clients that are given as files.
func oauthSecretNames(vars map[string]string) (names []string) {
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		name, isFile := strings.CutSuffix(key, "_FILE")
		if _, field := oauthVariable(name); isFile && slices.Contains(oauthSecrets, field) {
			names = append(names, strings.TrimPrefix(name, prefix))
		}
	}
	return names
}

// oauthVariable takes a variable of an OAuth client apart; the field is empty
// when it is none.
func oauthVariable(key string) (client, field string) {
	rest, ok := strings.CutPrefix(key, oauthPrefix)
	if !ok {
		return "", ""
	}
	for _, field := range oauthFields {
		if rest == field {
			return "", field
		}
		if client, ok := strings.CutSuffix(rest, "_"+field); ok && client != "" {
			return client, field
		}
	}
	return "", ""
}

// oauthClients reads the OAuth clients by their names in small letters. One that
// is not usable is nil, so that it is complained of once.
func oauthClients(vars map[string]string) (map[string]*mailbox.Tokens, error) {
	var problems []error
	grants := map[string]*mailbox.Grant{}
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		if !strings.HasPrefix(key, oauthPrefix) {
			continue
		}
		client, field := oauthVariable(key)
		if field == "" {
			if _, field := oauthVariable(strings.TrimSuffix(key, "_FILE")); !slices.Contains(oauthSecrets, field) {
				problems = append(problems, fmt.Errorf("%s is no variable; those of an OAuth client end with %s", key, strings.Join(oauthFields, ", ")))
			}
			continue
		}
		if vars[key] == "" {
			continue
		}
		g := grants[client]
		if g == nil {
			g = &mailbox.Grant{}
			grants[client] = g
		}
		switch field {
		case "TOKEN_URL":
			g.TokenURL = vars[key]
		case "CLIENT_ID":
			g.ClientID = vars[key]
		case "CLIENT_SECRET":
			g.ClientSecret = vars[key]
		case "SCOPE":
			g.Scope = vars[key]
		case "REFRESH_TOKEN":
			g.RefreshToken = vars[key]
		}
	}
	clients := map[string]*mailbox.Tokens{}
	for _, client := range slices.Sorted(maps.Keys(grants)) {
		tokens, err := mailbox.NewTokens(*grants[client])
		if e, ok := errors.AsType[*cases.Error](err); ok {
			for _, p := range e.Problems {
				name := p.Field
				if client != "" {
					name = client + "_" + name
				}
				problems = append(problems, fmt.Errorf("%s%s: %s", oauthPrefix, name, p.Message))
			}
		}
		clients[strings.ToLower(client)] = tokens
	}
	return clients, errors.Join(problems...)
}
