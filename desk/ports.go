package desk

import (
	"context"
	"io"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Store is everything the desk keeps. Each method is one transaction. A method
// that takes an Attempt commits its effect and the job's completion together,
// and returns cases.ErrFenced, changing nothing, when the attempt was taken
// over; the zero Attempt is no job.
type Store interface {
	Inbox
	Filer
	Files
	Evidence
	CaseBook
	CampaignBook
	SignalBook
	ImportBook
	RestrictionBook
	Outbox
	WebhookBook
	Requests
	Carrier
	History
	Traffic
	Lists
	Customers
	Providers
	IdentityArchive
	Packs
}

// Inbox keeps deliveries.
type Inbox interface {
	// Accept commits messages, their filing jobs, mail receipts and the
	// mailbox's progress. A redelivery gets the first one's receipt. A mailbox
	// whose lease epoch has passed is refused with cases.ErrFenced.
	Accept(ctx context.Context, now time.Time, in []cases.Acceptance) ([]cases.Receipt, error)
	Message(ctx context.Context, id int64) (cases.Message, error)
	// Messages returns those that there are, in no particular order.
	Messages(ctx context.Context, ids []int64) ([]cases.Message, error)
	MessageByToken(ctx context.Context, token string) (cases.Message, error)
	// ConfirmMessage lets an unconfirmed message be filed, by whoever holds the
	// receipt's attempt. One that was confirmed before is a duplicate, one that was
	// dropped is cases.KindNotFound.
	ConfirmMessage(ctx context.Context, now time.Time, id int64) (cases.Receipt, error)
}

// Filer turns messages into reports of cases.
type Filer interface {
	// FileMessages files each once, all of them or none: a message that is filed
	// already returns what became of it. It links with cases.Decide, claims the
	// case keys, asks for enrichment and assessment, and records the
	// acknowledgement (suppressed when the sender had one within
	// cases.AcknowledgeEvery).
	FileMessages(ctx context.Context, now time.Time, fs []cases.Filing) ([]cases.Filed, error)
	// ReportByThread finds the report that a message id or thread belongs to.
	ReportByThread(ctx context.Context, keys []string) (int64, error)
}

// Files keeps what was attached.
type Files interface {
	// Unpacked is how many attachments of a message are kept already.
	Unpacked(ctx context.Context, messageID int64) (int, error)
	// AddFile keeps the attachment at a position of its message, once however
	// often it is called, fenced but without completing the attempt. One that a
	// scanner found infected makes the same file infected everywhere.
	AddFile(ctx context.Context, at cases.Attempt, now time.Time, messageID int64, position int, f cases.UnpackedFile) error
	// FinishJob completes an attempt.
	FinishJob(ctx context.Context, at cases.Attempt, now time.Time) error
	// Attachment returns one and where its bytes are.
	Attachment(ctx context.Context, id int64) (cases.AttachmentView, cases.Kept, error)
}

// Evidence finds what enrichment looks at and keeps what it found.
type Evidence interface {
	Report(ctx context.Context, id int64) (cases.ReportView, error)
	// OtherCalled returns the numbers at which the same reporter was called by his
	// other reports.
	OtherCalled(ctx context.Context, reportID int64, limit int) ([]string, error)
	ReportByToken(ctx context.Context, token string) (cases.ReportView, error)
	Reports(ctx context.Context, q cases.ReportQuery) (cases.Page[cases.ReportView], error)
	// RecheckReports asks anew for the enrichment of reports whose call could not
	// be judged for want of records that have since arrived.
	RecheckReports(ctx context.Context, now time.Time, limit int, elsewhere ...cases.Coverage) (int, error)
	// CorrectReport applies Case.CorrectReport to a report of the case, keeps the
	// correction, and makes the case's keys those of its reports.
	CorrectReport(ctx context.Context, now time.Time, a cases.Actor, caseID, reportID int64, x cases.Correcting) (cases.Case, error)
	Corrections(ctx context.Context, reportID int64) ([]cases.CorrectionRow, error)
	// Corrected hands over each report that somebody corrected, oldest first.
	Corrected(ctx context.Context, each func(cases.Corrected) error) error
	// HasFinding says whether a case has a finding about somebody that is younger
	// than since.
	HasFinding(ctx context.Context, caseID int64, kind cases.FindingKind, subject string, since time.Time) (bool, error)
	// AddFindings appends and asks for an assessment of the report's case.
	AddFindings(ctx context.Context, at cases.Attempt, now time.Time, reportID int64, fs []cases.Finding) error
}

// CaseBook keeps cases.
type CaseBook interface {
	// Case finds by id; a merged case is returned as it is.
	Case(ctx context.Context, id int64) (cases.Case, error)
	Cases(ctx context.Context, q cases.CaseQuery) (cases.Page[cases.Case], error)
	// CaseRefs returns the references of cases by id; unknown ids are left out.
	CaseRefs(ctx context.Context, ids []int64) (map[int64]string, error)
	Dossier(ctx context.Context, id int64) (cases.Dossier, error)
	// UpdateCase locks the case, applies change and commits it with its events
	// and jobs. version, when not 0, is what the caller saw: another one is a
	// conflict.
	UpdateCase(ctx context.Context, id, version int64, change func(*cases.Case) error) (cases.Case, error)
	// TellCase is UpdateCase for a change that also writes to reporters: it is
	// given those that left an address, once for each of their reports, newest
	// first, and the letters that it returns are recorded with the change.
	TellCase(ctx context.Context, now time.Time, id, version int64, change func(c *cases.Case, to []cases.Addressee) ([]cases.Sending, error)) (cases.Case, error)
	// DecideRequester locks a traceback case and the requests of its reports, and
	// commits what change makes of both. Acknowledgements that were held go out
	// once their requester is verified.
	DecideRequester(ctx context.Context, now time.Time, id, version int64, change func(*cases.Case, []cases.TracebackRequest) error) (cases.Case, error)
	// AssessCase gathers the facts and applies Case.Assess under the lock.
	AssessCase(ctx context.Context, at cases.Attempt, now time.Time, id int64) (cases.Case, error)
	// JudgeCase is AssessCase followed in the same transaction by judge, which may
	// decide on the case and write to its reporters.
	JudgeCase(ctx context.Context, at cases.Attempt, now time.Time, id int64, judge func(c *cases.Case, to func() ([]cases.Addressee, error)) ([]cases.Sending, error)) (cases.Case, error)
	// MergeCases moves links and keys of from into into; UnmergeCase moves back
	// those that a merge had moved.
	MergeCases(ctx context.Context, a cases.Actor, now time.Time, from, into int64, reason string) error
	UnmergeCase(ctx context.Context, a cases.Actor, now time.Time, from int64, reason string) error
	Events(ctx context.Context, q cases.EventQuery) (cases.Page[cases.Event], error)
	// Record adds one entry to the audit log, for reads that are logged.
	Record(ctx context.Context, e cases.Event) error
	// ReleaseKeys frees the keys of cases whose reopen window has passed.
	ReleaseKeys(ctx context.Context, now time.Time) (int, error)
}

// CampaignBook keeps which reports tell of the same script.
type CampaignBook interface {
	// PlaceScripts reads some wordings that wait and places each, one after the
	// other whoever calls it. It says whether others still wait; the attempt is
	// complete with the last of them, and with last set in any case: then another
	// job goes on.
	PlaceScripts(ctx context.Context, at cases.Attempt, now time.Time, reader cases.ScriptReader, last bool) (more bool, err error)
	// Campaigns lists those that several cases share, heard of last first.
	Campaigns(ctx context.Context, q cases.CampaignQuery) (cases.Page[cases.Campaign], error)
	// Campaign finds by the id that it has, or had before it was united with an
	// older one: CampaignView.Campaign.ID is the one that it has.
	Campaign(ctx context.Context, id int64) (cases.CampaignView, error)
}

// SignalBook keeps complaints of public data sets.
type SignalBook interface {
	// ImportSignals keeps what is about numbers that we host or carried and moves
	// the import of the file on by rows, which f was the place before.
	ImportSignals(ctx context.Context, a cases.Actor, now time.Time, f cases.ImportFile, in []cases.Signal, rows int, skipped map[string]int, done bool) (cases.ImportFile, error)
	// SignalStats says what there is about numbers.
	SignalStats(ctx context.Context, now time.Time, e164s []string) (map[string]cases.SignalStats, error)
}

// RestrictionBook keeps restrictions and their revision.
type RestrictionBook interface {
	Restriction(ctx context.Context, id int64) (cases.Restriction, error)
	Restrictions(ctx context.Context, q cases.RestrictionQuery) (cases.Page[cases.Restriction], error)
	// ProposeRestriction inserts r after Restriction.Propose; one that is
	// approved at once takes its revision and is applied in the same
	// transaction. It keeps the case's state in step.
	ProposeRestriction(ctx context.Context, a cases.Actor, now time.Time, r cases.Restriction) (cases.Restriction, error)
	// ChangeRestriction locks it, applies change (which is given the next
	// revision and whether to take it) and keeps the case in step.
	ChangeRestriction(ctx context.Context, a cases.Actor, now time.Time, id int64, change func(r *cases.Restriction, revision int64) error) (cases.Restriction, error)
	// ExpireRestrictions begins to lift what has run out.
	ExpireRestrictions(ctx context.Context, now time.Time) (int, error)
	// SettleRestrictions applies Restriction.Settle to what is applying or lifting.
	SettleRestrictions(ctx context.Context, now time.Time) (int, error)
	Revision(ctx context.Context) (int64, error)
	PolicyState(ctx context.Context) (cases.PolicyState, error)
	// Heartbeat records that the replica lives and which revision its snapshot
	// holds, then settles what that completes.
	Heartbeat(ctx context.Context, now time.Time, r cases.Replica) error
	Replicas(ctx context.Context) ([]cases.Replica, error)
}

// Outbox keeps what is said to the outside and the jobs.
type Outbox interface {
	Sending(ctx context.Context, id int64) (cases.Sending, error)
	Sendings(ctx context.Context, state cases.SendingState, cursor string, limit int) (cases.Page[cases.Sending], error)
	// BeginSending records the attempt, fenced but without completing the job:
	// it returns false when an earlier attempt began already, whose outcome then
	// becomes unknown.
	BeginSending(ctx context.Context, at cases.Attempt, now time.Time, id int64) (bool, error)
	// SettleSending records the outcome and completes the job.
	SettleSending(ctx context.Context, at cases.Attempt, now time.Time, id int64, state cases.SendingState, note string) error
	// DecideSending is a person's word on an unknown one: it was sent, it was
	// not and stays so, or it is to be tried again (planned).
	DecideSending(ctx context.Context, a cases.Actor, now time.Time, id int64, state cases.SendingState, note string) error
	// TurnChat commits what the desk says in the chat that a report came by, as
	// decide makes of how that stands, with the completion of the attempt.
	TurnChat(ctx context.Context, at cases.Attempt, now time.Time, reportID int64, decide func(cases.Chat) cases.Turn) error
	// AskedInChat is what the desk asked last in the conversation that a message
	// belongs to, before it came; nil for nothing.
	AskedInChat(ctx context.Context, m cases.Message, thread string) ([]cases.Want, error)
	RetryJob(ctx context.Context, a cases.Actor, now time.Time, id int64) error
	Operations(ctx context.Context, now time.Time) (cases.Operations, error)
}

// WebhookBook keeps who else is told. Deliveries come into it with the audit
// entries that they tell of, in the same transaction.
type WebhookBook interface {
	Webhooks(ctx context.Context) ([]cases.Webhook, error)
	Webhook(ctx context.Context, id int64) (cases.Webhook, error)
	// CreateWebhook adds one, at most cases.MaxWebhooks.
	CreateWebhook(ctx context.Context, w cases.Webhook) (cases.Webhook, error)
	// UpdateWebhook locks it and applies change. Disabling ends what waits.
	UpdateWebhook(ctx context.Context, now time.Time, id int64, change func(*cases.Webhook) error) (cases.Webhook, error)
	DeleteWebhook(ctx context.Context, a cases.Actor, now time.Time, id int64) error
	TestWebhook(ctx context.Context, a cases.Actor, now time.Time, id int64) error
	WebhookDeliveries(ctx context.Context, q cases.WebhookDeliveryQuery) (cases.Page[cases.WebhookDelivery], error)
	DeadDeliveries(ctx context.Context) (map[int64]int, error)
	// Redeliver asks for one delivery again, id 0 for all that were given up.
	Redeliver(ctx context.Context, a cases.Actor, now time.Time, webhookID, id int64) (int, error)
	// UnclaimWebhook gives back what was claimed and, by a fault of ours, not
	// attempted.
	UnclaimWebhook(ctx context.Context, ds []cases.WebhookDelivery) error
	// ClaimWebhook begins attempts at what is due, a bounded number at once;
	// SettleWebhook says what came of them; FinishWebhook completes the job and
	// asks for the next.
	ClaimWebhook(ctx context.Context, at cases.Attempt, now time.Time, id int64) (cases.Webhook, []cases.WebhookDelivery, error)
	SettleWebhook(ctx context.Context, now time.Time, id int64, made []cases.WebhookSettled) error
	FinishWebhook(ctx context.Context, at cases.Attempt, now time.Time, id int64) error
}

// Requests keeps what came with an Idempotency-Key. What is committed under a
// context of cases.WithRequest marks its request in the same transaction.
type Requests interface {
	// BeginRequest claims the key (mine), or returns what is known of the request
	// that did: cases.ErrConflict where it asked for something else,
	// cases.ErrUnavailable while it is under way.
	BeginRequest(ctx context.Context, now time.Time, r cases.IdempotentRequest) (known cases.IdempotentRequest, mine bool, err error)
	AnswerRequest(ctx context.Context, r cases.IdempotentRequest, status int, answer []byte) error
	// DropRequest frees the key of one that had no effect.
	DropRequest(ctx context.Context, now time.Time, r cases.IdempotentRequest) error
}

// Carrier keeps accounts, connections, entitlements.
type Carrier interface {
	Account(ctx context.Context, id string) (cases.Account, error)
	AccountPath(ctx context.Context, id string) ([]cases.Account, error) // resellers above it, nearest first
	AccountView(ctx context.Context, id string, now time.Time) (cases.AccountView, error)
	Accounts(ctx context.Context, text, cursor string, limit int) (cases.Page[cases.Account], error)
	Connection(ctx context.Context, id string) (cases.Connection, error)
	ConnectionsOf(ctx context.Context, accounts []string) ([]cases.Connection, error)
	// AccountTree is the account and all below it, at most limit ids.
	AccountTree(ctx context.Context, id string, limit int) ([]string, error)
	NumberView(ctx context.Context, e164 string, now time.Time) (cases.NumberView, error)
	Entitlements(ctx context.Context, e164 string) ([]cases.Entitlement, error)
	// CarrierOf finds who answers for a number by the longest prefix of the
	// operator's table; cases.ErrNotFound where it says nothing.
	CarrierOf(ctx context.Context, e164 string) (cases.CarrierPrefix, error)
	ImportCarriers(ctx context.Context, a cases.Actor, now time.Time, in []cases.CarrierPrefix) error
	// The imports insert or correct, a batch in one transaction, with an event,
	// and take a revision where snapshots must learn of it.
	ImportAccounts(ctx context.Context, a cases.Actor, now time.Time, in []cases.Account) error
	ImportConnections(ctx context.Context, a cases.Actor, now time.Time, in []cases.Connection) error
	ImportEntitlements(ctx context.Context, a cases.Actor, now time.Time, in []cases.Entitlement) error
}

// History is the carrier's call records.
type History interface {
	IngestCalls(ctx context.Context, now time.Time, in cases.Ingest) (cases.Ingested, error)
	Coverage(ctx context.Context) ([]cases.Coverage, error)
	// MatchingCalls returns raw records, newest first.
	MatchingCalls(ctx context.Context, q cases.CallQuery) ([]cases.Call, error)
}

// Vault keeps raw bytes too large for a database row, and seals all of them
// in a versioned envelope.
type Vault interface {
	// Keep reads r to its end, hashing and sealing as it goes; small ones come
	// back inline, larger ones are written and synced before it returns.
	Keep(ctx context.Context, r io.Reader) (cases.Kept, error)
	// Discard takes back what was kept for a file that nothing refers to.
	Discard(ctx context.Context, k cases.Kept) error
	// Open returns the bytes that were kept.
	Open(ctx context.Context, k cases.Kept) (io.ReadCloser, error)
}

// Scanner looks for viruses. An error means that it could not be asked.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) (cases.Scanned, error)
}

// Fetcher gets what a chat keeps for its messages. cases.KindInvalid: it never
// will, which the message says; cases.KindUnavailable: later perhaps.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (io.ReadCloser, error)
}

// Mailer sends one mail. It says for certain that it was taken or refused, or
// returns an error, after which nobody knows.
type Mailer interface {
	Send(ctx context.Context, l cases.Letter) (cases.Outcome, error)
	From() string // the address we send from
}

// Chat writes into the conversations of one chat product, and says of each
// attempt what a Mailer says.
type Chat interface {
	Send(ctx context.Context, l cases.Letter) (cases.Outcome, error)
}

// Caller sends webhooks to addresses that others chose.
type Caller interface {
	// Check says what is wrong with an address, as far as one can see.
	Check(url string) error
	Call(ctx context.Context, m cases.WebhookMessage) cases.WebhookAnswer
}
