package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// maxReferences bounds how many message ids of a mail are looked up; the last
// ones are the nearest.
const maxReferences = 50

// threadKeys are the conversations that a message may belong to, the surest
// first: the one it names, what it answers, what that answered, and the tokens
// in the addresses that it went to. Empty ids belong to nothing.
func threadKeys(m cases.Message, p cases.Parsed) []string {
	var keys []string
	if p.Thread != "" {
		keys = append(keys, threadKey(m, p.Thread))
	}
	ids := append(append([]string{}, p.Mail.References...), p.Mail.InReplyTo...)
	for i := len(ids) - 1; i >= max(0, len(ids)-maxReferences); i-- {
		if k := mailKey(ids[i]); k != "" {
			keys = append(keys, k)
		}
	}
	for _, token := range cases.ReplyTokens(p.Mail.Recipients) {
		keys = append(keys, tokenKey(token))
	}
	return keys
}

// threadKey names a conversation. One of a hook or an API key is that door's
// own: two chat systems count their conversations independently, and nobody
// may write into another's.
func threadKey(m cases.Message, thread string) string {
	if m.Channel == cases.ChannelEmail {
		return bounded(string(m.Channel) + ":" + thread)
	}
	return bounded(string(m.Channel) + ":" + m.Source + ":" + thread)
}

// mailKey is the key of one of our own mails by its message id, with or
// without brackets; "" for none.
func mailKey(id string) string {
	if token := cases.LetterToken(id); token != "" {
		return tokenKey(token)
	}
	id = strings.Trim(strings.TrimSpace(id), "<>")
	if id == "" {
		return ""
	}
	return bounded("mail:" + id)
}

// tokenKey is the key of one of our own mails by the token that is in its
// message id and in the address that answers go to.
func tokenKey(token string) string { return "mail:" + token }

// bounded makes of any key one that a text column under an index takes, and
// keeps different ones different.
func bounded(key string) string {
	if len(key) <= maxIndexed && text(key) == key {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// findThread returns the report of the first key that is known, or 0.
func findThread(tx *gorm.DB, keys []string) (int64, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	var known []struct {
		Key      string
		ReportID int64
	}
	if err := tx.Raw("SELECT key, report_id FROM threads WHERE key IN ?", keys).Scan(&known).Error; err != nil {
		return 0, err
	}
	for _, k := range keys {
		for _, t := range known {
			if t.Key == k {
				return t.ReportID, nil
			}
		}
	}
	return 0, nil
}

// ReportByThread finds the report of a conversation. Keys are "mail:" and the
// id of a mail that we sent, or channel, ":" and the thread ("email:…"; for
// other channels channel, ":", source, ":" and thread), the surest first.
func (s *Store) ReportByThread(ctx context.Context, keys []string) (int64, error) {
	var known []string
	for _, k := range keys {
		if id, ok := strings.CutPrefix(k, "mail:"); ok {
			k = mailKey(id)
		}
		if k != "" {
			known = append(known, bounded(k))
		}
	}
	id, err := findThread(s.read(ctx), known)
	switch {
	case err != nil:
		return 0, translate(err)
	case id == 0:
		return 0, cases.NotFound("a report of this conversation")
	}
	return id, nil
}
