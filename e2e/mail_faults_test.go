package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// mailFaults says how hard the fault run of the mail path is.
type mailFaults struct {
	mails int // that differ; some are delivered twice
	large int // of those, with 5 MB
	// How often each thing goes wrong while they come.
	kills, cuts, drops, renumbers, others, flushes, full int
	lost                                                 int // acknowledgements that the mail server takes without a word, at most
	pause                                                time.Duration
}

// watchdog is the promise about a connection on which nothing comes any more.
const watchdog = 2 * time.Minute

// While mails come into two mailboxes, connections to them break in the middle
// of a mail or fall silent, the mailboxes are numbered anew, another mail
// program purges and moves what was received, the process is killed, Redis is
// emptied, the disk is full, and the mail server that answers go out through
// says to come again or nothing at all. In the end each mail is one report in
// one case, nobody was answered twice, and what nobody knows is shown.
func TestMailFaults(t *testing.T) {
	hard := mailFaults{mails: 1000, large: 6, kills: 5, cuts: 6, drops: 3, renumbers: 3, others: 4, flushes: 3, full: 1, lost: 12, pause: 500 * time.Millisecond}
	if testenv.Soak() {
		hard = mailFaults{mails: 20_000, large: 40, kills: 40, cuts: 80, drops: 30, renumbers: 8, others: 40, flushes: 15, full: 4, lost: 40, pause: 2 * time.Second}
	}
	t.Parallel() // with what else mostly waits
	each(t, func(t *testing.T, s setup) {
		t.Parallel()
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		newMailRun(t, s, hard, seed).run()
	})
}

// The mailboxes: what is received stays in one, and leaves the other.
const (
	staysIn = "abuse"
	leaves  = "fraud"
)

// mailRun is one run.
type mailRun struct {
	*desk
	t       *testing.T
	hard    mailFaults
	seed    uint64
	rand    *rand.Rand
	setup   setup
	data    *smallDisk // nil: it cannot be made here
	proxies map[string]*imapProxy
	analyst simulate.API
	ledger  *simulate.Ledger
	path    string
	letters []*letter
	queue   []posting // in this order
	spare   []*letter // large ones, for when the disk is full

	received map[string]bool // digests that the desk said it has
	gone     int             // mails that the other program took away, at most so many vanish under the reader
	purged   int
}

func newMailRun(t *testing.T, s setup, hard mailFaults, seed uint64) *mailRun {
	t.Helper()
	r := &mailRun{desk: newDesk(t, s), t: t, hard: hard, seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), setup: s, proxies: map[string]*imapProxy{}, received: map[string]bool{}}
	if _, err := r.mailbox.AddUser(leaves); err != nil {
		t.Fatal(err)
	}
	var urls []string
	for i, box := range []struct{ user, after string }{{staysIn, "seen"}, {leaves, "move:Filed"}} {
		p := newIMAPProxy(t, r.mailbox.Addr, seed+uint64(i))
		r.proxies[box.user] = p
		urls = append(urls, strings.Replace(r.mailbox.URL(box.user), r.mailbox.Addr, p.listener.Addr().String(), 1)+"?after="+box.after)
	}
	r.env["IMAP_URLS"] = strings.Join(urls, " ")
	if r.data = newSmallDisk(t, s.env["DATA_DIR"]); r.data == nil {
		t.Log("this user may mount nothing: the disk is never full")
	}
	moods := rand.New(rand.NewPCG(seed, 5))
	lost := 0
	r.sink.mood = func() mood {
		switch n := moods.IntN(100); {
		case n < 6:
			return later
		case n < 12:
			return toolate
		case n < 15 && lost < hard.lost:
			lost++
			return loses
		}
		return takes
	}
	r.ledger, r.path = newLedger(t)
	r.write()
	return r
}

func (r *mailRun) run() {
	t := r.t
	began := time.Now()
	r.start()
	r.analyst = r.staff("Ana", "analyst", "all")
	r.faults()
	broken := time.Since(began)
	r.silence()
	silenced := time.Since(began)
	r.post(len(r.queue))
	r.await()
	there := time.Since(began)
	r.doctor(r.path, 8*time.Minute)
	t.Logf("faults until %v, silence until %v, all received at %v, at rest at %v", broken.Round(time.Second), silenced.Round(time.Second), there.Round(time.Second), time.Since(began).Round(time.Second))

	r.checkReports()
	r.checkMailboxes()
	r.checkAnswers()
	r.desk.run("", "audit", "verify")
}

// letter is a mail that somebody wrote, and the forms in which it arrives.
type letter struct {
	key      string
	from     string // who may be answered; "" nobody
	postings []posting
}

type posting struct {
	letter *letter
	user   string
	raw    []byte
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// write writes the mails and the order in which they come.
func (r *mailRun) write() {
	spares := 0
	if r.data != nil {
		spares = r.hard.full
	}
	for n := range r.hard.mails {
		large := r.hard.large > 0 && n%(r.hard.mails/r.hard.large) == 0
		l := r.letter(n, large)
		r.letters = append(r.letters, l)
		if large && len(r.spare) < spares {
			r.spare = append(r.spare, l)
			continue
		}
		r.queue = append(r.queue, l.postings...)
	}
	r.rand.Shuffle(len(r.queue), func(i, j int) { r.queue[i], r.queue[j] = r.queue[j], r.queue[i] })
}

// letter writes mail n, of which no two are the same.
func (r *mailRun) letter(n int, large bool) *letter {
	id := fmt.Sprintf("<%x.%d@mail.example.com>", r.seed, n)
	from := fmt.Sprintf("m%d.%x@example.net", n, r.seed)
	l := &letter{key: id, from: from}
	header := []string{"To: <abuse@carrier.example>", "Subject: Calls from you", "Date: " + time.Now().Format(time.RFC1123Z)}
	body := fmt.Sprintf("I was called by 202-555-%04d on my phone %d times. Complaint number %d.\r\n", n%300, 1+n%4, n)
	user := []string{staysIn, leaves}[r.rand.IntN(2)]
	kind := n % 20
	if large {
		kind = -1
	}
	switch kind {
	case -1:
		blob := make([]byte, 3_700_000)
		for i := range blob {
			blob[i] = byte(r.rand.Uint32())
		}
		encoded := base64.StdEncoding.EncodeToString(blob)
		var b strings.Builder
		for ; len(encoded) > 76; encoded = encoded[76:] {
			b.WriteString(encoded[:76] + "\r\n")
		}
		header = append(header, "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="b"`)
		body = "--b\r\nContent-Type: text/plain\r\n\r\n" + body + "\r\n--b\r\nContent-Type: audio/wav; name=call.wav\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b.String() + encoded + "\r\n--b--\r\n"
		user = leaves
	case 2: // an id that its program gives to all its mails
		id, l.key = fmt.Sprintf("<same.%d@mail.example.com>", n%200), fmt.Sprintf("repeated id %d", n)
	case 3:
		id, l.key = "", fmt.Sprintf("without id %d", n)
	case 4:
		header, l.from = append(header, "Auto-Submitted: auto-replied"), ""
	case 5:
		header, l.from = append([]string{"Return-Path: <>"}, header...), ""
	case 6, 7:
		if header, body = broken(n/20+kind, header, body); !strings.Contains(header[0], ": ") { // a mail that is all body
			l.key, l.from = fmt.Sprintf("without header %d", n), ""
		}
	case 8, 9: // somebody who writes often
		from = fmt.Sprintf("often%d.%x@example.net", n%100, r.seed)
		l.from = from
	case 10:
		header, l.from = append(header, "List-Id: <all.example.com>", "Precedence: list"), ""
	}
	header = append(header, "From: Somebody <"+from+">")
	if id != "" {
		header = append(header, "Message-ID: "+id)
	}
	raw := []byte(strings.Join(header, "\r\n") + "\r\n\r\n" + body)
	l.postings = []posting{{l, user, raw}}
	switch kind {
	case 0: // twice, the same bytes
		l.postings = append(l.postings, posting{l, user, raw})
	case 1: // through two aliases, by different ways
		for i, u := range []string{staysIn, leaves} {
			trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: alias%d@carrier.example\r\nReceived: from mx%d.example.com by mx.carrier.example; %s\r\n", from, i, i, time.Now().Format(time.RFC1123Z))
			p := posting{l, u, append([]byte(trace), raw...)}
			if i < len(l.postings) {
				l.postings[i] = p
			} else {
				l.postings = append(l.postings, p)
			}
		}
	}
	return l
}

// broken spoils a mail in one of several ways. Lines stay CRLF and without NUL,
// which the mail server would change.
func broken(n int, header []string, body string) ([]string, string) {
	switch n % 7 {
	case 0:
		return append(header, "MIME-Version: 1.0", `Content-Type: multipart/mixed; boundary="never"`), body
	case 1:
		return append(header, "MIME-Version: 1.0", "Content-Type: text/plain; charset=x-no-such", "Content-Transfer-Encoding: 8bit"), body + "\xff\xfe\x80\r\n"
	case 2:
		return append(header, "Content-Transfer-Encoding: base64"), "====not base64 at all" + body
	case 3:
		return append([]string{"this line is no field", ": nor this"}, header...), body
	case 4:
		return append(header, "MIME-Version: 1.0", `Content-Type: multipart/alternative; boundary="x`), "--x\r\n" + body + "\r\n--x"
	case 5:
		return append(header, "Content-Type: message/rfc822"), "Subject: =?utf-8?q?=ZZ?=\r\n\r\n" + body
	}
	return append(header, "Subject: "+strings.Repeat("=?iso-2022-jp?b?", 50)), strings.TrimSuffix(body, "\r\n")
}

// post delivers the next n mails.
func (r *mailRun) post(n int) {
	n = min(n, len(r.queue))
	for _, p := range r.queue[:n] {
		r.deliver(p)
	}
	r.queue = r.queue[n:]
}

func (r *mailRun) deliver(p posting) {
	r.t.Helper()
	e := simulate.Entry{Door: simulate.DoorMail, Key: p.letter.key, SHA256: digest(p.raw), Status: simulate.StatusAcknowledged, At: time.Now()}
	if err := r.mailbox.Deliver(p.user, p.raw); err != nil {
		r.t.Fatal(err)
	}
	if err := r.ledger.Append(e); err != nil {
		r.t.Fatal(err)
	}
}

// faults delivers most of the mails while things go wrong, in an order that
// follows from the seed.
func (r *mailRun) faults() {
	type fault struct {
		name  string
		cause func()
	}
	var plan []fault
	add := func(n int, name string, cause func()) {
		for range n {
			plan = append(plan, fault{name, cause})
		}
	}
	add(r.hard.kills, "kill", r.kill)
	add(r.hard.cuts, "cut", func() {
		r.proxies[r.either()].arm(func(p *imapProxy) { p.cut += 1 + r.rand.IntN(2) })
	})
	add(r.hard.drops, "drop", func() { r.proxies[r.either()].drop() })
	add(r.hard.renumbers, "renumber", func() {
		if err := r.mailbox.Renumber(r.either()); err != nil && !os.IsNotExist(err) {
			r.t.Fatal(err)
		}
	})
	add(r.hard.others, "other program", r.otherProgram)
	if r.setup.redis != nil {
		add(r.hard.flushes, "flush", func() {
			if err := r.setup.redis.Flush(); err != nil {
				r.t.Fatal(err)
			}
		})
	}
	if r.data != nil {
		add(r.hard.full, "disk full", r.diskFull)
	}
	r.rand.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
	// What a kill interrupts is taken up after a minute, when its lease ends: the
	// kills come early enough that the end need not wait for it alone.
	early := len(plan) * 2 / 3
	kills := func(f fault) bool { return f.name == "kill" || f.name == "disk full" }
	for i := early; i < len(plan); i++ {
		for kills(plan[i]) {
			if j := r.rand.IntN(early); !kills(plan[j]) {
				plan[i], plan[j] = plan[j], plan[i]
			}
		}
	}
	each := len(r.queue) * 85 / 100 / len(plan)
	began := time.Now()
	var course []string
	defer func() { r.t.Logf("what went wrong when: %s", strings.Join(course, ", ")) }()
	for _, f := range plan {
		r.post(each)
		wait := time.NewTimer(time.Duration(r.rand.Int64N(int64(r.hard.pause))))
		select {
		case <-wait.C:
		case <-r.process.Done():
			r.t.Fatalf("the program ended by itself:\n%.2000s", r.process.Output())
		}
		wait.Stop()
		course = append(course, fmt.Sprintf("%s %.1fs", f.name, time.Since(began).Seconds()))
		f.cause()
	}
	r.ready()
	// It takes only what the desk has received, which may have been nothing each
	// time that it came.
	testenv.Eventually(r.t, 2*time.Minute, func() bool {
		if r.gone == 0 {
			r.otherProgram()
		}
		return r.gone > 0
	}, "the other program to find something that it may take away")
}

func (r *mailRun) either() string { return []string{staysIn, leaves}[r.rand.IntN(2)] }

func (r *mailRun) kill() {
	r.process.Kill()
	r.launch() // not waiting until it is ready: it may be killed before
}

// has says whether the desk has a report of those bytes.
func (r *mailRun) has(sha string) bool {
	if r.received[sha] {
		return true
	}
	found, err := apiFinder{r.desk, r.analyst}.ReportsOf(r.t.Context(), simulate.Entry{SHA256: sha})
	if err == nil && len(found) > 0 {
		r.received[sha] = true
	}
	return r.received[sha]
}

// otherProgram is what somebody else does in a mailbox. What was received is
// purged or moved, anything is marked seen.
func (r *mailRun) otherProgram() {
	r.ready() // it is asked what it has
	user := r.either()
	u, err := url.Parse(r.mailbox.URL(user))
	if err != nil {
		r.t.Fatal(err)
	}
	password, _ := u.User.Password()
	c, err := imapclient.DialInsecure(r.mailbox.Addr, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	must := func(err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatalf("the other mail program: %v", err)
		}
	}
	must(c.Login(user, password).Wait())
	for _, folder := range []string{"INBOX", "Filed"} {
		_, err := c.Select(folder, nil).Wait()
		must(err)
		all, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
		must(err)
		uids := all.AllUIDs()
		r.rand.Shuffle(len(uids), func(i, j int) { uids[i], uids[j] = uids[j], uids[i] })
		took := 0
		for _, uid := range uids[:min(len(uids), 20)] {
			if took == 4 {
				break
			}
			set := imap.UIDSetNum(uid)
			body := &imap.FetchItemBodySection{Peek: true}
			mails, err := c.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
			if no, ok := errors.AsType[*imap.Error](err); ok && no.Code == "EXPUNGEISSUED" || err == nil && len(mails) != 1 {
				continue // the desk has moved it meanwhile
			}
			must(err)
			choice := r.rand.IntN(3)
			if !r.has(digest(mails[0].FindBodySection(body))) {
				choice = 0
			}
			flag := func(f imap.Flag) {
				must(c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}, nil).Close())
			}
			switch choice {
			case 0:
				flag(imap.FlagSeen)
				continue
			case 1:
				flag(imap.FlagDeleted)
				must(c.UIDExpunge(set).Close())
				r.purged++
			default:
				to := "Elsewhere"
				if folder == "Filed" {
					to = "INBOX" // it comes in once more
				}
				c.Create(to, nil).Wait() // it may be there
				_, err := c.Move(set, to).Wait()
				must(err)
			}
			took++
			if folder == "INBOX" {
				r.gone++
			}
		}
	}
}

// diskFull lets a large mail come while there is no room for it. It must not be
// taken for received, and must come when there is room again.
func (r *mailRun) diskFull() {
	l := r.spare[0]
	r.spare = r.spare[1:]
	r.ready()
	r.data.fill(r.t)
	seen := len(r.process.Output())
	r.deliver(l.postings[0])
	r.post(10)
	complaint := regexp.MustCompile(`no space left|disk is full`)
	testenv.Eventually(r.t, 30*time.Second, func() bool {
		select {
		case <-r.process.Done():
			r.t.Fatalf("the program ended because the disk is full:\n%.3000s", r.process.Output()[seen:])
		default:
		}
		return complaint.MatchString(r.process.Output()[seen:])
	}, "the program to find the disk full")
	// Once more, now that it has noticed.
	r.proxies[leaves].drop()
	testenv.Eventually(r.t, 30*time.Second, func() bool {
		return len(complaint.FindAllString(r.process.Output()[seen:], -1)) > 1
	}, "the program to find the disk full again")
	for _, folder := range []string{"INBOX", "Filed"} {
		mails, err := r.mailbox.Messages(leaves, folder)
		if err != nil {
			r.t.Fatal(err)
		}
		there := slices.ContainsFunc(mails, func(m []byte) bool { return bytes.Equal(m, l.postings[0].raw) })
		if there != (folder == "INBOX") {
			r.t.Errorf("a mail for which there is no room: in %s %v", folder, there)
		}
	}
	killed := r.rand.IntN(2) == 0
	if killed {
		r.process.Kill() // with whatever it holds in memory
	}
	r.data.free(r.t)
	if killed {
		r.launch()
	}
}

// silence lets connections go silent, with nobody but the service itself to
// notice, and mails on their way.
func (r *mailRun) silence() {
	began := time.Now()
	stays, leaves := r.proxies[staysIn], r.proxies[leaves]
	want := map[*imapProxy]map[bool]int{stays: {true: len(stays.replaced(true)) + 1, false: len(stays.replaced(false)) + 1}, leaves: {true: len(leaves.replaced(true)) + 1}}
	leaves.arm(func(p *imapProxy) { p.cut++ })
	r.post(len(r.queue) / 4)
	testenv.Eventually(r.t, watchdog, func() bool {
		leaves.mu.Lock()
		defer leaves.mu.Unlock()
		return leaves.halves > 0
	}, "a mail to be cut")
	leaves.arm(func(p *imapProxy) { p.cut, p.holes = 0, 1 }) // in the middle of a mail
	stays.arm(func(p *imapProxy) { p.cut, p.stuck = 0, 1 })  // between a command and its answer
	r.post(len(r.queue) / 2)
	testenv.Eventually(r.t, watchdog, func() bool {
		leaves.mu.Lock()
		defer leaves.mu.Unlock()
		return leaves.holes == 0
	}, "a mail to be on its way")
	testenv.Eventually(r.t, patience(), func() bool { // marking waits its turn behind all that came before
		stays.mu.Lock()
		defer stays.mu.Unlock()
		return stays.stuck == 0
	}, "a mail to be marked")
	stays.arm(func(p *imapProxy) { p.deaf = 1 }) // and before the greeting
	stays.dropReaders()
	r.replaced(want)
	if testenv.Soak() { // while nothing was asked: it takes a poll longer
		r.await()
		for p, n := range want {
			n[true] = len(p.replaced(true)) + 1
			delete(n, false)
			p.hush()
		}
		r.post(len(r.queue) / 2)
		r.replaced(want)
	}
	r.t.Logf("after %v: connections of the reader replaced after %v, of the actor after %v", time.Since(began).Round(time.Second),
		append(stays.replaced(true), leaves.replaced(true)...), append(stays.replaced(false), leaves.replaced(false)...))
}

func (r *mailRun) replaced(want map[*imapProxy]map[bool]int) {
	r.t.Helper()
	testenv.Eventually(r.t, watchdog, func() bool {
		for p, n := range want {
			for reads, n := range n {
				if len(p.replaced(reads)) < n {
					return false
				}
			}
		}
		return true
	}, "silent connections to be replaced")
	for p := range want {
		for _, took := range p.replaced(true) {
			if took > watchdog {
				r.t.Errorf("a silent connection was replaced after %v", took)
			}
		}
	}
}

// patience is how long the desk may take for what is before it.
func patience() time.Duration {
	if testenv.Soak() {
		return 20 * time.Minute
	}
	return 2 * time.Minute
}

// await waits until the desk has every mail that was delivered.
func (r *mailRun) await() {
	r.t.Helper()
	queued := map[*letter]bool{}
	for _, p := range r.queue {
		queued[p.letter] = true
	}
	missing := slices.DeleteFunc(slices.Clone(r.letters), func(l *letter) bool { return queued[l] })
	defer func() {
		if r.t.Failed() && len(missing) > 0 {
			r.t.Logf("%d are missing, the first is %s:\n%.500s", len(missing), missing[0].key, missing[0].postings[0].raw)
		}
	}()
	testenv.Eventually(r.t, patience(), func() bool {
		for len(missing) > 0 {
			l := missing[0]
			if !slices.ContainsFunc(l.postings, func(p posting) bool { return r.has(digest(p.raw)) }) {
				return false
			}
			missing = missing[1:]
		}
		return true
	}, "all mails to be reports")
}

// checkReports counts the reports: the ledger has said that each mail is there,
// and this says that nothing else is.
func (r *mailRun) checkReports() {
	n, cursor := 0, ""
	for {
		var page struct {
			Items []struct {
				ID int64 `json:"id"`
			} `json:"items"`
			Next string `json:"next_cursor"`
		}
		if err := r.analyst.Do(r.t.Context(), http.MethodGet, "/api/v1/reports?"+url.Values{"limit": {"100"}, "cursor": {cursor}}.Encode(), nil, &page); err != nil {
			r.t.Fatal(err)
		}
		n += len(page.Items)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if n != len(r.letters) {
		r.t.Errorf("%d mails became %d reports", len(r.letters), n)
	}
	// A mail that the other program took away after it was numbered anew and
	// before it was fetched again is shown as such. There is nothing else.
	var quarantined int
	state := r.desk.run("", "doctor")
	if m := regexp.MustCompile(`quarantined messages: (\d+)`).FindStringSubmatch(state); m == nil {
		r.t.Errorf("doctor says nothing of quarantined messages:\n%s", state)
	} else if fmt.Sscan(m[1], &quarantined); quarantined > r.gone {
		r.t.Errorf("%d messages are quarantined, and %d mails were taken away", quarantined, r.gone)
	}
	halves, swallowed := 0, 0
	for _, p := range r.proxies {
		p.mu.Lock()
		halves, swallowed = halves+p.halves, swallowed+p.swallowed
		p.mu.Unlock()
	}
	r.t.Logf("%d reports; %d mails cut, %d connections fell silent, %d mails purged by another program and %d taken from an inbox, %d shown as gone", n, halves, swallowed, r.purged, r.gone, quarantined)
	if r.gone == 0 {
		r.t.Error("the other program took nothing away")
	}
}

// checkMailboxes looks at what was done to the mails afterwards.
func (r *mailRun) checkMailboxes() {
	left, err := r.mailbox.Messages(leaves, "INBOX")
	if err != nil || len(left) > 0 {
		r.t.Errorf("%d mails were not moved, %v", len(left), err)
	}
	u, err := url.Parse(r.mailbox.URL(staysIn))
	if err != nil {
		r.t.Fatal(err)
	}
	password, _ := u.User.Password()
	c, err := imapclient.DialInsecure(r.mailbox.Addr, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(staysIn, password).Wait(); err != nil {
		r.t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		r.t.Fatal(err)
	}
	unseen, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(unseen.AllUIDs()) > 0 {
		r.t.Errorf("%d mails were not marked seen, %v", len(unseen.AllUIDs()), err)
	}
}

// checkAnswers: nobody was answered twice, and what nobody knows is shown.
func (r *mailRun) checkAnswers() {
	to := r.sink.perRecipient()
	for address, n := range to {
		if n > 1 {
			r.t.Errorf("%s was sent %d acknowledgements", address, n)
		}
	}
	for id, n := range r.sink.perMessageID() {
		if n > 1 || id == "" {
			r.t.Errorf("the letter %q was taken %d times", id, n)
		}
	}
	_, _, page := r.signIn("Ana").get("/desk/sendings?view=unknown")
	unknown := len(regexp.MustCompile(`Look for Message-ID`).FindAllString(page, -1))
	r.sink.mu.Lock()
	lost, refused := r.sink.lost, r.sink.refused
	r.sink.mu.Unlock()
	for id := range lost {
		if !strings.Contains(page, id) {
			r.t.Errorf("nobody knows whether %s arrived, and it is not shown", id)
		}
	}
	answerable, unanswered := map[string]bool{}, 0
	for _, l := range r.letters {
		if l.from != "" {
			answerable[strings.ToLower(l.from)] = true
		}
	}
	for address := range answerable {
		if to[address] == 0 {
			unanswered++
		}
	}
	for address := range to {
		if !answerable[address] {
			r.t.Errorf("%s was answered and should not be", address)
		}
	}
	if unanswered > unknown {
		r.t.Errorf("%d people were not answered, and only %d sendings are of unknown outcome", unanswered, unknown)
	}
	r.t.Logf("%d people answered; told to come again %d times; %d answers lost; %d sendings of unknown outcome, %d people without an answer", len(to), refused, len(lost), unknown, unanswered)
	if refused == 0 || len(lost) == 0 {
		r.t.Errorf("the mail server said %d times to come again, and nothing to %d letters", refused, len(lost))
	}
}

// smallDisk is a file system of its own that can be full.
type smallDisk struct{ dir string }

const diskSize = 4 << 30 // at most; it takes the memory of what is in it

// newSmallDisk mounts one on a folder until the test ends; nil where that is
// not allowed.
func newSmallDisk(t *testing.T, dir string) *smallDisk {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("testenv", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("mode=0700,size=%d", int64(diskSize))); err != nil {
		return nil
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &smallDisk{dir}
}

// fill leaves next to nothing free.
func (d *smallDisk) fill(t *testing.T) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, func() bool {
		var s syscall.Statfs_t
		if err := syscall.Statfs(d.dir, &s); err != nil {
			t.Fatal(err)
		}
		used := int64(s.Blocks-s.Bfree) * s.Bsize
		return d.resize(used+16<<10) == nil // more was written since, perhaps
	}, "the disk to be full")
}

func (d *smallDisk) free(t *testing.T) {
	t.Helper()
	if err := d.resize(diskSize); err != nil {
		t.Fatal(err)
	}
}

func (d *smallDisk) resize(size int64) error {
	return syscall.Mount("testenv", d.dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%d", size))
}
