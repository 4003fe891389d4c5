package altcha

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// byTheWidget is what altcha 3.2.2's own library (dist/lib) made and solved: its
// challenge signed with the key "key of the test", until 2100, the number 77.
const byTheWidget = "eyJjaGFsbGVuZ2UiOnsicGFyYW1ldGVycyI6eyJhbGdvcml0aG0iOiJTSEEtMjU2IiwiY29zdCI6MiwiZXhwaXJlc0F0Ijo0MTAyNDQ0ODAwLCJrZXlMZW5ndGgiOjMyLCJrZXlQcmVmaXgiOiI0MTdjZjAzZTFhOWNjNGVlNzk4MDQyNjczYmUwYjY4MCIsIm5vbmNlIjoiYWQwNmM0NjdmODFjZmExYjBmMTFiYmVkMGM4MGQzZGYiLCJzYWx0IjoiNjY1NTkxYTY5ZWEwZDZlNDExNzExZGJkZTc1MWUyYzIifSwic2lnbmF0dXJlIjoiOTMzMzc4MDYwYzllMDdmNGQ4YjA3MzIxZGE1YzNjNTc1MTQ1ZWZhNjUzMjlmZWJhNmRkNmZlYzEyMjQ1ODU0NSJ9LCJzb2x1dGlvbiI6eyJjb3VudGVyIjo3NywiZGVyaXZlZEtleSI6IjQxN2NmMDNlMWE5Y2M0ZWU3OTgwNDI2NzNiZTBiNjgwOWZkMzNkNTY4NzI3NmE5ZmMyZDU2ODZhNmNlYWI0NzciLCJ0aW1lIjoxMi4zfX0="

func TestTheWidgetsOwnLibrary(t *testing.T) {
	i := &Issuer{key: []byte("key of the test"), cost: 2}
	if _, err := i.Verify(noon, byTheWidget); err != nil {
		t.Fatal(err)
	}
	p, err := parse(byTheWidget)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := Solve(p.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := parse(answer)
	if err != nil || ours.Solution.Counter != 77 || ours.Solution.DerivedKey != p.Solution.DerivedKey {
		t.Errorf("we find %+v, %v; the library found %+v", ours.Solution, err, p.Solution)
	}
	dearer := &Issuer{key: i.key, cost: 3}
	if _, err := dearer.Verify(noon, byTheWidget); !errors.Is(err, ErrForeign) {
		t.Errorf("a challenge cheaper than ours: %v", err)
	}
}

// change edits an answer.
func change(t *testing.T, answer string, edit func(*payload)) string {
	t.Helper()
	p, err := parse(answer)
	if err != nil {
		t.Fatal(err)
	}
	edit(&p)
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// another makes a solution of a number that nobody looks for.
func another(p *payload) {
	d, _ := newDeriver(p.Challenge.Parameters)
	p.Solution.Counter++
	key := d.key(p.Solution.Counter)
	p.Solution.DerivedKey = hex.EncodeToString(key[:])
}

func TestVerify(t *testing.T) {
	i := New("secret", 2)
	good, err := Solve(i.Issue(noon))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		answer string
		at     time.Time
		want   error
	}{
		"good":                        {good, noon, nil},
		"in its last second":          {good, noon.Add(Lifetime - time.Second), nil},
		"expired":                     {good, noon.Add(Lifetime), ErrExpired},
		"nothing":                     {"", noon, ErrMalformed},
		"no base64":                   {"%" + good, noon, ErrMalformed},
		"base64 with a line end":      {good[:8] + "\n" + good[8:], noon, nil},
		"no JSON":                     {encode("x"), noon, ErrMalformed},
		"something behind it":         {encode(string(raw) + "{}"), noon, ErrMalformed},
		"a field that is none":        {encode(strings.Replace(string(raw), `{"challenge"`, `{"test":true,"challenge"`, 1)), noon, ErrMalformed},
		"too long":                    {encode(string(raw) + strings.Repeat(" ", MaxPayload)), noon, ErrMalformed},
		"a number that is too large":  {change(t, good, func(p *payload) { p.Solution.Counter++ }), noon, ErrUnsolved},
		"a key that it does not give": {change(t, good, func(p *payload) { p.Solution.DerivedKey = strings.Repeat("0", 64) }), noon, ErrUnsolved},
		"another number, and its key": {change(t, good, another), noon, ErrUnsolved},
		"no key":                      {change(t, good, func(p *payload) { p.Solution.DerivedKey = "" }), noon, ErrUnsolved},
		"a longer life":               {change(t, good, func(p *payload) { p.Challenge.Parameters.ExpiresAt++ }), noon, ErrForeign},
		"an easier one":               {change(t, good, func(p *payload) { p.Challenge.Parameters.KeyPrefix = "" }), noon, ErrForeign},
		"another algorithm":           {change(t, good, func(p *payload) { p.Challenge.Parameters.Algorithm = "SHA-1" }), noon, ErrForeign},
		"no signature":                {change(t, good, func(p *payload) { p.Challenge.Signature = "" }), noon, ErrForeign},
		"half a signature":            {change(t, good, func(p *payload) { p.Challenge.Signature = p.Challenge.Signature[:32] }), noon, ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := i.Verify(c.at, c.answer); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	if _, err := New("another secret", 2).Verify(noon, good); !errors.Is(err, ErrForeign) {
		t.Errorf("another installation's challenge: %v", err)
	}
	if _, err := New("secret", 2).Verify(noon, good); err != nil {
		t.Errorf("the same after a restart: %v", err)
	}
}

// However an answer is written, it is one use of its challenge.
func TestDigestIsOfTheChallenge(t *testing.T) {
	i := New("secret", 1)
	c := i.Issue(noon)
	digest := func(answer string) string {
		t.Helper()
		p, err := i.Verify(noon, answer)
		if err != nil {
			t.Fatal(err)
		}
		return p.Digest
	}
	answer, err := Solve(c)
	if err != nil {
		t.Fatal(err)
	}
	again := change(t, answer, func(p *payload) { p.Solution.Time, p.Challenge.Signature = 7, strings.ToUpper(p.Challenge.Signature) })
	other, err := Solve(i.Issue(noon))
	if err != nil {
		t.Fatal(err)
	}
	if again == answer || digest(again) != digest(answer) || digest(other) == digest(answer) {
		t.Error("the digest is not that of the challenge")
	}
}

func TestSolveGivesUp(t *testing.T) {
	c := New("secret", 1).Issue(noon)
	c.Parameters.Nonce = random(nonceSize)
	if answer, err := Solve(c); err == nil {
		t.Errorf("solved what has no solution: %s", answer)
	}
}

func FuzzVerify(f *testing.F) {
	i := New("secret", 1)
	good, err := Solve(i.Issue(noon))
	if err != nil {
		f.Fatal(err)
	}
	raw, _ := base64.StdEncoding.DecodeString(good)
	for _, seed := range []string{string(raw), byTheWidget, `{"challenge":{"parameters":{"cost":-1,"nonce":"zz"}}}`, "null", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := i.Verify(noon, base64.StdEncoding.EncodeToString([]byte(s))); err == nil && p.Digest == "" {
			t.Error("a proof without a digest")
		}
	})
}

func BenchmarkSolve(b *testing.B) {
	issuer := New("secret", Cost)
	for b.Loop() {
		if _, err := Solve(issuer.Issue(time.Now())); err != nil {
			b.Fatal(err)
		}
	}
}
