package auth

import (
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

func TestPasswordLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		password string
		says     string // "" when it is taken
	}{
		"too short":             {strings.Repeat("a", MinPassword-1), "at least 12"},
		"long enough":           {strings.Repeat("a", MinPassword), ""},
		"characters, not bytes": {strings.Repeat("é", MinPassword-1), "at least 12"},
		"of any kind":           {strings.Repeat("語", MaxPassword), ""},
		"too long":              {strings.Repeat("語", MaxPassword+1), "at most 128"},
	} {
		hash, err := HashPassword(tt.password)
		switch {
		case tt.says == "" && (err != nil || !checkPassword(tt.password, hash) || checkPassword(tt.password+"x", hash) || strings.Contains(hash, tt.password)):
			t.Errorf("%s: %v, hash %q", name, err, hash)
		case tt.says != "" && (cases.KindOf(err) != cases.KindInvalid || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v", name, err)
		}
	}
	one, _ := HashPassword(password)
	if two, _ := HashPassword(password); one == two {
		t.Error("two hashes of one password are the same: no salt")
	}
	if checkPassword(password, "") || checkPassword("", "") || checkPassword(password, "$argon2id$v=19$nonsense") {
		t.Error("a hash that is none is taken")
	}
}

// RFC 9106 section 4, second recommended option: 64 MiB and three passes.
func TestPasswordsAreDearToGuess(t *testing.T) {
	if p := published; p.Memory < 64<<10 || p.Iterations < 3 || p.SaltLength < 16 || p.KeyLength < 32 {
		t.Errorf("parameters %+v", p)
	}
}
