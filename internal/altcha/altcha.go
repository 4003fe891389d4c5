// Package altcha is the proof of work that the public form and the public API
// ask for, in the format of version 3 of ALTCHA's widget (npm: altcha, MIT):
// a signed challenge, and the number that solves it. It keeps nothing. It must
// not know what the proof is for; that a solution counts once is its caller's
// to see to, by Proof.Digest.
//
// A challenge hides a number below Tries. A solver derives a key from each
// number in turn until one begins as the challenge says. That takes Cost digests
// a try, so at most Tries × Cost, half of it on average; checking takes Cost.
package altcha

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"time"
)

const (
	// Cost is how many digests one try takes: with Tries, half a second on a
	// phone (docs/decisions.md has the figures).
	Cost = 4
	// Tries bounds the number that a challenge hides.
	Tries = 1 << 14
	// Lifetime is how long a challenge can be answered.
	Lifetime = time.Hour
	// MaxPayload bounds an answer in bytes; the widget's have about 700.
	MaxPayload = 2048
)

const (
	algorithm = "SHA-256"
	keyLength = sha256.Size
	nonceSize = 16
	// prefixSize is how much of the hidden key is shown: enough that no other
	// number fits.
	prefixSize = 16
)

// Challenge is what a solver is given. Its JSON is what the widget reads.
type Challenge struct {
	Parameters Parameters `json:"parameters"`
	Signature  string     `json:"signature" doc:"HMAC-SHA256 over the parameters, in hex"`
}

// Parameters say what is to be solved. They are signed as JSON with its keys in
// alphabetical order, which is the order of the fields here.
type Parameters struct {
	Algorithm string `json:"algorithm" example:"SHA-256"`
	Cost      int    `json:"cost" doc:"Digests for one try, each over the one before"`
	ExpiresAt int64  `json:"expiresAt" doc:"Unix time in seconds"`
	KeyLength int    `json:"keyLength"`
	KeyPrefix string `json:"keyPrefix" doc:"How the key that is looked for begins, in hex"`
	Nonce     string `json:"nonce" doc:"In hex; with the number, as four bytes big-endian, behind it"`
	Salt      string `json:"salt" doc:"In hex; before the nonce"`
}

// Solution is the number that was found, and the key that it gives.
type Solution struct {
	Counter    uint32  `json:"counter"`
	DerivedKey string  `json:"derivedKey"`
	Time       float64 `json:"time,omitempty"` // milliseconds that it took
}

// payload is what a solver sends, as JSON in base64.
type payload struct {
	Challenge Challenge `json:"challenge"`
	Solution  Solution  `json:"solution"`
}

// Proof is a solution that holds.
type Proof struct {
	Digest  string // hex; the same for every solution of one challenge
	Expires time.Time
}

// What can be wrong with an answer.
var (
	ErrMalformed = errors.New("the proof of work cannot be read")
	ErrForeign   = errors.New("the proof of work is for no challenge of ours")
	ErrExpired   = errors.New("the proof of work has expired")
	ErrUnsolved  = errors.New("the proof of work does not solve its challenge")
)

// Issuer gives challenges and checks answers. Those with the same secret take
// each other's. Safe for concurrent use.
type Issuer struct {
	key  []byte
	cost int
}

// New makes an issuer of challenges that cost so much a try. The secret may be
// used for other things too.
func New(secret string, cost int) *Issuer {
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "altcha challenge")
	return &Issuer{key: mac.Sum(nil), cost: cost}
}

// Issue makes a challenge that can be answered until Lifetime from now.
func (i *Issuer) Issue(now time.Time) Challenge {
	n, _ := rand.Int(rand.Reader, big.NewInt(Tries)) // never fails
	p := Parameters{Algorithm: algorithm, Cost: i.cost, ExpiresAt: now.Add(Lifetime).Unix(), KeyLength: keyLength,
		Nonce: random(nonceSize), Salt: random(nonceSize)}
	d, _ := newDeriver(p)
	key := d.key(uint32(n.Int64()))
	p.KeyPrefix = hex.EncodeToString(key[:prefixSize])
	return Challenge{Parameters: p, Signature: hex.EncodeToString(i.sign(p))}
}

// Verify checks an answer. The error is one of those above.
func (i *Issuer) Verify(now time.Time, answer string) (Proof, error) {
	p, err := parse(answer)
	if err != nil {
		return Proof{}, err
	}
	c := p.Challenge.Parameters
	signature, err := hex.DecodeString(p.Challenge.Signature)
	if err != nil || !hmac.Equal(signature, i.sign(c)) || c.Algorithm != algorithm || c.Cost < i.cost {
		return Proof{}, ErrForeign
	}
	expires := time.Unix(c.ExpiresAt, 0)
	if !now.Before(expires) {
		return Proof{}, ErrExpired
	}
	d, err := newDeriver(c)
	if err != nil {
		return Proof{}, ErrForeign
	}
	key, found := d.key(p.Solution.Counter), p.Solution.DerivedKey
	if !d.fits(key) || !hmac.Equal([]byte(hex.EncodeToString(key[:])), []byte(found)) {
		return Proof{}, ErrUnsolved
	}
	sum := sha256.Sum256(signature)
	return Proof{Digest: hex.EncodeToString(sum[:]), Expires: expires}, nil
}

func (i *Issuer) sign(p Parameters) []byte {
	mac := hmac.New(sha256.New, i.key)
	b, _ := json.Marshal(p) // cannot fail
	mac.Write(b)
	return mac.Sum(nil)
}

// Solve finds the number and returns the answer to send.
func Solve(c Challenge) (string, error) {
	d, err := newDeriver(c.Parameters)
	if err != nil || c.Parameters.Algorithm != algorithm {
		return "", errors.New("this is no challenge that can be solved here")
	}
	for n := range uint32(Tries) {
		if key := d.key(n); d.fits(key) {
			b, err := json.Marshal(payload{c, Solution{Counter: n, DerivedKey: hex.EncodeToString(key[:])}})
			return base64.StdEncoding.EncodeToString(b), err
		}
	}
	return "", errors.New("no number solves this challenge")
}

func parse(answer string) (payload, error) {
	var p payload
	if len(answer) > MaxPayload {
		return p, ErrMalformed
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(answer)
	if err != nil {
		return p, ErrMalformed
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if dec.Decode(&p) != nil {
		return p, ErrMalformed
	}
	if _, err := dec.Token(); err != io.EOF {
		return p, ErrMalformed
	}
	return p, nil
}

// deriver derives the key of each number of one challenge.
type deriver struct {
	password []byte // salt, nonce, and room for the number
	prefix   []byte
	cost     int
}

func newDeriver(p Parameters) (*deriver, error) {
	salt, err1 := hex.DecodeString(p.Salt)
	nonce, err2 := hex.DecodeString(p.Nonce)
	prefix, err3 := hex.DecodeString(p.KeyPrefix)
	return &deriver{password: append(append(salt, nonce...), 0, 0, 0, 0), prefix: prefix, cost: p.Cost}, errors.Join(err1, err2, err3)
}

func (d *deriver) key(n uint32) [keyLength]byte {
	binary.BigEndian.PutUint32(d.password[len(d.password)-4:], n)
	key := sha256.Sum256(d.password)
	for range d.cost - 1 {
		key = sha256.Sum256(key[:])
	}
	return key
}

func (d *deriver) fits(key [keyLength]byte) bool { return bytes.HasPrefix(key[:], d.prefix) }

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
