// Package desk is what an abuse desk does: Accept, File, Enrich, Assess,
// Decide, Enforce and Tell. Each use case checks the permission, calls pure
// functions of the domain for the decision, and one method of a port for the
// effect. It must not know gorm, HTTP, IMAP or the queue.
package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
	"github.com/abusedesk/abusedesk/numbers"
)

// Config is what a Desk works with.
type Config struct {
	Store Store
	Vault Vault
	// Mailer is nil where no mail server is configured: then nothing is sent,
	// and each sending says so.
	Mailer Mailer
	// Caller sends webhooks. Nil only where none is sent: in commands beside the service.
	Caller  Caller
	Scanner Scanner // nil: attachments are not scanned
	Fetcher Fetcher // nil: what a chat keeps is not fetched
	// Materials fetches certificates of callers' signers; nil: only what is archived
	// is used. Roots reads the trust list as it is now; nil: there is none.
	Materials MaterialFetcher
	Roots     func() ([]byte, error)
	// Chats answer in the conversations of chat products, by product; in those of
	// the others nothing is said.
	Chats map[string]Chat
	// ChatSilence is how long a conversation is silent before the desk says
	// something in it; 0: cases.ChatSilence.
	ChatSilence time.Duration
	Rates       *numbers.RateDeck // nil: no destination is known to be dear
	// Emergency is who may always be called.
	Emergency *numbers.Emergency
	// Salt makes digests of addresses useless outside this installation.
	Salt []byte
	// AuthServers are the names by which our own mail servers state what DKIM,
	// SPF and DMARC gave; none: intake says who is believed.
	AuthServers []string
	// Office is by whose hours and holidays the clock of a traceback answer goes.
	Office cases.Office
	// Requesters are the addresses from which traceback requests are expected; none:
	// each requester is verified by hand.
	Requesters cases.Requesters
	// CallSources are the switches that are to send call records; one that has not
	// said how far its records are complete makes "not seen" impossible.
	CallSources []string
	// Region is how bare numbers are read where the door knows nothing better, alpha-2.
	Region string
	// MailDomain is the right-hand side of the message ids that we make.
	MailDomain string
	// AlertMail and TextMail are the colleagues who are written to when an urgent
	// case, or text messages, are reported; none: nobody is.
	AlertMail []string
	TextMail  []string
	// AskReferrals says that no case is referred to another carrier before a person
	// has looked.
	AskReferrals bool
	// Hint tells the replicas that a restriction changed, so that they need not
	// wait for their next look. It must not block; a lost one costs 200 ms.
	Hint func()
	Now  func() time.Time
	Log  *slog.Logger
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// read is intake.Read, which never panics as far as is known.
	read func(channel cases.Channel, contentType string, src intake.Source, c intake.Context) (cases.Parsed, error)
	// accepts and files gather what comes by the doors that file at once.
	accepts *gather[cases.Acceptance, cases.Receipt]
	files   *gather[cases.Filing, cases.Filed]
	decks   deckCache
	// identity is what was parsed of the archive.
	identity parsed
}

// Bounds of what is gathered. One transaction at a time makes the largest
// batches (measured); others begin when it takes ten times as long as it should.
const (
	gatherMax      = 32
	gatherLanes    = 4
	gatherPatience = 100 * time.Millisecond
)

// New checks nothing that cmd has not checked.
func New(c Config) *Desk {
	if c.Region == "" {
		c.Region = "US"
	}
	if c.Hint == nil {
		c.Hint = func() {}
	}
	if c.ChatSilence == 0 {
		c.ChatSilence = cases.ChatSilence
	}
	if c.MailDomain == "" {
		c.MailDomain = "abusedesk.invalid"
	}
	d := &Desk{Config: c, read: intake.Read}
	d.accepts = &gather[cases.Acceptance, cases.Receipt]{do: d.commit, max: gatherMax, lanes: gatherLanes, patience: gatherPatience}
	d.files = &gather[cases.Filing, cases.Filed]{do: d.file, max: gatherMax, lanes: gatherLanes, patience: gatherPatience}
	return d
}

// now is the time as the database keeps it.
func (d *Desk) now() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// digest names an address in logs and limits without revealing it.
func (d *Desk) digest(address string) string {
	m := hmac.New(sha256.New, d.Salt)
	m.Write([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// newToken is 128 random bits: enough that a status link cannot be guessed.
func newToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}

// caseID finds the case that a reference names, for an actor who may read it.
func (d *Desk) caseID(a cases.Actor, ref string) (int64, error) {
	if err := cases.Permit(a, cases.CmdReadCases); err != nil {
		return 0, err
	}
	return cases.ParseCaseRef(ref)
}

// checkCaseRef refuses a reference whose year is not the case's: AB-2025-000017
// is not AB-2026-000017.
func checkCaseRef(c cases.Case, ref string) error {
	if !strings.EqualFold(c.Ref, strings.TrimSpace(ref)) {
		return cases.NotFound("case " + ref)
	}
	return nil
}

// findCase loads by reference.
func (d *Desk) findCase(ctx context.Context, a cases.Actor, ref string) (cases.Case, error) {
	id, err := d.caseID(a, ref)
	if err != nil {
		return cases.Case{}, err
	}
	c, err := d.Store.Case(ctx, id)
	if err != nil {
		return cases.Case{}, err
	}
	return c, checkCaseRef(c, ref)
}
